"""What a process remembers of its rules in the new version, and which tasks are hidden before rules are asked.

Spec: T-10.14.
"""

from collections.abc import Collection

from procession.domain import tasks
from procession.domain.automations.state import RuleState
from procession.domain.moving.versions import Versions
from procession.domain.processes import Process, Task


def carried(state: RuleState, process: Process, versions: Versions) -> RuleState:
    """A rule that asks or does something else than before is armed again; the others stay as they are, and so do those
    of injected templates.
    """
    rules = [*versions.after.rules, *versions.injected_rules]
    steps = {**versions.new_steps, **versions.injected_steps}
    stayed = versions.same_rules | {rule.id for rule in versions.injected_rules}
    asked = {condition.id for rule in rules if rule.id in stayed for condition in rule.conditions}
    known = {rule.id for rule in rules}
    reversing = {step.id for step in steps.values() if step.reverse_rules_on_reopen}
    completed = {task.step_id for task in process.tasks if task.is_completed and task.step_id is not None}
    return RuleState(
        spent=state.spent & stayed,
        done=state.done | completed,
        kickoff=state.kickoff,
        shifted=frozenset(mark for mark in state.shifted if mark[0] in known and mark[1] in steps),
        effects={step: effects for step, effects in state.effects.items() if step in reversing},
        standing=state.standing & stayed,
        launched=state.launched,
        passed={condition: deadline for condition, deadline in state.passed.items() if condition in asked},
    )


def with_visibility(process: Process, versions: Versions, state: RuleState, new: Collection[int]) -> Process:
    """Unfinished tasks that are new, or whose visibility is ruled otherwise, as they are before the rules are asked.

    Hidden where the new version lets them begin so; then rules that stayed and have fired have their say once more.
    What somebody hid or showed by hand stays.
    """
    changed: list[Task] = []
    for task in process.tasks:
        step = task.step_id
        if step not in versions.new_steps or not (task.seq in new or step in versions.shown_otherwise):
            continue
        if task.is_completed or task.hidden_by_hand or task.shown_by_hand:
            continue
        changed.append(tasks.skipped(task) if _is_hidden(step, versions, state) else tasks.shown_again(task))
    return process.with_tasks(*changed)


def _is_hidden(step: str, versions: Versions, state: RuleState) -> bool:
    hidden = step in versions.awaited
    for rule in versions.after.rules:
        for action in rule.actions if rule.id in state.spent else ():
            if action.target == step and action.type == "visibility":
                hidden = action.verb == "hide"
    return hidden
