"""Lists of tasks with exact totals. Spec: api-tasks 7.

What asks for nothing but assignees and states, by deadline, is read from `task_access` and its counters, whose keys
are in that order. Everything else is conditions on the tasks themselves, EXISTS where they look further, so that a
row never repeats. Either way the number of statements follows from the question alone.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Select, and_, bindparam, case, false, func, or_, select, true, union

from procession.domain.listing import ANY, NO_DEADLINE, TaskState
from procession.domain.processes import Owners, State, Task
from procession.domain.summary import DUE_SOON_MS
from procession.domain.task_filters import (
    BY_DEADLINE,
    STALLED_AFTER_MS,
    Hidden,
    KeyRange,
    TaskFilter,
    TaskOrder,
    Word,
    key_ranges,
    only_principals,
)
from procession.storage.access import Sight
from procession.storage.dialect import constant, escape_like, is_in
from procession.storage.processes import place_of_task, task_rows
from procession.storage.query import Query
from procession.storage.rows import to_json
from procession.storage.sight import process_is_seen, task_is_seen
from procession.storage.tables.content import folder_links, tag_links, tags
from procession.storage.tables.lists import task_access, task_counters
from procession.storage.tables.processes import processes, tasks
from procession.storage.tx import ReadTx

Condition = ColumnElement[bool]

STATEMENTS_KEPT = 2000
# Up to this many principals each have a range of their own that is read in order.
MAX_RANGES = 8

_T, _P, _A, _C = tasks.c, processes.c, task_access.c, task_counters.c
_NOBODY = to_json(Owners())
_is_open = or_(_T.status == "not-started", _T.status == "in-progress")
_due = case(
    (or_(_T.deadline.is_(None), and_(_T.is_held == constant(1), _is_open)), constant(NO_DEADLINE)), else_=_T.deadline
)
# Sort field -> (value, what stands for null).
SORTABLE: dict[str, tuple[ColumnElement[Any], ColumnElement[bool] | None]] = {
    "deadline": (_due, _due == constant(NO_DEADLINE)),
    "position": (_T.position, None),
    "created_at": (_T.created_at, None),
    "last_updated": (_T.updated_at, None),
    "completed_at": (_T.completed_at, _T.completed_at.is_(None)),
    "title": (_T.folded_title, None),
    "status": (_T.status, None),
    "problems": (case((_T.open_problems > constant(0), constant(1)), else_=constant(0)), None),
}


class TaskPage(msgspec.Struct, frozen=True):
    """Tasks in list order, how many there are on all pages, and how the whole list stands with the clock."""

    tasks: list[Task]
    total: int
    overdue: int
    due_soon: int


class Shape(NamedTuple):
    """The conditions of a list, without their values."""

    words: tuple[Word, ...]
    hidden: Hidden
    archived: str
    # None: everything; else whether the caller is a light member.
    limited_to_light: bool | None
    of_process: bool
    assigned: tuple[str, ...]
    has_roles: int
    unassigned: bool
    due: tuple[bool, bool]
    created: tuple[bool, bool]
    text: str | None
    has_tag: bool
    has_folders: bool
    is_oneoff: bool | None


async def list_page(
    tx: ReadTx, where: TaskFilter, order: TaskOrder, sight: Sight, *, limit: int, offset: int
) -> TaskPage:
    """One page of the tasks that match and that the caller may see."""
    keyed = _keyed(tx, where, sight)
    if keyed is not None and order.keys in (BY_DEADLINE.keys, (("deadline", True),)):
        return await _page_by_keys(tx, *keyed, descending=order.keys[0][1], limit=limit, offset=offset)
    shape, values = _bound(tx, where, sight)
    [(total, overdue, due_soon)] = await tx.tuples(_summary(shape), **values)
    rows = await tx.tuples(_page(shape, order.keys), **values, limit=limit, offset=offset) if total else []
    return TaskPage([task_rows.read(row) for row in rows], total, overdue or 0, due_soon or 0)


async def ordered(tx: ReadTx, where: TaskFilter, order: TaskOrder, sight: Sight) -> list[int]:
    """The numbers of all tasks that match, in order; one statement."""
    shape, values = _bound(tx, where, sight)
    return [row[0] for row in await tx.tuples(_numbers(shape, order.keys), **values)]


async def place_of(tx: ReadTx, where: TaskFilter, order: TaskOrder, sight: Sight, task_id: str) -> int | None:
    """How many tasks of the list stand before this one; None when it is not on the list. Two statements."""
    known = await place_of_task(tx, task_id)
    seqs = await ordered(tx, where, order, sight) if known is not None else []
    return seqs.index(known[0]) if known is not None and known[0] in seqs else None


_by_numbers = Query(select(*task_rows.columns).where(_T.org == bindparam("org"), is_in(_T.seq, "seqs")))


async def tasks_at(tx: ReadTx, seqs: Sequence[int]) -> list[Task]:
    """The tasks with these numbers, in their order; one statement."""
    found = {task.seq: task for row in await tx.tuples(_by_numbers, seqs=list(seqs)) for task in (task_rows.read(row),)}
    return [found[seq] for seq in seqs if seq in found]


_next_due = Query(
    select(
        select(func.min(_A.deadline))
        .where(
            _A.org == bindparam("org"),
            is_in(_A.principal, "principals"),
            _A.state == constant(TaskState.OPEN),
            _A.deadline >= bindparam("now"),
        )
        .scalar_subquery(),
        select(func.min(_A.deadline))
        .where(
            _A.org == bindparam("org"),
            is_in(_A.principal, "principals"),
            _A.state == constant(TaskState.OPEN),
            _A.deadline > bindparam("soon"),
        )
        .scalar_subquery(),
    )
)


async def clock_changes(tx: ReadTx, where: TaskFilter) -> list[int]:
    """The next instants at which the clock makes a task overdue or due soon, among all that might match."""
    principals = list(where.assignees or (ANY,))
    [(due, soon)] = await tx.tuples(_next_due, principals=principals, now=tx.now, soon=tx.now + DUE_SOON_MS)
    found = [due + 1] if due is not None and due < NO_DEADLINE else []
    return [*found, soon - DUE_SOON_MS] if soon is not None and soon < NO_DEADLINE else found


_visible_process = Query(select(_P.seq).where(_P.org == bindparam("org"), _P.id == bindparam("id")))
_seen_process = Query(
    select(_P.seq).where(_P.org == bindparam("org"), _P.id == bindparam("id"), process_is_seen(_P.seq, _P.state))
)


async def number_of_process(tx: ReadTx, process_id: str, sight: Sight) -> int | None:
    """The number of a process that the caller may see."""
    if sight.principals is None:
        return await tx.value(_visible_process, id=process_id)
    return await tx.value(_seen_process, id=process_id, principals=list(sight.principals))


def _keyed(tx: ReadTx, where: TaskFilter, sight: Sight) -> tuple[tuple[str, ...], tuple[KeyRange, ...]] | None:
    """Principals and ranges when the keys alone answer."""
    principals, ranges = only_principals(where), key_ranges(where.words, tx.now)
    return None if principals is None or ranges is None or not sight.is_unlimited else (principals or (ANY,), ranges)


class KeyShape(NamedTuple):
    """Ranges of `task_access`: how many principals (0: any number, as one list), and per range state and bounds."""

    slots: int
    ranges: tuple[tuple[TaskState, bool, bool], ...]


_counters = Query(
    select(_C.state, _C.n).where(_C.org == bindparam("org"), _C.principal == bindparam("principal0"))
)


async def _page_by_keys(
    tx: ReadTx,
    principals: tuple[str, ...],
    ranges: tuple[KeyRange, ...],
    *,
    descending: bool,
    limit: int,
    offset: int,
) -> TaskPage:
    slots = 1 << (len(principals) - 1).bit_length()
    shape = KeyShape(
        slots if slots <= MAX_RANGES else 0,
        tuple((each.state, each.start is not None, each.end is not None) for each in ranges),
    )
    values: dict[str, Any] = {"now": tx.now, "soon": tx.now + DUE_SOON_MS, "principals": list(principals)}
    values |= {f"principal{n}": principals[n % len(principals)] for n in range(slots)}
    for n, each in enumerate(ranges):
        values |= {f"start{n}": each.start, f"end{n}": each.end}
    if len(principals) == 1 and not any(each.start is not None or each.end is not None for each in ranges):
        counted = dict(await tx.tuples(_counters, **values))
        total = sum(counted.get(int(each.state), 0) for each in ranges)
    else:
        total = await tx.value(_count_keys(shape), **values)
    overdue = due_soon = 0
    if any(each.state is TaskState.OPEN for each in ranges):
        [(overdue, due_soon)] = await tx.tuples(_count_due(shape), **values)
    reach = 1 << (limit + offset).bit_length() if offset else limit
    query = _keys_page(shape, descending=descending, reach=reach)
    rows = await tx.tuples(query, **values, limit=limit, offset=offset) if total else []
    return TaskPage([task_rows.read(row) for row in rows], total, overdue or 0, due_soon or 0)


def _in_range(n: int, state: TaskState, *, has_start: bool, has_end: bool) -> Condition:
    bounds: list[Condition] = [_A.state == constant(state)]
    if has_start:
        bounds.append(_A.deadline >= bindparam(f"start{n}"))
    if has_end:
        bounds.append(_A.deadline < bindparam(f"end{n}"))
    return and_(*bounds)


def _in_ranges(shape: KeyShape, *, only: TaskState | None = None) -> Condition:
    return or_(
        *[
            _in_range(n, state, has_start=has_start, has_end=has_end)
            for n, (state, has_start, has_end) in enumerate(shape.ranges)
            if only in (None, state)
        ]
    )


def _is_principal(shape: KeyShape) -> Condition:
    return _A.principal == bindparam("principal0") if shape.slots == 1 else is_in(_A.principal, "principals")


@lru_cache(STATEMENTS_KEPT)
def _count_keys(shape: KeyShape) -> Query:
    # A task may be assigned to several of the principals.
    counted = func.count() if shape.slots == 1 else func.count(_A.seq.distinct())
    return Query(
        select(counted)
        .select_from(task_access)
        .where(_A.org == bindparam("org"), _is_principal(shape), _in_ranges(shape))
    )


@lru_cache(STATEMENTS_KEPT)
def _count_due(shape: KeyShape) -> Query:
    """How many of the open ones are overdue, and due soon: a range up to 24 hours from now."""
    overdue = func.count(case((_A.deadline < bindparam("now"), _A.seq)).distinct())
    due_soon = func.count(case((_A.deadline >= bindparam("now"), _A.seq)).distinct())
    return Query(
        select(overdue, due_soon).where(
            _A.org == bindparam("org"),
            _is_principal(shape),
            _A.state == constant(TaskState.OPEN),
            _A.deadline <= bindparam("soon"),
            _in_ranges(shape, only=TaskState.OPEN),
        )
    )


@lru_cache(STATEMENTS_KEPT)
def _keys_page(shape: KeyShape, *, descending: bool, reach: int) -> Query:
    """Each range of each principal in key order, cut early, merged without repeats; then the few rows are joined."""
    parts: list[Select[Any, Any]] = []
    for slot in range(shape.slots or 1):
        principal = _A.principal == bindparam(f"principal{slot}") if shape.slots else _is_principal(shape)
        for n, (state, has_start, has_end) in enumerate(shape.ranges):
            inside = _in_range(n, state, has_start=has_start, has_end=has_end)
            # Downwards, tasks without a deadline still come last: they are a range of their own.
            for undated in (False, True) if descending and not has_end else (None,):
                part = select(_A.deadline, _A.seq).where(_A.org == bindparam("org"), principal, inside)
                if undated is not None:
                    part = part.where((_A.deadline == constant(NO_DEADLINE)) == undated)
                parts.append(part.order_by(*_key_order(_A, descending=descending)).limit(constant(reach)))
    merged = union(*[select(*part.subquery().c) for part in parts]).subquery("merged")
    wanted = (
        select(merged.c.deadline, merged.c.seq)
        .order_by(merged.c.deadline == constant(NO_DEADLINE), *_key_order(merged.c, descending=descending))
        .limit(bindparam("limit"))
        .offset(bindparam("offset"))
        .subquery("wanted")
    )
    rows = select(*task_rows.columns).select_from(
        wanted.join(tasks, and_(_T.org == bindparam("org"), _T.seq == wanted.c.seq))
    )
    undated = wanted.c.deadline == constant(NO_DEADLINE)
    return Query(rows.order_by(undated, *_key_order(wanted.c, descending=descending)))


def _key_order(columns: Any, *, descending: bool) -> list[ColumnElement[Any]]:
    return [each.desc() if descending else each.asc() for each in (columns.deadline, columns.seq)]


def _bound(tx: ReadTx, where: TaskFilter, sight: Sight) -> tuple[Shape, dict[str, Any]]:
    """The filter's conditions, and its values under their fixed names."""
    assigned = {
        name: principals
        for name in ("assignees", "members", "guests", "groups")
        if (principals := getattr(where, name)) is not None
    }
    text = None if where.text is None else "titles" if where.in_titles else "names"
    shape = Shape(
        words=where.words,
        hidden=where.hidden,
        archived="anything" if where.process is not None and where.archived == "without" else where.archived,
        limited_to_light=None if sight.is_unlimited else tx.actor.is_light,
        of_process=where.process is not None,
        assigned=tuple(assigned),
        has_roles=len(where.roles),
        unassigned=where.unassigned,
        due=_bounds(where.due),
        created=_bounds(where.created),
        text=text,
        has_tag=where.tag is not None,
        has_folders=bool(where.folders),
        is_oneoff=where.is_oneoff,
    )
    values: dict[str, Any] = {
        "now": tx.now,
        "soon": tx.now + DUE_SOON_MS,
        "quiet_since": tx.now - STALLED_AFTER_MS,
        "me": tx.actor.id,
        "principals": list(sight.principals or ()),
        "process": where.process,
        "pattern": f"%{escape_like(where.text)}%" if where.text is not None else None,
        "tag": where.tag,
        "folders": list(where.folders),
    }
    values |= {name: list(principals) for name, principals in assigned.items()}
    values |= {f"role{n}": f'%"{escape_like(role)}"%' for n, role in enumerate(where.roles)}
    for name, span in (("due", where.due), ("created", where.created)):
        if span is not None:
            values |= {f"{name}_from": span.start, f"{name}_to": span.end}
    return shape, values


