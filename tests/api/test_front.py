"""What every request meets before its operation: ids, proxies, CORS, probes, logs, figures, errors."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from typing import Any

import psycopg
import pytest
import structlog

from procession import __version__, logs
from procession.api.call import Call, Streamed
from procession.api.contract.envelope import Item
from procession.api.operations import operation
from procession.api.probes import PROBES
from procession.storage.tx import ReadTx
from tests.builders import Organization
from tests.harness import Api, Server

NewServer = Callable[..., Server]
Message = MutableMapping[str, Any]

ORIGIN = "https://flow.example"
FOREIGN = "https://elsewhere.example"


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
        async def pieces(_: ReadTx) -> AsyncIterator[bytes]:
            produced.append("piece")
            yield b"{}"

        return Streamed(pieces)

    server = new_server()
    Doors(server).add(stream)

    assert server.request("HEAD", "/doors/stream").content == b""
    assert produced == []
    assert server.request("GET", "/doors/stream").content == b"{}"


# Proxies


PEER = ("127.0.0.1", 5000)


@pytest.mark.parametrize(
    ("trusted", "headers", "address"),
    [
        pytest.param("", {"X-Forwarded-For": "9.9.9.9"}, "127.0.0.1", id="nobody is trusted"),
        pytest.param("10.0.0.0/8", {"X-Forwarded-For": "9.9.9.9"}, "127.0.0.1", id="the peer is not trusted"),
        pytest.param("127.0.0.1", {}, "127.0.0.1", id="a trusted peer without the header"),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "9.9.9.9"}, "9.9.9.9", id="one proxy"),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "6.6.6.6, 9.9.9.9"}, "9.9.9.9", id="what a client made up"),
        pytest.param(
            "127.0.0.1,10.0.0.0/8", {"X-Forwarded-For": "6.6.6.6, 9.9.9.9, 10.1.2.3"}, "9.9.9.9", id="two proxies"
        ),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "9.9.9.9:4711"}, "9.9.9.9", id="with a port"),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "[2001:db8::1]:4711"}, "2001:db8::1", id="IPv6 with a port"),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "::ffff:9.9.9.9"}, "9.9.9.9", id="IPv4 written as IPv6"),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "unknown"}, "127.0.0.1", id="no address"),
        pytest.param("127.0.0.1", {"X-Tallyfy-Client-IP": "9.9.9.9"}, "9.9.9.9", id="the product's own header"),
        pytest.param("", {"X-Tallyfy-Client-IP": "9.9.9.9"}, "127.0.0.1", id="the product's own header, not trusted"),
        pytest.param(
            "127.0.0.1",
            {"X-Forwarded-For": "9.9.9.9", "X-Tallyfy-Client-IP": "6.6.6.6"},
            "9.9.9.9",
            id="the product's own header from behind a proxy",
        ),
        pytest.param(
            "127.0.0.1,9.9.9.9",
            {"X-Forwarded-For": "9.9.9.9", "X-Tallyfy-Client-IP": "8.8.8.8"},
            "8.8.8.8",
            id="the product's own header from a trusted program behind a proxy",
        ),
        pytest.param(
            "127.0.0.1", {"X-Tallyfy-Client-IP": "me"}, "127.0.0.1", id="the product's own header, no address"
        ),
    ],
)
def test_the_callers_address_is_what_trusted_proxies_say(
    new_server: NewServer, trusted: str, headers: dict[str, str], address: str
) -> None:
    server = new_server(trusted_proxies=trusted)
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    asked = scope("GET", "/health", *pairs)

    server.run(exchange(server, asked, []))

    assert asked["procession.address"] == address


@pytest.mark.parametrize(
    ("trusted", "link"),
    [
        pytest.param("127.0.0.1", "https://flow.example.org/api/", id="trusted"),
        pytest.param("", "http://flow.example/api/", id="not trusted"),
    ],
)
def test_links_carry_the_scheme_and_host_a_trusted_proxy_names(new_server: NewServer, trusted: str, link: str) -> None:
    org = Organization(new_server(trusted_proxies=trusted))
    for _ in range(2):
        org.tag()
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "flow.example.org"}

    answer = org.api.get(f"//api/organizations/{org.id}/tags?per_page=1", headers=headers)

    assert answer.json()["meta"]["pagination"]["links"]["next"].startswith(link)


# CORS


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        pytest.param("", FOREIGN, None, id="nobody by default"),
        pytest.param(ORIGIN, ORIGIN, ORIGIN, id="a listed site"),
        pytest.param(f"{ORIGIN},{FOREIGN}", FOREIGN, FOREIGN, id="one of several"),
        pytest.param(ORIGIN, FOREIGN, None, id="another site"),
        pytest.param(ORIGIN, None, None, id="no browser"),
        pytest.param("*", FOREIGN, "*", id="any site"),
    ],
)
def test_other_sites_may_call_when_they_are_listed(
    new_server: NewServer, origins: str, origin: str | None, allowed: str | None
) -> None:
    server = new_server(cors_origins=origins)
    headers = {"Origin": origin} if origin else {}

    answer = server.request("GET", "/me", headers=headers)
    preflight = server.request("OPTIONS", "/api/me", headers={**headers, "Access-Control-Request-Method": "GET"})

    assert answer.status_code == 401
    assert (preflight.status_code, preflight.content) == (204, b"")
    for each in (answer, preflight):
        assert each.headers.get("Access-Control-Allow-Origin") == allowed
        assert "Access-Control-Allow-Credentials" not in each.headers
        # A cache must keep the answers to several sites apart.
        assert ("Origin" in each.headers.get("Vary", "")) == (origins not in ("", "*"))
    assert ("X-RateLimit-Remaining" in answer.headers.get("Access-Control-Expose-Headers", "")) == (allowed is not None)
    assert ("Authorization" in preflight.headers.get("Access-Control-Allow-Headers", "")) == (allowed is not None)


def test_c16_a_preflight_needs_no_token_and_reaches_no_operation(org: Organization) -> None:
    answer = org.server.request("OPTIONS", f"/organizations/{org.id}/tags")

    assert (answer.status_code, answer.content) == (204, b"")


# Probes


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/metrics"])
def test_probes_need_no_token_and_only_read(server: Server, path: str) -> None:
    assert server.request("GET", path).status_code == 200
    assert server.request("HEAD", path).content == b""
    refused = server.request("POST", path)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")


def test_a_server_that_stops_is_alive_but_not_ready(new_server: NewServer) -> None:
    server = new_server()

    server.application.front.drain()

    answer = server.request("GET", "/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"status": "stopping"})
    assert server.request("GET", "/health/live").status_code == 200


def test_a_server_whose_database_has_another_schema_is_not_ready(new_server: NewServer) -> None:
    server = new_server()
    connection = server.database._writer.connection.raw  # type: ignore[union-attr]

    connection.execute("UPDATE alembic_version SET version_num = '9999'")

    answer = server.request("GET", "/health/ready")
    assert answer.status_code == 503
    assert "9999" in answer.json()["status"]


def test_figures_count_requests_by_operation_and_status(new_server: NewServer) -> None:
    server = new_server()
    org = Organization(server)
    org.api.get("/tags")
    org.api.get("/tags")
    org.api.post("/tags", {})
    server.request("GET", "/nowhere")

    assert figure(server, 'procession_requests_total{operation="listTags",status="200"}') == 2
    assert figure(server, 'procession_requests_total{operation="createTag",status="422"}') == 1
    assert figure(server, 'procession_requests_total{operation="none",status="404"}') == 1
    assert figure(server, 'procession_request_seconds_count{operation="listTags"}') == 2
    assert figure(server, 'procession_request_seconds_bucket{le="+Inf",operation="listTags"}') == 2
    assert figure(server, "procession_requests_in_flight") == 1  # this one
    assert figure(server, "procession_waiting_writes") == 0


# The log


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
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


def test_each_request_is_one_line_without_query_and_token(new_server: NewServer, stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    org = Organization(new_server(log_format="json"))

    answer = org.api.get("/tags?q=salary")

    (line,) = [line for line in lines(stream) if line["event"] == "request"]
    assert list(line)[:4] == ["at", "level", "logger", "event"]
    assert (line["method"], line["operation"], line["status"]) == ("GET", "listTags", 200)
    assert (line["actor"], line["organization"]) == (f"member {org.admin.id}", org.id)
    assert line["bytes"] == len(answer.content)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["ms"] > 0
    assert "salary" not in stream.getvalue()
    assert org.api.token is not None
    assert org.api.token not in stream.getvalue()


def test_lines_for_people_say_the_same(new_server: NewServer, stream: io.StringIO) -> None:
    logs.configure("console", "info", stream)
    org = Organization(new_server())

    answer = org.api.get("/tags")

    (line,) = stream.getvalue().splitlines()
    for part in ("GET", "listTags", "200", f"member {org.admin.id}", org.id, answer.headers["X-Request-Id"]):
        assert part in line


def test_probes_are_not_logged(new_server: NewServer, stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    server = new_server(log_format="json")

    for path in PROBES:
        server.request("GET", path)

    assert lines(stream) == []


@pytest.mark.parametrize(
    ("level", "access_log"), [pytest.param("info", False, id="switched off"), pytest.param("warning", True, id="level")]
)
def test_request_lines_can_be_left_out(
    new_server: NewServer, stream: io.StringIO, level: str, access_log: bool
) -> None:
    logs.configure("json", level, stream)

    new_server(log_format="json", log_level=level, access_log=access_log).request("GET", "/nowhere")

    assert lines(stream) == []


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
        async def pieces(_: ReadTx) -> AsyncIterator[bytes]:
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
