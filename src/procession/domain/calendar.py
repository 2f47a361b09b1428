"""The organization's calendar: working week, calendar arithmetic in its zone, moving into working time.

Every function is total: what would leave the years 1 to 9999 stays at the edge. Spec: behaviour-launching 9.1, 9.2.
"""

import re
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from procession.domain.closings import Closings
from procession.domain.errors import Invalid
from procession.domain.loose import as_bool, as_object, strangers
from procession.domain.times import DAY, EARLIEST, HOUR, LATEST, MINUTE, SECOND, Millis, is_naive, parse_instant

CalendarUnit = Literal["minutes", "hours", "days", "weeks", "months"]
Unit = Literal["minutes", "hours", "days", "weeks", "months", "working_hours", "working_days"]
Sign = Literal[1, -1]

CALENDAR_UNITS: tuple[CalendarUnit, ...] = ("minutes", "hours", "days", "weeks", "months")
WORKING_UNITS: tuple[Unit, ...] = ("working_hours", "working_days")
UNITS = (*CALENDAR_UNITS, *WORKING_UNITS)
UNIT_WORDS: Mapping[str, Unit] = {word: unit for unit in UNITS for word in (unit, unit.removesuffix("s"))}
"""Singular and plural words, as steps may use both. Spec: api-templates 4.3."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY_KEYS = ("working", "all_hours", "start", "end")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = _EPOCH.replace(tzinfo=None)
_MILLISECOND = timedelta(milliseconds=1)
_NOTHING = timedelta()
_MARGIN = 62 * DAY  # no zone, and no search in a week without closures, reaches further
LONGEST_SEARCH = 40_000
"""Days that are looked at for work: more than a century. Where there is none, an instant stays where it is."""
YEARS_KEPT, STINTS_KEPT = 1024, 16_384
"""How many years of weekdays, and how many days of working hours, are remembered."""
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::00)?", re.ASCII)


class Hours(msgspec.Struct, frozen=True):
    """From when to when a day is worked, in minutes after midnight, both ends included."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= 1440:
            raise ValueError(f"working hours end after they start, within one day, got {self.start} to {self.end}")


ALL_HOURS = Hours(0, 1440)


class WorkingWeek(msgspec.Struct, frozen=True, dict=True):
    """The hours of the seven days an organization works, Monday first (None = closed), and the zone it lives in.

    It remembers what it has counted: the many deadlines of a launch reach over the same years.
    """

    days: tuple[Hours | None, ...]
    zone: str
    closings: Closings | None = None

    def __post_init__(self) -> None:
        if len(self.days) != 7 or not any(self.days):
            raise ValueError("a working week has seven days, at least one of them worked")

    def never_closes(self) -> bool:
        return self.closings is None and all(hours == ALL_HOURS for hours in self.days)

    def hours_on(self, day: date) -> Hours | None:
        """When this day is worked; None when it is not."""
        hours = self.days[day.weekday()]
        if hours is None or (self.closings is not None and self.closings.on(day) is not None):
            return None
        return hours

    def worked_in(self, year: int) -> Sequence[int]:
        """The worked days of a year in their order, as ordinals."""
        known = self._worked_days.get(year)
        if known is None:
            closed = frozenset[int]() if self.closings is None else self.closings.days_in(year)
            open_days = _open_days(year, tuple(hours is not None for hours in self.days))
            known = self._worked_days[year] = tuple(day for day in open_days if day not in closed)
        return known

    def time_worked_in(self, year: int) -> Millis:
        known = self._time_worked.get(year)
        if known is None:
            stints = (_stint(day, self) for day in self.worked_in(year))
            known = self._time_worked[year] = sum(max(closes - opens, 0) for opens, closes in stints)
        return known

    @cached_property
    def _worked_days(self) -> dict[int, Sequence[int]]:
        return {}

    @cached_property
    def _time_worked(self) -> dict[int, Millis]:
        return {}


