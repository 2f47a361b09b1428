"""Query parameters: lenient by contract, one frozen struct per operation. Spec: api-conventions 6, 8, 10.

A field's type says how its text is read: `str | None`, `int | None`, `bool | None`, `tuple[str, ...]` and
`tuple[int, ...]` (comma lists, repeated keys and `key[]`). What cannot be read counts as absent and is named in
`X-Ignored-Params`; a query string is never an error.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import unquote, unquote_plus

import msgspec
from msgspec import Meta

P = TypeVar("P", bound="Params")

MAX_VALUE_CHARACTERS = 200_000
MAX_INTEGER = 2**53
# So many query strings are remembered with what they mean, if they are no longer than this.
REMEMBERED, REMEMBERED_LENGTH = 2_048, 1_000

_NESTED = re.compile(r"(\w+)\[([^\[\]]+)\](?:\[([^\[\]]*)\])?")
_TRUE, _FALSE = {"true", "1"}, {"false", "0"}


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all query structs. `ALIASES` maps other accepted names to fields."""

    ALIASES: ClassVar[Mapping[str, str]] = {}
    # In these a plus sign is a plus sign (e-mail addresses), not a blank.
    LITERAL_PLUS: ClassVar[frozenset[str]] = frozenset({"guests", "actor_email"})
    # Given as `name[part]=` or `name[part][part]=`, each a triple of texts: a part that is left out is empty. One with
    # other brackets than these has no first part, and its name as the second.
    NESTED: ClassVar[frozenset[str]] = frozenset()
    # Blanks around these say something; elsewhere they come from copying.
    EXACT: ClassVar[frozenset[str]] = frozenset()
    # Present without a value means true ("when set").
    BARE_FLAGS: ClassVar[frozenset[str]] = frozenset()


class PageParams(Params, frozen=True, kw_only=True):
    """What every list takes."""

    page: Annotated[int | None, Meta(description="Page number, from 1.")] = None
    per_page: Annotated[int | None, Meta(description="Rows per page; larger values are clamped.")] = None
    limit: Annotated[int | None, Meta(description="Other name of `per_page`, used when that is absent.")] = None
    sort: Annotated[str | None, Meta(description="Field to sort by; prefix `-` for descending order.")] = None
    sort_by: Annotated[str | None, Meta(description="Other name of `sort`.")] = None
    without_pagination: Annotated[bool | None, Meta(description="Answer the whole list, without `meta`.")] = None
    with_: Annotated[tuple[str, ...], Meta(description="Related data to include.")] = ()

    ALIASES: ClassVar[Mapping[str, str]] = {"with": "with_"}


def read_params(shape: type[P], raw: str, ignored: list[str]) -> P:
    """`shape` filled from a raw query string; names that could not be used are appended to `ignored`."""
    if len(raw) > REMEMBERED_LENGTH:
        return _read(shape, raw, ignored)
    found, names = _remembered(shape, raw)
    ignored.extend(names)
    return found  # pyright: ignore[reportReturnType]  # of the shape asked for


@lru_cache(REMEMBERED)
def _remembered(shape: type[Params], raw: str) -> tuple[Params, tuple[str, ...]]:
    """Clients ask the same questions again and again."""
    ignored: list[str] = []
    return _read(shape, raw, ignored), tuple(ignored)


def _read(shape: type[P], raw: str, ignored: list[str]) -> P:
    readers = _readers(shape)
    texts: dict[str, list[str]] = {}
    nested: dict[str, list[tuple[str, str, str]]] = {}
    for part in raw.split("&") if raw else ():
        name, equals, value = part.partition("=")
        name = unquote_plus(name)
        written = name.partition("[")[0] if "[" in name else ""
        name = name.removesuffix("[]")
        parts = _NESTED.fullmatch(name) if shape.NESTED else None
        if parts is not None and parts[1] in shape.NESTED and len(value) <= MAX_VALUE_CHARACTERS:
            nested.setdefault(parts[1], []).append((parts[2], parts[3] or "", read_text(unquote_plus(value)) or ""))
            continue
        if written in shape.NESTED:
            nested.setdefault(written, []).append(("", name[:100], ""))
            continue
        field = shape.ALIASES.get(name, name)
        if field not in readers:
            if name:
                ignored.append(name)
            continue
        text = unquote(value) if field in shape.LITERAL_PLUS else unquote_plus(value)
        text = text if field in shape.EXACT else text.strip()
        if not equals and field in shape.BARE_FLAGS:
            text = "true"
        if text and len(text) <= MAX_VALUE_CHARACTERS:
            texts.setdefault(field, []).append(text)
        elif text:
            ignored.append(name)
    values: dict[str, Any] = {name: tuple(triples) for name, triples in nested.items()}
    for field, given in texts.items():
        value, unread = readers[field](given)
        name = field.rstrip("_")
        if value is None or value == ():
            ignored.append(name)
        else:
            values[field] = value
            ignored.extend(f"{name}:{word}" for word in unread)
    return shape(**values)


# What was read, and the words of a list that could not be.
Reading = tuple[Any, list[str]]


def _one(read: Callable[[str], Any]) -> Callable[[list[str]], Reading]:
    return lambda given: (read(given[-1]), [])


def _many(read: Callable[[str], Any]) -> Callable[[list[str]], Reading]:
    def read_all(given: list[str]) -> Reading:
        words = [word for text in given for part in text.split(",") if (word := part.strip())]
        found = {word: read(word) for word in words}
        unread = [word for word, value in found.items() if value is None]
        return tuple(dict.fromkeys(value for value in found.values() if value is not None)), unread

    return read_all


def read_text(text: str) -> str | None:
    return text.replace("\x00", "").strip("\ufeff\u200b\u200c\u200d\u2060") or None


def read_integer(text: str) -> int | None:
    digits = text.strip()
    if not digits.removeprefix("-").isascii() or not digits.removeprefix("-").isdigit() or len(digits) > 40:
        return None
    return max(-MAX_INTEGER, min(int(digits), MAX_INTEGER))


def read_flag(text: str) -> bool | None:
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


@cache
def _readers(shape: type[Params]) -> Mapping[str, Callable[[list[str]], Reading]]:
    return {name: _reader(kind) for name, kind in field_types(shape).items() if name not in shape.NESTED}


@cache
def field_types(shape: type[Params], *, extras: bool = False) -> Mapping[str, Any]:
    """Field name to type, in declaration order; with `extras` still carrying descriptions and bounds."""
    hints = get_type_hints(shape, include_extras=extras)
    return {name: hints[name] for name in shape.__struct_fields__}


def _reader(kind: Any) -> Callable[[list[str]], Reading]:
    if get_origin(kind) is tuple:
        return _many(read_integer if get_args(kind)[0] is int else read_text)
    options = get_args(kind) or (kind,)
    return _one(read_flag if bool in options else read_integer if int in options else read_text)
