"""Signing in and out with a password, and changing it. Spec: api-people 1.6, behaviour-people 7."""

import msgspec
from msgspec.structs import replace

from procession.adapters import identity
from procession.adapters.secrets import Secrets, new_token
from procession.domain.actors import Actor
from procession.domain.errors import Invalid, NotFound
from procession.domain.events import happened
from procession.domain.passwords import password_faults
from procession.domain.people import folded_name
from procession.domain.times import HOUR
from procession.domain.tokens import HINT_CHARACTERS, SESSION_HOURS, token_hash
from procession.storage import accounts, attempts, members, tokens
from procession.storage.accounts import Account
from procession.storage.connection import Connection
from procession.storage.database import Database
from procession.storage.tx import WriteTx
from procession.usecases import onboarding
from procession.usecases.accounts import in_every_organization
from procession.usecases.attempts import MustWait, attempts_key, begin_attempt


class SignedIn(msgspec.Struct, frozen=True):
    token: str
    expires_at: int


class WrongCredentials(msgspec.Struct, frozen=True):
    """Unknown address, wrong password, or nothing to sign in to; `account` is for the log, not for the answer."""

    account: int | None


async def sign_in(
    database: Database, secrets: Secrets, *, email: str, password: str, actor: Actor, now: int
) -> SignedIn | WrongCredentials | MustWait:
    """A new sign-in token; invitations that wait for the person are accepted by it."""
    key = attempts_key(secrets, email)
    waiting = await begin_attempt(database, key, now)
    if waiting is not None:
        return waiting
    async with database.reading() as connection:
        account = await accounts.by_email(connection, email)
    is_right = await identity.is_password_off_loop(account.password_hash if account else None, password)
    if account is None or not is_right:
        return WrongCredentials(account.id if account else None)
    return await _admit(database, account, key, actor=actor, now=now)


async def _admit(
    database: Database, account: Account, attempts_key: str, *, actor: Actor, now: int
) -> SignedIn | WrongCredentials:
    token, expires_at = new_token(), now + SESSION_HOURS * HOUR

    async def work(connection: Connection) -> bool:
        current = await accounts.find(connection, account.id)
        if current is None or current.password_hash != account.password_hash:
            return False
        places: list[bool] = []

        async def arrive(tx: WriteTx) -> None:
            places.append(await _arrive(tx, current))

        arriving = replace(actor, kind="account", id=account.id)
        await in_every_organization(database, connection, account.id, arriving, now, arrive)
        if places and not any(places):
            return False
        await tokens.add(
            connection,
            token_hash=token_hash(token),
            hint=token[:HINT_CHARACTERS],
            account=account.id,
            org=None,
            kind="session",
            name="Sign-in",
            now=now,
            expires_at=expires_at,
        )
        await accounts.note_login(connection, account.id, now)
        await attempts.clear(connection, attempts_key)
        return True

    admitted = await database.write(work)
    return SignedIn(token, expires_at) if admitted else WrongCredentials(account.id)


async def _arrive(tx: WriteTx, account: Account) -> bool:
    """Note the sign-in in one organization, where an invitation is accepted by it; whether the person is active."""
    member = await members.lock(tx, account.id)
    if member is None or member.status not in ("active", "invited"):
        return False
    if member.status == "invited":
        is_first_admin = member.role == "admin" and not await members.has_default_admin(tx)
        member = replace(
            member,
            status="active",
            activated_at=tx.now,
            is_default_admin=is_first_admin,
            first_name=account.first_name,
            last_name=account.last_name,
            folded_name=folded_name(account.first_name, account.last_name),
            timezone=account.timezone,
            profile=account.profile,
        )
        tx.record(happened("member.activated", account.id))
        tx.rights_changed([account.id])
        await onboarding.plan(tx, account.id)
    await members.save(tx, replace(member, last_login_at=tx.now, last_known_ip=tx.actor.address))
    tx.record(happened("account.signed_in", account.id))
    return True


async def note_failure(database: Database, account: int, *, actor: Actor, now: int) -> None:
    """Log a failed sign-in in the person's organizations. Spec: behaviour-people S2."""

    async def failed(tx: WriteTx) -> None:
        tx.record(happened("account.sign_in_failed", account))

    async def work(connection: Connection) -> None:
        await in_every_organization(database, connection, account, actor, now, failed)

    await database.write(work)


async def sign_out(database: Database, token: str, *, now: int) -> None:
    """End the sign-in this token was made by; named tokens stay. Spec: DEC-39."""

    async def work(connection: Connection) -> None:
        await tokens.revoke_session(connection, token_hash(token), now)

    await database.write(work)


async def change_password(
    database: Database,
    secrets: Secrets,
    *,
    current: str,
    new: str,
    min_length: int,
    token: str,
    actor: Actor,
    now: int,
) -> MustWait | None:
    """Set the caller's password; their other sign-ins end. None when done. Raises Invalid.

    Wrong current passwords count like failed sign-ins. Spec: api-people 1.6, behaviour-people S1, S3.
    """
    faults = password_faults(new, min_length=min_length)
    if faults:
        raise Invalid({"password": faults})
    async with database.reading() as connection:
        account = await accounts.find(connection, actor.id)
    if account is None:
        raise NotFound
    key = attempts_key(secrets, account.email)
    waiting = await begin_attempt(database, key, now)
    if waiting is not None:
        return waiting
    if not await identity.is_password_off_loop(account.password_hash, current):
        raise Invalid({"current_password": ["The current password is not right."]})
    password_hash = await identity.hash_off_loop(new)

    async def changed(tx: WriteTx) -> None:
        tx.record(happened("account.password_changed", account.id))

    async def work(connection: Connection) -> None:
        await accounts.save_password(connection, account.id, password_hash, now)
        await tokens.revoke_sessions(connection, account.id, now, but_hash=token_hash(token))
        await attempts.clear(connection, key)
        await in_every_organization(database, connection, account.id, actor, now, changed)

    await database.write(work)
    return None
