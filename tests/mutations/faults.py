"""What may be wrong in the engine of the rules and in undo: of a module, a piece of its source and what stands there
instead. The model test must notice each.
"""

from typing import NamedTuple

FOLLOWING = "procession.domain.automations.following"
REACTING = "procession.domain.automations.reacting"
ACTIONS = "procession.domain.automations.actions"
CONDITIONS = "procession.domain.automations.conditions"
FOLD = "procession.domain.automations.field_tests"
UNDO = "procession.domain.undo"
UNDOING = "procession.usecases.undo"


class Fault(NamedTuple):
    name: str
    module: str
    was: str
    becomes: str


_CONCERNED = "frozenset(rule.id for rule in spent if _concerns(rule, step, view))"
_LISTENING = "frozenset(rule.id for rule in spent if _listens_to_reopening(rule, step))"
_CHANGED = "changed = _changed_answers(view)\n"
_QUEUED = "queue.extend(_reopened_by(evaluation))"
_STEPWISE = '(result or holds) if word == "or" else (result and holds)'
_PAIRS = "zip(met[1:], logic[1:], strict=True)"
_KEPT = "launched=now.launched, passed=now.passed)"
_IS_DONE = '    if task.is_completed:\n        return Done("completed", task)'
_SHIFTED = "if is_own and mark in view.state.shifted:"
_BY_HAND = "replace(task_deadlines.due(task, deadline, is_held=False), deadline_by_hand=True)"
_DONE_AGAIN = 'happened.kind == "completed" and step is not None and step in view.state.done:'

