"""What `procession token` and `procession admin` do; safe beside a running server."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from procession import wiring
from procession.adapters.identity import hash_password
from procession.cli.refusals import CommandRefused
from procession.config import Settings
from procession.domain.actors import Actor
from procession.domain.calendar import is_zone
from procession.domain.emails import is_email
from procession.domain.errors import Invalid
from procession.domain.passwords import password_faults
from procession.storage import accounts, identity, members, organizations, tokens
from procession.storage.database import Database
from procession.storage.numbers import clock_now
from procession.storage.organizations import Organization
from procession.storage.tokens import Token
from procession.storage.tx import WriteTx, reading, writing
from procession.usecases import setup
from procession.usecases import tokens as token_uses
from procession.usecases.tokens import NewToken

T = TypeVar("T")

CHANNEL = "cli"
OPERATOR = Actor(kind="bot", channel=CHANNEL)


class NewAdmin(msgspec.Struct, frozen=True):
    """An administrator to be; `organization` is the id of one there is, or the name of a new one."""

    email: str
    first_name: str
    last_name: str
    organization: str
    timezone: str
    password: str


async def create_token(
    settings: Settings, email: str, organization_id: str | None, *, name: str, days: int
) -> NewToken:
    """Raises CannotStart, CommandRefused, Invalid, NotAllowed."""

    async def work(tx: WriteTx) -> NewToken:
        return await token_uses.create(tx, name=name, days=days)

    return await as_member(settings, email, organization_id, work)


async def revoke_token(settings: Settings, email: str, organization_id: str | None, token_id: int) -> None:
    """Raises CannotStart, CommandRefused, NotFound."""

    async def work(tx: WriteTx) -> None:
        if not await tokens.revoke_own(tx.connection, token_id, account=tx.actor.id, org=tx.org, now=tx.now):
            raise CommandRefused(f"{email} has no token {token_id}. `procession token list` shows those there are.")

    await as_member(settings, email, organization_id, work)


async def list_tokens(settings: Settings, email: str, organization_id: str | None) -> list[Token]:
    """Raises CannotStart, CommandRefused."""
    async with wiring.opened(settings) as database:
        account, organization = await member_with(database, email, organization_id)
        async with database.reading() as connection:
            found, _ = await tokens.list_page(connection, account, organization.org, limit=None, offset=0)
    return found


async def create_admin(settings: Settings, wanted: NewAdmin) -> tuple[int, str]:
    """The member's and the organization's id. Raises CannotStart, CommandRefused, Invalid."""
    check(settings, wanted)
    password_hash = hash_password(wanted.password)
    async with wiring.opened(settings) as database:
        now = clock_now()
        async with database.reading() as connection:
            known = await accounts.by_email(connection, wanted.email)
            org = await identity.organization_number(connection, wanted.organization)
        if known is not None:
            raise CommandRefused(
                f"{wanted.email} has an account already. Make them an administrator in the members' list, or give them "
                "a new password with `procession admin reset-password`."
            )
        organization_id = wanted.organization
        if not org:
            org, organization_id = await setup.create_organization(
                database, name=wanted.organization, timezone=wanted.timezone, now=now
            )
        account = await setup.add_person(
            database,
            org,
            organization_id,
            email=wanted.email,
            first_name=wanted.first_name,
            last_name=wanted.last_name,
            role="admin",
            timezone=wanted.timezone,
            password_hash=password_hash,
            now=now,
        )
    return account, organization_id


def check(settings: Settings, wanted: NewAdmin) -> None:
    if not is_email(wanted.email):
        raise CommandRefused(f"{wanted.email} is not an e-mail address.")
    if not is_zone(wanted.timezone):
        raise CommandRefused(f"{wanted.timezone} is not a time zone. Write a name such as Europe/Berlin.")
    check_password(settings, wanted.password)


def check_password(settings: Settings, password: str) -> None:
    faults = password_faults(password, min_length=settings.password_min_length)
    if faults:
        raise Invalid({"password": faults})


async def reset_password(settings: Settings, email: str, password: str) -> None:
    """Raises CannotStart, CommandRefused, Invalid."""
    check_password(settings, password)
    password_hash = hash_password(password)
    async with wiring.opened(settings) as database:
        if await setup.set_password(database, email=email, password_hash=password_hash, now=clock_now()) is None:
            raise CommandRefused(f"Nobody here has the address {email}.")


async def as_member(
    settings: Settings, email: str, organization_id: str | None, work: Callable[[WriteTx], Awaitable[T]]
) -> T:
    """Run `work` in a transaction in which this person acts."""
    async with wiring.opened(settings) as database:
        now = clock_now()
        account, organization = await member_with(database, email, organization_id)
        async with reading(database, organization.org, organization.id, OPERATOR, now) as tx:
            member = await members.find(tx, account)
        if member is None:
            raise CommandRefused(f"{email} is not a member of {organization.name}.")
        actor = Actor(kind="member", id=account, role=member.role, channel=CHANNEL)
        return await writing(database, organization.org, organization.id, actor, now, work)


async def member_with(database: Database, email: str, organization_id: str | None) -> tuple[int, Organization]:
    """The person's account, and the organization meant: the named one, or their only one. Raises CommandRefused."""
    async with database.reading() as connection:
        account = await accounts.by_email(connection, email)
        if account is None:
            raise CommandRefused(f"Nobody here has the address {email}.")
        theirs = await organizations.of_account(connection, account.id)
    if organization_id is None and len(theirs) > 1:
        choices = ", ".join(f"{each.id} ({each.name})" for each in theirs)
        raise CommandRefused(f"{email} is in several organizations. Choose one with --organization: {choices}.")
    for each in theirs:
        if organization_id in (None, each.id):
            return account.id, each
    raise CommandRefused(f"{email} is not in {organization_id or 'any organization'}.")
