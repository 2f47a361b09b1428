"""Guests on the wire. Spec: api-people 5."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.contract.envelope import One
from procession.api.contract.people import MemberId
from procession.api.params import PageParams


class GuestDetails(msgspec.Struct):
    """The guest's record. `disabled_on` and `disabled_at` are the same."""

    first_name: str | None
    last_name: str | None
    status: str | None
    phone_1: str | None
    phone_2: str | None
    timezone: str | None
    image_url: str | None
    contact_url: str | None
    company_url: str | None
    opportunity_url: str | None
    company_name: str | None
    opportunity_name: str | None
    external_sync_source: str | None
    external_date_creation: str | None
    cadence_days: Annotated[list[str] | None, Meta(description="Digest days of their own; null: the organization's.")]
    associated_members: list[int]
    last_city: str | None
    last_country: str | None
    last_accessed_at: str | None
    disabled_at: str | None
    disabled_on: str | None
    disabled_by: int | None
    reactivated_at: str | None
    reactivated_by: int | None


class GuestStats(msgspec.Struct):
    assigned_tasks: int
    tasks_completed: int
    last_task_completed_at: str | None
    one_off_tasks_completed: int
    last_one_off_task_completed_at: str | None


class Guest(msgspec.Struct):
    id: int
    email: str
    first_name: str | None
    last_name: str | None
    link: Annotated[str | None, Meta(description="The guest's own page; not shown to light members.")]
    last_accessed_at: str | None
    last_known_ip: str | None
    last_known_country: str | None
    created_at: str
    deleted_at: str | None
    details: GuestDetails
    stats: One[GuestStats] | UnsetType = UNSET


class ShortGuest(msgspec.Struct):
    id: int
    email: str
    first_name: str | None
    last_name: str | None
    disabled_at: str | None


class GuestParams(PageParams, frozen=True, kw_only=True):
    pass


class GuestListParams(PageParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the e-mail address.")] = None


class GuestRecord(msgspec.Struct):
    """What may be said about a guest; what is not mentioned stays."""

    first_name: str | UnsetType | None = UNSET
    last_name: str | UnsetType | None = UNSET
    phone_1: str | UnsetType | None = UNSET
    phone_2: str | UnsetType | None = UNSET
    company_name: str | UnsetType | None = UNSET
    opportunity_name: str | UnsetType | None = UNSET
    status: str | UnsetType | None = UNSET
    company_url: str | UnsetType | None = UNSET
    contact_url: str | UnsetType | None = UNSET
    image_url: str | UnsetType | None = UNSET
    opportunity_url: str | UnsetType | None = UNSET
    timezone: str | UnsetType | None = UNSET
    external_sync_source: str | UnsetType | None = UNSET
    external_date_creation: Annotated[str, Meta(description="YYYY-MM-DD HH:MM:SS, in UTC.")] | UnsetType | None = UNSET
    associated_members: list[MemberId] | UnsetType = UNSET

    def mentioned(self) -> dict[str, Any]:
        given = {name: getattr(self, name) for name in GuestRecord.__struct_fields__}
        return {name: value for name, value in given.items() if value is not UNSET}


class GuestBody(GuestRecord, kw_only=True):
    """A new guest."""

    email: str


class MemberFromGuest(msgspec.Struct):
    """What the new member is called and may do; the guest's own name and `standard` unless given."""

    role: str | None = None
    first_name: str | None = None
    last_name: str | None = None
