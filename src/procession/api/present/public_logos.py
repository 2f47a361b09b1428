"""The organization's logo on public pages: its address, and what is found there. Spec: behaviour-templates T-9.8."""

from msgspec.structs import replace

from procession.api.call import Answer, Call, Pieces
from procession.api.present.files import content_of
from procession.domain.files import File, extension_of
from procession.usecases.public_logos import version_of

# Asked for again each time: a page that is switched off, or another logo, shows at once.
CACHING = "public, no-cache"


def logo_url(call: Call, page: str, logo: File | None) -> str | None:
    """Below the page's own path."""
    return None if logo is None else f"{call.base_url}{page}/logo/{version_of(logo)}"


async def logo_of(call: Call, logo: File, organization_id: str) -> Answer | Pieces:
    """The picture; 304 for whoever has it. What the file was called stays in the house.

    Raises NotFound, HttpRefusal (416, 503).
    """
    tag = f'"{logo.sha256}"'
    headers = {"ETag": tag, "Cache-Control": CACHING, "X-Content-Type-Options": "nosniff"}
    sent = (call.header(b"if-none-match") or "").split(",")
    if not {"*", tag}.isdisjoint(each.strip().removeprefix("W/") for each in sent):
        return Answer(None, status=304, headers=headers)
    named = replace(logo, filename=f"logo.{extension_of(logo.filename)}")
    found = await content_of(call, named, organization_id=organization_id, shown=True)
    found.headers.pop("Vary", None)
    found.headers |= headers
    return found
