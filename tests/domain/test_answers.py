"""Answers: every row of api-conventions 18.4. Spec: T-11.10 on."""

from collections.abc import Sequence
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
)
from procession.domain.calculating.sheet import PLAIN
from procession.domain.errors import Invalid
from procession.domain.fields import FIELD_TYPES, Field, FieldType
from tests.domain.answering import (
    ASSET,
    CHOICE,
    DOWNLOAD,
    GROUP,
    ORG,
    PEOPLE,
    TABLE,
    TODAY,
    WIDTH,
    answer,
    complaints,
    field,
)

ANSWERED = [kind for kind in FIELD_TYPES if kind != "calculated"]


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
