"""Conditions on a process, as EXISTS on the side tables: a row never repeats.

A `Shape` says which conditions there are; the values are bound under fixed names: `k0`, `k1` ... (one key of a
facet), `keys0` ... (several), those of `listing.values`, `principals`, `text`, `match`, `number`, `me`, `now`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
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
    union_all,
)
from sqlalchemy.sql.selectable import SelectBase

from procession.domain.listing import OPEN_STATES, Facet
from procession.domain.processes import State
from procession.domain.summary import INDEXED_NAME_LENGTH
from procession.storage.dialect import apart, constant, is_in
from procession.storage.listing.values import ValuedShape, answered, is_other
from procession.storage.search import SEQ_BITS
from procession.storage.tables.lists import process_access, process_facets, task_access
from procession.storage.tables.processes import process_stars, processes, tasks

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
    valued: tuple[ValuedShape, ...] = ()
    # The templates that the fields of `valued` are of: whoever has the answer is of one of them.
    implied: KeyedShape | None = None

    @property
    def states(self) -> tuple[State, ...]:
        return tuple(sorted({state for part in self.parts for state in part.states}))


Given = tuple[KeyedShape | ValuedShape, ...]
"""What need not be asked, because a statement starts from it."""


def holds(keyed: KeyedShape, seq: ColumnElement[int], state: State, *, probe: bool) -> Condition:
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
    found = select(constant(1)).where(*same)
    return exists(apart(found) if probe else found)


def seen(seq: ColumnElement[int], state: State, *, probe: bool) -> Condition:
    """One of the caller's principals may see the process."""
    access = process_access.alias()
    found = select(constant(1)).where(
        access.c.org == bindparam("org"),
        is_in(access.c.principal, "principals"),
        access.c.state == constant(state),
        access.c.seq == seq,
    )
    return exists(apart(found) if probe else found)


def unstarred(seq: ColumnElement[int]) -> Condition:
    star = process_stars.alias()
    return ~exists(
        select(constant(1)).where(
            star.c.org == bindparam("org"), star.c.process == seq, star.c.account == bindparam("unstarred_by")
        )
    )


def delayed(next_deadline: ColumnElement[int] = P.next_deadline) -> Condition:
    return and_(next_deadline.is_not(None), next_deadline < bindparam("now"))


def _delayed_in_order() -> Condition:
    """The same where processes are read in an order until the page is full. No index of deadlines serves a sum: else
    SQLite would sort all that are late.
    """
    return P.next_deadline + constant(0) < bindparam("now")


def _is_late_for_caller(seq: ColumnElement[int]) -> Condition:
    """Of a late process: not only by secret tasks of others. Spec: api-processes 6.1."""
    task, access = tasks.alias().c, task_access.alias().c
    mine = select(constant(1)).where(
        access.org == bindparam("org"),
        is_in(access.principal, "principals"),
        access.state.in_([constant(each) for each in OPEN_STATES]),
        access.deadline == task.deadline,
        access.seq == task.seq,
    )
    late = select(constant(1)).where(
        task.org == bindparam("org"),
        task.process == seq,
        task.deadline < bindparam("now"),
        task.is_held == constant(0),
        task.archived_at.is_(None),
        task.status != "completed",
        task.status != "auto-skipped",
        or_(task.top_secret == constant(0), exists(apart(mine))),
    )
    return or_(P.tasks_secret == constant(0), exists(apart(late)))


_search = table("process_search", column("rowid"))


def named(shape: Shape, seq: ColumnElement[int]) -> Condition:
    """The name contains the text, or the number is the process's own."""
    if shape.search == "fts5":
        return seq.in_(found_by_name(shape))
    if shape.search == "trigram":
        alike = P.folded_name.like(bindparam("pattern"), escape="\\")
    else:
        alike = or_(P.sort_name.like(bindparam("pattern"), escape="\\"), seq.in_(_long_named()))
    return or_(alike, seq == bindparam("number")) if shape.number else alike


