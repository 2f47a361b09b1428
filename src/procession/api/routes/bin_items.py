"""What was deleted a short while ago. Spec: api-content 11, behaviour-work 11.1."""

from typing import Any

from procession.api.call import Call
from procession.api.contract.bin_items import BinItemOut, BinListParams, Restored
from procession.api.contract.envelope import Item, Paginated
from procession.api.lists import answered, asked_page
from procession.api.operations import operation
from procession.api.present.bin_items import KINDS, present_bin_items, present_restored
from procession.storage import bin_items
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import bin_items as change

BIN = "/organizations/{org_id}/bin"
BIN_ITEM = BIN + "/{item_id}"


@operation("GET", BIN, tag="bin", etag=True)
async def list_bin(tx: ReadTx, call: Call, params: BinListParams) -> Paginated[BinItemOut]:
    """List what was deleted and can be brought back, the latest first: by oneself; administrators see all of it."""
    asked, page = asked_page(call, params, sorts=bin_items.SORTS, default_sort="-deleted_at")
    where: dict[str, Any] = {} if tx.actor.is_admin else {"deleted_by": tx.actor.id}
    kind = KINDS.get(params.type or "")
    if kind is not None:
        where["kind"] = kind
    elif params.type is not None:
        call.ignore("type")
    found, total = await bin_items.list_page(tx, where, asked)
    return answered(call, await present_bin_items(tx, found), total, page)


@operation("POST", BIN_ITEM + "/restore", tag="bin", errors=(422, 423), uses_up=True)
async def restore_from_bin(tx: WriteTx, item_id: int) -> Item[Restored]:
    """Bring something back with everything that hung on it; says what is not there any more."""
    return Item(present_restored(*await change.restore(tx, item_id)))


@operation("DELETE", BIN_ITEM, tag="bin", status=204)
async def purge_from_bin(tx: WriteTx, item_id: int) -> None:
    """Erase something for good before its time; administrators only."""
    await change.purge(tx, item_id)
