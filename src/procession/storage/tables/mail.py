"""Outgoing mail, and the codes that are sent by it. Shared: a worker takes what is due first, whosever it is."""

from sqlalchemy import Column, Index, Table

from procession.storage.columns import AUTO_ID, number, optional_number, optional_text, text
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
