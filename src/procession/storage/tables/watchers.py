"""Who is told what happens to something."""

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table

from procession.storage.columns import key, number, optional_number, optional_text, text
from procession.storage.tables.base import metadata

watchers = Table(
    "watcher",
    metadata,
    key("org"),
    key("id"),
    # domain.watchers.ObjectType, and the id clients know it by.
    text("object_type"),
    text("object_id"),
    # The same object where it is a process, task or template: what it goes with.
    optional_number("process"),
    optional_number("task"),
    optional_text("template_id"),
    # The member who watches.
    number("account"),
    text("notification_type"),
    text("frequency"),
    optional_text("webhook"),
    number("created_at"),
    PrimaryKeyConstraint("org", "id"),
    ForeignKeyConstraint(["org", "process"], ["process.org", "process.seq"], ondelete="CASCADE"),
    ForeignKeyConstraint(["org", "task"], ["task.org", "task.seq"], ondelete="CASCADE"),
    ForeignKeyConstraint(["org", "template_id"], ["template.org", "template.id"], ondelete="CASCADE"),
    Index("ix_watcher_object", "org", "object_type", "object_id"),
    Index("ix_watcher_account", "org", "account"),
    Index("ix_watcher_process", "org", "process"),
    Index("ix_watcher_task", "org", "task"),
    Index("ix_watcher_template", "org", "template_id"),
)

watch_entries = Table(
    # What somebody who watches is told later, by the event of it; a timer of theirs says when the first is due.
    "watch_entry",
    metadata,
    key("org"),
    key("account"),
    key("position"),
    number("due_at"),
    PrimaryKeyConstraint("org", "account", "position"),
)
