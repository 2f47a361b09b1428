"""Templates on the wire. Spec: api-templates 2, 3, 9, 10."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.adapters.text import stored_markup
from procession.api.contract.envelope import Many, One
from procession.api.contract.files import Asset
from procession.api.contract.rules import AutomatedAction
from procession.api.contract.shared import TagLink
from procession.api.contract.steps import MemberId, Milestone, Step
from procession.api.contract.template_fields import KickoffFieldBody, Prerun
from procession.api.contract.watchers import GuestWatcher, MemberWatcher
from procession.api.params import PageParams, Params
from procession.domain.document_text import MAX_BODY
from procession.domain.watchers import Frequency, NotificationType

TemplateTypeName = Literal["procedure", "form", "document"]
PermissionName = Literal["CHECKLIST_READ", "CHECKLIST_EDIT", "PROCESS_LAUNCH", "CHECKLIST_DUPLICATE", "PROCESS_READ"]


class ChecklistFolder(msgspec.Struct):
    """The folder a template lies in; with the ancestor chain each `parent` is such an object up to the root."""

    id: str
    name: str
    parent_id: str | None
    parent: "ChecklistFolder | None"
    total: int
    position: int
    folder_type: Literal["checklist"]
    created_at: str
    custom_fields: dict[str, Any]


class TemplatePermission(msgspec.Struct):
    """Whom one of the five lists contains."""

    permission: PermissionName
    all: bool
    users: list[int]
    groups: list[str]
    guests: Annotated[list[str], Meta(description="Addresses; only CHECKLIST_READ has any.")]


class Launchability(msgspec.Struct):
    """Whether the caller may launch from a template as it is."""

    allowed: bool
    reason: Annotated[str | None, Meta(description="What a launch would be refused with.")]


class DefaultMemberWatcher(msgspec.Struct, kw_only=True):
    """A member who watches every new process, and how they are told."""

    id: int
    notification_type: NotificationType
    frequency: Frequency
    webhook: str | None


class DefaultGroupWatcher(msgspec.Struct, kw_only=True):
    """A group whose members at the launch watch the new process."""

    id: str
    notification_type: NotificationType
    frequency: Frequency
    webhook: str | None


class DefaultWatchers(msgspec.Struct, kw_only=True):
    """Who watches every process launched from a template. Spec: behaviour-templates 4.1."""

    users: list[DefaultMemberWatcher]
    groups: list[DefaultGroupWatcher]


class DefaultWatcherBody(msgspec.Struct, kw_only=True):
    """A member or group; told by e-mail every three hours unless it says otherwise."""

    id: int | str
    notification_type: str | None = None
    frequency: str | None = None
    webhook: str | None = None


class DefaultWatchersBody(msgspec.Struct, kw_only=True):
    """All default watchers; an id alone is enough of each."""

    users: list[int | DefaultWatcherBody] = []
    groups: list[str | DefaultWatcherBody] = []


class Checklist(msgspec.Struct, kw_only=True):
    """A template. Spec: api-templates 3."""

    id: str
    increment_id: int
    title: str
    summary: str | None
    type: TemplateTypeName
    status: str | None
    starred: bool
    is_pinned: bool
    alias: str
    icon: str | None
    guidance: str | None
    body: Annotated[str | UnsetType | None, Meta(description="Of a document: its text. Not in lists.")] = UNSET
    explanation_video: str | None
    webhook: str | None
    public_cover: str | None
    owner_id: int
    created_by: int
    last_updated_by: int | None
    kickoff_title: str | None
    kickoff_description: str | None
    prerun: list[Prerun]
    automated_actions: list[AutomatedAction]
    steps_count: int
    started_processes: int
    is_public: bool
    is_featured: bool
    is_public_kickoff: bool
    kickoff_sharing_user_id: int | None
    ko_form_blueprint_id: str | None
    default_process_name_format: str | None
    auto_naming: bool
    allow_launcher_change_name: bool
    dual_version_enabled: bool
    two_way_visibility: bool
    is_published_state: bool
    folder_id: str | None
    default_folder: str | None
    folder_changeable_by_launcher: bool
    folderize_process: bool
    tag_process: bool
    can_add_oot: bool
    users: list[int]
    groups: list[str]
    default_watchers: DefaultWatchers
    topic_tags: list[dict[str, Any]]
    industry_tags: list[dict[str, Any]]
    custom_fields: dict[str, Any]
    created_at: str
    last_updated: str
    archived_at: str | None
    import_count: Annotated[
        int | UnsetType, Meta(description="Of one public template: copies of it in other organizations.")
    ] = UNSET
    steps: Many[Step] | UnsetType = UNSET
    tags: Many[TagLink] | UnsetType = UNSET
    folder: One[ChecklistFolder] | UnsetType = UNSET
    permissions: Many[TemplatePermission] | UnsetType = UNSET
    launch: One[Launchability] | UnsetType = UNSET
    stages: Many[Milestone] | UnsetType = UNSET
    member_watchers: Many[MemberWatcher] | UnsetType = UNSET
    guest_watchers: Many[GuestWatcher] | UnsetType = UNSET
    assets: Many[Asset] | UnsetType = UNSET


class TemplateListParams(PageParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the title, whatever the case.")] = None
    status: Annotated[str | None, Meta(description="Readiness label, exactly.")] = None
    type: Annotated[str | None, Meta(description="procedure, form or document.")] = None
    starred: Annotated[bool | None, Meta(description="Only the caller's favourites, or only the others.")] = None
    folder: Annotated[tuple[str, ...], Meta(description="Folders the template lies in.")] = ()
    tag: Annotated[tuple[str, ...], Meta(description="Tags, all of them.")] = ()
    owner_id: Annotated[int | None, Meta(description="Owner of the template.")] = None
    archived: Annotated[str | None, Meta(description="`true` adds archived templates, `only` gives just them.")] = None
    updated_since: Annotated[
        str | None,
        Meta(description="`now`, a moment, or `sync.next` of an earlier answer: what changed since, and what is gone."),
    ] = None

    ALIASES: ClassVar[dict[str, str]] = {**PageParams.ALIASES, "folder_id": "folder"}


class TemplateParams(Params, frozen=True, kw_only=True):
    with_: Annotated[tuple[str, ...], Meta(description="Related data to include.")] = ()
    entire_folder_tree: Annotated[bool | None, Meta(description="Give the included folder its ancestor chain.")] = None

    ALIASES: ClassVar[dict[str, str]] = {"with": "with_"}


class ImportParams(Params, frozen=True, kw_only=True):
    import_: Annotated[bool | None, Meta(description="Create the steps of an exported template too.")] = None

    ALIASES: ClassVar[dict[str, str]] = {"import": "import_"}


Text = str | UnsetType | None
Flag = bool | UnsetType


class TemplateSettings(msgspec.Struct, kw_only=True):
    """What can be said about a template on creation and on every update; its markup is made safe as it is read."""

    title: str
    summary: Annotated[str, Meta(max_length=2000)] | UnsetType | None = UNSET
    owner_id: MemberId | UnsetType = UNSET
    webhook: Text = UNSET
    explanation_video: Text = UNSET
    public_cover: Text = UNSET
    guidance: Text = UNSET
    body: Annotated[str, Meta(max_length=MAX_BODY)] | UnsetType | None = UNSET
    icon: Text = UNSET
    starred: Flag = UNSET
    is_public: Flag = UNSET
    is_featured: Flag = UNSET
    is_public_kickoff: Flag = UNSET
    folder_id: Text = UNSET
    default_process_name_format: Annotated[str, Meta(max_length=550)] | UnsetType | None = UNSET
    auto_naming: Flag = UNSET
    allow_launcher_change_name: Flag = UNSET
    dual_version_enabled: Flag = UNSET
    two_way_visibility: Flag = UNSET
    folderize_process: Flag = UNSET
    tag_process: Flag = UNSET
    can_add_oot: Flag = UNSET
    users: list[MemberId] | UnsetType = UNSET
    groups: list[str] | UnsetType = UNSET
    default_watchers: DefaultWatchersBody | UnsetType | None = UNSET
    kickoff_title: Text = UNSET
    kickoff_description: Text = UNSET
    folder_changeable_by_launcher: Flag = UNSET
    prerun: list[KickoffFieldBody] | UnsetType = UNSET

    def __post_init__(self) -> None:
        described = self.kickoff_description
        self.kickoff_description = stored_markup(described) if described else described
        self.summary = stored_markup(self.summary) if self.summary else self.summary
        self.guidance = stored_markup(self.guidance) if self.guidance else self.guidance
        self.body = stored_markup(self.body) if self.body else self.body


class TemplateBody(TemplateSettings, kw_only=True):
    """A new template. Spec: api-templates 2.2."""

    type: TemplateTypeName
    user_id: MemberId | UnsetType = UNSET


class TemplateChange(TemplateSettings, kw_only=True):
    """Changes to a template: the title every time; what is not sent stays. Spec: api-templates 2.3."""

    type: TemplateTypeName | UnsetType = UNSET
    alias: str | UnsetType = UNSET
    status: Annotated[str, Meta(max_length=50)] | UnsetType | None = UNSET
    is_pinned: Flag = UNSET
    default_folder: Text = UNSET
    kickoff_sharing_user_id: MemberId | UnsetType | None = UNSET


class CloneBody(msgspec.Struct):
    """`tenant` is the organization the template is copied from; the one in the path when absent."""

    tenant: str | None = None
    title: str | None = None


class PermissionBody(msgspec.Struct):
    permission: str
    all: bool = False
    users: list[MemberId] = []
    groups: list[str] = []
    guests: Annotated[
        list[str] | UnsetType,
        Meta(description="Addresses, CHECKLIST_READ only; absent: those there stay."),
    ] = UNSET


class FavouriteBody(msgspec.Struct):
    users: Annotated[list[MemberId], Meta(min_length=1, max_length=1000)]


class Favourites(msgspec.Struct):
    """Members whose favourite a template has become."""

    users: Annotated[list[int], Meta(description="Those of whom it was none before.")]


class DeletedReference(msgspec.Struct):
    """A place whose text showed the template."""

    type: Literal["Blueprint", "Step"]
    title: str
    id: str


class TemplateGone(msgspec.Struct):
    message: str
    deleted_references: list[DeletedReference]


class Empty(msgspec.Struct):
    """Nothing more to say."""


class PublicStep(msgspec.Struct):
    id: str
    title: str
    alias: str
    summary: str | None
    step_type: str
    position: int


class PublicTemplate(msgspec.Struct, kw_only=True):
    """What anybody may see of a public template: no people, no addresses. Spec: api-templates 10."""

    id: str
    title: str
    alias: str
    type: TemplateTypeName
    summary: str | None
    guidance: str | None
    body: str | None
    icon: str | None
    public_cover: str | None
    explanation_video: str | None
    kickoff_title: str | None
    kickoff_description: str | None
    prerun: list[Prerun]
    steps: Many[PublicStep]
    custom_fields: None
