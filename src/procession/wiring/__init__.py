"""Makes what a program needs from its settings: the database, the key. `application` adds what answers requests."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import apsw
import psycopg
import sqlalchemy.exc

from procession.adapters.files import FileStore, FolderFiles
from procession.adapters.secrets import SecretKeyUnreadable, Secrets, secrets_at
from procession.adapters.smtp import Transport
from procession.config import Settings
from procession.storage.database import Database, database_at, sqlite_path
from procession.storage.health import Unavailable
from procession.storage.migrate import DatabaseUnreachable, SchemaTooNew, current_revision, newest_revision, upgrade
from procession.storage.sqlite import SqliteTooOld, require_safe_version

OLDEST_POSTGRESQL = 15
CONNECT_SECONDS = 10


class CannotStart(RuntimeError):
    """Something outside the program is not as it must be; the message says what, and what to do."""


def prepare(settings: Settings) -> str | None:
    """Make the data folder and the database ready; the schema it was upgraded to, None when it was current.

    Raises CannotStart.
    """
    try:
        if settings.embedded:
            require_safe_version()
        else:
            _check_postgresql(settings.database_url)
        return upgrade(settings.database_url, settings.data_dir)
    except (DatabaseUnreachable, SchemaTooNew, SqliteTooOld) as error:
        raise CannotStart(f"{one_line(str(error))}.") from error
    except sqlalchemy.exc.DBAPIError as error:
        what = sqlite_path("", settings.data_dir) if settings.embedded else "The database"
        raise CannotStart(
            f"{what} cannot be brought up to date: {one_line(str(error.orig))}. Restore it from a backup, or start on "
            "an empty one."
        ) from error
    except OSError as error:
        raise CannotStart(
            f"The data folder {settings.data_dir} cannot be used: {error.strerror}. Make it writable for this user, or "
            "choose another with --data-dir."
        ) from error


def schema(settings: Settings) -> tuple[str | None, str | None]:
    """The schema the database has (None: it is empty) and the one this program needs. Raises CannotStart."""
    try:
        if settings.embedded and not sqlite_path("", settings.data_dir).exists():
            return None, newest_revision()
        if not settings.embedded:
            _check_postgresql(settings.database_url)
        return current_revision(settings.database_url, settings.data_dir), newest_revision()
    except (DatabaseUnreachable, sqlalchemy.exc.DBAPIError, OSError) as error:
        raise CannotStart(f"{one_line(str(error))}.") from error


def make_database(settings: Settings) -> Database:
    """Raises CannotStart."""
    try:
        return database_at(
            settings.database_url, settings.data_dir, pool_size=settings.db_pool_size, readers=settings.readers
        )
    except SqliteTooOld as error:
        raise CannotStart(str(error)) from error


def make_secrets(settings: Settings) -> Secrets:
    """The server's key, made the first time. Raises CannotStart."""
    try:
        return secrets_at(settings.secret_key_path)
    except SecretKeyUnreadable as error:
        raise CannotStart(str(error)) from error
    except OSError as error:
        raise CannotStart(
            f"The server key {settings.secret_key_path} cannot be written: {error.strerror}. Make its folder writable, "
            "or name another file in PROCESSION_SECRET_KEY_FILE."
        ) from error


def make_transport(settings: Settings) -> Transport | None:
    """The mail server that takes outgoing mail; None: none is set up."""
    if not settings.smtp_host:
        return None
    return Transport(
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        user=settings.smtp_user,
        password=settings.smtp_password,
        sender=settings.smtp_from,
        timeout_seconds=settings.smtp_timeout_seconds,
    )


def make_files(settings: Settings) -> FileStore:
    """Where uploaded files are kept."""
    if not settings.files_bucket:
        return FolderFiles(settings.files_folder)
    # Only here: whoever keeps files in a folder does not wait for the library.
    from procession.adapters.s3_files import Bucket, files_in

    name, _, folder = settings.files_bucket.partition("/")
    return files_in(
        Bucket(
            name=name,
            folder=folder,
            endpoint=settings.files_endpoint,
            region=settings.files_region,
            access_key=settings.files_access_key,
            secret_key=settings.files_secret_key,
        )
    )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Database]:
    """The database, for a command that may run beside a server. Raises CannotStart when it is not there."""
    found, needed = schema(settings)
    if found is None:
        where = sqlite_path("", settings.data_dir) if settings.embedded else "The PostgreSQL database"
        raise CannotStart(f"{where} holds no Procession data yet. Run `procession migrate` first.")
    if found != needed:
        raise CannotStart(
            f"The database has schema {found}, this program needs {needed}. Run `procession migrate`, or use the "
            "program that fits the database."
        )
    database = make_database(settings)
    try:
        await database.open()
    except (*Unavailable, apsw.Error) as error:
        raise CannotStart(f"The database does not answer: {one_line(str(error))}. Try again.") from error
    try:
        yield database
    finally:
        await database.close()


def _check_postgresql(url: str) -> None:
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        raise CannotStart(
            f"The PostgreSQL database cannot be reached: {one_line(str(error))}. Check that it runs, and the address "
            "in PROCESSION_DATABASE_URL or --database-url."
        ) from error
    if version < OLDEST_POSTGRESQL:
        raise CannotStart(f"PostgreSQL {version} is too old. Use version {OLDEST_POSTGRESQL} or newer.")


def one_line(text: str) -> str:
    """A library's message as part of a sentence."""
    return " ".join(text.split()).rstrip(".")
