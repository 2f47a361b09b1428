"""Assignments of somebody who is no longer there, on every task and in every planned launch that names them.

Spec: behaviour-people GR1, C1, behaviour-launching L-12.5.

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
from procession.usecases import guards, planned_people

Rewrite = Callable[[Task], Task]


async def hold_group(tx: WriteTx, group_id: str) -> None:
    """Lock the planned launches and the processes that name this group: they come before what they name."""
    await _hold(tx, f"g:{group_id}")


async def hold_guest(tx: WriteTx, email: str) -> None:
    await _hold(tx, f"e:{email}")


async def _hold(tx: WriteTx, principal: str) -> None:
    await planned_people.hold(tx, principal)
    named = await processes.tasks_assigned_to(tx, principal)
    await processes.lock_many(tx, {process for _, process in named if process is not None})


async def drop_group(tx: WriteTx, group_id: str) -> None:
    """A group that is deleted vanishes from every task."""

    def without(owners: Owners) -> Owners:
        return replace(owners, groups=tuple(each for each in owners.groups if each != group_id))

    await _rewrite(tx, f"g:{group_id}", lambda task: replace(task, owners=without(task.owners)))
    await planned_people.rewrite(tx, without)


async def drop_guest(tx: WriteTx, email: str) -> None:
    """A guest who is removed vanishes from what is still to be done; completed tasks keep the name."""

    def without(task: Task) -> Task:
        return task if task.is_completed else replace(task, owners=_without_guest(task.owners, email))

    await _rewrite(tx, f"e:{email}", without)
    await planned_people.rewrite(tx, lambda owners: _without_guest(owners, email))


async def guest_becomes_member(tx: WriteTx, email: str, member: int) -> None:
    """The guest's tasks, done or not, are the member's now, and so are the parts that are done."""
    former, present = f"e:{email}", f"m:{member}"

    def member_instead(owners: Owners) -> Owners:
        if email not in owners.guests:
            return owners
        return merged(_without_guest(owners, email), Owners(users=(member,)))

    def swapped(task: Task) -> Task:
        parts = {present if person == former else person: at for person, at in task.parts.items()}
        return replace(task, owners=member_instead(task.owners), parts=parts)

    await _rewrite(tx, former, swapped)
    await planned_people.rewrite(tx, member_instead)


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
