"""Whether a condition is met by an answer, wherever it stands: on a task, in a form, or as an example.

Spec: behaviour-automations 2.3, 3.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import msgspec

from procession.domain.automations.comparing import (
    day_of,
    folded,
    instant_of,
    number_in,
    number_of,
    statement_text,
    statement_texts,
    texts_of,
    written_day,
    written_instant,
)
from procession.domain.automations.rules import WITHOUT_VALUE, Condition, Logic
from procession.domain.fields import NUMERIC, Field
from procession.domain.values import is_blank


def combined(met: Sequence[bool], logic: Sequence[Logic]) -> bool:
    """Strictly from left to right, each joined by its own word, the first one's ignored. Spec: A-3.1, A-3.2."""
    if not met:
        return False
    result = met[0]
    for holds, word in zip(met[1:], logic[1:], strict=True):
        result = (result or holds) if word == "or" else (result and holds)
    return result


class Asked(msgspec.Struct, frozen=True):
    """A condition and the answer it asks about."""

    condition: Condition
    field: Field
    value: object
    texts: Sequence[str]
    zone: str

    @property
    def wanted(self) -> str | None:
        """What the condition states, folded; None when that is no text."""
        text = statement_text(self.condition.statement)
        return None if text is None else folded(text)

    def is_one_of(self, wanted: Sequence[str]) -> bool:
        """Dates are equal on the same calendar day, numbers whatever their zeros."""
        if self.field.answer_type == "date" and (day := day_of(self.field, self.value, self.zone)) is not None:
            return any(written_day(text) == day for text in wanted)
        if self.field.answer_type in NUMERIC and (number := number_of(self.field, self.texts)) is not None:
            return any(number_in(text) == number for text in wanted)
        return not set(wanted).isdisjoint(self.texts)

    def contains(self, wanted: str) -> bool:
        return any(wanted in text for text in self.texts)

    @property
    def difference(self) -> Decimal | None:
        """The answer minus the statement: both numbers, or both dates; None when they cannot be compared (A-2.22)."""
        if self.field.answer_type == "date":
            return self._days_apart() if not self.field.collect_time else self._time_apart()
        number, bound = number_of(self.field, self.texts), number_in(self.wanted or "")
        return None if number is None or bound is None else number.compare(bound)

    def _days_apart(self) -> Decimal | None:
        day, other = day_of(self.field, self.value, self.zone), written_day(self.wanted or "")
        return None if day is None or other is None else Decimal((day - other).days)

    def _time_apart(self) -> Decimal | None:
        at, other = instant_of(self.field, self.value, self.zone), written_instant(self.wanted or "", self.zone)
        return None if at is None or other is None else Decimal(at - other)


def field_holds(condition: Condition, field: Field, value: object, zone: str) -> bool:
    """Whether the condition is met by this answer, wherever it stands. Spec: 2.3."""
    test = FIELD_TESTS.get(condition.operator)
    # Of the people in a picker nothing can be asked but whether there are any.
    if test is None or (field.field_type == "assignees_form" and condition.operator not in WITHOUT_VALUE):
        return False
    return test(Asked(condition, field, value, texts_of(field, value, zone, condition.column), zone))


FIELD_TESTS: Mapping[str, Callable[[Asked], bool]] = {
    "equals": lambda asked: asked.wanted is not None and asked.is_one_of([asked.wanted]),
    "not_equals": lambda asked: asked.wanted is not None and not asked.is_one_of([asked.wanted]),
    "equals_any": lambda asked: asked.is_one_of(statement_texts(asked.condition.statement)),
    "contains": lambda asked: asked.wanted is not None and asked.contains(asked.wanted),
    "not_contains": lambda asked: asked.wanted is not None and not asked.contains(asked.wanted),
    "greater_than": lambda asked: (asked.difference or 0) > 0,
    "less_than": lambda asked: (asked.difference or 0) < 0,
    "is_empty": lambda asked: is_blank(asked.field, asked.value),
    "is_not_empty": lambda asked: not is_blank(asked.field, asked.value),
}
"""Every operator asks about the stored value; one that makes no sense for the type is false. Spec: 2.3."""
