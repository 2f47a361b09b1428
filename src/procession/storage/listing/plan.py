"""Reads a list of processes: looks at the counters, picks the statement, runs it.

The statements and their number follow from the filters alone, never from the size of the page or of the data.
"""

from collections.abc import AsyncGenerator
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import bindparam, select

from procession.domain.filters import Cursor, Order, ProcessFilter, Window
from procession.domain.listing import Facet
from procession.domain.processes import State
from procession.storage.access import Sight, visible_counts, visible_counts_read
from procession.storage.connection import Read, Row
from procession.storage.dialect import is_in
from procession.storage.listing import blocks, lateness, totals, value_totals
from procession.storage.listing.bound_filter import MAX_FIELDS, Caller, Plan, templates_of
from procession.storage.listing.conditions import P, needs_row
from procession.storage.listing.rows import WIDTH, ListedProcess, row_columns
from procession.storage.listing.shapes import INDEXED, Driver, PageShape
from procession.storage.listing.statements import count_statement, number_statement, page_statement
from procession.storage.listing.values import ValuedShape, keys_of
from procession.storage.query import Query
from procession.storage.tx import ReadTx

# Up to here all rows of a key are gathered and sorted; above, its range is read in order.
GATHER_UP_TO = 5_000
MAX_RANGES = 8
# One in so many of what is looked at for a page may be on it.
MOST_AROUND = 16
# So many pages are remembered with what reads them.
PLANS_KEPT = 2_048
# A list without pages is put in order so many numbers at a time, where an index has the order and where none has;
# that many rows are then read at once.
NUMBERS_IN_ORDER, NUMBERS_SORTED = 1_000, 5_000
ROWS_AT_ONCE = 100
EVERYTHING = 1 << 62
# Drivers that find the numbers in order, as many as are wanted.
IN_ORDER = ("rows", "ranges", "stretches", "answers")


class ListPage(msgspec.Struct, frozen=True, kw_only=True):
    """The rows in list order, where the page begins and ends, whether rows lie beyond, and the exact total."""

    rows: list[ListedProcess] = []
    total: int = 0
    has_more: bool = False
    # None: as the page's number says.
    has_before: bool | None = None
    first: Cursor | None = None
    last: Cursor | None = None


async def list_page(tx: ReadTx, where: ProcessFilter, order: Order, window: Window, sight: Sight) -> ListPage:
    """One page of the processes that match and that the caller may see, with the exact total."""
    if not where.states or any(not each.keys for each in where.keyed):
        return ListPage()
    caller = Caller(tx.actor.id, tx.org, sight, tx.connection.dialect)
    evident = _evident(caller, where, order, window) if _may_be_evident(where) else None
    found = await _page_at_once(tx, evident, order, window) if evident is not None else None
    return found or await _page_by_sizes(tx, _plan(tx, caller, where, order), order, window)


def _may_be_evident(where: ProcessFilter) -> bool:
    """Whether the page may be read without looking at the counters first; then also what asks for it is short."""
    few = sum(len(each.keys) for each in where.keyed) <= MAX_RANGES
    return where.text is None and not where.valued and few


def _plan(tx: ReadTx, caller: Caller, where: ProcessFilter, order: Order) -> Plan:
    plan = Plan(caller, where, order)
    plan.values["now"] = tx.now
    return plan


class _Evident(NamedTuple):
    """A page that is read in one way whatever the counters say: what to read for its total and for its rows."""

    plan: Plan
    reads: tuple[Read, ...]


@lru_cache(PLANS_KEPT)
def _evident(caller: Caller, where: ProcessFilter, order: Order, window: Window) -> _Evident | None:
    """Remembered: the same pages are asked for again and again. None where the counters decide."""
    plan = Plan(caller, where, order)
    driver = _evident_driver(plan, order)
    if driver is None or _is_deep(plan, order, window):
        return None
    page = page_statement(_page_shape(plan, driver, order, window))
    return _Evident(plan, (*_counting(plan), (page, {**plan.values, "org": caller.org})))


