"""Whether SQLite reads all that an organization has of something where an index leads to the few rows asked for."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import apsw

from procession.storage.database import SQLITE_FILE
from procession.storage.migrate import upgrade
from procession.storage.query import Compiled, Query

# Statements that may, by what they say, each with the reason.
WHOLE: Mapping[str, str] = {
    "watcher.account = :account_or_organization OR": "an administrator's list of watchers, in the order of their ids",
    "template.owner = :me OR": "templates one may read: of owners or of grants, and an organization has few",
    "NOT (EXISTS (SELECT * FROM bin_item WHERE bin_item.org = :org AND bin_item.content LIKE": "what the bin holds",
    "FROM rule_state JOIN process": "a recount of everything",
    "LIKE :pattern": "a part of a text, which no index finds",
}
# What loads many rows works on tables of its own connection.
STAGED = "staged_"
_SEARCH = re.compile(r"SEARCH (\w+) .*\(org=\?\)")


def whole_reads(queries: Iterable[Query], folder: Path) -> list[str]:
    """What is read in vain, and by which statement; of statements that were made for SQLite."""
    upgrade("", folder)
    connection = apsw.Connection(str(folder / SQLITE_FILE))
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    indexes = dict(_indexes(connection))
    statements = {each.sql: each for query in queries if (each := query._compiled.get("sqlite")) is not None}
    found = [fault for each in statements.values() for fault in _faults(connection, each, indexes)]
    connection.close()
    return found


def _indexes(connection: apsw.Connection) -> Iterator[tuple[str, set[str]]]:
    """The columns that come after `org` in some index of a table."""
    for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        seconds = connection.execute(
            "SELECT i.name FROM pragma_index_list(?) l JOIN pragma_index_info(l.name) i ON i.seqno = 1"
            " JOIN pragma_index_info(l.name) f ON f.seqno = 0 AND f.name = 'org' WHERE i.name IS NOT NULL",
            (table,),
        ).fetchall()
        yield str(table), {str(name) for (name,) in seconds}


def _faults(connection: apsw.Connection, statement: Compiled, indexes: Mapping[str, set[str]]) -> Iterator[str]:
    text = " ".join(statement.sql.split())
    if any(words in text for words in WHOLE) or STAGED in text:
        return
    values = {**dict.fromkeys(statement.names, 1), **statement.constants}
    for step in connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}", values).fetchall():
        searched = _SEARCH.fullmatch(str(step[3]))
        if searched is None:
            continue
        name = searched[1]
        alias = re.search(rf"(\w+) AS {name}\b", text)
        table = name if name in indexes else alias[1] if alias else name
        given = set(re.findall(rf'\b{name}\."?(\w+)"? (?:=|IN) ', text))
        if given & indexes.get(table, set()):
            yield f"{step[3]}\n  though {', '.join(sorted(given & indexes[table]))} is indexed: {text}"
