"""The request limit: exact, truthful, shared by all server processes, and free for reads. Spec: api-conventions 15."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest

from procession import config
from procession.api import limits
from procession.api.app import Application
from procession.api.edge import Edge
from procession.api.limits import LEASES_PER_WINDOW, address_principal
from procession.storage.connection import Connection
from tests.builders import Organization
from tests.harness import Server
from tests.postgres_server import prepared_database

NewServer = Callable[..., Server]

MINUTE_MS = 60_000


class Twin:
    """Another server process on the database of a server: an application of its own, with its own memory."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.application = Application(
            Edge(server.settings, server.database, server.secrets, server.files, server.clock)
        )

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def work() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.application)
            async with httpx.AsyncClient(transport=transport, base_url="http://flow.example") as client:
                return await client.request(method, path, **options)

        return self.server.run(work())


@pytest.fixture(params=["sqlite", "postgresql"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewServer]:
    """Makes servers with limits of their own, on both databases."""
    made: list[Server] = []
    with contextlib.ExitStack() as databases:

        def start(**settings: Any) -> Server:
            folder = tmp_path / str(len(made))
            url = ""
            if request.param == "postgresql":
                url = databases.enter_context(prepared_database(request.getfixturevalue("postgres_server")))
            made.append(Server(url, folder, **settings))
            return made[-1]

        yield start
        for server in made:
            server.close()


def ask(server: Server | Twin, token: str | None, path: str = "/api/me", **headers: str) -> httpx.Response:
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return server.request("GET", path, headers=headers)


def left(answer: httpx.Response) -> int:
    return int(answer.headers["X-RateLimit-Remaining"])


def is_refused(answer: httpx.Response) -> bool:
    return answer.status_code == 429


def token_of(org: Organization) -> str:
    assert org.api.token is not None
    return org.api.token


def test_600_requests_a_minute_are_let_pass_unless_set_otherwise() -> None:
    assert config.load({}).requests_per_minute == 600


def test_c15_the_request_after_the_last_is_refused_with_the_seconds_to_wait(make: NewServer) -> None:
    """L-3.6"""
    server = make(requests_per_minute=30)
    token = token_of(Organization(server))
    server.clock.freeze()

    answers = [ask(server, token) for _ in range(30)]
    server.clock.advance(seconds=12.5)
    refused = ask(server, token)

    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"30"}
    assert not any(map(is_refused, answers))
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "48"
    assert left(refused) == 0
    body = refused.json()
    assert (body["error"], body["code"]) == (True, "RATE_LIMIT_EXCEEDED")
    assert "30 per minute" in body["message"]


def test_who_waits_as_told_is_let_pass(make: NewServer) -> None:
    server = make(requests_per_minute=10)
    token = token_of(Organization(server))
    server.clock.freeze()
    for _ in range(10):
        ask(server, token)
    server.clock.advance(seconds=20)
    wait = int(ask(server, token).headers["Retry-After"])

    server.clock.advance(seconds=wait - 0.001)
    assert is_refused(ask(server, token))

    server.clock.advance(seconds=0.001)
    assert not any(is_refused(ask(server, token)) for _ in range(10))
    assert is_refused(ask(server, token))


def test_a_single_server_tells_exactly_what_remains(new_server: NewServer) -> None:
    server = new_server(requests_per_minute=25)
    token = token_of(Organization(server))
    server.clock.freeze()

    assert [left(ask(server, token)) for _ in range(26)] == [*range(24, -1, -1), 0]


def test_each_token_and_each_address_has_a_limit_of_its_own(new_server: NewServer) -> None:
    server = new_server(requests_per_minute=5, trusted_proxies="127.0.0.1")
    org = Organization(server)
    first, second = token_of(org), org.token(org.admin.id)
    server.clock.freeze()
    for _ in range(6):
        ask(server, first)
        ask(server, None, **{"X-Forwarded-For": "9.9.9.1"})

    assert is_refused(ask(server, first))
    assert is_refused(ask(server, None, **{"X-Forwarded-For": "9.9.9.1"}))
    assert not is_refused(ask(server, second, **{"X-Forwarded-For": "9.9.9.1"}))
    assert not is_refused(ask(server, None, **{"X-Forwarded-For": "9.9.9.2"}))


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("Bearer invented{}", id="a new token each time"),
        pytest.param("Bearer  two{}", id="malformed"),
        pytest.param("Basic {}", id="another scheme"),
    ],
)
def test_tokens_nobody_issued_count_for_their_address(new_server: NewServer, authorization: str) -> None:
    server = new_server(requests_per_minute=5)
    token = token_of(Organization(server))
    server.clock.freeze()

    statuses = [ask(server, None, Authorization=authorization.format(n)).status_code for n in range(7)]

    assert statuses == [401] * 5 + [429] * 2
    assert not is_refused(ask(server, token))


def test_the_limit_comes_before_everything_else(new_server: NewServer) -> None:
    server = new_server(requests_per_minute=1, require_client_header=True)
    server.clock.freeze()

    statuses = [ask(server, None, path).status_code for path in ("/api/me", "/api/me", "/nowhere", "/health/live")]

    assert statuses == [401, 429, 429, 200]


