"""Conditions on a process, as EXISTS on the side tables: a row never repeats.

A `Shape` says which conditions there are; the values are bound under fixed names: `k0`, `k1` ... (one key of a
facet), `keys0` ... (several), `principals`, `text`, `match`, `number`, `me`, `now`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    column,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    table,
    true,
)

from procession.domain.listing import Facet
from procession.domain.processes import State
from procession.storage.dialect import constant, is_in
from procession.storage.search import SEQ_BITS
from procession.storage.tables.lists import process_access, process_facets
from procession.storage.tables.processes import process_stars, processes

P = processes.c
Condition = ColumnElement[bool]


class KeyedShape(NamedTuple):
    """A facet filter; `slot` names its bound values, `one` says whether it is a single key, `every` whether the
    process must be under all of them.
    """

    facet: Facet
    slot: int
    one: bool
    every: bool = False


class PartShape(NamedTuple):
    states: tuple[State, ...]
    keyed: KeyedShape | None
    delayed: bool


class Shape(NamedTuple):
    """The conditions of a list, without their values."""

    parts: tuple[PartShape, ...]
    keyed: tuple[KeyedShape, ...]
    limited_sight: bool
    text: bool
    number: bool
    unstarred: bool
    # How names are searched: by SQLite's index, by PostgreSQL's, or by scanning folded names (short texts).
    search: str | None

    @property
    def states(self) -> tuple[State, ...]:
        return tuple(sorted({state for part in self.parts for state in part.states}))


def holds(keyed: KeyedShape, seq: ColumnElement[int], state: State) -> Condition:
    """The process is listed under one of the facet's keys, or under every one."""
    facet = process_facets.alias()
    key = facet.c.key == bindparam(f"k{keyed.slot}") if keyed.one else is_in(facet.c.key, f"keys{keyed.slot}")
    same = (
        facet.c.org == bindparam("org"),
        facet.c.facet == constant(keyed.facet),
        key,
        facet.c.state == constant(state),
        facet.c.seq == seq,
    )
    if keyed.every:
        return select(func.count()).select_from(facet).where(*same).scalar_subquery() == bindparam(f"n{keyed.slot}")
    return exists(select(constant(1)).where(*same))


def seen(seq: ColumnElement[int], state: State) -> Condition:
    """One of the caller's principals may see the process."""
    access = process_access.alias()
    return exists(
        select(constant(1)).where(
            access.c.org == bindparam("org"),
            is_in(access.c.principal, "principals"),
            access.c.state == constant(state),
            access.c.seq == seq,
        )
    )


def unstarred(seq: ColumnElement[int]) -> Condition:
    star = process_stars.alias()
    return ~exists(
        select(constant(1)).where(
            star.c.org == bindparam("org"), star.c.process == seq, star.c.account == bindparam("unstarred_by")
        )
    )


def delayed() -> Condition:
    return and_(P.next_deadline.is_not(None), P.next_deadline < bindparam("now"))


_search = table("process_search", column("rowid"))


def named(shape: Shape) -> Condition:
    """The name contains the text, or the number is the process's own."""
    by_number = [P.seq == bindparam("number")] if shape.number else []
    if shape.search == "fts5":
        inside: ColumnElement[int] = literal_column("rowid")
        found = (
            select((inside - bindparam("first_rowid")).label("seq"))
            .select_from(_search)
            .where(
                literal_column("process_search").op("MATCH")(bindparam("match")),
                inside.between(bindparam("first_rowid"), bindparam("last_rowid")),
            )
        )
        return or_(P.seq.in_(found), *by_number)
    if shape.search == "trigram":
        return or_(P.folded_name.like(bindparam("pattern"), escape="\\"), *by_number)
    # Names beyond the index key are looked at in full; the partial index knows which they are.
    longer = and_(P.folded_name != P.sort_name, P.folded_name.like(bindparam("pattern"), escape="\\"))
    return or_(P.sort_name.like(bindparam("pattern"), escape="\\"), longer, *by_number)


def part_condition(shape: Shape, seq: ColumnElement[int], state: State) -> Condition | None:
    """What the status filter asks of processes in this state; None when it asks nothing."""
    conditions: list[Condition] = []
    for part in shape.parts:
        if state not in part.states:
            continue
        if part.keyed is None and not part.delayed:
            return None
        conditions.append(delayed() if part.delayed else holds(part.keyed, seq, state) if part.keyed else true())
    return or_(*conditions) if conditions else false()


def all_conditions(
    shape: Shape, seq: ColumnElement[int], state: State, *, but: KeyedShape | None = None, sight: bool = True
) -> list[Condition]:
    """Every condition of the shape on a process in `state`, except the facet that drives the statement."""
    found: list[Condition] = [holds(keyed, seq, state) for keyed in shape.keyed if keyed != but]
    part = part_condition(shape, seq, state)
    if part is not None:
        found.append(part)
    if sight and shape.limited_sight:
        found.append(seen(seq, state))
    if shape.unstarred:
        found.append(unstarred(seq))
    if shape.text or shape.number:
        found.append(named(shape))
    return found


def needs_row(shape: Shape) -> bool:
    """Whether a condition looks at the process's own columns."""
    return shape.text or shape.number or any(part.delayed for part in shape.parts)


def search_bounds(org: int) -> dict[str, int]:
    """The range of SQLite's search index that belongs to an organization."""
    first = org << SEQ_BITS
    return {"first_rowid": first, "last_rowid": first + (1 << SEQ_BITS) - 1}


def in_states(states: Sequence[State]) -> Condition:
    return or_(*[P.state == constant(state) for state in states]) if states else false()
