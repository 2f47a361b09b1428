"""How the answer of a form field is found and ordered by: as texts that sort, byte by byte, as the answers do.

One text for every kind of value lets one index serve filters and orders, on both databases.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Literal, NamedTuple

from procession.domain.emails import is_email
from procession.domain.fields import NUMERIC, Field
from procession.domain.loose import as_object
from procession.domain.names import fold
from procession.domain.numbers import PLAIN, of_json
from procession.domain.times import parse_instant, wire
from procession.domain.values import chosen_texts, is_blank, scalar_text

MAX_KEY = 600
"""Characters of a key, so that an index takes it. Only folded signs that stand for many letters reach it."""

MAX_DIGITS = 200
"""Characters of a number that is asked for: no answer has more."""

# Above the magnitude of every answer, in either direction, and as wide as the digits it is written in.
_HALF = 5_000
_WIDTH = 4
_NEGATIVE, _POSITIVE = "0", "1"
# Sorts after every digit: of two negative numbers that begin alike, the longer one is less.
_END = "~"
_COMPLEMENT = str.maketrans("0123456789", "9876543210")

Operator = Literal["eq", "ne", "gt", "gte", "lt", "lte", "contains", "starts", "in", "empty", "not_empty"]


class Kind(Enum):
    """What the values of a field are compared as."""

    TEXT = "text"
    CHOICE = "choice"
    CHOICES = "choices"
    EMAIL = "email"
    INSTANT = "instant"
    NUMBER = "number"


class Unreadable(ValueError):
    """Nothing that a field of this kind could be compared with; the message is a sentence."""


class ValueTest(NamedTuple):
    """A condition on one field: an operator, and the keys it compares with (none for `empty` and `not_empty`)."""

    operator: Operator
    keys: tuple[str, ...] = ()


_PRESENCE: frozenset[Operator] = frozenset({"empty", "not_empty"})
_SAME = frozenset[Operator]({"eq", "ne", "in", *_PRESENCE})
_ORDERED: frozenset[Operator] = frozenset({"gt", "gte", "lt", "lte"})
_WORDED: frozenset[Operator] = frozenset({"contains", "starts"})

OPERATORS: Mapping[Kind, frozenset[Operator]] = {
    Kind.TEXT: _SAME | _ORDERED | _WORDED,
    Kind.CHOICE: _SAME | _WORDED,
    Kind.CHOICES: _SAME,
    Kind.EMAIL: _SAME | _WORDED,
    Kind.INSTANT: _SAME | _ORDERED,
    Kind.NUMBER: _SAME | _ORDERED,
}

SORTABLE = frozenset(Kind) - {Kind.CHOICES}
"""Kinds with one value at most for each answer."""


def kind_of(field: Field) -> Kind | None:
    """What the field's answers are compared as; None for types that no list is filtered by.

    The one place that says so: a new type has its row here and in `_texts`.
    """
    match field.answer_type:
        case "text":
            return Kind.NUMBER if "numeric" in field.field_validation else Kind.TEXT
        case "number" | "currency":
            return Kind.NUMBER
        case "radio" | "dropdown":
            return Kind.CHOICE
        case "multiselect":
            return Kind.CHOICES
        case "email":
            return Kind.EMAIL
        case "date":
            return Kind.INSTANT
        case _:
            return None


def keys_of(field: Field, value: object) -> frozenset[str]:
    """The keys of a stored answer: one for each chosen option, otherwise one; none where it is blank or not keyed.

    No key is empty: of what is left of a text when it is folded, nothing counts as blank.
    """
    kind = kind_of(field)
    if kind is None or is_blank(field, value):
        return frozenset()
    keys: set[str] = set()
    for text in _texts(field, value):
        try:
            keys.add(key_of(kind, text))
        except Unreadable:  # an answer from before the field had its rules
            continue
    return frozenset(keys - {""})


def _texts(field: Field, value: object) -> list[str]:
    if field.answer_type in NUMERIC:
        number = of_json(value)
        return [] if number is None else [format(number, "f")]
    match field.field_type:
        case "multiselect":
            return chosen_texts(value)
        case "dropdown":
            chosen = as_object(value)
            return [] if chosen is None else [str(chosen.get("text", ""))]
        case _:
            return [scalar_text(value)] if isinstance(value, str | int | float) else []


def key_of(kind: Kind, text: str) -> str:
    """The key of a value, stored or asked for; raises Unreadable."""
    match kind:
        case Kind.NUMBER:
            return _number_key(text.strip())
        case Kind.INSTANT:
            try:
                return wire(parse_instant(text))
            except ValueError as error:
                raise Unreadable(str(error)) from None
        case Kind.EMAIL | Kind.TEXT | Kind.CHOICE | Kind.CHOICES:
            return fold(text).strip()[:MAX_KEY]


def _number_key(text: str) -> str:
    """Sign, magnitude, digits. Zero is the sign alone: before every positive number, after every negative one."""
    if not PLAIN.fullmatch(text) or len(text) > MAX_DIGITS:
        raise Unreadable(f"A number must be at most {MAX_DIGITS} digits with a decimal point.")
    number = Decimal(text)
    if not number:
        return _POSITIVE
    digits = "".join(map(str, number.as_tuple().digits)).rstrip("0")
    magnitude = f"{number.adjusted() + _HALF:0{_WIDTH}}"
    if number > 0:
        return _POSITIVE + magnitude + digits
    return _NEGATIVE + (magnitude + digits).translate(_COMPLEMENT) + _END


def read_test(kind: Kind, operator: Operator, sent: str) -> ValueTest:
    """The condition that was asked for; `in` takes several values, parted by commas. Raises Unreadable."""
    if operator not in OPERATORS[kind]:
        raise Unreadable(f"A field of this type has no {operator}.")
    if operator in _PRESENCE:
        return ValueTest(operator)
    parts = [part for part in sent.split(",") if part.strip()] if operator == "in" else [sent]
    if operator in ("eq", "ne", "in") and kind is Kind.EMAIL:
        _require_addresses(parts)
    keys = tuple(dict.fromkeys(key_of(kind, part) for part in parts))
    if not any(keys):
        raise Unreadable(f"A value is needed for {operator}; empty and not_empty ask for blank fields.")
    return ValueTest(operator, keys)


def _require_addresses(parts: list[str]) -> None:
    for part in parts:
        if not is_email(part.strip()):
            raise Unreadable("An e-mail address is needed; contains and starts take parts of one.")


def holds(test: ValueTest, keys: frozenset[str]) -> bool:
    """Whether an answer with these keys meets the condition. All but `empty` want an answer."""
    match test.operator:
        case "empty":
            return not keys
        case "not_empty":
            return bool(keys)
        case "eq" | "in":
            return not keys.isdisjoint(test.keys)
        case "ne":
            return bool(keys) and keys.isdisjoint(test.keys)
        case "contains":
            return any(test.keys[0] in key for key in keys)
        case "starts":
            return any(key.startswith(test.keys[0]) for key in keys)
        case "gt":
            return any(key > test.keys[0] for key in keys)
        case "gte":
            return any(key >= test.keys[0] for key in keys)
        case "lt":
            return any(key < test.keys[0] for key in keys)
        case "lte":
            return any(key <= test.keys[0] for key in keys)
