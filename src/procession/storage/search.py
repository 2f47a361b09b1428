"""Finding processes by a part of their name: a trigram index on each database.

SQLite: an FTS5 table whose rowid packs organization and number. PostgreSQL: pg_trgm on the folded name with LIKE.
"""

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, column, delete, insert, table

from procession.storage.query import Query

if TYPE_CHECKING:
    from procession.storage.tx import WriteTx

SEQ_BITS = 40
# Shorter texts have no trigram: their names are scanned.
SHORTEST_INDEXED = 3

process_search = table("process_search", column("rowid"), column("name"))


def search_rowid(org: int, seq: int) -> int:
    """Where a process stands in the SQLite index."""
    return org << SEQ_BITS | seq


def create_search(dialect: str) -> list[str]:
    """The statements that make the index."""
    if dialect == "sqlite":
        return [
            (
                "CREATE VIRTUAL TABLE process_search USING fts5("
                "name, tokenize = 'trigram', detail = full, content = '', contentless_delete = 1)"
            )
        ]
    return [
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE INDEX ix_process_search ON process USING gin (folded_name gin_trgm_ops)",
    ]


_enter = Query(insert(process_search).values(rowid=bindparam("new_rowid"), name=bindparam("new_name")))
_leave = Query(delete(process_search).where(process_search.c.rowid == bindparam("rowid_is")))


async def index_name(tx: "WriteTx", seq: int, old: str | None, new: str | None) -> None:
    """Bring SQLite's index in step with a process's folded name (None: not there)."""
    rowid = search_rowid(tx.org, seq)
    if old is not None:
        await tx.run(_leave, rowid_is=rowid)
    if new is not None:
        await tx.run(_enter, new_rowid=rowid, new_name=new)
