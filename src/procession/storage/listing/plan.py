"""Reads a list of processes: looks at the counters, picks the statement, runs it.

The statements and their number follow from the filters alone, never from the size of the page or of the data.
"""

from collections.abc import AsyncGenerator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from pyroaring import BitMap
from sqlalchemy import bindparam, select

from procession.domain.filters import Cursor, Keyed, Order, ProcessFilter, Window
from procession.domain.listing import Facet
from procession.storage.access import Sight
from procession.storage.connection import Read, Row
from procession.storage.dialect import constant
from procession.storage.listing import blocks, sets, totals
from procession.storage.listing.among import (
    in_index,
    is_by_creation,
    numbers_on_page,
    rows_by_number,
    rows_in_index,
)
from procession.storage.listing.bound_filter import MAX_FIELDS, Caller, Plan
from procession.storage.listing.conditions import P
from procession.storage.listing.drivers import (
    MAX_RANGES,
    driver,
    evident_driver,
    narrowest,
)
from procession.storage.listing.rows import WIDTH, ListedProcess, row_columns
from procession.storage.listing.shapes import INDEXED, Driver, PageShape
from procession.storage.listing.sizes import (
    Sizes,
    has_no_conditions,
    is_counted,
    known_total,
    marked_blank,
    parts_by_lateness,
    sizes_in,
    sizes_reads,
)
from procession.storage.listing.statements import count_statement, number_statement, page_statement
from procession.storage.query import Query
from procession.storage.tx import ReadTx

# So many pages are remembered with what reads them.
PLANS_KEPT = 2_048
# A list without pages is put in order so many numbers at a time, where an index has the order and where none has;
# that many rows are then read at once.
NUMBERS_IN_ORDER, NUMBERS_SORTED = 1_000, 5_000
ROWS_AT_ONCE = 100
EVERYTHING = 1 << 62
BY_CREATION = Order()
# So many known processes are sorted where they are not found in the order of an index, and so few are anyway.
SORT_UP_TO, SORT_RATHER = 50_000, 500
# What is evident does not depend on the time.
NO_CLOCK = 0
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
    found = None
    if evident is not None:
        found = await _page_at_once(tx, evident, order, window)
    elif is_by_creation(order):
        found = await _page_as_advised(tx, _plan(tx, caller, where, order), order, window)
    return found or await _page_by_sizes(tx, _plan(tx, caller, where, order), order, window)


def _may_be_evident(where: ProcessFilter) -> bool:
    """Whether the page may be read without looking at the counters first; then also what asks for it is short."""
    keys = sum(len(each.keys) for each in where.keyed) + sum(len(each.keys) for each in where.valued)
    fields = sum(len(each.fields) for each in where.valued)
    return where.text is None and keys <= MAX_RANGES and fields <= MAX_FIELDS


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
    start = evident_driver(plan, order)
    if start is None or _is_deep(plan, order, window):
        return None
    return _Evident(plan, (*sizes_reads(plan, NO_CLOCK), _page_read(plan, start, order, window)))


async def _page_at_once(tx: ReadTx, evident: _Evident, order: Order, window: Window) -> ListPage | None:
    """The page and what counts it, read together; None where the caller's own counters are being rebuilt."""
    plan = evident.plan
    *counted, found = await tx.connection.at_once(evident.reads)
    total = known_total(plan, sizes_in(counted, plan, tx.actor, tx.now))
    return None if total is None else _as_page(found, order, window, total)


# Where there is nothing to be found, it is not looked for: what must still be so is asked beside.
_nothing = Query(select(P.seq).where(P.org == bindparam("org"), P.seq == constant(0)))


async def _page_as_advised(tx: ReadTx, plan: Plan, order: Order, window: Window) -> ListPage | None:
    """The page as the counters suggest, which tell its total too; None where they do not."""

    def page(counted: Sequence[list[Row]]) -> Read | None:
        sizes = sizes_in(counted, plan, tx.actor, tx.now)
        total = known_total(plan, sizes)
        if total is None:
            return None
        nonlocal start
        start = driver(plan, sizes, total, order) if total else None
        return (_nothing, {"org": plan.caller.org}) if start is None else _page_read(plan, start, order, window)

    if not is_counted(plan) or _is_deep(plan, order, window):
        return None
    start: Driver | None = None
    read = await tx.connection.as_advised(sizes_reads(plan, tx.now), page)
    if read is None:
        return None
    *counted, found = read
    sizes = sizes_in(counted, plan, tx.actor, tx.now)
    total = known_total(plan, sizes)
    if total is None or not _finds_all(plan, start, sizes, total):
        return None
    return ListPage() if total == 0 else _as_page(found, order, window, total)


