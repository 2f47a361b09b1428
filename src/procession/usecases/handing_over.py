"""Somebody leaves and another takes over: what they had to do, what templates and rules give them, what they own.

The account ends at once. What is little goes along in the same transaction; what is much is handed over in the
background, one transaction for each process, template or task. What is still the leaver's is looked for anew each
time, so whatever is cut off goes on where it was. Spec: behaviour-work 12, behaviour-people D7, C2.
"""

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from procession.domain.actors import BOT
from procession.domain.errors import Invalid, NotFound
from procession.domain.events import Event, happened
from procession.domain.guests import GuestKey
from procession.domain.handing_over import (
    NOT_ACTIVE,
    NOT_TO_ONESELF,
    REQUIRED,
    Handover,
    Succession,
    document_handed_over,
    job_title_handed_over,
    process_handed_over,
    schedule_handed_over,
    task_handed_over,
)
from procession.domain.people import require_admin
from procession.domain.task_events import assigned
from procession.storage import (
    absences,
    guests,
    handovers,
    job_titles,
    organizations,
    people,
    processes,
    schedules,
    templates,
)
from procession.storage.database import Database
from procession.storage.guests import Guest
from procession.storage.handovers import Remaining
from procession.storage.members import Member
from procession.storage.tx import ReadTx, WriteTx, reading, writing
from procession.usecases import guards, members
from procession.usecases import guests as guest_records
from procession.usecases.guards import SeenTask
from procession.usecases.reactions import Means
from procession.usecases.remaining_parts import finish, finished, held_of_groups
from procession.usecases.rows_in_turn import actor_of
from procession.usecases.templates import save_template

NOBODY = frozenset[str]()
MOST_AT_ONCE = 25
"""So many processes, templates and tasks go along with the request; more are handed over in the background."""


async def remove_member(tx: WriteTx, account: int, to: int | None, means: Means) -> Member:
    """Disable a member and hand their work over to another active one, themselves the caller too.

    Asked again, it is the same handing over.

    Raises NotAllowed, NotFound, Protected (bot, last administrator), Invalid. Spec: api-people U9, L3.
    """
    require_admin(tx.actor, "remove members")
    if to is None:
        raise Invalid({"to": [REQUIRED]})
    if to == account:
        raise Invalid({"to": [NOT_TO_ONESELF]})
    small, of_groups = await _held(tx, account), await held_of_groups(tx, account)
    changed = await members.disable(tx, account)
    if to not in (await people.assignable(tx, [to], ())).members:
        raise Invalid({"to": [NOT_ACTIVE]})
    if not await _has_begun(tx, Succession(account, to), changed, small):
        await _begin(tx, Succession(account, to), small, means)
        await finish(tx, of_groups, f"member.disabled:{account}", means)
    return changed


async def _has_begun(tx: ReadTx, to: Succession, gone: Member, small: Remaining | None) -> bool:
    """Whether the member, disabled since, has handed over to the same and has got nothing that would be left behind."""
    last = (await handovers.latest(tx, [to.leaver])).get(to.leaver)
    if last is None or last.succession != to or last.created_at < (gone.disabled_at or tx.now):
        return False
    return last.status == "running" or (last.status == "finished" and small is not None and not small.size)


async def make_guest(tx: WriteTx, account: int, means: Means) -> Guest:
    """Let a member be a guest with the same address, who keeps their open tasks; what guests cannot have is the
    caller's.

    Raises NotAllowed, NotFound, Protected (bot, last administrator), Invalid (oneself). Spec: api-people U12, C2.
    """
    require_admin(tx.actor, "make members guests")
    if account == tx.actor.id:
        raise Invalid({"user": ["You cannot make yourself a guest. Ask another administrator."]})
    small, of_groups = await _held(tx, account), await held_of_groups(tx, account)
    former = await members.resign(tx, account)
    address = former.folded_email
    [number] = (await guest_records.ensure(tx, means.secrets, [address], field="email")).values()
    made = await guests.lock(tx, GuestKey(id=number))
    if made is None:
        raise NotFound
    details = replace(made.details, timezone=former.timezone)
    named = replace(made, first_name=former.first_name, last_name=former.last_name, details=details)
    await guests.save(tx, named)
    tx.record(happened("member.became_guest", account, guest=number, email=address))
    await _begin(tx, Succession(account, tx.actor.id, address), small, means)
    await finish(tx, of_groups, f"member.became_guest:{account}", means)
    return named


