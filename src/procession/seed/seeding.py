"""Filling a database: found the organizations, make their processes in other processes, load them in order."""

import asyncio
import multiprocessing
import os
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

import msgspec

from procession.adapters.secrets import Secrets
from procession.domain.times import Millis
from procession.seed.ground import Chunk, Ground
from procession.seed.organizations import Founded, found
from procession.seed.plan import Plan
from procession.seed.processes import make
from procession.storage.bulk import Batch
from procession.storage.bulk_loading import Growing, Loader, loading, organizations_in
from procession.storage.database import Database
from procession.usecases.setup import issue_token
from procession.usecases.viewers import rebuild_stale

PROCESSES_PER_CHUNK = 2000
TOKEN_DAYS = 365
TOKEN_NAME = "seed"  # noqa: S105  # what it is called
# Fewer processes than this are made here: starting others would take longer.
WORTH_OTHERS = 5000

Progress = Callable[[str, int, int], None]


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
    database: Database, secrets: Secrets, plan: Plan, *, now: Millis, append: bool = False, progress: Progress
) -> list[Seeded]:
    """Fill the open database; what is in it stays, with `append`. Raises SeedRefused.

    `progress` is told what is being done, how much of it is done and how much there is.
    """
    already = await organizations_in(database)
    if already and not append:
        raise SeedRefused(
            f"The database holds {already} organizations already. Name an empty one, or add to it with --append."
        )
    founded: list[Founded] = []
    for index in range(plan.organizations):
        progress("Organizations", index, plan.organizations)
        founded.append(await found(database, secrets, plan, index, now=now))
    async with loading(database) as loader:
        with makers(sum(each.ground.processes for each in founded)) as executor:
            await _load(loader, executor, [each.ground for each in founded], progress)
        progress("Counters", 0, 1)
        await rebuild_stale(database, now)
        await loader.tidy()
        progress("Counters", 1, 1)
    return [await _access(database, each, now) for each in founded]


@contextmanager
def makers(processes: int) -> Iterator[Executor | None]:
    """Other processes to make rows in, while this one loads them; None when that is not worth while."""
    others = (os.cpu_count() or 1) - 1
    if processes < WORTH_OTHERS or not others:
        yield None
        return
    # Spawned: this process has threads and an open database.
    with ProcessPoolExecutor(min(others, 4), multiprocessing.get_context("spawn")) as executor:
        yield executor


async def _load(loader: Loader, executor: Executor | None, grounds: Sequence[Ground], progress: Progress) -> None:
    done, total = 0, sum(ground.processes for ground in grounds)
    progress("Processes", done, total)
    growing: Growing | None = None
    ground: Ground | None = None
    async for chunk, (batch, launches) in _made(executor, [chunk for ground in grounds for chunk in chunks(ground)]):
        if chunk.ground is not ground:
            if growing is not None:
                await growing.close()
            ground, growing = chunk.ground, Growing(loader, chunk.ground.org)
            await growing.open()
        assert growing is not None
        await growing.load(batch, launches)
        done += chunk.many
        progress("Processes", done, total)
    if growing is not None:
        await growing.close()


def chunks(ground: Ground) -> list[Chunk]:
    starts = range(0, ground.processes, PROCESSES_PER_CHUNK)
    return [Chunk(ground, start, min(PROCESSES_PER_CHUNK, ground.processes - start)) for start in starts]


async def _made(
    executor: Executor | None, wanted: Sequence[Chunk]
) -> AsyncGenerator[tuple[Chunk, tuple[Batch, dict[str, int]]]]:
    """The chunks in order with their rows; a few are made ahead while the caller is busy."""
    if executor is None:
        for chunk in wanted:
            yield chunk, make(chunk)
        return
    loop = asyncio.get_running_loop()
    ahead: deque[tuple[Chunk, asyncio.Future[tuple[Batch, dict[str, int]]]]] = deque()
    for chunk in wanted:
        ahead.append((chunk, loop.run_in_executor(executor, make, chunk)))
        if len(ahead) > 3:
            first, future = ahead.popleft()
            yield first, await future
    for chunk, future in ahead:
        yield chunk, await future


async def _access(database: Database, founded: Founded, now: Millis) -> Seeded:
    ground = founded.ground
    token = await issue_token(
        database, account=founded.admin, org=ground.org, name=TOKEN_NAME, kind="personal", days=TOKEN_DAYS, now=now
    )
    runs = ground.processes + len(ground.models)
    return Seeded(founded.name, ground.organization_id, runs, founded.admin, founded.email, token)
