"""Which answers and outcomes the check of a template takes for possible. Spec: behaviour-automations 12.2."""

from typing import Any

import pytest
from msgspec.structs import replace

from procession.domain.automations.comparing import texts_of
from procession.domain.automations.field_tests import field_holds
from procession.domain.automations.rules import Condition
from procession.domain.checking.check import check
from procession.domain.checking.findings import Surroundings
from procession.domain.fields import Column, Field, Option
from procession.domain.templates import Template
from tests.domain.template_parts import act, asks, done, field, rule, step

ZONE = "Europe/Berlin"
BOUND = Surroundings(members=frozenset({1}), zone=ZONE)
NEVER = ["unreachable_step", "inert_rule"]

DAY = field("f", field_type="date")
MOMENT = field("f", field_type="date", collect_time=True)
TEXT = field("f")
LONG = field("f", field_type="textarea")
EMAIL = field("f", field_type="email")
NUMBER = field("f", field_type="number")
WHOLE = field("f", field_type="number", decimals=0)
RADIO = replace(field("f", None, "o1", "o2"), field_type="radio")
FILE = field("f", field_type="file")
TABLE = field("f", field_type="table", columns=(Column(1, "Item"), Column(2, "State")))


def checks(options: int) -> Field:
    return field(
        "f", field_type="multiselect", options=tuple(Option(place, f"o{place}") for place in range(1, options + 1))
    )


def asked(*tests: Any) -> list[Condition]:
    """Conditions on the kick-off field: operator, statement and, of a table, column."""
    return [replace(asks("Prerun", "f", operator, statement), column="".join(column) or None)
            for operator, statement, *column in tests]  # fmt: skip


def checked(kickoff: Field, conditions: list[Condition]) -> tuple[list[str], bool]:
    """The codes found where these conditions show a step, and whether everything was tried."""
    rules = (rule("R", conditions, [act("show", "b")]),)
    found = check(Template(steps=(step("a"), step("b")), rules=rules, kickoff=(kickoff,)), BOUND)
    return [each.code for each in found.findings], found.is_complete


