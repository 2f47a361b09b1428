"""Seeded data: nothing tells it from data that people made through the API, except how quickly it came."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import apsw
import pytest

from procession.domain.actors import BOT
from procession.domain.processes import Process, State
from procession.seed import Plan, Seeded, SeedRefused, seed
from procession.seed.seeding import PROCESSES_PER_CHUNK
from procession.storage import recount
from procession.storage.database import SQLITE_FILE
from procession.storage.identity import organization_number
from procession.storage.tx import reading
from procession.usecases.viewers import differences
from tests.harness import Api, Server
from tests.ops.programs import run

RUNS = 500
PLAN = Plan(organizations=2, runs=RUNS, tasks_per_run=12, users=40)


def nothing(what: str, done: int, total: int) -> None:
    """A report nobody reads."""


def seeded_by(server: Server, plan: Plan, **options: Any) -> list[Seeded]:
    now = server.clock()
    return server.run(seed(server.database, server.secrets, plan, now=now, report=nothing, **options))


class Seed:
    """A server with seeded organizations, the largest first."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.organizations = seeded_by(server, PLAN, append=True)
        self.largest = self.organizations[0]

    def api(self, organization: Seeded) -> Api:
        return Api(self.server, organization.access_token, organization.org_id)

    def processes(self, organization: Seeded) -> list[Process]:
        async def work() -> list[Process]:
            async with await self.transaction(organization) as tx:
                return [process async for process in recount.all_processes(tx)]

        return self.server.run(work())

    def rows(self, organization: Seeded, sql: str) -> list[tuple[Any, ...]]:
        """What the database holds; the statement's `{org}` is the organization's number."""

        async def work() -> list[tuple[Any, ...]]:
            async with await self.transaction(organization) as tx:
                statement = sql.format(org=tx.org)
                if self.server.dialect == "sqlite":
                    return tx.connection.raw.execute(statement).fetchall()
                return await (await tx.connection.raw.execute(statement)).fetchall()

        return self.server.run(work())

    async def transaction(self, organization: Seeded) -> Any:
        async with self.server.database.reading() as connection:
            org = await organization_number(connection, organization.org_id)
        return reading(self.server.database, org, organization.org_id, BOT, self.server.clock())


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def seeded(request: pytest.FixtureRequest) -> Seed:
    return Seed(request.getfixturevalue(f"{request.param}_server"))


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        pytest.param(Plan(organizations=1, runs=10), [10], id="one organization holds everything"),
        pytest.param(Plan(organizations=5, runs=100, largest_share=0.6), [60, 10, 10, 10, 10], id="the largest share"),
        pytest.param(Plan(organizations=4, runs=100, largest_share=0.5), [50, 17, 17, 16], id="no process is lost"),
        pytest.param(Plan(organizations=2, runs=9, largest_share=0.01), [4, 5], id="the others never hold more"),
        pytest.param(Plan(organizations=3, runs=0), [0, 0, 0], id="none at all"),
    ],
)
def test_processes_are_spread_over_organizations(plan: Plan, expected: list[int]) -> None:
    assert plan.runs_of_each() == expected


@pytest.mark.parametrize(
    "wrong", [{"organizations": 0}, {"runs": -1}, {"tasks_per_run": 0}, {"largest_share": 0}, {"users": 1}]
)
def test_impossible_volumes_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"needs|has"):
        Plan(**wrong)


def test_everything_equals_a_recount(seeded: Seed) -> None:
    for organization in seeded.organizations:

        async def work(organization: Seeded = organization) -> list[str]:
            async with await seeded.transaction(organization) as tx:
                assert await recount.stale_viewers(tx) == []
                return await recount.check(tx)

        assert seeded.server.run(work()) == []


def test_every_reference_resolves(seeded: Seed) -> None:
    """SQLite loads with foreign keys off; PostgreSQL checks them while it loads."""
    if seeded.server.dialect == "sqlite":
        assert seeded.rows(seeded.largest, "PRAGMA foreign_key_check") == []


