"""Exact totals: a lookup for up to one facet, else a count on the narrowest key."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from procession.domain.filters import SINGLE_VALUED, Keyed, ProcessFilter
from procession.domain.listing import DAY_MS, Facet
from procession.domain.processes import State
from procession.storage.dialect import is_in
from procession.storage.listing.statements import late_since, next_late
from procession.storage.query import Query
from procession.storage.tables.lists import facet_counters
from procession.storage.tx import ReadTx

Counts = Mapping[tuple[int, str], Mapping[int, int]]

_counters = Query(
    select(facet_counters.c.facet, facet_counters.c.key, facet_counters.c.state, facet_counters.c.n).where(
        facet_counters.c.org == bindparam("org"),
        is_in(facet_counters.c.facet, "facets"),
        is_in(facet_counters.c.key, "keys"),
    )
)
_late_days = Query(
    select(facet_counters.c.key, facet_counters.c.n).where(
        facet_counters.c.org == bindparam("org"), facet_counters.c.facet == bindparam("facet")
    )
)


async def counters(tx: ReadTx, wanted: Sequence[Keyed]) -> dict[tuple[int, str], dict[int, int]]:
    """n by state for each (facet, key) asked about, and always for the whole organization; one statement."""
    pairs = {(int(Facet.ALL), "")} | {(int(each.facet), key) for each in wanted for key in each.keys}
    facets, keys = sorted({pair[0] for pair in pairs}), sorted({pair[1] for pair in pairs})
    found: dict[tuple[int, str], dict[int, int]] = {pair: {} for pair in pairs}
    for facet, key, state, n in await tx.tuples(_counters, facets=facets, keys=keys):
        if (facet, key) in found:
            found[facet, key][state] = n
    return found


def size_of(keyed: Keyed, states: Sequence[State], counts: Counts) -> int:
    """Rows under the keys; more than the processes when one is under several of them."""
    return sum(counts[int(keyed.facet), key].get(int(state), 0) for key in keyed.keys for state in states)


def is_exact(keyed: Keyed) -> bool:
    """Whether `size_of` counts each process once."""
    return len(keyed.keys) == 1 or keyed.facet in SINGLE_VALUED


def lookup(where: ProcessFilter, counts: Counts) -> int | None:
    """The total of an unlimited caller from the counters alone; None when they do not tell."""
    if where.text is not None or where.number is not None:
        return None
    if any(part.delayed for part in where.parts):
        return None
    conditions = [*where.keyed]
    if len(where.parts) == 1 and where.parts[0].keyed is not None:
        conditions.append(where.parts[0].keyed)
    elif any(part.keyed is not None for part in where.parts):
        return None
    if not conditions:
        everything = size_of(Keyed(Facet.ALL, ("",)), where.states, counts)
        if where.unstarred_by is None:
            return everything
        return everything - size_of(Keyed(Facet.STAR, (str(where.unstarred_by),)), where.states, counts)
    if where.unstarred_by is not None:
        return None
    if len(conditions) == 1 and is_exact(conditions[0]):
        return size_of(conditions[0], where.states, counts)
    return None


async def late_total(tx: ReadTx) -> int:
    """Open processes with an overdue task: whole days from the counters, today by its range. Two statements."""
    today = tx.now // DAY_MS
    days: list[tuple[Any, ...]] = await tx.tuples(_late_days, facet=int(Facet.LATE_DAY))
    earlier = sum(n for day, n in days if int(day) < today)
    return earlier + await tx.value(late_since, midnight=today * DAY_MS, now=tx.now)


async def next_becoming_late(tx: ReadTx) -> int | None:
    """The earliest deadline from now on: the next instant at which the clock makes a process late."""
    return await tx.value(next_late, now=tx.now)
