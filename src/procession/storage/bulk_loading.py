"""Loading batches into a database, on a connection of its own: COPY on PostgreSQL, big transactions on SQLite."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import apsw
from psycopg import AsyncConnection, sql
from sqlalchemy import Column, MetaData, Table, bindparam, func, insert, select, update
from sqlalchemy.schema import CreateTable, DropTable

from procession.storage.bulk import Batch, Key
from procession.storage.changes import Kind
from procession.storage.connection import Connection, Row
from procession.storage.database import Database
from procession.storage.dialect import DIALECTS, constant
from procession.storage.log import index_topics
from procession.storage.postgres import PostgresConnection, PostgresDatabase
from procession.storage.query import Query
from procession.storage.schema import metadata
from procession.storage.search import SEQ_BITS, enter_answers, process_search
from procession.storage.sqlite import SqliteConnection
from procession.storage.tables.changes import changes
from procession.storage.tables.control import organizations
from procession.storage.tables.events import events, organization_states
from procession.storage.tables.lists import process_values
from procession.storage.tables.processes import processes
from procession.storage.tables.templates import templates

CACHE_KIB = 524_288
CHECKPOINT_PAGES = 50_000


class Loader(Protocol):
    """One connection for loading; nobody else should write meanwhile."""

    connection: Connection

    def transaction(self) -> Any:  # an asynchronous context manager that commits
        ...

    async def copy(self, table: Table, names: Sequence[str], rows: Sequence[Row]) -> None:
        """Enter rows, as fast as the database takes them."""
        ...

    async def define(self, statement: str) -> None: ...

    async def tidy(self) -> None:
        """Leave the database as fit for reading as if it had grown slowly."""
        ...


class SqliteLoader:
    def __init__(self, path: Path) -> None:
        self._own = SqliteConnection(path, writable=True)
        self.connection: Connection = self._own
        raw: Any = self._own.raw  # Any: its stubs name types that pyright does not know
        self._execute: Callable[[str], object] = raw.execute
        self._execute_many: Callable[[str, Sequence[Row]], object] = raw.executemany
        for pragma in (
            f"cache_size = -{CACHE_KIB}",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
            # Whoever loads begins again after a power failure.
            "synchronous = NORMAL",
            "foreign_keys = OFF",
            "temp_store = FILE",
        ):
            self._execute(f"PRAGMA {pragma}")

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[None]:
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._execute("ROLLBACK")
            raise
        self._execute("COMMIT")

    async def copy(self, table: Table, names: Sequence[str], rows: Sequence[Row]) -> None:
        self._execute_many(_sqlite_insert(table, tuple(names)), rows)

    async def define(self, statement: str) -> None:
        self._execute(statement)

    async def tidy(self) -> None:
        # Where somebody else is at it already, that is enough.
        with suppress(apsw.BusyError):
            self._own.raw.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def close(self) -> None:
        self._own.close()


class PostgresLoader:
    def __init__(self, raw: AsyncConnection[Row]) -> None:
        self._raw = raw
        self._own = PostgresConnection(raw)
        self.connection: Connection = self._own

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[None]:
        async with self._raw.transaction():
            yield
            await self._own.send()

    async def copy(self, table: Table, names: Sequence[str], rows: Sequence[Row]) -> None:
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
        )
        async with self._raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                await copy.write_row(row)

    async def define(self, statement: str) -> None:
        await self._raw.execute(statement)  # pyright: ignore[reportCallIssue, reportArgumentType]  # SQL comes from the compiler, not from a literal

    async def tidy(self) -> None:
        await self._raw.execute("VACUUM ANALYZE")


@asynccontextmanager
async def loading(database: Database) -> AsyncGenerator[Loader]:
    """A loader for the open database."""
    if isinstance(database, PostgresDatabase):
        async with await AsyncConnection[Row].connect(database.url, autocommit=True) as raw:
            yield PostgresLoader(raw)
    else:
        loader = SqliteLoader(database.path)
        try:
            yield loader
        finally:
            loader.close()


@cache
def _sqlite_insert(table: Table, names: tuple[str, ...]) -> str:
    """Takes values in the order of `names`, which is the table's."""
    return Query(insert(table).values({name: bindparam(name) for name in names})).on("sqlite").sql


