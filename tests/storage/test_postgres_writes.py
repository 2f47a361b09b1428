"""Writes on PostgreSQL: many at a time, whose conflicts no caller sees, and positions that no reader passes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import DeadlockDetected, UniqueViolation
from sqlalchemy import bindparam, select, update

from procession.domain.actors import BOT
from procession.domain.events import happened
from procession.storage import postgres
from procession.storage.connection import Read, Row
from procession.storage.log import position_query
from procession.storage.migrate import upgrade
from procession.storage.postgres import PostgresConnection, PostgresDatabase
from procession.storage.query import Query
from procession.storage.tables.content import tag_links, tags
from procession.storage.tables.events import events, sequences
from procession.storage.tx import WriteTx, writing
from procession.usecases.setup import create_organization
from tests.postgres_server import prepared_database

NOW = 1_772_000_000_000
ORGANIZATION_ID = "0" * 32

_raise = Query(
    update(sequences)
    .where(sequences.c.org == bindparam("org_is"), sequences.c.kind == bindparam("kind_is"))
    .values(last=sequences.c.last + 1)
)
_last = Query(
    select(sequences.c.last).where(sequences.c.org == bindparam("org"), sequences.c.kind == bindparam("kind"))
)
_tag = Query(select(tags.c.id).where(tags.c.org == bindparam("org"), tags.c.id == bindparam("id")))
_positions = Query(select(events.c.position).where(events.c.org == bindparam("org")).order_by(events.c.position))


@pytest.fixture(scope="module")
def url(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prepared_database(postgres_server) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            # How long PostgreSQL waits before it looks whether a wait is a deadlock.
            name = sql.Identifier(connection.info.dbname)
            connection.execute(sql.SQL("ALTER DATABASE {} SET deadlock_timeout = '10ms'").format(name))
        upgrade(url, tmp_path_factory.mktemp("data"))
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[PostgresDatabase]:
    database = PostgresDatabase(url, pool_size=8)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def org(database: PostgresDatabase) -> int:
    number, _ = await create_organization(database, name="Fernwood", timezone="UTC", now=NOW)
    return number


async def write(database: PostgresDatabase, org: int, work: Callable[[WriteTx], Awaitable[Any]]) -> Any:
    return await writing(database, org, ORGANIZATION_ID, BOT, NOW, work)


async def counter(database: PostgresDatabase, org: int, kind: str) -> int:
    async with database.reading() as connection:
        [(last,)] = await connection.rows(_last, {"org": org, "kind": kind})
    return last


async def waiting_for_locks(database: PostgresDatabase, many: int) -> None:
    """Return as soon as this many transactions wait for another one."""
    async with await psycopg.AsyncConnection.connect(database.url, autocommit=True) as watcher:
        while True:
            cursor = await watcher.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if await cursor.fetchone() == (many,):
                return


class Meeting:
    """Where transactions wait for each other, the first time they come by."""

    def __init__(self, many: int) -> None:
        self._left = many
        self._all_there = asyncio.Event()

    async def attend(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self._all_there.set()
        await self._all_there.wait()


async def two_counters(database: PostgresDatabase, org: int) -> None:
    async def work(tx: WriteTx) -> None:
        await tx.insert(sequences, [{"kind": kind, "last": 0, "last_at": 0} for kind in ("a", "b")])

    await write(database, org, work)


async def test_a_deadlock_never_reaches_a_caller(database: PostgresDatabase, org: int) -> None:
    await two_counters(database, org)
    meeting = Meeting(2)
    runs: list[str] = []

    def crossing(*kinds: str) -> Callable[[WriteTx], Awaitable[None]]:
        async def work(tx: WriteTx) -> None:
            runs.append(kinds[0])
            await tx.run(_raise, org_is=org, kind_is=kinds[0])
            await meeting.attend()
            await tx.run(_raise, org_is=org, kind_is=kinds[1])

        return work

    await asyncio.gather(write(database, org, crossing("a", "b")), write(database, org, crossing("b", "a")))

    assert len(runs) > 2, "there was no deadlock"
    assert [await counter(database, org, kind) for kind in ("a", "b")] == [2, 2]


async def test_a_serialization_failure_never_reaches_a_caller(database: PostgresDatabase, org: int) -> None:
    await two_counters(database, org)
    meeting = Meeting(2)
    runs: list[int] = []

    async def copying(connection: PostgresConnection) -> None:
        runs.append(1)
        await connection.raw.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        await connection.rows(_last, {"org": org, "kind": "a"})
        await meeting.attend()
        await connection.run(_raise, {"org_is": org, "kind_is": "a"})

    await asyncio.gather(database.write(copying), database.write(copying))

    assert len(runs) == 3
    assert await counter(database, org, "a") == 2


async def test_what_fails_on_and_on_is_told_in_the_end(
    database: PostgresDatabase, org: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "FIRST_RETRY_SECONDS", 0.0)
    runs: list[type[Exception]] = []

    def failing(error: type[Exception]) -> Callable[[WriteTx], Awaitable[None]]:
        async def work(tx: WriteTx) -> None:
            runs.append(error)
            raise error

        return work

    with pytest.raises(DeadlockDetected):
        await write(database, org, failing(DeadlockDetected))
    with pytest.raises(UniqueViolation):
        await write(database, org, failing(UniqueViolation))

    assert (runs.count(DeadlockDetected), runs.count(UniqueViolation)) == (
        postgres.LOCK_ATTEMPTS,
        postgres.KEY_ATTEMPTS,
    )


async def test_of_two_who_enter_the_same_key_the_second_finds_it(database: PostgresDatabase, org: int) -> None:
    meeting = Meeting(2)

    async def entering(tx: WriteTx) -> str:
        if await tx.value(_tag, id="t1"):
            return "found"
        await meeting.attend()
        await enter_tag(tx, "t1")
        return "made"

    outcomes = await asyncio.gather(write(database, org, entering), write(database, org, entering))

    assert sorted(outcomes) == ["found", "made"]


async def enter_tag(tx: WriteTx, tag_id: str) -> None:
    row = {"id": tag_id, "title": tag_id, "folded_title": tag_id, "auto_generated": 0, "color": None, "type": None}
    await tx.insert(tags, [{**row, "created_at": NOW, "updated_at": NOW}])


async def test_who_refers_to_what_is_just_being_erased_finds_it_gone(database: PostgresDatabase, org: int) -> None:
    await write(database, org, lambda tx: enter_tag(tx, "t1"))
    may_commit, is_erased = asyncio.Event(), asyncio.Event()

    async def erasing(tx: WriteTx) -> None:
        await tx.delete(tags, [{"id": "t1"}])
        assert await tx.value(_tag, id="t1") is None, "what was written is what is read"
        is_erased.set()
        await may_commit.wait()

    async def linking(tx: WriteTx) -> str:
        if not await tx.value(_tag, id="t1"):
            return "gone"
        link = {"id": 1, "tag_id": "t1", "process": None, "task": None, "template_id": None, "step_id": None}
        await tx.insert(tag_links, [{**link, "created_at": NOW}])
        return "linked"

    eraser = asyncio.create_task(write(database, org, erasing))
    await is_erased.wait()
    linker = asyncio.create_task(write(database, org, linking))
    await waiting_for_locks(database, 1)
    may_commit.set()
    await eraser

    assert await linker == "gone"


async def position(database: PostgresDatabase, org: int) -> tuple[int, list[int]]:
    """The organization's position and the positions of its events, in one snapshot."""
    async with database.reading() as connection:
        [(last, _)] = await connection.rows(position_query, {"org": org})
        return last, [row[0] for row in await connection.rows(_positions, {"org": org})]


