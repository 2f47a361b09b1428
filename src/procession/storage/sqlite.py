"""SQLite through APSW: several readers on the event loop's thread, one writer on a thread of its own.

Every `async` method finishes without suspending, except those of a connection with threads, so a write use case runs to
its end on the writer thread.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
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

from procession.storage.connection import Advised, Check, Read, Row, TakesLong
from procession.storage.dialect import DialectName
from procession.storage.query import Query
from procession.storage.sqlite_long_reads import STOP_AGAIN_SECONDS, LongReads
from procession.storage.sqlite_writer import Work, Writer, WriterStopped

T = TypeVar("T")

MINIMUM_SQLITE = (3, 51, 3)
BUSY_TIMEOUT_MS = 10_000
CACHED_STATEMENTS = 512
# What SQLite's virtual machine may do for one statement while everybody waits: 1 to 3 ms, a list's page takes 1,000.
# Statements of fewer steps are never stopped, those of twice as many always.
BRIEF_STEPS = 20_000


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
        self.must_be_brief = False
        self._times_counted = 0

    def count_steps(self) -> None:
        """From now on, and while it must be brief, stop each statement that is not."""
        self.raw.set_progress_handler(self._takes_long, BRIEF_STEPS)

    def _takes_long(self) -> bool:
        # SQLite counts on where it stopped when the statement ran before: the first time means nothing.
        self._times_counted += 1
        return self.must_be_brief and self._times_counted > 1

    def execute(self, sql: str) -> None:
        """Run a statement that has neither values nor rows."""
        self._times_counted = 0
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
        self._times_counted = 0
        compiled = query.on("sqlite")
        return self.raw.execute(compiled.sql, _bindings(compiled.bind(values)))  # pyright: ignore[reportUnknownMemberType]  # as above


class ThreadedConnection(SqliteConnection):
    """A connection for long answers and long reads. Its reads work, and wait for the disk, in threads, one at a time,
    while others are served.
    """

    def __init__(self, path: Path, threads: Executor | None = None) -> None:
        super().__init__(path, writable=False)
        self.execute("PRAGMA cache_size = -4096")
        self._threads = threads
        self._under_way: asyncio.Future[list[list[Row]]] | None = None

    async def rows(self, query: Query, values: Mapping[str, Any]) -> list[Row]:
        [found] = await self.at_once([(query, values)])
        return found

    async def at_once(self, reads: Sequence[Read]) -> list[list[Row]]:
        def read() -> list[list[Row]]:
            return [self._start(query, values).fetchall() for query, values in reads]  # pyright: ignore[reportUnknownMemberType]  # as above

        self._under_way = asyncio.get_running_loop().run_in_executor(self._threads, read)
        # Who waits may be cancelled; the thread goes on, and until it ends nobody else may use the connection.
        return await asyncio.shield(self._under_way)

    def stop(self) -> bool:
        """Whether no thread uses the connection. Else it is told to stop, and has to be told again until it has: what
        comes between two statements is lost on it.
        """
        if self._under_way is None:
            return True
        if not self._under_way.done():
            self.raw.interrupt()
            return False
        # Nobody asks any more what became of it.
        self._under_way.exception()
        self._under_way = None
        return True


class Reading:
    """One of the idle connections, for as long as the block lasts. A generator would cost three times as much.

    Where it must be brief, raises TakesLong as soon as a statement is not.
    """

    __slots__ = ("_connection", "_idle", "_must_be_brief", "_waiting")

    def __init__(
        self, waiting: asyncio.Semaphore, idle: list[SqliteConnection], *, must_be_brief: bool = False
    ) -> None:
        self._waiting = waiting
        self._idle = idle
        self._must_be_brief = must_be_brief

    async def __aenter__(self) -> SqliteConnection:
        await self._waiting.acquire()
        self._connection = self._idle.pop()
        self._connection.must_be_brief = self._must_be_brief
        return self._connection

    async def __aexit__(self, kind: type[BaseException] | None, *_failure: object) -> None:
        try:
            self._connection.end_reading()
        finally:
            self._idle.append(self._connection)
            self._waiting.release()
        if kind is apsw.InterruptError:
            raise TakesLong


class SqliteDatabase:
    """One file: `readers` connections for reads, one for writes, one for each of at most `streams` streams and one for
    each of at most `long_reads` reads that take long.
    """

    dialect: DialectName = "sqlite"
    # Others wait while a statement of `reading` or `reading_briefly` is carried out.
    reads_in_line = True

    def __init__(self, path: Path, *, readers: int = 4, streams: int = 8, long_reads: int = 2) -> None:
        require_safe_version()
        self.path = path
        self._readers_wanted = readers
        self._idle: list[SqliteConnection] = []
        self._waiting = asyncio.Semaphore(readers)
        self._streams = asyncio.Semaphore(streams)
        self._open_streams = 0
        self._long_reads_wanted = long_reads
        self._long_reads: LongReads | None = None
        self._writer: Writer | None = None

    async def open(self) -> None:
        self._writer = Writer(lambda: SqliteConnection(self.path, writable=True))
        self._idle = [SqliteConnection(self.path, writable=False) for _ in range(self._readers_wanted)]
        for connection in self._idle:
            connection.count_steps()
        self._long_reads = LongReads(
            lambda threads: ThreadedConnection(self.path, threads), self._long_reads_wanted, self._must_pause
        )

    async def close(self) -> None:
        """Stop the reads that take long, finish the writes that wait, then let go of the file."""
        if self._long_reads is not None:
            await self._long_reads.close()
        writer, self._writer = self._writer, None
        if writer is not None:
            await asyncio.to_thread(writer.close)
        for connection in self._idle:
            connection.close()
        self._idle = []

    def reading(self) -> "Reading":
        """A consistent snapshot. Statements run inline: a thread hop costs more than a keyed read."""
        return Reading(self._waiting, self._idle)

    def reading_briefly(self) -> "Reading":
        """As `reading`, but raises TakesLong as soon as others would have to wait."""
        return Reading(self._waiting, self._idle, must_be_brief=True)

    def reading_long(self) -> AbstractAsyncContextManager[SqliteConnection]:
        """As `reading`, but in threads while others are served, in the order of those who wait; what is read is stopped
        when whoever asked is cancelled.
        """
        assert self._long_reads is not None, "the database is not open"
        return self._long_reads.reading()

    def _must_pause(self) -> bool:
        """Whether long reads should let a checkpoint come about. A stream would be in its way whatever they do."""
        return self._writer is not None and self._writer.is_held_up and not self._open_streams

    @asynccontextmanager
    async def streaming(self) -> AsyncGenerator[SqliteConnection]:
        """A snapshot for as long as somebody takes to read what is made of it; nobody else waits for that."""
        async with self._streams:
            connection = ThreadedConnection(self.path)
            self._open_streams += 1
            try:
                yield connection
            finally:
                self._open_streams -= 1
                while not connection.stop():  # noqa: ASYNC110  # it may have to be told again
                    await asyncio.sleep(STOP_AGAIN_SECONDS)
                connection.end_reading()
                connection.close()

    @property
    def waiting_writes(self) -> int:
        """Writes that wait for the writer."""
        return self._writer.waiting if self._writer is not None else 0

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a write transaction; it may be run again, so it must not change what it captured."""
        if self._writer is None:
            raise WriterStopped
        return await self._writer.submit(work)
