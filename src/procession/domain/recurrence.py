"""When a schedule is due: its fields or its RFC 5545 rule, by the clocks of a zone. Spec: api-processes 21, L-12.4."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, time, timedelta
from heapq import merge
from typing import Any, Literal

import msgspec

from procession.domain.calendar import WEEKDAYS, instant_at, is_zone, local_time
from procession.domain.times import Millis

Frequency = Literal["hourly", "daily", "weekly", "monthly", "yearly"]
CatchUp = Literal["none", "last", "all"]

MAX_INTERVAL = 999
MAX_TIMES = 24
MAX_RULE = 500
DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
BELONGS: Mapping[str, frozenset[str]] = {
    "weekdays": frozenset({"weekly"}),
    "day_of_month": frozenset({"monthly", "yearly"}),
    "month": frozenset({"yearly"}),
}
"""Fields that only some frequencies have."""
PARTS = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS", "BYHOUR",
     "BYMINUTE", "WKST"}
)  # fmt: skip
MISPLACED: Mapping[str, frozenset[str]] = {
    "BYWEEKNO": frozenset({"HOURLY", "DAILY", "WEEKLY", "MONTHLY"}),
    "BYYEARDAY": frozenset({"DAILY", "WEEKLY", "MONTHLY"}),
    "BYMONTHDAY": frozenset({"WEEKLY"}),
}
"""Parts that RFC 5545 does not allow with these frequencies."""
FREQUENCIES = frozenset({"HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"})

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_DAY = timedelta(days=1)

Occurrences = Callable[[str, datetime, datetime], Iterator[datetime]]
"""(rule, its start, after when) -> the later moments, by the clock on the wall: what a library knows of RFC 5545."""


class Recurrence(msgspec.Struct, frozen=True, kw_only=True):
    """Either a frequency with what belongs to it, or a rule. `timezone` None: the organization's."""

    frequency: Frequency | None = None
    interval: int = 1
    weekdays: tuple[str, ...] = ()
    day_of_month: int | None = None
    month: int | None = None
    times: tuple[str, ...] = ()
    rrule: str | None = None
    timezone: str | None = None
    starts_at: Millis
    ends_at: Millis | None = None


def faults(when: Recurrence) -> dict[str, list[Any]]:
    """What is wrong with the fields, by field. Whether a rule can be read its reader knows."""
    errors: dict[str, list[Any]] = {}
    if (when.frequency is None) == (when.rrule is None):
        errors["frequency"] = ["Send either a frequency or an rrule."]
    if when.timezone is not None and not is_zone(when.timezone):
        errors["timezone"] = ["The timezone must be the name of an IANA time zone."]
    if when.ends_at is not None and when.ends_at < when.starts_at:
        errors["ends_at"] = ["The ends at must not be before the starts at."]
    return errors | (_rule_faults(when) if when.rrule is not None else _field_faults(when))


def _field_faults(when: Recurrence) -> dict[str, list[Any]]:
    errors: dict[str, list[Any]] = {}
    if not 1 <= when.interval <= MAX_INTERVAL:
        errors["interval"] = [f"The interval must be from 1 to {MAX_INTERVAL}."]
    for name, frequencies in BELONGS.items():
        if getattr(when, name) and when.frequency is not None and when.frequency not in frequencies:
            errors[name] = [
                f"The {name.replace('_', ' ')} may be sent with a {' or '.join(sorted(frequencies))} frequency only."
            ]
    if not set(when.weekdays) <= set(WEEKDAYS):
        errors["weekdays"] = [f"Each day must be one of {', '.join(WEEKDAYS)}."]
    if when.day_of_month is not None and not 1 <= when.day_of_month <= 31:
        errors["day_of_month"] = ["The day of month must be from 1 to 31."]
    if when.month is not None and not 1 <= when.month <= 12:
        errors["month"] = ["The month must be from 1 to 12."]
    if len(when.times) > MAX_TIMES or not all(_CLOCK.fullmatch(each) for each in when.times):
        errors["times"] = [f"The times must be at most {MAX_TIMES}, in the form HH:MM."]
    return errors


def _rule_faults(when: Recurrence) -> dict[str, list[Any]]:
    sent = [name for name in (*BELONGS, "times") if getattr(when, name)]
    if when.interval != 1:
        sent.append("interval")
    errors: dict[str, list[Any]] = {name: ["An rrule says this itself."] for name in sent}
    rule = plain_rule(when.rrule or "")
    parts = _parts(rule)
    if len(rule) > MAX_RULE or "\n" in rule or not all(parts.values()):
        errors["rrule"] = [f"The rrule must be one RFC 5545 rule of at most {MAX_RULE} characters."]
    elif len(parts) != len(rule.split(";")):
        errors["rrule"] = ["The rrule may say each part once."]
    elif "UNTIL" in parts:
        errors["rrule"] = ["Send ends_at instead of UNTIL."]
    elif unknown := sorted(parts.keys() - PARTS):
        errors["rrule"] = [f"The rrule may not have {', '.join(unknown)}."]
    elif parts.get("FREQ") not in FREQUENCIES:
        errors["rrule"] = ["The FREQ of the rrule must be HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY."]
    elif not (parts.get("INTERVAL", "1").isdecimal() and 1 <= int(parts.get("INTERVAL", "1")) <= MAX_INTERVAL):
        errors["rrule"] = [f"The INTERVAL of the rrule must be from 1 to {MAX_INTERVAL}."]
    elif misplaced := _misplaced(parts):
        errors["rrule"] = [misplaced]
    return errors


