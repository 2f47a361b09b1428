"""What a process may carry and whom its forms may name: looked up before anything is written."""

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import bindparam, select

from procession.domain.people import full_name
from procession.domain.values import People
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.content import folders, tag_links, tags
from procession.storage.tables.people import groups, members
from procession.storage.tx import ReadTx

_tags = Query(select(tags.c.id).where(tags.c.org == bindparam("org"), is_in(tags.c.id, "ids")))
_process_folders = Query(
    select(folders.c.id).where(folders.c.org == bindparam("org"), folders.c.kind == "run", is_in(folders.c.id, "ids"))
)
_tags_of_template = Query(
    select(tag_links.c.tag_id).where(
        tag_links.c.org == bindparam("org"),
        tag_links.c.template_id == bindparam("template"),
        tag_links.c.step_id.is_(None),
    )
)
_M = members.c
_members = Query(
    select(_M.account, _M.status, _M.type, _M.email, _M.first_name, _M.last_name).where(_M.org == bindparam("org"))
)
_groups = Query(select(groups.c.id, groups.c.name).where(groups.c.org == bindparam("org")))


class Everybody(msgspec.Struct, frozen=True):
    """Who an assignee answer may name, and what members and groups are called."""

    choosable: People
    member_names: Mapping[int, str]
    group_names: Mapping[str, str]


async def known_tags(tx: ReadTx, ids: Iterable[str]) -> frozenset[str]:
    """Those of these tags that exist."""
    wanted = sorted(set(ids))
    return frozenset(row[0] for row in await tx.tuples(_tags, ids=wanted)) if wanted else frozenset()


async def known_process_folders(tx: ReadTx, ids: Iterable[str]) -> frozenset[str]:
    """Those of these folders that exist and hold processes."""
    wanted = sorted(set(ids))
    return frozenset(row[0] for row in await tx.tuples(_process_folders, ids=wanted)) if wanted else frozenset()


async def tags_of_template(tx: ReadTx, template_id: str) -> frozenset[str]:
    return frozenset(row[0] for row in await tx.tuples(_tags_of_template, template=template_id))


async def everybody(tx: ReadTx) -> Everybody:
    """All members and groups of the organization; two statements. Only forms with an assignee picker need it."""
    rows = await tx.tuples(_members)
    group_rows = await tx.tuples(_groups)
    choosable = People(
        members={row[0] for row in rows if row[1] in ("active", "invited") and row[2] != "bot"},
        groups={row[0] for row in group_rows},
        addresses_in_use={row[3].lower() for row in rows if row[1] == "active"},
    )
    return Everybody(choosable, {row[0]: full_name(row[4], row[5]) for row in rows}, dict(group_rows))
