"""Lookup lists: tables of an organization that choice fields take their options from. Spec: api-templates 11, T-11.5.

A field says `list`: the list's id, or `{"id", "column"}` where the options are not in the first column. Rows keep
their ids, which are the ids of the options.
"""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import msgspec
from msgspec.structs import replace

from procession.domain.errors import Invalid
from procession.domain.fields import Column, Field, Option
from procession.domain.loose import as_int, as_list, as_object
from procession.domain.names import clean_name
from procession.domain.templates import Template
from procession.domain.times import Millis

MAX_NAME = 200
MAX_COLUMNS = 50
MAX_ROWS = 1000
MAX_CELL = 200

CHOICES = frozenset({"radio", "dropdown", "multiselect"})


class Row(msgspec.Struct, frozen=True):
    """A cell for each column, in their order."""

    id: int
    cells: tuple[str, ...]


class LookupList(msgspec.Struct, frozen=True, kw_only=True):
    """Column names and fields agree (storage.rows)."""

    id: str
    name: str
    folded_name: str
    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    created_at: Millis
    updated_at: Millis


class Reference(msgspec.Struct, frozen=True):
    id: str
    column: int | None = None


class SentColumn(msgspec.Struct, frozen=True):
    id: int | None
    label: str


class SentRow(msgspec.Struct, frozen=True):
    id: int | None
    cells: tuple[str, ...]


def reference(raw: object) -> Reference | None:
    """What a field's `list` refers to; None when it names no list."""
    sent = as_object(raw)
    named = raw if sent is None else sent.get("id")
    if not isinstance(named, str):
        return None
    return Reference(named.lower(), None if sent is None else as_int(sent.get("column")))


def options_of(found: LookupList, column: int | None = None) -> tuple[Option, ...]:
    """The options in this column (the first when there is no such one); rows without a text there are left out."""
    place = next((index for index, each in enumerate(found.columns) if each.id == column), 0)
    return tuple(Option(row.id, row.cells[place]) for row in found.rows if row.cells[place])


def lists_of(template: Template) -> frozenset[str]:
    """Ids of the lists that fields of the document take their options from."""
    named = (_source(field) for field in (*template.kickoff, *template.fields()))
    return frozenset(each.id for each in named if each is not None)


def with_lists(template: Template, lists: Mapping[str, LookupList]) -> Template:
    """The document with the options that these lists have now. Spec: T-11.5."""

    def fresh(fields: Sequence[Field]) -> tuple[Field, ...]:
        return tuple(_with_list(field, lists) for field in fields)

    steps = tuple(replace(step, fields=fresh(step.fields)) for step in template.steps)
    return replace(template, kickoff=fresh(template.kickoff), steps=steps)


def without_list(template: Template, list_id: str | None = None) -> Template:
    """The document whose fields keep the options they had from this list (None: from any) as their own."""

    def own(fields: Sequence[Field]) -> tuple[Field, ...]:
        return tuple(replace(each, lookup_list=None) if _names(each, list_id) else each for each in fields)

    steps = tuple(replace(step, fields=own(step.fields)) for step in template.steps)
    return replace(template, kickoff=own(template.kickoff), steps=steps)


def fed_by(template: Template, list_id: str) -> dict[str, Any]:
    """The fields that take their options from this list: what they say of it, by their ids."""
    fields = (*template.kickoff, *template.fields())
    return {field.id: field.lookup_list for field in fields if _names(field, list_id)}


def fed_again(template: Template, former: Mapping[str, Any], found: LookupList) -> tuple[Template, bool]:
    """The document whose fields take their options from this list once more, where the options are still those that
    it left them; and whether all do. Spec: BI5.
    """
    back: set[str] = set()

    def again(fields: Sequence[Field]) -> tuple[Field, ...]:
        return tuple(fed(field) for field in fields)

    def fed(field: Field) -> Field:
        if field.id not in former or field.lookup_list is not None:
            return field
        once_more = replace(field, lookup_list=former[field.id])
        if _with_list(once_more, {found.id: found}) != once_more:
            return field
        back.add(field.id)
        return once_more

    steps = tuple(replace(step, fields=again(step.fields)) for step in template.steps)
    return replace(template, kickoff=again(template.kickoff), steps=steps), back == set(former)


def _names(field: Field, list_id: str | None) -> bool:
    named = reference(field.lookup_list)
    return named is not None and list_id in (None, named.id)


def _source(field: Field) -> Reference | None:
    return reference(field.lookup_list) if field.field_type in CHOICES and field.lookup_list is not None else None


def _with_list(field: Field, lists: Mapping[str, LookupList]) -> Field:
    named = _source(field)
    found = lists.get(named.id) if named is not None else None
    if named is None or found is None:
        return field
    options = options_of(found, named.column)
    if options == field.options or field.default_value is None:
        return replace(field, options=options)
    return _with_options(field, options)


