"""The service itself: health, the API document, the interactive page. Spec: api-content 13."""

from typing import Any

from procession.api import docs_page
from procession.api.call import Answer, Call
from procession.api.contract.service import Health
from procession.api.document import complete_document
from procession.api.errors import unknown_path
from procession.api.operations import operation
from procession.domain.errors import NotFound

DAY_SECONDS = 86_400


@operation("GET", "/health", tag="service", auth="public")
async def get_health() -> Health:
    """Answer that the server answers."""
    return Health(status="ok")


@operation("GET", "/docs/index", tag="service", auth="public")
async def get_api_description() -> dict[str, Any]:
    """Read this API's OpenAPI document."""
    return _document()


@operation("GET", "/openapi.json", tag="service", auth="public")
async def get_openapi_document() -> dict[str, Any]:
    """Read this API's OpenAPI document."""
    return _document()


@operation("GET", "/docs", tag="service", auth="public", errors=(404,), media_types=("text/html",))
async def get_docs_page(call: Call) -> str:
    """Show the API document as an interactive page, where the server offers it."""
    if not call.edge.settings.docs_enabled:
        raise unknown_path()
    return _answer(docs_page.page(call.prefix), "text/html; charset=utf-8", docs_page.HEADERS)


@operation(
    "GET",
    "/docs/assets/{file}",
    tag="service",
    auth="public",
    errors=(404,),
    media_types=tuple(docs_page.MEDIA_TYPES.values()),
)
async def get_docs_asset(call: Call, file: str) -> str:
    """Read a file of the interactive page."""
    if not call.edge.settings.docs_enabled:
        raise unknown_path()
    try:
        content, media_type = docs_page.asset(file)
    except KeyError:
        raise NotFound() from None
    return _answer(content, media_type, {"Cache-Control": f"public, max-age={DAY_SECONDS}"})


def _document() -> Any:  # bytes stand for the documented object: it was encoded once
    return Answer(complete_document())


def _answer(content: bytes, media_type: str, headers: dict[str, str]) -> Any:  # likewise for the documented text
    return Answer(content, headers=headers, media_type=media_type)
