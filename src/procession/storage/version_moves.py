"""Moves to a newer version with their processes, and what leads back from them."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import bindparam, delete, func, or_, select, update

from procession.domain.processes import State
from procession.domain.undo import Before
from procession.domain.version_moves import UNDER_WAY, MoveRow, RowStatus, VersionMove
from procession.storage import timers
from procession.storage.access import Sight
from procession.storage.dialect import constant, is_in
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.sight import process_is_seen
from procession.storage.tables.processes import processes
from procession.storage.tables.version_moves import version_move_befores, version_move_rows, version_moves
from procession.storage.tx import ReadTx, WriteTx

# A server takes so many processes at a time: far fewer than it manages while it has the timer to itself.
CHUNK = 50

_M, _R, _B, _P = version_moves.c, version_move_rows.c, version_move_befores.c, processes.c
_moves = Mapper(VersionMove, version_moves)
_rows = Mapper(MoveRow, version_move_rows)
_before = msgspec.json.Decoder(Before)
_list = Listing(
    _moves,
    sorts={"created_at": (_M.created_at,), "last_updated": (_M.updated_at,)},
    tie=_M.id,
    filters={
        "member": _M.member == bindparam("member"),
        "template_id": _M.template_id == bindparam("template_id"),
        "status": _M.status == bindparam("status"),
    },
)
_row_list = Listing(
    _rows,
    sorts={"row": (_R.number,)},
    tie=_R.number,
    filters={"move": _R.move == bindparam("move"), "status": _R.status == bindparam("status")},
)
SORTS = tuple(_list.sorts)
ROW_SORTS = tuple(_row_list.sorts)
list_page = _list.page
list_rows = _row_list.page


class Movable(msgspec.Struct, frozen=True):
    """A process that may be chosen."""

    process: int
    run_id: str
    name: str
    from_version: int


class Remembered(msgspec.Struct, frozen=True):
    """What leads back from a move of a process, and where the log stood with it."""

    position: int
    before_json: str

    @property
    def before(self) -> Before:
        return _before.decode(self.before_json)


_one = select(*_moves.columns).where(_M.org == bindparam("org"), _M.id == bindparam("id"))
_find, _lock = Query(_one), Query(_one.with_for_update())
_running = Query(
    select(func.count()).where(_M.org == bindparam("org"), or_(*[_M.status == each for each in UNDER_WAY]))
)
_choosable = (
    select(_P.seq, _P.id, _P.name, _P.template_version)
    .where(_P.org == bindparam("org"), _P.template_id == bindparam("template_id"))
    .order_by(_P.seq)
)
_of_versions = _choosable.where(_P.state == constant(State.OPEN), is_in(_P.template_version, "versions")).limit(
    bindparam("limit")
)
_of_ids = _choosable.where(is_in(_P.id, "ids"))
_seen = process_is_seen(_P.seq, _P.state)
_by_versions, _by_versions_seen = Query(_of_versions), Query(_of_versions.where(_seen))
_by_ids, _by_ids_seen = Query(_of_ids), Query(_of_ids.where(_seen))
_row = Query(
    select(*_rows.columns).where(
        _R.org == bindparam("org"), _R.move == bindparam("id"), _R.number == bindparam("number")
    )
)
_next = Query(
    select(_R.number)
    .where(_R.org == bindparam("org"), _R.move == bindparam("id"), _R.status == bindparam("status"))
    .order_by(_R.number)
    .limit(constant(CHUNK))
)
_save = Query(
    update(version_moves)
    .where(_M.org == bindparam("org_is"), _M.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in _moves.names if name != "id"})
)
_save_row = Query(
    update(version_move_rows)
    .where(_R.org == bindparam("org_is"), _R.move == bindparam("id_is"), _R.number == bindparam("number_is"))
    .values({name: bindparam(f"new_{name}") for name in ("status", "reason", "report")})
)
_turn = (
    update(version_move_rows)
    .where(_R.org == bindparam("org_is"), _R.move == bindparam("id_is"), _R.status == bindparam("status_is"))
    .values(status=bindparam("new_status"))
)
_turn_all, _turn_some = Query(_turn), Query(_turn.where(is_in(_R.run_id, "ids")))
_find_before = Query(
    select(_B.position, _B.before).where(
        _B.org == bindparam("org"), _B.move == bindparam("move"), _B.process == bindparam("process")
    )
)
_forget = Query(delete(version_move_befores).where(_B.org == bindparam("org"), _B.at < bindparam("before")))


async def find(tx: ReadTx, number: int) -> VersionMove | None:
    rows = await tx.tuples(_find, id=number)
    return _moves.read(rows[0]) if rows else None


async def lock(tx: WriteTx, number: int) -> VersionMove | None:
    """Whoever does anything about one of its processes takes this first: none is moved twice."""
    rows = await tx.tuples(_lock, id=number)
    return _moves.read(rows[0]) if rows else None


async def running(tx: ReadTx) -> int:
    """How many of the organization's are under way."""
    return await tx.value(_running)


