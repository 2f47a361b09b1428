"""Processes and tasks to comment on, entered as rows in the state a test needs, and what has become of them."""

from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from procession.domain.actors import Actor
from procession.domain.names import fold
from procession.domain.processes import Owners, Process, Task
from procession.domain.summary import settle
from procession.storage import processes, recount, threads
from procession.storage.threads import PlacedThread
from procession.storage.tx import ReadTx, WriteTx, reading, writing
from tests.builders import Organization, Person
from tests.harness import Api

T = TypeVar("T")


class Places:
    """An organization's processes and tasks."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        self.server = org.server
        self.admin = Actor(kind="member", id=org.admin.id, role="admin")

    def read(self, work: Callable[[ReadTx], Awaitable[T]], actor: Actor | None = None) -> T:
        async def run() -> T:
            now = self.server.clock()
            async with reading(self.server.database, self.org.number, self.org.id, actor or self.admin, now) as tx:
                return await work(tx)

        return self.server.run(run())

    def write(self, work: Callable[[WriteTx], Awaitable[T]]) -> T:
        now = self.server.clock()
        return self.server.run(writing(self.server.database, self.org.number, self.org.id, self.admin, now, work))

    def task(self, **fields: Any) -> Task:
        """A one-off task that belongs to no process; it is the administrator's unless `owners` says otherwise."""

        async def work(tx: WriteTx) -> Task:
            seq, _ = await tx.reserve("task", 1)
            task = _task(tx, seq, {"owners": Owners((self.org.admin.id,)), "is_oneoff": True, **fields})
            await processes.add_task(tx, task)
            return task

        return self.write(work)

    def process(self, *tasks: dict[str, Any], **fields: Any) -> Process:
        """A running process with these tasks (one plain task when none are named)."""

        async def work(tx: WriteTx) -> Process:
            seq, _ = await tx.reserve("process", 1)
            first, _ = await tx.reserve("task", len(tasks) or 1)
            made = tuple(
                _task(tx, first + n, {"process": seq, "position": n + 1, **given})
                for n, given in enumerate(tasks or ({},))
            )
            name = f"Onboard {seq}"
            process = Process(
                **{
                    "seq": seq, "id": tx.new_id(), "template_id": "0" * 32, "template_version": 1,
                    "template_title": "Onboard", "type": "procedure", "name": name, "folded_name": fold(name),
                    "sort_name": fold(name), "owner": self.org.admin.id, "starter": self.org.admin.id,
                    "created_at": tx.now, "started_at": tx.now, "updated_at": tx.now, "tasks": made, **fields,
                }
            )  # fmt: skip
            process = settle(process, tx.now)
            await processes.add(tx, process)
            return process

        return self.write(work)

    def guest(self, email: str = "rosa@bakery.test", **record: Any) -> "GuestLink":
        """A guest and their link."""
        made = self.org.api.data("POST", "/guests", {"email": email, **record})
        return GuestLink(email, made["link"].rpartition("/")[2], Api(self.server, None, self.org.id))

    def now(self, process: Process) -> Process:
        """The process as it is by now."""

        async def work(tx: ReadTx) -> Process:
            found = await processes.find(tx, process.id)
            assert found is not None
            return found

        return self.read(work)

    def task_now(self, task: Task) -> Task:
        async def work(tx: ReadTx) -> Task:
            found = await processes.find_task(tx, task.id)
            assert found is not None
            return found

        return self.read(work)

    def threads(self, task: Task, actor: Actor | None = None) -> list[PlacedThread]:
        """The task's threads as this person (else the administrator) sees them."""
        return self.read(lambda tx: threads.of_tasks(tx, [task.seq]), actor)

    def differences(self) -> list[str]:
        """What a recount finds wrong."""
        return self.read(recount.check)


class GuestLink(msgspec.Struct, frozen=True):
    email: str
    code: str
    api: Api

    @property
    def actor(self) -> Actor:
        return Actor(kind="guest", guest_email=self.email)

    def comment(self, task: Task, body: dict[str, Any]) -> Any:
        return self.api.post(f"/guests/{self.code}/tasks/{task.id}/comment", body)


def _task(tx: WriteTx, seq: int, fields: dict[str, Any]) -> Task:
    plain = {"seq": seq, "id": tx.new_id(), "title": "Call them", "created_at": tx.now, "updated_at": tx.now}
    return Task(**{**plain, **fields})


def owned_by(*people: Person | GuestLink) -> Owners:
    users = tuple(person.id for person in people if isinstance(person, Person))
    return Owners(users, tuple(person.email for person in people if isinstance(person, GuestLink)))


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Results of calls made at the same time, in their order."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]
