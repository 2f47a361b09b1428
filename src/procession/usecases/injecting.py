"""Steps of another template that join a process when one of its tasks is completed. Spec: L-10.8, L-10.9, A-10.2."""

from html import escape

import msgspec
from msgspec.structs import replace

from procession.domain import launching
from procession.domain.automations.following import with_initial_visibility
from procession.domain.automations.reacting import FollowUpDue, Injected, Reaction
from procession.domain.automations.state import Occurrence
from procession.domain.bot_comments import template_reference
from procession.domain.calculating.process import recalculated
from procession.domain.calendar import local_day
from procession.domain.errors import DomainError, WrongState, in_sentences
from procession.domain.injecting import injected, is_there
from procession.domain.launching import Found, Numbers, Request, Source, Surroundings
from procession.domain.opening import opened
from procession.domain.organizations import OrganizationSettings
from procession.domain.processes import Injection, Owners, Process
from procession.domain.templates import Template, TemplateRow
from procession.domain.times import Millis
from procession.storage import tasks, template_links, templates, threads
from procession.storage.template_versions import for_launch, would_launch
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import guests, reactions
from procession.usecases.follow_ups import require_launchable
from procession.usecases.launch_requests import inherited_keys, surroundings
from procession.usecases.reactions import Means, Reacted

THERE = "Tasks of this template are part of the process already; a template can be added once."
UNREADABLE = "You may not read the template, so its tasks are not part of the rehearsal."
NO_STEPS = "The template has no steps."
BEFORE = "Completing this task added the tasks of another template before; they are not added again."
ADDED = "Completing this task added {tasks} of {template}."
REFUSED = "Completing this task could not add the tasks of another template. {reason}"


class Ready(msgspec.Struct, frozen=True):
    """An injection that was found to be right, with all it takes."""

    source: Source
    request: Request
    around: Surroundings
    found: Found

    @property
    def document(self) -> Template:
        return self.source.document


async def reacted(
    tx: WriteTx,
    process: Process,
    document: Template,
    settings: OrganizationSettings,
    occurrence: Occurrence,
    means: Means,
) -> Reacted:
    """As `reactions.reacted`, of what happened to a task, with the tasks that its completion brings."""
    change = await reactions.reacted(tx, process, document, settings, occurrence, means)
    due = due_in(change.reaction)
    if due is None or change.reaction is None:
        return change
    try:
        ready = await _ready(tx, change.process, due, settings)
    except DomainError as refusal:
        return replace(change, reaction=refused(change.reaction, due, refusal))
    # Only now, so that what is refused leaves no gap in them.
    first, _ = await tx.reserve("task", len(ready.document.steps))
    after = await joined(tx, change.reaction, due, ready, settings, means, first_task=first, at=tx.now)
    await guests.ensure(tx, means.secrets, reactions.new_guests(change.process, after.process))
    return replace(change, process=after.process, reaction=after)


def due_in(reaction: Reaction | None) -> FollowUpDue | None:
    """The injection that is due for the first time."""
    for entry in reaction.log if reaction is not None else ():
        if isinstance(entry, FollowUpDue) and entry.follow_up.tasks_within_process and not entry.is_again:
            return entry
    return None


def refused(reaction: Reaction, due: FollowUpDue, refusal: DomainError) -> Reaction:
    """What cannot be injected says why; it never refuses what led to it. Spec: L-10.1, L-10.8."""
    return _with_outcome(reaction, due, Injected(due, None, (), in_sentences(refusal)))


def _with_outcome(reaction: Reaction, due: FollowUpDue, outcome: Injected) -> Reaction:
    return replace(reaction, log=tuple(outcome if entry is due else entry for entry in reaction.log))


async def _ready(tx: WriteTx, process: Process, due: FollowUpDue, settings: OrganizationSettings) -> Ready:
    """Raises Invalid, WrongState."""
    # Locked first: nobody archives it between the checks and the commit.
    row = _require_injectable(process, await templates.lock(tx, due.follow_up.template_id))
    launchable = await for_launch(tx, row)
    return await _checked(tx, process, launchable.row, launchable.version, launchable.document, settings, at=tx.now)


