"""Taking back what one did just before: operations of ours. Spec: behaviour-work 5.9."""

from procession.api.call import Call
from procession.api.contract.envelope import Item
from procession.api.contract.process_answers import RunWithTasks
from procession.api.contract.tasks import TaskOut
from procession.api.operations import operation
from procession.api.routes.process_writes import RUN
from procession.api.routes.processes import one_process
from procession.api.routes.tasks import TASK, answered
from procession.storage.tx import WriteTx
from procession.usecases import going_on, undo


@operation("POST", TASK + "/undo", tag="tasks", errors=(422, 423))
async def undo_task(tx: WriteTx, call: Call, task_id: str) -> Item[TaskOut]:
    """Take back one's own completing, reopening, reassigning, hiding or showing, with what rules made of it.

    For ten minutes unless the server says otherwise, and only while nothing else has happened to its process.
    """
    return await answered(tx, call, await undo.undo_on_task(tx, task_id, minutes=call.settings.undo_minutes))


@operation("POST", RUN + "/undo", tag="processes", errors=(422, 423))
async def undo_process(tx: WriteTx, call: Call, run_id: str) -> Item[RunWithTasks]:
    """Take back one's own archiving or restoring of the process. As `undoTask`."""
    process = await going_on.undo_on_process(tx, run_id, call.means, minutes=call.settings.undo_minutes)
    return Item(await one_process(tx, call, process.seq))
