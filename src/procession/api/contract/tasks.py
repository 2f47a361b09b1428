"""Tasks on the wire. Spec: api-tasks 2, 5-13, 16."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, UnsetType

from procession.api.contract.activity import ActivityRow
from procession.api.contract.envelope import Many, One, Pagination, Sync
from procession.api.contract.files import Asset
from procession.api.contract.forms import FormField
from procession.api.contract.processes import FolderLink, Run
from procession.api.contract.shared import Blocker, TagLink
from procession.api.contract.steps import Step
from procession.api.contract.template_fields import Bound, CurrencyCode, Decimals, Expression, FormRuleBody, Unit
from procession.api.contract.threads import ThreadOut
from procession.api.contract.watchers import GuestWatcher, MemberWatcher
from procession.api.params import PageParams, Params
from procession.domain.processes import TaskStatus, TaskType

Meta = msgspec.Meta


class TaskOwners(msgspec.Struct):
    """Assignees; names come from the member, guest and group lists."""

    users: list[int]
    guests: list[str]
    groups: list[str]
    taskUrls: list[str]  # noqa: N815  # as clients spell it


class JobTitle(msgspec.Struct):
    """A job title that assignees came from."""

    id: str


class RunOfTask(One[Run], kw_only=True):
    """The task's process. Where a task is made for each assignee, its id, name and start are repeated beside `data`."""

    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    started_at: str | UnsetType = UNSET


class TaskOut(msgspec.Struct, kw_only=True):
    """A task of a process, or a one-off task. Spec: api-tasks 2."""

    id: str
    increment_id: int
    title: Annotated[str, Meta(description="With variables replaced.")]
    original_title: str
    summary: Annotated[str | UnsetType | None, Meta(description="HTML. In lists only with `with=summary`.")] = UNSET
    original_summary: str | UnsetType | None = UNSET
    run_id: str | None
    checklist_id: str | None
    step_id: str | None
    linked_step_id: str | None
    alias: str | None
    taskdata: Annotated[dict[str, Any], Meta(description="Answers by field id.")]
    owners: TaskOwners
    status: TaskStatus
    status_label: Annotated[str, Meta(description="The status, or how a completed task ended.")]
    task_type: TaskType
    is_approved: bool | None
    is_completable: Annotated[bool, Meta(description="Whether the caller could complete it now.")]
    position: int
    blueprint_position: int | None
    stage_id: str | None
    started_at: str | None
    is_soft_start_date: bool
    deadline: str | None
    deadline_is_held: Annotated[
        bool, Meta(description="It waits for another step, or its process is on hold: it counts for nothing yet.")
    ]
    created_at: str
    last_updated: str
    completed_at: str | None
    archived_at: str | None
    starter_id: int | None
    completer_id: int | None
    completer_guest: str | None
    completer_guest_id: Annotated[str | None, Meta(description="A key that guest paths accept; never the secret code.")]
    is_oneoff_task: bool
    everyone_must_complete: bool
    completion_progress: Annotated[int | None, Meta(description="Percent of the assignees who have done their part.")]
    can_complete_only_assignees: bool
    max_assignable: int
    allow_guest_owners: bool
    prevent_guest_comment: bool
    has_deadline_dependent_child_tasks: bool
    webhook: str | None
    problem: bool
    has_issues: bool
    top_secret: bool
    send_chromeless: bool | None
    run_status: Literal["active", "problem", "issue", "complete", "archived"] | None
    custom_fields: dict[str, Any] | None
    approvals_needed: Annotated[int | UnsetType, Meta(description="Of an approval by several: how many.")] = UNSET
    blocked_by: Annotated[
        list[Blocker] | UnsetType,
        Meta(description="Only where its step names steps that come before it: those that are still to be completed."),
    ] = UNSET
    tasks_changed_by_rules: Annotated[
        dict[str, Any] | UnsetType, Meta(description="Only when a process task was completed or reopened.")
    ] = UNSET
    run: RunOfTask | UnsetType = UNSET
    step: One[Step] | UnsetType = UNSET
    form_fields: Many[FormField] | UnsetType = UNSET
    ko_form_fields: Many[FormField] | UnsetType = UNSET
    threads: Many[ThreadOut] | UnsetType = UNSET
    assets: Many[Asset] | UnsetType = UNSET
    issues: Many[ThreadOut] | UnsetType = UNSET
    selected_text_comment: Many[ThreadOut] | UnsetType = UNSET
    threads_count: int | UnsetType = UNSET
    tags: Many[TagLink] | UnsetType = UNSET
    folders: Many[FolderLink] | UnsetType = UNSET
    roles: Many[JobTitle] | UnsetType = UNSET
    activities: Annotated[Many[ActivityRow] | UnsetType, Meta(description="Of one task: what happened last.")] = UNSET
    member_watchers: Many[MemberWatcher] | UnsetType = UNSET
    guest_watchers: Many[GuestWatcher] | UnsetType = UNSET
    organization: Annotated[str | UnsetType, Meta(description="Only where a guest's path was used.")] = UNSET
    guest_email: str | UnsetType = UNSET


