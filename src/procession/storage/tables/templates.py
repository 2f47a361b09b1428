"""Templates: a row for what lists need, a JSON document for everything else, and its frozen versions."""

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from procession.storage.columns import key, number, optional_number, optional_text, text
from procession.storage.tables.base import metadata

templates = Table(
    "template",
    metadata,
    key("org"),
    text("id"),
    key("no"),
    text("title"),
    text("folded_title"),
    text("alias"),
    text("type"),
    # Readiness label; free text, null until somebody sets it.
    optional_text("status"),
    number("owner"),
    number("created_by"),
    optional_number("updated_by"),
    optional_text("folder_id"),
    number("is_pinned"),
    number("is_system"),
    # The version that the working copy is, or will become when it is frozen.
    number("version"),
    # Newest frozen version, and the one launches use while dual versions are on.
    optional_number("frozen_version"),
    optional_number("published_version"),
    # The working copy: `domain.templates.Template` as JSON.
    text("document"),
    number("started_processes"),
    optional_number("archived_at"),
    number("created_at"),
    number("updated_at"),
    PrimaryKeyConstraint("org", "id"),
    UniqueConstraint("org", "alias"),
    Index("ix_template_updated", "org", "is_pinned", "updated_at"),
    Index("ix_template_folder", "org", "folder_id"),
    Index("ix_template_owner", "org", "owner"),
)

template_versions = Table(
    "template_version",
    metadata,
    key("org"),
    text("template_id"),
    number("version"),
    number("frozen_at"),
    optional_number("frozen_by"),
    text("document"),
    # No foreign key: a version outlives its template as long as processes run it (Spec: api-templates T7).
    PrimaryKeyConstraint("org", "template_id", "version"),
)

template_backups = Table(
    "template_backup",
    metadata,
    key("org"),
    text("template_id"),
    # From 1; the newest are kept.
    number("no"),
    text("title"),
    number("saved_at"),
    optional_number("saved_by"),
    number("replaced_at"),
    optional_number("replaced_by"),
    text("document"),
    PrimaryKeyConstraint("org", "template_id", "no"),
    ForeignKeyConstraint(["org", "template_id"], ["template.org", "template.id"], ondelete="CASCADE"),
)

template_grants = Table(
    "template_grant",
    metadata,
    key("org"),
    text("template_id"),
    # One of EDIT, READ, LAUNCH, DUPLICATE and PROCESS_READ.
    text("permission"),
    # everyone, or a member or group: "everyone", "m:<member>", "g:<group>"; in READ also a guest: "e:<address>"
    text("principal"),
    PrimaryKeyConstraint("org", "template_id", "permission", "principal"),
    ForeignKeyConstraint(["org", "template_id"], ["template.org", "template.id"], ondelete="CASCADE"),
    Index("ix_template_grant_principal", "org", "principal", "permission"),
    sqlite_with_rowid=False,
)

template_stars = Table(
    "template_star",
    metadata,
    key("org"),
    number("account"),
    text("template_id"),
    PrimaryKeyConstraint("org", "account", "template_id"),
    ForeignKeyConstraint(["org", "template_id"], ["template.org", "template.id"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

template_references = Table(
    "template_reference",
    metadata,
    key("org"),
    text("template_id"),
    # step, member, guest, group, role, template, snippet, list
    text("kind"),
    text("key"),
    PrimaryKeyConstraint("org", "template_id", "kind", "key"),
    ForeignKeyConstraint(["org", "template_id"], ["template.org", "template.id"], ondelete="CASCADE"),
    Index("ix_template_reference_key", "org", "kind", "key"),
    sqlite_with_rowid=False,
)
