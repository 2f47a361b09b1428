"""What the answer to a field is compared as. Spec: behaviour-automations 2.3."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from procession.domain.automations.rules import Condition
from procession.domain.calendar import instant_at, local_time
from procession.domain.fields import NUMERIC, Field, FieldType
from procession.domain.loose import as_list, as_object, is_scalar
from procession.domain.numbers import PLAIN
from procession.domain.richtext import is_rich, plain_text
from procession.domain.times import Millis, parse_instant
from procession.domain.values import chosen_texts, is_blank, scalar_text

SCALAR: frozenset[FieldType] = frozenset({"text", "textarea", "email", "date", *NUMERIC})
WITH_NUMBERS: frozenset[FieldType] = frozenset({"text", "textarea", "dropdown", "radio", *NUMERIC})

_WALL_CLOCK = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?)?", re.ASCII)


def folded(text: str) -> str:
    """Texts are equal whatever their case and outer blanks; accents count. Spec: D5, AT-47."""
    return unicodedata.normalize("NFC", text).strip().casefold()


def texts_of(field: Field, value: object, zone: str, column: str | None = None) -> list[str]:
    """The folded texts of an answer: one for scalar types, the chosen options, the cells, the names of files.

    A blank answer is one empty text for scalar types, no text otherwise. `column` leaves one column of a table.
    """
    if is_blank(field, value):
        return [""] if field.answer_type in SCALAR else []
    return [folded(text) for text in _texts(field, value, zone, column)]


def _texts(field: Field, value: object, zone: str, column: str | None) -> Iterator[str]:
    mapping = as_object(value)
    match field.answer_type:
        case "textarea" if isinstance(value, str):
            yield plain_text(value) if is_rich(value) else value
        case "dropdown" if mapping is not None:
            yield str(mapping.get("text", ""))
        case "multiselect":
            yield from chosen_texts(value)
        case "date" if (day := day_of(field, value, zone)) is not None:
            yield _date_text(field, value, zone) or day.isoformat()
        case "table":
            yield from (
                scalar_text(cell) for cell in cells_in(field, value, column) if isinstance(cell, str | int | float)
            )
        case "file":
            files = [as_object(entry) or {} for entry in as_list(value) or []]
            yield from (str(file.get("filename") or file.get("url") or "") for file in files)
        case _:
            if isinstance(value, str | int | float):
                yield scalar_text(value)


def _date_text(field: Field, value: object, zone: str) -> str | None:
    at = instant_of(field, value, zone) if field.collect_time else None
    return None if at is None else local_time(at, zone).strftime("%Y-%m-%d %H:%M")


def cells_in(field: Field, value: object, column: str | None) -> Iterator[object]:
    """Those of one column, or all; the label counts as it is written before the same in another case.

    A table answer has one entry for each column: its only cell, or its cells from top to bottom.
    """
    alike: Callable[[str], str] = str if column in {each.label for each in field.columns} else folded
    for place, entry in enumerate(as_list(value) or []):
        label = field.columns[place].label if place < len(field.columns) else ""
        if column is None or alike(label) == alike(column):
            cells, mapping = as_list(entry), as_object(entry)
            yield from cells if cells is not None else [entry] if mapping is None else mapping.values()


def number_of(field: Field, texts: Sequence[str]) -> Decimal | None:
    """The answer as a number: plain digits with a decimal point, nothing else. Spec: A-2.22."""
    return number_in(texts[0]) if field.answer_type in WITH_NUMBERS and len(texts) == 1 else None


def number_in(text: str) -> Decimal | None:
    return Decimal(text) if PLAIN.fullmatch(text) else None


def day_of(field: Field, value: object, zone: str) -> date | None:
    """The calendar day a date answer names: the written one, or with a time the day it then is in the zone (DEC-64)."""
    try:
        at = parse_instant(value)
    except ValueError:
        return None
    return local_time(at, zone if field.collect_time else "UTC").date()


def instant_of(field: Field, value: object, zone: str) -> Millis | None:
    """When a date answer is: a day without a time begins at 00:00 in the organization's zone. Spec: A-4.43."""
    day = day_of(field, value, zone)
    if day is None or field.collect_time:
        return None if day is None else parse_instant(value)
    return instant_at(datetime(day.year, day.month, day.day), zone)  # noqa: DTZ001  # what the clocks there show


def written_day(text: str) -> date | None:
    """The day a rule's statement names."""
    found = _WALL_CLOCK.match(text.strip())
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def written_instant(text: str, zone: str) -> Millis | None:
    """When a rule's statement is: without an offset, by the clocks of the zone."""
    found = _WALL_CLOCK.fullmatch(text.strip())
    try:
        if found is None:
            return parse_instant(text)
        return instant_at(datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}"), zone)
    except ValueError:
        return None


def statement_text(raw: object) -> str | None:
    """A statement as one text; an option object is read as its text. None for anything else. Spec: A-2.20."""
    mapping = as_object(raw)
    if mapping is not None:
        raw = mapping.get("text")
    return scalar_text(raw) if isinstance(raw, str | int | float) and is_scalar(raw) else None


def statement_texts(raw: object) -> list[str]:
    """The entries of an any-of statement: a list, or a text split at commas."""
    entries = as_list(raw)
    if entries is None:
        whole = statement_text(raw)
        entries = [] if whole is None else list(whole.split(","))
    return [folded(text) for entry in entries if (text := statement_text(entry)) is not None]


def asked_texts(condition: Condition) -> list[str]:
    """The folded texts that the condition compares an answer with."""
    if condition.operator == "equals_any":
        return statement_texts(condition.statement)
    text = statement_text(condition.statement)
    return [] if text is None else [folded(text)]
