"""Days on which an organization does not work although its week says so: public holidays and closures of its own.

Spec: behaviour-work D5, behaviour-launching 9.5.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec

from procession.domain.errors import Invalid
from procession.domain.names import clean_name

MAX_CLOSURES = 200
MAX_CLOSURE_DAYS = 366
MAX_NAME = 100

ClosedBy = Literal["holiday", "closure", "absence"]
HolidaysOf = Callable[[int], Mapping[date, str]]
"""The public holidays of a year, with their names: what a library knows enters the domain as data."""


class Closure(msgspec.Struct, frozen=True):
    """The organization is closed from one day to another, both included."""

    name: str
    starts_on: date
    ends_on: date

    def covers(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


class HolidayCalendar(msgspec.Struct, frozen=True):
    """Whose public holidays count: a country by its ISO code, and one of its parts where they differ."""

    country: str
    subdivision: str | None = None


class ClosedDay(msgspec.Struct, frozen=True):
    by: ClosedBy
    name: str | None


class Closings(msgspec.Struct, frozen=True):
    """`closures` by their first day, as they are stored, each at most `MAX_CLOSURE_DAYS` long.

    `away`: when each of those who are to do something is away; only days on which all of them are count.
    """

    closures: tuple[Closure, ...] = ()
    holidays: HolidaysOf | None = None
    away: tuple[tuple[Closure, ...], ...] = ()

    def on(self, day: date) -> ClosedDay | None:
        """Why nobody works on this day; None when it is like any other."""
        closure = self._closure_on(day)
        if closure is not None:
            return ClosedDay("closure", closure.name)
        name = None if self.holidays is None else self.holidays(day.year).get(day)
        if name is not None:
            return ClosedDay("holiday", name)
        is_away = bool(self.away) and all(any(each.covers(day) for each in one) for one in self.away)
        return ClosedDay("absence", None) if is_away else None

    def days_in(self, year: int) -> frozenset[int]:
        """The days of the year (ordinals) on which nobody works."""
        first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
        found = _days(self.closures, first, last)
        if self.holidays is not None:
            found |= {day.toordinal() for day in self.holidays(year)}
        if self.away:
            found |= frozenset[int].intersection(*(_days(one, first, last) for one in self.away))
        return found

    def _closure_on(self, day: date) -> Closure | None:
        """The first that covers it, of the few that begin near enough: deadlines look at tens of thousands of days."""
        found: Closure | None = None
        for place in range(bisect_right(self.closures, day, key=_first_day) - 1, -1, -1):
            closure = self.closures[place]
            if (day - closure.starts_on).days >= MAX_CLOSURE_DAYS:
                break
            if closure.covers(day):
                found = closure
        return found


def _days(closures: Iterable[Closure], first: int, last: int) -> frozenset[int]:
    """Those days from `first` to `last` that one of these covers; ordinals."""
    found: set[int] = set()
    for each in closures:
        starts, ends = each.starts_on.toordinal(), each.ends_on.toordinal()
        if starts <= last and ends >= first:
            found.update(range(max(starts, first), min(ends, last) + 1))
    return frozenset(found)


def _first_day(closure: Closure) -> date:
    return closure.starts_on


def checked_closures(sent: Sequence[Any]) -> list[dict[str, str]]:
    """Closures as they are stored, by their first day. Raises Invalid with every wrong path."""
    errors: dict[str, list[str]] = {}
    if len(sent) > MAX_CLOSURES:
        raise Invalid({"closures": [f"There may be at most {MAX_CLOSURES} closures."]})
    found: list[Closure] = []
    for index, each in enumerate(sent):
        try:
            closure = msgspec.convert(msgspec.to_builtins(each), Closure)
        except msgspec.ValidationError:
            wanted = "A closure must be an object with name, starts_on and ends_on; days in the form YYYY-MM-DD."
            errors[f"closures.{index}"] = [wanted]
            continue
        name = clean_name(closure.name)
        if not name or len(name) > MAX_NAME:
            errors[f"closures.{index}.name"] = [f"The name must have 1 to {MAX_NAME} characters."]
        if not 0 <= (closure.ends_on - closure.starts_on).days < MAX_CLOSURE_DAYS:
            wanted = f"A closure must end on or after its first day and last at most {MAX_CLOSURE_DAYS} days."
            errors[f"closures.{index}.ends_on"] = [wanted]
        found.append(Closure(name, closure.starts_on, closure.ends_on))
    if errors:
        raise Invalid(errors)
    return msgspec.to_builtins(sorted(found, key=lambda each: (each.starts_on, each.ends_on, each.name)))
