"""Answers: every row of api-conventions 18.4, defaults, required ones. Spec: behaviour-launching 4, T-11.10 on."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.domain.answers import (
    Accepted,
    accept,
    completion_obstacles,
    fold_map,
    missing_required,
    submit,
    with_defaults,
)
from procession.domain.calculating.sheet import PLAIN
from procession.domain.errors import Invalid
from procession.domain.fields import FIELD_TYPES, Column, Field, FieldType, Option
from procession.domain.names import Variable
from procession.domain.quoting import Quoted
from procession.domain.values import People

ORG = "0a" * 16
GROUP = "9f" * 16
ASSET = "9e" * 16
TODAY = date(2026, 3, 5)
PEOPLE = People(members={12, 40}, groups={GROUP}, addresses_in_use={"boss@our.example"})
ANSWERED = [kind for kind in FIELD_TYPES if kind != "calculated"]
DOWNLOAD = f"organizations/{ORG}/file/{ASSET}/dl"


def field(field_type: FieldType, **keys: Any) -> Field:
    """A field whose id is its label in lower case."""
    label = keys.pop("label", "Answer")
    defaults: dict[str, Any] = {"id": label.lower(), "alias": f"{label.lower()}-1", "required": False, "position": 1}
    if field_type in ("radio", "dropdown", "multiselect"):
        defaults["options"] = (Option(1, "Red"), Option(2, "Blue"), Option(3, "0"))
    if field_type == "table":
        defaults["columns"] = (Column(1, "Item"), Column(2, "Qty"))
    if field_type == "currency":
        defaults |= {"currency": "EUR", "decimals": 2}
    return Field(field_type=field_type, label=label, created_at=0, last_updated=0, **defaults | keys)


def answer(asked: Field, sent: object, **current: object) -> Accepted:
    return accept(
        [asked], {asked.id: sent}, current, key="taskdata", people=PEOPLE, org_id=ORG, may_clear_required=True
    )


def complaints(asked: Field, sent: object) -> list[str]:
    with pytest.raises(Invalid) as refusal:
        answer(asked, sent)
    [entry] = refusal.value.errors["taskdata"]
    assert list(entry) == [asked.id]
    return entry[asked.id]


STORED = [
    *(("text", sent, sent) for sent in ("x", 42, 1.5, True, 0, False, "0", "<b>", "x" * 200, " x ")),
    ("text", "a\x00b", "ab"),
    ("textarea", "<p>long</p>\nmore", "<p>long</p>\nmore"),
    ("textarea", "x" * 30_000, "x" * 30_000),
    ("email", "ana@partner.example", "ana@partner.example"),
    ("email", " ana@partner.example ", "ana@partner.example"),
    ("date", "2031-05-06", "2031-05-06T00:00:00.000Z"),
    ("date", "2031-05-06 09:30:00", "2031-05-06T09:30:00.000Z"),
    ("date", "2031-05-06T11:30:00+02:00", "2031-05-06T09:30:00.000Z"),
    ("date", "2031-05-06T09:30:00.000Z", "2031-05-06T09:30:00.000Z"),
    ("radio", "Blue", "Blue"),
    ("radio", "0", "0"),
    *(
        ("number", sent, stored)
        for sent, stored in (
            (0.1, 0.1),
            ("0012.500", 12.5),
            (" -7 ", -7),
            (3.0, 3),
            ("999999999999999", 999_999_999_999_999),
            (0, 0),
            (0.0000000001, 0.0000000001),
            ("+.5", 0.5),
        )
    ),
    *(("currency", sent, stored) for sent, stored in ((1234.5, 1234.5), ("1234.50", 1234.5), (-0.01, -0.01))),
    ("dropdown", {"id": 2, "text": "Blue", "value": None}, {"id": 2, "text": "Blue", "value": None}),
    ("dropdown", {"id": 2, "text": "Blue"}, {"id": 2, "text": "Blue"}),
    ("dropdown", {"id": "2", "text": "Blue", "more": [1]}, {"id": 2, "text": "Blue"}),
    ("multiselect", [{"id": 1, "text": "Red", "selected": True}], [{"id": 1, "text": "Red", "selected": True}]),
    ("multiselect", [{"id": 1, "text": "Red"}], [{"id": 1, "text": "Red", "selected": True}]),
    ("multiselect", [{"id": 1, "text": "Red", "selected": None}], [{"id": 1, "text": "Red", "selected": True}]),
    ("multiselect", [{"id": 1, "text": "Red", "selected": False}], [{"id": 1, "text": "Red", "selected": False}]),
    (
        "multiselect",
        [{"id": "1", "text": "Red", "selected": "0"}, {"id": 2, "text": "Blue"}, {"id": 1, "text": "Red"}],
        [{"id": 1, "text": "Red", "selected": True}, {"id": 2, "text": "Blue", "selected": True}],
    ),
    ("table", ["Rope", "4"], ["Rope", "4"]),
    ("table", [["Rope", "Pole"], [4, None]], [["Rope", "Pole"], [4, None]]),
    ("table", ["Rope", None], ["Rope", None]),
    ("table", [{"Item": "Rope"}, {"Qty": 4}], [{"Item": "Rope"}, {"Qty": 4}]),
    ("table", [[], []], [[], []]),
    (
        "assignees_form",
        {"users": [12, "40", {"id": 12}], "guests": ["Ana@Partner.example"], "groups": [GROUP.upper()]},
        {"users": [12, 40], "guests": ["ana@partner.example"], "groups": [GROUP]},
    ),
    ("assignees_form", {"assignees": [12]}, {"users": [12], "guests": [], "groups": []}),
    ("assignees_form", {"users": [12], "taskUrls": ["x"]}, {"users": [12], "guests": [], "groups": []}),
    (
        "file",
        [{"id": ASSET, "filename": "a.pdf", "url": "stale", "subject": {"id": "ab", "type": "Run"}, "x": [1]}],
        [
            {
                "id": ASSET,
                "filename": "a.pdf",
                "url": DOWNLOAD,
                "full_url": DOWNLOAD,
                "subject": {"id": "ab", "type": "Run"},
            }
        ],
    ),
    (
        "file",
        [{"filename": "a.pdf", "url": "https://files.example/a.pdf", "source": "url"}],
        [
            {
                "filename": "a.pdf",
                "url": "https://files.example/a.pdf",
                "source": "url",
                "full_url": "https://files.example/a.pdf",
            }
        ],
    ),
    ("file", [{"full_url": "http://f.example/a"}], [{"full_url": "http://f.example/a", "url": "http://f.example/a"}]),
    ("file", [{"id": ASSET, "source": "url"}], [{"id": ASSET, "source": "url", "url": DOWNLOAD, "full_url": DOWNLOAD}]),
    ("file", [{"url": DOWNLOAD}], [{"id": ASSET, "url": DOWNLOAD, "full_url": DOWNLOAD}]),
    ("file", [{"url": "f.example/a?x"}], [{"url": "https://f.example/a?x", "full_url": "https://f.example/a?x"}]),
]


@pytest.mark.parametrize(
    ("field_type", "sent", "stored"), [pytest.param(*row, id=f"18.4 {row[0]} {str(row[1])[:40]}") for row in STORED]
)
def test_an_accepted_answer_is_stored(field_type: FieldType, sent: object, stored: object) -> None:
    accepted = answer(field(field_type), sent)
    assert accepted.values == {"answer": stored}
    assert type(accepted.values["answer"]) is type(stored)
    assert accepted.changed == {"answer"}


@pytest.mark.parametrize("field_type", FIELD_TYPES)
def test_what_is_stored_is_accepted_again_unchanged(field_type: FieldType) -> None:
    """Clients send whole answers back."""
    for sent in [row[1] for row in STORED if row[0] == field_type]:
        stored = answer(field(field_type), sent).values["answer"]
        again = answer(field(field_type), stored, answer=stored)
        assert (again.values, again.changed) == ({"answer": stored}, frozenset())


TABLE, WIDTH = "Invalid table field", "Number of columns does not match required columns"
CHOICE = "Invalid dropdown choice selected."

REFUSED = [
    *(("text", sent, None) for sent in ({}, {"a": 1}, ["x"], [[]], "x" * 201, 10**200, 10**5000, float("nan"))),
    *(("textarea", sent, None) for sent in (42, 1.5, True, {}, {"a": 1}, ["x"], "x" * 30_001)),
    *(("email", sent, None) for sent in ("nobody", "a@b", 42, True, {}, ["a@b.example"])),
    *(("date", sent, None) for sent in ("soon", "2031-02-30", 1767225600, "1767225600", 1.5, True, {}, ["2031-05-06"])),
    *(
        ("number", sent, None)
        for sent in (
            *("x", "1,5", "1e3", "0x1", "٣", True, {}, [1], "9" * 61, float("inf"), float("nan")),
            *(0.1 + 0.2, 10**15, 1e15, "0.12345678901", "1234567890.123456", 10**5000),
        )
    ),
    *(("currency", sent, None) for sent in ("1.005", 0.001, "EUR 5", "5 EUR", 10**15)),
    *(("radio", sent, None) for sent in ("red", "Green", 1, True, {"id": 1, "text": "Red"}, ["Red"], {})),
    *(
        ("dropdown", sent, CHOICE)
        for sent in (
            *("Red", 1, True, [{"id": 1, "text": "Red"}], {}, {"id": 1}, {"text": "Red"}, {"id": 1, "text": "Blue"}),
            *({"id": 2, "text": "blue"}, {"id": 2, "text": " Blue"}, {"id": 9, "text": "Red"}, {"id": [], "text": {}}),
        )
    ),
    *(
        ("multiselect", sent, None)
        for sent in (
            *("Red", 1, True, {"id": 1, "text": "Red"}, {}, ["Red"], [1], [None], [{}], [{"id": 1}], [{"text": "Red"}]),
            *(
                [{"id": 1, "text": "Blue"}],
                [{"id": 1, "text": "Red", "selected": "maybe"}],
                [{"id": 1, "text": ["Red"]}],
            ),
        )
    ),
    *(("table", sent, WIDTH) for sent in ([], ["Rope"], ["a", "b", "c"])),
    *(
        ("table", sent, TABLE)
        for sent in ("", "x", 0, 1, False, True, {}, {"Item": "Rope"}, [[["x"]], 1], [1, {"a": []}])
    ),
    *(
        ("assignees_form", sent, None)
        for sent in (
            *(
                "Ana",
                12,
                True,
                [12],
                {"value": {}},
                {"users": [99]},
                {"users": ["x"]},
                {"users": 12},
                {"users": [None]},
            ),
            *({"guests": ["nobody"]}, {"guests": ["Boss@our.example"]}, {"guests": "a@b.example"}, {"guests": [[]]}),
            *({"groups": ["ff"]}, {"groups": [12]}, {"groups": [{}]}, {"users": [True]}),
        )
    ),
    *(
        ("file", sent, None)
        for sent in (
            *("https://files.example/a.pdf", {"url": "https://files.example/a.pdf"}, 1, True, {}, ["x"], [1], [None]),
            *([{}], [{"filename": "a.pdf"}], [{"id": ""}], [{"id": "../x"}], [{"url": "javascript:alert(1)"}]),
            *(
                [{"url": "files/a.pdf"}],
                [{"url": f"organizations/{'0b' * 16}/file/{ASSET}/dl"}],
                [{"url": ["https://x"]}],
            ),
            *([{"id": ASSET, "source": "url", "url": "data:x"}], [{"url": "https://a b"}], [{"id": ASSET}] * 501),
        )
    ),
    *((kind, {"value": "Red"}, None) for kind in ANSWERED),  # TK8
    *((kind, {"value": {"id": 1, "text": "Red"}}, None) for kind in ANSWERED),
    *((kind, [[[[[[1]]]]]], None) for kind in ANSWERED),
]


@pytest.mark.parametrize(("field_type", "sent", "text"), [pytest.param(*row, id=f"18.4 {row[0]}") for row in REFUSED])
def test_a_wrong_answer_is_refused(field_type: FieldType, sent: object, text: str | None) -> None:
    messages = complaints(field(field_type), sent)
    assert all(0 < len(message) < 400 for message in messages)
    assert text is None or messages == [text]


@pytest.mark.parametrize(
    ("default", "filled"), [("{{days-1}}.5", 2.5), ("{{days-1}} days", None), ("9{{days-1}}", None)]
)
def test_t_11_55_a_default_with_variables_is_a_number_or_nothing(default: str, filled: object) -> None:
    asked = field("number", maximum=50, default_value_enabled=True, default_value=default)
    variables = {"days-1": Variable(("2",))}
    found = with_defaults([asked], {}, today=date(2026, 3, 5), quoted=Quoted([], {}, system=variables))
    assert found.get("answer") == filled


def test_what_is_sent_for_a_calculated_field_is_ignored() -> None:
    """Spec: T-11.60."""
    for sent in (None, 5, [[[[[[1]]]]]], {"error": "x"}):
        accepted = answer(field("calculated", expression="{{x-1}}"), sent, answer=7)
        assert (accepted.values, accepted.changed, accepted.ignored) == ({"answer": 7}, frozenset(), ["answer"])


@pytest.mark.parametrize("field_type", ANSWERED)
@pytest.mark.parametrize("empty", [None, "", "  ", "\u200b", [], 0, 0.0, False])
def test_every_empty_value_clears_except_where_it_answers(field_type: FieldType, empty: object) -> None:
    """Spec: api-conventions 18.4 clearing, L-4.6, DEC-51, T-11.4."""
    asked = field(field_type)
    if field_type == "table" and empty is not None:
        assert complaints(asked, empty) == [WIDTH if empty == [] and isinstance(empty, list) else TABLE]
    elif (field_type == "text" and isinstance(empty, int | float)) or (
        field_type in ("number", "currency") and isinstance(empty, int | float) and not isinstance(empty, bool)
    ):
        assert answer(asked, empty, answer="before").values == {"answer": empty}
    else:
        accepted = answer(asked, empty, answer="before")
        assert (accepted.values, accepted.changed, accepted.cleared) == ({}, {"answer"}, {"answer"})


@pytest.mark.parametrize("sent", [{}, {"users": [], "guests": [], "groups": []}])
def test_nobody_is_no_answer(sent: object) -> None:
    """Spec: behaviour-templates 11.2, assignee picker."""
    picker = field("assignees_form", required=True)
    values = answer(picker, sent, answer={"users": [12], "guests": [], "groups": []}).values
    assert missing_required([picker], values, PLAIN)


RULES = [
    ("numeric", "12", None),
    ("numeric", "-1.5", None),
    ("numeric", 7, None),
    ("numeric", "1,200", "a number"),
    ("numeric", "x", "a number"),
    ("numeric", True, "a number"),
    ("email", "a@b.example", None),
    ("email", "a", "an e-mail address"),
    ("url", "https://a.example/x?y#z", None),
    ("url", "javascript:alert(1)", "a web address that begins with http:// or https://"),
    ("alpha", "Größe", None),
    ("alpha", "a b", "letters only"),
    ("alpha_num", "Größe42", None),
    ("alpha_num", "a-b", "letters and digits only"),
    ("alpha_dash", "a-b_4", None),
    ("alpha_dash", "a.b", "letters, digits, hyphens and underscores only"),
    ("min:3", "abc", None),
    ("min:3", "ab", "at least 3 characters long"),
    ("max:3", "abc", None),
    ("max:3", "abcd", "at most 3 characters long"),
    ("numeric|min:3|max:40", "3", None),
    ("numeric|min:3|max:40", 40.0, None),
    ("numeric|min:3", "2.9", "at least 3"),
    ("max:40|numeric", "041", "at most 40"),
    ("min:3", "  ", None),
]


@pytest.mark.parametrize(("rules", "sent", "wanted"), [pytest.param(*row, id=f"T-11.11 {row[0]}") for row in RULES])
def test_short_texts_obey_their_rules(rules: str, sent: object, wanted: str | None) -> None:
    asked = field("text", field_validation=tuple(rules.split("|")))
    if wanted is None:
        answer(asked, sent)
    else:
        assert complaints(asked, sent) == [f"Answer must be {wanted}"]


def test_rules_bind_short_texts_only() -> None:
    assert answer(field("textarea", field_validation=("max:1",)), "abc").values == {"answer": "abc"}


def test_all_wrong_answers_are_reported_at_once_in_the_order_of_the_form() -> None:
    """Spec: api-conventions 14.3."""
    form = [
        field("text", label="A"),
        field("date", label="B"),
        field("text", label="C", field_validation=("numeric", "alpha")),
    ]
    with pytest.raises(Invalid) as refusal:
        accept(
            form, {"c": "1x", "b": 5, "a": "ok"}, {}, key="prerun", people=PEOPLE, org_id=ORG, may_clear_required=False
        )
    assert refusal.value.errors == {
        "prerun": [
            {"b": ["B: A date and time must be text in the form YYYY-MM-DD, YYYY-MM-DD HH:MM[:SS] or ISO 8601."]},
            {"c": ["C must be a number", "C must be letters only"]},
        ]
    }


def test_only_sent_answers_change_and_unknown_keys_are_ignored() -> None:
    """Spec: api-tasks 10.1, api-processes 7.2, T-11.8, TK7."""
    form = [field("text", label="A"), field("text", label="B"), field("text", label="C")]
    current = {"a": "1", "b": "2", "gone": "kept"}
    accepted = accept(
        form,
        {"b": "3", "C": True, "a-1": "alias", "Label": 1, "a": "1"},
        current,
        key="taskdata",
        people=PEOPLE,
        org_id=ORG,
        may_clear_required=True,
    )
    assert accepted == Accepted(
        {"a": "1", "b": "3", "gone": "kept", "c": True}, frozenset("bc"), frozenset(), ["a-1", "Label"]
    )
    assert current == {"a": "1", "b": "2", "gone": "kept"}


@pytest.mark.parametrize(
    ("before", "after", "changed"), [(1, True, True), (1, "1", True), (1, 1, False), (None, "", False)]
)
def test_a_change_is_a_different_json_value(before: object, after: object, changed: bool) -> None:
    current = {} if before is None else {"answer": before}
    assert bool(answer(field("text"), after, **current).changed) is changed


@pytest.mark.parametrize(
    ("sent", "folded"),
    [
        pytest.param({"a": 1}, {"a": 1}, id="7.2 object"),
        pytest.param([{"a": 1}, {"b": 2}], {"a": 1, "b": 2}, id="L-4.2 single-key objects are folded"),
        pytest.param([], {}, id="L-4.2 an empty list is none"),
        pytest.param(None, {}, id="null is none"),
        pytest.param({}, {}, id="an empty object"),
        *(pytest.param(sent, None, id=f"L-4.2 {sent!r}") for sent in (["S1"], "", "x", 0, False, 7, [{}], [[]])),
        pytest.param([{"a": 1, "b": 2}], None, id="L-4.2 two keys in one"),
        pytest.param([{"a": 1}, "x"], None, id="L-4.2 mixed"),
    ],
)
def test_maps_come_as_objects_or_lists(sent: object, folded: dict[str, object] | None) -> None:
    assert fold_map(sent) == folded
    if folded is None:
        with pytest.raises(Invalid) as refusal:
            submit([], sent, key="prerun", people=PEOPLE, org_id=ORG, today=TODAY)
        assert refusal.value.errors == {"prerun": ["The prerun must be an object keyed by field id."]}


INTAKE = [
    field("text", label="Sample", required=True),
    field("dropdown", label="Kind", required=True, options=(Option(1, "Soil"), Option(2, "Water"))),
    field("text", label="Notes"),
    field("table", label="Tubes"),
]
SOIL, WATER = {"id": 1, "text": "Soil"}, {"id": 2, "text": "Water"}


@pytest.mark.parametrize(
    ("prerun", "errors"),
    [
        pytest.param({"sample": "S1", "kind": WATER}, [], id="LT-1 complete"),
        pytest.param({"sample": "S1"}, [{"kind": ["Kind is required"]}], id="LT-1 Kind missing"),
        pytest.param(None, [{"sample": ["Sample is required"]}, {"kind": ["Kind is required"]}], id="LT-1 none"),
        pytest.param({"sample": "  ", "kind": SOIL}, [{"sample": ["Sample is required"]}], id="LT-1 blank"),
        pytest.param({"sample": "S1", "kind": "Water"}, [{"kind": [CHOICE]}], id="LT-1 bare text"),
        pytest.param({"sample": "S1", "kind": {"id": 2, "text": "Soil"}}, [{"kind": [CHOICE]}], id="LT-1 mismatch"),
        pytest.param(
            {"sample-1": "S1", "kind-1": WATER},
            [{"sample": ["Sample is required"]}, {"kind": ["Kind is required"]}],
            id="LT-1 keyed by alias",
        ),
        pytest.param({"sample": "S1", "kind": WATER, "zz": 1}, [], id="LT-1 unknown key"),
        pytest.param([{"sample": "S1"}, {"kind": WATER}], [], id="LT-1 folded"),
        pytest.param({"sample": "S1", "kind": WATER, "tubes": ["T1", "5"]}, [], id="LT-1 table"),
        pytest.param({"sample": "S1", "kind": WATER, "tubes": ["T1"]}, [{"tubes": [WIDTH]}], id="LT-1 table width"),
        pytest.param({"sample": "S1", "kind": WATER, "tubes": ""}, [{"tubes": [TABLE]}], id="LT-1 empty table"),
        pytest.param(
            {"sample": None, "kind": 5, "tubes": []},
            [{"sample": ["Sample is required"]}, {"kind": [CHOICE]}, {"tubes": [WIDTH]}],
            id="L-4.3 missing and wrong ones together",
        ),
    ],
)
def test_a_form_is_submitted_as_a_whole(prerun: object, errors: list[object]) -> None:
    if errors:
        with pytest.raises(Invalid) as refusal:
            submit(INTAKE, prerun, key="prerun", people=PEOPLE, org_id=ORG, today=TODAY)
        assert refusal.value.errors == {"prerun": errors}
    else:
        accepted = submit(INTAKE, prerun, key="prerun", people=PEOPLE, org_id=ORG, today=TODAY)
        assert accepted.values["sample"] == "S1"
        assert accepted.changed == accepted.values.keys()


SAND, GRAVEL = Option(1, "Sand"), Option(2, "Gravel")
LINK = {"filename": "a.pdf", "url": "https://files.test/a.pdf", "source": "url"}


@pytest.mark.parametrize(
    ("asked", "sent", "stored"),
    [
        pytest.param(field("text"), 42, 42, id="TT-2 a number in a text"),
        pytest.param(field("text"), "x" * 201, None, id="TT-2 a text too long"),
        pytest.param(field("textarea"), 42, None, id="TT-2 a number in a long text"),
        pytest.param(field("radio", options=(SAND, GRAVEL)), "Gravel", "Gravel", id="TT-2 radio"),
        pytest.param(field("radio", options=(SAND, GRAVEL)), {"id": 2, "text": "Gravel"}, None, id="TT-2 radio object"),
        *(
            pytest.param(field("dropdown", options=(SAND, GRAVEL)), sent, stored, id=f"TT-2 dropdown {sent}")
            for sent, stored in (
                ({"id": 2, "text": "Gravel"}, {"id": 2, "text": "Gravel"}), ("Gravel", None),
                ({"id": 1, "text": "Gravel"}, None), ({"id": 2, "text": "gravel"}, None),
            )
        ),
        pytest.param(field("table"), ["Rope", "4"], ["Rope", "4"], id="TT-2 a row"),
        pytest.param(field("table"), ["Rope"], None, id="TT-2 a row too short"),
        pytest.param(field("table"), "", None, id="TT-2 an empty table"),
        pytest.param(field("file"), LINK["url"], None, id="TT-2 a bare address"),
        pytest.param(field("file"), [LINK], [{**LINK, "full_url": LINK["url"]}], id="TT-2 a file elsewhere"),
    ],
)  # fmt: skip
def test_values_are_taken_or_refused(asked: Field, sent: object, stored: object) -> None:
    if stored is None:
        assert complaints(asked, sent)
    else:
        assert answer(asked, sent).values == {"answer": stored}


def test_wrong_keys_leave_an_optional_form_empty() -> None:
    """Spec: LT-2."""
    accepted = submit(INTAKE[2:], {"notes-1": "x"}, key="prerun", people=PEOPLE, org_id=ORG, today=TODAY)
    assert (accepted.values, accepted.ignored) == ({}, ["notes-1"])


@pytest.mark.parametrize("empty", [None, "", " ", []])
def test_a_required_answer_of_a_submitted_form_cannot_be_cleared(empty: object) -> None:
    """Spec: api-conventions 18.4, api-processes 9; a task's may be, until it completes."""
    sample = INTAKE[0]

    def save(*, may_clear_required: bool, **current: object) -> Accepted:
        sent = {"sample": empty, "notes": "n"}
        return accept(
            INTAKE, sent, current, key="prerun", people=PEOPLE, org_id=ORG, may_clear_required=may_clear_required
        )

    for current in ({"sample": "S1"}, {}):
        with pytest.raises(Invalid) as refusal:
            save(may_clear_required=False, **current)
        assert refusal.value.errors == {"prerun": [{sample.id: ["Sample is required"]}]}
    assert save(may_clear_required=True, sample="S1").values == {"notes": "n"}


