"""What the counters say of a list: how large is what it may be read from, and how many processes it has."""

from collections.abc import Mapping, Sequence

import msgspec

from procession.domain.actors import Actor
from procession.domain.filters import ProcessFilter, StatusPart
from procession.domain.listing import Facet
from procession.domain.processes import State
from procession.storage.access import visible_counts, visible_counts_read
from procession.storage.connection import Read, Row
from procession.storage.listing import lateness, searched, totals, value_totals
from procession.storage.listing.bound_filter import Plan


class Sizes(msgspec.Struct, frozen=True):
    """Of facets, of conditions on answers, of what the caller sees (None: everything, or not counted), of what is
    late, of what may have a part of an answer (by the condition's slot; not of much).
    """

    facets: totals.Counts
    valued: tuple[int, ...]
    seen: dict[State, int] | None
    late: int | None
    searched: Mapping[int, int]


def sizes_reads(plan: Plan, now: int) -> tuple[Read, ...]:
    """What is read of the counters; `now` is looked at only where something is late by it."""
    caller = plan.caller
    reads = [plan.counters.read]
    if not plan.sight.is_unlimited:
        reads.append(visible_counts_read(caller.me))
    if plan.where.valued:
        reads.append(value_totals.sizes_read(plan.where.valued, plan.where.states))
    if _is_late_only(plan.where):
        reads += lateness.late_reads(now)
    asked = searched.searched(plan.shape)
    if asked:
        reads.append((searched.counted(asked), plan.values))
    return tuple((query, {**values, "org": caller.org}) for query, values in reads)


def sizes_in(rows: Sequence[list[Row]], plan: Plan, actor: Actor, now: int) -> Sizes:
    """What was read."""
    found = dict[int, int]()
    if searched.searched(plan.shape):
        *rows, by_text = rows
        found = searched.counts(by_text)
    late = None
    if _is_late_only(plan.where):
        *rows, days, this_hour = rows
        late = lateness.late_total(days, this_hour, now)
    seen = None if plan.sight.is_unlimited else visible_counts(actor, rows[1])
    valued = value_totals.sizes(plan.where.valued, rows[-1]) if plan.where.valued else ()
    return Sizes(facets=plan.counters.counts(rows[0]), valued=valued, seen=seen, late=late, searched=found)


def _is_late_only(where: ProcessFilter) -> bool:
    return all(part.delayed for part in where.parts)


def _is_all_late(part: StatusPart) -> bool:
    return part.delayed and part.keyed is None


def is_counted(plan: Plan) -> bool:
    """Whether the counters tell the total, as long as the caller's own are not being rebuilt."""
    where = plan.where
    if not plan.sight.is_unlimited:
        return has_no_conditions(where) and all(part.is_plain for part in where.parts)
    if where.valued:
        return _is_counted_by_answer(where)
    return totals.can_look_up(where) or (has_no_conditions(where) and all(map(_is_all_late, where.parts)))


def _is_counted_by_answer(where: ProcessFilter) -> bool:
    """One condition on an answer, with nothing but the templates that the field is of."""
    is_only = len(where.valued) == 1 and all(each.facet is Facet.TEMPLATE for each in where.keyed)
    if not is_only or where.unstarred_by is not None or not totals.can_look_up(_bare(where)):
        return False
    return where.valued[0].operator == "empty" or value_totals.is_exact(where.valued[0])


def known_total(plan: Plan, sizes: Sizes) -> int | None:
    """The total, where it need not be counted."""
    where = plan.where
    if not is_counted(plan):
        return None
    if not plan.sight.is_unlimited:
        return None if sizes.seen is None else sum(sizes.seen[state] for state in where.states)
    if where.valued:
        [size] = sizes.valued
        is_empty = where.valued[0].operator == "empty"
        return totals.lookup(_bare(where), sizes.facets) - size if is_empty else size
    return totals.lookup(where, sizes.facets) if totals.can_look_up(where) else sizes.late


def parts_by_lateness(parts: Sequence[StatusPart]) -> tuple[tuple[StatusPart, ...], ...] | None:
    """Words of status without the late ones, these, and what is under both; None where there are only the ones or the
    others.
    """
    others, late = (tuple(part for part in parts if part.delayed is delayed) for delayed in (False, True))
    if not others or not late:
        return None
    states = frozenset[State]().union(*(part.states for part in late))
    both = (StatusPart(part.states & states, part.keyed, delayed=True) for part in others)
    return others, late, tuple(part for part in both if part.states)


def marked_blank(plan: Plan, sizes: Sizes, slot: int) -> int | None:
    """How many processes are listed as having no answer to the fields of a condition that wants none; None where others
    have none either, because they run versions without these fields.
    """
    templates = next((each for each in plan.keyed if each.facet is Facet.TEMPLATE), None)
    if templates is None:
        return None
    states = plan.where.states
    marked = totals.size_of(plan.blanks[slot][0], states, sizes.facets)
    return marked if marked == totals.size_of(templates, states, sizes.facets) - sizes.valued[slot] else None


def _bare(where: ProcessFilter) -> ProcessFilter:
    return msgspec.structs.replace(where, valued=())


def has_no_conditions(where: ProcessFilter) -> bool:
    """Besides those of its status words."""
    is_plain = where.text is None and where.number is None and where.unstarred_by is None
    return is_plain and not where.keyed and not where.valued