async def would_be_ready(
    tx: ReadTx, process: Process, due: FollowUpDue, settings: OrganizationSettings, at: Millis, *, is_readable: bool
) -> Ready:
    """As the real thing, for a rehearsal: nothing is locked or frozen. Raises Invalid, WrongState."""
    row = _require_injectable(process, await templates.find(tx, due.follow_up.template_id))
    document = await would_launch(tx, row)
    if not is_readable:
        raise WrongState(UNREADABLE)
    return await _checked(tx, process, row, row.version, document, settings, at=at)


def _require_injectable(process: Process, row: TemplateRow | None) -> TemplateRow:
    """Raises WrongState."""
    found = require_launchable(row)
    if is_there(found.id, process):
        raise WrongState(THERE)
    return found


async def _checked(
    tx: ReadTx,
    process: Process,
    row: TemplateRow,
    version: int,
    document: Template,
    settings: OrganizationSettings,
    *,
    at: Millis,
) -> Ready:
    """In the name of whoever launched the process, with nothing chosen. Raises Invalid, WrongState."""
    if row.type != "procedure" or not document.steps:
        raise WrongState(NO_STEPS)
    source = Source(id=row.id, version=version, title=row.title, type=row.type, document=document)
    request = launching.bare_request(process.starter)
    around = await surroundings(tx, settings, document, request, others=Owners(users=(process.starter,)))
    around = replace(around, task_keys=(await inherited_keys(tx, document))["task"])
    found = launching.check(source, request, around, at=at)
    owners = {step: launching.without_absent_starter(each, request, around) for step, each in found.owners.items()}
    return Ready(source, request, around, replace(found, owners=owners))


async def joined(
    tx: ReadTx,
    reaction: Reaction,
    due: FollowUpDue,
    ready: Ready,
    settings: OrganizationSettings,
    means: Means,
    *,
    first_task: int,
    at: Millis,
) -> Reaction:
    """The process with the tasks, and what the rules that came with them made of it. Spec: L-10.8, A-10.2."""
    process, source, document = reaction.process, ready.source, ready.document
    numbers = Numbers(process.seq, first_task, at, at)
    made = launching.tasks_of(source, ready.request, ready.around, ready.found, numbers)
    injection = Injection(
        template_id=source.id,
        version=source.version,
        title=source.title,
        trigger_task=due.task.seq,
        first_task=first_task,
        tasks=len(made),
        at=at,
    )
    after = with_initial_visibility(injected(process, injection, made), document)
    after = recalculated(after, document, settings.timezone)
    today = local_day(at, settings.timezone)
    process = opened(process, after, document, today=today, reader=ready.around.reader)
    before = _with_outcome(replace(reaction, process=process), due, Injected(due, injection, made))
    if not document.rules:
        return before
    occurrence = Occurrence("injected", due.step.id)
    by_rules = await reactions.decided(tx, process, document, settings, occurrence, before.state, means, at=at)
    return replace(by_rules, log=(*before.log, *by_rules.log))


async def tell(tx: WriteTx, change: Reacted) -> None:
    """Tag the stored tasks as their steps are, and say on the task that brought them what came of it."""
    for entry in change.log:
        if isinstance(entry, FollowUpDue) and entry.follow_up.tasks_within_process:
            await _say(tx, change, entry.task.seq, BEFORE)
        if not isinstance(entry, Injected):
            continue
        injection, trigger = entry.injection, entry.due.task.seq
        if injection is None:
            await _say(tx, change, trigger, REFUSED.format(reason=entry.reason))
            continue
        tags = await template_links.tags_of_every_step(tx, injection.template_id)
        await tasks.add_tags(tx, {task.seq: tags.get(task.step_id or "", ()) for task in entry.tasks})
        many = "a task" if injection.tasks == 1 else f"{injection.tasks} tasks"
        said = ADDED.format(tasks=many, template=template_reference(injection.template_id))
        await _say(tx, change, trigger, said)


async def _say(tx: WriteTx, change: Reacted, task: int, text: str) -> None:
    await threads.add_bot_comment(tx, change.process.seq, task, escape(text, quote=False))
