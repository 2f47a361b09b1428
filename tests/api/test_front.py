"""What every request meets before and after its operation: ids, prefixes, methods, and answers when something fails."""

import asyncio
import io
from collections.abc import AsyncGenerator, Callable, Iterator

import psycopg
import pytest

from procession import __version__, logs
from procession.api.call import Call, Streamed
from procession.api.contract.envelope import Item
from procession.api.operations import operation
from procession.storage.tx import ReadTx
from tests.api.raw import Doors, Message, exchange, figure, lines, logged, scope
from tests.builders import Organization
from tests.harness import Api, Server

NewServer = Callable[..., Server]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    with logged() as stream:
        yield stream


# Ids and versions


def test_every_answer_has_an_id_of_its_own_and_the_version(server: Server) -> None:
    answers = [server.request("GET", path) for path in ("/health", "/nowhere", "/api/me", "/metrics")]

    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert len(set(ids)) == len(ids)
    assert {answer.headers["X-App-Version"] for answer in answers} == {__version__}


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        pytest.param("req-7.a_B", True, id="letters, digits and marks"),
        pytest.param("a" * 64, True, id="64 characters"),
        pytest.param("a" * 65, False, id="too long"),
        pytest.param("a b", False, id="blank"),
        pytest.param("", False, id="empty"),
        pytest.param("--", False, id="marks only"),
        pytest.param('a"b', False, id="quotes"),
        pytest.param("ä", False, id="not ASCII"),
    ],
)
def test_a_trusted_proxy_may_name_the_request(new_server: NewServer, given: str, is_taken: bool) -> None:
    headers = {"X-Request-Id": given.encode("utf-8")}

    assert (
        new_server(trusted_proxies="127.0.0.1").request("GET", "/health", headers=headers).headers["X-Request-Id"]
        == given
    ) is is_taken
    assert new_server().request("GET", "/health", headers=headers).headers["X-Request-Id"] != given


# Both prefixes, slashes, methods


def test_c1_both_prefixes_give_the_same_answer(api: Api) -> None:
    api.post("/tags", {"title": "red"})
    url = f"/organizations/{api.organization_id}/tags"

    bare, prefixed = api.get("//" + url.removeprefix("/")), api.get("//api" + url)

    assert bare.json()["data"] == prefixed.json()["data"]
    assert bare.json()["data"]


@pytest.mark.parametrize("path", ["/health/", "/api/health/", "/api/health//"])
def test_a_slash_at_the_end_is_ignored(server: Server, path: str) -> None:
    assert server.request("GET", path).json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/apihealth", "/api/api/health"])
def test_the_prefix_is_a_whole_segment_and_comes_once(server: Server, path: str) -> None:
    assert server.request("GET", path).status_code == 404


def test_head_answers_as_get_without_the_body(api: Api) -> None:
    api.post("/tags", {"title": "red"})
    url, headers = f"/organizations/{api.organization_id}/tags", {"Authorization": f"Bearer {api.token}"}

    got, asked = (api.server.request(method, url, headers=headers) for method in ("GET", "HEAD"))

    assert asked.content == b""
    assert asked.status_code == 200
    for name in ("content-length", "content-type", "etag"):
        assert asked.headers[name] == got.headers[name]


def test_head_of_a_stream_produces_nothing(new_server: NewServer) -> None:
    produced: list[str] = []

    @operation("GET", "/doors/stream", tag="doors", auth="public")
    async def stream(call: Call) -> Item[str] | Streamed:
        async def pieces(_: ReadTx) -> AsyncGenerator[bytes]:
            produced.append("piece")
            yield b"{}"

        return Streamed(pieces)

    server = new_server()
    Doors(server).add(stream)

    assert server.request("HEAD", "/doors/stream").content == b""
    assert produced == []
    assert server.request("GET", "/doors/stream").content == b"{}"


# What goes wrong


@operation("GET", "/doors/bug", tag="doors", auth="public")
async def bug(call: Call) -> Item[str]:
    raise KeyError("SELECT secret FROM somewhere")


