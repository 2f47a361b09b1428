"""`procession move`: from an embedded database to PostgreSQL."""

import asyncio

import typer
from msgspec.structs import replace

from procession import claims, wiring
from procession.cli.refusals import CommandRefused
from procession.config import Settings
from procession.storage.moving import TargetNotEmpty, move
from procession.storage.postgres import PostgresDatabase
from procession.storage.sqlite import SqliteDatabase


def move_to(settings: Settings, url: str) -> None:
    """Raises CannotStart, CommandRefused."""
    if not settings.embedded:
        raise CommandRefused("Only an embedded database can be moved. Leave PROCESSION_DATABASE_URL empty.")
    if not url.startswith(("postgresql://", "postgres://")):
        raise CommandRefused(f"{url} is no PostgreSQL address. Write postgresql://user:password@host:5432/name.")
    with claims.only_server(settings):
        wiring.prepare(settings)
        wiring.prepare(replace(settings, database_url=url))
        try:
            moved = asyncio.run(moved_rows(settings, replace(settings, database_url=url)))
        except TargetNotEmpty as error:
            raise CommandRefused("The PostgreSQL database holds data already. Name an empty one.") from error
    typer.echo(f"Moved {sum(moved.values()):,} rows. The embedded database is left as it was.")
    typer.echo(f"Start the server with PROCESSION_DATABASE_URL, and with the same key: {settings.secret_key_path}")
    typer.echo(
        f"Uploaded files stay where they are, and belong to both: {settings.files_bucket or settings.files_folder}"
    )


async def moved_rows(source: Settings, target: Settings) -> dict[str, int]:
    async with wiring.opened(source) as embedded, wiring.opened(target) as postgresql:
        assert isinstance(embedded, SqliteDatabase)
        assert isinstance(postgresql, PostgresDatabase)
        return await move(embedded, postgresql)
