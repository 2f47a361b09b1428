"""`serve` and `demo`: a server, and what it says about itself when it answers."""

import asyncio
import contextlib
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import typer

from procession import __version__, config, server, wiring
from procession.cli.files import write_privately
from procession.cli.options import columns
from procession.config import Settings

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


def serve(settings: Settings, *, with_demo: bool, runs: int | None = None, credentials: Path | None = None) -> None:
    """Run a server and say on standard output how to reach it. Raises CannotStart."""
    access: Access | None = None

    def prepared() -> None:
        nonlocal access
        if with_demo:
            access = asyncio.run(demo_data(settings, runs))

    def ready(address: str) -> None:
        if credentials is not None and access is not None:
            write_credentials(credentials, address, access)
        typer.echo(welcome(settings, address, access))

    server.serve(settings, prepared=prepared, ready=ready)


def demo(
    *,
    data: Path | None,
    database: str | None,
    host: str | None,
    port: int | None,
    runs: int | None,
    credentials: Path | None,
) -> None:
    """Run a server with demo data; never in the folder or database that the environment names for real work."""
    settings = config.current(host=host, port=port, database_url=database)
    if database is None:
        settings = msgspec.structs.replace(settings, database_url="", workers=1)
    with contextlib.nullcontext(data) if data is not None else throw_away() as folder:
        key = folder / "secret.key"
        settings = msgspec.structs.replace(settings, data_dir=folder, secret_key_file=key)
        serve(settings, with_demo=True, runs=runs, credentials=credentials)


@contextlib.contextmanager
def throw_away() -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="procession-demo-") as folder:
        yield Path(folder)


async def demo_data(settings: Settings, runs: int | None) -> "Access | None":
    """Load the demo organization when the database is empty; how to sign in there, None when it holds other data."""
    from procession.demo import ensure_demo

    application = wiring.make_application(settings)
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
        f"{address}/api/organizations/{access.organization_id}/runs"
    )
