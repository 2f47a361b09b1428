"""One process moved to a newer version of its template, or back. Spec: behaviour-templates 10.1."""

import msgspec
from msgspec.structs import replace

from procession.domain.assignees import merged
from procession.domain.automations.reacting import Reaction
from procession.domain.automations.state import FRESH, MOVED, Occurrence, RuleState
from procession.domain.calculating.process import recalculated
from procession.domain.calendar import local_day
from procession.domain.errors import NotFound
from procession.domain.events import happened
from procession.domain.launching import bare_request
from procession.domain.moving.move import Around, moved, require_movable
from procession.domain.moving.steps import steps_to_add
from procession.domain.moving.telling import CAUSE, events, people_of, report
from procession.domain.moving.told import Report
from procession.domain.moving.versions import Versions
from procession.domain.opening import opened
from procession.domain.organizations import OrganizationSettings
from procession.domain.permissions import may_see_process, may_see_task
from procession.domain.processes import Owners, Process, Task
from procession.domain.summary import settle
from procession.domain.templates import Template
from procession.domain.undo import Before, CannotUndo, before_of, people_back
from procession.storage import access, changes, organizations, processes, rule_states, threads
from procession.storage.changes import Kind
from procession.storage.naming import names_of
from procession.storage.tasks import documents_of
from procession.storage.template_versions import version_document
from procession.storage.tx import WriteTx
from procession.storage.version_moves import Remembered
from procession.usecases import guards, guests, reactions
from procession.usecases.deadlines import followed_up
from procession.usecases.guards import SeenTask
from procession.usecases.launch_requests import inherited_keys, surroundings
from procession.usecases.opening import reader_of
from procession.usecases.reactions import Means, Reacted
from procession.usecases.remaining_parts import NOBODY, finished, would_finish
from procession.usecases.undo import are_here, put_back

NOT_SEEN = "This process is gone, or you may not see it."
FORGOTTEN = "It was moved too long ago to be moved back."
CHANGED = "Something else has happened to this process since. Change it by hand."
COMMENTED = "Somebody has commented on a task that the move added. Change the process by hand."
PEOPLE_GONE = "Somebody who would have a task back is not here any more. Change it by hand."
VERSION_GONE = "The version that this process ran has been erased with its template."


class Planned(msgspec.Struct, frozen=True):
    """A process in the new version after its rules, not settled; before them it was `shaped`.

    `finished` are the ids of its tasks of which by that all who remain have done their part (behaviour-work A6),
    `outcome` what it is once they are complete.
    """

    shaped: Process
    former: RuleState | None
    reaction: Reaction
    finished: tuple[str, ...]
    outcome: Process

    @property
    def process(self) -> Process:
        return self.reaction.process


async def locked(tx: WriteTx, seq: int) -> Process:
    """The process, locked, as far as the caller may see it. Raises NotFound."""
    process = await processes.lock_at(tx, seq)
    if process is None or not may_see_process(tx.actor, await access.principals_of_caller(tx), process):
        raise NotFound(NOT_SEEN)
    return process


async def rehearse(tx: WriteTx, process: Process, version: int, document: Template, means: Means) -> Report:
    """What moving it would do; nothing is written. Raises as `move`."""
    versions, planned = await _planned(tx, process, version, document, means, is_rehearsal=True)
    return await _report(tx, process, planned, versions)


async def move(
    tx: WriteTx, process: Process, version: int, document: Template, means: Means, *, number: int
) -> tuple[Report, Before]:
    """Move the locked process to this version; what that did, and what leads back. `number` is that of the move.

    Raises ProcessArchived, ProcessLocked, ProcessOnHold, WrongState.
    """
    versions, planned = await _planned(tx, process, version, document, means, is_rehearsal=False)
    found = await _report(tx, process, planned, versions)
    await guests.ensure(tx, means.secrets, reactions.new_guests(process, planned.process))
    saved = await guards.save_process(tx, process, planned.process)
    tx.record(*events(process, planned.shaped, number))
    has_rules = bool(document.rules) or planned.former is not None
    if has_rules:
        await reactions.save(tx, Reacted(saved, planned.former, planned.reaction))
    for each in planned.finished:
        seen = SeenTask(saved.task(each), saved, NOBODY)
        saved = await finished(tx, seen, f"{CAUSE}:{saved.id}", means) or saved
    return found, before_of(process, saved, (planned.former or FRESH) if has_rules or planned.finished else None)


