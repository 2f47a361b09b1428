"""Putting processes on hold, and resuming them. Spec: behaviour-work 9.1."""

from typing import Any

from msgspec.structs import replace

from procession.domain import holds
from procession.domain.errors import Invalid
from procession.domain.events import Event, happened
from procession.domain.loose import clean_text
from procession.domain.permissions import require
from procession.domain.processes import Process, Task
from procession.domain.times import SECOND, wire_or_none
from procession.storage.tx import WriteTx
from procession.usecases import guards
from procession.usecases.guards import Seen
from procession.usecases.processes import may_edit_run


async def put_on_hold(tx: WriteTx, process_id: str, reason: str) -> Process:
    """Stop the clocks of a process; of one that is on hold already, change the reason.

    Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, Invalid, WrongState (complete). Spec: HO1 to HO4.
    """
    seen = await _holdable(tx, process_id, to="put this process on hold")
    reason = clean_text(reason).strip()
    if not reason:
        raise Invalid({"reason": ["The reason field is required."]})
    held = holds.put_on_hold(seen.process, reason=reason, by=tx.actor.id or None, at=tx.now)
    if held == seen.process:
        return seen.process
    saved = await guards.save_process(tx, seen.process, held)
    tx.record(happened("process.put_on_hold", saved.id, process=saved.seq, reason=reason))
    return saved


async def resume(tx: WriteTx, process_id: str) -> Process:
    """Let the clocks go on, everything that is not completed later by the time on hold; nothing when it is not on hold.

    Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked. Spec: HO5, HO6.
    """
    seen = await _holdable(tx, process_id, to="resume this process")
    before = seen.process
    if before.hold is None:
        return before
    saved = await guards.save_process(tx, before, holds.resumed(before, at=tx.now))
    seconds = (tx.now - before.hold.since) // SECOND
    tx.record(happened("process.resumed", saved.id, process=saved.seq, on_hold_seconds=seconds))
    tx.record(*[event for task in before.tasks if (event := _moved(task, saved.task(task.id), saved)) is not None])
    return saved


async def _holdable(tx: WriteTx, process_id: str, *, to: str) -> Seen:
    seen = await guards.locked_process(tx, process_id)
    require(await may_edit_run(tx, seen), to=to)
    guards.require_unarchived(seen.process)
    guards.require_unlocked(seen.process)
    return seen


def _moved(before: Task, after: Task, process: Process) -> Event | None:
    """What the log says of a task whose dates are others now."""
    dates = {name: getattr(after, name) for name in ("started_at", "deadline")}
    moved: dict[str, Any] = {name: wire_or_none(at) for name, at in dates.items() if at != getattr(before, name)}
    if not moved:
        return None
    fields = [*moved]
    if "deadline" in moved:
        moved["former"] = {"deadline": wire_or_none(before.deadline)}
    event = happened("task.updated", after.id, process=process.seq, fields=fields, **moved)
    return replace(event, cause=f"process.resumed:{process.id}")
