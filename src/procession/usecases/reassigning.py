"""Assignments of somebody who is no longer there, on every task and in every planned launch that names them.

Spec: behaviour-people GR1, C1, behaviour-launching L-12.5.

Who is about to go is locked in between: `hold_group` or `hold_guest`, then the row of the group or guest, which
nobody names any more from then on, then `drop_group`, `drop_guest` or `guest_becomes_member`.
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from procession.domain.assignees import merged
from procession.domain.events import Event, happened
from procession.domain.guests import GuestKey
from procession.domain.processes import Owners, Process, Task
from procession.storage import groups, guests, processes, task_parts
from procession.storage.tx import WriteTx
from procession.usecases import guards, planned_people

Rewrite = Callable[[Task], Task]
# A task's id, and the number of its process.
Place = tuple[str, int | None]


async def hold_group(tx: WriteTx, group_id: str) -> None:
    """Lock the planned launches and the processes that name this group: they come before what they name."""
    await _hold(tx, f"g:{group_id}")


async def hold_guest(tx: WriteTx, email: str) -> None:
    """Those with tasks of the guest, and of the guest's groups that wait for parts."""
    guest = await guests.find(tx, GuestKey(email=email))
    waiting = [] if guest is None else await _waiting_of(tx, await groups.of_guest(tx, guest.id))
    await _hold(tx, f"e:{email}", waiting)


async def _hold(tx: WriteTx, principal: str, others: Sequence[Place] = ()) -> None:
    await planned_people.hold(tx, principal)
    named = [*await processes.tasks_assigned_to(tx, principal), *others]
    await processes.lock_many(tx, {process for _, process in named if process is not None})


async def _waiting_of(tx: WriteTx, group_ids: Iterable[str]) -> list[Place]:
    found = await task_parts.waiting(tx, [f"g:{each}" for each in group_ids])
    return [(each.task_id, each.process) for each in found]


async def drop_group(tx: WriteTx, group_id: str) -> None:
    """A group that is deleted vanishes from every task."""

    def without(owners: Owners) -> Owners:
        return replace(owners, groups=tuple(each for each in owners.groups if each != group_id))

    assigned = await processes.tasks_assigned_to(tx, f"g:{group_id}")
    await _rewrite(tx, assigned, lambda task: replace(task, owners=without(task.owners)))
    await planned_people.rewrite(tx, without)


async def drop_guest(tx: WriteTx, email: str) -> None:
    """A guest who is removed vanishes from what is still to be done; completed tasks keep the name."""

    def without(task: Task) -> Task:
        return task if task.is_completed else replace(task, owners=_without_guest(task.owners, email))

    await _rewrite(tx, await processes.tasks_assigned_to(tx, f"e:{email}"), without)
    await planned_people.rewrite(tx, lambda owners: _without_guest(owners, email))


async def guest_becomes_member(tx: WriteTx, email: str, member: int, group_ids: Iterable[str]) -> None:
    """The guest's tasks, done or not, are the member's now, and so are parts that are done, as one of a group too."""
    former, present = f"e:{email}", f"m:{member}"

    def member_instead(owners: Owners) -> Owners:
        if email not in owners.guests:
            return owners
        return merged(_without_guest(owners, email), Owners(users=(member,)))

    def swapped(task: Task) -> Task:
        parts = {present if person == former else person: at for person, at in task.parts.items()}
        return replace(task, owners=member_instead(task.owners), parts=parts)

    named = await processes.tasks_assigned_to(tx, former)
    await _rewrite(tx, [*named, *await _waiting_of(tx, group_ids)], swapped)
    await planned_people.rewrite(tx, member_instead)


def _without_guest(owners: Owners, email: str) -> Owners:
    return replace(owners, guests=tuple(each for each in owners.guests if each != email))


async def _rewrite(tx: WriteTx, places: Iterable[Place], rewritten: Rewrite) -> None:
    """Process by process in the order of their numbers, which is the order everybody locks several in."""
    tasks_in: dict[int, set[str]] = {}
    alone: set[str] = set()
    for task_id, process_seq in places:
        (alone if process_seq is None else tasks_in.setdefault(process_seq, set())).add(task_id)
    for process_seq in sorted(tasks_in):
        process = await processes.lock_at(tx, process_seq)
        if process is not None:
            await _rewrite_process(tx, process, tasks_in[process_seq], rewritten)
    for task_id in sorted(alone):
        task = await processes.lock_task(tx, task_id)
        if task is not None and (after := rewritten(task)) != task:
            await processes.save_task(tx, task, replace(after, updated_at=tx.now))
            tx.record(*_told([(task, after)]))


async def _rewrite_process(tx: WriteTx, process: Process, task_ids: set[str], rewritten: Rewrite) -> None:
    found = [(task, rewritten(task)) for task in process.tasks if task.id in task_ids]
    changed = [(task, after) for task, after in found if after != task]
    if changed:
        await guards.save_process(tx, process, process.with_tasks(*(after for _, after in changed)))
        tx.record(*_told(changed))


def _told(changed: Iterable[tuple[Task, Task]]) -> list[Event]:
    """Of those that belong to others now."""
    return [
        happened("task.owners_updated", after.id, process=after.process)
        for task, after in changed
        if task.owners != after.owners
    ]
