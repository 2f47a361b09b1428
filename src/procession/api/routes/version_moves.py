"""Moving running processes to a newer version of their template: operations of ours. Spec: api-templates 2.6."""

from typing import Any

from msgspec import UNSET

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.version_moves import (
    VersionMoveBody,
    VersionMoveListParams,
    VersionMoveOut,
    VersionMoveRow,
    VersionMoveRowListParams,
    VersionMoveUndoBody,
)
from procession.api.lists import answered, asked_page
from procession.api.operations import operation
from procession.api.present.version_moves import present_move_row, present_version_move
from procession.api.routes.templates import TEMPLATE
from procession.storage import version_moves
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import version_moving
from procession.usecases.template_access import editable
from procession.usecases.version_moving import Wanted

MOVES = "/organizations/{org_id}/version-moves"
MOVE = MOVES + "/{move_id}"


@operation("POST", TEMPLATE + "/version-moves", tag="version moves", status=201, errors=(422,), first=editable)
async def create_version_move(tx: WriteTx, checklist_id: str, body: VersionMoveBody) -> Item[VersionMoveOut]:
    """Move running processes to a newer version of the template, one after the other in the background.

    Names processes (`runs`) or all running ones of `versions`. With `dry_run` each row says what would become of its
    process, and none is moved.
    """
    wanted = Wanted(
        runs=None if body.runs is UNSET else tuple(body.runs),
        versions=None if body.versions is UNSET else tuple(body.versions),
        to=body.to,
        is_dry_run=body.dry_run,
    )
    return Item(present_version_move(await version_moving.create(tx, checklist_id, wanted)))


@operation("GET", MOVES, tag="version moves")
async def list_version_moves(tx: ReadTx, call: Call, params: VersionMoveListParams) -> Paginated[VersionMoveOut]:
    """List moves to newer versions, the newest first: one's own, administrators everybody's."""
    asked, page = asked_page(call, params, sorts=version_moves.SORTS, default_sort="-created_at")
    where: dict[str, Any] = {} if tx.actor.is_admin else {"member": tx.actor.id}
    if params.checklist_id is not None:
        where["template_id"] = params.checklist_id.lower()
    if params.status is not None:
        where["status"] = params.status
    found, total = await version_moves.list_page(tx, where, asked)
    return answered(call, [present_version_move(each) for each in found], total, page)


@operation("GET", MOVE, tag="version moves")
async def get_version_move(tx: ReadTx, move_id: int) -> Item[VersionMoveOut]:
    """Read how far a move has come."""
    return Item(present_version_move(await version_moving.readable(tx, move_id)))


@operation("GET", MOVE + "/rows", tag="version moves")
async def list_version_move_rows(
    tx: ReadTx, call: Call, params: VersionMoveRowListParams, move_id: int
) -> Paginated[VersionMoveRow]:
    """List its processes in the order of their launch, with what the move does or did to each."""
    move = await version_moving.readable(tx, move_id)
    asked, page = asked_page(call, params, sorts=version_moves.ROW_SORTS, default_sort="row")
    where: dict[str, Any] = {"move": move.id}
    if params.status is not None:
        where["status"] = params.status
    found, total = await version_moves.list_rows(tx, where, asked)
    return answered(call, [present_move_row(each) for each in found], total, page)


@operation("DELETE", MOVE, tag="version moves", errors=(422,))
async def cancel_version_move(tx: WriteTx, move_id: int) -> Item[VersionMoveOut]:
    """Cancel what is left of a move; processes that were moved stay moved."""
    return Item(present_version_move(await version_moving.cancel(tx, move_id)))


@operation("POST", MOVE + "/undo", tag="version moves", errors=(422,), first=version_moving.to_undo)
async def undo_version_move(tx: WriteTx, call: Call, move_id: int, body: VersionMoveUndoBody) -> Item[VersionMoveOut]:
    """Move its processes, or some of them, back to what they were, as far as nothing else has happened to them.

    In the background as the move itself, for seven days.
    """
    runs = None if body.runs is UNSET else body.runs
    return Item(present_version_move(await version_moving.undo(tx, move_id, runs, minutes=call.settings.undo_minutes)))
