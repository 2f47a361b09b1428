"""Processes and tasks to comment on, in the state a test needs, and what has become of them."""

from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec
from sqlalchemy import bindparam, func, select

from procession.domain.actors import Actor
from procession.domain.processes import Owners, Process, Task
from procession.storage import processes, recount, threads
from procession.storage.query import Query
from procession.storage.tables.events import events
from procession.storage.threads import PlacedThread
from procession.storage.tx import ReadTx, reading
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

    def task(
        self, owners: Owners | None = None, *, completed: bool = False, archived: bool = False, **settings: Any
    ) -> Task:
        """A task that stands alone; it is the administrator's unless `owners` says otherwise."""
        people = wire_owners(owners or owned_by(self.org.admin))
        body = {"title": "Call them", "task_type": "task", "deadline": "2040-01-02", "owners": people, **settings}
        task_id = self.org.api.data("POST", "/tasks", body)["id"]
        if completed:
            self.org.api.data("POST", "/completed-tasks", {"task_id": task_id})
        if archived:
            assert self.org.api.delete(f"/tasks/{task_id}").status_code == 204
        return self.task_now(task_id)

    def process(self, *steps: dict[str, Any], users: Sequence[int] = ()) -> Process:
        """A process with these steps (one plain step when none are named).

        Beside what a step has, `owners` are the task's assignees, `completed` completes it.
        """
        wanted = [{"title": f"Step {n}", **step} for n, step in enumerate(steps or ({},))]
        bodies = [{key: step[key] for key in step.keys() - {"owners", "completed"}} for step in wanted]
        template = self.org.template(steps=bodies)
        overrides = {
            made["id"]: {"owners": wire_owners(step["owners"])}
            for made, step in zip(template["steps"], wanted, strict=True)
            if "owners" in step
        }
        body = {"checklist_id": template["id"], "users": list(users), "tasks": overrides}
        run_id = self.org.api.data("POST", "/runs", body)["id"]
        for task, step in zip(self.now(run_id).tasks, wanted, strict=True):
            if step.get("completed"):
                completion = {"task_id": task.id, "is_approved": True}
                self.org.api.data("POST", f"/runs/{run_id}/completed-tasks", completion)
        return self.now(run_id)

    def guest(self, email: str = "rosa@bakery.test", **record: Any) -> "GuestLink":
        """A guest and their link."""
        made = self.org.api.data("POST", "/guests", {"email": email, **record})
        return GuestLink(email, made["link"].rpartition("/")[2], Api(self.server, None, self.org.id))

    def now(self, process: Process | str) -> Process:
        """The process as it is by now."""
        process_id = process if isinstance(process, str) else process.id

        async def work(tx: ReadTx) -> Process:
            found = await processes.find(tx, process_id)
            assert found is not None
            return found

        return self.read(work)

    def task_now(self, task: Task | str) -> Task:
        task_id = task if isinstance(task, str) else task.id

        async def work(tx: ReadTx) -> Task:
            found = await processes.find_task(tx, task_id)
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


def owned_by(*people: Person | GuestLink) -> Owners:
    users = tuple(person.id for person in people if isinstance(person, Person))
    return Owners(users, tuple(person.email for person in people if isinstance(person, GuestLink)))


def wire_owners(owners: Owners) -> dict[str, list[Any]]:
    return {"users": list(owners.users), "guests": list(owners.guests), "groups": list(owners.groups)}


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Results of calls made at the same time, in their order."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


_how_often = Query(
    select(func.count()).where(
        events.c.org == bindparam("org"), events.c.kind == bindparam("kind"), events.c.subject_id == bindparam("task")
    )
)


def how_often(org: Organization, kind: str, task_id: str) -> int:
    """How many events of this kind there are about the task."""
    return Places(org).read(lambda tx: tx.value(_how_often, kind=kind, task=task_id))


def comment(person: Person, task: Any, content: str = "Called twice.", **body: Any) -> dict[str, Any]:
    return person.api.data("POST", f"/tasks/{task.id}/comment", {"content": content, **body})
