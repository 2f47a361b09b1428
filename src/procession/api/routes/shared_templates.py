"""Templates that are shared with a guest, through the guest's link or by a member. Spec: api-templates 9.1."""

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.shared_templates import SharedTemplate, SharedTemplateDetail, SharedTemplateListParams
from procession.api.lists import answered, asked_page, contains
from procession.api.operations import operation
from procession.api.present.shared_templates import present_shared, present_shared_whole
from procession.api.routes.guest_tasks import GUEST, address_of
from procession.domain.names import fold
from procession.storage.shared_templates import SORTS
from procession.storage.tx import ReadTx
from procession.usecases import shared_templates


@operation("GET", GUEST + "/checklists", tag="templates", auth="guest", etag=True)
async def list_templates_of_guest(
    tx: ReadTx, call: Call, params: SharedTemplateListParams, guest: str
) -> Paginated[SharedTemplate]:
    """List the templates that are shared with the guest, and the public ones; by title unless asked otherwise."""
    email = await address_of(tx, call, guest)
    asked, page = asked_page(call, params, sorts=SORTS, default_sort="title")
    where = {"pattern": contains(fold(params.q))} if params.q else {}
    rows, total = await shared_templates.for_guest(tx, email, where, asked)
    return answered(call, [present_shared(row) for row in rows], total, page)


@operation("GET", GUEST + "/checklists/{checklist_id}", tag="templates", auth="guest", etag=True)
async def get_template_of_guest(tx: ReadTx, call: Call, guest: str, checklist_id: str) -> Item[SharedTemplateDetail]:
    """Read one of them: steps, descriptions and fields; nobody of the organization, no dates and no rules."""
    email = await address_of(tx, call, guest)
    return Item(await present_shared_whole(tx, await shared_templates.one_for_guest(tx, email, checklist_id)))