def test_nothing_chosen_empties_a_required_checklist() -> None:
    checks = field("multiselect", required=True)
    sent, current = (
        [{"id": 1, "text": "Red", "selected": False}],
        {"answer": [{"id": 1, "text": "Red", "selected": True}]},
    )
    with pytest.raises(Invalid):
        accept([checks], {"answer": sent}, current, key="prerun", people=PEOPLE, org_id=ORG, may_clear_required=False)


@pytest.mark.parametrize(
    ("asked", "stored", "missing"),
    [
        pytest.param(field("text"), "x", False, id="11.2 text"),
        pytest.param(field("text"), 0, False, id="18.4 zero answers"),
        pytest.param(field("text"), False, False, id="18.4 false answers"),
        pytest.param(field("text"), " ", True, id="11.2 empty after trim"),
        pytest.param(field("text"), None, True, id="no answer"),
        pytest.param(field("textarea"), "<p>&nbsp;</p>", True, id="11.2 markup only"),
        pytest.param(field("textarea"), "<p>x</p>", False, id="11.2 markup with words"),
        pytest.param(field("multiselect"), [{"id": 1, "text": "Red", "selected": False}], True, id="L-4.5 none chosen"),
        pytest.param(field("multiselect"), [{"id": 1, "text": "Red", "selected": True}], False, id="L-4.5 one chosen"),
        pytest.param(field("multiselect"), [{"id": 1, "text": "Red"}], False, id="DEC-52 without the key"),
        pytest.param(field("table"), [[], []], True, id="11.2 no row"),
        pytest.param(field("table"), ["", [None, " "]], True, id="T-11.6 empty cells"),
        pytest.param(field("table"), ["", [None, 0]], False, id="T-11.6 one cell"),
        pytest.param(field("assignees_form"), {"users": [], "guests": [], "groups": []}, True, id="11.2 nobody"),
        pytest.param(
            field("assignees_form"), {"users": [], "guests": ["a@b.c"], "groups": []}, False, id="11.2 a guest"
        ),
        pytest.param(field("file"), [], True, id="11.2 no file"),
        pytest.param(field("file"), [{"url": "https://a.example"}], False, id="11.2 a file"),
        pytest.param(field("dropdown"), {"id": 1, "text": "Red"}, False, id="11.2 dropdown"),
        pytest.param(field("multiselect"), "of another type", True, id="an answer from before the type changed"),
        pytest.param(field("table"), 7, True, id="the same for a table"),
    ],
)
def test_what_counts_as_blank(asked: Field, stored: object, missing: bool) -> None:
    asked = msgspec.structs.replace(asked, required=True)
    expected = {"answer": "Answer is required"} if missing else {}
    assert missing_required([asked], {"answer": stored}, PLAIN) == expected
    assert missing_required([msgspec.structs.replace(asked, required=False)], {"answer": stored}, PLAIN) == {}


