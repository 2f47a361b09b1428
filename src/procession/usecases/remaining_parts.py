"""Tasks for several people of whom some have gone: complete once all that remain have done their part.

Spec: behaviour-work A6. Whoever takes people away from groups, or groups and people from tasks, goes through here.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from procession.domain import tasks
from procession.domain.guests import GuestKey
from procession.domain.order_lock import blockers_of
from procession.domain.processes import Process, Task
from procession.domain.task_events import completion_event
from procession.domain.templates import Template
from procession.storage import groups, guests, launchers, organizations, processes, task_parts, touching
from procession.storage import tasks as stored
from procession.storage.groups import Group
from procession.storage.guests import Guest
from procession.storage.members import Member
from procession.storage.task_parts import Waiting
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import assigning, members
from procession.usecases import groups as group_changes
from procession.usecases import guests as guest_changes
from procession.usecases.completion import save_outcome
from procession.usecases.guards import SeenTask
from procession.usecases.means import Means

NOBODY = frozenset[str]()


async def update_group(
    tx: WriteTx,
    group_id: str,
    means: Means,
    *,
    name: str | None,
    description: str | None,
    members: Sequence[int] | None,
    guest_emails: Sequence[str] | None,
) -> Group:
    """As `groups.update`."""
    loses_nobody = members is None and guest_emails is None
    waiting = [] if loses_nobody else await _held(tx, [f"g:{group_id}"])
    group = await group_changes.update(
        tx, means.secrets, group_id, name=name, description=description, members=members, guest_emails=guest_emails
    )
    await finish(tx, waiting, f"group.updated:{group_id}", means)
    return group


async def delete_group(tx: WriteTx, group_id: str, means: Means) -> None:
    """As `groups.delete`."""
    waiting = await task_parts.waiting(tx, [f"g:{group_id}"])
    await group_changes.delete(tx, group_id)  # locks them with all that name the group, in order
    await finish(tx, waiting, f"group.deleted:{group_id}", means)


async def remove_guest(tx: WriteTx, key: GuestKey, means: Means) -> Guest:
    """As `guests.remove`."""
    known = await guests.find(tx, key)
    waiting = [] if known is None else await task_parts.waiting(tx, await _names_of_guest(tx, known))
    guest = await guest_changes.remove(tx, key)  # as above
    await finish(tx, waiting, f"guest.removed:{guest.id}", means)
    return guest


async def disable_member(tx: WriteTx, account: int, means: Means) -> Member:
    """As `members.disable`: the member stays assigned where named, and leaves the groups."""
    waiting = await held_of_groups(tx, account)
    member = await members.disable(tx, account)
    await finish(tx, waiting, f"member.disabled:{account}", means)
    return member


async def held_of_groups(tx: WriteTx, account: int) -> list[Waiting]:
    """What waits for parts and names a group of the member, who is about to leave it; locked."""
    return await _held(tx, [f"g:{group.id}" for group in (await groups.of_members(tx, [account]))[account]])


async def _names_of_guest(tx: WriteTx, guest: Guest) -> list[str]:
    return [f"e:{guest.email}", *(f"g:{group}" for group in await groups.of_guest(tx, guest.id))]


async def _held(tx: WriteTx, principals: Iterable[str]) -> list[Waiting]:
    """The tasks of these that wait for parts; their processes locked, which come before the people they name."""
    waiting = await task_parts.waiting(tx, principals)
    await processes.lock_many(tx, {each.process for each in waiting if each.process is not None})
    return waiting


async def finish(tx: WriteTx, waiting: Iterable[Waiting], cause: str, means: Means) -> None:
    """Complete those that wait for nobody any more, because of this event; the others show how far they are by now.

    Processes that nothing may change in are left alone: once they go on, it is asked again (`going_on`).
    """
    for each in waiting:
        if each.process is None:
            task = await processes.lock_task(tx, each.task_id)
            if task is not None:
                tx.touch(touching.of_task(task, task))
                if task.archived_at is None:
                    await finished(tx, SeenTask(task, None, NOBODY), cause, means)
            continue
        process = await processes.lock_at(tx, each.process)
        if process is None:
            continue
        task = process.task(each.task_id)
        tx.touch(touching.of_task(task, task))
        if process.is_changeable:
            await finished(tx, SeenTask(task, process, NOBODY), cause, means)


async def finished(tx: WriteTx, seen: SeenTask, cause: str, means: Means) -> Process | None:
    """Complete a locked task when all who remain have done their part: its process as it then is. Spec: A6."""
    if not seen.task.parts:
        return None
    done = await would_finish(tx, seen.task, seen.process, await stored.document_of(tx, seen.process, seen.task))
    if done is None:
        return None
    event = replace(completion_event(done), cause=cause)
    return (await save_outcome(tx, seen, done, event, means, is_undoable=False)).seen.process


async def would_finish(tx: ReadTx, task: Task, process: Process | None, document: Template | None) -> Task | None:
    """The task, completed because all who remain have done their part; None where that is not so."""
    if not (tasks.has_parts(task) and task.parts) or blockers_of(task, process):
        return None
    settings = await organizations.settings_of(tx, tx.org)
    barred = await launchers.barred_from(tx, task, process)
    takers = tasks.part_takers(task, await assigning.people_of(tx, task.owners), launchers=barred)
    fields = tasks.fields_of(task, document)
    done = tasks.without_missing_parts(task, takers, fields, tx.now, zone=settings.timezone)
    return None if done == task else done
