"""What the people, groups, job titles and templates that documents name are called now."""

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from procession.domain.template_references import mentions
from procession.domain.templates import Template
from procession.domain.wording import Names
from procession.storage import people
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.library import job_titles
from procession.storage.tables.people import groups
from procession.storage.tables.templates import templates
from procession.storage.tx import ReadTx

_groups = Query(select(groups.c.id, groups.c.name).where(groups.c.org == bindparam("org"), is_in(groups.c.id, "ids")))
_roles = Query(
    select(job_titles.c.id, job_titles.c.name).where(
        job_titles.c.org == bindparam("org"), is_in(job_titles.c.id, "ids")
    )
)
_templates = Query(
    select(templates.c.id, templates.c.title).where(templates.c.org == bindparam("org"), is_in(templates.c.id, "ids"))
)


async def names_in(tx: ReadTx, documents: Iterable[Template]) -> Names:
    """At most four statements; none for what no document names."""
    named: dict[str, set[str]] = {}
    for kind, key in frozenset[tuple[str, str]]().union(*(mentions(each) for each in documents)):
        named.setdefault(kind, set()).add(key)
    members = await people.names(tx, (int(each) for each in named.get("member", ())))
    return Names(
        members={each.id: each.full_name for each in members.values()},
        groups=await _named(tx, _groups, named.get("group", ())),
        roles=await _named(tx, _roles, named.get("role", ())),
        templates=await _named(tx, _templates, named.get("template", ())),
    )


async def names_of(tx: ReadTx, users: Iterable[int], group_ids: Iterable[str]) -> Names:
    """Two statements at most."""
    members = await people.names(tx, users)
    return Names(
        members={each.id: each.full_name for each in members.values()}, groups=await _named(tx, _groups, group_ids)
    )


async def _named(tx: ReadTx, query: Query, ids: Iterable[str]) -> dict[str, str]:
    wanted = sorted(ids)
    return dict(await tx.tuples(query, ids=wanted)) if wanted else {}
