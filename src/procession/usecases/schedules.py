"""Schedules: made, changed, run by hand and by the clock. Spec: behaviour-launching 12, api-processes 21."""

from itertools import islice
from typing import Any

from msgspec.structs import replace

from procession.adapters.recurrence import occurrences
from procession.domain.actors import BOT, Actor
from procession.domain.calendar import local_time
from procession.domain.errors import DomainError, Invalid, NotAllowed, NotFound, WrongState, in_sentences
from procession.domain.events import happened
from procession.domain.permissions import require
from procession.domain.processes import Process
from procession.domain.recurrence import Recurrence, faults, slots
from procession.domain.schedules import NEXT_SHOWN, Paused, Schedule, default_name, name_fault
from procession.domain.template_permissions import may_launch
from procession.domain.timers import TICK
from procession.domain.times import Millis, is_same_second
from procession.storage import members, organizations, schedules, template_grants, templates, timers
from procession.storage.database import Database
from procession.storage.members import Member
from procession.storage.tx import ReadTx, WriteTx, reading, writing
from procession.usecases import launch_requests, launching
from procession.usecases.launch_requests import Wish
from procession.usecases.planned_people import launchable
from procession.usecases.reactions import Means

MANAGE = "plan launches"


class _Refused(Exception):
    """A launch by the clock that was refused: nothing of it is kept, and the schedule is paused."""

    def __init__(self, reason: Paused, message: str) -> None:
        super().__init__(message)
        self.reason: Paused = reason
        self.message = message


async def readable(tx: ReadTx, schedule_id: int) -> Schedule:
    """Of the caller, or anybody's for administrators. Raises NotFound."""
    return _own(tx, await schedules.find(tx, schedule_id))


async def _locked(tx: WriteTx, schedule_id: int) -> Schedule:
    return _own(tx, await schedules.lock(tx, schedule_id))


def _own(tx: ReadTx, schedule: Schedule | None) -> Schedule:
    if schedule is None or not (tx.actor.is_admin or schedule.owner == tx.actor.id):
        raise NotFound
    return schedule


async def zone_of(tx: ReadTx) -> str:
    return (await organizations.settings_of(tx, tx.org)).timezone


def next_slots(when: Recurrence, zone: str, after: Millis, many: int = NEXT_SHOWN) -> list[Millis]:
    """The next times it is due; `faults` has found nothing wrong with it."""
    return list(islice(slots(when, zone, after, occurrences), many))


async def create(tx: WriteTx, schedule: Schedule) -> Schedule:
    """Raises NotAllowed, Invalid, WrongState (the template cannot be launched). Spec: L-12.3."""
    require(not tx.actor.is_light, to=MANAGE)
    made = replace(
        schedule,
        id=await tx.next_number("schedule"),
        owner=schedule.owner or tx.actor.id,
        created_at=tx.now,
        updated_at=tx.now,
    )
    made = await _planned(tx, made)
    await schedules.add(tx, made)
    tx.record(happened("schedule.created", made.id, template=made.template_id, owner=made.owner))
    return made


async def update(tx: WriteTx, schedule_id: int, changes: dict[str, Any]) -> Schedule:
    """Change what is mentioned, by field of `Schedule`, `Recurrence` and `Launch`. Raises NotFound and as `create`."""
    before = await _locked(tx, schedule_id)
    when = {name: value for name, value in changes.items() if name in Recurrence.__struct_fields__}
    launch = {name: value for name, value in changes.items() if name in type(before.launch).__struct_fields__}
    own = {name: changes[name] for name in ("owner", "skip_if_open", "catch_up", "is_active") if name in changes}
    after = replace(
        before, recurrence=_changed(before.recurrence, when), launch=replace(before.launch, **launch), **own
    )
    if own.get("is_active") and not before.is_active:
        after = replace(after, paused_reason=None, last_error=None)
    if after == before:
        return before
    saved = await schedules.save(tx, before, await _planned(tx, after))
    tx.record(happened("schedule.updated", saved.id, changed=sorted(changes)))
    return saved


