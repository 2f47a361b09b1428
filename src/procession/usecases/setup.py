"""Making organizations and their first people: what the command line, demo data and sign-up share."""

import hashlib

from procession.adapters.secrets import new_token
from procession.domain.actors import BOT, Role
from procession.storage import directory, members
from procession.storage.connection import Connection
from procession.storage.database import Database
from procession.storage.numbers import new_uuid
from procession.storage.tx import WriteTx, writing

DAY_MS = 86_400_000
HINT_CHARACTERS = 6


async def create_organization(database: Database, *, name: str, timezone: str, now: int) -> tuple[int, str]:
    """A new, empty organization: (its number, its id)."""
    organization_id = new_uuid(now)

    async def work(connection: Connection) -> int:
        return await directory.create_organization(
            connection, id=organization_id, name=name, timezone=timezone, now=now
        )

    return await database.write(work), organization_id


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
    """An active member of an organization, with an account of their own when they have none; returns the member's id."""

    async def work(tx: WriteTx) -> int:
        known = await directory.account_by_email(tx.connection, email)
        account = known.id if known else await directory.create_account(
            tx.connection,
            email=email,
            password_hash=password_hash,
            first_name=first_name,
            last_name=last_name,
            timezone=timezone,
            now=now,
        )
        await members.add(
            tx,
            members.NewMember(
                account=account,
                email=email,
                first_name=first_name,
                last_name=last_name,
                role=role,
                status="active",
                timezone=timezone,
                invited_by=None,
            ),
        )
        return account

    return await writing(database, org, organization_id, BOT, now, work)


async def issue_token(
    database: Database,
    *,
    account: int,
    org: int | None,
    name: str,
    kind: str,
    days: float | None,
    now: int,
) -> str:
    """A new bearer token; only its hash is kept, so this is the one time it can be read."""
    token = new_token()

    async def work(connection: Connection) -> None:
        await directory.create_token(
            connection,
            hash=hashlib.sha256(token.encode()).hexdigest(),
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
