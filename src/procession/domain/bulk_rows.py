"""A row of a bulk launch as the launch it asks for. Spec: behaviour-launching L-13.3, L-13.5."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from procession.domain.bulk_columns import Column, Meaning
from procession.domain.calendar import parse_instant_in
from procession.domain.errors import DomainError, Invalid
from procession.domain.fields import Field
from procession.domain.loose import as_int, as_list, as_object
from procession.domain.names import fold
from procession.domain.templates import Template
from procession.domain.times import parse_instant, wire

ROW = "row"
"""The key of what no column is to blame for."""

# Where a launch's own faults stand, but for answers and steps.
_MEANINGS: Mapping[str, Meaning] = {"name": "name", "owner_id": "owner", "tags": "tags", "folders": "folder"}

Errors = dict[str, list[str]]
Names = Mapping[str, Sequence[str]]


class Known(msgspec.Struct, frozen=True):
    """What the words of rows may mean: ids of members by lower-case address, of tags and folders by id and by folded
    name; and whose clocks count.
    """

    members: Mapping[str, int]
    tags: Names
    folders: Names
    zone: str


class Asked(msgspec.Struct, frozen=True):
    """The launch that a row asks for."""

    name: str | None
    owner: int | None
    prerun: dict[str, Any]
    tasks: dict[str, Any]
    tags: tuple[str, ...] | None
    folders: tuple[str, ...] | None


class _Refused(ValueError):
    """A cell cannot be read; the sentence says why."""


def addresses_in(columns: Sequence[Column], cells: Sequence[str], document: Template) -> list[str]:
    """The lower-case addresses in the row that may be members'."""
    pickers = {field.id for field in document.kickoff if field.field_type == "assignees_form"}
    return [
        word.lower()
        for column, cell in zip(columns, cells, strict=False)
        if column.meaning == "owner" or column.key in pickers
        for word in _words(cell)
    ]


def tags_in(columns: Sequence[Column], cells: Sequence[str]) -> list[str]:
    named = (cell for column, cell in zip(columns, cells, strict=False) if column.meaning == "tags")
    return [word for cell in named for word in _words(cell)]


def read_row(columns: Sequence[Column], cells: Sequence[str], document: Template, known: Known) -> tuple[Asked, Errors]:
    """The launch, and what is wrong with the cells, by header. An empty cell is no answer."""
    fields = {field.id: field for field in document.kickoff}
    errors: Errors = {}
    if any(cells[len(columns) :]):
        errors[ROW] = ["The row has more cells than the header."]
    said: dict[str, Any] = {"prerun": {}, "tasks": {}}
    for column, cell in zip(columns, cells, strict=False):
        try:
            _read_cell(said, column, cell, fields, known)
        except _Refused as refusal:
            errors[column.header] = [str(refusal)]
    asked = Asked(
        name=said.get("name"),
        owner=said.get("owner"),
        prerun=said["prerun"],
        tasks=said["tasks"],
        tags=said.get("tags"),
        folders=said.get("folder"),
    )
    return asked, errors


def _read_cell(said: dict[str, Any], column: Column, cell: str, fields: Mapping[str, Field], known: Known) -> None:
    if column.meaning == "field" and column.key is not None:
        field = fields.get(column.key)
        if field is None:
            raise _Refused("This field is no longer part of the form.")
        # Null, not absent: what is left empty in the file is not filled in with the field's default.
        said["prerun"][field.id] = _answer(field, cell, known) if cell else None
    elif not cell:
        return
    elif column.meaning == "name":
        said["name"] = cell
    elif column.meaning == "owner":
        said["owner"] = _member(cell, known)
    elif column.meaning == "tags":
        said["tags"] = tuple(dict.fromkeys(_one(word, known.tags, "tag") for word in _words(cell)))
    elif column.meaning == "folder":
        said["folder"] = (_one(cell, known.folders, "process folder"),)
    elif column.meaning == "deadline":
        said["tasks"][column.key] = {"deadline": _instant(cell, known)}


def _member(cell: str, known: Known) -> int:
    member = known.members.get(cell.lower(), as_int(cell))
    if member is None:
        raise _Refused(f"There is no member {cell}.")
    return member


