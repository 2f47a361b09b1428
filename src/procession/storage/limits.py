"""How much of the request limit is used, in one row for each caller: several server processes share it by leases."""

from functools import cache

import apsw
import psycopg
from sqlalchemy import bindparam, case, delete, or_, select

from procession.storage import dialect
from procession.storage.connection import Connection
from procession.storage.dialect import DialectName
from procession.storage.query import Query
from procession.storage.tables.control import rate_windows, tokens

WINDOW_MS = 60_000

# What a write can fail with: full disk, lost connection, busy file.
WriteFailure: tuple[type[Exception], ...] = (apsw.Error, psycopg.Error)

_is_issued = Query(select(tokens.c.id).where(tokens.c.hash == bindparam("hash")))
_forget = Query(delete(rate_windows).where(rate_windows.c.started_at < bindparam("before")))


@cache
def _draw(name: DialectName) -> Query:
    statement = dialect.insert(name)(rate_windows).values(
        principal=bindparam("principal"), started_at=bindparam("now"), used=bindparam("wanted")
    )
    # A start far ahead comes from a clock that was set back since.
    is_over = or_(rate_windows.c.started_at <= bindparam("over"), rate_windows.c.started_at > bindparam("ahead"))
    new = statement.excluded
    return Query(
        statement.on_conflict_do_update(
            index_elements=[rate_windows.c.principal],
            set_={
                "started_at": case((is_over, new.started_at), else_=rate_windows.c.started_at),
                "used": case((is_over, new.used), else_=rate_windows.c.used + new.used),
            },
        ).returning(rate_windows.c.started_at, rate_windows.c.used)
    )


async def is_issued(connection: Connection, token_hash: str) -> bool:
    """Whether this server ever issued a token with this hash, valid today or not."""
    return bool(await connection.rows(_is_issued, {"hash": token_hash}))


async def draw(connection: Connection, principal: str, *, wanted: int, now: int) -> tuple[int, int]:
    """Take `wanted` requests out of the caller's window: (when the window began, how many are now taken in it).

    A window begins with the first draw after the last one ended. More than the limit may be asked for; what goes
    beyond it is not granted, which the caller sees from the number taken.
    """
    values = {"principal": principal, "now": now, "wanted": wanted, "over": now - WINDOW_MS, "ahead": now + WINDOW_MS}
    [(started_at, used)] = await connection.rows(_draw(connection.dialect), values)
    return started_at, used


async def forget(connection: Connection, now: int) -> None:
    """Drop the windows that have ended."""
    await connection.run(_forget, {"before": now - 2 * WINDOW_MS})
