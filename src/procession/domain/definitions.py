"""Which field definitions are accepted, and what is kept of them. Spec: api-templates 6.1, api-tasks 9.4."""

import re
from collections.abc import Callable, Collection, Mapping
from itertools import count
from typing import Any

import msgspec

from procession.domain.calculating.expressions import Fault, parse
from procession.domain.emails import is_email
from procession.domain.errors import Invalid
from procession.domain.fields import (
    FIELD_TYPES,
    MAX_NUMBER,
    MAX_TEXT,
    MAX_TEXTAREA,
    RELATIVE_DAY,
    Column,
    Field,
    FieldRule,
    FieldType,
    Option,
    find_option,
    read_checklist,
)
from procession.domain.form_rules import read_form_rules
from procession.domain.loose import as_bool, as_int, as_list, as_object, clean_json, clean_text, deeper_than, json_size
from procession.domain.names import VARIABLE, clean_name, numbered_alias, slug
from procession.domain.number_definitions import read_number_rules
from procession.domain.times import Millis, parse_instant, wire
from procession.domain.values import People, Unacceptable, accept_value

MAX_LABEL = 200
MAX_POSITION = 9999
MAX_ENTRIES = 1000
MAX_FREE_FORM_BYTES = 20_000
MAX_FREE_FORM_DEPTH = 8

CHOICES: frozenset[FieldType] = frozenset({"radio", "dropdown", "multiselect"})
WITHOUT_DEFAULT: frozenset[FieldType] = frozenset({"file", "table", "assignees_form", "calculated"})

RULES = ("email", "numeric", "url", "alpha", "alpha_num", "alpha_dash")

_RULE = re.compile("|".join(RULES) + r"|(?:min|max):-?\d{1,15}(?:\.\d{1,6})?", re.ASCII)
_HOLDS_VARIABLE = re.compile(VARIABLE)


def read_definition(
    raw: object,
    *,
    path: str,
    new_id: Callable[[], str],
    now: Millis,
    existing: Field | None = None,
    taken_aliases: Collection[str] = (),
    next_position: int = 1,
    lenient_options: bool = False,
) -> Field:
    """A whole definition as clients send it; raises Invalid with every wrong path, each below `path`.

    Id, alias and creation time stay those of `existing`, and so does every optional key left out. `lenient_options`
    is the form of one-off tasks: options may be plain texts or lack their ids.
    """
    sent = as_object(raw)
    if sent is None:
        raise Invalid({path or "field": ["A form field must be an object."]})
    reader = _Reader(sent, existing, lenient_options=lenient_options)
    field = reader.field(now, next_position)
    if reader.errors:
        raise Invalid({f"{path}.{key}" if path else key: messages for key, messages in reader.errors.items()})
    if existing is not None:
        return field
    alias = sent.get("alias") if lenient_options else None
    if not isinstance(alias, str) or alias != slug(alias) or alias in taken_aliases:
        alias = numbered_alias(field.label, taken_aliases, "field")
    return msgspec.structs.replace(field, id=new_id(), alias=alias)


