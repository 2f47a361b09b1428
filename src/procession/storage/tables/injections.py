"""Templates whose steps became tasks of running processes."""

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table

from procession.storage.columns import key, number, text
from procession.storage.tables.base import metadata

injections = Table(
    "injection",
    metadata,
    key("org"),
    key("process"),
    # The frozen version that the tasks were made from: once for each process.
    text("template_id"),
    number("version"),
    text("title"),
    # The task whose completion brought them.
    number("trigger_task"),
    # Their numbers follow one another.
    number("first_task"),
    number("tasks"),
    number("at"),
    PrimaryKeyConstraint("org", "process", "template_id"),
    ForeignKeyConstraint(["org", "process"], ["process.org", "process.seq"], ondelete="CASCADE"),
    Index("ix_injection_template", "org", "template_id", "version"),
)
