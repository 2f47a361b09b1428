"""Absences of members. Spec: api-people 4.6."""

from typing import Any

from msgspec import UNSET

from procession.api.call import Call
from procession.api.contract.absences import Absence, AbsenceBody, AbsenceChange, AbsenceListParams
from procession.api.contract.envelope import Item, Paginated
from procession.api.lists import answered, asked_page
from procession.api.operations import operation
from procession.domain import absences as domain
from procession.domain.times import wire
from procession.storage import absences
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import absences as change

ABSENCES = "/organizations/{org_id}/absences"
ABSENCE = ABSENCES + "/{absence_id}"


@operation("GET", ABSENCES, tag="members", etag=True)
async def list_absences(tx: ReadTx, call: Call, params: AbsenceListParams) -> Paginated[Absence]:
    """List who is away when, the earliest first; light members see their own."""
    asked, page = asked_page(call, params, sorts=absences.SORTS, default_sort="starts_on")
    where: dict[str, Any] = {"member": tx.actor.id} if tx.actor.is_light else {}
    if params.user_id is not None and not tx.actor.is_light:
        where["member"] = params.user_id
    if params.until is not None:
        where["until"] = params.until
    rows, total = await absences.list_page(tx, where, asked)
    return answered(call, [_shown(row) for row in rows], total, page)


@operation("POST", ABSENCES, tag="members", status=201)
async def create_absence(tx: WriteTx, body: AbsenceBody) -> Item[Absence]:
    """Note that one is away; administrators note it for others, too."""
    absence = domain.Absence(
        id=0,
        member=tx.actor.id if body.user_id is None else body.user_id,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        deputy=body.deputy_id,
        created_at=tx.now,
        updated_at=tx.now,
    )
    return Item(_shown(await change.create(tx, absence)))


@operation("PUT", ABSENCE, tag="members", first=change.managed)
async def update_absence(tx: WriteTx, absence_id: int, body: AbsenceChange) -> Item[Absence]:
    """Change an absence; processes launched from now on heed it."""
    said = {"starts_on": body.starts_on, "ends_on": body.ends_on, "deputy": body.deputy_id}
    changes = {name: value for name, value in said.items() if value is not UNSET}
    return Item(_shown(await change.update(tx, absence_id, changes)))


@operation("DELETE", ABSENCE, tag="members", status=204)
async def delete_absence(tx: WriteTx, absence_id: int) -> None:
    """Delete an absence: the member is back."""
    await change.delete(tx, absence_id)


def _shown(row: domain.Absence) -> Absence:
    return Absence(
        row.id, row.member, row.starts_on, row.ends_on, row.deputy, wire(row.created_at), wire(row.updated_at)
    )
