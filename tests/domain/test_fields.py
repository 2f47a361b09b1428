"""Field definitions: what is accepted and kept. Spec: api-templates 6.1, api-tasks 9.4, behaviour-templates 11."""

from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.domain.definitions import read_definition
from procession.domain.errors import Invalid
from procession.domain.fields import FIELD_TYPES, Column, Field, Option

NOW, LATER = 1_772_721_000_000, 1_772_724_600_000
COLORS = [{"id": 1, "text": "Red"}, {"id": 2, "text": "Blue"}]
TEXT = {"label": "Budget", "field_type": "text", "required": True}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def read(sent: object, **options: Any) -> Field:
    ids = count(1)
    return read_definition(sent, **{"path": "", "now": NOW, "new_id": lambda: f"id{next(ids)}"} | options)


def refused(sent: object, **options: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refusal:
        read(sent, **options)
    return refusal.value.errors


def echoed(field: Field) -> dict[str, Any]:
    """As a client sends back what it has read."""
    return msgspec.json.decode(msgspec.json.encode(field))


def of_type(field_type: str, **keys: Any) -> dict[str, Any]:
    needed = {"table": {"columns": [{"id": 1, "label": "Item"}]}, "currency": {"currency": "EUR"}}
    needed["calculated"] = {"expression": "{{x-1}}"}
    choices = {} if field_type not in ("radio", "dropdown", "multiselect") else {"options": COLORS}
    return {"label": "L", "field_type": field_type, "required": False, **needed.get(field_type, choices), **keys}


def test_a_smallest_definition_takes_the_documented_defaults() -> None:
    assert read(TEXT, taken_aliases=["budget-1"], next_position=4) == Field(
        id="id1",
        alias="budget-2",
        field_type="text",
        label="Budget",
        required=True,
        position=4,
        use_wysiwyg_editor=True,
        created_at=NOW,
        last_updated=NOW,
    )


@pytest.mark.parametrize("field_type", FIELD_TYPES)
def test_each_type_is_accepted(field_type: str) -> None:
    assert read(of_type(field_type)).field_type == field_type


@pytest.mark.parametrize(
    ("sent", "paths"),
    [
        pytest.param({}, {"label", "field_type", "required"}, id="12.6 label, type, required every time"),
        pytest.param({"label": "x"}, {"field_type", "required"}, id="12.6 only a label"),
        pytest.param(TEXT | {"label": ""}, {"label"}, id="1 an empty string is nothing"),
        pytest.param(TEXT | {"label": " \ufeff "}, {"label"}, id="6.1 a blank label"),
        pytest.param(TEXT | {"label": 7}, {"label"}, id="6.1 a label is text"),
        pytest.param(TEXT | {"label": "x" * 201}, {"label"}, id="11.1 200 characters"),
        pytest.param(TEXT | {"required": None}, {"required"}, id="6.1 required is a boolean"),
        pytest.param(TEXT | {"required": "yes"}, {"required"}, id="6.1 required is a boolean, not a word"),
        pytest.param(TEXT | {"position": 0}, {"position"}, id="6.1 positions begin at 1"),
        pytest.param(TEXT | {"position": 10_000}, {"position"}, id="11.1 and end at 9999"),
        pytest.param(TEXT | {"guidance": 5, "prefix": []}, {"guidance", "prefix"}, id="6.1 texts"),
        pytest.param(TEXT | {"collect_time": "soon"}, {"collect_time"}, id="6.1 flags"),
        pytest.param(TEXT | {"settings": "x"}, {"settings"}, id="6.1 settings are an object"),
        pytest.param(TEXT | {"settings": {"a": "x" * 20_001}}, {"settings"}, id="settings are bounded"),
        pytest.param(TEXT | {"list": [[[[[[[[[1]]]]]]]]]}, {"list"}, id="lists are bounded"),
        pytest.param(of_type("radio", options=COLORS[:1]), {"options"}, id="6.1 radio needs two options"),
        pytest.param(of_type("radio", options=[]), {"options"}, id="6.1 options required"),
        pytest.param(of_type("dropdown", options=None), {"options"}, id="6.1 options required for dropdown"),
        pytest.param(of_type("multiselect", options="a,b"), {"options"}, id="6.1 options are a list"),
        pytest.param(of_type("table", columns=[]), {"columns"}, id="6.1 columns required"),
        pytest.param(
            of_type(
                "radio", options=[{"id": "x", "text": ""}, "Red", {"id": 1, "text": 5}, {"text": "y"}, {"id": "1"}]
            ),
            {
                "options.0.id",
                "options.0.text",
                "options.1",
                "options.2.text",
                "options.3.id",
                "options.4.id",
                "options.4.text",
            },
            id="6.1 dotted paths, all at once",
        ),
        pytest.param(
            of_type("table", columns=[{"id": 1.5, "label": None}]), {"columns.0.id", "columns.0.label"}, id="6.1"
        ),
        pytest.param(
            of_type("radio", options=[*COLORS, {"id": 3, "text": "x", "value": {}}]), {"options.2.value"}, id="6.4"
        ),
        pytest.param(TEXT | {"field_validation": 5}, {"field_validation"}, id="6.1 rules are a list"),
        pytest.param(
            TEXT | {"field_validation": ["email", "min:x", "phone", 3]},
            {"field_validation.1", "field_validation.2", "field_validation.3"},
            id="6.1 known rules only",
        ),
        *(
            pytest.param(of_type(kind, default_value_enabled=True), {"default_value_enabled"}, id=f"T-11.20 {kind}")
            for kind in ("file", "table", "assignees_form")
        ),
    ],
)
def test_a_broken_definition_names_every_wrong_path(sent: object, paths: set[str]) -> None:
    assert set(refused(sent)) == paths


@pytest.mark.parametrize("field_type", ["url", "time", "datetime", "checkbox", "Text", 5, None, "", [], {}])
def test_there_are_no_other_types(field_type: object) -> None:
    """Spec: T-11.2."""
    assert set(refused(TEXT | {"field_type": field_type})) == {"field_type"}


AMOUNT = {"label": "Price", "field_type": "currency", "required": False}
NUMBER = {"label": "Weight", "field_type": "number", "required": False}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param(NUMBER, (None, None, None, None, None), id="T-11.50 a number needs nothing"),
        pytest.param(
            NUMBER | {"minimum": "-0.50", "maximum": 9, "decimals": "2", "unit": "kg", "currency": "EUR"},
            (-0.5, 9, 2, "kg", None),
            id="T-11.51",
        ),
        pytest.param(AMOUNT | {"currency": " eur ", "decimals": 4, "unit": "kg"}, (None, None, 2, None, "EUR"), id="T-11.52"),
        pytest.param(AMOUNT | {"currency": "JPY", "minimum": 0}, (0, None, 0, None, "JPY"), id="T-11.52 no decimals"),
        pytest.param(AMOUNT | {"currency": "KWD"}, (None, None, 3, None, "KWD"), id="T-11.52 three"),
        pytest.param(TEXT | {"minimum": "x", "unit": [], "currency": 7}, (None,) * 5, id="a text has none of it"),
    ],
)  # fmt: skip
def test_numbers_have_bounds_and_a_unit(sent: dict[str, Any], kept: tuple[Any, ...]) -> None:
    field = read(sent)
    assert (field.minimum, field.maximum, field.decimals, field.unit, field.currency) == kept
    again = read(echoed(field) | {"required": field.required}, existing=field)
    assert (again.minimum, again.maximum, again.decimals, again.unit, again.currency) == kept


