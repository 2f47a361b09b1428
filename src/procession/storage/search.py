"""Finding processes by a part of their name or of an answer: trigram indexes on each database.

SQLite: FTS5 tables whose rowid packs organization and number; the one of answers has all of a process as one text, in
which those that may hold something are found. PostgreSQL: pg_trgm on folded names and on keys, with LIKE.
"""

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Insert, bindparam, column, delete, func, insert, or_, select, table

from procession.domain.process_values import Values
from procession.domain.value_keys import OPERATORS, Kind
from procession.storage.dialect import DialectName, constant
from procession.storage.query import Query
from procession.storage.tables.lists import process_values, value_fields

if TYPE_CHECKING:
    from procession.storage.tx import WriteTx

SEQ_BITS = 40
# Shorter texts have no trigram: names and answers are scanned for them.
SHORTEST_INDEXED = 3
# Between the answers of a process.
_APART = "\n"
_SEARCHED = sorted(kind.value for kind, operators in OPERATORS.items() if "contains" in operators)

# On PostgreSQL.
INDEX_OF_ANSWERS = "CREATE INDEX ix_answer_search ON process_value USING gin (key gin_trgm_ops)"

process_search = table("process_search", column("rowid"), column("name"))
answer_search = table("answer_search", column("rowid"), column("answers"))


def search_rowid(org: int, seq: int) -> int:
    """Where a process stands in the SQLite index."""
    return org << SEQ_BITS | seq


def index_on(dialect: DialectName) -> str:
    """The kind of index that a database searches by."""
    return "trigram" if dialect == "postgresql" else "fts5"


def phrase(text: str) -> str:
    """What SQLite's index is asked for: these letters, next to each other."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def create_search(dialect: str) -> list[str]:
    """The statements that make the index."""
    if dialect == "sqlite":
        return [
            f"CREATE VIRTUAL TABLE {name} USING fts5("
            f"{column}, tokenize = 'trigram', detail = full, content = '', contentless_delete = 1)"
            for name, column in (("process_search", "name"), ("answer_search", "answers"))
        ]
    return [
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE INDEX ix_process_search ON process USING gin (folded_name gin_trgm_ops)",
        INDEX_OF_ANSWERS,
    ]


_enter = Query(insert(process_search).values(rowid=bindparam("new_rowid"), name=bindparam("new_name")))
_leave = Query(delete(process_search).where(process_search.c.rowid == bindparam("rowid_is")))
_enter_answers = Query(insert(answer_search).values(rowid=bindparam("new_rowid"), answers=bindparam("new_answers")))
_leave_answers = Query(delete(answer_search).where(answer_search.c.rowid == bindparam("rowid_is")))


async def index_name(tx: "WriteTx", seq: int, old: str | None, new: str | None) -> None:
    """Bring SQLite's index in step with a process's folded name (None: not there)."""
    rowid = search_rowid(tx.org, seq)
    if old is not None:
        await tx.run(_leave, rowid_is=rowid)
    if new is not None:
        await tx.run(_enter, new_rowid=rowid, new_name=new)


async def index_answers(tx: "WriteTx", seq: int, before: Values, after: Values) -> None:
    """Bring SQLite's index in step with a process's answers; PostgreSQL indexes their rows itself."""
    if tx.connection.dialect != "sqlite":
        return
    old, new = searched(before), searched(after)
    if old == new:
        return
    rowid = search_rowid(tx.org, seq)
    if old:
        await tx.run(_leave_answers, rowid_is=rowid)
    if new:
        await tx.run(_enter_answers, new_rowid=rowid, new_answers=new)


def searched(values: Values) -> str:
    """What is looked through for a part of an answer; empty when a process has nothing of the kind."""
    found = ((name, key) for name, keys in values.items() if name[1].value in _SEARCHED for key in keys)
    return _APART.join(key for _, key in sorted(found, key=_in_order))


def _in_order(found: tuple[tuple[str, Kind], str]) -> tuple[str, str, str]:
    (alias, kind), key = found
    return alias, kind.value, key


def enter_answers(*conditions: ColumnElement[bool]) -> Insert:
    """Enters the answers of the processes whose rows (`process_values`) meet the conditions."""
    row, field = process_values.c, value_fields.c
    return insert(answer_search).from_select(
        ["rowid", "answers"],
        select(row.org.op("<<")(constant(SEQ_BITS)).op("|")(row.seq), func.group_concat(row.key, _APART))
        .where(
            field.org == row.org, field.id == row.field, or_(*[field.kind == kind for kind in _SEARCHED]), *conditions
        )
        .group_by(row.org, row.seq),
    )
