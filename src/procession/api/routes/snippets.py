"""Snippets (text templates). Spec: api-templates 11."""

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.snippets import Snippet, SnippetBody, SnippetChange, SnippetListParams
from procession.api.lists import answered, asked_page, contains
from procession.api.operations import operation
from procession.api.present.snippets import present_snippet
from procession.domain.errors import NotFound
from procession.domain.names import fold
from procession.storage import snippets
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import snippets as change

SNIPPETS = "/organizations/{org_id}/text-templates"
SNIPPET = SNIPPETS + "/{snippet_id}"


@operation("GET", SNIPPETS, tag="snippets", etag=True)
async def list_snippets(tx: ReadTx, call: Call, params: SnippetListParams) -> Paginated[Snippet]:
    """List the organization's snippets, by title unless asked otherwise."""
    asked, page = asked_page(call, params, sorts=snippets.SORTS, default_sort="title")
    where = {**snippets.LIVE, **({"pattern": contains(fold(params.q))} if params.q else {})}
    rows, total = await snippets.list_page(tx, where, asked)
    return answered(call, [present_snippet(row) for row in rows], total, page)


@operation("GET", SNIPPET, tag="snippets", etag=True)
async def get_snippet(tx: ReadTx, snippet_id: int) -> Item[Snippet]:
    """Read one snippet."""
    found = await snippets.find(tx, snippet_id)
    if found is None:
        raise NotFound
    return Item(present_snippet(found))


@operation("POST", SNIPPETS, tag="snippets", status=201)
async def create_snippet(tx: WriteTx, body: SnippetBody) -> Item[Snippet]:
    """Create a snippet; administrators only."""
    made = await change.create(
        tx,
        title=body.title,
        content=body.content,
        is_public=body.visible_in_public_templates,
        for_guests=body.visible_to_guests,
    )
    return Item(present_snippet(made))


@operation("PUT", SNIPPET, tag="snippets", first=change.managed)
async def update_snippet(tx: WriteTx, snippet_id: int, body: SnippetChange) -> Item[Snippet]:
    """Change a snippet; templates show the new text at once, processes launched before keep theirs."""
    shown, guests = body.visible_in_public_templates, body.visible_to_guests
    changed = await change.update(
        tx,
        snippet_id,
        title=body.title if isinstance(body.title, str) else None,
        content=body.content if isinstance(body.content, str) else None,
        is_public=shown if isinstance(shown, bool) else None,
        for_guests=guests if isinstance(guests, bool) else None,
    )
    return Item(present_snippet(changed))


@operation("DELETE", SNIPPET, tag="snippets", status=204)
async def delete_snippet(tx: WriteTx, snippet_id: int) -> None:
    """Delete a snippet and its references in templates and steps."""
    await change.delete(tx, snippet_id)
