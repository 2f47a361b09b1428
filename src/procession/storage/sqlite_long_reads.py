"""Reads of an embedded database that take long: in threads, a few at once, while others are served (decision 12)."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from procession.storage.sqlite import ThreadedConnection

STOP_AGAIN_SECONDS = 0.005
LOOK_AGAIN_SECONDS = 0.02
# Something else may be in the way of a checkpoint: another program that reads the file.
LONGEST_PAUSE_SECONDS = 10


class LongReads:
    """As many connections and threads as there may be such reads at once; others wait their turn and hold nothing.

    Where they follow each other without a pause, there is always one whose snapshot is in the way of a checkpoint, and
    the log grows for as long. So none begins while `are_in_the_way`.
    """

    def __init__(
        self, connect: "Callable[[Executor], ThreadedConnection]", many: int, are_in_the_way: Callable[[], bool]
    ) -> None:
        self._connect = connect
        self._are_in_the_way = are_in_the_way
        self._threads = ThreadPoolExecutor(many, thread_name_prefix="long-read")
        self._turns = asyncio.Semaphore(many)
        self._idle: list[ThreadedConnection] = []
        self._busy: set[ThreadedConnection] = set()

    @asynccontextmanager
    async def reading(self) -> "AsyncGenerator[ThreadedConnection]":
        """A snapshot on one of the connections. What still runs at the end is stopped."""
        await self._turns.acquire()
        connection = None
        try:
            await self._pause()
            connection = self._idle.pop() if self._idle else self._connect(self._threads)
            self._busy.add(connection)
            yield connection
        finally:
            if connection is None:
                self._turns.release()
            else:
                self._give_back(connection)

    async def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_PAUSE_SECONDS
        while self._are_in_the_way() and loop.time() < until:  # noqa: ASYNC110  # another thread says so
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    def _give_back(self, connection: "ThreadedConnection") -> None:
        """As soon as its thread has stopped. Nobody waits for that, so it happens whoever is cancelled."""
        if not connection.stop():
            asyncio.get_running_loop().call_later(STOP_AGAIN_SECONDS, self._give_back, connection)
            return
        try:
            connection.end_reading()
        finally:
            self._busy.discard(connection)
            self._idle.append(connection)
            self._turns.release()

    async def close(self) -> None:
        """Stop what runs, and what has waited for it, then let go of the file."""
        while self._busy:
            for connection in self._busy:
                connection.stop()
            await asyncio.sleep(STOP_AGAIN_SECONDS)
        for connection in self._idle:
            connection.close()
        self._idle = []
        self._threads.shutdown()
