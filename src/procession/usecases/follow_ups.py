"""Processes that rules and completed steps launch: what is asked for, whether it can be, what is said about it.

What cannot be launched says why on its task; it never undoes what led to it. Spec: A-4.70 to A-4.75, L-10.1 to L-10.12.
"""

from collections.abc import Iterator
from html import escape

import msgspec
from msgspec.structs import replace

from procession.domain.automations.handing_on import answers_for
from procession.domain.automations.reacting import Evaluation, FollowUpDue
from procession.domain.automations.rules import Launch
from procession.domain.bot_comments import process_reference
from procession.domain.calculating.sheet import shown_answers
from procession.domain.calendar import local_time
from procession.domain.errors import DomainError, WrongState, in_sentences
from procession.domain.events import happened
from procession.domain.file_references import files_in_answers
from procession.domain.names import fill_variables
from procession.domain.processes import Process, Task
from procession.domain.schedules import default_name
from procession.domain.templates import TemplateRow
from procession.domain.variables import Reader, name_variables
from procession.storage import attachable, organizations, people, processes, rule_states, templates, threads
from procession.storage import tasks as stored
from procession.storage.template_versions import would_launch
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases.launch_requests import Ready, Wish, checked, namer
from procession.usecases.reactions import Reacted

MOST_LEVELS = 50
GONE = "The template is not there any more."
DOCUMENT = "A document cannot be launched by another process."
NO_LAUNCHER = "Nobody who could launch it is left: neither who launched this process nor its owner."
TOO_MANY = "Too many processes would be launched by one change."
TOO_DEEP = f"More than {MOST_LEVELS} processes have launched one another already."
BEFORE = "{} launched its process before; it is not launched again."


class Wanted(msgspec.Struct, frozen=True):
    """A launch that a rule or a completed step of the stored process asks for, by its `key`: an action's, a step's.

    `is_again` when it was launched before.
    """

    process: Process
    task: Task
    key: str
    cause: str
    asking: str
    launch: Launch
    is_again: bool

    @property
    def origin(self) -> dict[str, str | None]:
        """What launches, for the activity feed. Spec: behaviour-work K-A2."""
        injection = self.process.injection_of(self.task)
        template = self.process.template_id if injection is None else injection.template_id
        return {"checklist": template, "run": self.process.id, "step": self.task.step_id, "task": self.task.id}


def wanted(change: Reacted) -> list[Wanted]:
    """In the order in which rules acted; the step's own comes last."""
    found: list[Wanted] = []
    for entry in change.log:
        if isinstance(entry, Evaluation):
            found += _of_rule(change.process, entry)
        elif isinstance(entry, FollowUpDue) and not entry.follow_up.tasks_within_process:
            launch = Launch(entry.follow_up.template_id, entry.follow_up.default_name_format)
            cause = f"task.completed:{entry.task.id}"
            asking = "Completing this task"
            found.append(Wanted(change.process, entry.task, entry.step.id, cause, asking, launch, entry.is_again))
    return found


def _of_rule(process: Process, entry: Evaluation) -> Iterator[Wanted]:
    for acted in entry.acted:
        launch, task = acted.action.launch, acted.done.before
        if launch is not None and task is not None:
            is_again = acted.done.outcome == "launched_before"
            cause, asking = f"rule:{entry.rule.id}", f"The rule {entry.rule.name}"
            yield Wanted(process, task, acted.action.id, cause, asking, launch, is_again)


async def ready(tx: WriteTx, each: Wanted, *, has_room: bool) -> Ready | None:
    """The launch with all it takes; None where it cannot be, which the task says from then on, with the reason.

    Whoever asked for it may ask again. Spec: A-4.74.
    """
    if each.is_again:
        await _say(tx, each, BEFORE.format(each.asking))
        return None
    try:
        if not has_room:
            raise WrongState(TOO_MANY)
        return await checked(tx, await _wish(tx, each))
    except DomainError as refusal:
        reason = in_sentences(refusal)
    state = await rule_states.find(tx, each.process.seq)
    if state is not None:
        launched = state.launched - {each.key}
        await rule_states.save(tx, each.process.seq, state, replace(state, launched=launched))
    refused = happened("task.launch_refused", each.task.id, process=each.process.seq, reason=reason)
    tx.record(replace(refused, cause=each.cause))
    await _say(tx, each, f"{each.asking} could not launch a process. {reason}")
    return None


async def tell(tx: WriteTx, each: Wanted, launched: Process) -> None:
    """That it was launched, on the task and in the log. Spec: L-10.5."""
    event = happened(
        "task.launched_process", each.task.id, process=each.process.seq, launched=launched.id, called=launched.name
    )
    tx.record(replace(event, cause=each.cause))
    await _say(tx, each, f"{each.asking} launched {process_reference(launched.id)}.")


async def _say(tx: WriteTx, each: Wanted, text: str) -> None:
    await threads.add_bot_comment(tx, each.process.seq, each.task.seq, escape(text, quote=False))


async def _wish(tx: WriteTx, each: Wanted) -> Wish:
    """The launch as it is asked for, in the name of who completed the task. Raises Invalid, WrongState."""
    # Locked first: nobody archives it between the checks and the launch.
    row = require_launchable(await templates.lock(tx, each.launch.template_id))
    if await _levels(tx, each.process) >= MOST_LEVELS:
        raise WrongState(TOO_DEEP)
    process = each.process
    document = await stored.document_of(tx, process, each.task)
    settings = await organizations.settings_of(tx, tx.org)
    assert document is not None
    names = await attachable.everybody(tx)
    reader = Reader(zone=settings.timezone, members=names.member_names, groups=names.group_names)
    kickoff = (await would_launch(tx, row)).kickoff
    pattern = each.launch.name_format or default_name(local_time(tx.now, settings.timezone))
    prerun = answers_for(each.launch, process, document, kickoff, reader)
    shown = shown_answers(document.kickoff, process.prerun, settings.timezone)
    launcher = await _launcher(tx, process)
    quoted = name_variables(document.kickoff, shown, await namer(tx, launcher, reader))
    return Wish(
        template_id=row.id,
        starter=launcher,
        parent_id=process.id,
        prerun=prerun,
        files=files_in_answers(prerun, tx.organization_id),
        name_pattern=fill_variables(pattern, quoted),
        is_by_setting=True,
    )


def require_launchable(row: TemplateRow | None) -> TemplateRow:
    """A template that another one may launch or inject. Raises WrongState. Spec: L-10.1."""
    if row is None or row.is_archived:
        raise WrongState(GONE)
    if row.type == "document":
        raise WrongState(DOCUMENT)
    return row


async def _launcher(tx: WriteTx, process: Process) -> int:
    """Whoever did what the rule reacted to, when it was a member; else who launched or owns the process (L-10.7)."""
    acting = [tx.actor.id] if tx.actor.kind == "member" else []
    candidates = [*acting, process.starter, process.owner]
    known = await people.assignable(tx, candidates, ())
    found = next((each for each in candidates if each in known.members), None)
    if found is None:
        raise WrongState(NO_LAUNCHER)
    return found


async def _levels(tx: ReadTx, process: Process) -> int:
    """How many processes are above this one, as far as it matters. Spec: L-10.11."""
    levels, parent = 0, process.parent_id
    while parent is not None and levels < MOST_LEVELS:
        levels, parent = levels + 1, await processes.parent_of(tx, parent)
    return levels
