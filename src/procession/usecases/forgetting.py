"""Dropping what is kept for a time only. Spec: README, retention."""

from procession.domain.actors import BOT
from procession.domain.times import DAY, MINUTE
from procession.domain.version_moves import UNDO_DAYS
from procession.storage import idempotency, organizations, undo, version_moves
from procession.storage.database import Database
from procession.storage.tx import WriteTx, writing

# Requests made outside any organization are kept under this number.
OUTSIDE = (0, "")


async def forget_answers(database: Database, now: int) -> int:
    """Drop the answers to named requests that are over a day old, one short transaction each; how many."""
    async with database.reading() as connection:
        everywhere = [OUTSIDE, *await organizations.directory(connection)]
    return sum([await writing(database, *place, BOT, now, idempotency.forget) for place in everywhere])


async def forget_undoables(database: Database, now: int, *, minutes: int) -> int:
    """Drop what nobody may undo any more, one short transaction for each organization; how many."""

    async def work(tx: WriteTx) -> int:
        forgotten = await undo.forget(tx, now - minutes * MINUTE)
        return forgotten + await version_moves.forget(tx, now - (UNDO_DAYS + 1) * DAY)

    async with database.reading() as connection:
        everywhere = await organizations.directory(connection)
    return sum([await writing(database, *place, BOT, now, work) for place in everywhere])
