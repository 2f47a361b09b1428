"""Calculated fields: the language, its types, and what it comes to. Spec: behaviour-templates 11.8."""

from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.domain.calculating.checking import typed, using_fields
from procession.domain.calculating.evaluating import Answered, Missing, NoValue, evaluate
from procession.domain.calculating.expressions import Fault, parse
from procession.domain.calculating.sheet import with_calculated
from procession.domain.fields import Column, Field
from procession.domain.templates import Template
from tests.domain.template_parts import field, step

NUMBERS = st.decimals(min_value=-(10**9), max_value=10**9, places=4, allow_nan=False)
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)

FORM = (
    field("price", "Price", field_type="currency", currency="EUR", decimals=2),
    field("count", "Count", field_type="number"),
    field("code", "Code", field_validation=("numeric",)),
    field("fee", "Fee", field_type="currency", currency="EUR", decimals=2),
    field("name", "Name"),
    field("start", "Start", field_type="date"),
    field("end", "End", field_type="date"),
    field("moment", "Moment", field_type="date", collect_time=True),
    field("size", "Size", "10", "20"),
    field("lines", "Lines", field_type="table", columns=(Column(1, "Item"), Column(2, "Net price"))),
    field("sizes", "Sizes", field_type="table", columns=(Column(1, "m"), Column(2, "M"), Column(3, "Kg"))),
    field("who", "Who", field_type="assignees_form"),
)
ANSWERS: dict[str, Any] = {
    "price": 19.99,
    "fee": 12.5,
    "count": 3,
    "code": "007",
    "name": "Iris",
    "start": "2026-02-27T00:00:00.000Z",
    "end": "2026-03-02T00:00:00.000Z",
    "moment": "2026-03-01T11:30:00.000Z",
    "size": {"id": 1, "text": "10"},
    "lines": [["Oak", "Elm", None], ["1.10", 2, " "]],
    "sizes": [["1", "2"], ["10", "x"], ["5", "6"]],
}


def calculated(expression: str, field_id: str = "sum", **more: Any) -> Field:
    return field(field_id, field_id.capitalize(), field_type="calculated", expression=expression, **more)


def worked_out(expression: str, answers: dict[str, Any] = ANSWERS, **more: Any) -> object:
    form = typed([(*FORM, calculated(expression, **more))])
    assert not form.faults
    return with_calculated(form.forms, answers, "Pacific/Auckland").get("sum")


@st.composite
def arithmetic(draw: st.DrawFn, depth: int = 4) -> tuple[str, Any]:
    """An expression with one field in it, and the same as a function of that field's value."""
    kind = draw(st.sampled_from(["constant", "field", "negative", "join", "call"] if depth else ["constant", "field"]))
    if kind == "constant":
        value = abs(draw(NUMBERS))
        return f"{value:f}", lambda _: value
    if kind == "field":
        return "{{x-1}}", lambda x: x
    text, of = draw(arithmetic(depth - 1))
    if kind == "negative":
        return f"-({text})", lambda x: -of(x)
    other_text, of_other = draw(arithmetic(depth - 1))
    if kind == "call":
        name, call = draw(st.sampled_from([("min", min), ("max", max)]))
        return f"{name}({text}, {other_text})", lambda x: call(of(x), of_other(x))
    sign = draw(st.sampled_from("+-*/"))
    joins: dict[str, Any] = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
    }
    return f"({text}) {sign} ({other_text})", lambda x: joins[sign](of(x), of_other(x))


@given(written=arithmetic(), x=NUMBERS)
def test_arithmetic_is_that_of_decimals(written: tuple[str, Any], x: Decimal) -> None:
    """Spec: T-11.64."""
    text, of = written
    tree = parse(f"{text} + 0 * {{{{x-1}}}}")
    with localcontext(EXACT):
        try:
            expected = of(x) + 0 * x
        except ArithmeticError:
            with pytest.raises(NoValue, match="division_by_zero"):
                evaluate(tree, Answered(lambda _: x, str))
            return
    assert evaluate(tree, Answered(lambda _: x, str)) == expected


