"""All tables, gathered for migrations and for the tests that walk the schema.

Control tables hold what is shared by organizations (accounts, tokens, the directory). Every other table is a
tenant table: its primary key, unique keys and foreign keys begin with `org` (docs/scaling.md).
"""

from procession.storage.tables import (
    bin_items,
    bulk_launches,
    changes,
    comments,
    content,
    control,
    events,
    files,
    handovers,
    idempotency,
    injections,
    library,
    lists,
    mail,
    people,
    processes,
    schedules,
    templates,
    undo,
    version_moves,
    watchers,
)
from procession.storage.tables.base import metadata

CONTROL_TABLES = frozenset(
    table.name
    for table in (
        control.organizations,
        control.accounts,
        control.memberships,
        control.tokens,
        control.rate_windows,
        control.sign_in_attempts,
        control.public_templates,
        control.public_kickoffs,
        control.timers,
        mail.mails,
        mail.password_codes,
        mail.inbound_mails,
    )
)
TENANT_TABLES = frozenset(metadata.tables) - CONTROL_TABLES

__all__ = [
    "CONTROL_TABLES",
    "TENANT_TABLES",
    "bin_items",
    "bulk_launches",
    "changes",
    "comments",
    "content",
    "control",
    "events",
    "files",
    "handovers",
    "idempotency",
    "injections",
    "library",
    "lists",
    "mail",
    "metadata",
    "people",
    "processes",
    "schedules",
    "templates",
    "undo",
    "version_moves",
    "watchers",
]
