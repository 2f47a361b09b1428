"""Everything that a database holds of one organization, to compare before and after."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import apsw
import psycopg
from sqlalchemy import Table, bindparam, select

from procession.storage.connection import Row
from procession.storage.database import sqlite_path
from procession.storage.query import Query
from procession.storage.schema import TENANT_TABLES, metadata
from procession.storage.tables import control
from tests.harness import Observer, Server

# What stands about an organization in the shared tables.
SHARED = (control.organizations, control.memberships, control.public_templates, control.public_kickoffs, control.tokens)
TABLES = [metadata.tables[name] for name in sorted(TENANT_TABLES)] + list(SHARED)

Contents = dict[str, list[Row]]


@cache
def _rows_of(table: Table) -> Query:
    return Query(select(table).where(table.c.org == bindparam("org")).order_by(*table.primary_key.columns))


def contents(server: Server, org: int) -> Contents:
    """All rows of an organization, by table; when a token was last used does not count, nor how often a file was sent
    that was not accepted.
    """

    async def read() -> list[list[Row]]:
        async with server.database.reading() as connection:
            return await connection.at_once([(_rows_of(each), {"org": org}) for each in TABLES])

    return _what_counts(server.run(read()))


def _what_counts(rows: Sequence[list[Row]]) -> Contents:
    found = {table.name: each for table, each in zip(TABLES, rows, strict=True)}
    found["sequence"] = [row for row in found["sequence"] if "file" not in row]
    last_used = list(control.tokens.columns.keys()).index("last_used_at")
    return {**found, "token": [(*row[:last_used], *row[last_used + 1 :]) for row in found["token"]]}


class SqliteObserver(Observer):
    def __init__(self, path: str) -> None:
        self._version = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
        self._snapshot = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)

    def open(self) -> None:
        self._seen = self._data_version()
        self._snapshot.execute("BEGIN")
        self._snapshot.execute("SELECT count(*) FROM sqlite_schema").fetchall()

    def is_untouched(self) -> bool:
        return self._data_version() == self._seen

    def _data_version(self) -> object:
        return self._version.execute("PRAGMA data_version").fetchall()

    def before(self, query: Query, values: Mapping[str, Any]) -> list[Row]:
        compiled = query.on("sqlite")
        return list(self._snapshot.execute(compiled.sql, compiled.bind(values)))

    def end(self) -> None:
        self._snapshot.execute("ROLLBACK")

    def close(self) -> None:
        self._version.close()
        self._snapshot.close()


class PostgresObserver(Observer):
    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)

    def open(self) -> None:
        self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._seen = self._written()

    def is_untouched(self) -> bool:
        return self._written() == self._seen

    def _written(self) -> object:
        """How far the log of all changes has come."""
        return self._connection.execute("SELECT pg_current_wal_insert_lsn()").fetchall()

    def before(self, query: Query, values: Mapping[str, Any]) -> list[Row]:
        compiled = query.on("postgresql")
        return self._connection.execute(compiled.sql, compiled.bind(values)).fetchall()  # pyright: ignore[reportArgumentType]

    def end(self) -> None:
        self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()


def _observer_of(server: Server) -> Observer:
    if server.idle_observers:
        return server.idle_observers.pop()
    url, folder = server.settings.database_url, server.settings.data_dir
    return PostgresObserver(url) if server.dialect == "postgresql" else SqliteObserver(str(sqlite_path(url, folder)))


@contextmanager
def untouched(server: Server, *numbers: int) -> Iterator[None]:
    """What is done inside leaves these organizations as they are: no event, no row, no number taken."""
    observer = _observer_of(server)
    observer.open()
    try:
        yield
        if not observer.is_untouched():
            for number in numbers:
                before = _what_counts([observer.before(_rows_of(each), {"org": number}) for each in TABLES])
                after = contents(server, number)
                differing = [name for name, rows in before.items() if after[name] != rows]
                assert differing == [], f"organization {number} has changed: {differing}"
    finally:
        observer.end()
        server.idle_observers.append(observer)
