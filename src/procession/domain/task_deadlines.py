"""Deadlines that hang on other tasks of the same process: released, held again, moved along.

The arithmetic is `domain.deadlines`; here it meets tasks. Spec: behaviour-launching 9.3, behaviour-work D14, D16.
"""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from procession.domain import deadlines
from procession.domain.absences import NONE, Absences, week_of
from procession.domain.calendar import WorkingWeek
from procession.domain.deadlines import START_RUN, PlannedDeadline, StepDeadline, TaskDeadline, soft_start
from procession.domain.events import Event, happened
from procession.domain.processes import Process, Task
from procession.domain.templates import Template
from procession.domain.times import Millis, wire_or_none

Rules = Mapping[str, StepDeadline]


def rules_of(template: Template) -> Rules:
    """The deadline of each step, by step id."""
    return {step.id: step.deadline for step in template.steps}


def are_calculated_later(template: Template) -> bool:
    """Whether a deadline hangs on what happens after the launch: on another step, or on a rule. Spec: L-9.27."""
    waits = any(step.deadline.step != START_RUN for step in template.steps)
    return waits or any(action.shift is not None for rule in template.rules for action in rule.actions)


def released(process: Process, anchor: Task, rules: Rules, week: WorkingWeek, absences: Absences = NONE) -> Process:
    """After `anchor`, a task of the process, was completed."""
    if anchor.step_id is None or anchor.completed_at is None:
        return process
    tasks = _deadlines(process, rules, week, absences)
    return _with(process, deadlines.release_on_completion(tasks, anchor.step_id, anchor.completed_at, week))


def held_again(process: Process, anchor: Task, rules: Rules, week: WorkingWeek, absences: Absences = NONE) -> Process:
    """After `anchor` was reopened."""
    if anchor.step_id is None:
        return process
    return _with(process, deadlines.rehold_on_reopen(_deadlines(process, rules, week, absences), anchor.step_id, week))


def moved_along(process: Process, anchor: Task, rules: Rules, week: WorkingWeek, absences: Absences = NONE) -> Process:
    """After the deadline of `anchor` changed."""
    if anchor.step_id is None:
        return process
    tasks = _deadlines(process, rules, week, absences)
    return _with(process, deadlines.follow_moved_deadline(tasks, anchor.step_id, week))


def due(task: Task, at: Millis | None, *, is_held: bool) -> Task:
    """The task with this deadline; a start that is a soft one before its deadline moves along. Spec: L-9.18."""
    is_soft = task.is_soft_start_date and task.deadline is not None and task.started_at == soft_start(task.deadline)
    started_at = soft_start(at) if is_soft and at is not None else task.started_at
    return replace(task, deadline=at, is_held=is_held, started_at=started_at)


def anchored_anew(process: Process, task: Task, rules: Rules, week: WorkingWeek, absences: Absences = NONE) -> Task:
    """The task, open, whose deadline a rule no longer sets: by how the step that it counts from stands now."""
    if task.step_id is None:
        return task
    tasks = _deadlines(process.with_tasks(task), rules, week, absences)
    change = deadlines.anchored_anew(tasks, task.step_id, week)
    return task if change is None else due(task, change.at, is_held=change.held)


def followed_up(
    process: Process, before: Task, after: Task, rules: Rules, week: WorkingWeek, absences: Absences = NONE
) -> Process:
    """The process with what a changed task of it entails for the deadlines of others. Spec: behaviour-work D14."""
    if after.deadline != before.deadline or (after.is_held != before.is_held and after.is_open):
        process = moved_along(process, after, rules, week, absences)
    if after.is_completed and not before.is_completed:
        process = released(process, after, rules, week, absences)
    if before.is_completed and not after.is_completed:
        process = held_again(process, after, rules, week, absences)
    return process


def moves(before: Process, after: Process, anchor: Task, act: str) -> Iterator[Event]:
    """What the log says of the other tasks of a process whose deadlines followed what was done to one (`act`).

    While a deadline waits for another task it is none that anybody goes by. Spec: behaviour-work D8, D16.
    """
    former = {task.seq: task for task in before.tasks}
    for task in after.tasks:
        known = former.get(task.seq)
        if known is None or task.seq == anchor.seq or counts(known) == counts(task):
            continue
        dates = {"before": wire_or_none(counts(known)), "after": wire_or_none(counts(task))}
        event = happened("task.updated", task.id, process=after.seq, fields=["deadline"], deadline=dates)
        yield replace(event, cause=f"{act}:{anchor.id}")


def counts(task: Task) -> Millis | None:
    """The deadline that anybody goes by; None while it waits for another task."""
    return None if task.is_held else task.deadline


def _deadlines(process: Process, rules: Rules, week: WorkingWeek, absences: Absences) -> dict[str, TaskDeadline]:
    return {
        task.step_id: TaskDeadline(
            rule=rules.get(task.step_id),
            at=task.deadline,
            held=task.is_held,
            completed_at=task.completed_at,
            set_by_hand=task.deadline_by_hand,
            week=week_of(task.owners, week, absences) if absences else None,
        )
        for task in process.tasks
        if task.step_id is not None
    }


def _with(process: Process, changes: Mapping[str, PlannedDeadline]) -> Process:
    changed = [
        due(task, change.at, is_held=change.held)
        for task in process.tasks
        if task.step_id is not None and (change := changes.get(task.step_id)) is not None
    ]
    return process.with_tasks(*changed) if changed else process
