"""Writes of many rows as one statement each, for PostgreSQL: `rows` binds them, `organization` whose they are.

Plans are made once, perhaps while a table has next to nothing in it: then going through the whole organization seems as
good as looking for each row by its key, and later is not (decision 6).
"""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import BigInteger, Table


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _given(table: Table, names: Sequence[str]) -> str:
    """The rows that are bound as one JSON list of objects: an array for each column takes the driver far longer."""
    kinds = ("bigint" if isinstance(table.c[name].type, BigInteger) else "text" for name in names)
    columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(names, kinds, strict=True))
    return f"json_to_recordset(%(rows)s) AS given({columns})"


@cache
def insert(table: Table, names: tuple[str, ...]) -> str:
    """One statement for any number of rows, as Citus and the network want it."""
    return f'INSERT INTO "{table.name}" ({_quoted(names)}) SELECT {_quoted(names)} FROM {_given(table, names)}'  # noqa: S608  # names of our own schema


@cache
def delete(table: Table, names: tuple[str, ...]) -> str:
    return f'DELETE FROM "{table.name}" t USING {_given(table, names)} WHERE {_same(table, names)}'  # noqa: S608  # names of our own schema


@cache
def update(table: Table, names: tuple[str, ...]) -> str:
    keys = [column.name for column in table.primary_key.columns]
    changes = ", ".join(f'"{name}" = given."{name}"' for name in names if name not in keys)
    return f'UPDATE "{table.name}" t SET {changes} FROM {_given(table, names)} WHERE {_same(table, keys)}'  # noqa: S608  # names of our own schema


def _same(table: Table, names: Sequence[str]) -> str:
    same = [f't."{name}" = given."{name}"' for name in names]
    if "org" in names:
        # With the organization as a value, one machine of a cluster is asked and not all of them.
        same.append('t."org" = %(organization)s')
    others = [name for name in names if name != "org"]
    if len(others) == 1:
        # What the planner takes for a smaller start is these rows as well.
        same.append(f't."{others[0]}" = ANY (ARRAY(SELECT "{others[0]}" FROM {_given(table, others)}))')  # noqa: S608  # as above
    return " AND ".join(same)


@cache
def add(table: Table, names: tuple[str, ...]) -> str:
    keys = _quoted([name for name in names if name != "n"])
    total = f'"n" = "{table.name}"."n" + excluded."n"'
    return f"{insert(table, names)} ON CONFLICT ({keys}) DO UPDATE SET {total}"


@cache
def put(table: Table, names: tuple[str, ...]) -> str:
    keys = [column.name for column in table.primary_key.columns]
    others = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in keys)
    return f"{insert(table, names)} ON CONFLICT ({_quoted(keys)}) DO UPDATE SET {others}"
