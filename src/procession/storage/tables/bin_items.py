"""What was deleted a short while ago and can be brought back."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from procession.storage.columns import key, number, optional_number, optional_text, text
from procession.storage.tables.base import metadata

bin_items = Table(
    "bin_item",
    metadata,
    key("org"),
    key("no"),
    # domain.bin_items.BinKind, and the id of what was deleted
    text("kind"),
    text("subject_id"),
    text("name"),
    number("deleted_by"),
    number("deleted_at"),
    number("expires_at"),
    # The template whose frozen versions it needs: the one that a process runs, else all.
    optional_text("template_id"),
    optional_number("template_version"),
    # JSON (storage.bin_contents): what it is made of again.
    text("content"),
    PrimaryKeyConstraint("org", "no"),
    Index("ix_bin_item_template", "org", "template_id"),
)
