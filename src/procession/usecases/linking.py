"""One-off tasks move into processes and out of them, with everything on them. Spec: behaviour-work X1, X3."""

from msgspec.structs import replace

from procession.domain import tasks
from procession.domain.errors import Invalid, WrongState
from procession.domain.events import happened, parting
from procession.domain.permissions import may_edit_task, require
from procession.domain.processes import Process
from procession.domain.task_input import missing, read_object, read_task
from procession.storage import processes
from procession.storage.tx import WriteTx
from procession.usecases import guards
from procession.usecases.guards import SeenTask
from procession.usecases.one_off_tasks import require_room

OF_A_STEP = "Only one-off tasks are added to processes and taken out of them. Hide a task that was made from a step."
IN_A_PROCESS = "This task belongs to a process already. Take it out of that first."
ALONE = "This task belongs to no process."
MADE_TOGETHER = "This task was made with the others of its process, one for each assignee, and stays with them."


async def link(tx: WriteTx, task_id: str, body: object) -> SeenTask:
    """Add a task that stands alone to a process, after its last task or at `position`.

    Raises NotFound (the process, too), NotAllowed, ProcessArchived, ProcessLocked, WrongState, Invalid. Spec: X1, X2.
    """
    read = read_task(read_object(body), frozenset({"run_id", "position"}))
    run_id = read.said.run_id
    holder = (await guards.locked_process(tx, run_id)).process if isinstance(run_id, str) else None
    seen = await _movable(tx, task_id)
    if holder is not None:
        require_room(holder)
    _require_one_off(seen)
    if seen.process is not None:
        raise WrongState(IN_A_PROCESS)
    errors = missing(("run_id",), read.sent if isinstance(run_id, str) else ()) | read.errors
    if errors or holder is None:
        raise Invalid(errors)
    tasks.require_editable(seen.task)
    inside = replace(seen.task, process=holder.seq, updated_at=tx.now)
    await processes.place_task(tx, seen.task, inside, holder)
    position = read.said.position if isinstance(read.said.position, int) else None
    after = tasks.placed(holder, inside, position)
    saved = await guards.save_process(tx, holder.with_tasks(inside), after, listed=holder)
    tx.record(happened("task.attached", task_id, process=saved.seq, title=inside.title))
    return SeenTask(saved.task(task_id), saved, seen.named)


async def unlink(tx: WriteTx, task_id: str) -> SeenTask:
    """Take a task out of its process: it stands alone and counts in no progress.

    Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, WrongState. Spec: X3.
    """
    seen = await _movable(tx, task_id)
    holder = seen.process
    if holder is None:
        raise WrongState(ALONE)
    guards.require_changeable(holder)
    _require_one_off(seen)
    if holder.is_system:
        raise WrongState(MADE_TOGETHER)
    tasks.require_editable(seen.task)
    alone = replace(seen.task, process=None, stage_id=None, updated_at=tx.now)
    await processes.place_task(tx, seen.task, alone, holder)
    rest = _without(holder, seen.task.seq)
    saved = await guards.save_process(tx, rest, rest, listed=holder)
    tx.record(parting("task.detached", alone, process=saved.seq, title=alone.title))
    return SeenTask(alone, None, seen.named)


def _without(process: Process, seq: int) -> Process:
    return replace(process, tasks=tuple(task for task in process.tasks if task.seq != seq))


async def _movable(tx: WriteTx, task_id: str) -> SeenTask:
    seen = await guards.locked_task(tx, task_id)
    may_edit = not tx.actor.is_light and may_edit_task(tx.actor, seen.named, seen.task)
    require(may_edit, to="add this task to a process or take it out")
    return seen


def _require_one_off(seen: SeenTask) -> None:
    if not seen.task.is_oneoff:
        raise WrongState(OF_A_STEP)
