"""What whoever watches is told later, together: one row for each member and event."""

from collections.abc import Collection, Iterable

from sqlalchemy import bindparam, func, select

from procession.domain.times import Millis
from procession.storage.query import Query
from procession.storage.tables.watchers import watch_entries
from procession.storage.tx import ReadTx, WriteTx

_E = watch_entries.c
_own = (_E.org == bindparam("org"), _E.account == bindparam("account"))
_due = Query(select(_E.position).where(*_own, _E.due_at <= bindparam("now")).order_by(_E.position))
_next = Query(select(func.min(_E.due_at)).where(*_own))


async def add(tx: WriteTx, entries: Iterable[tuple[int, int, Millis]]) -> None:
    """Account, position of the event, and when it is told."""
    rows = [{"account": account, "position": position, "due_at": at} for account, position, at in entries]
    await tx.insert(watch_entries, rows)


async def due(tx: ReadTx, account: int) -> list[int]:
    """The positions of what this member is to be told by now, in order."""
    return [row[0] for row in await tx.tuples(_due, account=account, now=tx.now)]


async def remove(tx: WriteTx, account: int, positions: Collection[int]) -> None:
    await tx.delete(watch_entries, [{"account": account, "position": each} for each in positions])


async def next_due(tx: ReadTx, account: int) -> Millis | None:
    return await tx.value(_next, account=account)
