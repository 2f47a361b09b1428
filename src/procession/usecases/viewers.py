"""Rebuilding what members see by name after groups, roles, grants or owners changed. Spec: design 4, Access."""

from procession.domain.actors import BOT
from procession.storage import organizations, recount
from procession.storage.database import Database
from procession.storage.tx import WriteTx, reading, writing


async def rebuild_stale(database: Database, now: int) -> int:
    """Count afresh for every member whose counters are stale, one short transaction each; returns how many."""
    async with database.reading() as connection:
        everywhere = await organizations.directory(connection)
    return sum([await rebuild_stale_in(database, org, organization_id, now) for org, organization_id in everywhere])


async def rebuild_stale_in(database: Database, org: int, organization_id: str, now: int) -> int:
    """The same for the members of one organization."""
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