@pytest.mark.parametrize(
    ("kickoff", "tests", "answer"),
    [
        pytest.param(DAY, [("contains", "2026-12")], "2026-12-25", id="A-12.2 a month"),
        pytest.param(DAY, [("contains", "-12-25")], "2026-12-25", id="A-12.2 a day of every year"),
        pytest.param(DAY, [("contains", "-02-29")], "2028-02-29", id="A-12.2 a day of some years"),
        pytest.param(
            DAY, [("contains", "2026-12"), ("greater_than", "2026-12-10"), ("not_equals", "2026-12-11")], "2026-12-25",
            id="A-12.2 a month from a day on",
        ),
        pytest.param(DAY, [("not_contains", "2001"), ("not_equals", "2002-01-01")], "2026-12-25", id="A-12.2 not a year"),
        pytest.param(
            DAY, [("greater_than", "2026-07-01"), ("less_than", "2026-07-04"), ("not_equals", "2026-07-02")],
            "2026-07-03", id="A-12.2 the one day that is left",
        ),
        pytest.param(MOMENT, [("contains", "00:30")], "2026-06-30T22:30:00Z", id="A-12.2 a time, by the clocks there"),
        pytest.param(
            MOMENT, [("greater_than", "2026-07-01 09:00"), ("less_than", "2026-07-01 17:00")], "2026-07-01T12:00:00Z",
            id="A-12.2 between two times of a day",
        ),
        pytest.param(
            MOMENT, [("equals", "2026-07-01"), ("greater_than", "2026-07-01 09:00")], "2026-07-01T12:00:00Z",
            id="A-12.2 that day, after a time",
        ),
        pytest.param(
            MOMENT, [("contains", "23:5"), ("greater_than", "2026-07-01 23:57")], "2026-07-01T21:58:00Z",
            id="A-12.2 a time after a time",
        ),
        pytest.param(
            TEXT, [("contains", "urgent"), ("contains", "invoice"), ("not_contains", "paid")], "urgent invoice",
            id="A-12.2 some words, not another",
        ),
        pytest.param(TEXT, [("contains", "lamp"), ("not_equals", "lamp")], "lamp post", id="A-12.2 a word and more"),
        pytest.param(
            TEXT, [("contains", "Lamp "), ("not_contains", "lamp post"), ("contains", "post")], "lamp on a post",
            id="A-12.2 two words, not together",
        ),
        pytest.param(
            replace(TEXT, field_validation=("numeric",)), [("greater_than", "10"), ("contains", "5")], "15",
            id="A-12.2 a number with a digit",
        ),
        pytest.param(TEXT, [("greater_than", "10"), ("not_equals", "11"), ("not_equals", "12")], "13", id="A-12.2 more"),
        pytest.param(
            TEXT, [("less_than", "3"), ("not_contains", "2"), ("not_contains", "1")], "0", id="A-12.2 less, without digits"
        ),
        pytest.param(NUMBER, [("greater_than", "100"), ("contains", "7")], 107, id="A-12.2 a long number with a digit"),
        pytest.param(
            WHOLE, [("greater_than", "5"), ("less_than", "8"), ("not_equals", "6")], 7, id="A-12.2 the one number left"
        ),
        pytest.param(
            replace(WHOLE, minimum=3, maximum=4), [("not_equals", "3")], 4, id="A-12.2 the only number there can be"
        ),
        pytest.param(
            LONG, [("contains", "a"), ("contains", "d"), ("not_contains", "x")], "a b c d", id="A-12.2 in a long text"
        ),
        pytest.param(LONG, [("contains", "<b>")], "use <p>&lt;b&gt;</p>", id="A-12.2 what looks like markup"),
        pytest.param(LONG, [("is_not_empty", None), ("equals", "")], "<hr>", id="A-12.2 a long text without words"),
        pytest.param(
            EMAIL, [("contains", "@acme.test"), ("contains", "ann"), ("not_contains", "bob")], "ann@acme.test",
            id="A-12.2 an address",
        ),
        pytest.param(
            TABLE, [("contains", "broken", "State"), ("not_contains", "broken", "Item")], ["Oar", "broken"],
            id="A-12.2 columns of a table",
        ),
        *(
            pytest.param(
                checks(count), [("equals", "o1"), ("equals", "o2"), ("not_equals", "o3"), ("not_equals", "o4")],
                [{"id": 1, "text": "o1"}, {"id": 2, "text": "o2"}], id=f"A-12.2 two of {count}",
            )
            for count in (4, 6, 9, 15)
        ),
        pytest.param(
            FILE, [("equals", "a.pdf"), ("equals", "b.doc")], [{"filename": "a.pdf"}, {"filename": "b.doc"}],
            id="A-12.2 two files",
        ),
        pytest.param(
            FILE, [("contains", ".pdf"), ("not_equals", ".pdf"), ("not_contains", "draft")], [{"filename": "a.pdf"}],
            id="A-12.2 a kind of file",
        ),
    ],
)  # fmt: skip
def test_what_some_answer_meets_is_never_called_impossible(kickoff: Field, tests: Any, answer: Any) -> None:
    conditions = asked(*tests)
    assert all(field_holds(each, kickoff, answer, ZONE) for each in conditions), texts_of(kickoff, answer, ZONE)

    found, is_complete = checked(kickoff, conditions)

    assert not set(found) & set(NEVER)
    assert is_complete


