"""Recurrence rules of RFC 5545, as `python-dateutil` reads them."""

from collections.abc import Iterator
from datetime import MAXYEAR, datetime

from dateutil.rrule import rrulestr

# The calendar repeats after 400 years, weekdays too. Rules are followed in years so late that one without a date ends
# with the library's calendar, after some centuries, instead of keeping us for ten thousand years.
CYCLE_YEARS = 400
LATE = 9_600


def occurrences(rule: str, start: datetime, after: datetime) -> Iterator[datetime]:
    """When the rule that begins at `start` holds, later than `after`, in order; all by the clock on one wall.

    `domain.recurrence.faults` has found nothing wrong with the rule.
    """
    years = (LATE - max(start.year, after.year)) // CYCLE_YEARS * CYCLE_YEARS
    try:
        known = rrulestr(rule, dtstart=start.replace(year=start.year + years))
    except ValueError:  # such as FREQ=HOURLY;INTERVAL=2;BYHOUR=9 that begins at ten: no hour is ever both
        return
    for found in known if after < start else known.xafter(after.replace(year=after.year + years)):
        if found.year - years > MAXYEAR:
            return
        yield found.replace(year=found.year - years)
