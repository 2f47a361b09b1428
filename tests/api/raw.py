"""Requests below the level of a client, and endpoints that only tests have."""

import contextlib
import io
import json
import logging
from collections.abc import Generator, MutableMapping
from typing import Any

import structlog

from tests.harness import Server

Message = MutableMapping[str, Any]


class Doors:
    """Endpoints for these tests: `add` puts the operation of a handler into a server."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def add(self, handler: Any) -> None:
        for each in handler.operations:
            self.server.application.dispatcher.router.add(each.method, each.path, each)


async def exchange(server: Server, scope: Message, received: list[Message]) -> list[Message]:
    """What the front sends when it receives these messages, in the raw."""
    sent: list[Message] = []

    async def receive() -> Message:
        return received.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await server.application.front(scope, receive, send)
    return sent


def scope(method: str, path: str, *headers: tuple[bytes, bytes]) -> Message:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"flow.example"), *headers],
        "client": ("127.0.0.1", 5000),
        "scheme": "http",
        "server": ("flow.example", 80),
        "root_path": "",
    }


def figure(server: Server, name: str) -> float:
    """One figure of /metrics, 0 when there is none of that name and labels."""
    lines = server.request("GET", "/metrics").text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), 0.0)


@contextlib.contextmanager
def logged() -> Generator[io.StringIO]:
    """A place to log to; what other tests had configured is put back."""
    root, ours = logging.getLogger(), structlog.get_config()
    level, handlers, client = root.level, root.handlers[:], logging.getLogger("httpx")
    client.setLevel(logging.WARNING)  # the tests' own client would tell its requests
    yield io.StringIO()
    client.setLevel(logging.NOTSET)
    structlog.configure(**ours)
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]
