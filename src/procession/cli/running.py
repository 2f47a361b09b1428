"""`serve` and `demo`: a server, and what it says about itself when it answers."""

import asyncio
import contextlib
import signal
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import msgspec
import typer

from procession import __version__, config, server
from procession.cli.files import write_privately
from procession.cli.options import columns
from procession.cli.refusals import CommandRefused
from procession.config import Settings
from procession.wiring.application import make_idle_application

if TYPE_CHECKING:
    from procession.demo import Access


class Credentials(msgspec.Struct):
    """What a program needs to use a demo server."""

    api_endpoint: str
    org_id: str
    user_id: int
    access_token: str
    email: str
    password: str


def serve(settings: Settings, *, with_demo: bool) -> None:
    """Run a server and say on standard output how to reach it. Raises CannotStart."""
    access: Access | None = None

    def prepared() -> None:
        nonlocal access
        if with_demo:
            access = asyncio.run(demo_data(settings, None))

    server.serve(settings, prepared=prepared, ready=lambda address: typer.echo(welcome(settings, address, access)))


def demo(
    *,
    data: Path | None,
    database: str | None,
    host: str | None,
    port: int | None,
    runs: int | None,
    credentials: Path | None,
) -> None:
    """Run a server with demo data; never in the folder or database that the environment names for real work.

    Raises CannotStart, CommandRefused.
    """
    given = config.current(host=host, port=port, database_url=database, workers=1 if database is None else None)
    with contextlib.nullcontext(data) if data is not None else throw_away() as folder:
        own = {"data_dir": folder, "secret_key_file": None, "base_url": "", "database_url": database or ""}
        settings = msgspec.structs.replace(given, **own)
        access: Access | None = None

        def prepared() -> None:
            nonlocal access
            access = asyncio.run(demo_data(settings, runs))
            if access is None:
                raise CommandRefused("The database holds other data than the demo's. Name an empty one, or none.")

        def ready(address: str) -> None:
            if credentials is not None and access is not None:
                write_credentials(credentials, address, access)
            typer.echo(welcome(settings, address, access))

        server.serve(settings, prepared=prepared, ready=ready)


@contextlib.contextmanager
def throw_away() -> Generator[Path]:
    """A folder that is gone afterwards, also when the program is told to stop before the server handles that."""
    before = signal.signal(signal.SIGTERM, end)
    try:
        with tempfile.TemporaryDirectory(prefix="procession-demo-") as folder:
            yield Path(folder)
    finally:
        signal.signal(signal.SIGTERM, before)


def end(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)


async def demo_data(settings: Settings, runs: int | None) -> "Access | None":
    """Load the demo organization when the database is empty; how to sign in there, None when it holds other data."""
    from procession.demo import ensure_demo

    # Told of the past: timers would do at once what is due only by now.
    application = make_idle_application(settings)
    await application.start()
    try:
        return await ensure_demo(application, runs=runs)
    finally:
        await application.stop()


def write_credentials(file: Path, address: str, access: "Access") -> None:
    written = Credentials(
        api_endpoint=f"{address}/api",
        org_id=access.organization_id,
        user_id=access.user_id,
        access_token=access.token,
        email=access.email,
        password=access.password,
    )
    write_privately(file, msgspec.json.format(msgspec.json.encode(written), indent=2) + b"\n")


def welcome(settings: Settings, address: str, access: "Access | None") -> str:
    """How to reach the server, and its data when it is a demo."""
    rows = [("Address", address), ("API document", f"{address}/openapi.json")]
    if settings.docs_enabled:
        rows.append(("API page", f"{address}/docs"))
    if settings.embedded:
        rows.append(("Data folder", str(settings.data_dir.absolute())))
    if access is not None:
        rows.append(("Sign-in", f"{access.email}, password {access.password}"))
        rows.append(("Access token", access.token))
    lines = [f"Procession {__version__} is running; Ctrl-C stops it.", "", columns(rows)]
    if access is not None:
        lines += ["", "Its processes:", "", curl(address, access)]
    return "\n".join([*lines, ""])


def curl(address: str, access: "Access") -> str:
    """The main job as a command to paste."""
    return (
        f"  curl -H 'Authorization: Bearer {access.token}' -H 'X-Tallyfy-Client: APIClient' "
        f"'{address}/api/organizations/{access.organization_id}/runs?status=active&per_page=5&with=tags'"
    )
