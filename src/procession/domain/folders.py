"""Folders: two separate trees of an organization, one for templates and one for processes. Spec: api-content 2."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

FolderKind = Literal["checklist", "run"]
MAX_NAME = 32
MAX_DEPTH = 50


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kind: FolderKind
    name: str
    folded_name: str
    parent_id: str | None
    position: int
    created_at: int
    updated_at: int
    custom_fields: dict[str, Any] | None = None


def kind_of(text: object) -> FolderKind:
    """Only the literal `run` makes a process folder. Spec: api-content B3."""
    return "run" if text == "run" else "checklist"


def is_within(folders: Mapping[str, Folder], folder_id: str, ancestor_id: str) -> bool:
    """Whether the one is the other or lies below it."""
    return ancestor_id in lineage(folders, folder_id)


def lineage(folders: Mapping[str, Folder], folder_id: str) -> list[str]:
    """The folder and its ancestors, up to the root."""
    path: list[str] = []
    current: str | None = folder_id
    while current is not None and current in folders and current not in path:
        path.append(current)
        current = folders[current].parent_id
    return path


def around(folders: Mapping[str, Folder], holding: Iterable[str]) -> set[str]:
    """The folders that hold something, and those they lie in."""
    return {each for folder_id in holding for each in lineage(folders, folder_id)}


def height(folders: Mapping[str, Folder], folder_id: str) -> int:
    """How many levels the folder and what lies below it take."""
    return max(len(path) - path.index(folder_id) for path in _paths_through(folders, folder_id))


def _paths_through(folders: Mapping[str, Folder], folder_id: str) -> Iterable[list[str]]:
    for each in folders:
        path = lineage(folders, each)[::-1]
        if folder_id in path:
            yield path


def children_of(folders: Iterable[Folder]) -> dict[str | None, list[Folder]]:
    """Folders by parent, each list by position."""
    found: dict[str | None, list[Folder]] = {}
    for folder in sorted(folders, key=lambda each: (each.position, each.id)):
        found.setdefault(folder.parent_id, []).append(folder)
    return found


def arranged(siblings: Iterable[Folder], moved: Folder, position: int | None) -> dict[str, int]:
    """New positions (from 1) of the siblings whose position changes when `moved` takes its place among them.

    None puts it last. `moved` is always among the answers.
    """
    order = sorted((each for each in siblings if each.id != moved.id), key=lambda each: (each.position, each.id))
    place = len(order) if position is None else min(max(position, 1) - 1, len(order))
    order.insert(place, moved)
    return {
        each.id: number for number, each in enumerate(order, start=1) if each.position != number or each.id == moved.id
    }
