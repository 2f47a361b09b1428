"""Bulk launches of an organization with their rows."""

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select, update

from procession.domain.bulk_launches import BulkLaunch, BulkRow
from procession.storage import timers
from procession.storage.dialect import constant
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.bulk_launches import bulk_launch_rows, bulk_launches
from procession.storage.tx import ReadTx, WriteTx

# A server takes so many rows at a time: far fewer than it manages while it has the timer to itself.
CHUNK = 50

_B, _R = bulk_launches.c, bulk_launch_rows.c
_launches = Mapper(BulkLaunch, bulk_launches)
_rows = Mapper(BulkRow, bulk_launch_rows)
_list = Listing(
    _launches,
    sorts={"created_at": (_B.created_at,), "last_updated": (_B.updated_at,)},
    tie=_B.id,
    filters={
        "member": _B.member == bindparam("member"),
        "template_id": _B.template_id == bindparam("template_id"),
        "status": _B.status == bindparam("status"),
    },
)
_row_list = Listing(
    _rows,
    sorts={"row": (_R.number,)},
    tie=_R.number,
    filters={"bulk_launch": _R.bulk_launch == bindparam("bulk_launch"), "status": _R.status == bindparam("status")},
)
SORTS = tuple(_list.sorts)
ROW_SORTS = tuple(_row_list.sorts)
list_page = _list.page
list_rows = _row_list.page

_one = select(*_launches.columns).where(_B.org == bindparam("org"), _B.id == bindparam("id"))
_find, _lock = Query(_one), Query(_one.with_for_update())
_running = Query(select(func.count()).where(_B.org == bindparam("org"), _B.status == "running"))
_row = Query(
    select(*_rows.columns).where(
        _R.org == bindparam("org"), _R.bulk_launch == bindparam("id"), _R.number == bindparam("number")
    )
)
_waiting = Query(
    select(_R.number)
    .where(_R.org == bindparam("org"), _R.bulk_launch == bindparam("id"), _R.status == "waiting")
    .order_by(_R.number)
    .limit(constant(CHUNK))
)
_save = Query(
    update(bulk_launches)
    .where(_B.org == bindparam("org_is"), _B.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in _launches.names if name != "id"})
)
_save_row = Query(
    update(bulk_launch_rows)
    .where(_R.org == bindparam("org_is"), _R.bulk_launch == bindparam("id_is"), _R.number == bindparam("number_is"))
    .values({name: bindparam(f"new_{name}") for name in ("status", "name", "run_id", "errors")})
)
_cancel_rows = Query(
    update(bulk_launch_rows)
    .where(_R.org == bindparam("org_is"), _R.bulk_launch == bindparam("id_is"), _R.status == "waiting")
    .values(status="cancelled")
)


async def find(tx: ReadTx, number: int) -> BulkLaunch | None:
    rows = await tx.tuples(_find, id=number)
    return _launches.read(rows[0]) if rows else None


async def lock(tx: WriteTx, number: int) -> BulkLaunch | None:
    """Whoever does anything about one of its rows takes this first: no row is launched twice."""
    rows = await tx.tuples(_lock, id=number)
    return _launches.read(rows[0]) if rows else None


async def running(tx: ReadTx) -> int:
    """How many of the organization's are under way."""
    return await tx.value(_running)


async def row(tx: ReadTx, number: int, place: int) -> BulkRow | None:
    rows = await tx.tuples(_row, id=number, number=place)
    return _rows.read(rows[0]) if rows else None


async def waiting(tx: ReadTx, number: int) -> list[int]:
    """The first rows that nothing was done about yet, by their places."""
    return [row[0] for row in await tx.tuples(_waiting, id=number)]


async def add(tx: WriteTx, launch: BulkLaunch, rows: Sequence[BulkRow]) -> None:
    """Its timer is due at once."""
    await tx.insert(bulk_launches, [_launches.write(launch)])
    await tx.insert(bulk_launch_rows, [_rows.write(row) for row in rows])
    await timers.put(tx, "bulk_launch", {launch.id: tx.now})


async def save(tx: WriteTx, launch: BulkLaunch) -> None:
    """Write the locked launch's successor; one that no longer runs has no timer and no waiting rows."""
    values = {f"new_{name}": value for name, value in _launches.write(launch).items() if name != "id"}
    await tx.run(_save, org_is=tx.org, id_is=launch.id, **values)
    if launch.status != "running":
        await timers.remove(tx, "bulk_launch", [launch.id])
        await tx.run(_cancel_rows, org_is=tx.org, id_is=launch.id)


async def save_row(tx: WriteTx, row: BulkRow) -> None:
    written = _rows.write(row)
    values = {f"new_{name}": written[name] for name in ("status", "name", "run_id", "errors")}
    await tx.run(_save_row, org_is=tx.org, id_is=row.bulk_launch, number_is=row.number, **values)
