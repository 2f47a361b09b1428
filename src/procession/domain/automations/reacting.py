"""The engine: what happened, which rules are looked at, in which order, and what they do.

Spec: behaviour-automations 5, 6, 13 (the normative procedure).
"""

from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from procession.domain.automations.actions import Done, act, value_of
from procession.domain.automations.conditions import holds
from procession.domain.automations.field_tests import combined
from procession.domain.automations.following import turned
from procession.domain.automations.rules import Action, Rule
from procession.domain.automations.state import (
    Effect,
    Occurrence,
    RuleState,
    Scene,
    View,
    kickoff_digests,
)
from procession.domain.automations.undoing import TakenBack, take_back, without_effects
from procession.domain.processes import Injection, Process, Task
from procession.domain.templates import FollowUp, Step, Template

# A move opens nothing that is completed, launches nothing and calls nobody for what happened long ago. Spec: T-10.14.
LEFT_BY_MOVES = frozenset({"status", "webhook", "launch"})


class Acted(msgspec.Struct, frozen=True):
    """An action that was carried out, and what became of it."""

    action: Action
    done: Done


class Evaluation(msgspec.Struct, frozen=True):
    """A rule that was looked at because of `occurrence`; `met` says of each condition whether it held."""

    rule: Rule
    occurrence: Occurrence
    met: tuple[bool, ...]
    fired: bool
    acted: tuple[Acted, ...] = ()


class Followed(msgspec.Struct, frozen=True):
    """A rule whose visibility followed its conditions, because of `occurrence`."""

    rule: Rule
    occurrence: Occurrence
    met: tuple[bool, ...]
    holds: bool
    acted: tuple[Acted, ...]


class FollowUpDue(msgspec.Struct, frozen=True):
    """The task of a step was completed that launches or injects another template; `is_again` when it has before."""

    step: Step
    task: Task
    follow_up: FollowUp
    is_again: bool


class Injected(msgspec.Struct, frozen=True):
    """What became of an injection that was due: the tasks it brought, or why it brought none. Spec: L-10.8."""

    due: FollowUpDue
    injection: Injection | None
    tasks: tuple[Task, ...] = ()
    reason: str = ""


Entry = Evaluation | Followed | TakenBack | FollowUpDue | Injected


class Reaction(msgspec.Struct, frozen=True):
    """The process after everything that follows, what it remembers, and the log of how it came to that, in order."""

    process: Process
    state: RuleState
    log: tuple[Entry, ...]

    @property
    def evaluations(self) -> list[Evaluation]:
        return [entry for entry in self.log if isinstance(entry, Evaluation)]


def react(process: Process, state: RuleState, occurrence: Occurrence, scene: Scene) -> Reaction:
    """Everything that follows from what happened, cascades included.

    Ends: rules complete nothing, so a cascade re-opens no more tasks than there were completed ones (A-5.5).
    A document has none, whatever its template still keeps (T-16.3).
    """
    if process.type == "document":
        return Reaction(process, state, ())
    view = View(process, state, scene)
    log: list[Entry] = []
    queue = deque([occurrence])
    while queue:
        happened = queue.popleft()
        if happened.kind == "reopened" and happened.step is not None:
            log += take_back(happened.step, view)
        if not scene.fire_once:
            view.remember(spent=view.state.spent - _rearmed(happened, view))
        _remember(happened, view)
        for rule in scene.document.rules:
            if rule.id not in view.state.spent and _is_candidate(rule, happened, view):
                evaluation = _evaluate(rule, happened, view, root=occurrence)
                log.append(evaluation)
                queue.extend(_reopened_by(evaluation))
        log += _followed(happened, view)
    log += _follow_up(occurrence, view)
    return Reaction(view.process, view.state, tuple(log))


def launches(occurrence: Occurrence, template: Template) -> Step | None:
    """The step that was completed, when that launches or injects another template. Spec: L-10.2."""
    step = template.step(occurrence.step) if occurrence.kind == "completed" and occurrence.step is not None else None
    return step if step is not None and step.follow_up is not None else None


def _follow_up(occurrence: Occurrence, view: View) -> Iterator[FollowUpDue]:
    """Once for each task. Spec: L-10.3."""
    step = launches(occurrence, view.scene.document)
    task = None if step is None else view.task_of(step.id)
    if step is None or step.follow_up is None or task is None:
        return
    if step.follow_up.tasks_within_process:
        is_again = any(each.trigger_task == task.seq for each in view.process.injections)
        yield FollowUpDue(step, task, step.follow_up, is_again)
        return
    yield FollowUpDue(step, task, step.follow_up, step.id in view.state.launched)
    view.remember(launched=view.state.launched | {step.id})


def _followed(happened: Occurrence, view: View) -> list[Followed]:
    """Where visibility goes both ways: what has turned. Spec: A-5.30."""
    if not view.scene.document.two_way_visibility:
        return []
    concerned = [rule for rule in view.scene.document.rules if _is_candidate(rule, happened, view)]
    return [
        Followed(turn.rule, happened, turn.met, turn.holds, tuple(Acted(*each) for each in turn.acted))
        for turn in turned(concerned, view)
    ]


def _is_candidate(rule: Rule, happened: Occurrence, view: View) -> bool:
    """Whether what happened concerns the rule. Spec: A-5.1, A-5.3."""
    if not rule.is_live:
        return False
    if happened.kind == "moved":
        return _has_its_cue(rule, view)
    if happened.kind == "time_passed":
        return any(condition.id == happened.condition for condition in rule.conditions)
    is_start = happened.kind in ("launched", "injected")
    if happened.step is not None and not is_start:
        return _concerns(rule, happened.step, view)
    if is_start and any(each.operator == "not_assigned" for each in rule.conditions):
        return True
    return not view.form_is_open and any(
        each.subject == "Prerun" and each.subject_id in view.kickoff for each in rule.conditions
    )


