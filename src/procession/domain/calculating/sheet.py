"""What follows from the answers of a form or of a whole process: what is hidden, what is required, what is calculated.

Spec: behaviour-templates 11.8, 11.9.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from procession.domain.automations.comparing import cells_in, day_of
from procession.domain.calculating.evaluating import (
    REASONS,
    Answered,
    Missing,
    NoValue,
    Reason,
    Scalar,
    Value,
    evaluate,
    kind_of_value,
)
from procession.domain.calculating.expressions import Fault, Reference, parse, references
from procession.domain.calculating.kinds import column_place
from procession.domain.fields import Field
from procession.domain.form_rules import has_rules, is_hidden, is_required, named_fields
from procession.domain.loose import as_object
from procession.domain.numbers import MAX_DECIMALS, MAX_DIGITS, NotExact, is_exact, read_number, rounded, to_json
from procession.domain.times import parse_day, wire
from procession.domain.values import ERROR, is_blank
from procession.domain.variables import text_of

MAX_RESULT = 1000
MOST_CELLS = 200_000
"""Of all columns together that one change makes calculations read. Spec: T-11.62."""

Answers = Mapping[str, object]
Form = Sequence[Field]


class Standing(msgspec.Struct, frozen=True):
    """The ids of a form's fields that are hidden, and of those that a rule requires, by its present answers."""

    hidden: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()


PLAIN = Standing()


def calculates(fields: Iterable[Field]) -> bool:
    return any(field.field_type == "calculated" for field in fields)


def with_calculated(forms: Sequence[Form], answers: Answers, zone: str) -> dict[str, object]:
    """The answers with the value of every calculated field, worked out anew; one that has none is absent.

    A field without a value for another reason than a missing answer has `{"error": reason}`. Answers of hidden fields
    are kept, and missing to others.
    """
    sheet = _Sheet(forms, answers, zone)
    sheet.calculate()
    return sheet.values


def standing(form: Form, answers: Answers, zone: str) -> Standing:
    """Which fields are hidden and which required, by the answers as they are stored. Spec: T-11.72."""
    if not has_rules(form):
        return PLAIN
    sheet = _Sheet([form], answers, zone)
    sheet.look()
    known = {field.id: field for field in form}
    required = {
        field.id for field in form if field.id not in sheet.hidden and is_required(field, known, sheet.shown, zone)
    }
    return Standing(frozenset(sheet.hidden), frozenset(required))


def is_required_now(field: Field, found: Standing) -> bool:
    """Whether its form cannot do without an answer. Spec: T-11.72."""
    return (field.required or field.id in found.required) and field.id not in found.hidden


def hidden_in(form: Form, answers: Answers, zone: str) -> frozenset[str]:
    return standing(form, answers, zone).hidden


def shown_answers(form: Form, answers: Answers, zone: str) -> dict[str, object]:
    """The answers but for those of hidden fields: what counts. Spec: T-11.71."""
    hidden = hidden_in(form, answers, zone)
    return {field_id: answer for field_id, answer in answers.items() if field_id not in hidden}


class _Sheet:
    """Forms on their way to being settled, field by field; `shown` are the values but for those of hidden fields."""

    def __init__(self, forms: Sequence[Form], answers: Answers, zone: str) -> None:
        self.values = dict(answers)
        self.shown = dict(answers)
        self.hidden: set[str] = set()
        self._forms = forms
        self._zone = zone
        self._cells_left = MOST_CELLS
        self._answered = Answered(self._answer, self._text)
        self._known = {field.alias: field for form in forms for field in form}
        self._form_of: dict[str, Mapping[str, Field]] = {}
        for form in forms:
            known = {field.id: field for field in form}
            self._form_of |= dict.fromkeys(known, known)

    def look(self) -> None:
        """Find what is hidden."""
        for field in in_order(self._forms):
            self._hide(field)

    def calculate(self) -> None:
        """Find what is hidden and every value that is calculated."""
        pending = {field.id for form in self._forms for field in form if field.field_type == "calculated"}
        for field_id in pending:
            self._set(field_id, None)
        for field in in_order(self._forms):
            if not self._hide(field) and field.field_type == "calculated":
                self._set(field.id, self._value(field))
            pending.discard(field.id)
        for field_id in pending:
            self._set(field_id, {ERROR: "broken"})

    def _hide(self, field: Field) -> bool:
        if not field.form_rules or not is_hidden(field, self._form_of[field.id], self.shown, self._zone):
            return False
        self.hidden.add(field.id)
        self.shown.pop(field.id, None)
        return True

    def _value(self, field: Field) -> object | None:
        """As it is stored; None while an answer is missing."""
        try:
            return _stored(field, evaluate(parse(field.expression or ""), self._answered))
        except Missing:
            return None
        except Fault:
            return {ERROR: "broken"}
        except NoValue as refusal:
            return {ERROR: refusal.reason}

    def _answer(self, reference: Reference) -> Value | None:
        named = self._known.get(reference.alias)
        if named is None:
            raise NoValue("broken")
        answer = _answer(named, self.shown.get(named.id), reference, self._zone)
        if isinstance(answer, list):
            self._cells_left -= len(answer)
            if self._cells_left < 0:
                raise NoValue("out_of_range")
        return answer

    def _text(self, reference: Reference) -> str:
        named = self._known[reference.alias]
        return text_of(named, self.shown.get(named.id))

    def _set(self, field_id: str, value: object | None) -> None:
        for values in (self.values, self.shown):
            values.pop(field_id, None)
            if value is not None:
                values[field_id] = value


