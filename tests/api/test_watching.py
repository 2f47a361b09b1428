"""What operators see of a server: probes, figures, and a line for each request."""

import io
from collections.abc import Callable, Iterator

import pytest

from procession import logs
from procession.api.probes import PROBES
from tests.api.raw import figure, lines, logged
from tests.builders import Organization
from tests.harness import Server

NewServer = Callable[..., Server]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    with logged() as stream:
        yield stream


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


def test_each_request_is_one_line_without_query_and_token(new_server: NewServer, stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    org = Organization(new_server(log_format="json", access_log=True))

    answer = org.api.get("/tags?q=salary")

    org.server.application.front.access_log.flush()
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
    org = Organization(new_server(access_log=True))

    answer = org.api.get("/tags")

    org.server.application.front.access_log.flush()
    (line,) = stream.getvalue().splitlines()
    for part in ("GET", "listTags", "200", f"member {org.admin.id}", org.id, answer.headers["X-Request-Id"]):
        assert part in line


def test_probes_are_not_logged(new_server: NewServer, stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    server = new_server(log_format="json", access_log=True)

    for path in PROBES:
        server.request("GET", path)

    server.application.front.access_log.flush()
    assert lines(stream) == []


@pytest.mark.parametrize(
    ("level", "access_log"), [pytest.param("info", False, id="switched off"), pytest.param("warning", True, id="level")]
)
def test_request_lines_can_be_left_out(
    new_server: NewServer, stream: io.StringIO, level: str, access_log: bool
) -> None:
    logs.configure("json", level, stream)

    server = new_server(log_format="json", log_level=level, access_log=access_log)
    server.request("GET", "/nowhere")

    server.application.front.access_log.flush()
    assert lines(stream) == []
