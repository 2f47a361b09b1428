"""Bringing a database to the schema this program needs: always before it is opened for work."""

import errno
import os
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, func, select
from sqlalchemy.exc import OperationalError

from procession.storage import sqlite_statistics, values_anew
from procession.storage.database import sqlite_path
from procession.storage.documents import fill_documents

BACKUPS_KEPT = 5
# Servers that start together on one PostgreSQL upgrade it one after the other.
UPGRADE_LOCK = 0x70726F63


class SchemaTooNew(RuntimeError):
    """The database was written by a newer program."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"The database has schema {found}, which this version of Procession does not know. "
            "Install the newer version that wrote it, or restore the backup made before that upgrade."
        )


class DatabaseUnreachable(RuntimeError):
    """Nobody answers at the configured address, or the folder cannot be used."""


def upgrade(url: str, data_dir: Path) -> str | None:
    """Upgrade the database at `url` (empty: the embedded file); returns the new revision, None when it was current.

    Wholly or not at all. Programs that start together on one PostgreSQL wait for each other; an embedded file is
    one program's (claims.only_server), and is copied to `backups/` first. Raises SchemaTooNew or DatabaseUnreachable.
    """
    with _connected(url, data_dir, begin="BEGIN IMMEDIATE") as connection:
        # SQLite opens a file that it may not write for reading only, and says so at the first write.
        if connection.dialect.name == "sqlite" and not os.access(sqlite_path(url, data_dir), os.W_OK):
            raise unwritable(sqlite_path(url, data_dir), os.strerror(errno.EACCES))
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(UPGRADE_LOCK)))
        config = _config()
        current = MigrationContext.configure(connection).get_current_revision()
        scripts = ScriptDirectory.from_config(config)
        head = scripts.get_current_head()
        if current == head:
            return None
        known = {script.revision for script in scripts.walk_revisions()}
        if current is not None and current not in known:
            raise SchemaTooNew(current)
        if current is not None and connection.dialect.name == "sqlite":
            back_up(sqlite_path(url, data_dir), data_dir / "backups", f"before-{head}")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        fill_documents(connection)
        passed = {each.revision for each in scripts.iterate_revisions(head, current or "base")}
        if values_anew.BROUGHT in passed:
            values_anew.fill_values(connection)
        elif values_anew.WITHOUT_HIDDEN in passed:
            values_anew.leave_hidden_out(connection)
        if values_anew.WITH_BLANKS in passed:
            values_anew.mark_blanks(connection)
        if values_anew.SEARCHED in passed:
            values_anew.index_answers(connection)
        sqlite_statistics.tell(connection)
        connection.commit()
        return head


def current_revision(url: str, data_dir: Path) -> str | None:
    """The schema the database has now; None when it is empty."""
    with _connected(url, data_dir, begin="BEGIN") as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def unwritable(path: Path, why: str | None) -> DatabaseUnreachable:
    return DatabaseUnreachable(
        f"{path} cannot be written: {why}. Make it writable for this user, or choose another folder with --data-dir."
    )


def back_up(source: Path, folder: Path, name: str) -> Path:
    """A consistent copy of an embedded database; older copies beyond the newest few are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    target = folder / f"{source.stem}-{stamp}-{name}.db"
    driver = _sqlite_driver()
    with closing(driver.connect(str(source))) as original, closing(driver.connect(str(target))) as copy:
        original.backup(copy)
    for old in sorted(folder.glob(f"{source.stem}-*.db"))[:-BACKUPS_KEPT]:
        old.unlink()
    return target


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "procession.storage:migrations")
    return config


@contextmanager
def _connected(url: str, data_dir: Path, *, begin: str) -> Generator[Connection]:
    try:
        connection = _engine(url, data_dir, begin).connect()
    except OperationalError as error:
        raise DatabaseUnreachable(f"The database cannot be reached: {error.orig}") from error
    with connection:
        yield connection


def _engine(url: str, data_dir: Path, begin: str) -> Engine:
    if url.startswith(("postgresql://", "postgres://")):
        return create_engine("postgresql+psycopg://" + url.split("://", 1)[1], poolclass=NullPool)
    path = sqlite_path(url, data_dir)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise unwritable(path.parent, error.strerror) from error
    # Readers write, too: the files beside the database that readers and writer share.
    if not os.access(path.parent, os.W_OK):
        raise unwritable(path.parent, os.strerror(errno.EACCES))
    engine = create_engine(f"sqlite:///{path}", module=_sqlite_driver(), poolclass=NullPool)

    def prepare(connection: Any, _: object) -> None:  # the driver has no types
        connection.execute("PRAGMA journal_mode = WAL")

    def begin_explicitly(connection: Connection) -> None:
        # Left to itself, the driver begins no transaction for a change of the schema.
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin_explicitly)
    return engine


def _sqlite_driver() -> Any:  # the wheel has no types
    """The driver that brings a SQLite which is safe to use."""
    import pysqlite3  # pyright: ignore[reportMissingTypeStubs]

    return pysqlite3
