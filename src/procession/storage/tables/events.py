"""The event log, the organization's position in it, and the numbers an organization hands out."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table
from sqlalchemy import text as sql

from procession.storage.columns import key, number, optional_number, optional_text, text
from procession.storage.tables.base import metadata

organization_states = Table(
    "organization_state",
    metadata,
    key("org", primary_key=True, autoincrement=False),
    # Position of the newest event. Whoever advances it holds the organization's lock until the commit.
    number("position"),
    # Advances with every change of roles, groups, grants or template owners.
    number("rights_epoch"),
)

sequences = Table(
    "sequence",
    metadata,
    key("org"),
    text("kind"),
    number("last"),
    # The newest instant handed out with a number: numbers and instants rise together.
    number("last_at"),
    PrimaryKeyConstraint("org", "kind"),
)

events = Table(
    "event",
    metadata,
    key("org"),
    number("position"),
    text("id"),
    number("at"),
    text("actor_kind"),
    optional_text("actor_id"),
    optional_text("on_behalf_of"),
    text("channel"),
    optional_text("address"),
    optional_text("client"),
    optional_text("cause"),
    text("subject_kind"),
    text("subject_id"),
    optional_number("process"),
    text("kind"),
    text("payload"),
    text("digest"),
    PrimaryKeyConstraint("org", "position"),
    # What happened in one process, in order.
    Index(
        "ix_event_process",
        "org",
        "process",
        "position",
        sqlite_where=sql("process IS NOT NULL"),
        postgresql_where=sql("process IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

event_topics = Table(
    # What happened to a template and its parts, or to a task that stands alone (domain.events.topics_of).
    "event_topic",
    metadata,
    key("org"),
    # "template:<id>", "task:<id>" or, for what is written on it, "task:<number>"
    text("topic"),
    key("position"),
    PrimaryKeyConstraint("org", "topic", "position"),
    sqlite_with_rowid=False,
)
