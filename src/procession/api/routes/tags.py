"""Tags. Spec: api-content 1."""

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.tags import Tag, TagBody, TagChange, TagListParams
from procession.api.operations import operation
from procession.api.present.tags import present_tag
from procession.domain.errors import NotFound
from procession.domain.names import fold
from procession.storage import tags
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases.tags import create_tag as create
from procession.usecases.tags import update_tag as update

TAGS = "/organizations/{org_id}/tags"


@operation("GET", TAGS, tag="tags", etag=True)
async def list_tags(tx: ReadTx, call: Call, params: TagListParams) -> Paginated[Tag]:
    """List the organization's tags, by title unless asked otherwise."""
    sort, descending = call.sorting(params.sort, params.sort_by, known=tuple(tags.SORTS), default="title")
    where = tags.TagFilter(text=fold(params.q) if params.q else None, manual_only=not params.all)
    if params.without_pagination:
        rows, _ = await tags.list_page(tx, where, sort=sort, descending=descending, limit=None, offset=0)
        return Paginated([present_tag(row) for row in rows])
    page = call.page(params.page, params.per_page, params.limit)
    rows, total = await tags.list_page(
        tx, where, sort=sort, descending=descending, limit=page.size, offset=page.offset
    )
    return call.paginated([present_tag(row) for row in rows], total, page)


@operation("GET", TAGS + "/{tag_id}", tag="tags", etag=True)
async def get_tag(tx: ReadTx, tag_id: str) -> Item[Tag]:
    """Read one tag."""
    row = await tags.find(tx, tag_id)
    if row is None:
        raise NotFound()
    return Item(present_tag(row))


@operation("POST", TAGS, tag="tags", status=201)
async def create_tag(tx: WriteTx, body: TagBody) -> Item[Tag]:
    """Create a tag; administrators only."""
    return Item(present_tag(await create(tx, title=body.title, color=body.color, type=body.type)))


@operation("PUT", TAGS + "/{tag_id}", tag="tags")
async def update_tag(tx: WriteTx, tag_id: str, body: TagChange) -> Item[Tag]:
    """Change a tag's title or colour; administrators only."""
    title = body.title if isinstance(body.title, str) else None
    color = body.color if isinstance(body.color, str) else None
    return Item(present_tag(await update(tx, tag_id, title=title, color=color)))
