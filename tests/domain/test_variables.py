"""What answers look like as text. Spec: L-5.5, T-12.13, DEC-64."""

from typing import Any

import pytest

from procession.domain.fields import FIELD_TYPES, Column, Field, FieldType
from procession.domain.names import Variable
from procession.domain.variables import Reader, name_variables, text_of, variable_of, variables_of

GROUP = "9f" * 16
ANA = Reader(
    zone="Asia/Tokyo",
    day_form="%d/%m/%Y",
    moment_form="%d/%m/%Y %H:%M",
    members={12: "Ana Ruiz"},
    groups={GROUP: "Crew"},
)


def field(field_type: FieldType, **keys: Any) -> Field:
    ids: dict[str, Any] = {"id": "f", "alias": "f-1"}
    return Field(
        **ids | keys, field_type=field_type, label="F", required=True, position=1, created_at=0, last_updated=0
    )


CHECKED = [
    {"id": 1, "text": "Oars", "selected": True},
    {"id": 2, "text": "Vest", "selected": False},
    {"id": 3, "text": "Net"},
]


@pytest.mark.parametrize(
    ("asked", "stored", "text"),
    [
        pytest.param(field("text"), "Alto", "Alto", id="text"),
        pytest.param(field("text"), 42, "42", id="a number"),
        pytest.param(field("text"), False, "false", id="a boolean"),
        pytest.param(field("text"), 1e22, "10000000000000000000000", id="a large number in digits"),
        pytest.param(field("textarea"), "<p>a &amp; b</p>", "a & b", id="rich text without markup"),
        pytest.param(field("textarea"), "a < b", "a < b", id="plain long text"),
        pytest.param(field("radio"), "Sand", "Sand", id="radio"),
        pytest.param(field("email"), "a@b.example", "a@b.example", id="email"),
        pytest.param(field("dropdown"), {"id": 1, "text": "North"}, "North", id="dropdown"),
        pytest.param(field("multiselect"), CHECKED, "Oars, Net", id="checklist, chosen ones only"),
        pytest.param(field("number"), 0.0000000001, "0.0000000001", id="T-11.53 in plain digits"),
        pytest.param(field("number", decimals=0), 1.5, "1.5", id="T-11.53 an answer from before the decimals changed"),
        pytest.param(field("currency", decimals=2), 1234.5, "1234.50", id="T-11.53 an amount"),
        pytest.param(field("calculated", result_type="number", decimals=2), 3, "3.00", id="T-11.67 a result"),
        pytest.param(
            field("calculated", result_type="date"), "2026-03-05T00:00:00.000Z", "05/03/2026", id="T-11.67 a day"
        ),
        pytest.param(field("calculated", result_type="number"), {"error": "division_by_zero"}, "", id="T-11.66 none"),
        pytest.param(field("date"), "2026-03-05T00:00:00.000Z", "05/03/2026", id="DEC-64 a day is never shifted"),
        pytest.param(field("date"), "2026-03-05T20:00:00.000Z", "05/03/2026", id="A-4.43 the date part"),
        pytest.param(
            field("date", collect_time=True), "2026-03-05T20:00:00.000Z", "06/03/2026 05:00", id="a moment in the zone"
        ),
        pytest.param(
            field("date", collect_time=True), "9999-12-31T23:59:59.000Z", "31/12/9999 08:59", id="the very edge"
        ),
        pytest.param(field("date"), "soon", "soon", id="an answer from before the type changed"),
        pytest.param(
            field("assignees_form"),
            {"users": [12, 40], "guests": ["g@b.example"], "groups": [GROUP, "ff"]},
            "Ana Ruiz, 40, g@b.example, Crew, ff",
            id="people by name",
        ),
        pytest.param(field("file"), [{"filename": "a.pdf"}, {"url": "https://x"}], "a.pdf, https://x", id="files"),
        pytest.param(
            field("table", columns=(Column(1, "Item"), Column(2, "Qty"))),
            [["Rope", "Pole", None], [4]],
            "Rope | 4, Pole | ",
            id="table by row",
        ),
        pytest.param(field("table"), [{"Item": "Rope"}, 4], "Rope | 4", id="cells in objects"),
        *(pytest.param(field(kind), None, "", id=f"{kind} unanswered") for kind in FIELD_TYPES),
    ],
)
def test_an_answer_reads_as_text(asked: Field, stored: object, text: str) -> None:
    """T-12.15"""
    assert text_of(asked, stored, ANA) == text


@pytest.mark.parametrize("field_type", FIELD_TYPES)
@pytest.mark.parametrize("stored", ["x", 7, True, [], ["x"], [[1]], {}, {"text": "y"}, [{"id": 1}], {"users": 5}])
def test_an_answer_that_does_not_fit_never_fails(field_type: FieldType, stored: object) -> None:
    assert isinstance(text_of(field(field_type), stored), str)


def test_a_variable_keeps_lines_and_markup() -> None:
    assert variable_of(field("multiselect"), CHECKED) == Variable(("Oars", "Net"))
    assert variable_of(field("textarea"), "<b>x</b>") == Variable(("x",), "<b>x</b>")


def test_variables_are_keyed_by_alias_and_names_take_some_types_only() -> None:
    fields = [field(kind, id=kind, alias=f"{kind}-1") for kind in FIELD_TYPES]
    answers = {"text": "Alto", "textarea": "no", "email": "a@b.example"}
    every = variables_of(fields, answers)
    assert set(every) == {f"{kind}-1" for kind in FIELD_TYPES}
    assert (every["text-1"], every["radio-1"]) == (Variable(("Alto",)), Variable())
    assert set(name_variables(fields, answers)) == {
        *("text-1", "date-1", "dropdown-1", "radio-1", "multiselect-1", "assignees_form-1"),
        *("number-1", "currency-1", "calculated-1"),
    }
