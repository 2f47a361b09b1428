"""People whom planned launches name, and who are not there any more. Spec: L-12.5, behaviour-people GR1, C1."""

from msgspec.structs import replace

from procession.domain.events import happened
from procession.domain.planned_people import Change, people_in, with_people, without_people
from procession.domain.processes import Owners
from procession.domain.schedules import Launch, Schedule
from procession.storage import people, references, schedules
from procession.storage.tx import ReadTx, WriteTx


async def hold(tx: WriteTx, principal: str) -> None:
    """Lock the schedules that name somebody: they come before the processes that they launch."""
    for schedule in await schedules.every_schedule(tx):
        if principal in people_in(schedule.launch).principals:
            await schedules.lock(tx, schedule.id)


async def rewrite(tx: WriteTx, change: Change) -> None:
    """Every launch that is planned, with its people as `change` makes them."""
    for each in await schedules.every_schedule(tx):
        if with_people(each.launch, change) == each.launch:
            continue
        schedule = await schedules.lock(tx, each.id)
        if schedule is not None:
            await schedules.save(tx, schedule, replace(schedule, launch=with_people(schedule.launch, change)))
            tx.record(happened("schedule.updated", schedule.id, changed=["people"]))


async def launchable(tx: ReadTx, schedule: Schedule) -> tuple[Launch, str | None]:
    """What is launched of the schedule: without those who are not there now, whom the sentence names."""
    named = people_in(schedule.launch)
    known = await people.assignable(tx, named.users, named.groups)
    members = [each for each in named.users if each not in known.members]
    groups = [each for each in named.groups if each not in known.groups]
    guests = sorted(await references.member_addresses(tx, named.guests))
    gone = Owners(tuple(members), tuple(guests), tuple(groups))
    if gone.is_empty:
        return schedule.launch, None
    names = await people.names(tx, members)
    called = [f"{names[each].full_name} (member {each})" if each in names else f"member {each}" for each in members]
    called += [f"group {each}" for each in groups]
    called += [f"guest {each}, who is a member now" for each in guests]
    told = f"Launched without {', '.join(called)}: not there any more."
    return without_people(schedule.launch, gone.principals), told
