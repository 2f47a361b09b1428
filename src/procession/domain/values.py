"""What one field accepts as its answer, how that is stored, and when it counts as blank.

One table serves kick-off forms and tasks. Spec: api-conventions 18.4, behaviour-templates 11.2, 11.3.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import NoReturn

import msgspec

from procession.domain.assignees import ALSO_READ, LISTS
from procession.domain.emails import is_email
from procession.domain.fields import (
    MAX_NUMBER,
    MAX_TEXT,
    MAX_TEXTAREA,
    NUMERIC,
    Field,
    FieldType,
    find_option,
    read_checklist,
)
from procession.domain.file_references import file_named_by, path_of
from procession.domain.loose import (
    as_int,
    as_list,
    as_object,
    clean_json,
    deeper_than,
    is_scalar,
    json_size,
    strangers,
)
from procession.domain.names import clean_name
from procession.domain.numbers import (
    MAX_DECIMALS,
    MAX_DIGITS,
    PLAIN,
    NotExact,
    decimals_of,
    of_json,
    read_number,
    to_json,
)
from procession.domain.richtext import is_blank_markup
from procession.domain.times import parse_instant, wire

MAX_ANSWER_BYTES = 1_000_000
MAX_ANSWER_DEPTH = 4
MAX_FILES = 500
ERROR = "error"
"""The key under which a calculated field says why it has no value. Spec: T-11.66."""

INVALID_CHOICE = "Invalid dropdown choice selected."
INVALID_TABLE = "Invalid table field"
WRONG_WIDTH = "Number of columns does not match required columns"

_URL = re.compile(r"(?:https?|ftp)://[^\s/?#]\S*", re.IGNORECASE)
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]\S*", re.IGNORECASE)
_HOST = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?(?:[/?#]|$)")
_ASSET_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_WORDS = {
    "numeric": "a number",
    "email": "an e-mail address",
    "url": "a web address that begins with http:// or https://",
    "alpha": "letters only",
    "alpha_num": "letters and digits only",
    "alpha_dash": "letters, digits, hyphens and underscores only",
}
_FILE_TEXTS = ("id", "filename", "url", "full_url", "source", "uploaded_from", "uploaded_at", "step_id", "system")
_FILE_NUMBERS = ("version", "uploaded_to_s3")


class People(msgspec.Struct, frozen=True):
    """Whom an assignee answer may name; guests only need an address that is nobody's here. And stored files."""

    members: AbstractSet[int] = frozenset()
    groups: AbstractSet[str] = frozenset()
    addresses_in_use: AbstractSet[str] = frozenset()
    """Lower-case addresses of members and of the server itself, which cannot be guests. Spec: L-8.7."""
    files: Mapping[str, Mapping[str, object]] | None = None
    """The stored files that may be named, by id, as answers keep them; None: whatever is named, is."""


class Unacceptable(ValueError):
    """No answer to this field; `args` are the messages for the person who sent it."""


def accept_value(field: Field, sent: object, *, people: People, org_id: str) -> object | None:
    """The answer as it is stored, or None when it clears the field; raises Unacceptable."""
    if deeper_than(sent, MAX_ANSWER_DEPTH):
        raise Unacceptable(f"{field.label} must not be nested so deeply")
    sent = clean_json(sent)
    if json_size(sent) > MAX_ANSWER_BYTES:
        raise Unacceptable(f"{field.label} must not be larger than {MAX_ANSWER_BYTES} bytes")
    if _clears(field, sent):
        return None
    if field.field_type == "assignees_form":
        return _assignees(field, sent, people)
    if field.field_type == "file":
        return _files(field, sent, org_id, people.files)
    return _ACCEPTORS[field.field_type](field, sent)


def _clears(field: Field, sent: object) -> bool:
    """Every empty value clears, but a table only by null, 0 or false answer a short text, and 0 is a number.

    Spec: DEC-51, T-11.51.
    """
    if field.field_type == "table" or sent is None:
        return sent is None
    if isinstance(sent, str):
        return not clean_name(sent)
    if isinstance(sent, int | float):
        answers = field.field_type == "text" or (field.field_type in NUMERIC and not isinstance(sent, bool))
        return not sent and not answers
    return sent == [] or (field.field_type == "assignees_form" and sent == {})


def is_blank(field: Field, value: object) -> bool:
    """Whether a stored value counts as no answer. Spec: behaviour-templates 11.2, L-4.5."""
    match field.field_type:
        case "textarea" if isinstance(value, str):
            return is_blank_markup(value)
        case "multiselect":
            return not chosen_texts(value)
        case "calculated":
            return value is None or as_object(value) is not None
        case "table":
            return not any(str(cell).strip() for cell in table_cells(value))
        case "assignees_form":
            people = as_object(value) or {}
            return not any(people.get(kind) for kind in ("users", "guests", "groups"))
        case _:
            return value is None or value in ([], {}) or (isinstance(value, str) and not clean_name(value))


