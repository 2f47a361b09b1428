"""After any sequence of operations, side tables and counters equal a recount, and lists equal the slow way.

Spec: design 8; issue 2, 3: counters, summaries, side tables, access rows. A failure prints the steps that led to it.
"""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from procession.domain.actors import BOT
from procession.domain.actors import Actor as Caller
from procession.domain.processes import Process, State, Task
from procession.domain.times import wire
from procession.storage import access, recount
from procession.storage.tx import ReadTx, reading
from tests.builders import Organization, Person
from tests.harness import Server
from tests.lists.slow_way import Slow, encoded
from tests.stateful.actors import Actor, Office
from tests.stateful.slow_tasks import SlowTasks, tasks_alone

SOAK = os.environ.get("SOAK") == "1"
# Each sequence begins with an organization of its own.
SEQUENCES_EACH = 10 if SOAK else 1
STEPS = 250
RECOUNT_EVERY, LOOK_EVERY, REBUILD_EVERY = 6, 25, 12
DAY_MS = 86_400_000
TOLD = 80


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.usefixtures("remembered_lists")
@pytest.mark.parametrize("seed", range(6))
def test_counts_and_lists_are_right_after_any_sequence(
    server: Server, seed: int, record_property: Callable[[str, object], None]
) -> None:
    record_property("operations", SEQUENCES_EACH * STEPS)
    for number in range(SEQUENCES_EACH):
        server.clock.freeze()
        Sequence(Organization(server), seed + 1000 * number).run()


class Sequence:
    """One organization, some people, and what they do in turn."""

    def __init__(self, org: Organization, seed: int) -> None:
        self.org = org
        self.server = org.server
        self.seed = seed
        self.pick = random.Random(seed)
        self.office = Office(org, seed)
        self.steps: list[str] = []
        people = enumerate(self.office.people)
        self.actors = [Actor(self.office, person, seed * 100 + n, self.steps) for n, person in people]

    def run(self) -> None:
        for step in range(STEPS):
            actor = self.pick.choice(self.actors)
            actor.act()
            assert not actor.surprises, self.told(str(actor.surprises))
            # Less than a day in all: access tokens of tests last that long.
            self.server.clock.advance(hours=self.pick.choice([0, 0, 36 / STEPS]))
            if self.pick.random() < 1 / REBUILD_EVERY:
                self.org.rebuild_stale()
                self.steps.append("viewers were counted afresh")
            if step % RECOUNT_EVERY == 0:
                self.recount()
            if step % LOOK_EVERY == 0:
                self.look()
        self.recount()
        self.look()

    def told(self, what: str) -> str:
        return "\n".join([f"seed {self.seed}, step {len(self.steps)}: {what}", *self.steps[-TOLD:]])

    def read(self, work: Callable[[ReadTx], Any], caller: Caller) -> Any:
        async def run() -> Any:
            now = self.server.clock()
            async with reading(self.server.database, self.org.number, self.org.id, caller, now) as tx:
                return await work(tx)

        return self.server.run(run())

    def recount(self) -> None:
        found = self.read(recount.check, BOT)
        assert found == [], self.told("\n".join(found))

    def look(self) -> None:
        """Each member's lists, rows and single processes equal going through all processes."""

        async def everything(tx: ReadTx) -> list[Process]:
            return [process async for process in recount.all_processes(tx)]

        processes: list[Process] = self.read(everything, BOT)
        alone: list[Task] = self.read(tasks_alone, BOT)
        roles = {each["id"]: each["role"].lower() for each in self.org.api.data("GET", "/users?without_pagination=1")}
        for person in self.office.people:
            caller = Caller(kind="member", id=person.id, role=roles[person.id])
            named = self.read(access.principals_of_caller, caller)
            now = Person(person.id, person.email, roles[person.id], person.api)
            slow = Slow(processes, now, named, self.server.clock(), {})
            self.look_as(now, named, slow)
            seen = set(slow.ids({"archived": "true"}))
            self.look_at_tasks(now, SlowTasks(processes, alone, seen, now, named, self.server.clock()))

    def look_at_tasks(self, person: Person, slow: SlowTasks) -> None:
        for path, among in (("/me/tasks", slow.mine), ("/tasks", slow.visible)):
            for asked in self.pick.sample(slow.queries(self.pick), 2):
                answer = person.api.get(f"{path}?{asked.query}&per_page=100").json()
                ids, overdue, due_soon = slow.expected(among, asked)
                told = self.told(f"{person.role} {person.id} {path}?{asked.query}")
                assert [task["id"] for task in answer["data"]] == ids[:100], told
                meta = answer["meta"]
                counted = meta["pagination"]["total"], meta["overdue_tasks"], meta["tasks_due_soon"]
                assert counted == (len(ids), overdue, due_soon), told

    def look_as(self, person: Person, named: frozenset[str], slow: Slow) -> None:
        by_id = {process.id: process for process in slow.everything}
        for query in self.queries(slow):
            told = f"{person.role} {person.id} {query}"
            answer = person.api.get(f"/runs?{encoded(query)}&per_page=100&with=next_task,tags,folders")
            assert answer.status_code == 200, self.told(told)
            expected = slow.ids(query)
            listed = answer.json()
            assert listed["meta"]["pagination"]["total"] == len(expected), self.told(told)
            assert [run["id"] for run in listed["data"]] == expected[:100], self.told(told)
            for run in listed["data"]:
                row = expected_row(by_id[run["id"]], person, named, self.server.clock())
                assert shown_row(run, row) == row, self.told(f"{told} {run['id']}")
        seen = set(slow.ids({"archived": "true"}))
        for process in self.pick.sample(slow.everything, min(3, len(slow.everything))):
            found = person.api.get(f"/runs/{process.id}").status_code == 200
            assert found == (process.id in seen), self.told(f"{person.role} {person.id} {process.id}")

    def queries(self, slow: Slow) -> list[dict[str, str]]:
        office, pick = self.office, self.pick
        # As it is called now: what it was called before must not be found any more.
        name = pick.choice(slow.everything).name if slow.everything else "none"
        member, other = (str(pick.choice(office.everybody).id) for _ in range(2))
        word = pick.choice(["active", "complete", "problem", "issue", "improvement", "delayed", "starred", "archived"])
        drawn = [
            {"status": word},
            {"owners": member},
            {"owners": f"{member},{other}", "task_status": pick.choice(["in-progress", "completed"])},
            {"groups": pick.choice(office.groups or ["none"])},
            {"guests": pick.choice(office.guests or ["none@partner.test"])},
            {"tag": pick.choice(office.tags or ["0" * 32])},
            {"folder": pick.choice(office.folders or ["0" * 32])},
            {"untagged": "true", "sort": "name"},
            {"starred": pick.choice(["true", "false"])},
            {"checklist_id": pick.choice(office.templates)["id"], "sort": "-due_date"},
            {"q": str(member), "sort": "-last_updated"},
            {"me": "true", "status": word},
            {"type": "form", "status": "complete,problem"},
            {"status": "delayed,archived", "sort": "status,-progress"},
            {"owners": member, "starred": "false", "archived": "true"},
            {"tag": pick.choice(office.tags or ["0" * 32]), "type": "procedure", "sort": "-name"},
            {"folder": pick.choice(office.folders or ["0" * 32]), "status": "active,improvement", "sort": "due_date"},
        ]
        usual = [{}, {"archived": "true"}, {"status": "delayed"}, {"q": name, "archived": "true"}]
        # What is remembered of these follows whatever happens.
        usual += [
            {"untagged": "true", "type": "procedure"},
            {"groups": ",".join(office.groups or ["none"]), "me": "true"},
        ]
        return [*usual, *pick.sample(drawn, 5)]