class _Reader:
    """One pass over a sent definition; `errors` gathers what is wrong, by path within it."""

    def __init__(self, sent: Mapping[str, object], existing: Field | None, *, lenient_options: bool) -> None:
        # An empty string is nothing. Spec: api-templates 1
        self.sent = {key: None if value == "" else value for key, value in sent.items()}
        self.existing = existing
        self.lenient = lenient_options
        self.errors: dict[str, list[str]] = {}

    def field(self, now: Millis, next_position: int) -> Field:
        """The definition, with nonsense where something is wrong; id and alias are empty for a new one."""
        field_type, kept = self._field_type(), self.existing
        required = self._demand("required")
        field = Field(
            id=kept.id if kept else "",
            alias=kept.alias if kept else "",
            field_type=field_type,
            label=self._label(),
            required=required and self._flag("required", default=False),
            position=self._position(next_position),
            guidance=self._text("guidance"),
            options=self._options(field_type) if field_type in CHOICES else (),
            columns=self._columns() if field_type == "table" else (),
            collect_time=self._flag("collect_time", default=False) and field_type == "date",
            use_wysiwyg_editor=self._flag("use_wysiwyg_editor", default=True),
            field_validation=self._rules(),
            prefix=self._text("prefix", MAX_TEXT) if field_type in ("text", "dropdown") else None,
            suffix=self._text("suffix", MAX_TEXT) if field_type in ("text", "dropdown") else None,
            **read_number_rules(field_type, self._given, self._complain),
            expression=self._expression() if field_type == "calculated" else None,
            form_rules=self._form_rules(),
            settings=self._settings(),
            lookup_list=self._free_form("list", kept.lookup_list if kept else None),
            created_at=kept.created_at if kept else now,
            last_updated=now,
            archived_at=kept.archived_at if kept else None,
            custom_fields=kept.custom_fields if kept else {},
        )
        enabled, value = self._default(field)
        return msgspec.structs.replace(field, default_value_enabled=enabled, default_value=value)

    def _complain(self, key: str, message: str) -> None:
        self.errors.setdefault(key, []).append(message)

    def _demand(self, key: str) -> bool:
        """Whether the key was sent with a value; complains when it was not."""
        if self.sent.get(key) is None:
            self._complain(key, f"The {key.replace('_', ' ')} field is required.")
            return False
        return True

    def _field_type(self) -> FieldType:
        for field_type in FIELD_TYPES:
            if self.sent.get("field_type") == field_type:
                return field_type
        if self._demand("field_type"):
            self._complain("field_type", f"The field type must be one of {', '.join(FIELD_TYPES)}.")
        return "text"

    def _label(self) -> str:
        if not self._demand("label"):
            return ""
        label = clean_name(self._string("label", self.sent["label"], MAX_LABEL))
        if not label and "label" not in self.errors:
            self._complain("label", "The label field is required.")
        return label

    def _position(self, next_position: int) -> int:
        sent = self.sent.get("position")
        if sent is None:
            return self.existing.position if self.existing else next_position
        position = as_int(sent)
        if position is None or not 1 <= position <= MAX_POSITION:
            self._complain("position", f"The position must be an integer from 1 to {MAX_POSITION}.")
        return position or 1

    def _flag(self, key: str, *, default: bool) -> bool:
        if self.sent.get(key) is None:
            return getattr(self.existing, key) if self.existing and key not in self.sent else default
        flag = as_bool(self.sent[key])
        if flag is None:
            self._complain(key, f"The {key.replace('_', ' ')} field must be true or false.")
        return flag is True

    def _string(self, path: str, sent: object, limit: int | None = None) -> str:
        if not isinstance(sent, str):
            self._complain(path, f"The {path} must be a string.")
            return ""
        if limit is not None and len(sent) > limit:
            self._complain(path, f"The {path} may not be greater than {limit} characters.")
        return clean_text(sent)

    def _text(self, key: str, limit: int | None = None) -> str | None:
        if key not in self.sent:
            return getattr(self.existing, key) if self.existing else None
        return None if self.sent[key] is None else self._string(key, self.sent[key], limit)

    def _options(self, field_type: FieldType) -> tuple[Option, ...]:
        # They come from the lookup list, however many it has by now. Spec: T-11.5
        is_fed = self.sent.get("list") is not None
        if is_fed and not self.sent.get("options"):
            return ()
        options: list[Option] = []
        least = 2 if field_type == "radio" and not is_fed else 1
        for at, option_id, text, entry in self._entries("options", "text", least=least):
            value = entry.get("value")
            if not isinstance(value, str | int | float | None):
                self._complain(f"{at}.value", f"The {at}.value must be a scalar.")
                value = None
            value = clean_text(value) if isinstance(value, str) else value
            options.append(Option(option_id, text, value, as_bool(entry.get("required")) is True))
        return tuple(options)

    def _columns(self) -> tuple[Column, ...]:
        entries = self._entries("columns", "label", least=1)
        return tuple(Column(column_id, label) for _, column_id, label, _ in entries)

    def _entries(self, key: str, name: str, least: int) -> list[tuple[str, int, str, Mapping[str, object]]]:
        """Path, id, text and the whole of each entry; ids left out become the next free numbers."""
        sent = self.sent.get(key)
        entries = as_list(sent)
        if sent is None or entries == []:
            self._complain(key, f"The {key} field is required.")
            return []
        if entries is None or len(entries) > MAX_ENTRIES:
            self._complain(key, f"The {key} field must be a list of at most {MAX_ENTRIES} entries.")
            return []
        if len(entries) < least:
            self._complain(key, f"The {key} field must have at least {least} entries.")
        taken: set[int] = set()
        read: list[tuple[str, int | None, str, Mapping[str, object]]] = []
        for index, sent_entry in enumerate(entries):
            at = f"{key}.{index}"
            entry = {name: sent_entry} if self.lenient and isinstance(sent_entry, str) else as_object(sent_entry)
            if entry is None:
                self._complain(at, f"The {at} must be an object.")
            else:
                entry_id = self._entry_id(f"{at}.id", entry.get("id"), taken)
                read.append((at, entry_id, self._entry_text(f"{at}.{name}", entry.get(name)), entry))
        free = (number for number in count(1) if number not in taken)
        return [(at, next(free) if entry_id is None else entry_id, text, entry) for at, entry_id, text, entry in read]

    def _entry_id(self, path: str, sent: object, taken: set[int]) -> int | None:
        if sent is None or sent == "":
            if not self.lenient:
                self._complain(path, f"The {path} field is required.")
            return None
        entry_id = as_int(sent)
        if entry_id is None:
            self._complain(path, f"The {path} must be an integer.")
        elif entry_id in taken:
            self._complain(path, f"The {path} must be used once only.")
        else:
            taken.add(entry_id)
        return entry_id

    def _entry_text(self, path: str, sent: object) -> str:
        if sent is None or sent == "":
            self._complain(path, f"The {path} field is required.")
            return ""
        return self._string(path, sent)

    def _rules(self) -> tuple[str, ...]:
        """`field_validation`, sent as a list or as one text with pipes."""
        if "field_validation" not in self.sent:
            return self.existing.field_validation if self.existing else ()
        sent = self.sent["field_validation"]
        if sent is None:
            return ()
        rules = sent.split("|") if isinstance(sent, str) else as_list(sent)
        if rules is None:
            self._complain("field_validation", "The field validation must be a list of rules.")
            return ()
        read: dict[str, None] = {}
        for index, rule in enumerate(rules[:MAX_ENTRIES]):
            word = rule.strip() if isinstance(rule, str) else ""
            if _RULE.fullmatch(word):
                read[word] = None
            elif rule not in (None, ""):
                at = f"field_validation.{index}"
                self._complain(at, f"The {at} must be one of {', '.join(RULES)}, min:n, max:n.")
        return tuple(read)

    def _form_rules(self) -> tuple[FieldRule, ...]:
        if "form_rules" not in self.sent:
            return self.existing.form_rules if self.existing else ()
        return read_form_rules(self.sent["form_rules"], self._complain)

    def _expression(self) -> str | None:
        """What can be read; that it fits the other fields is seen where these are known. Spec: T-11.62."""
        if as_bool(self.sent.get("required")):
            self._complain("required", "A calculated field cannot be required: nobody fills it in.")
        sent = self._given("expression")
        if sent is None or (isinstance(sent, str) and not sent.strip()):
            self._complain("expression", "The expression field is required.")
            return None
        text = self._string("expression", sent).strip()
        try:
            parse(text)
        except Fault as fault:
            self._complain("expression", str(fault))
        return text

    def _given(self, key: str) -> object:
        """What was sent, or what an optional key keeps."""
        return self.sent[key] if key in self.sent else getattr(self.existing, key, None)

    def _settings(self) -> dict[str, Any] | None:
        settings = self._free_form("settings", self.existing.settings if self.existing else None)
        if settings is None or settings == []:  # an empty map of some clients. Spec: api-conventions 7
            return None
        if as_object(settings) is None:
            self._complain("settings", "The settings must be an object.")
        return as_object(settings)

    def _free_form(self, key: str, kept: object) -> object:
        if key not in self.sent:
            return kept
        sent = self.sent[key]
        if deeper_than(sent, MAX_FREE_FORM_DEPTH) or json_size(sent) > MAX_FREE_FORM_BYTES:
            self._complain(key, f"The {key} must not be larger than {MAX_FREE_FORM_BYTES} bytes.")
            return None
        return clean_json(sent)

    def _default(self, field: Field) -> tuple[bool, object]:
        """Whether the default is on, and the default; one that no longer fits is dropped unless it is on."""
        same_type = self.existing is not None and self.existing.field_type == field.field_type
        enabled = self._flag("default_value_enabled", default=False)
        if field.field_type in WITHOUT_DEFAULT:
            if enabled and (same_type or self.existing is None):
                self._complain("default_value_enabled", f"A field of type {field.field_type} has no default value.")
            return False, None
        kept = self.existing.default_value if self.existing is not None and same_type else None
        sent = self.sent.get("default_value", kept)
        if sent is None or sent == []:
            return enabled, None
        default = _fitting_default(field, sent)
        if default is None and enabled and not self.errors:
            self._complain("default_value", f"The default value does not fit a field of type {field.field_type}.")
        return enabled, default


