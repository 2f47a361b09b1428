"""Processes ("runs") on the wire. Spec: api-processes 2, 4, 6, 7, 9."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.adapters.text import stored_markup
from procession.api.contract.envelope import Many, One
from procession.api.contract.files import Asset
from procession.api.contract.forms import FormField
from procession.api.contract.shared import TagLink
from procession.api.contract.templates import Checklist
from procession.api.contract.threads import ThreadOut
from procession.api.contract.watchers import GuestWatcher, MemberWatcher
from procession.api.params import PageParams, Params
from procession.domain.run_document import Progress, RunDocument


class NextTask(msgspec.Struct):
    """The first open visible task by earliest deadline. Spec: api-processes 4.1."""

    id: str
    increment_id: int
    title: str
    alias: str | None
    owners: dict[str, list[Any]]
    deadline: str | None


class FolderLink(msgspec.Struct):
    """A folder that a process lies in; `folder_object_id` removes it from there."""

    id: str
    name: str
    parent_id: str | None
    folder_object_id: int


class TasksMeta(msgspec.Struct):
    """How many visible tasks are in which condition."""

    total: int
    completed: int
    in_progress: int
    not_started: int
    overdue: int
    due_soon: int
    problems: int


class RunPermissions(msgspec.Struct):
    """What the caller may do with the process."""

    can_edit: bool
    can_archive: bool
    can_delete: bool
    can_reassign: bool
    can_complete: bool
    can_add_oot: bool


class Stage(msgspec.Struct):
    """A milestone with its visible tasks counted."""

    id: str
    name: str
    position: int
    task_count: int
    completed_count: int


class RunStage(msgspec.Struct):
    """A milestone of a process with the tasks in it, by position."""

    id: str
    name: str
    position: int
    tasks: list[str]


class RunStageChange(msgspec.Struct):
    name: str | UnsetType = UNSET
    position: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    tasks: list[str] | UnsetType = UNSET


class RunStageListParams(PageParams, frozen=True, kw_only=True):
    pass


class Run(RunDocument, kw_only=True):
    """A process. Spec: api-processes 2."""

    progress: Progress
    starred: bool
    due_date: str | None
    due_date_passed: bool
    due_soon: bool
    late_tasks: int
    checklist: One[Checklist] | UnsetType = UNSET
    tasks_meta: One[TasksMeta] | UnsetType = UNSET
    assets: Many[Asset] | UnsetType = UNSET
    next_task: Many[NextTask] | UnsetType = UNSET
    tags: Many[TagLink] | UnsetType = UNSET
    folders: Many[FolderLink] | UnsetType = UNSET
    permissions: One[RunPermissions] | UnsetType = UNSET
    ko_form_fields: Many[FormField] | UnsetType = UNSET
    form_fields: Many[FormField] | UnsetType = UNSET
    stages: Many[Stage] | UnsetType = UNSET
    threads: Many[ThreadOut] | UnsetType = UNSET
    selected_text_comment: Many[ThreadOut] | UnsetType = UNSET
    member_watchers: Many[MemberWatcher] | UnsetType = UNSET
    guest_watchers: Many[GuestWatcher] | UnsetType = UNSET


class RunListParams(PageParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the name, whatever the case; or the exact increment_id.")] = None
    status: Annotated[
        tuple[str, ...],
        Meta(
            description="active, complete, problem, issue, improvement, delayed, starred or archived; "
            "several are joined by OR."
        ),
    ] = ()
    archived: Annotated[str | None, Meta(description="`true` adds archived processes, `only` gives just them.")] = None
    owners: Annotated[tuple[int, ...], Meta(description="Owner of the process, or assignee of any of its tasks.")] = ()
    task_status: Annotated[
        str | None, Meta(description="all, in-progress or completed: which tasks `owners` and `groups` look at.")
    ] = None
    me: Annotated[bool | None, Meta(description="As `owners` with the caller.")] = None
    involved: Annotated[
        tuple[str, ...],
        Meta(description="Members, or `me`: owner, assigned to a task now or once, mentioned, or decided an approval."),
    ] = ()
    needs_owner: Annotated[
        bool | None,
        Meta(
            description="Only processes that belong to a member who has left, or in which one has an open task; "
            "running ones unless `status` is sent."
        ),
    ] = None
    groups: Annotated[tuple[str, ...], Meta(description="Groups assigned to any task.")] = ()
    guests: Annotated[tuple[str, ...], Meta(description="E-mail addresses of guests assigned to any task.")] = ()
    checklist_id: Annotated[tuple[str, ...], Meta(description="Templates the process was launched from.")] = ()
    folder: Annotated[tuple[str, ...], Meta(description="Folders the process lies in.")] = ()
    tag: Annotated[tuple[str, ...], Meta(description="Id or title of a tag.")] = ()
    tag_ids: Annotated[tuple[str, ...], Meta(description="Tags that the process carries all of.")] = ()
    untagged: Annotated[bool | None, Meta(description="Only processes without tags; wins over tag and tag_ids.")] = None
    starred: Annotated[bool | None, Meta(description="Only those the caller has (or has not) starred.")] = None
    type: Annotated[tuple[str, ...], Meta(description="procedure, form or document.")] = ()
    fields: Annotated[
        tuple[tuple[str, str, str], ...],
        Meta(
            description="Conditions on answers: `fields[alias][operator]=value` with `eq` (or none), `ne`, `gt`, "
            "`gte`, `lt`, `lte`, `contains`, `starts`, `in`, `empty` or `not_empty`. `sort=fields.alias` goes by them."
        ),
    ] = ()
    form_fields_values: Annotated[bool | None, Meta(description="Add answers to `form_fields`.")] = None
    cursor: Annotated[str | None, Meta(description="Opaque place in the list, from `links`; wins over `page`.")] = None
    updated_since: Annotated[
        str | None,
        Meta(description="`now`, a moment, or `sync.next` of an earlier answer: what changed since, and what is gone."),
    ] = None

    ALIASES: ClassVar[dict[str, str]] = {**PageParams.ALIASES, "blueprint_id": "checklist_id"}
    BARE_FLAGS: ClassVar[frozenset[str]] = frozenset({"untagged"})
    NESTED: ClassVar[frozenset[str]] = frozenset({"fields"})


class RunParams(Params, frozen=True, kw_only=True):
    with_: Annotated[tuple[str, ...], Meta(description="Related data to include.")] = ()
    form_fields_values: Annotated[bool | None, Meta(description="Add answers to `form_fields`.")] = None

    ALIASES: ClassVar[dict[str, str]] = {"with": "with_"}


class LaunchBody(msgspec.Struct, kw_only=True):
    """A process to launch. Spec: api-processes 7.1."""

    checklist_id: str | None = None
    blueprint_id: str | None = None
    name: Annotated[str, Meta(max_length=550)] | None = None
    summary: str | None = None
    owner_id: int | None = None
    user_id: int | None = None
    starred: bool | None = None
    is_public: bool | None = None
    publicly_hidden_fields: list[str] | None = None
    assign_someone_else: bool | None = None
    parent_id: str | None = None
    prerun: dict[str, Any] | list[Any] | None = None
    tasks: dict[str, Any] | list[Any] | None = None
    roles: dict[str, Any] | list[Any] | None = None
    users: list[int] | None = None
    groups: list[str] | None = None
    tags: list[str] | None = None
    folders: list[str] | None = None
    custom_fields: dict[str, Any] | Annotated[list[Any], Meta(max_length=0)] | None = None

    def __post_init__(self) -> None:
        self.summary = stored_markup(self.summary) if self.summary else self.summary


class RunChange(msgspec.Struct, kw_only=True):
    """Changes to a process; what is not sent stays. Spec: api-processes 9."""

    name: Annotated[str, Meta(max_length=550)] | UnsetType = UNSET
    summary: str | None | UnsetType = UNSET
    owner_id: int | UnsetType = UNSET
    starred: bool | UnsetType = UNSET
    is_public: bool | UnsetType = UNSET
    publicly_hidden_fields: list[str] | UnsetType = UNSET
    users: list[int] | UnsetType = UNSET
    groups: list[str] | UnsetType = UNSET
    prerun: dict[str, Any] | list[Any] | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    folders: list[str] | UnsetType = UNSET

    def __post_init__(self) -> None:
        self.summary = stored_markup(self.summary) if self.summary else self.summary
