"""Answers that go to another field, or stay in one that is defined otherwise.

Spec: A-4.71, T-10.12, behaviour-work Z4.
"""

from collections.abc import Hashable, Sequence

from procession.domain.automations.comparing import folded
from procession.domain.calendar import local_day, parse_instant_in
from procession.domain.fields import Field
from procession.domain.loose import as_list
from procession.domain.times import parse_instant, wire


def carried_date(value: object, source: Field, target: Field, zone: str) -> object:
    """The answer as the other field keeps it; None when it is no date.

    A day begins, and a moment is on the day, that the clocks of `zone`, the organization's, say.
    """
    if source.collect_time == target.collect_time:
        return value
    try:
        at = parse_instant(value)
    except ValueError:
        return None
    day = local_day(at, zone if source.collect_time else "UTC").isoformat()
    return wire(parse_instant_in(zone if target.collect_time else "UTC", day))


def carried_table(value: object, source: Field, target: Field) -> object:
    """The table with its cells in the columns of the same ids, wherever they stand; None when none of them is left."""
    return _placed(value, *([column.id for column in field.columns] for field in (source, target)))


def table_by_labels(value: object, source: Field, target: Field) -> object:
    """The cells for another table: of the columns that are called as its own are, or by place where one is not."""
    before, after = ([folded(column.label) for column in field.columns] for field in (source, target))
    return _placed(value, before, after) if set(after) <= set(before) else value


def _placed(value: object, before: Sequence[Hashable], after: Sequence[Hashable]) -> object:
    entries = as_list(value)
    if entries is None or before == after or any(len(set(keys)) < len(keys) for keys in (before, after)):
        return value
    known = dict(zip(before, entries, strict=False))
    if known.keys().isdisjoint(after):
        return None
    blank: object = [] if any(as_list(entry) is not None for entry in entries) else None
    return [known.get(column, blank) for column in after]
