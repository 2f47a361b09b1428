"""`Idempotency-Key`: a request sent again takes effect once and gets its first answer. Spec: api-conventions 16.

The key is claimed, the request carried out and its answer kept in one transaction. Answers are sealed like the codes
of guests' links, which some of them show.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable

import msgspec
from starlette.responses import Response

from procession.adapters.secrets import SealedWithAnotherKey, Secrets
from procession.api.call import Call
from procession.api.errors import HttpRefusal
from procession.api.operations import Operation, is_replayable
from procession.storage import idempotency
from procession.storage.tx import WriteTx

HEADER = b"idempotency-key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
REPLAYED = "Idempotency-Replayed"
NOT_KEPT = "header:Idempotency-Key"


class Kept(msgspec.Struct, frozen=True):
    """An answer as it is kept. `ignored` is what the request said that was not used."""

    status: int
    headers: dict[str, str]
    body: str
    ignored: list[str]


class Named(msgspec.Struct, frozen=True):
    """A request that its caller named."""

    key: str
    fingerprint: str


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
    tx: WriteTx, call: Call, request: Named, secrets: Secrets, answer: Callable[[], Awaitable[Response]]
) -> Response:
    """Carry the request out and keep its answer, or give the answer kept of the first time. Raises HttpRefusal."""
    earlier = await idempotency.claim(tx, request.key, request.fingerprint)
    if earlier is None:
        response = await answer()
        await idempotency.keep(tx, request.key, _sealed(secrets, response, call.ignored))
        return response
    if earlier.fingerprint != request.fingerprint:
        raise HttpRefusal(
            422,
            "IDEMPOTENCY_KEY_REUSED",
            "This Idempotency-Key was used for a different request in the last 24 hours. "
            "Send a new key, or the first request unchanged.",
        )
    kept = _opened(secrets, earlier.answer)
    call.ignore(*kept.ignored)
    return Response(kept.body, kept.status, {**kept.headers, REPLAYED: "true"})


def _sealed(secrets: Secrets, response: Response, ignored: list[str]) -> str:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    kept = Kept(response.status_code, headers, bytes(response.body).decode(), list(dict.fromkeys(ignored)))
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
