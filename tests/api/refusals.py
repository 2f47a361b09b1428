"""What a refusal looks like, and that it changed nothing. Spec: api-conventions 14."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.builders import Organization
from tests.contents import untouched

CODES = {
    400: "MALFORMED_JSON",
    401: "UNAUTHENTICATED",
    404: "RESOURCE_NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    423: "PROCESS_LOCKED",
}


@contextmanager
def unchanged(*organizations: Organization) -> Iterator[None]:
    """Whatever is asked for inside leaves no trace: no event, no row, no number taken."""
    [server] = {each.server for each in organizations}
    with untouched(server, *(each.number for each in organizations)):
        yield


def assert_refused(answer: httpx.Response, status: int, code: str | None = None, *, because: object = "") -> None:
    """Shape A with the code of the status, or the one named; 422 may be shape B instead."""
    assert answer.status_code == status, f"{because}: {answer.status_code} {answer.text[:500]}"
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body["error"] is True
    assert body["message"]
    assert isinstance(body["message"], str)
    if "errors" in body:
        assert status == 422
        assert_messages(body["errors"])
    else:
        assert body["code"] == (code or CODES.get(status, body["code"]))
        assert body["code"].upper() == body["code"]


def assert_messages(errors: Any) -> None:
    """Shape B: lists of messages by field; nested by id for what is keyed by ids. Spec: api-conventions 14.3."""
    assert errors
    for field, messages in errors.items():
        assert field
        assert isinstance(messages, list)
        assert messages
        for message in messages:
            if isinstance(message, dict):
                assert field in ("prerun", "tasks", "taskdata")
                assert_messages(message)
            else:
                assert isinstance(message, str)
                assert message
