"""Making organizations and their people: what the command line, demo data, sign-up and the API share."""

from procession.adapters.secrets import new_token
from procession.domain.actors import BOT, Actor, Role
from procession.domain.people import BOT_NAME, bot_email
from procession.domain.tokens import HINT_CHARACTERS, token_hash
from procession.storage import accounts, organizations, tokens
from procession.storage.connection import Connection
from procession.storage.database import Database
from procession.storage.members import NewMember
from procession.storage.numbers import new_uuid
from procession.storage.tokens import TokenKind
from procession.storage.tx import WriteTx, writing
from procession.usecases import members

DAY_MS = 86_400_000


async def create_organization(database: Database, *, name: str, timezone: str, now: int) -> tuple[int, str]:
    """A new organization, empty but for its bot: (its number, its id)."""
    organization_id = new_uuid(now)

    async def work(connection: Connection) -> int:
        tx = await found(database, connection, organization_id, name=name, timezone=timezone, actor=BOT, now=now)
        await tx.finish()
        return tx.org

    return await database.write(work), organization_id


async def found(
    database: Database,
    connection: Connection,
    organization_id: str,
    *,
    name: str,
    timezone: str,
    actor: Actor,
    now: int,
) -> WriteTx:
    """Enter an organization and its bot; the transaction to go on in, which the caller finishes."""
    org = await organizations.create(connection, organization_id, name=name, timezone=timezone, now=now)
    tx = WriteTx(database, connection, org, organization_id, actor, now)
    first_name, last_name = BOT_NAME
    email = bot_email(organization_id)
    bot = await accounts.create(
        connection,
        email=email,
        password_hash=None,
        first_name=first_name,
        last_name=last_name,
        timezone=timezone,
        now=now,
    )
    await members.enter(
        tx,
        NewMember(
            account=bot,
            email=email,
            first_name=first_name,
            last_name=last_name,
            role="standard",
            status="active",
            timezone=timezone,
            invited_by=None,
            type="bot",
        ),
    )
    return tx


async def add_person(
    database: Database,
    org: int,
    organization_id: str,
    *,
    email: str,
    first_name: str,
    last_name: str,
    role: Role,
    timezone: str,
    password_hash: str | None,
    now: int,
) -> int:
    """An active member of an organization, with an account of their own when they have none; returns the member's id.

    Raises Invalid when the address is a member's or a guest's here.
    """

    async def work(tx: WriteTx) -> int:
        known = await accounts.by_email(tx.connection, email)
        account = (
            known.id
            if known
            else await accounts.create(
                tx.connection,
                email=email,
                password_hash=password_hash,
                first_name=first_name,
                last_name=last_name,
                timezone=timezone,
                now=now,
            )
        )
        person = NewMember(
            account=account,
            email=known.email if known else email,
            first_name=known.first_name if known else first_name,
            last_name=known.last_name if known else last_name,
            role=role,
            status="active",
            timezone=known.timezone if known else timezone,
            invited_by=None,
        )
        await members.enter_by_address(tx, person)
        return account

    return await writing(database, org, organization_id, BOT, now, work)


async def set_password(database: Database, *, email: str, password_hash: str, now: int) -> int | None:
    """Give the person with this address a password and end their sign-ins; their account's id, None for nobody."""

    async def work(connection: Connection) -> int | None:
        account = await accounts.by_email(connection, email)
        if account is None:
            return None
        await accounts.save_password(connection, account.id, password_hash, now)
        await tokens.revoke_sessions(connection, account.id, now)
        return account.id

    return await database.write(work)


async def issue_token(
    database: Database,
    *,
    account: int,
    org: int | None,
    name: str,
    kind: TokenKind,
    days: float | None,
    now: int,
) -> str:
    """A new bearer token; only its hash is kept, so this is the one time it can be read."""
    token = new_token()

    async def work(connection: Connection) -> None:
        await tokens.add(
            connection,
            token_hash=token_hash(token),
            hint=token[:HINT_CHARACTERS],
            account=account,
            org=org,
            kind=kind,
            name=name,
            now=now,
            expires_at=None if days is None else now + int(days * DAY_MS),
        )

    await database.write(work)
    return token
