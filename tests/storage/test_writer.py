"""Writes on SQLite: one writer, group commit, and what happens when the disk fails in the middle of it."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from sqlalchemy import bindparam, func, insert, select

from procession.storage import sqlite_writer
from procession.storage.query import Query
from procession.storage.sqlite import SqliteConnection, SqliteDatabase
from procession.storage.sqlite_writer import WriterStopped
from procession.storage.tables.events import sequences
from tests.storage.faulty_disk import FaultyDisk

Work = Callable[[SqliteConnection], Coroutine[Any, Any, str]]

ROWS_EACH = 3
_enter = Query(
    insert(sequences).values(org=bindparam("org"), kind=bindparam("kind"), last=bindparam("last"), last_at=0)
)
_entered = Query(
    select(sequences.c.kind, func.count()).where(sequences.c.org == bindparam("org")).group_by(sequences.c.kind)
)
_in_order = Query(select(sequences.c.last).where(sequences.c.org == bindparam("org")).order_by(sequences.c.last_at))


@asynccontextmanager
async def opened(file: Path) -> AsyncIterator[SqliteDatabase]:
    database = SqliteDatabase(file)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def database(file: Path) -> AsyncIterator[SqliteDatabase]:
    async with opened(file) as database:
        yield database


@pytest.fixture
def disk() -> Iterator[FaultyDisk]:
    """While a test uses it, whatever is opened is opened on this disk."""
    disk = FaultyDisk()
    yield disk
    disk.close()


def entering(name: str, *, filler: int = 0) -> Work:
    """A piece of work that writes three rows, each in a statement of its own."""

    async def work(connection: SqliteConnection) -> str:
        for org in range(ROWS_EACH):
            await connection.run(_enter, {"org": org, "kind": name + "x" * filler, "last": 1})
        return name

    return work


async def entered(database: SqliteDatabase) -> set[str]:
    """Whose rows are there; fails when only some of somebody's are."""
    async with database.reading() as connection:
        found = [set(await connection.rows(_entered, {"org": org})) for org in range(ROWS_EACH)]
    assert all(each == found[0] for each in found), "half-written"
    return {kind.rstrip("x") for kind, _ in found[0]}


class Refused(Exception):
    pass


class Held:
    """Holds the writer in a piece of work, so that what is submitted meanwhile becomes one group."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._begun, self._release = threading.Event(), threading.Event()
        self._first = asyncio.ensure_future(database.write(self._wait))

    async def _wait(self, _connection: SqliteConnection) -> None:
        self._begun.set()
        assert self._release.wait(60)
        raise Refused  # so that the commits which a test sees are those of its own work

    async def __aenter__(self) -> None:
        await asyncio.to_thread(self._begun.wait, 60)

    async def __aexit__(self, *_: object) -> None:
        self._release.set()
        with pytest.raises(Refused):
            await self._first


async def submitted(database: SqliteDatabase, *works: Work) -> list[asyncio.Task[str]]:
    """The work's outcomes to be, once all of it waits for the writer."""
    before = database.waiting_writes
    futures = [asyncio.create_task(database.write(work)) for work in works]
    while database.waiting_writes < before + len(works):  # noqa: ASYNC110  # they run as soon as this one lets them
        await asyncio.sleep(0)
    return futures


async def together(database: SqliteDatabase, *works: Work) -> list[Any]:
    """Each outcome of the work done as one group, errors included."""
    async with Held(database):
        futures = await submitted(database, *works)
    return await asyncio.gather(*futures, return_exceptions=True)


def writer_connection(database: SqliteDatabase) -> apsw.Connection:
    assert database._writer is not None
    return database._writer.connection.raw


def refusing(name: str) -> Work:
    async def work(connection: SqliteConnection) -> str:
        await entering(name)(connection)
        raise Refused

    return work


async def test_a_refused_piece_of_work_does_not_disturb_the_others_of_its_group(database: SqliteDatabase) -> None:
    first, second, third = await together(database, entering("a"), refusing("b"), entering("c"))

    assert (first, type(second), third) == ("a", Refused, "c")
    assert await entered(database) == {"a", "c"}


