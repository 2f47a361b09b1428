"""How many templates and processes carry a tag, within what the caller sees. Spec: api-content 1.3."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import ClauseElement, and_, bindparam, case, func, select

from procession.domain.listing import Facet
from procession.domain.processes import State
from procession.storage.access import principals_of_caller
from procession.storage.dialect import constant, is_in
from procession.storage.query import Query
from procession.storage.sight import process_is_seen, template_is_seen
from procession.storage.tables.content import tag_links
from procession.storage.tables.lists import facet_counters, process_facets
from procession.storage.tables.templates import templates
from procession.storage.tx import ReadTx


class TagStatistics(msgspec.Struct, frozen=True):
    active_templates: int = 0
    archived_templates: int = 0
    active_processes: int = 0
    archived_processes: int = 0


async def statistics(tx: ReadTx, tag_ids: Iterable[str]) -> dict[str, TagStatistics]:
    """Figures of each tag; two statements, three for those who do not see everything."""
    wanted = sorted(set(tag_ids))
    viewer = "admin" if tx.actor.is_admin else "light" if tx.actor.is_light else "standard"
    values: dict[str, Any] = {"tags": wanted}
    if viewer != "admin":
        values |= {"principals": sorted(await principals_of_caller(tx)), "me": tx.actor.id}
    templates_by, processes_by = Counter[tuple[str, bool]](), Counter[tuple[str, bool]]()
    for tag_id, archived, n in await tx.tuples(_templates(viewer), **values):
        templates_by[tag_id, bool(archived)] += n
    for tag_id, state, n in await tx.tuples(_processes(viewer), **values):
        processes_by[tag_id, state == State.ARCHIVED] += n
    return {
        each: TagStatistics(
            templates_by[each, False], templates_by[each, True], processes_by[each, False], processes_by[each, True]
        )
        for each in wanted
    }


@cache
def _templates(viewer: str) -> Query:
    link, row = tag_links.c, templates.c
    archived = case((row.archived_at.is_not(None), 1), else_=0)
    statement = (
        select(link.tag_id, archived, func.count())
        .select_from(tag_links.join(templates, and_(row.org == link.org, row.id == link.template_id)))
        .where(link.org == bindparam("org"), is_in(link.tag_id, "tags"), link.step_id.is_(None), row.is_system == 0)
    )
    if viewer != "admin":
        statement = statement.where(template_is_seen(light=viewer == "light"))
    return Query(statement.group_by(link.tag_id, archived))


@cache
def _processes(viewer: str) -> Query:
    return Query(_all_processes() if viewer == "admin" else _seen_processes())


def _all_processes() -> ClauseElement:
    row = facet_counters.c
    return select(row.key, row.state, row.n).where(
        row.org == bindparam("org"), row.facet == constant(Facet.TAG), is_in(row.key, "tags")
    )


def _seen_processes() -> ClauseElement:
    row = process_facets.c
    return (
        select(row.key, row.state, func.count())
        .where(
            row.org == bindparam("org"),
            row.facet == constant(Facet.TAG),
            is_in(row.key, "tags"),
            process_is_seen(row.seq, row.state),
        )
        .group_by(row.key, row.state)
    )
