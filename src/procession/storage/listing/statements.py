"""The page statements. Each range is read in its index's order and cut early; then the few rows are joined.

Two statements never appear: an offset over full rows, and DISTINCT over a join.
"""

from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    null,
    or_,
    select,
    tuple_,
    union,
    union_all,
)

from procession.domain.processes import State
from procession.storage.dialect import constant, is_in
from procession.storage.listing.conditions import (
    KeyedShape,
    P,
    Shape,
    all_conditions,
    apart,
    conditions_in,
    delayed,
    found_by_name,
    in_states,
    needs_row,
)
from procession.storage.listing.lateness import late_by_stretches
from procession.storage.listing.rows import row_columns
from procession.storage.query import Query
from procession.storage.tables.lists import process_access, process_facets
from procession.storage.tables.processes import processes

STATEMENTS_KEPT = 4000

SORTABLE: dict[str, ColumnElement[Any]] = {
    "seq": P.seq,
    "name": P.sort_name,
    "started_at": P.started_at,
    "last_updated": P.updated_at,
    "completed_at": P.completed_at,
    "due_date": P.due_date,
    # Only of what is open: that of an archived process counts for nothing.
    "next_deadline": case((P.state == constant(State.OPEN), P.next_deadline)),
    "status": case((P.state == constant(State.ARCHIVED), "archived"), else_=P.status),
    "progress": case(
        (P.tasks_visible == constant(0), constant(0)), else_=P.tasks_done * constant(1000) // P.tasks_visible
    ),
}
NULLABLE = frozenset({"completed_at", "due_date", "next_deadline"})
# Orders that an index gives, state by state.
INDEXED = frozenset({"seq", "name", "last_updated", "due_date"})


# Drivers that list numbers, which need nothing else to be in order of creation.
BY_CREATION = frozenset({"rows", "ranges", "late", "stretches"})


class Driver(NamedTuple):
    """What a statement reads first.

    `ranges`: `slots` keys of a facet (or principals of the caller), each in order; `gather`: all rows of a small
    facet (or of what the caller sees); `late`: the few that are late; `stretches`: the many that are late, by
    stretches of numbers; `search`: the few whose names match; `rows`: the processes themselves, in index order.
    """

    kind: str
    keyed: KeyedShape | None = None
    principals: bool = False
    slots: int = 0


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


@lru_cache(STATEMENTS_KEPT)
def page_statement(page: PageShape) -> Query:
    """Rows of the page (`listing.rows`), each followed by its sort values."""
    if len(page.order) == 1:
        field, descending = page.order[0]
        if field == "seq" and page.driver.kind in BY_CREATION:
            return _joined(page, _by_creation(page, descending))
        if field in INDEXED and page.driver.kind == "rows":
            return _joined(page, _by_index(page, field, descending))
    return _sorted(page)


@lru_cache(STATEMENTS_KEPT)
def number_statement(page: PageShape) -> Query:
    """The numbers of the page's rows with their sort values, nothing else: what a long list is put in order by."""
    if len(page.order) == 1:
        field, descending = page.order[0]
        if field == "seq" and page.driver.kind in BY_CREATION:
            numbers = _by_creation(page, descending).subquery("found")
            order = _directed(numbers.c.seq, descending != page.backwards)
            columns: list[ColumnElement[Any]] = [numbers.c.seq, numbers.c.seq.label("sort0")]
            return _query(select(*columns).order_by(order), page.shape)
        if field in INDEXED and page.driver.kind == "rows":
            return _query(_by_index(page, field, descending), page.shape)
    return _sorted(page, bare=True)


