"""Rows that go when what they hang on is deleted, kept as data and put back.

Which they are follows from the foreign keys that cascade, so that a table which is added later is kept, too.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Column, Table, bindparam, select

from procession.domain.bin_items import LeftOut
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.base import metadata
from procession.storage.tx import ReadTx, WriteTx

Value = int | str | None


class KeptRows(msgspec.Struct, frozen=True):
    """Rows of one table and organization, whose number is left out."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def values(self, column: str) -> set[Any]:
        """What stands in the column, where something does."""
        place = self.columns.index(column)
        return {row[place] for row in self.rows if row[place] is not None}

    def without(self, column: str, values: Collection[Value]) -> "KeptRows":
        place = self.columns.index(column)
        return KeptRows(self.columns, tuple(row for row in self.rows if row[place] not in values))


Kept = Mapping[str, KeptRows]
"""By table."""


async def where(tx: ReadTx, table: Table, column: str, values: Collection[Value]) -> KeptRows:
    """The rows of the table with any of these values in the column."""
    found = await tx.tuples(_where(table, column), among=list(values)) if values else []
    return KeptRows(tuple(str(each.name) for each in _own(table)), tuple(found))


async def below(
    tx: ReadTx, table: Table, values: Collection[Value], *, besides: Collection[Table] = ()
) -> dict[str, KeptRows]:
    """Every row that goes with those of `table` which have these keys; not those `besides`, nor what hangs on them."""
    found: dict[str, KeptRows] = {}
    for child, column, _ in _hanging_on(table):
        if child not in besides:
            rows = await where(tx, child, column, values)
            found = merged(found, {str(child.name): rows})
            for named in {each[2] for each in _hanging_on(child)} if rows.rows else ():
                found = merged(found, await below(tx, child, rows.values(named), besides=besides))
    return {name: kept for name, kept in found.items() if kept.rows}


def merged(one: Kept, other: Kept) -> dict[str, KeptRows]:
    """Both; a row that is in both is there once."""
    found = dict(one)
    for name, kept in other.items():
        former = found.get(name)
        rows = (*(former.rows if former else ()), *kept.rows)
        found[name] = KeptRows(kept.columns, tuple(dict.fromkeys(rows)))
    return found


async def put_back(tx: WriteTx, kept: Kept) -> set[LeftOut]:
    """Enter the rows again, parents first; those that refer to what is gone are left out, and what that is returned,
    under the names of its table and its key.
    """
    left: set[LeftOut] = set()
    for table in metadata.sorted_tables:
        if table.name not in kept:
            continue
        columns = kept[table.name].columns
        rows = [dict(zip(columns, row, strict=True)) for row in kept[table.name].rows]
        for name, parent in _parents(table):
            # Rows that were kept before a column was added name nothing there.
            wanted: set[Any] = {row[name] for row in rows if row.get(name) is not None}
            there = {row[0] for row in await tx.tuples(_there(parent), among=sorted(wanted))} if wanted else set[Any]()
            left |= {LeftOut(parent.table.name, str(each)) for each in wanted - there}
            rows = [row for row in rows if row.get(name) is None or row[name] in there]
        # Entering the thing itself may have made some of them.
        keys = [each.name for each in table.primary_key.columns if each.name != "org"]
        await tx.delete(table, [{name: row[name] for name in keys} for row in rows])
        await tx.insert(table, [{name: row[name] for name in columns if name in table.c} for row in rows])
    return left


def _own(table: Table) -> Sequence[Column[Any]]:
    return [each for each in table.columns if each.name != "org"]


def _parents(table: Table) -> Iterator[tuple[str, Column[Any]]]:
    """(a column, the column of another table whose row it names)"""
    for constraint in table.foreign_key_constraints:
        for each in constraint.elements:
            if each.parent.name != "org":
                yield each.parent.name, each.column


def _hanging_on(table: Table) -> Iterator[tuple[Table, str, str]]:
    """(a table whose rows go with those of `table`, its column that names them, the column that it names)"""
    for child in metadata.sorted_tables:
        for constraint in child.foreign_key_constraints:
            if constraint.referred_table is table and constraint.ondelete == "CASCADE":
                for each in constraint.elements:
                    if each.parent.name != "org":
                        yield child, each.parent.name, each.column.name


@cache
def _where(table: Table, column: str) -> Query:
    rows = select(*_own(table)).where(table.c.org == bindparam("org"), is_in(table.c[column], "among"))
    return Query(rows.order_by(*table.primary_key.columns))


@cache
def _there(column: Column[Any]) -> Query:
    """Those among some that exist, and go on existing until the commit."""
    named = select(column).where(column.table.c.org == bindparam("org"), is_in(column, "among"))
    return Query(named.order_by(column).with_for_update(read=True, key_share=True))
