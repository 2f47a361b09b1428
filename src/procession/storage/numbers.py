"""Ids and the running numbers of an organization."""

import os
import time
from functools import cache

from sqlalchemy import bindparam, case

from procession.storage.connection import Connection
from procession.storage.dialect import DialectName, insert
from procession.storage.query import Query
from procession.storage.tables.events import sequences


def new_uuid(now: int) -> str:
    """A UUIDv7 as 32 hex digits: 48 bits of milliseconds, then randomness (RFC 9562)."""
    random = int.from_bytes(os.urandom(10), "big")
    value = (
        (now & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    )
    return f"{value:032x}"


def clock_now() -> int:
    """Milliseconds since the epoch, UTC. The only clock; edges and jobs read it once and pass it on."""
    return time.time_ns() // 1_000_000


@cache
def _take(dialect: DialectName) -> Query:
    statement = insert(dialect)(sequences).values(
        org=bindparam("org"), kind=bindparam("kind"), last=bindparam("many"), last_at=bindparam("now")
    )
    later = case(
        (statement.excluded.last_at > sequences.c.last_at, statement.excluded.last_at), else_=sequences.c.last_at
    )
    return Query(
        statement.on_conflict_do_update(
            index_elements=[sequences.c.org, sequences.c.kind],
            set_={"last": sequences.c.last + statement.excluded.last, "last_at": later},
        ).returning(sequences.c.last, sequences.c.last_at)
    )


async def take_numbers(connection: Connection, org: int, kind: str, many: int, now: int) -> tuple[int, int]:
    """Hand out `many` numbers: (the last of them, an instant not before any handed out earlier)."""
    values = {"org": org, "kind": kind, "many": many, "now": now}
    [(last, at)] = await connection.rows(_take(connection.dialect), values)
    return last, at
