"""What operators ask a server: is it alive, may it get requests, how is it doing. Needs no token, meets no limit."""

import asyncio
from functools import cache

from starlette.responses import Response

from procession.api.edge import Edge
from procession.api.errors import encode
from procession.api.metrics import CONTENT_TYPE, Metrics
from procession.storage import health
from procession.storage.migrate import newest_revision

JSON = "application/json"
PATIENCE_SECONDS = 3
PROBES = {"/health": "health", "/health/live": "healthLive", "/health/ready": "healthReady", "/metrics": "metrics"}


class Probes:
    """Answers `/health`, `/health/live`, `/health/ready` and `/metrics`."""

    def __init__(self, edge: Edge, metrics: Metrics) -> None:
        self.edge = edge
        self.metrics = metrics
        self.is_draining = False

    async def answer(self, path: str) -> Response:
        if path == "/metrics":
            return Response(self.metrics.exposition(), media_type=CONTENT_TYPE)
        problem = await self._problem() if path == "/health/ready" else None
        if problem is None:
            return Response(encode({"status": "ok"}), media_type=JSON)
        return Response(encode({"status": problem}), 503, {"Retry-After": "5"}, JSON)

    async def _problem(self) -> str | None:
        """Why this server should get no requests now."""
        if self.is_draining:
            return "stopping"
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self.edge.database.reading() as connection:
                found = await health.revision(connection)
        except (TimeoutError, *health.Unavailable):
            return "the database does not answer"
        return None if found == needed_schema() else f"the database has schema {found}, not {needed_schema()}"


@cache
def needed_schema() -> str | None:
    return newest_revision()
