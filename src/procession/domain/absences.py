"""Members who are away, and who stands in for them. Spec: behaviour-launching 9.6."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec.structs import replace

from procession.domain.calendar import WorkingWeek
from procession.domain.closings import Closings, Closure
from procession.domain.processes import Owners
from procession.domain.times import Millis

MAX_DAYS = 366


class Absence(msgspec.Struct, frozen=True, kw_only=True):
    """From one day to another, both included. Column names and fields agree (storage.rows), days as YYYY-MM-DD."""

    id: int
    member: int
    starts_on: str
    ends_on: str
    deputy: int | None = None
    created_at: Millis
    updated_at: Millis

    def covers(self, day: date) -> bool:
        return self.starts_on <= day.isoformat() <= self.ends_on


Absences = Mapping[int, Sequence[Absence]]
"""By member; only those whose deputy, if they have one, can be given work."""

NONE: Absences = MappingProxyType({})


def by_member(absences: Iterable[Absence]) -> Absences:
    found: dict[int, list[Absence]] = {}
    for absence in absences:
        found.setdefault(absence.member, []).append(absence)
    return found


def faults(absence: Absence) -> dict[str, list[Any]]:
    errors: dict[str, list[Any]] = {}
    days: dict[str, date] = {}
    for name in ("starts_on", "ends_on"):
        try:
            days[name] = date.fromisoformat(getattr(absence, name))
        except ValueError:
            errors[name] = [f"The {name.replace('_', ' ')} must be a day in the form YYYY-MM-DD."]
        else:
            if days[name].isoformat() != getattr(absence, name):
                errors[name] = [f"The {name.replace('_', ' ')} must be a day in the form YYYY-MM-DD."]
    if not errors and not 0 <= (days["ends_on"] - days["starts_on"]).days < MAX_DAYS:
        errors["ends_on"] = [f"An absence must end on or after its first day and last at most {MAX_DAYS} days."]
    if absence.deputy == absence.member:
        errors["deputy_id"] = ["Nobody stands in for themselves."]
    return errors


def with_deputies(owners: Owners, day: date, absences: Absences) -> Owners:
    """With whoever stands in on that day for one of them; those who are away stay. Spec: L-9.25."""
    standing_in = [
        each.deputy
        for user in owners.users
        for each in absences.get(user, ())
        if each.deputy is not None and each.covers(day)
    ]
    return replace(owners, users=tuple(dict.fromkeys((*owners.users, *standing_in)))) if standing_in else owners


def week_of(owners: Owners, week: WorkingWeek, absences: Absences) -> WorkingWeek:
    """The week without the days on which everybody is away and nobody stands in. Spec: L-9.26.

    Groups and guests are never away.
    """
    if not owners.users or owners.groups or owners.guests or not all(user in absences for user in owners.users):
        return week
    away = tuple(
        tuple(
            Closure("", date.fromisoformat(each.starts_on), date.fromisoformat(each.ends_on))
            for each in absences[user]
            if each.deputy is None
        )
        for user in owners.users
    )
    return replace(week, closings=replace(week.closings or Closings(), away=away)) if all(away) else week