_stage = Table(
    "staged_event",
    MetaData(),
    *[Column(column.name, column.type) for column in events.columns],
    prefixes=["TEMPORARY"],
)
_order = (_stage.c.at, _stage.c.position)
_number = (func.row_number().over(order_by=_order) + bindparam("before")).label("position")
_append_staged = Query(
    insert(events).from_select(
        [column.name for column in events.columns],
        select(*[_number if column.name == "position" else column for column in _stage.columns]).order_by(*_order),
    )
)
_advance = Query(
    update(organization_states)
    .where(organization_states.c.org == bindparam("org_is"))
    .values(position=organization_states.c.position + bindparam("happened"))
    .returning(organization_states.c.position)
)
_index_names = Query(
    insert(process_search).from_select(
        ["rowid", "name"],
        select(processes.c.org.op("<<")(constant(SEQ_BITS)).op("|")(processes.c.seq), processes.c.folded_name).where(
            processes.c.org == bindparam("org"), processes.c.seq.between(bindparam("first"), bindparam("last"))
        ),
    )
)
_index_answers = Query(
    enter_answers(
        process_values.c.org == bindparam("org"), process_values.c.seq.between(bindparam("first"), bindparam("last"))
    )
)
_count_launches = Query(
    update(templates)
    .where(templates.c.org == bindparam("org_is"), templates.c.id == bindparam("id_is"))
    .values(started_processes=templates.c.started_processes + bindparam("launches"))
)
_directory_size = Query(select(func.count()).select_from(organizations))


async def organizations_in(database: Database) -> int:
    """How many organizations the database holds."""
    async with database.reading() as connection:
        [(found,)] = await connection.rows(_directory_size, {})
    return found


class Growing:
    """One organization that is being filled: batches in any number, then its events in the order of their time."""

    def __init__(self, loader: Loader, org: int) -> None:
        self._loader = loader
        self._org = org
        self._staged = 0

    async def open(self) -> None:
        await self._loader.define(str(CreateTable(_stage).compile(dialect=DIALECTS[self._loader.connection.dialect])))

    async def load(self, batch: Batch, launches: Mapping[str, int]) -> None:
        """Enter a batch, with the processes launched in it counted on their templates, in one transaction."""
        async with self._loader.transaction():
            for name in sorted(batch.rows, key=_parents_first):
                table = _stage if name == events.name else metadata.tables[name]
                await self._loader.copy(table, batch.names[name], batch.rows[name])
            await self._index_texts(batch)
            for name, counts in sorted(batch.counts.items()):
                await self._count(metadata.tables[name], counts)
            rows = [{"org_is": self._org, "id_is": key, "launches": n} for key, n in sorted(launches.items())]
            await self._loader.connection.run_many(_count_launches, rows)
        self._staged += len(batch.rows.get(events.name, ()))

    async def close(self) -> None:
        """Append the events that came with the batches to the organization's log; copies of it begin again."""
        connection = self._loader.connection
        async with self._loader.transaction():
            values = {"org_is": self._org, "happened": self._staged}
            [(last,)] = await connection.rows(_advance, values)
            await connection.run(_append_staged, {"before": last - self._staged})
            await connection.run(index_topics, {"org": self._org, "after": last - self._staged})
            start = {"org": self._org, "kind": int(Kind.START), "seq": 0, "position": last}
            await connection.put(changes, [start])
            await self._loader.define(str(DropTable(_stage)))

    async def _index_texts(self, batch: Batch) -> None:
        rows = batch.rows.get(processes.name)
        if not rows or self._loader.connection.dialect != "sqlite":
            return
        place = batch.names[processes.name].index("seq")
        span = {"first": min(row[place] for row in rows), "last": max(row[place] for row in rows)}
        for statement in (_index_names, _index_answers):
            await self._loader.connection.run(statement, {"org": self._org, **span})

    async def _count(self, table: Table, counts: Mapping[Key, int]) -> None:
        names = [column.name for column in table.primary_key.columns][1:]
        rows = [{"org": self._org, **dict(zip(names, key, strict=True)), "n": n} for key, n in sorted(counts.items())]
        await self._loader.connection.add(table, rows)


def _parents_first(name: str) -> tuple[int, str]:
    """Processes before their tasks, tasks before what hangs on them."""
    return ("process", "task").index(name) if name in ("process", "task") else 2, name