def checked(*options: tuple[int, str, bool | None]) -> list[dict[str, Any]]:
    return [{"id": i, "text": t} | ({} if chosen is None else {"selected": chosen}) for i, t, chosen in options]


@pytest.mark.parametrize(
    ("batch", "checks", "obstacles"),
    [
        pytest.param("", checked((1, "a", True), (2, "b", True), (3, "c", True)), {"batch"}, id="TT-1 no Batch"),
        pytest.param("B-77", checked((1, "a", True), (2, "b", True)), {"checks"}, id="TT-1 two of three"),
        pytest.param("B-77", checked((1, "a", True), (2, "b", True), (3, "c", True)), set(), id="TT-1 all"),
        pytest.param("B-77", checked((1, "a", None), (2, "b", None), (3, "c", None)), set(), id="TT-1 without the key"),
        pytest.param("B-77", checked((1, "a", True), (2, "b", True), (3, "c", False)), {"checks"}, id="TT-1 one not"),
        pytest.param("B-77", [], {"checks"}, id="T-11.14 all means all"),
        pytest.param("x", [], {"batch", "checks"}, id="T-11.12 rules are checked again"),
    ],
)
def test_what_keeps_a_task_from_completing(batch: str, checks: list[dict[str, Any]], obstacles: set[str]) -> None:
    seal = [
        field("text", label="Batch", required=True, field_validation=("min:2",)),
        field(
            "multiselect",
            label="Checks",
            options=(Option(1, "a"), Option(2, "b"), Option(3, "c")),
            settings={"must_all_checked": True},
        ),
    ]
    answers = accept(
        seal, {"checks": checks}, {"batch": batch}, key="taskdata", people=PEOPLE, org_id=ORG, may_clear_required=True
    ).values
    assert set(completion_obstacles(seal, answers, "UTC")) == obstacles
    assert "checks" not in missing_required(seal, answers, PLAIN)


