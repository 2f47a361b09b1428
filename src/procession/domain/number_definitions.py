"""What the definition of a number or an amount says besides: bounds, decimals, unit, currency.

Spec: behaviour-templates T-11.51, T-11.52.
"""

from collections.abc import Callable
from typing import Any

from procession.domain.currencies import DECIMALS as CURRENCIES
from procession.domain.fields import NUMERIC, FieldType
from procession.domain.loose import as_int, clean_text
from procession.domain.numbers import MAX_DECIMALS, MAX_DIGITS, NotExact, decimals_of, read_number, to_json

MAX_UNIT = 40

Given = Callable[[str], object]
"""What was sent under a key, or what the field keeps of it."""
Complain = Callable[[str, str], None]
"""Told a key and what is wrong with it."""


def read_number_rules(field_type: FieldType, given: Given, complain: Complain) -> dict[str, Any]:
    """The attributes of `Field` that only numbers have; none for other types. An amount has its currency's decimals."""
    if field_type == "calculated":
        return _of_result(given, complain)
    if field_type not in NUMERIC:
        return {}
    if field_type == "currency":
        code = _currency(given, complain)
        rules: dict[str, Any] = {"currency": code, "decimals": CURRENCIES.get(code or "")}
    else:
        rules = {"unit": _unit(given, complain), "decimals": _decimals(given, complain)}
    least, most = (_bound(key, rules["decimals"], given, complain) for key in ("minimum", "maximum"))
    if least is not None and most is not None and least > most:
        complain("maximum", "The maximum must not be less than the minimum.")
    return rules | {"minimum": least, "maximum": most}


def _of_result(given: Given, complain: Complain) -> dict[str, Any]:
    """A calculated number is rounded to decimals, its own or those of a currency. Spec: T-11.65."""
    if given("currency") is None:
        return {"unit": _unit(given, complain), "decimals": _decimals(given, complain)}
    code = _currency(given, complain)
    return {"currency": code, "decimals": CURRENCIES.get(code or "")}


def _decimals(given: Given, complain: Complain) -> int | None:
    sent = given("decimals")
    decimals = None if sent is None else as_int(sent)
    if sent is not None and (decimals is None or not 0 <= decimals <= MAX_DECIMALS):
        complain("decimals", f"The decimals must be a whole number from 0 to {MAX_DECIMALS}.")
    return decimals


def _bound(key: str, decimals: int | None, given: Given, complain: Complain) -> int | float | None:
    sent = given(key)
    if sent is None:
        return None
    try:
        number = read_number(sent)
    except NotExact:
        number = None
    if number is None:
        complain(key, f"The {key} must be a number of at most {MAX_DIGITS} digits.")
        return None
    if decimals is not None and decimals_of(number) > decimals:
        complain(key, f"The {key} may not have more than {decimals} decimals.")
    return to_json(number)


def _unit(given: Given, complain: Complain) -> str | None:
    sent = given("unit")
    if sent is None:
        return None
    if not isinstance(sent, str) or len(sent) > MAX_UNIT:
        complain("unit", f"The unit must be a text of at most {MAX_UNIT} characters.")
        return None
    return clean_text(sent)


def _currency(given: Given, complain: Complain) -> str | None:
    sent = given("currency")
    if sent is None:
        complain("currency", "The currency field is required.")
        return None
    code = sent.strip().upper() if isinstance(sent, str) else ""
    if code not in CURRENCIES:
        complain("currency", "The currency must be the code of a currency in ISO 4217, as EUR.")
    return code
