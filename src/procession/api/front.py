"""In front of every request: path prefix, request id, limits, logs and metrics."""

import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from procession import __version__
from procession.api.dispatch import Dispatcher
from procession.api.edge import Edge
from procession.api.errors import HttpRefusal, body_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

API_PREFIX = "/api"


class Front:
    """Makes a request ready for the dispatcher and accounts for it afterwards."""

    def __init__(self, edge: Edge, dispatcher: Dispatcher) -> None:
        self.edge = edge
        self.dispatcher = dispatcher

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        prefix = API_PREFIX if path == API_PREFIX or path.startswith(API_PREFIX + "/") else ""
        # A trailing slash is ignored, not redirected: a redirect would drop the body of a POST.
        scope["path"] = path[len(prefix) :].rstrip("/") or "/"
        request_id = uuid.uuid4().hex
        request = Request(scope, receive)
        try:
            response = await self.dispatcher.answer(request, prefix)
        except Exception:
            message = "Something went wrong on the server."
            refusal = HttpRefusal(500, "SERVER_ERROR", f"{message} Quote request id {request_id} when you report it.")
            response = Response(body_of(refusal), 500, media_type="application/json")
            response.headers["X-Request-Id"] = request_id
            await response(scope, receive, send)
            raise
        response.headers["X-Request-Id"] = request_id
        response.headers["X-App-Version"] = __version__
        await response(scope, receive, send)
