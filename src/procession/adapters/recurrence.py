"""Recurrence rules of RFC 5545 of weeks, months and years, as `python-dateutil` reads them."""

from collections.abc import Iterator
from datetime import MAXYEAR, datetime

from dateutil.rrule import rrulestr

from procession.domain.recurring_days import years_later


def occurrences(rule: str, start: datetime, after: datetime) -> Iterator[datetime]:
    """When the rule that begins at `start` holds, later than `after`, in order; all by the clock on one wall.

    `domain.recurrence.faults` has found nothing wrong with the rule.
    """
    years = years_later(start, after)
    known = rrulestr(rule, dtstart=start.replace(year=start.year + years))
    for found in known if after < start else known.xafter(after.replace(year=after.year + years)):
        if found.year - years > MAXYEAR:
            return
        yield found.replace(year=found.year - years)
