"""What becomes of a task: completed, done in part, reopened, hidden, shown, answered. Pure; time comes as an argument.

Spec: api-tasks 3, 11, 12; behaviour-work 5.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from procession.domain.answers import completion_obstacles, is_same
from procession.domain.carrying import carried_table
from procession.domain.errors import AlreadyCompleted, WrongState
from procession.domain.fields import Field
from procession.domain.processes import Owners, Process, Task, TaskType
from procession.domain.summary import percent
from procession.domain.templates import Template

MAX_TITLE = 600
MAX_POSITION = 9999
COPY_SUFFIX = " - Copy"

# Only these may ask every assignee for a part of their own. Spec: behaviour-work A1.
SHARED_TYPES: frozenset[TaskType] = frozenset({"task", "approval"})
# Acknowledged or sent when completed by hand; `is_approved` false records that nobody did in time.
TIMED_TYPES: frozenset[TaskType] = frozenset({"expiring", "expiring_email"})
EMAIL_TYPES: frozenset[TaskType] = frozenset({"email", "expiring_email"})

ARCHIVED = "This task is archived. Restore it before changing it."
COMPLETED = "Completed tasks cannot be updated. Reopen the task first."
HIDDEN = "This task is hidden. Show it before completing it."
HAS_PROBLEM = "This task has an unresolved problem. Resolve the problem before completing the task."
NOT_COMPLETED = "This task is not completed, so it cannot be reopened."
PART_IS_DONE = "You have already completed your part of this task."
DECISION_REQUIRED = "The is approved field is required."
NOT_HIDEABLE = "One-off tasks cannot be hidden."
COMPLETED_HIDDEN = "Completed tasks cannot be hidden or shown. Reopen the task first."

PeopleOfGroups = Mapping[str, tuple[frozenset[int], frozenset[str]]]


class Completer(msgspec.Struct, frozen=True):
    """Who completes a task: a member or a guest."""

    member: int | None = None
    guest: str | None = None

    @property
    def person(self) -> str:
        """How parts and assignees name them: "m:<id>" or "e:<address>"."""
        return f"e:{self.guest}" if self.member is None else f"m:{self.member}"


def needs_approvals(task: Task) -> bool:
    """Whether a number of assignees must approve. Spec: behaviour-work FE1."""
    return task.approvals_needed is not None and task.task_type == "approval"


def has_parts(task: Task) -> bool:
    """Whether assignees complete parts of their own. Spec: behaviour-work A1, FE1."""
    return needs_approvals(task) or (task.everyone_must_complete and task.task_type in SHARED_TYPES)


def parts_needed(task: Task, people: frozenset[str]) -> int:
    """How many of them complete the task: all, or as many as must approve."""
    return task.approvals_needed if task.approvals_needed is not None and needs_approvals(task) else len(people)


def everybody(owners: Owners, people_of_groups: PeopleOfGroups) -> frozenset[str]:
    """The persons behind the assignees, groups expanded, each once. Spec: behaviour-work A2."""
    members, guests = set(owners.users), set(owners.guests)
    for group in owners.groups:
        in_group = people_of_groups.get(group)
        if in_group is not None:
            members |= in_group[0]
            guests |= in_group[1]
    return frozenset([f"m:{each}" for each in members] + [f"e:{each}" for each in guests])


def part_takers(task: Task, people_of_groups: PeopleOfGroups, *, launchers: frozenset[str]) -> frozenset[str]:
    """Whose parts count: everybody's, of an approval by several everybody's but the launchers'. Spec: A2, FE2."""
    people = everybody(task.owners, people_of_groups)
    return people - launchers if needs_approvals(task) else people


def part_progress(task: Task, people: frozenset[str]) -> int:
    """Share of the parts that are needed that is done, in percent."""
    needed = parts_needed(task, people)
    return 100 if task.is_completed else percent(min(len(people & task.parts.keys()), needed), needed)


def is_unchanged(after: Task, before: Task) -> bool:
    return after == before and is_same(after.taskdata, before.taskdata)


def require_live(task: Task) -> None:
    """Raises WrongState for an archived one-off task."""
    if task.archived_at is not None:
        raise WrongState(ARCHIVED)


def require_editable(task: Task) -> None:
    """Completed tasks are immutable. Raises WrongState. Spec: behaviour-work C16."""
    require_live(task)
    if task.is_completed:
        raise WrongState(COMPLETED)