def test_the_volumes_are_those_of_the_plan(seeded: Seed) -> None:
    assert [each.runs for each in seeded.organizations] == PLAN.runs_of_each()
    for organization in seeded.organizations:
        found = seeded.processes(organization)
        assert len(found) == organization.runs
        assert {len(process.tasks) for process in found} == {PLAN.tasks_per_run}
        total = seeded.api(organization).get("/runs?per_page=1&archived=true").json()["meta"]["pagination"]["total"]
        assert total == organization.runs


def test_lives_are_spread_as_in_real_work(seeded: Seed) -> None:
    found = seeded.processes(seeded.largest)
    now = seeded.server.clock()
    states = Counter(process.state for process in found)
    is_open = [process for process in found if process.state is State.OPEN]
    late = [process for process in is_open if process.next_deadline is not None and process.next_deadline < now]
    assert 0.78 < states[State.OPEN] / len(found) < 0.92
    assert states[State.COMPLETE]
    assert states[State.ARCHIVED]
    assert 0.08 < len(late) / len(is_open) < 0.25
    owners = Counter(process.owner for process in found)
    assert 0.07 < owners.most_common(1)[0][1] / len(found) < 0.2
    assert {len(process.tags) for process in found} == {0, 1, 2, 3}
    assert any(process.folder for process in found)
    assert any(process.starred_by for process in found)
    assert any(process.parent_id for process in found)
    assert any(task.is_held for process in found for task in process.tasks)
    assert {"problem", "active", "complete"} <= {process.status for process in found}


def test_the_clock_has_closed_what_was_due(seeded: Seed) -> None:
    """A server that is started on it has nothing to make up for, but for the first process of each template, which
    nobody has touched since its launch. Spec: behaviour-work E1.
    """
    now = seeded.server.clock()
    tasks = [task for each in seeded.organizations for process in seeded.processes(each) for task in process.tasks]
    expired = [task for task in tasks if task.task_type == "expiring" and task.is_completed and task.completer is None]

    for organization in seeded.organizations:
        [(templates,)] = seeded.rows(organization, "SELECT count(*) FROM template WHERE org = {org}")
        due = seeded.rows(organization, f"SELECT subject FROM timer WHERE org = {{org}} AND due_at <= {now}")
        assert len(due) <= templates
    assert expired and all(task.completed_at == task.deadline for task in expired if task.completer_guest is None)


def test_numbers_and_instants_rise_together(seeded: Seed) -> None:
    found = sorted(seeded.processes(seeded.largest), key=lambda process: process.seq)
    launched = [process.created_at for process in found]
    assert launched == sorted(launched)
    tasks = [task for process in found for task in process.tasks]
    assert [task.created_at for task in tasks] == sorted(task.created_at for task in tasks)
    assert len({task.seq for task in tasks}) == len(tasks)
    for process in found:
        done = [task.completed_at for task in process.tasks if task.completed_at is not None]
        assert all(process.created_at <= at <= process.updated_at for at in done)


def test_the_log_tells_of_every_launch_and_completion_in_order(seeded: Seed) -> None:
    events = seeded.rows(
        seeded.largest, "SELECT position, at, kind, subject_id FROM event WHERE org = {org} ORDER BY position"
    )
    assert [row[0] for row in events] == list(range(1, len(events) + 1))
    assert [row[1] for row in events] == sorted(row[1] for row in events)
    [(position,)] = seeded.rows(seeded.largest, "SELECT position FROM organization_state WHERE org = {org}")
    assert position == len(events)
    found = seeded.processes(seeded.largest)
    told = Counter((row[2], row[3]) for row in events)
    completed = {task.id for process in found for task in process.tasks if task.is_completed}
    assert {key[1] for key in told if key[0] == "task.completed"} == completed
    assert {key[1] for key in told if key[0] == "process.launched"} == {process.id for process in found}
    assert max(told[key] for key in told if key[0] in ("task.completed", "process.launched")) == 1


def test_templates_count_their_launches(seeded: Seed) -> None:
    counted = dict(seeded.rows(seeded.largest, "SELECT id, started_processes FROM template WHERE org = {org}"))
    launched = Counter(process.template_id for process in seeded.processes(seeded.largest))
    assert {key: n for key, n in counted.items() if n} == dict(launched)


