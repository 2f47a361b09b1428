"""Two-way visibility: what rules show and hide follows their conditions, both ways. Spec: behaviour-automations 5.4."""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from procession.domain import tasks
from procession.domain.automations.actions import Done, act
from procession.domain.automations.conditions import holds
from procession.domain.automations.field_tests import combined
from procession.domain.automations.rules import Action, Rule
from procession.domain.automations.state import View
from procession.domain.processes import Process
from procession.domain.templates import Template


class Turn(msgspec.Struct, frozen=True):
    """A rule whose conditions hold again, or do not hold any more, with what became of each of its targets."""

    rule: Rule
    met: tuple[bool, ...]
    holds: bool
    acted: tuple[tuple[Action, Done], ...]


def hidden_at_start(template: Template) -> frozenset[str]:
    """The steps that some rule can show, and those that say so. Spec: A-6.1."""
    shown = {
        action.target for rule in template.rules if rule.is_live for action in rule.actions if action.verb == "show"
    }
    return frozenset(shown | {step.id for step in template.steps if step.hide_by_default})


def with_initial_visibility(process: Process, template: Template) -> Process:
    """Steps that some rule can show begin hidden, and those that say so. Spec: A-6.1 to A-6.3."""
    awaited = hidden_at_start(template)
    hidden = [tasks.skipped(task) for task in process.tasks if task.step_id in awaited]
    return process.with_tasks(*hidden) if hidden else process


def turned(concerned: Iterable[Rule], view: View) -> list[Turn]:
    """What has turned of the rules that the event concerns and that fired before, in their order. Spec: A-5.31."""
    found: list[Turn] = []
    for rule in concerned:
        moves = [action for action in rule.actions if action.type == "visibility"]
        if not moves or not (rule.id in view.state.spent or rule.id in view.state.standing):
            continue
        met = tuple(holds(condition, view) for condition in rule.conditions)
        is_met = combined(met, [condition.logic for condition in rule.conditions])
        if is_met == (rule.id in view.state.standing):
            continue
        view.remember(standing=view.state.standing | {rule.id} if is_met else view.state.standing - {rule.id})
        acted = [(each, act(rule, each, view)) for each in (moves if is_met else [_back(move, view) for move in moves])]
        found.append(Turn(rule, met, is_met, tuple(acted)))
    return found


def _back(move: Action, view: View) -> Action:
    """What the rules that hold say of the step without this one, the last of them; else what it was at the start."""
    others = [
        action.verb
        for rule in view.scene.document.rules
        if rule.id in view.state.standing
        for action in rule.actions
        if action.type == "visibility" and action.target == move.target
    ]
    at_start = "hide" if move.target in hidden_at_start(view.scene.document) else "show"
    return replace(move, verb=others[-1] if others else at_start)
