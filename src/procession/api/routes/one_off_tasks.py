"""One-off tasks. Spec: api-tasks 9, 13."""

from typing import Any

from procession.api.call import Call
from procession.api.contract.envelope import Item
from procession.api.contract.tasks import CloneBody, RunOfTask, TaskBody, TaskOut
from procession.api.operations import operation
from procession.api.present.task_includes import RUN, present
from procession.api.routes.tasks import ORG, TASK, answered
from procession.domain.times import wire
from procession.storage.tx import WriteTx
from procession.usecases import going_on, one_off_tasks


@operation("POST", ORG + "/tasks", tag="tasks", status=201, errors=(423,), documented_body=TaskBody)
async def create_task(tx: WriteTx, call: Call, body: Any) -> Item[TaskOut]:
    """Create a one-off task, alone or in a process (`run_id`).

    With `separate_task_for_each_assignee` one task for each person is made, in a process of their own unless one is
    named; the answer is the first of them, with the process.
    """
    made = await one_off_tasks.create_task(tx, body, secrets=call.edge.secrets)
    call.ignore(*(f"body:{name}" for name in made.ignored))
    names = frozenset({"summary", RUN} if made.is_fanned_out else {"summary"})
    [shown] = await present(tx, call, [made.seen.task], names)
    process = made.seen.process
    if isinstance(shown.run, RunOfTask) and process is not None:
        shown.run = RunOfTask(shown.run.data, id=process.id, name=process.name, started_at=wire(process.started_at))
    return Item(shown)


@operation("DELETE", TASK, tag="tasks", status=204, errors=(422,))
async def archive_task(tx: WriteTx, task_id: str) -> None:
    """Archive a one-off task that belongs to no process; its creator and administrators may."""
    await one_off_tasks.archive_task(tx, task_id)


@operation("PUT", TASK + "/restore", tag="tasks", errors=(422,))
async def restore_task(tx: WriteTx, call: Call, task_id: str) -> Item[TaskOut]:
    """Restore an archived one-off task."""
    return await answered(tx, call, await going_on.restore_task(tx, task_id, call.means))


@operation("DELETE", TASK + "/delete", tag="tasks", status=204, errors=(422, 423))
async def delete_task(tx: WriteTx, task_id: str) -> None:
    """Erase a one-off task for good; tasks made from a step are hidden instead."""
    await one_off_tasks.delete_task(tx, task_id)


@operation("POST", TASK + "/clone", tag="tasks", status=201, errors=(423,), documented_body=CloneBody)
async def clone_task(tx: WriteTx, call: Call, task_id: str, body: Any) -> Item[TaskOut]:
    """Make a one-off copy, right after the original: settings, form, people and deadline, no answers or comments."""
    return await answered(tx, call, await one_off_tasks.clone_task(tx, task_id, body))