async def move_back(tx: WriteTx, process: Process, remembered: Remembered | None) -> Process:
    """Make the locked process what it was before it was moved.

    Raises ProcessArchived, ProcessLocked, ProcessOnHold, CannotUndo. Spec: T-10.16.
    """
    guards.require_changeable(process)
    if remembered is None:
        raise CannotUndo(FORGOTTEN)
    if await changes.last_change(tx, Kind.PROCESS, process.seq) != remembered.position:
        raise CannotUndo(CHANGED)
    before = remembered.before
    assert before.process is not None
    try:
        await version_document(tx, process.template_id, before.process.template_version)
    except LookupError:
        raise CannotUndo(VERSION_GONE) from None
    if before.added and await threads.counts_of_tasks(tx, before.added):
        raise CannotUndo(COMMENTED)
    if not await are_here(tx, people_back(before, process.tasks)):
        raise CannotUndo(PEOPLE_GONE)
    saved = await put_back(tx, process, before)
    tx.record(happened("process.undone", saved.id, process=saved.seq, act=CAUSE))
    cause = f"process.undone:{saved.id}"
    tx.record(*[replace(happened("task.undone", each.id, process=saved.seq), cause=cause) for each in before.tasks])
    return saved


async def _planned(
    tx: WriteTx, process: Process, version: int, document: Template, means: Means, *, is_rehearsal: bool
) -> tuple[Versions, Planned]:
    require_movable(process, version)
    settings = await organizations.settings_of(tx, tx.org)
    own, *injected = await documents_of(tx, process)
    versions = Versions(own, document, injected)
    request = bare_request(process.starter)
    around = await surroundings(tx, settings, document, request, others=_around(process))
    keys = await inherited_keys(tx, document)
    around = replace(around, task_keys=keys["task"])
    many = len(steps_to_add(process, versions))
    # Numbers of a rehearsal are nobody's.
    first = -many if is_rehearsal or not many else (await tx.reserve("task", many))[0]
    former = await rule_states.find(tx, process.seq)
    scene = Around(
        versions=versions, version=version, request=request, surroundings=around, first_task=first, at=tx.now
    )
    shaped, state = moved(process, former or FRESH, scene)
    shaped = recalculated(shaped, document, settings.timezone)
    shaped = opened(
        process,
        shaped,
        document,
        today=local_day(tx.now, settings.timezone),
        reader=await reader_of(tx, settings, document),
        new_fields=versions.new_fields.keys() - versions.old_holders.keys(),
    )
    reaction = Reaction(shaped, state, ())
    if document.rules:
        reaction = await reactions.decided(tx, shaped, document, settings, MOVED, state, means, at=tx.now)
    done, outcome = await _finishing(tx, process, reaction, document, settings, means)
    return versions, Planned(shaped, former, reaction, done, outcome)


async def _finishing(
    tx: WriteTx,
    before: Process,
    reaction: Reaction,
    document: Template,
    settings: OrganizationSettings,
    means: Means,
) -> tuple[tuple[str, ...], Process]:
    """The tasks that the move changed of which nobody is missing any more, and what their completion leads to here:
    other deadlines, and what rules do in the process.
    """
    former = {task.seq: task for task in before.tasks}
    after, state = reaction.process, reaction.state
    found: list[str] = []
    for changed in [each for each in after.tasks if former.get(each.seq) != each and not after.injection_of(each)]:
        task = after.task(changed.id)
        done = await would_finish(tx, task, after, document)
        if done is not None:
            found.append(done.id)
            after = await followed_up(tx, after.with_tasks(done), task, done, document, settings)
            completed = Occurrence("completed", done.step_id)
            led_to = await reactions.decided(tx, after, document, settings, completed, state, means, at=tx.now)
            after, state = led_to.process, led_to.state
    return tuple(found), after


def _around(process: Process) -> Owners:
    """Who has tasks of it, and whoever launched it: they may have left since."""
    return merged(Owners(users=(process.starter,)), people_of(process, process))


async def _report(tx: WriteTx, process: Process, planned: Planned, versions: Versions) -> Report:
    after = settle(planned.outcome, tx.now)
    named = await access.principals_of_caller(tx)
    people = people_of(process, after)

    def is_seen(task: Task) -> bool:
        return may_see_task(tx.actor, named, task, process)

    return report(process, after, versions, await names_of(tx, people.users, people.groups), is_seen)