def _bounds(span: Any) -> tuple[bool, bool]:
    return (False, False) if span is None else (span.start is not None, span.end is not None)


@lru_cache(STATEMENTS_KEPT)
def _summary(shape: Shape) -> Query:
    """How many there are, are overdue, are due soon."""
    overdue = func.sum(case((_overdue(), constant(1)), else_=constant(0)))
    due_soon = func.sum(case((_due_soon(), constant(1)), else_=constant(0)))
    return Query(_matching(select(func.count(), overdue, due_soon), shape))


@lru_cache(STATEMENTS_KEPT)
def _page(shape: Shape, order: tuple[tuple[str, bool], ...]) -> Query:
    query = _matching(select(*task_rows.columns), shape).order_by(*_order(order))
    return Query(query.limit(bindparam("limit")).offset(bindparam("offset")))


@lru_cache(STATEMENTS_KEPT)
def _numbers(shape: Shape, order: tuple[tuple[str, bool], ...]) -> Query:
    return Query(_matching(select(_T.seq), shape).order_by(*_order(order)))


def _order(keys: tuple[tuple[str, bool], ...]) -> list[ColumnElement[Any]]:
    columns: list[ColumnElement[Any]] = []
    for field, descending in keys:
        value, is_null = SORTABLE[field]
        if is_null is not None:
            columns.append(is_null)
        columns.append(value.desc() if descending else value.asc())
    columns.append(_T.seq.desc() if keys[-1][1] else _T.seq.asc())
    return columns


