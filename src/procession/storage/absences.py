"""Absences of members."""

from collections.abc import Collection

from sqlalchemy import bindparam, select, update

from procession.domain.absences import Absence
from procession.storage.dialect import is_in
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.people import absences, members
from procession.storage.tx import ReadTx, WriteTx

_A, _M = absences.c, members.c
_rows = Mapper(Absence, absences)
_list = Listing(
    _rows,
    sorts={"starts_on": (_A.starts_on,), "created_at": (_A.created_at,)},
    tie=_A.id,
    filters={"member": _A.member == bindparam("member"), "until": _A.ends_on >= bindparam("until")},
)
SORTS = tuple(_list.sorts)
list_page = _list.page

_one = select(*_rows.columns).where(_A.org == bindparam("org"), _A.id == bindparam("id"))
_find, _lock = Query(_one), Query(_one.with_for_update())
_active = select(_M.account).where(_M.org == bindparam("org"), _M.status == "active")
_coming = Query(
    select(*_rows.columns)
    .where(_A.org == bindparam("org"), is_in(_A.member, "members"), _A.ends_on >= bindparam("since"))
    .where(_A.deputy.is_(None) | _A.deputy.in_(_active))
    .order_by(_A.starts_on, _A.id)
)
_with_deputy = Query(
    select(*_rows.columns)
    .where(_A.org == bindparam("org"), _A.deputy == bindparam("deputy"))
    .order_by(_A.id)
    .with_for_update()
)
_save = Query(
    update(absences)
    .where(_A.org == bindparam("org_is"), _A.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in _rows.names if name != "id"})
)


async def find(tx: ReadTx, absence_id: int) -> Absence | None:
    rows = await tx.tuples(_find, id=absence_id)
    return _rows.read(rows[0]) if rows else None


async def lock(tx: WriteTx, absence_id: int) -> Absence | None:
    rows = await tx.tuples(_lock, id=absence_id)
    return _rows.read(rows[0]) if rows else None


async def coming(tx: ReadTx, wanted: Collection[int], *, since: str) -> list[Absence]:
    """Those of these members that end on that day or later, without those whose deputy cannot be given work."""
    rows = await tx.tuples(_coming, members=sorted(wanted), since=since) if wanted else []
    return [_rows.read(row) for row in rows]


async def lock_with_deputy(tx: WriteTx, deputy: int) -> list[Absence]:
    """Those in which this member stands in, locked."""
    return [_rows.read(row) for row in await tx.tuples(_with_deputy, deputy=deputy)]


async def add(tx: WriteTx, absence: Absence) -> None:
    await tx.insert(absences, [_rows.write(absence)])


async def save(tx: WriteTx, absence: Absence) -> None:
    """Write the locked absence's successor."""
    values = {f"new_{name}": value for name, value in _rows.write(absence).items() if name != "id"}
    await tx.run(_save, org_is=tx.org, id_is=absence.id, **values)


async def remove(tx: WriteTx, absence: Absence) -> None:
    await tx.delete(absences, [{"id": absence.id}])
