"""A template as plain data: the row that lists read, and the document that holds everything else.

The working copy and each frozen version are one `Template` document. Spec: api-templates 3, 4, 7; behaviour-templates.
"""

from typing import Any, get_args

import msgspec

from procession.domain.automations.rules import Rule
from procession.domain.deadlines import Offset, StepDeadline
from procession.domain.fields import Field
from procession.domain.processes import ProcessType, TaskType
from procession.domain.stages import Stage
from procession.domain.times import Millis
from procession.domain.watchers import DefaultWatcher

TemplateType = ProcessType
StepType = TaskType

TEMPLATE_TYPES: tuple[TemplateType, ...] = get_args(TemplateType)
STEP_TYPES: tuple[StepType, ...] = get_args(StepType)

MAX_TITLE = 250
MAX_SUMMARY = 2000
MAX_STEP_TITLE = 600
MAX_STEPS = 500
MAX_DOCUMENT_BYTES = 2 * 1024 * 1024

DEFAULT_START = Offset(2, "hours")


class FollowUp(msgspec.Struct, frozen=True):
    """The template that completing a step launches. Spec: api-templates 4.5."""

    template_id: str
    default_name_format: str | None = None
    tasks_within_process: bool = False


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step; its position is its place in the template. Spec: api-templates 4.2."""

    id: str
    alias: str
    title: str
    summary: str | None = None
    step_type: StepType = "task"
    webhook: str | None = None
    assignees: tuple[int, ...] = ()
    guests: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    # Job titles.
    roles: tuple[str, ...] = ()
    max_assignable: int = 0
    allow_guest_owners: bool = True
    deadline: StepDeadline
    start_date: Offset = DEFAULT_START
    is_soft_start_date: bool = True
    skip_start_process: bool = False
    can_complete_only_assignees: bool = False
    everyone_must_complete: bool = False
    # Of an approval: so many assignees must approve, and never whoever launched. Spec: behaviour-work 5.5a.
    approvals_needed: int | None = None
    # Steps of the template whose tasks come before its own; None when there are none. Spec: behaviour-work 5.8a.
    blocked_by: tuple[str, ...] | None = None
    prevent_guest_comment: bool = False
    role_changes_every_time: bool = False
    assign_run_starter: bool = True
    top_secret: bool = False
    send_chromeless: bool = False
    follow_up: FollowUp | None = None
    ai_assigned: bool = False
    ai_allowed_app_keys: tuple[str, ...] = ()
    ai_on_uncertainty: str | None = None
    # Hidden at the start even if no rule shows it. Spec: behaviour-automations A-6.1 (D6).
    hide_by_default: bool = False
    # Re-opening takes back what its completion made rules do. Spec: behaviour-automations.
    reverse_rules_on_reopen: bool = False
    stage_id: str | None = None
    fields: tuple[Field, ...] = ()
    created_by: int
    created_at: Millis
    updated_at: Millis
    custom_fields: dict[str, Any] = {}  # JSON

    def field(self, field_id: str) -> Field | None:
        return next((field for field in self.fields if field.id == field_id), None)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """A template without its steps. Spec: api-templates 3, behaviour-templates 4."""

    summary: str | None = None
    guidance: str | None = None
    # Of a document: its text. Spec: T-16.1.
    body: str | None = None
    icon: str | None = None
    explanation_video: str | None = None
    public_cover: str | None = None
    webhook: str | None = None
    kickoff_title: str | None = None
    kickoff_description: str | None = None
    kickoff: tuple[Field, ...] = ()
    rules: tuple[Rule, ...] = ()
    default_process_name_format: str | None = None
    auto_naming: bool = False
    allow_launcher_change_name: bool = False
    folderize_process: bool = False
    tag_process: bool = False
    default_folder: str | None = None
    folder_changeable_by_launcher: bool = True
    can_add_oot: bool = True
    users: tuple[int, ...] = ()
    groups: tuple[str, ...] = ()
    default_watchers: tuple[DefaultWatcher, ...] = ()
    is_public: bool = False
    is_public_kickoff: bool = False
    is_featured: bool = False
    kickoff_sharing_user_id: int | None = None
    ko_form_blueprint_id: str | None = None
    dual_version_enabled: bool = False
    # What rules show and hide follows their conditions both ways. Spec: behaviour-automations.
    two_way_visibility: bool = False
    custom_fields: dict[str, Any] = {}  # JSON


class Template(Settings, frozen=True, kw_only=True):
    """The whole document, steps in order."""

    steps: tuple[Step, ...] = ()
    stages: tuple[Stage, ...] = ()

    @property
    def steps_count(self) -> int:
        return len(self.steps)

    def step(self, step_id: str) -> Step | None:
        return next((step for step in self.steps if step.id == step_id), None)

    def step_with(self, field_id: str) -> Step | None:
        """The step that has this field."""
        return next((step for step in self.steps if step.field(field_id) is not None), None)

    def rule(self, rule_id: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    def stage(self, stage_id: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.id == stage_id), None)

    def fields(self) -> list[Field]:
        """Every field of the steps, in step then position order."""
        return [field for step in self.steps for field in step.fields]


class Outline(Settings, frozen=True, kw_only=True):
    """A document whose steps stay unread, for lists that only count them."""

    steps: tuple[msgspec.Raw, ...] = ()

    @property
    def steps_count(self) -> int:
        return len(self.steps)


class TemplateHead(msgspec.Struct, frozen=True, kw_only=True):
    """What lists filter and sort by. Column names and fields agree (storage.rows)."""

    id: str
    # Running number of the organization's templates.
    no: int
    title: str
    folded_title: str
    alias: str
    type: TemplateType
    # Readiness label; None until somebody sets it. Spec: behaviour-templates 1.1.
    status: str | None = None
    owner: int
    created_by: int
    updated_by: int | None = None
    folder_id: str | None = None
    is_pinned: bool = False
    is_system: bool = False
    # The version the working copy is, or becomes when it is frozen.
    version: int = 1
    frozen_version: int | None = None
    published_version: int | None = None
    started_processes: int = 0
    archived_at: Millis | None = None
    created_at: Millis
    updated_at: Millis

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def is_frozen(self) -> bool:
        """Whether the working copy equals the newest frozen version."""
        return self.frozen_version == self.version


class TemplateRow(TemplateHead, frozen=True, kw_only=True):
    """A template with its working copy."""

    document: Template

    @property
    def is_published(self) -> bool:
        return is_published(self, self.document)

    @property
    def launched_version(self) -> int | None:
        """The version launches use; None when there is none yet. Spec: T-10.7."""
        return self.published_version if self.document.dual_version_enabled else self.version


class TemplateOutline(TemplateHead, frozen=True, kw_only=True):
    document: Outline


def is_published(head: TemplateHead, document: Settings) -> bool:
    """Whether launches use the template as it stands now. Spec: api-templates 2.5, T-10.7."""
    if head.published_version is None:
        return False
    return not document.dual_version_enabled or head.published_version == head.version


def is_draft(head: TemplateHead, document: Settings) -> bool:
    """Whether the working copy is a draft that only its editors see. Spec: T-10.7."""
    return document.dual_version_enabled and not is_published(head, document)
