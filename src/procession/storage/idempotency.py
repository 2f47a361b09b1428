"""Requests named by their callers: claimed before they take effect, kept with their answers in the same transaction."""

from functools import cache

import msgspec
from sqlalchemy import bindparam, delete, null, select, update

from procession.domain.times import HOUR
from procession.storage import dialect
from procession.storage.dialect import DialectName
from procession.storage.query import Query
from procession.storage.tables.idempotency import idempotency_keys
from procession.storage.tx import WriteTx

KEPT_MS = 24 * HOUR

_C = idempotency_keys.c
_is_this = (_C.org == bindparam("org_is"), _C.caller == bindparam("caller_is"), _C.key == bindparam("key_is"))


class Earlier(msgspec.Struct, frozen=True):
    """The request that had this key before."""

    fingerprint: str
    answer: str


_earlier = Query(select(_C.fingerprint, _C.answer).where(*_is_this))
_keep = Query(update(idempotency_keys).where(*_is_this).values(answer=bindparam("new_answer")))
_forget = Query(delete(idempotency_keys).where(_C.org == bindparam("org"), _C.at <= bindparam("before")))


@cache
def _claim(name: DialectName) -> Query:
    names = ("org", "caller", "key", "at", "fingerprint")
    statement = dialect.insert(name)(idempotency_keys).values({each: bindparam(each) for each in names})
    new = statement.excluded
    return Query(
        statement.on_conflict_do_update(
            index_elements=[_C.org, _C.caller, _C.key],
            set_={"at": new.at, "fingerprint": new.fingerprint, "answer": null()},
            where=_C.at <= bindparam("before"),
        ).returning(_C.at)
    )


async def claim(tx: WriteTx, key: str, fingerprint: str) -> Earlier | None:
    """Take the key for the request under way; what had it before when it is taken.

    Waits for another request with the same key that is under way: it commits and is found, or leaves the key free.
    """
    caller = tx.actor.principal
    values = {"caller": caller, "key": key, "at": tx.now, "fingerprint": fingerprint, "before": tx.now - KEPT_MS}
    if await tx.tuples(_claim(tx.connection.dialect), **values):
        return None
    return await tx.row(Earlier, _earlier, org_is=tx.org, caller_is=caller, key_is=key)


async def keep(tx: WriteTx, key: str, answer: str) -> None:
    """Enter the answer of the request that claimed the key in this transaction."""
    await tx.run(_keep, org_is=tx.org, caller_is=tx.actor.principal, key_is=key, new_answer=answer)


async def forget(tx: WriteTx) -> int:
    """Drop what has been kept long enough; how many."""
    return await tx.run(_forget, before=tx.now - KEPT_MS)
