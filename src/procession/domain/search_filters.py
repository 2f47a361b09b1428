"""The conditions of a search besides its text: a tree of tests. Spec: api-content 3.1."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias, cast, get_args

from procession.domain.errors import Invalid
from procession.domain.loose import clean_text
from procession.domain.names import fold
from procession.domain.times import DAY, parse_day

SearchType = Literal["blueprint", "process", "task", "snippet", "capture", "step"]
Field = Literal["starter", "date", "title", "description"]
Comparison = Literal["=", "!=", "<", ">", "<=", ">="]
Word = Literal["AND", "OR"]

TYPES: tuple[SearchType, ...] = get_args(SearchType)
USUAL: tuple[SearchType, ...] = ("blueprint", "process", "task", "snippet")
FIELDS: Mapping[SearchType, tuple[Field, ...]] = {
    "blueprint": ("starter", "date", "title", "description"),
    "process": ("starter", "date", "title", "description"),
    "task": ("starter", "title"),
}
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
MOST_TESTS = 20
MOST_DEPTH = 5


class Test(NamedTuple):
    """`value` is a member's id, a folded title, a text, or where a day begins."""

    field: Field
    comparison: Comparison
    value: int | str


class Group(NamedTuple):
    word: Word
    parts: "tuple[Node, ...]"


Node: TypeAlias = Test | Group
_Tree: TypeAlias = dict[str, Any]  # of the words between brackets: texts, or more of it


def read_filter(given: Iterable[tuple[str, str]]) -> Node | None:
    """The filter among a query's names and values, `filter[...]`; None when there is none. Raises Invalid."""
    tree: _Tree = {}
    for name, value in given:
        if name == "filter":
            raise _wrong("The filter must be made of filter[type], filter[field], filter[operation] and filter[value].")
        if name.startswith("filter["):
            _enter(tree, name.removeprefix("filter[").removesuffix("]").split("]["), value)
    if not tree:
        return None
    node = _node(tree, depth=1)
    if len(list(tests_in(node))) > MOST_TESTS:
        raise _wrong(f"A filter has at most {MOST_TESTS} conditions.")
    return node


def tests_in(node: Node) -> Iterable[Test]:
    if isinstance(node, Test):
        yield node
    else:
        for part in node.parts:
            yield from tests_in(part)


def require_fields(node: Node, types: Iterable[SearchType]) -> None:
    """Raises Invalid naming the fields that a type has."""
    for kind in types:
        allowed = FIELDS.get(kind, ())
        for test in tests_in(node):
            if test.field not in allowed:
                what = f"one of {', '.join(allowed)}" if allowed else "nothing: it takes no filter"
                raise _wrong(f"The filter field of {kind} must be {what}.")


def _wrong(sentence: str) -> Invalid:
    return Invalid({"filter": [sentence]})


def _enter(tree: _Tree, path: list[str], value: str) -> None:
    if len(path) > MOST_DEPTH + 1:
        raise _wrong(f"Groups of a filter may stand in one another {MOST_DEPTH} deep.")
    for word in path[:-1]:
        inner = tree.setdefault(word, {})
        if not isinstance(inner, dict):
            raise _wrong("A part of the filter is both a condition and a group.")
        tree = cast("_Tree", inner)
    if isinstance(tree.get(path[-1]), dict):
        raise _wrong("A part of the filter is both a condition and a group.")
    tree[path[-1]] = value


def _node(tree: _Tree, *, depth: int) -> Node:
    numbered = sorted((int(key), tree[key]) for key in tree if key.isascii() and key.isdigit() and len(key) < 6)
    if not numbered:
        return _test(tree)
    parts = [cast("_Tree", part) for _, part in numbered if isinstance(part, dict)]
    if len(parts) != len(numbered):
        raise _wrong("Every part of a filter group must be a condition or a group.")
    if parts[0].get("type") != "boolean":
        return _node(parts[0], depth=depth + 1)  # without a word that joins them the others do not count
    word = str(parts[0].get("value")).upper()
    if word not in ("AND", "OR") or len(parts) == 1:
        raise _wrong("A filter group begins with AND or OR, and conditions follow.")
    return Group(word, tuple(_node(part, depth=depth + 1) for part in parts[1:]))


def _test(tree: _Tree) -> Test:
    if tree.get("type") != "field":
        raise _wrong("The filter type must be field or boolean.")
    field, value = tree.get("field"), tree.get("value")
    comparison = tree.get("operation", "=")
    comparison = "!=" if comparison == "<>" else comparison
    known = FIELDS["blueprint"]
    if field not in known:
        raise _wrong(f"The filter field must be one of {', '.join(known)}.")
    if comparison not in COMPARISONS:
        raise _wrong("The filter operation must be one of =, <>, !=, <, >, <=, >=.")
    if not isinstance(value, str):
        raise _wrong("The filter value field is required.")
    return Test(field, comparison, _value(field, value))


def _value(field: Field, text: str) -> int | str:
    match field:
        case "starter":
            if not text.isascii() or not text.isdigit() or len(text) > 15:
                raise _wrong("The filter value of starter must be the id of a member.")
            return int(text)
        case "date":
            try:
                return parse_day(text)
            except ValueError as fault:
                raise _wrong(str(fault)) from None
        case "title":
            return fold(clean_text(text))
        case "description":
            return clean_text(text)


def bounds(test: Test) -> tuple[int, int]:
    """Where the day of a date test begins and where it has ended."""
    assert isinstance(test.value, int)
    return test.value, test.value + DAY
