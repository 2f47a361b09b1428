"""Tags on the wire. Spec: api-content 1.3."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.params import PageParams


class Tag(msgspec.Struct):
    id: str
    title: str
    color: str | None
    auto_generated: bool
    type: str | None
    created_at: str
    deleted_at: str | None


class TagListParams(PageParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the title.")] = None
    all: Annotated[bool | None, Meta(description="Also automatic tags (`from:`, `task:`, `step:`).")] = None


class TagBody(msgspec.Struct):
    """A new tag."""

    title: str
    color: str | None = None
    type: str | None = None


class TagChange(msgspec.Struct):
    title: str | UnsetType = UNSET
    color: str | UnsetType = UNSET
