"""The whole list, row by row: flat memory, others served meanwhile, nothing held when the client leaves. Issue 2, 3."""

import asyncio
import gc
import json
import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import apsw
import pytest

from procession.api import dispatch
from procession.storage.postgres import PostgresDatabase
from procession.storage.sqlite import SqliteDatabase
from tests.builders import Organization
from tests.harness import Api, Server
from tests.lists.client import Client
from tests.lists.making import assign, hide, ids, launch, launch_due, listed, tasks_of
from tests.postgres_server import prepared_database

SOAK = os.environ.get("SOAK") == "1"
FEW, MANY = 1_000, 100_000 if SOAK else 10_000
# What more rows may cost: buffers of the drivers fill up to their bounds.
SLACK_BYTES = 2_500_000


def at_once(server: Server) -> tuple[int, int]:
    """How many requests are read for at the same time, and how many streams."""
    database = server.database
    if isinstance(database, SqliteDatabase):
        return database._readers_wanted, database._streams._value
    assert isinstance(database, PostgresDatabase)
    return database._pool.max_size, database._streams.max_size


async def assert_nothing_is_held(server: Server) -> None:
    """Every connection can be had at the same time."""
    readers, streams = at_once(server)
    async with AsyncExitStack() as stack, asyncio.timeout(30):
        for _ in range(readers):
            await stack.enter_async_context(server.database.reading())
        for _ in range(streams):
            await stack.enter_async_context(server.database.streaming())


class Crowd:
    """Two organizations of many alike processes: their rows are copies of one that was launched."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.few, self.many = self._organization(FEW), self._organization(MANY)

    def _organization(self, count: int) -> Organization:
        org = Organization(self.server)
        template = org.template(steps=["One", "Two"], kickoff=[{"label": "Farm"}])
        run = launch(org, template, name="x" * 80, prerun={template["prerun"][0]["id"]: "Alto " * 30})
        self.server.run(self._copy(org, run["increment_id"], count - 1))
        return org

    async def _copy(self, org: Organization, seq: int, count: int) -> None:
        """Rows of the process alone: an administrator's unfiltered list reads nothing else."""
        from procession.storage.tables.processes import processes

        names = [column.name for column in processes.columns]
        columns = ", ".join(f'"{name}"' for name in names)
        fresh = {
            "seq": "seq + n",
            "sort_name": "'name ' || (n * 7919 % 100003)",
            "folded_name": "'name ' || (n * 7919 % 100003)",
        }
        if self.server.dialect == "sqlite":
            fresh["id"] = "printf('%032x', seq + n)"
            numbers = (
                f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {count}) SELECT n FROM c)"
            )
        else:
            fresh["id"] = "lpad(to_hex(seq + n), 32, '0')"
            numbers = f"generate_series(1, {count}) AS t(n)"
        fresh["document"] = (
            f"replace(replace(document, '\"' || id || '\"', '\"' || {fresh['id']} || '\"'), "
            "'\"increment_id\":' || seq, '\"increment_id\":' || (seq + n))"
        )
        values = ", ".join(fresh.get(name, f'"{name}"') for name in names)
        source = f"process, {numbers} WHERE org = {org.number} AND seq = {seq}"
        text = f"INSERT INTO process ({columns}) SELECT {values} FROM {source}"

        async def work(connection: Any) -> None:
            executed = connection.raw.execute(text)
            if self.server.dialect == "postgresql":
                await executed

        await self.server.database.write(work)


@pytest.fixture(scope="module")
def crowds() -> Iterator[dict[str, Crowd]]:
    found: dict[str, Crowd] = {}
    yield found
    for crowd in found.values():
        crowd.server.close()


