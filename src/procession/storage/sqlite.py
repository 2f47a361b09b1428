"""SQLite through APSW: several readers on the event loop's thread, one writer on a thread of its own.

Every `async` method finishes without suspending, except those of a stream's connection, so a write use case runs to its
end on the writer thread.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import apsw
import msgspec
from sqlalchemy import Table, bindparam
from sqlalchemy import delete as delete_from
from sqlalchemy import insert as insert_into
from sqlalchemy import update as update_of
from sqlalchemy.dialects.sqlite import insert as upsert

from procession.storage.connection import Advised, Check, Read, Row
from procession.storage.dialect import DialectName
from procession.storage.query import Query
from procession.storage.sqlite_writer import Work, Writer, WriterStopped

T = TypeVar("T")

MINIMUM_SQLITE = (3, 51, 3)
BUSY_TIMEOUT_MS = 10_000
CACHED_STATEMENTS = 512


class SqliteTooOld(RuntimeError):
    def __init__(self, found: str) -> None:
        wanted = ".".join(map(str, MINIMUM_SQLITE))
        super().__init__(
            f"SQLite {found} can corrupt a database in WAL mode; version {wanted} or newer is needed. "
            "Run `make setup` again: it installs an apsw package that brings a newer SQLite."
        )


def require_safe_version() -> None:
    found = apsw.sqlite_lib_version()
    if tuple(int(part) for part in found.split(".")) < MINIMUM_SQLITE:
        raise SqliteTooOld(found)


def _bindings(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Lists are bound as JSON text; booleans do not occur (columns are integers)."""
    for value in values.values():
        if type(value) is list:
            return {name: msgspec.json.encode(v).decode() if type(v) is list else v for name, v in values.items()}
    return values


def key_of(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key.columns)


@cache
def _delete_by_key(table: Table) -> Query:
    conditions = [table.c[name] == bindparam(name) for name in key_of(table)]
    return Query(delete_from(table).where(*conditions))


@cache
def _update_by_key(table: Table, names: tuple[str, ...]) -> Query:
    keys = key_of(table)
    changes: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names if name not in keys}
    return Query(update_of(table).where(*[table.c[name] == bindparam(name) for name in keys]).values(changes))


@cache
def _add_to_counter(table: Table) -> Query:
    statement = upsert(table).values({column.name: bindparam(column.name) for column in table.columns})
    return Query(
        statement.on_conflict_do_update(
            index_elements=list(table.primary_key.columns), set_={"n": table.c.n + statement.excluded.n}
        )
    )


@cache
def _put_into(table: Table) -> Query:
    statement = upsert(table).values({column.name: bindparam(column.name) for column in table.columns})
    others = [column.name for column in table.columns if not column.primary_key]
    return Query(
        statement.on_conflict_do_update(
            index_elements=list(table.primary_key.columns),
            set_={name: getattr(statement.excluded, name) for name in others},
        )
    )


@cache
def _insert_into(table: Table, names: tuple[str, ...]) -> Query:
    return Query(insert_into(table).values({name: bindparam(name) for name in names}))


