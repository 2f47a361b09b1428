"""The page statements. Each range is read in its index's order and cut early; then the few rows are joined.

Two statements never appear: an offset over full rows, and DISTINCT over a join.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    cast,
    func,
    null,
    or_,
    select,
    union,
    union_all,
)

from procession.domain.processes import State
from procession.storage.dialect import apart, constant, is_in
from procession.storage.listing.by_answer import numbers_by_answer, page_by_answer
from procession.storage.listing.conditions import (
    P,
    Shape,
    all_conditions,
    conditions_in,
    delayed,
    found_by_name,
    in_states,
    needs_row,
)
from procession.storage.listing.lateness import late_by_stretches
from procession.storage.listing.rows import row_columns
from procession.storage.listing.searched import found_by_text
from procession.storage.listing.shapes import (
    BY_CREATION,
    INDEXED,
    Driver,
    PageShape,
    as_query,
    beyond_value,
    cut,
    directed,
    indexed_column,
    is_nullable,
    list_order,
    sort_column,
    window,
)
from procession.storage.listing.values import meets, of_field
from procession.storage.query import Query
from procession.storage.tables.lists import process_access, process_facets, process_values
from procession.storage.tables.processes import processes

STATEMENTS_KEPT = 4000


@lru_cache(STATEMENTS_KEPT)
def page_statement(page: PageShape) -> Query:
    """Rows of the page (`listing.rows`), each followed by its sort values."""
    if len(page.order) == 1:
        field, descending = page.order[0]
        if field == "seq" and page.driver.kind in BY_CREATION:
            return _joined(page, _by_creation(page, descending))
        if field in INDEXED and page.driver.kind == "rows":
            return _joined(page, _by_index(page, field, descending))
        if page.driver.kind == "answers":
            return page_by_answer(page)
    return _sorted_by_number(page) if page.driver.kind == "listed" else _sorted(page)


@lru_cache(STATEMENTS_KEPT)
def number_statement(page: PageShape) -> Query:
    """The numbers of the page's rows with their sort values, nothing else: what a long list is put in order by."""
    if len(page.order) == 1:
        field, descending = page.order[0]
        if field == "seq" and page.driver.kind in BY_CREATION:
            numbers = _by_creation(page, descending).subquery("found")
            order = directed(numbers.c.seq, descending != page.backwards)
            columns: list[ColumnElement[Any]] = [numbers.c.seq, numbers.c.seq.label("sort0")]
            return as_query(select(*columns).order_by(order), page.shape, page.driver, in_order=True)
        if field in INDEXED and page.driver.kind == "rows":
            return as_query(_by_index(page, field, descending), page.shape, page.driver, in_order=True)
        if page.driver.kind == "answers":
            return numbers_by_answer(page)
    return _sorted(page, bare=True)


def _joined(page: PageShape, found: Any) -> Query:
    """The page's rows by their numbers, in the order of the numbers' list."""
    numbers = found.subquery("found")
    sort = [sort_column(field).label(f"sort{n}") for n, (field, _) in enumerate(page.order)]
    # Every number has its row. The outer join keeps planners from reading all rows and looking for the numbers.
    rows = select(*row_columns(), *sort).select_from(
        numbers.outerjoin(processes, and_(P.org == bindparam("org"), P.seq == numbers.c.seq))
    )
    field, descending = page.order[0]
    order = [directed(numbers.c.seq, descending != page.backwards)] if field == "seq" else list_order(page)
    return as_query(rows.order_by(*order), page.shape, page.driver, in_order=True)