@pytest.fixture(scope="module")
def own_database(postgres_server: str) -> Iterator[str]:
    with prepared_database(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def crowd(request: pytest.FixtureRequest, crowds: dict[str, Crowd], tmp_path_factory: Any) -> Crowd:
    if request.param not in crowds:
        url = "" if request.param == "sqlite" else request.getfixturevalue("own_database")
        crowds[request.param] = Crowd(Server(url, tmp_path_factory.mktemp("streams")))
    return crowds[request.param]


def peak(api: Api, query: str, rows: int) -> int:
    """Bytes of Python's and of SQLite's memory that the whole answer took at most."""

    async def take() -> int:
        gc.collect()
        client = Client(api, query)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        apsw.memory_high_water(True)
        held = apsw.memory_used()
        await client.ask()
        assert client.status == 200 and client.pieces > rows // 200
        assert client.bytes > rows * 500
        return tracemalloc.get_traced_memory()[1] - before + apsw.memory_high_water() - held

    tracemalloc.start()
    try:
        return api.server.run(take())
    finally:
        tracemalloc.stop()


@pytest.mark.soak
@pytest.mark.parametrize(
    "query",
    [
        pytest.param("", id="by creation"),
        pytest.param("&sort=name", id="by name"),
        pytest.param("&sort=-due_date", id="by due date"),
        pytest.param("&sort=progress,name", id="in an order without an index"),
        pytest.param("&with=tags,next_task,tasks_meta", id="with related data"),
        pytest.param("&archived=true&status=active", id="with a filter"),
    ],
)
def test_memory_stays_flat(crowd: Crowd, query: str, record_property: Callable[[str, object], None]) -> None:
    peak(crowd.few.api, f"without_pagination=1{query}", FEW)  # statements are compiled, caches are filled

    small = peak(crowd.few.api, f"without_pagination=1{query}", FEW)
    large = peak(crowd.many.api, f"without_pagination=1{query}", MANY)

    record_property("rows", MANY)
    record_property("peak_kib", large // 1024)
    assert large < small + SLACK_BYTES, f"{small} bytes for {FEW} rows, {large} for {MANY}"


def test_the_answer_is_the_whole_list(crowd: Crowd) -> None:
    client = Client(crowd.few.api, "without_pagination=true")
    crowd.server.run(client.ask(keep=True))

    rows = json.loads(b"".join(client.kept))["data"]
    assert len(rows) == FEW and client.pieces > 5
    numbers = [row["increment_id"] for row in rows]
    assert numbers == sorted(numbers, reverse=True)


def test_others_are_served_meanwhile(crowd: Crowd) -> None:
    """Reads and writes, while more clients than there are connections do not take what they asked for."""
    readers, streams = at_once(crowd.server)
    stalled = [Client(crowd.many.api, "without_pagination=1") for _ in range(readers + streams)]

    async def begin() -> list[asyncio.Task[None]]:
        tasks: list[asyncio.Task[None]] = []
        for client in stalled:
            client.reading.clear()
            tasks.append(asyncio.ensure_future(client.ask()))
        await stalled[0].first.wait()
        return tasks

    async def end(tasks: list[asyncio.Task[None]]) -> None:
        for client in stalled:
            client.leaves.set()
        await asyncio.gather(*tasks)
        await assert_nothing_is_held(crowd.server)

    tasks = crowd.server.run(begin())
    try:
        assert len(ids(crowd.few.api, "per_page=5")) == 5
        assert crowd.few.tag()["id"]
    finally:
        crowd.server.run(end(tasks))


@pytest.mark.parametrize("leaves_while", ["the server waits for it", "the server works"])
def test_a_client_that_leaves_half_way_holds_nothing(crowd: Crowd, leaves_while: str) -> None:
    """Whatever the moment, its connection is free again when its request has ended."""

    async def leave() -> Client:
        client = Client(crowd.many.api, "without_pagination=1")
        if leaves_while == "the server waits for it":
            client.reading.clear()
        asked = asyncio.ensure_future(client.ask())
        await client.first.wait()
        client.leaves.set()
        await asked
        return client

    for _ in range(sum(at_once(crowd.server)) + 1):
        client = crowd.server.run(leave())
        assert 0 < client.bytes < MANY * 500
    crowd.server.run(assert_nothing_is_held(crowd.server))


def test_a_client_that_stops_reading_is_given_up(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "LONGEST_PAUSE_SECONDS", 0.05)

    async def stall() -> Client:
        client = Client(crowd.many.api, "without_pagination=1")
        client.reading.clear()
        await client.ask()
        await assert_nothing_is_held(crowd.server)
        return client

    assert crowd.server.run(stall()).pieces <= 2


def test_it_shows_one_moment_whatever_is_written_meanwhile(crowd: Crowd, server: Server) -> None:
    """A process renamed half-way appears as it was when the answer began."""
    org = crowd.few
    client = Client(org.api, "without_pagination=1&sort=created_at")
    last = ids(org.api, "per_page=1")[0]

    async def begin() -> asyncio.Task[None]:
        client.reading.clear()
        asked = asyncio.ensure_future(client.ask(keep=True))
        await client.first.wait()
        return asked

    async def finish(asked: asyncio.Task[None]) -> None:
        client.reading.set()
        await asked

    asked = crowd.server.run(begin())
    assert org.api.put(f"/runs/{last}", {"summary": "changed"}).is_success
    crowd.server.run(finish(asked))

    rows = json.loads(b"".join(client.kept))["data"]
    assert len({row["id"] for row in rows}) == len(rows)
    assert next(row["summary"] for row in rows if row["id"] == last) == ""
    assert org.api.put(f"/runs/{last}", {"summary": ""}).is_success


@pytest.mark.parametrize(
    "query", ["", "&sort=name", "&sort=-due_date", "&status=delayed", "&q=a", "&q=abc", "&sort=status,-progress"]
)
def test_it_gives_what_the_pages_give(org: Organization, query: str) -> None:
    template = org.template(steps=["One", "Two"])
    for n in range(12):
        run = launch_due(
            org, template, *[1_500_000_000_000 + n % 3 * 10**10] * 2, name=f"{'abc' if n % 2 else 'xay'} {n}"
        )
        tasks = tasks_of(org, run)
        if n % 4 == 0:
            hide(org, run, tasks[0])
        if n % 5 == 0:
            assign(org, run, tasks[1], org.person())

    paged = listed(org.api, f"per_page=100{query}")["data"]

    assert listed(org.api, f"without_pagination=1{query}")["data"] == paged and paged


def test_an_empty_list_is_an_empty_list(api: Api) -> None:
    assert api.get("/runs?without_pagination=1").json() == {"data": []}
    assert api.get("/runs?without_pagination=1&status=active&archived=only").json() == {"data": []}