def _joined(page: PageShape, found: Any) -> Query:
    """The page's rows by their numbers, in the order of the numbers' list."""
    numbers = found.subquery("found")
    sort = [SORTABLE[field].label(f"sort{n}") for n, (field, _) in enumerate(page.order)]
    # Every number has its row. The outer join keeps planners from reading all rows and looking for the numbers.
    rows = select(*row_columns(), *sort).select_from(
        numbers.outerjoin(processes, and_(P.org == bindparam("org"), P.seq == numbers.c.seq))
    )
    field, descending = page.order[0]
    order = [_directed(numbers.c.seq, descending != page.backwards)] if field == "seq" else _order(page)
    return _query(rows.order_by(*order), page.shape)


def _query(statement: Select[Any], shape: Shape) -> Query:
    """PostgreSQL cannot use its trigram index for a pattern that it does not know yet, and how two conditions are best
    combined depends on how much is under each.
    """
    conditions = len(shape.keyed) + sum(part.keyed is not None or part.delayed for part in shape.parts)
    return Query(statement, prepare=shape.search != "trigram" and conditions + shape.limited_sight <= 1)


def _order(page: PageShape) -> list[ColumnElement[Any]]:
    """The list's order (reversed when read backwards): nulls last, the number last."""
    columns: list[ColumnElement[Any]] = []
    for field, descending in page.order:
        column = SORTABLE[field]
        if field in NULLABLE:
            columns.append(_directed(column.is_(None), page.backwards))
        columns.append(_directed(column, descending != page.backwards))
    if page.order[-1][0] != "seq":
        columns.append(_directed(P.seq, page.order[-1][1] != page.backwards))
    return columns


def _directed(column: ColumnElement[Any], descending: bool) -> ColumnElement[Any]:
    return column.desc() if descending else column.asc()


def _by_creation(page: PageShape, descending: bool) -> Any:
    """Numbers of the page in creation order: one range for each state and key, merged."""
    down = descending != page.backwards
    ranges = [
        _cut(each, each.selected_columns["seq"], down, page.reach)
        for state in page.shape.states
        for each in _ranges(page, state, down)
    ]
    several = page.driver.slots > 1
    if len(ranges) == 1:
        merged = ranges[0].subquery("merged")
    else:
        parts = [select(each.subquery().c.seq) for each in ranges]
        # A process may be listed under several of the keys; UNION keeps one.
        merged = (union(*parts) if several else union_all(*parts)).subquery("merged")
    return _window(select(merged.c.seq).order_by(_directed(merged.c.seq, down)), page)


def _ranges(page: PageShape, state: State, down: bool) -> list[Select[Any]]:
    shape, driver = page.shape, page.driver
    if driver.kind == "stretches":
        begin = None if page.cursor is None else bindparam("cursor_seq", type_=BigInteger)
        return [late_by_stretches(lambda query, seq: _beyond(query, seq, page, down), begin, down, page.reach)]
    if driver.kind != "ranges":
        table = processes.alias() if not needs_row(shape) else processes
        query = select(table.c.seq.label("seq")).where(
            table.c.org == bindparam("org"), table.c.state == constant(state)
        )
        query = _beyond(query.where(*all_conditions(shape, table.c.seq, state)), table.c.seq, page, down)
        if driver.kind == "late":
            # Else a planner would rather look for them among all processes, from the newest on.
            gathered = apart(query.where(delayed(table.c.next_deadline))).subquery("gathered")
            query = select(gathered.c.seq)
        return [query]
    found: list[Select[Any]] = []
    for slot in range(driver.slots):
        if driver.principals:
            table = process_access.alias()
            key = table.c.principal == bindparam(f"principal{slot}")
            conditions = all_conditions(shape, table.c.seq, state, sight=False)
        else:
            assert driver.keyed is not None
            table = process_facets.alias()
            name = f"k{driver.keyed.slot}" if driver.keyed.one else f"k{driver.keyed.slot}_{slot}"
            key = and_(table.c.facet == constant(driver.keyed.facet), table.c.key == bindparam(name))
            conditions = all_conditions(shape, table.c.seq, state, but=driver.keyed)
        query = select(table.c.seq.label("seq")).where(
            table.c.org == bindparam("org"), key, table.c.state == constant(state), *conditions
        )
        found.append(_beyond(query, table.c.seq, page, down))
    return found


