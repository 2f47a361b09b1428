"""What a process is found by: the rows its lists' side tables must hold. Pure, so that a recount is one call."""

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

import msgspec

from procession.domain.processes import Process, State, Task

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
BLOCK_SIZE = 1024
# Late processes are looked for in stretches of so many numbers. An index has the figure in its expression.
STRETCH = 128
# Stands for "no deadline that counts" in a key, and sorts after every real one.
NO_DEADLINE = 2**62
EVERYONE = "everyone"
# Principals of `task_access` beside those that tasks are assigned to: every task is listed under the first; tasks of a
# group and of somebody else as well are listed under each of their principals a second time, marked with the other.
ANY = "*"
SHARED = "+"


class Facet(IntEnum):
    """Kinds of keys a process is listed under."""

    ALL = 0  # counters only
    INVOLVED = 1  # owner, or assignee of any task: member; else otherwise involved: `otherwise_involved`
    INVOLVED_OPEN = 2  # owner, or assignee of an open visible task
    INVOLVED_DONE = 3  # owner, or assignee of a completed task
    GROUP = 4  # group assigned to any task
    GROUP_OPEN = 5
    GROUP_DONE = 6
    GUEST = 7  # guest assigned to any task: e-mail address
    TAG = 8
    FOLDER = 9
    TEMPLATE = 10
    TYPE = 11
    STAR = 12  # member
    STATUS = 13  # problem, issue
    IMPROVEMENT = 14
    UNTAGGED = 15
    LATE_DAY = 16  # counters only: UTC day of the next deadline of an open process
    LATE_HOUR = 17  # the same, its hour
    BLANK = 18  # field of its version that has no answer: number of the `value_field`


class TaskState(IntEnum):
    NOT_STARTED = 0
    COMPLETED = 1
    HIDDEN = 2
    ARCHIVED = 3
    IN_PROGRESS = 4


OPEN_STATES = (TaskState.NOT_STARTED, TaskState.IN_PROGRESS)


class Unit(IntEnum):
    """Lengths of the stretches of time that tasks are counted by."""

    DAY = 0
    HOUR = 1


LENGTHS = {Unit.DAY: DAY_MS, Unit.HOUR: HOUR_MS}


class ProcessIndex(msgspec.Struct, frozen=True):
    """Everything the side tables and counters hold about one process."""

    state: State
    facets: frozenset[tuple[Facet, str]]
    principals: frozenset[str]
    # When it becomes late; None: never, or it is not open.
    late_from: int | None
    is_listed: bool


def facets_of(process: Process) -> frozenset[tuple[Facet, str]]:
    """The keys of `process_facet`. Spec: api-processes 6."""
    found: set[tuple[Facet, str]] = {
        (Facet.TEMPLATE, process.template_id),
        (Facet.TYPE, process.type),
        (Facet.INVOLVED, str(process.owner)),
        (Facet.INVOLVED_OPEN, str(process.owner)),
        (Facet.INVOLVED_DONE, str(process.owner)),
    }
    for task in process.tasks:
        if task.archived_at is None:
            found |= _assignment_facets(task)
    found |= {
        (Facet.INVOLVED, otherwise_involved(each[2:]))
        for each in process.involved
        if each.startswith("m:") and (Facet.INVOLVED, each[2:]) not in found
    }
    found |= {(Facet.TAG, each) for each in process.tags} or {(Facet.UNTAGGED, "")}
    found |= {(Facet.STAR, str(each)) for each in process.starred_by}
    if process.folder is not None:
        found.add((Facet.FOLDER, process.folder))
    if process.status in ("problem", "issue"):
        found.add((Facet.STATUS, process.status))
    if process.improvements:
        found.add((Facet.IMPROVEMENT, ""))
    return frozenset(found)


def otherwise_involved(member: str) -> str:
    """The key of members who were assigned once, mentioned, or decided an approval. Spec: behaviour-work N-3."""
    return f"~{member}"


