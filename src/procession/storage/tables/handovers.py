"""What members who left, or became guests, hand over to others, and who has it by now."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from procession.storage.columns import key, number, optional_number, optional_text, text
from procession.storage.tables.base import metadata

handovers = Table(
    "handover",
    metadata,
    key("org"),
    key("id"),
    number("leaver"),
    # Who has it by now: a member, or the guest with this address; then the member has what guests cannot have.
    number("member"),
    optional_text("guest"),
    number("asked_by"),
    text("status"),
    # How many of each were handed over.
    number("tasks"),
    number("processes"),
    number("templates"),
    number("created_at"),
    number("updated_at"),
    optional_number("finished_at"),
    PrimaryKeyConstraint("org", "id"),
    Index("ix_handover_leaver", "org", "leaver", "id"),
)
