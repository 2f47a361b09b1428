"""Fires timers: takes what is due, whichever organization's it is, and does it in its order.

A timer and what it does are one transaction, so that one that was cut off fires again and one that fired does not.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter

from procession import logs
from procession.domain.actors import BOT
from procession.storage import timers
from procession.storage.connection import Connection
from procession.storage.database import Database
from procession.storage.timers import Timer
from procession.storage.tx import WriteTx, writing
from procession.usecases import bulk_launching, closing, onboarding, schedules, version_moving, viewers
from procession.usecases.reactions import Means

log = logs.get("procession.worker")


async def fire_due(database: Database, clock: Callable[[], int], means: Means) -> int:
    """Fire until nothing is due that no other server has taken; how many. One that fails is tried again later."""
    fired = 0
    while claimed := await _claimed(database, clock()):
        began = perf_counter()
        for timer in claimed:
            try:
                await _fire(database, timer, clock, means)
                fired += 1
            except Exception:  # one that cannot be done keeps none of the others waiting
                log.exception("timer failed", kind=timer.kind, org=timer.organization_id, subject=timer.subject)
        # What has piled up while no server ran takes half of the time at most; the other half is people's.
        await asyncio.sleep(perf_counter() - began)
    return fired


async def _claimed(database: Database, now: int) -> list[Timer]:
    async with database.reading() as connection:
        if not await timers.is_any_due(connection, now):
            return []

    async def work(connection: Connection) -> list[Timer]:
        return await timers.claim(connection, now)

    return await database.write(work)


async def _fire(database: Database, timer: Timer, clock: Callable[[], int], means: Means) -> None:
    org, organization_id = timer.org, timer.organization_id
    match timer.kind:
        case "close_task":

            async def close(tx: WriteTx) -> None:
                await closing.close_due_tasks(tx, timer.subject, means)

            await writing(database, org, organization_id, BOT, clock(), close)
        case "auto_complete":
            await closing.complete_overdue(database, org, organization_id, clock, means)
        case "auto_archive":
            await closing.archive_finished(database, org, organization_id, clock)
        case "launch":
            await schedules.run_due(database, org, organization_id, timer.subject, clock(), means)
        case "onboard":
            await onboarding.launch(database, org, organization_id, timer.subject, clock(), means)
        case "count_viewers":
            await viewers.count_when_wanted(database, org, organization_id, clock)
        case "bulk_launch":
            await bulk_launching.run_due(database, org, organization_id, timer.subject, clock, means)
        case "version_move":
            await version_moving.run_due(database, org, organization_id, timer.subject, clock, means)