async def _page_at_once(tx: ReadTx, evident: _Evident, order: Order, window: Window) -> ListPage | None:
    """The page and what counts it, read together; None where the caller's own counters are being rebuilt."""
    plan = evident.plan
    *counted, found = await tx.connection.at_once(evident.reads)
    total = _known_total(plan, _sizes_of(tx, plan, counted, late=None))
    return None if total is None else _as_page(found, order, window, total)


def _evident_driver(plan: Plan, order: Order) -> Driver | None:
    """How the page is read whatever the counters say; None where it depends on them."""
    by_creation = order.keys[0][0] == "seq"
    if order.fields:
        return None
    if plan.sight.principals is not None:
        is_only = _has_no_conditions(plan.where) and all(part.is_plain for part in plan.where.parts)
        return _ranges(plan, Driver("gather", None, principals=True)) if is_only and by_creation else None
    if not totals.can_look_up(plan.where):
        return None
    if not plan.keyed:
        return Driver("rows")
    return _ranges(plan, Driver("gather", plan.shape.keyed[0])) if by_creation else None


async def _page_by_sizes(tx: ReadTx, plan: Plan, order: Order, window: Window) -> ListPage:
    """The counters first, and then the page as they suggest."""
    sizes = await _sizes(tx, plan)
    total = await _total(tx, plan, sizes)
    if total == 0:
        return ListPage()
    page = _page_shape(plan, _driver(plan, sizes, total, order), order, window)
    if _is_deep(plan, order, window):
        page = await _from_block(tx, plan, page, window)
    found = await tx.tuples(page_statement(page), **plan.values)
    return _as_page(found, order, window, total)


_row = Query(select(*row_columns()).where(P.org == bindparam("org"), P.seq == bindparam("seq")))


async def row(tx: ReadTx, seq: int) -> ListedProcess | None:
    """One process as the list shows it; who may see it has been asked before."""
    return await tx.row(ListedProcess, _row, seq=seq, me=tx.actor.id)


_rows = Query(select(*row_columns()).where(P.org == bindparam("org"), is_in(P.seq, "seqs")))


async def stream(tx: ReadTx, where: ProcessFilter, order: Order, sight: Sight) -> AsyncGenerator[ListedProcess]:
    """Every matching process in order. Numbers are read a few thousand at a time, rows a few: memory stays flat."""
    if not where.states or any(not each.keys for each in where.keyed):
        return
    plan = _plan(tx, Caller(tx.actor.id, tx.org, sight, tx.connection.dialect), where, order)
    driver = _driver(plan, await _sizes(tx, plan), EVERYTHING, order)
    goes_by_index = len(order.keys) == 1 and (order.keys[0][0] in INDEXED or driver.kind == "answers")
    has_index = driver.kind in IN_ORDER and goes_by_index
    size = NUMBERS_IN_ORDER if has_index else NUMBERS_SORTED
    plan.values["offset"] = 0
    cursor: Cursor | None = None
    while True:
        nulls = None if cursor is None else tuple(value is None for value in cursor.values)
        shape = PageShape(plan.shape, driver, order.keys, nulls, False, False, reach=size, size=size)
        found = await tx.tuples(number_statement(shape), **plan.values)
        for start in range(0, len(found), ROWS_AT_ONCE):
            numbers = [row[0] for row in found[start : start + ROWS_AT_ONCE]]
            rows = {row.seq: row for row in await tx.rows(ListedProcess, _rows, seqs=numbers, me=tx.actor.id)}
            for number in numbers:
                yield rows[number]
        if len(found) < size:
            return
        cursor = Cursor(values=tuple(found[-1][1:]), seq=found[-1][0])
        plan.bind_cursor(cursor)


