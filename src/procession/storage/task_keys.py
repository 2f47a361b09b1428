"""Pages of tasks by their keys alone: ranges of `task_access`, which is in order of deadline."""

from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, select, union

from procession.domain.listing import NO_DEADLINE, TaskState
from procession.domain.processes import Task
from procession.domain.task_filters import KeyRange
from procession.storage.dialect import constant, is_in
from procession.storage.processes import task_rows
from procession.storage.query import Query
from procession.storage.tables.lists import task_access
from procession.storage.tables.processes import tasks
from procession.storage.tx import ReadTx

Condition = ColumnElement[bool]

STATEMENTS_KEPT = 2000
# Up to this many principals each have a range of their own that is read in order.
MAX_RANGES = 8

_T, _A = tasks.c, task_access.c


class KeyShape(NamedTuple):
    """Ranges of `task_access`: how many principals (0: any number, as one list), and per range state and bounds."""

    slots: int
    ranges: tuple[tuple[TaskState, bool, bool], ...]


async def page_by_keys(
    tx: ReadTx,
    principals: tuple[str, ...],
    ranges: tuple[KeyRange, ...],
    *,
    descending: bool,
    limit: int,
    offset: int,
) -> list[Task]:
    """One page of the tasks of any of these principals in these ranges, by deadline; one statement."""
    slots = 1 << (len(principals) - 1).bit_length()
    shape = KeyShape(
        slots if slots <= MAX_RANGES else 0,
        tuple((each.state, each.start is not None, each.end is not None) for each in ranges),
    )
    values: dict[str, Any] = {"principals": list(principals)}
    values |= {f"principal{n}": principals[n % len(principals)] for n in range(slots)}
    for n, each in enumerate(ranges):
        values |= {f"start{n}": each.start, f"end{n}": each.end}
    reach = 1 << (limit + offset).bit_length() if offset else limit
    query = _keys_page(shape, descending=descending, reach=reach, size=limit)
    return [task_rows.read(row) for row in await tx.tuples(query, **values, offset=offset)]


def _in_range(n: int, state: TaskState, *, has_start: bool, has_end: bool) -> Condition:
    bounds: list[Condition] = [_A.state == constant(state)]
    if has_start:
        bounds.append(_A.deadline >= bindparam(f"start{n}"))
    if has_end:
        bounds.append(_A.deadline < bindparam(f"end{n}"))
    return and_(*bounds)


@lru_cache(STATEMENTS_KEPT)
def _keys_page(shape: KeyShape, *, descending: bool, reach: int, size: int) -> Query:
    """Each range of each principal in key order, cut early, merged without repeats; then the few rows are joined."""
    parts: list[Select[Any, Any]] = []
    for slot in range(shape.slots or 1):
        principal = _A.principal == bindparam(f"principal{slot}") if shape.slots else is_in(_A.principal, "principals")
        for n, (state, has_start, has_end) in enumerate(shape.ranges):
            inside = _in_range(n, state, has_start=has_start, has_end=has_end)
            # Downwards, tasks without a deadline still come last: they are a range of their own.
            for undated in (False, True) if descending and not has_end else (None,):
                part = select(_A.deadline, _A.seq).where(_A.org == bindparam("org"), principal, inside)
                if undated is not None:
                    last = constant(NO_DEADLINE)
                    part = part.where(_A.deadline == last if undated else _A.deadline < last)
                parts.append(part.order_by(*_key_order(_A, descending=descending)).limit(constant(reach)))
    merged = union(*[select(*part.subquery().c) for part in parts]).subquery("merged")
    wanted = (
        select(merged.c.deadline, merged.c.seq)
        .order_by(merged.c.deadline == constant(NO_DEADLINE), *_key_order(merged.c, descending=descending))
        # Written into the statement: else SQLite expects many and goes through all tasks for them.
        .limit(constant(size))
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