def _changed(before: Recurrence, changes: dict[str, Any]) -> Recurrence:
    """A frequency instead of a rule, or the other way round, leaves nothing of the former one behind."""
    if is_same_second(changes.get("starts_at"), before.starts_at):
        changes = {**changes, "starts_at": before.starts_at}
    if "rrule" in changes and changes["rrule"] is not None and before.frequency is not None:
        before = Recurrence(timezone=before.timezone, starts_at=before.starts_at, ends_at=before.ends_at)
    if changes.get("frequency") not in (None, before.frequency):
        before = replace(
            Recurrence(timezone=before.timezone, starts_at=before.starts_at, ends_at=before.ends_at), times=before.times
        )
    return replace(before, **changes)


async def _planned(tx: WriteTx, schedule: Schedule) -> Schedule:
    """The schedule, found to be right, with its next slot. Raises as `create`."""
    require(schedule.owner == tx.actor.id or tx.actor.is_admin, to="plan launches in somebody else's name")
    errors: dict[str, list[Any]] = {}
    owner = await members.find(tx, schedule.owner)
    if owner is None or owner.status != "active" or owner.is_bot:
        errors["owner_id"] = ["There is no active member with this id."]
    elif owner.role == "light":
        errors["owner_id"] = ["Light members cannot plan launches."]
    if (fault := name_fault(schedule.launch.name)) is not None:
        errors["name"] = [fault]
    unclear = faults(schedule.recurrence)
    upcoming = [] if unclear else next_slots(schedule.recurrence, await zone_of(tx), tx.now, 1)
    if not unclear and not upcoming and schedule.is_active:
        errors["starts_at"] = ["This schedule is never due."]
    errors |= unclear
    if errors:
        raise Invalid(errors)
    if schedule.is_active:
        await launch_requests.checked(tx, await _wish(tx, schedule, tx.now))
        await _require_launchable_by_owner(tx, schedule)
    return replace(schedule, next_run_at=upcoming[0] if schedule.is_active else None)


async def _require_launchable_by_owner(tx: ReadTx, schedule: Schedule) -> None:
    """What is asked of the caller of any launch, where an administrator is the caller. Raises Invalid. Spec: L-1.1."""
    owner = None if schedule.owner == tx.actor.id else await members.find(tx, schedule.owner)
    template = None if owner is None else await templates.find(tx, schedule.template_id)
    if owner is None or template is None:
        return
    standing = await template_grants.standing_of(tx, template, _acting(owner))
    if not may_launch(standing):
        raise Invalid({"owner_id": ["This member may not launch processes from this template."]})


def _acting(owner: Member) -> Actor:
    return Actor(kind="member", id=owner.account, role=owner.role, channel="schedule")


async def _wish(tx: ReadTx, schedule: Schedule, at: Millis) -> Wish:
    launch = schedule.launch
    return Wish(
        template_id=schedule.template_id,
        name_pattern=launch.name or default_name(local_time(at, await zone_of(tx))),
        owner=schedule.owner,
        starter=schedule.owner,
        prerun=launch.prerun,
        tasks=launch.tasks,
        roles=launch.roles,
        users=launch.users,
        groups=launch.groups,
        tags=launch.tags,
        folders=launch.folders,
    )


async def delete(tx: WriteTx, schedule_id: int) -> None:
    """What it launched stays. Raises NotFound."""
    schedule = await _locked(tx, schedule_id)
    await schedules.remove(tx, schedule)
    tx.record(happened("schedule.deleted", schedule.id))


async def run_now(tx: WriteTx, schedule_id: int, means: Means) -> Process:
    """Launch once more than planned; its next slot stays. Raises NotFound and as a launch by its owner does."""
    schedule = await _locked(tx, schedule_id)
    await _require_launchable_by_owner(tx, schedule)
    return (await _launched(tx, schedule, tx.now, means, next_run_at=schedule.next_run_at))[0]


async def _launched(
    tx: WriteTx, schedule: Schedule, at: Millis, means: Means, *, next_run_at: Millis | None
) -> tuple[Process, Schedule]:
    launch, left_out = await launchable(tx, schedule)
    wish = await _wish(tx, replace(schedule, launch=launch), at)
    process, _ = await launching.launch_process(tx, wish, means=means)
    after = replace(schedule, next_run_at=next_run_at, last_run_at=tx.now, last_run_id=process.id, last_error=left_out)
    saved = await schedules.save(tx, schedule, after)
    tx.record(happened("schedule.launched", schedule.id, process=process.seq, slot=at, run=process.id))
    return process, saved


