"""Envelopes that every answer shares. Spec: api-conventions 7, 8, 14."""

from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType
from msgspec import Meta as Described

T = TypeVar("T")


class Item(msgspec.Struct, Generic[T]):
    """One thing."""

    data: T


class Many(msgspec.Struct, Generic[T]):
    """An included to-many relation."""

    data: list[T]


class One(msgspec.Struct, Generic[T]):
    """An included to-one relation."""

    data: T | None


class Links(msgspec.Struct):
    """Absolute URLs of the neighbouring pages; a key is present only when that page exists."""

    previous: str | UnsetType = UNSET
    next: str | UnsetType = UNSET


class Pagination(msgspec.Struct):
    total: int
    count: int
    per_page: int
    current_page: int
    total_pages: int
    links: Links
    has_more_pages: bool


class Meta(msgspec.Struct):
    pagination: Pagination


class Paginated(msgspec.Struct, Generic[T]):
    """One page of a list; without `meta` when the whole list was asked for."""

    data: list[T]
    meta: Meta | UnsetType = UNSET


class Sync(msgspec.Struct):
    """How a copy goes on. Spec: api-conventions 8.1."""

    next: Annotated[str, Described(description="What to send as `updated_since` the next time.")]
    has_more: Annotated[bool, Described(description="More has happened already: ask again at once.")]
    deleted: Annotated[list[str], Described(description="Ids of what was deleted, or may not be seen any more.")]


class Synced(Paginated[T], Generic[T]):
    """One page of a list; with `updated_since` what changed since, and `sync` instead of `meta`."""

    sync: Sync | UnsetType = UNSET


class ErrorBody(msgspec.Struct):
    """A refusal. `errors` (field to messages) comes with 422 validation answers."""

    error: bool
    message: str
    code: str | UnsetType = UNSET
    errors: dict[str, list[Any]] | UnsetType = UNSET
