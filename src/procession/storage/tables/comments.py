"""What some comments have besides: the text they are about, and their life in a template's editor."""

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table

from procession.storage.columns import key, number, optional_text, text
from procession.storage.tables.base import metadata

thread_selections = Table(
    "thread_selection",
    metadata,
    key("org"),
    key("thread"),
    # A piece of the description, as it was then.
    text("selected_text"),
    PrimaryKeyConstraint("org", "thread"),
    ForeignKeyConstraint(["org", "thread"], ["thread.org", "thread.no"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

template_comments = Table(
    "template_comment",
    metadata,
    key("org"),
    key("thread"),
    text("template_id"),
    # Of the step it is on; null: on the template as a whole.
    optional_text("step_id"),
    number("is_read"),
    number("is_hidden"),
    # Ids of other comments: the one on a task that this is a copy of, and the one it answers.
    optional_text("source_id"),
    optional_text("reply_to"),
    PrimaryKeyConstraint("org", "thread"),
    ForeignKeyConstraint(["org", "thread"], ["thread.org", "thread.no"], ondelete="CASCADE"),
    Index("ix_template_comment_step", "org", "template_id", "step_id"),
    Index("ix_template_comment_source", "org", "source_id"),
)