def test_a_bug_is_answered_without_details_and_logged_once(new_server: NewServer, stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    server = new_server(log_format="json")
    Doors(server).add(bug)

    answer = server.request("GET", "/doors/bug")

    request_id = answer.headers["X-Request-Id"]
    assert answer.status_code == 500
    assert set(answer.json()) == {"error", "message", "code"}
    assert request_id in answer.json()["message"]
    assert "secret" not in answer.text
    (line,) = [line for line in lines(stream) if "exception" in line]
    assert "SELECT secret FROM somewhere" in line["exception"]
    assert line["request_id"] == request_id


@operation("GET", "/doors/away", tag="doors", auth="public")
async def away(call: Call) -> Item[str]:
    raise psycopg.OperationalError("connection to server at 10.0.0.7 failed")


def test_a_database_that_is_away_is_a_reason_to_try_again(new_server: NewServer, stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    server = new_server(log_format="json")
    Doors(server).add(away)

    answer = server.request("GET", "/doors/away")

    assert (answer.status_code, answer.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert answer.headers["Retry-After"].isdigit()
    assert "10.0.0.7" not in answer.text
    assert any("10.0.0.7" in line.get("error", "") for line in lines(stream))


def test_a_stream_that_breaks_off_never_looks_complete(new_server: NewServer, stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)

    @operation("GET", "/doors/stream", tag="doors", auth="public")
    async def broken(call: Call) -> Item[str] | Streamed:
        async def pieces(_: ReadTx) -> AsyncGenerator[bytes]:
            yield b"[1,"
            raise KeyError("lost")

        return Streamed(pieces)

    server = new_server(log_format="json")
    Doors(server).add(broken)

    never_leaves: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def work() -> list[Message]:
        sent: list[Message] = []

        async def receive() -> Message:
            if never_leaves:
                return never_leaves.pop()
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Message) -> None:
            sent.append(message)

        await server.application.front(scope("GET", "/doors/stream"), receive, send)
        return sent

    sent = server.run(work())

    bodies = [message for message in sent if message["type"] == "http.response.body"]
    assert [message["body"] for message in bodies] == [b"[1,"]
    assert bodies[-1]["more_body"]
    assert len([line for line in lines(stream) if "exception" in line]) == 1
    assert figure(server, "procession_requests_in_flight") == 1


@pytest.mark.one_application
def test_a_client_that_leaves_in_the_middle_of_its_body_gets_and_changes_nothing(org: Organization) -> None:
    server = org.server
    headers = [(b"authorization", f"Bearer {org.api.token}".encode()), (b"content-length", b"20")]
    asked = scope("POST", f"/organizations/{org.id}/tags", *headers)
    left = 'procession_requests_total{operation="createTag",status="499"}'
    before = figure(server, left)

    sent = server.run(
        exchange(
            server,
            asked,
            [{"type": "http.request", "body": b'{"title": "re', "more_body": True}, {"type": "http.disconnect"}],
        )
    )

    assert sent == []
    assert figure(server, left) == before + 1
    assert org.api.get("/tags").json()["data"] == []


@pytest.mark.parametrize("is_stopping", [True, False])
def test_a_request_cut_off_by_the_end_of_the_server_is_told(new_server: NewServer, is_stopping: bool) -> None:
    server = new_server()
    reached = asyncio.Event()

    @operation("GET", "/doors/long", tag="doors", auth="public")
    async def long(call: Call) -> Item[str]:
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    Doors(server).add(long)

    async def work() -> list[Message] | None:
        running = asyncio.create_task(exchange(server, scope("GET", "/doors/long"), []))
        await asyncio.wait({running, asyncio.create_task(reached.wait())}, return_when=asyncio.FIRST_COMPLETED)
        if is_stopping:
            server.application.front.drain()
        running.cancel()
        try:
            return await running
        except asyncio.CancelledError:
            return None

    sent = server.run(work())

    if is_stopping:
        assert sent is not None
        assert sent[0]["status"] == 503
        assert (b"Retry-After".lower(), b"5") in [(name.lower(), value) for name, value in sent[0]["headers"]]
    else:
        assert sent is None
    assert figure(server, "procession_requests_in_flight") == 1
