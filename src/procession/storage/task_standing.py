"""How the tasks of principals stand: how many there are, and how many are due before an instant.

Counters tell it: whole days from theirs, of everybody's open tasks whole hours from theirs, and what is left of a day
or hour is counted. A task may be assigned to a member and to a group they are in; such tasks are listed a second time
(`domain.listing.SHARED`), so that what was counted twice is taken off. The tasks of several people are counted.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, bindparam, case, cast, func, select

from procession.domain.listing import ANY, LENGTHS, SHARED, TaskState, Unit, due_units
from procession.domain.task_filters import KeyRange, Ranks, instants_of
from procession.storage.dialect import constant, is_in
from procession.storage.query import Query
from procession.storage.tables.lists import task_access, task_counters, task_due_counters
from procession.storage.tx import ReadTx

STATEMENTS_KEPT = 500

_A, _C, _D = task_access.c, task_counters.c, task_due_counters.c


_Instants = Mapping[TaskState, tuple[int, ...]]


class _Asked(NamedTuple):
    """The shape of a statement: for each state the places of its instants among all that are bound."""

    is_everybody: bool
    states: tuple[tuple[TaskState, tuple[int, ...]], ...]


async def ranks_of(tx: ReadTx, principals: Sequence[str], ranges: Sequence[KeyRange]) -> Ranks:
    """What tells how the tasks of any of these principals stand in these ranges; at most three statements."""
    wanted = instants_of(ranges, tx.now)
    instants = sorted({each for found in wanted.values() for each in found})
    asked = _Asked(
        is_everybody=list(principals) == [ANY],
        states=tuple((state, tuple(map(instants.index, found))) for state, found in sorted(wanted.items())),
    )
    values: dict[str, Any] = {"principals": list(principals), "states": [int(state) for state, _ in asked.states]}
    for place, instant in enumerate(instants):
        values[f"instant{place}"] = instant
        for unit, length in LENGTHS.items():
            values |= {
                f"{unit.name}{place}": instant // length,
                f"{unit.name}_start{place}": instant // length * length,
            }
        values[f"first_hour{place}"] = instant // LENGTHS[Unit.DAY] * LENGTHS[Unit.DAY] // LENGTHS[Unit.HOUR]
    if sum(not each.startswith("g:") for each in principals) > 1:
        return _ranks(wanted, await tx.tuples(_count(asked, twice=False), **values))
    names = [*principals, *(SHARED + each for each in principals)]
    reads = [(_counters, {**values, "names": names})]
    if instants:
        reads.append((_due_before(asked), values))
    counters, *due = await tx.at_once(*reads)
    shared = any(n for principal, _, n in counters if principal.startswith(SHARED))
    found = {state: dict.fromkeys((None, *before), 0) for state, before in wanted.items()}
    for principal, state, n in counters:
        if not principal.startswith(SHARED) and state in found:
            found[TaskState(state)][None] += n
    for [row] in due:
        _add_up(found, wanted, iter(row))
    if shared and len(principals) > 1:
        values["principals"] = names[len(principals) :]
        twice = _ranks(wanted, await tx.tuples(_count(asked, twice=True), **values))
        return {state: {at: n - twice[state][at] for at, n in before.items()} for state, before in found.items()}
    return found


def _add_up(found: dict[TaskState, dict[int | None, int]], wanted: _Instants, row: Iterator[int]) -> None:
    """Enter the ranks that a row of `_due_before` tells."""
    for state, instants in sorted(wanted.items()):
        days = 0
        for instant in instants:
            days += next(row)
            found[state][instant] = days + next(row)


def _ranks(wanted: _Instants, rows: Sequence[tuple[Any, ...]]) -> Ranks:
    """From rows of a state, of how many there are, and of how many are due before each of its instants."""
    counted = {row[0]: row[1:] for row in rows}
    every = sorted({each for found in wanted.values() for each in found})
    none = (0,) * (len(every) + 1)
    return {state: dict(zip((None, *every), counted.get(int(state), none), strict=True)) for state in wanted}


_counters = Query(
    select(_C.principal, _C.state, _C.n).where(
        _C.org == bindparam("org"), is_in(_C.principal, "names"), is_in(_C.state, "states")
    )
)


@lru_cache(STATEMENTS_KEPT)
def _due_before(asked: _Asked) -> Query:
    """One row: for each state and each of its instants, how many are due on the days before it (since that of the
    instant before), and how many earlier on its own day.
    """
    parts: list[ColumnElement[int]] = []
    for state, places in asked.states:
        for n, place in enumerate(places):
            parts += [_on_days(state, places[n - 1] if n else None, place), _on_its_day(asked, state, place)]
    return Query(select(*[part.label(f"part{n}") for n, part in enumerate(parts)]))


def _counted(state: TaskState, unit: Unit, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return (
        select(func.coalesce(func.sum(_D.n), constant(0)))
        .where(
            _D.org == bindparam("org"),
            is_in(_D.principal, "principals"),
            _D.state == constant(state),
            _D.unit == constant(unit),
            *conditions,
        )
        .scalar_subquery()
    )


def _on_days(state: TaskState, since: int | None, place: int) -> ColumnElement[int]:
    earlier = [] if since is None else [_D.stretch >= bindparam(f"DAY{since}")]
    return _counted(state, Unit.DAY, *earlier, _D.stretch < bindparam(f"DAY{place}"))


def _on_its_day(asked: _Asked, state: TaskState, place: int) -> ColumnElement[int]:
    by_hour = asked.is_everybody and Unit.HOUR in due_units(ANY, state)
    start = f"HOUR_start{place}" if by_hour else f"DAY_start{place}"
    rest = (
        select(func.count())
        .where(
            _A.org == bindparam("org"),
            is_in(_A.principal, "principals"),
            _A.state == constant(state),
            _A.deadline >= bindparam(start),
            _A.deadline < bindparam(f"instant{place}"),
        )
        .scalar_subquery()
    )
    if not by_hour:
        return rest
    first, last = _D.stretch >= bindparam(f"first_hour{place}"), _D.stretch < bindparam(f"HOUR{place}")
    return rest + _counted(state, Unit.HOUR, first, last)


@lru_cache(STATEMENTS_KEPT)
def _count(asked: _Asked, *, twice: bool) -> Query:
    """By state: how many tasks there are and how many are due before each instant; or with `twice`, how many too many
    there are of their rows.
    """
    listed = (
        select(_A.state, _A.deadline, _A.seq, (func.count() - constant(1)).label("again"))
        .where(_A.org == bindparam("org"), is_in(_A.principal, "principals"), is_in(_A.state, "states"))
        .group_by(_A.state, _A.deadline, _A.seq)
        .subquery("listed")
        .c
    )
    each = listed.again if twice else constant(1)
    places = sorted({place for _, found in asked.states for place in found})
    early = [case((listed.deadline < bindparam(f"instant{place}"), each), else_=constant(0)) for place in places]
    sums = [cast(func.sum(counted), BigInteger) for counted in (each, *early)]
    return Query(select(listed.state, *sums).group_by(listed.state))