def test_zero_switches_the_limit_off(new_server: NewServer) -> None:
    answer = ask(new_server(requests_per_minute=0), None)

    assert "X-RateLimit-Limit" not in answer.headers
    assert "X-RateLimit-Remaining" not in answer.headers


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a write may take longer than a request would wait for it."""
    monkeypatch.setattr(limits, "PATIENCE_SECONDS", 60)


@pytest.mark.usefixtures("patient")
def test_several_servers_share_one_limit(make: NewServer) -> None:
    limit = 40
    first = make(requests_per_minute=limit)
    second = Twin(first)
    token = token_of(Organization(first))
    first.clock.freeze()

    passed = [not is_refused(ask(server, token)) for _ in range(limit) for server in (first, second)]

    # Each process may end with a lease the other could have used, never with more than the limit.
    assert limit - 2 * (limit // LEASES_PER_WINDOW) <= sum(passed) <= limit


@pytest.mark.usefixtures("patient")
def test_several_servers_never_promise_more_than_can_be_used(postgres_server: str, tmp_path: Path) -> None:
    limit = 60
    with prepared_database(postgres_server) as url:
        server = Server(url, tmp_path, requests_per_minute=limit)
        servers = (server, Twin(server))
        token = token_of(Organization(server))
        server.clock.freeze()

        passed, promises = 0, list[tuple[int, int]]()
        # Uneven, so that one draws while the other spends.
        for turn in range(4 * limit):
            answer = ask(servers[turn % 3 == 0], token)
            passed += not is_refused(answer)
            promises.append((passed, left(answer)))
        server.close()

    assert all(before + promise <= passed for before, promise in promises)
    # Nothing is said only when there is nothing: a client would think that it has to wait.
    assert all(promise > 0 for before, promise in promises if before < limit - limit // LEASES_PER_WINDOW)


def test_a_limit_outlives_the_server(make: NewServer) -> None:
    first = make(requests_per_minute=10)
    token = token_of(Organization(first))
    first.clock.freeze()
    for _ in range(10):
        ask(first, token)

    assert is_refused(ask(Twin(first), token))


@pytest.mark.usefixtures("patient")
def test_many_requests_at_once_do_not_slip_through(make: NewServer) -> None:
    server = make(requests_per_minute=30)
    token = token_of(Organization(server))
    server.clock.freeze()

    async def rush() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=server.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://flow.example") as client:
            headers = {"Authorization": f"Bearer {token}"}
            return await asyncio.gather(*(client.get("/api/me", headers=headers) for _ in range(80)))

    answers = server.run(rush())

    assert sum(not is_refused(answer) for answer in answers) == 30


def writes(server: Server) -> list[str]:
    """The names under which the writes of the limiter were asked for, from now on."""
    asked: list[str] = []
    write = server.database.write

    async def noted(work: Callable[[Connection], object]) -> object:
        asked.append(work.__qualname__)
        return await write(work)  # type: ignore[arg-type]

    server.database.write = noted  # type: ignore[method-assign, assignment]
    return asked


def test_a_hundred_requests_write_once_for_each_lease(new_server: NewServer) -> None:
    server = new_server(requests_per_minute=1000)
    token = token_of(Organization(server))
    server.clock.freeze()
    asked = writes(server)

    for _ in range(100):
        ask(server, token)

    assert len([each for each in asked if "RateLimiter" in each]) in (1, 2)


def test_a_database_that_cannot_be_written_does_not_stop_reads(new_server: NewServer) -> None:
    server = new_server(requests_per_minute=20)
    token = token_of(Organization(server))
    server.clock.freeze()

    async def full(_: object) -> object:
        raise apsw.FullError("database or disk is full")

    server.database.write = full  # type: ignore[method-assign, assignment]

    answers = [ask(server, token) for _ in range(21)]

    assert [is_refused(answer) for answer in answers] == [False] * 20 + [True]


def test_a_bug_in_counting_fails_the_request_instead_of_holding_it(new_server: NewServer) -> None:
    server = new_server(requests_per_minute=20)

    async def broken(_: object) -> object:
        raise KeyError("a bug")

    write, server.database.write = server.database.write, broken  # type: ignore[method-assign, assignment]

    assert ask(server, None).status_code == 500
    server.database.write = write  # type: ignore[method-assign]
    assert ask(server, None).status_code == 401


def test_requests_do_not_wait_for_a_slow_writer(new_server: NewServer) -> None:
    server = new_server(requests_per_minute=20)
    token = token_of(Organization(server))
    server.clock.freeze()
    server.run(asyncio.sleep(0))
    write, gate = server.database.write, asyncio.Event()

    async def slow(work: Callable[[Connection], object]) -> object:
        await gate.wait()
        return await write(work)  # type: ignore[arg-type]

    server.database.write = slow  # type: ignore[method-assign, assignment]

    early = [ask(server, token) for _ in range(3)]
    server.run(opened(gate))
    late = [ask(server, token) for _ in range(18)]

    assert [is_refused(answer) for answer in [*early, *late]] == [False] * 20 + [True]


async def opened(gate: asyncio.Event) -> None:
    gate.set()


def test_a_clock_set_back_does_not_lock_anybody_out(make: NewServer) -> None:
    server = make(requests_per_minute=5)
    token = token_of(Organization(server))
    now = server.clock.freeze()
    for _ in range(6):
        ask(server, token)

    server.clock.freeze(now - 3_600_000)

    assert not is_refused(ask(server, token))
    assert not is_refused(ask(Twin(server), token))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        pytest.param("192.0.2.1", "192.0.2.1", True, id="one address"),
        pytest.param("192.0.2.1", "192.0.2.2", False, id="two addresses"),
        pytest.param("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True, id="one IPv6 site"),
        pytest.param("2001:db8:0:1::1", "2001:db8:0:2::1", False, id="two IPv6 sites"),
        pytest.param("fe80::1%eth0", "fe80::2%eth1", True, id="IPv6 on the local network"),
        pytest.param(None, None, True, id="unknown"),
    ],
)
def test_an_ipv6_site_counts_as_one_address(one: str | None, other: str | None, is_same: bool) -> None:
    assert (address_principal(one) == address_principal(other)) is is_same
