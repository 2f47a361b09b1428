"""Dates that go from a field with a time to one without, and back. Spec: A-4.71, T-10.12."""

from procession.domain.calendar import local_day, parse_instant_in
from procession.domain.fields import Field
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