@given(text=st.text(st.sampled_from('{}ab1.,"[]()+-*/& sum'), max_size=60) | st.text(max_size=40))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    try:
        tree = parse(text)
    except Fault:
        return
    with pytest.raises((Missing, NoValue)):
        evaluate(tree, Answered(lambda _: None, str))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param("{{price-1}} * {{count-1}}", 59.97, id="T-11.64 no binary fractions"),
        pytest.param("{{ price-1 }}*{{ count-1 }}", 59.97, id="T-12.1 blanks inside the braces"),
        pytest.param("2 + 3 * {{count-1}} - 1 - 1", 9, id="T-11.62 precedence, from the left"),
        pytest.param("-{{count-1}} * --2", -6, id="T-11.62 signs"),
        pytest.param("({{count-1}} + 1) / 3", 1.3333333333, id="T-11.65 ten decimals at most"),
        pytest.param("{{price-1}} * 1.19", 23.7881, id="T-11.65 as many as there are"),
        pytest.param("round({{price-1}} * 1.19, 2)", 23.79, id="T-11.62 round"),
        pytest.param("round({{price-1}})", 20, id="T-11.62 round to whole"),
        pytest.param("{{code-1}} + 1", 8, id="T-11.63 a numeric text is a number"),
        pytest.param("number({{size-1}}) * 2", 20, id="T-11.62 number of a text"),
        pytest.param('sum({{lines-1}}["net PRICE"])', 3.1, id="T-11.62 sum of a column"),
        pytest.param('sum({{sizes-1}}["m"]) * count({{sizes-1}}["M"]) * sum({{sizes-1}}["kg"])', 66, id="T-11.62 by case"),
        pytest.param('count({{lines-1}}["Item"])', 2, id="T-11.62 count"),
        pytest.param('AVG({{lines-1}}["Net price"])', 1.55, id="T-11.62 avg"),
        pytest.param('max({{lines-1}}["Net price"]) - min({{lines-1}}["Net price"])', 0.9, id="T-11.62 min, max"),
        pytest.param("min({{start-1}}, {{end-1}})", "2026-02-27T00:00:00.000Z", id="T-11.62 the earlier day"),
        pytest.param("{{end-1}} - {{start-1}}", 3, id="T-11.63 days between"),
        pytest.param("{{end-1}} - {{moment-1}}", 0, id="T-11.63 a moment is the day it is in the zone"),
        pytest.param("{{end-1}} + {{count-1}}", "2026-03-05T00:00:00.000Z", id="T-11.63 a day and days"),
        pytest.param("5 + {{end-1}} - 1", "2026-03-06T00:00:00.000Z", id="T-11.63 either way"),
        pytest.param('{{name-1}} & ": " & {{price-1}} & " from " & {{end-1}}', "Iris: 19.99 from 2026-03-02", id="T-11.62 &"),
        pytest.param('"A" & {{fee-1}} & "B" & {{code-1}}', "A12.50B007", id="T-11.62 & as T-11.53 has it"),
        pytest.param('"A" & {{fee-1}} * 1 & "B" & -({{fee-1}})', "A12.5B-12.5", id="T-11.62 & what is worked out"),
        pytest.param("0 / 0.000000001 / 0.000000001 * {{count-1}}", 0, id="T-11.65 nothing is never too much"),
        pytest.param("{{price-1}} / ({{count-1}} - 3)", {"error": "division_by_zero"}, id="T-11.66"),
        pytest.param("0 / ({{count-1}} - 3)", {"error": "division_by_zero"}, id="T-11.66 nothing by nothing"),
        pytest.param("number({{name-1}})", {"error": "not_a_number"}, id="T-11.66 no number"),
        pytest.param('sum({{lines-1}}["Item"])', {"error": "not_a_number"}, id="T-11.66 a cell"),
        pytest.param("{{end-1}} + {{price-1}}", {"error": "not_whole_days"}, id="T-11.66 days are whole"),
        pytest.param("{{end-1}} + 3999999", {"error": "out_of_range"}, id="T-11.66 the end of time"),
        pytest.param("{{count-1}} * 999999999999999", {"error": "out_of_range"}, id="T-11.66 16 digits"),
    ],
)  # fmt: skip
def test_an_expression_comes_to(expression: str, value: object) -> None:
    assert worked_out(expression) == value


def test_a_number_is_rounded_to_the_decimals_of_its_field() -> None:
    """Spec: T-11.65: halves away from zero."""
    assert worked_out("{{count-1}} / 8", decimals=2) == 0.38
    assert worked_out("-{{count-1}} / 8", decimals=2) == -0.38
    assert worked_out("{{price-1}} * 1000000000000", decimals=2) == 19_990_000_000_000
    assert worked_out("{{price-1}} * 10000000000000", decimals=10) == 199_900_000_000_000


@pytest.mark.parametrize("missing", ["price", "count"])
def test_a_missing_answer_is_no_value(missing: str) -> None:
    """Spec: T-11.66."""
    answers = {key: value for key, value in ANSWERS.items() if key != missing}
    assert worked_out("{{price-1}} * {{count-1}}", answers) is None
    assert worked_out("{{price-1}} * {{count-1}}", {**answers, "sum": 5}) is None, "a former value is gone"


