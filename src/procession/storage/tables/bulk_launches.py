"""Templates that are launched once for each row of a table, and what became of each row."""

from sqlalchemy import PrimaryKeyConstraint, Table

from procession.storage.columns import key, number, optional_number, optional_text, text
from procession.storage.tables.base import metadata

bulk_launches = Table(
    "bulk_launch",
    metadata,
    key("org"),
    key("id"),
    text("template_id"),
    number("member"),
    number("is_dry_run"),
    text("status"),
    optional_text("error"),
    # What each means, as JSON (domain.bulk_columns).
    text("columns"),
    number("total"),
    number("done"),
    number("failed"),
    number("created_at"),
    number("updated_at"),
    optional_number("finished_at"),
    PrimaryKeyConstraint("org", "id"),
)

bulk_launch_rows = Table(
    "bulk_launch_row",
    metadata,
    key("org"),
    key("bulk_launch"),
    # Its place in the file, where the header is 1.
    key("number"),
    text("status"),
    # JSON: texts in the order of the columns.
    text("cells"),
    optional_text("name"),
    optional_text("run_id"),
    # JSON: sentences by header.
    optional_text("errors"),
    PrimaryKeyConstraint("org", "bulk_launch", "number"),
)