FAULTS = (
    # Which rules are armed again. Spec.
    Fault("(a) arms nothing again", REACTING, _CONCERNED, "frozenset()"),
    Fault("(a) arms rules of other steps", REACTING, _CONCERNED, "frozenset(rule.id for rule in spent)"),
    Fault("(a) at the first completion", REACTING, _DONE_AGAIN, 'happened.kind == "completed" and step is not None:'),
    Fault("(b) arms nothing again", REACTING, _LISTENING, "frozenset()"),
    Fault("(b) without reopened", REACTING, '("reopened", "not_assigned")', '("not_assigned",)'),
    Fault("(b) without not_assigned", REACTING, '("reopened", "not_assigned")', '("reopened",)'),
    Fault(
        "(b) arms what asks otherwise", REACTING, "_listens_to_reopening(rule, step))", "_concerns(rule, step, view))"
    ),
    Fault("(b) at another step", REACTING, "each.subject_id == step and each.operator in", "each.operator in"),
    Fault("(c) arms nothing again", REACTING, _CHANGED, "changed: set[str] = set()\n"),
    Fault("(c) for the same answer", REACTING, _CHANGED, "changed = set(view.kickoff)\n"),
    Fault("only what people did arms", REACTING, "if not scene.fire_once:", "if happened is occurrence:"),
    Fault("fires each time", REACTING, "if rule.id not in view.state.spent and _is_candidate", "if _is_candidate"),
    Fault("fires again in strict mode", REACTING, "if not scene.fire_once:", "if happened:"),
    Fault(
        "spent without effect only",
        REACTING,
        "return Evaluation(rule, happened, met, fired=False)",
        "view.remember(spent=view.state.spent | {rule.id})\n"
        "        return Evaluation(rule, happened, met, fired=False)",
    ),
    # What follows, and in which order. Spec.
    Fault("no cascade", REACTING, _QUEUED, "pass"),
    Fault("cascade: one each", REACTING, _QUEUED, "queue.extend([*_reopened_by(evaluation)][:1])"),
    Fault("cascade: into the depth", REACTING, _QUEUED, "queue.extendleft(_reopened_by(evaluation))"),
    Fault("cascade: the last first", REACTING, "queue.popleft()", "queue.pop()"),
    Fault("cascade from what is open", REACTING, ' and acted.done.outcome == "done":', ":"),
    Fault(
        "rules the other way round",
        REACTING,
        "for rule in scene.document.rules:\n            if rule.id not in",
        "for rule in reversed(scene.document.rules):\n            if rule.id not in",
    ),
    Fault(
        "only the first rule",
        REACTING,
        _QUEUED,
        f"{_QUEUED}\n                if evaluation.fired:\n                    break",
    ),
    Fault(
        "actions the other way round",
        REACTING,
        "for action in rule.actions:\n",
        "for action in reversed(rule.actions):\n",
    ),
    Fault("only the first action", REACTING, "for action in rule.actions:\n", "for action in rule.actions[:1]:\n"),
    Fault("nothing hidden at the launch", FOLLOWING, "process.with_tasks(*hidden) if hidden else process", "process"),
    # Conditions. Spec, 2.2, 2.4.
    Fault(
        "and before or",
        FOLD,
        f"for holds, word in {_PAIRS}:\n        result = {_STEPWISE}\n    return result",
        "rest = [(word, holds) for holds, word in zip(met[1:], logic[1:], strict=True)]\n"
        "    groups = [[met[0]]]\n"
        "    for word, holds in rest:\n"
        '        groups[-1:] = [groups[-1], [holds]] if word == "or" else [[*groups[-1], holds]]\n'
        "    return any(map(all, groups))",
    ),
    Fault("all of them", FOLD, _STEPWISE, "result and holds"),
    Fault("any of them", FOLD, _STEPWISE, "result or holds"),
    Fault("the word of the one before", FOLD, _PAIRS, "zip(met[1:], logic[:-1], strict=True)"),
    Fault("the word of the first", FOLD, _STEPWISE, '(result or holds) if logic[0] == "or" else (result and holds)'),
    Fault(
        "reopened: never completed",
        CONDITIONS,
        "task.is_open and condition.subject_id in view.state.done",
        "task.is_open",
    ),
    Fault(
        "reopened: completed again", CONDITIONS, "task.is_open and condition.subject_id in", "condition.subject_id in"
    ),
    Fault(
        "no, while it may be answered", CONDITIONS, "condition.operator in NEGATIVE and not", "not condition and not"
    ),
    Fault(
        "a form taken back counts",
        CONDITIONS,
        "field is None or view.form_is_open:",
        "field is None:",
    ),
    # Completed, hidden and shown tasks. Spec.
    Fault("acts on completed tasks", ACTIONS, _IS_DONE, "    pass"),
    *(
        Fault(
            f"{verb} on completed tasks", ACTIONS, _IS_DONE, _IS_DONE.replace(":", f' and action.verb != "{verb}":', 1)
        )
        for verb in ("hide", "assign", "assign_only", "unassign", "clear_assignees", "deadline")
    ),
    Fault("shows what a person hid", ACTIONS, "if task.hidden_by_hand:", "if not task:"),
    Fault("hides what a person showed", ACTIONS, "if task.shown_by_hand:", "if not task:"),
    Fault("gives no hidden task", ACTIONS, "if owners is None:", "if owners is None or task.is_hidden:"),
    # Deadlines. Spec.
    Fault("shifts each time", ACTIONS, _SHIFTED, "if not action:"),
    Fault("shifts once for each rule", ACTIONS, "(rule.id, action.target)", '(rule.id, "")'),
    Fault("shifts once for each task", ACTIONS, "(rule.id, action.target)", '("", action.target)'),
    Fault("counts from what is not known", ACTIONS, "other is None or other.is_held else", "other is None else"),
    Fault("a moved deadline moves on", ACTIONS, _BY_HAND, "task_deadlines.due(task, deadline, is_held=False)"),
    # Undo. Spec: behaviour-work W2 to W4.
    Fault("undo: rules stay", UNDOING, "if before.rules is not None:", "if not before:"),
    Fault("undo: rules stay spent", UNDO, _KEPT, f"spent=now.spent, {_KEPT}"),
    Fault("undo: steps stay done", UNDO, _KEPT, f"done=now.done, {_KEPT}"),
    Fault("undo: shifts stay done", UNDO, _KEPT, f"shifted=now.shifted, {_KEPT}"),
    Fault("undo: never too late", UNDOING, "if found.at > tx.now - minutes * MINUTE else None", ""),
    Fault(
        "undo: though more happened",
        UNDOING,
        "if await changes.last_change(tx, kind, seq) != last.position:",
        "if not kind:",
    ),
)
