"""Moves of processes to a newer version of their template, and what became of each process."""

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table

from procession.storage.columns import key, number, optional_number, optional_text, text
from procession.storage.tables.base import metadata

version_moves = Table(
    "version_move",
    metadata,
    key("org"),
    key("id"),
    text("template_id"),
    # The one that processes are moved to.
    number("version"),
    number("member"),
    number("is_dry_run"),
    text("status"),
    optional_text("error"),
    number("total"),
    number("moved"),
    number("skipped"),
    number("undone"),
    optional_number("undone_by"),
    number("created_at"),
    number("updated_at"),
    optional_number("finished_at"),
    PrimaryKeyConstraint("org", "id"),
)

version_move_rows = Table(
    "version_move_row",
    metadata,
    key("org"),
    key("move"),
    key("number"),
    # The process: its number, id and name; they stay when it is erased.
    number("process"),
    text("run_id"),
    text("name"),
    number("from_version"),
    text("status"),
    optional_text("reason"),
    # JSON (domain.moving.telling.Report).
    optional_text("report"),
    PrimaryKeyConstraint("org", "move", "number"),
    Index("ix_version_move_row_status", "org", "move", "status", "number"),
)

version_move_befores = Table(
    # What leads back, as long as a move can be undone; it goes with its process.
    "version_move_before",
    metadata,
    key("org"),
    key("process"),
    key("move"),
    # Where the organization's log stood with it: nothing else has happened while that is the process's last change.
    number("position"),
    number("at"),
    # JSON (domain.undo.Before).
    text("before"),
    PrimaryKeyConstraint("org", "process", "move"),
    ForeignKeyConstraint(["org", "process"], ["process.org", "process.seq"], ondelete="CASCADE"),
    Index("ix_version_move_before_at", "org", "at"),
)
