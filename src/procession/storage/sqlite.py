"""SQLite through APSW: several readers on the event loop's thread, one writer thread, group commit.

Every `async` method here finishes without suspending, so a write use case runs to its end on the writer thread.
"""

import asyncio
import contextvars
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import apsw
import apsw.bestpractice
import msgspec
from sqlalchemy import Table, bindparam
from sqlalchemy import delete as delete_from
from sqlalchemy import insert as insert_into
from sqlalchemy.dialects.sqlite import insert as upsert

from procession.storage.connection import Row
from procession.storage.dialect import DialectName
from procession.storage.query import Query

T = TypeVar("T")
Work = Callable[["SqliteConnection"], Awaitable[T]]

MINIMUM_SQLITE = (3, 51, 3)
BUSY_TIMEOUT_MS = 10_000
# A group holds the writer no longer than this many pieces of work.
MAX_GROUP = 64
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
def _add_to_counter(table: Table) -> Query:
    statement = upsert(table).values({column.name: bindparam(column.name) for column in table.columns})
    return Query(
        statement.on_conflict_do_update(
            index_elements=list(table.primary_key.columns), set_={"n": table.c.n + statement.excluded.n}
        )
    )


@cache
def _insert_into(table: Table, names: tuple[str, ...]) -> Query:
    return Query(insert_into(table).values({name: bindparam(name) for name in names}))


class SqliteConnection:
    dialect: DialectName = "sqlite"

    def __init__(self, path: Path, *, writable: bool) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOMUTEX
        self.raw = apsw.Connection(str(path), flags=flags, statementcachesize=CACHED_STATEMENTS)
        self.raw.set_busy_timeout(BUSY_TIMEOUT_MS)
        self.raw.execute("PRAGMA foreign_keys = ON")
        self.raw.execute("PRAGMA synchronous = FULL")
        self.raw.execute("PRAGMA temp_store = MEMORY")
        self.raw.execute("PRAGMA cache_size = -65536")
        self.raw.execute("PRAGMA mmap_size = 1073741824")
        if writable:
            # Checkpoints happen on the writer thread when nothing waits.
            self.raw.execute("PRAGMA wal_autocheckpoint = 0")
        else:
            self.raw.execute("PRAGMA query_only = ON")
        self.statements = 0

    async def rows(self, query: Query, values: Mapping[str, Any]) -> list[Row]:
        self.statements += 1
        compiled = query.on("sqlite")
        return self.raw.execute(compiled.sql, _bindings(compiled.bind(values))).fetchall()

    async def stream(self, query: Query, values: Mapping[str, Any]) -> AsyncIterator[Row]:
        self.statements += 1
        compiled = query.on("sqlite")
        for row in self.raw.execute(compiled.sql, _bindings(compiled.bind(values))):
            yield row

    async def run(self, query: Query, values: Mapping[str, Any]) -> int:
        self.statements += 1
        compiled = query.on("sqlite")
        self.raw.execute(compiled.sql, _bindings(compiled.bind(values)))
        return self.raw.changes()

    async def run_many(self, query: Query, values: Sequence[Mapping[str, Any]]) -> None:
        if not values:
            return
        self.statements += 1
        compiled = query.on("sqlite")
        self.raw.executemany(compiled.sql, [_bindings(compiled.bind(each)) for each in values])

    async def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            await self.run_many(_insert_into(table, tuple(rows[0])), rows)

    async def delete(self, table: Table, keys: Sequence[Mapping[str, Any]]) -> None:
        await self.run_many(_delete_by_key(table), keys)

    async def add(self, table: Table, counts: Sequence[Mapping[str, Any]]) -> None:
        await self.run_many(_add_to_counter(table), counts)

    def close(self) -> None:
        self.raw.close()


