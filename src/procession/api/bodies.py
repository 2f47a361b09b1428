"""Request bodies: JSON or bracketed form, every failing field reported at once. Spec: api-conventions 13, 14.3."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from msgspec import NODEFAULT, UNSET, UnsetType
from starlette.requests import Request

from procession.adapters.multipart import FormReader, Unreadable
from procession.domain.errors import Invalid, Malformed, TooLarge
from procession.domain.loose import clean_json, deeper_than, strangers

B = TypeVar("B", bound=msgspec.Struct)

MAX_DEPTH = 64
MAX_FORM_FIELDS = 100_000
LARGEST_INTEGER = 2**63 - 1
ID_LENGTH = 32
MAX_LENGTH_DIGITS = 18
# What `name[]=` says, which is nothing when it is alone.
NOTHING = object()
KEYED = frozenset({"prerun", "tasks", "taskdata"})
_PATH = re.compile(r" - at `\$(.*)`$")
_INDEX = re.compile(r"\[(\d+|\.\.\.)\]")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")  # neither bracket inside: a row of brackets is read once, not once for each


async def read_limited(request: Request, most: int) -> bytes:
    """The whole body; raises TooLarge as soon as it is longer than `most` bytes."""
    sentence = f"The body is larger than {most} bytes."
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > MAX_LENGTH_DIGITS or int(declared) > most):
        raise TooLarge(sentence)
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > most:
            raise TooLarge(sentence)
        pieces.append(piece)
    return b"".join(pieces)


def parse_json(raw: bytes) -> Any:
    """The body as plain data; an empty body is an empty object. Raises Malformed."""
    if not raw.strip():
        return {}
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed() from error
    if deeper_than(value, MAX_DEPTH):
        raise Malformed("The body is nested too deeply.")
    return clean_json(value)


def parse_form(raw: bytes) -> dict[str, Any]:
    """`a=1&owners[users][]=12&owners[users][]=40` as nested objects and lists; `a[]=` alone is an empty list."""
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
    except ValueError as error:  # no UTF-8, or too many
        raise Malformed("Malformed form data") from error
    return _nested(pairs)


def parse_multipart(raw: bytes, content_type: str) -> dict[str, Any]:
    """The fields of a multipart form, as `parse_form`. Raises Malformed, also for a file: those are uploaded first."""
    try:
        reader = FormReader(content_type, most_fields=MAX_FORM_FIELDS, most_field_bytes=len(raw))
        reader.feed(raw)
    except Unreadable as error:
        raise Malformed(f"Malformed form data: {error}") from error
    if reader.part is not None:
        raise Malformed("This takes no file. Upload it with POST /file first, and send what that answers.")
    if not reader.is_complete:
        raise Malformed("Malformed form data: it breaks off.")
    return _nested(reader.pairs)


def _nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for name, value in pairs:
        head = name.partition("[")[0]
        _place(root, [head, *_BRACKETS.findall(name)[:MAX_DEPTH]], value.replace("\x00", ""))
    return _lists(root)


def _place(node: dict[str, Any], keys: list[str], value: str) -> None:
    for key in keys[:-1]:
        name = key or str(len(node))
        if not isinstance(node.get(name), dict):
            node[name] = {}
        node = cast("dict[str, Any]", node[name])
    node[keys[-1] or str(len(node))] = value if value or keys[-1] else NOTHING


def _lists(node: Any) -> Any:
    if node is NOTHING:
        return ""
    if not isinstance(node, dict):
        return node
    entries = cast("dict[str, Any]", node)
    if list(entries.values()) == [NOTHING]:
        return []
    items = {key: _lists(value) for key, value in entries.items()}
    places = [str(index) for index in range(len(items))]
    return [items[place] for place in places] if items and items.keys() == set(places) else items


def read_body(shape: type[B], given: Any, ignored: list[str]) -> B:
    """`shape` filled from plain data. Unknown keys go to `ignored` as `body:key`; raises Invalid with every fault."""
    if isinstance(given, list) and not given:
        given = {}
    if not isinstance(given, Mapping):
        raise Invalid({"body": ["The body must be a JSON object."]})
    fields = _fields(shape)
    values: dict[str, Any] = {}
    errors: dict[str, list[Any]] = {}
    for name, value in given.items():  # pyright: ignore[reportUnknownVariableType]  # plain data
        field = fields.get(str(name))  # pyright: ignore[reportUnknownArgumentType]  # plain data
        if field is None:
            ignored.append(f"body:{name}")
            continue
        try:
            values[field.name] = converted = msgspec.convert(value, field.type, strict=False)
            if (place := _beyond_storage(converted, str(name))) is not None:  # pyright: ignore[reportUnknownArgumentType]  # plain data
                errors |= _unusable(place)
            errors |= {path: [said] for path, said in _misspelt(value, field.type, str(name))}  # pyright: ignore[reportUnknownArgumentType]  # plain data
        except msgspec.ValidationError as error:
            path, message = _explained(str(name), str(error), value)  # pyright: ignore[reportUnknownArgumentType]  # plain data
            errors[path] = [message]
    for wire, field in fields.items():
        if field.required and field.name not in values and wire not in errors and not _failed_below(wire, errors):
            errors[wire] = [required(wire)]
    if errors:
        raise Invalid(errors)
    return shape(**values)


def _misspelt(value: Any, kind: Any, place: str) -> Iterator[tuple[str, str]]:
    """Keys inside objects that nothing reads, by their places, each with a sentence: what is replaced as a whole would
    lose what they were to say. A shape that `IS_A_NAME` loses nothing: things may be named as they were answered.
    Spec: api-conventions 13.
    """
    shape, element = _inside(kind)
    if element is not None and isinstance(value, list):
        for index, each in enumerate(cast("list[Any]", value)):
            yield from _misspelt(each, element, f"{place}.{index}")
    elif shape is not None and isinstance(value, dict) and not getattr(shape, "IS_A_NAME", False):
        sent, known = cast("dict[str, Any]", value), _fields(shape)
        for key, sentence in strangers(sent, tuple(known)).items():
            yield f"{place}.{key}", sentence
        for name in known.keys() & sent.keys():
            yield from _misspelt(sent[name], known[name].type, f"{place}.{name}")


@cache
def _inside(kind: Any) -> tuple[type[msgspec.Struct] | None, Any]:
    """The shape of the objects that may stand here, and the kind of a list's entries; None: no such thing may."""
    shape: type[msgspec.Struct] | None = None
    element: Any = None
    options = [get_args(kind)[0]] if get_origin(kind) is Annotated else [kind]
    if get_origin(options[0]) in (Union, UnionType):
        options = [get_args(each)[0] if get_origin(each) is Annotated else each for each in get_args(options[0])]
    for option in options:
        if get_origin(option) is list:
            element = get_args(option)[0]
        elif isinstance(option, type) and issubclass(option, msgspec.Struct):
            shape = option
    return shape, element


