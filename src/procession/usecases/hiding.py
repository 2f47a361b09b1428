"""Hiding and showing tasks by hand. Spec: behaviour-work K1-K5."""

from procession.domain import tasks
from procession.domain.calendar import local_day
from procession.domain.events import happened
from procession.domain.opening import has_defaults, opened
from procession.domain.permissions import may_hide_task, require
from procession.domain.processes import Process, Task
from procession.storage import organizations
from procession.storage import tasks as stored
from procession.storage.tx import WriteTx
from procession.usecases import guards, undo
from procession.usecases.guards import SeenTask
from procession.usecases.opening import reader_of


async def hide_task(tx: WriteTx, process_id: str, task_id: str) -> SeenTask:
    """Skip a task by hand. Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, WrongState. Spec: K1-K5."""
    seen = await _hideable(tx, process_id, task_id, to="hide this task")
    return await _save_visibility(tx, seen, seen.process, tasks.hidden_by_hand(seen.task), "task.hidden")


async def show_task(tx: WriteTx, process_id: str, task_id: str) -> SeenTask:
    """Bring a skipped task back by hand. Raises as `hide_task`."""
    seen = await _hideable(tx, process_id, task_id, to="show this task")
    shown = tasks.shown_by_hand(seen.task)
    document = await stored.document_of(tx, seen.process, seen.task)
    if seen.process is None or document is None or not has_defaults(tasks.fields_of(shown, document)):
        return await _save_visibility(tx, seen, seen.process, shown, "task.shown")
    settings = await organizations.settings_of(tx, tx.org)
    today, reader = local_day(tx.now, settings.timezone), await reader_of(tx, settings, document)
    after = opened(seen.process, seen.process.with_tasks(shown), document, today=today, reader=reader)
    return await _save_visibility(tx, seen, after, after.task(task_id), "task.shown")


async def _hideable(tx: WriteTx, process_id: str, task_id: str, *, to: str) -> SeenTask:
    seen = await guards.locked_task(tx, task_id, process_id=process_id)
    require(may_hide_task(tx.actor, seen.named, seen.task), to=to)
    guards.require_changeable(seen.process)
    tasks.require_live(seen.task)
    return seen


async def _save_visibility(tx: WriteTx, seen: SeenTask, after: Process | None, task: Task, kind: str) -> SeenTask:
    """`after` is the process with what else follows from the task's visibility."""
    if task == seen.task:
        return seen
    if seen.process is None or after is None:
        saved = await guards.save_changed_task(tx, seen, task)
    else:
        process = await guards.save_process(tx, seen.process, after.with_tasks(task))
        saved = SeenTask(process.task(task.id), process, seen.named)
    tx.record(happened(kind, task.id, process=task.process))
    undo.remember(tx, kind, seen, saved)
    return saved
