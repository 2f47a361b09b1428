"""The list in the order of an answer: rows of the fields by their keys, then the processes that have none.

The rows of each field and state are read in order and cut early. Those without an answer are looked for only where the
others do not fill the page: to find some, all that have one may have to be passed over.
"""

from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Text, and_, bindparam, case, cast, func, null, select, union_all

from procession.domain.processes import State
from procession.storage.dialect import constant
from procession.storage.listing.conditions import P, all_conditions
from procession.storage.listing.rows import row_columns
from procession.storage.listing.shapes import PageShape, as_query, beyond_value, directed, window
from procession.storage.listing.values import fields_name, has_none, meets
from procession.storage.query import Query
from procession.storage.tables.lists import process_facets, process_values
from procession.storage.tables.processes import processes

# A select of several columns: its exact type says nothing that anybody needs.
_Part: TypeAlias = Any


def page_by_answer(page: PageShape) -> Query:
    """Rows of the page, each followed by its key."""
    found = _numbers(page).subquery("found")
    # Every number has its row: an outer join keeps planners from reading all rows and looking for the numbers.
    joined = found.outerjoin(processes, and_(P.org == bindparam("org"), P.seq == found.c.seq))
    rows: _Part = select(*row_columns(), found.c.value.label("sort0")).select_from(joined)
    return as_query(rows.order_by(*_order(page, found.c)), page.shape, page.driver, in_order=True)


def numbers_by_answer(page: PageShape) -> Query:
    """The page's numbers, each followed by its key."""
    found = _numbers(page).subquery("found")
    rows: _Part = select(found.c.seq, found.c.value).order_by(*_order(page, found.c))
    return as_query(rows, page.shape, page.driver, in_order=True)


def _numbers(page: PageShape) -> _Part:
    answered, missing = _answered(page), _missing(page)
    if answered and missing and (page.cursor is None or not page.backwards):
        given = union_all(*map(_all_of, answered)).cte("given")
        # Wholly or not at all, so that it does not matter which of them come first.
        many = select(func.count()).select_from(given).scalar_subquery()
        needed = case((many < constant(page.reach), constant(page.reach)), else_=constant(0))
        parts = [select(*given.c), *(_all_of(_all_of(part).limit(needed)) for part in missing)]
    else:
        parts = [*map(_all_of, answered), *map(_all_of, missing)]
    merged = (union_all(*parts) if len(parts) > 1 else parts[0]).subquery("merged")
    rows: _Part = select(merged.c.seq, merged.c.value, merged.c.is_null).order_by(*_order(page, merged.c))
    return window(rows, page)


def _all_of(part: _Part) -> _Part:
    return select(*part.subquery().c)


def _order(page: PageShape, found: Any) -> list[ColumnElement[Any]]:
    down = page.order[0][1] != page.backwards
    return [directed(found.is_null, page.backwards), directed(found.value, down), directed(found.seq, down)]


def _answered(page: PageShape) -> list[_Part]:
    """The first rows of each field and state; none where all are on the near side of the cursor."""
    answer, descending = page.order[0]
    down, driver = descending != page.backwards, page.driver
    parts: list[_Part] = []
    for state in page.shape.states:
        for slot in range(driver.slots):
            row = process_values.alias().c
            further = beyond_value(page, row.key, row.seq, is_null=False, down=down)
            if further is None:
                return []
            asked = [] if driver.valued is None else meets(driver.valued, row.key)
            statement = select(row.seq.label("seq"), row.key.label("value"), constant(0).label("is_null")).where(
                row.org == bindparam("org"),
                row.field == bindparam(f"{fields_name(answer)}{slot}"),
                row.state == constant(state),
                *asked,
                *all_conditions(page.shape, row.seq, state, but=driver.given(page.shape)),
                *further,
            )
            order = [directed(row.key, down), directed(row.seq, down)]
            parts.append(statement.order_by(*order).limit(constant(page.reach)))
    return parts


def _missing(page: PageShape) -> list[_Part]:
    """The first processes of each state that have no answer; none where all are on the near side of the cursor, or
    where a condition wants one.
    """
    answer, descending = page.order[0]
    down = descending != page.backwards
    parts: list[_Part] = []
    for state in page.shape.states:
        seq, listed = _listed(page, state)
        further = beyond_value(page, seq, seq, is_null=True, down=down)
        if further is None or page.driver.valued is not None:
            return []
        statement = select(seq.label("seq"), cast(null(), Text()).label("value"), constant(1).label("is_null")).where(
            *listed, has_none(answer, seq, one=page.driver.slots == 1), *further
        )
        parts.append(statement.order_by(directed(seq, down)).limit(constant(page.reach)))
    return parts


def _listed(page: PageShape, state: State) -> tuple[ColumnElement[int], list[ColumnElement[bool]]]:
    """Processes in a state, or those under the one key that they are all to be under, with what is asked of them."""
    keyed = page.driver.keyed
    if keyed is None or not keyed.one:
        process = processes.alias().c
        here = [process.org == bindparam("org"), process.state == constant(state)]
        return process.seq, [*here, *all_conditions(page.shape, process.seq, state)]
    facet = process_facets.alias().c
    here = [
        facet.org == bindparam("org"),
        facet.facet == constant(keyed.facet),
        facet.key == bindparam(f"k{keyed.slot}"),
        facet.state == constant(state),
    ]
    return facet.seq, [*here, *all_conditions(page.shape, facet.seq, state, but=(keyed,))]
