"""What templates and records draw on: snippets, job titles, lookup lists, keys of custom fields."""

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from procession.storage.columns import key, number, optional_number, text
from procession.storage.tables.base import metadata

snippets = Table(
    "snippet",
    metadata,
    key("org"),
    # The number in references.
    key("id"),
    text("title"),
    text("folded_title"),
    text("content"),
    # Title and content without tags, folded.
    text("folded_text"),
    number("is_public"),
    number("for_guests"),
    number("created_at"),
    number("updated_at"),
    # A deleted snippet stays for the processes that were launched before.
    optional_number("deleted_at"),
    PrimaryKeyConstraint("org", "id"),
    Index("ix_snippet_title", "org", "folded_title", "id"),
)

snippet_texts = Table(
    "snippet_text",
    metadata,
    key("org"),
    key("snippet"),
    # From this instant on the snippet said this: a process shows what held at its launch.
    number("since"),
    text("content"),
    PrimaryKeyConstraint("org", "snippet", "since"),
    ForeignKeyConstraint(["org", "snippet"], ["snippet.org", "snippet.id"], ondelete="CASCADE"),
)

job_titles = Table(
    "job_title",
    metadata,
    key("org"),
    text("id"),
    text("name"),
    text("folded_name"),
    # JSON list of members who usually hold it, and {users, guests, groups} that a launch chose last.
    text("users"),
    text("last_holders"),
    number("created_at"),
    number("updated_at"),
    PrimaryKeyConstraint("org", "id"),
    UniqueConstraint("org", "folded_name"),
)

lookup_lists = Table(
    "lookup_list",
    metadata,
    key("org"),
    text("id"),
    text("name"),
    text("folded_name"),
    # JSON: [{id, label}], and [{id, cells: [text, ...]}] with a cell for each column.
    text("columns"),
    text("rows"),
    number("created_at"),
    number("updated_at"),
    PrimaryKeyConstraint("org", "id"),
    UniqueConstraint("org", "folded_name"),
)

field_keys = Table(
    "field_key",
    metadata,
    key("org"),
    # Running number, in the order of which they are listed.
    key("no"),
    text("id"),
    # process, task, member, guest, folder, tag, template, step, capture, prerun
    text("applies_to"),
    text("key"),
    text("label"),
    text("field_type"),
    # org or system
    text("key_type"),
    number("is_required"),
    number("is_active"),
    # JSON: [{id, text}] and [{id, label}].
    text("options"),
    text("columns"),
    number("created_at"),
    number("updated_at"),
    PrimaryKeyConstraint("org", "id"),
    UniqueConstraint("org", "applies_to", "key"),
    Index("ix_field_key_no", "org", "no"),
)
