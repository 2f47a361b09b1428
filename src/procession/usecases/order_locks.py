"""Whether it is a task's turn, and what is said when it is not. Spec: behaviour-work 5.8a, C10."""

from procession.domain.errors import TaskBlocked
from procession.domain.names import MARK
from procession.domain.order_lock import SOME_TASK, blockers_of
from procession.domain.permissions import may_see_beside
from procession.domain.processes import Process, Task
from procession.domain.wording import quoted
from procession.storage.tx import WriteTx
from procession.usecases.guards import SeenTask
from procession.usecases.task_mails import title_of


async def require_in_order(tx: WriteTx, seen: SeenTask) -> None:
    """Raises TaskBlocked, which names the tasks that come first as far as the caller may see them."""
    waiting_for = [await _called(tx, seen, each) for each in blockers_of(seen.task, seen.process)]
    if waiting_for:
        raise TaskBlocked(list(dict.fromkeys(waiting_for)))


async def _called(tx: WriteTx, seen: SeenTask, blocker: Task) -> str:
    if not may_see_beside(tx.actor, seen.named, blocker):
        return SOME_TASK
    return quoted(await _title(tx, blocker, seen.process))


async def _title(tx: WriteTx, task: Task, process: Process | None) -> str:
    return await title_of(tx, task, process) if MARK in task.title else task.title
