"""A guest's tasks, through the guest's link or by a member. Spec: api-tasks 7 "T5", 13.1, 16.

In paths a guest is the code of their link, an e-mail address or an id; the last two need a member's token.
"""

from typing import Any

from procession.api.call import Call, Streamed
from procession.api.contract.envelope import Item
from procession.api.contract.tasks import (
    CompletionBody,
    FieldValue,
    FieldValueBody,
    GuestTaskBody,
    PersonTaskListParams,
    TaskList,
    TaskOut,
    TaskParams,
)
from procession.api.operations import operation
from procession.api.present.task_includes import present, wanted
from procession.api.routes.guests import guest_key
from procession.api.routes.task_lists import answer_list
from procession.api.routes.tasks import ORG, answered, present_answer
from procession.api.task_filters import to_person_filter
from procession.storage import access
from procession.storage.access import EVERYTHING
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import completion, guards, task_answers
from procession.usecases.guards import SeenTask
from procession.usecases.guests import readable
from procession.usecases.tasks import Changed

GUEST = ORG + "/guests/{guest}"


@operation("GET", GUEST + "/tasks", tag="tasks", auth="guest", etag=True)
async def list_tasks_of_guest(tx: ReadTx, call: Call, params: PersonTaskListParams, guest: str) -> TaskList | Streamed:
    """List a guest's tasks; members see those among them that they may see."""
    email = await address_of(tx, call, guest)
    sight = EVERYTHING if tx.actor.kind == "guest" else await access.sight_of(tx)
    where = await to_person_filter(call, tx, params, tuple(await access.principals_of_guest(tx, email)))
    return await answer_list(tx, call, params, where, sight)


@operation("GET", GUEST + "/tasks/{task_id}", tag="guest tasks", auth="guest", etag=True)
async def get_task_of_guest(tx: ReadTx, call: Call, params: TaskParams, guest: str, task_id: str) -> Item[TaskOut]:
    """Read one of the guest's tasks."""
    email = await address_of(tx, call, guest)
    seen = await guards.guests_readable_task(tx, await access.principals_of_guest(tx, email), task_id)
    [shown] = await present(tx, call, [seen.task], wanted(call, params.with_, whole=True), named=seen.named)
    return _as_guests(call, Item(shown), email)


@operation(
    "PUT", GUEST + "/tasks/{task_id}", tag="guest tasks", auth="guest", errors=(423,), documented_body=GuestTaskBody
)
async def update_task_of_guest(tx: WriteTx, call: Call, guest: str, task_id: str, body: Any) -> Item[TaskOut]:
    """Save answers; with `status` "completed" the task is completed then, all or nothing."""
    email = await address_of(tx, call, guest)
    limit = call.settings.comments_per_hour
    done = await completion.answer_and_complete(
        tx, body, task_id, await access.principals_of_guest(tx, email), means=call.means, hourly_limit=limit
    )
    return await answered_to_guest(tx, call, done, email)


@operation(
    "POST",
    GUEST + "/completed-tasks",
    tag="guest tasks",
    auth="guest",
    errors=(423,),
    documented_body=CompletionBody,
)
async def complete_task_of_guest(tx: WriteTx, call: Call, guest: str, body: Any) -> Item[TaskOut]:
    """Complete one of the guest's tasks, or the guest's part of it; guests do that once."""
    email = await address_of(tx, call, guest)
    limit = call.settings.comments_per_hour
    named = await access.principals_of_guest(tx, email)
    done = await completion.complete_as_guest(tx, body, named, means=call.means, hourly_limit=limit)
    return await answered_to_guest(tx, call, done, email)


@operation(
    "POST", GUEST + "/form-field/value", tag="tasks", auth="guest", errors=(423,), documented_body=FieldValueBody
)
async def answer_field_of_guest(tx: WriteTx, call: Call, guest: str, body: Any) -> Item[FieldValue]:
    """Answer a field of one of the guest's tasks, named by its id alone."""
    named = await access.principals_of_guest(tx, await address_of(tx, call, guest))
    saved = await task_answers.answer_field(tx, body, call.means, guest=named)
    call.ignore_unread(body, FieldValueBody)
    return present_answer(saved)


async def address_of(tx: ReadTx, call: Call, guest: str) -> str:
    """The address of the guest in the path. Raises NotFound."""
    if tx.actor.kind == "guest":
        return tx.actor.guest_email or ""
    return (await readable(tx, guest_key(call, guest))).email


async def answered_to_guest(tx: WriteTx, call: Call, changed: Changed | SeenTask, email: str) -> Item[TaskOut]:
    return _as_guests(call, await answered(tx, call, changed, by_rules=True), email)


def _as_guests(call: Call, item: Item[TaskOut], email: str) -> Item[TaskOut]:
    item.data.organization = call.organization_id
    item.data.guest_email = email
    return item
