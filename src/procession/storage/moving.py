"""Moving everything from an embedded database into PostgreSQL. The two have the same tables and the same types."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import cache

from sqlalchemy import Table, bindparam, func, select

from procession.storage.bulk_loading import Loader, loading, organizations_in
from procession.storage.connection import Connection, Row
from procession.storage.postgres import PostgresDatabase
from procession.storage.query import Query
from procession.storage.schema import TENANT_TABLES, metadata
from procession.storage.sqlite import SqliteDatabase
from procession.storage.tables import control

BATCH = 10_000

_organizations = Query(select(control.organizations.c.org).order_by(control.organizations.c.org))


class TargetNotEmpty(RuntimeError):
    """The database to move into holds organizations already."""


async def move(source: SqliteDatabase, target: PostgresDatabase) -> dict[str, int]:
    """Copy all rows, in one transaction; how many, by table. Both have the newest schema, and nobody writes.

    Raises TargetNotEmpty.
    """
    if await organizations_in(target):
        raise TargetNotEmpty
    moved: dict[str, int] = {}
    async with source.reading() as snapshot, loading(target) as loader:
        organizations = [row[0] for row in await snapshot.rows(_organizations, {})]
        async with loader.transaction():
            # Parents before children, as foreign keys want it.
            for table in metadata.sorted_tables:
                whole = [0] if table.name not in TENANT_TABLES else organizations
                moved[table.name] = sum([await _copy(snapshot, loader, table, org) for org in whole])
            for table in metadata.sorted_tables:
                await _go_on_counting(loader.connection, table)
        await loader.tidy()
    return moved


async def _copy(snapshot: Connection, loader: Loader, table: Table, org: int) -> int:
    names = [column.name for column in table.columns]
    copied = 0
    async for rows in _batches(snapshot, table, org):
        await loader.copy(table, names, rows)
        copied += len(rows)
    return copied


async def _batches(snapshot: Connection, table: Table, org: int) -> AsyncIterator[list[Row]]:
    # Rows that refer to each other have to come together.
    most = None if any(key.referred_table is table for key in table.foreign_key_constraints) else BATCH
    rows: list[Row] = []
    async with aclosing(snapshot.stream(_rows_of(table), {"org": org})) as found:
        async for row in found:
            rows.append(row)
            if len(rows) == most:
                yield rows
                rows = []
    if rows:
        yield rows


@cache
def _rows_of(table: Table) -> Query:
    statement = select(*table.columns)
    return Query(statement.where(table.c.org == bindparam("org")) if table.name in TENANT_TABLES else statement)


async def _go_on_counting(connection: Connection, table: Table) -> None:
    """The next number of a shared table follows the last one that was moved."""
    column = table.autoincrement_column
    if column is not None:
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        await connection.rows(Query(select(func.setval(sequence, func.coalesce(func.max(column), 1)))), {})
