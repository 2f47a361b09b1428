"""After any sequence of operations, side tables and counters equal a recount, and lists equal the slow way.

Spec: design 8; issue: counters, summaries, side tables, access rows.
"""

import os
import random
from typing import Any

import httpx
import pytest

from procession.domain.actors import BOT, Actor
from procession.domain.processes import Process
from procession.storage import access, recount
from procession.storage.tx import ReadTx, reading
from procession.usecases import viewers
from tests.builders import Organization, Person
from tests.concurrency.crowd import Client, Ground
from tests.lists.world import Slow, encoded

SOAK = os.environ.get("SOAK") == "1"
SEQUENCES = 20 if SOAK else 3
STEPS = 400 if SOAK else 120
RECOUNT_EVERY = 6
LOOK_EVERY = 18
# Asked for where a sequence has deleted everything of a kind.
NONE_LEFT = ["0" * 32]


class Scribe(Client):
    """A client that remembers what it asked, so that a failure tells the steps that led to it."""

    def __init__(self, ground: Ground, person: Person, seed: int, steps: list[str]) -> None:
        super().__init__(ground, person, seed)
        self.steps = steps

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response | None:
        answer = super().ask(method, path, body)
        outcome = "refused" if answer is None else str(answer.status_code)
        self.steps.append(f"{self.person.role} {self.person.id}: {method} {path} {body} -> {outcome}")
        return answer


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_counts_and_lists_are_right_after_any_sequence(org: Organization, seed: int) -> None:
    server = org.server
    server.clock.freeze()
    ground = Ground(org, seed)
    steps: list[str] = []
    clients = [Scribe(ground, person, seed * 100 + n, steps) for n, person in enumerate(ground.people)]
    pick = random.Random(seed)
    for step in range(STEPS):
        pick.choice(clients).work(1)
        # Less than a day in all: access tokens of tests last that long.
        server.clock.advance(hours=pick.choice([0, 0, 36 / STEPS]))
        if pick.random() < 0.1:
            server.run(viewers.rebuild_stale(server.database, server.clock()))
        if step % RECOUNT_EVERY == 0:
            assert differences(org) == [], "\n".join(steps[-30:])
        if step % LOOK_EVERY == 0:
            look(org, ground, pick, steps)
    assert [surprise for client in clients for surprise in client.surprises] == [], "\n".join(steps[-30:])
    assert differences(org) == [], "\n".join(steps[-30:])


def differences(org: Organization) -> list[str]:
    async def check() -> list[str]:
        async with reading(org.server.database, org.number, org.id, BOT, org.server.clock()) as tx:
            return await recount.check(tx)

    return org.server.run(check())


def look(org: Organization, ground: Ground, pick: random.Random, steps: list[str]) -> None:
    """Each member's lists equal going through all processes."""

    async def everything(tx: ReadTx) -> list[Process]:
        return [process async for process in recount.all_processes(tx)]

    async def read(work: Any, actor: Actor) -> Any:
        async with reading(org.server.database, org.number, org.id, actor, org.server.clock()) as tx:
            return await work(tx)

    processes: list[Process] = org.server.run(read(everything, BOT))
    for person in ground.people:
        role = org.api.data("GET", f"/users/{person.id}")["role"].lower()
        actor = Actor(kind="member", id=person.id, role=role)
        named = org.server.run(read(access.principals_of_caller, actor))
        slow = Slow(processes, Person(person.id, person.email, role, person.api), named, org.server.clock())
        for query in queries(ground, pick):
            answer = person.api.get(f"/runs?{encoded(query)}&per_page=100")
            told = "\n".join([f"{person.role} {person.id} {query}", *steps[-30:]])
            assert answer.status_code == 200, told
            expected = slow.ids(query)
            assert answer.json()["meta"]["pagination"]["total"] == len(expected), told
            assert [run["id"] for run in answer.json()["data"]] == expected[:100], told


def queries(ground: Ground, pick: random.Random) -> list[dict[str, str]]:
    member, other = (str(pick.choice(ground.people).id) for _ in range(2))
    return [
        {},
        {"archived": "true"},
        {
            "status": pick.choice(
                ["active", "complete", "problem", "issue", "improvement", "delayed", "starred", "archived"]
            )
        },
        {"owners": member},
        {"owners": f"{member},{other}", "task_status": pick.choice(["in-progress", "completed"])},
        {"groups": pick.choice(ground.groups or NONE_LEFT)},
        {"guests": pick.choice(ground.guests or NONE_LEFT)},
        {"tag": pick.choice(ground.tags or NONE_LEFT)},
        {"folder": pick.choice(ground.folders or NONE_LEFT)},
        {"untagged": "true", "sort": "name"},
        {"starred": pick.choice(["true", "false"])},
        {"checklist_id": pick.choice(ground.templates)["id"], "sort": "-due_date"},
    ]