class TaskMeta(msgspec.Struct, kw_only=True):
    pagination: Pagination
    overdue_tasks: Annotated[int | UnsetType, Meta(description="In the whole filtered list.")] = UNSET
    tasks_due_soon: int | UnsetType = UNSET


class TaskList(msgspec.Struct):
    """One page of tasks; without `meta` when the whole list was asked for."""

    data: list[TaskOut]
    meta: TaskMeta | UnsetType = UNSET


class SyncedTaskList(TaskList):
    """One page of tasks; with `updated_since` what changed since, and `sync` instead of `meta`."""

    sync: Sync | UnsetType = UNSET


class TaskParams(Params, frozen=True, kw_only=True):
    with_: Annotated[tuple[str, ...], Meta(description="Related data to include.")] = ()

    ALIASES: ClassVar[dict[str, str]] = {"with": "with_"}


class TaskListParams(PageParams, frozen=True, kw_only=True):
    """What every list of tasks takes. Spec: api-tasks 5."""

    status: Annotated[
        tuple[str, ...],
        Meta(
            description="active, active-visible, not-started, in-progress, complete, overdue, due-soon, on-time, "
            "stalled, has-problem, has-improvement, auto-skipped, archived or all; several are joined by OR."
        ),
    ] = ()
    owners: Annotated[tuple[int, ...], Meta(description="Members, assigned directly or through a group.")] = ()
    guests: Annotated[tuple[str, ...], Meta(description="E-mail addresses of assigned guests.")] = ()
    groups: Annotated[tuple[str, ...], Meta(description="Assigned groups.")] = ()
    roles: Annotated[tuple[str, ...], Meta(description="Job titles that assignees came from.")] = ()
    unassigned: Annotated[bool | None, Meta(description="Only tasks that nobody is assigned to.")] = None
    deadline_on: Annotated[str | None, Meta(description="A UTC day; wins over the other deadline filters.")] = None
    deadline_start_range: Annotated[str | None, Meta(description="First day, included.")] = None
    deadline_end_range: Annotated[str | None, Meta(description="Last day, included.")] = None
    deadline_before: Annotated[str | None, Meta(description="A day that is not included.")] = None
    deadline_after: Annotated[str | None, Meta(description="A day that is not included.")] = None

    BARE_FLAGS: ClassVar[frozenset[str]] = frozenset({"unassigned"})


class RunTaskListParams(TaskListParams, frozen=True, kw_only=True):
    current_task: Annotated[str | None, Meta(description="Answer the page that this task is on.")] = None
    replace_page: Annotated[int | None, Meta(description="The page to answer instead.")] = None

    ALIASES: ClassVar[dict[str, str]] = {**PageParams.ALIASES, "currentTask": "current_task"}


