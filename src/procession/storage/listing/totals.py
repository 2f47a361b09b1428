"""Exact totals: a lookup for up to one facet, else a count on the narrowest key."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select, union_all

from procession.domain.filters import SINGLE_VALUED, Keyed, ProcessFilter
from procession.domain.listing import Facet
from procession.domain.processes import State
from procession.storage.connection import Read, Row
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.lists import facet_counters

Counts = Mapping[tuple[int, str], Mapping[int, int]]

# So many counters are asked for one by one, which databases do faster than by a list.
FEW = 3
_columns = [facet_counters.c.facet, facet_counters.c.key, facet_counters.c.state, facet_counters.c.n]
_in_organization = facet_counters.c.org == bindparam("org")
_counters = Query(
    select(*_columns).where(
        _in_organization, is_in(facet_counters.c.facet, "facets"), is_in(facet_counters.c.key, "keys")
    )
)


@cache
def _few_counters(many: int) -> Query:
    one_by_one = [
        select(*_columns).where(
            _in_organization,
            facet_counters.c.facet == bindparam(f"facet{n}"),
            facet_counters.c.key == bindparam(f"key{n}"),
        )
        for n in range(many)
    ]
    return Query(union_all(*one_by_one) if many > 1 else one_by_one[0])


class Counters:
    """n by state for each (facet, key) asked about, and always for the whole organization; one statement."""

    def __init__(self, wanted: Sequence[Keyed]) -> None:
        self._pairs = {(int(Facet.ALL), "")} | {(int(each.facet), key) for each in wanted for key in each.keys}

    @property
    def read(self) -> Read:
        if len(self._pairs) <= FEW:
            values: dict[str, Any] = {}
            for n, (facet, key) in enumerate(sorted(self._pairs)):
                values |= {f"facet{n}": facet, f"key{n}": key}
            return _few_counters(len(self._pairs)), values
        facets, keys = {facet for facet, _ in self._pairs}, {key for _, key in self._pairs}
        return _counters, {"facets": sorted(facets), "keys": sorted(keys)}

    def counts(self, rows: Iterable[Row]) -> Counts:
        found: dict[tuple[int, str], dict[int, int]] = {pair: {} for pair in self._pairs}
        for facet, key, state, n in rows:
            if (facet, key) in found:
                found[facet, key][state] = n
        return found


def size_of(keyed: Keyed, states: Sequence[State], counts: Counts) -> int:
    """Rows under the keys; more than the processes when one is under several of them."""
    return sum(counts[int(keyed.facet), key].get(int(state), 0) for key in keyed.keys for state in states)


def is_exact(keyed: Keyed) -> bool:
    """Whether `size_of` counts each process once."""
    return len(keyed.keys) == 1 or keyed.facet in SINGLE_VALUED


def can_look_up(where: ProcessFilter) -> bool:
    """Whether the counters alone tell the total of an unlimited caller: at most one facet, and nothing else."""
    if where.text is not None or where.number is not None or not all(part.is_plain for part in where.parts):
        return False
    if where.unstarred_by is not None:
        return not where.keyed
    return not where.keyed or (len(where.keyed) == 1 and is_exact(where.keyed[0]))


def lookup(where: ProcessFilter, counts: Counts) -> int:
    """The total of an unlimited caller, where it can be looked up."""
    if where.keyed:
        return size_of(where.keyed[0], where.states, counts)
    everything = size_of(Keyed(Facet.ALL, ("",)), where.states, counts)
    if where.unstarred_by is None:
        return everything
    return everything - size_of(Keyed(Facet.STAR, (str(where.unstarred_by),)), where.states, counts)
