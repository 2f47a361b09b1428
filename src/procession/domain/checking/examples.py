"""Answers to a field that meet all of some conditions wherever any answer does.

Spec: behaviour-automations 2.3, 12.2.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from itertools import count
from typing import Any

import msgspec

from procession.domain.automations.comparing import folded, statement_text, statement_texts
from procession.domain.automations.conditions import NEGATIVE
from procession.domain.automations.field_tests import field_holds
from procession.domain.automations.rules import Condition
from procession.domain.checking.dates import dates_to_try
from procession.domain.checking.numbers import number_texts, numbers_to_try
from procession.domain.fields import Field

_FIRST_MARK = ord("\N{BLACK STAR}")


class Examples(msgspec.Struct, frozen=True):
    """`is_all`: no other answer meets all conditions where none of these does."""

    answers: Sequence[Any]
    is_all: bool = True


def answers_to_try(field: Field, asked: Sequence[Condition], zone: str) -> Examples:
    """Blank first, then what its type can answer."""
    found = _by_type(field, asked, zone)
    return Examples([None, *found.answers], found.is_all)


def _by_type(field: Field, asked: Sequence[Condition], zone: str) -> Examples:
    match field.answer_type:
        case "radio":
            return Examples([option.text for option in field.options])
        case "dropdown":
            return Examples([{"id": option.id, "text": option.text} for option in field.options])
        case "multiselect":
            options = [{"id": option.id, "text": option.text, "selected": True} for option in field.options]
            return Examples(_fullest(field, asked, zone, options, list))
        case "file":
            files = [{"filename": text, "url": text} for text in _parts(asked)]
            return Examples(_fullest(field, asked, zone, files, list))
        case "table":
            return Examples(
                _fullest(field, asked, zone, list(_cells(field, asked)), lambda cells: _table(field, cells))
            )
        case "assignees_form":
            return Examples([{"users": [1], "guests": [], "groups": []}])
        case "date":
            return Examples(*dates_to_try(field, asked, zone))
        case "number" | "currency":
            return Examples(*numbers_to_try(field, asked))
        case "textarea":
            texts = _texts(asked)
            marked_up = [f"<p>{escape(text)}</p>" for text in texts.answers]
            return Examples(["<hr>", *texts.answers, *marked_up], texts.is_all)
        case _:
            return _texts(asked)


def _fullest(
    field: Field, asked: Sequence[Condition], zone: str, parts: Iterable[Any], whole: Callable[[list[Any]], Any]
) -> list[Any]:
    """The answer that has all of the parts that no condition denies: none without those meets more."""
    denials = [each for each in asked if each.operator in NEGATIVE]
    kept = [part for part in parts if all(field_holds(each, field, whole([part]), zone) for each in denials)]
    return [whole(kept)] if kept else []


def _named(asked: Iterable[Condition]) -> list[str]:
    """The texts that conditions ask for as a whole."""
    found: list[str] = []
    for each in asked:
        if each.operator == "equals":
            found += [text for text in [statement_text(each.statement)] if text is not None]
        elif each.operator == "equals_any":
            found += statement_texts(each.statement)
    return list(dict.fromkeys(found))


def _pieces(asked: Iterable[Condition]) -> list[str]:
    """The texts that must be contained."""
    found = (statement_text(each.statement) for each in asked if each.operator == "contains")
    return list(dict.fromkeys(text.strip() for text in found if text is not None))


def _mark(asked: Iterable[Condition]) -> str:
    """What no condition has in its text. What is put between marks holds nothing that is not in itself already."""
    stated = {letter for each in asked for letter in str(each.statement)}
    return next(letter for letter in map(chr, count(_FIRST_MARK)) if letter not in stated)


def _parts(asked: Sequence[Condition]) -> list[str]:
    """Texts of which each condition that one part of an answer can meet is met by one, and nothing besides."""
    mark = _mark(asked)
    return [mark, *_named(asked), *(mark + piece for piece in _pieces(asked))]


def _cells(field: Field, asked: Sequence[Condition]) -> Iterator[tuple[int, str]]:
    """Place and text, in each column that conditions name, and in one that they do not."""
    named = {folded(each.column) for each in asked if each.column is not None}
    labels = [folded(column.label) for column in field.columns] or [""]
    places = {label if label in named else None: place for place, label in enumerate(labels)}
    texts = _parts(asked)
    return ((place, text) for place in places.values() for text in texts)


def _table(field: Field, cells: Iterable[tuple[int, str]]) -> list[list[str]]:
    columns: list[list[str]] = [[] for _ in field.columns or [None]]
    for place, text in cells:
        columns[place].append(text)
    return columns


def _texts(asked: Sequence[Condition]) -> Examples:
    """What is named, what has all that must be contained and is nothing that is named, and numbers."""
    mark = _mark(asked)
    numbers, is_all = number_texts(asked)
    return Examples([mark + mark.join(_pieces(asked)), *_named(asked), *numbers], is_all)
