"""Groups. Spec: api-people 6."""

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.groups import Group, GroupBody, GroupChange, GroupListParams, GroupParams
from procession.api.lists import answered, asked_page, contains, includes
from procession.api.operations import operation
from procession.api.present.groups import INCLUDES, present_groups
from procession.domain.errors import NotFound
from procession.domain.names import fold
from procession.storage import groups
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import groups as change
from procession.usecases import remaining_parts

GROUPS = "/organizations/{org_id}/groups"
GROUP = GROUPS + "/{group_id}"


@operation("GET", GROUPS, tag="groups", etag=True)
async def list_groups(tx: ReadTx, call: Call, params: GroupListParams) -> Paginated[Group]:
    """List groups with the people in them, oldest first."""
    asked, page = asked_page(call, params, sorts=groups.SORTS, default_sort="created_at")
    where = {"pattern": contains(fold(params.q))} if params.q else {}
    rows, total = await groups.list_page(tx, where, asked)
    shown = await present_groups(tx, rows, includes(call, params.with_, INCLUDES))
    return answered(call, shown, total, page)


@operation("GET", GROUP, tag="groups", etag=True)
async def get_group(tx: ReadTx, call: Call, group_id: str, params: GroupParams) -> Item[Group]:
    """Read one group."""
    row = await groups.find(tx, group_id)
    if row is None:
        raise NotFound
    [shown] = await present_groups(tx, [row], includes(call, params.with_, INCLUDES))
    return Item(shown)


@operation("POST", GROUPS, tag="groups", status=201)
async def create_group(tx: WriteTx, call: Call, body: GroupBody) -> Item[Group]:
    """Create a group; administrators, and standard members when the organization allows it."""
    row = await change.create(
        tx,
        call.edge.secrets,
        name=body.name,
        description=body.description,
        members=body.members,
        guest_emails=body.guests,
    )
    [shown] = await present_groups(tx, [row], frozenset())
    return Item(shown)


@operation("PUT", GROUP, tag="groups", first=change.managed)
async def update_group(tx: WriteTx, call: Call, group_id: str, body: GroupChange) -> Item[Group]:
    """Change a group's name, description or people."""
    row = await remaining_parts.update_group(
        tx,
        group_id,
        call.means,
        name=body.name if isinstance(body.name, str) else None,
        description=body.description if isinstance(body.description, str) else None,
        members=body.members if isinstance(body.members, list) else None,
        guest_emails=body.guests if isinstance(body.guests, list) else None,
    )
    [shown] = await present_groups(tx, [row], frozenset())
    return Item(shown)


@operation("DELETE", GROUP, tag="groups", status=204)
async def delete_group(tx: WriteTx, call: Call, group_id: str) -> None:
    """Delete a group for good."""
    await remaining_parts.delete_group(tx, group_id, call.means)
