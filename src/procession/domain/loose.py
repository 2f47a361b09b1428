"""Reading loosely typed JSON: what clients send as a number, a boolean or a list.

Each reader answers None for "not that"; the caller says which field is wrong. Spec: api-conventions 11, 13.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import cast

import msgspec

MAX_SAFE_INTEGER = 2**53 - 1
"""Beyond this, JavaScript clients and JSON functions of databases no longer agree on a number."""

_INTEGER = re.compile(r"[+-]?\d{1,16}", re.ASCII)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_BOOLEANS: dict[object, bool] = {"true": True, "false": False, "1": True, "0": False}


def as_bool(value: object) -> bool | None:
    """A boolean, 0 or 1, or one of these as text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return {0: False, 1: True}.get(value)
    return _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else None


def as_int(value: object) -> int | None:
    """An integer, a float without fraction, or decimal digits as text; None beyond what JSON clients can hold."""
    if (isinstance(value, str) and _INTEGER.fullmatch(value.strip())) or (
        isinstance(value, float) and value.is_integer()
    ):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER else None


def as_list(value: object) -> list[object] | None:
    return cast("list[object]", value) if isinstance(value, list) else None


def as_object(value: object) -> dict[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def strangers(sent: Iterable[str], known: Sequence[str], *, also: Collection[str] = ()) -> dict[str, str]:
    """The keys that nothing reads, each with a sentence that names those there are; `also` are read besides them."""
    there = f"{', '.join(known[:-1])} and {known[-1]}" if len(known) > 1 else known[0]
    return {key: f"There is no {key[:100]} here, only {there}." for key in sent if key not in known and key not in also}


def is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float)  # bool is an int


def deeper_than(value: object, levels: int) -> bool:
    """Whether lists and objects are nested more than `levels` deep; looks no further than that."""
    rows: list[object] = [value]
    for _ in range(levels + 1):
        rows = [child for row in rows for child in _children(row)]
        if not rows:
            return False
    return True


def _children(value: object) -> list[object]:
    """What a list or an object holds; an empty one still counts as a level."""
    entries = as_list(value)
    if entries is None:
        mapping = as_object(value)
        if mapping is None:
            return []
        entries = list(mapping.values())
    return entries or [None]


def json_size(value: object) -> int:
    """Bytes of the encoded value; beyond any limit when it cannot be encoded."""
    try:
        return len(msgspec.json.encode(value))
    except (ValueError, TypeError, OverflowError, RecursionError):
        return MAX_SAFE_INTEGER


def clean_text(text: str) -> str:
    """Without what no database stores: NUL and halves of surrogate pairs."""
    return _UNSTORABLE.sub("", text)


def clean_json(value: object) -> object:
    """`clean_text` on every text and key inside; the caller has bounded the nesting."""
    if isinstance(value, str):
        return clean_text(value)
    if (entries := as_list(value)) is not None:
        return [clean_json(entry) for entry in entries]
    if (mapping := as_object(value)) is not None:
        return {clean_text(key): clean_json(entry) for key, entry in mapping.items()}
    return value
