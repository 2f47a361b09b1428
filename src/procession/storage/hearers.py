"""Whom notices may be for: what members and guests are named by, many at a time."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec
from sqlalchemy import and_, bindparam, literal, select, union_all

from procession.domain.actors import Role
from procession.domain.listing import EVERYONE
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.people import group_people, guests, members
from procession.storage.tables.templates import templates
from procession.storage.tx import ReadTx

_M, _G, _T = members.c, group_people.c, templates.c
_roles = Query(select(_M.account, _M.role, _M.timezone).where(_M.org == bindparam("org"), is_in(_M.account, "members")))
_named = Query(
    union_all(
        select(_G.member, literal("g:") + _G.group_id).where(
            _G.org == bindparam("org"), is_in(_G.member, "members"), _G.member > 0
        ),
        select(_T.owner, literal("t:") + _T.id).where(_T.org == bindparam("org"), is_in(_T.owner, "members")),
    )
)
_of_guests = Query(
    select(guests.c.email, literal("g:") + _G.group_id)
    .select_from(guests.join(group_people, and_(_G.org == guests.c.org, _G.guest == guests.c.id)))
    .where(guests.c.org == bindparam("org"), is_in(guests.c.email, "emails"))
)
_admins = Query(
    select(_M.account).where(_M.org == bindparam("org"), _M.role == "admin", _M.status == "active", _M.type != "bot")
)


class Hearer(msgspec.Struct, frozen=True):
    """A member's role and time zone, and everything they are named by (storage.access)."""

    role: Role
    timezone: str
    named: frozenset[str]


async def of_members(tx: ReadTx, accounts: Iterable[int]) -> dict[int, Hearer]:
    """Two statements; none for nobody."""
    wanted = sorted(set(accounts))
    if not wanted:
        return {}
    [roles, rows] = await tx.at_once((_roles, {"members": wanted}), (_named, {"members": wanted}))
    named: dict[int, set[str]] = defaultdict(set)
    for account, principal in rows:
        named[account].add(principal)
    return {
        account: Hearer(
            role, timezone, frozenset({f"m:{account}", *named[account], *(() if role == "light" else (EVERYONE,))})
        )
        for account, role, timezone in roles
    }


async def of_guests(tx: ReadTx, emails: Iterable[str]) -> dict[str, frozenset[str]]:
    """What each of these guests is named by. One statement."""
    wanted = sorted(set(emails))
    named = {email: {f"e:{email}"} for email in wanted}
    for email, principal in await tx.tuples(_of_guests, emails=wanted) if wanted else []:
        named[email].add(principal)
    return {email: frozenset(found) for email, found in named.items()}


async def admins(tx: ReadTx) -> list[int]:
    """Active administrators."""
    return [row[0] for row in await tx.tuples(_admins)]