async def of_versions(
    tx: ReadTx, template_id: str, versions: Sequence[int], sight: Sight, *, most: int
) -> list[Movable]:
    """The running processes of these versions that the caller may see, the oldest first, `most` at most."""
    query = _by_versions if sight.is_unlimited else _by_versions_seen
    values = {"template_id": template_id, "versions": list(versions), "limit": most}
    return await tx.rows(Movable, query, **values, **_principals(sight))


async def of_ids(tx: ReadTx, template_id: str, ids: Sequence[str], sight: Sight) -> list[Movable]:
    """Those of these processes that are of the template and that the caller may see, the oldest first."""
    query = _by_ids if sight.is_unlimited else _by_ids_seen
    return await tx.rows(Movable, query, template_id=template_id, ids=list(ids), **_principals(sight))


def _principals(sight: Sight) -> dict[str, list[str]]:
    return {"principals": list(sight.principals or ())}


async def row(tx: ReadTx, number: int, place: int) -> MoveRow | None:
    rows = await tx.tuples(_row, id=number, number=place)
    return _rows.read(rows[0]) if rows else None


async def next_rows(tx: ReadTx, number: int, status: RowStatus) -> list[int]:
    """The first rows in this state, by their places."""
    return [row[0] for row in await tx.tuples(_next, id=number, status=status)]


async def add(tx: WriteTx, move: VersionMove, rows: Sequence[MoveRow]) -> None:
    """Its timer is due at once."""
    await tx.insert(version_moves, [_moves.write(move)])
    await tx.insert(version_move_rows, [_rows.write(row) for row in rows])
    await timers.put(tx, "version_move", {move.id: tx.now})


async def save(tx: WriteTx, move: VersionMove) -> None:
    """Write the locked move's successor; one that is not under way has no timer and no waiting rows."""
    values = {f"new_{name}": value for name, value in _moves.write(move).items() if name != "id"}
    await tx.run(_save, org_is=tx.org, id_is=move.id, **values)
    if not move.is_under_way:
        await timers.remove(tx, "version_move", [move.id])
        await tx.run(_turn_all, org_is=tx.org, id_is=move.id, status_is="waiting", new_status="cancelled")


async def save_row(tx: WriteTx, row: MoveRow) -> None:
    written = _rows.write(row)
    values = {f"new_{name}": written[name] for name in ("status", "reason", "report")}
    await tx.run(_save_row, org_is=tx.org, id_is=row.move, number_is=row.number, **values)


async def begin_undo(tx: WriteTx, move: VersionMove, run_ids: Sequence[str] | None) -> int:
    """Let the moved rows, or those of these processes, wait to be undone, and set the timer; how many there are."""
    values = {"org_is": tx.org, "id_is": move.id, "status_is": "moved", "new_status": "undoing"}
    if run_ids is None:
        found = await tx.run(_turn_all, **values)
    else:
        found = await tx.run(_turn_some, **values, ids=list(run_ids))
    if found:
        await timers.put(tx, "version_move", {move.id: tx.now})
    return found


async def end_undo(tx: WriteTx, move: VersionMove) -> None:
    """Rows that still wait to be undone stay moved."""
    await tx.run(_turn_all, org_is=tx.org, id_is=move.id, status_is="undoing", new_status="moved")


def remember(tx: WriteTx, move: int, process: int, before: Before) -> None:
    """What leads back, from this transaction's commit on."""
    tx.put_at_position(
        version_move_befores,
        {"move": move, "process": process, "at": tx.now, "before": msgspec.json.encode(before).decode()},
    )


async def remembered(tx: ReadTx, move: int, process: int) -> Remembered | None:
    return await tx.row(Remembered, _find_before, move=move, process=process)


async def drop(tx: WriteTx, move: int, process: int) -> None:
    await tx.delete(version_move_befores, [{"move": move, "process": process}])


async def forget(tx: WriteTx, before: int) -> int:
    """Drop what leads back from moves made earlier; how many."""
    return await tx.run(_forget, before=before)
