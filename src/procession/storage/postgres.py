"""PostgreSQL through psycopg 3: a pool, server-side prepared statements, writes of many rows in one round trip."""

import asyncio
import itertools
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from functools import lru_cache
from typing import Any, LiteralString, TypeVar

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg.errors import DeadlockDetected, ForeignKeyViolation, SerializationFailure, UniqueViolation
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy import Table

from procession.storage import row_statements
from procession.storage.connection import Advised, Check, Read, Row
from procession.storage.dialect import DialectName
from procession.storage.query import Query

T = TypeVar("T")
Work = Callable[["PostgresConnection"], Awaitable[T]]

# Two transactions got in each other's way: one of them is run again until it gets through.
LOCK_ATTEMPTS = 30
# Two transactions entered the same key, or one took away what the other refers to: run again, the second sees what
# the first did. What fails on and on is a bug.
KEY_ATTEMPTS = 5
FIRST_RETRY_SECONDS = 0.01
LONGEST_RETRY_SECONDS = 0.5
# A stream waits for its turn as long as a patient client would.
LONGEST_WAIT_SECONDS = 300
LONGEST_TURN_SECONDS = 30
# So many combinations of reads are kept as one statement.
BATCHES_KEPT = 1024

_rows = msgspec.json.Decoder(list[tuple[Any, ...]])
_json = msgspec.json.Encoder()


@lru_cache(BATCHES_KEPT)
def _one_statement(queries: tuple[Query, ...]) -> tuple[str, dict[str, Any]]:
    """One statement for several reads, and the values written into them: a row of one JSON list of rows for each.

    JSON loses nothing of what our columns hold: whole numbers, text, booleans and nulls.
    """
    lists: list[str] = []
    constants: dict[str, Any] = {}
    for query in queries:
        compiled = query.on("postgresql")
        names = [f"c{number}" for number in range(query.width)]
        row = ", ".join(f"t.{name}" for name in names)
        rows = f"SELECT json_agg(json_build_array({row}))::text FROM ({compiled.sql}) AS t ({', '.join(names)})"  # noqa: S608  # compiled parts
        lists.append(f"({rows})")
        constants |= compiled.constants
    return f"SELECT {', '.join(lists)}", constants


BEGIN_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
PLAN_FOR_VALUES = "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = on"
# A plan that was made while a table was small is kept when it no longer is. What cannot do without reading a whole
# table still may; before PostgreSQL 18 it would then seem worth compiling.
PLAN_ONCE = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off"


async def _plan_once(raw: AsyncConnection[Row]) -> None:
    """Our statements are fixed, and have the plan that the tests hold them to whatever the values are; planning a list
    for its values takes as long as answering it. What is better planned for its values says so (`Query.prepare`).
    """
    await raw.execute(PLAN_ONCE, prepare=False)