@lru_cache(YEARS_KEPT)
def _open_days(year: int, is_open: tuple[bool, ...]) -> Sequence[int]:
    """The days of a year (ordinals) on these weekdays."""
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    return tuple(day for day in range(first, last + 1) if is_open[_weekday(day)])


def _weekday(day: int) -> int:
    """Of an ordinal, Monday is 0: as the first of all days was."""
    return (day - 1) % 7


def is_zone(name: str) -> bool:
    """Whether it is an IANA name: machines have files of other zones, too, which others lack or count otherwise."""
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory"})


def parse_working_days(raw: object, zone: str) -> WorkingWeek:
    """The setting `working_days`: `{"Monday": {"working", "all_hours", "start", "end"}, ...}`.

    A day left out is worked at all hours. Raises Invalid with every wrong path. Spec: api-people 3.1.
    """
    week = as_object(raw)
    if week is None:
        raise Invalid({"working_days": ["The working days must be an object keyed by weekday."]})
    errors = {f"working_days.{key}": [said] for key, said in strangers(week, WEEKDAYS).items()}
    days: list[Hours | None] = []
    for name in WEEKDAYS:
        try:
            days.append(_parse_hours(week.get(name)))
        except ValueError as error:
            errors[f"working_days.{name}"] = [str(error)]
    if not errors and not any(days):
        errors["working_days"] = ["At least one day must be a working day."]
    if not is_zone(zone):
        errors["timezone"] = ["The timezone must be the name of an IANA time zone."]
    if errors:
        raise Invalid(errors)
    return WorkingWeek(tuple(days), zone)


def _parse_hours(raw: object) -> Hours | None:
    day = as_object({} if raw is None else raw)
    if day is None:
        raise ValueError("A working day must be an object with working, all_hours, start and end.")
    if misspelt := strangers(day, DAY_KEYS):
        raise ValueError(" ".join(misspelt.values()))
    working = as_bool(day.get("working", True))
    all_hours = as_bool(day.get("all_hours", not (day.get("start") or day.get("end"))))
    if working is None or all_hours is None:
        raise ValueError("The fields working and all_hours must be true or false.")
    if not working:
        return None
    if all_hours:
        return ALL_HOURS
    start, end = _parse_clock(day.get("start")), _parse_clock(day.get("end"))
    if start is None or end is None:
        raise ValueError("The fields start and end must be times in the form HH:MM.")
    if end <= start:
        raise ValueError("The working day must end after it starts.")
    return Hours(start, end)


def _parse_clock(raw: object) -> int | None:
    """Minutes after midnight, from 00:00 to 24:00."""
    found = _CLOCK.fullmatch(raw.strip()) if isinstance(raw, str) else None
    minutes = int(found[1]) * 60 + int(found[2]) if found else 1441
    return minutes if minutes <= 1440 else None


def local_time(at: Millis, zone: str) -> datetime:
    """What the clocks of `zone` show; a day off at most at the very edges of the calendar."""
    at = min(max(at, EARLIEST + DAY), LATEST - DAY)
    return (_EPOCH + at * _MILLISECOND).astimezone(ZoneInfo(zone))


def local_day(at: Millis, zone: str) -> date:
    """The calendar day it is in `zone`."""
    return local_time(at, zone).date()


def instant_at(local: datetime, zone: str) -> Millis:
    """When the clocks of `zone` first show `local` (naive), or the first later time when they skip it."""
    at = _as_utc(local)
    return _first_instant(local, zone) if _has_room(at) else _clamp(at)


def parse_instant_in(zone: str, text: str) -> Millis:
    """As `parse_instant`, but what has no offset is by the clocks of the zone. Raises ValueError with a sentence."""
    at = parse_instant(text)
    return instant_at(_NAIVE_EPOCH + at * _MILLISECOND, zone) if is_naive(text) else at


def shift_forward(at: Millis, week: WorkingWeek) -> Millis:
    """The same instant when it is worked, else when work next begins; never back. Spec: L-9.5, L-9.6."""
    if week.never_closes() or not _has_room(at):
        return _clamp(at)
    local = local_time(at, week.zone)
    if _is_worked(local, week):
        return at
    for opens, closes in _worked(local.date(), week, 1):
        if at <= closes:
            return max(at, opens)
    return at