def _finds_all(plan: Plan, start: Driver | None, sizes: Sizes, total: int) -> bool:
    """Whether what was read from is right by these sizes, too; None stands for nothing at all."""
    if start is None:
        return total == 0
    if start.valued is None or start.keyed is None or start.keyed.facet is not Facet.BLANK:
        return True
    return marked_blank(plan, sizes, start.valued.slot) is not None


async def _page_by_sizes(tx: ReadTx, plan: Plan, order: Order, window: Window) -> ListPage:
    """The counters first, and then what they do not tell, and the page as they suggest. Where it is known who is on the
    list, the counters are asked only how to read much of it.
    """
    is_plain = is_by_creation(order) and is_counted(plan)
    numbers = None if is_plain else await sets.meeting(tx, plan, may_read=False)
    if numbers is not None and (page := await _page_among(tx, plan, numbers, order, window)) is not None:
        return page
    counted = await tx.connection.at_once(sizes_reads(plan, tx.now))
    sizes = sizes_in(counted, plan, tx.actor, tx.now)
    if numbers is None:
        numbers = await _numbers_worth_knowing(tx, plan, sizes, order)
        if numbers is not None and (page := await _page_among(tx, plan, numbers, order, window)) is not None:
            return page
    total = len(numbers) if numbers is not None else await _total(tx, plan, sizes, order)
    if total == 0:
        return ListPage()
    shape = _page_shape(plan, driver(plan, sizes, total, order), order, window)
    if _is_deep(plan, order, window):
        shape = await _from_block(tx, plan, shape, window)
    found = await tx.tuples(page_statement(shape), **plan.values)
    return _as_page(found, order, window, total)


async def _numbers_worth_knowing(tx: ReadTx, plan: Plan, sizes: Sizes, order: Order) -> BitMap | None:
    """Who is on the list, where it would take long to count them, or to put them in order."""
    if tx.sets is None or (is_by_creation(order) and known_total(plan, sizes) is not None):
        return None
    everything = totals.size_of(Keyed(Facet.ALL, ("",)), plan.where.states, sizes.facets)
    if min(everything, narrowest(plan, sizes)[0]) < tx.sets.worth:
        return None
    return await sets.meeting(tx, plan, may_read=True)


async def _page_among(tx: ReadTx, plan: Plan, numbers: BitMap, order: Order, window: Window) -> ListPage | None:
    """The page of a list whose processes are known; None where statements find it sooner."""
    total = len(numbers)
    if not numbers:
        return ListPage()
    if is_by_creation(order):
        wanted = [(number, number) for number in numbers_on_page(numbers, order, window)]
        return _as_page(await _rows_of(tx, wanted), order, window, total)
    start = in_index(plan, order) if total > SORT_RATHER else None
    if start is not None:
        placed = await rows_in_index(tx, plan, start, numbers, order, window)
        if placed is not None:
            return _as_page(await _rows_of(tx, placed), order, window, total)
    if total > SORT_UP_TO:
        return None
    plan.values["numbers"] = list(numbers)
    page = _page_shape(plan, Driver("listed"), order, window)
    return _as_page(await tx.tuples(page_statement(page), **plan.values), order, window, total)


async def _rows_of(tx: ReadTx, placed: Sequence[Row]) -> list[Row]:
    """The rows of these numbers, each followed by the sort values that it came with."""
    found = await tx.tuples(rows_by_number, seqs=[row[0] for row in placed], me=tx.actor.id)
    rows = {row[0]: row for row in found}
    return [(*rows[row[0]], *row[1:]) for row in placed]


