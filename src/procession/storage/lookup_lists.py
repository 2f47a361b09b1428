"""Lookup lists of an organization."""

from collections.abc import Iterable

from sqlalchemy import bindparam, select, update

from procession.domain.lookup_lists import LookupList
from procession.storage.dialect import is_in
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.library import lookup_lists
from procession.storage.tx import ReadTx, WriteTx

_L = lookup_lists.c
_rows = Mapper(LookupList, lookup_lists)
_list = Listing(
    _rows,
    sorts={"name": (_L.folded_name,), "created_at": (_L.created_at,), "last_updated": (_L.updated_at,)},
    tie=_L.id,
    filters={"pattern": _L.folded_name.like(bindparam("pattern"), escape="\\")},
)
SORTS = tuple(_list.sorts)
list_page = _list.page

_one = select(*_rows.columns).where(_L.org == bindparam("org"), _L.id == bindparam("id"))
_find, _lock = Query(_one), Query(_one.with_for_update())
_many = Query(select(*_rows.columns).where(_L.org == bindparam("org"), is_in(_L.id, "ids")))
_hold = Query(
    select(*_rows.columns)
    .where(_L.org == bindparam("org"), is_in(_L.id, "ids"))
    .order_by(_L.id)
    .with_for_update(read=True, key_share=True)
)
_named = Query(select(_L.id).where(_L.org == bindparam("org"), _L.folded_name == bindparam("folded_name")))
_save = Query(
    update(lookup_lists)
    .where(_L.org == bindparam("org_is"), _L.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in _rows.names if name != "id"})
)


async def find(tx: ReadTx, list_id: str) -> LookupList | None:
    rows = await tx.tuples(_find, id=list_id)
    return _rows.read(rows[0]) if rows else None


async def lock(tx: WriteTx, list_id: str) -> LookupList | None:
    rows = await tx.tuples(_lock, id=list_id)
    return _rows.read(rows[0]) if rows else None


async def many(tx: ReadTx, ids: Iterable[str]) -> dict[str, LookupList]:
    """By id; no statement when none are wanted."""
    wanted = sorted(set(ids))
    found = [_rows.read(row) for row in await tx.tuples(_many, ids=wanted)] if wanted else []
    return {each.id: each for each in found}


async def hold(tx: WriteTx, ids: Iterable[str]) -> dict[str, LookupList]:
    """As `many`, and nobody changes them until the commit."""
    wanted = sorted(set(ids))
    found = [_rows.read(row) for row in await tx.tuples(_hold, ids=wanted)] if wanted else []
    return {each.id: each for each in found}


async def named(tx: ReadTx, folded_name: str) -> str | None:
    """The id of the list with this name."""
    return await tx.value(_named, folded_name=folded_name)


async def add(tx: WriteTx, made: LookupList) -> None:
    await tx.insert(lookup_lists, [_rows.write(made)])


async def save(tx: WriteTx, changed: LookupList) -> None:
    values = {f"new_{name}": value for name, value in _rows.write(changed).items() if name != "id"}
    await tx.run(_save, org_is=tx.org, id_is=changed.id, **values)


async def remove(tx: WriteTx, list_id: str) -> None:
    await tx.delete(lookup_lists, [{"id": list_id}])
