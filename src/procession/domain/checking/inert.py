"""Rules that change nothing whenever they hold. Spec: behaviour-automations 4, 12.2."""

from collections.abc import Iterable
from functools import partial

from procession.domain.automations.rules import FIELD_SUBJECTS, WITH_PEOPLE, Action, Operator, Rule
from procession.domain.checking.findings import Surroundings
from procession.domain.checking.possible import Way, in_every_way, ways_to_hold
from procession.domain.checking.reaching import Reach

_DONE: frozenset[Operator] = frozenset({"completed", "approved", "rejected", "acknowledged", "expired"})


def changes_nothing(rule: Rule, reach: Reach, around: Surroundings) -> bool:
    ways = ways_to_hold(rule)
    return all(_does_nothing(action, ways, reach, around) for action in rule.actions)


def _does_nothing(action: Action, ways: Iterable[Way], reach: Reach, around: Surroundings) -> bool:
    if action.target not in reach.world.steps:
        return True
    if action.verb == "reopen":
        return not reach.can_see(action.target)
    if action.type in ("webhook", "launch"):
        return False
    if not _follows_conditions(action, reach) and in_every_way(ways, partial(_is_done, action.target), reach.world):
        return True
    is_blank = action.source in FIELD_SUBJECTS and in_every_way(ways, partial(_is_blank, action.source_id), reach.world)
    if action.verb in WITH_PEOPLE:
        return (action.source_id is None or is_blank) and not _names_somebody(action, around)
    if action.verb == "deadline":
        return is_blank or action.shift is None or (action.source_id is None and action.shift.value == 0)
    return action.verb == "hide" and not reach.can_see(action.target)


def _is_done(step_id: str, way: Way) -> bool:
    """Whether the step is complete whenever the rule holds this way: then it is left alone (A-4.7)."""
    return any(each.subject_id == step_id and each.operator in _DONE for each in way)


def _follows_conditions(action: Action, reach: Reach) -> bool:
    """Whether what it does is taken back, perhaps to something else, when its rule holds no more (A-5.31)."""
    return action.type == "visibility" and reach.template.two_way_visibility


def _is_blank(field_id: str | None, way: Way) -> bool:
    """Whether the field has no answer whenever the rule holds this way: nothing is taken from it (A-4.30, A-4.42)."""
    return any(each.subject_id == field_id and each.operator == "is_empty" for each in way)


def _names_somebody(action: Action, around: Surroundings) -> bool:
    people = action.assignees
    is_there = any(each in around.members for each in people.users) or any(
        each in around.groups for each in people.groups
    )
    return is_there or bool(people.guests)