async def run_due(
    database: Database, org: int, organization_id: str, schedule_id: int, now: Millis, means: Means
) -> None:
    """Launch for the slot that is due, as the schedule's owner; the slot is passed in the same transaction.

    What is refused pauses the schedule with its reason. Spec: L-12.4, L-12.5.
    """
    async with reading(database, org, organization_id, BOT, now) as tx:
        schedule = await schedules.find(tx, schedule_id)
        owner = None if schedule is None else await members.find(tx, schedule.owner)
    if owner is None or owner.status != "active":
        await _pause_refused(
            database, org, organization_id, schedule_id, now, _Refused("owner_inactive", "The owner is not active.")
        )
        return
    actor = _acting(owner)

    async def work(tx: WriteTx) -> None:
        await _run_due(tx, schedule_id, means)

    try:
        await writing(database, org, organization_id, actor, now, work)
    except _Refused as refused:
        await _pause_refused(database, org, organization_id, schedule_id, now, refused)


async def _run_due(tx: WriteTx, schedule_id: int, means: Means) -> None:
    schedule = await schedules.lock(tx, schedule_id)
    if schedule is None or schedule.next_run_at is None:
        await timers.remove(tx, "launch", [schedule_id])
        return
    # It changed hands, or another server was first.
    if schedule.owner != tx.actor.id or schedule.next_run_at > tx.now:
        return
    slot, following = _slot(schedule, await zone_of(tx), tx.now)
    former = schedule.last_run_id if schedule.skip_if_open else None
    if slot is not None and former is not None and await schedules.is_open(tx, former):
        tx.record(happened("schedule.skipped", schedule.id, slot=slot, run=former))
        slot = None
    if slot is None:
        await schedules.save(tx, schedule, replace(schedule, next_run_at=following))
        return
    try:
        await _launched(tx, schedule, slot, means, next_run_at=following)
    except NotAllowed as refusal:
        raise _Refused("no_launch_permission", refusal.message) from refusal
    except WrongState as refusal:
        raise _Refused("template_archived", refusal.message) from refusal
    except Invalid as refusal:
        is_gone = "checklist_id" in refusal.errors
        raise _Refused("template_archived" if is_gone else "validation_failed", in_sentences(refusal)) from refusal
    except DomainError as refusal:
        raise _Refused("validation_failed", refusal.message) from refusal


def _slot(schedule: Schedule, zone: str, now: Millis) -> tuple[Millis | None, Millis | None]:
    """The slot to launch for, None: none of those that were missed, and the one after it."""
    first = schedule.next_run_at
    assert first is not None
    if schedule.catch_up == "all":
        following = next(slots(schedule.recurrence, zone, first, occurrences), None)
        return first, following
    last = first
    for at in slots(schedule.recurrence, zone, first, occurrences):
        if at > now:
            break
        last = at
    following = next(slots(schedule.recurrence, zone, now, occurrences), None)
    is_missed = schedule.catch_up == "none" and last < now - TICK
    return None if is_missed else last, following


async def _pause_refused(
    database: Database, org: int, organization_id: str, schedule_id: int, now: Millis, refused: _Refused
) -> None:
    async def work(tx: WriteTx) -> None:
        schedule = await schedules.lock(tx, schedule_id)
        if schedule is None:
            await timers.remove(tx, "launch", [schedule_id])
        elif schedule.next_run_at is not None:
            await _pause(tx, schedule, refused.reason, refused.message)

    await writing(database, org, organization_id, BOT, now, work)


async def _pause(tx: WriteTx, schedule: Schedule, reason: Paused, message: str) -> None:
    paused = replace(schedule, is_active=False, paused_reason=reason, last_error=message, next_run_at=None)
    await schedules.save(tx, schedule, paused)
    tx.record(happened("schedule.paused", schedule.id, reason=reason, error=message))


async def pause_of_template(tx: WriteTx, template_id: str) -> None:
    """Its template was archived; restoring it does not start them again. Spec: L-12.5, T-1.7."""
    for schedule in await schedules.lock_of_template(tx, template_id):
        await _pause(tx, schedule, "template_archived", "The template was archived.")


async def follow_zone(tx: WriteTx) -> None:
    """The organization's clocks changed: schedules that go by them are due at other times from now on."""
    zone = await zone_of(tx)
    for schedule in await schedules.lock_active(tx):
        if schedule.recurrence.timezone is None:
            upcoming = next_slots(schedule.recurrence, zone, tx.now, 1)
            await schedules.save(tx, schedule, replace(schedule, next_run_at=upcoming[0] if upcoming else None))
