"""Groups on the wire. Spec: api-people 6."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.contract.envelope import Many
from procession.api.contract.guests import ShortGuest
from procession.api.contract.people import MemberId, ShortUser
from procession.api.params import PageParams


class Group(msgspec.Struct):
    id: str
    name: str
    description: str
    logo: str | None
    members: list[int]
    guests: Annotated[list[str] | Many[ShortGuest], Meta(description="Addresses, or the guests with `with=guests`.")]
    created_at: str
    last_updated: str
    updated_at: str
    deleted_at: str | None
    users: Many[ShortUser] | UnsetType = UNSET


class GroupParams(PageParams, frozen=True, kw_only=True):
    pass


class GroupListParams(PageParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the name or description.")] = None


class GroupBody(msgspec.Struct):
    """A new group; unknown addresses among `guests` become guests."""

    name: str
    description: str = ""
    members: list[MemberId] = []
    guests: list[str] = []


class GroupChange(msgspec.Struct):
    """What is not mentioned stays; a list replaces the whole list."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    members: list[MemberId] | UnsetType = UNSET
    guests: list[str] | UnsetType = UNSET
