"""Instants: integers inside (milliseconds since the epoch, UTC), ISO 8601 text on the wire.

Spec: api-conventions 12.
"""

import re
from datetime import date
from functools import lru_cache

Millis = int

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

EPOCH_DAY = date(1970, 1, 1).toordinal()
EARLIEST: Millis = (date.min.toordinal() - EPOCH_DAY) * DAY
LATEST: Millis = (date.max.toordinal() - EPOCH_DAY + 1) * DAY - SECOND
"""The last whole second of the year 9999, the latest instant that can be written down."""

# What is shown together happened together: the same instants are written again and again.
WIRES_KEPT = 8_192

ACCEPTED = "YYYY-MM-DD, YYYY-MM-DD HH:MM[:SS] or ISO 8601"

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?"
    r"(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?)?",
    re.ASCII,
)
_NAIVE = re.compile(r"[\d-]{10}(?:[Tt ][\d:.,]+)?", re.ASCII)
_MINUTES = tuple(f"{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60))
_SECONDS = tuple(f"{second:02}" for second in range(60))


def parse_instant(text: object) -> Millis:
    """The instant a client wrote, to the whole second; naive is UTC, an offset is converted, a bare date is 00:00.

    Fractions are dropped, so that what is stored is what is shown. Raises ValueError with a sentence.
    """
    found = _INSTANT.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"A date and time must be text in the form {ACCEPTED}.")
    year, month, day, hour, minute, second, sign, offset_hour, offset_minute = found.groups(default="0")
    start = _start_of_day(year, month, day)
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        raise ValueError(f"There is no time {hour}:{minute}:{second}.")
    if int(offset_hour) > 23 or int(offset_minute) > 59:
        raise ValueError(f"There is no offset {sign}{offset_hour}:{offset_minute}.")
    offset = int(offset_hour) * HOUR + int(offset_minute) * MINUTE
    at = start + int(hour) * HOUR + int(minute) * MINUTE + int(second) * SECOND
    at += offset if sign == "-" else -offset
    if not EARLIEST <= at <= LATEST:
        raise ValueError("A date and time must lie in the years 1 to 9999, in UTC.")
    return at


def is_naive(text: str) -> bool:
    """Whether an instant that can be read says nothing of its zone."""
    return _NAIVE.fullmatch(text.strip()) is not None


def parse_day(text: object) -> Millis:
    """Where the UTC day `YYYY-MM-DD` begins; raises ValueError with a sentence for anything else."""
    found = _DAY.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError("A day must be text in the form YYYY-MM-DD.")
    return _start_of_day(*found.groups())


def parse_day_range(text: object) -> tuple[Millis, Millis]:
    """`first:last`, both days included, as the half-open range from the start of `first` to the end of `last`."""
    first, colon, last = text.partition(":") if isinstance(text, str) else ("", "", "")
    if not colon:
        raise ValueError("A range of days must be text in the form YYYY-MM-DD:YYYY-MM-DD.")
    start, end = parse_day(first), parse_day(last) + DAY
    if end <= start:
        raise ValueError("A range of days must not end before it starts.")
    return start, end


@lru_cache(WIRES_KEPT)
def wire(at: Millis) -> str:
    """`YYYY-MM-DDTHH:MM:SS.000Z`, always whole seconds. Raises ValueError outside the years 1 to 9999."""
    day, rest = divmod(at // SECOND, 86_400)
    minute, second = divmod(rest, 60)
    return f"{_day_text(day)}T{_MINUTES[minute]}{_SECONDS[second]}.000Z"


def wire_or_none(at: Millis | None) -> str | None:
    return None if at is None else wire(at)


def is_same_second(sent: Millis | None, stored: Millis | None) -> bool:
    """Answers show whole seconds, so an instant that is sent back unchanged may have lost its fraction."""
    if sent is None or stored is None:
        return sent is stored
    return sent // SECOND == stored // SECOND


def csv_time(at: Millis) -> str:
    """`YYYY-MM-DD HH:MM:SS` in UTC, the form of exported tables."""
    day, rest = divmod(at // SECOND, 86_400)
    minute, second = divmod(rest, 60)
    return f"{_day_text(day)} {_MINUTES[minute]}{_SECONDS[second]}"


def _start_of_day(year: str, month: str, day: str) -> Millis:
    try:
        return (date(int(year), int(month), int(day)).toordinal() - EPOCH_DAY) * DAY
    except ValueError:
        raise ValueError(f"There is no day {year}-{month}-{day}.") from None


@lru_cache(maxsize=8192)  # 22 years of days; a list repeats a few of them
def _day_text(day: int) -> str:
    try:
        return date.fromordinal(day + EPOCH_DAY).isoformat()
    except (ValueError, OverflowError):
        raise ValueError("An instant outside the years 1 to 9999 cannot be written down.") from None
