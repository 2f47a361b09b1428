"""A server as a process: starting, refusing to start, stopping, and several processes as one server."""

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ops.programs import Running, invoke, run, wait_until
from tests.postgres_server import fresh_database, prepared_database

PASSWORD = "correct Horse 7"


@pytest.fixture
def database(postgres_server: str) -> Iterator[str]:
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def prepared(postgres_server: str) -> Iterator[str]:
    with prepared_database(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Settings of a server on each database."""
    return {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("database")}


def administrator(folder: Path, *, ask: Callable[..., Any] = invoke, **settings: Any) -> tuple[str, str]:
    """The first organization and its administrator's token, made beside the running server."""
    made = ask(
        "admin", "create", "--email", "ada@fernwood.test", "--first-name", "Ada", "--last-name", "Moss",
        "--organization", "Fernwood", "--password-stdin", "--data-dir", folder / "data", given=PASSWORD, **settings,
    )  # fmt: skip
    token = ask("token", "create", "--email", "ada@fernwood.test", "--data-dir", folder / "data", **settings)
    return made.stdout.split()[1], token.stdout.strip()


def test_a_server_prepares_its_database_answers_and_stops_with_success(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    with Running(tmp_path, anew=True, **settings) as server:
        assert server.get("/health/ready")[0] == 200
        organization, token = administrator(tmp_path, ask=run, **settings)
        assert server.data("/me", token)["email"] == "ada@fernwood.test"
        assert server.stop() == 0
        assert server.output.count("is running") == 1

    log = server.log.read_text()
    assert "Traceback" not in log
    assert token not in log

    with Running(tmp_path, **settings) as server:  # nothing is left that would be in its way
        assert server.data(f"/organizations/{organization}/runs", token) == []


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_running_requests_finish_and_takes_no_more(tmp_path: Path, sent: signal.Signals) -> None:
    with Running(tmp_path) as server:
        organization, token = administrator(tmp_path)
        with server.connect() as client, server.connect() as idle:
            client.sendall(
                f"POST /organizations/{organization}/tags HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n"
                'Content-Length: 15\r\n\r\n{"title'.encode()
            )
            wait_until(lambda: "procession_requests_in_flight 2.0" in server.get("/metrics")[2])

            server.process.send_signal(sent)

            assert idle.recv(1) == b""  # connections without a request are closed
            assert not accepts(server)
            client.sendall(b'":"red"}')
            answer = read_all(client)
        assert server.process.wait(60) == 0

    assert answer.startswith(b"HTTP/1.1 201 ")
    assert b"connection: close" in answer
    assert b'"title":"red"' in answer


def test_requests_that_do_not_finish_in_time_are_told_so(tmp_path: Path) -> None:
    with Running(tmp_path, drain_seconds=0) as server:
        organization, token = administrator(tmp_path)
        with server.connect() as client:
            client.sendall(
                f"POST /organizations/{organization}/tags HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n"
                "Content-Length: 15\r\n\r\n".encode()
            )
            wait_until(lambda: "procession_requests_in_flight 2.0" in server.get("/metrics")[2])
            assert server.stop() == 0
            answer = read_all(client)

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "SERVICE_UNAVAILABLE"
    assert "Traceback" not in server.log.read_text()


def accepts(server: Running) -> bool:
    try:
        server.connect().close()
    except ConnectionError:
        return False
    return True


def read_all(client: socket.socket) -> bytes:
    pieces: list[bytes] = []
    while piece := client.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


# Several processes


def children(process: int) -> set[int]:
    """The server processes of a supervisor: its children that run our program."""
    found = (Path(f"/proc/{process}/task/{process}/children")).read_text().split()
    return {int(each) for each in found if b"spawn_main" in command_line(each)}


def command_line(process: str) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile, before or after the file was opened
        return b""


@pytest.fixture
def fleet(tmp_path: Path, prepared: str) -> Iterator[Running]:
    """Two processes on one database, with a low limit."""
    with Running(tmp_path, "--workers", 2, database_url=prepared, requests_per_minute=40) as server:
        yield server


def test_processes_show_one_set_of_figures(fleet: Running) -> None:
    for _ in range(30):
        fleet.get("/nowhere")

    # Each process writes its own down about once a second.
    counted = 'procession_requests_total{operation="none",status="404"} 30.0'
    wait_until(lambda: counted in fleet.get("/metrics")[2])


def test_processes_share_one_limit(fleet: Running, tmp_path: Path, prepared: str) -> None:
    _, token = administrator(tmp_path, database_url=prepared)

    statuses = [fleet.get("/me", Authorization=f"Bearer {token}")[0] for _ in range(100)]

    assert set(statuses) == {200, 429}
    # The minute may end in between, once.
    assert statuses.count(200) <= 2 * 40


def test_a_process_that_dies_is_replaced(fleet: Running) -> None:
    before = children(fleet.process.pid)
    assert len(before) == 2
    victim = min(before)

    os.kill(victim, signal.SIGKILL)

    wait_until(lambda: len(now := children(fleet.process.pid)) == 2 and len(now - before) == 1)
    now = children(fleet.process.pid)
    assert fleet.get("/health/ready")[0] == 200
    assert fleet.stop() == 0
    assert not any(Path(f"/proc/{each}").exists() for each in now)
    assert "server process ended; starting another" in fleet.log.read_text()


def test_processes_end_when_their_supervisor_is_gone(fleet: Running) -> None:
    orphans = children(fleet.process.pid)

    fleet.process.kill()
    fleet.process.wait()

    wait_until(lambda: not any(Path(f"/proc/{each}").exists() for each in orphans))
    assert not accepts(fleet)


def test_a_fleet_lets_running_requests_finish(fleet: Running, tmp_path: Path, prepared: str) -> None:
    organization, token = administrator(tmp_path, database_url=prepared)
    with fleet.connect() as client:
        client.sendall(
            f"POST /organizations/{organization}/tags HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n"
            'Expect: 100-continue\r\nContent-Length: 15\r\n\r\n{"title'.encode()
        )
        assert client.recv(65536).startswith(b"HTTP/1.1 100 ")  # it reads the body, so it is running

        fleet.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not accepts(fleet))
        client.sendall(b'":"red"}')
        answer = read_all(client)

    assert fleet.process.wait(60) == 0
    assert answer.startswith(b"HTTP/1.1 201 ")
