"""Processes and tasks that go on: restored, resumed, unlocked, shown.

Tasks for several of whom those who were missing went while nothing might change complete then. Spec: behaviour-work A6.
"""

from msgspec.structs import replace

from procession.domain.processes import Process
from procession.domain.tasks import has_parts
from procession.storage.threads import PlacedThread
from procession.storage.tx import WriteTx
from procession.usecases import guards, hiding, holds, one_off_tasks, process_threads, processes, undo
from procession.usecases.guards import SeenTask
from procession.usecases.means import Means
from procession.usecases.remaining_parts import NOBODY, finished
from procession.usecases.thread_writing import Draft


async def activate_process(tx: WriteTx, process_id: str, means: Means) -> Process:
    """As `processes.activate_process`."""
    process = await processes.activate_process(tx, process_id)
    return await _caught_up(tx, process, f"process.restored:{process_id}", means)


async def undo_on_process(tx: WriteTx, process_id: str, means: Means, *, minutes: int) -> Process:
    """As `undo.undo_on_process`, which may take an archiving back."""
    process = await undo.undo_on_process(tx, process_id, minutes=minutes)
    return await _caught_up(tx, process, f"process.undone:{process_id}", means)


async def resume(tx: WriteTx, process_id: str, means: Means) -> Process:
    """As `holds.resume`."""
    return await _caught_up(tx, await holds.resume(tx, process_id), f"process.resumed:{process_id}", means)


async def show_task(tx: WriteTx, process_id: str, task_id: str, means: Means) -> SeenTask:
    """As `hiding.show_task`."""
    seen = await hiding.show_task(tx, process_id, task_id)
    process = await finished(tx, seen, f"task.shown:{task_id}", means)
    return seen if process is None else replace(seen, process=process, task=process.task(task_id))


async def resolve_issue(
    tx: WriteTx, process_id: str, thread_id: str, draft: Draft, means: Means, *, hourly_limit: int
) -> PlacedThread:
    """As `process_threads.resolve_issue`."""
    resolved = await process_threads.resolve_issue(tx, process_id, thread_id, draft, hourly_limit=hourly_limit)
    process = (await guards.locked_process(tx, process_id)).process
    await _caught_up(tx, process, f"thread.resolved:{thread_id}", means)
    return resolved


async def restore_task(tx: WriteTx, task_id: str, means: Means) -> SeenTask:
    """As `one_off_tasks.restore_task`."""
    seen = await one_off_tasks.restore_task(tx, task_id)
    await finished(tx, SeenTask(seen.task, None, NOBODY), f"task.restored:{task_id}", means)
    return await guards.locked_task(tx, task_id)


async def _caught_up(tx: WriteTx, process: Process, cause: str, means: Means) -> Process:
    """The locked process with what is due in it completed, unless still nothing may change."""
    for task_id in [task.id for task in process.tasks if has_parts(task) and task.parts and task.is_open]:
        if not process.is_changeable:
            break
        seen = SeenTask(process.task(task_id), process, NOBODY)
        process = await finished(tx, seen, cause, means) or process
    return process
