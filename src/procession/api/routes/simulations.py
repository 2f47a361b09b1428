"""Rehearsing a template: an operation of ours. Spec: api-templates 8.6."""

from typing import Any

from procession.adapters.long_work import off_loop
from procession.api.call import Call
from procession.api.contract.envelope import Item
from procession.api.contract.simulations import Simulation, SimulationBody
from procession.api.lenient import read_object
from procession.api.operations import operation
from procession.api.present.simulations import present_simulation
from procession.api.routes.templates import TEMPLATE
from procession.domain.errors import Invalid
from procession.domain.times import Millis, parse_instant
from procession.storage.tx import ReadTx, streaming
from procession.usecases.launch_requests import Wish
from procession.usecases.simulating import Moment, simulate
from procession.usecases.template_access import readable


class _Simulation(SimulationBody, kw_only=True):
    """The events are read by the domain, which says what is wrong with each."""

    events: Any = None


@operation("POST", TEMPLATE + "/simulate", tag="templates", status=200, errors=(422,), documented_body=SimulationBody)
async def simulate_template(call: Call, checklist_id: str, body: Any) -> Item[Simulation]:
    """Rehearse a launch and what happens then: tasks, assignees, dates and rules after each event. Creates nothing."""
    # It only reads, and may do so for long: nobody waits for it.
    async with streaming(call.edge.database, call.org, call.organization_id, call.actor, call.now) as tx:
        moments = await _moments(tx, call, checklist_id, body)
    return Item(await off_loop(present_simulation, moments))


async def _moments(tx: ReadTx, call: Call, checklist_id: str, body: Any) -> list[Moment]:
    row = (await readable(tx, checklist_id)).template
    given = read_object(_Simulation, body, call.ignored)
    wish = Wish(
        template_id=row.id,
        starter=given.user_id,
        assign_someone_else=given.assign_someone_else,
        prerun=given.prerun,
        tasks=given.tasks,
        roles=given.roles,
    )
    return await simulate(tx, row, wish, given.events, _instant(given.at), call.means)


def _instant(sent: str | None) -> Millis | None:
    try:
        return None if sent is None else parse_instant(sent)
    except ValueError as fault:
        raise Invalid({"at": [str(fault)]}) from None
