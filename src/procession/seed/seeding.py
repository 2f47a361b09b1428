"""Filling a database: found the organizations, make their processes in other processes, load them in order."""

import asyncio
import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

import msgspec

from procession.adapters.secrets import Secrets
from procession.domain.actors import BOT
from procession.domain.times import Millis
from procession.seed.ground import Chunk, Ground
from procession.seed.organizations import Founded, found
from procession.seed.plan import Plan
from procession.seed.processes import make, make_elsewhere
from procession.storage import recount, timers
from procession.storage.bulk import Batch
from procession.storage.bulk_loading import Growing, Loader, loading, organizations_in
from procession.storage.database import Database
from procession.storage.tx import WriteTx, writing
from procession.usecases.setup import issue_token

PROCESSES_PER_CHUNK = 2000
TOKEN_DAYS = 365
TOKEN_NAME = "seed"  # noqa: S105  # what it is called
# Fewer processes than this are made here: starting others would take longer.
WORTH_OTHERS = 5000
MOST_OTHERS = 4
# So many chunks wait to be loaded.
MADE_AHEAD = 4

Report = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is to do."""


class SeedRefused(RuntimeError):
    """The database is not fit for seeding."""


class Seeded(msgspec.Struct, frozen=True):
    """A seeded organization, and an administrator's access to it."""

    organization: str
    org_id: str
    runs: int
    user_id: int
    email: str
    access_token: str


async def seed(
    database: Database, secrets: Secrets, plan: Plan, *, now: Millis, append: bool = False, report: Report
) -> list[Seeded]:
    """Fill the open database; what is in it stays, with `append`. Raises SeedRefused.

    Interrupted, it leaves organizations whose numbers add up, but which lack processes and a part of their log.
    """
    already = await organizations_in(database)
    if already and not append:
        raise SeedRefused(
            f"The database holds {already} organizations already. Name an empty one, or add to it with --append."
        )
    founded: list[Founded] = []
    for index in range(plan.organizations):
        report("Organizations", index, plan.organizations)
        founded.append(await found(database, secrets, plan, index, now=now))
    report("Organizations", plan.organizations, plan.organizations)
    await load(database, [each.ground for each in founded], report)
    return [await _access(database, each, now) for each in founded]


async def load(database: Database, grounds: Sequence[Ground], report: Report) -> None:
    """Enter all processes that the grounds are to have."""
    async with loading(database) as loader:
        with makers(sum(ground.processes for ground in grounds)) as executor:
            await _load(loader, executor, grounds, report)
        for index, ground in enumerate(grounds):
            report("Counters", index, len(grounds))
            await _count_sights(database, ground)
        await loader.tidy()
        report("Counters", len(grounds), len(grounds))


@contextmanager
def makers(processes: int) -> Generator[Executor | None]:
    """Other processes to make rows in, while this one loads them; None when that is not worth while."""
    if processes < WORTH_OTHERS:
        yield None
        return
    # Spawned: this process has threads and an open database.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(os.cpu_count() or 1, MOST_OTHERS), spawn, initializer=_prepare) as executor:
        yield executor


def _prepare() -> None:
    # What is made has no cycles, and looking for some takes a fifth of the time.
    gc.disable()
    # Ctrl-C is for the process that loads.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


async def _load(loader: Loader, executor: Executor | None, grounds: Sequence[Ground], report: Report) -> None:
    done, total = 0, sum(ground.processes for ground in grounds)
    report("Processes", done, total)
    made = _made(executor, [chunk for ground in grounds for chunk in chunks(ground)])
    for ground in grounds:
        growing = Growing(loader, ground.org)
        await growing.open()
        for chunk in chunks(ground):
            batch, launches = await anext(made)
            await growing.load(batch, launches)
            done += chunk.many
            report("Processes", done, total)
        await growing.close()


def chunks(ground: Ground) -> list[Chunk]:
    starts = range(0, ground.processes, PROCESSES_PER_CHUNK)
    return [Chunk(ground, start, min(PROCESSES_PER_CHUNK, ground.processes - start)) for start in starts]


async def _made(executor: Executor | None, wanted: Sequence[Chunk]) -> AsyncGenerator[tuple[Batch, Mapping[str, int]]]:
    """The chunks' rows, in order; a few are made ahead while the caller is busy."""
    if executor is None:
        for chunk in wanted:
            yield await make(chunk)
        return
    loop = asyncio.get_running_loop()
    ahead: deque[asyncio.Future[tuple[Batch, dict[str, int]]]] = deque()
    for chunk in wanted:
        ahead.append(loop.run_in_executor(executor, make_elsewhere, chunk))
        if len(ahead) > MADE_AHEAD:
            yield await ahead.popleft()
    for future in ahead:
        yield await future


async def _count_sights(database: Database, ground: Ground) -> None:
    """How many processes each member sees, as if that had been counted along."""

    async def work(tx: WriteTx) -> None:
        for account in await recount.stale_viewers(tx):
            await recount.rebuild_viewer(tx, account)
        await timers.remove(tx, "count_viewers", [0])

    await writing(database, ground.org, ground.organization_id, BOT, ground.until, work)


async def _access(database: Database, founded: Founded, now: Millis) -> Seeded:
    ground = founded.ground
    token = await issue_token(
        database, account=founded.admin, org=ground.org, name=TOKEN_NAME, kind="personal", days=TOKEN_DAYS, now=now
    )
    runs = ground.processes + len(ground.models)
    return Seeded(founded.name, ground.organization_id, runs, founded.admin, founded.email, token)
