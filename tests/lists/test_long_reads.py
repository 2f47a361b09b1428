"""Reads that take long: others are served meanwhile, and they stop when nobody waits for them. Spec: decision 12."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from procession.storage import sqlite
from procession.storage.sqlite import SqliteDatabase, ThreadedConnection
from tests.builders import Organization
from tests.harness import Server
from tests.lists.client import Client
from tests.lists.making import launch, listed, names

# Between what the list of one process takes and what the search among all takes at least.
STEPS = 300
MANY = 30
SEARCH = "q=process&sort=name"
PATIENCE_SECONDS = 30


class Gate:
    """Where long reads stand still, amid their statements, until it is opened or they are told to stop."""

    def __init__(self) -> None:
        self.is_open = threading.Event()
        self.is_open.set()
        self.waiting = 0

    def hold(self, connection: ThreadedConnection) -> None:
        steps = 0

        def pass_by() -> bool:
            nonlocal steps
            steps += 1
            is_reading = threading.current_thread().name.startswith("long-read")
            if is_reading and steps > STEPS and not self.is_open.is_set():
                self.waiting += 1
                while not self.is_open.wait(0.001) and not connection.raw.is_interrupted:
                    pass
                self.waiting -= 1
            return False

        connection.raw.set_progress_handler(pass_by, 1)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate()
    begin = ThreadedConnection.__init__

    def begin_held(connection: ThreadedConnection, *arguments: Any) -> None:
        begin(connection, *arguments)
        gate.hold(connection)

    monkeypatch.setattr(ThreadedConnection, "__init__", begin_held)
    monkeypatch.setattr(sqlite, "BRIEF_STEPS", STEPS)
    yield gate
    gate.is_open.set()


@pytest.fixture
def org(gate: Gate, new_server: Callable[..., Server]) -> Organization:
    """Thirty processes, among which a search takes long."""
    org = Organization(new_server())
    template = org.template(steps=["One"])
    for n in range(MANY):
        launch(org, template, name=f"process {n:02}")
    return org


class Searches:
    """Requests for the search, under way."""

    def __init__(self, org: Organization, many: int) -> None:
        self.server = org.server
        self.clients = [Client(org.api, SEARCH) for _ in range(many)]
        self.tasks = self.server.run(self._begin())

    async def _begin(self) -> list[asyncio.Task[None]]:
        return [asyncio.ensure_future(client.ask(keep=True)) for client in self.clients]

    def leave(self, number: int) -> None:
        """This client goes away; returns when the server is done with it."""

        async def leave() -> None:
            self.clients[number].leaves.set()
            await asyncio.wait_for(self.tasks[number], PATIENCE_SECONDS)

        self.server.run(leave())

    def names(self, number: int) -> list[str]:
        async def answered() -> None:
            await asyncio.wait_for(self.tasks[number], PATIENCE_SECONDS)

        self.server.run(answered())
        assert self.clients[number].status == 200
        return [run["name"] for run in json.loads(b"".join(self.clients[number].kept))["data"]]


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.005)


def at_most(org: Organization) -> int:
    assert isinstance(org.server.database, SqliteDatabase)
    return org.server.database._long_reads_wanted


def test_others_are_served_while_it_lasts_and_more_wait_their_turn(org: Organization, gate: Gate) -> None:
    expected = names(org.api, SEARCH)
    assert len(expected) == 10
    many = at_most(org)
    gate.is_open.clear()

    searches = Searches(org, many + 2)
    wait_until(lambda: gate.waiting == many)

    assert len(listed(org.api, "per_page=1")["data"]) == 1
    assert org.tag()["id"]
    searches.leave(many)  # while it waits for its turn
    assert gate.waiting == many and searches.clients[many].status == 0

    gate.is_open.set()
    assert [searches.names(n) for n in range(many)] == [expected] * many
    assert searches.names(many + 1) == expected


def test_it_stops_when_its_client_goes_away(org: Organization, gate: Gate) -> None:
    """Though its statement would never end; the next one gets the connection."""
    expected = names(org.api, SEARCH)
    many = at_most(org)
    gate.is_open.clear()
    searches = Searches(org, many + 1)
    wait_until(lambda: gate.waiting == many)

    for n in range(many):
        searches.leave(n)
        assert searches.clients[n].status == 0
    wait_until(lambda: gate.waiting == 1)  # whoever waited for a turn

    gate.is_open.set()
    assert searches.names(many) == expected
    assert [names(org.api, SEARCH) for _ in range(many + 1)] == [expected] * (many + 1)


def test_it_sees_one_moment(org: Organization, gate: Gate) -> None:
    """Who calls, the count and the page: a process that is renamed meanwhile is found as it was when it began."""
    gate.is_open.clear()
    searches = Searches(org, 1)
    wait_until(lambda: gate.waiting == 1)
    first = listed(org.api, "per_page=1&sort=name")["data"][0]
    assert org.api.put(f"/runs/{first['id']}", {"name": "another name"}).is_success

    gate.is_open.set()

    assert searches.names(0)[0] == "process 00"
    assert names(org.api, SEARCH)[0] == "process 01"


@pytest.mark.parametrize("how", ["cancels what runs", "closes the database"])
def test_a_server_that_stops_does_not_wait_for_it(org: Organization, gate: Gate, how: str) -> None:
    gate.is_open.clear()
    searches = Searches(org, at_most(org) + 1)
    wait_until(lambda: gate.waiting == at_most(org))

    async def stop() -> list[Any]:
        if how == "cancels what runs":
            for task in searches.tasks:
                task.cancel()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await org.server.application.stop()
            return await asyncio.gather(*searches.tasks, return_exceptions=True)

    ends = org.server.run(stop())

    assert gate.waiting == 0
    cancelled = how == "cancels what runs"
    assert all(isinstance(end, asyncio.CancelledError) if cancelled else end is None for end in ends)
    assert {client.status for client in searches.clients} == ({0} if cancelled else {503})


def test_postgresql_is_told_to_stop_when_the_client_goes_away(postgresql_server: Server) -> None:
    org = Organization(postgresql_server)
    launch(org, org.template(), name="process 00")
    waiting = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND state = 'active' AND wait_event_type = 'Lock'"
    )
    url = postgresql_server.settings.database_url
    with psycopg.connect(url, autocommit=True) as watching, psycopg.connect(url) as locking:

        def held() -> int:
            found = watching.execute(waiting).fetchone()
            assert found is not None
            return found[0]

        locking.execute("LOCK TABLE process IN ACCESS EXCLUSIVE MODE")
        searches = Searches(org, 1)
        wait_until(lambda: held() == 1)

        searches.leave(0)

        assert searches.clients[0].status == 0
        assert held() == 0
        locking.rollback()

    assert names(org.api, SEARCH) == ["process 00"]