def _by_creation(page: PageShape, descending: bool) -> Any:
    """Numbers of the page in creation order: one range for each state and key, merged."""
    down = descending != page.backwards
    ranges = [
        cut(each, each.selected_columns["seq"], down, page.reach)
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
    return window(select(merged.c.seq).order_by(directed(merged.c.seq, down)), page)


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
        elif driver.keyed is None:
            assert driver.valued is not None
            table = process_values.alias()
            answer = driver.valued.slot
            key = and_(table.c.field == bindparam(f"vf{answer}_{slot}"), table.c.key == bindparam(f"v{answer}_{slot}"))
            conditions = all_conditions(shape, table.c.seq, state, but=driver.given(shape))
        else:
            table = process_facets.alias()
            name = f"k{driver.keyed.slot}" if driver.keyed.one else f"k{driver.keyed.slot}_{slot}"
            key = and_(table.c.facet == constant(driver.keyed.facet), table.c.key == bindparam(name))
            conditions = all_conditions(shape, table.c.seq, state, but=driver.given(shape))
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


def _by_index(page: PageShape, field: str, descending: bool) -> Any:
    """Numbers of the page in the order of an indexed column, state by state, values before nulls."""
    down = descending != page.backwards
    parts: list[Any] = []
    for state in page.shape.states:
        given = page.driver.given(page.shape)
        conditions = [
            P.org == bindparam("org"),
            P.state == constant(state),
            *([] if page.driver.keyed is None else [P.template_id == bindparam(f"k{page.driver.keyed.slot}")]),
            *all_conditions(page.shape, P.seq, state, but=given),
        ]
        column = indexed_column(field, state)
        for is_null in (False, True) if is_nullable(field) else (False,):
            value = cast(null(), sort_column(field).type) if is_null else column
            if value is None:
                continue
            beyond = beyond_value(page, value, P.seq, is_null=is_null, down=down)
            if beyond is None:
                continue
            query = select(P.seq.label("seq"), value.label("value"), constant(int(is_null)).label("is_null"))
            query = query.where(*conditions, *beyond)
            if is_nullable(field) and column is not None:
                query = query.where(column.is_(None) if is_null else column.is_not(None))
            # Also by what is null in all of them: else PostgreSQL might look for these in the order of their numbers.
            by_value = [] if column is None or isinstance(column, BindParameter) else [directed(column, down)]
            parts.append(query.order_by(*by_value, directed(P.seq, down)).limit(constant(page.reach)))
    merged = union_all(*[select(*part.subquery().c) for part in parts]).subquery("merged")
    ordered = select(*[merged.c.seq, merged.c.value]).order_by(
        directed(merged.c.is_null, page.backwards), directed(merged.c.value, down), directed(merged.c.seq, down)
    )
    return window(ordered, page)


def _sorted(page: PageShape, *, bare: bool = False) -> Query:
    """Rows (or, bare, their numbers) sorted by the database: for orders without an index, and for small sets."""
    shape = page.shape
    # What SQLite's search index finds is a list of numbers already.
    gathers = page.driver.kind != "rows" and not (page.driver.kind == "search" and shape.search == "fts5")
    by_name = gathers and page.driver.kind == "search"
    conditions = [
        P.org == bindparam("org"),
        *conditions_in(shape, P.state, P.seq, but=page.driver.given(shape), name=not by_name),
    ]
    if gathers:
        conditions.append(_gathered(shape, page.driver))
    if page.cursor is not None:
        conditions.append(_beyond_all(page))
    sort = [sort_column(field).label(f"sort{n}") for n, (field, _) in enumerate(page.order)]
    columns = [P.seq] if bare else row_columns()
    rows = select(*columns, *sort).where(*conditions).order_by(*list_order(page))
    if page.cursor is None:
        rows = rows.offset(bindparam("offset"))
    return as_query(rows.limit(constant(page.size)), shape, page.driver)


def _sorted_by_number(page: PageShape) -> Query:
    """Rows of processes whose `numbers` are known: these are sorted, and the few of the page are read."""
    chosen = [P.org == bindparam("org"), is_in(P.seq, "numbers")]
    if page.cursor is not None:
        chosen.append(_beyond_all(page))
    numbers = window(select(P.seq).where(*chosen).order_by(*list_order(page)), page).subquery("found")
    sort = [sort_column(field).label(f"sort{n}") for n, (field, _) in enumerate(page.order)]
    rows = select(*row_columns(), *sort).select_from(
        numbers.outerjoin(processes, and_(P.org == bindparam("org"), P.seq == numbers.c.seq))
    )
    return Query(rows.order_by(*list_order(page)))


def _gathered(shape: Shape, driver: Driver) -> ColumnElement[bool]:
    """The process is among the few that the driver lists."""
    states = shape.states
    if driver.principals:
        access = process_access.alias()
        chosen = select(access.c.seq).where(
            access.c.org == bindparam("org"),
            is_in(access.c.principal, "principals"),
            in_states(access.c.state, states),
        )
    elif driver.keyed is not None:
        keyed = driver.keyed
        facet = process_facets.alias()
        key = facet.c.key == bindparam(f"k{keyed.slot}") if keyed.one else is_in(facet.c.key, f"keys{keyed.slot}")
        chosen = select(facet.c.seq).where(
            facet.c.org == bindparam("org"),
            facet.c.facet == constant(keyed.facet),
            key,
            in_states(facet.c.state, states),
        )
    elif driver.kind == "searched":
        assert driver.valued is not None
        chosen = found_by_text(driver.valued)
    elif driver.valued is not None:
        row = process_values.alias().c
        chosen = select(row.seq).where(
            row.org == bindparam("org"),
            of_field(driver.valued, row.field),
            in_states(row.state, states),
            *meets(driver.valued, row.key),
        )
    elif driver.kind == "late":
        late = processes.alias().c
        overdue = and_(late.state == constant(State.OPEN), delayed(late.next_deadline))
        chosen = apart(select(late.seq).where(late.org == bindparam("org"), overdue))
    else:
        chosen = apart(select(found_by_name(shape).subquery().c.seq))
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
        column = sort_column(field)
        name = "cursor_seq" if field == "seq" else f"cursor{n}"
        value: BindParameter[Any] = bindparam(name, type_=column.type)
        down = descending != page.backwards
        if is_null:
            if page.backwards:
                options.append(and_(*equal, column.is_not(None)))
            equal.append(column.is_(None))
            continue
        further = column < value if down else column > value
        if is_nullable(field) and not page.backwards:
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
            *conditions_in(shape, facet.c.state, facet.c.seq, but=driver.given(shape)),
        )
        return as_query(rows, shape, driver)
    if driver.valued is not None and driver.kind != "searched" and not needs_row(shape):
        row = process_values.alias().c
        # Not the bare number: in its order SQLite would read all answers there are.
        rows = select(func.count((row.seq + 0).distinct()) if driver.valued.may_repeat else func.count()).where(
            row.org == bindparam("org"),
            of_field(driver.valued, row.field),
            *meets(driver.valued, row.key),
            *conditions_in(shape, row.state, row.seq, but=driver.given(shape)),
        )
        return as_query(rows, shape, driver)
    if driver.principals and not needs_row(shape):
        access = process_access.alias()
        rows = select(func.count(access.c.seq.distinct())).where(
            access.c.org == bindparam("org"),
            is_in(access.c.principal, "principals"),
            *conditions_in(shape, access.c.state, access.c.seq, sight=False),
        )
        return as_query(rows, shape, driver)
    # Where names are looked for, too, their index may find fewer.
    gathers = driver.kind == "searched" or (driver.kind == "gather" and shape.search is None)
    given = driver.given(shape) if gathers else ()
    conditions = conditions_in(shape, P.state, P.seq, but=given, sight=not (gathers and driver.principals))
    conditions += [_gathered(shape, driver)] if gathers else []
    rows = select(func.count()).select_from(processes).where(P.org == bindparam("org"), *conditions)
    return as_query(rows, shape, driver)