def _has_its_cue(rule: Rule, view: View) -> bool:
    """Whether something that the rule waits for has happened in the process already, and it does more than what a
    move leaves out. Spec: T-10.14.
    """
    if all(action.type in LEFT_BY_MOVES for action in rule.actions):
        return False
    at_launch = Occurrence("launched")
    return _is_candidate(rule, at_launch, view) or any(_concerns(rule, step, view) for step in view.state.done)


def _concerns(rule: Rule, step_id: str, view: View) -> bool:
    """Whether a condition asks about the step or one of its fields."""
    for condition in rule.conditions:
        if condition.subject == "Step" and condition.subject_id == step_id:
            return True
        if condition.subject == "Capture" and view.fields.get(condition.subject_id, (None, None))[1] == step_id:
            return True
    return False


def _rearmed(happened: Occurrence, view: View) -> frozenset[str]:
    """The spent rules that may fire again, just before any is looked at. Spec: A-5.17, A-2.44."""
    spent = [rule for rule in view.scene.document.rules if rule.id in view.state.spent and not rule.is_on_time]
    step = happened.step
    if happened.kind == "completed" and step is not None and step in view.state.done:
        return frozenset(rule.id for rule in spent if _concerns(rule, step, view))
    if happened.kind == "reopened":
        return frozenset(rule.id for rule in spent if _listens_to_reopening(rule, step))
    if happened.kind == "kickoff_submitted":
        changed = _changed_answers(view)
        return frozenset(
            rule.id
            for rule in spent
            if any(each.subject == "Prerun" and each.subject_id in changed for each in rule.conditions)
        )
    return frozenset()


def _listens_to_reopening(rule: Rule, step: str | None) -> bool:
    return any(
        each.subject == "Step" and each.subject_id == step and each.operator in ("reopened", "not_assigned")
        for each in rule.conditions
    )


def _changed_answers(view: View) -> set[str]:
    """Kick-off fields with another answer than when the form was last submitted. Spec: A-9.2."""
    before, now = view.state.kickoff, kickoff_digests(view.kickoff_answers, view.scene.document.rules)
    return {field_id for field_id in before.keys() | now.keys() if before.get(field_id) != now.get(field_id)}


def _remember(happened: Occurrence, view: View) -> None:
    """What later re-arming and taking back depend on."""
    if happened.kind == "completed" and happened.step is not None:
        effects = without_effects(view.state.effects, happened.step)
        view.remember(done=view.state.done | {happened.step}, effects=effects)
    is_of_form = happened.kind in ("launched", "kickoff_submitted")
    if is_of_form and view.process.prerun_status != "incomplete":
        view.remember(kickoff=kickoff_digests(view.kickoff_answers, view.scene.document.rules))


def _evaluate(rule: Rule, happened: Occurrence, view: View, *, root: Occurrence) -> Evaluation:
    """Look at the whole rule as things are now, and act at once when it holds. Spec: A-5.2, A-5.15."""
    met = tuple(holds(condition, view) for condition in rule.conditions)
    if not combined(met, [condition.logic for condition in rule.conditions]):
        return Evaluation(rule, happened, met, fired=False)
    acted: list[Acted] = []
    for action in rule.actions:
        is_left = happened.kind == "moved" and action.type in LEFT_BY_MOVES
        done = Done("left_by_move") if is_left else act(rule, action, view)
        acted.append(Acted(action, done))
        _record_effect(rule, root, done, view)
    view.remember(spent=view.state.spent | {rule.id})
    if view.scene.document.two_way_visibility:
        view.remember(standing=view.state.standing | {rule.id})
    return Evaluation(rule, happened, met, fired=True, acted=tuple(acted))


def _record_effect(rule: Rule, root: Occurrence, done: Done, view: View) -> None:
    """Kept only for steps that take back what their completion caused, cascades included. Spec: A-9.4, A-9.5."""
    if root.kind != "completed" or root.step is None or done.attribute is None:
        return
    step = view.scene.document.step(root.step)
    if step is None or not step.reverse_rules_on_reopen or done.before is None or done.after is None:
        return
    effect = Effect(
        rule=rule.id,
        task=done.before.seq,
        attribute=done.attribute,
        before=value_of(done.before, done.attribute),
        after=value_of(done.after, done.attribute),
    )
    known = view.state.effects.get(root.step, ())
    view.remember(effects={**view.state.effects, root.step: (*known, effect)})


def _reopened_by(evaluation: Evaluation) -> Iterator[Occurrence]:
    """Re-openings are events of their own, handled after the present candidates. Spec: A-4.53, A-5.4."""
    for acted in evaluation.acted:
        if acted.action.verb == "reopen" and acted.done.outcome == "done":
            yield Occurrence("reopened", acted.action.target)


def touched(log: Iterable[Entry]) -> dict[str, list[str]]:
    """Task id to what rules did to it, in order: their verbs, and "taken_back"."""
    found: dict[str, list[str]] = {}
    for entry in log:
        if isinstance(entry, FollowUpDue | Injected):
            continue
        if isinstance(entry, TakenBack):
            found.setdefault(entry.after.id, []).append("taken_back")
            continue
        for acted in entry.acted:
            if acted.done.after is not None:
                found.setdefault(acted.done.after.id, []).append(acted.action.verb)
    return found