@pytest.mark.parametrize(
    ("sent", "paths"),
    [
        (NUMBER | {"minimum": "x"}, {"minimum"}),
        (NUMBER | {"minimum": 0.1 + 0.2}, {"minimum"}),
        (NUMBER | {"maximum": True}, {"maximum"}),
        (NUMBER | {"minimum": 2, "maximum": 1}, {"maximum"}),
        (NUMBER | {"decimals": 11}, {"decimals"}),
        (NUMBER | {"decimals": 0, "minimum": 0.5}, {"minimum"}),
        (NUMBER | {"unit": "k" * 41}, {"unit"}),
        (AMOUNT, {"currency"}),
        (AMOUNT | {"currency": "ABC"}, {"currency"}),
        (AMOUNT | {"currency": "JPY", "maximum": 1.5}, {"maximum"}),
        (NUMBER | {"field_type": "calculated"}, {"expression"}),
        (NUMBER | {"field_type": "calculated", "expression": "1 +"}, {"expression"}),
        (NUMBER | {"field_type": "calculated", "expression": "{{a-1}}", "required": True}, {"required"}),
        (NUMBER | {"field_type": "calculated", "expression": "{{a-1}}", "decimals": -1}, {"decimals"}),
        (NUMBER | {"maximum": 5, "default_value_enabled": True, "default_value": 6}, {"default_value"}),
        (NUMBER | {"default_value_enabled": True, "default_value": "six"}, {"default_value"}),
    ],
)
def test_a_broken_number_is_refused(sent: dict[str, Any], paths: set[str]) -> None:
    """Spec: T-11.51, T-11.52."""
    assert set(refused(sent)) == paths


def test_errors_carry_the_path_they_are_given_and_the_standard_texts() -> None:
    assert refused(
        {"field_type": "radio", "required": 1, "options": [{"id": 1}, {"id": 2, "text": "x"}]}, path="prerun.3"
    ) == {
        "prerun.3.label": ["The label field is required."],
        "prerun.3.options.0.text": ["The options.0.text field is required."],
    }
    assert refused("x", path="form_fields.0") == {"form_fields.0": ["A form field must be an object."]}


