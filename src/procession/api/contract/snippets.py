"""Snippets on the wire. Spec: api-templates 11."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.adapters.text import safe_markup
from procession.api.params import PageParams


class Snippet(msgspec.Struct):
    """A text that stands in others by `<span class="insert-snippet-tag" data-snippet-id="id">`."""

    id: int
    increment_id: int
    title: str
    content: str
    visible_in_public_templates: bool
    visible_to_guests: bool
    created_at: str
    last_updated: str


class SnippetListParams(PageParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of title or content.")] = None


class SnippetBody(msgspec.Struct):
    """A new snippet; its markup is made safe as it is read."""

    title: str
    content: str
    visible_in_public_templates: bool = False
    visible_to_guests: bool = False

    def __post_init__(self) -> None:
        self.content = safe_markup(self.content)


class SnippetChange(msgspec.Struct):
    """What is not mentioned stays."""

    title: str | UnsetType = UNSET
    content: str | UnsetType = UNSET
    visible_in_public_templates: bool | UnsetType = UNSET
    visible_to_guests: bool | UnsetType = UNSET

    def __post_init__(self) -> None:
        if isinstance(self.content, str):
            self.content = safe_markup(self.content)
