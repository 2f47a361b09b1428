"""The one gate: status, state, progress and everything else that lists read follow from here.

Spec: api-processes 1.1-2, behaviour-work 1-3.
"""

from bisect import bisect_left

import msgspec

from procession.domain.processes import Process, ProcessStatus, State, Task

DUE_SOON_MS = 24 * 3600 * 1000
INDEXED_NAME_LENGTH = 200


def status_of(process: Process) -> ProcessStatus:
    """What holds underneath an archive too. Spec: behaviour-work P2-P5, P10."""
    if process.open_issues:
        return "issue"
    if any(task.open_problems for task in process.tasks if task.archived_at is None):
        return "problem"
    return "complete" if _is_done(process) else "active"


def _is_done(process: Process) -> bool:
    """Whether nothing is left to do, whatever was reported. Spec: behaviour-work P4, P10."""
    tasks = visible(process)
    has_work = bool(tasks) or process.type != "procedure"
    return process.prerun_status != "incomplete" and has_work and all(task.is_completed for task in tasks)


def visible(process: Process) -> list[Task]:
    return [task for task in process.tasks if task.is_visible]


def settle(process: Process, now: int) -> Process:
    """`process` with its summary recomputed. Every change goes through here before it is saved.

    `completed_at` is set at the moment the process becomes complete and cleared when something is to be done again;
    what is reported leaves it (P4, P9).
    """
    shown = visible(process)
    kept = [task for task in process.tasks if task.archived_at is None]
    status = status_of(process)
    open_deadlines = tuple(sorted(each for task in process.tasks if (each := task.clock_deadline) is not None))
    live = State.COMPLETE if status == "complete" else State.OPEN
    state = State.ARCHIVED if process.is_archived else live
    completed_at = process.completed_at if _is_done(process) else None
    if status == "complete" and completed_at is None:
        completed_at = now
    involved = set(process.involved)
    for task in process.tasks:
        involved |= {each for each in task.owners.principals if not each.startswith("e:")}
    members = {process.owner, *process.users, *(user for task in kept for user in task.owners.users)}
    return msgspec.structs.replace(
        process,
        status=status,
        state=state,
        involved=tuple(sorted(involved)),
        collaborators=tuple(sorted(members)),
        tasks_total=len(kept),
        tasks_visible=len(shown),
        tasks_done=sum(task.is_completed for task in shown),
        tasks_secret=sum(task.top_secret for task in shown),
        open_problems=sum(task.open_problems for task in kept),
        improvements=sum(task.improvements for task in kept),
        next_deadline=open_deadlines[0] if open_deadlines else None,
        open_deadlines=open_deadlines,
        due_date=due_date_of(process),
        max_task_deadline=max((task.deadline for task in kept if task.deadline is not None), default=None),
        completed_at=completed_at,
    )


def due_date_of(process: Process) -> int | None:
    """The latest deadline of what is visible and waits for nothing. Nobody knows when a process on hold is due."""
    if process.is_on_hold:
        return None
    known = (task.deadline for task in visible(process) if task.deadline is not None and not task.is_held)
    return max(known, default=None)


class Health(msgspec.Struct, frozen=True):
    """What the clock makes of a process's deadlines, exact at the second asked about."""

    late_tasks: int
    due_soon: bool
    due_date_passed: bool


def health(open_deadlines: tuple[int, ...], due_date: int | None, *, complete: bool, now: int) -> Health:
    """`open_deadlines` sorted, of visible open tasks that are not held. Spec: behaviour-work H1, H2, H13-H16.

    A deadline exactly at `now` is due soon, not overdue (H11).
    """
    late = bisect_left(open_deadlines, now)
    soon = not late and bool(open_deadlines) and open_deadlines[0] <= now + DUE_SOON_MS
    passed = due_date is not None and due_date < now and not complete
    return Health(late, soon, passed)


def next_health_change(open_deadlines: tuple[int, ...], due_date: int | None, now: int) -> int | None:
    """The first instant after `now` at which `health` of these deadlines differs; None when it never does again."""
    # A deadline stops being "not yet overdue" one millisecond after it, and enters "due soon" 24 h before it.
    late = bisect_left(open_deadlines, now)
    found = open_deadlines[late] + 1 if late < len(open_deadlines) else None
    if late == 0 and open_deadlines and (soon := open_deadlines[0] - DUE_SOON_MS) > now:
        found = soon
    if due_date is not None and due_date >= now and (found is None or due_date < found):
        found = due_date + 1
    return found


def percent(complete: int, total: int) -> int:
    """Rounded half up, 0 of 0 is 0. Spec: api-conventions 18.2."""
    return (200 * complete + total) // (2 * total) if total else 0