def test_work_goes_on_through_the_api(seeded: Seed) -> None:
    api = seeded.api(seeded.organizations[1])
    newest = api.get("/runs?sort=-created_at&per_page=1").json()["data"][0]
    last = max(process.seq for process in seeded.processes(seeded.organizations[1]))
    launched = api.data("POST", "/runs", {"checklist_id": newest["checklist_id"], "name": "Made by hand"})
    assert launched["increment_id"] == last + 1
    task = api.get(f"/runs/{launched['id']}/tasks").json()["data"][0]
    api.data("POST", f"/runs/{launched['id']}/completed-tasks", {"task_id": task["id"]})
    api.data("POST", f"/tasks/{task['id']}/comment", {"content": "Going on", "label": "problem"})
    assert api.get("/runs?q=made by hand&status=problem").json()["meta"]["pagination"]["total"] == 1
    assert api.delete(f"/runs/{launched['id']}").status_code == 200
    found = seeded.server.run(differences(seeded.server.database, seeded.server.clock()))
    assert seeded.organizations[1].org_id not in found


def test_the_same_plan_makes_the_same_processes(seeded: Seed) -> None:
    again = seeded_by(seeded.server, PLAN, append=True)[0]

    def shown(process: Process) -> tuple[object, ...]:
        return (
            process.name,
            process.status,
            process.state,
            process.tasks_done,
            process.improvements,
            len(process.tags),
        )

    first, second = seeded.processes(seeded.largest), seeded.processes(again)
    assert [shown(process) for process in first] == [shown(process) for process in second]
    assert {process.id for process in first}.isdisjoint(process.id for process in second)


def test_a_database_in_use_is_refused_unless_told_to_append(new_server: Any) -> None:
    server: Server = new_server()
    plan = Plan(organizations=1, runs=3, users=5)
    seeded_by(server, plan)
    with pytest.raises(SeedRefused, match="--append"):
        seeded_by(server, plan)
    assert len(seeded_by(server, plan, append=True)) == 1
    assert server.run(differences(server.database, server.clock())) == {}


def test_no_processes_are_fine(new_server: Any) -> None:
    server: Server = new_server()
    [organization] = seeded_by(server, Plan(organizations=1, runs=0, users=5))
    api = Api(server, organization.access_token, organization.org_id)
    assert api.get("/runs").json()["meta"]["pagination"]["total"] == 0


def test_chunks_made_elsewhere_are_the_same(new_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("procession.seed.seeding.WORTH_OTHERS", 1)
    monkeypatch.setattr("procession.seed.seeding.PROCESSES_PER_CHUNK", 20)
    server: Server = new_server()
    organizations = seeded_by(server, Plan(organizations=2, runs=100, users=5))
    assert sum(each.runs for each in organizations) == 100
    assert PROCESSES_PER_CHUNK > 100
    assert server.run(differences(server.database, server.clock())) == {}


def test_the_command_fills_a_folder_and_hands_out_access(tmp_path: Path) -> None:
    data, access = tmp_path / "data", tmp_path / "access.json"
    volumes = ("--organizations", 2, "--runs", 40, "--tasks-per-run", 3)
    done = run("seed", *volumes, "--data-dir", data, "--credentials", access)
    assert done.returncode == 0, done.stderr
    written = json.loads(access.read_text())
    assert [each["runs"] for each in written] == [24, 16]
    assert access.stat().st_mode & 0o077 == 0
    rows = apsw.Connection(str(data / SQLITE_FILE)).execute("SELECT count(*) FROM task").fetchall()
    assert rows == [(40 * 3 + 2,)]
    assert run("doctor", "--data-dir", data).returncode == 0

    again = run("seed", *volumes, "--data-dir", data)
    assert again.returncode == 1
    assert "--append" in again.stderr
    added = run("seed", "--organizations", 1, "--runs", 1, "--append", "--data-dir", data)
    assert added.returncode == 0
    assert "Access token" in added.stdout
