"""What a list is asked for, with its values bound to the names that statements use."""

from typing import Any, NamedTuple

import msgspec

from procession.domain.filters import Cursor, Keyed, Order, ProcessFilter, StatusPart, answer_key
from procession.domain.listing import Facet
from procession.domain.processes import State
from procession.storage.access import Sight
from procession.storage.dialect import DialectName, escape_like
from procession.storage.listing import totals
from procession.storage.listing.conditions import KeyedShape, PartShape, Shape, search_bounds
from procession.storage.listing.values import bound, fields_name, shape_of
from procession.storage.search import SHORTEST_INDEXED, index_on, phrase

# So many fields of different templates are merged: a list of all may go by an answer that each of them asks for.
MAX_FIELDS = 32


class Caller(NamedTuple):
    """Who asks where, as far as it decides about statements and their values."""

    me: int
    org: int
    sight: Sight
    dialect: DialectName


class Plan:
    """A filter with its values bound to a shape's fixed names; only `now` is bound later."""

    def __init__(self, caller: Caller, where: ProcessFilter, order: Order) -> None:
        sight = caller.sight
        self.where = _with_single_part_as_facet(_without_repeated_parts(where))
        self.keyed = list(self.where.keyed)
        self.values: dict[str, Any] = {"me": caller.me}
        self.caller = caller
        self.sight = sight
        parts: list[PartShape] = []
        for part in self.where.parts:
            shape = None if part.keyed is None else self._bind(part.keyed, len(self.keyed) + len(parts))
            parts.append(PartShape(tuple(sorted(part.states)), shape, part.delayed))
        keyed = tuple(self._bind(each, slot) for slot, each in enumerate(self.keyed))
        valued = tuple(shape_of(each, slot, caller.dialect) for slot, each in enumerate(self.where.valued))
        self.values |= search_bounds(caller.org)
        for slot, each in enumerate(self.where.valued):
            self.values |= bound(each, slot)
        for place, fields in enumerate(order.fields):
            name = fields_name(answer_key(place))
            self.values[name] = list(fields)
            self.values |= {f"{name}{n}": field for n, field in enumerate(fields[:MAX_FIELDS])}
        self.blanks = self._bind_blanks(len(keyed) + len(parts))
        self.shape = Shape(
            parts=tuple(parts),
            keyed=keyed,
            limited_sight=not sight.is_unlimited,
            text=self.where.text is not None,
            number=self.where.number is not None,
            unstarred=self.where.unstarred_by is not None,
            valued=valued,
            implied=templates_of(keyed) if valued else None,
            search=self._bind_text(),
        )
        if sight.principals is not None:
            self.values["principals"] = list(sight.principals)
        self.values["unstarred_by"] = self.where.unstarred_by
        self.values["number"] = self.where.number
        stars = [] if self.where.unstarred_by is None else [Keyed(Facet.STAR, (str(self.where.unstarred_by),))]
        self.counters = totals.Counters([*self.keyed, *stars, *(blank for blank, _ in self.blanks.values())])

    def _bind(self, keyed: Keyed, slot: int) -> KeyedShape:
        one = len(keyed.keys) == 1
        if one:
            self.values[f"k{slot}"] = keyed.keys[0]
        else:
            self.values[f"keys{slot}"] = list(keyed.keys)
            self.values[f"n{slot}"] = len(keyed.keys)
        return KeyedShape(keyed.facet, slot, one, keyed.every)

    def _bind_blanks(self, first: int) -> dict[int, tuple[Keyed, KeyedShape]]:
        """What processes without an answer are listed under, by the slot of the condition that wants none; where the
        list is one of templates that have the field.
        """
        if not any(each.facet is Facet.TEMPLATE for each in self.keyed):
            return {}
        found: dict[int, tuple[Keyed, KeyedShape]] = {}
        for slot, valued in enumerate(self.where.valued):
            if valued.operator == "empty":
                blank = Keyed(Facet.BLANK, tuple(map(str, valued.fields)))
                found[slot] = blank, self._bind(blank, first + slot)
        return found

    def _bind_text(self) -> str | None:
        text = self.where.text
        if text is None:
            self.values["pattern"] = None
            return "scan" if self.where.number is not None else None
        self.values["pattern"] = f"%{escape_like(text)}%"
        if len(text) < SHORTEST_INDEXED:
            return "scan"
        self.values["match"] = phrase(text)
        return index_on(self.caller.dialect)

    def keys_of(self, shape: KeyedShape) -> tuple[str, ...]:
        asked = zip(self.keyed, self.shape.keyed, strict=True)
        return next(keyed.keys for keyed, known in (*asked, *self.blanks.values()) if known == shape)

    def bind_cursor(self, cursor: Cursor) -> None:
        self.values["cursor_seq"] = cursor.seq
        self.values |= {f"cursor{n}": value for n, value in enumerate(cursor.values)}


def templates_of(keyed: tuple[KeyedShape, ...]) -> KeyedShape | None:
    return next((each for each in keyed if each.facet is Facet.TEMPLATE), None)


def _without_repeated_parts(where: ProcessFilter) -> ProcessFilter:
    """Of states that are wanted whole, nothing more is asked."""
    whole = frozenset[State]().union(*(part.states for part in where.parts if part.is_plain))
    parts = (
        part if part.is_plain else msgspec.structs.replace(part, states=part.states - whole) for part in where.parts
    )
    return msgspec.structs.replace(where, parts=tuple(part for part in parts if part.states))


def _with_single_part_as_facet(where: ProcessFilter) -> ProcessFilter:
    """A single status word with a facet is a facet filter like any other, and may drive the statement."""
    if len(where.parts) != 1 or where.parts[0].keyed is None:
        return where
    part = where.parts[0]
    return msgspec.structs.replace(
        where, parts=(StatusPart(part.states, None, part.delayed),), keyed=(*where.keyed, part.keyed)
    )
