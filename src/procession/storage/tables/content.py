"""Tags and folders, and what carries them."""

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from procession.storage.columns import key, number, optional_number, optional_text, text
from procession.storage.tables.base import metadata

tags = Table(
    "tag",
    metadata,
    key("org"),
    text("id"),
    text("title"),
    text("folded_title"),
    optional_text("color"),
    number("auto_generated"),
    optional_text("type"),
    number("created_at"),
    number("updated_at"),
    # JSON object, null while there are none.
    optional_text("custom_fields"),
    PrimaryKeyConstraint("org", "id"),
    UniqueConstraint("org", "folded_title"),
)

tag_links = Table(
    "tag_link",
    metadata,
    key("org"),
    # The association id on the wire.
    key("id"),
    text("tag_id"),
    # Exactly one subject; a step's link names its template too.
    optional_number("process"),
    optional_number("task"),
    optional_text("template_id"),
    optional_text("step_id"),
    number("created_at"),
    PrimaryKeyConstraint("org", "id"),
    UniqueConstraint("org", "tag_id", "process"),
    UniqueConstraint("org", "tag_id", "task"),
    ForeignKeyConstraint(["org", "tag_id"], ["tag.org", "tag.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["org", "process"], ["process.org", "process.seq"], ondelete="CASCADE"),
    ForeignKeyConstraint(["org", "task"], ["task.org", "task.seq"], ondelete="CASCADE"),
    ForeignKeyConstraint(["org", "template_id"], ["template.org", "template.id"], ondelete="CASCADE"),
    # With the tag, or SQLite would rather go through all tags of the organization: a unique key has all it asks for.
    Index("ix_tag_link_process", "org", "process", "tag_id"),
    Index("ix_tag_link_task", "org", "task", "tag_id"),
    Index("ix_tag_link_template", "org", "template_id"),
    Index("ix_tag_link_step", "org", "step_id"),
)

folders = Table(
    "folder",
    metadata,
    key("org"),
    text("id"),
    # checklist or run: two separate trees.
    text("kind"),
    text("name"),
    text("folded_name"),
    optional_text("parent_id"),
    number("position"),
    number("created_at"),
    number("updated_at"),
    # JSON object, null while there are none.
    optional_text("custom_fields"),
    PrimaryKeyConstraint("org", "id"),
    ForeignKeyConstraint(["org", "parent_id"], ["folder.org", "folder.id"]),
    Index("ix_folder_tree", "org", "kind", "parent_id", "position"),
)

folder_links = Table(
    "folder_link",
    metadata,
    key("org"),
    # The relation id on the wire.
    key("id"),
    text("folder_id"),
    # Exactly one subject, and a subject lies in one folder at most.
    optional_number("process"),
    optional_number("task"),
    number("created_at"),
    PrimaryKeyConstraint("org", "id"),
    UniqueConstraint("org", "process"),
    UniqueConstraint("org", "task"),
    ForeignKeyConstraint(["org", "folder_id"], ["folder.org", "folder.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["org", "process"], ["process.org", "process.seq"], ondelete="CASCADE"),
    ForeignKeyConstraint(["org", "task"], ["task.org", "task.seq"], ondelete="CASCADE"),
    Index("ix_folder_link_folder", "org", "folder_id"),
)
