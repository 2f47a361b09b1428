"""The library: public templates of every organization of the server, to be imported. Spec: api-templates 2.4, T-9.4."""

from typing import Any

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.library import ImportBody, LibraryListParams, LibraryTemplate
from procession.api.contract.templates import Checklist
from procession.api.lenient import read_object
from procession.api.lists import answered, asked_page, contains
from procession.api.operations import operation
from procession.api.present.templates import present_template
from procession.domain.errors import NotFound
from procession.domain.names import fold
from procession.domain.times import wire
from procession.storage import public_templates
from procession.storage.public_templates import Entry
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases.template_copies import import_public, to_import

LIBRARY = "/organizations/{org_id}/library"


@operation("GET", LIBRARY, tag="templates")
async def list_library(tx: ReadTx, call: Call, params: LibraryListParams) -> Paginated[LibraryTemplate]:
    """List the public templates of every organization of the server, by title unless asked otherwise."""
    asked, page = asked_page(call, params, sorts=public_templates.SORTS, default_sort="title")
    found, total = await public_templates.library(tx, contains(fold(params.q)) if params.q else None, asked)
    return answered(call, [_shown(tx, each) for each in found], total, page)


@operation("GET", LIBRARY + "/{public_id}", tag="templates")
async def get_library_template(tx: ReadTx, public_id: str) -> Item[LibraryTemplate]:
    """Read one of them."""
    found = await public_templates.entry(tx, public_id.lower())
    if found is None:
        raise NotFound
    return Item(_shown(tx, found))


@operation(
    "POST",
    LIBRARY + "/{public_id}/import",
    tag="templates",
    status=201,
    documented_body=ImportBody,
    first=to_import,
)
async def import_library_template(tx: WriteTx, call: Call, public_id: str, body: Any) -> Item[Checklist]:
    """Copy another organization's public template into this one; for those who may create templates."""
    given = read_object(ImportBody, body, call.ignored)
    return Item(present_template(await import_public(tx, public_id.lower(), title=given.title), starred=False))


def _shown(tx: ReadTx, entry: Entry) -> LibraryTemplate:
    return LibraryTemplate(
        id=entry.id,
        alias=entry.alias,
        title=entry.title,
        type=entry.type,  # pyright: ignore[reportArgumentType]  # the column holds only these words
        organization_id=entry.organization_id,
        organization_name=entry.organization,
        is_own=entry.organization_id == tx.organization_id,
        import_count=entry.imports,
        made_public_at=wire(entry.made_public_at),
    )
