"""Uploaded files, whose bytes are elsewhere (adapters.files), and what refers to them."""

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from procession.storage.columns import key, number, optional_number, optional_text, text
from procession.storage.tables.base import metadata

files = Table(
    "file",
    metadata,
    key("org"),
    # What timers and uses name it by; the bytes are found by the id.
    key("no"),
    text("id"),
    # domain.files.State
    text("state"),
    text("filename"),
    number("size"),
    text("sha256"),
    text("subject_type"),
    text("subject_id"),
    optional_text("task_id"),
    optional_text("step_id"),
    text("uploaded_from"),
    text("source"),
    optional_text("system"),
    optional_number("uploader"),
    optional_text("uploader_guest"),
    number("uploaded_at"),
    optional_number("archived_at"),
    PrimaryKeyConstraint("org", "no"),
    UniqueConstraint("org", "id"),
)

file_uses = Table(
    "file_use",
    metadata,
    key("org"),
    key("file"),
    # domain.files.Holder as text; below what goes with its row, at most one: schedules, members and the organization
    # have none.
    text("holder"),
    optional_number("process"),
    optional_number("task"),
    optional_number("thread"),
    optional_text("template_id"),
    optional_text("step_id"),
    optional_number("bin_item"),
    PrimaryKeyConstraint("org", "file", "holder"),
    ForeignKeyConstraint(["org", "file"], ["file.org", "file.no"]),
    ForeignKeyConstraint(["org", "process"], ["process.org", "process.seq"], ondelete="CASCADE"),
    ForeignKeyConstraint(["org", "task"], ["task.org", "task.seq"], ondelete="CASCADE"),
    ForeignKeyConstraint(["org", "thread"], ["thread.org", "thread.no"], ondelete="CASCADE"),
    ForeignKeyConstraint(["org", "template_id"], ["template.org", "template.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["org", "bin_item"], ["bin_item.org", "bin_item.no"], ondelete="CASCADE"),
    Index("ix_file_use_holder", "org", "holder"),
    Index("ix_file_use_process", "org", "process"),
    Index("ix_file_use_task", "org", "task"),
    Index("ix_file_use_thread", "org", "thread"),
    Index("ix_file_use_template", "org", "template_id"),
    Index("ix_file_use_bin_item", "org", "bin_item"),
)
