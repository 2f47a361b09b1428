"""What SQLite's planner is told about every table: figures of ours, the same in every file. Spec: decision 13.

Without figures it takes ten rows for what an organization has of anything, so that any index that begins with `org`
will do: it reads the whole of an organization where another index leads straight to a few rows. Figures it gathered
itself would change plans with the data, and with the day they were gathered.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

OF_ALL, OF_ONE = 10_000_000, 1_000_000
"""Rows of every table, and what one organization has of them."""
PARTIAL = 10
"""Of so many rows one is in an index of some rows."""
VALUES: Mapping[str, int] = {
    # Words
    "actor_kind": 4,
    "facet": 8,
    "frequency": 3,
    "is_active": 2,
    "kind": 20,
    "notification_type": 2,
    "object_type": 5,
    "state": 8,
    "status": 4,
    "type": 4,
    "unit": 3,
    # Keys that many rows share
    "account": 1_000,
    "applies_to": 1_000,
    "field": 1_000,
    "folder_id": 1_000,
    "group_id": 1_000,
    "member": 1_000,
    "owner": 1_000,
    "principal": 1_000,
    "starter": 1_000,
    "step_id": 2_000,  # most rows have none
    "tag_id": 1_000,
    "template_id": 1_000,
    "tag_link.template_id": 100_000,
}
"""How many values a column has, in all tables or in the one that is named; of others ten rows have the same one."""
OTHERS = OF_ONE // 10
UNTOLD = frozenset({"process_access", "process_facet", "process_value", "task_access"})
"""Side tables of the lists: each statement names how their keys begin, and is planned by that without figures."""


def tell(connection: Connection) -> None:
    """Write the figures of every index there is. Connections opened from then on plan by them."""
    if connection.dialect.name != "sqlite":
        return
    # The table comes into being with the first figures, here of a table with a single row.
    connection.exec_driver_sql("ANALYZE alembic_version")
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    if "sqlite_stat4" in _tables(connection):
        connection.exec_driver_sql("DELETE FROM sqlite_stat4")
    tables = [table for table in _tables(connection) if table not in UNTOLD]
    for row in [row for table in tables for row in _figures(connection, table)]:
        connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", row)


def _tables(connection: Connection) -> list[str]:
    found = connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    return [name for (name,) in found]


def _figures(connection: Connection, table: str) -> list[tuple[str, str, str]]:
    """Table, index, and its figures as SQLite writes them; of tables of organizations only."""
    listed = 'SELECT name, origin, "unique", partial FROM pragma_index_list(?)'
    indexes = connection.exec_driver_sql(listed, (table,)).all()
    is_rowless = connection.exec_driver_sql("SELECT wr FROM pragma_table_list(?)", (table,)).scalar_one()
    found: list[tuple[str, str, str]] = []
    for name, origin, is_unique, is_partial in indexes:
        columns = [
            column
            for (column,) in connection.exec_driver_sql("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (name,))
        ]
        if columns[0] == "org":
            # The key of a table without row ids is the table itself.
            known_as = table if is_rowless and origin == "pk" else name
            share = PARTIAL if is_partial else 1
            figures = [OF_ALL // share, *rows_for(table, columns, OF_ONE // share, is_unique=bool(is_unique))]
            found.append((table, known_as, " ".join(map(str, figures))))
    return found


def rows_for(table: str, columns: Sequence[str], of_one: int, *, is_unique: bool) -> list[int]:
    """How many rows have the same values of the first column, which is `org`, of the first two, and so on."""
    found = [of_one]
    for column in columns[1:]:
        values = VALUES.get(f"{table}.{column}") or VALUES.get(column, OTHERS)
        found.append(max(found[-1] // values, 2))
    return [*found[:-1], 1] if is_unique else found
