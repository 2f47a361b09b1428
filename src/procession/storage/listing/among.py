"""Pages of a list whose numbers are all known."""

from pyroaring import BitMap
from sqlalchemy import bindparam, select

from procession.domain.filters import Cursor, Order, Window
from procession.storage.connection import Row
from procession.storage.dialect import is_in
from procession.storage.listing.bound_filter import MAX_FIELDS, Plan
from procession.storage.listing.conditions import P, PartShape, Shape
from procession.storage.listing.drivers import by_name_in_template
from procession.storage.listing.rows import row_columns
from procession.storage.listing.shapes import INDEXED, Driver, PageShape
from procession.storage.listing.statements import number_statement
from procession.storage.query import Query
from procession.storage.tx import ReadTx

# So many numbers are passed over in an index's order at most; of so many one may be on the list, at first sight.
MOST_PASSED, FEW_TO_ONE = 8_192, 4

rows_by_number = Query(select(*row_columns()).where(P.org == bindparam("org"), is_in(P.seq, "seqs")))


def is_by_creation(order: Order) -> bool:
    """Whether the list's order is that of the numbers themselves."""
    return order.keys[0][0] == "seq"


def numbers_on_page(numbers: BitMap, order: Order, window: Window) -> list[int]:
    """The page's numbers and the next one's, in the order of creation; beside a cursor the nearest come first."""
    cursor, many = window.cursor, window.size + 1
    down = order.keys[0][1] != (cursor is not None and cursor.backwards)
    if down:
        end = len(numbers) - window.offset if cursor is None else numbers.rank(cursor.seq - 1)
        return list(numbers[max(0, end - many) : max(0, end)])[::-1]
    begin = window.offset if cursor is None else numbers.rank(cursor.seq)
    return list(numbers[begin : begin + many]) if begin < len(numbers) else []


def in_index(plan: Plan, order: Order) -> Driver | None:
    """The index, or the answers, that are in the list's order."""
    if order.by_answer:
        fields = len(order.fields[0])
        return Driver("answers", slots=fields) if fields <= MAX_FIELDS else None
    [field, *others] = [field for field, _ in order.keys]
    if others or field not in INDEXED:
        return None
    return by_name_in_template(plan, order) or Driver("rows")


async def rows_in_index(
    tx: ReadTx, plan: Plan, start: Driver, numbers: BitMap, order: Order, window: Window
) -> list[Row] | None:
    """The page's numbers with their sort values, and the next one's, in the order of an index that is passed over from
    the page's beginning on; None where they are too far apart.
    """
    shape = _of_states(plan)
    backwards = window.cursor is not None and window.cursor.backwards
    skipped = 0 if window.cursor is not None else window.offset
    wanted = skipped + window.size + 1
    cursor, found = window.cursor, list[Row]()
    # What is in order may be of the template or the fields that the list is of, and of nothing else.
    among_all = start.kind == "rows" and start.keyed is None
    many = 1 << (wanted * (numbers.max() // len(numbers) if among_all else FEW_TO_ONE)).bit_length()
    left = MOST_PASSED // max(1, start.slots)
    while many <= left:
        nulls = None if cursor is None else tuple(value is None for value in cursor.values)
        if cursor is not None:
            plan.bind_cursor(cursor)
        page = PageShape(shape, start, order.keys, nulls, backwards, ceiling=False, reach=many, size=many)
        passed = await tx.tuples(number_statement(page), **{**plan.values, "offset": 0})
        found += [row for row in passed if row[0] in numbers]
        if len(found) >= wanted or len(passed) < many:
            return found[skipped:wanted]
        cursor = Cursor(values=tuple(passed[-1][1:]), seq=passed[-1][0], backwards=backwards)
        left -= many
        many *= 2
    return None


def _of_states(plan: Plan) -> Shape:
    part = PartShape(plan.shape.states, None, delayed=False)
    return Shape((part,), (), limited_sight=False, text=False, number=False, unstarred=False, search=None)
