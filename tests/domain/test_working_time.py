"""Closed days and worked time. Spec: behaviour-launching 9.1, 9.2 (L-9.23), 9.5; behaviour-work D5."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from procession.domain.calendar import (
    ALL_HOURS,
    LONGEST_SEARCH,
    Sign,
    Unit,
    WorkingWeek,
    add_offset,
    local_day,
    local_time,
    shift_forward,
)
from procession.domain.closings import Closings, Closure
from procession.domain.deadline_previews import preview
from procession.domain.deadlines import MAX_WORKED, Offset, StepDeadline
from procession.domain.times import EARLIEST, LATEST, MINUTE, parse_instant, wire
from tests.domain.test_calendar import LISBON, THURSDAY, WEEKS

CLOSED = Closings(
    (Closure("Stocktaking", date(2026, 3, 9), date(2026, 3, 10)),), lambda year: {date(year, 3, 6): "Founders' Day"}
)
CLOSED_LISBON = replace(LISBON, closings=CLOSED)
CALENDARS = st.builds(
    lambda calendar, closings: replace(calendar, closings=closings), WEEKS, st.sampled_from([None, CLOSED])
)


@pytest.mark.parametrize(
    ("value", "unit", "sign", "expected"),
    [
        pytest.param(1, "days", 1, "2026-03-11T09:00:00.000Z", id="D5 friday off, the weekend, two days closed"),
        pytest.param(1, "working_days", 1, "2026-03-11T14:30:00.000Z", id="L-9.23 the next worked day, same time"),
        pytest.param(3, "working_days", 1, "2026-03-13T14:30:00.000Z", id="L-9.23 only worked days count"),
        pytest.param(1, "working_days", -1, "2026-03-04T14:30:00.000Z", id="L-9.23 back"),
        pytest.param(
            5, "working_hours", 1, "2026-03-11T10:30:00.000Z", id="L-9.23 3.5 hours today, the rest on wednesday"
        ),
        pytest.param(
            6, "working_hours", -1, "2026-03-04T17:30:00.000Z", id="L-9.23 5.5 hours today, the rest yesterday"
        ),
        pytest.param(0, "working_days", 1, "2026-03-05T14:30:00.000Z", id="L-9.23 none"),
    ],
)
def test_closed_days_are_not_worked(value: int, unit: Unit, sign: Sign, expected: str) -> None:
    at = parse_instant(THURSDAY)

    assert wire(shift_forward(add_offset(at, value, unit, CLOSED_LISBON, sign), CLOSED_LISBON)) == expected


def is_worked(minute: int, calendar: WorkingWeek) -> bool:
    """Whether the minute that begins then is worked, by looking at a clock on the wall and a calendar beside it."""
    local = datetime.fromtimestamp(minute * 60, UTC).astimezone(ZoneInfo(calendar.zone))
    hours = calendar.days[local.weekday()]
    closed = calendar.closings is not None and (
        (local.month == 3 and local.day == 6) or (local.year == 2026 and local.month == 3 and local.day in (9, 10))
    )
    return hours is not None and not closed and hours.start <= local.hour * 60 + local.minute < hours.end


@given(
    minute=st.integers(parse_instant("2026-02-20") // MINUTE, parse_instant("2026-04-05") // MINUTE),
    hours=st.integers(1, 12),
    calendar=CALENDARS,
    sign=st.sampled_from([1, -1]),
)
@settings(max_examples=40, deadline=None)
def test_working_hours_agree_with_a_clock_watched_minute_by_minute(
    minute: int, hours: int, calendar: WorkingWeek, sign: Sign
) -> None:
    watched, worked = minute, 0
    while worked < hours * 60:
        worked += is_worked(watched if sign > 0 else watched - 1, calendar)
        watched += sign

    assert add_offset(minute * MINUTE, hours, "working_hours", calendar, sign) == watched * MINUTE


@given(
    minute=st.integers(parse_instant("2026-02-20") // MINUTE, parse_instant("2026-04-05") // MINUTE),
    days=st.integers(1, 8),
    calendar=CALENDARS,
    sign=st.sampled_from([1, -1]),
)
@settings(max_examples=40, deadline=None)
def test_working_days_agree_with_a_calendar_ticked_off_day_by_day(
    minute: int, days: int, calendar: WorkingWeek, sign: Sign
) -> None:
    at = minute * MINUTE
    reached = local_time(add_offset(at, days, "working_days", calendar, sign), calendar.zone)
    day, left = local_day(at, calendar.zone), days
    while left:
        day += timedelta(days=sign)
        noons = range(
            parse_instant(f"{day}T00:00:00Z") // MINUTE - 24 * 60, parse_instant(f"{day}T00:00:00Z") // MINUTE + 48 * 60
        )
        left -= any(local_day(each * MINUTE, calendar.zone) == day and is_worked(each, calendar) for each in noons)

    assert reached.date() == day


CLOSED_LONG = Closings(
    tuple(Closure("Rebuilding", date(year, 5, 2), date(year + 1, 4, 30)) for year in range(2030, 2050, 3)),
    lambda year: {date(year, 3, 6): "Founders' Day"},
    (
        (Closure("", date(2026, 6, 1), date(2026, 9, 1)), Closure("", date(2027, 12, 20), date(2028, 1, 20))),
        (Closure("", date(2026, 8, 10), date(2026, 8, 30)), Closure("", date(2028, 1, 2), date(2028, 2, 3))),
    ),
)
FAR = {
    "minute": st.integers(parse_instant("2020-01-01") // MINUTE, parse_instant("2030-12-31") // MINUTE),
    "calendar": st.builds(
        lambda calendar, closings: replace(calendar, closings=closings),
        WEEKS,
        st.sampled_from([None, CLOSED, CLOSED_LONG]),
    ),
    "sign": st.sampled_from([1, -1]),
}


@given(days=st.integers(1, MAX_WORKED), **FAR)
@settings(max_examples=40, deadline=None)
def test_many_working_days_agree_with_a_calendar_ticked_off_day_by_day(
    minute: int, days: int, calendar: WorkingWeek, sign: Sign
) -> None:
    """As far as anybody looks."""
    began = day = local_day(minute * MINUTE, calendar.zone)
    left = days
    while left and abs((day - began).days) < LONGEST_SEARCH:
        day += timedelta(days=sign)
        left -= calendar.hours_on(day) is not None

    reached = add_offset(minute * MINUTE, days, "working_days", calendar, sign)

    assert (reached in (EARLIEST, LATEST)) == bool(left)
    assert left or local_day(reached, calendar.zone) == day


@given(times=st.integers(1, MAX_WORKED // 97), **FAR)
@settings(max_examples=40, deadline=None)
def test_many_working_hours_are_as_long_as_a_few_hours_so_many_times(
    minute: int, times: int, calendar: WorkingWeek, sign: Sign
) -> None:
    at_once = add_offset(minute * MINUTE, 97 * times, "working_hours", calendar, sign)
    assume(at_once not in (EARLIEST, LATEST))
    reached = minute * MINUTE
    for _ in range(times):
        reached = add_offset(reached, 97, "working_hours", calendar, sign)

    assert at_once == reached


@given(
    minute=st.integers(parse_instant("2026-02-20") // MINUTE, parse_instant("2026-04-05") // MINUTE), calendar=CALENDARS
)
@settings(max_examples=40, deadline=None)
def test_moving_forward_over_closed_days_agrees_with_a_clock_watched_minute_by_minute(
    minute: int, calendar: WorkingWeek
) -> None:
    watched = minute
    # L-9.5: exactly at the end of the hours is inside them, as long as the clock does not show the next day.
    closes = is_worked(minute - 1, calendar) and local_day((minute - 1) * MINUTE, calendar.zone) == local_day(
        minute * MINUTE, calendar.zone
    )
    while not closes and not is_worked(watched, calendar):
        watched += 1

    assert shift_forward(minute * MINUTE, calendar) == watched * MINUTE


def test_a_preview_says_what_moved_each_deadline() -> None:
    """L-9.24: in the order of the days; the closing of one step counts for the step that is counted from it."""
    steps = [
        ("quote", StepDeadline(1, "days", "from", "start_run")),
        ("sign", StepDeadline(1, "working_days", "from", "quote")),
        ("pay", StepDeadline(4, "hours", "from", "start_run")),
        ("file", StepDeadline(25, "days", "from", "start_run")),
    ]
    quote, sign, pay, file = preview(steps, parse_instant(THURSDAY), Offset(5, "days"), CLOSED_LISBON, {})

    assert (wire(quote.raw), wire(quote.at), quote.is_held) == (
        "2026-03-06T14:30:00.000Z",
        "2026-03-11T09:00:00.000Z",
        False,
    )
    assert [(each.kind, each.name, each.starts_on.day, each.ends_on.day) for each in quote.shifts] == [
        ("holiday", "Founders' Day", 6, 6),
        ("weekend", None, 7, 8),
        ("closure", "Stocktaking", 9, 10),
    ]
    assert (sign.anchor, wire(sign.counted_from), wire(sign.at), sign.is_held) == (
        "quote", "2026-03-11T09:00:00.000Z", "2026-03-12T09:00:00.000Z", True,
    )  # fmt: skip
    assert [each.kind for each in sign.shifts] == []
    assert [each.kind for each in pay.shifts] == ["after_hours", "holiday", "weekend", "closure"]
    assert [(each.kind, each.starts_on.isoformat()) for each in file.shifts] == [("clock_change", "2026-03-05")]


@pytest.mark.parametrize("unit", ["minutes", "hours", "working_hours"])
def test_time_that_passes_keeps_no_time_of_day(unit: Unit) -> None:
    """L-9.24: a change of the clocks moves no deadline that is so many hours away."""
    always = WorkingWeek((ALL_HOURS,) * 7, "Europe/Berlin")
    rule = StepDeadline(24 * (60 if unit == "minutes" else 1), unit, "from", "start_run")
    [found] = preview([("sign", rule)], parse_instant("2026-10-24T10:00:00Z"), Offset(5, "days"), always, {})

    assert (wire(found.at), found.shifts) == ("2026-10-25T10:00:00.000Z", ())


def test_a_day_in_several_closures_is_named_after_the_first() -> None:
    """L-9.22: the one that begins first, however many begin and end in between; the last day counts, the next not."""
    long = Closure("Rebuilding", date(2026, 1, 1), date(2026, 12, 31))
    days = [Closure(f"Day {day}", date(2026, 1, day), date(2026, 1, day)) for day in range(2, 29)]
    late = Closure("Moving", date(2026, 12, 30), date(2027, 1, 2))
    closings = Closings((long, *days, late))

    named = {
        day: closings.on(day) for day in (date(2026, 1, 5), date(2026, 12, 31), date(2027, 1, 2), date(2027, 1, 3))
    }

    assert [None if each is None else each.name for each in named.values()] == [
        "Rebuilding",
        "Rebuilding",
        "Moving",
        None,
    ]
    assert closings.on(date(2025, 12, 31)) is None
