"""When a condition holds, and when a rule's conditions together do. Spec: behaviour-automations 2, 3.

Total: whatever no longer fits (a changed type, a missing step) is false and breaks nothing (A-2.26).
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import msgspec

from procession.domain.automations.comparing import (
    day_of,
    folded,
    instant_of,
    number_in,
    number_of,
    statement_text,
    statement_texts,
    texts_of,
    written_day,
    written_instant,
)
from procession.domain.automations.rules import CLAUSES, WITHOUT_VALUE, Condition, Logic, Operator
from procession.domain.automations.state import View
from procession.domain.automations.timing import met_from
from procession.domain.fields import Field
from procession.domain.processes import Task
from procession.domain.tasks import TIMED_TYPES, status_label
from procession.domain.times import DAY
from procession.domain.values import is_blank

NEGATIVE: frozenset[Operator] = frozenset({"not_equals", "not_contains", "is_empty"})


def combined(met: Sequence[bool], logic: Sequence[Logic]) -> bool:
    """Strictly from left to right, each joined by its own word, the first one's ignored. Spec: A-3.1, A-3.2."""
    if not met:
        return False
    result = met[0]
    for holds, word in zip(met[1:], logic[1:], strict=True):
        result = (result or holds) if word == "or" else (result and holds)
    return result


def holds(condition: Condition, view: View) -> bool:
    """Whether the condition is met now. Spec: A-2.10 to A-2.45."""
    if condition.is_on_time:
        task = view.task_of(condition.subject_id)
        since = met_from(condition, view.process, task, view.scene.week)
        return since is not None and since <= view.scene.now
    if condition.subject == "Step":
        return _step_holds(condition, view)
    if condition.subject == "Prerun":
        field = view.kickoff.get(condition.subject_id)
        # A form that was taken back is not submitted: its answers count again when it is. Spec.
        if field is None or view.process.prerun_status == "incomplete":
            return False
        return field_holds(condition, field, view.process.prerun.get(field.id), view.zone)
    known = view.fields.get(condition.subject_id)
    if known is None:
        return False
    field, step_id = known
    task = view.task_of(step_id)
    if task is None:
        return False
    value = task.taskdata.get(field.id)
    if condition.operator in NEGATIVE and not _may_be_denied(field, value, task):
        return False
    return field_holds(condition, field, value, view.zone)


def _may_be_denied(field: Field, value: object, task: Task) -> bool:
    """Whether "not" and "empty" can hold yet: not for what may still be answered. Spec: A-2.31, A-2.32."""
    return task.is_completed or (not task.is_hidden and not is_blank(field, value))


def _step_holds(condition: Condition, view: View) -> bool:
    task = view.task_of(condition.subject_id)
    if task is None:
        return False
    if condition.operator == "reopened":
        return task.is_open and condition.subject_id in view.state.done
    test = STEP_TESTS.get(condition.operator)
    if test is None or not test(task):
        return False
    return condition.operator != "completed" or _in_time(task, condition.statement)


def _in_time(task: Task, statement: object) -> bool:
    """The time clause of `completed`; a task without a deadline is on time and never early or late. Spec: A-2.11."""
    clause = CLAUSES.get(str(statement)) if statement not in (None, "") else "any_time"
    if clause == "any_time":
        return True
    due = None if task.is_held else task.deadline
    if due is None or task.completed_at is None:
        return clause == "on-time"
    match clause:
        case "on-time":
            return task.completed_at <= due
        case "early_24":
            return task.completed_at <= due - DAY
        case "late_24":
            return task.completed_at >= due + DAY
        case _:
            return False


def _was_acknowledged(task: Task) -> bool:
    by_somebody = task.completer is not None or task.completer_guest is not None
    return task.task_type in TIMED_TYPES and task.is_completed and by_somebody and status_label(task) != "expired"


STEP_TESTS: Mapping[str, Callable[[Task], bool]] = {
    "completed": lambda task: task.is_completed and status_label(task) != "expired",
    "approved": lambda task: status_label(task) == "approved",
    "rejected": lambda task: status_label(task) == "rejected",
    "acknowledged": _was_acknowledged,
    "expired": lambda task: status_label(task) == "expired",
    "not_assigned": lambda task: task.owners.is_empty,
}
"""What is true of a task's present state; `reopened` besides needs to know its past. Spec: 2.2."""


class Asked(msgspec.Struct, frozen=True):
    """A condition and the answer it asks about."""

    condition: Condition
    field: Field
    value: object
    texts: Sequence[str]
    zone: str

    @property
    def wanted(self) -> str | None:
        """What the condition states, folded; None when that is no text."""
        text = statement_text(self.condition.statement)
        return None if text is None else folded(text)

    def is_one_of(self, wanted: Sequence[str]) -> bool:
        """Dates are equal on the same calendar day."""
        if self.field.field_type == "date" and (day := day_of(self.field, self.value, self.zone)) is not None:
            return any(written_day(text) == day for text in wanted)
        return not set(wanted).isdisjoint(self.texts)

    def contains(self, wanted: str) -> bool:
        return any(wanted in text for text in self.texts)

    @property
    def difference(self) -> Decimal | None:
        """The answer minus the statement: both numbers, or both dates; None when they cannot be compared (A-2.22)."""
        if self.field.field_type == "date":
            return self._days_apart() if not self.field.collect_time else self._time_apart()
        number, bound = number_of(self.field, self.texts), number_in(self.wanted or "")
        return None if number is None or bound is None else number.compare(bound)

    def _days_apart(self) -> Decimal | None:
        day, other = day_of(self.field, self.value, self.zone), written_day(self.wanted or "")
        return None if day is None or other is None else Decimal((day - other).days)

    def _time_apart(self) -> Decimal | None:
        at, other = instant_of(self.field, self.value, self.zone), written_instant(self.wanted or "", self.zone)
        return None if at is None or other is None else Decimal(at - other)


def field_holds(condition: Condition, field: Field, value: object, zone: str) -> bool:
    """Whether the condition is met by this answer, wherever it stands. Spec: 2.3."""
    test = FIELD_TESTS.get(condition.operator)
    # Of the people in a picker nothing can be asked but whether there are any.
    if test is None or (field.field_type == "assignees_form" and condition.operator not in WITHOUT_VALUE):
        return False
    return test(Asked(condition, field, value, texts_of(field, value, zone, condition.column), zone))


FIELD_TESTS: Mapping[str, Callable[[Asked], bool]] = {
    "equals": lambda asked: asked.wanted is not None and asked.is_one_of([asked.wanted]),
    "not_equals": lambda asked: asked.wanted is not None and not asked.is_one_of([asked.wanted]),
    "equals_any": lambda asked: asked.is_one_of(statement_texts(asked.condition.statement)),
    "contains": lambda asked: asked.wanted is not None and asked.contains(asked.wanted),
    "not_contains": lambda asked: asked.wanted is not None and not asked.contains(asked.wanted),
    "greater_than": lambda asked: (asked.difference or 0) > 0,
    "less_than": lambda asked: (asked.difference or 0) < 0,
    "is_empty": lambda asked: is_blank(asked.field, asked.value),
    "is_not_empty": lambda asked: not is_blank(asked.field, asked.value),
}
"""Every operator asks about the stored value; one that makes no sense for the type is false. Spec: 2.3."""
