"""Why a task is as it is: an operation of ours. Spec: api-tasks 22."""

from procession.api.contract.envelope import Item
from procession.api.contract.explanations import TaskExplanation
from procession.api.operations import operation
from procession.api.present.explanations import present_explanation
from procession.api.routes.tasks import RUN_TASK
from procession.storage.tx import ReadTx
from procession.usecases.explaining import explain_task


@operation("GET", RUN_TASK + "/explain", tag="tasks", etag=True)
async def explain_process_task(tx: ReadTx, run_id: str, task_id: str) -> Item[TaskExplanation]:
    """Why a task is visible or hidden, whose it is and when it is due: what led there, from the event log."""
    return Item(present_explanation(await explain_task(tx, run_id, task_id)))