def _matching(query: Select[*tuple[Any, ...]], shape: Shape) -> Select[*tuple[Any, ...]]:
    with_process = tasks.outerjoin(processes, and_(_P.org == bindparam("org"), _P.seq == _T.process))
    conditions = [_T.org == bindparam("org"), _in_words(shape)]
    if shape.limited_to_light is not None:
        conditions.append(task_is_seen(light=shape.limited_to_light))
    if shape.of_process:
        conditions.append(_T.process == bindparam("process"))
    conditions += [_assigned_to(name) for name in shape.assigned]
    if shape.has_roles:
        conditions.append(or_(*[_T.roles.like(bindparam(f"role{n}"), escape="\\") for n in range(shape.has_roles)]))
    if shape.unassigned:
        conditions.append(_T.owners == _NOBODY)
    conditions += _within(_T.deadline, "due", shape.due) + _within(_T.created_at, "created", shape.created)
    if shape.text is not None:
        conditions.append(_contains_text(in_titles=shape.text == "titles"))
    if shape.has_tag:
        conditions.append(_tagged())
    if shape.has_folders:
        conditions.append(_filed())
    if shape.is_oneoff is not None:
        conditions.append(_T.is_oneoff == constant(int(shape.is_oneoff)))
    return query.select_from(with_process).where(*conditions)