def chosen_texts(value: object) -> list[str]:
    """The texts of a checklist's chosen entries."""
    entries = [entry for sent in as_list(value) or [] if (entry := as_object(sent))]
    return [str(entry.get("text", "")) for entry in entries if entry.get("selected", True)]


def table_cells(value: object) -> Iterable[object]:
    """The cells of a table answer that are not null, column by column."""
    for entry in as_list(value) or []:
        rows = as_list(entry)
        if rows is None:
            mapping = as_object(entry)
            rows = [entry] if mapping is None else list(mapping.values())
        yield from (cell for cell in rows if cell is not None)


def scalar_text(value: str | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else format(Decimal(str(value)), "f")


def broken_rules(field: Field, value: object) -> list[str]:
    """What `field_validation` finds wrong with a short text, or bounds with a number; a blank one is never wrong.

    Spec: T-11.11, T-11.51.
    """
    if field.field_type in NUMERIC:
        number = of_json(value)
        return [] if number is None else _out_of_bounds(field, number)
    if field.field_type != "text" or not isinstance(value, str | int | float) or is_blank(field, value):
        return []
    text = scalar_text(value).strip()
    size, unit = Decimal(len(text)), " characters long"
    if "numeric" in field.field_validation:
        size, unit = Decimal(text) if PLAIN.fullmatch(text) else None, ""
    complaints: list[str] = []
    for rule in field.field_validation:
        name, _, bound = rule.partition(":")
        if name in _CHECKS and not _CHECKS[name](text):
            complaints.append(_WORDS[name])
        elif name == "min" and size is not None and size < Decimal(bound):
            complaints.append(f"at least {bound}{unit}")
        elif name == "max" and size is not None and size > Decimal(bound):
            complaints.append(f"at most {bound}{unit}")
    return [f"{field.label} must be {complaint}" for complaint in complaints]


def _consists_of(text: str, categories: str, others: str = "") -> bool:
    return all(unicodedata.category(letter)[0] in categories or letter in others for letter in text)


_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "numeric": lambda text: PLAIN.fullmatch(text) is not None,
    "email": is_email,
    "url": lambda text: _URL.fullmatch(text) is not None,
    "alpha": lambda text: _consists_of(text, "LM"),
    "alpha_num": lambda text: _consists_of(text, "LMN"),
    "alpha_dash": lambda text: _consists_of(text, "LMN", "-_"),
}


def _refuse(field: Field, wanted: str) -> NoReturn:
    raise Unacceptable(f"{field.label} must be {wanted}")


def _text(field: Field, sent: object) -> object:
    fits = isinstance(sent, str) or (isinstance(sent, int | float) and abs(sent) < MAX_NUMBER)
    if not fits or not isinstance(sent, str | int | float):
        _refuse(field, "text")
    if len(scalar_text(sent)) > MAX_TEXT:
        _refuse(field, f"at most {MAX_TEXT} characters long")
    if complaints := broken_rules(field, sent):
        raise Unacceptable(*complaints)
    return sent


def _out_of_bounds(field: Field, number: Decimal) -> list[str]:
    complaints: list[str] = []
    least, most = of_json(field.minimum), of_json(field.maximum)
    if least is not None and number < least:
        complaints.append(f"at least {least:f}")
    if most is not None and number > most:
        complaints.append(f"at most {most:f}")
    if field.decimals is not None and decimals_of(number) > field.decimals:
        complaints.append(f"a number with at most {field.decimals} decimals" if field.decimals else "a whole number")
    return [f"{field.label} must be {complaint}" for complaint in complaints]


def _number(field: Field, sent: object) -> object:
    """Refused rather than rounded. Spec: T-11.51."""
    try:
        number = read_number(sent)
    except NotExact:
        _refuse(field, f"a number of at most {MAX_DIGITS} digits, of which at most {MAX_DECIMALS} are decimals")
    if number is None:
        _refuse(field, "a number, in digits with a decimal point")
    if complaints := _out_of_bounds(field, number):
        raise Unacceptable(*complaints)
    return to_json(number)


def _textarea(field: Field, sent: object) -> object:
    if not isinstance(sent, str):
        _refuse(field, "text")
    if len(sent) > MAX_TEXTAREA:
        _refuse(field, f"at most {MAX_TEXTAREA} characters long")
    return sent


def _email(field: Field, sent: object) -> object:
    if not isinstance(sent, str) or not is_email(sent.strip()):
        _refuse(field, "an e-mail address")
    return sent.strip()


def _date(field: Field, sent: object) -> object:
    try:
        return wire(parse_instant(sent))
    except ValueError as error:
        raise Unacceptable(f"{field.label}: {error}") from None


def _radio(field: Field, sent: object) -> object:
    if not any(option.text == sent for option in field.options):
        _refuse(field, "the text of one of its options")
    return sent


