"""Whole objects that clients read, change and send back. Spec: api-templates 1, api-conventions 13."""

from collections.abc import Mapping
from functools import cache
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from procession.api.bodies import read_body

B = TypeVar("B", bound=msgspec.Struct)


def read_object(shape: type[B], given: Any, ignored: list[str]) -> B:
    """As `read_body`, but an empty text is null, and null says nothing about what can be left out but not cleared."""
    if not isinstance(given, Mapping):
        return read_body(shape, given, ignored)
    plain: dict[str, Any] = {str(name): value for name, value in given.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # plain JSON
    kept = _without_null(shape)
    sent = {name: None if value == "" else value for name, value in plain.items()}
    said = {name: value for name, value in sent.items() if value is not None or name not in kept}
    return read_body(shape, said, ignored)


@cache
def _without_null(shape: type[msgspec.Struct]) -> frozenset[str]:
    """Fields that may be left out and cannot be null, by their names on the wire."""
    hints = get_type_hints(shape)
    return frozenset(
        field.encode_name
        for field in msgspec.structs.fields(shape)
        if not field.required and hints[field.name] is not Any and NoneType not in get_args(hints[field.name])
    )