@pytest.mark.parametrize(
    ("lines", "total", "average"),
    [
        pytest.param(None, None, None, id="no table"),
        pytest.param([["Oak"], [None]], 0, None, id="no cell in the column"),
        pytest.param(["Oak", "2.5"], 2.5, 2.5, id="one row"),
    ],
)
def test_a_column_without_cells(lines: object, total: object, average: object) -> None:
    answers = {"lines": lines} if lines else {}
    assert worked_out('sum({{lines-1}}["Net price"])', answers) == total
    assert worked_out('avg({{lines-1}}["Net price"])', answers) == average


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("", "a field, a number or a text"), ("1 + 2", "no field"), ("{{price-1}} +", "it ends"), ("{{price-1}} 2", "the end"),
        ("price * 2", 'no function "price"'), ("eval({{price-1}})", 'no function "eval"'), ("{{price-1}}.real", "cannot be read"),
        ("{{price-1}} ** 2", "needs a field"), ('{{name-1}} & "x', "cannot be read"), ("({{price-1}}", "closing parenthesis"),
        ("{{lines-1}}[Item]", "label of a column"), ("(" * 21 + "{{price-1}}" + ")" * 21, "nested"),
        ("{{price-1}}" + "+1" * 100, "200 parts"), ("{{price-1}}" + " " * 1000, "1000 characters"), ("1" * 31, "30 digits"),
        ("{{gone-1}} + 1", "no field with the alias gone-1"), ("{{name-1}} * 2", "* cannot join a text and a number"),
        ("{{start-1}} + {{end-1}}", "+ cannot join a date and a date"), ("1 - {{end-1}}", "- cannot join"),
        ("{{who-1}} & 1", "of type assignees_form"), ("sum({{price-1}})", "sum needs a column"), ("-{{name-1}}", "- needs a number"),
        ('{{lines-1}}["Gone"]', 'no column "Gone"'), ("count({{lines-1}})", "name a column"), ('{{name-1}}["x"]', "it is no table"),
        ('{{lines-1}}["Item"]', "many cells"), ('{{lines-1}}["Item"] & "x"', "cannot join"), ("min({{price-1}})", "2 or more"),
        ("min({{price-1}}, {{end-1}})", "not both"), ("round({{price-1}}, 11)", "from 0 to 10"), ("abs({{price-1}}, 1)", "takes 1"),
        ("round({{price-1}}, {{count-1}})", "from 0 to 10"), ("{{sum-1}} + 1", "leads back to itself"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_sentence(expression: str, word: str) -> None:
    """Spec: T-11.62, T-11.63."""
    [(field_id, fault)] = typed([(*FORM, calculated(expression))]).calculations.items()
    assert field_id == "sum" and word in fault


def test_calculations_build_on_each_other_in_any_order() -> None:
    """Spec: T-11.61, T-11.66."""
    later = (
        calculated("{{net-1}} + {{tax-1}}", "gross", decimals=2),
        calculated("{{net-1}} * 0.19", "tax", decimals=2),
        calculated("{{price-1}} * {{count-1}}", "net", decimals=2),
        calculated('"Total " & {{gross-1}}', "label"),
    )
    form = typed([later, FORM])
    values = with_calculated(form.forms, ANSWERS, "UTC")
    assert {field.id: field.result_type for field in form.fields[:4]} == {
        "gross": "number", "tax": "number", "net": "number", "label": "text",
    }  # fmt: skip
    assert [values[key] for key in ("net", "tax", "gross", "label")] == [59.97, 11.39, 71.36, "Total 71.36"]
    broken = with_calculated(form.forms, {**ANSWERS, "price": "x"}, "UTC")
    assert broken["label"] == {"error": "not_a_number"}, "what has no value gives its reason on"


def test_a_long_chain_and_large_tables_take_no_longer_than_they_may() -> None:
    """Spec: T-11.62: depth is no matter of recursion, and cells are counted."""
    count = 3_000
    chain = [calculated(f"{{{{f{n + 1}-1}}}} + 1", f"f{n}") for n in range(count)]
    form = typed([(*chain, field(f"f{count}", field_type="number"))])
    assert not form.faults
    assert with_calculated(form.forms, {f"f{count}": 1}, "UTC")["f0"] == count + 1

    cells: dict[str, Any] = {"lines": [[], ["1"] * 50_000]}
    total = "+".join(['sum({{lines-1}}["Net price"])'] * 4)
    assert worked_out(total, cells) == 200_000
    assert worked_out(f'{total} + count({{{{lines-1}}}}["Net price"])', cells) == {"error": "out_of_range"}


def test_a_circle_is_found_and_breaks_only_those_in_it() -> None:
    circle = (calculated("{{b-1}} + 1", "a"), calculated("{{a-1}} + 1", "b"), calculated("{{a-1}} * 2", "c"))
    form = typed([(*FORM, *circle, calculated("{{count-1}} * 2", "fine"))])
    assert form.faults == {"a", "b", "c"}
    values = with_calculated(form.forms, ANSWERS, "UTC")
    assert values["fine"] == 6 and values["a"] == {"error": "broken"}


def test_the_kickoff_form_calculates_with_itself_only() -> None:
    kickoff = (calculated("{{price-1}} * 2"), calculated("{{count-1}} * 2", "twice"), FORM[1])
    found = typed([kickoff, FORM[:1]], kickoff=kickoff)
    assert "kick-off form" in found.calculations["sum"] and found.faults == {"sum"}


def test_who_uses_a_field_is_known() -> None:
    """Spec: T-11.69."""
    users = (calculated("{{price-1}} * 2", "a"), calculated("{{a-1}} * {{count-1}}", "b"))
    template = Template(kickoff=FORM, steps=(step("s", *users),))
    assert [each.id for each in using_fields(template, frozenset({"price"}))] == ["a"]
    assert [each.id for each in using_fields(template, frozenset({"price", "a"}))] == ["b"]
