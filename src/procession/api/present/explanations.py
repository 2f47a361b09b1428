"""Why a task is as it is. Spec: api-tasks 22."""

from msgspec import UNSET

from procession.api.contract.explanations import (
    CauseLink,
    ExplainedAction,
    ExplainedChange,
    ExplainedCondition,
    ExplainedRule,
    TaskExplanation,
)
from procession.api.contract.rules import RulePeople
from procession.api.present.order_locks import blocker
from procession.api.present.rules import statement_of
from procession.domain.automations.explaining import Aiming, Asked, Change, Explanation
from procession.domain.run_document import on_hold
from procession.domain.times import wire, wire_or_none


def present_explanation(explanation: Explanation) -> TaskExplanation:
    task = explanation.task
    return TaskExplanation(
        task_id=task.id,
        title=explanation.title,
        status=task.status,
        starts_hidden=explanation.starts_hidden,
        hidden_by_hand=task.hidden_by_hand,
        shown_by_hand=task.shown_by_hand,
        owners=RulePeople(list(task.owners.users), list(task.owners.guests), list(task.owners.groups)),
        deadline=wire_or_none(task.deadline),
        deadline_is_held=explanation.deadline_waits,
        deadline_is_set=task.deadline_by_hand,
        history=[_change(each) for each in explanation.changes],
        rules=[_rule(each) for each in explanation.rules],
        blocked_by=UNSET if explanation.waits_for is None else [blocker(*each) for each in explanation.waits_for],
        on_hold=UNSET if explanation.hold is None else on_hold(explanation.hold),
    )


def _change(change: Change) -> ExplainedChange:
    event = change.event
    return ExplainedChange(
        at=wire(event.at),
        event=event.kind,
        actor_kind=event.actor_kind,
        actor_id=event.actor_id,
        details=event.payload,
        because=[
            CauseLink(each.event, each.subject_id, each.title, each.actor_kind, each.actor_id)
            for each in change.because
        ],
    )


def _rule(aiming: Aiming) -> ExplainedRule:
    last = aiming.last
    return ExplainedRule(
        id=aiming.rule.id,
        automated_alias=aiming.rule.name,
        action_verbs=list(aiming.verbs),
        is_spent=aiming.is_spent,
        last_evaluated_at=None if last is None else wire(last.at),
        last_evaluated_because=None if last is None else last.cause,
        executed=aiming.executed,
        actions=[ExplainedAction(verb, outcome) for verb, outcome in aiming.outcomes],
        conditions=[_condition(each) for each in aiming.asked],
    )


def _condition(asked: Asked) -> ExplainedCondition:
    condition = asked.condition
    return ExplainedCondition(
        id=condition.id,
        conditionable_type=condition.subject,
        conditionable_id=condition.subject_id or None,
        title=asked.title,
        operation=condition.operator,
        statement=statement_of(condition),
        logic=condition.logic,
        met=asked.met,
    )