def with_default(field_type: FieldType, default: object, **keys: Any) -> Field:
    return field(field_type, default_value_enabled=True, default_value=default, **keys)


@pytest.mark.parametrize(
    ("asked", "filled"),
    [
        pytest.param(with_default("text", "x"), "x", id="L-4.8 text"),
        pytest.param(with_default("text", 0), 0, id="L-4.8 a number"),
        pytest.param(with_default("text", "{{TEMPLATE_NAME}} {{gone}}"), "A&B {{gone}}", id="T-11.22 variables"),
        pytest.param(with_default("text", "{{long}}"), "y" * 200, id="T-11.22 cut to what fits"),
        pytest.param(with_default("textarea", "<p>{{TEMPLATE_NAME}}</p>"), "<p>A&amp;B</p>", id="T-12.14 escaped"),
        pytest.param(with_default("date", "2026-01-01T00:00:00.000Z"), "2026-01-01T00:00:00.000Z", id="T-11.22 fixed"),
        pytest.param(with_default("date", "today"), "2026-03-05T00:00:00.000Z", id="T-11.22 today"),
        pytest.param(with_default("date", "Today + 30 days"), "2026-04-04T00:00:00.000Z", id="T-11.22 today + n"),
        pytest.param(with_default("date", "{{start}}"), "2026-02-01T00:00:00.000Z", id="T-11.22 an earlier date"),
        pytest.param(with_default("date", "{{gone}}"), None, id="T-11.22 an unknown date"),
        pytest.param(with_default("radio", "{{long}}"), "{{long}}", id="choices hold no variables"),
        pytest.param(with_default("dropdown", SOIL), SOIL, id="L-4.8 dropdown"),
        pytest.param(field("text", default_value="x"), None, id="switched off"),
    ],
)
def test_defaults_fill_what_is_not_answered(asked: Field, filled: object) -> None:
    variables = {
        "TEMPLATE_NAME": Variable(("A&B",)),
        "long": Variable(("y" * 300,)),
        "start": Variable(("2026-02-01",)),
    }
    expected = {} if filled is None else {"answer": filled}
    assert with_defaults([asked], {}, today=TODAY, quoted=Quoted([], {}, system=variables)) == expected
    assert with_defaults([asked], {"answer": "own"}, today=TODAY) == {"answer": "own"}
    assert with_defaults([asked], {}, today=TODAY, except_for={"answer"}) == {}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        pytest.param({}, {"answer": "x"}, id="L-4.8 a missing key takes the default"),
        pytest.param({"answer": ""}, None, id="an explicit blank does not, and is missing"),
        pytest.param({"answer": "own"}, {"answer": "own"}, id="an answer wins"),
    ],
)
def test_a_default_satisfies_a_required_field(sent: object, stored: dict[str, object] | None) -> None:
    form = [with_default("text", "x", required=True)]
    if stored is None:
        with pytest.raises(Invalid):
            submit(form, sent, key="prerun", people=PEOPLE, org_id=ORG, today=TODAY)
    else:
        assert submit(form, sent, key="prerun", people=PEOPLE, org_id=ORG, today=TODAY).values == stored


