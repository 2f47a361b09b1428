"""Moves of running processes to a newer version of their template. Spec: behaviour-templates 10.1."""

from typing import Literal

import msgspec

from procession.domain.moving.told import Report
from procession.domain.times import DAY, Millis

MoveStatus = Literal["running", "finished", "cancelled", "stopped", "undoing", "undone"]
RowStatus = Literal["waiting", "valid", "moved", "skipped", "cancelled", "undoing", "undone"]

UNDER_WAY: tuple[MoveStatus, ...] = ("running", "undoing")

MOST_PROCESSES = 10_000
MOST_RUNNING = 10
"""So many of an organization's moves may be under way at once."""
UNDO_DAYS = 7


class VersionMove(msgspec.Struct, frozen=True, kw_only=True):
    """Column names and fields agree (storage.rows). `moved` counts processes that were moved (dry run: could be) and
    not moved back; `undone_by` is the member who asked for that.
    """

    id: int
    template_id: str
    version: int
    member: int
    is_dry_run: bool
    status: MoveStatus = "running"
    error: str | None = None
    total: int
    moved: int = 0
    skipped: int = 0
    undone: int = 0
    undone_by: int | None = None
    created_at: Millis
    updated_at: Millis
    finished_at: Millis | None = None

    @property
    def is_under_way(self) -> bool:
        return self.status in UNDER_WAY

    @property
    def undo_until(self) -> Millis | None:
        """None: there is nothing to undo, or not yet."""
        if self.is_dry_run or self.finished_at is None or not self.moved:
            return None
        return self.finished_at + UNDO_DAYS * DAY


class MoveRow(msgspec.Struct, frozen=True, kw_only=True):
    """A process and what became of it. `reason` says why it was left alone; `process` is its number."""

    move: int
    number: int
    process: int
    run_id: str
    name: str
    from_version: int
    status: RowStatus = "waiting"
    reason: str | None = None
    report: Report | None = None
