"""`procession seed`: fill a database, and hand out access to what is in it."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from procession import claims, wiring
from procession.cli.files import write_privately
from procession.cli.options import columns
from procession.cli.refusals import CommandRefused
from procession.config import Settings
from procession.seed import Plan, Seeded, SeedRefused, seed
from procession.seed.seeding import Report
from procession.storage.numbers import clock_now


def fill(settings: Settings, plan: Plan, *, append: bool, credentials: Path | None) -> None:
    """Raises CannotStart, CommandRefused."""
    with claims.only_server(settings):
        wiring.prepare(settings)
        try:
            found = asyncio.run(filled(settings, plan, append=append))
        except SeedRefused as error:
            raise CommandRefused(str(error)) from error
    if credentials is not None:
        write_privately(credentials, msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
        typer.echo(f"Access to {len(found)} organizations is in {credentials}.")
    else:
        typer.echo(table(found))


async def filled(settings: Settings, plan: Plan, *, append: bool) -> list[Seeded]:
    secrets = wiring.make_secrets(settings)
    async with wiring.opened(settings) as database:
        with bars() as report:
            return await seed(database, secrets, plan, now=clock_now(), append=append, report=report)


@contextmanager
def bars() -> Generator[Report]:
    """A bar on standard error for each thing that is being done."""
    with Progress(
        TextColumn("{task.description:13}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as progress:
        known: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in known:
                known[what] = progress.add_task(what, total=total)
            progress.update(known[what], completed=done)

        yield report


def table(found: list[Seeded]) -> str:
    rows = [("Organization", "Id", "Processes", "Administrator", "Access token")]
    rows += [(each.organization, each.org_id, f"{each.runs:,}", each.email, each.access_token) for each in found]
    return columns(rows)
