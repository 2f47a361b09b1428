"""Rules of templates. Spec: api-templates 8.2."""

from collections.abc import Sequence
from typing import Any

from procession.api.contract.rules import (
    AutomatedAction,
    HandedOnAnswer,
    RuleAction,
    RuleCondition,
    RuleDeadline,
    RuleInterval,
    RuleLaunch,
    RulePeople,
)
from procession.domain.automations.rules import Action, Condition, Launch, Rule
from procession.domain.automations.timing import interval_of
from procession.domain.times import wire, wire_or_none


def present_rules(rules: Sequence[Rule]) -> list[AutomatedAction]:
    """All of them in order."""
    return [present_rule(rule, position) for position, rule in enumerate(rules, 1)]


def present_rule(rule: Rule, position: int) -> AutomatedAction:
    return AutomatedAction(
        id=rule.id,
        automated_alias=rule.name,
        position=position,
        conditions=[_condition(each, place) for place, each in enumerate(rule.conditions, 1)],
        then_actions=[_action(each, place) for place, each in enumerate(rule.actions, 1)],
        created_at=wire(rule.created_at),
        last_updated=wire(rule.updated_at),
        archived_at=wire_or_none(rule.archived_at),
    )


def _condition(condition: Condition, position: int) -> RuleCondition:
    return RuleCondition(
        id=condition.id,
        conditionable_id=condition.subject_id or None,
        conditionable_type=condition.subject,
        operation=condition.operator,
        statement=statement_of(condition),
        logic=condition.logic,
        position=position,
        column_contains_name=condition.column,
    )


def statement_of(condition: Condition) -> Any:
    """A test on time has its interval."""
    interval = interval_of(condition) if condition.is_on_time else None
    return condition.statement if interval is None else RuleInterval(interval.value, interval.unit)


def _action(action: Action, position: int) -> RuleAction:
    shift, people = action.shift, action.assignees
    return RuleAction(
        id=action.id,
        action_type=action.type,
        action_verb=action.verb,
        target_step_id=action.target,
        position=position,
        actionable_id=action.source_id,
        actionable_type=action.source,
        deadline=None if shift is None else RuleDeadline(shift.value, shift.unit, shift.option),
        assignees=RulePeople(list(people.users), list(people.guests), list(people.groups)),
        webhook_url=action.webhook_url,
        alias_name=action.alias_name,
        launch=None if action.launch is None else _launch(action.launch),
    )


def _launch(launch: Launch) -> RuleLaunch:
    answers = [HandedOnAnswer(each.field, each.source, each.source_id) for each in launch.answers]
    return RuleLaunch(launch.template_id, launch.name_format, answers)
