"""Conditions that the clock meets: from which instant on, and which instants of a process are still to come.

Spec: behaviour-automations 2.5.
"""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from procession.domain.automations.rules import Condition, Interval, Rule
from procession.domain.automations.state import Occurrence, RuleState
from procession.domain.calendar import WorkingWeek, add_offset
from procession.domain.processes import Process, Task
from procession.domain.summary import due_date_of, status_of
from procession.domain.templates import Template
from procession.domain.times import Millis


class Moment(msgspec.Struct, frozen=True):
    """An instant at which a rule is looked at because of a condition on time."""

    at: Millis
    deadline: Millis
    condition: Condition

    @property
    def occurrence(self) -> Occurrence:
        step = self.condition.subject_id if self.condition.subject == "Step" else None
        return Occurrence("time_passed", step, self.condition.id)


def met_from(condition: Condition, process: Process, task: Task | None, week: WorkingWeek) -> Millis | None:
    """The instant from which on the condition is met; None while it cannot be. `task` is the step's. Spec: A-2.40."""
    deadline = deadline_of(condition, process, task)
    return None if deadline is None else _counted_from(deadline, condition, week)


def _counted_from(deadline: Millis, condition: Condition, week: WorkingWeek) -> Millis | None:
    interval = interval_of(condition)
    if condition.operator == "overdue":
        return deadline + 1  # at its deadline nothing is overdue yet (H11)
    if interval is None:
        return None
    return add_offset(deadline, interval.value, interval.unit, week, 1 if condition.operator == "overdue_by" else -1)


def interval_of(condition: Condition) -> Interval | None:
    """What `overdue_by` and `due_in` state."""
    try:
        return msgspec.convert(condition.statement, Interval)
    except msgspec.ValidationError:
        return None


def deadline_of(condition: Condition, process: Process, task: Task | None) -> Millis | None:
    """Of a step's open and visible task whose deadline does not wait, or of a process that is not complete."""
    if condition.subject == "Step":
        return None if task is None else task.clock_deadline
    return None if status_of(process) == "complete" else due_date_of(process)


def moments(process: Process, document: Template, state: RuleState, week: WorkingWeek) -> list[Moment]:
    """What is still to be looked at, first things first: of rules that have not fired, or whose visibility follows
    their conditions, in a process that may change. Spec: A-2.43, A-2.45, A-5.31.
    """
    if process.is_archived or process.is_locked:
        return []
    return sorted(_moments(process, document, state, week), key=lambda moment: moment.at)


def first_moment(
    process: Process, documents: Iterable[Template], state: RuleState, week: WorkingWeek
) -> tuple[Moment, Template] | None:
    """The first instant of any of these templates' rules, with the template. Spec: A-2.43, A-10.2."""
    found = [(moment, each) for each in documents for moment in moments(process, each, state, week)]
    return min(found, key=lambda each: each[0].at, default=None)


def _moments(process: Process, document: Template, state: RuleState, week: WorkingWeek) -> Iterator[Moment]:
    tasks = {task.step_id: task for task in process.tasks if task.step_id is not None and task.archived_at is None}
    for rule in document.rules:
        if not rule.is_live or (rule.id in state.spent and not _follows(rule, document)):
            continue
        for condition in rule.conditions:
            if condition.is_on_time:
                deadline = deadline_of(condition, process, tasks.get(condition.subject_id))
                if deadline is None or state.passed.get(condition.id) == deadline:
                    continue
                at = _counted_from(deadline, condition, week)
                if at is not None:
                    yield Moment(at, deadline, condition)


def _follows(rule: Rule, document: Template) -> bool:
    """Whether what the rule shows and hides follows its conditions. Spec: A-5.30."""
    return document.two_way_visibility and any(action.type == "visibility" for action in rule.actions)


def looked_at(state: RuleState, moment: Moment) -> RuleState:
    return replace(state, passed={**state.passed, moment.condition.id: moment.deadline})
