"""Members and the caller on the wire. Spec: api-people 2, 4.2."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.contract.envelope import Many
from procession.api.contract.watchers import GuestWatcher, MemberWatcher
from procession.api.params import PageParams, Params
from procession.domain.handing_over import HandoverStatus

MemberId = Annotated[int, Meta(ge=0, le=2**53)]


class GroupOfMember(msgspec.Struct):
    id: str
    name: str
    logo: str | None
    members: list[int]
    guests: list[str]


class User(msgspec.Struct):
    """A member of an organization, or the signed-in person. Both spellings of a key mean the same."""

    id: int
    email: str
    username: str
    first_name: str
    last_name: str
    full_name: str
    profile_pic: str | None
    locale: str | None
    phone: str | None
    job_title: str | None
    job_description: str | None
    team: str | None
    role: Annotated[
        str | None, Meta(description="Capitalised on reads of members, else lower case; null without an organization.")
    ]
    status: str
    active: bool
    is_active: bool
    complete: Annotated[bool, Meta(description="Has signed in at least once.")]
    is_suspended: bool
    is_default_admin: bool
    support_user: bool
    type: str
    country_id: int | None
    timezone: str
    UTC_offset: str
    date_format: str | None
    created_at: str
    last_updated: str
    updated_at: str
    last_login_at: str | None
    last_accessed_at: str | None
    activated_at: str | None
    approved_at: str | None
    disabled_at: str | None
    reactivated_at: str | None
    invited_by: int | None
    disabled_by: int | None
    reactivated_by: int | None
    last_known_ip: Annotated[str | None, Meta(description="Administrators only.")]
    last_known_country: str | None
    step_preferences: dict[str, Any] | None
    groups: Many[GroupOfMember] | UnsetType = UNSET
    member_watchers: Many[MemberWatcher] | UnsetType = UNSET
    guest_watchers: Many[GuestWatcher] | UnsetType = UNSET


class ShortUser(msgspec.Struct):
    """A member as pickers and mentions show them."""

    id: int
    first_name: str
    last_name: str
    full_name: str
    email: str
    profile_pic: str | None
    status: str
    type: str


class UserParams(PageParams, frozen=True, kw_only=True):
    pass


class RemovalParams(Params, frozen=True, kw_only=True):
    with_reassignment: Annotated[bool | None, Meta(description="Hand the member's work over to somebody else.")] = None
    to: Annotated[int | None, Meta(description="The active member who takes over; needed with reassignment.")] = None


class HandoverOut(msgspec.Struct):
    """What a member who left handed over, and how far it has come."""

    user_id: int
    to: Annotated[int | str, Meta(description="Who has the work by now: a member's id or a guest's address.")]
    by: Annotated[int, Meta(description="The administrator who asked for it.")]
    status: Annotated[HandoverStatus, Meta(description="A cancelled one ended when the member came back.")]
    tasks: Annotated[int, Meta(description="Open tasks that were reassigned.")]
    processes: Annotated[int, Meta(description="Processes in which something was handed over.")]
    templates: Annotated[int, Meta(description="Templates in which something was handed over.")]
    created_at: str
    last_updated: str
    finished_at: str | None


class UserListParams(PageParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the first name, last name or e-mail address.")] = None


class InvitationBody(msgspec.Struct):
    """Somebody to invite. The time zone is the organization's unless it is given."""

    email: Annotated[str, Meta(max_length=254)]
    first_name: str
    last_name: str
    role: str
    message: str
    timezone: str | None = None


class RoleBody(msgspec.Struct):
    role: Annotated[str, Meta(description="admin, standard or light, in any case.")]


class NoticePreferences(msgspec.Struct):
    task_assignments: Annotated[bool, Meta(description="Mail that tasks or processes have become theirs.")]
    others_updates: Annotated[bool, Meta(description="Mail on changes of processes, on one-off tasks that are done.")]
    comments: Annotated[bool, Meta(description="Mail on comments and issues on their tasks and templates.")]
    mentions: Annotated[bool, Meta(description="Mail on comments that mention them.")]
    process_completed: Annotated[bool, Meta(description="Mail that processes are finished.")]
    deadline_changes: Annotated[bool, Meta(description="Mail that deadlines have moved.")]
    assignment_changes: Annotated[bool, Meta(description="Mail that their tasks have other assignees.")]
    task_edits: Annotated[bool, Meta(description="Mail that their tasks were edited or reopened.")]
    stop_all: Annotated[bool, Meta(description="No mail at all, but what concerns their account.")]


class NoticePreferencesBody(msgspec.Struct):
    """What is not mentioned stays."""

    task_assignments: bool | UnsetType = UNSET
    others_updates: bool | UnsetType = UNSET
    comments: bool | UnsetType = UNSET
    mentions: bool | UnsetType = UNSET
    process_completed: bool | UnsetType = UNSET
    deadline_changes: bool | UnsetType = UNSET
    assignment_changes: bool | UnsetType = UNSET
    task_edits: bool | UnsetType = UNSET
    stop_all: bool | UnsetType = UNSET
