"""What a person is in all their organizations at once. Spec: api-people 2, U4."""

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from procession.domain.actors import Actor
from procession.domain.errors import NotAllowed, NotFound
from procession.domain.events import happened
from procession.domain.names import clean_name
from procession.domain.people import (
    OWN_PROFILE_ONLY,
    ProfileChange,
    check_profile,
    folded_name,
    require_admin,
    require_person,
)
from procession.storage import accounts, members, organizations
from procession.storage.accounts import Account
from procession.storage.connection import Connection
from procession.storage.database import Database
from procession.storage.members import Member
from procession.storage.tx import ReadTx, WriteTx


async def in_every_organization(
    database: Database,
    connection: Connection,
    account: int,
    actor: Actor,
    now: int,
    work: Callable[[WriteTx], Awaitable[None]],
) -> None:
    """Run `work` in each of the person's organizations, in the order of their numbers, in one commit."""
    for organization in await organizations.of_account(connection, account):
        tx = WriteTx(database, connection, organization.org, organization.id, actor, now)
        await work(tx)
        await tx.finish()


async def change_profile(
    database: Database, org: int, organization_id: str, account: int, change: ProfileChange, *, actor: Actor, now: int
) -> Member:
    """Change the account and the copies its organizations keep; the member as this organization has them.

    Administrators change people who are in no other organization; everybody changes themselves.
    Raises NotAllowed, NotFound, Protected, Invalid.
    """

    async def work(connection: Connection) -> Member:
        here = ReadTx(connection, org, organization_id, actor, now)
        person = await profile_to_change(here, account)
        check_profile(change)
        first_name, last_name = clean_name(change.first_name), clean_name(change.last_name)
        profile = change.applied_to(person.profile)
        named = (person.first_name, person.last_name, person.timezone, person.profile)
        if named == (first_name, last_name, change.timezone, profile):
            return await _member(here, account)
        await accounts.save_profile(
            connection,
            account,
            first_name=first_name,
            last_name=last_name,
            timezone=change.timezone,
            profile=profile,
            now=now,
        )

        async def copy(tx: WriteTx) -> None:
            known = await members.lock(tx, account)
            if known is None:
                return
            changed = replace(
                known,
                first_name=first_name,
                last_name=last_name,
                folded_name=folded_name(first_name, last_name),
                timezone=change.timezone,
                # The photo is of this organization.
                profile=replace(profile, profile_pic=known.profile.profile_pic),
            )
            if changed == known:
                return
            await members.save(tx, replace(changed, updated_at=now))
            tx.record(happened("member.updated", account))

        await in_every_organization(database, connection, account, actor, now, copy)
        return await _member(here, account)

    return await database.write(work)


async def _member(tx: ReadTx, account: int) -> Member:
    """Raises NotFound."""
    found = await members.find(tx, account)
    if found is None:
        raise NotFound
    return found


async def profile_to_change(tx: ReadTx, account: int) -> Account:
    """The account of somebody whose profile the caller may change. Raises NotAllowed, NotFound, Protected."""
    if account != tx.actor.id:
        require_admin(tx.actor, "change other people's profiles")
    member, person = await members.find(tx, account), await accounts.find(tx.connection, account)
    if member is None or person is None:
        raise NotFound
    require_person(member.type)
    if account != tx.actor.id and await accounts.is_elsewhere(tx.connection, account, tx.org):
        raise NotAllowed(OWN_PROFILE_ONLY)
    return person
