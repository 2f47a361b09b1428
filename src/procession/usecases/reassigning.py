"""Assignments of somebody who is no longer there, on every task that names them. Spec: behaviour-people GR1, C1.

Who is about to go is locked in between: `hold_group` or `hold_guest`, then the row of the group or guest, which
nobody names any more from then on, then `drop_group`, `drop_guest` or `guest_becomes_member`.
"""

from collections.abc import Callable

from msgspec.structs import replace

from procession.domain.assignees import merged
from procession.domain.events import happened
from procession.domain.processes import Owners, Process, Task
from procession.storage import processes
from procession.storage.tx import WriteTx
from procession.usecases import guards

Rewrite = Callable[[Task], Owners]


async def hold_group(tx: WriteTx, group_id: str) -> None:
    """Lock the processes with tasks of this group: processes come before what they name."""
    await _hold(tx, f"g:{group_id}")


async def hold_guest(tx: WriteTx, email: str) -> None:
    await _hold(tx, f"e:{email}")


async def _hold(tx: WriteTx, principal: str) -> None:
    named = await processes.tasks_assigned_to(tx, principal)
    await processes.lock_many(tx, {process for _, process in named if process is not None})


async def drop_group(tx: WriteTx, group_id: str) -> None:
    """A group that is deleted vanishes from every task."""

    def without(task: Task) -> Owners:
        return replace(task.owners, groups=tuple(each for each in task.owners.groups if each != group_id))

    await _rewrite(tx, f"g:{group_id}", without)


async def drop_guest(tx: WriteTx, email: str) -> None:
    """A guest who is removed vanishes from what is still to be done; completed tasks keep the name."""

    def without(task: Task) -> Owners:
        if task.is_completed:
            return task.owners
        return replace(task.owners, guests=tuple(each for each in task.owners.guests if each != email))

    await _rewrite(tx, f"e:{email}", without)


async def guest_becomes_member(tx: WriteTx, email: str, member: int) -> None:
    """The guest's tasks, done or not, are the member's now."""

    def swapped(task: Task) -> Owners:
        rest = replace(task.owners, guests=tuple(each for each in task.owners.guests if each != email))
        return merged(rest, Owners(users=(member,)))

    await _rewrite(tx, f"e:{email}", swapped)


async def _rewrite(tx: WriteTx, principal: str, owners_of: Rewrite) -> None:
    """Process by process in the order of their numbers, which is the order everybody locks several in."""
    named = await processes.tasks_assigned_to(tx, principal)
    for process_seq in sorted({process for _, process in named if process is not None}):
        process = await processes.lock_at(tx, process_seq)
        if process is not None:
            await _rewrite_process(tx, process, principal, owners_of)
    for task_id in sorted(task_id for task_id, process in named if process is None):
        task = await processes.lock_task(tx, task_id)
        if task is not None and owners_of(task) != task.owners:
            await processes.save_task(tx, task, replace(task, owners=owners_of(task), updated_at=tx.now))
            tx.record(happened("task.owners_updated", task.id))


async def _rewrite_process(tx: WriteTx, process: Process, principal: str, owners_of: Rewrite) -> None:
    changed = [
        replace(task, owners=owners_of(task))
        for task in process.tasks
        if principal in task.owners.principals and owners_of(task) != task.owners
    ]
    if changed:
        await guards.save_process(tx, process, process.with_tasks(*changed))
        tx.record(*(happened("task.owners_updated", task.id, process=process.seq) for task in changed))
