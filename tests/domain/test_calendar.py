"""The working week and calendar arithmetic. Spec: behaviour-launching 9.1, 9.2; behaviour-work D1 to D4, D12."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.domain.calendar import (
    ALL_HOURS,
    WEEKDAYS,
    Hours,
    Sign,
    Unit,
    WorkingWeek,
    add_offset,
    local_day,
    parse_working_days,
    shift_forward,
)
from procession.domain.errors import Invalid
from procession.domain.times import EARLIEST, HOUR, LATEST, MINUTE, parse_instant, wire


def week(days: int, start: int = 0, end: int = 24, zone: str = "Europe/Lisbon") -> WorkingWeek:
    hours = Hours(start * 60, end * 60)
    return WorkingWeek(tuple(hours if day < days else None for day in range(7)), zone)


LISBON = week(5, 9, 18)
BERLIN = week(5, 9, 17, "Europe/Berlin")
THURSDAY = "2026-03-05T14:30:00Z"


@pytest.mark.parametrize(
    ("launched", "value", "unit", "calendar", "expected"),
    [
        pytest.param(THURSDAY, 90, "minutes", LISBON, "2026-03-05T16:00:00.000Z", id="9.4 90 minutes"),
        pytest.param(THURSDAY, 3, "hours", LISBON, "2026-03-05T17:30:00.000Z", id="9.4 3 hours"),
        pytest.param(THURSDAY, 4, "hours", LISBON, "2026-03-06T09:00:00.000Z", id="9.4 4 hours"),
        pytest.param(THURSDAY, 1, "days", LISBON, "2026-03-06T14:30:00.000Z", id="9.4 1 day"),
        pytest.param(THURSDAY, 2, "days", LISBON, "2026-03-09T09:00:00.000Z", id="9.4 2 days"),
        pytest.param(THURSDAY, 1, "weeks", LISBON, "2026-03-12T14:30:00.000Z", id="9.4 1 week"),
        pytest.param(THURSDAY, 25, "days", LISBON, "2026-03-30T13:30:00.000Z", id="9.4 25 days over the clock change"),
        pytest.param(THURSDAY, 1, "months", LISBON, "2026-04-06T08:00:00.000Z", id="9.4 1 month"),
        pytest.param(THURSDAY, 0, "days", LISBON, "2026-03-05T14:30:00.000Z", id="9.4 0 days"),
        pytest.param(THURSDAY, 2, "days", week(7), "2026-03-07T14:30:00.000Z", id="9.4 2 days, 7 days all hours"),
        pytest.param(THURSDAY, 2, "days", week(5), "2026-03-09T00:00:00.000Z", id="9.4 2 days, Mon-Fri all hours"),
        pytest.param(THURSDAY, 1, "days", week(4, 8, 16), "2026-03-09T08:00:00.000Z", id="9.4 1 day, Mon-Thu 8-16"),
        pytest.param(
            "2026-03-06T16:30:00Z",
            1,
            "hours",
            week(5, 9, 17),
            "2026-03-09T09:00:00.000Z",
            id="L-9.6 nothing is carried",
        ),
        pytest.param(
            "2026-01-31T10:00:00Z", 1, "months", LISBON, "2026-03-02T09:00:00.000Z", id="9.4 31 Jan + 1 month"
        ),
        pytest.param("2026-03-05T15:00:00Z", 1, "days", BERLIN, "2026-03-06T15:00:00.000Z", id="work 6 +1 day"),
        pytest.param("2026-03-05T15:00:00Z", 2, "days", BERLIN, "2026-03-09T08:00:00.000Z", id="work 6 +2 days"),
        pytest.param("2026-03-05T15:00:00Z", 3, "hours", BERLIN, "2026-03-06T08:00:00.000Z", id="work 6 +3 hours"),
        pytest.param("2026-03-05T15:00:00Z", 1, "months", BERLIN, "2026-04-06T07:00:00.000Z", id="work 6 +1 month"),
    ],
)
def test_an_offset_from_launch_lands_in_working_time(
    launched: str, value: int, unit: Unit, calendar: WorkingWeek, expected: str
) -> None:
    """L-9.4 to L-9.7: whatever the zone, the result is UTC."""
    assert wire(shift_forward(add_offset(parse_instant(launched), value, unit, calendar, 1), calendar)) == expected


@pytest.mark.parametrize(
    ("at", "calendar", "expected"),
    [
        pytest.param("2026-03-07T14:30:00Z", LISBON, "2026-03-09T09:00:00.000Z", id="D3 saturday is monday at opening"),
        pytest.param("2026-03-05T06:00:00Z", LISBON, "2026-03-05T09:00:00.000Z", id="L-9.5 before opening"),
        pytest.param(
            "2026-03-05T09:00:00Z", LISBON, "2026-03-05T09:00:00.000Z", id="L-9.5 the opening itself is inside"
        ),
        pytest.param(
            "2026-03-05T18:00:00Z", LISBON, "2026-03-05T18:00:00.000Z", id="L-9.5 the closing itself is inside"
        ),
        pytest.param("2026-03-05T18:00:01Z", LISBON, "2026-03-06T09:00:00.000Z", id="L-9.5 a second too late"),
        pytest.param("2026-03-06T18:00:01Z", LISBON, "2026-03-09T09:00:00.000Z", id="L-9.5 late on friday"),
        pytest.param("2026-03-06T23:59:59Z", week(5), "2026-03-06T23:59:59.000Z", id="L-9.5 all hours to the end"),
        pytest.param("2026-03-07T00:00:00Z", week(5), "2026-03-09T00:00:00.000Z", id="L-9.5 midnight is the next day"),
        pytest.param("2026-03-07T14:30:00Z", week(6), "2026-03-07T14:30:00.000Z", id="L-9.1 six days"),
        pytest.param("2026-03-06T14:30:00Z", week(4), "2026-03-09T00:00:00.000Z", id="L-9.1 four days"),
        pytest.param("2026-03-06T22:30:00Z", week(5, 0, 24, "Asia/Tokyo"), "2026-03-08T15:00:00.000Z", id="L-9.1 zone"),
        pytest.param(  # Friday 2011-12-30 never came to Samoa; the next one did
            "2011-12-29T12:00:00Z",
            WorkingWeek((None, None, None, None, ALL_HOURS, None, None), "Pacific/Apia"),
            "2012-01-05T10:00:00.000Z",
            id="L-9.5 a day the zone skipped is not worked",
        ),
        pytest.param(  # Lebanon's clocks skip the hour after midnight
            "2026-03-28T12:00:00Z",
            WorkingWeek((None, None, None, None, None, None, ALL_HOURS), "Asia/Beirut"),
            "2026-03-28T22:00:00.000Z",
            id="L-9.5 a day without midnight begins when it begins",
        ),
        pytest.param(
            "2026-03-28T12:00:00Z",
            WorkingWeek((None, None, None, None, None, None, Hours(150, 600)), "Europe/Berlin"),
            "2026-03-29T01:00:00.000Z",
            id="L-9.5 an opening the clock skips is the first time after",
        ),
        pytest.param(
            "2026-10-25T01:30:00Z",
            WorkingWeek((None, None, None, None, None, None, Hours(0, 150)), "Europe/Berlin"),
            "2026-10-25T01:30:00.000Z",
            id="L-9.5 a closing the clock shows twice is the second one",
        ),
    ],
)
def test_work_moves_forward_into_working_time(at: str, calendar: WorkingWeek, expected: str) -> None:
    assert wire(shift_forward(parse_instant(at), calendar)) == expected


@pytest.mark.parametrize(
    ("at", "value", "unit", "sign", "zone", "expected"),
    [
        pytest.param("2026-03-08T09:00:00Z", 1, "days", -1, "UTC", "2026-03-07T09:00:00.000Z", id="L-9.4 back"),
        pytest.param(
            "2026-03-31T09:00:00Z", 1, "months", -1, "UTC", "2026-02-28T09:00:00.000Z", id="D12 back, clipped"
        ),
        pytest.param("2026-01-31T09:00:00Z", 13, "months", 1, "UTC", "2027-02-28T09:00:00.000Z", id="D12 over a year"),
        pytest.param("2027-12-31T09:00:00Z", 2, "months", 1, "UTC", "2028-02-29T09:00:00.000Z", id="D12 leap day"),
        pytest.param("2026-03-05T09:00:00Z", 0, "months", 1, "UTC", "2026-03-05T09:00:00.000Z", id="L-9.4 nothing"),
        pytest.param(
            "2026-03-28T12:00:00Z", 24, "hours", 1, "Europe/Berlin", "2026-03-29T12:00:00.000Z", id="L-9.4 hours elapse"
        ),
        pytest.param(
            "2026-03-28T12:00:00Z", 1, "days", 1, "Europe/Berlin", "2026-03-29T11:00:00.000Z", id="D12 spring forward"
        ),
        pytest.param(
            "2026-10-24T12:00:00Z", 1, "days", 1, "Europe/Berlin", "2026-10-25T13:00:00.000Z", id="D12 fall back"
        ),
        pytest.param(
            "2026-03-28T01:30:00Z", 1, "days", 1, "Europe/Berlin", "2026-03-29T01:00:00.000Z", id="L-9.4 skipped time"
        ),
        pytest.param(
            "2026-10-24T00:30:00Z", 1, "days", 1, "Europe/Berlin", "2026-10-25T00:30:00.000Z", id="L-9.4 repeated time"
        ),
        pytest.param(
            "2026-10-25T01:30:00Z",
            0,
            "days",
            1,
            "Europe/Berlin",
            "2026-10-25T01:30:00.000Z",
            id="L-9.4 second pass stays",
        ),
        pytest.param(
            "2026-03-05T23:30:00Z",
            1,
            "months",
            1,
            "Asia/Tokyo",
            "2026-04-05T23:30:00.000Z",
            id="L-9.4 the zone's month",
        ),
    ],
)
def test_an_offset_keeps_the_wall_clock_of_the_zone(
    at: str, value: int, unit: Unit, sign: Sign, zone: str, expected: str
) -> None:
    assert wire(add_offset(parse_instant(at), value, unit, week(7, zone=zone), sign)) == expected


ZONES = ["UTC", "Europe/Lisbon", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Asia/Beirut"]
SOME_HOURS = st.tuples(st.integers(4, 20), st.integers(1, 3)).map(lambda h: Hours(h[0] * 60, (h[0] + h[1]) * 60))
WEEKS = st.builds(
    WorkingWeek,
    days=st.lists(st.none() | st.just(ALL_HOURS) | SOME_HOURS, min_size=7, max_size=7).filter(any).map(tuple),
    zone=st.sampled_from(ZONES),
)


def first_worked_minute(at: int, calendar: WorkingWeek) -> int:
    """The same by watching the clock on the wall minute by minute."""
    zone, epoch = ZoneInfo(calendar.zone), datetime(1970, 1, 1, tzinfo=UTC)
    while True:
        local = (epoch + timedelta(milliseconds=at)).astimezone(zone)
        hours = calendar.days[local.weekday()]
        if hours is not None and hours.start <= local.hour * 60 + local.minute <= hours.end:
            return at
        at += MINUTE


@given(minute=st.integers(parse_instant("2026-01-01") // MINUTE, parse_instant("2027-01-01") // MINUTE), calendar=WEEKS)
def test_moving_forward_agrees_with_a_clock_watched_minute_by_minute(minute: int, calendar: WorkingWeek) -> None:
    moved = shift_forward(minute * MINUTE, calendar)
    assert moved == first_worked_minute(minute * MINUTE, calendar)
    assert shift_forward(moved, calendar) == moved


@given(
    at=st.integers(EARLIEST, LATEST) | st.sampled_from([EARLIEST, LATEST]),
    value=st.integers(0, 10**12),
    unit=st.sampled_from(["minutes", "hours", "days", "weeks", "months"]),
    calendar=WEEKS,
    sign=st.sampled_from([1, -1]),
)
def test_no_offset_leaves_the_calendar(at: int, value: int, unit: Unit, calendar: WorkingWeek, sign: Sign) -> None:
    moved = add_offset(at, value, unit, calendar, sign)
    assert EARLIEST <= moved <= LATEST
    assert moved <= shift_forward(moved, calendar) <= LATEST
    assert (moved - at) * sign >= -HOUR  # clamped months and skipped hours never turn round
    local_day(moved, calendar.zone)


def test_the_day_is_the_zones() -> None:
    at = parse_instant("2026-03-05T23:30:00Z")
    assert [local_day(at, zone).isoformat() for zone in ("UTC", "Asia/Tokyo")] == ["2026-03-05", "2026-03-06"]


def test_working_days_are_read_from_the_setting() -> None:
    closed, office = {"working": False}, {"working": True, "all_hours": False, "start": "09:00", "end": "17:30"}
    sent: dict[str, Any] = dict.fromkeys(WEEKDAYS, office) | {"Friday": {"start": "8:00", "end": "24:00"}}
    sent |= {"Saturday": {"working": "0", "start": "25:00"}, "Sunday": closed}
    hours = Hours(540, 1050)
    assert parse_working_days(sent, "Europe/Lisbon") == WorkingWeek(
        (hours, hours, hours, hours, Hours(480, 1440), None, None), "Europe/Lisbon"
    )
    assert parse_working_days({}, "UTC") == WorkingWeek((ALL_HOURS,) * 7, "UTC")


@pytest.mark.parametrize(
    ("sent", "zone", "paths"),
    [
        pytest.param([], "UTC", ["working_days"], id="not an object"),
        pytest.param({day: {"working": False} for day in WEEKDAYS}, "UTC", ["working_days"], id="no working day"),
        pytest.param(
            {"Monday": 1, "Tuesday": {"start": "9"}, "Sunday": {"all_hours": False, "start": "17:00", "end": "09:00"}},
            "Mars/Olympus",
            ["timezone", "working_days.Monday", "working_days.Sunday", "working_days.Tuesday"],
            id="everything wrong at once",
        ),
        pytest.param(
            {"Monday": {"start": "09:00", "end": "24:01"}}, "UTC", ["working_days.Monday"], id="past midnight"
        ),
        pytest.param({"Monday": {"working": "maybe"}}, "UTC", ["working_days.Monday"], id="not a boolean"),
        pytest.param(
            {"monday": {"working": False}, "Friday": {"from": "9:00"}},
            "UTC",
            ["working_days.Friday", "working_days.monday"],
            id="misspelt",
        ),
        pytest.param({}, "America", ["timezone"], id="a folder of zones"),
        pytest.param({}, "../etc/passwd", ["timezone"], id="no zone name"),
        pytest.param({}, "a\x00b", ["timezone"], id="no text"),
    ],
)
def test_a_broken_working_week_is_refused(sent: object, zone: str, paths: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_working_days(sent, zone)
    assert sorted(refusal.value.errors) == paths


@pytest.mark.parametrize(
    "make", [lambda: Hours(600, 600), lambda: Hours(0, 1441), lambda: WorkingWeek((None,) * 7, "UTC")]
)
def test_a_week_without_work_cannot_exist(make: Any) -> None:
    with pytest.raises(ValueError, match="work"):
        make()
