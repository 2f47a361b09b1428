"""Handing tasks on, and moving them into processes and out: operations of ours. Spec: api-tasks 13 (T24 to T27), 16."""

from typing import Any

from procession.api.call import Call
from procession.api.contract.envelope import Item, Many
from procession.api.contract.tasks import GuestShareBody, LinkBody, TaskOut, TogetherBody
from procession.api.first import live_task
from procession.api.operations import operation
from procession.api.present.task_includes import present
from procession.api.routes.guest_tasks import GUEST, address_of, answered_to_guest
from procession.api.routes.guests import refuse_too_many
from procession.api.routes.tasks import RUN, TASK, answered
from procession.storage import access
from procession.storage.tx import WriteTx
from procession.usecases import handing_on, linking


@operation("POST", TASK + "/take-over", tag="tasks", status=200, errors=(422, 423))
async def take_over_task(tx: WriteTx, call: Call, task_id: str) -> Item[TaskOut]:
    """Become the only assignee of a task; undone as any reassigning is."""
    return await answered(tx, call, await handing_on.take_over(tx, task_id, call.means))


@operation("PUT", RUN + "/tasks", tag="tasks", errors=(423,), documented_body=TogetherBody)
async def change_tasks_together(tx: WriteTx, call: Call, run_id: str, body: Any) -> Many[TaskOut]:
    """Give several tasks of a process other assignees or dates: all of them, or none when one cannot be changed."""
    changed = await handing_on.change_together(tx, run_id, body, call.means)
    call.ignore_unread(body, TogetherBody)
    return Many(await present(tx, call, changed, frozenset({"summary"})))


@operation("POST", TASK + "/link", tag="tasks", status=200, errors=(423,), documented_body=LinkBody, first=live_task)
async def link_task(tx: WriteTx, call: Call, task_id: str, body: Any) -> Item[TaskOut]:
    """Add a one-off task that stands alone to a process, with everything on it."""
    linked = await linking.link(tx, task_id, body)
    call.ignore_unread(body, LinkBody)
    return await answered(tx, call, linked)


@operation("DELETE", TASK + "/link", tag="tasks", errors=(422, 423))
async def unlink_task(tx: WriteTx, call: Call, task_id: str) -> Item[TaskOut]:
    """Take a one-off task out of its process: it stands alone, and the process's progress counts without it."""
    return await answered(tx, call, await linking.unlink(tx, task_id))


@operation(
    "POST",
    GUEST + "/tasks/{task_id}/hand-over",
    tag="guest tasks",
    auth="guest",
    status=200,
    errors=(423,),
    documented_body=GuestShareBody,
)
async def share_task_of_guest(tx: WriteTx, call: Call, guest: str, task_id: str, body: Any) -> Item[TaskOut]:
    """Put somebody else outside on one of the guest's tasks; whoever has it already stays."""
    email = await address_of(tx, call, guest)
    named = await access.principals_of_guest(tx, email)
    limit = call.settings.comments_per_hour
    done = await handing_on.share_as_guest(tx, named, task_id, body, means=call.means, hourly_limit=limit)
    await refuse_too_many(tx, call)
    call.ignore_unread(body, GuestShareBody)
    return await answered_to_guest(tx, call, done, email)
