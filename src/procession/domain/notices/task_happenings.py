"""What there is to tell of tasks: whose they have become, what was changed of them, whether they are done."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from procession.domain.loose import as_list, as_object
from procession.domain.notices.notice import Notice, Placed, Things
from procession.domain.notices.operations import Operation, Read
from procession.domain.processes import Owners, Task
from procession.domain.tasks import EMAIL_TYPES
from procession.domain.times import parse_instant

AUTO_COMPLETED = "timer:auto_complete"
TOLD_FIELDS = ("title", "summary")


def happenings(operation: Operation, there: Things) -> Iterator[Notice]:
    """In the order of processes and positions, tasks that stand alone at the end."""
    yield from _assigned(operation, there)
    of_tasks: dict[str, list[Read]] = {}
    for each in operation.read:
        if each.event.subject_kind == "task" and each.process not in operation.launched:
            of_tasks.setdefault(each.event.subject_id, []).append(each)
    for task_id, read in of_tasks.items():
        placed = there.tasks.get(task_id)
        if placed is not None:
            yield from _changed(placed, read)


def workers(task: Task) -> frozenset[str]:
    """Who is told of an open task of theirs; nobody, where its mail is the message. Spec: N3a."""
    return frozenset() if task.task_type in EMAIL_TYPES or not task.is_open else task.owners.principals


def newly_assigned(task: Task, came: frozenset[str] | None) -> Owners:
    """Whose the task has become: of those who came (None: all) whoever still has it. Spec: N3, N3a."""
    has = workers(task)
    new = has if came is None else has & came
    owners = task.owners
    return Owners(
        users=tuple(each for each in owners.users if f"m:{each}" in new),
        guests=tuple(each for each in owners.guests if f"e:{each}" in new),
        groups=tuple(each for each in owners.groups if f"g:{each}" in new),
    )


def _assigned(operation: Operation, there: Things) -> Iterator[Notice]:
    came: dict[str, frozenset[str] | None] = {}
    for each in operation.of_kind("task.created", "task.assigned", "task.shown"):
        new = _added(each) if each.event.kind == "task.assigned" else None
        known = came.get(each.event.subject_id, frozenset())
        came[each.event.subject_id] = None if new is None or known is None else known | new
    found: list[tuple[Placed, frozenset[str]]] = []
    for placed in there.tasks.values():
        is_new = placed.process is not None and placed.process.seq in operation.launched
        if is_new or placed.task.id in came:
            to = newly_assigned(placed.task, None if is_new else came[placed.task.id]).principals
            found.append((placed, to))
    for placed, to in sorted(found, key=lambda each: _place(each[0])):
        if to:
            yield Notice(kind="assigned", to=to, task=placed.task, process=placed.process)


def _place(placed: Placed) -> tuple[bool, int, int]:
    alone = placed.process is None
    return alone, placed.task.seq if placed.process is None else placed.process.seq, placed.task.position


def _changed(placed: Placed, read: list[Read]) -> Iterator[Notice]:
    task, process, to = placed.task, placed.process, workers(placed.task)
    opened = [each for each in read if each.event.kind == "task.reopened"]
    if opened and task.is_open:
        yield Notice(
            kind="task_reopened",
            to=to,
            task=task,
            process=process,
            by_hand=all(each.event.cause is None for each in opened),
        )
    moved = moved_deadline(task, read)
    if moved is not None:
        yield Notice(
            kind="deadline_moved", to=to, task=task, process=process, former={"before": moved[0], "after": moved[1]}
        )
    former = _former(read)
    edited = tuple(name for name in TOLD_FIELDS if name in former and former[name] != getattr(task, name))
    if edited:
        yield Notice(kind="task_edited", to=to, task=task, process=process, changed=edited, former=former)
    yield from _reassigned(placed, read)
    yield from _completed(placed, read)


def moved_deadline(task: Task, read: list[Read]) -> tuple[int | None, int | None] | None:
    """From when to when, taken together; None where it is where it was, waits, or nobody is to be told. Spec: D17."""
    moves = [
        move
        for each in read
        if each.event.payload.get("notify") is not False and (move := _move(each.event.payload)) is not None
    ]
    if not moves or not task.is_open or task.is_held or moves[0][0] == moves[-1][1]:
        return None
    return moves[0][0], moves[-1][1]


def _move(payload: Mapping[str, Any]) -> tuple[int | None, int | None] | None:
    """What an event says of the deadline: both dates together, or the new one and among what was before the old one."""
    moved, former = as_object(payload.get("deadline")), as_object(payload.get("former")) or {}
    if moved is not None:
        return _instant(moved.get("before")), _instant(moved.get("after"))
    if "deadline" in payload and "deadline" in former:
        return _instant(former["deadline"]), _instant(payload["deadline"])
    return None


def _instant(wire: object) -> int | None:
    return parse_instant(wire) if isinstance(wire, str) else None


def _former(read: list[Read]) -> dict[str, object]:
    """What was before the first of these changes."""
    former: dict[str, object] = {}
    for each in read:
        if each.event.kind == "task.updated":
            for name, value in (as_object(each.event.payload.get("former")) or {}).items():
                former.setdefault(name, value)
    return former


def _reassigned(placed: Placed, read: list[Read]) -> Iterator[Notice]:
    """To those who stay, those who go and, of a task of somebody's own making, to whom that is. Spec: N2."""
    task, has = placed.task, placed.task.owners.principals
    added, removed = reassigned(task, read)
    if not (added or removed) or not task.is_open or task.task_type in EMAIL_TYPES:
        return
    maker = {f"m:{task.starter}"} if task.is_oneoff else set[str]()
    yield Notice(
        kind="assignees_changed",
        to=(has - frozenset(added)).union(removed, maker),
        task=task,
        process=placed.process,
        added=added,
        removed=removed,
    )


def reassigned(task: Task, read: Iterable[Read]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who came and still has the task, and who went and has it no more."""
    has = task.owners.principals
    changes = [each for each in read if each.event.kind == "task.assigned"]
    added = {one for each in changes for one in _added(each)} & has
    removed = {one for each in changes for one in _removed(each)} - has
    return tuple(sorted(added)), tuple(sorted(removed))


def _completed(placed: Placed, read: list[Read]) -> Iterator[Notice]:
    """To whoever made a task for others. Spec: behaviour-work Q6."""
    task = placed.task
    done = [each for each in read if each.event.kind == "task.completed" and each.event.cause != AUTO_COMPLETED]
    by_another = task.is_completed and task.completer != task.starter
    if done and task.is_oneoff and by_another and task.task_type not in EMAIL_TYPES:
        yield Notice(kind="task_completed", to=frozenset({f"m:{task.starter}"}), task=task, process=placed.process)


def _added(read: Read) -> frozenset[str]:
    return frozenset(str(one) for one in as_list(read.event.payload.get("added")) or ())


def _removed(read: Read) -> frozenset[str]:
    return frozenset(str(one) for one in as_list(read.event.payload.get("removed")) or ())
