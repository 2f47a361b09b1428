"""RFC 5545 rules of every so many hours or days, followed from one day on which they can hold to the next.

Whoever looks at every hour there is finds out late that a rule never holds. Spec: api-processes 21.
"""

from calendar import isleap
from collections.abc import Iterator, Mapping, Sequence
from datetime import MAXYEAR, date, datetime, time, timedelta
from functools import lru_cache
from math import gcd

import msgspec

from procession.domain.calendar import WEEKDAYS

FREQUENCIES = frozenset({"HOURLY", "DAILY"})
# The calendar repeats after 400 years, weekdays too. Rules are followed as if they began so late that one which never
# holds ends with the calendar, after some centuries, instead of keeping us for ten thousand years.
CYCLE_YEARS = 400
LATE = 9_600

DAYS = tuple(each[:2].upper() for each in WEEKDAYS)
# In 28 years there are all kinds of them: of either length, begun on any weekday.
_YEARS_OF_ALL_KINDS = range(2000, 2028)
_TABLES_KEPT = 1024


def years_later(start: datetime, after: datetime) -> int:
    """By how much a rule that begins at `start` may be moved where only what is later than `after` is asked for."""
    return (LATE - max(start.year, after.year)) // CYCLE_YEARS * CYCLE_YEARS


class Days(msgspec.Struct, frozen=True):
    """The days that each of these names; one that is empty leaves all. Negative numbers count from the end."""

    months: frozenset[int]
    days_of_month: frozenset[int]
    days_of_year: frozenset[int]
    weekdays: frozenset[int]


class Rule(msgspec.Struct, frozen=True):
    """Every so many hours or days from `start`, by the clock on the wall; no `hours`: all, or that of `start`."""

    start: datetime
    is_hourly: bool
    every: int
    days: Days
    hours: Sequence[int]
    minutes: Sequence[int]
    positions: frozenset[int]
    count: int | None

    @property
    def can_hold(self) -> bool:
        """Whether one of its hours or days is ever counted, and as many moments in it as are asked for."""
        most = len(self.minutes) * (1 if self.is_hourly else len(self.hours) or 1)
        return self._is_counted() and (not self.positions or min(map(abs, self.positions)) <= most)

    def _is_counted(self) -> bool:
        """Every so many hours come to the same hours of the week again and again, so many days to the same weekdays."""
        weekdays, begun = self.days.weekdays or range(7), self.start.weekday()
        if not self.is_hourly:
            step = gcd(self.every, 7)
            return any((day - begun) % step == 0 for day in weekdays)
        step, begun = gcd(self.every, 7 * 24), begun * 24 + self.start.hour
        return any((day * 24 + hour - begun) % step == 0 for day in weekdays for hour in self.hours or range(24))


def rule_of(parts: Mapping[str, str], start: datetime) -> Rule:
    """The rule with these parts, in which nothing has been found wrong."""

    def numbers(name: str) -> frozenset[int]:
        return frozenset(int(each) for each in parts[name].split(",")) if name in parts else frozenset()

    named_days = parts["BYDAY"].split(",") if "BYDAY" in parts else ()
    days = Days(
        numbers("BYMONTH"),
        numbers("BYMONTHDAY"),
        numbers("BYYEARDAY"),
        frozenset(DAYS.index(each) for each in named_days),
    )
    return Rule(
        start=start,
        is_hourly=parts["FREQ"] == "HOURLY",
        every=int(parts.get("INTERVAL", "1")),
        days=days,
        hours=sorted(numbers("BYHOUR")),
        minutes=sorted(numbers("BYMINUTE")) or [start.minute],
        positions=numbers("BYSETPOS"),
        count=int(parts["COUNT"]) if "COUNT" in parts else None,
    )


def moments(rule: Rule, after: datetime) -> Iterator[datetime]:
    """When the rule holds, later than `after`, in order."""
    if not rule.can_hold:
        return
    # What is counted is counted from its beginning.
    first = rule.start if rule.count is not None else max(rule.start, after)
    last_year = min(MAXYEAR, MAXYEAR - years_later(rule.start, after))
    left = rule.count
    for moment in _from(rule, first.date(), last_year):
        if moment < rule.start:
            continue
        if left is not None:
            if left == 0:
                return
            left -= 1
        if moment > after:
            yield moment


def _from(rule: Rule, first: date, last_year: int) -> Iterator[datetime]:
    for year in range(first.year, last_year + 1):
        began = date(year, 1, 1)
        for place in _days_in(_alike(isleap(year), began.weekday()), rule.days):
            day = began + timedelta(days=place)
            if day >= first:
                for times in _periods(rule, day):
                    yield from (datetime.combine(day, each) for each in _at(rule.positions, times))


def _periods(rule: Rule, day: date) -> Iterator[Sequence[time]]:
    """The moments of each hour, or of the day, that is counted."""
    passed = (day - rule.start.date()).days
    if not rule.is_hourly:
        if passed % rule.every == 0:
            yield [time(hour, minute) for hour in rule.hours or [rule.start.hour] for minute in rule.minutes]
        return
    first = (rule.start.hour - 24 * passed) % rule.every
    counted = [hour for hour in rule.hours if (hour - first) % rule.every == 0]
    for hour in counted if rule.hours else range(first, 24, rule.every):
        yield [time(hour, minute) for minute in rule.minutes]


def _at(positions: frozenset[int], times: Sequence[time]) -> Sequence[time]:
    if not positions:
        return times
    places = {each - 1 if each > 0 else len(times) + each for each in positions}
    return [times[place] for place in sorted(places) if 0 <= place < len(times)]


@lru_cache
def _alike(is_leap: bool, weekday: int) -> int:  # a key
    """A year of this kind."""
    return next(
        year for year in _YEARS_OF_ALL_KINDS if isleap(year) == is_leap and date(year, 1, 1).weekday() == weekday
    )


@lru_cache(_TABLES_KEPT)
def _days_in(year: int, days: Days) -> Sequence[int]:
    """The days of the year on which the rule can hold, the first is 0."""
    began, long = date(year, 1, 1), 366 if isleap(year) else 365
    return [place for place in range(long) if _holds(days, began + timedelta(days=place), place + 1, place - long)]


def _holds(days: Days, day: date, of_year: int, to_its_end: int) -> bool:
    next_month = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    to_end_of_month = (day - next_month).days
    return (
        (not days.months or day.month in days.months)
        and (not days.weekdays or day.weekday() in days.weekdays)
        and (not days.days_of_month or not days.days_of_month.isdisjoint((day.day, to_end_of_month)))
        and (not days.days_of_year or not days.days_of_year.isdisjoint((of_year, to_its_end)))
    )
