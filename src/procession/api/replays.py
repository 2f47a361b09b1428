"""`Idempotency-Key`: a request sent again takes effect once and gets its first answer. Spec: api-conventions 16.

The key is claimed, the request carried out and its answer kept in one transaction. Whether the caller may still have
that answer, the operation itself is asked: what it does then is not kept. Answers are sealed like the codes
of guests' links; some show links of processes and kick-off forms.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.responses import Response

from procession.adapters.secrets import SealedWithAnotherKey, Secrets
from procession.api.call import Call
from procession.api.errors import HttpRefusal, status_of
from procession.api.operations import Operation, is_replayable
from procession.domain.errors import DomainError
from procession.storage import idempotency
from procession.storage.tx import WriteTx

HEADER = b"idempotency-key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
REPLAYED = "Idempotency-Replayed"
NOT_KEPT = "header:Idempotency-Key"
# What is answered to who may not do this, or may not know of what it is about.
REFUSALS = (401, 403, 404)


class Kept(msgspec.Struct, frozen=True):
    """An answer as it is kept. `ignored` is what the request said that was not used, `role` its caller's then."""

    status: int
    headers: dict[str, str]
    body: str
    ignored: list[str]
    role: str | None = None


class Replayed(Exception):  # nothing went wrong: what was done to find out is not kept
    """The caller has this answer again."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Named(msgspec.Struct, frozen=True):
    """A request that its caller named."""

    key: str
    fingerprint: str


class Work(msgspec.Struct, frozen=True):
    """What the operation does the first time, and when it is asked again: whatever `If-Match` said then."""

    first: Callable[[WriteTx], Awaitable[Any]]
    again: Callable[[WriteTx], Awaitable[Any]]


def named(operation: Operation, call: Call, body: bytes) -> Named | None:
    """How the caller named this request; None when they did not, or where it is never replayed. Raises HttpRefusal."""
    key = call.header(HEADER)
    if key is None:
        return None
    if not is_replayable(operation):
        call.ignore(NOT_KEPT)
        return None
    if not KEY.fullmatch(key):
        sentence = "An Idempotency-Key has 1 to 255 visible ASCII characters. A random UUID is a good one."
        raise HttpRefusal(400, "IDEMPOTENCY_KEY_INVALID", sentence)
    asked = f"{operation.method} {call.request.scope['path']}?{call.raw_query}\n".encode()
    return Named(key, hashlib.sha256(asked + body).hexdigest())


async def once(
    tx: WriteTx, call: Call, operation: Operation, request: Named, work: Work, respond: Callable[[Any], Response]
) -> Response:
    """Carry the request out and keep its answer. Raises Replayed with the answer kept of the first time, HttpRefusal,
    and what the operation refuses the caller now.
    """
    secrets = call.edge.secrets
    earlier = await idempotency.claim(tx, request.key, request.fingerprint)
    if earlier is None:
        response = respond(await work.first(tx))
        await idempotency.keep(tx, request.key, _sealed(secrets, response, call))
        return response
    if earlier.fingerprint != request.fingerprint:
        raise HttpRefusal(
            422,
            "IDEMPOTENCY_KEY_REUSED",
            "This Idempotency-Key was used for a different request in the last 24 hours. "
            "Send a new key, or the first request unchanged.",
        )
    kept = _opened(secrets, earlier.answer)
    await _require_rights(tx, call, operation, kept, work)
    call.ignored = list(kept.ignored)
    raise Replayed(Response(kept.body, kept.status, {**kept.headers, REPLAYED: "true"}))


async def _require_rights(tx: WriteTx, call: Call, operation: Operation, kept: Kept, work: Work) -> None:
    """Raises what the operation answers to who may not; that it has been done already is no such refusal."""
    try:
        await work.again(tx)
    except (DomainError, HttpRefusal) as refusal:
        status = refusal.status if isinstance(refusal, HttpRefusal) else status_of(refusal)
        is_used_up = status == 404 and operation.uses_up and kept.role == call.actor.role
        if status in REFUSALS and not is_used_up:
            raise


def _sealed(secrets: Secrets, response: Response, call: Call) -> str:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    body, ignored = bytes(response.body).decode(), list(dict.fromkeys(call.ignored))
    kept = Kept(response.status_code, headers, body, ignored, call.actor.role)
    return secrets.seal(msgspec.json.encode(kept).decode())


def _opened(secrets: Secrets, sealed: str) -> Kept:
    try:
        return msgspec.json.decode(secrets.open(sealed), type=Kept)
    except SealedWithAnotherKey:
        raise HttpRefusal(
            409,
            "IDEMPOTENT_ANSWER_LOST",
            "This request was carried out before, but its answer cannot be read: the server has another key since. "
            "Read what it made instead of sending it again.",
        ) from None