def _worked(day: date, week: WorkingWeek, sign: Sign) -> Iterator[tuple[Millis, Millis]]:
    """When work begins and ends on each worked day from this one on (or back), as far as anybody looks."""
    for stretch in _stretches(day, _reach(day, sign), week, sign):
        yield from _stints(stretch, week)


class _Stretch(msgspec.Struct, frozen=True):
    """Worked days (ordinals) of one year in the order in which somebody looks at them, all of them or some."""

    year: int
    days: Sequence[int]
    is_whole: bool


def _reach(day: date, sign: Sign) -> int:
    """How many days are looked at, this one included."""
    return min(LONGEST_SEARCH, (date.max - day if sign > 0 else day - date.min).days)


def _stretches(day: date, many: int, week: WorkingWeek, sign: Sign) -> Iterator[_Stretch]:
    """The worked days among so many from this one on (or back)."""
    here = day.toordinal()
    there = here + sign * (many - 1)
    for year in range(day.year, date.fromordinal(there).year + sign, sign):
        worked = week.worked_in(year)
        days = worked[bisect_left(worked, min(here, there)) : bisect_right(worked, max(here, there))]
        yield _Stretch(year, days if sign > 0 else days[::-1], len(days) == len(worked))


def _stints(stretch: _Stretch, week: WorkingWeek) -> Iterator[tuple[Millis, Millis]]:
    for day in stretch.days:
        opens, closes = _stint(day, week)
        if opens < closes:  # opens == closes: the clock skipped these hours
            yield opens, closes


def _stint(day: int, week: WorkingWeek) -> tuple[Millis, Millis]:
    """When work begins and ends on a worked day."""
    hours = week.days[_weekday(day)]
    assert hours is not None
    return _hours_of(day, hours, week.zone)


@lru_cache(STINTS_KEPT)
def _hours_of(day: int, hours: Hours, zone: str) -> tuple[Millis, Millis]:
    midnight = datetime.fromordinal(day)
    return (
        _first_instant(midnight + timedelta(minutes=hours.start), zone),
        _last_instant(midnight + timedelta(minutes=hours.end), zone),
    )


def _is_worked(local: datetime, week: WorkingWeek) -> bool:
    """By the clock on the wall: nearly always the answer. The rest, such as the closing itself, takes the long way."""
    hours = week.hours_on(local.date())
    return hours is not None and hours.start <= local.hour * 60 + local.minute < hours.end


def add_offset(at: Millis, value: int, unit: Unit, week: WorkingWeek, sign: Sign) -> Millis:
    """`value` units after (or before) `at`, not yet moved into working time.

    Minutes and hours are elapsed time; days, weeks and months keep the wall clock of the zone, months clamped to
    their last day. A wall-clock time that a clock change skips becomes the first one after it. Spec: L-9.4.
    Of working hours only worked time counts; working days keep the wall clock, too, and days without work are not
    counted. Spec: L-9.23.
    """
    if unit == "minutes" or unit == "hours":
        return _clamp(at + sign * value * (MINUTE if unit == "minutes" else HOUR))
    if unit == "working_hours" or unit == "working_days":
        return _add_worked(at, value, unit, week, sign)
    if value == 0 or not _has_room(at):
        return _clamp(at)
    local = local_time(at, week.zone).replace(tzinfo=None)
    try:
        if unit == "months":
            moved = _add_months(local, sign * value)
        else:
            moved = local + timedelta(days=sign * value * (7 if unit == "weeks" else 1))
    except (ValueError, OverflowError):
        return LATEST if sign > 0 else EARLIEST
    return _first_instant(moved, week.zone) if _has_room(_as_utc(moved)) else _clamp(_as_utc(moved))


