"""Moves of processes to a newer version on the wire. Spec: api-templates 2.6."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.params import PageParams
from procession.domain.moving.told import Part, What
from procession.domain.version_moves import MOST_PROCESSES, MoveStatus, RowStatus

Ids = Annotated[list[str], Meta(max_length=MOST_PROCESSES)]


class VersionMoveOut(msgspec.Struct):
    """Processes that are moved to a newer version of their template, one after the other."""

    id: int
    checklist_id: str
    user_id: Annotated[int, Meta(description="The member who asked for it, in whose name processes are moved.")]
    dry_run: bool
    version: Annotated[int, Meta(description="The version they are moved to.")]
    status: MoveStatus
    error: Annotated[str | None, Meta(description="Why it was stopped.")]
    total: int
    waiting: int
    moved: Annotated[int, Meta(description="Processes that were moved; of a dry run those that could be.")]
    skipped: int
    undone: int
    undone_by: int | None
    undo_until: Annotated[str | None, Meta(description="Until when it can be undone; null: it cannot.")]
    created_at: str
    last_updated: str
    finished_at: str | None


class MoveChange(msgspec.Struct):
    """One thing that the move does to a process: `part_id` is the step, field or rule, `attribute` what of it."""

    what: What
    part: Part
    part_id: str | None
    task_id: Annotated[str | None, Meta(description="The task it concerns; null for one that the move makes.")]
    name: str | None
    attribute: str | None
    before: Any
    after: Any
    sentence: str


class VersionMoveRow(msgspec.Struct):
    """A process and what becomes of it."""

    row: int
    run_id: str
    name: str
    from_version: int
    status: RowStatus
    reason: Annotated[str | None, Meta(description="Why it was left alone, or could not be moved back.")]
    changes: list[MoveChange]
    unchanged: Annotated[int | None, Meta(description="How many tasks stay as they are.")]


class VersionMoveBody(msgspec.Struct, kw_only=True):
    """Processes by id, or all running ones of versions: one of the two."""

    runs: Ids | UnsetType = UNSET
    versions: Annotated[list[int], Meta(max_length=MOST_PROCESSES)] | UnsetType = UNSET
    to: Annotated[int | None, Meta(description="A newer version; without it the one that launches use.")] = None
    dry_run: Annotated[bool, Meta(description="Say of every process what would become of it, and move none.")] = False


class VersionMoveUndoBody(msgspec.Struct, kw_only=True):
    runs: Annotated[Ids | UnsetType, Meta(description="Only these of its processes.")] = UNSET


class VersionMoveListParams(PageParams, frozen=True, kw_only=True):
    checklist_id: Annotated[str | None, Meta(description="The template.")] = None
    status: Annotated[str | None, Meta(description="running, finished, cancelled, stopped, undoing or undone.")] = None


class VersionMoveRowListParams(PageParams, frozen=True, kw_only=True):
    status: Annotated[str | None, Meta(description="waiting, valid, moved, skipped, cancelled, undoing or undone.")] = (
        None
    )
