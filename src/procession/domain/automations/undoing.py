"""What re-opening a step takes back, where the step says so. Spec: A-9.4, A-9.5."""

from collections.abc import Mapping
from itertools import chain

import msgspec
from msgspec.structs import replace

from procession.domain import task_deadlines
from procession.domain.assignees import merged
from procession.domain.automations.actions import follow, value_of, with_value
from procession.domain.automations.people import given_back, there_now
from procession.domain.automations.state import Effect, View
from procession.domain.events import Event
from procession.domain.processes import Owners, Task

Effects = Mapping[str, tuple[Effect, ...]]


def without_effects(effects: Effects, step_id: str) -> dict[str, tuple[Effect, ...]]:
    return {step: kept for step, kept in effects.items() if step != step_id}


def assignees_in(effects: Effects) -> Owners:
    """Everybody to whom re-opening would give a task back, or from whom it would take one."""
    found = Owners()
    for effect in chain.from_iterable(effects.values()):
        if effect.attribute == "assignment":
            found = merged(found, merged(*(msgspec.convert(each, Owners) for each in (effect.before, effect.after))))
    return found


class TakenBack(msgspec.Struct, frozen=True):
    """What re-opening `step` undid; `moved` as of `Done`."""

    step: str
    effect: Effect
    before: Task
    after: Task
    moved: tuple[Event, ...]


def take_back(step_id: str, view: View) -> list[TakenBack]:
    """Undo what the step's last completion caused, the last thing first.

    What was completed, set by hand, or changed again since stays. Shifts that were undone may happen again (A-4.44).
    """
    undone: list[TakenBack] = []
    for effect in reversed(view.state.effects.get(step_id, ())):
        task = next((each for each in view.process.tasks if each.seq == effect.task), None)
        if task is None or not _is_still_the_rules(effect, task, view):
            continue
        after = _restored(effect, task, view)
        undone.append(TakenBack(step_id, effect, task, after, follow(view, task, after, "task.updated")))
        if effect.attribute == "deadline" and task.step_id is not None:
            view.remember(shifted=view.state.shifted - {(effect.rule, task.step_id)})
    view.remember(effects=without_effects(view.state.effects, step_id))
    return undone


def _restored(effect: Effect, task: Task, view: View) -> Task:
    """The task as it would be without the effect: people may have gone since, what its deadline counts from changed."""
    before, scene = with_value(task, effect.attribute, effect.before), view.scene
    match effect.attribute:
        case "visibility":
            return before
        case "assignment":
            return replace(before, owners=given_back(before.owners, view))
        case "deadline":
            rules = task_deadlines.rules_of(scene.document)
            return task_deadlines.anchored_anew(view.process, before, rules, scene.week, scene.absences)


def _is_still_the_rules(effect: Effect, task: Task, view: View) -> bool:
    """Whether the task is as the rule left it, but for people who have gone since."""
    if task.is_completed:
        return False
    if effect.attribute == "assignment":
        return task.owners.principals == there_now(msgspec.convert(effect.after, Owners), view).principals
    if value_of(task, effect.attribute) != effect.after:
        return False
    return effect.attribute != "visibility" or not (task.hidden_by_hand or task.shown_by_hand)
