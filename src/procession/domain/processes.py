"""A running process and its tasks, as plain data. Spec: api-processes 1-2, api-tasks 1-3."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Any, Literal

import msgspec

from procession.domain.names import fold
from procession.domain.stages import Stage

ProcessStatus = Literal["active", "problem", "issue", "complete"]
ProcessType = Literal["procedure", "form", "document"]
TaskType = Literal["task", "approval", "expiring", "email", "expiring_email"]
TaskStatus = Literal["not-started", "in-progress", "completed", "auto-skipped"]
ThreadLabel = Literal["comment", "problem", "resolve", "improvement", "advice"]

OPEN_STATUSES = ("not-started", "in-progress")


class State(IntEnum):
    """What lists and counters are keyed by; it changes seldom. Problems and lateness are facets of OPEN."""

    OPEN = 0
    COMPLETE = 1
    ARCHIVED = 2


class Owners(msgspec.Struct, frozen=True):
    """Assignees, each list without repeats. Guests by lower-case e-mail address. Spec: api-conventions 18.1."""

    users: tuple[int, ...] = ()
    guests: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.users or self.guests or self.groups)

    @property
    def principals(self) -> frozenset[str]:
        """ "m:<member>", "g:<group>" and "e:<guest address>"."""
        return frozenset(
            [f"m:{each}" for each in self.users]
            + [f"g:{each}" for each in self.groups]
            + [f"e:{each}" for each in self.guests]
        )


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One task, of a process or standing alone (`process` None). Column names and fields agree (storage.rows)."""

    seq: int
    id: str
    process: int | None = None
    step_id: str | None = None
    linked_step_id: str | None = None
    title: str
    # Always the title, folded: what lists search and sort by.
    folded_title: str = ""
    # None on a task with a step: its text is the step's, in the process's frozen version.
    summary: str | None = None
    alias: str | None = None
    task_type: TaskType = "task"
    status: TaskStatus = "not-started"
    shown_status: TaskStatus | None = None
    hidden_by_hand: bool = False
    shown_by_hand: bool = False
    position: int = 1
    blueprint_position: int | None = None
    stage_id: str | None = None
    owners: Owners = Owners()
    roles: tuple[str, ...] = ()
    taskdata: dict[str, Any] = {}
    # Own field definitions (domain.fields.Field as plain data); None when they are the step's.
    fields: list[dict[str, Any]] | None = None
    # Parts of an everyone-must-complete task that are done: "m:<id>" or "e:<address>" -> instant.
    parts: dict[str, int] = {}
    started_at: int | None = None
    is_soft_start_date: bool = False
    deadline: int | None = None
    is_held: bool = False
    deadline_by_hand: bool = False
    has_dependents: bool = False
    is_approved: bool | None = None
    completed_at: int | None = None
    completer: int | None = None
    completer_guest: str | None = None
    starter: int | None = None
    is_oneoff: bool = False
    everyone_must_complete: bool = False
    # Of an approval, from its step: so many of its assignees must approve. Spec: behaviour-work 5.5a.
    approvals_needed: int | None = None
    # From its step: the steps whose tasks come before it; None when there are none. Spec: behaviour-work 5.8a.
    blocked_by: tuple[str, ...] | None = None
    can_complete_only_assignees: bool = False
    max_assignable: int = 0
    allow_guest_owners: bool = True
    prevent_guest_comment: bool = False
    top_secret: bool = False
    send_chromeless: bool | None = None
    webhook: str | None = None
    open_problems: int = 0
    improvements: int = 0
    custom_fields: dict[str, Any] = {}
    created_at: int
    updated_at: int
    archived_at: int | None = None

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "folded_title", fold(self.title))

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def is_completed(self) -> bool:
        return self.status == "completed"

    @property
    def is_hidden(self) -> bool:
        return self.status == "auto-skipped"

    @property
    def is_visible(self) -> bool:
        return not self.is_hidden and self.archived_at is None

    @property
    def clock_deadline(self) -> int | None:
        """The deadline that can make this task overdue: open, visible, not held."""
        return self.deadline if self.is_open and self.archived_at is None and not self.is_held else None


class Hold(msgspec.Struct, frozen=True):
    """Since when a process is on hold, why, and by whom. `waiting` are the numbers of the tasks whose deadlines waited
    for another step when it began. Spec: behaviour-work 9.1.
    """

    since: int
    reason: str
    by: int | None
    waiting: tuple[int, ...] = ()


