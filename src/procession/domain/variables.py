"""What answers look like as text: in names, titles, and wherever a variable stands. Spec: T-12.13, L-5.5."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

import msgspec
from msgspec.structs import replace

from procession.domain.calendar import local_time
from procession.domain.fields import NUMERIC, Field, FieldType
from procession.domain.loose import as_int, as_list, as_object
from procession.domain.names import ISO_DAY, Variable
from procession.domain.numbers import number_text
from procession.domain.richtext import is_rich, plain_text
from procession.domain.times import parse_instant
from procession.domain.values import chosen_texts, is_blank, scalar_text

NAME_SOURCES: frozenset[FieldType] = frozenset(
    {"text", "date", "dropdown", "radio", "multiselect", "assignees_form", "calculated", *NUMERIC}
)
"""Types whose answers may be part of a process name. Spec: L-5.5."""


class Reader(msgspec.Struct, frozen=True):
    """For whom text is made: zone, the `strftime` forms of a day and of a moment, and what people are called."""

    zone: str = "UTC"
    day_form: str = ISO_DAY
    moment_form: str = "%Y-%m-%d %H:%M"
    members: Mapping[int, str] = {}
    groups: Mapping[str, str] = {}


ANYBODY = Reader()
_DAY_FORMS: Mapping[str | None, str] = {"mm/dd/yyyy": "%m/%d/%Y", "dd/mm/yyyy": "%d/%m/%Y"}


def own_reader(reader: Reader, *, zone: str, date_format: str | None) -> Reader:
    """The same for a member whose clocks are `zone`'s, and who has chosen how dates are written."""
    day_form = _DAY_FORMS.get(date_format, reader.day_form)
    return replace(reader, zone=zone, day_form=day_form, moment_form=f"{day_form} %H:%M")


def variables_of(
    fields: Sequence[Field], answers: Mapping[str, object], reader: Reader = ANYBODY
) -> dict[str, Variable]:
    """The variable of every field, by alias; unanswered ones are blank."""
    return {field.alias: variable_of(field, answers.get(field.id), reader) for field in fields}


def name_variables(
    fields: Sequence[Field], answers: Mapping[str, object], reader: Reader = ANYBODY
) -> dict[str, Variable]:
    """The variables a process name may hold."""
    return variables_of(naming_fields(fields), answers, reader)


def naming_fields(fields: Sequence[Field]) -> list[Field]:
    return [field for field in fields if field.field_type in NAME_SOURCES]


def text_of(field: Field, value: object, reader: Reader = ANYBODY) -> str:
    """The answer in one line of plain text; empty when blank."""
    return str(variable_of(field, value, reader))


def variable_of(field: Field, value: object, reader: Reader = ANYBODY) -> Variable:
    """What the answer looks like as text; one that no longer fits its field's type never fails."""
    if is_blank(field, value):
        return Variable()
    mapping = as_object(value) or {}
    match field.answer_type:
        case "textarea" if isinstance(value, str) and is_rich(value):
            return Variable((plain_text(value),), value)
        case "dropdown" if mapping:
            return Variable((str(mapping.get("text", "")),))
        case "multiselect":
            return Variable(tuple(chosen_texts(value)))
        case "date" if isinstance(value, str):
            return Variable((_date_text(value, reader, with_time=field.collect_time),))
        case "number" | "currency" if (number := number_text(field, value)) is not None:
            return Variable((number,))
        case "table":
            return Variable(tuple(_rows(value)))
        case "file":
            files = [as_object(entry) or {} for entry in as_list(value) or []]
            return Variable(tuple(str(file.get("filename") or file.get("url") or "") for file in files))
        case "assignees_form":
            return Variable(tuple(_people(mapping, reader)))
        case _:
            return Variable((scalar_text(value),)) if isinstance(value, str | int | float) else Variable()


def _date_text(value: str, reader: Reader, *, with_time: bool) -> str:
    """A day is the stored one, whatever the zone. Spec: DEC-64."""
    try:
        at = parse_instant(value)
    except ValueError:
        return value
    shown = local_time(at, reader.zone) if with_time else local_time(at, "UTC").date()
    return shown.strftime(reader.moment_form if with_time else reader.day_form)


def _rows(value: object) -> Iterator[str]:
    """One text per row; an entry of a table answer is a column's only cell, or its cells from top to bottom."""
    columns: list[list[object]] = []
    for entry in as_list(value) or []:
        cells, mapping = as_list(entry), as_object(entry)
        columns.append(cells if cells is not None else [entry] if mapping is None else list(mapping.values()))
    for row in zip_longest(*columns):
        cells = [scalar_text(cell) if isinstance(cell, str | int | float) else "" for cell in row]
        if any(cells):
            yield " | ".join(cells)


def _people(chosen: Mapping[str, object], reader: Reader) -> Iterator[str]:
    for user in as_list(chosen.get("users")) or []:
        user_id = as_int(user)
        yield reader.members.get(user_id, str(user_id)) if user_id is not None else ""
    for guest in as_list(chosen.get("guests")) or []:
        yield str(guest)
    for group in as_list(chosen.get("groups")) or []:
        yield reader.groups.get(str(group), str(group))
