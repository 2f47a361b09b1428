"""When a schedule is due: its fields or its RFC 5545 rule, by the clocks of a zone. Spec: api-processes 21, L-12.4."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, time, timedelta
from heapq import merge
from itertools import takewhile
from typing import Any, Literal

import msgspec

from procession.domain import recurring_days
from procession.domain.calendar import WEEKDAYS, instant_at, is_zone, local_time
from procession.domain.recurring_days import DAYS
from procession.domain.times import Millis

Frequency = Literal["hourly", "daily", "weekly", "monthly", "yearly"]
CatchUp = Literal["none", "last", "all"]

MAX_INTERVAL = 999
# Whatever is counted is counted from its beginning.
MAX_COUNT = 99_999
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
FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
LIMITS: Mapping[str, tuple[int, int]] = {
    "INTERVAL": (1, MAX_INTERVAL),
    "COUNT": (1, MAX_COUNT),
    "BYMONTH": (1, 12),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
}
"""The least and the most of numbers in a rule."""
LIMITS_FROM_BOTH_ENDS: Mapping[str, int] = {"BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
"""The most of numbers that are never 0, and count from the end when they are negative."""

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_SIGNED = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_DAY_OF_RULE = re.compile(rf"(?:[+-]?(\d{{1,2}}))?(?:{'|'.join(DAYS)})", re.ASCII)
_DAY = timedelta(days=1)

Occurrences = Callable[[str, datetime, datetime], Iterator[datetime]]
"""(rule, its start, after when) -> the later moments, by the clock on the wall: what a library knows of RFC 5545,
asked about weeks, months and years."""


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
    """What is wrong with the fields, by field."""
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
    elif "FREQ" not in parts:
        errors["rrule"] = ["The rrule must have a FREQ."]
    elif fault := _out_of_range(parts) or _misplaced(parts):
        errors["rrule"] = [fault]
    return errors


def _out_of_range(parts: Mapping[str, str]) -> str | None:
    """What values RFC 5545 (3.3.10) does not know. Spec: api-processes 21."""
    for name, value in parts.items():
        is_list = name.startswith("BY")
        expected, is_fine = _expected(name, parts)
        if not all(is_fine(each) for each in (value.split(",") if is_list else [value])):
            return f"The {name} of the rrule must be {expected}{', with commas between' if is_list else ''}."
    return None


def _expected(name: str, parts: Mapping[str, str]) -> tuple[str, Callable[[str], bool]]:
    """What the part must be, in words and as a test of one entry of it."""
    if name in LIMITS:
        least, most = LIMITS[name]
        return f"from {least} to {most}", lambda each: bool(_NUMBER.fullmatch(each)) and least <= int(each) <= most
    if name in LIMITS_FROM_BOTH_ENDS:
        most = LIMITS_FROM_BOTH_ENDS[name]
        return (
            f"from 1 to {most} or from -{most} to -1",
            lambda each: bool(_SIGNED.fullmatch(each)) and 1 <= abs(int(each)) <= most,
        )
    if name == "BYDAY":
        most = 53 if parts["FREQ"] == "YEARLY" and "BYMONTH" not in parts else 5
        return f"days such as MO or, of at most {most} in a period, 1MO or -1MO", lambda each: _is_day(each, most)
    if name == "WKST":
        return f"one of {', '.join(DAYS)}", lambda each: each in DAYS
    return f"one of {', '.join(FREQUENCIES)}", lambda each: each in FREQUENCIES


def _is_day(entry: str, most: int) -> bool:
    """With a number, or without."""
    found = _DAY_OF_RULE.fullmatch(entry)
    return found is not None and (found[1] is None or 1 <= int(found[1]) <= most)


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
        _instants(
            _moments(rule, _nearer(rule, begin, since), since, occurrences),
            zone,
            is_of_every_hour=_is_of_every_hour(rule),
        )
        for rule in (_counted(each, begin, when.starts_at, zone, occurrences) for each in rules(when, zone))
    ]
    former: Millis | None = None
    for at in merge(*streams):
        if when.ends_at is not None and at > when.ends_at:
            return
        if at > after and at >= when.starts_at and at != former:
            yield at
        former = at


def _counted(rule: str, begin: datetime, starts_at: Millis, zone: str, occurrences: Occurrences) -> str:
    """The rule with a COUNT that leaves as many slots as it says, though some moments lie just before it starts:
    slots are whole minutes, and start where the clocks show an hour twice, too.
    """
    parts = _parts(rule)
    count = parts.pop("COUNT", None)
    if count is None:
        return rule
    endless = ";".join(f"{name}={value}" for name, value in parts.items())
    found = _moments(endless, begin, begin - timedelta(minutes=1), occurrences)
    early = sum(1 for _ in takewhile(lambda moment: instant_at(moment, zone) < starts_at, found))
    return f"{endless};COUNT={int(count) + early}"


def _moments(rule: str, start: datetime, after: datetime, occurrences: Occurrences) -> Iterator[datetime]:
    parts = _parts(rule)
    if parts["FREQ"] in recurring_days.FREQUENCIES:
        return recurring_days.moments(recurring_days.rule_of(parts, start), after)
    return occurrences(rule, start, after)


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
