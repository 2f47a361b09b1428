"""Codes that people are mailed to set a password with. Only hashes are kept."""

from sqlalchemy import bindparam, delete, select

from procession.storage.connection import Connection
from procession.storage.query import Query
from procession.storage.tables.mail import password_codes

_C = password_codes.c
_find = Query(
    select(_C.account).where(_C.hash == bindparam("hash"), _C.expires_at > bindparam("now")).with_for_update()
)
_known = Query(select(_C.account).where(_C.hash == bindparam("hash"), _C.expires_at > bindparam("now")))
_forget = Query(delete(password_codes).where(_C.expires_at <= bindparam("now")))
_drop = Query(delete(password_codes).where(_C.account == bindparam("account")))


async def add(connection: Connection, *, code_hash: str, account: int, now: int, expires_at: int) -> None:
    """One more code of the account; also the moment to forget what has ended."""
    await connection.run(_forget, {"now": now})
    row = {"hash": code_hash, "account": account, "created_at": now, "expires_at": expires_at}
    await connection.insert(password_codes, [row])


async def is_known(connection: Connection, code_hash: str, now: int) -> bool:
    return bool(await connection.rows(_known, {"hash": code_hash, "now": now}))


async def account_of(connection: Connection, code_hash: str, now: int) -> int | None:
    """Whose code this is, locked; None when there is none, or no longer."""
    rows = await connection.rows(_find, {"hash": code_hash, "now": now})
    return rows[0][0] if rows else None


async def drop_all(connection: Connection, account: int) -> None:
    """No code of the account is good any more."""
    await connection.run(_drop, {"account": account})
