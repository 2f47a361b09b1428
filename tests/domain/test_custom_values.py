"""Values of custom fields. Spec: api-content 6.2."""

from typing import Any

import pytest

from procession.domain.custom_values import checked, inherited, removing, replacing, setting
from procession.domain.errors import Invalid, NotAllowed, NotFound
from procession.domain.field_keys import Choice, FieldKey, ValueType
from procession.domain.fields import Column


def key(name: str, field_type: ValueType = "text", **more: Any) -> FieldKey:
    return FieldKey(
        no=1,
        id="k" * 32,
        applies_to="process",
        key=name,
        label=name.title(),
        field_type=field_type,
        options=(Choice(1, "Gold"), Choice(2, "Silver")),
        columns=(Column(1, "Item"), Column(2, "Price")),
        created_at=0,
        updated_at=0,
        **more,
    )


KEYS = {
    each.key: each
    for each in (
        key("note"),
        key("region", is_required=True),
        key("old", is_active=False),
        key("erp", key_type="system"),
    )
}


@pytest.mark.parametrize(
    ("field_type", "sent", "stored"),
    [
        pytest.param("text", "EMEA", "EMEA", id="text"),
        pytest.param("text", 7, None, id="text is no number"),
        pytest.param("text", "x" * 201, None, id="text too long"),
        pytest.param("textarea", "x" * 30_000, "x" * 30_000, id="textarea"),
        pytest.param("textarea", "x" * 30_001, None, id="textarea too long"),
        pytest.param("number", 1250.5, 1250.5, id="number"),
        pytest.param("number", 0, 0, id="zero is a value"),
        pytest.param("number", "7", None, id="number is no text"),
        pytest.param("number", True, None, id="number is no flag"),
        pytest.param("number", float("inf"), None, id="no number"),
        pytest.param("boolean", False, False, id="false is a value"),
        pytest.param("boolean", 1, None, id="boolean is no number"),
        pytest.param("date", "2026-03-02", "2026-03-02T00:00:00.000Z", id="a day"),
        pytest.param("date", "2026-03-02T10:00:00+02:00", "2026-03-02T08:00:00.000Z", id="an instant"),
        pytest.param("date", "soon", None, id="no date"),
        pytest.param("email", "a@b.test", "a@b.test", id="email"),
        pytest.param("email", "a@", None, id="no email"),
        pytest.param("url", "https://b.test/x", "https://b.test/x", id="url"),
        pytest.param("url", "javascript:x", None, id="no url"),
        pytest.param("radio", "Gold", "Gold", id="radio"),
        pytest.param("radio", "gold", None, id="no option"),
        pytest.param("dropdown", {"id": 2, "text": "Silver"}, "Silver", id="dropdown by object"),
        pytest.param("dropdown", {"id": 2}, None, id="an object without text"),
        pytest.param("multiselect", ["Silver", {"text": "Gold"}, "Silver"], ["Silver", "Gold"], id="multiselect"),
        pytest.param("multiselect", "Silver", None, id="no list"),
        pytest.param("multiselect", ["Bronze"], None, id="no option of the list"),
        pytest.param("table", [["Desk", 200], ["Chair", None]], [["Desk", 200], ["Chair", None]], id="table"),
        pytest.param("table", [["Desk"]], None, id="a cell too few"),
        pytest.param("table", [["Desk", {}]], None, id="a cell that is none"),
        pytest.param("table", "Desk", None, id="no rows"),
    ],
)
def test_each_type_takes_its_values(field_type: ValueType, sent: object, stored: object) -> None:
    keys = {"it": key("it", field_type)}
    if stored is None:
        with pytest.raises(Invalid) as refusal:
            replacing({"it": sent})(keys, {})
        assert list(refusal.value.errors) == ["custom_fields.it"]
    else:
        assert replacing({"it": sent})(keys, {}) == {"it": stored}


def test_a_replacement_clears_what_is_left_out() -> None:
    before = {"note": "a", "region": "EMEA", "old": "kept", "erp": "4711", "deleted key": "x"}

    assert replacing({"region": "APAC"})(KEYS, before) == {"old": "kept", "erp": "4711", "region": "APAC"}
    assert replacing({"region": "APAC", "note": None})(KEYS, before) == replacing({"region": "APAC"})(KEYS, before)
    read = {each: before[each] for each in KEYS}
    assert replacing(read)(KEYS, before) == read, "what was read may be sent back"


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        pytest.param({}, {"region"}, id="required"),
        pytest.param({"region": ""}, {"region"}, id="blank is missing"),
        pytest.param({"region": "x", "colour": "red"}, {"colour"}, id="unknown"),
        pytest.param({"region": "x", "erp": "1"}, {"erp"}, id="system"),
        pytest.param({"region": "x", "old": "1"}, {"old"}, id="not in use"),
        pytest.param({"note": 7}, {"note", "region"}, id="all at once"),
    ],
)
def test_a_bad_replacement_names_every_field(sent: dict[str, object], wrong: set[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        replacing(sent)(KEYS, {})

    assert set(refusal.value.errors) == {f"custom_fields.{each}" for each in wrong}


def test_one_value_is_set_and_cleared_without_asking_for_others() -> None:
    assert setting("note", "b")(KEYS, {"note": "a", "x": 1}) == {"x": 1, "note": "b"}
    assert setting("region", None)(KEYS, {"region": "EMEA"}) == {}
    assert removing("region")(KEYS, {"region": "EMEA"}) == {}
    assert removing("x")(KEYS, {"x": 1}) == {}, "a key that no longer exists"


def test_refusals_of_one_value() -> None:
    for key_name, raw in (("old", "x"), ("note", 7)):
        with pytest.raises(Invalid):
            setting(key_name, raw)(KEYS, {})
    for change in (setting("colour", "red"), removing("colour")):
        with pytest.raises(NotFound):
            change(KEYS, {})
    for change in (setting("erp", "1"), removing("erp")):
        with pytest.raises(NotAllowed):
            change(KEYS, {"erp": "4711"})


def test_a_new_record_takes_over_what_fits() -> None:
    values = {"note": "a", "colour": "red", "erp": "4711", "old": "x", "region": 7}

    assert inherited(KEYS, values) == {"note": "a"}
    assert checked(KEYS, {"note": "b"}) == {"note": "b"}, "nothing is required at launch"
