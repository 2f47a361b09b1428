"""The organizations there are, their settings, and the accounts and tokens of people: control tables."""

from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, select, update

from procession.storage.connection import Connection
from procession.storage.query import Query
from procession.storage.tables.control import accounts, organizations, tokens
from procession.storage.tables.events import organization_states


class OrganizationRow(msgspec.Struct, frozen=True):
    """One organization; `settings` is JSON of the keys an administrator has set."""

    org: int
    id: str
    name: str
    slug: str
    settings: str
    created_at: int
    updated_at: int


class AccountRow(msgspec.Struct, frozen=True):
    """A person who can sign in, whatever the organizations."""

    id: int
    email: str
    password_hash: str | None
    first_name: str
    last_name: str
    timezone: str
    profile: str
    created_at: int
    updated_at: int
    last_login_at: int | None


_insert_organization = Query(
    insert(organizations)
    .values({name: bindparam(name) for name in ("id", "name", "slug", "settings", "created_at", "updated_at")})
    .returning(organizations.c.org)
)
_organization = Query(
    select(*[organizations.c[name] for name in OrganizationRow.__struct_fields__]).where(
        organizations.c.org == bindparam("org")
    )
)
_save_organization = Query(
    update(organizations)
    .where(organizations.c.org == bindparam("org_is"))
    .values(name=bindparam("new_name"), settings=bindparam("new_settings"), updated_at=bindparam("now"))
)
_insert_account = Query(
    insert(accounts)
    .values(
        {
            name: bindparam(name)
            for name in (
                "email", "folded_email", "password_hash", "first_name", "last_name", "timezone", "profile",
                "created_at", "updated_at",
            )
        }
    )
    .returning(accounts.c.id)
)  # fmt: skip
_account_columns = [accounts.c[name] for name in AccountRow.__struct_fields__]
_account = Query(select(*_account_columns).where(accounts.c.id == bindparam("account")))
_account_by_email = Query(select(*_account_columns).where(accounts.c.folded_email == bindparam("email")))


async def create_organization(connection: Connection, *, id: str, name: str, timezone: str, now: int) -> int:
    """Enter an organization in the directory; returns its number."""
    settings = msgspec.json.encode({"timezone": timezone}).decode()
    values = {"id": id, "name": name, "slug": f"org-{id[:8]}", "settings": settings, "created_at": now}
    [(org,)] = await connection.rows(_insert_organization, {**values, "updated_at": now})
    await connection.insert(organization_states, [{"org": org, "position": 0, "rights_epoch": 0}])
    return org


async def organization(connection: Connection, org: int) -> OrganizationRow:
    [row] = await connection.rows(_organization, {"org": org})
    return OrganizationRow(*row)


async def save_organization(connection: Connection, org: int, *, name: str, settings: str, now: int) -> None:
    await connection.run(
        _save_organization, {"org_is": org, "new_name": name, "new_settings": settings, "now": now}
    )


async def create_account(
    connection: Connection,
    *,
    email: str,
    password_hash: str | None,
    first_name: str,
    last_name: str,
    timezone: str,
    now: int,
) -> int:
    """Enter a person; returns the account's id, which is the member's id in every organization."""
    values: dict[str, Any] = {
        "email": email,
        "folded_email": email.lower(),
        "password_hash": password_hash,
        "first_name": first_name,
        "last_name": last_name,
        "timezone": timezone,
        "profile": "{}",
        "created_at": now,
        "updated_at": now,
    }
    [(account,)] = await connection.rows(_insert_account, values)
    return account


async def account(connection: Connection, account_id: int) -> AccountRow | None:
    rows = await connection.rows(_account, {"account": account_id})
    return AccountRow(*rows[0]) if rows else None


async def account_by_email(connection: Connection, email: str) -> AccountRow | None:
    rows = await connection.rows(_account_by_email, {"email": email.lower()})
    return AccountRow(*rows[0]) if rows else None


async def create_token(
    connection: Connection,
    *,
    hash: str,
    hint: str,
    account: int,
    org: int | None,
    kind: str,
    name: str,
    now: int,
    expires_at: int | None,
) -> None:
    await connection.insert(
        tokens,
        [
            {
                "hash": hash,
                "hint": hint,
                "account": account,
                "org": org,
                "kind": kind,
                "name": name,
                "created_at": now,
                "expires_at": expires_at,
            }
        ],
    )
