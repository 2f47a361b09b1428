"""What an expression comes to with these answers, in decimal arithmetic. Spec: T-11.64 to T-11.66."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation, Overflow, localcontext
from typing import Literal, TypeAlias, get_args

import msgspec

from procession.domain.calculating.expressions import Binary, Call, Constant, Expression, Negative, Reference
from procession.domain.calculating.kinds import decimals_asked
from procession.domain.fields import ResultType
from procession.domain.numbers import NotExact, read_number, rounded

DIGITS = 60
ARITHMETIC = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, Overflow])
MOST_DAYS = 4_000_000

Reason = Literal["division_by_zero", "not_a_number", "not_whole_days", "out_of_range", "broken"]
REASONS: tuple[Reason, ...] = get_args(Reason)
Scalar: TypeAlias = Decimal | date | str
Value: TypeAlias = Scalar | Sequence[object]


class Answered(msgspec.Struct, frozen=True):
    """The answer to a field, the cells of a column, None when there is none (may raise NoValue); and how a number that
    is an answer stands in texts.
    """

    value: Callable[[Reference], Value | None]
    text: Callable[[Reference], str]


def kind_of_value(value: Scalar) -> ResultType:
    return "number" if isinstance(value, Decimal) else "date" if isinstance(value, date) else "text"


class Missing(Exception):  # nothing went wrong: there is no value yet
    """An answer is missing."""


class NoValue(Exception):  # as above
    """There is no value, for a reason that answering alone does not mend."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def evaluate(expression: Expression, answered: Answered) -> Scalar:
    """Raises Missing, NoValue."""
    with localcontext(ARITHMETIC):
        try:
            value = _value(expression, answered)
        except (InvalidOperation, Overflow, OverflowError):
            raise NoValue("out_of_range") from None
    if not isinstance(value, Decimal | date | str):
        raise NoValue("broken")
    return value


def _value(expression: Expression, answered: Answered) -> Value:
    match expression:
        case Constant():
            return expression.value
        case Reference():
            value = answered.value(expression)
            if value is None:
                raise Missing
            return value
        case Negative():
            return -_number(_value(expression.operand, answered))
        case Binary(operator="&"):
            return _text(expression.left, answered) + _text(expression.right, answered)
        case Binary():
            return _joined(expression.operator, _value(expression.left, answered), _value(expression.right, answered))
        case Call():
            return _called(expression, [_value(each, answered) for each in expression.arguments])


def _joined(operator: str, left: Value, right: Value) -> Scalar:
    if isinstance(left, date) and isinstance(right, date) and operator == "-":
        return Decimal((left - right).days)
    if isinstance(left, date) and operator in ("+", "-"):
        days = _days(right)
        return left + (days if operator == "+" else -days)
    if isinstance(right, date) and operator == "+":
        return right + _days(left)
    one, other = _number(left), _number(right)
    match operator:
        case "+":
            return one + other
        case "-":
            return one - other
        case "*":
            return one * other
        case _:
            if not other:
                raise NoValue("division_by_zero")
            return one / other


def _days(value: Value) -> timedelta:
    number = _number(value)
    if number != number.to_integral_value():
        raise NoValue("not_whole_days")
    if abs(number) > MOST_DAYS:
        raise NoValue("out_of_range")
    return timedelta(days=int(number))


def _number(value: Value) -> Decimal:
    if not isinstance(value, Decimal):
        raise NoValue("broken")
    return value


def _text(expression: Expression, answered: Answered) -> str:
    """Spec: T-11.62."""
    value = _value(expression, answered)
    if isinstance(value, Decimal):
        return answered.text(expression) if isinstance(expression, Reference) else format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value
    raise NoValue("broken")


def _called(call: Call, values: Sequence[Value]) -> Scalar:
    first = values[0]
    match call.function:
        case "count":
            return Decimal(len(_cells(first)))
        case "sum":
            return sum(_numbers(first), Decimal(0))
        case "avg":
            numbers = list(_numbers(first))
            if not numbers:
                raise Missing
            return sum(numbers, Decimal(0)) / len(numbers)
        case "min" | "max":
            return _least(call, values)
        case "abs":
            return abs(_number(first))
        case "number":
            return first if isinstance(first, Decimal) else _read(first)
        case "round":
            decimals = decimals_asked(call)
            if decimals is None:
                raise NoValue("broken")
            return rounded(_number(first), decimals)


def _least(call: Call, values: Sequence[Value]) -> Decimal | date:
    first = values[0]
    among = list(_numbers(first)) if len(values) == 1 else list(values)
    if not among:
        raise Missing
    days = [each for each in among if isinstance(each, date)]
    choose = min if call.function == "min" else max
    if len(days) == len(among):
        return choose(days)
    return choose(_number(each) for each in among)


def _cells(value: Value) -> list[object]:
    """The cells of a column that are not empty."""
    if isinstance(value, Decimal | date | str):
        raise NoValue("broken")
    return [cell for cell in value if str(cell).strip()]


def _numbers(value: Value) -> Iterator[Decimal]:
    return (_read(cell) for cell in _cells(value))


def _read(raw: object) -> Decimal:
    try:
        number = read_number(raw)
    except NotExact:
        raise NoValue("out_of_range") from None
    if number is None:
        raise NoValue("not_a_number")
    return number
