"""Fires timers: takes what is due, whichever organization's it is, and does it in its order.

A timer and what it does are one transaction, so that one that was cut off fires again and one that fired does not.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter

from procession import logs
from procession.adapters.files import FileStore
from procession.domain.actors import BOT
from procession.storage import timers
from procession.storage.connection import Connection
from procession.storage.database import Database
from procession.storage.timers import Timer
from procession.storage.tx import WriteTx, writing
from procession.usecases import (
    bin_items,
    bulk_launching,
    closing,
    files,
    handing_over,
    onboarding,
    schedules,
    version_moving,
    viewers,
    watch_digests,
)
from procession.usecases.reactions import Means

log = logs.get("procession.worker")


async def _expire(tx: WriteTx, subject: int, _means: Means) -> None:
    await bin_items.expire(tx, subject)


async def _erase_if_unused(tx: WriteTx, subject: int, _means: Means) -> None:
    await files.erase_if_unused(tx, subject)


# What is one transaction of its own: done by the number of what the timer is about.
AT_ONCE: Mapping[str, Callable[[WriteTx, int, Means], Awaitable[None]]] = {
    "close_task": closing.close_due_tasks,
    "rule_clock": closing.look_at_rules,
    "expire_bin": _expire,
    "unused_file": _erase_if_unused,
}


async def fire_due(database: Database, clock: Callable[[], int], means: Means, store: FileStore) -> int:
    """Fire until nothing is due that no other server has taken; how many. One that fails is tried again later."""
    fired = 0
    while claimed := await _claimed(database, clock()):
        began = perf_counter()
        for timer in claimed:
            try:
                await _fire(database, timer, clock, means, store)
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


async def _fire(database: Database, timer: Timer, clock: Callable[[], int], means: Means, store: FileStore) -> None:
    org, organization_id = timer.org, timer.organization_id
    at_once = AT_ONCE.get(timer.kind)
    if at_once is not None:
        await writing(database, org, organization_id, BOT, clock(), lambda tx: at_once(tx, timer.subject, means))
        return
    match timer.kind:
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
        case "erase_file":
            await files.erase_bytes(database, org, organization_id, timer.subject, clock, store)
        case "handover":
            await handing_over.run_due(database, org, organization_id, timer.subject, clock, means)
        case "watch_digest":
            await watch_digests.tell(database, org, organization_id, timer.subject, clock, means)
        case _:
            raise AssertionError(timer.kind)
