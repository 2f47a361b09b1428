"""Tasks: read, change, complete, reopen, hide and show. Spec: api-tasks 8, 10-13."""

from typing import Any

from procession.api.call import Call
from procession.api.contract.envelope import Item
from procession.api.contract.tasks import (
    AnswerBody,
    CommentedBody,
    CompletionBody,
    FieldValue,
    FieldValueBody,
    OneOffChange,
    Reminded,
    TaskChange,
    TaskOut,
    TaskParams,
)
from procession.api.first import standing_process
from procession.api.operations import operation
from procession.api.present.task_includes import present, wanted
from procession.domain.task_input import read_comment
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import completion, going_on, guards, hiding, reminding, task_answers, tasks
from procession.usecases.guards import SeenTask
from procession.usecases.tasks import Changed

ORG = "/organizations/{org_id}"
RUN = ORG + "/runs/{run_id}"
RUN_TASK = RUN + "/tasks/{task_id}"
TASK = ORG + "/tasks/{task_id}"


@operation("GET", RUN_TASK, tag="tasks", etag=True)
async def get_process_task(tx: ReadTx, call: Call, params: TaskParams, run_id: str, task_id: str) -> Item[TaskOut]:
    """Read one task of a process."""
    return await _one(tx, call, await guards.readable_task(tx, task_id, process_id=run_id), params)


@operation("GET", TASK, tag="tasks", etag=True)
async def get_task(tx: ReadTx, call: Call, params: TaskParams, task_id: str) -> Item[TaskOut]:
    """Read any one task, of a process or not; archived ones too."""
    return await _one(tx, call, await guards.readable_task(tx, task_id), params)


async def _one(tx: ReadTx, call: Call, seen: SeenTask, params: TaskParams) -> Item[TaskOut]:
    [shown] = await present(tx, call, [seen.task], wanted(call, params.with_, whole=True), named=seen.named)
    return Item(shown)


async def answered(tx: ReadTx, call: Call, changed: Changed | SeenTask, *, by_rules: bool = False) -> Item[TaskOut]:
    """A task that was just changed, with its text; `by_rules`: with what automations did to other tasks."""
    seen = changed if isinstance(changed, SeenTask) else changed.seen
    if isinstance(changed, Changed):
        call.ignore(*(f"body:{key}" for key in changed.ignored))
    [shown] = await present(tx, call, [seen.task], frozenset({"summary"}))
    if by_rules and seen.process is not None:
        shown.tasks_changed_by_rules = dict(changed.by_rules) if isinstance(changed, Changed) else {}
    return Item(shown)


@operation(["PUT", "PATCH"], RUN_TASK, tag="tasks", errors=(423,), documented_body=TaskChange)
async def update_process_task(tx: WriteTx, call: Call, run_id: str, task_id: str, body: Any) -> Item[TaskOut]:
    """Change a task of a process; what is not sent stays. `owners` replaces all assignees."""
    changed = await tasks.update_task(tx, task_id, body, process_id=run_id, means=call.means)
    return await answered(tx, call, changed)


@operation(["PUT", "PATCH"], TASK, tag="tasks", errors=(423,), documented_body=OneOffChange)
async def update_task(tx: WriteTx, call: Call, task_id: str, body: Any) -> Item[TaskOut]:
    """Change a task. A one-off task says `title`, `deadline` and `owners` every time."""
    changed = await tasks.update_task(tx, task_id, body, process_id=None, means=call.means)
    return await answered(tx, call, changed)


@operation(
    "POST", RUN + "/completed-tasks", tag="tasks", errors=(423,), documented_body=CompletionBody, first=standing_process
)
async def complete_process_task(tx: WriteTx, call: Call, run_id: str, body: Any) -> Item[TaskOut]:
    """Complete a task of a process, or the caller's part of it. Completing it twice is refused and fires nothing."""
    limit = call.settings.comments_per_hour
    done = await completion.complete_task(tx, body, process_id=run_id, means=call.means, hourly_limit=limit)
    return await answered(tx, call, done, by_rules=True)