def _one(word: str, names: Names, noun: str) -> str:
    found = names.get(word.lower()) or names.get(fold(word)) or ()
    if len(found) != 1:
        raise _Refused(f"There is {'no' if not found else 'more than one'} {noun} {word}.")
    return found[0]


def _words(cell: str) -> list[str]:
    return [word for part in cell.split(",") if (word := part.strip())]


def _answer(field: Field, cell: str, known: Known) -> object:
    match field.field_type:
        case "dropdown":
            return _option(field, cell)
        case "multiselect":
            return [{**_option(field, text), "selected": True} for text in _chosen(field, cell)]
        case "table":
            return _json_list(cell) if cell.startswith("[") else cell
        case "file":
            entries = _json_list(cell) if cell.startswith("[") else list[object](_words(cell))
            return [{"url": each, "source": "url"} if isinstance(each, str) else each for each in entries]
        case "assignees_form":
            return _people(cell, known)
        case "date" if field.collect_time:
            return _instant(cell, known)
        case "date":
            return _day(cell)
        case _:
            return cell


def _instant(cell: str, known: Known) -> str:
    """By the organization's clocks where the cell says nothing else; what is none is told by who takes it. L-13.11."""
    try:
        return wire(parse_instant_in(known.zone, cell))
    except ValueError:
        return cell


def _day(cell: str) -> str:
    """The day as it is written, whatever time and offset stand behind it; what is none is told by who takes it."""
    try:
        parse_instant(cell)
    except ValueError:
        return cell
    return cell[: len("2026-03-05")]


def _option(field: Field, text: str) -> dict[str, Any]:
    for option in field.options:
        if option.text.strip() == text:
            return {"id": option.id, "text": option.text}
    raise _Refused(f"{field.label} has no option {text}.")


def _chosen(field: Field, cell: str) -> list[str]:
    """A list in JSON, the text of one option, or several texts with commas between them."""
    if cell.startswith("["):
        return [str(each).strip() for each in _json_list(cell)]
    return [cell] if any(option.text.strip() == cell for option in field.options) else _words(cell)


def _json_list(cell: str) -> list[object]:
    try:
        entries = as_list(msgspec.json.decode(cell))
    except (msgspec.DecodeError, RecursionError):
        entries = None
    if entries is None:
        raise _Refused("A cell that begins with [ must be a list in JSON.")
    return entries


def _people(cell: str, known: Known) -> dict[str, Any]:
    words = [word.lower() for word in _words(cell)]
    return {
        "users": [known.members[word] for word in words if word in known.members],
        "guests": [word for word in words if word not in known.members],
    }


def by_column(refusal: DomainError, columns: Sequence[Column], document: Template | None) -> Errors:
    """What a refused launch says, by the header that is to blame, else by the field's or step's own name."""
    if not isinstance(refusal, Invalid):
        return {ROW: [refusal.message]}
    headers: dict[tuple[Meaning, str | None], str] = {(each.meaning, each.key): each.header for each in columns}
    labels = {field.id: field.label for field in document.kickoff} if document else {}
    titles = {step.id: step.title for step in document.steps} if document else {}
    errors: Errors = {}
    for place, messages in refusal.errors.items():
        for message in messages:
            keyed = as_object(message)
            if keyed is None:
                errors.setdefault(_header(place, headers), []).append(str(message))
                continue
            for key, told in keyed.items():
                named = headers.get(("field", key)) or labels.get(key)
                named = named or headers.get(("deadline", key)) or titles.get(key) or key
                errors.setdefault(named, []).extend(str(each) for each in as_list(told) or [told])
    return errors


def _header(place: str, headers: Mapping[tuple[Meaning, str | None], str]) -> str:
    meaning = _MEANINGS.get(place.partition(".")[0])
    return ROW if meaning is None else headers.get((meaning, None), ROW)


def by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """(id, folded name) as `Known` wants them."""
    found: dict[str, list[str]] = {}
    for thing, name in pairs:
        found.setdefault(thing, []).append(thing)
        if name != thing:
            found.setdefault(name, []).append(thing)
    return found
