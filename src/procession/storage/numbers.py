"""Ids and the running numbers of an organization."""

import os
import threading
import time
from functools import cache

from sqlalchemy import bindparam, case

from procession.storage.connection import Connection
from procession.storage.dialect import DialectName, insert
from procession.storage.query import Query
from procession.storage.tables.events import sequences


class _Uuids:
    """UUIDv7: 48 bits of milliseconds, then randomness; within a millisecond each is greater than the one before
    (RFC 9562, 6.2), so that what one server makes is in order by its ids.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self, now: int) -> int:
        millis = now & 0xFFFFFFFFFFFF
        with self._lock:
            drawn = int.from_bytes(os.urandom(10), "big") & (1 << 74) - 1
            if self._last >> 74 == millis:
                drawn = (self._last & (1 << 74) - 1) + 1 + (drawn >> 42)
                if drawn >> 74:  # once in billions: there is no greater one left in this millisecond
                    millis, drawn = millis + 1, 0
            self._last = millis << 74 | drawn
        return millis << 80 | 0x7 << 76 | (drawn >> 62) << 64 | 0b10 << 62 | drawn & (1 << 62) - 1


_uuids = _Uuids()


def new_uuid(now: int) -> str:
    """A UUIDv7 as 32 hex digits."""
    return f"{_uuids.next(now):032x}"


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