class _Sizes(msgspec.Struct, frozen=True):
    """What the counters say: of facets, of conditions on answers, of what the caller sees (None: everything, or not
    counted), of what is late.
    """

    facets: totals.Counts
    valued: tuple[int, ...]
    seen: dict[State, int] | None
    late: int | None


def _counting(plan: Plan) -> list[Read]:
    """What is read of the counters."""
    caller = plan.caller
    reads = [plan.counters.read]
    if not plan.sight.is_unlimited:
        reads.append(visible_counts_read(caller.me))
    if plan.where.valued:
        reads.append(value_totals.sizes_read(plan.where.valued, plan.where.states))
    return [(query, {**values, "org": caller.org}) for query, values in reads]


async def _sizes(tx: ReadTx, plan: Plan) -> _Sizes:
    """What the counters say, read at once."""
    if not all(part.delayed for part in plan.where.parts):
        return _sizes_of(tx, plan, await tx.connection.at_once(_counting(plan)), late=None)
    late_reads = [(query, {**values, "org": tx.org}) for query, values in lateness.late_reads(tx.now)]
    *counted, days, this_hour = await tx.connection.at_once([*_counting(plan), *late_reads])
    return _sizes_of(tx, plan, counted, late=lateness.late_total(days, this_hour, tx.now))


def _sizes_of(tx: ReadTx, plan: Plan, counted: list[list[Row]], *, late: int | None) -> _Sizes:
    seen = None if plan.sight.is_unlimited else visible_counts(tx.actor, counted[1])
    valued = value_totals.sizes(plan.where.valued, counted[-1]) if plan.where.valued else ()
    return _Sizes(facets=plan.counters.counts(counted[0]), valued=valued, seen=seen, late=late)


def _known_total(plan: Plan, sizes: _Sizes) -> int | None:
    """The total, when it need not be counted."""
    where = plan.where
    if plan.sight.is_unlimited:
        if where.valued:
            return _known_by_answer(where, sizes)
        if totals.can_look_up(where):
            return totals.lookup(where, sizes.facets)
        return sizes.late if _has_no_conditions(where) else None
    if sizes.seen is not None and _has_no_conditions(where) and all(part.is_plain for part in where.parts):
        return sum(sizes.seen[state] for state in where.states)
    return None


def _known_by_answer(where: ProcessFilter, sizes: _Sizes) -> int | None:
    """The total of one condition on an answer, with nothing but the templates that the field is of."""
    bare = msgspec.structs.replace(where, valued=())
    is_only = len(where.valued) == 1 and all(each.facet is Facet.TEMPLATE for each in where.keyed)
    if not is_only or where.unstarred_by is not None or not totals.can_look_up(bare):
        return None
    [valued], [size] = where.valued, sizes.valued
    if valued.operator == "empty":
        return totals.lookup(bare, sizes.facets) - size
    return size if value_totals.is_exact(valued) else None


async def _total(tx: ReadTx, plan: Plan, sizes: _Sizes) -> int:
    known = _known_total(plan, sizes)
    if known is not None:
        return known
    driver = _narrowest(plan, sizes)[1] or Driver("rows")
    return await tx.value(count_statement(plan.shape, driver), **plan.values)


def _has_no_conditions(where: ProcessFilter) -> bool:
    """Besides those of its status words."""
    is_plain = where.text is None and where.number is None and where.unstarred_by is None
    return is_plain and not where.keyed and not where.valued


def _is_all_that_is_late(plan: Plan) -> bool:
    return _has_no_conditions(plan.where) and plan.sight.is_unlimited and all(p.delayed for p in plan.where.parts)


def _narrowest(plan: Plan, sizes: _Sizes) -> tuple[int, Driver | None]:
    """The smallest thing to start from, with its size; None when nothing but the processes themselves is there."""
    return min(_starts(plan, sizes), key=lambda found: found[0], default=(1 << 62, None))