def _add_worked(at: Millis, value: int, unit: Unit, week: WorkingWeek, sign: Sign) -> Millis:
    if value == 0 or not _has_room(at):
        return _clamp(at)
    local = local_time(at, week.zone).replace(tzinfo=None)
    if unit == "working_hours":
        return _through_work(at, local.date(), value * HOUR, week, sign)
    day = _nth_worked(local.date(), value, week, sign)
    if day is None:
        return LATEST if sign > 0 else EARLIEST
    moved = datetime.combine(day, local.time())
    return _first_instant(moved, week.zone) if _has_room(_as_utc(moved)) else _clamp(_as_utc(moved))


def _nth_worked(day: date, many: int, week: WorkingWeek, sign: Sign) -> date | None:
    """The worked day that is so many after (or before) this one; None where nobody looks any more."""
    left = many
    for stretch in _stretches(day + timedelta(days=sign), _reach(day, sign), week, sign):
        if left <= len(stretch.days):
            return date.fromordinal(stretch.days[left - 1])
        left -= len(stretch.days)
    return None


def _through_work(at: Millis, day: date, left: Millis, week: WorkingWeek, sign: Sign) -> Millis:
    """Where so much worked time ends that begins (or, back, ends) at this instant."""
    # From a day away: where all hours are worked, the clock may be in the day before.
    first = day - timedelta(days=sign)
    for stretch in _stretches(first, _reach(first, sign), week, sign):
        if _is_beyond(at, stretch, week, sign) and week.time_worked_in(stretch.year) < left:
            left -= week.time_worked_in(stretch.year)
            continue
        for opens, closes in _stints(stretch, week):
            start, end = (max(at, opens), closes) if sign > 0 else (opens, min(at, closes))
            if end - start >= left:
                return start + left if sign > 0 else end - left
            left -= max(end - start, 0)
    return LATEST if sign > 0 else EARLIEST


def _is_beyond(at: Millis, stretch: _Stretch, week: WorkingWeek, sign: Sign) -> bool:
    """Whether it is a whole year, all of whose work is after (or before) this instant."""
    if not stretch.is_whole or not stretch.days:
        return stretch.is_whole
    opens, closes = _stint(stretch.days[0], week)
    return at <= opens if sign > 0 else closes <= at


def _add_months(local: datetime, months: int) -> datetime:
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise ValueError("out of range")
    return local.replace(year=year, month=month + 1, day=min(local.day, monthrange(year, month + 1)[1]))


def _as_utc(local: datetime) -> Millis:
    return (local - _NAIVE_EPOCH) // _MILLISECOND


def _first_instant(local: datetime, zone: str) -> Millis:
    """When the clocks of the zone first show `local`, or first show something later if they skip it."""
    before, after = _offsets(local, zone)
    return _as_utc(local) - before if before >= after else _change(local, zone, before, after)


def _last_instant(local: datetime, zone: str) -> Millis:
    before, after = _offsets(local, zone)
    return _as_utc(local) - after if before >= after else _change(local, zone, before, after)


def _offsets(local: datetime, zone: str) -> tuple[Millis, Millis]:
    """The zone's offset before and after a clock change at `local`; the same twice when there is none."""
    aware = local.replace(tzinfo=ZoneInfo(zone))
    before, after = aware.utcoffset(), aware.replace(fold=1).utcoffset()
    return (before or _NOTHING) // _MILLISECOND, (after or _NOTHING) // _MILLISECOND


def _change(local: datetime, zone: str, before: Millis, after: Millis) -> Millis:
    """The clock change that skips `local`; it lies between what the two offsets make of it, on a whole second."""
    low, high = (_as_utc(local) - after) // SECOND, -((before - _as_utc(local)) // SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        offset = (_EPOCH + timedelta(seconds=middle)).astimezone(ZoneInfo(zone)).utcoffset()
        low, high = (low, middle) if offset == timedelta(milliseconds=after) else (middle, high)
    return high * SECOND


def _has_room(at: Millis) -> bool:
    return EARLIEST + _MARGIN <= at <= LATEST - _MARGIN


def _clamp(at: Millis) -> Millis:
    return min(max(at, EARLIEST), LATEST)