def inputs(field: Field) -> frozenset[str]:
    """The aliases that the calculation names; none when it cannot be read."""
    if field.expression is None:
        return frozenset()
    try:
        return frozenset(each.alias for each in references(parse(field.expression)))
    except Fault:
        return frozenset()


def in_order(forms: Sequence[Form]) -> Iterator[Field]:
    """The fields that depend on others, each after those; what depends on itself is left out (T-11.63, T-11.73)."""
    ids = {field.alias: field.id for form in forms for field in form}
    waiting: dict[str, Field] = {}
    needs: dict[str, frozenset[str]] = {}
    for form in forms:
        own = frozenset(field.id for field in form) if has_rules(form) else frozenset[str]()
        for field in form:
            if field.form_rules or field.field_type == "calculated":
                waiting[field.id] = field
                needs[field.id] = named_fields(field) & own | {ids[each] for each in inputs(field) if each in ids}
    dependents: dict[str, list[str]] = {}
    for field_id in waiting:
        needs[field_id] &= waiting.keys()
        for needed in needs[field_id]:
            dependents.setdefault(needed, []).append(field_id)
    left = {field_id: len(needed) for field_id, needed in needs.items()}
    ready = deque(field_id for field_id in waiting if not left[field_id])
    while ready:
        field_id = ready.popleft()
        yield waiting[field_id]
        for other in dependents.get(field_id, ()):
            left[other] -= 1
            if not left[other]:
                ready.append(other)


def _answer(field: Field, stored: object, reference: Reference, zone: str) -> Value | None:
    """What a calculation works with: a number, a day, a text, or the cells of a column; None when blank."""
    if error := error_of(stored):
        raise NoValue(error)
    if is_blank(field, stored):
        return None
    match field.answer_type:
        case "table":
            if reference.column is None or column_place(field, reference.column) is None:
                raise NoValue("broken")
            return [cell for cell in cells_in(field, stored, reference.column) if cell is not None]
        case "number" | "currency":
            return _number(stored)
        case "text" if "numeric" in field.field_validation:
            return _number(stored)
        case "date":
            day = day_of(field, stored, zone)
            if day is None:
                raise NoValue("broken")
            return day
        case "file" | "assignees_form":
            raise NoValue("broken")
        case _:
            return text_of(field, stored)


def error_of(stored: object) -> Reason | None:
    """Why a calculated field has no value."""
    said = (as_object(stored) or {}).get(ERROR)
    return next((reason for reason in REASONS if reason == said), None)


def _number(stored: object) -> Decimal:
    try:
        number = read_number(stored)
    except NotExact:
        raise NoValue("out_of_range") from None
    if number is None:
        raise NoValue("not_a_number")
    return number


def _stored(field: Field, value: Scalar) -> object:
    """The value in the shape of its type's answers. Spec: T-11.65."""
    if field.result_type != kind_of_value(value):
        raise NoValue("broken")
    if isinstance(value, Decimal):
        return to_json(_fitting(value, field.decimals))
    if isinstance(value, date):
        return wire(parse_day(value.isoformat()))
    if len(value) > MAX_RESULT:
        raise NoValue("out_of_range")
    return value


def _fitting(number: Decimal, decimals: int | None) -> Decimal:
    """With the decimals of the field; without, with as many as 15 digits leave room for, ten at most."""
    whole = max(number.adjusted() + 1, 1) if number else 1
    places = min(MAX_DECIMALS, max(MAX_DIGITS - whole, 0)) if decimals is None else decimals
    if whole > MAX_DIGITS:
        raise NoValue("out_of_range")
    found = rounded(number, places)
    if not is_exact(found):
        raise NoValue("out_of_range")
    return found
