"""The sets that lists are made of: processes in a state, under a key, seen by somebody, with an answer, with a name.

Each is read whole, or for a few processes that have changed.
"""

from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Text, cast, func, literal_column, or_, select
from sqlalchemy import bindparam as bound_as

from procession.domain.filters import Valued
from procession.domain.listing import Facet
from procession.domain.processes import State
from procession.storage.connection import Read
from procession.storage.dialect import DialectName, apart, constant, escape_like, is_in
from procession.storage.listing.conditions import P, Shape, found_by_name, in_states, named, search_bounds
from procession.storage.listing.values import ValuedShape, bound, is_other, meets, of_field, shape_of
from procession.storage.query import Query
from procession.storage.search import SHORTEST_INDEXED, index_on, phrase
from procession.storage.tables.lists import process_access, process_facets, process_values

STATEMENTS_KEPT = 1_000
STATES = tuple(State)


class InState(msgspec.Struct, frozen=True):
    state: State


class Under(msgspec.Struct, frozen=True):
    facet: Facet
    key: str


class SeenBy(msgspec.Struct, frozen=True):
    principal: str


class Answered(msgspec.Struct, frozen=True):
    """By any condition but `empty`."""

    valued: Valued


class LateBefore(msgspec.Struct, frozen=True):
    """Open, with a deadline before this instant, which is a whole hour: those since then are looked up each time."""

    instant: int


class Called(msgspec.Struct, frozen=True):
    """Whose name has the folded text in it, or which has the number."""

    text: str | None
    number: int | None


Part = InState | Under | SeenBy | Answered | LateBefore | Called


def members_read(part: Part, slot: int, org: int, dialect: DialectName, among: list[int] | None) -> Read:
    """The numbers in the set as one text (`numbers_in`), all of them or those among a few. `slot` keeps the names of
    values apart that are asked for together.
    """
    few = among is not None
    values: dict[str, Any] = {"org": org, "among": among} if few else {"org": org}
    match part:
        case InState(state):
            return _in_state(state, few=few), values
        case Under(facet, key):
            return _under(facet, slot, few=few), {**values, f"k{slot}": key}
        case SeenBy(principal):
            return _seen_by(slot, few=few), {**values, f"principal{slot}": principal}
        case Answered(valued):
            return _answered(shape_of(valued, slot, dialect), few=few), {**values, **bound(valued, slot)}
        case LateBefore(instant):
            return _late_before(slot, few=few), {**values, f"before{slot}": instant}
        case Called(text, number):
            values |= {"pattern": None if text is None else f"%{escape_like(text)}%", "number": number}
            values |= {"match": phrase(text or ""), **search_bounds(org)}
            is_indexed = text is not None and len(text) >= SHORTEST_INDEXED
            search = index_on(dialect) if is_indexed else "scan"
            return _called(search, has_number=number is not None, few=few), values


def numbers_in(text: str | None) -> list[int]:
    return [] if text is None else msgspec.json.decode(f"[{text}]", type=list[int])


def _numbers(seq: Any, conditions: list[Any], *, few: bool, prepare: bool = True) -> Query:
    asked = [is_in(seq, "among"), *conditions] if few else conditions
    return Query(select(func.string_agg(cast(seq, Text()), literal_column("','"))).where(*asked), prepare=prepare)


@lru_cache(STATEMENTS_KEPT)
def _in_state(state: State, *, few: bool) -> Query:
    return _numbers(P.seq, [P.org == bound_as("org"), P.state == constant(state)], few=few)


@lru_cache(STATEMENTS_KEPT)
def _under(facet: Facet, slot: int, *, few: bool) -> Query:
    row = process_facets.c
    here = [row.org == bound_as("org"), row.facet == constant(facet), row.key == bound_as(f"k{slot}")]
    return _numbers(row.seq, [*here, in_states(row.state, STATES)], few=few)


@lru_cache(STATEMENTS_KEPT)
def _seen_by(slot: int, *, few: bool) -> Query:
    row = process_access.c
    here = [row.org == bound_as("org"), row.principal == bound_as(f"principal{slot}")]
    return _numbers(row.seq, [*here, in_states(row.state, STATES)], few=few)


@lru_cache(STATEMENTS_KEPT)
def _answered(shape: ValuedShape, *, few: bool) -> Query:
    row = process_values.c
    conditions = [row.org == bound_as("org"), of_field(shape, row.field), *meets(shape, row.key)]
    # The index that finds keys has the state before them; the rows of a process are found without.
    conditions += [] if few else [in_states(row.state, STATES)]
    return _numbers(row.seq, [*conditions, *is_other(shape, row.seq)], few=few)


@lru_cache(STATEMENTS_KEPT)
def _late_before(slot: int, *, few: bool) -> Query:
    here = [P.org == bound_as("org"), P.state == constant(State.OPEN), P.next_deadline.is_not(None)]
    return _numbers(P.seq, [*here, P.next_deadline < bound_as(f"before{slot}")], few=few)


@lru_cache(STATEMENTS_KEPT)
def _called(search: str, *, has_number: bool, few: bool) -> Query:
    if few:
        alike = P.folded_name.like(bound_as("pattern"), escape="\\")
        is_it = or_(alike, P.seq == bound_as("number")) if has_number else alike
        return _numbers(P.seq, [P.org == bound_as("org"), is_it], few=True)
    shape = Shape((), (), limited_sight=False, text=True, number=has_number, unstarred=False, search=search)
    if search == "trigram":
        return _numbers(P.seq, [P.org == bound_as("org"), named(shape, P.seq)], few=False, prepare=False)
    found = apart(select(found_by_name(shape).subquery().c.seq))
    return _numbers(P.seq, [P.org == bound_as("org"), P.seq.in_(found)], few=False)
