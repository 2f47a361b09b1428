"""Finding what a request is about, in the order in which refusals are answered (DEC-26): unknown or invisible (404),
not allowed (403), archived (422), locked (423).
"""

import msgspec

from procession.domain.errors import NotFound, ProcessArchived, ProcessLocked, ProcessOnHold
from procession.domain.events import happened
from procession.domain.permissions import may_see_process, may_see_task
from procession.domain.processes import Process, Task
from procession.domain.summary import settle
from procession.domain.tasks import is_unchanged
from procession.storage import access, processes
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import rule_clocks


class Seen(msgspec.Struct, frozen=True):
    """A process the caller may see, with everything the caller is named by."""

    process: Process
    named: frozenset[str]


class SeenTask(msgspec.Struct, frozen=True):
    """A task the caller may see, its process (None: stand-alone), and what the caller is named by."""

    task: Task
    process: Process | None
    named: frozenset[str]


async def readable_process(tx: ReadTx, process_id: str) -> Seen:
    """Raises NotFound."""
    return await _seen(tx, await processes.find(tx, process_id))


async def locked_process(tx: WriteTx, process_id: str) -> Seen:
    """The process, locked for change. Raises NotFound."""
    return await _seen(tx, await processes.lock(tx, process_id))


async def _seen(tx: ReadTx, process: Process | None) -> Seen:
    named = await access.principals_of_caller(tx)
    if process is None or not may_see_process(tx.actor, named, process):
        raise NotFound()
    return Seen(process, named)


async def process_id_at(tx: ReadTx, seq: int) -> str | None:
    """The id of the process with this number."""
    return await processes.id_at(tx, seq)


async def task_id_at(tx: ReadTx, seq: int) -> str:
    """The id of the task with this number. Raises NotFound."""
    found = await processes.task_id_at(tx, seq)
    if found is None:
        raise NotFound()
    return found


async def readable_task(tx: ReadTx, task_id: str, *, process_id: str | None = None) -> SeenTask:
    """Any task, or one of the named process. Raises NotFound."""
    place = await processes.place_of_task(tx, task_id)
    if place is None:
        raise NotFound()
    process = None if place[1] is None else await processes.at(tx, place[1])
    alone = await processes.find_task(tx, task_id) if process is None else None
    return await _seen_task(tx, task_id, process, alone, process_id)


async def locked_task(tx: WriteTx, task_id: str, *, process_id: str | None = None) -> SeenTask:
    """As `readable_task`, with its process (or itself, standing alone) locked for change. Raises NotFound."""
    place = await processes.place_of_task(tx, task_id)
    if place is None:
        raise NotFound()
    process = None if place[1] is None else await processes.lock_at(tx, place[1])
    alone = await processes.lock_task(tx, task_id) if process is None else None
    return await _seen_task(tx, task_id, process, alone, process_id)


async def _seen_task(
    tx: ReadTx, task_id: str, process: Process | None, alone: Task | None, process_id: str | None
) -> SeenTask:
    if process_id is not None and (process is None or process.id != process_id):
        raise NotFound()
    task = alone if process is None else next((each for each in process.tasks if each.id == task_id), None)
    named = await access.principals_of_caller(tx)
    if task is None or not may_see_task(tx.actor, named, task, process):
        raise NotFound()
    return SeenTask(task, process, named)


def require_changeable(process: Process | None) -> None:
    """Raises ProcessArchived (422), ProcessLocked or ProcessOnHold (423); stand-alone tasks have no process to ask."""
    if process is not None:
        require_unarchived(process)
        require_unlocked(process)
        require_running(process)


def require_unarchived(process: Process) -> None:
    """Raises ProcessArchived."""
    if process.is_archived:
        raise ProcessArchived()


def require_unlocked(process: Process) -> None:
    """Raises ProcessLocked while an issue is open."""
    if process.is_locked:
        raise ProcessLocked()


def require_running(process: Process) -> None:
    """Raises ProcessOnHold. Spec: behaviour-work HO3."""
    if process.is_on_hold:
        raise ProcessOnHold()


async def save_process(tx: WriteTx, before: Process, after: Process, *, listed: Process | None = None) -> Process:
    """Settle and save a changed process; returns it as it now is. Tasks that changed carry the new `updated_at`.

    `listed` as for `processes.save`.
    """
    former = {task.seq: task for task in before.tasks}
    touched = tuple(
        task
        if (was := former.get(task.seq)) and is_unchanged(task, was)
        else msgspec.structs.replace(task, updated_at=tx.now)
        for task in after.tasks
    )
    settled = settle(msgspec.structs.replace(after, tasks=touched, updated_at=tx.now), tx.now)
    await processes.save(tx, before, settled, listed=listed)
    await rule_clocks.follow(tx, before, settled)
    if (before.completed_at is None) != (settled.completed_at is None):
        kind = "process.reopened" if settled.completed_at is None else "process.completed"
        tx.record(happened(kind, settled.id, process=settled.seq))
    return settled


async def save_changed_task(tx: WriteTx, seen: SeenTask, changed: Task) -> SeenTask:
    """Save one changed task through its process (or alone); returns both as they now are."""
    if seen.process is None:
        stamped = msgspec.structs.replace(changed, updated_at=tx.now)
        await processes.save_task(tx, seen.task, stamped)
        return SeenTask(stamped, None, seen.named)
    process = await save_process(tx, seen.process, seen.process.with_tasks(changed))
    return SeenTask(process.task(changed.id), process, seen.named)


async def guests_readable_task(tx: ReadTx, guest: frozenset[str], task_id: str) -> SeenTask:
    """A task assigned to this guest (named so). Raises NotFound. Spec: api-tasks 16."""
    return _of_guest(tx, guest, await readable_task(tx, task_id))


async def guests_locked_task(tx: WriteTx, guest: frozenset[str], task_id: str) -> SeenTask:
    """As `guests_readable_task`, locked for change."""
    return _of_guest(tx, guest, await locked_task(tx, task_id))


def _of_guest(tx: ReadTx, guest: frozenset[str], seen: SeenTask) -> SeenTask:
    """Hidden tasks are not a guest's to see."""
    is_hidden = tx.actor.kind == "guest" and seen.task.is_hidden
    if is_hidden or guest.isdisjoint(seen.task.owners.principals):
        raise NotFound
    return seen
