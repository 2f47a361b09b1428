"""Launches and completions by several writers at once: over HTTP, or as the same transactions without it.

python -m benchmarks.writers WORK     (the work as JSON; prints what it did as JSON)
"""

import asyncio
import itertools
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import msgspec
import uvloop

from benchmarks.http_client import Client
from procession import config, wiring
from procession.domain.actors import Actor
from procession.storage.numbers import clock_now
from procession.storage.tx import WriteTx, writing
from procession.usecases import completion, launching
from procession.usecases.launching import Wish
from procession.usecases.reactions import Means

STEPS = 12
# Processes whose tasks are completed are launched before the clock starts.
READY_FOR_EACH = 40

Kind = Literal["launch", "complete"]


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What to do, where, and for how long."""

    kind: Kind
    writers: int
    seconds: float
    org_id: str
    template: str
    token: str
    account: int
    # Over HTTP to this port, or else straight into the database.
    port: int | None = None
    data_dir: str = ""
    database_url: str = ""


class Done(msgspec.Struct, frozen=True):
    """What was done, and how long each took."""

    count: int
    errors: int
    per_second: float
    p50_ms: float
    p99_ms: float


Write = Callable[[], Awaitable[bool]]


async def measured(writers: list[Write], seconds: float) -> Done:
    """Each writer goes on until the time is over, or until it has nothing left to do (it raises StopAsyncIteration)."""
    took: list[float] = []
    errors = 0
    began = perf_counter()
    until = began + seconds

    async def go_on(write: Write) -> None:
        nonlocal errors
        while (start := perf_counter()) < until:
            try:
                succeeded = await write()
            except StopAsyncIteration:
                return
            took.append(perf_counter() - start)
            errors += not succeeded

    await asyncio.gather(*[go_on(write) for write in writers])
    lasted = perf_counter() - began
    took.sort()
    return Done(len(took), errors, len(took) / lasted, 1000 * took[len(took) // 2], 1000 * took[int(len(took) * 0.99)])


async def over_http(work: Work) -> Done:
    clients = [Client("127.0.0.1", work.port or 0, work.token) for _ in range(work.writers)]
    for client in clients:
        await client.connect()
    runs = f"/organizations/{work.org_id}/runs"
    names = itertools.count()

    async def launch(client: Client) -> Any:
        body = {"checklist_id": work.template, "name": f"Measured {next(names)}"}
        return await client.ask("POST", runs, body)

    async def writer(client: Client) -> Write:
        if work.kind == "launch":

            async def one() -> bool:
                return (await launch(client))[0] == 201

            return one
        tasks: list[tuple[str, str]] = []
        for _ in range(READY_FOR_EACH):
            _, made = await launch(client)
            run = made["data"]["id"]
            _, listed = await client.ask("GET", f"{runs}/{run}/tasks?without_pagination=true")
            tasks += [(run, task["id"]) for task in listed["data"]]
        left = iter(tasks)

        async def complete() -> bool:
            try:
                run, task = next(left)
            except StopIteration:
                raise StopAsyncIteration from None
            return (await client.ask("POST", f"{runs}/{run}/completed-tasks", {"task_id": task}))[0] in (200, 201)

        return complete

    done = await measured([await writer(client) for client in clients], work.seconds)
    for client in clients:
        await client.close()
    return done


async def without_http(work: Work) -> Done:
    url = {"database_url": work.database_url} if work.database_url else {}
    settings = config.load({}, data_dir=Path(work.data_dir), **url)
    means = Means(wiring.make_secrets(settings))
    names = itertools.count()
    actor = Actor(kind="member", id=work.account, role="admin")
    async with wiring.opened(settings) as database:

        async def run(job: Callable[[WriteTx], Awaitable[Any]]) -> Any:
            return await writing(database, 1, work.org_id, actor, clock_now(), job)

        async def launch() -> Any:
            wish = Wish(template_id=work.template, name=f"Measured {next(names)}")
            return (await run(lambda tx: launching.launch_process(tx, wish, means=means)))[0]

        async def writer() -> Write:
            if work.kind == "launch":

                async def one() -> bool:
                    return bool(await launch())

                return one
            launched = [await launch() for _ in range(READY_FOR_EACH)]
            left = iter([(process.id, task.id) for process in launched for task in process.tasks])

            async def complete() -> bool:
                try:
                    process, task = next(left)
                except StopIteration:
                    raise StopAsyncIteration from None
                body = {"task_id": task}
                return bool(
                    await run(
                        lambda tx: completion.complete_task(tx, body, process_id=process, means=means, hourly_limit=0)
                    )
                )

            return complete

        return await measured([await writer() for _ in range(work.writers)], work.seconds)


if __name__ == "__main__":
    asked = msgspec.json.decode(sys.argv[1], type=Work)
    print(msgspec.json.encode(uvloop.run(over_http(asked) if asked.port else without_http(asked))).decode())
