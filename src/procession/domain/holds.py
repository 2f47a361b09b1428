"""A process on hold: its clocks stand, and what is not completed moves by the time on hold when it is resumed.

While it lasts, the deadlines of its open tasks are held, as those that wait for another step are: whatever reads
deadlines passes over both alike. Spec: behaviour-work 9.1.
"""

from msgspec.structs import replace

from procession.domain.errors import WrongState
from procession.domain.processes import Hold, Process, Task
from procession.domain.times import LATEST, Millis

COMPLETE = "This process is complete. Only processes with something left to do can be put on hold."


def put_on_hold(process: Process, *, reason: str, by: int | None, at: Millis) -> Process:
    """The process on hold; one that is on hold already has another reason. Raises WrongState. Spec: HO1, HO2."""
    if process.hold is not None:
        return replace(process, hold=replace(process.hold, reason=reason))
    if process.status == "complete":
        raise WrongState(COMPLETE)
    still_open = [task for task in process.tasks if task.is_open]
    waiting = tuple(task.seq for task in still_open if task.is_held)
    held = process.with_tasks(*(replace(task, is_held=True) for task in still_open))
    return replace(held, hold=Hold(since=at, reason=reason, by=by, waiting=waiting))


def resumed(process: Process, *, at: Millis) -> Process:
    """The process as it goes on, everything that is not completed later by the time on hold. Spec: HO5."""
    if process.hold is None:
        return process
    passed = at - process.hold.since
    later = [_moved(task, passed, process.hold) for task in process.tasks if not task.is_completed]
    return replace(process.with_tasks(*later), hold=None)


def _moved(task: Task, passed: Millis, hold: Hold) -> Task:
    return replace(
        task,
        started_at=None if task.started_at is None else min(task.started_at + passed, LATEST),
        deadline=None if task.deadline is None else min(task.deadline + passed, LATEST),
        is_held=task.seq in hold.waiting if task.is_open else task.is_held,
    )


def waits_for_step(task: Task, process: Process) -> bool:
    """Whether the task's deadline waits for another step, on hold or not."""
    return task.is_held if process.hold is None or not task.is_open else task.seq in process.hold.waiting