def _misplaced(parts: Mapping[str, str]) -> str | None:
    """What RFC 5545 (3.3.10) forbids of parts together, and what readers would pass over in silence."""
    frequency = parts["FREQ"]
    for name, frequencies in MISPLACED.items():
        if name in parts and frequency in frequencies:
            return f"The rrule may not have {name} with FREQ={frequency}."
    is_numbered = any(char.isdecimal() for char in parts.get("BYDAY", ""))
    if is_numbered and (frequency not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in parts):
        return "The BYDAY of the rrule may have numbers with FREQ=MONTHLY, or YEARLY without BYWEEKNO, only."
    if "BYSETPOS" in parts and not any(name.startswith("BY") for name in parts.keys() - {"BYSETPOS"}):
        return "The BYSETPOS of the rrule needs another part that begins with BY."
    return None


def _parts(rule: str) -> dict[str, str]:
    return {name: value for name, _, value in (part.partition("=") for part in rule.split(";"))}


def plain_rule(rule: str) -> str:
    """The rule without its property name, in capitals."""
    return rule.strip().upper().removeprefix("RRULE:")


def rules(when: Recurrence, zone: str) -> list[str]:
    """As RFC 5545 rules, one for each time of day. Spec: L-12.4 (short months: their last day)."""
    if when.rrule is not None:
        return [plain_rule(when.rrule)]
    start = local_time(when.starts_at, zone)
    times = sorted(set(when.times)) or [start.strftime("%H:%M")]
    first = f"FREQ={(when.frequency or 'daily').upper()};INTERVAL={when.interval}"
    day = when.day_of_month or start.day
    match when.frequency:
        case "hourly":
            minutes = sorted({int(each[3:]) for each in times})
            return [f"{first};BYMINUTE={','.join(map(str, minutes))}"]
        case "weekly":
            days = when.weekdays or (WEEKDAYS[start.weekday()],)
            first += ";BYDAY=" + ",".join(each[:2].upper() for each in WEEKDAYS if each in days) + ";WKST=MO"
        case "monthly":
            first += f";{_last_of(day)}"
        case "yearly":
            month = when.month or start.month
            first += f";BYMONTH={month};{_last_of(min(day, DAYS_IN_MONTH[month - 1]))}"
        case _:
            pass
    return [f"{first};BYHOUR={int(each[:2])};BYMINUTE={int(each[3:])}" for each in times]


def _last_of(day: int) -> str:
    """That day of the month, or the last one there is."""
    if day <= 28:
        return f"BYMONTHDAY={day}"
    return f"BYMONTHDAY={','.join(map(str, range(28, day + 1)))};BYSETPOS=-1"


def slots(when: Recurrence, organization_zone: str, after: Millis, occurrences: Occurrences) -> Iterator[Millis]:
    """The instants later than `after` at which it is due, in order.

    A time that the clocks skip is the first one after it, one that they show twice is the first of the two. What is
    due every hour leaves out an hour that there is not: the next one comes at once.
    """
    zone = when.timezone or organization_zone
    begin = local_time(when.starts_at, zone).replace(tzinfo=None, second=0, microsecond=0)
    if when.frequency == "hourly":
        begin = begin.replace(minute=0)
    elif when.frequency is not None:
        begin = datetime.combine(begin.date(), time.min)
    # From a day earlier: where clocks are set back, what they show says little.
    since = local_time(max(after, when.starts_at), zone).replace(tzinfo=None) - _DAY
    streams = [
        _instants(occurrences(rule, _nearer(rule, begin, since), since), zone, is_of_every_hour=_is_of_every_hour(rule))
        for rule in rules(when, zone)
    ]
    former: Millis | None = None
    for at in merge(*streams):
        if when.ends_at is not None and at > when.ends_at:
            return
        if at > after and at >= when.starts_at and at != former:
            yield at
        former = at


def _instants(moments: Iterator[datetime], zone: str, *, is_of_every_hour: bool) -> Iterator[Millis]:
    for local in moments:
        at = instant_at(local, zone)
        if not is_of_every_hour or local_time(at, zone).replace(tzinfo=None) == local:
            yield at


def _is_of_every_hour(rule: str) -> bool:
    parts = _parts(rule)
    return parts["FREQ"] == "HOURLY" and int(parts.get("INTERVAL", "1")) == 1 and "BYHOUR" not in parts


def _nearer(rule: str, begin: datetime, since: datetime) -> datetime:
    """A later beginning that leads to the same moments after `since`: hours and days need not be counted from afar."""
    parts = _parts(rule)
    lengths = {"HOURLY": timedelta(hours=1), "DAILY": _DAY, "WEEKLY": 7 * _DAY}
    length = lengths.get(parts["FREQ"])
    if length is None or "COUNT" in parts or since <= begin:
        return begin
    period = length * int(parts.get("INTERVAL", "1"))
    return begin + (since - begin) // period * period
