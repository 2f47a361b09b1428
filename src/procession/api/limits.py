"""The request limit: so many a minute for each token, or for each address without one. Spec: api-conventions 15.

A minute begins with a caller's first request. The count is in a database row that all server processes share; a
process draws a part of it in advance, in a write of its own, and spends that from memory: reads do not write.
"""

import asyncio
from ipaddress import IPv6Address, ip_network

import msgspec

from procession import logs
from procession.api.edge import Edge, bearer_token
from procession.api.errors import HttpRefusal
from procession.domain.tokens import token_hash
from procession.storage import limits
from procession.storage.connection import Connection
from procession.storage.limits import WINDOW_MS

log = logs.get("procession.limits")

LEASES_PER_WINDOW = 10
# A limit must not cost more than it protects: behind a slow writer requests go on and are accounted for later.
PATIENCE_SECONDS = 0.5
MAX_CALLERS = 50_000
IPV6_SITE_BITS = 64


class Verdict(msgspec.Struct, frozen=True):
    """Whether one more request may pass; `retry_after_seconds` is 0 when it may."""

    limit: int
    remaining: int
    retry_after_seconds: int = 0

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"x-ratelimit-limit", b"%d" % self.limit), (b"x-ratelimit-remaining", b"%d" % self.remaining)]

    @property
    def refusal(self) -> HttpRefusal:
        message = (
            f"Too many requests: the limit is {self.limit} per minute. Try again in {self.retry_after_seconds} seconds."
        )
        return HttpRefusal(429, "RATE_LIMIT_EXCEEDED", message, {"Retry-After": str(self.retry_after_seconds)})


class Allowance:
    """What this process may spend for one caller until `ends_at`."""

    __slots__ = ("drawing", "ends_at", "is_slow", "left", "spent", "undrawn")

    def __init__(self, limit: int, now: int) -> None:
        self.ends_at = now + WINDOW_MS
        # Drawn and not spent; below zero what was let pass while a draw took too long.
        self.left = 0
        self.spent = 0
        # What was left to draw for everybody, when this process last drew.
        self.undrawn = limit
        self.drawing: asyncio.Task[None] | None = None
        # Somebody has waited for this draw in vain.
        self.is_slow = False

    def holds(self, now: int) -> bool:
        """Whether the window lasts; one that ends far ahead comes from a clock that was set back since."""
        return now < self.ends_at <= now + 2 * WINDOW_MS


class RateLimiter:
    """Counts requests for one server process."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.limit: int = edge.settings.requests_per_minute
        self.lease = max(1, self.limit // LEASES_PER_WINDOW)
        # Nobody else draws from the embedded database, so what is undrawn is known to be free.
        self.is_alone: bool = edge.settings.embedded
        self._allowances: dict[str, Allowance] = {}
        self._tidied_at = 0

    async def spend(self, authorization: str | None, address: str | None) -> Verdict:
        """Count one request of whoever sent it. A token nobody issued counts for its address."""
        now = self.edge.clock()
        token = bearer_token(authorization)
        if token is not None:
            principal = token_hash(token)
            allowance = self._allowances.get(principal)
            if (allowance is not None and allowance.holds(now)) or await self._is_issued(principal):
                return await self._spend(principal, now)
        return await self._spend(address_principal(address), now)

    async def settle(self) -> None:
        """Wait for draws under way."""
        under_way = [each.drawing for each in self._allowances.values() if each.drawing is not None]
        if under_way:
            await asyncio.wait(under_way)

    async def _is_issued(self, token_hash: str) -> bool:
        async with self.edge.database.reading() as connection:
            return await limits.is_issued(connection, token_hash)

    async def _spend(self, principal: str, now: int) -> Verdict:
        allowance = self._allowance(principal, now)
        await self._drawn(allowance, principal, now)
        if allowance.spent >= self.limit or allowance.left <= 0 >= allowance.undrawn:
            return Verdict(self.limit, 0, max(1, -(-(allowance.ends_at - now) // 1000)))
        allowance.left -= 1
        allowance.spent += 1
        if allowance.left <= self.lease // 2 and allowance.undrawn > 0:
            self._drawing(allowance, principal, now)
        if self.is_alone:
            return Verdict(self.limit, max(0, allowance.left + allowance.undrawn))
        # Others may draw what is undrawn, so only what is certain is promised; nothing, only when nothing is left.
        await self._drawn(allowance, principal, now)
        return Verdict(self.limit, max(0, allowance.left))

    async def _drawn(self, allowance: Allowance, principal: str, now: int) -> None:
        """Wait until there is something to spend, or nothing left to draw; not for long, and for each draw once."""
        while allowance.left <= 0 < allowance.undrawn and not allowance.is_slow:
            drawing = self._drawing(allowance, principal, now)
            done, _ = await asyncio.wait({drawing}, timeout=PATIENCE_SECONDS)
            if done:
                drawing.result()  # raises what was no failure to write
            else:
                allowance.is_slow = allowance.drawing is drawing

    def _allowance(self, principal: str, now: int) -> Allowance:
        allowance = self._allowances.get(principal)
        if allowance is None or not allowance.holds(now):
            if len(self._allowances) >= MAX_CALLERS:
                self._tidy(now)
            allowance = self._allowances[principal] = Allowance(self.limit, now)
        return allowance

    def _tidy(self, now: int) -> None:
        """Make room: callers whose minute is over go, then the one known longest, whose count stays in its row."""
        if abs(now - self._tidied_at) >= WINDOW_MS:
            self._tidied_at = now
            self._allowances = {key: each for key, each in self._allowances.items() if each.holds(now)}
        if len(self._allowances) >= MAX_CALLERS:
            del self._allowances[next(iter(self._allowances))]

    def _drawing(self, allowance: Allowance, principal: str, now: int) -> "asyncio.Task[None]":
        """The draw under way, begun when there is none."""
        if allowance.drawing is None:
            allowance.drawing = asyncio.create_task(self._draw(allowance, principal, now))
        return allowance.drawing

    async def _draw(self, allowance: Allowance, principal: str, now: int) -> None:
        async def work(connection: Connection) -> tuple[int, int]:
            return await limits.draw(connection, principal, wanted=self.lease, now=now)

        try:
            started_at, used = await self.edge.database.write(work)
        except limits.WriteFailure as error:
            # Reads still work on a full disk, say: until the minute is over this process counts alone.
            log.warning("the request limit cannot be written", error=str(error))
            allowance.left = self.limit - allowance.spent
            allowance.undrawn = 0
        else:
            allowance.ends_at = started_at + WINDOW_MS
            allowance.left += max(0, min(self.lease, self.limit - (used - self.lease)))
            allowance.undrawn = max(0, self.limit - used)
        finally:
            allowance.drawing, allowance.is_slow = None, False


def address_principal(address: str | None) -> str:
    """Who an address counts as: itself, or its site where one subscriber has a whole network of addresses."""
    if address is None or ":" not in address:
        return f"address {address}"
    try:
        site = ip_network((IPv6Address(address.partition("%")[0]), IPV6_SITE_BITS), strict=False)
    except ValueError:
        return f"address {address}"
    return f"address {site}"
