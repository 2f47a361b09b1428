"""Finding processes by a part of their name: a trigram index on each database.

SQLite: an FTS5 table whose rowid packs organization and number. PostgreSQL: pg_trgm on the folded name with LIKE.
"""

SEQ_BITS = 40


def search_rowid(org: int, seq: int) -> int:
    """Where a process stands in the SQLite index."""
    return org << SEQ_BITS | seq


def create_search(dialect: str) -> list[str]:
    """The statements that make the index."""
    if dialect == "sqlite":
        return [
            "CREATE VIRTUAL TABLE process_search USING fts5("
            "name, tokenize = 'trigram', detail = full, content = '', contentless_delete = 1)"
        ]
    return [
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE INDEX ix_process_search ON process USING gin (folded_name gin_trgm_ops)",
    ]
