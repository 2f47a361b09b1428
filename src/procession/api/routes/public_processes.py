"""Public processes: their link for those who publish them, the process for anybody. Spec: behaviour-work 10."""

from procession.api.call import Call
from procession.api.contract.envelope import Item
from procession.api.contract.public_processes import PublicLink, PublicProcess
from procession.api.operations import operation
from procession.api.present.public_processes import present_link, present_public
from procession.api.routes.guest_tasks import GUEST, address_of
from procession.api.routes.process_writes import RUN
from procession.domain.actors import NOBODY
from procession.domain.errors import NotFound
from procession.storage import access, identity
from procession.storage.tx import ReadTx, WriteTx, reading
from procession.usecases import public_processes

LINK = RUN + "/public-link"


@operation("GET", LINK, tag="processes")
async def get_public_link(tx: ReadTx, call: Call, run_id: str) -> Item[PublicLink]:
    """Read the link of a public process; `is_public` of the process switches it on and off."""
    return Item(present_link(call, *await public_processes.shown(tx, run_id)))


@operation("POST", LINK + "/renew", tag="processes", errors=(422,))
async def renew_public_link(tx: WriteTx, call: Call, run_id: str) -> Item[PublicLink]:
    """Replace the link of a public process; the former one leads nowhere from then on."""
    return Item(present_link(call, *await public_processes.renew(tx, run_id)))


@operation("GET", "/public/organizations/{organization_id}/runs/{code}", tag="processes", auth="public", errors=(404,))
async def get_public_process(call: Call, organization_id: str, code: str) -> Item[PublicProcess]:
    """Read a public process by its link, without signing in."""
    async with call.edge.database.reading() as connection:
        org = await identity.organization_number(connection, organization_id.lower())
    if not org:
        raise NotFound(public_processes.NOT_PUBLIC)
    async with reading(call.edge.database, org, organization_id.lower(), NOBODY, call.now) as tx:
        return Item(present_public(await public_processes.by_code(tx, code)))


@operation("GET", GUEST + "/runs/{run_id}", tag="guest tasks", auth="guest")
async def get_public_process_of_guest(tx: ReadTx, call: Call, guest: str, run_id: str) -> Item[PublicProcess]:
    """Read a public process in which the guest has a task, with everybody's tasks."""
    named = await access.principals_of_guest(tx, await address_of(tx, call, guest))
    return Item(present_public(await public_processes.for_guest(tx, run_id, frozenset(named))))
