"""Handovers of members who left, what is still theirs, and who has taken over from them."""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace
from sqlalchemy import and_, bindparam, not_, null, select, update

from procession.domain.handing_over import Handover, Succession
from procession.domain.listing import OPEN_STATES, Facet, TaskState
from procession.domain.processes import State
from procession.storage import timers
from procession.storage.dialect import constant, is_in
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.handovers import handovers
from procession.storage.tables.lists import process_facets, task_access
from procession.storage.tables.processes import processes, tasks
from procession.storage.tables.templates import template_references, templates
from procession.storage.tx import ReadTx, WriteTx

# So many tasks are looked at at a time: what they belong to is handed over before more are asked for.
CHUNK = 100

_H, _A, _T, _P, _F = handovers.c, task_access.c, tasks.c, processes.c, process_facets.c
_TE, _R = templates.c, template_references.c
_rows = Mapper(Handover, handovers)

_one = select(*_rows.columns).where(_H.org == bindparam("org"), _H.id == bindparam("id"))
_find, _lock = Query(_one), Query(_one.with_for_update())
_of_leavers = Query(
    select(*_rows.columns).where(_H.org == bindparam("org"), is_in(_H.leaver, "leavers")).order_by(_H.id)
)
_save = Query(
    update(handovers)
    .where(_H.org == bindparam("org_is"), _H.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in _rows.names if name != "id"})
)
_passed_on = Query(
    update(handovers)
    .where(_H.org == bindparam("org_is"), _H.member == bindparam("former"), _H.guest.is_(None))
    .values(member=bindparam("new_member"), guest=bindparam("new_guest"))
)
_kept_by = Query(
    update(handovers)
    .where(_H.org == bindparam("org_is"), _H.member == bindparam("former"))
    .values(member=bindparam("new_member"))
)
_from_guest = Query(
    update(handovers)
    .where(_H.org == bindparam("org_is"), _H.guest == bindparam("former"))
    .values(member=bindparam("new_member"), guest=null())
)
_without_guest = Query(
    update(handovers).where(_H.org == bindparam("org_is"), _H.guest == bindparam("former")).values(guest=null())
)
# A part that the leaver has done stays theirs, and so does what is completed (in archived processes, too).
_tasks_of = Query(
    select(_T.process, _T.id)
    .select_from(task_access.join(tasks, and_(_T.org == _A.org, _T.seq == _A.seq)))
    .where(
        _A.org == bindparam("org"),
        _A.principal == bindparam("principal"),
        _A.state == bindparam("state"),
        _T.status != "completed",
        not_(_T.parts.like(bindparam("part"))),
    )
    .limit(constant(CHUNK))
)
_owned = Query(
    select(_P.seq)
    .select_from(process_facets.join(processes, and_(_P.org == _F.org, _P.seq == _F.seq)))
    .where(
        _F.org == bindparam("org"),
        _F.facet == constant(Facet.INVOLVED),
        _F.key == bindparam("key"),
        _F.state == constant(State.OPEN),
        _P.owner == bindparam("leaver"),
    )
    .limit(constant(CHUNK))
)
_naming = Query(
    select(_R.template_id)
    .where(_R.org == bindparam("org"), _R.kind == "member", _R.key == bindparam("key"))
    .limit(constant(CHUNK))
)
_owning = Query(
    select(_TE.id).where(_TE.org == bindparam("org"), _TE.owner == bindparam("leaver")).limit(constant(CHUNK))
)
HELD_STATES = (*OPEN_STATES, TaskState.HIDDEN, TaskState.ARCHIVED)


class Remaining(msgspec.Struct, frozen=True):
    """What is still the leaver's, as far as one look goes: templates, processes by number, stand-alone tasks."""

    templates: tuple[str, ...] = ()
    processes: tuple[int, ...] = ()
    tasks: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return len(self.templates) + len(self.processes) + len(self.tasks)


async def find(tx: ReadTx, number: int) -> Handover | None:
    rows = await tx.tuples(_find, id=number)
    return _rows.read(rows[0]) if rows else None


async def lock(tx: WriteTx, number: int) -> Handover | None:
    rows = await tx.tuples(_lock, id=number)
    return _rows.read(rows[0]) if rows else None


async def latest(tx: ReadTx, leavers: Iterable[int]) -> dict[int, Handover]:
    """The last handover of each of these members that has one; one statement, none for nobody."""
    wanted = sorted(set(leavers))
    found = [_rows.read(row) for row in await tx.tuples(_of_leavers, leavers=wanted)] if wanted else []
    return {each.leaver: each for each in found}


async def successions(tx: ReadTx, gone: Iterable[int]) -> Mapping[int, Succession]:
    """Who has taken over from those of these absent members that handed over. Spec: behaviour-work L12."""
    return {leaver: each.succession for leaver, each in (await latest(tx, gone)).items() if each.status != "cancelled"}


async def add(tx: WriteTx, handover: Handover) -> None:
    """Its timer is due at once. What others handed over to the leaver is with the successor from now on, and so is what
    an earlier handover of theirs has not got to.
    """
    await cancel(tx, handover.leaver)
    former = {"org_is": tx.org, "former": handover.leaver, "new_member": handover.member}
    await tx.run(_passed_on, **former, new_guest=handover.guest)
    await tx.run(_kept_by, **former)
    await tx.insert(handovers, [_rows.write(handover)])
    await timers.put(tx, "handover", {handover.id: tx.now})


async def save(tx: WriteTx, handover: Handover) -> None:
    """Write the locked handover's successor; one that is over has no timer."""
    values = {f"new_{name}": value for name, value in _rows.write(handover).items() if name != "id"}
    await tx.run(_save, org_is=tx.org, id_is=handover.id, **values)
    if handover.status != "running":
        await timers.remove(tx, "handover", [handover.id])


async def cancel(tx: WriteTx, leaver: int) -> None:
    """Somebody comes back: what has not been handed over yet stays theirs. Spec: L9."""
    found = (await latest(tx, [leaver])).get(leaver)
    locked = None if found is None else await lock(tx, found.id)
    if locked is not None and locked.status == "running":
        await save(tx, replace(locked, status="cancelled", updated_at=tx.now, finished_at=tx.now))


async def again(tx: WriteTx, number: int) -> None:
    """There is more to hand over."""
    await timers.move(tx, "handover", number, tx.now)


async def end_timer(tx: WriteTx, number: int) -> None:
    await timers.remove(tx, "handover", [number])


async def guest_becomes_member(tx: WriteTx, email: str, member: int) -> None:
    await tx.run(_from_guest, org_is=tx.org, former=email, new_member=member)


async def guest_is_gone(tx: WriteTx, email: str) -> None:
    """What they had taken over is with whoever has what guests cannot have."""
    await tx.run(_without_guest, org_is=tx.org, former=email)


async def remaining(tx: ReadTx, leaver: int) -> Remaining:
    """What is still the leaver's."""
    key = str(leaver)
    named, owned = await tx.at_once((_naming, {"key": key}), (_owning, {"leaver": leaver}))
    found_templates = sorted({row[0] for row in (*named, *owned)})
    values = {"principal": f"m:{leaver}", "part": f'%"m:{leaver}":%'}
    held = [row for state in HELD_STATES for row in await tx.tuples(_tasks_of, **values, state=int(state))]
    numbers = {row[0] for row in held if row[0] is not None}
    numbers |= {row[0] for row in await tx.tuples(_owned, key=key, leaver=leaver)}
    alone = sorted(row[1] for row in held if row[0] is None)
    return Remaining(tuple(found_templates), tuple(sorted(numbers)), tuple(alone))
