"""Conditions that ask for a part of an answer, where an index finds the processes that may meet them.

What it finds is looked at in full: on SQLite other fields may hold the text. Where much is found, the keys of the field
are looked through in less time, so no more than `MOST` is counted.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select, union_all

from procession.storage.connection import Row
from procession.storage.dialect import constant
from procession.storage.listing.conditions import Shape
from procession.storage.listing.values import ValuedShape, of_field
from procession.storage.query import Query
from procession.storage.search import answer_search
from procession.storage.tables.lists import process_values

STATEMENTS_KEPT = 100
MOST = 500
# To look at one that was found takes as long as to look through so many keys.
KEYS_FOR_ONE = 10


def searched(shape: Shape) -> tuple[ValuedShape, ...]:
    return tuple(valued for valued in shape.valued if valued.search is not None)


def found_by_text(shape: ValuedShape) -> Select[Any]:
    """Numbers of processes that may meet the condition, and of all that do."""
    if shape.search == "trigram":
        row = process_values.alias().c
        alike = row.key.like(bindparam(f"like{shape.slot}"), escape="\\")
        return select(row.seq.label("seq")).where(row.org == bindparam("org"), of_field(shape, row.field), alike)
    inside = answer_search.c.rowid
    return select((inside - bindparam("first_rowid")).label("seq")).where(
        answer_search.c.answers.op("MATCH")(bindparam(f"match{shape.slot}")),
        inside.between(bindparam("first_rowid"), bindparam("last_rowid")),
    )


@lru_cache(STATEMENTS_KEPT)
def counted(asked: tuple[ValuedShape, ...]) -> Query:
    """What `counts` reads."""
    parts: list[Any] = []
    for shape in asked:
        some = found_by_text(shape).limit(constant(MOST + 1)).subquery()
        parts.append(select(constant(shape.slot), func.count()).select_from(some))
    return Query(union_all(*parts) if len(parts) > 1 else parts[0], prepare=False)


def counts(rows: Iterable[Row]) -> dict[int, int]:
    """How many there are to be looked at for each condition, by slot; too many are left out."""
    return {slot: n for slot, n in rows if n <= MOST}
