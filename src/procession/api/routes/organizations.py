"""Organizations. Spec: api-people 3."""

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.organizations import (
    NewOrganization,
    Organization,
    OrganizationBody,
    OrganizationChange,
    OrganizationListParams,
    OrganizationParams,
)
from procession.api.lists import answered, cut, includes
from procession.api.operations import operation
from procession.api.present.organizations import present_organization
from procession.storage import files, organizations
from procession.storage.organizations import Organization as OrganizationRow
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases.organizations import erase_logo, found_organization, update

ORGANIZATION = "/organizations/{org_id}"


@operation("GET", "/me/organizations", tag="me", auth="account")
async def list_my_organizations(tx: ReadTx, call: Call, params: OrganizationListParams) -> Paginated[Organization]:
    """List the organizations the signed-in person belongs to, in the order they were founded."""
    mine = await organizations.of_account(tx.connection, tx.actor.id)
    page = None if params.without_pagination else call.page(params.page, params.per_page, params.limit)
    shown: list[Organization] = []
    for row in cut(mine, page):
        there = ReadTx(tx.connection, row.org, row.id, tx.actor, tx.now)
        shown.append(await _presented(there, row))
    return answered(call, shown, len(mine), page)


@operation("POST", "/organizations", tag="organizations", auth="account", status=201)
async def create_organization(tx: WriteTx, call: Call, body: NewOrganization) -> Item[Organization]:
    """Found an organization; the caller becomes its default administrator."""
    return Item(await _shown(await found_organization(tx, call.edge.database, name=body.name, timezone=body.timezone)))


@operation("GET", ORGANIZATION, tag="organizations", etag=True)
async def get_organization(tx: ReadTx, call: Call, params: OrganizationParams) -> Item[Organization]:
    """Read the organization with its settings."""
    includes(call, params.with_, ())
    return Item(await _shown(tx))


@operation("PUT", ORGANIZATION, tag="organizations")
async def update_organization(tx: WriteTx, body: OrganizationBody) -> Item[Organization]:
    """Change the organization; administrators only. The name has to be said every time."""
    await update(tx, name=body.name, changes=body.settings())
    return Item(await _shown(tx))


@operation("PATCH", ORGANIZATION, tag="organizations")
async def patch_organization(tx: WriteTx, body: OrganizationChange) -> Item[Organization]:
    """Change the organization; administrators only."""
    await update(tx, name=body.name if isinstance(body.name, str) else None, changes=body.settings())
    return Item(await _shown(tx))


@operation("DELETE", ORGANIZATION + "/logo", tag="organizations", status=204)
async def remove_logo(tx: WriteTx) -> None:
    """Erase the organization's logo; administrators only. 204 also when there is none."""
    await erase_logo(tx)


async def _shown(tx: ReadTx) -> Organization:
    row = await organizations.get(tx.connection, tx.org)
    return await _presented(tx, row)


async def _presented(tx: ReadTx, row: OrganizationRow) -> Organization:
    return present_organization(row, await organizations.membership(tx, tx.actor.id), await files.logo(tx))
