"""What `procession info` and `procession doctor` tell: enough for a report of a problem, nothing secret."""

import asyncio
import platform
from importlib.metadata import version
from pathlib import Path

import apsw

import procession
from procession import __version__, wiring
from procession.claims import LOCK_FILE
from procession.config import Settings, effective
from procession.storage import mails
from procession.storage.database import sqlite_path
from procession.storage.mails import Waiting
from procession.storage.numbers import clock_now
from procession.usecases import file_checks, viewers

LIBRARIES = ("starlette", "uvicorn", "msgspec", "sqlalchemy", "psycopg")


def facts(settings: Settings) -> list[tuple[str, str]]:
    """Names and values, in the order people look for them."""
    return [
        ("Procession", __version__),
        ("Program", str(Path(procession.__file__).parent)),
        ("Python", f"{platform.python_version()} on {platform.platform()}"),
        ("SQLite", f"{apsw.sqlite_lib_version()}, {migrations_sqlite()} for migrations"),
        *((name, version(name)) for name in LIBRARIES),
        ("Data folder", str(settings.data_dir.absolute())),
        ("Files", settings.files_bucket or existing(settings.files_folder)),
        ("Server key", existing(settings.secret_key_path)),
        ("Lock file", existing(settings.data_dir / LOCK_FILE) if settings.embedded else "none with PostgreSQL"),
        ("Backups", existing(settings.data_dir / "backups") if settings.embedded else "none with PostgreSQL"),
        ("Database", database(settings)),
        ("Schema", schema(settings)),
        ("Mail", mail(settings)),
    ]


def differences(settings: Settings) -> list[str]:
    """What a recount finds wrong, one line each. Raises CannotStart."""

    async def work() -> list[str]:
        async with wiring.opened(settings) as database:
            found = await viewers.differences(database, clock_now())
            of_files = await file_checks.differences(database, wiring.make_files(settings), clock_now())
        wrong = [*found.items(), *of_files.items()]
        return [f"{organization}: {each}" for organization, problems in wrong for each in problems]

    return asyncio.run(work())


def existing(path: Path) -> str:
    return f"{path.absolute()}{'' if path.exists() else ' (not there yet)'}"


def database(settings: Settings) -> str:
    if not settings.embedded:
        return next(each.value for each in effective(settings) if each.name == "database_url")
    path = sqlite_path("", settings.data_dir)
    return f"{existing(path)}{f', {path.stat().st_size:,} bytes' if path.exists() else ''}"


def schema(settings: Settings) -> str:
    try:
        found, needed = wiring.schema(settings)
    except wiring.CannotStart as error:
        return f"unknown: {error}"
    return f"{found or 'none yet'}{'' if found == needed else f', this program needs {needed}'}"


def mail(settings: Settings) -> str:
    """Where mail goes, and how much of it has not left yet."""
    server = f"{settings.smtp_host}:{settings.smtp_port}, from {settings.smtp_from}" if settings.smtp_host else ""

    async def waiting() -> Waiting:
        async with wiring.opened(settings) as database, database.reading() as connection:
            return await mails.waiting(connection)

    try:
        found = asyncio.run(waiting())
    except wiring.CannotStart:
        found = Waiting(0, None, None)
    number = f", {found.number} waiting" if found.number else ""
    problem = f" ({found.problem})" if found.problem else ""
    return f"{server or 'no server is set up (PROCESSION_SMTP_HOST)'}{number}{problem}"


def migrations_sqlite() -> str:
    import pysqlite3  # pyright: ignore[reportMissingTypeStubs]  # the wheel has none

    return str(pysqlite3.sqlite_version)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]  # no stubs
