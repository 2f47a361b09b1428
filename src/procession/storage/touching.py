"""What saving a process or a task means for copies of it: what changed, and who no longer sees it."""

from msgspec.structs import replace

from procession.domain import order_lock
from procession.domain.listing import principals_of
from procession.domain.names import MARK
from procession.domain.permissions import NOBODY, Seers, task_seers
from procession.domain.processes import Process, Task
from procession.storage.changes import Kind, Touch


def of_task(before: Task | None, after: Task | None, *, old: Seers = NOBODY, new: Seers = NOBODY) -> Touch:
    """What becomes of a task; `old` and `new` are who sees its process before and after, if it has one."""
    task = after or before
    assert task is not None
    former = task_seers(before, old) if before is not None else NOBODY
    lost = former - (task_seers(after, new) if after is not None else NOBODY)
    return Touch(Kind.TASK, task.seq, task.id, lost, is_gone=after is None)


def of_process(before: Process | None, after: Process | None) -> list[Touch]:
    """The process and those of its tasks that differ, or are seen by others than before."""
    if before is not None and after is not None and replace(before, starred_by=after.starred_by) == after:
        starrers = frozenset(f"m:{member}" for member in before.starred_by ^ after.starred_by)
        return [Touch(Kind.PROCESS, after.seq, after.id, only_for=starrers)] if starrers else []
    process = after or before
    assert process is not None
    old = principals_of(before) if before is not None else NOBODY
    new = principals_of(after) if after is not None else NOBODY
    shows_other = old != new or _shown_on_tasks(before) != _shown_on_tasks(after)
    quotes_other = _quoted(before) != _quoted(after)
    locks, locked = ({} if each is None else order_lock.blockers(each) for each in (before, after))
    former = {task.seq: task for task in before.tasks} if before is not None else {}
    latter = {task.seq: task for task in after.tasks} if after is not None else {}
    return [
        Touch(Kind.PROCESS, process.seq, process.id, old - new, is_gone=after is None),
        *(
            of_task(former.get(seq), latter.get(seq), old=old, new=new)
            for seq in {**former, **latter}
            if shows_other
            or former.get(seq) != latter.get(seq)
            or (quotes_other and any(MARK in each.title for each in (latter[seq], *locked.get(seq, ()))))
            or _named(locks.get(seq)) != _named(locked.get(seq))
        ),
    ]


def of_listed(listed: Process, after: Process) -> Touch:
    """The process itself, where it lost or got a task that stands alone otherwise, and is told of by itself."""
    return Touch(Kind.PROCESS, after.seq, after.id, principals_of(listed) - principals_of(after))


def _shown_on_tasks(process: Process | None) -> object:
    """What every task shows of its process, and what decides whether it can be completed. Spec: api-tasks 2."""
    return process and (process.is_archived, process.status, process.is_locked, process.is_on_hold)


def _named(blockers: list[Task] | None) -> object:
    """What a locked task shows of those it waits for, and to whom."""
    return blockers and [(each.seq, each.title, each.top_secret and each.owners.principals) for each in blockers]


def _quoted(process: Process | None) -> object:
    """What titles with variables are made of."""
    return process and (process.name, process.prerun, {task.seq: task.taskdata for task in process.tasks})
