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

Rewrite = Callable[[Task], Task]


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

    def without(task: Task) -> Task:
        left = tuple(each for each in task.owners.groups if each != group_id)
        return replace(task, owners=replace(task.owners, groups=left))

    await _rewrite(tx, f"g:{group_id}", without)


async def drop_guest(tx: WriteTx, email: str) -> None:
    """A guest who is removed vanishes from what is still to be done; completed tasks keep the name."""

    def without(task: Task) -> Task:
        return task if task.is_completed else replace(task, owners=_without_guest(task.owners, email))

    await _rewrite(tx, f"e:{email}", without)


async def guest_becomes_member(tx: WriteTx, email: str, member: int) -> None:
    """The guest's tasks, done or not, are the member's now, and so are the parts that are done."""
    former, present = f"e:{email}", f"m:{member}"

    def swapped(task: Task) -> Task:
        owners = merged(_without_guest(task.owners, email), Owners(users=(member,)))
        parts = {present if person == former else person: at for person, at in task.parts.items()}
        return replace(task, owners=owners, parts=parts)

    await _rewrite(tx, former, swapped)


def _without_guest(owners: Owners, email: str) -> Owners:
    return replace(owners, guests=tuple(each for each in owners.guests if each != email))


async def _rewrite(tx: WriteTx, principal: str, rewritten: Rewrite) -> None:
    """Process by process in the order of their numbers, which is the order everybody locks several in."""
    named = await processes.tasks_assigned_to(tx, principal)
    for process_seq in sorted({process for _, process in named if process is not None}):
        process = await processes.lock_at(tx, process_seq)
        if process is not None:
            await _rewrite_process(tx, process, principal, rewritten)
    for task_id in sorted(task_id for task_id, process in named if process is None):
        task = await processes.lock_task(tx, task_id)
        if task is not None and (after := rewritten(task)) != task:
            await processes.save_task(tx, task, replace(after, updated_at=tx.now))
            tx.record(happened("task.owners_updated", task.id))


async def _rewrite_process(tx: WriteTx, process: Process, principal: str, rewritten: Rewrite) -> None:
    changed = [
        after for task in process.tasks if principal in task.owners.principals and (after := rewritten(task)) != task
    ]
    if changed:
        await guards.save_process(tx, process, process.with_tasks(*changed))
        tx.record(*(happened("task.owners_updated", task.id, process=process.seq) for task in changed))
