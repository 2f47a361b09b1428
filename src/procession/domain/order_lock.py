"""Tasks that wait for others: a step names steps whose tasks must be completed before its own. Pure.

Spec: behaviour-work 5.8a, C10.
"""

from collections.abc import Iterable, Mapping, Sequence

from procession.domain.processes import Process, Task

# How a blocking task is called towards somebody who may not see it.
SOME_TASK = "another task"


def blockers_of(task: Task, process: Process | None) -> list[Task]:
    """The tasks that this open one still waits for, in their order: visible ones that are not completed.

    What is hidden, gone or was never made blocks nothing. Spec: OL2.
    """
    if process is None or not task.blocked_by or not task.is_open:
        return []
    named = frozenset(task.blocked_by)
    found = (each for each in process.tasks if each.step_id in named and is_blocking(each))
    return sorted(found, key=lambda each: (each.position, each.seq))


def is_blocking(task: Task) -> bool:
    return task.is_open and task.is_visible


def blockers(process: Process) -> dict[int, list[Task]]:
    """What each task of the process with a lock still waits for, by its number."""
    return {task.seq: blockers_of(task, process) for task in process.tasks if task.blocked_by}


def everything_before(first: Iterable[str], blocked_by: Mapping[str, Sequence[str] | None]) -> set[str]:
    """These steps, those they wait for, those these wait for ..."""
    found: set[str] = set()
    waiting = list(first)
    while waiting:
        step = waiting.pop()
        if step not in found:
            found.add(step)
            waiting += blocked_by.get(step) or ()
    return found
