"""Public processes: their link for those who publish them, the process for anybody. Spec: behaviour-work 10."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import quote

from procession.api.call import Answer, Call, Pieces
from procession.api.contract.envelope import Item
from procession.api.contract.public_processes import PublicLink, PublicProcess
from procession.api.operations import operation
from procession.api.present.public_logos import logo_of, logo_url
from procession.api.present.public_processes import present_link, present_public
from procession.api.routes.guest_tasks import GUEST, address_of
from procession.api.routes.process_writes import RUN
from procession.api.routes.public_kickoff import LOGO_TYPES
from procession.domain.actors import NOBODY
from procession.domain.errors import NotFound
from procession.storage import access, identity
from procession.storage.tx import ReadTx, WriteTx, reading
from procession.usecases import public_processes

LINK = RUN + "/public-link"
PUBLIC = "/public/organizations/{organization_id}/runs/{code}"


@operation("GET", LINK, tag="processes")
async def get_public_link(tx: ReadTx, call: Call, run_id: str) -> Item[PublicLink]:
    """Read the link of a public process; `is_public` of the process switches it on and off."""
    return Item(present_link(call, *await public_processes.shown(tx, run_id)))


@operation("POST", LINK + "/renew", tag="processes", errors=(422,))
async def renew_public_link(tx: WriteTx, call: Call, run_id: str) -> Item[PublicLink]:
    """Replace the link of a public process; the former one leads nowhere from then on."""
    return Item(present_link(call, *await public_processes.renew(tx, run_id)))


@operation("GET", PUBLIC, tag="processes", auth="public", errors=(404,))
async def get_public_process(call: Call, organization_id: str, code: str) -> Item[PublicProcess]:
    """Read a public process by its link, without signing in."""
    async with _reading(call, organization_id) as tx:
        view = await public_processes.by_code(tx, code)
    page = f"/public/organizations/{organization_id}/runs/{code}"
    return Item(present_public(view, logo_url(call, page, view.logo)))


@operation(
    "GET",
    PUBLIC + "/logo/{version}",
    tag="processes",
    auth="public",
    also=(206,),
    errors=(404, 416, 503),
    etag=True,
    media_types=LOGO_TYPES,
)
async def get_logo_of_public_process(
    call: Call, organization_id: str, code: str, version: str
) -> str | Answer | Pieces:
    """Load the organization's logo, as a public process names it (`org_logo`), without signing in.

    Replaced, or once the process is not public any more, it is not there.
    """
    async with _reading(call, organization_id) as tx:
        logo = await public_processes.logo(tx, code, version)
    return await logo_of(call, logo, organization_id.lower())


@asynccontextmanager
async def _reading(call: Call, organization_id: str) -> AsyncGenerator[ReadTx]:
    """Raises NotFound."""
    async with call.edge.database.reading() as connection:
        org = await identity.organization_number(connection, organization_id.lower())
    if not org:
        raise NotFound(public_processes.NOT_PUBLIC)
    async with reading(call.edge.database, org, organization_id.lower(), NOBODY, call.now) as tx:
        yield tx


@operation("GET", GUEST + "/runs/{run_id}", tag="guest tasks", auth="guest")
async def get_public_process_of_guest(tx: ReadTx, call: Call, guest: str, run_id: str) -> Item[PublicProcess]:
    """Read a public process in which the guest has a task, with everybody's tasks."""
    named = await access.principals_of_guest(tx, await address_of(tx, call, guest))
    view = await public_processes.for_guest(tx, run_id, frozenset(named))
    # A guest reads files by their own link.
    path = f"/organizations/{tx.organization_id}/guests/{quote(guest, safe='')}/file/"
    return Item(present_public(view, None if view.logo is None else f"{call.base_url}{path}{view.logo.id}"))
