"""Whether the tags and folders that a template names exist, and whether its guests are no members."""

from collections.abc import Iterable

from sqlalchemy import bindparam, func, or_, select

from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.content import folders, tags
from procession.storage.tables.people import members
from procession.storage.tx import ReadTx, WriteTx

_member_addresses = Query(
    select(func.lower(members.c.email)).where(
        members.c.org == bindparam("org"), is_in(func.lower(members.c.email), "addresses"), members.c.status == "active"
    )
)
_tags = Query(
    select(tags.c.id, tags.c.folded_title).where(
        tags.c.org == bindparam("org"), or_(is_in(tags.c.id, "ids"), is_in(tags.c.folded_title, "titles"))
    )
)
_folder_kind = Query(
    select(folders.c.kind)
    .where(folders.c.org == bindparam("org"), folders.c.id == bindparam("id"))
    .with_for_update(read=True, key_share=True)
)


async def member_addresses(tx: ReadTx, addresses: Iterable[str]) -> set[str]:
    """Those of these lower-case addresses that belong to active members, who cannot be guests."""
    wanted = sorted(set(addresses))
    return {row[0] for row in await tx.tuples(_member_addresses, addresses=wanted)} if wanted else set()


async def known_tags(tx: ReadTx, ids: Iterable[str], folded_titles: Iterable[str]) -> list[tuple[str, str]]:
    """(id, folded title) of the tags that any of these names."""
    rows = await tx.tuples(_tags, ids=sorted(set(ids)), titles=sorted(set(folded_titles)))
    return [(row[0], row[1]) for row in rows]


async def folder_kind(tx: WriteTx, folder_id: str) -> str | None:
    """checklist or run, for a folder that goes on existing until the commit; None when there is no such folder."""
    return await tx.value(_folder_kind, id=folder_id)
