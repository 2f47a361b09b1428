"""When schedules are due. Spec: api-processes 21, behaviour-launching L-12.4."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice
from time import process_time
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from procession.adapters.recurrence import occurrences
from procession.domain.recurrence import Recurrence, faults, slots
from procession.domain.recurring_days import DAYS, moments, rule_of
from procession.domain.times import parse_instant, wire


def due(after: str, starts_at: str = "2026-01-31T10:15:20Z", zone: str = "Europe/Berlin", **said: Any) -> list[str]:
    when = Recurrence(starts_at=parse_instant(starts_at), **said)
    assert faults(when) == {}
    return [wire(at)[:16] for at in islice(slots(when, zone, parse_instant(after), occurrences), 3)]


@pytest.mark.parametrize(
    ("said", "after", "expected"),
    [
        pytest.param(
            {"frequency": "monthly", "day_of_month": 31}, "2026-02-01",
            ["2026-02-28T10:15", "2026-03-31T09:15", "2026-04-30T09:15"], id="L-12.4 the last day of short months",
        ),
        pytest.param(
            {"frequency": "yearly", "month": 2, "day_of_month": 29}, "2026-02-01",
            ["2026-02-28T10:15", "2027-02-28T10:15", "2028-02-29T10:15"], id="L-12.4 the 29th of february",
        ),
        pytest.param(
            {"frequency": "daily", "times": ("02:30",)}, "2026-03-27T12:00:00Z",
            ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"], id="L-12.4 a time the clocks skip",
        ),
        pytest.param(
            {"frequency": "daily", "times": ("02:30",)}, "2026-10-24T12:00:00Z",
            ["2026-10-25T00:30", "2026-10-26T01:30", "2026-10-27T01:30"], id="L-12.4 a time shown twice runs once",
        ),
        pytest.param(
            {"frequency": "hourly", "interval": 2, "times": ("00:30",)}, "2026-10-24T22:00:00Z",
            ["2026-10-24T23:30", "2026-10-25T02:30", "2026-10-25T04:30"], id="every second hour of the clock",
        ),
        pytest.param(
            {"frequency": "hourly", "times": ("00:15",)}, "2026-03-28T23:30:00Z",
            ["2026-03-29T00:15", "2026-03-29T01:15", "2026-03-29T02:15"], id="L-12.4 every hour, but for one that is not",
        ),
        pytest.param(
            {"rrule": "FREQ=HOURLY;BYHOUR=2;BYMINUTE=15"}, "2026-03-28T12:00:00Z",
            ["2026-03-29T01:00", "2026-03-30T00:15", "2026-03-31T00:15"], id="L-12.4 an hour of the day that is skipped",
        ),
        pytest.param(
            {"frequency": "weekly", "weekdays": ("Friday", "Monday"), "interval": 2, "times": ("14:00", "09:00")},
            "2026-03-01", ["2026-03-09T08:00", "2026-03-09T13:00", "2026-03-13T08:00"], id="every other week",
        ),
        pytest.param(
            {"frequency": "weekly"}, "2026-03-01",
            ["2026-03-07T10:15", "2026-03-14T10:15", "2026-03-21T10:15"], id="day and time of the beginning",
        ),
        pytest.param(
            {"frequency": "daily"}, "2026-01-31T10:00:00Z",
            ["2026-02-01T10:15", "2026-02-02T10:15", "2026-02-03T10:15"], id="L-12.2 not before it begins",
        ),
        pytest.param(
            {"frequency": "daily", "ends_at": parse_instant("2026-02-02T10:15:00Z")}, "2026-02-01T12:00:00Z",
            ["2026-02-02T10:15"], id="L-12.2 to its end",
        ),
        pytest.param(
            {"rrule": "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;BYHOUR=8,17;BYMINUTE=0"}, "2026-05-01",
            ["2026-05-29T15:00", "2026-06-30T15:00", "2026-07-31T15:00"], id="RFC 5545 the last of all",
        ),
        pytest.param(
            {"rrule": "FREQ=DAILY;COUNT=3", "timezone": "America/New_York"}, "2026-02-02",
            ["2026-02-02T10:15", "2026-02-03T10:15"], id="RFC 5545 COUNT so often",
        ),
        pytest.param(
            {"rrule": "FREQ=DAILY;COUNT=2"}, "2026-01-31T10:15:20Z",
            ["2026-02-01T10:15", "2026-02-02T10:15"], id="RFC 5545 COUNT of slots, none before it begins",
        ),
        pytest.param(
            {"rrule": "FREQ=HOURLY;BYMINUTE=0,30;COUNT=2", "starts_at": "2026-10-25T01:10:00Z"}, "2026-10-24",
            ["2026-10-25T02:00", "2026-10-25T02:30"], id="RFC 5545 COUNT begun in an hour shown twice",
        ),
        pytest.param(
            {"rrule": "FREQ=DAILY;COUNT=2", "starts_at": "2026-02-01T08:00:00Z"}, "2026-01-01",
            ["2026-02-01T08:00", "2026-02-02T08:00"], id="RFC 5545 COUNT the beginning is the first",
        ),
        pytest.param(
            {"rrule": "FREQ=DAILY;COUNT=1", "starts_at": "9999-12-30", "zone": "UTC"}, "2026-02-01", ["9999-12-30T00:00"],
            id="RFC 5545 COUNT once, very late",
        ),
        pytest.param(
            {"rrule": "FREQ=DAILY", "starts_at": "9999-12-30", "zone": "UTC"}, "2026-02-01",
            ["9999-12-30T00:00", "9999-12-31T00:00"], id="until the calendar ends",
        ),
        pytest.param(
            {"frequency": "monthly", "day_of_month": 1, "starts_at": "0001-01-01", "zone": "America/New_York"},
            "2026-02-03", ["2026-03-02T00:03", "2026-04-01T23:03", "2026-05-01T23:03"], id="begun as early as can be",
        ),
        pytest.param(
            {"rrule": "FREQ=HOURLY;INTERVAL=2;BYHOUR=10"}, "2026-02-01", [], id="an hour that is never counted",
        ),
        pytest.param({"rrule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "2026-02-01", [], id="a day that never comes"),
        pytest.param(
            {"frequency": "monthly", "day_of_month": 1, "starts_at": "0001-01-01"}, "2026-02-03",
            ["2026-02-28T23:53", "2026-03-31T22:53", "2026-04-30T22:53"], id="begun long ago",
        ),
        pytest.param(
            {"frequency": "daily", "interval": 3}, "2999-01-01",
            ["2999-01-03T10:15", "2999-01-06T10:15", "2999-01-09T10:15"], id="after centuries, in step",
        ),
    ],
)  # fmt: skip
def test_the_next_slots(said: dict[str, Any], after: str, expected: list[str]) -> None:
    assert due(after, **said) == expected


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYYEARDAY=366;BYMONTH=1;COUNT=3",
        "FREQ=HOURLY;INTERVAL=2;BYHOUR=9",
        "FREQ=HOURLY;INTERVAL=168;BYDAY=MO,TU,WE,TH,FR,SU",
        "FREQ=HOURLY;BYMINUTE=3,4;BYSETPOS=366",
        "FREQ=DAILY;BYHOUR=3;BYSETPOS=-2",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO,TU,WE,TH,FR,SU",
    ],
)
def test_a_rule_that_never_holds_is_found_out_at_once(rule: str) -> None:
    """Not by looking at each hour of eight centuries, which took seconds; it begins on a saturday at ten."""
    began = process_time()

    assert due("2026-02-01", rrule=rule, starts_at="2026-01-31T10:15:20Z", zone="UTC") == []
    assert process_time() - began < 0.5


def some(least: int, most: int, *, from_both_ends: bool = False) -> st.SearchStrategy[str]:
    numbers = st.integers(least, most) | (st.integers(-most, -least) if from_both_ends else st.nothing())
    return st.lists(numbers, min_size=1, max_size=4).map(lambda found: ",".join(map(str, found)))


LIMITS: dict[str, st.SearchStrategy[str]] = {
    "INTERVAL": st.integers(1, 200).map(str),
    "BYMONTH": some(1, 12),
    "BYMONTHDAY": some(1, 31, from_both_ends=True),
    "BYDAY": st.lists(st.sampled_from(DAYS), min_size=1, max_size=4).map(",".join),
    "BYHOUR": some(0, 23),
    "BYMINUTE": some(0, 59),
    "BYSETPOS": some(1, 5, from_both_ends=True),
    "COUNT": st.integers(1, 40).map(str),
}
PARTS = st.fixed_dictionaries(
    {"FREQ": st.just("HOURLY")}, optional={**LIMITS, "BYYEARDAY": some(1, 366, from_both_ends=True)}
) | st.fixed_dictionaries({"FREQ": st.just("DAILY")}, optional=LIMITS)


# So late that the library's calendar ends before it has looked for long.
LATE = datetime.fromisoformat("9997-01-01")


@given(
    parts=PARTS,
    start=st.integers(0, 1000 * 24 * 60).map(lambda minutes: LATE + timedelta(minutes=minutes)),
    later=st.timedeltas(timedelta(days=-2), timedelta(days=90)),
)
@settings(max_examples=100, deadline=None)
def test_rules_of_hours_and_days_hold_when_the_library_says_so(
    parts: Mapping[str, str], start: datetime, later: timedelta
) -> None:
    after = start + later
    try:
        known = rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=start)
        expected = list(islice(known if after < start else known.xafter(after), 40))
    except ValueError:  # hours that are never counted
        expected = []

    assert list(islice(moments(rule_of(parts, start), after), 40)) == expected


@pytest.mark.parametrize(
    ("said", "field"),
    [
        pytest.param({}, "frequency", id="neither"),
        pytest.param({"frequency": "daily", "rrule": "FREQ=DAILY"}, "frequency", id="both"),
        pytest.param({"frequency": "daily", "interval": 0}, "interval", id="no interval"),
        pytest.param({"frequency": "daily", "weekdays": ("Monday",)}, "weekdays", id="weekdays of a daily one"),
        pytest.param({"frequency": "weekly", "day_of_month": 3}, "day_of_month", id="a day of a weekly one"),
        pytest.param({"frequency": "monthly", "month": 3}, "month", id="a month of a monthly one"),
        pytest.param({"frequency": "weekly", "weekdays": ("Someday",)}, "weekdays", id="no weekday"),
        pytest.param({"frequency": "daily", "times": ("24:00",)}, "times", id="no time"),
        pytest.param({"frequency": "daily", "timezone": "Mars/Base"}, "timezone", id="no zone"),
        pytest.param({"frequency": "daily", "ends_at": 0}, "ends_at", id="ends before it begins"),
        pytest.param({"rrule": "FREQ=SECONDLY"}, "rrule", id="too often"),
        pytest.param({"rrule": "FREQ=DAILY;UNTIL=20270101T000000Z"}, "rrule", id="until"),
        pytest.param({"rrule": "FREQ=DAILY;BYSECOND=3"}, "rrule", id="seconds"),
        pytest.param({"rrule": "every day"}, "rrule", id="prose"),
        pytest.param({"rrule": "FREQ=DAILY\nRRULE:FREQ=WEEKLY"}, "rrule", id="two rules"),
        pytest.param({"rrule": "FREQ=DAILY", "times": ("09:00",)}, "times", id="times beside a rule"),
    ],
)
def test_a_schedule_that_cannot_be_meant_is_told_so(said: dict[str, Any], field: str) -> None:
    assert field in faults(Recurrence(starts_at=parse_instant("2026-01-01"), **said))


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param("FREQ=DAILY;FREQ=WEEKLY", id="a part twice"),
        pytest.param("FREQ=DAILY;BYDAY=1MO", id="the first monday of a day"),
        pytest.param("FREQ=WEEKLY;BYDAY=MO,-1FR", id="the last friday of a week"),
        pytest.param("FREQ=YEARLY;BYWEEKNO=20;BYDAY=2MO", id="the second monday of a week"),
        pytest.param("FREQ=MONTHLY;BYWEEKNO=20", id="a week of a month"),
        pytest.param("FREQ=WEEKLY;BYMONTHDAY=13", id="a day of the month in a week"),
        pytest.param("FREQ=DAILY;BYYEARDAY=100", id="a day of the year in a day"),
        pytest.param("FREQ=MONTHLY;BYSETPOS=1", id="the first of nothing"),
        pytest.param("FREQ=MONTHLY;BYMONTHDAY=0", id="BYMONTHDAY before the first"),
        pytest.param("FREQ=MONTHLY;BYMONTHDAY=1,32", id="BYMONTHDAY after the last"),
        pytest.param("FREQ=MONTHLY;BYMONTHDAY=-32", id="BYMONTHDAY before all"),
        pytest.param("FREQ=YEARLY;BYYEARDAY=367", id="BYYEARDAY"),
        pytest.param("FREQ=YEARLY;BYYEARDAY=0", id="BYYEARDAY before the first"),
        pytest.param("FREQ=YEARLY;BYWEEKNO=54", id="BYWEEKNO"),
        pytest.param("FREQ=YEARLY;BYMONTH=13", id="BYMONTH"),
        pytest.param("FREQ=YEARLY;BYMONTH=-1", id="BYMONTH has no end to count from"),
        pytest.param("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", id="BYSETPOS"),
        pytest.param("FREQ=DAILY;BYHOUR=24", id="BYHOUR"),
        pytest.param("FREQ=DAILY;BYHOUR=9 ;BYMINUTE=0", id="BYHOUR with a blank"),
        pytest.param("FREQ=HOURLY;BYMINUTE=60", id="BYMINUTE"),
        pytest.param("FREQ=HOURLY;BYMINUTE=0,,30", id="BYMINUTE with nothing between commas"),
        pytest.param("FREQ=MONTHLY;BYDAY=6MO", id="BYDAY the sixth of a month"),
        pytest.param("FREQ=YEARLY;BYMONTH=5;BYDAY=-6MO", id="BYDAY the sixth of a month of a year"),
        pytest.param("FREQ=YEARLY;BYDAY=60MO", id="BYDAY the sixtieth of a year"),
        pytest.param("FREQ=YEARLY;BYDAY=0MO", id="BYDAY the one before the first"),
        pytest.param("FREQ=DAILY;BYDAY=XX", id="BYDAY"),
        pytest.param("FREQ=DAILY;WKST=XX", id="WKST"),
        pytest.param("FREQ=DAILY;COUNT=0", id="COUNT none"),
        pytest.param("FREQ=DAILY;COUNT=-1", id="COUNT less than none"),
        pytest.param("FREQ=DAILY;COUNT=1000000", id="COUNT more than are counted"),
        pytest.param("FREQ=DAILY;INTERVAL=0", id="INTERVAL"),
    ],
)
def test_what_rfc_5545_forbids_is_refused_instead_of_passed_over(rule: str) -> None:
    """Spec: RFC 5545 3.3.10; a reader that passes over a part makes another schedule than was asked for."""
    [[message]] = faults(Recurrence(rrule=rule, starts_at=0)).values()
    assert message.startswith("The ") and "rrule" in message
    assert faults(Recurrence(rrule="FREQ=MONTHLY;BYDAY=2MO,-1FR;BYSETPOS=1", starts_at=0)) == {}