def _fitting_default(field: Field, sent: object) -> object:
    """The default as an answer of this type would be stored, or None; texts and dates may hold variables.

    Spec: behaviour-templates 11.4.
    """
    match field.field_type:
        case "radio":
            return sent if any(option.text == sent for option in field.options) else None
        case "dropdown":
            option = find_option(field, sent)
            return None if option is None else {"id": option.id, "text": option.text, "value": option.value}
        case "multiselect":
            return read_checklist(field, sent)
        case "number" | "currency" if not _is_variable(sent):
            return _fitting_number(field, sent)
        case "text" if isinstance(sent, int | float):
            return sent if abs(sent) < MAX_NUMBER else None
        case _:
            if not isinstance(sent, str) or len(sent) > MAX_TEXTAREA:
                return None
            return _fitting_text(field.field_type, clean_text(sent))


def _is_variable(sent: object) -> bool:
    return isinstance(sent, str) and _HOLDS_VARIABLE.search(sent) is not None


def _fitting_number(field: Field, sent: object) -> object:
    try:
        return accept_value(field, sent, people=People(), org_id="")
    except Unacceptable:
        return None


def _fitting_text(field_type: FieldType, text: str) -> str | None:
    if _HOLDS_VARIABLE.search(text) or (field_type == "date" and RELATIVE_DAY.fullmatch(text.strip())):
        return text
    match field_type:
        case "text":
            return text if len(text) <= MAX_TEXT else None
        case "email":
            return text if is_email(text) else None
        case "date":
            return _instant_or_none(text)
        case _:
            return text


def _instant_or_none(text: str) -> str | None:
    try:
        return wire(parse_instant(text))
    except ValueError:
        return None
