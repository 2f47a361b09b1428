"""The one table from refusals to HTTP. Spec: api-conventions 14."""

from typing import Any

import msgspec

from procession.api.contract.envelope import ErrorBody
from procession.domain import errors as refusals
from procession.domain.errors import DomainError, Invalid


class HttpRefusal(Exception):
    """A refusal that HTTP itself makes: unknown path, wrong method, too many requests."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


STATUS_OF: dict[type[DomainError], int] = {
    refusals.Malformed: 400,
    refusals.Protected: 400,
    refusals.Unauthenticated: 401,
    refusals.NotAllowed: 403,
    refusals.NotFound: 404,
    refusals.TooLarge: 413,
    refusals.Invalid: 422,
    refusals.WrongState: 422,
    refusals.ProcessArchived: 422,
    refusals.AlreadyCompleted: 422,
    refusals.TaskBlocked: 422,
    refusals.MailNotSetUp: 422,
    refusals.ProcessLocked: 423,
    refusals.ProcessOnHold: 423,
    refusals.TooManyRequests: 429,
}


def unknown_path() -> HttpRefusal:
    return HttpRefusal(404, "ENDPOINT_NOT_FOUND", "API endpoint not found")


def wrong_method(allowed: list[str]) -> HttpRefusal:
    return HttpRefusal(405, "METHOD_NOT_ALLOWED", "Method not allowed for this endpoint", {"Allow": ", ".join(allowed)})


def derived_code(message: str) -> str:
    """The code of a condition without one of its own. Spec: api-conventions 14.2."""
    kept = "".join(char for char in message if char.isalnum() or char == " ")
    return kept.strip().upper().replace(" ", "_")[:25]


def status_of(error: DomainError) -> int:
    for kind in type(error).__mro__:
        if kind in STATUS_OF:
            return STATUS_OF[kind]
    raise LookupError(f"{type(error).__name__} has no HTTP status")


def headers_of(error: DomainError | HttpRefusal) -> dict[str, str]:
    if isinstance(error, HttpRefusal):
        return error.headers
    if isinstance(error, refusals.TooManyRequests):
        return {"Retry-After": str(error.retry_after_seconds)}
    return {}


def body_of(error: DomainError | HttpRefusal) -> bytes:
    if isinstance(error, Invalid):
        return encode(ErrorBody(error=True, message=error.message, errors=error.errors))
    code = error.code
    if code in ("NOT_ALLOWED", "WRONG_STATE"):
        code = derived_code(error.message)
    return encode(ErrorBody(error=True, message=error.message, code=code))


def encode(value: Any) -> bytes:
    return msgspec.json.encode(value)
