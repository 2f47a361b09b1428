"""Who hears by mail that a task is theirs: read off the event log, one mail for each person and operation.

Spec: behaviour-people 10.2, behaviour-automations A-4.22.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from procession.domain.events import Logged
from procession.domain.loose import as_list
from procession.domain.processes import Owners, Task
from procession.domain.tasks import EMAIL_TYPES
from procession.domain.times import DAY, Millis

KINDS = ("process.launched", "task.created", "task.assigned", "task.shown")
"""After which a task may be somebody's who did not have it."""
TOO_LATE = DAY
"""Nobody is told of what happened longer ago: mail was not set up, or no server ran."""


class Preferences(msgspec.Struct, frozen=True):
    """What a member is mailed. `stop_all` prevails. Spec: behaviour-people 10.3."""

    task_assignments: bool = True
    stop_all: bool = False

    @property
    def wants_assignments(self) -> bool:
        return self.task_assignments and not self.stop_all


class Read(msgspec.Struct, frozen=True):
    """An event of the log with its place there."""

    position: int
    process: int | None
    event: Logged


class Operation(msgspec.Struct, frozen=True):
    """What one person or timer did at one instant: processes that were launched, tasks that may be new to somebody.

    `tasks`: id to the principals that came, None where everybody assigned is new to it.
    """

    actor: str
    launched: frozenset[int]
    tasks: Mapping[str, frozenset[str] | None]
    # Number of the process of each of the tasks that has one.
    processes: Mapping[str, int]


def operations(read: Iterable[Read], now: Millis) -> list[Operation]:
    """The operations of these events in their order. Spec: N4."""
    groups: dict[tuple[int, str, str | None], list[Read]] = {}
    for each in read:
        if each.event.at > now - TOO_LATE:
            groups.setdefault((each.event.at, each.event.actor_kind, each.event.actor_id), []).append(each)
    return [_operation(kind, key, group) for (_, kind, key), group in groups.items()]


def _operation(actor_kind: str, actor_id: str | None, read: Sequence[Read]) -> Operation:
    tasks: dict[str, frozenset[str] | None] = {}
    for each in read:
        if each.event.subject_kind != "task":
            continue
        task = each.event.subject_id
        came = None
        if each.event.kind == "task.assigned":
            came = frozenset(str(one) for one in as_list(each.event.payload.get("added")) or ())
        known = tasks.get(task, frozenset())
        tasks[task] = None if came is None or known is None else known | came
    prefix = {"member": "m", "guest": "e"}.get(actor_kind)
    return Operation(
        actor=f"{prefix}:{actor_id}" if prefix else "",
        launched=frozenset(each.process for each in read if each.event.kind == "process.launched" and each.process),
        tasks=tasks,
        processes={
            each.event.subject_id: each.process for each in read if each.process and each.event.subject_id in tasks
        },
    )


def whole_operations(read: Sequence[Read]) -> Sequence[Read]:
    """Without the last operation, which may go on after what was read; all of them where there is only one."""
    last = read[-1].event.at
    return [each for each in read if each.event.at != last] or read


def newly_assigned(task: Task, came: frozenset[str] | None) -> Owners:
    """Whose the task has become: of those who came whoever still has it, while it is open and shown.

    Nobody, where its mail is the message. Spec: N3, N3a.
    """
    if not task.is_open or task.archived_at is not None or task.task_type in EMAIL_TYPES:
        return Owners()
    has = task.owners
    return Owners(
        users=tuple(each for each in has.users if came is None or f"m:{each}" in came),
        guests=tuple(each for each in has.guests if came is None or f"e:{each}" in came),
        groups=tuple(each for each in has.groups if came is None or f"g:{each}" in came),
    )
