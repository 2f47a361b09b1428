"""Values of custom fields: what each type accepts, and how a record's values change. Spec: api-content 6.2.

A value is stored as it is shown: texts, numbers and booleans plainly, a date as an instant, a choice as the text of
its option, a checklist as a list of such texts, a table as a list of rows.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from procession.domain.emails import is_email
from procession.domain.errors import Invalid, NotAllowed, NotFound
from procession.domain.field_keys import FieldKey
from procession.domain.fields import MAX_TEXT, MAX_TEXTAREA
from procession.domain.loose import as_list, as_object, clean_text
from procession.domain.times import parse_instant, wire

Values = Mapping[str, Any]
Keys = Mapping[str, FieldKey]
Change = Callable[[Keys, Values], dict[str, Any]]
"""From the keys of a kind of record and one record's values to its new values; raises what the record refuses."""

MAX_ROWS = 200
SYSTEM = "This field belongs to the system: its value cannot be changed."

_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]\S*", re.IGNORECASE)


def replacing(sent: Values) -> Change:
    """Exactly these values: others are cleared, required ones must be there; system and inactive keys keep theirs."""

    def change(keys: Keys, before: Values) -> dict[str, Any]:
        errors: dict[str, list[str]] = {}
        after = {key: value for key, value in before.items() if key in keys and not _is_open(keys[key])}
        for key, raw in sent.items():
            found = keys.get(key)
            if found is not None and key in after and after[key] == raw:
                continue  # clients send back what they read
            try:
                value = _read(found, raw)
            except Invalid as invalid:
                errors[f"custom_fields.{key}"] = invalid.errors["value"]
                continue
            if value is not None:
                after[key] = value
        for key, found in keys.items():
            if found.is_required and _is_open(found) and key not in after:
                errors.setdefault(f"custom_fields.{key}", [f"The {found.label} field is required."])
        if errors:
            raise Invalid(errors)
        return after

    return change


def setting(key: str, raw: object) -> Change:
    """One value; null clears it, required or not."""

    def change(keys: Keys, before: Values) -> dict[str, Any]:
        if key not in keys:
            raise NotFound
        _require_own(keys[key])
        value = _read(keys.get(key), raw)
        rest = {each: kept for each, kept in before.items() if each != key}
        return rest if value is None else {**rest, key: value}

    return change


def removing(key: str) -> Change:
    """Without this value; that of a key which no longer exists can be removed, too."""

    def change(keys: Keys, before: Values) -> dict[str, Any]:
        _require_own(keys.get(key))
        if key not in keys and key not in before:
            raise NotFound
        return {each: kept for each, kept in before.items() if each != key}

    return change


def inherited(keys: Keys, values: Values) -> dict[str, Any]:
    """What a new record takes over: values whose key it has, too, and that fit there. Spec: api-content 6.2."""
    found: dict[str, Any] = {}
    for key, raw in values.items():
        try:
            found[key] = _read(keys.get(key), raw)
        except Invalid:
            continue
    return {key: value for key, value in found.items() if value is not None}


def checked(keys: Keys, sent: Values) -> dict[str, Any]:
    """Values for a new record; nothing is required yet. Raises Invalid."""
    optional = {key: found for key, found in keys.items() if not found.is_required or key in sent}
    return replacing(sent)(optional, {})


def _is_open(key: FieldKey) -> bool:
    return key.is_active and not key.is_system


def _require_own(key: FieldKey | None) -> None:
    if key is not None and key.is_system:
        raise NotAllowed(SYSTEM)


def _read(key: FieldKey | None, raw: object) -> Any:  # the JSON value, None when it is blank
    """Raises Invalid on `value`."""
    if key is None:
        raise Invalid({"value": ["There is no custom field with this key."]})
    if key.is_system:
        raise Invalid({"value": [SYSTEM]})
    if not key.is_active:
        raise Invalid({"value": ["This custom field is not in use."]})
    if raw is None or raw in ("", []):
        return None
    try:
        return read_value(key, raw)
    except ValueError as problem:
        raise Invalid({"value": [f"The {key.label} field: {problem}"]}) from None


def read_value(key: FieldKey, raw: object) -> Any:  # the JSON value
    """A value as it is stored. Raises ValueError with what to write instead."""
    match key.field_type:
        case "boolean":
            return _expect(isinstance(raw, bool), raw, "write true or false.")
        case "number":
            is_number = isinstance(raw, int | float) and not isinstance(raw, bool)
            return _expect(is_number and math.isfinite(raw) and abs(raw) < 2**53, raw, "write a number.")  # pyright: ignore[reportArgumentType]  # is_number says so
        case "multiselect":
            return _chosen(key, raw)
        case "table":
            return _table(key, raw)
        case "radio" | "dropdown":
            return _choice(key, raw)
        case _:
            return _text(key, raw)


def _expect(fits: bool, value: object, otherwise: str) -> Any:  # the value  # the question asked
    if not fits:
        raise ValueError(otherwise)
    return value


def _text(key: FieldKey, raw: object) -> str:
    text = clean_text(_expect(isinstance(raw, str), raw, "write a text."))
    match key.field_type:
        case "date":
            return wire(parse_instant(text))
        case "email":
            return _expect(is_email(text), text, "write an e-mail address.")
        case "url":
            good = _WEB_ADDRESS.fullmatch(text) is not None and len(text) <= 2 * MAX_TEXT
            return _expect(good, text, "write a web address that begins with http:// or https://.")
        case _:
            most = MAX_TEXTAREA if key.field_type == "textarea" else MAX_TEXT
            return _expect(len(text) <= most, text, f"write at most {most} characters.")


def _choice(key: FieldKey, raw: object) -> str:
    """The text of an option, sent as it is or as an object that has it."""
    entry = as_object(raw)
    text = raw if entry is None else entry.get("text")
    known = any(text == option.text for option in key.options)
    return _expect(known, text, f"choose one of {', '.join(option.text for option in key.options[:20])}.")


def _chosen(key: FieldKey, raw: object) -> list[str]:
    entries = as_list(raw)
    if entries is None:
        raise ValueError("write a list of options.")
    return list(dict.fromkeys(_choice(key, each) for each in entries))


def _table(key: FieldKey, raw: object) -> list[list[Any]]:
    """Rows with a plain cell for each column."""
    rows = [as_list(each) for each in as_list(raw) or [None]]
    if any(row is None or len(row) != len(key.columns) for row in rows) or len(rows) > MAX_ROWS:
        raise ValueError(f"write at most {MAX_ROWS} rows with a cell for each of the {len(key.columns)} columns.")
    return [[_cell(each) for each in row or ()] for row in rows]


def _cell(raw: object) -> str | int | float | bool | None:
    if isinstance(raw, str):
        return _expect(len(raw) <= MAX_TEXT, clean_text(raw), f"write at most {MAX_TEXT} characters into a cell.")
    if isinstance(raw, float) and not math.isfinite(raw):
        raise ValueError("write numbers into cells.")
    return _expect(raw is None or isinstance(raw, int | float), raw, "write texts or numbers into cells.")