def _assignment_facets(task: Task) -> set[tuple[Facet, str]]:
    members, groups = [Facet.INVOLVED], [Facet.GROUP]
    if task.is_open:
        members.append(Facet.INVOLVED_OPEN)
        groups.append(Facet.GROUP_OPEN)
    elif task.is_completed:
        members.append(Facet.INVOLVED_DONE)
        groups.append(Facet.GROUP_DONE)
    found = {(facet, str(user)) for facet in members for user in task.owners.users}
    found |= {(facet, group) for facet in groups for group in task.owners.groups}
    return found | {(Facet.GUEST, email) for email in task.owners.guests}


def principals_of(process: Process) -> frozenset[str]:
    """Who may see the process besides administrators. Spec: behaviour-people Q1, Q2."""
    return frozenset(
        {
            f"m:{process.owner}",
            f"m:{process.starter}",
            f"t:{process.template_id}",
            *(f"m:{each}" for each in process.users),
            *(f"g:{each}" for each in process.groups),
            *process.readers,
            *process.involved,
        }
    )


def index_of(process: Process) -> ProcessIndex:
    return ProcessIndex(
        state=process.state,
        facets=facets_of(process),
        principals=principals_of(process),
        late_from=process.next_deadline if process.state is State.OPEN else None,
        is_listed=True,
    )


def late_counters(late_from: int | None) -> Iterator[tuple[Facet, str]]:
    """The counters that tell how many are late: by day, and the present day's by hour."""
    if late_from is not None:
        yield Facet.LATE_DAY, str(late_from // DAY_MS)
        yield Facet.LATE_HOUR, str(late_from // HOUR_MS)


NOT_INDEXED = ProcessIndex(State.OPEN, frozenset(), frozenset(), None, is_listed=False)


class TaskKey(NamedTuple):
    """A row of `task_access`, without the task's number."""

    principal: str
    state: int
    deadline: int


class DueCount(NamedTuple):
    """A counter of `task_due_counter`: tasks whose deadline that counts lies in one stretch of time."""

    principal: str
    state: int
    unit: int
    # How many stretches of this length since 1970.
    stretch: int


def task_state(task: Task, *, process_is_archived: bool) -> TaskState:
    if process_is_archived or task.archived_at is not None:
        return TaskState.ARCHIVED
    if task.is_hidden:
        return TaskState.HIDDEN
    if task.is_completed:
        return TaskState.COMPLETED
    return TaskState.IN_PROGRESS if task.status == "in-progress" else TaskState.NOT_STARTED


def task_keys(task: Task, *, process_is_archived: bool) -> frozenset[TaskKey]:
    """The rows of `task_access`."""
    state = task_state(task, process_is_archived=process_is_archived)
    counts = task.deadline is not None and not (task.is_held and task.is_open)
    deadline = task.deadline if counts and task.deadline is not None else NO_DEADLINE
    principals = {ANY, *task.owners.principals}
    if task.owners.groups and len(task.owners.principals) > 1:
        principals |= {SHARED + each for each in task.owners.principals}
    return frozenset(TaskKey(principal, int(state), deadline) for principal in principals)


def due_units(principal: str, state: int) -> tuple[Unit, ...]:
    """The units that tasks are counted by: days, and where a day holds many whose hour matters, hours as well."""
    if state == TaskState.ARCHIVED or principal.startswith(SHARED):
        return ()
    return (Unit.DAY, Unit.HOUR) if principal == ANY and state in OPEN_STATES else (Unit.DAY,)


def due_counts(key: TaskKey) -> list[DueCount]:
    """Where a row of `task_access` is counted by its deadline."""
    if key.deadline == NO_DEADLINE:
        return []
    return [
        DueCount(key.principal, key.state, int(unit), key.deadline // LENGTHS[unit])
        for unit in due_units(key.principal, key.state)
    ]