def _starts(plan: Plan, sizes: _Sizes) -> list[tuple[int, Driver]]:
    """Whatever a statement could start from, with its size. An answer goes before the template that it implies."""
    states = plan.where.states
    found: list[tuple[int, Driver]] = [] if sizes.late is None else [(sizes.late, Driver("late"))]
    for shape, size in zip(plan.shape.valued, sizes.valued, strict=True):
        if shape.wants_answer:
            found.append((size, Driver("gather", valued=shape)))
    for keyed, shape in zip(plan.keyed, plan.shape.keyed, strict=True):
        if not keyed.every:
            found.append((totals.size_of(keyed, states, sizes.facets), Driver("gather", shape)))
    if plan.sight.principals is not None:
        size = sum(sizes.seen[state] for state in states) if sizes.seen is not None else 1 << 61
        found.append((size, Driver("gather", principals=True)))
    return found


def _is_deep(plan: Plan, order: Order, window: Window) -> bool:
    """Whether blocks tell where the page begins: far down the whole list in order of creation."""
    is_plain = _has_no_conditions(plan.where) and all(part.is_plain for part in plan.where.parts)
    is_far = window.cursor is None and window.offset > blocks.WORTH_IT
    return is_far and order.keys[0][0] == "seq" and plan.sight.is_unlimited and is_plain


async def _from_block(tx: ReadTx, plan: Plan, page: PageShape, window: Window) -> PageShape:
    """The same page, read from the edge of the block it begins in."""
    edge, offset = await blocks.place_of(tx, plan.where.states, window.offset, down=page.order[0][1])
    plan.values |= {"ceiling": edge, "offset": offset}
    return page._replace(ceiling=True, reach=_reach(offset, page.size))


def _page_shape(plan: Plan, driver: Driver, order: Order, window: Window) -> PageShape:
    cursor = window.cursor
    offset = 0 if cursor is not None else window.offset
    plan.values["offset"] = offset
    if cursor is not None:
        plan.bind_cursor(cursor)
    size = window.size + 1
    return PageShape(
        shape=plan.shape,
        driver=driver,
        order=order.keys,
        cursor=None if cursor is None else tuple(value is None for value in cursor.values),
        backwards=cursor is not None and cursor.backwards,
        ceiling=False,
        reach=_reach(offset, size),
        size=size,
    )


def _reach(offset: int, size: int) -> int:
    """How many rows are read to get so many; a power of two keeps the number of different statements small."""
    return size if offset == 0 else 1 << (offset + size).bit_length()


def _driver(plan: Plan, sizes: _Sizes, total: int, order: Order) -> Driver:
    """Ranges that are in the wanted order; else whatever is small, sorted; else the processes in order."""
    by_creation = order.keys[0][0] == "seq"
    size, narrowest = _narrowest(plan, sizes)
    may_be_ranges = by_creation and not needs_row(plan.shape)
    if narrowest is not None and may_be_ranges:
        ranges = _ranges(plan, narrowest)
        if ranges is not None:
            return ranges
    if may_be_ranges and plan.where.valued:
        around = _ranges_around(plan, sizes, size)
        if around is not None:
            return around
    by_answer = _by_answer(plan, order) if order.by_answer else None
    if by_answer is not None and narrowest is not None and _is_in_order(narrowest, by_answer):
        return by_answer
    if narrowest is not None and size <= GATHER_UP_TO:
        return narrowest
    if by_creation and _is_all_that_is_late(plan):
        return Driver("stretches")
    if plan.shape.search in ("fts5", "scan") and total <= GATHER_UP_TO:
        return Driver("search")
    worded = next((each for each in plan.shape.valued if each.operator == "contains"), None)
    if worded is not None and total <= GATHER_UP_TO:
        return Driver("gather", valued=worded)
    if by_answer is not None:
        return by_answer
    return Driver("rows")


