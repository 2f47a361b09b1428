"""Why a task is as it is, on the wire. Spec: api-tasks 22."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.contract.rules import ActionVerbName, AskedName, OperationName, RuleInterval, RulePeople
from procession.api.contract.shared import Blocker
from procession.domain.run_document import OnHold


class CauseLink(msgspec.Struct):
    """`rule`, or what a person did (`task.completed`, `process.launched` ...); `title` is null for secret tasks."""

    event: str
    subject_id: str
    title: str | None
    actor_kind: str | None
    actor_id: str | None


class ExplainedChange(msgspec.Struct):
    """Something that happened to the task; `because` leads back to what somebody did, the nearest cause first."""

    at: str
    event: str
    actor_kind: str
    actor_id: str | None
    details: Annotated[dict[str, Any], Meta(description="What the log says of it, such as who was added.")]
    because: list[CauseLink]


class ExplainedCondition(msgspec.Struct):
    id: str
    conditionable_type: AskedName
    conditionable_id: str | None
    title: Annotated[
        str, Meta(description="Title of the step, or label of the field; empty for the process, and of secret tasks.")
    ]
    operation: OperationName
    statement: Annotated[
        str | list[str | None] | RuleInterval | None, Meta(description="Null of a task that the caller may not see.")
    ]
    logic: Literal["and", "or"]
    met: Annotated[
        bool | None, Meta(description="When the rule was last looked at; null when it never was, and of secret tasks.")
    ]


class ExplainedAction(msgspec.Struct):
    """What became of an action on the task: `done`, or why it did nothing."""

    action_verb: str
    outcome: str


class ExplainedRule(msgspec.Struct):
    """A rule of the version the process runs that acts on the task."""

    id: str
    automated_alias: str
    action_verbs: list[ActionVerbName]
    is_spent: Annotated[bool, Meta(description="It fired and is not armed again yet.")]
    last_evaluated_at: str | None
    last_evaluated_because: Annotated[str | None, Meta(description="Such as `task.completed:<id>`.")]
    executed: Annotated[bool | None, Meta(description="Whether it held then.")]
    actions: Annotated[list[ExplainedAction], Meta(description="As of its last execution; empty before the first.")]
    conditions: list[ExplainedCondition]


class TaskExplanation(msgspec.Struct):
    task_id: str
    title: str
    status: str
    starts_hidden: Annotated[bool, Meta(description="A rule can show it, or its step begins hidden.")]
    hidden_by_hand: bool
    shown_by_hand: bool
    owners: RulePeople
    deadline: str | None
    deadline_is_held: Annotated[bool, Meta(description="It waits for another step.")]
    deadline_is_set: Annotated[bool, Meta(description="By a person, a rule or the launch: never recalculated.")]
    history: list[ExplainedChange]
    rules: list[ExplainedRule]
    blocked_by: Annotated[
        list[Blocker] | UnsetType, Meta(description="Only where its step names steps that come before it.")
    ] = UNSET
    on_hold: Annotated[OnHold | UnsetType, Meta(description="Only while its process is on hold.")] = UNSET
