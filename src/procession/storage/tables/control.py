"""Tables shared by organizations. On Citus they are local or reference tables."""

from sqlalchemy import Column, Table

from procession.storage.columns import AUTO_ID, number, optional_number, optional_text, text
from procession.storage.tables.base import metadata

organizations = Table(
    "organization",
    metadata,
    Column("org", AUTO_ID, primary_key=True, autoincrement=True),
    text("id", unique=True),
    text("name"),
    text("slug"),
    # Everything an administrator can set (Spec: api-people 3.1), as one JSON object of the keys that were set.
    text("settings"),
    number("created_at"),
    number("updated_at"),
)

accounts = Table(
    "account",
    metadata,
    Column("id", AUTO_ID, primary_key=True, autoincrement=True),
    text("email"),
    text("folded_email", unique=True),
    optional_text("password_hash"),
    text("first_name"),
    text("last_name"),
    text("timezone"),
    # The rest of the profile (phone, job title, picture ...), as one JSON object.
    text("profile"),
    number("created_at"),
    number("updated_at"),
    optional_number("last_login_at"),
)

tokens = Table(
    "token",
    metadata,
    Column("id", AUTO_ID, primary_key=True, autoincrement=True),
    text("hash", unique=True),
    # The first characters of the token, so that its owner can tell tokens apart.
    text("hint"),
    number("account", index=True),
    optional_number("org"),
    text("kind"),
    text("name"),
    number("created_at"),
    optional_number("expires_at"),
    optional_number("revoked_at"),
    optional_number("last_used_at"),
)

rate_windows = Table(
    "rate_window",
    metadata,
    text("principal", primary_key=True),
    number("started_at"),
    number("used"),
)

sign_in_attempts = Table(
    "sign_in_attempt",
    metadata,
    text("key", primary_key=True),
    number("failures"),
    number("last_at"),
    optional_number("locked_until"),
)