async def test_a_reader_never_passes_an_event_that_commits_later(database: PostgresDatabase, org: int) -> None:
    before, _ = await position(database, org)
    has_a_place, may_commit = asyncio.Event(), asyncio.Event()

    async def slow(connection: PostgresConnection) -> None:
        tx = WriteTx(database, connection, org, ORGANIZATION_ID, BOT, NOW)
        tx.record(happened("tag.created", "slow"))
        await tx.finish()
        has_a_place.set()
        await may_commit.wait()

    async def quick(tx: WriteTx) -> None:
        tx.record(happened("tag.created", "quick"))

    first = asyncio.create_task(database.write(slow))
    await has_a_place.wait()
    second = asyncio.create_task(write(database, org, quick))
    await waiting_for_locks(database, 1)

    assert (await position(database, org))[0] == before
    assert not second.done()

    may_commit.set()
    await asyncio.gather(first, second)
    last, positions = await position(database, org)
    assert last == before + 2
    assert positions[-2:] == [before + 1, before + 2]


async def test_positions_have_no_gaps_at_any_moment(database: PostgresDatabase, org: int) -> None:
    """Many writers, refusals among them, and a reader that looks again and again."""
    before, _ = await position(database, org)

    async def refused(tx: WriteTx) -> None:
        tx.record(happened("tag.created", "refused"))
        await tx.finish()
        raise ValueError

    def happening(many: int) -> Callable[[WriteTx], Awaitable[None]]:
        async def work(tx: WriteTx) -> None:
            tx.record(*[happened("tag.created", str(number)) for number in range(many)])

        return work

    writers = [asyncio.create_task(write(database, org, happening(1 + number % 4))) for number in range(40)]
    writers += [asyncio.create_task(write(database, org, refused)) for _ in range(10)]
    looks = 0
    while not all(writer.done() for writer in writers):
        last, positions = await position(database, org)
        assert positions == list(range(1, last + 1))
        looks += 1

    outcomes = await asyncio.gather(*writers, return_exceptions=True)
    assert looks > 1
    assert [type(each) for each in outcomes].count(ValueError) == 10
    assert (await position(database, org))[0] == before + sum(1 + number % 4 for number in range(40))