def require_completable(task: Task) -> None:
    """Raises AlreadyCompleted, WrongState; the first that holds. Spec: behaviour-work C3 to C5."""
    require_live(task)
    if task.is_completed:
        raise AlreadyCompleted
    if task.is_hidden:
        raise WrongState(HIDDEN)
    if task.open_problems:
        raise WrongState(HAS_PROBLEM)


def decision_on(task: Task, *, sent: bool | None) -> bool | None:
    """What `is_approved` becomes. Spec: api-tasks 11 "is_approved by type"."""
    if task.task_type == "approval":
        return sent
    return sent is not False if task.task_type in TIMED_TYPES else None


NO_RECIPIENT = "This e-mail has no recipient: nobody who can get mail is assigned to the task."


def sends_mail(task_type: TaskType, decision: bool | None) -> bool:
    """Whether completing such a task with this decision sends its mail; one said to have expired does not.

    Spec: behaviour-templates T-6.2, T-6.6.
    """
    return task_type in EMAIL_TYPES and decision is not False


def obstacles(task: Task, fields: Sequence[Field], *, decision: bool | None, zone: str) -> dict[str, list[Any]]:
    """What is still missing: the decision, and whatever each field lacks. Spec: behaviour-work C7, C8."""
    missing: dict[str, list[Any]] = {}
    if task.task_type == "approval" and decision is None:
        missing["is_approved"] = [DECISION_REQUIRED]
    return missing | completion_obstacles(fields, task.taskdata, zone)


def completed(task: Task, by: Completer, at: int, *, decision: bool | None) -> Task:
    return replace(
        task,
        status="completed",
        completed_at=at,
        completer=by.member,
        completer_guest=by.guest if by.member is None else None,
        is_approved=decision,
    )


def closed_by_clock(task: Task, at: int) -> Task:
    """Completed by nobody: expired, sent, or long overdue. Required answers and parts are not asked for.

    Spec: behaviour-work E1, Y7, 5.2 (what is sent by itself counts as sent).
    """
    decision = task.task_type == "expiring_email" if task.task_type in TIMED_TYPES else None
    return completed(task, Completer(), at, decision=decision)


def with_part(task: Task, by: Completer, at: int, people: frozenset[str], *, decision: bool | None) -> Task:
    """One assignee's part done; the last that is needed, or the first rejection, completes the task.

    Raises WrongState when that person's part is done and others are not. Spec: behaviour-work A2 to A4, A8, FE1.
    """
    needed = parts_needed(task, people)
    if by.person in task.parts and len(people & task.parts.keys()) < needed:
        raise WrongState(PART_IS_DONE)
    done = replace(task, status="in-progress", parts={by.person: at, **task.parts})
    is_enough = len(people & done.parts.keys()) >= needed
    return completed(done, by, at, decision=decision) if decision is False or is_enough else done


def without_missing_parts(task: Task, people: frozenset[str], fields: Sequence[Field], at: int, *, zone: str) -> Task:
    """The task after its assignees changed: completed when all that remain have done their part (A6).

    Completed by whoever did the last of their parts, unless something still prevents it.
    """
    done = {person: when for person, when in task.parts.items() if person in people}
    is_enough = has_parts(task) and bool(people) and len(done) >= parts_needed(task, people)
    if not is_enough or not task.is_open or task.open_problems:
        return task
    decision = True if task.task_type == "approval" else None
    if obstacles(task, fields, decision=decision, zone=zone):
        return task
    last = max(done, key=lambda person: (done[person], person))
    by = Completer(member=int(last[2:])) if last.startswith("m:") else Completer(guest=last[2:])
    return completed(task, by, at, decision=decision)


def with_parts_that_count(task: Task, former: Task) -> Task:
    """After its switches changed: without the parts that were done where it has none any more, or is of another type.

    To have done one's part of a task is no decision on an approval. Spec: behaviour-work A7.
    """
    if not task.parts or (has_parts(task) and task.task_type == former.task_type):
        return task
    return replace(task, parts={})


def reopened(task: Task) -> Task:
    """Answers, files, comments and assignees stay; everybody's part is open again. Raises WrongState.

    Spec: api-tasks 12, behaviour-work R3, R6, R10.
    """
    require_live(task)
    if not task.is_completed:
        raise WrongState(NOT_COMPLETED)
    return replace(
        task,
        status="in-progress",
        completed_at=None,
        completer=None,
        completer_guest=None,
        is_approved=None,
        parts={},
    )


