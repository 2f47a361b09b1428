"""Folders on the wire. Spec: api-content 2.2."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.params import PageParams


class Folder(msgspec.Struct):
    id: str
    name: str
    parent_id: str | None
    parent: Annotated[str | None, Meta(description="Name of the parent folder.")]
    total: Annotated[int, Meta(description="Objects directly inside that the caller sees, without archived ones.")]
    position: int
    folder_type: str
    created_at: str
    custom_fields: dict[str, Any]
    children: Folders | UnsetType = UNSET


class Folders(msgspec.Struct):
    data: list[Folder]


class FolderListParams(PageParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the name.")] = None
    folder_type: Annotated[str | None, Meta(description="`run` for process folders, else template folders.")] = None
    pagination: Annotated[bool | None, Meta(description="`false` answers the whole list, without `meta`.")] = None


class FolderParams(PageParams, frozen=True, kw_only=True):
    pass


class FolderBody(msgspec.Struct):
    """A new folder."""

    name: str
    folder_type: Annotated[Any, Meta(description="`run` makes a process folder, anything else a template folder.")] = (
        None
    )
    parent_id: str | None = None


class FolderChange(msgspec.Struct):
    """What is not mentioned stays; `parent_id` null moves to the root. The type never changes."""

    name: str | UnsetType = UNSET
    parent_id: str | UnsetType | None = UNSET
    position: Annotated[int, Meta(description="Place among its siblings, from 1.")] | UnsetType = UNSET
