"""Tables shared by organizations. On Citus they are local or reference tables."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table

from procession.storage.columns import AUTO_ID, key, number, optional_number, optional_text, text
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
    # domain.people.Profile, as one JSON object.
    text("profile"),
    number("created_at"),
    number("updated_at"),
    optional_number("last_login_at"),
)

# Which organizations an account is in; everything else about a membership is in `member`.
memberships = Table(
    "membership",
    metadata,
    number("account", primary_key=True),
    number("org", primary_key=True),
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
    # personal: named, lives until it expires or is revoked; session: made by signing in, ended by signing out.
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
    # A keyed hash of the e-mail address that was tried.
    text("key", primary_key=True),
    number("failures"),
    number("last_at", index=True),
    number("wait_until"),
)

# Which organization a public template belongs to: its readers name no organization.
public_templates = Table(
    "public_template",
    metadata,
    text("id", primary_key=True),
    number("org"),
    text("alias", index=True),
    number("made_public_at"),
    # What the library shows and sorts by, never null; `imports` counts on while the template is not public for a time.
    optional_text("title"),
    optional_text("folded_title"),
    optional_text("type"),
    optional_number("imports"),
    optional_number("is_listed"),
)

# Links to public kick-off forms. A link is made to be published and lets nobody in, so its code is kept as it is.
public_kickoffs = Table(
    "public_kickoff",
    metadata,
    text("template_id", primary_key=True),
    number("org"),
    text("code", unique=True),
    number("made_at"),
)

# What happens by itself later, of every organization: a worker takes what is due first, whosever it is.
timers = Table(
    "timer",
    metadata,
    # domain.timers.TimerKind
    text("kind"),
    key("org"),
    # The task, schedule, bulk launch, version move, file or item of the bin it is about; 0: the organization.
    key("subject"),
    number("due_at"),
    # Until when the server that took it has it to itself, and how often it was taken.
    number("claimed_until"),
    number("attempts"),
    PrimaryKeyConstraint("kind", "org", "subject"),
    Index("ix_timer_due_at", "due_at"),
)
