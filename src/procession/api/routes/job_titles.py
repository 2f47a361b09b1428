"""Job titles. Spec: api-templates 11."""

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.job_titles import Role, RoleBody, RoleChange, RoleListParams
from procession.api.lists import answered, asked_page, contains
from procession.api.operations import operation
from procession.api.present.job_titles import present_job_titles
from procession.domain.names import fold
from procession.storage import job_titles
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import job_titles as change

ROLES = "/organizations/{org_id}/roles"
ROLE = ROLES + "/{role_id}"


@operation("GET", ROLES, tag="job titles", etag=True)
async def list_job_titles(tx: ReadTx, call: Call, params: RoleListParams) -> Paginated[Role]:
    """List the organization's job titles, by name unless asked otherwise."""
    asked, page = asked_page(call, params, sorts=job_titles.SORTS, default_sort="name")
    where = {"pattern": contains(fold(params.q))} if params.q else {}
    rows, total = await job_titles.list_page(tx, where, asked)
    return answered(call, await present_job_titles(tx, rows), total, page)


@operation("POST", ROLES, tag="job titles", status=201)
async def create_job_title(tx: WriteTx, body: RoleBody) -> Item[Role]:
    """Create a job title; administrators only."""
    [shown] = await present_job_titles(tx, [await change.create(tx, name=body.name, users=body.users)])
    return Item(shown)


@operation("PUT", ROLE, tag="job titles", first=change.managed)
async def update_job_title(tx: WriteTx, role_id: str, body: RoleChange) -> Item[Role]:
    """Change a job title's name or people; administrators only."""
    row = await change.update(
        tx,
        role_id,
        name=body.name if isinstance(body.name, str) else None,
        users=body.users if isinstance(body.users, list) else None,
    )
    [shown] = await present_job_titles(tx, [row])
    return Item(shown)


@operation("DELETE", ROLE, tag="job titles", status=204)
async def delete_job_title(tx: WriteTx, role_id: str) -> None:
    """Delete a job title; steps that had it lose it."""
    await change.delete(tx, role_id)
