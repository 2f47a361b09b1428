"""`procession`: run a server, look after it."""

from pathlib import Path
from typing import Annotated

import typer

from procession import __version__
from procession.cli.options import DatabaseUrl, DataDir, Host, Port, columns
from procession.cli.people import admin, token
from procession.cli.refusals import Commands

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="A server for running repeatable procedures. Settings: `procession config`.",
)
app.add_typer(token, name="token")
app.add_typer(admin, name="admin")


def show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"procession {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Options of the program itself."""


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    workers: Annotated[int | None, typer.Option(help="Server processes; more than one needs PostgreSQL.")] = None,
    with_demo: Annotated[bool, typer.Option("--with-demo", help="Load demo data into an empty database.")] = False,
) -> None:
    """Run the server until it is stopped."""
    from procession import config
    from procession.cli import running

    settings = config.current(host=host, port=port, database_url=database_url, data_dir=data_dir, workers=workers)
    running.serve(settings, with_demo=with_demo)


@app.command()
def demo(
    data: Annotated[
        Path | None, typer.Option(help="Folder to keep the data in; without it, it ends with the server.")
    ] = None,
    database: Annotated[str | None, typer.Option(help="PostgreSQL to use instead of an embedded database.")] = None,
    host: Host = None,
    port: Port = None,
    runs: Annotated[int | None, typer.Option(min=0, help="Processes in the demo organization.")] = None,
    credentials: Annotated[
        Path | None, typer.Option(help="File to write sign-in and token to, as JSON, once the server answers.")
    ] = None,
) -> None:
    """Run a server with fresh demo data."""
    from procession.cli import running

    running.demo(data=data, database=database, host=host, port=port, runs=runs, credentials=credentials)


@app.command()
def seed(
    organizations: Annotated[int, typer.Option(min=1, help="Organizations to make.")] = 20,
    runs: Annotated[int, typer.Option(min=0, help="Processes to make in all of them.")] = 100_000,
    tasks_per_run: Annotated[int, typer.Option(min=1, max=100, help="Tasks of each process.")] = 12,
    largest_share: Annotated[
        float, typer.Option(min=0.01, max=1, help="Share of all processes that is in the largest organization.")
    ] = 0.6,
    append: Annotated[bool, typer.Option("--append", help="Add to a database that holds data already.")] = False,
    credentials: Annotated[Path | None, typer.Option(help="File to write all access tokens to, as JSON.")] = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Fill a database with realistic volumes, to measure with."""
    from procession import config
    from procession.cli import seeding
    from procession.seed import Plan

    plan = Plan(organizations=organizations, runs=runs, tasks_per_run=tasks_per_run, largest_share=largest_share)
    settings = config.current(database_url=database_url, data_dir=data_dir)
    seeding.fill(settings, plan, append=append, credentials=credentials)


@app.command()
def migrate(database_url: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Bring the database up to date, as a server does when it starts."""
    from procession import claims, config, wiring

    settings = config.current(database_url=database_url, data_dir=data_dir)
    found, needed = wiring.schema(settings)
    if found == needed:
        typer.echo(f"The database is up to date: schema {found}.")
        return
    # A running server would be left with a schema it does not know.
    with claims.only_server(settings):
        typer.echo(f"The database now has schema {wiring.prepare(settings)}.")


@app.command()
def move(
    to: Annotated[str, typer.Option(help="Address of an empty PostgreSQL database.")],
    data_dir: DataDir = None,
) -> None:
    """Copy an embedded database into a PostgreSQL one, while no server runs."""
    from procession import config
    from procession.cli.moving import move_to

    move_to(config.current(data_dir=data_dir), to)


@app.command()
def doctor(database_url: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Compare what is stored with a recount; changes nothing."""
    from procession import config
    from procession.cli.about import differences

    found = differences(config.current(database_url=database_url, data_dir=data_dir))
    if found:
        typer.echo("\n".join(found))
        raise typer.Exit(1)
    typer.echo("Everything equals a recount.")


@app.command()
def deliver_mail(
    url: Annotated[str, typer.Option(help="Address of the server; without it, this machine and the port set.")] = "",
    sender: Annotated[
        str | None, typer.Option(help="Where the message is returned to, blank for nowhere; as the mail server says.")
    ] = None,
    recipient: Annotated[str | None, typer.Option(help="Whom it is for; without it, its headers say.")] = None,
) -> None:
    """Hand the mail on standard input to a running server."""
    import sys

    from procession import config
    from procession.cli.delivering import deliver

    message = sys.stdin.buffer.read()
    raise typer.Exit(deliver(config.current(), message, url=url, sender=sender, recipient=recipient))


@app.command()
def openapi(output: Annotated[Path | None, typer.Option(help="File to write to instead of printing.")] = None) -> None:
    """Print the OpenAPI document of everything this program serves."""
    from procession.api.document import complete_document

    text = complete_document().decode() + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


@app.command()
def info(database_url: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Show every version and path in use, the database and its schema."""
    from procession import config
    from procession.cli.about import facts

    typer.echo(columns(facts(config.current(database_url=database_url, data_dir=data_dir))))


@app.command("config")
def show_config(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the reference of all settings.")] = False,
) -> None:
    """Show every setting, its value and where it comes from."""
    from procession import config

    if markdown:
        typer.echo(config.markdown_table(), nl=False)
        return
    rows = [(each.variable, each.value, each.source, each.description) for each in config.effective(config.current())]
    typer.echo(columns(rows))