class PersonTaskListParams(TaskListParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the process's name.")] = None
    tag: Annotated[str | None, Meta(description="Id or title of a tag of the task or its process.")] = None


class OrganizationTaskListParams(TaskListParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the process's name or of the task's title.")] = None
    tag: Annotated[str | None, Meta(description="Id or title of a tag of the task or its process.")] = None
    folder: Annotated[tuple[str, ...], Meta(description="Folders that the task or its process lies in.")] = ()
    created: Annotated[str | None, Meta(description="`YYYY-MM-DD`, or `first:last`.")] = None
    is_oneoff: Annotated[bool | None, Meta(description="Only one-off tasks, or only tasks of steps.")] = None
    archived: Annotated[str | None, Meta(description="`true` adds archived tasks, `only` gives just them.")] = None
    needs_owner: Annotated[
        bool | None, Meta(description="Only tasks of members who have left; open ones unless `status` is sent.")
    ] = None
    assignee: Annotated[str | None, Meta(description="`me`: as `owners` with the caller.")] = None
    custom_field_key: Annotated[str | None, Meta(description="A custom field; with `custom_field_value`.")] = None
    custom_field_value: Annotated[str | None, Meta(description="The exact value it has.")] = None
    updated_since: Annotated[
        str | None,
        Meta(description="`now`, a moment, or `sync.next` of an earlier answer: what changed since, and what is gone."),
    ] = None


class OwnersBody(msgspec.Struct):
    """Replaces all assignees: a list that is left out is emptied. Unknown guests are created."""

    users: list[int] = []
    guests: list[str] = []
    groups: list[str] = []


class TaskFieldBody(msgspec.Struct, kw_only=True):
    """A form field of a one-off task; with the id of a field it has, a change of that."""

    id: str | None = None
    label: str
    field_type: str
    required: bool
    options: list[Any] | None = None
    columns: list[Any] | None = None
    guidance: str | None = None
    position: int | None = None
    default_value: Any = None
    minimum: Bound = None
    maximum: Bound = None
    decimals: Decimals = None
    unit: Unit = None
    currency: CurrencyCode = None
    expression: Expression = None
    form_rules: list[FormRuleBody] | None = None
    alias: str | None = None


class TaskChange(msgspec.Struct, kw_only=True):
    """Changes to a task; what is not sent stays. Spec: api-tasks 10."""

    title: Annotated[str, Meta(max_length=600)] | UnsetType = UNSET
    summary: str | UnsetType | None = UNSET
    deadline: str | UnsetType | None = UNSET
    started_at: str | UnsetType | None = UNSET
    owners: OwnersBody | UnsetType = UNSET
    taskdata: dict[str, Any] | UnsetType = UNSET
    task_type: TaskType | UnsetType = UNSET
    webhook: str | UnsetType | None = UNSET
    prevent_guest_comment: bool | UnsetType = UNSET
    position: Annotated[int, Meta(ge=1, le=9999)] | UnsetType = UNSET
    max_assignable: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    top_secret: bool | UnsetType = UNSET
    everyone_must_complete: bool | UnsetType = UNSET
    can_complete_only_assignees: bool | UnsetType = UNSET
    is_soft_start_date: bool | UnsetType = UNSET
    send_chromeless: bool | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET
    form_fields: list[TaskFieldBody] | UnsetType = UNSET


class OneOffChange(TaskChange, kw_only=True):
    """As `TaskChange`; a one-off task says title, deadline and owners every time, a process task need not."""


class TaskBody(msgspec.Struct, kw_only=True):
    """A one-off task. Spec: api-tasks 9.1."""

    title: Annotated[str, Meta(max_length=600)]
    task_type: TaskType
    owners: OwnersBody
    deadline: str
    summary: str | None = None
    started_at: str | None = None
    is_soft_start_date: bool = False
    separate_task_for_each_assignee: bool = False
    run_id: str | None = None
    max_assignable: Annotated[int, Meta(ge=0)] = 0
    everyone_must_complete: bool = False
    can_complete_only_assignees: bool = False
    prevent_guest_comment: bool = False
    top_secret: bool = False
    tags: list[str] = []
    folders: list[str] = []
    form_fields: list[TaskFieldBody] = []
    webhook: str | None = None
    position: Annotated[int, Meta(ge=1, le=9999)] | None = None
    linked_step_id: str | None = None


class CloneBody(msgspec.Struct):
    title: Annotated[str, Meta(max_length=600)] | None = None


class TogetherEntry(msgspec.Struct, kw_only=True):
    """A task and what changes; what is not sent stays."""

    id: str
    owners: OwnersBody | UnsetType = UNSET
    deadline: str | UnsetType | None = UNSET
    started_at: str | UnsetType | None = UNSET


class TogetherBody(msgspec.Struct, kw_only=True):
    """Tasks of one process that get other people or dates, all of them or none."""

    tasks: list[TogetherEntry]
    notify: Annotated[bool, Meta(description="Whether those who have the tasks are told of changed dates.")] = True


class LinkBody(msgspec.Struct, kw_only=True):
    run_id: Annotated[str, Meta(description="The process that the task is added to.")]
    position: (
        Annotated[int, Meta(ge=1, le=9999, description="Its place; after the last task when not said.")] | UnsetType
    ) = UNSET


class GuestShareBody(msgspec.Struct, kw_only=True):
    """Whoever is to work on the guest's task besides those who have it."""

    email: str
    comment: str | None = None


class CompletionBody(msgspec.Struct, kw_only=True):
    """A completion; form values are saved before, not here. Spec: api-tasks 11."""

    task_id: str
    is_approved: bool | None = None
    override_user: int | None = None
    comment: str | None = None


class Reminded(msgspec.Struct):
    sent: Annotated[int, Meta(description="How many people are mailed.")]


class CommentedBody(msgspec.Struct):
    comment: str | None = None


class AnswerBody(msgspec.Struct):
    """One answer. A list of such objects is accepted, too."""

    id: str
    value: Any


class FieldValueBody(msgspec.Struct):
    id: Annotated[str, Meta(description="The field's id.")]
    form_value: Any


class FieldValue(msgspec.Struct):
    """An answer as it is stored; `id` and `capture_id` both are the field's."""

    id: str
    capture_id: str
    task_id: str
    value: Any


class GuestTaskBody(msgspec.Struct, kw_only=True):
    """A guest's answers; `status` "completed" completes the task after saving them."""

    taskdata: dict[str, Any] | UnsetType = UNSET
    status: str | UnsetType = UNSET
    is_approved: bool | UnsetType | None = UNSET
