"""The directory of organizations, and what each has set."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import bindparam, func, insert, select, update

from procession.domain.organizations import OrganizationSettings
from procession.storage.connection import Connection
from procession.storage.query import Query
from procession.storage.rows import to_json
from procession.storage.tables.control import memberships, organizations
from procession.storage.tables.events import organization_states
from procession.storage.tables.people import members
from procession.storage.tx import ReadTx


class Organization(msgspec.Struct, frozen=True):
    """One organization; `settings` is JSON of the keys an administrator has set."""

    org: int
    id: str
    name: str
    slug: str
    settings: str
    created_at: int
    updated_at: int


class Membership(msgspec.Struct, frozen=True):
    """What an organization is to one of its members, and how many members it has."""

    role: str
    status: str
    joined_at: int
    disabled_at: int | None
    last_login_at: int | None
    users_count: int


_insert = Query(
    insert(organizations)
    .values({name: bindparam(name) for name in ("id", "name", "slug", "settings", "created_at", "updated_at")})
    .returning(organizations.c.org)
)
_columns = [organizations.c[name] for name in Organization.__struct_fields__]
_one = Query(select(*_columns).where(organizations.c.org == bindparam("org")))
_lock = Query(select(*_columns).where(organizations.c.org == bindparam("org")).with_for_update())
_settings = Query(select(organizations.c.settings).where(organizations.c.org == bindparam("org")))
_of_account = Query(
    select(*_columns)
    .join(memberships, memberships.c.org == organizations.c.org)
    .where(memberships.c.account == bindparam("account"))
    .order_by(organizations.c.org)
)
_save = Query(
    update(organizations)
    .where(organizations.c.org == bindparam("org_is"))
    .values(name=bindparam("new_name"), settings=bindparam("new_settings"), updated_at=bindparam("now"))
)
_other = members.alias()
_users_count = (
    select(func.count())
    .select_from(_other)
    .where(_other.c.org == bindparam("org"), _other.c.status == "active", _other.c.type != "bot")
    .scalar_subquery()
)
_membership = Query(
    select(
        members.c.role,
        members.c.status,
        members.c.created_at,
        members.c.disabled_at,
        members.c.last_login_at,
        _users_count,
    ).where(members.c.org == bindparam("org"), members.c.account == bindparam("account"))
)


async def create(connection: Connection, organization_id: str, *, name: str, timezone: str, now: int) -> int:
    """Enter an organization in the directory; returns its number."""
    values = {"id": organization_id, "name": name, "slug": f"org-{organization_id[-8:]}"}
    values |= {"settings": to_json({"timezone": timezone})}
    [(org,)] = await connection.rows(_insert, {**values, "created_at": now, "updated_at": now})
    await connection.insert(organization_states, [{"org": org, "position": 0, "rights_epoch": 0}])
    return org


async def get(connection: Connection, org: int) -> Organization:
    [row] = await connection.rows(_one, {"org": org})
    return Organization(*row)


async def lock(connection: Connection, org: int) -> Organization:
    [row] = await connection.rows(_lock, {"org": org})
    return Organization(*row)


async def of_account(connection: Connection, account: int) -> list[Organization]:
    """The organizations a person belongs to, in the order of their numbers."""
    return [Organization(*row) for row in await connection.rows(_of_account, {"account": account})]


async def membership(tx: ReadTx, account: int) -> Membership:
    """The account's place in the organization; `users_count` leaves out invited, disabled and bots."""
    found = await tx.row(Membership, _membership, account=account)
    if found is None:
        raise LookupError(f"account {account} is not in organization {tx.org}")
    return found


async def save(connection: Connection, org: int, *, name: str, settings: dict[str, Any], now: int) -> None:
    await connection.run(_save, {"org_is": org, "new_name": name, "new_settings": to_json(settings), "now": now})


async def settings_of(source: Connection | ReadTx, org: int) -> OrganizationSettings:
    """What the organization has set, everything else at its default. Spec: api-people 3.1."""
    connection = source.connection if isinstance(source, ReadTx) else source
    [(settings,)] = await connection.rows(_settings, {"org": org})
    return decode_settings(settings)


def decode_settings(text: str) -> OrganizationSettings:
    return msgspec.json.decode(text, type=OrganizationSettings)


def settings_from(plain: Mapping[str, Any]) -> OrganizationSettings:
    """Settings of which only these have been set."""
    return msgspec.convert(plain, OrganizationSettings)


def plain_settings(text: str) -> dict[str, Any]:
    """Only what has been set."""
    return msgspec.json.decode(text)


_directory = Query(select(organizations.c.org, organizations.c.id).order_by(organizations.c.org))


async def directory(connection: Connection) -> list[tuple[int, str]]:
    """Every organization: (number, id)."""
    return [(row[0], row[1]) for row in await connection.rows(_directory, {})]
