"""Keys of custom fields: what an organization keeps on which records. Spec: api-content 6.1."""

import re
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Literal, TypeVar, get_args

import msgspec

from procession.domain.errors import Invalid
from procession.domain.fields import Column
from procession.domain.loose import as_int, as_object
from procession.domain.names import clean_name
from procession.domain.times import Millis

T = TypeVar("T")

Record = Literal["process", "task", "member", "guest", "folder", "tag", "template", "step", "capture", "prerun"]
ValueType = Literal[
    "text", "textarea", "number", "boolean", "date", "email", "url", "radio", "dropdown", "multiselect", "table"
]
KeyType = Literal["org", "system"]

RECORDS: tuple[Record, ...] = get_args(Record)
VALUE_TYPES: tuple[ValueType, ...] = get_args(ValueType)
KEY_TYPES: tuple[KeyType, ...] = get_args(KeyType)
ALIASES: dict[str, Record] = {
    "run": "process",
    "user": "member",
    "checklist": "template",
    "form_field": "capture",
    "kickoff_field": "prerun",
}
CHOICES = frozenset({"radio", "dropdown", "multiselect"})

MAX_KEY = 60
MAX_LABEL = 200
MAX_ENTRIES = 1000

_KEY = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*", re.ASCII)


class Choice(msgspec.Struct, frozen=True):
    id: int
    text: str


class FieldKey(msgspec.Struct, frozen=True, kw_only=True):
    """Column names and fields agree (storage.rows). What it is for, its key and its types never change."""

    no: int
    id: str
    applies_to: Record
    key: str
    label: str
    field_type: ValueType
    key_type: KeyType = "org"
    is_required: bool = False
    is_active: bool = True
    options: tuple[Choice, ...] = ()
    columns: tuple[Column, ...] = ()
    created_at: Millis
    updated_at: Millis

    @property
    def is_system(self) -> bool:
        """The server's own: nobody changes it or its values."""
        return self.key_type == "system"


def read_record(word: str) -> Record | None:
    """What a key applies to, by its name or another accepted one."""
    known = ALIASES.get(word, word)
    return next((each for each in RECORDS if each == known), None)


def check(key: FieldKey) -> None:
    """Raises Invalid with every fault of a key that was put together."""
    errors: dict[str, list[str]] = {}
    if not _KEY.fullmatch(key.key) or len(key.key) > MAX_KEY:
        errors["key"] = [f"The key must be lower-case letters, digits, - and _, at most {MAX_KEY} of them."]
    if not 0 < len(key.label) <= MAX_LABEL:
        errors["label"] = [f"Write a label of at most {MAX_LABEL} characters."]
    if key.field_type in CHOICES and not key.options:
        errors["options"] = [f"A field of type {key.field_type} needs options."]
    if key.field_type == "table" and not key.columns:
        errors["columns"] = ["A field of type table needs columns."]
    if errors:
        raise Invalid(errors)


def read_options(sent: Sequence[Any], former: Sequence[Choice] = ()) -> tuple[Choice, ...]:
    """Texts, or objects with `text` and perhaps `id`. Raises Invalid."""
    return _entries(sent, "options", "text", {each.text: each.id for each in former}, Choice)


def read_columns(sent: Sequence[Any], former: Sequence[Column] = ()) -> tuple[Column, ...]:
    """Labels, or objects with `label` and perhaps `id`. Raises Invalid."""
    return _entries(sent, "columns", "label", {each.label: each.id for each in former}, Column)


def _entries(
    sent: Sequence[Any], path: str, name: str, former: dict[str, int], make: Callable[[int, str], T]
) -> tuple[T, ...]:
    """What is the same as before keeps its id; the rest gets the sent one, or the next free."""
    if len(sent) > MAX_ENTRIES:
        raise Invalid({path: [f"The {path} may not be more than {MAX_ENTRIES}."]})
    errors: dict[str, list[str]] = {}
    read: list[tuple[int | None, str]] = []
    for index, raw in enumerate(sent):
        entry = {name: raw} if isinstance(raw, str) else as_object(raw) or {}
        said = entry.get(name)
        text = clean_name(said) if isinstance(said, str) else ""
        if not 0 < len(text) <= MAX_LABEL:
            errors[f"{path}.{index}.{name}"] = [f"Write a {name} of at most {MAX_LABEL} characters."]
        elif any(text == each for _, each in read):
            errors[f"{path}.{index}.{name}"] = [f"The {name} is there already."]
        read.append((former.get(text, as_int(entry.get("id"))), text))
    ids = [each for each, _ in read if each is not None]
    if len(set(ids)) < len(ids):
        errors[path] = ["Two of them have the same id."]
    if errors:
        raise Invalid(errors)
    free = (number for number in count(1) if number not in ids)
    return tuple(make(next(free) if each is None else each, text) for each, text in read)