def _with_options(field: Field, options: tuple[Option, ...]) -> Field:
    """The default follows its row; where that is gone there is none. Spec: T-11.5."""
    texts = {option.id: option.text for option in options}
    entries = as_list(field.default_value)
    if entries is None:
        default = _followed(field, texts, field.default_value)
    else:
        default = [now for each in entries if (now := _followed(field, texts, each)) is not None] or None
    enabled = field.default_value_enabled and default is not None
    return replace(field, options=options, default_value_enabled=enabled, default_value=default)


def _followed(field: Field, texts: Mapping[int, str], chosen: object) -> object:
    """An option as a default names it, as the row says it now; None when the row is gone."""
    entry = as_object(chosen)
    if entry is not None:
        number = as_int(entry.get("id"))
        return None if number is None or number not in texts else {**entry, "text": texts[number]}
    row = next((option.id for option in field.options if option.text == chosen), None)
    return None if row is None else texts.get(row)


def read_list(
    before: LookupList, name: str, columns: Sequence[SentColumn] | None, rows: Sequence[SentRow] | None
) -> LookupList:
    """The list with this name and, where they are given, these columns and rows.

    Ids that are not said are kept from what is the same, else new. Raises Invalid with every fault.
    """
    errors: dict[str, list[str]] = {}
    name = clean_name(name)
    if not name:
        errors["name"] = ["The name field is required."]
    elif len(name) > MAX_NAME:
        errors["name"] = [f"The name may not be greater than {MAX_NAME} characters."]
    read = _read_columns(before.columns, columns, errors)
    kept = [SentRow(row.id, row.cells) for row in before.rows] if rows is None else rows
    made = _read_rows(before.rows, kept, len(read), errors)
    if errors:
        raise Invalid(errors)
    return replace(before, name=name, columns=read, rows=made)


def _read_columns(
    before: Sequence[Column], sent: Sequence[SentColumn] | None, errors: dict[str, list[str]]
) -> tuple[Column, ...]:
    if sent is None:
        return tuple(before)
    if not 1 <= len(sent) <= MAX_COLUMNS:
        errors["columns"] = [f"A list has 1 to {MAX_COLUMNS} columns."]
    labels = [clean_name(each.label) for each in sent[:MAX_COLUMNS]]
    for index, label in enumerate(labels):
        if not 0 < len(label) <= MAX_CELL:
            errors[f"columns.{index}.label"] = [f"Write a label of at most {MAX_CELL} characters."]
    same = {column.label: column.id for column in before}
    ids = _ids([each.id for each in sent[:MAX_COLUMNS]], [same.get(label) for label in labels], "columns", errors)
    return tuple(Column(column_id, label) for column_id, label in zip(ids, labels, strict=True))


def _read_rows(
    before: Sequence[Row], sent: Sequence[SentRow], width: int, errors: dict[str, list[str]]
) -> tuple[Row, ...]:
    if len(sent) > MAX_ROWS:
        errors["rows"] = [f"A list has at most {MAX_ROWS} rows."]
    cells = [tuple(clean_name(cell) for cell in each.cells) for each in sent[:MAX_ROWS]]
    for index, row in enumerate(cells):
        if len(row) != width:
            errors[f"rows.{index}"] = [f"A row has a cell for each of the {width} columns."]
        elif any(len(cell) > MAX_CELL for cell in row):
            errors[f"rows.{index}"] = [f"A cell may not be greater than {MAX_CELL} characters."]
    same = {row.cells: row.id for row in before}
    ids = _ids([each.id for each in sent[:MAX_ROWS]], [same.get(row) for row in cells], "rows", errors)
    return tuple(Row(row_id, row) for row_id, row in zip(ids, cells, strict=True))


def _ids(sent: Sequence[int | None], same: Sequence[int | None], path: str, errors: dict[str, list[str]]) -> list[int]:
    """The sent ids; where none was sent that of the same entry before, unless it is taken; else the next free one."""
    taken: set[int] = set()
    for index, each in enumerate(sent):
        if each is not None and (each in taken or not 0 < each < 1 << 53):
            errors[f"{path}.{index}.id"] = ["The id must be a whole number above zero, used once only."]
        elif each is not None:
            taken.add(each)
    free = (number for number in count(max([*taken, *(each or 0 for each in same)], default=0) + 1))
    found: list[int] = []
    for each, former in zip(sent, same, strict=True):
        chosen = each
        if chosen is None:
            chosen = former if former is not None and former not in taken else next(free)
            taken.add(chosen)
        found.append(chosen)
    return found
