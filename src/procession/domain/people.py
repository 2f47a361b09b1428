"""Members: roles, statuses, profiles, who may change whom. Spec: behaviour-people 1, 3.4, 4."""

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.domain.actors import Actor, Role
from procession.domain.calendar import is_zone, local_time
from procession.domain.errors import Invalid, NotAllowed, Protected
from procession.domain.loose import json_size
from procession.domain.names import clean_name, fold
from procession.domain.organizations import OrganizationSettings
from procession.domain.times import Millis

MemberStatus = Literal["active", "invited", "disabled", "deleted"]
MemberType = Literal["standard", "bot"]

ROLES: tuple[Role, ...] = ("admin", "standard", "light")
BOT_NAME = ("Process", "Bot")
MAX_NAME = 32
DELETED = "(Deleted)"

MAX_PREFERENCES_BYTES = 10_000

_BOT_EMAIL = re.compile(r"bot@[0-9a-f]{32}\.invalid")
_LINK = re.compile(r"https?:|://|www\.|[^\s.]\.[a-z]{2,}/", re.IGNORECASE)

LAST_ADMIN = "This is the organization's last administrator. Make somebody else an administrator first."
BOT_IS_PROTECTED = "The bot belongs to the organization: it cannot be edited, disabled, removed or given a role."
NOT_DISABLED = "Only a disabled member can be deleted. Disable the member first."
OWN_PROFILE_ONLY = "This person belongs to several organizations, so only they can edit their profile."


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person says about themselves beside name and time zone; the same in all their organizations."""

    profile_pic: str | None = None
    locale: str | None = None
    phone: str | None = None
    job_title: str | None = None
    job_description: str | None = None
    team: str | None = None
    country_id: int | None = None
    date_format: str | None = None
    step_preferences: dict[str, Any] | None = None


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True):
    """Name and time zone are said every time; of the rest, what is not mentioned stays. Spec: api-people U4."""

    first_name: str
    last_name: str
    timezone: str
    phone: Annotated[str, Meta(max_length=20)] | UnsetType | None = UNSET
    job_title: Annotated[str, Meta(max_length=200)] | UnsetType | None = UNSET
    job_description: Annotated[str, Meta(max_length=2000)] | UnsetType | None = UNSET
    team: Annotated[str, Meta(max_length=200)] | UnsetType | None = UNSET
    country_id: Annotated[int, Meta(ge=0, le=2**53)] | UnsetType | None = UNSET
    date_format: Literal["mm/dd/yyyy", "dd/mm/yyyy"] | UnsetType | None = UNSET
    locale: Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")] | UnsetType | None = UNSET
    step_preferences: dict[str, Any] | UnsetType | None = UNSET

    def applied_to(self, profile: Profile) -> Profile:
        """The profile with what is mentioned; a blank text is null."""
        given = {name: getattr(self, name) for name in Profile.__struct_fields__ if hasattr(self, name)}
        mentioned = {name: None if value == "" else value for name, value in given.items() if value is not UNSET}
        return msgspec.structs.replace(profile, **mentioned)


def require_admin(actor: Actor, to: str) -> None:
    if not actor.is_admin:
        raise NotAllowed(f"Only administrators may {to}.")


def require_full_member(actor: Actor, to: str) -> None:
    """Administrators and standard members pass. Spec: behaviour-people P3."""
    if actor.role not in ("admin", "standard"):
        raise NotAllowed(f"Light members may not {to}.")


def require_group_manager(actor: Actor, settings: OrganizationSettings) -> None:
    """Spec: behaviour-people 3.4 "Groups"."""
    require_full_member(actor, "create, change or delete groups")
    if not (actor.is_admin or settings.allow_manage_groups):
        raise NotAllowed("Only administrators may create, change or delete groups in this organization.")


def require_inviter(actor: Actor, settings: OrganizationSettings, *, role: Role) -> None:
    """Spec: behaviour-people I3, 3.4 "Invite member"."""
    require_full_member(actor, "invite members")
    if actor.is_admin:
        return
    if not settings.allow_user_invite:
        raise NotAllowed("Only administrators may invite members to this organization.")
    if role == "admin":
        raise NotAllowed("Only administrators may invite administrators.")


def require_person(member_type: str) -> None:
    """Spec: behaviour-people R4."""
    if member_type == "bot":
        raise Protected(BOT_IS_PROTECTED)


def parse_role(text: str) -> Role | None:
    """A role in any case. Spec: api-people 4.2."""
    word = text.strip().lower()
    return next((role for role in ROLES if role == word), None)


def full_name(first_name: str, last_name: str) -> str:
    return f"{first_name} {last_name}".strip()


def folded_name(first_name: str, last_name: str) -> str:
    """What members are sorted by: first name, then last name. Spec: api-conventions 10."""
    return fold(full_name(first_name, last_name))


def bot_email(organization_id: str) -> str:
    """The address of an organization's bot; no mail can reach it."""
    return f"bot@{organization_id}.invalid"


def is_bot_email(email: str) -> bool:
    return _BOT_EMAIL.fullmatch(email.strip().lower()) is not None


def deleted_email(email: str, account: int) -> str:
    """Spec: behaviour-work L7."""
    return f"{email}.deleted.{account}"


def undeleted_email(email: str, account: int) -> str:
    """The address of a member, here or deleted."""
    return email.removesuffix(deleted_email("", account))


def name_faults(first_name: str, last_name: str) -> dict[str, list[Any]]:
    """Faults of a member's name, by field. Spec: api-people U4, U5, behaviour-people I10."""
    errors: dict[str, list[Any]] = {}
    for field, text in (("first_name", first_name), ("last_name", last_name)):
        words = field.replace("_", " ")
        name = clean_name(text)
        if not name:
            errors[field] = [f"The {words} field is required."]
        elif len(name) > MAX_NAME:
            errors[field] = [f"The {words} may not be greater than {MAX_NAME} characters."]
        elif _LINK.search(text):
            errors[field] = [f"The {words} must not contain a link."]
    return errors


def check_profile(change: ProfileChange) -> None:
    """Raises Invalid."""
    errors = name_faults(change.first_name, change.last_name)
    if not is_zone(change.timezone):
        errors["timezone"] = ["The timezone must be the name of an IANA time zone."]
    if json_size(change.step_preferences) > MAX_PREFERENCES_BYTES and change.step_preferences is not UNSET:
        errors["step_preferences"] = [f"The step preferences may not take more than {MAX_PREFERENCES_BYTES} bytes."]
    if errors:
        raise Invalid(errors)


def utc_offset(zone: str, at: Millis) -> str:
    """How far the clocks of `zone` are from UTC, such as "+02:00"."""
    shown = local_time(at, zone).strftime("%z")
    return f"{shown[:3]}:{shown[3:5]}"
