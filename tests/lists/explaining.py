"""What databases say of the plans of statements."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from psycopg import sql

from procession.storage.query import Query
from procession.storage.schema import TENANT_TABLES
from procession.storage.sqlite import SqliteConnection, _bindings
from tests.harness import Server

# A table of so few pages is read whole whatever indexes it has.
FEW_PAGES = 40
# So many rows are sorted in no time: a page, and what a few short ranges bring together.
FEW_ROWS = 700


class Explained:
    """What a plan does: the indexes it uses, and what it should not do."""

    def __init__(self) -> None:
        self.indexes: set[str] = set()
        self.scans: set[str] = set()
        self.sorts = 0
        self.walks: set[str] = set()
        # The statement and its plan, for whoever reads a failure.
        self.text = ""


def explain(server: Server, query: Query, values: Mapping[str, Any]) -> list[Explained]:
    if server.dialect == "sqlite":
        return [server.run(_on_sqlite(server, query, values))]
    return server.run(_on_postgresql(server, query, values))


async def _on_sqlite(server: Server, query: Query, values: Mapping[str, Any]) -> Explained:
    compiled = query.on("sqlite")
    async with server.database.reading() as connection:
        assert isinstance(connection, SqliteConnection)
        bound = _bindings(compiled.bind(values))
        steps: list[Any] = connection.raw.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", bound).fetchall()
    found = Explained()
    found.text = "\n".join([compiled.sql, *(detail for _, _, _, detail in steps)])
    for number, (_, parent, _, detail) in enumerate(steps):
        read = re.match(r"(SCAN|SEARCH) (\w+)(.*)", detail)
        if read and _table(read[2]) in TENANT_TABLES:
            _note_reading(found, read[1], _table(read[2]), read[3])
        elif re.match(r"SCAN (process|answer)_search", detail):
            found.indexes.add("letters")
        elif "TEMP B-TREE FOR ORDER BY" in detail and not _sorts_little(steps[:number], parent):
            found.sorts += 1
    return found


def _table(name: str) -> str:
    return re.sub(r"_\d+$", "", name)


def _note_reading(found: Explained, how: str, table: str, rest: str) -> None:
    if "AUTOMATIC" in rest or how == "SCAN":
        found.scans.add(table)
        return
    index = re.search(r"INDEX (\w+)", rest)
    name = f"pk_{table}" if index is None or index[1].startswith("sqlite_autoindex") else index[1]
    found.indexes.add(name)
    if re.search(r"\(org=\?\)", rest):
        found.walks.add(name)


def _sorts_little(before: list[Any], parent: int) -> bool:
    """What is sorted are rows of a statement in the FROM: a page, or ranges that were cut."""
    inside = [detail for _, above, _, detail in before if above == parent and re.match(r"SCAN|SEARCH", detail)]
    return bool(inside) and _table(inside[0].split()[1]) not in TENANT_TABLES


async def _on_postgresql(server: Server, query: Query, values: Mapping[str, Any]) -> list[Explained]:
    """As planned for these values, and (for prepared statements) as planned for any."""
    compiled = query.on("postgresql")
    names: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    text = re.sub(r"%\((\w+)\)s", numbered, compiled.sql).replace("%%", "%")
    bound = compiled.bind(values)
    given = sql.SQL(", ").join(sql.Literal(bound[name]) for name in names)
    found: list[Explained] = []
    async with server.database.reading() as connection:
        raw: Any = connection.raw
        pages = dict(await (await raw.execute("SELECT relname, relpages FROM pg_class")).fetchall())
        await raw.execute(f"PREPARE probe AS {text}")
        for mode in ("force_custom_plan", "force_generic_plan") if query.prepare else ("force_custom_plan",):
            await raw.execute(f"SET LOCAL plan_cache_mode = {mode}")
            execute = (
                sql.SQL("EXPLAIN (FORMAT JSON) EXECUTE probe({})").format(given)
                if names
                else sql.SQL("EXPLAIN (FORMAT JSON) EXECUTE probe")
            )
            [(answer,)] = await (await raw.execute(execute)).fetchall()
            explained = Explained()
            explained.text = (
                f"{mode}: {text}\n{msgspec.json.format(msgspec.json.encode(answer[0]['Plan']), indent=1).decode()}"
            )
            _walk(answer[0]["Plan"], pages, explained)
            found.append(explained)
        await raw.execute("DEALLOCATE probe")
    return found


def _walk(node: dict[str, Any], pages: Mapping[str, int], found: Explained) -> None:
    relation, index = node.get("Relation Name", ""), node.get("Index Name")
    if node["Node Type"] == "Seq Scan" and pages.get(relation, 0) > FEW_PAGES:
        found.scans.add(relation)
    if index is not None:
        found.indexes.add(index)
        if not re.search(r"state|seq|facet|principal|deadline|id|process|account", node.get("Index Cond", "")):
            found.walks.add(index)
    if node["Node Type"] == "Sort" and node["Plan Rows"] > FEW_ROWS:
        found.sorts += 1
    for each in node.get("Plans", ()):
        _walk(each, pages, found)