def _dropdown(field: Field, sent: object) -> object:
    option, chosen = find_option(field, sent), as_object(sent)
    if option is None or chosen is None:
        raise Unacceptable(INVALID_CHOICE)
    value = chosen.get("value")
    extra = {"value": value if is_scalar(value) else option.value} if "value" in chosen else {}
    return {"id": option.id, "text": option.text, **extra}


def _multiselect(field: Field, sent: object) -> object:
    entries = read_checklist(field, sent)
    if entries is None:
        _refuse(field, "a list of its options, each with id and text")
    return entries


def _table(field: Field, sent: object) -> object:
    entries = as_list(sent)
    if entries is None:
        raise Unacceptable(INVALID_TABLE)
    if len(entries) != len(field.columns):
        raise Unacceptable(WRONG_WIDTH)
    if not all(is_scalar(cell) for cell in table_cells(entries)):
        raise Unacceptable(INVALID_TABLE)
    return entries


_ACCEPTORS: Mapping[FieldType, Callable[[Field, object], object]] = {
    "text": _text,
    "textarea": _textarea,
    "email": _email,
    "date": _date,
    "radio": _radio,
    "dropdown": _dropdown,
    "multiselect": _multiselect,
    "table": _table,
    "number": _number,
    "currency": _number,
}


def _assignees(field: Field, sent: object, people: People) -> object:
    given = as_object(sent)
    if given is None or not given.keys() & {*LISTS, "assignees"}:
        _refuse(field, "an object with users, guests and groups")
    users, complaints = dict[int, None](), list(strangers(given, LISTS, also=ALSO_READ).values())
    for entry in _named(given.get("users", given.get("assignees")), "users", complaints):
        user = as_int(entry)
        if user is None or user not in people.members:
            complaints.append(f"There is no active member {entry}")
        else:
            users[user] = None
    groups = [str(entry).lower() for entry in _named(given.get("groups"), "groups", complaints)]
    complaints += [f"There is no group {group}" for group in groups if group not in people.groups]
    guests = [str(entry).strip().lower() for entry in _named(given.get("guests"), "guests", complaints)]
    complaints += [f"{guest} is not an e-mail address" for guest in guests if not is_email(guest)]
    complaints += [f"{guest} cannot be a guest here" for guest in guests if guest in people.addresses_in_use]
    if complaints:
        raise Unacceptable(*(f"{field.label}: {complaint[:300]}" for complaint in complaints[:10]))
    return {"users": list(users), "guests": list(dict.fromkeys(guests)), "groups": list(dict.fromkeys(groups))}


def _named(sent: object, kind: str, complaints: list[str]) -> list[object]:
    """The ids or addresses in one list of an assignee object, out of the objects they may be wrapped in."""
    entries = as_list(sent)
    if entries is None and sent is not None and sent != "":
        complaints.append(f"The {kind} must be a list")
    return [entry if (wrapped := as_object(entry)) is None else wrapped.get("id") for entry in entries or []]


def _files(field: Field, sent: object, org_id: str, stored: Mapping[str, Mapping[str, object]] | None) -> object:
    entries = as_list(sent)
    if entries is None or len(entries) > MAX_FILES:
        _refuse(field, f"a list of at most {MAX_FILES} files")
    return [_file(field, entry, org_id, stored) for entry in entries]


def _file(
    field: Field, sent: object, org_id: str, stored: Mapping[str, Mapping[str, object]] | None
) -> Mapping[str, object]:
    """What is kept of a file: of one stored here what is known of it, its download path being both addresses."""
    given = as_object(sent)
    if given is None:
        _refuse(field, "a list of file objects")
    entry: dict[str, object] = {key: text for key in _FILE_TEXTS if isinstance(text := given.get(key), str) and text}
    entry |= {key: number for key in _FILE_NUMBERS if isinstance(number := given.get(key), int)}
    subject = as_object(given.get("subject"))
    if subject is not None and all(is_scalar(part) for part in subject.values()):
        entry["subject"] = subject
    addresses = [str(entry[key]) for key in ("url", "full_url") if key in entry]
    asset = file_named_by(entry, org_id)
    if asset is not None:
        if not _ASSET_ID.fullmatch(asset):
            raise Unacceptable(f"{field.label}: a file id is made of letters and digits")
        if stored is not None and asset not in stored:
            raise Unacceptable(f"{field.label}: there is no file {asset}")
        known = entry if stored is None else stored[asset]
        return {**known, "id": asset, **dict.fromkeys(("url", "full_url"), path_of(asset, org_id))}
    if not addresses:
        raise Unacceptable(f"{field.label}: each file needs an id, a url or a full_url")
    address = next((found for each in addresses if (found := _web_address(each)) is not None), None)
    if address is None:
        raise Unacceptable(f"{field.label}: the address of a file begins with http:// or https://")
    return {**entry, "url": address, "full_url": address}


def _web_address(sent: str) -> str | None:
    """The address, with https:// in front where it names no scheme; None when it is none. Spec: F3."""
    whole = f"https://{sent}" if _HOST.match(sent) else sent
    return whole if _WEB_ADDRESS.fullmatch(whole) else None