def _beyond(query: Select[Any], seq: ColumnElement[int], page: PageShape, down: bool) -> Select[Any]:
    if page.cursor is not None:
        query = query.where(seq < bindparam("cursor_seq") if down else seq > bindparam("cursor_seq"))
    if page.ceiling:
        query = query.where(seq < bindparam("ceiling") if down else seq >= bindparam("ceiling"))
    return query


def _cut(query: Select[Any], order: ColumnElement[Any], down: bool, reach: int) -> Select[Any]:
    return query.order_by(_directed(order, down)).limit(constant(reach))


def _window(query: Select[Any], page: PageShape) -> Select[Any]:
    """The wanted rows out of the first `reach` ones."""
    if page.cursor is None:
        query = query.offset(bindparam("offset"))
    return query.limit(constant(page.size))


def _by_index(page: PageShape, field: str, descending: bool) -> Any:
    """Numbers of the page in the order of an indexed column, state by state, values before nulls."""
    down = descending != page.backwards
    column = SORTABLE[field]
    parts: list[Any] = []
    for state in page.shape.states:
        conditions = [P.org == bindparam("org"), P.state == constant(state), *all_conditions(page.shape, P.seq, state)]
        for is_null in (False, True) if field in NULLABLE else (False,):
            beyond = _beyond_value(page, column, is_null, down)
            if beyond is None:
                continue
            query = select(
                P.seq.label("seq"),
                (cast(null(), column.type) if is_null else column).label("value"),
                constant(int(is_null)).label("is_null"),
            ).where(*conditions, *beyond)
            if field in NULLABLE:
                query = query.where(column.is_(None) if is_null else column.is_not(None))
            orders = [P.seq] if is_null else [column, P.seq]
            query = query.order_by(*[_directed(each, down) for each in orders])
            parts.append(query.limit(constant(page.reach)))
    merged = union_all(*[select(*part.subquery().c) for part in parts]).subquery("merged")
    ordered = select(*[merged.c.seq, merged.c.value]).order_by(
        _directed(merged.c.is_null, page.backwards), _directed(merged.c.value, down), _directed(merged.c.seq, down)
    )
    return _window(ordered, page)


def _beyond_value(
    page: PageShape, column: ColumnElement[Any], is_null: bool, down: bool
) -> list[ColumnElement[bool]] | None:
    """What keeps a range on the far side of the cursor; None when the whole range is on the near side."""
    if page.cursor is None:
        return []
    cursor_is_null = page.cursor[0]
    if cursor_is_null != is_null:
        # Values come before nulls; backwards, nulls come first.
        return [] if is_null != page.backwards else None
    here = P.seq if is_null else tuple_(column, P.seq)
    if is_null:
        place: Any = bindparam("cursor_seq", type_=BigInteger)
    else:
        place = tuple_(bindparam("cursor0", type_=column.type), bindparam("cursor_seq", type_=BigInteger))
    return [here < place if down else here > place]


def _sorted(page: PageShape, *, bare: bool = False) -> Query:
    """Rows (or, bare, their numbers) sorted by the database: for orders without an index, and for small sets."""
    shape = page.shape
    # What SQLite's search index finds is a list of numbers already.
    gathers = page.driver.kind != "rows" and not (page.driver.kind == "search" and shape.search == "fts5")
    by_name = gathers and page.driver.kind == "search"
    conditions = [
        P.org == bindparam("org"),
        *conditions_in(shape, P.state, P.seq, but=_driving(page), name=not by_name),
    ]
    if gathers:
        conditions.append(_gathered(page))
    if page.cursor is not None:
        conditions.append(_beyond_all(page))
    sort = [SORTABLE[field].label(f"sort{n}") for n, (field, _) in enumerate(page.order)]
    columns = [P.seq] if bare else row_columns()
    rows = select(*columns, *sort).where(*conditions).order_by(*_order(page))
    if page.cursor is None:
        rows = rows.offset(bindparam("offset"))
    return _query(rows.limit(constant(page.size)), shape)


