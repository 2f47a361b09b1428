"""Exact decimal numbers: how they are read, kept as JSON, and written. Spec: behaviour-templates T-11.50 to T-11.53.

At most 15 significant digits, so that every JSON reader, doubles included, gives back the number that was written.
"""

import re
from decimal import ROUND_HALF_UP, Context, Decimal

from procession.domain.fields import Field

MAX_DIGITS = 15
MAX_DECIMALS = 10
MAX_LENGTH = 60

PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
"""Digits with a decimal point, nothing else. Spec: A-2.22."""

_EXACT = Context(prec=MAX_LENGTH)


class NotExact(ValueError):
    """A number with more digits than are kept exactly."""


def read_number(sent: object) -> Decimal | None:
    """The number that was sent as one, or as text in plain digits; None for anything else. Raises NotExact."""
    if isinstance(sent, bool):
        return None
    if isinstance(sent, str):
        text = sent.strip()
        if not PLAIN.fullmatch(text):
            return None
        if len(text) > MAX_LENGTH:
            raise NotExact
        return _exact(Decimal(text))
    if isinstance(sent, int):
        if abs(sent) >= 10**MAX_DIGITS:
            raise NotExact
        return Decimal(sent)
    if isinstance(sent, float):
        # The shortest text that is this double: what was written, as long as that had 15 digits at most.
        number = Decimal(repr(sent))
        return _exact(number) if number.is_finite() else None
    return None


def _exact(number: Decimal) -> Decimal:
    if not is_exact(number):
        raise NotExact
    return number.normalize(_EXACT) + 0


def is_exact(number: Decimal) -> bool:
    """Whether it can be kept: below 10^15, at most 15 significant digits, ten of them after the point."""
    if abs(number) >= 10**MAX_DIGITS:
        return False
    digits = number.normalize(_EXACT).as_tuple()
    exponent = digits.exponent if isinstance(digits.exponent, int) else 0
    return len(digits.digits) <= MAX_DIGITS and -exponent <= MAX_DECIMALS


def decimals_of(number: Decimal) -> int:
    """How many digits stand after the point, without trailing zeros."""
    exponent = number.normalize(_EXACT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def to_json(number: Decimal) -> int | float:
    """The exact number as JSON has it."""
    return int(number) if number == number.to_integral_value() else float(number)


def of_json(value: object) -> Decimal | None:
    """A kept number; None for what is none, or is not exact."""
    try:
        return read_number(value)
    except NotExact:
        return None


def rounded(number: Decimal, decimals: int) -> Decimal:
    """Halves away from zero."""
    return number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, Context(prec=100))


def number_text(field: Field, value: object) -> str | None:
    """The answer in plain digits, with as many decimals as the field fixes; None when it is no number."""
    number = of_json(value)
    if number is None:
        return None
    if field.decimals is None or field.decimals < decimals_of(number):
        return format(number, "f")
    return format(rounded(number, field.decimals), "f")
