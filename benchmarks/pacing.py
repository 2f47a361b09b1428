"""List requests at a fixed pace, with or without writes beside them.

    python -m benchmarks.pacing PACE     (the pace as JSON; prints what was seen as JSON)

Requests are sent when their time has come, whether or not earlier ones were answered: what waits counts as waiting.
"""

import asyncio
import itertools
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

import msgspec
import uvloop

from benchmarks.http_client import Client

READERS = 16
WRITERS = 16
# Of so many writes one is a launch, the others complete what was launched.
WRITES_PER_LAUNCH = 5
WARM_UP_SECONDS = 0.5


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """What to send, where, and how often."""

    port: int
    token: str
    org_id: str
    template: str
    paths: list[str]
    reads_per_second: float
    writes_per_second: float = 0
    seconds: float


class Seen(msgspec.Struct, frozen=True):
    """How long the list took from when it was due, and whether everything went well."""

    reads: int
    p50_ms: float
    p99_ms: float
    writes: int
    errors: int


class Pool:
    """Kept connections; a request waits for one when all are busy."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self._free = list(clients)
        self._limit = asyncio.Semaphore(len(clients))

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, object]:
        async with self._limit:
            client = self._free.pop()
            try:
                return await client.ask(method, path, body)
            finally:
                self._free.append(client)


async def pool(pace: Pace, many: int) -> Pool:
    clients = [Client("127.0.0.1", pace.port, pace.token) for _ in range(many)]
    for client in clients:
        await client.connect()
    return Pool(clients)


async def send_on_time(per_second: float, until: float, send: Callable[[float], Awaitable[None]]) -> None:
    """Call `send` with the instant it was due at, so often; wait for all of them at the end."""
    began, running = perf_counter(), set[asyncio.Task[None]]()
    for number in itertools.count():
        due = began + number / per_second
        if due >= until:
            break
        if (wait := due - perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.ensure_future(send(due))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)


async def run(pace: Pace) -> Seen:
    readers, writers = await pool(pace, READERS), await pool(pace, WRITERS)
    root = f"/organizations/{pace.org_id}"
    took: list[float] = []
    errors = written = 0
    paths, turns, names = itertools.cycle(pace.paths), itertools.count(), itertools.count()
    ready: deque[tuple[str, str]] = deque()
    began = perf_counter()

    async def read(due: float) -> None:
        nonlocal errors
        status, _ = await readers.ask("GET", root + next(paths))
        if due - began > WARM_UP_SECONDS:
            took.append(perf_counter() - due)
        errors += status != 200

    async def write(_due: float) -> None:
        nonlocal errors, written
        if next(turns) % WRITES_PER_LAUNCH and ready:
            run_id, task = ready.popleft()
            status, _ = await writers.ask("POST", f"{root}/runs/{run_id}/completed-tasks", {"task_id": task})
        else:
            body = {"checklist_id": pace.template, "name": f"Beside {next(names)}"}
            status, made = await writers.ask("POST", f"{root}/runs?with=tasks", body)
            run = made["data"]  # pyright: ignore[reportIndexIssue]  # a dictionary, when it was made
            ready.extend((run["id"], task["id"]) for task in run["tasks"]["data"])
        written += 1
        errors += status not in (200, 201)

    until = began + pace.seconds
    jobs = [send_on_time(pace.reads_per_second, until, read)]
    if pace.writes_per_second:
        jobs.append(send_on_time(pace.writes_per_second, until, write))
    await asyncio.gather(*jobs)
    took.sort()
    return Seen(len(took), 1000 * took[len(took) // 2], 1000 * took[int(len(took) * 0.99)], written, errors)


if __name__ == "__main__":
    print(msgspec.json.encode(uvloop.run(run(msgspec.json.decode(sys.argv[1], type=Pace)))).decode())
