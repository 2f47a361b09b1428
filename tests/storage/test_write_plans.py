"""What every write to a process or task reads is found by its subject, however much else the organization has."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString, cast

import apsw
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import BigInteger, Table

from procession.storage import postgres, processes, row_statements, tasks
from procession.storage.database import SQLITE_FILE
from procession.storage.migrate import upgrade
from procession.storage.query import Query
from procession.storage.schema import TENANT_TABLES, metadata
from tests.postgres_server import prepared_database

READS = {
    "tags of a process": (processes._tags_of, "process"),
    "folder of a process": (processes._folder_of, "process"),
    "stars of a process": (processes._stars_of, "process"),
    "tasks of a process": (processes._tasks_of, "process"),
    "tags of a task": (tasks._tags, "task"),
}


@pytest.mark.parametrize("name", READS)
def test_sqlite_looks_for_the_subject(tmp_path: Path, name: str) -> None:
    """Without statistics, as in every file: the planner must not prefer an index that begins with something else."""
    query, subject = READS[name]
    upgrade("", tmp_path)
    connection = apsw.Connection(str(tmp_path / SQLITE_FILE))

    plan = explained(connection, query)

    assert f"(org=? AND {subject}=?" in plan, plan


def explained(connection: apsw.Connection, query: Query) -> str:
    compiled = query.on("sqlite")
    values = dict.fromkeys(compiled.names, 1) | dict(compiled.constants)
    return "; ".join(str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", values))


# Tables whose rows have a key beside their organization's.
KEYED = [
    table
    for table in metadata.sorted_tables
    if table.name in TENANT_TABLES and {column.name for column in table.primary_key.columns} > {"org"}
]


@pytest.fixture
def planning(postgres_server: str, tmp_path: Path) -> Iterator[psycopg.Connection[Any]]:
    """A connection that plans as ours do, to a database in which nothing is and nothing has been analysed."""
    with prepared_database(postgres_server) as url:
        upgrade(url, tmp_path)
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            connection.execute(postgres.PLAN_ONCE)
            yield connection


def test_postgresql_looks_for_each_row_by_its_key_before_it_knows_the_tables(
    planning: psycopg.Connection[Any],
) -> None:
    """A plan that is made then is kept until the table is analysed, by which time it may have grown by thousands of
    rows. Composite keys are left out: their tables are small until then.
    """
    by_one = [table for table in KEYED if len(table.primary_key.columns) == 2]
    assert {"process", "task"} <= {table.name for table in by_one}
    assert wrong_plans(planning, by_one) == {}


def test_postgresql_looks_for_each_row_by_its_key_when_all_of_a_table_is_one_page(
    planning: psycopg.Connection[Any],
) -> None:
    planning.execute("SET session_replication_role = replica")
    for table in KEYED:
        fill(planning, table, 12)
    planning.execute("ANALYZE")

    assert wrong_plans(planning, KEYED) == {}


def fill(connection: psycopg.Connection[Any], table: Table, many: int) -> None:
    """Rows of one organization that refer to nothing."""
    names = [column.name for column in table.columns]
    row = {
        column.name: "1" if column.name == "org" else "n" if isinstance(column.type, BigInteger) else "'x' || n"
        for column in table.columns
    }
    values = sql.SQL(cast(LiteralString, ", ".join(row[name] for name in names)))
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM generate_series(1, {}) AS n")
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    connection.execute(statement.format(sql.Identifier(table.name), columns, values, many))


def wrong_plans(connection: psycopg.Connection[Any], tables: list[Table]) -> dict[str, str]:
    """The plans of updates and deletions that would read more than the rows that are meant, by table."""
    found: dict[str, str] = {}
    for table in tables:
        keys = tuple(column.name for column in table.primary_key.columns)
        names = tuple(column.name for column in table.columns)
        statements = [row_statements.delete(table, keys)]
        statements += [row_statements.update(table, names)] if len(names) > len(keys) else []
        for statement in statements:
            plan = planned(connection, statement)
            is_looked_for = re.search(r"Index Cond: .*(given\.|ANY)", plan)
            if f"Seq Scan on {table.name}" in plan or not is_looked_for:
                found[table.name] = plan
    return found


def planned(connection: psycopg.Connection[Any], statement: str) -> str:
    text = statement.replace("%(rows)s", "$1").replace("%(organization)s", "$2")
    connection.execute(cast(LiteralString, f"PREPARE asked (json, bigint) AS {text}"))
    plan = connection.execute("EXPLAIN (COSTS OFF) EXECUTE asked ('[]', 1)").fetchall()
    connection.execute("DEALLOCATE asked")
    return "\n".join(line for (line,) in plan)
