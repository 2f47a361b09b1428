"""What happens by itself: which tasks the clock closes and when, and when an organization's daily work is due.

Spec: behaviour-work 5.4 (E1 to E6) and 11 (Y6 to Y10), behaviour-automations A-7.7, A-10.4.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Literal

from procession.domain.calendar import instant_at, local_day
from procession.domain.processes import Process, Task
from procession.domain.tasks import TIMED_TYPES
from procession.domain.times import MINUTE, Millis

TimerKind = Literal[
    "close_task",
    "auto_complete",
    "auto_archive",
    "launch",
    "onboard",
    "bulk_launch",
    "version_move",
    "rule_clock",
    "count_viewers",
    "expire_bin",
    "erase_file",
    "unused_file",
    "handover",
    "watch_digest",
]

TICK = 5 * MINUTE
"""What is set when it is due already (re-opened, shown, unlocked) waits this long, for a new date. Spec: E1, E6."""


def closing_time(task: Task, process: Process | None) -> Millis | None:
    """The deadline at which the clock closes this task; None while it may not.

    Only open, visible tasks that are not held and have no unresolved problem, in processes that may change.
    """
    if task.task_type not in TIMED_TYPES or task.open_problems:
        return None
    if process is not None and (process.is_archived or process.is_locked):
        return None
    return task.clock_deadline


def closing_times(process: Process) -> dict[int, Millis]:
    """Number of the task -> `closing_time`, of every task of the process that has one."""
    found = {task.seq: closing_time(task, process) for task in process.tasks if task.task_type in TIMED_TYPES}
    return {seq: at for seq, at in found.items() if at is not None}


def due_at(closing: Millis, now: Millis) -> Millis:
    """When the timer of a task with this closing time fires that is set at `now`."""
    return closing if closing > now else now + TICK


def may_complete_late(task: Task, process: Process | None, *, before: Millis) -> bool:
    """Whether the organization's daily work completes this task, due before that instant. Spec: Y7, A-7.7."""
    is_free = process is None or not (process.is_archived or process.is_locked)
    deadline = task.clock_deadline
    return is_free and not task.open_problems and deadline is not None and deadline < before


def next_midnight(now: Millis, zone: str) -> Millis:
    """When the next day of the zone begins: the organization's daily work is due. Spec: Y8."""
    return instant_at(datetime.combine(local_day(now, zone) + timedelta(days=1), time.min), zone)


def changed_timers(
    before: dict[int, Millis], after: dict[int, Millis], now: Millis
) -> tuple[Iterable[int], dict[int, Millis]]:
    """The subjects whose timers go, and the timers that come: what stays due when it was stays as it is."""
    gone = [subject for subject, at in before.items() if after.get(subject) != at]
    come = {subject: due_at(at, now) for subject, at in after.items() if before.get(subject) != at}
    return gone, come
