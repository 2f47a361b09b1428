"""A whole server inside the test process: real application, real database, a clock that tests may set."""

import asyncio
import concurrent.futures
import itertools
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Coroutine, Mapping, MutableMapping
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import httpx
import msgspec
import uvloop

from procession import config
from procession.adapters.files import FolderFiles
from procession.adapters.secrets import Secrets
from procession.api.app import Application
from procession.api.edge import Edge
from procession.config import MEBIBYTE
from procession.storage.connection import Row
from procession.storage.database import database_at
from procession.storage.listing.sets import WORTH_IT, KnownSets
from procession.storage.migrate import upgrade
from procession.storage.numbers import clock_now
from procession.storage.query import Query
from procession.storage.sqlite import SqliteDatabase
from tests.contract import check_response

T = TypeVar("T")
Message = MutableMapping[str, Any]


class Clock:
    """The server's clock: real time until a test sets or moves it."""

    def __init__(self) -> None:
        self.fixed: int | None = None

    def __call__(self) -> int:
        return clock_now() if self.fixed is None else self.fixed

    def freeze(self, at: int | None = None) -> int:
        """Stop the clock, at this instant (milliseconds) or now."""
        self.fixed = clock_now() if at is None else at
        return self.fixed

    def advance(self, *, seconds: float = 0, hours: float = 0, days: float = 0) -> int:
        """Move the stopped clock."""
        if self.fixed is None:
            self.freeze()
        assert self.fixed is not None
        self.fixed += int((seconds + 3600 * hours + 86400 * days) * 1000)
        return self.fixed

    def release(self) -> None:
        self.fixed = None


class Observer(ABC):
    """Looks at a database beside the server.

    Whether anything at all was committed is asked first: nearly always nothing was, and no row needs to be read. For the
    other times a snapshot is kept open.
    """

    @abstractmethod
    def open(self) -> None:
        """What was committed until now is what was there before."""

    @abstractmethod
    def is_untouched(self) -> bool:
        """No commit since, by anybody. False may be an exaggeration."""

    @abstractmethod
    def before(self, query: Query, values: Mapping[str, Any]) -> list[Row]: ...

    @abstractmethod
    def end(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


class Server:
    """The application on a thread of its own with an event loop; calls go through ASGI, without a socket.

    `workers`: so many applications share the database, as the processes of a server do, and answer in turns.
    Requests are not logged unless that is asked for: lines come a little late, and another test would find them.
    """

    def __init__(self, url: str, data_dir: Path, *, workers: int = 1, **settings: Any) -> None:
        upgrade(url, data_dir)
        self.clock = Clock()
        options = {
            "data_dir": data_dir,
            "requests_per_minute": 0,
            "access_log": False,
            **({"database_url": url} if url else {}),
            **settings,
        }
        self.settings = config.load({}, **options)
        self.secrets = Secrets(b"k" * 32)
        self.files = FolderFiles(self.settings.files_folder)
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.database = database_at(url, data_dir)
        self.edge = Edge(self.settings, self.database, self.secrets, self.files, self.clock)
        self.application = Application(self.edge)
        self._applications = [self.application]
        for _ in range(workers - 1):
            edge = Edge(self.settings, database_at(url, data_dir), self.secrets, self.files, self.clock)
            self._applications.append(Application(edge))
        for each in self._applications:
            self.run(each.start())
        if isinstance(self.database, SqliteDatabase):
            _never_sync(self.database)
        self._applications_in_turn = itertools.cycle(self._applications)
        self._client = httpx.Client(base_url="http://flow.example")
        self.idle_observers: list[Observer] = []

    @property
    def dialect(self) -> str:
        return self.database.dialect

    def remember_lists(self, worth: int = WORTH_IT) -> None:
        """Forget what is remembered of lists, and remember from now on what has so many processes."""
        for each in self._applications:
            each.edge.sets = KnownSets(MEBIBYTE, worth=worth)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=120)

    def submit(self, work: Coroutine[Any, Any, T]) -> "concurrent.futures.Future[T]":
        """Start a coroutine on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.run(self._answer(self._client.build_request(method, path, **options)))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        """Straight from the application: what a client does of itself (redirects, cookies) costs as much as a read."""
        began = perf_counter()
        body = _pieces(request)
        is_sent = False
        sent: list[Message] = []

        async def receive() -> Message:
            nonlocal is_sent
            if is_sent:
                await asyncio.Event().wait()  # the client stays until it has its answer
            piece = await anext(body, None)
            is_sent = piece is None
            return {"type": "http.request", "body": piece or b"", "more_body": not is_sent}

        async def send(message: Message) -> None:
            sent.append(message)

        path, _, query = request.url.raw_path.partition(b"?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": "http",
            "path": request.url.path,
            "raw_path": path,
            "query_string": query,
            "server": ("flow.example", 80),
            "client": ("127.0.0.1", 123),
            "root_path": "",
        }
        await next(self._applications_in_turn)(scope, receive, send)
        start, *pieces = sent
        content = b"".join(piece.get("body", b"") for piece in pieces) if request.method != "HEAD" else b""
        response = Answer(start["status"], headers=start["headers"], content=content, request=request)
        response.elapsed = timedelta(seconds=perf_counter() - began)
        return response

    def close(self) -> None:
        for each in self.idle_observers:
            each.close()
        self._client.close()
        for each in self._applications:
            self.run(each.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Answer(httpx.Response):
    """Whose JSON is read quickly: every answer is read several times."""

    def json(self, **_: Any) -> Any:
        return msgspec.json.decode(self.content)


async def _pieces(request: httpx.Request) -> AsyncIterator[bytes]:
    """The body as it is written: a large one is never in memory as a whole."""
    if isinstance(request.stream, httpx.SyncByteStream):
        for piece in request.stream:
            yield piece
    else:
        async for piece in request.stream:
            yield piece


def _never_sync(database: SqliteDatabase) -> None:
    """Leave the file to the system at a commit, as the tests' PostgreSQL does: it need not survive a power cut."""
    assert database._writer is not None
    database._writer.connection.execute("PRAGMA synchronous = OFF")


class Api:
    """The API as one caller sees it: paths are relative to the caller's organization unless they begin with `//`."""

    def __init__(self, server: Server, token: str | None, organization_id: str = "") -> None:
        self.server = server
        self.token = token
        self.organization_id = organization_id

    def request(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """Send a request; every answer is checked against the API document."""
        url = path[1:] if path.startswith("//") else f"/organizations/{self.organization_id}{path}"
        sent = {"Accept": "application/json", "X-Tallyfy-Client": "APIClient"}
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        response = self.server.request(method, url, headers={**sent, **(headers or {})}, **options)
        check_response(method, response)
        return response

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return self.request("POST", path, **_with_body(body, options))

    def put(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return self.request("PUT", path, **_with_body(body, options))

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)

    def data(self, method: str, path: str, body: Any = None, *, status: int | None = None, **options: Any) -> Any:
        """The `data` of a successful answer."""
        response = self.request(method, path, **_with_body(body, options))
        expected = status or (201 if method == "POST" else 200)
        assert response.status_code in ({expected} if status else {200, 201}), (
            f"{response.status_code}: {response.text}"
        )
        return response.json()["data"]


def _with_body(body: Any, options: dict[str, Any]) -> dict[str, Any]:
    if body is None:
        return options
    return {
        **options,
        "content": json.dumps(body),
        "headers": {"Content-Type": "application/json", **options.get("headers", {})},
    }


def plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
