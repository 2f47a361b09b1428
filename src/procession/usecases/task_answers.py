"""Answering fields alone: of a task that is named, or of the one that has the field. Spec: api-tasks 13, T18."""

import msgspec

from procession.domain import tasks as rules
from procession.domain.errors import Invalid
from procession.domain.permissions import may_work_on_task, require
from procession.domain.task_input import HEX, read_answer, read_answers
from procession.storage import access
from procession.storage import tasks as stored
from procession.storage.tx import WriteTx
from procession.usecases import guards, tasks
from procession.usecases.reactions import Means

NO_SUCH_FIELD = "There is no open task with this form field that you may answer."
SEVERAL_TASKS = "Several open tasks have this form field. Answer it through the task's own address."


async def answer(tx: WriteTx, task_id: str, body: object, means: Means) -> tasks.Changed:
    """`{id, value}` or a list of such objects. Raises as `update_task`. Spec: api-tasks T18."""
    seen = await guards.locked_task(tx, task_id)
    require(may_work_on_task(tx.actor, seen.named, seen.task), to="answer the form of this task")
    guards.require_changeable(seen.process)
    rules.require_editable(seen.task)
    return await tasks.answer_task(tx, seen, read_answers(body), means)


class FieldAnswer(msgspec.Struct, frozen=True):
    task_id: str
    field_id: str
    value: object


async def answer_field(tx: WriteTx, body: object, means: Means, *, guest: frozenset[str] | None = None) -> FieldAnswer:
    """`{id, form_value}`: answer a field, named by its id alone, of the one open task that has it.

    `guest` is what a guest is named by: only tasks assigned to them count. Raises Invalid, and as `update_task`.
    Spec: api-tasks 13.1.
    """
    field_id, value = read_answer(body, "", "form_value")
    named = await access.principals_of_caller(tx)
    found = await stored.open_with_field(tx, field_id, named) if HEX.fullmatch(field_id) else []
    writable = [
        task
        for task in found
        if may_work_on_task(tx.actor, named, task) and (guest is None or not guest.isdisjoint(task.owners.principals))
    ]
    if len(writable) != 1:
        raise Invalid({"id": [SEVERAL_TASKS if writable else NO_SUCH_FIELD]})
    seen = await guards.locked_task(tx, writable[0].id)
    changed = await tasks.answer_task(tx, seen, {field_id: value}, means)
    task = changed.seen.task
    return FieldAnswer(task.id, field_id, task.taskdata.get(field_id))
