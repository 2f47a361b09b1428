"""Outgoing mail and the codes that are sent by it, shared: a worker takes what is due first, whosever it is.

Beside them what an organization's notices hang on: who wants which, and up to where the event log has been read.
"""

from typing import get_args

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table

from procession.domain.notices.preferences import Switch
from procession.storage.columns import AUTO_ID, key, number, optional_number, optional_text, text
from procession.storage.tables.base import metadata

mails = Table(
    "mail",
    metadata,
    Column("id", AUTO_ID, primary_key=True, autoincrement=True),
    # What its Message-ID is made of: the same however often it is sent.
    text("key", unique=True),
    # 0: it is about a person, not about anything of an organization's.
    number("org"),
    # domain.mails.MailKind, and the id of the task or account it is about.
    text("kind"),
    text("subject_id"),
    text("recipient"),
    # domain.mails.Letter as JSON, sealed: letters hold links and codes. Null once it has left or was given up.
    optional_text("content"),
    # domain.mails.MailState
    text("state"),
    number("created_at"),
    number("expires_at"),
    number("due_at"),
    number("claimed_until"),
    number("attempts"),
    optional_number("ended_at"),
    optional_text("problem"),
    Index("ix_mail_due", "state", "due_at"),
    Index("ix_mail_ended_at", "ended_at"),
)

password_codes = Table(
    "password_code",
    metadata,
    # Of the code: it carries 256 random bits.
    text("hash", primary_key=True),
    number("account", index=True),
    number("created_at"),
    number("expires_at"),
)

# What came in by mail and was dealt with: the same mail is not dealt with twice.
inbound_mails = Table(
    "inbound_mail",
    metadata,
    # A hash of who wrote it, to which address, and its Message-ID.
    text("key", primary_key=True),
    number("received_at", index=True),
    # A keyed hash of whom a refusal went to; null: none did.
    optional_text("refused_to", index=True),
)

notice_preferences = Table(
    "notice_preference",
    metadata,
    key("org"),
    key("member"),
    # domain.notices.preferences.Preferences; a member without a row has the defaults.
    number("task_assignments"),
    number("stop_all"),
    # Null: nothing was said.
    *[optional_number(name) for name in get_args(Switch) if name != "task_assignments"],
    number("updated_at"),
    PrimaryKeyConstraint("org", "member"),
)

log_readers = Table(
    "log_reader",
    metadata,
    key("org"),
    # Who reads the event log, and the last position they have dealt with.
    text("reader"),
    number("position"),
    PrimaryKeyConstraint("org", "reader"),
)