class PostgresConnection:
    dialect: DialectName = "postgresql"
    waits_to_join = True

    def __init__(self, raw: AsyncConnection[Row], *, takes_snapshot: bool = False) -> None:
        self.raw = raw
        self.statements = 0
        # Reads of more than one statement see one snapshot, which begins with the first of them.
        self._awaits_snapshot = takes_snapshot
        self.has_snapshot = False
        self._plans_for_values = False
        self._before: list[tuple[Read, Check]] = []
        self._unsent: list[tuple[str, dict[str, Any]]] = []
        self._stream_numbers = itertools.count(1)

    def before(self, read: Read, check: Check) -> None:
        self._before.append((read, check))

    async def settle(self) -> None:
        if self._unsent:
            await self.send()
        if self._before:
            await self._after_what_waits([])

    async def _begin(self) -> None:
        if self._awaits_snapshot and not self.has_snapshot:
            await self.raw.execute(BEGIN_SNAPSHOT)
            self.has_snapshot = True

    async def _plan_for_values(self) -> None:
        """Until the transaction ends."""
        if self._plans_for_values:
            return
        begins = self._awaits_snapshot and not self.has_snapshot
        # Never prepared: a prepared statement is one, and these are several.
        await self.raw.execute(f"{BEGIN_SNAPSHOT}; {PLAN_FOR_VALUES}" if begins else PLAN_FOR_VALUES, prepare=False)
        self.has_snapshot = self.has_snapshot or begins
        self._plans_for_values = True

    async def at_once(self, reads: Sequence[Read]) -> list[list[Row]]:
        return await self._after_what_waits(reads)

    async def as_advised(self, reads: Sequence[Read], advised: Advised) -> list[list[Row]] | None:
        further = advised(await self._together(reads))
        return None if further is None else await self._after_what_waits([*reads, further])

    async def _after_what_waits(self, reads: Sequence[Read]) -> list[list[Row]]:
        if self._unsent:
            await self.send()
        if not self._before:
            return await self._together(reads)
        before, self._before = self._before, []
        found = await self._together([*(read for read, _ in before), *reads])
        for (_, check), rows in zip(before, found, strict=False):
            check(rows)
        return found[len(before) :]

    async def _together(self, reads: Sequence[Read]) -> list[list[Row]]:
        self.statements += 1
        queries = tuple(query for query, _ in reads)
        prepare = None if all(query.prepare for query in queries) else False
        if prepare is False:
            await self._plan_for_values()
        if len(reads) == 1:
            compiled = queries[0].on("postgresql")
            cursor = await self.raw.execute(compiled.sql, compiled.bind(reads[0][1]), prepare=prepare)  # pyright: ignore[reportArgumentType]  # SQL comes from the compiler, not from a literal
            return [await cursor.fetchall()]
        text, values = _one_statement(queries)
        for _, each in reads:
            values = {**values, **each}
        cursor = await self.raw.execute(text, values, prepare=prepare)  # pyright: ignore[reportArgumentType]  # as above
        [lists] = await cursor.fetchall()
        return [[] if rows is None else _rows.decode(rows) for rows in lists]

    async def rows(self, query: Query, values: Mapping[str, Any]) -> list[Row]:
        await (self._begin() if query.prepare else self._plan_for_values())
        [found] = await self._after_what_waits([(query, values)])
        return found

    async def stream(self, query: Query, values: Mapping[str, Any]) -> AsyncGenerator[Row]:
        await self._begin()
        await self.settle()
        self.statements += 1
        compiled = query.on("postgresql")
        async with self.raw.cursor(f"stream{next(self._stream_numbers)}") as cursor:
            cursor.itersize = 500
            await cursor.execute(compiled.sql, compiled.bind(values))  # pyright: ignore[reportArgumentType]  # as above
            async for row in cursor:
                yield row

    async def run(self, query: Query, values: Mapping[str, Any]) -> int:
        await self._begin()
        await self.settle()
        self.statements += 1
        compiled = query.on("postgresql")
        cursor = await self.raw.execute(compiled.sql, compiled.bind(values))  # pyright: ignore[reportArgumentType]  # as above
        return cursor.rowcount

    async def run_many(self, query: Query, values: Sequence[Mapping[str, Any]]) -> None:
        if not values:
            return
        await self.settle()
        self.statements += 1
        compiled = query.on("postgresql")
        async with self.raw.cursor() as cursor:
            await cursor.executemany(compiled.sql, [compiled.bind(each) for each in values])  # pyright: ignore[reportArgumentType]  # as above

    async def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        self._write(row_statements.insert, table, rows)

    async def delete(self, table: Table, keys: Sequence[Mapping[str, Any]]) -> None:
        self._write(row_statements.delete, table, keys)

    async def update(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        self._write(row_statements.update, table, rows)

    async def put(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        self._write(row_statements.put, table, rows)

    async def add(self, table: Table, counts: Sequence[Mapping[str, Any]]) -> None:
        self._write(row_statements.add, table, counts)

    def _write(
        self, statement: Callable[[Table, tuple[str, ...]], str], table: Table, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Write this before whatever is read or written next: nobody waits for its answer."""
        if not rows:
            return
        self.statements += 1
        values = {"rows": _json.encode(rows).decode(), "organization": rows[0].get("org")}
        self._unsent.append((statement(table, tuple(rows[0])), values))

    async def send(self, last: LiteralString | None = None) -> None:
        """Send what was to be written, and one last statement, in one round trip."""
        unsent, self._unsent = self._unsent, []
        if not unsent and last is None:
            return
        async with self.raw.pipeline():
            for text, values in unsent:
                await self.raw.execute(text, values)  # pyright: ignore[reportArgumentType]  # as above
            if last is not None:
                await self.raw.execute(last)


class Turns:
    """As many turns as there are pooled connections; blocks take one each."""

    def __init__(self, many: int) -> None:
        self._free = asyncio.Semaphore(many)
        self.waiting = 0

    async def __aenter__(self) -> None:
        """Raises PoolTimeout."""
        self.waiting += 1
        try:
            if self._free.locked():
                async with asyncio.timeout(LONGEST_TURN_SECONDS):
                    await self._free.acquire()
            else:
                await self._free.acquire()
        except TimeoutError:
            raise PoolTimeout(f"no connection became free in {LONGEST_TURN_SECONDS} seconds") from None
        finally:
            self.waiting -= 1

    async def __aexit__(self, *_failure: object) -> None:
        self._free.release()


class Reading:
    """A snapshot on a pooled connection for as long as the block lasts. Generators and the pool's own block, which ends
    a transaction that there is not, would cost half as much as a statement.
    """

    __slots__ = ("_connection", "_pool", "_turn")

    def __init__(
        self, turn: AbstractAsyncContextManager[None], pool: "AsyncConnectionPool[AsyncConnection[Row]]"
    ) -> None:
        self._turn = turn
        self._pool = pool

    async def __aenter__(self) -> PostgresConnection:
        await self._turn.__aenter__()
        try:
            raw = await self._pool.getconn()
        except BaseException:
            await self._turn.__aexit__(None, None, None)
            raise
        self._connection = PostgresConnection(raw, takes_snapshot=True)
        return self._connection

    async def __aexit__(self, kind: type[BaseException] | None, *_failure: object) -> None:
        raw = self._connection.raw
        try:
            if self._connection.has_snapshot and kind is None:
                await raw.execute("COMMIT")
            elif self._connection.has_snapshot:
                # Where the connection is lost, the first error tells so.
                with suppress(psycopg.Error):
                    await raw.execute("ROLLBACK")
        finally:
            try:
                await self._pool.putconn(raw)
            finally:
                await self._turn.__aexit__(None, None, None)


async def _in_transaction(raw: AsyncConnection[Row], work: Work[T]) -> T:
    """Commit what `work` wrote; what is sent last goes together with the commit."""
    await raw.execute("BEGIN")
    try:
        connection = PostgresConnection(raw)
        result = await work(connection)
        await connection.send("COMMIT")
    except BaseException:
        # Where the connection is lost, the first error tells so.
        with suppress(psycopg.Error):
            await raw.rollback()
        raise
    return result


async def _commit_with_the_next(raw: AsyncConnection[Row]) -> None:
    """Numbers that were handed out must be on disk no sooner than what is written with them, and are then."""
    await raw.execute("SET synchronous_commit = off")


class PostgresDatabase:
    dialect: DialectName = "postgresql"
    reads_in_line = False

    def __init__(self, url: str, *, pool_size: int = 10, streams: int = 8) -> None:
        self.url = url
        self._pool: AsyncConnectionPool[AsyncConnection[Row]] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=pool_size,
            open=False,
            kwargs={"autocommit": True},
            configure=_plan_once,
        )
        # Waiting here costs a tenth of waiting for the pool.
        self._turns = Turns(pool_size)
        # Numbers are taken in a short transaction of their own while the caller's may hold a pooled connection;
        # a pool of their own keeps the two from waiting for each other.
        self._numbers: AsyncConnectionPool[AsyncConnection[Row]] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=2,
            open=False,
            kwargs={"autocommit": True},
            configure=_commit_with_the_next,
        )
        # Streams last as long as their readers take; nobody else waits for them.
        self._streams: AsyncConnectionPool[AsyncConnection[Row]] = AsyncConnectionPool(
            url, min_size=0, max_size=streams, open=False, kwargs={"autocommit": True}, timeout=LONGEST_WAIT_SECONDS
        )

    async def open(self) -> None:
        await self._pool.open(wait=True, timeout=10)
        await self._numbers.open(wait=True, timeout=10)
        await self._streams.open()

    async def close(self) -> None:
        await self._streams.close()
        await self._numbers.close()
        await self._pool.close()

    @asynccontextmanager
    async def numbering(self) -> AsyncGenerator[PostgresConnection]:
        """A connection whose single statement commits at once."""
        async with self._numbers.connection() as raw:
            yield PostgresConnection(raw)

    @property
    def waiting_writes(self) -> int:
        """Reads and writes that wait for a connection."""
        return self._turns.waiting

    def reading(self) -> Reading:
        """A consistent snapshot for everything one request reads."""
        return Reading(self._turns, self._pool)

    # Others are always served meanwhile, and psycopg has the server stop a statement when whoever asked is cancelled.
    reading_briefly = reading_long = reading

    def streaming(self) -> Reading:
        """A snapshot for as long as somebody takes to read what is made of it."""
        return Reading(nullcontext(), self._streams)

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction; deadlocks and serialization failures run it again, unseen by the caller."""
        attempt, delay = 0, FIRST_RETRY_SECONDS
        while True:
            attempt += 1
            try:
                async with self._turns, self._pool.connection() as raw:
                    return await _in_transaction(raw, work)
            except (DeadlockDetected, SerializationFailure):
                if attempt >= LOCK_ATTEMPTS:
                    raise
            except (UniqueViolation, ForeignKeyViolation):
                if attempt >= KEY_ATTEMPTS:
                    raise
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311  # it spreads, it hides nothing
            delay = min(2 * delay, LONGEST_RETRY_SECONDS)
