"""How many processes meet a condition on an answer: sums of counters, and counts of rows at the ends of ranges."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import bindparam, func, select, union_all

from procession.domain.filters import Valued
from procession.domain.processes import State
from procession.domain.value_keys import Kind
from procession.domain.value_ranges import (
    PRESENT,
    Span,
    after_prefix,
    are_whole,
    bucket_of,
    edge_bucket,
    edges_of,
    is_whole,
)
from procession.storage.connection import Read, Row
from procession.storage.dialect import Holds, constant, is_in
from procession.storage.listing.values import within
from procession.storage.query import Query
from procession.storage.tables.lists import process_values, value_counters

STATEMENTS_KEPT = 500


class _Part(NamedTuple):
    """Something that is counted of a condition: what is under keys or buckets, under buckets that hold a text, or in a
    span but for its edges, or in one edge of it. `taken_off`: it is what the condition does not want.
    """

    slot: int
    what: Literal["buckets", "keys", "holding", "span", "edge"]
    one_field: bool
    one: bool = True
    span: tuple[bool, bool, bool] = (False, False, False)
    place: int = 0
    edges: int = 0
    taken_off: bool = False


def is_exact(valued: Valued) -> bool:
    """Whether `sizes` counts each process once, and no others."""
    repeats = valued.kind is Kind.CHOICES and valued.operator == "in" and len(valued.keys) > 1
    return (valued.operator != "contains" or are_whole(valued.kind)) and not repeats


def sizes_read(asked: Sequence[Valued], states: Sequence[State]) -> Read:
    """What `sizes` adds up, in one statement. Where it is not exact, it is no less than there are."""
    values: dict[str, Any] = {}
    parts: list[_Part] = []
    for slot, valued in enumerate(asked):
        values[f"cf{slot}"] = valued.fields[0] if len(valued.fields) == 1 else list(valued.fields)
        for part, bound in _parts(valued, slot):
            parts.append(part)
            values |= bound
    return _statement(tuple(parts), tuple(states)), values


def sizes(asked: Sequence[Valued], rows: Iterable[Row]) -> tuple[int, ...]:
    """Processes that meet each condition; of `empty`, those that do not."""
    found = [0] * len(asked)
    for slot, n in rows:
        found[slot] += n
    return tuple(found)


def _parts(valued: Valued, slot: int) -> list[tuple[_Part, dict[str, Any]]]:
    one_field = len(valued.fields) == 1
    if valued.operator == "within":
        return _in_span(valued.kind, valued.span, slot, one_field)
    if valued.operator == "in":
        return _under(valued, slot, taken_off=False)
    if valued.operator == "contains" and are_whole(valued.kind):
        return [(_Part(slot, "holding", one_field), {f"ct{slot}": valued.keys[0]})]
    present = _Part(slot, "buckets", one_field, place=1), {f"cb{slot}_1": PRESENT}
    return [present, *_under(valued, slot, taken_off=True)] if valued.operator == "ne" else [present]


def _under(valued: Valued, slot: int, *, taken_off: bool) -> list[tuple[_Part, dict[str, Any]]]:
    one_field = len(valued.fields) == 1
    whole = [bucket_of(valued.kind, key) for key in valued.keys if is_whole(valued.kind, key)]
    longer = [key for key in valued.keys if not is_whole(valued.kind, key)]
    found: list[tuple[_Part, dict[str, Any]]] = []
    for what, name, among in (("buckets", f"cb{slot}_0", whole), ("keys", f"ck{slot}_0", longer)):
        if among:
            one = len(among) == 1
            part = _Part(slot, what, one_field, one=one, taken_off=taken_off)  # pyright: ignore[reportArgumentType]  # one of the two
            found.append((part, {name: among[0] if one else among}))
    return found


def _in_span(kind: Kind, span: Span, slot: int, one_field: bool) -> list[tuple[_Part, dict[str, Any]]]:
    edges = edges_of(kind, span)
    shape = (span.above, span.high is not None, span.below)
    values = {f"cl{slot}": span.low, f"ch{slot}": span.high}
    values |= {f"ce{slot}_{n}": edge_bucket(edge) for n, edge in enumerate(edges)}
    found: list[tuple[_Part, dict[str, Any]]] = [(_Part(slot, "span", one_field, span=shape, edges=len(edges)), values)]
    for n, edge in enumerate(edges):
        ends = {f"cp{slot}_{n}": edge, f"cq{slot}_{n}": after_prefix(edge)}
        found.append((_Part(slot, "edge", one_field, span=shape, place=n), ends))
    return found


@lru_cache(STATEMENTS_KEPT)
def _statement(parts: tuple[_Part, ...], states: tuple[State, ...]) -> Query:
    counted = [_counted(part, states) for part in parts]
    return Query(union_all(*counted) if len(counted) > 1 else counted[0])


def _counted(part: _Part, states: tuple[State, ...]) -> Any:  # a select of two numbers
    is_summed = part.what in ("buckets", "holding", "span")
    table = (value_counters if is_summed else process_values).alias()
    key = table.c.bucket if is_summed else table.c.key
    n = func.coalesce(func.sum(table.c.n), constant(0)) if is_summed else func.count()
    field = f"cf{part.slot}"
    conditions = [
        table.c.org == bindparam("org"),
        table.c.field == bindparam(field) if part.one_field else is_in(table.c.field, field),
        table.c.state.in_([constant(state) for state in states]),
    ]
    if part.what == "holding":
        conditions.append(Holds(key, f"ct{part.slot}"))
    elif part.what in ("buckets", "keys"):
        name = f"{'cb' if is_summed else 'ck'}{part.slot}_{part.place}"
        conditions.append(key == bindparam(name) if part.one else is_in(key, name))
    else:
        conditions += _within(part, key)
    return select(constant(part.slot), -n if part.taken_off else n).where(*conditions)


def _within(part: _Part, key: Any) -> list[Any]:
    slot = part.slot
    found = within(key, bindparam(f"cl{slot}"), bindparam(f"ch{slot}"), part.span)
    if part.what == "edge":
        found += [key > bindparam(f"cp{slot}_{part.place}"), key < bindparam(f"cq{slot}_{part.place}")]
    return found + [key != bindparam(f"ce{slot}_{n}") for n in range(part.edges)]