def _beyond_storage(value: Any, place: str) -> str | None:
    """Where the first whole number stands that has more than 64 bits; None when there is none."""
    inside: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, int):
        return place if abs(value) > LARGEST_INTEGER else None
    if isinstance(value, list | tuple | frozenset):
        inside = enumerate(cast("Iterable[Any]", value))
    elif isinstance(value, dict):
        inside = cast("dict[str, Any]", value).items()
    elif isinstance(value, msgspec.Struct):
        inside = msgspec.structs.asdict(value).items()
    return next((found for key, each in inside if (found := _beyond_storage(each, f"{place}.{key}"))), None)


def _unusable(place: str) -> dict[str, list[Any]]:
    """By field, and by key inside the fields whose content is keyed by ids. Spec: api-conventions 14.3."""
    field, _, below = place.partition(".")
    if field in KEYED and below:
        # Lists of single-key objects mean the same: places in them are no keys.
        keys = [part for part in below.split(".") if not (part.isdecimal() and len(part) < ID_LENGTH)]
        if keys:
            return {field: [{keys[0]: [f"The {words(field)} holds a number that is not a usable value."]}]}
    return {place: [f"The {words(place)} is not a usable value."]}


def _failed_below(name: str, errors: Mapping[str, Any]) -> bool:
    return any(path.startswith(f"{name}.") for path in errors)


def required(name: str) -> str:
    return f"The {words(name)} field is required."


def words(name: str) -> str:
    return name.replace("_", " ").replace(".", " ")


class _Field:
    def __init__(self, name: str, kind: Any, *, required: bool) -> None:
        self.name = name
        self.type = kind
        self.required = required


@cache
def _fields(shape: type[msgspec.Struct]) -> Mapping[str, _Field]:
    hints = get_type_hints(shape, include_extras=True)
    fields: dict[str, _Field] = {}
    for info in msgspec.structs.fields(shape):
        needed = info.default is NODEFAULT and info.default_factory is NODEFAULT
        fields[info.encode_name] = _Field(info.name, _without_unset(hints[info.name]), required=needed)
    return fields


def _without_unset(kind: Any) -> Any:
    options = get_args(kind)
    if UnsetType not in options:
        return kind
    kept = [option for option in options if option is not UnsetType]
    union = kept[0]
    for option in kept[1:]:
        union = union | option
    return union


_FRIENDLY = [
    (re.compile(r"Expected `str.*`, got"), "The {field} must be a string."),
    (re.compile(r"Expected `(int|float).*`, got"), "The {field} must be a number."),
    (re.compile(r"Expected `bool.*`, got"), "The {field} field must be true or false."),
    (re.compile(r"Expected `array.*`, got"), "The {field} must be a list."),
    (re.compile(r"Expected `object.*`, got"), "The {field} must be an object."),
    (re.compile(r"Expected `str` of length <= (\d+)"), "The {field} may not be greater than {0} characters."),
    (re.compile(r"Expected `str` of length >= (\d+)"), "The {field} must be at least {0} characters."),
    (re.compile(r"Expected `array` of length <= (\d+)"), "The {field} may not have more than {0} items."),
    (re.compile(r"Expected `str` matching regex"), "The {field} format is invalid."),
    (re.compile(r"Expected `int` >= (-?\d+)"), "The {field} must be at least {0}."),
    (re.compile(r"Expected `int` <= (-?\d+)"), "The {field} may not be greater than {0}."),
    (re.compile(r"Invalid enum value"), "The selected {field} is invalid."),
    (re.compile(r"missing required field `([^`]*)`"), "The {0} field is required."),
    (re.compile(r"Invalid (value|number|integer)|Integer|out of range"), "The {field} is not a usable value."),
]


def _explained(name: str, problem: str, value: Any) -> tuple[str, str]:
    """Dotted path and a sentence, from msgspec's account of what went wrong."""
    found = _PATH.search(problem)
    below = _INDEX.sub(r".\1", found.group(1)).lstrip(".") if found else ""
    path = f"{name}.{below}" if below else name
    if value is None and not below:
        return path, required(name)
    for pattern, sentence in _FRIENDLY:
        matched = pattern.search(problem)
        if matched:
            return path, sentence.format(*matched.groups(), field=words(path))
    return path, f"The {words(path)} is invalid."


def given(value: Any) -> bool:
    """Whether a partial update says anything about this field."""
    return value is not UNSET
