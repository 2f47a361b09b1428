"""What rules make of a change: decided by `domain.automations`, saved and told here. Spec: A-5.6, A-5.10."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from procession.domain.assignees import merged
from procession.domain.automations.people import fixed_members, gives_work, named_people
from procession.domain.automations.reacting import Entry, Reaction, launches, react, touched
from procession.domain.automations.state import FRESH, NOBODY, Occurrence, People, RuleState, Scene
from procession.domain.automations.telling import told
from procession.domain.automations.undoing import assignees_in
from procession.domain.handing_over import effects_handed_over, rules_handed_over
from procession.domain.organizations import OrganizationSettings
from procession.domain.permissions import may_see_task
from procession.domain.processes import Owners, Process
from procession.domain.run_forms import as_run
from procession.domain.templates import Template
from procession.domain.times import Millis
from procession.storage import groups, handovers, members, people, rule_states
from procession.storage import guests as stored_guests
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import absences, guests, rule_clocks
from procession.usecases.calendars import calendar_of
from procession.usecases.means import Means
from procession.usecases.opening import reader_of
from procession.usecases.task_texts import titles_of


class Reacted(msgspec.Struct, frozen=True):
    """A process after its rules reacted, not saved yet; `save` what it remembers once the process is stored."""

    process: Process
    former: RuleState | None = None
    reaction: Reaction | None = None

    @property
    def rules_before(self) -> RuleState | None:
        """What the process remembered before; None when its rules were not asked."""
        return None if self.reaction is None else self.former or FRESH

    @property
    def log(self) -> tuple[Entry, ...]:
        return () if self.reaction is None else self.reaction.log


async def reacted(
    tx: WriteTx,
    process: Process,
    document: Template,
    settings: OrganizationSettings,
    occurrence: Occurrence,
    means: Means,
    *,
    is_new: bool = False,
    at: Millis | None = None,
) -> Reacted:
    """The process, locked or just made (`is_new`), after everything that follows from what happened to it.

    Guests that rules assign exist afterwards; those of a new process are its launch's business, which makes all of
    them at once, in one order. `at` is the instant it happened at, now when not said. Where no rule and no
    follow-up can react it costs nothing.
    """
    if not document.rules and launches(occurrence, document) is None:
        return Reacted(process)
    former = None if is_new else await rule_states.find(tx, process.seq)
    reaction = await decided(tx, process, document, settings, occurrence, former or FRESH, means, at=at or tx.now)
    if not is_new:
        await guests.ensure(tx, means.secrets, new_guests(process, reaction.process))
    return Reacted(reaction.process, former, reaction)


async def decided(
    tx: ReadTx,
    process: Process,
    document: Template,
    settings: OrganizationSettings,
    occurrence: Occurrence,
    state: RuleState,
    means: Means,
    *,
    at: Millis,
) -> Reaction:
    """What would follow at that instant; nothing is written.

    Rules of this version that name somebody who has left mean whoever took over from them, and so does what re-opening
    gives back. Spec: A-11.4.
    """
    document, state, people_there = await _with_people(tx, process, document, state)
    scene = Scene(
        document=as_run(process, document),
        week=calendar_of(settings),
        now=at,
        people=people_there,
        absences=await absences.of_process(tx, process, document, settings),
        fire_once=means.fire_once if settings.automation_fire_once is None else settings.automation_fire_once,
        guest_only=settings.guest_only_assignment,
        reader=await reader_of(tx, settings, document),
    )
    return react(process, state, occurrence, scene)


def new_guests(before: Process, after: Process) -> list[str]:
    known = {guest for task in before.tasks for guest in task.owners.guests}
    return sorted({guest for task in after.tasks for guest in task.owners.guests} - known)


async def save(tx: WriteTx, change: Reacted) -> None:
    """Keep what the stored process remembers of its rules, and tell the log what they did, each with its cause."""
    if change.reaction is None:
        return
    await rule_states.save(tx, change.process.seq, change.former, change.reaction.state)
    tx.record(*told(change.process, change.reaction.log))
    await rule_clocks.plan(tx, change.process, change.reaction.state)


async def _with_people(
    tx: ReadTx, process: Process, document: Template, state: RuleState
) -> tuple[Template, RuleState, People]:
    """The version, and what re-opening takes back, with whoever has taken over from members that they name; and who is
    there of all that they may name.

    No statement where no rule gives work to anybody, and nothing is given back.
    """
    in_effects = assignees_in(state.effects)
    if in_effects.is_empty and not gives_work(document.rules):
        return document, state, NOBODY
    found = await _people(tx, named_people(document, process), in_effects)
    named = fixed_members(document.rules).union(in_effects.users)
    successions = (await handovers.successions(tx, named - found.members)).values()
    if not successions:
        return document, state, found
    document = replace(document, rules=rules_handed_over(document.rules, successions))
    state = replace(state, effects=effects_handed_over(state.effects, process, successions))
    return document, state, await _people(tx, named_people(document, process), assignees_in(state.effects))


async def _people(tx: ReadTx, named: Owners, in_effects: Owners) -> People:
    named = merged(named, in_effects)
    by_address = await members.with_addresses(tx, named.guests)
    known = await people.assignable(tx, {*named.users, *by_address.values()}, named.groups)
    found = await groups.members_of(tx, known.groups)
    return People(
        members=frozenset(known.members),
        groups=frozenset(known.groups),
        by_address=by_address,
        people_of_groups={group: (frozenset(each.members), frozenset(each.guests)) for group, each in found.items()},
        guests=frozenset(await stored_guests.by_emails(tx, in_effects.guests)),
    )


async def changed_by_rules(tx: ReadTx, change: Reacted, named: frozenset[str]) -> Mapping[str, Any]:
    """Of the tasks of the saved process that the caller may see: task id to status, title and what rules did.

    Spec: api-tasks 2.
    """
    by_id = {task.id: task for task in change.process.tasks}
    changed = touched(change.log)
    titles = await titles_of(tx, [by_id[task_id] for task_id in changed])
    return {
        task_id: {"status": by_id[task_id].status, "title": titles[task_id], "actions": actions}
        for task_id, actions in changed.items()
        if may_see_task(tx.actor, named, by_id[task_id], change.process)
        and not (tx.actor.kind == "guest" and by_id[task_id].is_hidden)
    }
