"""The last thing somebody did to a process or a stand-alone task, as long as they may take it back."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from procession.storage.columns import key, number, text
from procession.storage.tables.base import metadata

undoables = Table(
    "undoable",
    metadata,
    key("org"),
    # storage.changes.Kind
    number("kind"),
    key("seq"),
    # Where the organization's log stood with it: nothing else has happened while that is the thing's last change.
    number("position"),
    number("at"),
    number("member"),
    # The kind of its event, and the id of what it was done to.
    text("act"),
    text("subject_id"),
    # JSON (domain.undo.Before).
    text("before"),
    PrimaryKeyConstraint("org", "kind", "seq"),
    Index("ix_undoable_at", "org", "at"),
)