@pytest.mark.parametrize(
    ("kickoff", "tests"),
    [
        pytest.param(RADIO, [("equals", "o1"), ("equals", "o2")], id="A-12.2 two options of one"),
        pytest.param(TEXT, [("contains", "lamp post"), ("not_contains", "lamp")], id="A-12.2 what is in it"),
        pytest.param(TEXT, [("greater_than", "10"), ("less_than", "5")], id="A-12.2 no number as text"),
        pytest.param(TEXT, [("equals", "a"), ("not_equals", "A ")], id="A-12.2 one text and not it"),
        pytest.param(NUMBER, [("greater_than", "10"), ("less_than", "5")], id="A-12.2 no number"),
        pytest.param(NUMBER, [("contains", "x")], id="A-12.2 letters in a number"),
        pytest.param(WHOLE, [("greater_than", "5"), ("less_than", "6")], id="A-12.2 no whole number"),
        pytest.param(DAY, [("greater_than", "2026-07-02"), ("less_than", "2026-07-03")], id="A-12.2 no day"),
        pytest.param(DAY, [("contains", "2026-12"), ("contains", "2027")], id="A-12.2 two years"),
        pytest.param(DAY, [("contains", "monday")], id="A-12.2 a word in a date"),
        pytest.param(
            MOMENT, [("equals", "2026-07-01"), ("less_than", "2026-07-01 00:00")], id="A-12.2 before the day begins"
        ),
        pytest.param(TABLE, [("contains", "lost", "State"), ("not_contains", "lost")], id="A-12.2 in a cell, in none"),
        pytest.param(checks(9), [("equals", "o1"), ("not_equals", "o1")], id="A-12.2 chosen and not"),
        pytest.param(FILE, [("equals", "a.pdf"), ("not_contains", "pdf")], id="A-12.2 a file and not its kind"),
    ],
)
def test_what_no_answer_meets_is_told(kickoff: Field, tests: Any) -> None:
    found, is_complete = checked(kickoff, asked(*tests))

    assert [code for code in found if code in NEVER] == NEVER
    assert is_complete


@pytest.mark.parametrize(
    ("kickoff", "tests"),
    [
        pytest.param(
            DAY, [("contains", "-0"), ("not_contains", "1"), ("not_contains", "2"), ("not_contains", "-03")],
            id="A-12.2 a date without digits",
        ),
        pytest.param(
            NUMBER, [("greater_than", "987654.5"), ("less_than", "987655"), ("contains", "4"), ("not_contains", "6")],
            id="A-12.2 a number with and without digits",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_told_for_certain_is_not_claimed(kickoff: Field, tests: Any) -> None:
    assert checked(kickoff, asked(*tests)) == ([], False)


def test_a_12_2_or_joins_what_stands_before_it() -> None:
    """(f is o1 and f is o2) or f is o1, then and f is not o2."""
    conditions = asked(("equals", "o1"), ("equals", "o2"), ("equals", "o1"), ("not_equals", "o2"))

    assert checked(RADIO, conditions)[0] == NEVER
    assert (
        checked(RADIO, [replace(each, logic="or" if place == 2 else "and") for place, each in enumerate(conditions)])[0]
        == []
    )


@pytest.mark.parametrize("operator", ["expired", "acknowledged"])
@pytest.mark.parametrize("step_type", ["expiring", "expiring_email"])
def test_a_12_2_what_the_clock_closes_may_lack_a_required_answer(step_type: Any, operator: Any) -> None:
    first = step("a", field("r", "R", required=True), step_type=step_type)
    conditions = [done("a", operator), asks("Capture", "r", "is_empty")]
    template = Template(steps=(first, step("b")), rules=(rule("R", conditions, [act("show", "b")]),))

    assert [each.code for each in check(template, BOUND).findings] == ([] if operator == "expired" else NEVER)


@pytest.mark.parametrize(("auto_completes", "expected"), [(False, NEVER), (True, [])])
def test_y7_what_is_completed_for_being_overdue_may_lack_a_required_answer(auto_completes: bool, expected: Any) -> None:
    first = step("a", field("r", "R", required=True))
    conditions = [done("a"), asks("Capture", "r", "is_empty")]
    template = Template(steps=(first, step("b")), rules=(rule("R", conditions, [act("show", "b")]),))

    found = check(template, replace(BOUND, auto_completes=auto_completes)).findings

    assert [each.code for each in found] == expected
