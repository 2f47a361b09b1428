"""Schedules of an organization; the timer of each follows it in the same transaction."""

import msgspec
from sqlalchemy import bindparam, or_, select, update

from procession.domain.answers import fold_map
from procession.domain.file_references import named_files
from procession.domain.files import Holder, Uses
from procession.domain.processes import State
from procession.domain.schedules import Schedule
from procession.storage import files, timers
from procession.storage.dialect import constant
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.processes import processes
from procession.storage.tables.schedules import schedules
from procession.storage.tables.templates import templates
from procession.storage.tx import ReadTx, WriteTx

_S, _P = schedules.c, processes.c
_rows = Mapper(Schedule, schedules)
_titled = select(templates.c.id).where(
    templates.c.org == bindparam("org"), templates.c.folded_title.like(bindparam("pattern"), escape="\\")
)
_list = Listing(
    _rows,
    sorts={"created_at": (_S.created_at,), "last_updated": (_S.updated_at,)},
    tie=_S.id,
    filters={
        "owner": _S.owner == bindparam("owner"),
        "template_id": _S.template_id == bindparam("template_id"),
        "is_active": _S.is_active == bindparam("is_active"),
        "pattern": or_(_S.folded_name.like(bindparam("pattern"), escape="\\"), _S.template_id.in_(_titled)),
    },
)
SORTS = tuple(_list.sorts)
list_page = _list.page

_one = select(*_rows.columns).where(_S.org == bindparam("org"), _S.id == bindparam("id"))
_find, _lock = Query(_one), Query(_one.with_for_update())
_of_template = Query(
    select(*_rows.columns)
    .where(_S.org == bindparam("org"), _S.template_id == bindparam("template_id"), _S.is_active == constant(1))
    .order_by(_S.id)
    .with_for_update()
)
_active = Query(
    select(*_rows.columns)
    .where(_S.org == bindparam("org"), _S.is_active == constant(1))
    .order_by(_S.id)
    .with_for_update()
)
_all = Query(select(*_rows.columns).where(_S.org == bindparam("org")).order_by(_S.id))
_save = Query(
    update(schedules)
    .where(_S.org == bindparam("org_is"), _S.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in _rows.names if name != "id"})
)
_state_of = Query(select(_P.state).where(_P.org == bindparam("org"), _P.id == bindparam("id")))


async def find(tx: ReadTx, schedule_id: int) -> Schedule | None:
    rows = await tx.tuples(_find, id=schedule_id)
    return _rows.read(rows[0]) if rows else None


async def lock(tx: WriteTx, schedule_id: int) -> Schedule | None:
    rows = await tx.tuples(_lock, id=schedule_id)
    return _rows.read(rows[0]) if rows else None


async def lock_of_template(tx: WriteTx, template_id: str) -> list[Schedule]:
    """Those of the template that are not paused, locked."""
    return [_rows.read(row) for row in await tx.tuples(_of_template, template_id=template_id)]


async def lock_active(tx: WriteTx) -> list[Schedule]:
    """Those that are not paused, locked."""
    return [_rows.read(row) for row in await tx.tuples(_active)]


async def every_schedule(tx: ReadTx) -> list[Schedule]:
    return [_rows.read(row) for row in await tx.tuples(_all)]


async def add(tx: WriteTx, schedule: Schedule) -> None:
    await tx.insert(schedules, [_rows.write(schedule)])
    await _follow(tx, None, schedule)


async def save(tx: WriteTx, before: Schedule, after: Schedule) -> Schedule:
    """Write the locked schedule's successor."""
    stamped = msgspec.structs.replace(after, updated_at=tx.now)
    values = {f"new_{name}": value for name, value in _rows.write(stamped).items() if name != "id"}
    await tx.run(_save, org_is=tx.org, id_is=after.id, **values)
    await _follow(tx, before, stamped)
    return stamped


async def remove(tx: WriteTx, schedule: Schedule) -> None:
    await _follow(tx, schedule, None)
    await tx.delete(schedules, [{"id": schedule.id}])


async def _follow(tx: WriteTx, before: Schedule | None, after: Schedule | None) -> None:
    """The timer stands at the next slot, past ones too: a schedule that catches up goes on at once."""
    await files.follow(tx, _uses(tx, before), _uses(tx, after))
    was = None if before is None else before.next_run_at
    is_due = None if after is None else after.next_run_at
    number = (before or after).id  # pyright: ignore[reportOptionalMemberAccess]  # one of the two is given
    if was == is_due:
        return
    if was is None or is_due is None:
        await timers.remove(tx, "launch", [number])
        if is_due is not None:
            await timers.put(tx, "launch", {number: is_due})
    else:
        await timers.move(tx, "launch", number, is_due)


def _uses(tx: WriteTx, schedule: Schedule | None) -> Uses:
    answers = {} if schedule is None else fold_map(schedule.launch.prerun) or {}
    found = frozenset(each for value in answers.values() for each in named_files(value, tx.organization_id))
    return {} if schedule is None or not found else {Holder("schedule", schedule.id): found}


async def is_open(tx: ReadTx, process_id: str) -> bool:
    """Whether the process is there, neither complete nor archived."""
    return await tx.value(_state_of, id=process_id) == State.OPEN