def hidden_by_hand(task: Task) -> Task:
    """Skipped by a person: automation cannot bring it back. Raises WrongState. Spec: behaviour-work K2 to K4."""
    _require_hideable(task)
    return replace(skipped(task), hidden_by_hand=True, shown_by_hand=False)


def shown_by_hand(task: Task) -> Task:
    """Back to what it was before it was hidden; automation cannot hide it again. Raises WrongState."""
    _require_hideable(task)
    return replace(shown_again(task), hidden_by_hand=False, shown_by_hand=True)


def skipped(task: Task) -> Task:
    """Hidden, with everything it holds; a hidden one stays as it is. Spec: A-4.21."""
    return task if task.is_hidden else replace(task, status="auto-skipped", shown_status=task.status)


def shown_again(task: Task) -> Task:
    """As it was before it was hidden; a visible one stays as it is. Spec: A-4.20."""
    return replace(task, status=task.shown_status or "not-started", shown_status=None) if task.is_hidden else task


def _require_hideable(task: Task) -> None:
    if task.is_oneoff:
        raise WrongState(NOT_HIDEABLE)
    if task.is_completed:
        raise WrongState(COMPLETED_HIDDEN)


def answered(task: Task, answers: dict[str, object]) -> Task:
    """With these answers; the first one saved or cleared sets the task in progress, hidden tasks on the quiet."""
    if is_same(answers, task.taskdata):
        return task
    if task.is_hidden:
        return replace(task, taskdata=answers, shown_status="in-progress")
    return replace(task, taskdata=answers, status="in-progress")


def placed(process: Process, task: Task, position: int | None) -> Process:
    """The process with this task at a position (None: after the last); those in its way move on by one."""
    others = [each for each in process.tasks if each.seq != task.seq]
    others.sort(key=lambda each: (each.position, each.seq))
    if position is None:
        return process.with_tasks(replace(task, position=others[-1].position + 1 if others else 1))
    moved: list[Task] = []
    taken = position
    for each in others:
        if each.position == taken:
            taken += 1
            moved.append(replace(each, position=taken))
    return process.with_tasks(*moved, replace(task, position=position))


def status_label(task: Task) -> str:
    """The outcome code. Spec: api-tasks 2 (DEC-09)."""
    if not task.is_completed:
        return task.status
    match task.task_type, task.is_approved:
        case "approval", bool(decision):
            return "approved" if decision else "rejected"
        case "expiring", bool(decision):
            return "acknowledged" if decision else "expired"
        case "expiring_email", False:
            return "expired"
        case _:
            return task.status


def own_fields(task: Task) -> tuple[Field, ...]:
    """The fields that only this task has."""
    return fields_in(task.fields or [])


def fields_in(kept: list[dict[str, Any]]) -> tuple[Field, ...]:
    """A task's own fields, from how they are kept."""
    return msgspec.convert(kept, tuple[Field, ...])


def with_own_fields(task: Task, fields: Sequence[Field], former: Sequence[Field] = ()) -> Task:
    """With these fields instead of the `former`; answers to fields that are gone, or of another type, go too.

    The cells of a table stay with their columns.
    """
    known = {field.id: field for field in former}
    found = {
        field.id: carried_table(answer, before, field) if field.field_type == "table" else answer
        for field in fields
        if (before := known.get(field.id, field)).field_type == field.field_type
        and (answer := task.taskdata.get(field.id)) is not None
    }
    answers = {field_id: found[field_id] for field_id in task.taskdata if found.get(field_id) is not None}
    return replace(task, fields=msgspec.to_builtins(list(fields)), taskdata=answers)


def fields_of(task: Task, template: Template | None) -> tuple[Field, ...]:
    """The task's form: its own, or its step's in the version its process runs."""
    if task.fields is not None:
        return own_fields(task)
    step = template.step(task.step_id) if template is not None and task.step_id is not None else None
    return step.fields if step is not None else ()


def summary_of(task: Task, template: Template | None) -> str | None:
    """The task's text with its variables unreplaced: its own, or its step's."""
    if task.summary is not None:
        return task.summary or None
    step = template.step(task.step_id) if template is not None and task.step_id is not None else None
    return (step.summary or None) if step is not None else None
