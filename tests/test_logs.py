"""Log lines, as an operator's collector reads them."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from procession import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """A place to log to; what other tests had configured is put back."""
    root, ours = logging.getLogger(), structlog.get_config()
    level, handlers = root.level, root.handlers[:]
    yield io.StringIO()
    structlog.configure(**ours)
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_json_line_says_when_how_grave_where_and_what_first(stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)

    logs.get("procession.api").warning("slow answer", path="/me", seconds=2)

    (line,) = lines(stream)
    assert list(line) == ["at", "level", "logger", "event", "path", "seconds"]
    assert line["level"] == "warning"
    assert line["logger"] == "procession.api"
    assert (line["event"], line["path"], line["seconds"]) == ("slow answer", "/me", 2)
    assert line["at"].endswith("Z")


def test_every_line_of_a_request_carries_its_id_and_no_other_line_does(stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    log, library = logs.get("procession.api"), logging.getLogger("litestar")

    before = logs.current_request.set("r-1")
    log.info("ours")
    library.info("theirs")
    logs.current_request.reset(before)
    log.info("after")

    assert [line.get("request_id") for line in lines(stream)] == ["r-1", "r-1", None]


def test_libraries_write_lines_like_ours(stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)

    logging.getLogger("uvicorn.error").info("Started process [%d]", 7)

    (line,) = lines(stream)
    assert (line["level"], line["logger"], line["event"]) == ("info", "uvicorn.error", "Started process [7]")


def test_the_servers_own_access_lines_are_left_to_us(stream: io.StringIO) -> None:
    logs.configure("json", "debug", stream)

    logging.getLogger("uvicorn.access").info("GET /")

    assert lines(stream) == []


@pytest.mark.parametrize(("level", "written"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_less_severe_lines_are_not_written(stream: io.StringIO, level: str, written: int) -> None:
    logs.configure("json", level, stream)
    log, library = logs.get("procession"), logging.getLogger("somebody")

    for logger in (log, library):
        logger.debug("d")
        logger.info("i")
        logger.warning("w")
        logger.error("e")

    assert len(lines(stream)) == 2 * written


@pytest.mark.parametrize("key", ["password", "Authorization", "access_token", "client_secret", "set-cookie"])
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_fact_named_like_a_credential_is_hidden(stream: io.StringIO, log_format: logs.LogFormat, key: str) -> None:
    logs.configure(log_format, "info", stream)

    logs.get("procession").info("signed in", **{key: "hunter2"})

    assert "hunter2" not in stream.getvalue()
    assert "***" in stream.getvalue()


def test_a_traceback_never_shows_local_variables(stream: io.StringIO) -> None:
    def sign_in(password: str) -> None:
        raise RuntimeError(f"{len(password)} characters were not enough")

    for log_format in ("json", "console"):
        logs.configure(log_format, "info", stream)
        try:
            sign_in("hunter2".upper())
        except RuntimeError:
            logs.get("procession").exception("failed")

    assert stream.getvalue().count("7 characters were not enough") == 2
    assert "HUNTER2" not in stream.getvalue()


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_text_from_outside_cannot_forge_a_line(stream: io.StringIO, log_format: logs.LogFormat) -> None:
    logs.configure(log_format, "info", stream)

    logs.get("procession").info("read\n2026-01-01 [error] forged\x1b[2J", q="a\nb\x1b[2J")

    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param("\ud800", id="half a character"),
        pytest.param({("a", 1): 2}, id="a key that is not text"),
        pytest.param(object(), id="an object"),
        pytest.param(10**40, id="a very large number"),
    ],
)
def test_a_fact_that_json_cannot_say_does_not_lose_the_line(stream: io.StringIO, fact: object) -> None:
    logs.configure("json", "info", stream)

    logs.get("procession").info("kept", fact=fact)

    (line,) = lines(stream)
    assert "kept" in line["event"]
    assert "fact" in line