def expected_row(process: Process, person: Person, named: frozenset[str], now: int) -> dict[str, Any]:
    """What the list should show of the process, worked out from its tasks. Spec: api-processes 2, 4."""
    visible = [task for task in process.tasks if task.is_visible]
    seen = [t for t in visible if person.role == "admin" or not t.top_secret or named & t.owners.principals]
    clock = sorted(task.deadline for task in seen if task.is_open and not task.is_held and task.deadline is not None)
    if process.is_archived:
        clock = []
    late = [at for at in clock if at < now]
    due = max((task.deadline for task in seen if task.deadline is not None and not task.is_held), default=None)
    if process.hold is not None:
        assert not clock, "nothing of a process on hold is due"
        due = None
    return {
        "status": "archived" if process.is_archived else process.status,
        "progress": progress(seen),
        "whole_progress": progress(visible),
        "late_tasks": len(late),
        "due_soon": not late and any(at <= now + DAY_MS for at in clock),
        "due_date": None if due is None else wire(due),
        "due_date_passed": due is not None and due < now and process.status != "complete",
        "starred": person.id in process.starred_by,
        "collaborators": sorted(
            {process.owner, *process.users}
            | {user for task in process.tasks if task.archived_at is None for user in task.owners.users}
        ),
        "has_open_issue": process.open_issues > 0,
        "folders": [] if process.folder is None else [process.folder],
        "tags": sorted(process.tags),
        "next_task": next_of(seen),
        "archived_at": None if process.state is not State.ARCHIVED else wire(process.archived_at or 0),
    }


def progress(tasks: list[Task]) -> dict[str, int]:
    done, total = sum(task.is_completed for task in tasks), len(tasks)
    return {"complete": done, "total": total, "percent": int(100 * done / total + 0.5) if total else 0}


def next_of(tasks: list[Task]) -> list[str]:
    still_open = [task for task in tasks if not task.is_completed]
    order = sorted(still_open, key=lambda t: (t.deadline is None, t.deadline or 0, t.position, t.id))
    return [task.id for task in order[:1]]


def shown_row(run: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """The same of what was answered."""
    keys = {"folders": "id", "tags": "tag_id", "next_task": "id"}
    included = {name: sorted(each[key] for each in run[name]["data"]) for name, key in keys.items()}
    return {name: included.get(name, run[name]) for name in expected}
