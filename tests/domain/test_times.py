"""Reading and writing instants. Spec: api-conventions 12."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.domain.times import (
    DAY,
    EARLIEST,
    LATEST,
    csv_time,
    parse_day,
    parse_day_range,
    parse_instant,
    wire,
    wire_or_none,
)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        pytest.param("2031-05-06", "2031-05-06T00:00:00.000Z", id="12 a bare date is midnight UTC"),
        pytest.param("2031-05-06 09:30", "2031-05-06T09:30:00.000Z", id="12 minutes are enough"),
        pytest.param("2031-05-06 09:30:00", "2031-05-06T09:30:00.000Z", id="C11 naive is UTC"),
        pytest.param("2031-05-06T09:30:00Z", "2031-05-06T09:30:00.000Z", id="C11 Z"),
        pytest.param("2031-05-06T11:30:00+02:00", "2031-05-06T09:30:00.000Z", id="C11 an offset is converted"),
        pytest.param("2031-05-06T04:00:00-0530", "2031-05-06T09:30:00.000Z", id="12 an offset without colon"),
        pytest.param("2031-05-06T11:30+02", "2031-05-06T09:30:00.000Z", id="12 an offset of hours"),
        pytest.param("2031-05-06T09:30:00.000Z", "2031-05-06T09:30:00.000Z", id="12 what we print is read"),
        pytest.param("2031-05-06T09:30:00.999999Z", "2031-05-06T09:30:00.000Z", id="DEC-01 whole seconds are kept"),
        pytest.param("2031-05-06T09:30:00.5", "2031-05-06T09:30:00.000Z", id="12 a fraction without zone"),
        pytest.param(" 2031-05-06 ", "2031-05-06T00:00:00.000Z", id="12 blanks around"),
        pytest.param("2031-01-01T00:30:00+01:00", "2030-12-31T23:30:00.000Z", id="12 an offset crosses the year"),
        pytest.param("2028-02-29", "2028-02-29T00:00:00.000Z", id="12 a leap day"),
        pytest.param("0001-01-01", "0001-01-01T00:00:00.000Z", id="12 the first year"),
        pytest.param("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z", id="12 the last second"),
        pytest.param("1969-12-31T23:59:59Z", "1969-12-31T23:59:59.000Z", id="12 before the epoch"),
    ],
)
def test_an_instant_is_read_in_every_documented_form(sent: str, shown: str) -> None:
    assert wire(parse_instant(sent)) == shown


@pytest.mark.parametrize(
    "sent",
    [
        *(1767225600, 1767225600.0, True, None, [], {}, ["2031-05-06"]),
        *("", " ", "tomorrow", "1767225600", "2031-5-6", "06.05.2031", "2031-05", "20310506", "2031-05-06Z"),
        *("2031-13-01", "2031-02-29", "2031-00-10", "2031-01-00", "0000-01-01", "12031-01-01"),
        *("2031-05-06T24:00:00", "2031-05-06T23:60:00", "2031-05-06T23:59:60", "2031-05-06T09"),
        *("2031-05-06T09:30:00+24:00", "2031-05-06T09:30:00+02:60", "2031-05-06T09:30:00 +02:00"),
        *("0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "٢٠٣١-05-06", "2031-05-06\x00", "2031-05-06T"),
    ],
)
def test_everything_else_is_refused_with_a_sentence(sent: object) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        parse_instant(sent)


@given(st.text() | st.integers() | st.floats() | st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([+-]\d\d:\d\d)?"))
def test_reading_an_instant_never_fails_otherwise(sent: object) -> None:
    try:
        at = parse_instant(sent)
    except ValueError:
        return
    assert EARLIEST <= at <= LATEST
    assert parse_instant(wire(at)) == at


@given(st.datetimes(timezones=st.just(UTC)))
def test_the_wire_form_is_what_datetime_prints(moment: datetime) -> None:
    at = round((moment.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1000
    shown = moment.strftime("T%H:%M:%S.000Z")
    assert wire(at + moment.microsecond // 1000) == f"{moment.date().isoformat()}{shown}"
    assert csv_time(at) == wire(at).replace("T", " ").removesuffix(".000Z")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", wire(at))


def test_no_instant_is_null_on_the_wire() -> None:
    assert wire_or_none(None) is None
    assert wire_or_none(0) == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize("at", [EARLIEST - 1, LATEST + 1000, 10**30, -(10**30)])
def test_an_instant_out_of_range_is_a_value_error(at: int) -> None:
    with pytest.raises(ValueError, match="years 1 to 9999"):
        wire(at)
    with pytest.raises(ValueError, match="years 1 to 9999"):
        csv_time(at)


def test_a_day_filter_takes_days_only() -> None:
    assert wire(parse_day("2026-03-05")) == "2026-03-05T00:00:00.000Z"
    for wrong in ("2026-03-05T00:00:00Z", "2026-3-5", "2026-02-30", "", 20260305, None):
        with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
            parse_day(wrong)


def test_a_range_of_days_includes_both_days() -> None:
    start, end = parse_day_range("2026-03-05:2026-03-06")
    assert (wire(start), wire(end)) == ("2026-03-05T00:00:00.000Z", "2026-03-07T00:00:00.000Z")
    assert parse_day_range("9999-12-31:9999-12-31") == (LATEST + 1000 - DAY, LATEST + 1000)


@pytest.mark.parametrize("sent", ["2026-03-05", ":", "2026-03-05:", "2026-03-06:2026-03-05", "a:b", "1:2:3", None, 7])
def test_a_broken_range_is_refused(sent: object) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        parse_day_range(sent)
