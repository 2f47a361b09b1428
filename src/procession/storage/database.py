"""Opening a database by its address."""

from pathlib import Path

from procession.storage.postgres import PostgresDatabase
from procession.storage.sqlite import SqliteDatabase

Database = SqliteDatabase | PostgresDatabase

SQLITE_FILE = "procession.db"


def database_at(url: str, data_dir: Path, *, pool_size: int = 10, readers: int = 4) -> Database:
    """The database that `url` names; an empty url means the embedded file in `data_dir`."""
    if url.startswith(("postgresql://", "postgres://")):
        return PostgresDatabase(url, pool_size=pool_size)
    return SqliteDatabase(sqlite_path(url, data_dir), readers=readers)


def sqlite_path(url: str, data_dir: Path) -> Path:
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else data_dir / SQLITE_FILE