async def test_work_that_waits_together_shares_one_commit(database: SqliteDatabase) -> None:
    commits: list[None] = []

    def count() -> bool:
        commits.append(None)
        return False

    async def counting(connection: SqliteConnection) -> str:
        connection.raw.set_commit_hook(count)
        return await entering("a")(connection)

    await together(database, counting, *[entering(name) for name in "bcdefgh"])

    assert len(commits) == 1
    assert await entered(database) == set("abcdefgh")


async def test_nobody_is_told_of_success_before_the_commit(database: SqliteDatabase, file: Path) -> None:
    seen: list[tuple[bool, object]] = []

    async def looking(_connection: SqliteConnection) -> str:
        outside = apsw.Connection(str(file))
        seen.append((first.done(), outside.execute("SELECT count(*) FROM sequence").get))
        outside.close()
        return "looked"

    async with Held(database):
        [first, second] = await submitted(database, entering("a"), looking)

    assert await second == "looked"
    assert seen == [(False, 0)]
    assert await first == "a"


async def test_work_is_done_in_the_order_it_came_in(database: SqliteDatabase) -> None:
    done: list[int] = []

    def numbered(number: int) -> Work:
        async def work(connection: SqliteConnection) -> str:
            done.append(number)
            await connection.run(_enter, {"org": 1, "kind": f"k{number}", "last": number})
            return str(number)

        return work

    await asyncio.gather(*[database.write(numbered(number)) for number in range(300)])

    assert done == list(range(300))


async def awaits_the_loop(connection: SqliteConnection) -> str:
    await entering("b")(connection)
    await asyncio.sleep(0)
    return "b"


async def awaits_a_future(connection: SqliteConnection) -> str:
    await entering("b")(connection)
    future: asyncio.Future[str] = asyncio.Future(loop=asyncio.new_event_loop())
    future.get_loop().close()
    return await future


async def awaits_the_clock(connection: SqliteConnection) -> str:
    await entering("b")(connection)
    await asyncio.sleep(1)
    return "b"


@pytest.mark.parametrize("work", [awaits_the_loop, awaits_a_future, awaits_the_clock])
async def test_work_that_awaits_anything_but_storage_is_refused(database: SqliteDatabase, work: Work) -> None:
    first, second, third = await together(database, entering("a"), work, entering("c"))

    assert (first, type(second), third) == ("a", RuntimeError, "c")
    assert await entered(database) == {"a", "c"}


def is_full() -> Exception:
    return apsw.FullError("no space left on device")


def is_broken() -> Exception:
    return apsw.IOError("disk I/O error")


FAULTS = [
    pytest.param("xWrite", is_full, id="disk full while writing"),
    pytest.param("xWrite", is_broken, id="error while writing"),
    pytest.param("xSync", is_broken, id="error while syncing"),
]


@pytest.mark.parametrize("pages_in_memory", [1000, 5], ids=["at the commit", "in the middle of the work"])
@pytest.mark.parametrize(("during", "fault"), FAULTS)
async def test_when_the_transaction_is_lost_once_everybody_is_served_alone(
    disk: FaultyDisk, file: Path, during: str, fault: Callable[[], Exception], pages_in_memory: int
) -> None:
    async with opened(file) as database:
        await database.write(entering("before"))
        writer_connection(database).pragma("cache_size", pages_in_memory)
        disk.fail(during, fault, times=1)

        outcomes = await together(database, *[entering(name, filler=3000) for name in "abcd"])

        assert disk.left == 0
        assert outcomes == ["a", "b", "c", "d"]
        assert await entered(database) == {"before", *"abcd"}


@pytest.mark.parametrize("pages_in_memory", [1000, 5], ids=["at the commit", "in the middle of the work"])
@pytest.mark.parametrize(("during", "fault"), FAULTS)
async def test_while_the_disk_fails_everybody_is_refused_and_nothing_is_half_written(
    disk: FaultyDisk, file: Path, during: str, fault: Callable[[], Exception], pages_in_memory: int
) -> None:
    async with opened(file) as database:
        await database.write(entering("before"))
        writer_connection(database).pragma("cache_size", pages_in_memory)
        disk.fail(during, fault, times=1_000_000)

        outcomes = await together(database, *[entering(name, filler=3000) for name in "abcd"])

        assert all(isinstance(outcome, apsw.Error) for outcome in outcomes), outcomes
        disk.left = 0
        assert await entered(database) == {"before"}
        assert await database.write(entering("after")) == "after"
        assert await entered(database) == {"before", "after"}
    with apsw.Connection(str(file)) as again:
        assert again.pragma("integrity_check") == "ok"


