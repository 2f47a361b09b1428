"""What a list of processes is asked for. Spec: api-processes 6."""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from procession.domain.listing import Facet
from procession.domain.processes import State
from procession.domain.value_keys import Kind, ValueTest
from procession.domain.value_ranges import EVERY_KEY, Span, common, span_of

ANSWER = "answer"

# Facets of which a process has one key at most: totals of several keys add up.
SINGLE_VALUED = frozenset({Facet.TEMPLATE, Facet.TYPE, Facet.FOLDER, Facet.STATUS, Facet.IMPROVEMENT, Facet.UNTAGGED})


class Keyed(msgspec.Struct, frozen=True):
    """Processes listed under any of these keys, or under every one of them."""

    facet: Facet
    keys: tuple[str, ...]
    every: bool = False


class Valued(msgspec.Struct, frozen=True):
    """A condition on the answer to these fields, of which a process has one. `in`: it is under any of the keys;
    `within`: its key lies in the span.

    Where the list is one of some templates, the fields are theirs.
    """

    fields: tuple[int, ...]
    kind: Kind
    operator: Literal["in", "ne", "contains", "within", "empty", "not_empty"]
    keys: tuple[str, ...] = ()
    span: Span = EVERY_KEY


def conditions_on(fields: tuple[int, ...], kind: Kind, tests: Iterable[ValueTest]) -> Iterator[Valued]:
    """What is asked of the fields, with all conditions of order as one."""
    span: Span | None = None
    for test in tests:
        match test.operator:
            case "eq":
                yield Valued(fields, kind, "in", test.keys)
            case "in" | "ne" | "contains" | "empty" | "not_empty":
                yield Valued(fields, kind, test.operator, test.keys)
            case _:
                span = span_of(test) if span is None else common(span, span_of(test))
    if span is not None:
        yield Valued(fields, kind, "within", span=span)


class StatusPart(msgspec.Struct, frozen=True):
    """One word of the `status` filter: processes in these states that also meet the condition, if there is one."""

    states: frozenset[State]
    keyed: Keyed | None = None
    delayed: bool = False

    @property
    def is_plain(self) -> bool:
        return self.keyed is None and not self.delayed


class ProcessFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Parts are joined by OR, everything else by AND."""

    parts: tuple[StatusPart, ...]
    keyed: tuple[Keyed, ...] = ()
    # Folded text that the name contains, or the process's own number.
    text: str | None = None
    number: int | None = None
    unstarred_by: int | None = None
    valued: tuple[Valued, ...] = ()

    @property
    def states(self) -> tuple[State, ...]:
        return tuple(sorted({state for part in self.parts for state in part.states}))


class Order(msgspec.Struct, frozen=True):
    """Sort fields in the order they apply; the process's number breaks ties. Nulls come last either way.

    Answers are named by their place in `fields`, which has the numbers of the fields that are meant.
    """

    keys: tuple[tuple[str, bool], ...] = (("seq", True),)
    fields: tuple[tuple[int, ...], ...] = ()

    @property
    def by_answer(self) -> bool:
        """Whether an answer is all that it goes by."""
        return len(self.keys) == 1 and bool(self.fields)


def answer_key(place: int) -> str:
    """The name in `Order.keys` of the answers to `Order.fields[place]`."""
    return f"{ANSWER}{place}"


class Cursor(msgspec.Struct, frozen=True):
    """A place between two rows: the sort values and number of the row beside it."""

    values: tuple[int | str | None, ...]
    seq: int
    # True: the rows before that place, nearest last.
    backwards: bool = False


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of the ordered list are wanted: `size` from `offset`, or beside a cursor."""

    size: int
    offset: int = 0
    cursor: Cursor | None = None


DEFAULT_STATES = frozenset({State.OPEN, State.COMPLETE})
EVERYTHING = ProcessFilter(parts=(StatusPart(DEFAULT_STATES),))
