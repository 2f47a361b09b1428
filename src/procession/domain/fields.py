"""Form fields: of a kick-off form, of a step, of a one-off task.

Spec: api-templates 6, api-conventions 18.3, behaviour-templates 11.
"""

import re
from typing import Any, Literal, get_args

import msgspec

from procession.domain.automations.rules import FieldOperator, Logic
from procession.domain.loose import as_bool, as_int, as_list, as_object
from procession.domain.times import Millis

FieldType = Literal[
    "text",
    "textarea",
    "radio",
    "dropdown",
    "multiselect",
    "date",
    "email",
    "file",
    "table",
    "assignees_form",
    "number",
    "currency",
    "calculated",
]
ResultType = Literal["number", "date", "text"]
Effect = Literal["show", "hide", "require"]

FIELD_TYPES: tuple[FieldType, ...] = get_args(FieldType)

NUMERIC: frozenset[FieldType] = frozenset({"number", "currency"})
"""Types whose answers are exact decimal numbers. Spec: T-11.50."""

MAX_TEXT = 200
MAX_TEXTAREA = 30_000
MAX_NUMBER = 10**MAX_TEXT
"""Short texts also take numbers, as long as they could be written as one."""

RELATIVE_DAY = re.compile(r"today(?:\s*\+\s*(\d{1,4})(?:\s*days?)?)?", re.IGNORECASE | re.ASCII)
"""A date default: the day the form opens, or so many days after it. Spec: T-11.22; the words are ours."""


class Option(msgspec.Struct, frozen=True):
    id: int
    text: str
    value: str | int | float | bool | None = None
    required: bool = False


class Column(msgspec.Struct, frozen=True):
    id: int
    label: str


class FieldCondition(msgspec.Struct, frozen=True, kw_only=True):
    """A test of the answer to a field of the same form, as rules have it (automations.rules.Condition)."""

    field_id: str
    operator: FieldOperator
    statement: Any = None  # JSON
    logic: Logic = "and"
    column: str | None = None


class FieldRule(msgspec.Struct, frozen=True):
    """What becomes of its field while the conditions hold. Spec: T-11.70."""

    effect: Effect
    conditions: tuple[FieldCondition, ...]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field as templates keep it and processes copy it; `id` and `alias` never change. Spec: api-templates 6.4."""

    id: str
    alias: str
    field_type: FieldType
    label: str
    required: bool
    position: int
    guidance: str | None = None
    options: tuple[Option, ...] = ()
    columns: tuple[Column, ...] = ()
    default_value_enabled: bool = False
    default_value: Any = None  # JSON in the shape of the type's answers
    collect_time: bool = False
    use_wysiwyg_editor: bool = True
    field_validation: tuple[str, ...] = ()
    prefix: str | None = None
    suffix: str | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    decimals: int | None = None  # None: as many as were sent
    unit: str | None = None
    currency: str | None = None
    expression: str | None = None
    result_type: ResultType | None = None  # of the expression; None: it is broken
    form_rules: tuple[FieldRule, ...] = ()
    settings: dict[str, Any] | None = None  # JSON
    lookup_list: Any = msgspec.field(default=None, name="list")  # JSON of unpublished shape
    created_at: Millis
    last_updated: Millis
    archived_at: Millis | None = None
    custom_fields: dict[str, Any] = {}  # JSON

    @property
    def answer_type(self) -> FieldType:
        """The type whose answers it has: of a calculated field that of its result. Spec: T-11.67."""
        return (self.result_type or "text") if self.field_type == "calculated" else self.field_type

    def needs_all_checked(self) -> bool:
        """Whether its task completes only when every entry of this checklist is checked. Spec: T-11.14."""
        return self.field_type == "multiselect" and as_bool((self.settings or {}).get("must_all_checked")) is True


def find_option(field: Field, chosen: object) -> Option | None:
    """The option a `{"id", "text"}` object names; both must, the text compared exactly. Spec: T-11.2."""
    sent = as_object(chosen)
    if sent is None:
        return None
    option_id, text = as_int(sent.get("id")), sent.get("text")
    return next((option for option in field.options if option.id == option_id and option.text == text), None)


def read_checklist(field: Field, raw: object) -> list[dict[str, Any]] | None:
    """The entries of a multiselect answer, once per option; None when it is no list of this field's options.

    An entry that does not say `selected` is chosen. Spec: api-conventions 18.4, DEC-52.
    """
    entries = as_list(raw)
    if entries is None:
        return None
    known = {(option.id, option.text): option for option in field.options}
    read: dict[int, dict[str, Any]] = {}
    for entry in entries:
        sent = as_object(entry) or {}
        option_id, text, selected = as_int(sent.get("id")), sent.get("text"), sent.get("selected")
        selected = True if selected is None else as_bool(selected)
        if option_id is None or not isinstance(text, str) or (option_id, text) not in known or selected is None:
            return None
        read[option_id] = {"id": option_id, "text": text, "selected": selected}
    return list(read.values())
