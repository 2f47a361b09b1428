"""Putting processes on hold: operations of ours. Spec: behaviour-work 9.1."""

from procession.api.call import Call
from procession.api.contract.envelope import Item
from procession.api.contract.holds import HoldBody
from procession.api.contract.process_answers import RunWithTasks
from procession.api.first import held_process
from procession.api.operations import operation
from procession.api.routes.process_writes import RUN
from procession.api.routes.processes import one_process
from procession.storage.tx import WriteTx
from procession.usecases import going_on, holds


@operation("POST", RUN + "/hold", tag="processes", errors=(423,), first=held_process)
async def put_on_hold(tx: WriteTx, call: Call, run_id: str, body: HoldBody) -> Item[RunWithTasks]:
    """Put a process on hold: its tasks cannot be changed and its clocks stand. Again: another reason."""
    process = await holds.put_on_hold(tx, run_id, body.reason)
    return Item(await one_process(tx, call, process.seq))


@operation("DELETE", RUN + "/hold", tag="processes", errors=(422, 423))
async def resume(tx: WriteTx, call: Call, run_id: str) -> Item[RunWithTasks]:
    """Resume a process: what is not completed is due later by the time on hold; repeating it answers the same."""
    process = await going_on.resume(tx, run_id, call.means)
    return Item(await one_process(tx, call, process.seq))
