"""Lists of tasks with exact totals. Spec: api-tasks 7.

What asks for nothing but assignees, states and deadlines is counted by counters (`task_standing`) and, in order of
deadline, read from keys (`task_keys`); everything else comes from the tasks themselves (`task_conditions`).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import ScalarSelect, Text, bindparam, case, func, select

from procession.domain.listing import ANY, NO_DEADLINE, OPEN_STATES
from procession.domain.processes import Task
from procession.domain.summary import DUE_SOON_MS
from procession.domain.task_filters import (
    BY_DEADLINE,
    KeyRange,
    Standing,
    TaskFilter,
    TaskOrder,
    key_ranges,
    only_principals,
    standing_of,
    within,
)
from procession.storage.access import Sight
from procession.storage.dialect import ListRows, constant, is_in
from procession.storage.processes import place_of_task, task_rows
from procession.storage.query import Query
from procession.storage.sight import process_is_seen
from procession.storage.tables.lists import task_access
from procession.storage.tables.processes import processes, tasks
from procession.storage.task_conditions import Shape, bound, is_due_soon, is_overdue, matching, order_by
from procession.storage.task_keys import page_by_keys
from procession.storage.task_standing import ranks_of
from procession.storage.tx import ReadTx

STATEMENTS_KEPT = 2000

_T, _P, _A = tasks.c, processes.c, task_access.c


class TaskPage(msgspec.Struct, frozen=True):
    """Tasks in list order, and how many there are on all pages and how these stand with the clock."""

    tasks: list[Task]
    standing: Standing


async def list_page(
    tx: ReadTx, where: TaskFilter, order: TaskOrder, sight: Sight, *, limit: int, offset: int
) -> TaskPage:
    """One page of the tasks that match and that the caller may see."""
    keyed = _keyed(tx, where, sight)
    shape, values = bound(tx, where, sight)
    if keyed is None:
        [counted] = await tx.tuples(_summary(shape), **values)
        standing = Standing(*(each or 0 for each in counted))
    else:
        standing = standing_of(keyed[1], await ranks_of(tx, *keyed), tx.now)
    if not standing.total:
        return TaskPage([], standing)
    if keyed is not None and order.keys in (BY_DEADLINE.keys, (("deadline", True),)):
        found = await page_by_keys(tx, *keyed, descending=order.keys[0][1], limit=limit, offset=offset)
    else:
        rows = await tx.tuples(_page(shape, order.keys), **values, limit=limit, offset=offset)
        found = [task_rows.read(row) for row in rows]
    return TaskPage(found, standing)


def _keyed(tx: ReadTx, where: TaskFilter, sight: Sight) -> tuple[tuple[str, ...], tuple[KeyRange, ...]] | None:
    """Principals and ranges when the keys alone answer."""
    principals, ranges = only_principals(where), key_ranges(where.words, tx.now)
    if principals is None or ranges is None or not sight.is_unlimited:
        return None
    return principals or (ANY,), within(ranges, where.due)


@lru_cache(STATEMENTS_KEPT)
def _summary(shape: Shape) -> Query:
    """How many there are, are overdue, are due soon."""
    overdue = func.sum(case((is_overdue(), constant(1)), else_=constant(0)))
    due_soon = func.sum(case((is_due_soon(), constant(1)), else_=constant(0)))
    return Query(matching(select(func.count(), overdue, due_soon), shape))


@lru_cache(STATEMENTS_KEPT)
def _page(shape: Shape, order: tuple[tuple[str, bool], ...]) -> Query:
    query = matching(select(*task_rows.columns), shape).order_by(*order_by(order))
    return Query(query.limit(bindparam("limit")).offset(bindparam("offset")))


@lru_cache(STATEMENTS_KEPT)
def _numbers(shape: Shape, order: tuple[tuple[str, bool], ...]) -> Query:
    return Query(matching(select(_T.seq), shape).order_by(*order_by(order)))


async def ordered(tx: ReadTx, where: TaskFilter, order: TaskOrder, sight: Sight) -> list[int]:
    """The numbers of all tasks that match, in order; one statement."""
    shape, values = bound(tx, where, sight)
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


def _next_due(instant: str) -> list[ScalarSelect[Any]]:
    """For each open state the earliest deadline from this instant on: one step into the index for each principal."""
    listed = ListRows("principals", Text()).table_valued("value", name="listed")
    firsts = [
        select(_A.deadline)
        .where(
            _A.org == bindparam("org"),
            _A.principal == listed.c.value,
            _A.state == constant(state),
            _A.deadline >= bindparam(instant),
        )
        .order_by(_A.deadline)
        .limit(constant(1))
        .scalar_subquery()
        for state in OPEN_STATES
    ]
    return [select(func.min(each)).select_from(listed).scalar_subquery() for each in firsts]


_clock = Query(select(*_next_due("now"), *_next_due("after_soon")))


async def clock_changes(tx: ReadTx, where: TaskFilter) -> list[int]:
    """The next instants at which the clock makes a task overdue or due soon, among all that might match."""
    principals = list(where.assignees or (ANY,))
    [found] = await tx.tuples(_clock, principals=principals, now=tx.now, after_soon=tx.now + DUE_SOON_MS + 1)
    half = len(OPEN_STATES)
    due = [each + 1 for each in found[:half] if each is not None and each < NO_DEADLINE]
    return due + [each - DUE_SOON_MS for each in found[half:] if each is not None and each < NO_DEADLINE]


_visible_process = Query(select(_P.seq).where(_P.org == bindparam("org"), _P.id == bindparam("id")))
_seen_process = Query(
    select(_P.seq).where(_P.org == bindparam("org"), _P.id == bindparam("id"), process_is_seen(_P.seq, _P.state))
)


async def number_of_process(tx: ReadTx, process_id: str, sight: Sight) -> int | None:
    """The number of a process that the caller may see."""
    if sight.principals is None:
        return await tx.value(_visible_process, id=process_id)
    return await tx.value(_seen_process, id=process_id, principals=list(sight.principals))
