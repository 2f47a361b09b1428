"""Lookup lists. Spec: api-templates 11."""

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.lookup_lists import (
    Cell,
    Columns,
    LookupList,
    LookupListBody,
    LookupListChange,
    LookupListParams,
    Rows,
)
from procession.api.lists import answered, asked_page, contains
from procession.api.operations import operation
from procession.api.present.lookup_lists import present_lookup_list
from procession.domain.errors import NotFound
from procession.domain.lookup_lists import SentColumn, SentRow
from procession.domain.names import fold
from procession.storage import lookup_lists
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import lookup_lists as change

LISTS = "/organizations/{org_id}/lists"
LIST = LISTS + "/{list_id}"


@operation("GET", LISTS, tag="lookup lists", etag=True)
async def list_lookup_lists(tx: ReadTx, call: Call, params: LookupListParams) -> Paginated[LookupList]:
    """List the organization's lookup lists with their rows, by name unless asked otherwise."""
    asked, page = asked_page(call, params, sorts=lookup_lists.SORTS, default_sort="name")
    where = {"pattern": contains(fold(params.q))} if params.q else {}
    rows, total = await lookup_lists.list_page(tx, where, asked)
    return answered(call, [present_lookup_list(row) for row in rows], total, page)


@operation("GET", LIST, tag="lookup lists", etag=True)
async def get_lookup_list(tx: ReadTx, list_id: str) -> Item[LookupList]:
    """Read one lookup list."""
    found = await lookup_lists.find(tx, list_id)
    if found is None:
        raise NotFound
    return Item(present_lookup_list(found))


@operation("POST", LISTS, tag="lookup lists", status=201)
async def create_lookup_list(tx: WriteTx, body: LookupListBody) -> Item[LookupList]:
    """Create a lookup list; not for light members."""
    made = await change.create(tx, name=body.name, columns=_columns(body.columns), rows=_rows(body.rows))
    return Item(present_lookup_list(made))


@operation("PUT", LIST, tag="lookup lists", errors=(422,), first=change.managed)
async def update_lookup_list(tx: WriteTx, list_id: str, body: LookupListChange) -> Item[LookupList]:
    """Change a lookup list; fields that take their options from it show the new ones at once."""
    changed = await change.update(
        tx,
        list_id,
        name=body.name if isinstance(body.name, str) else None,
        columns=_columns(body.columns) if isinstance(body.columns, list) else None,
        rows=_rows(body.rows) if isinstance(body.rows, list) else None,
    )
    return Item(present_lookup_list(changed))


@operation("DELETE", LIST, tag="lookup lists", status=204)
async def delete_lookup_list(tx: WriteTx, list_id: str) -> None:
    """Delete a lookup list; fields keep the options they have."""
    await change.delete(tx, list_id)


def _columns(sent: Columns) -> list[SentColumn]:
    return [SentColumn(None, each) if isinstance(each, str) else SentColumn(each.id, each.label) for each in sent]


def _rows(sent: Rows) -> list[SentRow]:
    return [
        SentRow(None, _texts(each)) if isinstance(each, list) else SentRow(each.id, _texts(each.cells)) for each in sent
    ]


def _texts(cells: list[Cell]) -> tuple[str, ...]:
    return tuple("" if cell is None else str(cell) for cell in cells)
