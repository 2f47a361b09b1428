"""Launching a template once for each row of a table. Spec: api-processes 21.1, behaviour-launching 13."""

from typing import Any

from procession.api.call import Call
from procession.api.contract.bulk_launches import (
    BulkLaunchListParams,
    BulkLaunchOut,
    BulkLaunchParams,
    BulkRowListParams,
    BulkRowOut,
)
from procession.api.contract.envelope import Item, Paginated
from procession.api.lists import answered, asked_page
from procession.api.operations import operation
from procession.api.present.bulk_launches import present_bulk_launch, present_bulk_row
from procession.api.routes.templates import TEMPLATE
from procession.domain.sheets import Sheet
from procession.storage import bulk_launches
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import bulk_launching

LAUNCHES = "/organizations/{org_id}/bulk-launches"
LAUNCH = LAUNCHES + "/{bulk_id}"


@operation(
    "POST",
    TEMPLATE + "/bulk-launches",
    tag="bulk launches",
    status=201,
    first=bulk_launching.require_launchable_by_caller,
)
async def create_bulk_launch(
    tx: WriteTx, params: BulkLaunchParams, checklist_id: str, body: Sheet
) -> Item[BulkLaunchOut]:
    """Launch the template once for each row of a table, one after the other in the background.

    CSV (UTF-8, commas or semicolons) or a sheet of an .xlsx workbook. Columns are kick-off fields (by id, alias or
    label), `name`, `owner`, `tags`, `folder` and `deadline: <step>`. With `dry_run` every row is checked and none is
    launched.
    """
    launch = await bulk_launching.create(tx, checklist_id, body, is_dry_run=bool(params.dry_run))
    return Item(present_bulk_launch(launch))


@operation("GET", LAUNCHES, tag="bulk launches")
async def list_bulk_launches(tx: ReadTx, call: Call, params: BulkLaunchListParams) -> Paginated[BulkLaunchOut]:
    """List bulk launches, the newest first: one's own, administrators everybody's."""
    asked, page = asked_page(call, params, sorts=bulk_launches.SORTS, default_sort="-created_at")
    where: dict[str, Any] = {} if tx.actor.is_admin else {"member": tx.actor.id}
    if params.checklist_id is not None:
        where["template_id"] = params.checklist_id.lower()
    if params.status is not None:
        where["status"] = params.status
    found, total = await bulk_launches.list_page(tx, where, asked)
    return answered(call, [present_bulk_launch(each) for each in found], total, page)


@operation("GET", LAUNCH, tag="bulk launches")
async def get_bulk_launch(tx: ReadTx, bulk_id: int) -> Item[BulkLaunchOut]:
    """Read how far a bulk launch has come."""
    return Item(present_bulk_launch(await bulk_launching.readable(tx, bulk_id)))


@operation("GET", LAUNCH + "/rows", tag="bulk launches")
async def list_bulk_launch_rows(
    tx: ReadTx, call: Call, params: BulkRowListParams, bulk_id: int
) -> Paginated[BulkRowOut]:
    """List what became of each row, in the order of the file."""
    launch = await bulk_launching.readable(tx, bulk_id)
    asked, page = asked_page(call, params, sorts=bulk_launches.ROW_SORTS, default_sort="row")
    where: dict[str, Any] = {"bulk_launch": launch.id}
    if params.status is not None:
        where["status"] = params.status
    found, total = await bulk_launches.list_rows(tx, where, asked)
    return answered(call, [present_bulk_row(each) for each in found], total, page)


@operation("DELETE", LAUNCH, tag="bulk launches", errors=(422,))
async def cancel_bulk_launch(tx: WriteTx, bulk_id: int) -> Item[BulkLaunchOut]:
    """Cancel what is left of a bulk launch; processes that it launched stay."""
    return Item(present_bulk_launch(await bulk_launching.cancel(tx, bulk_id)))