def _ranges_around(plan: Plan, sizes: _Sizes, size: int) -> Driver | None:
    """The smallest ranges among which the `size` processes of the narrowest condition are: to look among so many for a
    page takes less than to gather and sort that many. None where they are too few among too many.
    """
    starts = sorted(_starts(plan, sizes), key=lambda found: found[0])
    found = ((many, ranges) for many, start in starts if (ranges := _ranges(plan, start)) is not None)
    many, ranges = next(found, (0, None))
    return ranges if size > GATHER_UP_TO or many <= size * MOST_AROUND else None


def _by_answer(plan: Plan, order: Order) -> Driver | None:
    """The answers that the list goes by, only those that meet a condition on them if there is one; None where their
    rows are not enough, or of too many fields.
    """
    fields = order.fields[0]
    if needs_row(plan.shape) or len(fields) > MAX_FIELDS:
        return None
    asked = zip(plan.where.valued, plan.shape.valued, strict=True)
    own = next((shape for valued, shape in asked if valued.fields == fields and shape.wants_answer), None)
    return Driver("answers", templates_of(plan.shape.keyed), own, slots=len(fields))


def _is_in_order(narrowest: Driver, by_answer: Driver) -> bool:
    """Whether nothing is smaller than the answers themselves, or the templates that they are of."""
    if narrowest.kind != "gather" or narrowest.principals:
        return False
    return narrowest.valued == by_answer.valued if narrowest.valued else narrowest.keyed == by_answer.keyed


def _ranges(plan: Plan, start: Driver) -> Driver | None:
    """The keys of a facet or of an answer, or the caller's principals, each as a range in order of creation; None: too
    many, or there are none.
    """
    if start.kind != "gather":
        return None
    if start.valued is not None:
        return _ranges_of_answers(plan, start.valued)
    if start.keyed is None:
        name, keys = "principal", plan.sight.principals or ()
    else:
        name = f"k{start.keyed.slot}_"
        keys = next(k.keys for k, s in zip(plan.keyed, plan.shape.keyed, strict=True) if s == start.keyed)
    slots = _slots(len(keys))
    if slots is None:
        return None
    plan.values |= {f"{name}{n}": keys[n % len(keys)] for n in range(slots)}
    return Driver("ranges", start.keyed, principals=start.principals, slots=slots)


def _ranges_of_answers(plan: Plan, shape: ValuedShape) -> Driver | None:
    valued = plan.where.valued[shape.slot]
    pairs = list(product(valued.fields, keys_of(valued)))
    slots = _slots(len(pairs), MAX_FIELDS) if shape.is_listed else None
    if slots is None:
        return None
    for n in range(slots):
        plan.values[f"vf{shape.slot}_{n}"], plan.values[f"v{shape.slot}_{n}"] = pairs[n % len(pairs)]
    return Driver("ranges", valued=shape, slots=slots)


def _slots(keys: int, most: int = MAX_RANGES) -> int | None:
    """How many ranges to merge: a power of two (keys repeat), None when there are too many."""
    slots = 1 << (keys - 1).bit_length()
    return slots if slots <= most else None


def _as_page(found: list[tuple[Any, ...]], order: Order, window: Window, total: int) -> ListPage:
    backwards = window.cursor is not None and window.cursor.backwards
    has_further = len(found) > window.size
    kept = found[: window.size]
    if backwards:
        kept.reverse()
    rows = [ListedProcess(*row[:WIDTH]) for row in kept]
    first, last = (_place(kept[n], order, backwards=n == 0) if kept else None for n in (0, -1))
    if backwards:  # the rows beside the cursor are further on
        return ListPage(rows=rows, total=total, has_more=bool(rows), has_before=has_further, first=first, last=last)
    has_before = True if window.cursor is not None and rows else None
    return ListPage(rows=rows, total=total, has_more=has_further, has_before=has_before, first=first, last=last)


def _place(row: tuple[Any, ...], order: Order, *, backwards: bool) -> Cursor:
    return Cursor(values=tuple(row[WIDTH : WIDTH + len(order.keys)]), seq=row[0], backwards=backwards)