def _within(column: ColumnElement[Any], name: str, bounds: tuple[bool, bool]) -> list[Condition]:
    found: list[Condition] = [column >= bindparam(f"{name}_from")] if bounds[0] else []
    return [*found, column < bindparam(f"{name}_to")] if bounds[1] else found


def _assigned_to(name: str) -> Condition:
    access = task_access.alias()
    return _T.seq.in_(select(access.c.seq).where(access.c.org == bindparam("org"), is_in(access.c.principal, name)))


def _contains_text(*, in_titles: bool) -> Condition:
    in_name = _P.folded_name.like(bindparam("pattern"), escape="\\")
    return or_(in_name, _T.folded_title.like(bindparam("pattern"), escape="\\")) if in_titles else in_name


def _tagged() -> Condition:
    """The task or its process carries the tag."""
    link, tag = tag_links.alias(), tags.alias()
    return (
        select(constant(1))
        .select_from(link.join(tag, and_(tag.c.org == link.c.org, tag.c.id == link.c.tag_id)))
        .where(
            link.c.org == bindparam("org"),
            or_(link.c.task == _T.seq, link.c.process == _T.process),
            or_(tag.c.id == bindparam("tag"), tag.c.folded_title == bindparam("tag")),
        )
        .correlate(tasks)
        .exists()
    )


