"""Tags on the wire. Spec: api-content 1.3."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.contract.envelope import One
from procession.api.params import PageParams


class TagStatistics(msgspec.Struct):
    """How many templates and processes that the caller sees carry the tag."""

    active_template: int
    archived_template: int
    active_process: int
    archived_process: int


class Tag(msgspec.Struct):
    id: str
    title: str
    color: str | None
    auto_generated: bool
    type: str | None
    created_at: str
    deleted_at: str | None
    custom_fields: dict[str, Any]
    statistics: One[TagStatistics] | UnsetType = UNSET


class TagParams(PageParams, frozen=True, kw_only=True):
    pass


class TagListParams(PageParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the title.")] = None
    all: Annotated[bool | None, Meta(description="Also automatic tags (`from:`, `task:`, `step:`).")] = None
    auto_generated: Annotated[bool | None, Meta(description="With `all`: only automatic tags, or none of them.")] = None
    status: Annotated[str | None, Meta(description="Accepted without effect: tags are not archived.")] = None


class TagBody(msgspec.Struct):
    """A new tag."""

    title: str
    color: str | None = None
    type: str | None = None


class TagChange(msgspec.Struct):
    title: str | UnsetType = UNSET
    color: str | UnsetType | None = UNSET
