"""Rebuilding what members see by name after groups, roles, grants or owners changed. Spec: design 4, Access."""

from collections.abc import Callable

from procession.domain.actors import BOT
from procession.storage import organizations, recount, timers
from procession.storage.database import Database
from procession.storage.tx import WriteTx, reading, writing


async def count_when_wanted(database: Database, org: int, organization_id: str, clock: Callable[[], int]) -> None:
    """Count afresh until nobody has wanted it meanwhile; then the timer is done."""
    is_done = False
    while not is_done:
        async with reading(database, org, organization_id, BOT, clock()) as tx:
            at = await timers.due_at(tx, "count_viewers", 0)
        if at is None:
            return
        await rebuild_stale(database, org, organization_id, clock())

        async def done(tx: WriteTx, at: int = at) -> bool:
            return await timers.end(tx, "count_viewers", 0, at)

        is_done = await writing(database, org, organization_id, BOT, clock(), done)


async def rebuild_stale(database: Database, org: int, organization_id: str, now: int) -> int:
    """Count afresh for every member of the organization whose counters are stale, one short transaction each; returns
    how many.
    """
    async with reading(database, org, organization_id, BOT, now) as tx:
        stale = await recount.stale_viewers(tx)
    for account in stale:

        async def work(tx: WriteTx, account: int = account) -> None:
            await recount.rebuild_viewer(tx, account)

        await writing(database, org, organization_id, BOT, now, work)
    return len(stale)


async def differences(database: Database, now: int) -> dict[str, list[str]]:
    """What a recount finds wrong, by organization id; organizations without a difference are left out."""
    found: dict[str, list[str]] = {}
    async with database.reading() as connection:
        everywhere = await organizations.directory(connection)
    for org, organization_id in everywhere:
        async with reading(database, org, organization_id, BOT, now) as tx:
            problems = await recount.check(tx)
        if problems:
            found[organization_id] = problems
    return found
