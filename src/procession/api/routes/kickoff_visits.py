"""Private links by mail: to a public kick-off form and its process, and to a guest's page. Spec: api-templates 10.1."""

from procession.api.call import Call
from procession.api.contract.auth import Told
from procession.api.contract.envelope import Item
from procession.api.contract.public_kickoff import KickoffReceipt, KickoffVisit, LinkRequest, VisitSubmission
from procession.api.errors import HttpRefusal
from procession.api.operations import operation
from procession.api.present.public_kickoff import present_visit
from procession.api.routes.public_kickoff import FORM, place_of
from procession.domain.actors import NOBODY
from procession.domain.errors import NotFound
from procession.domain.times import wire
from procession.storage import identity
from procession.storage.tx import reading
from procession.usecases import guest_links, kickoff_visits

MAILED = "A link to the form is on its way to this address."
PAGE_MAILED = "If a guest has this address, the link to their page is on its way to it."
ORGANIZATION = "/public/organizations/{organization_id}"
VISIT = ORGANIZATION + "/kickoff-visits/{code}"


@operation("POST", FORM + "/visits", tag="templates", auth="public", errors=(404, 422))
async def ask_for_kickoff_visit(call: Call, code: str, body: LinkRequest) -> Told:
    """Be mailed a private link to a public kick-off form; the answer is the same whatever is known of the address.

    422 `MAIL_NOT_SET_UP` where the server sends no mail: the form is then submitted at once.
    """
    place = await place_of(call, code)
    await kickoff_visits.ask(call.edge.database, place, body.email, call.means, now=call.now)
    return Told(MAILED)


@operation("GET", VISIT, tag="templates", auth="public", errors=(404, 422))
async def get_kickoff_visit(call: Call, organization_id: str, code: str) -> Item[KickoffVisit]:
    """Read what a private link leads to: the form, and once it was submitted how its process stands."""
    org = await _number_of(call, organization_id)
    async with reading(call.edge.database, org, organization_id.lower(), NOBODY, call.now) as tx:
        return Item(await present_visit(call, tx, await kickoff_visits.shown(tx, code)))


@operation("POST", VISIT, tag="templates", auth="public", status=201, errors=(404, 422))
async def submit_kickoff_visit(
    call: Call, organization_id: str, code: str, body: VisitSubmission
) -> Item[KickoffReceipt]:
    """Launch a process by submitting the form under a private link, once."""
    process = await kickoff_visits.submit(
        call.edge.database,
        await _number_of(call, organization_id),
        organization_id.lower(),
        code,
        name=body.name,
        prerun=body.prerun,
        means=call.means,
        at=call.now,
        address=call.edge.client_address(call.request),
    )
    return Item(KickoffReceipt(process.id, process.name, wire(process.started_at)))


@operation("POST", ORGANIZATION + "/guest-links", tag="guests", auth="public", errors=(404, 422))
async def ask_for_guest_link(call: Call, organization_id: str, body: LinkRequest) -> Told:
    """Be mailed the link to one's page as a guest; the answer is the same whether or not the address is known.

    Repeated requests make the address wait, in the end for 15 minutes (429). 422 `MAIL_NOT_SET_UP` where the server
    sends no mail, or does not know its address.
    """
    org, edge = await _number_of(call, organization_id), call.edge
    waiting = await guest_links.may_ask(
        edge.database, edge.secrets, organization_id.lower(), body.email, edge.means, now=call.now
    )
    if waiting is not None:
        sentence = f"Too many attempts. Please try again in {waiting.seconds} seconds."
        raise HttpRefusal(429, "RATE_LIMIT_EXCEEDED", sentence, {"Retry-After": str(waiting.seconds)})
    # Beside the answer, which takes as long for an address that nobody has.
    edge.later(guest_links.send(edge.database, org, organization_id.lower(), body.email, edge.means, now=call.now))
    return Told(PAGE_MAILED)


async def _number_of(call: Call, organization_id: str) -> int:
    async with call.edge.database.reading() as connection:
        org = await identity.organization_number(connection, organization_id.lower())
    if not org:
        raise NotFound(kickoff_visits.NO_LINK)
    return org
