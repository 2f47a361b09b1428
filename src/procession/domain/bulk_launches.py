"""Bulk launches: one template, one launch for each row of a table. Spec: behaviour-launching 13."""

from typing import Literal

import msgspec

from procession.domain.bulk_columns import Column
from procession.domain.times import Millis

BulkStatus = Literal["running", "finished", "cancelled", "stopped"]
RowStatus = Literal["waiting", "launched", "valid", "failed", "cancelled"]

MOST_RUNNING = 10
"""So many of an organization's bulk launches may be under way at once."""


class BulkLaunch(msgspec.Struct, frozen=True, kw_only=True):
    """Column names and fields agree (storage.rows). `done` counts rows that were launched (dry run: found right)."""

    id: int
    template_id: str
    member: int
    is_dry_run: bool
    status: BulkStatus = "running"
    error: str | None = None
    columns: tuple[Column, ...]
    total: int
    done: int = 0
    failed: int = 0
    created_at: Millis
    updated_at: Millis
    finished_at: Millis | None = None


class BulkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row and what became of it. `name` is that of the process, of a dry run's the one it would have."""

    bulk_launch: int
    number: int
    status: RowStatus = "waiting"
    cells: tuple[str, ...]
    name: str | None = None
    run_id: str | None = None
    errors: dict[str, list[str]] | None = None
