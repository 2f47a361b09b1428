"""Templates that are launched by themselves, again and again."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from procession.storage.columns import key, number, optional_number, optional_text, text
from procession.storage.tables.base import metadata

schedules = Table(
    "schedule",
    metadata,
    key("org"),
    key("id"),
    text("template_id"),
    number("owner"),
    text("folded_name"),
    # JSON: domain.recurrence.Recurrence, domain.schedules.Launch
    text("recurrence"),
    text("launch"),
    number("skip_if_open"),
    text("catch_up"),
    number("is_active"),
    optional_text("paused_reason"),
    optional_number("next_run_at"),
    optional_number("last_run_at"),
    optional_text("last_run_id"),
    optional_text("last_error"),
    number("created_at"),
    number("updated_at"),
    PrimaryKeyConstraint("org", "id"),
    Index("ix_schedule_template", "org", "template_id"),
)