async def _held(tx: WriteTx, account: int) -> Remaining | None:
    """What the member has, its processes and tasks locked, which come before the people they name; None: too much."""
    found = await handovers.remaining(tx, account)
    if found.size > MOST_AT_ONCE:
        return None
    await processes.lock_many(tx, found.processes)
    for each in found.tasks:
        await processes.lock_task(tx, each)
    return found


async def _begin(tx: WriteTx, to: Succession, small: Remaining | None, means: Means) -> None:
    """The timer looks again, for work that was given to the leaver at the same instant."""
    handover = Handover(
        id=await tx.next_number("handover"),
        leaver=to.leaver,
        member=to.member,
        guest=to.guest,
        asked_by=tx.actor.id,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await handovers.add(tx, handover)
    tx.record(happened("member.handed_over", to.leaver, to=to.guest or to.member))
    await _hand_over_settings(tx, to)
    if small is not None:
        for step in _steps(small, means):
            handover = await step(tx, handover)
        await handovers.save(tx, handover)


Step = Callable[[WriteTx, Handover], Awaitable[Handover]]


def _steps(remaining: Remaining, means: Means) -> list[Step]:
    """What is to be done, one after the other in the order of locks, each telling the counts."""

    def template(key: str) -> Step:
        return lambda tx, handover: _hand_over_template(tx, handover, key)

    def process(seq: int) -> Step:
        return lambda tx, handover: _hand_over_process(tx, handover, seq, means)

    def task(key: str) -> Step:
        return lambda tx, handover: _hand_over_task(tx, handover, key, means)

    return [
        *map(process, remaining.processes),
        *map(task, remaining.tasks),
        *map(template, remaining.templates),
    ]


async def run_due(
    database: Database, org: int, organization_id: str, number: int, clock: Callable[[], int], means: Means
) -> None:
    """Hand the next things over, as the administrator who asked for it."""
    async with reading(database, org, organization_id, BOT, clock()) as tx:
        handover = await handovers.find(tx, number)
        actor = await actor_of(tx, None if handover is None else handover.asked_by) or BOT
        remaining = Remaining() if handover is None else await handovers.remaining(tx, handover.leaver)
    for step in _steps(remaining, means):

        async def one(tx: WriteTx, step: Step = step) -> None:
            current = await handovers.find(tx, number)
            if current is None or current.status != "running":
                return
            # The process comes before the handover in the order of locks: counts are added to what it is by then.
            done = await step(tx, current)
            await _count(tx, number, done, since=current)

        await writing(database, org, organization_id, actor, clock(), one)
    await writing(database, org, organization_id, actor, clock(), lambda tx: _go_on(tx, number))


async def _count(tx: WriteTx, number: int, done: Handover, *, since: Handover) -> None:
    locked = await handovers.lock(tx, number)
    if locked is not None and done != since:
        added = {
            name: getattr(locked, name) + getattr(done, name) - getattr(since, name)
            for name in ("tasks", "processes", "templates")
        }
        await handovers.save(tx, replace(locked, **added, updated_at=tx.now))


async def _go_on(tx: WriteTx, number: int) -> None:
    """Other timers get their turn before the next things."""
    handover = await handovers.lock(tx, number)
    if handover is None or handover.status != "running":
        await handovers.end_timer(tx, number)
    elif (await handovers.remaining(tx, handover.leaver)).size:
        await handovers.again(tx, number)
    else:
        await _hand_over_settings(tx, handover.succession)
        await handovers.save(tx, replace(handover, status="finished", updated_at=tx.now, finished_at=tx.now))


def _because(event: Event, to: Succession) -> Event:
    return replace(event, cause=_cause(to))


def _cause(to: Succession) -> str:
    return f"member.handed_over:{to.leaver}"


async def _hand_over_template(tx: WriteTx, handover: Handover, template_id: str) -> Handover:
    to = handover.succession
    row = next(iter(await templates.lock_many(tx, [template_id])), None)
    if row is None:
        return handover
    changed = replace(row, owner=to.owner(row.owner), document=document_handed_over(row.document, to))
    if changed == row:
        return handover
    await save_template(tx, row, changed)
    return replace(handover, templates=handover.templates + 1)


async def _hand_over_process(tx: WriteTx, handover: Handover, seq: int, means: Means) -> Handover:
    to = handover.succession
    before = await processes.lock_at(tx, seq)
    if before is None:
        return handover
    settings = await organizations.settings_of(tx, tx.org)
    accountable = await _accountable(tx, to, before.starter)
    after = process_handed_over(before, to, accountable=accountable, guest_only=settings.guest_only_assignment)
    if after == before:
        return handover
    tasks_before = {task.seq: task for task in before.tasks}
    moved = [task for task in after.tasks if task != tasks_before[task.seq]]
    saved = await guards.save_process(tx, before, after)
    if saved.owner != before.owner:
        former = {"owner": before.owner}
        event = happened("process.updated", saved.id, process=saved.seq, fields=["owner"], former=former)
        tx.record(_because(event, to))
    tx.record(*[_because(assigned(task, tasks_before[task.seq].owners), to) for task in moved])
    if not (saved.is_archived or saved.is_locked or saved.is_on_hold):
        for task in moved:
            saved = await finished(tx, SeenTask(saved.task(task.id), saved, NOBODY), _cause(to), means) or saved
    return replace(handover, tasks=handover.tasks + len(moved), processes=handover.processes + 1)


async def _hand_over_task(tx: WriteTx, handover: Handover, task_id: str, means: Means) -> Handover:
    to = handover.succession
    task = await processes.lock_task(tx, task_id)
    if task is None or task.process is not None:  # it was linked to a process meanwhile: that is found the next time
        return handover
    settings = await organizations.settings_of(tx, tx.org)
    accountable = await _accountable(tx, to, task.starter)
    after = task_handed_over(task, to, accountable=accountable, guest_only=settings.guest_only_assignment)
    if after == task:
        return handover
    seen = await guards.save_changed_task(tx, SeenTask(task, None, NOBODY), after)
    tx.record(_because(assigned(after, task.owners), to))
    if task.archived_at is None:
        await finished(tx, seen, _cause(to), means)
    return replace(handover, tasks=handover.tasks + 1)


async def _accountable(tx: WriteTx, to: Succession, starter: int | None) -> int:
    """Who joins a guest that would be alone: whoever began it, the caller when they are gone. Spec: U1 (DEC-58)."""
    if to.guest is None or starter is None or starter == to.leaver:
        return to.member
    known = await people.assignable(tx, [starter], ())
    return starter if starter in known.members else to.member


async def _hand_over_settings(tx: WriteTx, to: Succession) -> None:
    """Job titles, planned launches and absences: few, and none of them names anybody twice."""
    titles = [each for each in await job_titles.every_title(tx) if job_title_handed_over(each, to) != each]
    for title in await job_titles.lock_many(tx, [each.id for each in titles]):
        await job_titles.save(tx, replace(job_title_handed_over(title, to), updated_at=tx.now))
        tx.record(_because(happened("job_title.updated", title.id, name=title.name), to))
    for number in [each.id for each in await schedules.every_schedule(tx) if schedule_handed_over(each, to) != each]:
        schedule = await schedules.lock(tx, number)
        if schedule is not None:
            await schedules.save(tx, schedule, schedule_handed_over(schedule, to))
            tx.record(_because(happened("schedule.updated", number, changed=["owner"]), to))
    for absence in await absences.lock_with_deputy(tx, to.leaver):
        deputy = None if to.guest is not None or absence.member == to.member else to.member
        await absences.save(tx, replace(absence, deputy=deputy, updated_at=tx.now))
        tx.record(_because(happened("absence.updated", absence.id, member=absence.member, deputy=deputy), to))


async def readable(tx: ReadTx, account: int) -> Handover:
    """What became of the member's work last. Raises NotAllowed, NotFound. Spec: api-people U16."""
    require_admin(tx.actor, "see what members handed over")
    found = (await handovers.latest(tx, [account])).get(account)
    if found is None:
        raise NotFound
    return found
