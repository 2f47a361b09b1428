"""Outgoing mail: written with what it is about, taken by one server at a time, remembered for a while.

A server claims what is due, sends it outside any transaction, and then says what became of it. One that is cut off in
between leaves a claim that lapses, and the mail is sent again, under the Message-ID it had.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import bindparam, delete, func, insert, null, or_, select, update

from procession.domain.mails import KEPT_FOR, MAX_AGE, Letter, MailKind
from procession.domain.times import DAY, MINUTE, Millis
from procession.storage.connection import Connection
from procession.storage.dialect import constant, is_in
from procession.storage.numbers import new_uuid
from procession.storage.query import Query
from procession.storage.tables.control import organizations
from procession.storage.tables.mail import mails

BATCH = 20
CLAIMED_FOR = 5 * MINUTE
LONGEST_CLAIM = DAY

_M = mails.c
_insert = Query(
    insert(mails).values(
        {
            name: bindparam(name)
            for name in (
                "key", "org", "kind", "subject_id", "recipient", "content", "state",
                "created_at", "expires_at", "due_at", "claimed_until", "attempts",
            )
        }
    )
)  # fmt: skip
_is_queued = _M.state == "queued"
# A claim that reaches further than claims do was made by a clock that ran ahead.
_is_due = (
    _is_queued,
    _M.due_at <= bindparam("now"),
    _M.expires_at > bindparam("now"),
    or_(_M.claimed_until <= bindparam("now"), _M.claimed_until > bindparam("beyond")),
)
_any_due = Query(select(_M.id).where(*_is_due).limit(constant(1)))
_mail = select(
    _M.id,
    _M.key,
    _M.org,
    organizations.c.id,
    _M.kind,
    _M.subject_id,
    _M.recipient,
    _M.content,
    _M.attempts,
    _M.expires_at,
).select_from(mails.outerjoin(organizations, organizations.c.org == _M.org))
_claimable = Query(
    _mail.where(*_is_due).order_by(_M.due_at, _M.id).limit(constant(BATCH)).with_for_update(of=mails, skip_locked=True)
)
_claim = Query(update(mails).where(is_in(_M.id, "ids")).values(claimed_until=bindparam("until")))
_mine = (_M.id == bindparam("id_is"), _is_queued)
_end = Query(
    update(mails)
    .where(*_mine)
    .values(
        state=bindparam("new_state"),
        ended_at=bindparam("now"),
        problem=bindparam("new_problem"),
        attempts=bindparam("new_attempts"),
        content=null(),
        claimed_until=constant(0),
    )
)
_put_off = Query(
    update(mails)
    .where(*_mine)
    .values(
        due_at=bindparam("new_due_at"),
        problem=bindparam("new_problem"),
        attempts=bindparam("new_attempts"),
        claimed_until=constant(0),
    )
)
_is_too_old = (_is_queued, _M.expires_at <= bindparam("now"))
_any_too_old = Query(select(_M.id).where(*_is_too_old).limit(constant(1)))
_too_old = Query(
    _mail.where(*_is_too_old).order_by(_M.id).limit(constant(1)).with_for_update(of=mails, skip_locked=True)
)
_forget = Query(delete(mails).where(_M.ended_at < bindparam("before")))
_known = Query(select(_M.id).where(_M.key == bindparam("key_is")))
_waiting = Query(select(func.count(), func.min(_M.created_at), func.max(_M.problem)).where(_is_queued))


class Mail(msgspec.Struct, frozen=True):
    """One that waits to be sent. `sealed` is its letter."""

    id: int
    key: str
    org: int
    organization_id: str | None
    kind: MailKind
    subject_id: str
    recipient: str
    sealed: str
    attempts: int
    expires_at: int


class Waiting(msgspec.Struct, frozen=True):
    """How many mails wait, since when the first, and what has kept one of them."""

    number: int
    since: Millis | None
    problem: str | None


async def add(
    connection: Connection,
    letters: Sequence[tuple[Letter, str]],
    *,
    org: int,
    kind: MailKind,
    subject_id: str,
    now: Millis,
    lasts: Millis = MAX_AGE,
) -> None:
    """Queue letters, each with its sealed form; they are due at once."""
    rows = [
        {
            "key": new_uuid(now),
            "org": org,
            "kind": kind,
            "subject_id": subject_id,
            "recipient": letter.recipient,
            "content": sealed,
            "state": "queued",
            "created_at": now,
            "expires_at": now + min(lasts, MAX_AGE),
            "due_at": now,
            "claimed_until": 0,
            "attempts": 0,
        }
        for letter, sealed in letters
    ]
    await connection.run_many(_insert, rows)


async def is_any_due(connection: Connection, now: Millis) -> bool:
    return bool(await connection.rows(_any_due, {"now": now, "beyond": now + LONGEST_CLAIM}))


async def claim(connection: Connection, now: Millis) -> list[Mail]:
    """Take the first that are due and that no other server has taken, in their order."""
    found = await connection.rows(_claimable, {"now": now, "beyond": now + LONGEST_CLAIM})
    claimed = [Mail(*row) for row in found]
    if claimed:
        await connection.run(_claim, {"ids": [each.id for each in claimed], "until": now + CLAIMED_FOR})
    return claimed


async def is_any_too_old(connection: Connection, now: Millis) -> bool:
    return bool(await connection.rows(_any_too_old, {"now": now}))


async def too_old(connection: Connection, now: Millis) -> Mail | None:
    """One that is not to be sent any more, locked."""
    rows = await connection.rows(_too_old, {"now": now})
    return Mail(*rows[0]) if rows else None


async def mark_sent(connection: Connection, mail: Mail, now: Millis) -> bool:
    """Whether it was still queued."""
    return await _finish(connection, mail, "sent", None, now)


async def mark_failed(connection: Connection, mail: Mail, problem: str, now: Millis) -> bool:
    """Whether it was still queued."""
    return await _finish(connection, mail, "failed", problem, now)


async def _finish(connection: Connection, mail: Mail, state: str, problem: str | None, now: Millis) -> bool:
    values = {"new_state": state, "new_problem": problem, "now": now, "new_attempts": mail.attempts + 1}
    return bool(await connection.run(_end, {"id_is": mail.id, **values}))


async def put_off(connection: Connection, mail: Mail, problem: str, due_at: Millis) -> None:
    """Try again then."""
    values = {"new_due_at": due_at, "new_problem": problem, "new_attempts": mail.attempts + 1}
    await connection.run(_put_off, {"id_is": mail.id, **values})


async def forget(connection: Connection, now: Millis) -> None:
    """Drop what became of mails a while ago."""
    await connection.run(_forget, {"before": now - KEPT_FOR})


async def is_known(connection: Connection, key: str) -> bool:
    """Whether a mail that this server sends, or sent not long ago, has this key."""
    return bool(await connection.rows(_known, {"key_is": key}))


async def waiting(connection: Connection) -> Waiting:
    [row] = await connection.rows(_waiting, {})
    return Waiting(*row)
