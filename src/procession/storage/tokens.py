"""Bearer tokens: personal ones that people name, and those made by signing in. Only hashes are kept."""

from typing import Literal

import msgspec
from sqlalchemy import bindparam, func, insert, select, update

from procession.storage.connection import Connection
from procession.storage.query import Query
from procession.storage.tables.control import tokens

TokenKind = Literal["personal", "session"]

_T = tokens.c


class Token(msgspec.Struct, frozen=True):
    """A personal token as its owner sees it."""

    id: int
    name: str
    hint: str
    created_at: int
    expires_at: int | None
    last_used_at: int | None


_insert = Query(
    insert(tokens)
    .values(
        {
            name: bindparam(name)
            for name in ("hash", "hint", "account", "org", "kind", "name", "created_at", "expires_at")
        }
    )
    .returning(_T.id)
)
_own = (_T.account == bindparam("account"), _T.org == bindparam("org"), _T.kind == "personal", _T.revoked_at.is_(None))
_columns = [_T[name] for name in Token.__struct_fields__]
_page = Query(select(*_columns).where(*_own).order_by(_T.id).limit(bindparam("limit")).offset(bindparam("offset")))
_all = Query(select(*_columns).where(*_own).order_by(_T.id))
_count = Query(select(func.count()).select_from(tokens).where(*_own))
_organization = Query(select(_T.org).where(_T.hash == bindparam("hash")))
_open = _T.revoked_at.is_(None)
_revoke_own = Query(
    update(tokens)
    .where(
        _T.id == bindparam("id_is"),
        _T.account == bindparam("account_is"),
        _T.org == bindparam("org_is"),
        _T.kind == "personal",
        _open,
    )
    .values(revoked_at=bindparam("now"))
)
_revoke_session = Query(
    update(tokens)
    .where(_T.hash == bindparam("hash_is"), _T.kind == "session", _open)
    .values(revoked_at=bindparam("now"))
)
_revoke_sessions = Query(
    update(tokens)
    .where(_T.account == bindparam("account_is"), _T.kind == "session", _T.hash != bindparam("but_hash"), _open)
    .values(revoked_at=bindparam("now"))
)
_revoke_for_organization = Query(
    update(tokens)
    .where(_T.account == bindparam("account_is"), _T.org == bindparam("org_is"), _open)
    .values(revoked_at=bindparam("now"))
)
_revoke_all = Query(
    update(tokens).where(_T.account == bindparam("account_is"), _open).values(revoked_at=bindparam("now"))
)


async def add(
    connection: Connection,
    *,
    token_hash: str,
    hint: str,
    account: int,
    org: int | None,
    kind: TokenKind,
    name: str,
    now: int,
    expires_at: int | None,
) -> int:
    """Keep a new token; returns its id. A session has no organization: it works in all of the person's."""
    values = {"hash": token_hash, "hint": hint, "account": account, "org": org, "kind": kind, "name": name}
    [(token_id,)] = await connection.rows(_insert, {**values, "created_at": now, "expires_at": expires_at})
    return token_id


async def list_page(
    connection: Connection, account: int, org: int, *, limit: int | None, offset: int
) -> tuple[list[Token], int]:
    """The person's personal tokens made in the organization that are not revoked, oldest first, and their number."""
    whose = {"account": account, "org": org}
    if limit is None:
        found = [Token(*row) for row in await connection.rows(_all, whose)]
        return found, len(found)
    rows = await connection.rows(_page, {**whose, "limit": limit, "offset": offset})
    [(total,)] = await connection.rows(_count, whose)
    return [Token(*row) for row in rows], total


async def organization_of(connection: Connection, token_hash: str) -> int | None:
    """The organization the token was made in."""
    rows = await connection.rows(_organization, {"hash": token_hash})
    return rows[0][0] if rows else None


async def revoke_own(connection: Connection, token_id: int, *, account: int, org: int, now: int) -> bool:
    """End one of the person's personal tokens; whether there was one to end."""
    return await connection.run(_revoke_own, {"id_is": token_id, "account_is": account, "org_is": org, "now": now}) > 0


async def revoke_session(connection: Connection, token_hash: str, now: int) -> None:
    """End the sign-in that made this token; named tokens stay. Spec: DEC-39."""
    await connection.run(_revoke_session, {"hash_is": token_hash, "now": now})


async def revoke_sessions(connection: Connection, account: int, now: int, *, but_hash: str = "") -> None:
    """End every sign-in of the account except the one in use."""
    await connection.run(_revoke_sessions, {"account_is": account, "but_hash": but_hash, "now": now})


async def revoke_for_organization(connection: Connection, account: int, org: int, now: int) -> None:
    """End what the account made in the organization."""
    await connection.run(_revoke_for_organization, {"account_is": account, "org_is": org, "now": now})


async def revoke_all(connection: Connection, account: int, now: int) -> None:
    await connection.run(_revoke_all, {"account_is": account, "now": now})
