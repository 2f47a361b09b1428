"""Rules ("automated actions") on the wire. Spec: api-templates 8.2."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.domain.automations.rules import ActionType as ActionTypeName
from procession.domain.automations.rules import Verb as ActionVerbName

SubjectName = Literal["Step", "Capture", "Prerun"]
AskedName = Literal["Step", "Capture", "Prerun", "Run"]
OperationName = Literal[
    "completed",
    "reopened",
    "approved",
    "rejected",
    "acknowledged",
    "expired",
    "not_assigned",
    "overdue",
    "overdue_by",
    "due_in",
    "contains",
    "not_contains",
    "equals",
    "not_equals",
    "equals_any",
    "greater_than",
    "less_than",
    "is_empty",
    "is_not_empty",
]


class RuleInterval(msgspec.Struct):
    """How far after (`overdue_by`) or before (`due_in`) the deadline."""

    value: int
    unit: Literal["minutes", "hours", "days", "weeks", "months"]


class RuleCondition(msgspec.Struct):
    """`logic` joins it to the result of those before it; the first one's is ignored."""

    id: str
    conditionable_id: Annotated[str | None, Meta(description="Null for the process itself (`Run`).")]
    conditionable_type: AskedName
    operation: OperationName
    statement: str | list[str | None] | RuleInterval | None
    logic: Literal["and", "or"]
    position: int
    column_contains_name: str | None


class RuleDeadline(msgspec.Struct):
    """So far after (`from`) or before what the action names, or else the task's own deadline."""

    value: int
    unit: Literal["minutes", "hours", "days", "weeks", "months"]
    option: Literal["before", "from"]


class RulePeople(msgspec.Struct):
    users: list[int]
    guests: list[str]
    groups: list[str]


class HandedOnAnswer(msgspec.Struct):
    """An answer of this process that the kick-off field `prerun_id` of the launched template takes over."""

    prerun_id: str
    actionable_type: Literal["Capture", "Prerun"]
    actionable_id: str


class RuleLaunch(msgspec.Struct):
    """The template that is launched; the name may hold variables of this process's kick-off form."""

    checklist_id: str
    name_format: str | None = None
    prerun: list[HandedOnAnswer] = []


class RuleAction(msgspec.Struct):
    id: str
    action_type: ActionTypeName
    action_verb: ActionVerbName
    target_step_id: str
    position: int
    actionable_id: str | None
    actionable_type: SubjectName | None
    deadline: RuleDeadline | None
    assignees: RulePeople
    webhook_url: str | None
    alias_name: str | None
    launch: RuleLaunch | None


class AutomatedAction(msgspec.Struct):
    """A rule: when its conditions hold, its actions are carried out, in order."""

    id: str
    automated_alias: str
    position: int
    conditions: list[RuleCondition]
    then_actions: list[RuleAction]
    created_at: str
    last_updated: str
    archived_at: str | None


class RuleConditionBody(msgspec.Struct, kw_only=True):
    id: str | UnsetType = UNSET
    conditionable_id: Annotated[str | UnsetType | None, Meta(description="Not needed for `Run`.")] = UNSET
    conditionable_type: AskedName
    operation: OperationName
    statement: Annotated[
        Any,
        Meta(
            description="A time clause for steps, `{value, unit}` for `overdue_by` and `due_in`; else a text, or a "
            "list of texts. Null needs none."
        ),
    ]
    logic: Literal["and", "or"]
    position: int | UnsetType = UNSET
    column_contains_name: str | UnsetType | None = UNSET


class RuleActionBody(msgspec.Struct, kw_only=True):
    id: str | UnsetType = UNSET
    action_type: ActionTypeName
    action_verb: ActionVerbName
    target_step_id: str
    position: int | UnsetType = UNSET
    actionable_id: str | UnsetType | None = UNSET
    actionable_type: SubjectName | UnsetType | None = UNSET
    deadline: RuleDeadline | UnsetType | None = UNSET
    assignees: Annotated[Any, Meta(description="`{users, guests, groups}`.")] = UNSET
    webhook_url: str | UnsetType | None = UNSET
    alias_name: str | UnsetType | None = UNSET
    launch: RuleLaunch | UnsetType | None = UNSET


class AutomatedActionBody(msgspec.Struct, kw_only=True):
    """A whole rule. On an update, conditions and actions without the id of a kept one are new, the others go."""

    automated_alias: Annotated[str, Meta(max_length=300)]
    conditions: Annotated[list[RuleConditionBody], Meta(min_length=1)]
    then_actions: Annotated[list[RuleActionBody], Meta(min_length=1)]
    position: Annotated[int, Meta(ge=1, description="Place among the rules; new ones come last.")] | UnsetType = UNSET