async def _total(tx: ReadTx, plan: Plan, sizes: Sizes, order: Order) -> int:
    """Looked up, or counted. What is late beside other words of status is counted apart: only for it are rows read."""
    total = known_total(plan, sizes)
    if total is not None:
        return total
    words = parts_by_lateness(plan.where.parts)
    if words is None:
        return await tx.value(count_statement(plan.shape, narrowest(plan, sizes)[1] or Driver("rows")), **plan.values)
    others, late, both = [
        await _total_of(tx, plan, msgspec.structs.replace(plan.where, parts=parts), order) if parts else 0
        for parts in words
    ]
    return others + late - both


async def _total_of(tx: ReadTx, plan: Plan, where: ProcessFilter, order: Order) -> int:
    part = _plan(tx, plan.caller, where, order)
    counted = await tx.connection.at_once(sizes_reads(part, tx.now))
    sizes = sizes_in(counted, part, tx.actor, tx.now)
    numbers = await _numbers_worth_knowing(tx, part, sizes, BY_CREATION)
    return len(numbers) if numbers is not None else await _total(tx, part, sizes, order)


def _page_read(plan: Plan, start: Driver, order: Order, window: Window) -> Read:
    page = page_statement(_page_shape(plan, start, order, window))
    return page, {**plan.values, "org": plan.caller.org}


_row = Query(select(*row_columns()).where(P.org == bindparam("org"), P.seq == bindparam("seq")))


async def row(tx: ReadTx, seq: int) -> ListedProcess | None:
    """One process as the list shows it; who may see it has been asked before."""
    return await tx.row(ListedProcess, _row, seq=seq, me=tx.actor.id)


async def stream(tx: ReadTx, where: ProcessFilter, order: Order, sight: Sight) -> AsyncGenerator[ListedProcess]:
    """Every matching process in order. Numbers are read a few thousand at a time, rows a few: memory stays flat."""
    if not where.states or any(not each.keys for each in where.keyed):
        return
    plan = _plan(tx, Caller(tx.actor.id, tx.org, sight, tx.connection.dialect), where, order)
    sizes = sizes_in(await tx.connection.at_once(sizes_reads(plan, tx.now)), plan, tx.actor, tx.now)
    start = driver(plan, sizes, EVERYTHING, order)
    is_indexed = len(order.keys) == 1 and (order.keys[0][0] in INDEXED or start.kind == "answers")
    size = NUMBERS_IN_ORDER if start.kind in IN_ORDER and is_indexed else NUMBERS_SORTED
    plan.values["offset"] = 0
    cursor: Cursor | None = None
    while True:
        nulls = None if cursor is None else tuple(value is None for value in cursor.values)
        shape = PageShape(plan.shape, start, order.keys, nulls, False, False, reach=size, size=size)
        found = await tx.tuples(number_statement(shape), **plan.values)
        for first in range(0, len(found), ROWS_AT_ONCE):
            numbers = [row[0] for row in found[first : first + ROWS_AT_ONCE]]
            rows = {row.seq: row for row in await tx.rows(ListedProcess, rows_by_number, seqs=numbers, me=tx.actor.id)}
            for number in numbers:
                yield rows[number]
        if len(found) < size:
            return
        cursor = Cursor(values=tuple(found[-1][1:]), seq=found[-1][0])
        plan.bind_cursor(cursor)


def _is_deep(plan: Plan, order: Order, window: Window) -> bool:
    """Whether blocks tell where the page begins: far down the whole list in order of creation."""
    is_plain = has_no_conditions(plan.where) and all(part.is_plain for part in plan.where.parts)
    is_far = window.cursor is None and window.offset > blocks.WORTH_IT
    return is_far and is_by_creation(order) and plan.sight.is_unlimited and is_plain


async def _from_block(tx: ReadTx, plan: Plan, page: PageShape, window: Window) -> PageShape:
    """The same page, read from the edge of the block it begins in."""
    edge, offset = await blocks.place_of(tx, plan.where.states, window.offset, down=page.order[0][1])
    plan.values |= {"ceiling": edge, "offset": offset}
    return page._replace(ceiling=True, reach=_reach(offset, page.size))


def _page_shape(plan: Plan, start: Driver, order: Order, window: Window) -> PageShape:
    cursor = window.cursor
    offset = 0 if cursor is not None else window.offset
    plan.values["offset"] = offset
    if cursor is not None:
        plan.bind_cursor(cursor)
    size = window.size + 1
    return PageShape(
        shape=plan.shape,
        driver=start,
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
