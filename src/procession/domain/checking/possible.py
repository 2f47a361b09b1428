"""Whether the conditions of rules can hold: by which answers and outcomes there can be.

What must hold together is looked at for each answer and each step by itself. Examples are made for it, and whether a
condition holds of an example is asked of the engine itself. "Never" is said only where no other answer could do better
than the examples.
Spec: behaviour-automations 2, 3, 12.2.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any, Literal

from procession.domain.automations.conditions import NEGATIVE
from procession.domain.automations.field_tests import field_holds
from procession.domain.automations.rules import Condition, Rule
from procession.domain.checking.examples import Examples, answers_to_try
from procession.domain.checking.findings import Surroundings
from procession.domain.checking.outcomes import Outcome, instants, outcome_holds, outcomes
from procession.domain.fields import Field
from procession.domain.tasks import TIMED_TYPES
from procession.domain.templates import Step, Template
from procession.domain.values import is_blank

MOST_EFFORT = 200_000

# What holds of a step that is never seen: nothing, or that nobody has it. Spec: behaviour-automations 2.2.
UNSEEN: list[Outcome] = [frozenset(), frozenset({"not_assigned"})]

Verdict = Literal["possible", "never", "unknown"]
Way = tuple[Condition, ...]
"""Conditions with which a rule holds when all of them are met at once."""


class Effort:
    """How much a check may still try. When it is used up, nothing more is claimed."""

    def __init__(self, units: int = MOST_EFFORT) -> None:
        self._left = units

    @property
    def is_used_up(self) -> bool:
        return self._left <= 0

    def spend(self, units: int) -> bool:
        """False when it is not enough any more."""
        self._left -= units
        return not self.is_used_up


class World:
    """What conditions can ask about: fields by id with their step (None: kick-off), steps that can be seen.

    `is_certain` until something is asked that cannot be told.
    """

    def __init__(self, template: Template, around: Surroundings, reachable: set[str], effort: Effort) -> None:
        self.zone = around.zone
        self.auto_completes = around.auto_completes
        self.reachable = reachable
        self.effort = effort
        self.is_certain = True
        self.steps = {step.id: step for step in template.steps}
        self.fields: dict[str, tuple[Field, Step | None]] = {field.id: (field, None) for field in template.kickoff}
        self.fields |= {field.id: (field, step) for step in template.steps for field in step.fields}
        # What has been found out, by the conditions as the objects they are and what else it depends on.
        self.verdicts: dict[tuple[object, ...], Verdict] = {}

    def can_be_seen(self, subject_id: str) -> bool:
        """Whether the step, or the one that holds the field, can be seen; the kick-off form always can."""
        held = self.fields.get(subject_id)
        step_id = subject_id if held is None else None if held[1] is None else held[1].id
        return step_id is None or step_id in self.reachable

    def is_answered(self, subject_id: str, way: Iterable[Condition]) -> bool:
        """Whether the field has an answer once its form is done: what the clock closes may lack it (T-6.5, Y7)."""
        field, step = self.fields.get(subject_id, (None, None))
        if field is None or not field.required or field.form_rules:
            return False
        if step is None:
            return True
        by_somebody = any(each.subject_id == step.id and each.operator == "acknowledged" for each in way)
        return not self.auto_completes and (step.step_type not in TIMED_TYPES or by_somebody)


def can_hold(rules: Sequence[Rule], world: World) -> Verdict:
    """Whether there are answers and outcomes with which the conditions of all these rules hold at once."""
    verdict: Verdict = "never"
    for chosen in product(*(ways_to_hold(rule) for rule in rules)):
        is_left = not world.effort.is_used_up
        found = _together([condition for way in chosen for condition in way], world) if is_left else "unknown"
        if found == "possible":
            return found
        if found == "unknown":
            verdict = found
        if not is_left:
            break
    world.is_certain = world.is_certain and verdict != "unknown"
    return verdict


def in_every_way(ways: Iterable[Way], passes: Callable[[Way], bool], world: World) -> bool:
    """Whether all of the ways pass the test, but those that are never taken."""
    return all(passes(way) or _together(way, world) == "never" for way in ways)


def ways_to_hold(rule: Rule) -> list[Way]:
    """From left to right: "and" narrows every way so far, "or" opens another one. Spec: A-3.1, A-3.2."""
    ways: list[Way] = []
    for condition in rule.conditions:
        if not ways or condition.logic == "or":
            ways.append((condition,))
        else:
            ways = [(*way, condition) for way in ways]
    return ways


def _together(way: Sequence[Condition], world: World) -> Verdict:
    """Whether all are met at once: those on one subject by one answer to it, or one outcome."""
    if not world.effort.spend(len(way)):
        return "unknown"
    by_subject: dict[str, list[Condition]] = {}
    for condition in way:
        by_subject.setdefault(condition.subject_id, []).append(condition)
    found: set[Verdict] = set()
    for subject_id, asked in by_subject.items():
        found.add(_of_one(asked, world, is_answered=world.is_answered(subject_id, way)))
    if "never" in found:
        return "never"
    return "unknown" if "unknown" in found else "possible"


def _of_one(asked: Sequence[Condition], world: World, *, is_answered: bool) -> Verdict:
    """Whether these conditions on one subject are met at once."""
    key = (world.can_be_seen(asked[0].subject_id), is_answered, *map(id, asked))
    known = world.verdicts.get(key)
    if known is None:
        tried = _examples(asked, world)
        world.effort.spend(len(asked) * len(tried.answers))
        is_met = any(all(_holds(each, example, world, is_answered) for each in asked) for example in tried.answers)
        known = world.verdicts[key] = "possible" if is_met else "never" if tried.is_all else "unknown"
    return known


def _examples(asked: Sequence[Condition], world: World) -> Examples:
    subject_id = asked[0].subject_id
    if asked[0].subject == "Run":
        return Examples(instants(frozenset(), asked))
    step = world.steps.get(subject_id)
    if step is not None:
        return Examples(outcomes(step, asked) if subject_id in world.reachable else UNSEEN)
    found = world.fields.get(subject_id)
    return Examples([None]) if found is None else answers_to_try(found[0], asked, world.zone)


def _holds(condition: Condition, example: Any, world: World, is_answered: bool) -> bool:
    if condition.is_on_time or condition.subject == "Step":
        return (condition.subject == "Run" or condition.subject_id in world.steps) and outcome_holds(condition, example)
    found = world.fields.get(condition.subject_id)
    if found is None or (condition.subject == "Prerun") != (found[1] is None):
        return False
    field, step = found
    if step is not None and step.id not in world.reachable:
        return False  # it stays blank, and no denial holds of what may still be answered
    if condition.operator in NEGATIVE and is_answered and is_blank(field, example):
        return False
    return field_holds(condition, field, example, world.zone)
