"""Public kick-off forms: the link for editors, the form for anybody who has it. Spec: api-templates 10.1."""

from procession.api.call import Answer, Call, Pieces
from procession.api.contract.envelope import Item
from procession.api.contract.files import Asset
from procession.api.contract.public_kickoff import KickoffLink, KickoffReceipt, KickoffSubmission, PublicKickoffForm
from procession.api.operations import operation
from procession.api.present.files import present_file
from procession.api.present.public_kickoff import present_form, present_link
from procession.api.present.public_logos import logo_of
from procession.api.routes.templates import TEMPLATE
from procession.api.uploads import Place as UploadPlace
from procession.api.uploads import UploadForm, receiving
from procession.domain.actors import NOBODY
from procession.domain.errors import NotFound
from procession.domain.files import PICTURES
from procession.domain.times import wire
from procession.storage import public_kickoffs
from procession.storage.public_kickoffs import Place
from procession.storage.tx import ReadTx, WriteTx, reading
from procession.usecases import public_kickoff, public_kickoff_links

LINK = TEMPLATE + "/public-kickoff"
FORM = "/public/kickoff/{code}"
LOGO_TYPES = tuple(sorted(PICTURES))


@operation("GET", LINK, tag="templates")
async def get_public_kickoff(tx: ReadTx, call: Call, checklist_id: str) -> Item[KickoffLink]:
    """Read the link of the public kick-off form; `is_public_kickoff` of the template switches it on and off."""
    return Item(present_link(call, *await public_kickoff_links.shown(tx, checklist_id)))


@operation("POST", LINK + "/renew", tag="templates", errors=(422,))
async def renew_public_kickoff(tx: WriteTx, call: Call, checklist_id: str) -> Item[KickoffLink]:
    """Replace the link of the public kick-off form; the former one leads nowhere from then on."""
    return Item(present_link(call, *await public_kickoff_links.renew(tx, checklist_id)))


@operation("GET", FORM, tag="templates", auth="public", errors=(404, 422))
async def get_public_kickoff_form(call: Call, code: str) -> Item[PublicKickoffForm]:
    """Read a public kick-off form, without signing in; 422 while it is closed."""
    place = await place_of(call, code)
    async with reading(call.edge.database, place.org, place.organization_id, NOBODY, call.now) as tx:
        return Item(await present_form(call, tx, await public_kickoff.opened(tx, place.template_id), code))


@operation("POST", FORM, tag="templates", auth="public", status=201, errors=(404, 422))
async def submit_public_kickoff_form(call: Call, code: str, body: KickoffSubmission) -> Item[KickoffReceipt]:
    """Launch a process by submitting a public kick-off form, without signing in."""
    place = await place_of(call, code)
    given = public_kickoff.Submission(body.email, body.name, body.prerun)
    process = await public_kickoff.submit(
        call.edge.database,
        place,
        given,
        call.means,
        at=call.now,
        address=call.edge.client_address(call.request),
    )
    return Item(KickoffReceipt(process.id, process.name, wire(process.started_at)))


@operation(
    "POST",
    FORM + "/files",
    tag="templates",
    auth="public",
    status=201,
    errors=(400, 404, 413, 415, 422, 503),
    documented_body=UploadForm,
)
async def upload_to_public_kickoff_form(call: Call, code: str) -> Item[Asset]:
    """Upload a file for an answer of a public kick-off form, without signing in; the form is submitted with it.

    Only `name` is needed. What is not submitted within a day is erased.
    """
    place = await place_of(call, code)
    async with receiving(call, UploadPlace(place.org, place.organization_id)) as upload:
        file = await public_kickoff.keep_file(call.edge.database, place, upload.received, at=call.now)
        upload.is_kept = True
    return Item(present_file(file, place.organization_id))


@operation(
    "GET",
    FORM + "/logo/{version}",
    tag="templates",
    auth="public",
    also=(206,),
    errors=(404, 416, 422, 503),
    etag=True,
    media_types=LOGO_TYPES,
)
async def get_logo_of_public_kickoff_form(call: Call, code: str, version: str) -> str | Answer | Pieces:
    """Load the organization's logo, as a public kick-off form names it (`org_logo`), without signing in.

    Replaced, or once the form is not public any more, it is not there.
    """
    place = await place_of(call, code)
    async with reading(call.edge.database, place.org, place.organization_id, NOBODY, call.now) as tx:
        logo = await public_kickoff.logo(tx, place.template_id, version)
    return await logo_of(call, logo, place.organization_id)


async def place_of(call: Call, code: str) -> Place:
    """Where the form's link leads. Raises NotFound."""
    async with call.edge.database.reading() as connection:
        place = await public_kickoffs.find(connection, code)
    if place is None:
        raise NotFound(public_kickoff.NOT_PUBLIC)
    return place
