"""One log line for each request: what was asked and how it went, never a query, a path or a credential."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from procession import logs
from procession.config import Settings

LOGGER = "procession.request"
# Lines of so long are written together.
GATHER_SECONDS = 0.05


class Line(msgspec.Struct):
    """Begins like every other line (logs.FIRST_KEYS)."""

    at: str
    level: str
    logger: str
    event: str
    method: str
    operation: str
    status: int
    ms: float
    bytes: int
    actor: str | None
    organization: str | None
    request_id: str


class AccessLog:
    """Formats its lines itself: the chain that makes all others costs a tenth of a list request."""

    def __init__(self, settings: Settings) -> None:
        self._as_json = settings.log_format == "json"
        self._wanted = settings.access_log
        self._write: Any = None  # Any: structlog leaves the type of its output open
        self._waiting: list[str] = []

    def open(self) -> None:
        """Write to where the logs go now."""
        wanted = self._wanted and logs.get(LOGGER).is_enabled_for(logging.INFO)
        self._write = structlog.get_config()["logger_factory"]().info if wanted else None

    def write(
        self,
        *,
        method: str,
        operation: str,
        status: int,
        seconds: float,
        size: int,
        actor: str | None,
        organization: str | None,
        request_id: str,
    ) -> None:
        if self._write is None:
            return
        at = datetime.now(UTC).replace(tzinfo=None).isoformat() + "Z"
        ms = round(seconds * 1000, 2)
        if self._as_json:
            heading = (at, "info", LOGGER, "request")
            line = Line(*heading, method, operation, status, ms, size, actor, organization, request_id)
            text = msgspec.json.encode(line).decode()
        else:
            text = (
                f"{at} [info     ] {method} {operation} {status} in {ms} ms, {size} bytes, by {actor or 'nobody'}"
                f"{f' of {organization}' if organization else ''} request_id={request_id}"
            )
        if not self._waiting:
            # A write to a file or pipe costs more than making a line.
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self.flush)
        self._waiting.append(text)

    def flush(self) -> None:
        """Write the lines that wait."""
        lines, self._waiting = self._waiting, []
        if lines:
            self._write("\n".join(lines))
