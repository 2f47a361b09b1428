"""Who a credential belongs to: tokens, memberships, guest codes, and the organizations' directory."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import and_, bindparam, select, update

from procession.domain.actors import Role
from procession.storage.connection import Connection, Read, Row
from procession.storage.query import Query
from procession.storage.tables.control import organizations, tokens
from procession.storage.tables.events import organization_states
from procession.storage.tables.people import guests, members


class Credential(msgspec.Struct, frozen=True):
    """A token together with the membership it is used for, and where the organization stands."""

    token_id: int
    account: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None
    role: Role | None
    status: str | None
    # Of the organization's log; None where there is no organization.
    position: int | None
    rights_epoch: int | None


_credential = Query(
    select(
        tokens.c.id,
        tokens.c.account,
        tokens.c.expires_at,
        tokens.c.revoked_at,
        tokens.c.last_used_at,
        members.c.role,
        members.c.status,
        organization_states.c.position,
        organization_states.c.rights_epoch,
    )
    .select_from(
        tokens.outerjoin(
            members, and_(members.c.org == bindparam("org"), members.c.account == tokens.c.account)
        ).outerjoin(organization_states, organization_states.c.org == bindparam("org"))
    )
    .where(tokens.c.hash == bindparam("hash"))
)
_organization = Query(select(organizations.c.org).where(organizations.c.id == bindparam("id")))
_guest = Query(
    select(guests.c.email).where(
        guests.c.org == bindparam("org"), guests.c.code_hash == bindparam("hash"), guests.c.disabled_at.is_(None)
    )
)
_touch = Query(update(tokens).where(tokens.c.id == bindparam("token_id")).values(last_used_at=bindparam("now")))


def credential_read(org: int, token_hash: str) -> Read:
    """What to read of the token with this hash, and of its owner's membership in the organization."""
    return _credential, {"org": org, "hash": token_hash}


def credential_in(rows: Sequence[Row]) -> Credential | None:
    """The credential that was read; None when there is no such token."""
    return Credential(*rows[0]) if rows else None


async def organization_number(connection: Connection, organization_id: str) -> int:
    """The organization's small integer; 0 when there is no such organization."""
    rows = await connection.rows(_organization, {"id": organization_id})
    return rows[0][0] if rows else 0


async def guest_email(connection: Connection, org: int, code_hash: str) -> str | None:
    """The enabled guest with this link code."""
    rows = await connection.rows(_guest, {"org": org, "hash": code_hash})
    return rows[0][0] if rows else None


async def touch_token(connection: Connection, token_id: int, now: int) -> None:
    await connection.run(_touch, {"token_id": token_id, "now": now})