async def test_numbers_are_handed_out_while_every_connection_is_taken(url: str, org: int) -> None:
    """They come from connections of their own: two launches on a pool of two would wait for each other for ever."""
    database = PostgresDatabase(url, pool_size=2)
    await database.open()
    meeting = Meeting(2)

    async def launching(tx: WriteTx) -> int:
        await meeting.attend()
        first, _ = await tx.reserve("process", 3)
        return first

    outcomes = await asyncio.gather(*[write(database, org, launching) for _ in range(10)])
    await database.close()

    assert sorted(outcomes) == [1 + 3 * number for number in range(10)]


async def test_a_lost_connection_fails_one_write_and_not_the_next(database: PostgresDatabase, org: int) -> None:
    async def losing(connection: PostgresConnection) -> None:
        with psycopg.connect(database.url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [connection.raw.info.backend_pid])
        await connection.rows(_last, {"org": org, "kind": "a"})

    with pytest.raises(psycopg.OperationalError):
        await database.write(losing)

    await two_counters(database, org)
    assert await counter(database, org, "a") == 0


async def test_a_read_that_loses_its_connection_tells_so(database: PostgresDatabase, org: int) -> None:
    async def losing() -> None:
        async with database.reading() as connection:
            with psycopg.connect(database.url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [connection.raw.info.backend_pid])
            await connection.rows(_last, {"org": org, "kind": "a"})

    with pytest.raises(psycopg.errors.AdminShutdown):
        await losing()


async def test_a_read_sees_one_state_from_its_first_statement_on(database: PostgresDatabase, org: int) -> None:
    await two_counters(database, org)
    values = {"org": org, "kind": "a"}
    async with database.reading() as connection:
        before = await connection.rows(_last, values)
        await write(database, org, lambda tx: tx.run(_raise, org_is=org, kind_is="a"))
        assert await connection.rows(_last, values) == before

    assert await counter(database, org, "a") == 1


async def test_what_is_read_as_advised_is_of_one_state(database: PostgresDatabase, org: int) -> None:
    """Whatever changes between the advice and what is read by it: what advised is read again, with what was to be read
    before anything is believed.
    """
    await two_counters(database, org)
    seen: list[Any] = []

    def advised(rows: list[list[Row]]) -> Read:
        seen.append(rows)
        with psycopg.connect(database.url, autocommit=True) as other:
            other.execute("UPDATE sequence SET last = last + 1 WHERE org = %s", [org])
        return _last, {"org": org, "kind": "a"}

    async with database.reading() as connection:
        connection.before((_last, {"org": org, "kind": "a"}), seen.append)
        found = await connection.as_advised([(_last, {"org": org, "kind": "a"})], advised)

    assert seen == [[[(0,)]], [(1,)]]
    assert found == [[(1,)], [(1,)]]


async def test_a_read_cannot_write(database: PostgresDatabase, org: int) -> None:
    async with database.reading() as connection:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await connection.run(_raise, {"org_is": org, "kind_is": "a"})


async def test_a_snapshot_may_be_streamed_twice_at_a_time(database: PostgresDatabase, org: int) -> None:
    await two_counters(database, org)
    kinds = Query(select(sequences.c.kind).where(sequences.c.org == bindparam("org")).order_by(sequences.c.kind))
    async with database.reading() as connection:
        pairs = [
            (one, other)
            async for (one,) in connection.stream(kinds, {"org": org})
            async for (other,) in connection.stream(kinds, {"org": org})
        ]

    assert {("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")} <= set(pairs)


async def test_rows_are_erased_in_their_organization_only(database: PostgresDatabase, org: int) -> None:
    other, _ = await create_organization(database, name="Elsewhere", timezone="UTC", now=NOW)
    for number in (org, other):
        await write(database, number, lambda tx: enter_tag(tx, "t1"))

    await write(database, org, lambda tx: tx.delete(tags, [{"id": "t1", "org": other}]))

    async with database.reading() as connection:
        assert await connection.rows(_tag, {"org": org, "id": "t1"}) == []
        assert await connection.rows(_tag, {"org": other, "id": "t1"}) == [("t1",)]
