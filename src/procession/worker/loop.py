"""Runs periodic jobs beside the requests of a server process."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from procession import logs

log = logs.get("procession.worker")


class Periodic(msgspec.Struct, frozen=True):
    """A job that is due again `seconds` after it last ended.

    It opens its own transactions. Other servers of the same database may run it at the same time, and it may be cut
    off anywhere, so doing it twice must equal doing it once.
    """

    name: str
    seconds: float
    run: Callable[[], Awaitable[object]]


class Loop:
    """Repeats jobs until it is stopped. A job that fails is reported and tried again at its next time."""

    def __init__(self, jobs: Sequence[Periodic]) -> None:
        self.jobs = tuple(jobs)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._repeat(job), name=job.name) for job in self.jobs]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _repeat(self, job: Periodic) -> None:
        task = asyncio.current_task()
        # Python 3.11 may lose a cancellation that comes together with what is waited for; the count of them stays.
        while task is not None and not task.cancelling():
            # Not to the second, so that servers started together do not work at the same moment.
            await asyncio.sleep(job.seconds * random.uniform(0.8, 1.2))  # noqa: S311  # it spreads, it hides nothing
            try:
                await job.run()
            except Exception:  # a bug or a database away for a moment: reported, and no reason to stop for good
                log.exception("job failed", job=job.name)