async def test_a_full_database_refuses_what_does_not_fit_and_goes_on(database: SqliteDatabase) -> None:
    raw = writer_connection(database)
    raw.pragma("max_page_count", raw.pragma("page_count") + 8)

    outcomes = await together(database, *[entering(name, filler=3000) for name in "abcdefgh"], entering("small"))

    told = {outcome for outcome in outcomes if isinstance(outcome, str)}
    assert {type(outcome) for outcome in outcomes} == {str, apsw.FullError}
    assert await entered(database) == told
    raw.pragma("max_page_count", 1_000_000)
    assert await database.write(entering("later", filler=3000)) == "later"


@pytest.mark.parametrize("times", [1, 1_000_000], ids=["once", "always"])
async def test_a_commit_that_fails_is_tried_alone(database: SqliteDatabase, times: int) -> None:
    left = times
    runs: list[str] = []

    def refuse() -> bool:
        nonlocal left
        left -= 1
        return left >= 0

    def counted(name: str) -> Work:
        async def work(connection: SqliteConnection) -> str:
            runs.append(name)
            if name == "a":
                connection.raw.set_commit_hook(refuse)
            return await entering(name)(connection)

        return work

    outcomes = await together(database, counted("a"), refusing("b"), counted("c"))

    assert runs == ["a", "c", "a", "c"]
    assert isinstance(outcomes[1], Refused)
    writer_connection(database).set_commit_hook(None)
    if times == 1:
        assert (outcomes[0], outcomes[2]) == ("a", "c")
        assert await entered(database) == {"a", "c"}
    else:
        assert [type(outcomes[0]), type(outcomes[2])] == [apsw.ConstraintError] * 2
        assert await entered(database) == set()


async def test_a_connection_that_cannot_even_roll_back_is_replaced(database: SqliteDatabase) -> None:
    def deny(action: int, name: str | None, *_: object) -> int:
        ends = action == apsw.SQLITE_TRANSACTION and name in ("COMMIT", "ROLLBACK")
        return apsw.SQLITE_DENY if ends else apsw.SQLITE_OK

    old = writer_connection(database)

    async def denying(connection: SqliteConnection) -> str:
        if connection.raw is old:
            old.authorizer = deny
        return await entering("a")(connection)

    assert await together(database, denying, entering("b")) == ["a", "b"]
    assert writer_connection(database) is not old
    assert await entered(database) == {"a", "b"}


async def test_a_file_that_another_program_holds_refuses_the_group_at_once(file: Path) -> None:
    tries: list[int] = []

    def give_up(times: int) -> bool:
        tries.append(times)
        return False

    async with opened(file) as database:
        writer_connection(database).set_busy_handler(give_up)
        with closing(apsw.Connection(str(file))) as holder:
            holder.execute("BEGIN IMMEDIATE")
            # They are submitted in one step of the loop; the first may still be a group of its own.
            outcomes = await asyncio.gather(
                *[database.write(entering(name)) for name in "abcdef"], return_exceptions=True
            )
            holder.execute("ROLLBACK")

        assert [type(outcome) for outcome in outcomes] == [apsw.BusyError] * 6
        assert len(tries) <= 2, "nobody waits again for what the others of the group have waited for"
        assert await database.write(entering("g")) == "g"
        assert await entered(database) == {"g"}


SECOND_PROCESS = """
import asyncio, sys
from pathlib import Path
from procession.storage.sqlite import SqliteDatabase
from tests.storage.test_writer import entering

async def main() -> None:
    database = SqliteDatabase(Path(sys.argv[1]))
    await database.open()
    print("ready", flush=True)
    for number in range(40):
        await database.write(entering(f"second{number}"))
    await database.close()

asyncio.run(main())
"""