class _Job:
    """One piece of work waiting for the writer, and where its outcome goes."""

    def __init__(self, work: Work[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.context = contextvars.copy_context()
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        self.loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class LeftTransaction(RuntimeError):
    """An error ended the transaction; everything in it has to be run again, alone."""


class Writer:
    """The one writer thread: runs work in arrival order, commits what waits together as one group."""

    def __init__(self, connection: SqliteConnection) -> None:
        self.connection = connection
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._closing = False
        self._thread.start()

    def submit(self, work: Work[T]) -> "asyncio.Future[T]":
        job = _Job(work, asyncio.get_running_loop())
        self._queue.put(job)
        return job.future

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def close(self) -> None:
        """Finish what waits, checkpoint, and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        dirty = False
        while not self._closing:
            try:
                first = self._queue.get(timeout=0.2 if dirty else None)
            except queue.Empty:
                self._checkpoint()
                dirty = False
                continue
            group = self._gather(first)
            if group:
                self._commit_group(group)
                dirty = True
        self._checkpoint()

    def _gather(self, first: _Job | None) -> list[_Job]:
        group: list[_Job] = []
        job = first
        while job is not None:
            group.append(job)
            if len(group) == MAX_GROUP:
                return group
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return group
        self._closing = True
        return group

    def _commit_group(self, group: list[_Job]) -> None:
        try:
            self._run_together(group)
        except (apsw.Error, LeftTransaction, MemoryError) as error:
            self._abandon()
            if len(group) == 1:
                group[0].error, group[0].result = error, None
            else:
                for job in group:
                    self._commit_group_of_one(job)
        for job in group:
            job.settle()

    def _commit_group_of_one(self, job: _Job) -> None:
        job.error, job.result = None, None
        try:
            self._run_together([job])
        except (apsw.Error, LeftTransaction, MemoryError) as error:
            self._abandon()
            job.error, job.result = error, None

    def _run_together(self, group: list[_Job]) -> None:
        raw = self.connection.raw
        raw.execute("BEGIN IMMEDIATE")
        for job in group:
            raw.execute("SAVEPOINT work")
            try:
                job.result = job.context.run(drive, job.work(self.connection))
            except BaseException as error:
                job.error = error
                if not raw.in_transaction:
                    raise LeftTransaction(str(error)) from error
                raw.execute("ROLLBACK TO work")
            raw.execute("RELEASE work")
        raw.execute("COMMIT")

    def _abandon(self) -> None:
        if self.connection.raw.in_transaction:
            self.connection.raw.execute("ROLLBACK")

    def _checkpoint(self) -> None:
        try:
            self.connection.raw.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.Error:
            # A full disk shows at the next write; a busy reader lets the next idle moment finish the job.
            return


def drive(coroutine: Awaitable[T]) -> T:
    """Run a coroutine that never waits for anything but SQLite, without an event loop."""
    assert isinstance(coroutine, Coroutine)
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise RuntimeError("a write transaction awaited something other than storage")


class SqliteDatabase:
    """One file: `readers` connections for reads, one for writes."""

    dialect: DialectName = "sqlite"

    def __init__(self, path: Path, *, readers: int = 4) -> None:
        require_safe_version()
        self.path = path
        self._readers_wanted = readers
        self._idle: list[SqliteConnection] = []
        self._waiting = asyncio.Semaphore(readers)
        self._writer: Writer | None = None

    async def open(self) -> None:
        self._writer = Writer(SqliteConnection(self.path, writable=True))
        self._idle = [SqliteConnection(self.path, writable=False) for _ in range(self._readers_wanted)]

    async def close(self) -> None:
        if self._writer is not None:
            await asyncio.to_thread(self._writer.close)
            self._writer.connection.close()
            self._writer = None
        for connection in self._idle:
            connection.close()
        self._idle = []

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqliteConnection]:
        """A consistent snapshot. Statements run inline: a thread hop costs more than a keyed read."""
        async with self._waiting:
            connection = self._idle.pop()
            try:
                connection.raw.execute("BEGIN")
                try:
                    yield connection
                finally:
                    if connection.raw.in_transaction:
                        connection.raw.execute("COMMIT")
            finally:
                self._idle.append(connection)

    @property
    def waiting_writes(self) -> int:
        """Writes that wait for the writer."""
        return self._writer.waiting if self._writer is not None else 0

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a write transaction; it may be run again, so it must not change what it captured."""
        if self._writer is None:
            raise RuntimeError("the database is not open")
        return await self._writer.submit(work)
