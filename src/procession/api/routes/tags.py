"""Tags. Spec: api-content 1."""

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.tags import Tag, TagBody, TagChange, TagListParams, TagParams
from procession.api.lists import answered, asked_page, contains, includes
from procession.api.operations import operation
from procession.api.present.tags import INCLUDES, present_tag, present_tags
from procession.domain.errors import NotFound
from procession.domain.names import fold
from procession.storage import tags
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases.tags import create_tag as create
from procession.usecases.tags import managed
from procession.usecases.tags import update_tag as update

TAGS = "/organizations/{org_id}/tags"


@operation("GET", TAGS, tag="tags", etag=True)
async def list_tags(tx: ReadTx, call: Call, params: TagListParams) -> Paginated[Tag]:
    """List the organization's tags, by title unless asked otherwise."""
    asked, page = asked_page(call, params, sorts=tags.SORTS, default_sort="title")
    where: dict[str, object] = {"pattern": contains(fold(params.q))} if params.q else {}
    if not params.all or params.auto_generated is False:
        where["manual"] = True
    elif params.auto_generated:
        where["automatic"] = True
    rows, total = await tags.list_page(tx, where, asked)
    return answered(call, await present_tags(tx, rows, includes(call, params.with_, INCLUDES)), total, page)


@operation("GET", TAGS + "/{tag_id}", tag="tags", etag=True)
async def get_tag(tx: ReadTx, call: Call, tag_id: str, params: TagParams) -> Item[Tag]:
    """Read one tag."""
    row = await tags.find(tx, tag_id)
    if row is None:
        raise NotFound
    [tag] = await present_tags(tx, [row], includes(call, params.with_, INCLUDES))
    return Item(tag)


@operation("POST", TAGS, tag="tags", status=201)
async def create_tag(tx: WriteTx, body: TagBody) -> Item[Tag]:
    """Create a tag; administrators only."""
    return Item(present_tag(await create(tx, title=body.title, color=body.color, kind=body.type)))


@operation("PUT", TAGS + "/{tag_id}", tag="tags", first=managed)
async def update_tag(tx: WriteTx, tag_id: str, body: TagChange) -> Item[Tag]:
    """Change a tag's title or colour; administrators only."""
    return Item(present_tag(await update(tx, tag_id, title=body.title, color=body.color)))
