"""What people would do in a process that is only rehearsed: read, and done to it. Spec: api-templates 8.6."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec
from msgspec.structs import replace

from procession.domain import task_deadlines, tasks
from procession.domain.absences import Absences
from procession.domain.answers import accept, is_same, require_complete
from procession.domain.automations.state import KICKOFF_SUBMITTED, Occurrence
from procession.domain.calculating.process import recalculated
from procession.domain.calendar import WorkingWeek, local_day
from procession.domain.errors import DomainError, Invalid, TaskBlocked
from procession.domain.fields import Field
from procession.domain.loose import as_bool, as_list, as_object
from procession.domain.opening import begun, opened, was_opened
from procession.domain.order_lock import blockers_of
from procession.domain.processes import Process, Task
from procession.domain.tasks import TIMED_TYPES, Completer
from procession.domain.templates import Template
from procession.domain.times import Millis, parse_instant, wire
from procession.domain.values import People
from procession.domain.variables import Reader
from procession.domain.wording import quoted

MAX_EVENTS = 200

Word = Literal["complete", "reopen", "answer", "hide", "show", "submit_form", "wait"]
WORDS: tuple[Word, ...] = get_args(Word)
TOO_FEW_DECIDE = "Of those assigned, not counting the launcher, {needed} must decide; there are {may_decide}."


class Event(msgspec.Struct, frozen=True):
    """One thing that somebody does, at an instant, or when the event before it happened."""

    word: Word
    step: str | None
    answers: object = None
    is_approved: bool | None = None
    at: Millis | None = None


class Around(msgspec.Struct, frozen=True):
    """What answers and deadlines depend on; `document` is what the step of the event is part of."""

    document: Template
    week: WorkingWeek
    absences: Absences
    people: People
    organization_id: str
    reader: Reader
    # Nobody who can get mail is assigned to the task of the event.
    nobody_gets_mail: bool = False
    # How many may decide on the approval of the event; None: no number of them is needed.
    may_decide: int | None = None


def read_events(raw: object, documents: Sequence[Template]) -> list[Event]:
    """A list of `{event, step_id, taskdata, prerun, is_approved, at}`; raises Invalid with every wrong path.

    `documents` are the template and those that may be injected.
    """
    entries = [] if raw is None else as_list(raw)
    if entries is None or len(entries) > MAX_EVENTS:
        raise Invalid({"events": [f"The events must be a list of at most {MAX_EVENTS} entries."]})
    errors: dict[str, list[Any]] = {}
    events = [_read_event(f"events.{index}", entry, documents, errors) for index, entry in enumerate(entries)]
    if errors:
        raise Invalid(errors)
    return events


def _read_event(path: str, raw: object, documents: Sequence[Template], errors: dict[str, list[Any]]) -> Event:
    sent: Mapping[str, object] = as_object(raw) or {}
    word: Word | None = next((each for each in WORDS if each == sent.get("event")), None)
    if word is None:
        errors[f"{path}.event"] = [f"The event must be one of {', '.join(WORDS)}."]
    step_id = sent.get("step_id")
    step = step_id.lower() if isinstance(step_id, str) else None
    if word in ("submit_form", "wait"):
        step = None
    elif not any(document.step(step or "") for document in documents):
        errors[f"{path}.step_id"] = ["There is no such step in this template, nor in one that its steps add."]
    is_approved = None if sent.get("is_approved") in (None, "") else as_bool(sent["is_approved"])
    if is_approved is None and sent.get("is_approved") not in (None, ""):
        errors[f"{path}.is_approved"] = ["The is approved field must be true or false."]
    at: Millis | None = None
    if sent.get("at") not in (None, ""):
        try:
            at = parse_instant(sent["at"])
        except ValueError as fault:
            errors[f"{path}.at"] = [str(fault)]
    answers = sent.get("prerun" if word == "submit_form" else "taskdata")
    return Event(word if word is not None else "answer", step, answers, is_approved, at)


def require_order(events: Sequence[Event], launched_at: Millis) -> None:
    """Time goes forward only, from the launch on. Raises Invalid with every wrong path."""
    errors: dict[str, list[str]] = {}
    now = launched_at
    for index, event in enumerate(events):
        if event.at is not None and event.at < now:
            errors[f"events.{index}.at"] = [
                f"The at must not be before {wire(now)}, when what comes before it happens."
            ]
        now = max(now, event.at or now)
    if errors:
        raise Invalid(errors)


def happen(process: Process, event: Event, around: Around, now: Millis) -> tuple[Process, Occurrence | None]:
    """The process after what was done, before any rule; None when nothing starts rules (A-5.1).

    Raises Invalid and WrongState as the real thing would.
    """
    if event.word == "wait":
        return process, None
    if event.step is None:
        submitted, started = _submitted(process, event, around)
        return recalculated(submitted, around.document, around.week.zone), started
    before = next((task for task in process.tasks if task.step_id == event.step), None)
    if before is None:
        raise Invalid({"step_id": ["There is no task of this step by now."]})
    step = around.document.step(event.step)
    fields, today = step.fields if step is not None else (), local_day(now, around.week.zone)
    if event.answers is not None and not was_opened(before):
        before = begun(before, fields, process=process, document=around.document, today=today, reader=around.reader)
    task = _answered(before, fields, event, around)
    if event.answers is not None:
        process = recalculated(process.with_tasks(task), around.document, around.week.zone)
        task = process.task(task.id)
    occurrence: Occurrence | None = None
    match event.word:
        case "complete":
            task, occurrence = _completed(task, process, event, around, now), Occurrence("completed", event.step)
        case "reopen":
            task, occurrence = tasks.reopened(task), Occurrence("reopened", event.step)
        case "hide":
            task = tasks.hidden_by_hand(task)
        case "show":
            task = tasks.shown_by_hand(task)
        case _:
            tasks.require_editable(task)
    rules, after = task_deadlines.rules_of(around.document), process.with_tasks(task)
    after = opened(process, after, around.document, today=today, reader=around.reader)
    return task_deadlines.followed_up(after, before, task, rules, around.week, around.absences), occurrence


def _answered(task: Task, fields: tuple[Field, ...], event: Event, around: Around) -> Task:
    if event.answers is None:
        return task
    tasks.require_editable(task)
    accepted = accept(
        fields,
        event.answers,
        task.taskdata,
        key="taskdata",
        people=around.people,
        org_id=around.organization_id,
        may_clear_required=True,
    )
    return tasks.answered(task, accepted.values)


def _completed(task: Task, process: Process, event: Event, around: Around, now: Millis) -> Task:
    """By the launcher, or by as many others as must approve; what nobody acknowledged in time was closed by the clock,
    whatever it lacks.
    """
    tasks.require_completable(task)
    decision = tasks.decision_on(task, sent=event.is_approved)
    if task.task_type in TIMED_TYPES and decision is False:
        return tasks.completed(task, Completer(), now, decision=False)
    missing = tasks.obstacles(task, tasks.fields_of(task, around.document), decision=decision, zone=around.week.zone)
    if around.nobody_gets_mail and tasks.sends_mail(task.task_type, decision):
        missing["owners"] = [tasks.NO_RECIPIENT]
    needed = (task.approvals_needed or 1) if decision else 1
    if around.may_decide is not None and around.may_decide < needed:
        missing["owners"] = [TOO_FEW_DECIDE.format(needed=needed, may_decide=around.may_decide)]
    if missing:
        raise Invalid(missing)
    waiting_for = blockers_of(task, process)
    if waiting_for:
        raise TaskBlocked([quoted(each.title) for each in waiting_for])
    return tasks.completed(task, Completer(member=task.starter), now, decision=decision)


def _submitted(process: Process, event: Event, around: Around) -> tuple[Process, Occurrence | None]:
    """The kick-off form, submitted with these answers, for the first time or again."""
    is_new = process.prerun_status == "incomplete"
    accepted = accept(
        around.document.kickoff,
        event.answers,
        process.prerun,
        key="prerun",
        people=around.people,
        org_id=around.organization_id,
        may_clear_required=is_new,
        zone=around.week.zone,
    )
    if is_new:
        require_complete(around.document.kickoff, accepted.values, around.week.zone)
    if not is_new and is_same(accepted.values, process.prerun):
        return process, None
    status = "complete" if around.document.kickoff else None
    return replace(process, prerun=accepted.values, prerun_status=status), KICKOFF_SUBMITTED


def refused(index: int, refusal: DomainError) -> Invalid:
    """Why an event of the rehearsal cannot happen, at its place in the list."""
    if isinstance(refusal, Invalid):
        return Invalid({f"events.{index}.{path}": messages for path, messages in refusal.errors.items()})
    return Invalid({f"events.{index}": [refusal.message]})
