"""What the page statements are made of: their shapes, the columns that lists go by, cursors and cuts."""

from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, case, literal, tuple_

from procession.domain.filters import ANSWER
from procession.domain.processes import State
from procession.storage.dialect import constant
from procession.storage.listing.conditions import Given, KeyedShape, P, Shape
from procession.storage.listing.values import ValuedShape, value_of
from procession.storage.query import Query

_SORTABLE: dict[str, ColumnElement[Any]] = {
    "seq": P.seq,
    "name": P.sort_name,
    "started_at": P.started_at,
    "last_updated": P.updated_at,
    "completed_at": P.completed_at,
    "due_date": P.due_date,
    # Only of what is open: that of an archived process counts for nothing.
    "next_deadline": case((P.state == constant(State.OPEN), P.next_deadline)),
    "status": case((P.state == constant(State.ARCHIVED), "archived"), else_=P.status),
    # As the index has it.
    "progress": (P.tasks_done * constant(1000)) // (P.tasks_visible + constant(1) // (constant(1) + P.tasks_visible)),
}
_NULLABLE = frozenset({"completed_at", "due_date", "next_deadline"})
# Orders that an index gives, state by state.
INDEXED = frozenset(_SORTABLE)


def indexed_column(field: str, state: State) -> ColumnElement[Any] | None:
    """What an index of the processes in this state is in order by; None: it is null for all of them."""
    if field == "status":
        return literal("archived") if state is State.ARCHIVED else P.status
    if field == "next_deadline":
        return P.next_deadline if state is State.OPEN else None
    return _SORTABLE[field]


def sort_column(field: str) -> ColumnElement[Any]:
    return value_of(field, P.seq) if field.startswith(ANSWER) else _SORTABLE[field]


def is_nullable(field: str) -> bool:
    return field in _NULLABLE or field.startswith(ANSWER)


# Drivers that list numbers, which need nothing else to be in order of creation.
BY_CREATION = frozenset({"rows", "ranges", "late", "stretches"})


class Driver(NamedTuple):
    """What a statement reads first.

    `ranges`: `slots` keys of a facet or an answer (or principals of the caller), each in order; `gather`: all rows of a
    small facet or condition on an answer (or of what the caller sees); `late`: the few that are late; `stretches`: the
    many that are late, by stretches of numbers; `search`: the few whose names match; `searched`: the few that may have
    a part of an answer; `answers`: the answers to `slots` fields that the list goes by, in their order; `rows`: the
    processes themselves, or those of one template, in index order; `listed`: few whose numbers are known, and nothing
    need be asked of. A facet with a condition beside it lists what meets
    the condition: processes marked as without an answer.
    """

    kind: str
    keyed: KeyedShape | None = None
    valued: ValuedShape | None = None
    principals: bool = False
    slots: int = 0

    def given(self, shape: Shape) -> Given:
        """What need not be asked of processes that this finds."""
        valued = None if self.kind == "searched" else self.valued
        implied = None if self.valued is None else shape.implied
        return tuple(each for each in (self.keyed, valued, implied) if each is not None)


class PageShape(NamedTuple):
    shape: Shape
    driver: Driver
    order: tuple[tuple[str, bool], ...]
    # None, or for each sort value of the cursor whether it is null.
    cursor: tuple[bool, ...] | None
    backwards: bool
    # A number all earlier rows are skipped by: processes from `ceiling` on (blocks).
    ceiling: bool
    # At most this many rows are looked at in each range.
    reach: int
    size: int


def as_query(statement: Select[*tuple[Any, ...]], shape: Shape, driver: Driver, *, in_order: bool = False) -> Query:
    """PostgreSQL cannot use its trigram index for a pattern that it does not know yet, and how two conditions, the one
    that the statement starts from among them, are best combined depends on how much is under each. Where ranges are
    read in their order and each row is looked up (`in_order`), there is one way.
    """
    given = driver.given(shape)
    asked = sum(each not in given for each in (*shape.keyed, *shape.valued))
    asked += sum(each.operator == "ne" and each.is_marked for each in shape.valued)
    asked += sum(part.keyed is not None or part.delayed for part in shape.parts)
    asked += shape.limited_sight and not driver.principals
    by_text = driver.valued.search if driver.kind == "searched" and driver.valued is not None else None
    starts = not in_order and driver.kind in ("gather", "ranges", "answers")
    return Query(statement, prepare="trigram" not in (shape.search, by_text) and asked + starts <= 1)


def list_order(page: PageShape) -> list[ColumnElement[Any]]:
    """The list's order (reversed when read backwards): nulls last, the number last."""
    columns: list[ColumnElement[Any]] = []
    for field, descending in page.order:
        column = sort_column(field)
        if is_nullable(field):
            columns.append(directed(column.is_(None), page.backwards))
        columns.append(directed(column, descending != page.backwards))
    if page.order[-1][0] != "seq":
        columns.append(directed(P.seq, page.order[-1][1] != page.backwards))
    return columns


def directed(column: ColumnElement[Any], descending: bool) -> ColumnElement[Any]:
    return column.desc() if descending else column.asc()


def cut(query: Select[Any], order: ColumnElement[Any], down: bool, reach: int) -> Select[Any]:
    return query.order_by(directed(order, down)).limit(constant(reach))


def window(query: Select[*tuple[Any, ...]], page: PageShape) -> Select[*tuple[Any, ...]]:
    """The wanted rows out of the first `reach` ones."""
    if page.cursor is None:
        query = query.offset(bindparam("offset"))
    return query.limit(constant(page.size))


def beyond_value(
    page: PageShape, column: ColumnElement[Any], seq: ColumnElement[int], *, is_null: bool, down: bool
) -> list[ColumnElement[bool]] | None:
    """What keeps a range on the far side of the cursor; None when the whole range is on the near side."""
    if page.cursor is None:
        return []
    cursor_is_null = page.cursor[0]
    if cursor_is_null != is_null:
        # Values come before nulls; backwards, nulls come first.
        return [] if is_null != page.backwards else None
    here = seq if is_null else tuple_(column, seq)
    if is_null:
        place: Any = bindparam("cursor_seq", type_=BigInteger)
    else:
        place = tuple_(bindparam("cursor0", type_=column.type), bindparam("cursor_seq", type_=BigInteger))
    return [here < place if down else here > place]