async def test_a_second_process_writes_beside_the_server(database: SqliteDatabase, file: Path) -> None:
    command = [sys.executable, "-c", SECOND_PROCESS, str(file)]
    second = await asyncio.to_thread(
        subprocess.Popen, command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert second.stdout is not None
    await asyncio.to_thread(second.stdout.readline)

    ours = [await database.write(entering(f"first{number}")) for number in range(40)]

    _, errors = await asyncio.to_thread(second.communicate, timeout=60)
    assert second.returncode == 0, errors
    assert await entered(database) == {*ours, *(f"second{number}" for number in range(40))}


async def test_a_read_sees_one_state_from_its_first_statement_on(database: SqliteDatabase) -> None:
    async with database.reading() as connection:
        before = await connection.rows(_entered, {"org": 1})
        await database.write(entering("a"))
        assert await connection.rows(_entered, {"org": 1}) == before

    assert await entered(database) == {"a"}


async def test_an_abandoned_stream_does_not_show_the_next_reader_the_past(file: Path) -> None:
    database = SqliteDatabase(file, readers=1)
    await database.open()
    for number in range(50):
        await database.write(entering(f"old{number}"))
    async with database.reading() as connection:
        rows = connection.stream(_entered, {"org": 1})
        await anext(rows)

    await database.write(entering("new"))

    assert "new" in await entered(database)
    await rows.aclose()
    await database.close()


async def test_a_read_cannot_write(database: SqliteDatabase) -> None:
    async with database.reading() as connection:
        with pytest.raises(apsw.ReadOnlyError):
            await connection.run(_enter, {"org": 1, "kind": "a", "last": 1})


async def test_closing_finishes_what_waits_and_refuses_what_comes_later(file: Path) -> None:
    database = SqliteDatabase(file)
    await database.open()
    writer = database._writer
    assert writer is not None
    async with Held(database):
        before = await submitted(database, *[entering(name) for name in "abc"])
        closing = asyncio.ensure_future(database.close())
        while writer.waiting < 4:  # noqa: ASYNC110  # another thread says so
            await asyncio.sleep(0)
        with pytest.raises(WriterStopped):
            await database.write(entering("d"))
        after = writer.submit(entering("e"))

    assert await asyncio.gather(*before) == ["a", "b", "c"]
    await closing
    with pytest.raises(WriterStopped):
        await after
    with pytest.raises(WriterStopped):
        await writer.submit(entering("f"))
    async with opened(file) as again:
        assert await entered(again) == set("abc")


async def test_a_caller_whose_loop_has_ended_does_not_stop_the_writer(database: SqliteDatabase) -> None:
    writer = database._writer
    assert writer is not None

    def leave() -> None:
        async def submit() -> None:
            writer.submit(entering("a"))

        asyncio.run(submit())

    async with Held(database):
        await asyncio.to_thread(leave)

    assert await database.write(entering("b")) == "b"
    assert await entered(database) == {"a", "b"}


async def test_the_write_ahead_log_does_not_grow_without_end(
    database: SqliteDatabase, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checkpoints wait for an idle moment, but not for ever."""
    pages = 200
    monkeypatch.setattr(sqlite_writer, "MAX_WAL_PAGES", pages)
    for number in range(300):
        await database.write(entering(f"{number} ", filler=3000))

    page_size = writer_connection(database).pragma("page_size")
    assert file.with_name(file.name + "-wal").stat().st_size < 2 * pages * page_size


async def test_nor_while_long_reads_follow_each_other_without_a_pause(
    database: SqliteDatabase, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would see a state that the checkpoint may not pass; so the next one waits until it has."""
    monkeypatch.setattr(sqlite_writer, "MAX_WAL_PAGES", 50)
    log = file.with_name(file.name + "-wal")
    written = 0

    async def read(until: asyncio.Event) -> int:
        async with database.reading_long() as connection:
            found = await connection.rows(_entered, {"org": 0})
            await until.wait()
            return len(found)

    async def write_between() -> None:
        """What is far more than the log should hold, while one read lasts and the next would begin."""
        nonlocal written
        end, before = asyncio.Event(), written
        first = asyncio.ensure_future(read(end))
        await asyncio.sleep(0.05)
        for _ in range(30):
            written += 1
            await database.write(entering(f"{written} ", filler=3000))
        second = asyncio.ensure_future(read(end))
        await asyncio.sleep(0.05)
        end.set()
        async with asyncio.timeout(5):
            assert (await first, await second) == (before, written)

    await write_between()
    size = log.stat().st_size
    for _ in range(3):
        await write_between()

    assert log.stat().st_size < 2 * size
