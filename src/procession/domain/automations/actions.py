"""What an action does to its task. Spec: behaviour-automations 4, 8.

Completed tasks are left alone, and so is what a person hid or showed by hand; only `reopen` acts on a completed task.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from procession.domain import task_deadlines, tasks
from procession.domain.absences import week_of
from procession.domain.automations.comparing import instant_of
from procession.domain.automations.people import is_too_many, reassigned
from procession.domain.automations.rules import Action, Rule, Verb
from procession.domain.automations.state import Attribute, View, owners_as_json
from procession.domain.calendar import add_offset, shift_forward
from procession.domain.events import Event
from procession.domain.fields import Field
from procession.domain.processes import Owners, Task
from procession.domain.times import Millis

Outcome = Literal[
    "done",
    "no_change",
    "no_task",
    "completed",
    "not_completed",
    "set_by_hand",
    "nobody",
    "too_many",
    "no_anchor",
    "shifted_before",
    "left_by_move",
    "launched_before",
]


class Done(msgspec.Struct, frozen=True):
    """What became of an action; the task before and after, and what it did to it when that was anything.

    `moved` is what the log says of others whose deadlines followed.
    """

    outcome: Outcome
    before: Task | None = None
    after: Task | None = None
    attribute: Attribute | None = None
    moved: tuple[Event, ...] = ()


def act(rule: Rule, action: Action, view: View) -> Done:
    """Carry the action out on the process in view. Total: what it cannot do is its outcome. Spec: A-4.7 to A-4.9."""
    task = view.task_of(action.target)
    if task is None:
        return Done("no_task")
    if action.type == "webhook":
        return Done("done", task)
    if action.type == "launch":
        return _launch(action, task, view)
    if action.verb == "reopen":
        return _reopen(task, view)
    if task.is_completed:
        return Done("completed", task)
    done = ACTORS[action.verb](rule, action, task, view)
    if done.after is None:
        return done
    return replace(done, moved=follow(view, task, done.after, "task.updated"))


def _launch(action: Action, task: Task, view: View) -> Done:
    """Ask for the launch, whatever the task's state; it happens when the process is saved. Spec: A-4.73."""
    if action.id in view.state.launched:
        return Done("launched_before", task)
    view.remember(launched=view.state.launched | {action.id})
    return Done("done", task)


def follow(view: View, before: Task, after: Task, act: str) -> tuple[Event, ...]:
    """Put the changed task in view with what that entails for deadlines of others; returns what the log says of those,
    caused by `act`. Spec: A-4.46, behaviour-work D17.
    """
    scene, former = view.scene, view.process
    rules = task_deadlines.rules_of(scene.document)
    process = former.with_tasks(after)
    view.become(task_deadlines.followed_up(process, before, after, rules, scene.week, scene.absences))
    return tuple(task_deadlines.moves(former, view.process, after, act))


def _show(_rule: Rule, _action: Action, task: Task, _view: View) -> Done:
    if not task.is_hidden:
        return Done("no_change", task)
    if task.hidden_by_hand:
        return Done("set_by_hand", task)
    return Done("done", task, tasks.shown_again(task), "visibility")


def _hide(_rule: Rule, _action: Action, task: Task, _view: View) -> Done:
    if task.is_hidden:
        return Done("no_change", task)
    if task.shown_by_hand:
        return Done("set_by_hand", task)
    return Done("done", task, tasks.skipped(task), "visibility")


def _assign(_rule: Rule, action: Action, task: Task, view: View) -> Done:
    owners = reassigned(action, task, view)
    if owners is None:
        return Done("nobody", task)
    if owners.principals == task.owners.principals:
        return Done("no_change", task)
    if is_too_many(task, owners, view):
        return Done("too_many", task)
    return Done("done", task, replace(task, owners=owners), "assignment")


def _set_deadline(rule: Rule, action: Action, task: Task, view: View) -> Done:
    """A shift of the task's own deadline happens once for each rule and task. Spec: A-4.40 to A-4.44."""
    shift, mark = action.shift, (rule.id, action.target)
    is_own = action.source is None or (action.source == "Step" and action.source_id == action.target)
    if is_own and mark in view.state.shifted:
        return Done("shifted_before", task)
    anchor = _anchor(action, task, view)
    if anchor is None or shift is None:
        return Done("no_anchor", task)
    week = week_of(task.owners, view.scene.week, view.scene.absences)
    deadline = shift_forward(add_offset(anchor, shift.value, shift.unit, week, shift.sign), week)
    if is_own:
        view.remember(shifted=view.state.shifted | {mark})
    after = replace(task_deadlines.due(task, deadline, is_held=False), deadline_by_hand=True)
    return Done("no_change", task) if after == task else Done("done", task, after, "deadline")


def _anchor(action: Action, task: Task, view: View) -> Millis | None:
    """What the deadline counts from. One that is still held is not known yet (ours)."""
    source_id = action.source_id or ""
    if action.source is None:
        return task.deadline
    if action.source == "Step":
        other = view.task_of(source_id)
        return None if other is None or other.is_held else other.deadline
    if action.source == "Prerun":
        return _date_in(view.kickoff.get(source_id), view.process.prerun, view)
    known = view.fields.get(source_id)
    holder = view.task_of(known[1]) if known is not None else None
    return None if known is None or holder is None else _date_in(known[0], holder.taskdata, view)


def _date_in(field: Field | None, answers: Mapping[str, Any], view: View) -> Millis | None:
    """A field that is no date any more anchors nothing. Spec: A-2.26, A-4.42."""
    if field is None or field.answer_type != "date":
        return None
    return instant_of(field, view.answer(field, answers), view.zone)


def _reopen(task: Task, view: View) -> Done:
    """Answers, assignees and deadline stay; nobody's permission is asked. Spec: A-4.50 to A-4.54."""
    if not task.is_completed:
        return Done("not_completed", task)
    after = tasks.reopened(task)
    return Done("done", task, after, moved=follow(view, task, after, "task.reopened"))


ACTORS: Mapping[Verb, Callable[[Rule, Action, Task, View], Done]] = {
    "show": _show,
    "hide": _hide,
    "assign": _assign,
    "assign_only": _assign,
    "unassign": _assign,
    "clear_assignees": _assign,
    "deadline": _set_deadline,
}


def value_of(task: Task, attribute: Attribute) -> Any:
    """The attribute as JSON, to be compared and given back later. Spec: A-9.5."""
    match attribute:
        case "visibility":
            return task.is_hidden
        case "assignment":
            return owners_as_json(task.owners)
        case "deadline":
            return [task.deadline, task.is_held, task.deadline_by_hand]


def with_value(task: Task, attribute: Attribute, value: Any) -> Task:
    """The task with the attribute as `value_of` gave it."""
    match attribute:
        case "visibility":
            return tasks.skipped(task) if value else tasks.shown_again(task)
        case "assignment":
            return replace(task, owners=msgspec.convert(value, Owners))
        case "deadline":
            deadline, is_held, by_hand = value
            return replace(task_deadlines.due(task, deadline, is_held=is_held), deadline_by_hand=by_hand)
