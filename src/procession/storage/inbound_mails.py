"""Mail that came in: remembered for a while, so that what is delivered again has no effect."""

from functools import cache

from sqlalchemy import bindparam, delete, func, select

from procession.domain.times import DAY, HOUR, Millis
from procession.storage import dialect
from procession.storage.connection import Connection
from procession.storage.dialect import DialectName
from procession.storage.query import Query
from procession.storage.tables.mail import inbound_mails

KEPT_FOR = 30 * DAY

_M = inbound_mails.c
_forget = Query(delete(inbound_mails).where(_M.received_at < bindparam("before")))
_refusals_to = Query(
    select(func.count()).where(_M.refused_to == bindparam("refused_to"), _M.received_at > bindparam("since"))
)
_refusals = Query(select(func.count()).where(_M.refused_to.is_not(None), _M.received_at > bindparam("since")))


@cache
def _remember(name: DialectName) -> Query:
    names = ("key", "received_at", "refused_to")
    statement = dialect.insert(name)(inbound_mails).values({each: bindparam(each) for each in names})
    return Query(statement.on_conflict_do_nothing(index_elements=[_M.key]).returning(_M.key))


async def remember(connection: Connection, key: str, now: Millis, refused_to: str | None = None) -> bool:
    """Whether this mail came for the first time. Waits for whoever deals with the same one at the moment."""
    values = {"key": key, "received_at": now, "refused_to": refused_to}
    return bool(await connection.rows(_remember(connection.dialect), values))


async def refusals_within_an_hour(connection: Connection, refused_to: str, now: Millis) -> tuple[int, int]:
    """How many went to this person, and how many to anybody."""
    [(to_one,)] = await connection.rows(_refusals_to, {"refused_to": refused_to, "since": now - HOUR})
    [(to_all,)] = await connection.rows(_refusals, {"since": now - HOUR})
    return to_one, to_all


async def forget(connection: Connection, now: Millis) -> None:
    await connection.run(_forget, {"before": now - KEPT_FOR})
