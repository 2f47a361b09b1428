"""What an expression comes to, before anybody answers: a number, a day or a text. Spec: T-11.63."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias

from procession.domain.automations.comparing import folded
from procession.domain.calculating.expressions import Binary, Call, Constant, Expression, Fault, Negative, Reference
from procession.domain.fields import NUMERIC, Field, ResultType
from procession.domain.numbers import MAX_DECIMALS

Kind: TypeAlias = ResultType | Literal["column"]
Known: TypeAlias = Callable[[Reference], Kind]
"""The kind of a field that is named; raises Fault when there is no such field, or nothing is calculated with it."""

_WORDS = {"number": "a number", "date": "a date", "text": "a text", "column": "a column of a table"}
_TEXTS = frozenset({"text", "textarea", "email", "radio", "dropdown", "multiselect"})


def kind_of(expression: Expression, known: Known) -> ResultType:
    """Raises Fault, naming the first thing that does not fit."""
    kind = _kind(expression, known)
    if kind == "column":
        raise Fault("A column of a table is many cells: put it in sum, count, avg, min or max.")
    return kind


def kind_of_field(field: Field, reference: Reference) -> Kind:
    """Raises Fault."""
    if field.field_type == "table":
        if reference.column is None:
            raise Fault(f'Of the table "{field.label}" name a column: {{{{{field.alias}}}}}["..."].')
        if column_place(field, reference.column) is None:
            raise Fault(f'The table "{field.label}" has no column "{reference.column[:100]}".')
        return "column"
    if reference.column is not None:
        raise Fault(f'The field "{field.label}" has no columns: it is no table.')
    if field.field_type == "calculated":
        if field.result_type is None:
            raise Fault(f'The calculation of "{field.label}" is broken itself.')
        return field.result_type
    if field.field_type in NUMERIC or (field.field_type == "text" and "numeric" in field.field_validation):
        return "number"
    if field.field_type == "date":
        return "date"
    if field.field_type in _TEXTS:
        return "text"
    raise Fault(f'Nothing can be calculated with the field "{field.label}": it is of type {field.field_type}.')


def column_place(field: Field, label: str) -> int | None:
    """Where the column stands among those of the table, whatever the case of its label."""
    wanted = folded(label)
    return next((place for place, column in enumerate(field.columns) if folded(column.label) == wanted), None)


def _kind(expression: Expression, known: Known) -> Kind:
    match expression:
        case Constant():
            return "number" if isinstance(expression.value, Decimal) else "text"
        case Reference():
            return known(expression)
        case Negative():
            _require("-", _kind(expression.operand, known), ("number",))
            return "number"
        case Binary():
            left, right = _kind(expression.left, known), _kind(expression.right, known)
            return _joined(expression.operator, left, right)
        case Call():
            return _called(expression, [_kind(each, known) for each in expression.arguments])


def _joined(operator: str, left: Kind, right: Kind) -> Kind:
    match operator, left, right:
        case "&", _, _ if "column" not in (left, right):
            return "text"
        case _, "number", "number":
            return "number"
        case "+", ("date" | "number"), ("date" | "number") if left != right:
            return "date"
        case "-", "date", "number":
            return "date"
        case "-", "date", "date":
            return "number"
        case _:
            raise Fault(f"{operator} cannot join {_WORDS[left]} and {_WORDS[right]}.")


def _called(call: Call, kinds: Sequence[Kind]) -> Kind:
    match call.function:
        case "sum" | "count" | "avg":
            _require_count(call, 1, 1)
            _require(call.function, kinds[0], ("column",))
            return "number"
        case "min" | "max":
            return _least(call, kinds)
        case "abs":
            _require_count(call, 1, 1)
            _require(call.function, kinds[0], ("number",))
            return "number"
        case "number":
            _require_count(call, 1, 1)
            _require(call.function, kinds[0], ("text", "number"))
            return "number"
        case "round":
            _require_count(call, 1, 2)
            _require(call.function, kinds[0], ("number",))
            if len(kinds) == 2 and decimals_asked(call) is None:
                raise Fault(f"round needs, second, a whole number from 0 to {MAX_DECIMALS}.")
            return "number"


def decimals_asked(call: Call) -> int | None:
    """The second argument of `round`: digits after the point; None when it is none that can be asked for."""
    if len(call.arguments) < 2:
        return 0
    second = call.arguments[1]
    value = second.value if isinstance(second, Constant) else None
    if not isinstance(value, Decimal) or value != value.to_integral_value() or value > MAX_DECIMALS:
        return None
    return int(value)


def _least(call: Call, kinds: Sequence[Kind]) -> Kind:
    """Of the numbers in one column, or of several numbers or days."""
    if list(kinds) == ["column"]:
        return "number"
    _require_count(call, 2, None)
    for kind in kinds:
        _require(call.function, kind, ("number", "date"))
    if len(set(kinds)) > 1:
        raise Fault(f"{call.function} compares numbers or dates, not both at once.")
    return kinds[0]


def _require(what: str, kind: Kind, allowed: Sequence[Kind]) -> None:
    if kind not in allowed:
        raise Fault(f"{what} needs {' or '.join(_WORDS[each] for each in allowed)}, not {_WORDS[kind]}.")


def _require_count(call: Call, least: int, most: int | None) -> None:
    if len(call.arguments) < least or (most is not None and len(call.arguments) > most):
        wanted = f"{least}" if least == most else f"{least} to {most}" if most is not None else f"{least} or more"
        raise Fault(f"{call.function} takes {wanted} arguments, not {len(call.arguments)}.")