def test_types_are_coerced() -> None:
    """Spec: api-conventions 13, api-templates 1."""
    sent = of_type("radio", required="0", position="7", options=[{"id": "1", "text": "a"}, {"id": 2.0, "text": "b"}])
    field = read(sent)
    assert (field.required, field.position) == (False, 7)
    assert field.options == (Option(1, "a"), Option(2, "b"))


@pytest.mark.parametrize(
    ("sent", "rules"),
    [
        (["numeric", "min:3", "max:40"], ("numeric", "min:3", "max:40")),
        ("email|max:2.5", ("email", "max:2.5")),
        (" url | alpha_dash |", ("url", "alpha_dash")),
        (["alpha", "alpha"], ("alpha",)),
        ([], ()),
        (None, ()),
        ("", ()),
    ],
)
def test_validation_rules_come_as_a_list_or_with_pipes(sent: object, rules: tuple[str, ...]) -> None:
    assert read(TEXT | {"field_validation": sent}).field_validation == rules


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param(
            of_type("text", options=COLORS, columns="x"), {"options": (), "columns": ()}, id="meaningless lists"
        ),
        pytest.param(of_type("date", collect_time=1), {"collect_time": True}, id="date only"),
        pytest.param(of_type("text", collect_time=1), {"collect_time": False}, id="not for text"),
        pytest.param(of_type("textarea", use_wysiwyg_editor=False), {"use_wysiwyg_editor": False}, id="textarea"),
        pytest.param(of_type("text", prefix="€", suffix=""), {"prefix": "€", "suffix": None}, id="text"),
        pytest.param(of_type("email", prefix="€"), {"prefix": None}, id="no prefix for email"),
        pytest.param(of_type("text", settings=[]), {"settings": None}, id="an empty map of old clients"),
        pytest.param(of_type("text", settings={"a\x00": 1}), {"settings": {"a": 1}}, id="no NUL"),
        pytest.param(of_type("text", label="a\x00b", guidance="g\x00"), {"label": "ab", "guidance": "g"}, id="no NUL"),
        pytest.param(
            of_type("dropdown", options=[], list={"id": 3}), {"options": (), "lookup_list": {"id": 3}}, id="T-11.5"
        ),
        pytest.param(
            of_type("text", id="zz", alias="mine-1", created_at=5), {"id": "id1", "alias": "l-1"}, id="read-only"
        ),
        pytest.param(
            of_type("radio", options=[{"id": 5, "text": " A ", "value": 3, "required": True}, {"id": 0, "text": "B"}]),
            {"options": (Option(5, " A ", 3, True), Option(0, "B"))},
            id="option texts are kept exactly",
        ),
    ],
)
def test_what_is_kept(sent: object, kept: dict[str, object]) -> None:
    field = read(sent)
    assert {key: getattr(field, key) for key in kept} == kept


@pytest.mark.parametrize(
    ("sent", "default"),
    [
        (of_type("text", default_value="x {{DATE}}" + "y" * 250), "x {{DATE}}" + "y" * 250),
        (of_type("text", default_value=42), 42),
        (of_type("textarea", default_value="<p>x</p>"), "<p>x</p>"),
        (of_type("email", default_value="a@b.example"), "a@b.example"),
        (of_type("date", default_value="2026-03-05 09:00"), "2026-03-05T09:00:00.000Z"),
        (of_type("date", default_value="today + 3 days"), "today + 3 days"),
        (of_type("date", default_value="{{start-1}}"), "{{start-1}}"),
        (of_type("date", default_value="{{ start-1 }}"), "{{ start-1 }}"),
        (of_type("radio", default_value="Blue"), "Blue"),
        (of_type("dropdown", default_value={"id": 2, "text": "Blue"}), {"id": 2, "text": "Blue", "value": None}),
        (of_type("multiselect", default_value=COLORS[:1]), [{"id": 1, "text": "Red", "selected": True}]),
    ],
)
def test_a_default_has_the_shape_of_an_answer(sent: dict[str, Any], default: object) -> None:
    """Spec: T-11.20 to T-11.22."""
    field = read(sent | {"default_value_enabled": True})
    assert (field.default_value_enabled, field.default_value) == (True, default)