def _filed() -> Condition:
    """The task or its process lies in one of the folders."""
    link = folder_links.alias()
    return (
        select(constant(1))
        .where(
            link.c.org == bindparam("org"),
            is_in(link.c.folder_id, "folders"),
            or_(link.c.task == _T.seq, link.c.process == _T.process),
        )
        .correlate(tasks)
        .exists()
    )


def _is_archived() -> Condition:
    return or_(_T.archived_at.is_not(None), and_(_P.state.is_not(None), _P.state == constant(State.ARCHIVED)))


def _is_live() -> Condition:
    return and_(_T.archived_at.is_(None), or_(_P.state.is_(None), _P.state != constant(State.ARCHIVED)))


def _in_words(shape: Shape) -> Condition:
    bases = {"without": _is_live(), "only": _is_archived()}
    base = bases.get(shape.archived, true())
    if not shape.words:
        return and_(base, _shown(shape))
    return or_(*[_word(word, base, shape) for word in shape.words])


def _shown(shape: Shape) -> Condition:
    return true() if shape.hidden == "always" else _T.status != "auto-skipped"


def _word(word: Word, base: Condition, shape: Shape) -> Condition:
    """The tasks of one status word. Spec: api-tasks 5.1."""
    if word == "archived":
        return and_(_is_archived(), _shown(shape))
    if word == "auto-skipped":
        return and_(base, _T.status == "auto-skipped") if shape.hidden != "never" else false()
    meanings: dict[Word, Condition] = {
        "active": _T.status != "completed",
        "active-visible": _is_open,
        "not-started": _T.status == "not-started",
        "in-progress": _T.status == "in-progress",
        "complete": _T.status == "completed",
        "overdue": _overdue(),
        "due-soon": _due_soon(),
        "on-time": and_(_is_open, _is_live(), _due >= bindparam("now")),
        "stalled": and_(_overdue(), func.coalesce(_P.updated_at, _T.updated_at) < bindparam("quiet_since")),
        "has-problem": _T.open_problems > constant(0),
        "has-improvement": _T.improvements > constant(0),
    }
    return and_(base, _shown(shape), meanings[word])


def _overdue() -> Condition:
    return and_(_is_open, _is_live(), _due < bindparam("now"))


def _due_soon() -> Condition:
    return and_(_is_open, _is_live(), _due >= bindparam("now"), _due <= bindparam("soon"))
