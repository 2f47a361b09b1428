"""Job titles on the wire, called roles there. Spec: api-templates 11."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.contract.people import MemberId
from procession.api.params import PageParams


class Holders(msgspec.Struct):
    """Whom a launch chose last."""

    users: list[int]
    guests: list[str]
    groups: list[str]


class Role(msgspec.Struct):
    """A job title; steps name it, each launch says who holds it."""

    id: str
    name: str
    users: Annotated[list[int], Meta(description="Members who usually hold it.")]
    last_holders: Holders
    created_at: str
    last_updated: str


class RoleListParams(PageParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the name.")] = None


class RoleBody(msgspec.Struct):
    """A new job title."""

    name: str
    users: list[MemberId] = []


class RoleChange(msgspec.Struct):
    """What is not mentioned stays; a list replaces the whole list."""

    name: str | UnsetType = UNSET
    users: list[MemberId] | UnsetType = UNSET
