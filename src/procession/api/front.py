"""In front of every request: path prefix, request id, proxies, CORS, the request limit, logs and figures."""

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from procession import __version__, logs
from procession.api.access_log import AccessLog
from procession.api.cors import Cors
from procession.api.dispatch import Dispatcher, refusal
from procession.api.edge import Edge, is_hex_id
from procession.api.errors import HttpRefusal, wrong_method
from procession.api.limits import RateLimiter
from procession.api.metrics import Metrics
from procession.api.probes import PROBES, Probes
from procession.api.proxies import Proxies
from procession.domain.actors import Actor
from procession.storage.health import Unavailable

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logs.get("procession.request")

API_PREFIX = "/api"
VERSION = (b"x-app-version", __version__.encode())
NO_OPERATION = "none"
ORGANIZATIONS = "/organizations/"
# What the log and the figures show of a request whose client went away; nothing is sent.
CLIENT_LEFT = 499


class Front:
    """Makes a request ready for the dispatcher and accounts for it afterwards."""

    def __init__(self, edge: Edge, dispatcher: Dispatcher) -> None:
        self.edge = edge
        self.dispatcher = dispatcher
        self.metrics = Metrics(lambda: edge.database.waiting_writes, lambda: edge.sets.size if edge.sets else 0)
        self.limiter = RateLimiter(edge) if edge.settings.requests_per_minute else None
        self.proxies = Proxies(edge.settings.trusted_proxies)
        self.cors = Cors(edge.settings.cors_origins)
        self.probes = Probes(edge, self.metrics)
        self.access_log = AccessLog(edge.settings)
        self._first_half, self._numbers = os.urandom(10).hex(), itertools.count(1)

    async def start(self) -> None:
        self.access_log.open()

    async def stop(self) -> None:
        self.access_log.flush()
        if self.limiter is not None:
            await self.limiter.settle()

    def drain(self) -> None:
        """From now on this server says that it should get no more requests."""
        self.probes.is_draining = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        path: str = scope["path"]
        prefix = API_PREFIX if path == API_PREFIX or path.startswith(API_PREFIX + "/") else ""
        # A trailing slash is ignored, not redirected: a redirect would drop the body of a POST.
        scope["path"] = path = path[len(prefix) :].rstrip("/") or "/"
        headers: dict[bytes, bytes] = dict(scope["headers"])
        # Twenty random digits of this process, twelve that count: unique, and a tenth of the cost of a UUID.
        request_id = self.proxies.apply(scope, headers) or f"{self._first_half}{next(self._numbers):012x}"
        scope["procession.request_id"] = request_id
        logs.current_request.set(request_id)
        delivery = Delivery(scope["method"], send)
        figures = self.metrics.own
        figures.in_flight += 1
        try:
            response = await self._answer(scope, receive, path, prefix, headers, request_id)
            added = ((b"x-request-id", request_id.encode()), VERSION, *self.cors.headers(headers.get(b"origin")))
            response.raw_headers.extend(added)
            await delivery.send(response, scope, receive)
        except ClientDisconnect:
            delivery.status = CLIENT_LEFT
        except asyncio.CancelledError:
            if not self.probes.is_draining:
                raise
            log.warning("answer cut off: the server is stopping", operation=scope.get("procession.operation"))
        except Exception:  # logged; the server closes the connection, so the client notices
            log.exception("answer broke off", operation=scope.get("procession.operation"))
        finally:
            figures.in_flight -= 1
            self._account(scope, delivery, perf_counter() - began)

    async def _answer(
        self, scope: Scope, receive: Receive, path: str, prefix: str, headers: dict[bytes, bytes], request_id: str
    ) -> Response:
        """The response, whatever goes wrong; raises only ClientDisconnect."""
        try:
            if scope["method"] == "OPTIONS":
                return self.cors.preflight(headers.get(b"origin"))
            if path in PROBES:
                return await self._probe(scope, path)
            if self.limiter is None:
                return await self.dispatcher.answer(Request(scope, receive), headers, prefix)
            authorization = headers.get(b"authorization")
            verdict = await self.limiter.spend(
                authorization.decode("latin-1") if authorization else None, scope["procession.address"]
            )
            if verdict.retry_after_seconds:
                response = refusal(verdict.refusal)
            else:
                response = await self.dispatcher.answer(Request(scope, receive), headers, prefix)
            response.raw_headers.extend(verdict.headers)
            return response
        except ClientDisconnect:
            raise
        except asyncio.CancelledError:
            if not self.probes.is_draining:
                raise
            return refusal(unavailable("The server is stopping."))
        except Unavailable as error:
            log.warning("database unavailable", error=str(error), operation=scope.get("procession.operation"))
            return refusal(unavailable("The database does not answer."))
        except Exception:  # a bug: logged, and answered without telling what it was
            log.exception("request failed", operation=scope.get("procession.operation"))
            message = f"Something went wrong on the server. Quote request id {request_id} when you report it."
            return refusal(HttpRefusal(500, "SERVER_ERROR", message))

    async def _probe(self, scope: Scope, path: str) -> Response:
        scope["procession.operation"] = PROBES[path]
        if scope["method"] not in ("GET", "HEAD"):
            return refusal(wrong_method(["GET", "HEAD"]))
        return await self.probes.answer(path)

    def _account(self, scope: Scope, delivery: "Delivery", seconds: float) -> None:
        operation: str = scope.get("procession.operation") or NO_OPERATION
        self.metrics.own.observe(operation, delivery.status, seconds)
        if scope["path"] not in PROBES:
            self.access_log.write(
                method=scope["method"],
                operation=operation,
                status=delivery.status,
                seconds=seconds,
                size=delivery.bytes,
                actor=actor_name(scope.get("procession.actor")),
                organization=organization_in(scope["path"]),
                request_id=scope["procession.request_id"],
            )


class Delivery:
    """Sends a response and remembers what was sent."""

    def __init__(self, method: str, send: Send) -> None:
        self.is_head = method == "HEAD"
        self.status = CLIENT_LEFT
        self.bytes = 0
        self._send = send

    async def send(self, response: Response, scope: Scope, receive: Receive) -> None:
        """Send all of it; raises ClientDisconnect when the client left before the end of a stream."""
        self.status = response.status_code
        if self.is_head or type(response) is Response:
            body = b"" if self.is_head else bytes(response.body)
            await self._send(
                {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
            )
            await self._send({"type": "http.response.body", "body": body})
            self.bytes = len(body)
            return
        is_over = False

        async def counting(message: MutableMapping[str, Any]) -> None:
            nonlocal is_over
            if message["type"] == "http.response.body":
                self.bytes += len(message.get("body", b""))
                is_over = not message.get("more_body", False)
            await self._send(message)

        await response(scope, receive, counting)
        if not is_over:
            raise ClientDisconnect


def unavailable(sentence: str) -> HttpRefusal:
    return HttpRefusal(503, "SERVICE_UNAVAILABLE", f"{sentence} Try again in a moment.", {"Retry-After": "5"})


def actor_name(actor: Actor | None) -> str | None:
    """Who asked, for the log: never an e-mail address."""
    if actor is None or actor.kind == "nobody":
        return None
    return "guest" if actor.kind == "guest" else f"{actor.kind} {actor.id}"


def organization_in(path: str) -> str | None:
    """The organization a path names, for the log."""
    if not path.startswith(ORGANIZATIONS):
        return None
    organization_id = path[len(ORGANIZATIONS) :].partition("/")[0].lower()
    return organization_id if is_hex_id(organization_id) else None
