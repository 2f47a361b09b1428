"""Which processes are late the clock decides, so no key can list them: counters and indexes of deadlines do."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, exists, func, select, union_all

from procession.domain.listing import DAY_MS, HOUR_MS, STRETCH, Facet
from procession.domain.processes import State
from procession.storage.connection import Read, Row
from procession.storage.dialect import apart, constant
from procession.storage.listing.conditions import P, delayed
from procession.storage.query import Query
from procession.storage.tables.lists import facet_counters
from procession.storage.tables.processes import processes
from procession.storage.tx import ReadTx

_counted = select(facet_counters.c.facet, facet_counters.c.key, facet_counters.c.n).where(
    facet_counters.c.org == bindparam("org")
)
_counters = Query(
    union_all(
        _counted.where(facet_counters.c.facet == constant(Facet.LATE_DAY)),
        _counted.where(
            facet_counters.c.facet == constant(Facet.LATE_HOUR),
            facet_counters.c.key >= bindparam("first_hour"),
            facet_counters.c.key < bindparam("hour"),
        ),
    )
)
_open_with_deadline = (P.org == bindparam("org"), P.state == constant(State.OPEN), P.next_deadline.is_not(None))
_since_then = (*_open_with_deadline, P.next_deadline >= bindparam("since"), P.next_deadline < bindparam("now"))
_since = Query(select(func.count()).select_from(processes).where(*_since_then))
late_this_hour = Query(select(P.seq).where(*_since_then))
_next = Query(
    select(P.next_deadline)
    .where(*_open_with_deadline, P.next_deadline >= bindparam("now"))
    .order_by(P.next_deadline)
    .limit(constant(1))
)


def late_reads(now: int) -> tuple[Read, Read]:
    """What `late_total` counts: whole days, the whole hours of today, and what became late in the present hour."""
    hours = {"first_hour": str(now // DAY_MS * DAY_MS // HOUR_MS), "hour": str(now // HOUR_MS)}
    return (_counters, hours), (_since, {"since": now // HOUR_MS * HOUR_MS, "now": now})


def late_total(counters: Iterable[Row], this_hour: Iterable[Row], now: int) -> int:
    """Open processes with an overdue task."""
    today, first_hour, hour = now // DAY_MS, now // DAY_MS * DAY_MS // HOUR_MS, now // HOUR_MS
    earlier = sum(
        n
        for facet, key, n in counters
        if (int(key) < today if facet == Facet.LATE_DAY else first_hour <= int(key) < hour)
    )
    return earlier + sum(n for (n,) in this_hour)


async def next_becoming_late(tx: ReadTx) -> int | None:
    """The earliest deadline from now on: the next instant at which the clock makes a process late."""
    return await tx.value(_next, now=tx.now)


def late_by_stretches(
    beyond: Callable[[Select[Any], ColumnElement[int]], Select[Any]],
    begin: ColumnElement[int] | None,
    down: bool,
    wanted: int,
) -> Select[Any]:
    """The late ones in stretches of numbers, from `begin` (None: the list's end) on until as many of them have one as
    rows are wanted.

    An index finds the late ones of a stretch, so that what is between them costs nothing. `beyond` adds what keeps rows
    on the far side of a cursor.
    """

    def late_in(are_there: Callable[[ColumnElement[int]], ColumnElement[bool]]) -> Select[Any]:
        process = processes.alias()
        found = select(process.c.seq).where(
            process.c.org == bindparam("org"),
            process.c.state == constant(State.OPEN),
            are_there(_stretch(process.c.seq)),
            delayed(process.c.next_deadline),
        )
        return beyond(found, process.c.seq)

    def has_one(number: ColumnElement[int]) -> ColumnElement[int]:
        return case((exists(late_in(lambda stretch: stretch == number)), constant(1)), else_=constant(0))

    outermost = _edge(func.max if down else func.min) if begin is None else _stretch(begin)
    first = select(outermost.label("number")).subquery("first")
    stretches = select(first.c.number, has_one(first.c.number).label("found")).cte("stretches", recursive=True)
    number = stretches.c.number - constant(1) if down else stretches.c.number + constant(1)
    is_within = number >= _edge(func.min) if down else number <= _edge(func.max)
    stretches = stretches.union_all(
        select(number, stretches.c.found + has_one(number)).where(stretches.c.found < constant(wanted), is_within)
    )
    # Else SQLite would read all processes in order, and look for each one's stretch.
    late = apart(late_in(lambda stretch: stretch.in_(select(stretches.c.number)))).subquery("late")
    return select(late.c.seq)


def _stretch(seq: ColumnElement[int]) -> ColumnElement[int]:
    return seq // constant(STRETCH)


def _edge(outermost: Any) -> ColumnElement[int]:
    every = processes.alias()
    last = select(_stretch(outermost(every.c.seq))).where(
        every.c.org == bindparam("org"), every.c.state == constant(State.OPEN)
    )
    return last.scalar_subquery()
