"""What a list is read from: ranges in its order, something small that is sorted, or the processes themselves.

Whatever is chosen, the same rows are found: the counters decide about the time it takes, and nothing else.
"""

from itertools import product

from procession.domain.filters import Order
from procession.domain.listing import Facet
from procession.storage.listing import totals
from procession.storage.listing.bound_filter import MAX_FIELDS, Plan, templates_of
from procession.storage.listing.conditions import needs_row
from procession.storage.listing.searched import KEYS_FOR_ONE
from procession.storage.listing.shapes import Driver
from procession.storage.listing.sizes import Sizes, has_no_conditions, is_counted, marked_blank
from procession.storage.listing.values import ValuedShape, keys_of

# Up to here all rows of a key are gathered and sorted; above, its range is read in order.
GATHER_UP_TO = 5_000
MAX_RANGES = 8
# One in so many of what is looked at for a page may be on it.
MOST_AROUND = 16


def evident_driver(plan: Plan, order: Order) -> Driver | None:
    """How a page, whose total the counters tell, is read whatever they say; None where it depends on them."""
    if not is_counted(plan):
        return None
    by_creation = order.keys[0][0] == "seq"
    if plan.sight.principals is not None:
        return ranges(plan, Driver("gather", None, principals=True)) if by_creation else None
    if plan.where.valued or order.fields:
        return _evident_by_answer(plan, order, by_creation=by_creation)
    if any(part.delayed for part in plan.where.parts):
        return None
    if not plan.keyed:
        return Driver("rows")
    return ranges(plan, Driver("gather", plan.shape.keyed[0])) if by_creation else by_name_in_template(plan, order)


def _evident_by_answer(plan: Plan, order: Order, *, by_creation: bool) -> Driver | None:
    """Answers are under fewer keys than the templates that they are of, and those are all that is asked for besides."""
    if any(each.facet is not Facet.TEMPLATE for each in plan.keyed) or not all(p.is_plain for p in plan.where.parts):
        return None
    [valued] = plan.shape.valued or (None,)
    if valued is not None and valued.operator == "contains":
        return None
    if by_creation:
        return None if valued is None else _ranges_of_answers(plan, valued)
    found = _by_answer(plan, order) if order.by_answer else None
    return found if found is not None and found.valued == valued else None


def driver(plan: Plan, sizes: Sizes, total: int, order: Order) -> Driver:
    """Ranges and indexes that are in the wanted order and hold little else; else whatever is small, sorted; else the
    processes in order.
    """
    by_creation = order.keys[0][0] == "seq"
    size, smallest = narrowest(plan, sizes)
    may_be_ranges = by_creation and not needs_row(plan.shape)
    if smallest is not None and smallest.kind == "searched":
        return smallest
    if smallest is not None and may_be_ranges:
        found = ranges(plan, smallest)
        if found is not None:
            return found
    if may_be_ranges and plan.where.valued:
        around = _ranges_around(plan, sizes, size)
        if around is not None:
            return around
    by_answer = _by_answer(plan, order) if order.by_answer else None
    if by_answer is not None and smallest is not None and _is_in_order(smallest, by_answer):
        return by_answer
    by_name = by_name_in_template(plan, order)
    if by_name is not None and _size_of_template(plan, sizes) <= size * MOST_AROUND:
        return by_name
    if smallest is not None and size <= GATHER_UP_TO:
        return smallest
    if by_creation and _is_all_that_is_late(plan):
        return Driver("stretches")
    if plan.shape.search in ("fts5", "scan") and total <= GATHER_UP_TO:
        return Driver("search")
    worded = next((each for each in plan.shape.valued if each.operator == "contains"), None)
    if worded is not None and total <= GATHER_UP_TO:
        return Driver("gather", valued=worded)
    return by_answer or by_name or Driver("rows")


def narrowest(plan: Plan, sizes: Sizes) -> tuple[int, Driver | None]:
    """The smallest thing to start from, with its size; None when nothing but the processes themselves is there."""
    return min(_starts(plan, sizes), key=lambda found: found[0], default=(1 << 62, None))


def _starts(plan: Plan, sizes: Sizes) -> list[tuple[int, Driver]]:
    """Whatever a statement could start from, with how much is looked at. An answer goes before the template that it
    implies.
    """
    states = plan.where.states
    found: list[tuple[int, Driver]] = [] if sizes.late is None else [(sizes.late, Driver("late"))]
    for shape, size in zip(plan.shape.valued, sizes.valued, strict=True):
        if (few := sizes.searched.get(shape.slot)) is not None:
            found.append((few * KEYS_FOR_ONE, Driver("searched", valued=shape)))
        elif shape.wants_answer:
            found.append((size, Driver("gather", valued=shape)))
        elif (blank := marked_blank(plan, sizes, shape.slot)) is not None:
            found.append((blank, Driver("gather", plan.blanks[shape.slot][1], shape)))
    for keyed, shape in zip(plan.keyed, plan.shape.keyed, strict=True):
        if not keyed.every:
            found.append((totals.size_of(keyed, states, sizes.facets), Driver("gather", shape)))
    if plan.sight.principals is not None:
        size = sum(sizes.seen[state] for state in states) if sizes.seen is not None else 1 << 61
        found.append((size, Driver("gather", principals=True)))
    return found


def _is_all_that_is_late(plan: Plan) -> bool:
    return has_no_conditions(plan.where) and plan.sight.is_unlimited and all(p.delayed for p in plan.where.parts)


def _ranges_around(plan: Plan, sizes: Sizes, size: int) -> Driver | None:
    """The smallest ranges among which the `size` processes of the narrowest condition are: to look among so many for a
    page takes less than to gather and sort that many. None where they are too few among too many.
    """
    starts = sorted(_starts(plan, sizes), key=lambda found: found[0])
    found = ((many, merged) for many, start in starts if (merged := ranges(plan, start)) is not None)
    many, merged = next(found, (0, None))
    return merged if size > GATHER_UP_TO or many <= size * MOST_AROUND else None


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


def by_name_in_template(plan: Plan, order: Order) -> Driver | None:
    """Names begin as their template says: who looks for one template's in the order of all passes over many others."""
    keyed = templates_of(plan.shape.keyed)
    is_by_name = len(order.keys) == 1 and order.keys[0][0] == "name"
    return Driver("rows", keyed) if is_by_name and keyed is not None and keyed.one else None


def _size_of_template(plan: Plan, sizes: Sizes) -> int:
    keyed = next(each for each in plan.keyed if each.facet is Facet.TEMPLATE)
    return totals.size_of(keyed, plan.where.states, sizes.facets)


def _is_in_order(smallest: Driver, by_answer: Driver) -> bool:
    """Whether nothing is smaller than the answers themselves, or the templates that they are of."""
    if smallest.kind != "gather" or smallest.principals:
        return False
    return smallest.valued == by_answer.valued if smallest.valued else smallest.keyed == by_answer.keyed


def ranges(plan: Plan, start: Driver) -> Driver | None:
    """The keys of a facet or of an answer, or the caller's principals, each as a range in order of creation; None: too
    many, or there are none.
    """
    if start.kind != "gather":
        return None
    if start.keyed is None and start.valued is not None:
        return _ranges_of_answers(plan, start.valued)
    if start.keyed is None:
        name, keys = "principal", plan.sight.principals or ()
    else:
        name = f"k{start.keyed.slot}_"
        keys = plan.keys_of(start.keyed)
    slots = _slots(len(keys))
    if slots is None:
        return None
    plan.values |= {f"{name}{n}": keys[n % len(keys)] for n in range(slots)}
    return start._replace(kind="ranges", slots=slots)


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
