"""Failed attempts to sign in, by the keyed hash of the address that was tried."""

from sqlalchemy import bindparam, delete, select, update

from procession.domain.sign_in import FORGOTTEN_AFTER, LOCKED_FOR, Attempts
from procession.storage.connection import Connection
from procession.storage.query import Query
from procession.storage.tables.control import sign_in_attempts

_C = sign_in_attempts.c
_lock = Query(select(_C.failures, _C.last_at, _C.wait_until).where(_C.key == bindparam("key")).with_for_update())
_save = Query(
    update(sign_in_attempts)
    .where(_C.key == bindparam("key_is"))
    .values(failures=bindparam("new_failures"), last_at=bindparam("new_last_at"), wait_until=bindparam("new_wait"))
)
_forget = Query(delete(sign_in_attempts).where(_C.last_at < bindparam("before")))


async def lock(connection: Connection, key: str) -> Attempts | None:
    rows = await connection.rows(_lock, {"key": key})
    return Attempts(*rows[0]) if rows else None


async def add(connection: Connection, key: str, attempts: Attempts) -> None:
    """The first attempt at an address; also the moment to forget what is long over."""
    await connection.run(_forget, {"before": attempts.last_at - LOCKED_FOR - FORGOTTEN_AFTER})
    values = {"key": key, "failures": attempts.failures, "last_at": attempts.last_at}
    await connection.insert(sign_in_attempts, [{**values, "wait_until": attempts.wait_until}])


async def save(connection: Connection, key: str, attempts: Attempts) -> None:
    await connection.run(
        _save,
        {
            "key_is": key,
            "new_failures": attempts.failures,
            "new_last_at": attempts.last_at,
            "new_wait": attempts.wait_until,
        },
    )


async def clear(connection: Connection, key: str) -> None:
    await connection.delete(sign_in_attempts, [{"key": key}])