class Injection(msgspec.Struct, frozen=True):
    """Steps of another template that became tasks of a process, from this frozen version, when the `trigger_task` was
    completed. Their numbers follow one another from `first_task` on. Spec: L-10.8.
    """

    template_id: str
    version: int
    title: str
    trigger_task: int
    first_task: int
    tasks: int
    at: int

    def brought(self, task: int) -> bool:
        """Whether the task with this number came with it."""
        return self.first_task <= task < self.first_task + self.tasks


def injection_among(injections: Iterable[Injection], task: int) -> Injection | None:
    """The one that brought the task with this number."""
    return next((each for each in injections if each.brought(task)), None)


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """A running process with everything its status, lists and visibility follow from.

    The fields of the second block are the summary: only `domain.summary.settle` writes them.
    """

    seq: int
    id: str
    template_id: str
    template_version: int
    template_title: str
    type: ProcessType
    name: str
    folded_name: str
    sort_name: str
    summary: str = ""
    owner: int
    starter: int
    prerun: dict[str, Any] = {}
    prerun_status: Literal["complete", "incomplete"] | None = None
    prerun_completed_at: int | None = None
    prerun_completed_by: int | None = None
    prerun_length: int = 0
    assign_someone_else: bool = False
    users: tuple[int, ...] = ()
    groups: tuple[str, ...] = ()
    # PROCESS_READ principals copied at launch (DEC-46): "everyone", "m:<member>", "g:<group>".
    readers: tuple[str, ...] = ()
    # Principals that ever had a task or were mentioned: they keep sight of the process.
    involved: tuple[str, ...] = ()
    publicly_hidden_fields: tuple[str, ...] = ()
    is_public: bool = False
    can_add_oot: bool = True
    is_system: bool = False
    parent_id: str | None = None
    custom_fields: dict[str, Any] = {}
    open_issues: int = 0
    hold: Hold | None = None
    created_at: int
    started_at: int
    updated_at: int
    archived_at: int | None = None

    status: ProcessStatus = "active"
    state: State = State.OPEN
    collaborators: tuple[int, ...] = ()
    tasks_total: int = 0
    tasks_visible: int = 0
    tasks_done: int = 0
    tasks_secret: int = 0
    open_problems: int = 0
    improvements: int = 0
    next_deadline: int | None = None
    open_deadlines: tuple[int, ...] = ()
    due_date: int | None = None
    max_task_deadline: int | None = None
    completed_at: int | None = None

    # Not columns: rows of their own.
    tasks: tuple[Task, ...] = ()
    tags: frozenset[str] = frozenset()
    folder: str | None = None
    # None while they are those of the version it runs (domain.process_stages).
    stages: tuple[Stage, ...] | None = None
    starred_by: frozenset[int] = frozenset()
    # In the order in which they were made.
    injections: tuple[Injection, ...] = ()

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def is_locked(self) -> bool:
        """An open process-level issue locks the process and its tasks (DEC-26)."""
        return self.open_issues > 0

    @property
    def is_on_hold(self) -> bool:
        return self.hold is not None

    @property
    def is_changeable(self) -> bool:
        """Whether its tasks may change: it is neither archived nor locked nor on hold."""
        return not (self.is_archived or self.is_locked or self.is_on_hold)

    @property
    def awaits_archiving(self) -> bool:
        """Whether it was completed and the time until it is archived by itself passes. Spec: behaviour-work Y3, HO4."""
        return self.completed_at is not None and not self.is_archived and not self.is_on_hold

    def task(self, task_id: str) -> Task:
        """The task with this id; raises KeyError."""
        for task in self.tasks:
            if task.id == task_id:
                return task
        raise KeyError(task_id)

    def injection_of(self, task: Task) -> Injection | None:
        """What brought this task; None of the process's own."""
        return injection_among(self.injections, task.seq) if self.injections else None

    def with_tasks(self, *changed: Task) -> "Process":
        """This process with these tasks in place of their former selves, or added at the end."""
        by_seq = {task.seq: task for task in changed}
        known = {task.seq for task in self.tasks}
        kept = tuple(by_seq.get(task.seq, task) for task in self.tasks)
        return msgspec.structs.replace(self, tasks=kept + tuple(task for task in changed if task.seq not in known))