@pytest.mark.parametrize(
    "sent",
    [
        of_type("text", default_value={}),
        of_type("text", default_value="x" * 201),
        of_type("text", default_value=10**200),
        of_type("textarea", default_value=5),
        of_type("textarea", default_value="x" * 30_001),
        of_type("email", default_value="nobody"),
        of_type("date", default_value="soon"),
        of_type("date", default_value=1767225600),
        of_type("radio", default_value="Green"),
        of_type("radio", default_value={"id": 1, "text": "Red"}),
        of_type("dropdown", default_value="Red"),
        of_type("dropdown", default_value={"id": 1, "text": "Blue"}),
        of_type("multiselect", default_value="Red"),
        of_type("multiselect", default_value=[{"id": 9, "text": "Red"}]),
    ],
)
def test_a_default_that_does_not_fit_is_refused_when_it_is_on(sent: dict[str, Any]) -> None:
    assert set(refused(sent | {"default_value_enabled": True})) == {"default_value"}
    assert read(sent | {"default_value_enabled": False}).default_value is None


def test_an_update_keeps_id_alias_and_what_it_leaves_out() -> None:
    """Spec: 6.1 `alias`, T-11.1, 12.6."""
    before = read(TEXT | {"guidance": "g", "prefix": "€", "position": 3, "field_validation": "numeric"})
    after = read({"label": "Costs", "field_type": "text", "required": False}, existing=before, now=LATER)
    assert after == msgspec.structs.replace(before, label="Costs", required=False, last_updated=LATER)
    whole = echoed(before) | {"guidance": None}
    assert read(whole, existing=before, now=LATER).guidance is None
    assert set(refused({"label": "Costs"}, existing=before)) == {"field_type", "required"}
    assert set(refused(of_type("dropdown") | {"options": None}, existing=before)) == {"options"}


def test_a_changed_type_drops_what_loses_its_meaning() -> None:
    """Spec: behaviour-templates 11.1 `field_type`."""
    before = read(of_type("dropdown", default_value_enabled=True, default_value=COLORS[0], prefix="p"))
    sent = echoed(before) | {"field_type": "file"}
    after = read(sent, existing=before)
    assert (after.options, after.default_value_enabled, after.default_value, after.prefix) == ((), False, None, None)
    assert set(refused(sent | {"field_type": "table"}, existing=before)) == {"columns"}


@pytest.mark.parametrize(
    ("options", "read_options"),
    [
        (["Red", "Blue"], (Option(1, "Red"), Option(2, "Blue"))),
        ([{"text": "Red"}, {"text": "Blue"}], (Option(1, "Red"), Option(2, "Blue"))),
        (
            [{"text": "Red"}, {"id": 1, "text": "Blue"}, "Green"],
            (Option(2, "Red"), Option(1, "Blue"), Option(3, "Green")),
        ),
    ],
)
def test_one_off_tasks_may_leave_out_option_ids(options: list[object], read_options: tuple[Option, ...]) -> None:
    """Spec: api-tasks 9.4."""
    assert read(of_type("multiselect", options=options), lenient_options=True).options == read_options
    columns = read(of_type("table", columns=["Item", {"label": "Qty"}]), lenient_options=True).columns
    assert columns == (Column(1, "Item"), Column(2, "Qty"))
    assert refused(of_type("multiselect", options=options))


def test_one_off_tasks_still_need_their_options_and_required() -> None:
    """Spec: api-tasks 9.4."""
    assert set(refused(of_type("radio", options=["one"]), lenient_options=True)) == {"options"}
    assert set(refused({"label": "x", "field_type": "text"}, lenient_options=True)) == {"required"}
    assert read(TEXT | {"alias": "cost-center"}, lenient_options=True).alias == "cost-center"
    assert read(TEXT | {"alias": "Not one!"}, lenient_options=True).alias == "budget-1"
    assert read(TEXT | {"alias": "taken"}, lenient_options=True, taken_aliases={"taken"}).alias == "budget-1"


KEYS = ["label", "field_type", "required", "options", "columns", "guidance", "position", "default_value_enabled"]
KEYS += [
    "default_value",
    "collect_time",
    "use_wysiwyg_editor",
    "field_validation",
    "prefix",
    "settings",
    "list",
    "alias",
]


@given(
    sent=st.dictionaries(st.sampled_from(KEYS), JSON | st.sampled_from([*FIELD_TYPES, COLORS, "text", True])) | JSON,
    lenient=st.booleans(),
)
def test_a_definition_is_accepted_or_invalid_whatever_is_sent(sent: object, lenient: bool) -> None:
    try:
        field = read(sent, lenient_options=lenient)
    except Invalid:
        return
    stored = msgspec.json.encode(field)
    assert msgspec.json.decode(stored, type=Field) == field
    assert b"\\u0000" not in stored


def test_a_definition_survives_storage() -> None:
    field = read(of_type("multiselect", settings={"must_all_checked": True}, list={"id": 1}, default_value=COLORS))
    assert msgspec.json.decode(msgspec.json.encode(field), type=Field) == field
    assert echoed(field)["list"] == {"id": 1}
    assert field.needs_all_checked()
    assert not read(of_type("text", settings={"must_all_checked": True})).needs_all_checked()
