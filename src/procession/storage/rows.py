"""Rows and structs: columns are integers and text, struct fields are booleans, documents and the rest.

A field is stored as its type says: `bool` as 0 or 1, text and numbers as they are, anything else as JSON.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from sqlalchemy import Column, Table

S = TypeVar("S", bound=msgspec.Struct)

PLAIN = (int, str, type(None))


class Mapper(Generic[S]):
    """Turns rows of `table` into `shape` and back, for the fields that are columns."""

    def __init__(self, shape: type[S], table: Table) -> None:
        self.shape = shape
        self.table = table
        hints = get_type_hints(shape)
        self.names = tuple(name for name in shape.__struct_fields__ if name in table.c)
        decoders = (_decoder(hints[name]) for name in self.names)
        # Most columns are what their fields are: only the others, by their places, are touched.
        self._decoders = [(place, decode) for place, decode in enumerate(decoders) if decode is not None]
        self._encoders = tuple(_encoder(hints[name]) for name in self.names)

    @property
    def columns(self) -> list[Column[Any]]:
        """What to select, in the order that `read` expects."""
        return [self.table.c[name] for name in self.names]

    def read(self, row: Sequence[Any], **more: Any) -> S:
        """A struct from a row; `more` are fields that are not columns."""
        values = list(row)
        for place, decode in self._decoders:
            value = values[place]
            if value is not None:
                values[place] = decode(value)
        return self.shape(**dict(zip(self.names, values, strict=True)), **more)

    def write(self, struct: S) -> dict[str, Any]:
        """Column values of a struct."""
        return {
            name: value if encode is None else encode(value)
            for name, encode in zip(self.names, self._encoders, strict=True)
            for value in (getattr(struct, name),)
        }


def _is_plain(kind: Any) -> bool:
    options = get_args(kind)
    # `Literal[...] | None` is a typing.Union, `str | None` a types.UnionType.
    if get_origin(kind) in (Union, UnionType):
        return all(_is_plain(option) for option in options)
    if options and all(isinstance(option, str) for option in options):  # Literal of words
        return True
    return isinstance(kind, type) and issubclass(kind, PLAIN) and not issubclass(kind, bool | IntEnum)


def _is_flag(kind: Any) -> bool:
    return kind is bool or set(get_args(kind)) == {bool, type(None)}


def _decoder(kind: Any) -> Callable[[Any], Any] | None:
    """What makes a field of a column that is not null."""
    if _is_flag(kind):
        return bool
    if isinstance(kind, type) and issubclass(kind, IntEnum):
        return kind
    if _is_plain(kind):
        return None
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)  # pyright: ignore[reportUnknownArgumentType]  # the type is known at run time only
    return decoder.decode


def _encoder(kind: Any) -> Callable[[Any], Any] | None:
    if _is_flag(kind):
        return lambda value: None if value is None else int(value)
    if isinstance(kind, type) and issubclass(kind, IntEnum):
        return int
    if _is_plain(kind):
        return None
    return lambda value: None if value is None else to_json(value)


def to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