def found_by_name(shape: Shape) -> SelectBase:
    """The numbers that `named` holds for, read from indexes alone."""
    if shape.search == "fts5":
        inside: ColumnElement[int] = literal_column("rowid")
        found = [
            select((inside - bindparam("first_rowid")).label("seq"))
            .select_from(_search)
            .where(
                literal_column("process_search").op("MATCH")(bindparam("match")),
                inside.between(bindparam("first_rowid"), bindparam("last_rowid")),
            )
        ]
    else:
        short = processes.alias().c
        alike = short.sort_name.like(bindparam("pattern"), escape="\\")
        found = [select(short.seq).where(short.org == bindparam("org"), alike), _long_named()]
    if shape.number:
        found.append(select(bindparam("number", type_=BigInteger).label("seq")))
    return union_all(*found) if len(found) > 1 else found[0]


def _long_named() -> Select[int]:
    """Names that go on beyond the sort key are looked at in full; the partial index knows which they are."""
    long = processes.alias().c
    return select(long.seq).where(
        long.org == bindparam("org"),
        func.length(long.sort_name) == constant(INDEXED_NAME_LENGTH),
        long.folded_name.like(bindparam("pattern"), escape="\\"),
    )


def part_condition(shape: Shape, seq: ColumnElement[int], state: State, *, probe: bool) -> Condition | None:
    """What the status filter asks of processes in this state; None when it asks nothing."""
    conditions: list[Condition] = []
    for part in shape.parts:
        if state not in part.states:
            continue
        if part.keyed is None and not part.delayed:
            return None
        asked = [] if part.keyed is None else [holds(part.keyed, seq, state, probe=probe)]
        if part.delayed:
            asked.append(_delayed_in_order() if probe else delayed())
            asked += [_is_late_for_caller(seq)] if shape.limited_sight else []
        conditions.append(and_(*asked))
    return or_(*conditions) if conditions else false()


def all_conditions(
    shape: Shape, seq: ColumnElement[int], state: State, *, but: Given = (), sight: bool = True
) -> list[Condition]:
    """Every condition of the shape on a process in `state`, except what drives the statement: looked up for each row of
    an ordered range, which is read only until the page is full.
    """
    return [
        *_in_state(shape, seq, state, but=but, sight=sight, probe=True),
        *_in_any_state(shape, seq, but=but, probe=True),
    ]


def conditions_in(
    shape: Shape,
    state: ColumnElement[int],
    seq: ColumnElement[int],
    *,
    but: Given = (),
    sight: bool = True,
    name: bool = True,
) -> list[Condition]:
    """The same for rows that are all read, whose `state` is a column: one of the shape's, with what is asked of it."""
    asked = {each: _in_state(shape, seq, each, but=but, sight=sight, probe=False) for each in shape.states}
    if any(asked.values()):
        one_of = or_(*[and_(state == constant(each), *conditions) for each, conditions in asked.items()])
    else:
        one_of = in_states(state, shape.states)
    return [one_of, *_in_any_state(shape, seq, but=but, probe=False, name=name)]


def _in_state(
    shape: Shape, seq: ColumnElement[int], state: State, *, but: Given, sight: bool, probe: bool
) -> list[Condition]:
    """What the side tables, whose keys contain the state, are asked for."""
    found: list[Condition] = [holds(keyed, seq, state, probe=probe) for keyed in shape.keyed if keyed not in but]
    part = part_condition(shape, seq, state, probe=probe)
    if part is not None:
        found.append(part)
    if sight and shape.limited_sight:
        found.append(seen(seq, state, probe=probe))
    return found


def _in_any_state(
    shape: Shape, seq: ColumnElement[int], *, but: Given, probe: bool, name: bool = True
) -> list[Condition]:
    found: list[Condition] = []
    for valued in shape.valued:
        found += is_other(valued, seq) if valued in but else [answered(valued, seq, probe=probe)]
    if shape.unstarred:
        found.append(unstarred(seq))
    if name and shape.search is not None:
        found.append(named(shape, seq))
    return found


def needs_row(shape: Shape) -> bool:
    """Whether a condition looks at the process's own columns."""
    return shape.search in ("trigram", "scan") or any(part.delayed for part in shape.parts)


def search_bounds(org: int) -> dict[str, int]:
    """The range of SQLite's search index that belongs to an organization."""
    first = org << SEQ_BITS
    return {"first_rowid": first, "last_rowid": first + (1 << SEQ_BITS) - 1}


def in_states(column: ColumnElement[int], states: Sequence[State]) -> Condition:
    if len(states) == 1:
        return column == constant(states[0])
    return column.in_([constant(state) for state in states]) if states else false()
