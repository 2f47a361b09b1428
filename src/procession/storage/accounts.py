"""People who can sign in, whatever the organizations: control tables."""

from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, null, select, update

from procession.domain.guests import normal_email
from procession.domain.people import Profile
from procession.storage.connection import Connection
from procession.storage.query import Query
from procession.storage.rows import Mapper, to_json
from procession.storage.tables.control import accounts, memberships


class Account(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    email: str
    password_hash: str | None
    first_name: str
    last_name: str
    timezone: str
    profile: Profile
    created_at: int
    updated_at: int
    last_login_at: int | None


_rows = Mapper(Account, accounts)
_A = accounts.c
_insert = Query(
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
    .returning(_A.id)
)  # fmt: skip
_by_id = Query(select(*_rows.columns).where(_A.id == bindparam("account")))
_by_email = Query(select(*_rows.columns).where(_A.folded_email == bindparam("email")))
_save_profile = Query(
    update(accounts)
    .where(_A.id == bindparam("account_is"))
    .values(
        first_name=bindparam("new_first_name"),
        last_name=bindparam("new_last_name"),
        timezone=bindparam("new_timezone"),
        profile=bindparam("new_profile"),
        updated_at=bindparam("now"),
    )
)
_save_password = Query(
    update(accounts)
    .where(_A.id == bindparam("account_is"))
    .values(password_hash=bindparam("new_hash"), updated_at=bindparam("now"))
)
_save_login = Query(update(accounts).where(_A.id == bindparam("account_is")).values(last_login_at=bindparam("now")))
_retire = Query(
    update(accounts)
    .where(_A.id == bindparam("account_is"))
    .values(
        email=bindparam("new_email"),
        folded_email=bindparam("new_folded_email"),
        password_hash=null(),
        updated_at=bindparam("now"),
    )
)
_others = Query(
    select(memberships.c.org).where(
        memberships.c.account == bindparam("account"), memberships.c.org != bindparam("org")
    )
)


async def create(
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
        "folded_email": normal_email(email),
        "password_hash": password_hash,
        "first_name": first_name,
        "last_name": last_name,
        "timezone": timezone,
        "profile": to_json(Profile()),
        "created_at": now,
        "updated_at": now,
    }
    [(account,)] = await connection.rows(_insert, values)
    return account


async def find(connection: Connection, account_id: int) -> Account | None:
    rows = await connection.rows(_by_id, {"account": account_id})
    return _rows.read(rows[0]) if rows else None


async def by_email(connection: Connection, email: str) -> Account | None:
    rows = await connection.rows(_by_email, {"email": normal_email(email)})
    return _rows.read(rows[0]) if rows else None


async def save_profile(
    connection: Connection, account: int, *, first_name: str, last_name: str, timezone: str, profile: Profile, now: int
) -> None:
    await connection.run(
        _save_profile,
        {
            "account_is": account,
            "new_first_name": first_name,
            "new_last_name": last_name,
            "new_timezone": timezone,
            "new_profile": to_json(profile),
            "now": now,
        },
    )


async def save_password(connection: Connection, account: int, password_hash: str, now: int) -> None:
    await connection.run(_save_password, {"account_is": account, "new_hash": password_hash, "now": now})


async def note_login(connection: Connection, account: int, now: int) -> None:
    await connection.run(_save_login, {"account_is": account, "now": now})


async def retire(connection: Connection, account: int, email: str, now: int) -> None:
    """Free the address of somebody who is gone; nobody can sign in as them any more."""
    values = {"account_is": account, "new_email": email, "new_folded_email": normal_email(email), "now": now}
    await connection.run(_retire, values)


async def join(connection: Connection, account: int, org: int) -> None:
    await connection.insert(memberships, [{"account": account, "org": org}])


async def leave(connection: Connection, account: int, org: int) -> None:
    await connection.delete(memberships, [{"account": account, "org": org}])


async def is_elsewhere(connection: Connection, account: int, org: int) -> bool:
    """Whether the person belongs to another organization, too."""
    return bool(await connection.rows(_others, {"account": account, "org": org}))
