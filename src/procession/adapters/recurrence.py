"""Recurrence rules of RFC 5545, as `python-dateutil` reads them."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from dateutil.rrule import rrule, rruleset, rrulestr

# The calendar repeats after 400 years, weekdays too. Rules are followed in years so late that one without a date ends
# with the library's calendar, after some centuries, instead of keeping us for ten thousand years.
CYCLE_YEARS = 400
LATE = 9_600


def check_rule(rule: str, start: datetime) -> None:
    """Raises ValueError saying what is wrong with the text."""
    _rule(rule, start)


def occurrences(rule: str, start: datetime, after: datetime) -> Iterator[datetime]:
    """When the rule that begins at `start` holds, later than `after`, in order; all by the clock on one wall."""
    years = (LATE - max(start.year, after.year)) // CYCLE_YEARS * CYCLE_YEARS
    late, wanted = _moved(start, years), _moved(max(after, start - timedelta(days=1)), years)
    for found in _rule(rule, late).xafter(wanted):
        yield _moved(found, -years)


def _moved(moment: datetime, years: int) -> datetime:
    return moment.replace(year=moment.year + years)


def _rule(rule: str, start: datetime) -> rrule | rruleset:
    try:
        return rrulestr(rule, dtstart=start)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as fault:
        raise ValueError(str(fault) or "it cannot be read") from fault