def test_a_default_may_hold_variables_of_the_launch() -> None:
    form, variables = [with_default("text", "{{DATE}}")], {"DATE": Variable(("2026-03-05",))}
    accepted = submit(
        form, None, key="prerun", people=PEOPLE, org_id=ORG, today=TODAY, quoted=Quoted([], {}, system=variables)
    )
    assert accepted.values == {"answer": "2026-03-05"}


def test_a_value_is_bounded() -> None:
    assert complaints(field("table"), ["x" * 1_000_001, 1]) == ["Answer must not be larger than 1000000 bytes"]
    assert complaints(field("table"), ["\x00" * 10, [[1]]]) == [TABLE]
    deep: Any = "x"
    for _ in range(3000):
        deep = [deep]
    assert complaints(field("table"), [deep, 1]) == ["Answer must not be nested so deeply"]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()))
WORDS = ["id", "text", "selected", "users", "guests", "groups", "url", "full_url", "filename", "source", "value"]
ANY_JSON = st.recursive(
    SCALARS | st.sampled_from(["Red", "Blue", 1, 2, "2026-03-05", ASSET, "https://a.example"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(), inner, max_size=4),
    max_leaves=15,
)
WHOLE_FORM = [field(kind, label=kind, required=kind in ("text", "file")) for kind in FIELD_TYPES]


@given(sent=ANY_JSON | st.dictionaries(st.sampled_from([f.id for f in WHOLE_FORM]) | st.text(), ANY_JSON))
def test_whatever_is_sent_is_accepted_or_invalid(sent: object) -> None:
    form: Sequence[Field] = WHOLE_FORM
    try:
        accepted = accept(form, sent, {}, key="taskdata", people=PEOPLE, org_id=ORG, may_clear_required=True)
    except Invalid:
        return
    stored = msgspec.json.encode(accepted.values)
    assert b"\\u0000" not in stored
    again = accept(
        form,
        msgspec.json.decode(stored),
        accepted.values,
        key="taskdata",
        people=PEOPLE,
        org_id=ORG,
        may_clear_required=True,
    )
    assert again.changed == frozenset()
    completion_obstacles(form, accepted.values, "UTC")
