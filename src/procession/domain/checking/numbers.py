"""Numbers that meet conditions on their size, and on their digits. Spec: behaviour-automations 2.3, 12.2."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

from procession.domain.automations.comparing import asked_texts, number_in
from procession.domain.automations.rules import Condition
from procession.domain.fields import Field
from procession.domain.numbers import MAX_DIGITS, of_json, to_json

_DIGITS = frozenset("+-.0123456789")
_MORE = 11
_PRECISION = 1_100
"""Digits that are reckoned with: more than a statement has."""


class Range:
    """From which number to which, in steps where the field fixes its decimals; None: without an end."""

    def __init__(self, low: Decimal | None, high: Decimal | None, step: Decimal | None) -> None:
        self.low, self.high, self.step = low, high, step

    def points(self, many: int) -> list[Decimal]:
        """The ends and so many numbers between them; fewer only where there are no more."""
        if self.low is not None and self.high is not None and self.low > self.high:
            return []
        if self.step is not None:
            return list(self._in_steps(many + 2, self.step))
        before = Decimal(0) if self.high is None else self.high - many - 1
        low = before if self.low is None else self.low
        high = low + many + 1 if self.high is None else self.high
        return [low + (high - low) * place / (many + 1) for place in range(many + 2)]

    def _in_steps(self, many: int, step: Decimal) -> Iterator[Decimal]:
        if self.low is None and self.high is not None:
            last = (self.high / step).to_integral_value(ROUND_FLOOR) * step
            yield from (last - place * step for place in range(many))
            return
        first = ((self.low or Decimal(0)) / step).to_integral_value(ROUND_CEILING) * step
        yield from (first + place * step for place in range(many))


def numbers_to_try(field: Field, asked: Sequence[Condition]) -> tuple[list[int | float], bool]:
    """Numbers that the field takes, and whether where none of them meets all conditions no other does."""
    least, most = of_json(field.minimum), of_json(field.maximum)
    step = None if field.decimals is None else Decimal(1).scaleb(-field.decimals)
    with localcontext(prec=_PRECISION):
        within = Range(_greatest([least, *_stated(asked, "greater_than")]),
                       _smallest([most, *_stated(asked, "less_than")]), step)  # fmt: skip
        named = [number for each in asked for text in asked_texts(each) if (number := number_in(text)) is not None]
        found = [*named, *map(Decimal, _with_digits(within, asked))]
        fitting = [each for each in found if _takes(each, least, most, step)]
    return [to_json(number) for number in dict.fromkeys(fitting)], _is_all(asked)


def number_texts(asked: Sequence[Condition]) -> tuple[list[str], bool]:
    """The same for a text that is compared as a number; where none is, there is no need of any."""
    low, high = _stated(asked, "greater_than"), _stated(asked, "less_than")
    if not low and not high:
        return [], True
    with localcontext(prec=_PRECISION):
        return list(_with_digits(Range(_greatest(low), _smallest(high), None), asked)), _is_all(asked)


def _stated(asked: Iterable[Condition], operator: str) -> list[Decimal]:
    """The numbers that conditions with this operator state."""
    texts = (text for each in asked if each.operator == operator for text in asked_texts(each))
    return [number for text in texts if (number := number_in(text)) is not None]


def _greatest(numbers: Iterable[Decimal | None]) -> Decimal | None:
    return max((each for each in numbers if each is not None), default=None)


def _smallest(numbers: Iterable[Decimal | None]) -> Decimal | None:
    return min((each for each in numbers if each is not None), default=None)


def _takes(number: Decimal, least: Decimal | None, most: Decimal | None, step: Decimal | None) -> bool:
    is_within = (least is None or number >= least) and (most is None or number <= most)
    return is_within and abs(number) < 10**MAX_DIGITS and (step is None or number % step == 0)


def _with_digits(within: Range, asked: Sequence[Condition]) -> Iterator[str]:
    """Numbers in the range, one more than are ruled out; where digits are asked for, also with these in them."""
    denials = sum(each.operator in ("not_equals", "not_contains") for each in asked)
    digits = "".join(_pieces(asked))
    for number in within.points(denials + (1 if _is_all(asked) else _MORE)):
        text = format(number, "f")
        whole = text.partition(".")[0]
        yield from (text, whole)
        tries = [
            f"{whole}.{digits}",
            f"{whole}{digits}",
            f"{whole[: -len(digits)]}{digits}",
            digits,
            f"{digits}{whole}",
        ]
        yield from (each for each in tries if digits and number_in(each) is not None)


def _is_all(asked: Sequence[Condition]) -> bool:
    """Whether only the size counts; digits can be asked for in more ways than are tried, letters in none."""
    pieces = _pieces(asked)
    if any(not _DIGITS.issuperset(text) for text in pieces):
        return True
    return not pieces and all(each.operator != "not_contains" for each in asked)


def _pieces(asked: Iterable[Condition]) -> list[str]:
    return [text for each in asked if each.operator == "contains" for text in asked_texts(each) if text]