@operation("POST", ORG + "/completed-tasks", tag="tasks", errors=(423,), documented_body=CompletionBody)
async def complete_task(tx: WriteTx, call: Call, body: Any) -> Item[TaskOut]:
    """Complete a one-off task that belongs to no process; others are not found here."""
    limit = call.settings.comments_per_hour
    done = await completion.complete_task(tx, body, process_id=None, means=call.means, hourly_limit=limit)
    return await answered(tx, call, done)


@operation(["DELETE", "POST"], RUN + "/completed-tasks/{task_id}", tag="tasks", errors=(422, 423))
async def reopen_process_task(tx: WriteTx, call: Call, run_id: str, task_id: str) -> Item[TaskOut]:
    """Reopen a completed task of a process; answers, comments and assignees stay."""
    changed = await completion.reopen_task(tx, task_id, process_id=run_id, means=call.means)
    return await answered(tx, call, changed, by_rules=True)


@operation("DELETE", ORG + "/completed-tasks/{task_id}", tag="tasks", errors=(422,))
async def reopen_task(tx: WriteTx, call: Call, task_id: str) -> Item[TaskOut]:
    """Reopen a completed one-off task that belongs to no process."""
    return await answered(tx, call, await completion.reopen_task(tx, task_id, process_id=None, means=call.means))


@operation("POST", TASK + "/captures", tag="tasks", status=200, errors=(423,), documented_body=AnswerBody)
async def answer_task(tx: WriteTx, call: Call, task_id: str, body: Any) -> Item[TaskOut]:
    """Save one answer, or a list of them."""
    saved = await task_answers.answer(tx, task_id, body, call.means)
    call.ignore_unread(body, AnswerBody)
    return await answered(tx, call, saved)


@operation("PUT", ORG + "/form-field/value", tag="tasks", errors=(423,), documented_body=FieldValueBody)
async def answer_field(tx: WriteTx, call: Call, body: Any) -> Item[FieldValue]:
    """Answer a field named by its id alone; it must occur in exactly one open task the caller may answer."""
    saved = await task_answers.answer_field(tx, body, call.means)
    call.ignore_unread(body, FieldValueBody)
    return present_answer(saved)


def present_answer(saved: task_answers.FieldAnswer) -> Item[FieldValue]:
    return Item(FieldValue(saved.field_id, saved.field_id, saved.task_id, saved.value))


@operation("PUT", RUN_TASK + "/hide", tag="tasks", errors=(423,), documented_body=CommentedBody)
async def hide_task(tx: WriteTx, call: Call, run_id: str, task_id: str, body: Any) -> Item[TaskOut]:
    """Skip an open task of a process: it leaves lists and progress until somebody shows it again."""
    seen = await hiding.hide_task(tx, run_id, task_id)
    return await _commented(tx, call, seen, body)


@operation("PUT", RUN_TASK + "/show", tag="tasks", errors=(423,), documented_body=CommentedBody)
async def show_task(tx: WriteTx, call: Call, run_id: str, task_id: str, body: Any) -> Item[TaskOut]:
    """Bring a hidden task back."""
    seen = await going_on.show_task(tx, run_id, task_id, call.means)
    return await _commented(tx, call, seen, body)


@operation("POST", TASK + "/remind", tag="tasks", errors=(422,))
async def remind_of_task(tx: WriteTx, call: Call, task_id: str) -> Item[Reminded]:
    """Mail everybody who is assigned to an open task, except yourself.

    422 `MAIL_NOT_SET_UP` where the server sends no mail.
    """
    return Item(Reminded(await reminding.remind(tx, task_id, call.edge.means)))


async def _commented(tx: WriteTx, call: Call, seen: SeenTask, body: Any) -> Item[TaskOut]:
    limit = call.settings.comments_per_hour
    call.ignore_unread(body, CommentedBody)
    return await answered(
        tx, call, await completion.comment_on_change(tx, seen, read_comment(body), hourly_limit=limit)
    )
