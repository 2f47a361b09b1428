"""Side tables and counters that lists read. All are written by the gate (storage.processes.save) and can be rebuilt.

They are key-only, so that a page and a count never touch a row. `docs/architecture.md` explains each.
"""

from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint

from procession.storage.columns import key, number, sorted_text, text
from procession.storage.tables.base import metadata

process_facets = Table(
    "process_facet",
    metadata,
    key("org"),
    # domain.listing.Facet
    number("facet"),
    text("key"),
    number("state"),
    key("seq"),
    PrimaryKeyConstraint("org", "facet", "key", "state", "seq"),
    sqlite_with_rowid=False,
)

# The fields that processes are found by: a template's, by alias and by what their answers are compared as.
value_fields = Table(
    "value_field",
    metadata,
    key("org"),
    key("id"),
    text("template_id"),
    text("alias"),
    # domain.value_keys.Kind
    text("kind"),
    PrimaryKeyConstraint("org", "id"),
    UniqueConstraint("org", "template_id", "alias", "kind"),
    Index("ix_value_field_alias", "org", "alias"),
)

process_values = Table(
    "process_value",
    metadata,
    key("org"),
    key("seq"),
    # A value_field.
    key("field"),
    # domain.value_keys: sorts as the answers do.
    sorted_text("key"),
    number("state"),
    PrimaryKeyConstraint("org", "seq", "field", "key"),
    Index("ix_process_value_found", "org", "field", "state", "key", "seq"),
    sqlite_with_rowid=False,
)

value_counters = Table(
    "value_counter",
    metadata,
    key("org"),
    key("field"),
    number("state"),
    # domain.value_ranges
    sorted_text("bucket"),
    number("n"),
    PrimaryKeyConstraint("org", "field", "state", "bucket"),
    sqlite_with_rowid=False,
)

process_access = Table(
    "process_access",
    metadata,
    key("org"),
    # "everyone", "m:<member>", "g:<group>", "t:<template>" (whoever owns the template)
    text("principal"),
    number("state"),
    key("seq"),
    PrimaryKeyConstraint("org", "principal", "state", "seq"),
    sqlite_with_rowid=False,
)

facet_counters = Table(
    "facet_counter",
    metadata,
    key("org"),
    number("facet"),
    text("key"),
    number("state"),
    number("n"),
    PrimaryKeyConstraint("org", "facet", "key", "state"),
    sqlite_with_rowid=False,
)

process_blocks = Table(
    "process_block",
    metadata,
    key("org"),
    number("state"),
    # seq / 1024
    number("block"),
    number("n"),
    PrimaryKeyConstraint("org", "state", "block"),
    sqlite_with_rowid=False,
)

viewers = Table(
    "viewer",
    metadata,
    key("org"),
    number("account"),
    # 1 until a rebuild has counted afresh; a stale viewer's lists count the union themselves.
    number("is_stale"),
    PrimaryKeyConstraint("org", "account"),
    sqlite_with_rowid=False,
)

viewer_counters = Table(
    "viewer_counter",
    metadata,
    key("org"),
    number("account"),
    number("state"),
    # Processes seen by name, that is not as part of "everyone" (light members: all they see).
    number("n"),
    PrimaryKeyConstraint("org", "account", "state"),
    sqlite_with_rowid=False,
)

task_access = Table(
    "task_access",
    metadata,
    key("org"),
    # "m:<member>", "g:<group>", "e:<guest e-mail>": direct assignees; domain.listing.ANY, and marked with SHARED
    text("principal"),
    # domain.listing.TaskState
    number("state"),
    # domain.listing.NO_DEADLINE when there is none that counts (none, held): it is part of the key and sorts last.
    number("deadline"),
    key("seq"),
    PrimaryKeyConstraint("org", "principal", "state", "deadline", "seq"),
    sqlite_with_rowid=False,
)

task_counters = Table(
    "task_counter",
    metadata,
    key("org"),
    text("principal"),
    number("state"),
    number("n"),
    PrimaryKeyConstraint("org", "principal", "state"),
    sqlite_with_rowid=False,
)

task_due_counters = Table(
    "task_due_counter",
    metadata,
    key("org"),
    text("principal"),
    number("state"),
    # domain.listing.Unit
    number("unit"),
    # The deadline as so many units since 1970.
    number("stretch"),
    number("n"),
    PrimaryKeyConstraint("org", "principal", "state", "unit", "stretch"),
    sqlite_with_rowid=False,
)

# Completed processes that are not archived, and since when: auto-archiving counts from there (behaviour-work Y3, Y6).
finished_processes = Table(
    "finished_process",
    metadata,
    key("org"),
    key("seq"),
    number("since"),
    PrimaryKeyConstraint("org", "seq"),
    Index("ix_finished_process_since", "org", "since", "seq"),
)
