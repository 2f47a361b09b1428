"""The library: public templates of every organization of the server. Spec: api-templates 2.4."""

from typing import Annotated

import msgspec
from msgspec import Meta

from procession.api.contract.templates import TemplateTypeName
from procession.api.params import PageParams


class LibraryTemplate(msgspec.Struct):
    """A public template; `GET /public/templates/{id}` has the whole of it."""

    id: str
    alias: str
    title: str
    type: TemplateTypeName
    organization_id: str
    organization_name: str
    is_own: Annotated[bool, Meta(description="Of the organization in the path: duplicated, not imported.")]
    import_count: Annotated[int, Meta(description="How often it was copied into another organization.")]
    made_public_at: str


class LibraryListParams(PageParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the title.")] = None


class ImportBody(msgspec.Struct):
    title: Annotated[str | None, Meta(description="Of the copy; the template's own when absent.")] = None
