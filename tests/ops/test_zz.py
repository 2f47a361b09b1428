"""HTTP/1.1 as bytes on a real connection: what clients send must arrive, whatever the parser makes of it."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator, MutableMapping
from typing import Any, Self

import pytest
import uvicorn

from procession.protocol import MAX_HEAD_BYTES, Protocol

UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"


async def echo(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """Answers with what it got."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
    got = {
        "method": scope["method"],
        "path": scope["path"],
        "query": scope["query_string"].decode(),
        "headers": {name.decode(): value.decode() for name, value in scope["headers"]},
        "body": body.decode(),
    }
    answer = json.dumps(got).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(answer))]})
    await send({"type": "http.response.body", "body": answer})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where a server with our protocol answers with an echo."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(echo, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join()


class Connection:
    """One connection to the server, spoken in bytes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> tuple[int, dict[str, str], Any]:
        """The next answer: status, headers, body."""
        status = int(self.file.readline().split()[1])
        headers: dict[str, str] = {}
        while (line := self.file.readline()) != b"\r\n":
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers, json.loads(self.file.read(int(headers["content-length"])))

    def is_closed(self) -> bool:
        return self.file.read(1) == b""


@pytest.fixture
def connection(port: int) -> Iterator[Connection]:
    with Connection(port) as connection:
        yield connection


def head(request_line: str, *lines: bytes) -> bytes:
    return b"".join([f"{request_line} HTTP/1.1\r\nHost: a\r\n".encode(), *lines, b"\r\n"])


CHUNKED = b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("packets", "method", "body"),
    [
        pytest.param([head("GET /a?b=c", UPGRADE)], "GET", "", id="no body"),
        pytest.param([head("POST /a?b=c", UPGRADE, b"Content-Length: 5\r\n") + b"hello"], "POST", "hello", id="length"),
        pytest.param([head("POST /a?b=c", UPGRADE, b"Content-Length: 0\r\n")], "POST", "", id="length of nothing"),
        pytest.param(
            [head("PUT /a?b=c", UPGRADE, b"Transfer-Encoding: chunked\r\n") + CHUNKED],
            "PUT",
            "hello world",
            id="chunks",
        ),
        pytest.param(
            [head("POST /a?b=c", UPGRADE, b"Content-Length: 5\r\n"), b"he", b"l", b"lo"], "POST", "hello", id="packets"
        ),
        pytest.param(
            [bytes([byte]) for byte in head("POST /a?b=c", UPGRADE, b"Transfer-Encoding: chunked\r\n") + CHUNKED],
            "POST",
            "hello world",
            id="byte by byte",
        ),
        pytest.param(
            [head("POST /a?b=c", b"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n") + b"hi"],
            "POST",
            "hi",
            id="another protocol",
        ),
    ],
)
def test_an_offered_upgrade_is_ignored_and_the_body_arrives(
    connection: Connection, packets: list[bytes], method: str, body: str
) -> None:
    for _ in range(2):  # the connection stays usable
        for packet in packets:
            connection.send(packet)

        status, headers, got = connection.answer()

        assert status == 200
        assert "connection" not in headers
        assert (got["method"], got["path"], got["query"], got["body"]) == (method, "/a", "b=c", body)
        assert got["headers"]["host"] == "a"
        assert "upgrade" not in got["headers"]


def test_requests_sent_without_waiting_are_answered_in_order(connection: Connection) -> None:
    first = head("POST /1", UPGRADE, b"Content-Length: 3\r\n") + b"one"
    second = head("POST /2", b"Content-Length: 3\r\n") + b"two"
    third = head("GET /3", UPGRADE)

    connection.send(first + second + third + first)

    got = [connection.answer()[2] for _ in range(4)]
    assert [(each["path"], each["body"]) for each in got] == [("/1", "one"), ("/2", "two"), ("/3", ""), ("/1", "one")]


def test_an_upgrade_offer_keeps_expect_continue(connection: Connection) -> None:
    connection.send(head("POST /", UPGRADE, b"Expect: 100-continue\r\nContent-Length: 2\r\n"))

    assert connection.file.readline() == b"HTTP/1.1 100 Continue\r\n"
    assert connection.file.readline() == b"\r\n"
    connection.send(b"hi")
    assert connection.answer()[2]["body"] == "hi"


def test_the_last_request_of_an_old_client_closes_the_connection(connection: Connection) -> None:
    connection.send(b"POST / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhi")

    _, headers, got = connection.answer()

    assert got["body"] == "hi"
    assert headers["connection"] == "close"
    assert connection.is_closed()


def test_an_address_may_be_very_long(connection: Connection) -> None:
    query = "owners=" + ",".join(str(1_000_000 + number) for number in range(10_000))

    connection.send(head(f"GET /runs?{query}#part"))

    _, _, got = connection.answer()
    assert (got["path"], got["query"]) == ("/runs", query)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"HELO example.org\r\n\r\n", id="another protocol"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2 without asking"),
        pytest.param(b"CONNECT db:5432 HTTP/1.1\r\nHost: db\r\n\r\n", id="tunnel"),
        pytest.param(head("POST /", b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"), id="two lengths"),
        pytest.param(head("POST /", UPGRADE, b"Transfer-Encoding: chunked\r\n") + b"nonsense\r\n", id="broken chunk"),
        pytest.param(b"GET / HTTP/1.1\r\nA: " + b"a" * MAX_HEAD_BYTES + b"a", id="head without end"),
    ],
)
def test_what_is_no_http_is_refused_in_the_shape_of_all_errors(connection: Connection, data: bytes) -> None:
    connection.send(data)

    status, headers, body = connection.answer()

    assert (status, body["error"], body["code"]) == (400, True, "BAD_REQUEST")
    assert headers["content-type"] == "application/json"
    assert connection.is_closed()


def test_nonsense_after_a_good_request_does_not_take_its_answer(connection: Connection) -> None:
    connection.send(head("POST /1", b"Content-Length: 3\r\n") + b"one" + b"nonsense\r\n\r\n")

    status, headers, got = connection.answer()

    assert (status, got["body"], headers["connection"]) == (200, "one", "close")
    assert connection.is_closed()
