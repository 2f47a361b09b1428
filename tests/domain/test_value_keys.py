"""Keys of answers: they sort and compare as the answers do, whatever the type."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from procession.domain.fields import FIELD_TYPES, Field, FieldType, ResultType
from procession.domain.value_keys import (
    OPERATORS,
    Kind,
    Operator,
    Unreadable,
    holds,
    key_of,
    keys_of,
    kind_of,
    read_test,
)

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**15), max_value=10**15)


def field(field_type: FieldType, *rules: str) -> Field:
    named: dict[str, Any] = {"id": "f", "alias": "f-1", "label": "F", "required": False, "position": 1}
    return Field(field_type=field_type, field_validation=rules, created_at=0, last_updated=0, **named)


def as_bytes(key: str) -> bytes:
    return key.encode()


@given(NUMBERS, NUMBERS)
def test_numbers_are_ordered_as_numbers(one: Decimal, other: Decimal) -> None:
    keys = [as_bytes(key_of(Kind.NUMBER, format(each, "f"))) for each in (one, other)]

    assert (keys[0] < keys[1], keys[0] == keys[1]) == (one < other, one == other)


def test_numbers_near_zero_and_far_from_it_are_ordered() -> None:
    ascending = ["-" + "9" * 199, "-100", "-10.5", "-10", "-9", "-0.25", "-0.2", "-.0001", "0", ".0001", "0.2", "0.25"]
    ascending += ["1", "9", "9.5", "10", "10.01", "100", "9" * 200]

    assert sorted(ascending, key=lambda each: as_bytes(key_of(Kind.NUMBER, each))) == ascending


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(("1.50", "+1.5", " 01.5 "), id="zeros and signs"),
        pytest.param(("0", "-0", "0.00", "+.0"), id="zero"),
    ],
)
def test_a_number_has_one_key_however_it_is_written(same: tuple[str, ...]) -> None:
    assert len({key_of(Kind.NUMBER, each) for each in same}) == 1


def test_an_instant_is_asked_for_in_any_form_that_answers_are_sent_in() -> None:
    [stored] = keys_of(field("date"), "2026-03-05T22:00:00.000Z")

    assert key_of(Kind.INSTANT, "2026-03-06T00:00:00+02:00") == stored
    assert key_of(Kind.INSTANT, "2026-03-05") < stored < key_of(Kind.INSTANT, "2026-03-06")


@pytest.mark.parametrize(
    ("asked", "value", "keys"),
    [
        pytest.param(field("text"), " Łódź ", {"lodz"}, id="texts are folded as names are"),
        pytest.param(field("text"), 42, {"42"}, id="a number in a short text is text"),
        pytest.param(field("text"), False, {"false"}, id="so is a truth value"),
        pytest.param(field("text", "numeric"), "x", set(), id="what no number can be made of has no key"),
        pytest.param(field("email"), "Iris@Our.Example", {"iris@our.example"}, id="addresses have no case"),
        pytest.param(field("radio"), "Red", {"red"}, id="radio"),
        pytest.param(field("dropdown"), {"id": 1, "text": "Red", "value": 7}, {"red"}, id="dropdown"),
        pytest.param(
            field("multiselect"),
            [{"id": 1, "text": "Red"}, {"id": 2, "text": "Blue", "selected": False}, {"id": 3, "text": "0"}],
            {"red", "0"},
            id="a checklist has a key for each chosen option",
        ),
        pytest.param(field("text"), "  ", set(), id="blank"),
        pytest.param(field("number"), 2.50, {key_of(Kind.NUMBER, "2.5")}, id="number"),
        pytest.param(field("currency"), 0, {key_of(Kind.NUMBER, "0")}, id="an amount of nothing is an answer"),
        pytest.param(field("textarea"), "long", set(), id="a type that is not filtered by"),
    ],
)
def test_an_answer_is_keyed_by_its_type(asked: Field, value: object, keys: set[str]) -> None:
    assert keys_of(asked, value) == keys


def test_long_texts_fold_into_keys_that_an_index_takes() -> None:
    [key] = keys_of(field("text"), "\ufdfa" * 200)

    # PostgreSQL takes 2704 bytes for all columns of an entry.
    assert len(key.encode()) <= 2_400
    assert key == key_of(Kind.TEXT, "\ufdfa" * 200)


def test_every_type_says_whether_it_is_keyed() -> None:
    keyed = {each for each in FIELD_TYPES if kind_of(field(each)) is not None}

    assert set(FIELD_TYPES) - keyed == {"textarea", "file", "table", "assignees_form"}


@pytest.mark.parametrize(
    ("result", "value", "keys"),
    [
        pytest.param("number", 1e-10, {key_of(Kind.NUMBER, "0.0000000001")}, id="number"),
        pytest.param("date", "2026-03-05T00:00:00.000Z", {"2026-03-05T00:00:00.000Z"}, id="date"),
        pytest.param("text", "Łódź", {"lodz"}, id="text"),
        pytest.param("number", {"error": "division by zero"}, set(), id="no value"),
        pytest.param(None, {"error": "broken"}, set(), id="broken"),
    ],
)
def test_a_calculated_value_is_keyed_by_what_it_comes_to(
    result: ResultType | None, value: object, keys: set[str]
) -> None:
    assert keys_of(replace(field("calculated"), result_type=result), value) == keys


RED_AND_BLUE = frozenset({"red", "blue"})


@pytest.mark.parametrize(
    ("operator", "sent", "kind", "keys", "expected"),
    [
        pytest.param("eq", "RED", Kind.CHOICES, RED_AND_BLUE, True, id="one of the chosen ones is enough"),
        pytest.param("ne", "red", Kind.CHOICES, RED_AND_BLUE, False, id="none of the chosen ones may be it"),
        pytest.param("ne", "red", Kind.CHOICE, frozenset[str](), False, id="ne wants an answer"),
        pytest.param("in", "green,Blue", Kind.CHOICES, RED_AND_BLUE, True, id="in"),
        pytest.param("empty", "", Kind.TEXT, frozenset[str](), True, id="empty"),
        pytest.param("not_empty", "", Kind.TEXT, frozenset({"x"}), True, id="not empty"),
        pytest.param("contains", "ODZ", Kind.TEXT, frozenset({"lodz"}), True, id="contains"),
        pytest.param("starts", "odz", Kind.TEXT, frozenset({"lodz"}), False, id="starts"),
    ],
)
def test_a_condition_holds(operator: Operator, sent: str, kind: Kind, keys: frozenset[str], expected: bool) -> None:
    assert holds(read_test(kind, operator, sent), keys) is expected


@given(st.sampled_from(["gt", "gte", "lt", "lte", "eq", "ne"]), NUMBERS, NUMBERS)
def test_numbers_are_compared_as_numbers(operator: Operator, value: Decimal, bound: Decimal) -> None:
    expected = {
        "gt": value > bound,
        "gte": value >= bound,
        "lt": value < bound,
        "lte": value <= bound,
        "eq": value == bound,
        "ne": value != bound,
    }
    keys = keys_of(field("text", "numeric"), format(value, "f"))

    assert holds(read_test(Kind.NUMBER, operator, format(bound, "f")), keys) is expected[operator]


@pytest.mark.parametrize(
    ("kind", "operator", "sent"),
    [
        pytest.param(Kind.NUMBER, "gt", "many", id="not a number"),
        pytest.param(Kind.NUMBER, "eq", "9" * 201, id="a number longer than any answer"),
        pytest.param(Kind.INSTANT, "lt", "2026-02-30", id="not a day"),
        pytest.param(Kind.EMAIL, "eq", "iris", id="not an address"),
        pytest.param(Kind.NUMBER, "contains", "1", id="an operator of other types"),
        pytest.param(Kind.CHOICES, "gt", "red", id="options have no order"),
        pytest.param(Kind.TEXT, "eq", "  ", id="nothing to compare with"),
        pytest.param(Kind.TEXT, "in", ",", id="no value at all"),
    ],
)
def test_what_cannot_be_compared_is_refused(kind: Kind, operator: Operator, sent: str) -> None:
    with pytest.raises(Unreadable):
        read_test(kind, operator, sent)


def test_every_kind_has_operators_and_can_be_asked_for_blanks() -> None:
    assert all({"eq", "empty", "not_empty"} <= OPERATORS[kind] for kind in Kind)
