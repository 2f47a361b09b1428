"""What a list of processes is asked for. Spec: api-processes 6."""

import msgspec

from procession.domain.listing import Facet
from procession.domain.processes import State

# Facets of which a process has one key at most: totals of several keys add up.
SINGLE_VALUED = frozenset({Facet.TEMPLATE, Facet.TYPE, Facet.FOLDER, Facet.STATUS, Facet.IMPROVEMENT, Facet.UNTAGGED})


class Keyed(msgspec.Struct, frozen=True):
    """Processes listed under any of these keys, or under every one of them."""

    facet: Facet
    keys: tuple[str, ...]
    every: bool = False


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

    @property
    def states(self) -> tuple[State, ...]:
        return tuple(sorted({state for part in self.parts for state in part.states}))


class Order(msgspec.Struct, frozen=True):
    """Sort fields in the order they apply; the process's number breaks ties. Nulls come last either way."""

    keys: tuple[tuple[str, bool], ...] = (("seq", True),)


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
