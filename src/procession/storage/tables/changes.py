"""When each process, task and template last changed, and who lost sight of one."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from procession.storage.columns import key, number, text
from procession.storage.tables.base import metadata

changes = Table(
    "change",
    metadata,
    key("org"),
    # storage.changes.Kind
    number("kind"),
    # Number of the process or task, `no` of the template.
    key("seq"),
    # The organization's position in the event log at the commit that changed it last.
    number("position"),
    PrimaryKeyConstraint("org", "kind", "seq"),
    Index("ix_change_position", "org", "kind", "position", "seq"),
    sqlite_with_rowid=False,
)

departures = Table(
    "departure",
    metadata,
    key("org"),
    number("kind"),
    # A principal that could see it, "*" for administrators; or a member who sees something of it that is their own.
    text("principal"),
    number("position"),
    key("seq"),
    text("id"),
    PrimaryKeyConstraint("org", "kind", "principal", "position", "seq"),
    sqlite_with_rowid=False,
)
