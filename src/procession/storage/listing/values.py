"""Conditions on the answers of a process, on the keys that they are stored under.

The values of a condition are bound under its slot: `vf0` (a field, or several), `v0` (a key, or several), `w0` (where
the keys end that begin with it), `match0` and `like0` (a part of a key, as an index is asked for it).
"""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, select

from procession.domain.filters import Valued
from procession.domain.value_keys import Kind
from procession.domain.value_ranges import PRESENT
from procession.storage.dialect import DialectName, Holds, apart, constant, escape_like, is_in
from procession.storage.search import SHORTEST_INDEXED, index_on, phrase
from procession.storage.tables.lists import process_values

Condition = ColumnElement[bool]


class ValuedShape(NamedTuple):
    """A condition on a field, without its values. `is_marked`: a row says that there is an answer, beside those that
    say which.
    """

    slot: int
    operator: str
    one_field: bool
    one_key: bool
    is_marked: bool
    # By which index processes that may meet it are found (SQLite's or PostgreSQL's), where it asks for a part of an
    # answer that is long enough.
    search: str | None
    # Of a span: whether its low end is left out, whether it has a high end, whether that is left out.
    ends: tuple[bool, bool, bool]

    @property
    def wants_answer(self) -> bool:
        return self.operator != "empty"

    @property
    def is_listed(self) -> bool:
        """Whether its rows are those of one key or several, each in order of creation."""
        return self.operator == "in" or (self.operator == "not_empty" and self.is_marked)

    @property
    def may_repeat(self) -> bool:
        """Whether a process may have several rows that meet it."""
        return self.is_marked and not self.one_key


def shape_of(valued: Valued, slot: int, dialect: DialectName) -> ValuedShape:
    is_marked, span = valued.kind is Kind.CHOICES, valued.span
    ends = (span.above, span.high is not None, span.below)
    is_searched = valued.operator == "contains" and len(valued.keys[0]) >= SHORTEST_INDEXED
    search = index_on(dialect) if is_searched else None
    return ValuedShape(slot, valued.operator, len(valued.fields) == 1, len(valued.keys) <= 1, is_marked, search, ends)


def bound(valued: Valued, slot: int) -> dict[str, Any]:
    """The values of the condition under their names."""
    keys = keys_of(valued)
    values: dict[str, Any] = {
        f"vf{slot}": valued.fields[0] if len(valued.fields) == 1 else list(valued.fields),
        f"v{slot}": keys[0] if len(keys) == 1 else list(keys),
    }
    if valued.operator == "contains":
        values |= {f"match{slot}": phrase(keys[0]), f"like{slot}": f"%{escape_like(keys[0])}%"}
    if valued.operator == "within":
        values |= {f"v{slot}": valued.span.low, f"w{slot}": valued.span.high}
    return values


def keys_of(valued: Valued) -> tuple[str, ...]:
    return valued.keys or (PRESENT,)


def of_field(shape: ValuedShape, field: ColumnElement[int]) -> Condition:
    name = f"vf{shape.slot}"
    return field == bindparam(name) if shape.one_field else is_in(field, name)


def of_own_field(shape: ValuedShape, field: ColumnElement[int]) -> Condition:
    """The same of the few rows of one process, which are looked through, not looked up for each of several fields."""
    return field == bindparam(f"vf{shape.slot}") if shape.one_field else among_fields(field, f"vf{shape.slot}")


def among_fields(field: ColumnElement[int], name: str) -> Condition:
    return is_in(field + constant(0), name)


def meets(shape: ValuedShape, key: ColumnElement[str]) -> list[Condition]:
    """What a row's key has to be, of a condition that wants an answer. Of a checklist's `ne`: that there is one, which
    `is_other` completes.
    """
    name = f"v{shape.slot}"
    value = bindparam(name, type_=key.type)
    is_present = [key == PRESENT] if shape.is_marked else []
    match shape.operator:
        case "in":
            return [key == value if shape.one_key else is_in(key, name)]
        case "within":
            return within(key, value, bindparam(f"w{shape.slot}"), shape.ends)
        case "contains":
            return [Holds(key, name)]
        case "ne":
            return is_present or [key != value]
        case _:
            return is_present


def within(key: ColumnElement[str], low: Any, high: Any, ends: tuple[bool, bool, bool]) -> list[Condition]:
    """The key lies in a span."""
    above, has_high, below = ends
    found = [key > low if above else key >= low]
    if has_high:
        found.append(key < high if below else key <= high)
    return found


def is_other(shape: ValuedShape, seq: ColumnElement[int]) -> list[Condition]:
    """Besides `meets`: that a checklist has no entry that is asked not to be there."""
    if shape.operator != "ne" or not shape.is_marked:
        return []
    row = process_values.alias().c
    same = (row.org == bindparam("org"), row.seq == seq, of_own_field(shape, row.field))
    return [~exists(select(constant(1)).where(*same, row.key == bindparam(f"v{shape.slot}")))]


def answered(shape: ValuedShape, seq: ColumnElement[int], *, probe: bool) -> Condition:
    """The process meets the condition: a look at its own rows."""
    row = process_values.alias().c
    found = select(constant(1)).where(
        row.org == bindparam("org"), row.seq == seq, of_own_field(shape, row.field), *meets(shape, row.key)
    )
    found = apart(found) if probe else found
    if not shape.wants_answer:
        return ~exists(found)
    return and_(exists(found), *is_other(shape, seq))


def value_of(answer: str, seq: ColumnElement[int]) -> ColumnElement[Any]:
    """The key of the process's answer to the fields of an order (`fields_name`); null when there is none."""
    row = process_values.alias().c
    same = (row.org == bindparam("org"), row.seq == seq, among_fields(row.field, fields_name(answer)))
    return select(func.min(row.key)).where(*same).scalar_subquery()


def has_none(answer: str, seq: ColumnElement[int], *, one: bool) -> Condition:
    """The process has no answer to the fields, or the `one` field, of an order."""
    row, name = process_values.alias().c, fields_name(answer)
    field = row.field == bindparam(f"{name}0") if one else among_fields(row.field, name)
    return ~exists(apart(select(constant(1)).where(row.org == bindparam("org"), row.seq == seq, field)))


def fields_name(answer: str) -> str:
    """Under which the fields of an order are bound; with a number behind it, one of them is."""
    return f"{answer}_fields"
