"""Every answer a test gets is held against the API document: status, media type, shape."""

from functools import cache
from typing import Any
from urllib.parse import quote

import httpx
import jsonschema_rs
import msgspec

from procession.api.catalogue import all_operations
from procession.api.document import document
from procession.api.errors import HttpRefusal
from procession.api.router import Router

DOCUMENT = "urn:document"


@cache
def _documented() -> tuple[dict[str, Any], Router[str]]:
    operations = all_operations()
    router: Router[str] = Router()
    for each in operations:
        router.add(each.method, each.path, each.path)
    return msgspec.to_builtins(document(operations)), router


def check_response(method: str, response: httpx.Response, path: str | None = None) -> None:
    """Raise AssertionError when the answer is not what the document promises.

    `path` is said when no client sent the request, so that the answer does not know it.
    """
    described, router = _documented()
    path = (response.request.url.path if path is None else path).removeprefix("/api").rstrip("/")
    try:
        template, _ = router.find(method, path)
    except HttpRefusal as refusal:
        if response.status_code != refusal.status:
            raise AssertionError(f"{method} {path} should be {refusal.status}: {response.text}") from None
        return
    answers = described["paths"][template][method.lower()]["responses"]
    status = str(response.status_code)
    assert status in answers, (
        f"{method} {template} answered {status}, which its document does not name: {response.text}"
    )
    content = answers[status].get("content")
    if content is None:
        assert response.content == b"", f"{method} {template} {status} should have no body"
        return
    media_type = response.headers["content-type"].partition(";")[0]
    assert media_type in content or "*/*" in content, f"{method} {template} answered {media_type}"
    if media_type == "application/json":
        _validator(template, method.lower(), status).validate(response.json())


@cache
def _registry() -> jsonschema_rs.Registry:
    """The document, read once for all validators: with a copy for each they took 10 ms and 2 MB apiece."""
    described, _ = _documented()
    return jsonschema_rs.Registry([(DOCUMENT, described)], draft=jsonschema_rs.Draft202012)


@cache
def _validator(template: str, method: str, status: str) -> Any:
    way = ("paths", template, method, "responses", status, "content", "application/json", "schema")
    pointer = "/".join(quote(each.replace("~", "~0").replace("/", "~1")) for each in way)
    return jsonschema_rs.Draft202012Validator({"$ref": f"{DOCUMENT}#/{pointer}"}, registry=_registry())
