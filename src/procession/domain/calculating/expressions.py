"""The language: text in, a tree out. No names but fields and the functions below. Spec: T-11.61, T-11.62.

text    = sum  { "&" sum }
sum     = term { ("+" | "-") term }
term    = sign { ("*" | "/") sign }
sign    = { "-" | "+" } value
value   = number | string | field [ "[" string "]" ] | function "(" text { "," text } ")" | "(" text ")"
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

import msgspec

from procession.domain.names import VARIABLE, clean_name

MAX_LENGTH = 1000
MAX_TOKENS = 200
MAX_DEPTH = 20
MAX_DIGITS = 30

Function = Literal["sum", "count", "avg", "min", "max", "round", "abs", "number"]
Operator = Literal["&", "+", "-", "*", "/"]
FUNCTIONS: tuple[Function, ...] = get_args(Function)


class Constant(msgspec.Struct, frozen=True):
    value: Decimal | str


class Reference(msgspec.Struct, frozen=True):
    """The answer to a field, by its alias; of a table the cells of one column, by its label."""

    alias: str
    column: str | None = None


class Negative(msgspec.Struct, frozen=True):
    operand: "Expression"


class Binary(msgspec.Struct, frozen=True):
    operator: Operator
    left: "Expression"
    right: "Expression"


class Call(msgspec.Struct, frozen=True):
    function: Function
    arguments: tuple["Expression", ...]


Expression: TypeAlias = Constant | Reference | Negative | Binary | Call


class Fault(ValueError):
    """Why an expression cannot be; the sentence is for whoever wrote it."""


class _Token(msgspec.Struct, frozen=True):
    """`kind` is "number", "string", "field", "name", "end", or the sign itself."""

    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d+(?:\.\d*)?|\.\d+)
    |"(?P<string>[^"]*)"
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>[-+*/&(),\[\]])
    )""",
    re.VERBOSE | re.ASCII,
)
_FIELD = re.compile(rf"\s*{VARIABLE}")


@lru_cache(maxsize=1024)
def parse(text: str) -> Expression:
    """Raises Fault. Spec: T-11.62."""
    if len(text) > MAX_LENGTH:
        raise Fault(f"The expression may not be longer than {MAX_LENGTH} characters.")
    tokens = list(_tokens(text))
    if len(tokens) > MAX_TOKENS:
        raise Fault(f"The expression may not have more than {MAX_TOKENS} parts.")
    parser = _Parser(tokens)
    whole = parser.text()
    parser.expect("end", "the end")
    if next(references(whole), None) is None:
        raise Fault("The expression names no field: write {{alias}} for the answer to one.")
    return whole


def references(expression: Expression) -> Iterator[Reference]:
    """Every field it names, from left to right."""
    waiting: list[Expression] = [expression]
    while waiting:
        part = waiting.pop()
        match part:
            case Reference():
                yield part
            case Negative():
                waiting.append(part.operand)
            case Binary():
                waiting += [part.right, part.left]
            case Call():
                waiting += reversed(part.arguments)
            case Constant():
                pass


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        # Aliases are letters of any script.
        field = _FIELD.match(text, at)
        found = field or _TOKEN.match(text, at)
        if found is None:
            raise Fault(f"The expression cannot be read at {_place(text, at)}.")
        if field is not None:
            yield _Token("field", field[1], at)
        else:
            kind = found.lastgroup or ""
            yield _Token(found[kind] if kind == "sign" else kind, found[kind], at)
        at = found.end()
    yield _Token("end", "", at)


def _place(text: str, at: int) -> str:
    return f'position {at + 1}: "{clean_name(text[at : at + 20])}"'


class _Parser:
    """One pass from left to right; every method reads one rule of the grammar."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._tokens[self._at]
        if token.kind != "end":
            self._at += 1
        return token

    def expect(self, kind: str, wanted: str) -> _Token:
        if self._next.kind != kind:
            raise self._unexpected(wanted)
        return self._take()

    def _unexpected(self, wanted: str) -> Fault:
        token = self._next
        found = "it ends" if token.kind == "end" else f'there is "{token.text[:40]}"'
        return Fault(f"The expression needs {wanted} at position {token.at + 1}, where {found}.")

    def text(self) -> Expression:
        left = self._sum()
        while self._next.kind == "&":
            self._take()
            left = Binary("&", left, self._sum())
        return left

    def _sum(self) -> Expression:
        left = self._term()
        while self._next.kind in ("+", "-"):
            operator: Operator = "+" if self._take().kind == "+" else "-"
            left = Binary(operator, left, self._term())
        return left

    def _term(self) -> Expression:
        left = self._sign()
        while self._next.kind in ("*", "/"):
            operator: Operator = "*" if self._take().kind == "*" else "/"
            left = Binary(operator, left, self._sign())
        return left

    def _sign(self) -> Expression:
        is_negative = False
        while self._next.kind in ("+", "-"):
            is_negative ^= self._take().kind == "-"
        return Negative(self._value()) if is_negative else self._value()

    def _value(self) -> Expression:
        token = self._next
        match token.kind:
            case "number":
                if len(token.text) > MAX_DIGITS:
                    raise Fault(f"A number in the expression may not have more than {MAX_DIGITS} digits.")
                return Constant(Decimal(self._take().text))
            case "string":
                return Constant(self._take().text)
            case "field":
                return self._reference()
            case "name":
                return self._call()
            case "(":
                self._take()
                return self._inside()
            case _:
                raise self._unexpected("a field, a number or a text")

    def _inside(self) -> Expression:
        inner = self._deeper()
        self.expect(")", "a closing parenthesis")
        return inner

    def _deeper(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Fault(f"The expression may not be nested more than {MAX_DEPTH} deep.")
        inner = self.text()
        self._depth -= 1
        return inner

    def _reference(self) -> Reference:
        alias = self._take().text
        if self._next.kind != "[":
            return Reference(alias)
        self._take()
        column = self.expect("string", "the label of a column in quotation marks").text
        self.expect("]", "a closing bracket")
        return Reference(alias, column)

    def _call(self) -> Call:
        token = self._take()
        function: Function | None = next((each for each in FUNCTIONS if each == token.text.lower()), None)
        if function is None:
            named = ", ".join(FUNCTIONS)
            raise Fault(f'The expression has no function "{token.text[:40]}"; there are {named}.')
        self.expect("(", "an opening parenthesis")
        arguments = [self._deeper()]
        while self._next.kind == ",":
            self._take()
            arguments.append(self._deeper())
        self.expect(")", "a closing parenthesis")
        return Call(function, tuple(arguments))
