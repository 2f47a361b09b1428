"""Timers: rows that say what happens by itself, and when.

Whoever changes what a timer hangs on changes the timer in the same transaction. Servers claim what is due for a while,
so that they do not run into each other; what makes a timer fire once is the lock of what it is about, under which it
is looked for again.
"""

from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy import bindparam, case, delete, or_, select, update

from procession.domain.timers import TimerKind, changed_timers
from procession.domain.times import DAY, MINUTE
from procession.storage.connection import Connection
from procession.storage.dialect import constant, is_in
from procession.storage.query import Query
from procession.storage.tables.control import organizations, timers
from procession.storage.tx import ReadTx, WriteTx

BATCH = 100
# How long a server has a timer to itself: longer each time it failed, at most 15 hours.
_MINUTES = case((timers.c.attempts < 30, timers.c.attempts * timers.c.attempts + 1), else_=900)
LONGEST_CLAIM = DAY

_T = timers.c
# A claim that reaches further than claims do was made by a clock that ran ahead.
_is_due = (
    _T.due_at <= bindparam("now"),
    or_(_T.claimed_until <= bindparam("now"), _T.claimed_until > bindparam("beyond")),
)
_any_due = Query(select(_T.due_at).where(*_is_due).order_by(_T.due_at).limit(constant(1)))
_claimable = Query(
    select(_T.kind, _T.org, _T.subject, _T.due_at, organizations.c.id)
    .join(organizations, organizations.c.org == _T.org)
    .where(*_is_due)
    .order_by(_T.due_at, _T.org, _T.subject)
    .limit(constant(BATCH))
    .with_for_update(of=timers, skip_locked=True)
)
_claim = Query(
    update(timers)
    .where(_T.kind == bindparam("kind_is"), _T.org == bindparam("whose"), _T.subject == bindparam("subject_is"))
    .values(claimed_until=bindparam("now") + _MINUTES * MINUTE, attempts=_T.attempts + 1)
)
_due = Query(
    select(_T.subject)
    .where(
        _T.kind == bindparam("kind"),
        _T.org == bindparam("org"),
        is_in(_T.subject, "subjects"),
        _T.due_at <= bindparam("now"),
    )
    .order_by(_T.due_at, _T.subject)
)
_this = (_T.kind == bindparam("kind"), _T.org == bindparam("org"), _T.subject == bindparam("subject"))
_due_at = Query(select(_T.due_at).where(*_this))
_end = Query(delete(timers).where(*_this, _T.due_at == bindparam("at")))
_move = Query(
    update(timers)
    .where(_T.kind == bindparam("kind_is"), _T.org == bindparam("org_is"), _T.subject == bindparam("subject_is"))
    .values(due_at=bindparam("new_due_at"), claimed_until=constant(0), attempts=constant(0))
)


class Timer(msgspec.Struct, frozen=True):
    """One that is due; `subject` is the number of what it is about."""

    kind: TimerKind
    org: int
    subject: int
    due_at: int
    organization_id: str


async def is_any_due(connection: Connection, now: int) -> bool:
    return bool(await connection.rows(_any_due, {"now": now, "beyond": now + LONGEST_CLAIM}))


async def claim(connection: Connection, now: int) -> list[Timer]:
    """Take the first that are due and that no other server has taken, in their order."""
    found = await connection.rows(_claimable, {"now": now, "beyond": now + LONGEST_CLAIM})
    claimed = [Timer(*row) for row in found]
    await connection.run_many(
        _claim, [{"kind_is": each.kind, "whose": each.org, "subject_is": each.subject, "now": now} for each in claimed]
    )
    return claimed


async def due(tx: WriteTx, kind: TimerKind, subjects: Collection[int]) -> list[int]:
    """Which of these are due, in order. Their holder (process, task, schedule) is locked."""
    rows = await tx.tuples(_due, kind=kind, subjects=sorted(subjects), now=tx.now)
    return [row[0] for row in rows]


async def follow(tx: WriteTx, kind: TimerKind, before: dict[int, int], after: dict[int, int]) -> None:
    """Make the timers what follows from what they hang on: subject -> the instant it names, then and now."""
    if before == after:
        return
    gone, come = changed_timers(before, after, tx.now)
    await remove(tx, kind, list(gone))
    await put(tx, kind, come)


async def put(tx: WriteTx, kind: TimerKind, due: Mapping[int, int]) -> None:
    """Set timers that are not there yet: subject -> when."""
    rows = [
        {"kind": kind, "subject": subject, "due_at": at, "claimed_until": 0, "attempts": 0}
        for subject, at in due.items()
    ]
    await tx.insert(timers, rows)


async def remove(tx: WriteTx, kind: TimerKind, subjects: Collection[int]) -> None:
    await tx.delete(timers, [{"kind": kind, "subject": subject} for subject in subjects])


async def set_to(tx: WriteTx, kind: TimerKind, subject: int, at: int | None) -> None:
    """Let the one timer of this kind and subject be at that time; None: let there be none."""
    await remove(tx, kind, [subject])
    if at is not None:
        await put(tx, kind, {subject: at})


async def move(tx: WriteTx, kind: TimerKind, subject: int, at: int) -> None:
    """Let a timer fire at another time; nothing when it is gone."""
    await tx.run(_move, kind_is=kind, org_is=tx.org, subject_is=subject, new_due_at=at)


async def due_at(tx: ReadTx, kind: TimerKind, subject: int) -> int | None:
    """When the timer is due; None: it is gone."""
    return await tx.value(_due_at, kind=kind, subject=subject)


async def end(tx: WriteTx, kind: TimerKind, subject: int, at: int) -> bool:
    """Remove the timer unless it is due at another time by now; whether it was removed."""
    return bool(await tx.run(_end, kind=kind, subject=subject, at=at))
