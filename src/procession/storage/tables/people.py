"""Members, guests and groups of an organization."""

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from procession.storage.columns import key, number, optional_number, optional_text, text
from procession.storage.tables.base import metadata

members = Table(
    "member",
    metadata,
    key("org"),
    # The account's id is the member's id on the wire.
    key("account"),
    text("role"),
    text("status"),
    text("type"),
    # Copied from the account so that no tenant read leaves the organization's tables.
    text("email"),
    text("folded_email"),
    text("first_name"),
    text("last_name"),
    text("folded_name"),
    text("timezone"),
    # domain.people.Profile, as one JSON object.
    text("profile"),
    number("is_default_admin"),
    optional_number("invited_by"),
    optional_number("activated_at"),
    optional_number("approved_at"),
    optional_number("disabled_at"),
    optional_number("disabled_by"),
    optional_number("reactivated_at"),
    optional_number("reactivated_by"),
    optional_number("last_login_at"),
    optional_text("last_known_ip"),
    number("created_at"),
    number("updated_at"),
    # JSON object, null while there are none.
    optional_text("custom_fields"),
    PrimaryKeyConstraint("org", "account"),
    UniqueConstraint("org", "folded_email"),
    Index("ix_member_name", "org", "folded_name", "account"),
)

guests = Table(
    "guest",
    metadata,
    key("org"),
    key("id"),
    # Lower case; the key of a guest in paths and assignee lists.
    text("email"),
    optional_text("first_name"),
    optional_text("last_name"),
    # domain.guests.GuestDetails, as one JSON object.
    text("details"),
    # The secret of the guest's link: found by keyed hash, shown again from the sealed copy.
    text("code_hash"),
    text("sealed_code"),
    optional_number("last_accessed_at"),
    optional_number("disabled_at"),
    optional_number("disabled_by"),
    optional_number("reactivated_at"),
    optional_number("reactivated_by"),
    number("created_at"),
    number("updated_at"),
    # JSON object, null while there are none.
    optional_text("custom_fields"),
    PrimaryKeyConstraint("org", "id"),
    UniqueConstraint("org", "email"),
    UniqueConstraint("org", "code_hash"),
)

groups = Table(
    "member_group",
    metadata,
    key("org"),
    text("id"),
    text("name"),
    text("folded_name"),
    text("description"),
    number("created_at"),
    number("updated_at"),
    PrimaryKeyConstraint("org", "id"),
    UniqueConstraint("org", "folded_name"),
)

group_people = Table(
    "group_person",
    metadata,
    key("org"),
    text("group_id"),
    # Exactly one of the two; 0 stands for none because it is part of the key.
    number("member"),
    number("guest"),
    PrimaryKeyConstraint("org", "group_id", "member", "guest"),
    ForeignKeyConstraint(["org", "group_id"], ["member_group.org", "member_group.id"], ondelete="CASCADE"),
    Index("ix_group_person_member", "org", "member"),
    Index("ix_group_person_guest", "org", "guest"),
    sqlite_with_rowid=False,
)

# Members who are away from one day to another, and who stands in for them.
absences = Table(
    "absence",
    metadata,
    key("org"),
    key("id"),
    number("member"),
    # YYYY-MM-DD
    text("starts_on"),
    text("ends_on"),
    optional_number("deputy"),
    number("created_at"),
    number("updated_at"),
    PrimaryKeyConstraint("org", "id"),
    Index("ix_absence_member", "org", "member", "ends_on"),
)
