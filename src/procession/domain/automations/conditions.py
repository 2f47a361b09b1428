"""When a condition holds, and when a rule's conditions together do. Spec: behaviour-automations 2, 3.

Total: whatever no longer fits (a changed type, a missing step) is false and breaks nothing (A-2.26).
"""

from collections.abc import Callable, Mapping

from procession.domain.automations.field_tests import field_holds
from procession.domain.automations.rules import CLAUSES, Condition, Operator
from procession.domain.automations.state import View
from procession.domain.automations.timing import met_from
from procession.domain.fields import Field
from procession.domain.processes import Task
from procession.domain.tasks import TIMED_TYPES, status_label
from procession.domain.times import DAY
from procession.domain.values import is_blank

NEGATIVE: frozenset[Operator] = frozenset({"not_equals", "not_contains", "is_empty"})


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
        if field is None or view.form_is_open:
            return False
        return field_holds(condition, field, view.answer(field, view.process.prerun), view.zone)
    known = view.fields.get(condition.subject_id)
    if known is None:
        return False
    field, step_id = known
    task = view.task_of(step_id)
    if task is None:
        return False
    value = view.answer(field, task.taskdata)
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
