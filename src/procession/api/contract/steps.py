"""Steps and milestones on the wire. Spec: api-templates 4, 7."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.adapters.text import stored_markup
from procession.api.contract.envelope import Many
from procession.api.contract.shared import TagLink
from procession.api.contract.template_fields import Capture
from procession.api.params import PageParams, Params

# Beyond this, JavaScript clients and databases no longer agree on a number.
MemberId = Annotated[int, Meta(ge=0, le=2**53 - 1)]
StepTypeName = Literal["task", "approval", "expiring", "email", "expiring_email"]
UnitName = Literal["minutes", "hours", "days", "weeks", "months", "working_hours", "working_days"]


class Duration(msgspec.Struct):
    value: int
    unit: UnitName


class Deadline(msgspec.Struct):
    """Counted from launch (`start_run`), from another step's completion, or back from its deadline (`prior_to`)."""

    value: int
    unit: UnitName
    option: Literal["from", "prior_to"]
    step: str


class FollowUp(msgspec.Struct):
    """The template that completing the step launches."""

    id: str
    default_name_format: str | None
    tasks_within_process: bool


class Step(msgspec.Struct, kw_only=True):
    """A step. Spec: api-templates 4.2."""

    id: str
    checklist_id: str
    title: str
    alias: str
    summary: str | None
    step_type: StepTypeName
    position: int
    allow_guest_owners: bool
    max_assignable: int
    skip_start_process: bool
    can_complete_only_assignees: bool
    everyone_must_complete: bool
    approvals_needed: Annotated[int | None, Meta(description="Of an approval: how many assignees must approve.")]
    blocked_by: Annotated[list[str], Meta(description="Steps whose tasks must be completed before its own.")]
    webhook: str | None
    start_date: Duration
    is_soft_start_date: bool
    deadline: Deadline
    bp_to_launch: FollowUp | None
    assignees: list[int]
    guests: list[str]
    groups: list[str]
    captures: list[Capture]
    prevent_guest_comment: bool
    roles: list[str]
    role_changes_every_time: bool
    assign_run_starter: bool
    top_secret: bool
    send_chromeless: bool
    owner_id: int
    stage_id: str | None
    ai_assigned: bool
    ai_allowed_app_keys: list[str]
    ai_on_uncertainty: str | None
    hide_by_default: bool
    reverse_rules_on_reopen: bool
    custom_fields: dict[str, Any]
    created_at: str
    last_updated: str
    archived_at: str | None
    tags: Many[TagLink] | UnsetType = UNSET


class StepListParams(PageParams, frozen=True, kw_only=True):
    """Steps and milestones come in their order, whatever `sort` says."""


class StepParams(Params, frozen=True, kw_only=True):
    with_: Annotated[tuple[str, ...], Meta(description="`tags`.")] = ()

    ALIASES: ClassVar[dict[str, str]] = {"with": "with_"}


class FollowUpBody(msgspec.Struct):
    id: str
    default_name_format: Annotated[str, Meta(max_length=550)] | None = None
    tasks_within_process: bool = False


class StepChange(msgspec.Struct, kw_only=True):
    """A step; what is not sent stays. A body of `position` alone moves the step. Spec: api-templates 4.1."""

    title: str
    summary: str | UnsetType | None = UNSET
    step_type: StepTypeName | UnsetType = UNSET
    webhook: str | UnsetType | None = UNSET
    assignees: list[MemberId] | UnsetType = UNSET
    guests: list[str] | UnsetType = UNSET
    groups: list[str] | UnsetType = UNSET
    roles: Annotated[list[str], Meta(description="Job titles, filled at launch.")] | UnsetType = UNSET
    max_assignable: Annotated[int, Meta(ge=0, le=10_000)] | UnsetType | None = UNSET
    allow_guest_owners: bool | UnsetType = UNSET
    deadline: Any = UNSET
    start_date: Any = UNSET
    is_soft_start_date: bool | UnsetType = UNSET
    skip_start_process: bool | UnsetType = UNSET
    can_complete_only_assignees: bool | UnsetType = UNSET
    everyone_must_complete: bool | UnsetType = UNSET
    approvals_needed: Annotated[int, Meta(ge=1, le=100)] | UnsetType | None = UNSET
    blocked_by: list[str] | UnsetType | None = UNSET
    prevent_guest_comment: bool | UnsetType = UNSET
    role_changes_every_time: bool | UnsetType = UNSET
    assign_run_starter: bool | UnsetType = UNSET
    top_secret: bool | UnsetType = UNSET
    send_chromeless: bool | UnsetType = UNSET
    bp_to_launch: FollowUpBody | UnsetType | None = UNSET
    ai_assigned: bool | UnsetType = UNSET
    ai_allowed_app_keys: list[str] | UnsetType = UNSET
    ai_on_uncertainty: str | UnsetType | None = UNSET
    hide_by_default: bool | UnsetType = UNSET
    reverse_rules_on_reopen: bool | UnsetType = UNSET
    stage_id: str | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        self.summary = stored_markup(self.summary) if self.summary else self.summary


class StepBody(StepChange, kw_only=True):
    """A new step."""

    tags: list[str] = []


class StepCopyBody(msgspec.Struct):
    title: str | None = None


class StepPosition(msgspec.Struct):
    position: Annotated[int, Meta(ge=1)]


class Milestone(msgspec.Struct):
    """A named group of steps."""

    id: str
    name: str
    position: int
    steps: list[str]


class StageBody(msgspec.Struct):
    name: str
    position: Annotated[int, Meta(ge=1)] | None = None


class StageChange(msgspec.Struct):
    name: str | UnsetType = UNSET
    position: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    steps: list[str] | UnsetType = UNSET


class StepDeadlineTime(msgspec.Struct):
    """When a step would be due if the template were launched now."""

    step_id: str
    deadline_time: str