class SqliteConnection:
    dialect: DialectName = "sqlite"
    waits_to_join = False

    def __init__(self, path: Path, *, writable: bool) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOMUTEX
        self.raw = apsw.Connection(str(path), flags=flags, statementcachesize=CACHED_STATEMENTS)
        self.raw.set_busy_timeout(BUSY_TIMEOUT_MS)
        # Else a statement is planned anew whenever a value is bound that a partial index or statistics might look at:
        # half of the time of a list.
        self.raw.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        self.execute("PRAGMA foreign_keys = ON")
        self.execute("PRAGMA synchronous = FULL")
        self.execute("PRAGMA temp_store = MEMORY")
        self.execute("PRAGMA cache_size = -16384")
        self.execute("PRAGMA mmap_size = 1073741824")
        if writable:
            # Checkpoints happen on the writer thread when nothing waits.
            self.execute("PRAGMA wal_autocheckpoint = 0")
        else:
            self.execute("PRAGMA query_only = ON")
        # Reads of more than one statement see one snapshot, which begins with the first of them.
        self._takes_snapshots = not writable
        self.statements = 0
        self._streams: set[apsw.Cursor] = set()

    def execute(self, sql: str) -> None:
        """Run a statement that has neither values nor rows."""
        self.raw.execute(sql)  # pyright: ignore[reportUnknownMemberType]  # apsw leaves the type of blobs open

    def before(self, read: Read, check: Check) -> None:
        query, values = read
        check(self._execute(query, values).fetchall())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # as above

    async def settle(self) -> None:
        """Nothing waits here."""

    async def rows(self, query: Query, values: Mapping[str, Any]) -> list[Row]:
        return self._start(query, values).fetchall()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # as above

    async def at_once(self, reads: Sequence[Read]) -> list[list[Row]]:
        if len(reads) == 1:  # a snapshot by itself
            [(query, values)] = reads
            return [self._execute(query, values).fetchall()]  # pyright: ignore[reportUnknownMemberType]  # as above
        return [self._start(query, values).fetchall() for query, values in reads]  # pyright: ignore[reportUnknownMemberType]  # as above

    async def as_advised(self, reads: Sequence[Read], advised: Advised) -> list[list[Row]] | None:
        self._begin()
        rows = await self.at_once(reads)
        further = advised(rows)
        return None if further is None else [*rows, await self.rows(*further)]

    async def stream(self, query: Query, values: Mapping[str, Any]) -> AsyncGenerator[Row]:
        cursor = self._start(query, values)
        self._streams.add(cursor)
        try:
            for row in cursor:
                yield row
        finally:
            self._streams.discard(cursor)
            cursor.close()

    async def run(self, query: Query, values: Mapping[str, Any]) -> int:
        self._start(query, values)
        return self.raw.changes()

    async def run_many(self, query: Query, values: Sequence[Mapping[str, Any]]) -> None:
        if not values:
            return
        self.statements += 1
        compiled = query.on("sqlite")
        self.raw.executemany(compiled.sql, [_bindings(compiled.bind(each)) for each in values])  # pyright: ignore[reportUnknownMemberType]  # as above

    async def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            await self.run_many(_insert_into(table, tuple(rows[0])), rows)

    async def delete(self, table: Table, keys: Sequence[Mapping[str, Any]]) -> None:
        await self.run_many(_delete_by_key(table), keys)

    async def update(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            keys = key_of(table)
            values = [{name if name in keys else f"new_{name}": row[name] for name in row} for row in rows]
            await self.run_many(_update_by_key(table, tuple(rows[0])), values)

    async def put(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        await self.run_many(_put_into(table), rows)

    async def add(self, table: Table, counts: Sequence[Mapping[str, Any]]) -> None:
        await self.run_many(_add_to_counter(table), counts)

    def end_reading(self) -> None:
        """End the snapshot. A stream that nobody read to its end would keep it alive for the next reader."""
        for cursor in self._streams:
            cursor.close(force=True)
        self._streams.clear()
        if self.raw.in_transaction:
            self.execute("COMMIT")

    def close(self) -> None:
        self.raw.close(force=True)

    def _begin(self) -> None:
        if self._takes_snapshots and not self.raw.in_transaction:
            self.execute("BEGIN")

    def _start(self, query: Query, values: Mapping[str, Any]) -> apsw.Cursor:
        self._begin()
        return self._execute(query, values)

    def _execute(self, query: Query, values: Mapping[str, Any]) -> apsw.Cursor:
        self.statements += 1
        compiled = query.on("sqlite")
        return self.raw.execute(compiled.sql, _bindings(compiled.bind(values)))  # pyright: ignore[reportUnknownMemberType]  # as above


class StreamingConnection(SqliteConnection):
    """A connection for long answers. They read what is seldom in memory, so their reads wait for the disk in threads,
    one at a time, while others are served.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, writable=False)
        self.execute("PRAGMA cache_size = -4096")
        self._under_way: asyncio.Future[list[Row]] | None = None

    async def rows(self, query: Query, values: Mapping[str, Any]) -> list[Row]:
        def read() -> list[Row]:
            return self._start(query, values).fetchall()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # as above

        self._under_way = asyncio.get_running_loop().run_in_executor(None, read)
        # Who waits may be cancelled; the thread goes on, and until it ends nobody else may use the connection.
        found = await asyncio.shield(self._under_way)
        self._under_way = None
        return found

    async def finish(self) -> None:
        """End the snapshot and close."""
        if self._under_way is not None:
            self.raw.interrupt()
            await asyncio.wait({self._under_way})
        self.end_reading()
        self.close()


class Reading:
    """One of the idle connections, for as long as the block lasts. A generator would cost three times as much."""

    __slots__ = ("_connection", "_idle", "_waiting")

    def __init__(self, waiting: asyncio.Semaphore, idle: list[SqliteConnection]) -> None:
        self._waiting = waiting
        self._idle = idle

    async def __aenter__(self) -> SqliteConnection:
        await self._waiting.acquire()
        self._connection = self._idle.pop()
        return self._connection

    async def __aexit__(self, *_failure: object) -> None:
        try:
            self._connection.end_reading()
        finally:
            self._idle.append(self._connection)
            self._waiting.release()


class SqliteDatabase:
    """One file: `readers` connections for reads, one for writes, and one for each of at most `streams` streams."""

    dialect: DialectName = "sqlite"

    def __init__(self, path: Path, *, readers: int = 4, streams: int = 8) -> None:
        require_safe_version()
        self.path = path
        self._readers_wanted = readers
        self._idle: list[SqliteConnection] = []
        self._waiting = asyncio.Semaphore(readers)
        self._streams = asyncio.Semaphore(streams)
        self._writer: Writer | None = None

    async def open(self) -> None:
        self._writer = Writer(lambda: SqliteConnection(self.path, writable=True))
        self._idle = [SqliteConnection(self.path, writable=False) for _ in range(self._readers_wanted)]

    async def close(self) -> None:
        """Finish the writes that wait, then let go of the file."""
        writer, self._writer = self._writer, None
        if writer is not None:
            await asyncio.to_thread(writer.close)
        for connection in self._idle:
            connection.close()
        self._idle = []

    def reading(self) -> "Reading":
        """A consistent snapshot. Statements run inline: a thread hop costs more than a keyed read."""
        return Reading(self._waiting, self._idle)

    @asynccontextmanager
    async def streaming(self) -> AsyncGenerator[SqliteConnection]:
        """A snapshot for as long as somebody takes to read what is made of it; nobody else waits for that."""
        async with self._streams:
            connection = StreamingConnection(self.path)
            try:
                yield connection
            finally:
                await connection.finish()

    @property
    def waiting_writes(self) -> int:
        """Writes that wait for the writer."""
        return self._writer.waiting if self._writer is not None else 0

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a write transaction; it may be run again, so it must not change what it captured."""
        if self._writer is None:
            raise WriterStopped
        return await self._writer.submit(work)