def _driving(page: PageShape) -> KeyedShape | None:
    return page.driver.keyed if page.driver.kind == "gather" else None


def _gathered(page: PageShape) -> ColumnElement[bool]:
    """The process is among the few that the driver lists."""
    states = page.shape.states
    if page.driver.principals:
        access = process_access.alias()
        chosen = select(access.c.seq).where(
            access.c.org == bindparam("org"),
            is_in(access.c.principal, "principals"),
            in_states(access.c.state, states),
        )
    elif page.driver.keyed is not None:
        keyed = page.driver.keyed
        facet = process_facets.alias()
        key = facet.c.key == bindparam(f"k{keyed.slot}") if keyed.one else is_in(facet.c.key, f"keys{keyed.slot}")
        chosen = select(facet.c.seq).where(
            facet.c.org == bindparam("org"),
            facet.c.facet == constant(keyed.facet),
            key,
            in_states(facet.c.state, states),
        )
    elif page.driver.kind == "late":
        late = processes.alias().c
        overdue = and_(late.state == constant(State.OPEN), delayed(late.next_deadline))
        chosen = apart(select(late.seq).where(late.org == bindparam("org"), overdue))
    else:
        chosen = apart(select(found_by_name(page.shape).subquery().c.seq))
    return P.seq.in_(chosen)


def _beyond_all(page: PageShape) -> ColumnElement[bool]:
    """Lexicographically on the far side of the cursor, nulls last."""
    assert page.cursor is not None
    fields = [*page.order]
    nulls = [*page.cursor]
    if fields[-1][0] != "seq":
        fields.append(("seq", fields[-1][1]))
        nulls.append(False)
    options: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for n, ((field, descending), is_null) in enumerate(zip(fields, nulls, strict=True)):
        column = SORTABLE[field]
        name = "cursor_seq" if field == "seq" else f"cursor{n}"
        value: BindParameter[Any] = bindparam(name, type_=column.type)
        down = descending != page.backwards
        if is_null:
            if page.backwards:
                options.append(and_(*equal, column.is_not(None)))
            equal.append(column.is_(None))
            continue
        further = column < value if down else column > value
        if field in NULLABLE and not page.backwards:
            further = or_(further, column.is_(None))
        options.append(and_(*equal, further))
        equal.append(column == value)
    return or_(*options)


@lru_cache(STATEMENTS_KEPT)
def count_statement(shape: Shape, driver: Driver) -> Query:
    """How many processes meet the conditions, counted on the narrowest key."""
    if driver.keyed is not None and not needs_row(shape):
        facet = process_facets.alias()
        keyed = driver.keyed
        key = facet.c.key == bindparam(f"k{keyed.slot}") if keyed.one else is_in(facet.c.key, f"keys{keyed.slot}")
        counted = func.count() if keyed.one else func.count(facet.c.seq.distinct())
        rows = select(counted).where(
            facet.c.org == bindparam("org"),
            facet.c.facet == constant(keyed.facet),
            key,
            *conditions_in(shape, facet.c.state, facet.c.seq, but=keyed),
        )
        return _query(rows, shape)
    if driver.principals and not needs_row(shape):
        access = process_access.alias()
        rows = select(func.count(access.c.seq.distinct())).where(
            access.c.org == bindparam("org"),
            is_in(access.c.principal, "principals"),
            *conditions_in(shape, access.c.state, access.c.seq, sight=False),
        )
        return _query(rows, shape)
    conditions = conditions_in(shape, P.state, P.seq)
    return _query(select(func.count()).select_from(processes).where(P.org == bindparam("org"), *conditions), shape)
