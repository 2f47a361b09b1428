"""`procession token` and `procession admin`: access for people, without signing in."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from procession.cli.options import DatabaseUrl, DataDir, Email, PasswordFromStdin, columns
from procession.cli.refusals import CommandRefused

token = typer.Typer(no_args_is_help=True, help="Personal access tokens.")
admin = typer.Typer(no_args_is_help=True, help="Administrators, and passwords of people who lost theirs.")

Organization = Annotated[str | None, typer.Option(help="Id of the organization; needed when the person is in several.")]


@token.command("create")
def create_token(
    email: Email,
    name: Annotated[str, typer.Option(help="What the token is for.")] = "command line",
    days: Annotated[int | None, typer.Option(help="Days it is valid; PROCESSION_TOKEN_DAYS when left out.")] = None,
    organization: Organization = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Make a token and print it: the one time it can be read."""
    from procession import config
    from procession.cli import access

    settings = config.current(database_url=database_url, data_dir=data_dir)
    made = asyncio.run(
        access.create_token(
            settings, email, organization, name=name, days=settings.token_days if days is None else days
        )
    )
    typer.echo(made.text)
    typer.echo(f"Token {made.row.id} is valid until {day(made.row.expires_at)}.", err=True)


@token.command("list")
def list_tokens(
    email: Email, organization: Organization = None, database_url: DatabaseUrl = None, data_dir: DataDir = None
) -> None:
    """List a person's tokens that are not revoked."""
    from procession import config
    from procession.cli import access

    settings = config.current(database_url=database_url, data_dir=data_dir)
    found = asyncio.run(access.list_tokens(settings, email, organization))
    heading = ("id", "begins with", "name", "created", "valid until", "last used")
    rows = [
        (str(each.id), each.hint, each.name, day(each.created_at), day(each.expires_at), day(each.last_used_at))
        for each in found
    ]
    typer.echo(columns([heading, *rows]))


@token.command("revoke")
def revoke_token(
    token_id: Annotated[int, typer.Argument(help="Its id, as `procession token list` shows it.")],
    email: Email,
    organization: Organization = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """End a token at once."""
    from procession import config
    from procession.cli import access

    settings = config.current(database_url=database_url, data_dir=data_dir)
    asyncio.run(access.revoke_token(settings, email, organization, token_id))
    typer.echo(f"Token {token_id} is revoked.")


@admin.command("create")
def create_admin(
    email: Annotated[str | None, typer.Option(help="E-mail address to sign in with.")] = None,
    first_name: Annotated[str | None, typer.Option()] = None,
    last_name: Annotated[str | None, typer.Option()] = None,
    organization: Annotated[
        str | None, typer.Option(help="Name of a new organization, or the id of one there is.")
    ] = None,
    timezone: Annotated[str, typer.Option(help="Of a new organization, and of the person.")] = "UTC",
    password_stdin: PasswordFromStdin = False,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Make an administrator, with an organization when it is the first. Asks for what is not given."""
    from procession import config
    from procession.cli import access

    settings = config.current(database_url=database_url, data_dir=data_dir)
    wanted = access.NewAdmin(
        email=email or asked("E-mail address", "--email"),
        first_name=first_name or asked("First name", "--first-name"),
        last_name=last_name or asked("Last name", "--last-name"),
        organization=organization or asked("Organization (a new name, or an id)", "--organization"),
        timezone=timezone,
        password=new_password(from_stdin=password_stdin),
    )
    account, organization_id = asyncio.run(access.create_admin(settings, wanted))
    typer.echo(columns([("Organization", organization_id), ("Member", str(account)), ("Signs in as", wanted.email)]))


@admin.command("reset-password")
def reset_password(
    email: Email,
    password_stdin: PasswordFromStdin = False,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Give a person a new password and end their sign-ins; their access tokens stay."""
    from procession import config
    from procession.cli import access

    settings = config.current(database_url=database_url, data_dir=data_dir)
    asyncio.run(access.reset_password(settings, email, new_password(from_stdin=password_stdin)))
    typer.echo(f"{email} has a new password.")


def asked(question: str, option: str) -> str:
    if not sys.stdin.isatty():
        raise CommandRefused(f"{option} is missing. Give it, or run the command in a terminal to be asked.")
    answer: Any = typer.prompt(question)  # Any: typer leaves it open; it is text unless a type is named
    return str(answer)


def new_password(*, from_stdin: bool) -> str:
    """The first line of standard input, or what is typed twice unseen."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise CommandRefused("Nobody can type a password here. Write it to standard input with --password-stdin.")
    typed: Any = typer.prompt("New password", hide_input=True, confirmation_prompt=True)  # Any: as above
    return str(typed)


def day(at: int | None) -> str:
    return "never" if at is None else datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d")
