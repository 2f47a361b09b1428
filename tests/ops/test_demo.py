"""The demo: one organization in which everything occurs that the API can show."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from procession import config, wiring
from procession.adapters.identity import hash_password
from procession.cli.running import demo_data
from procession.config import DEFAULTS
from procession.demo import Access, ensure_demo, ensuring
from procession.demo.ensuring import CHANGED, EMAIL, PASSWORD, USUAL_RUNS
from procession.domain.fields import FIELD_TYPES
from procession.domain.passwords import password_faults
from procession.domain.times import HOUR, parse_instant
from procession.usecases.setup import set_password
from procession.usecases.viewers import differences
from tests.builders import Organization
from tests.harness import Api, Server
from tests.ops.programs import Running
from tests.postgres_server import prepared_database

# What is told on PostgreSQL, where telling takes longer.
FEW_RUNS = 50
# A Wednesday morning.
NOW = parse_instant("2026-06-17T10:00:00Z")


class Demo:
    """A server with nothing but the demo, at a time that stands still."""

    def __init__(self, server: Server, runs: int | None = None) -> None:
        server.clock.freeze(NOW)
        self.server = server
        self.access = self.again(runs)

    def again(self, runs: int | None = None) -> Access:
        access = self.server.run(ensure_demo(self.server.application, runs=runs))
        assert access is not None
        return access

    @property
    def api(self) -> Api:
        return Api(self.server, self.access.token, self.access.organization_id)

    def total(self, filters: str) -> int:
        return self.api.get(f"/runs?per_page=1&{filters}").json()["meta"]["pagination"]["total"]

    def all(self, path: str) -> list[dict[str, Any]]:
        mark = "&" if "?" in path else "?"
        return self.api.get(f"{path}{mark}without_pagination=true").json()["data"]


def included(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """What `with` added."""
    return found[name]["data"]


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    server = Server("", tmp_path_factory.mktemp("demo"))
    yield Demo(server)
    server.close()


@pytest.fixture(scope="module")
def on_postgresql(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with prepared_database(postgres_server) as url:
        server = Server(url, tmp_path_factory.mktemp("demo"))
        yield Demo(server, FEW_RUNS)
        server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def demo(request: pytest.FixtureRequest) -> Demo:
    return request.getfixturevalue(f"on_{request.param}")


def test_the_organization_has_people_of_all_kinds(demo: Demo) -> None:
    people = [each for each in demo.all("/users") if not each["email"].startswith("bot@")]
    assert sorted(each["role"] for each in people) == ["Admin", "Light", "Standard", "Standard", "Standard"]
    assert len(demo.all("/guests")) == 2
    assert len(demo.all("/groups")) == 2
    assert len(demo.all("/tags")) == 6
    addresses = [each["email"] for each in [*people, *demo.all("/guests")]]
    assert all(address.endswith(".example") for address in addresses)


@pytest.mark.parametrize("kind", ["checklist", "run"])
def test_there_are_folders_for_templates_and_for_processes(demo: Demo, kind: str) -> None:
    folders = demo.all(f"/folders?folder_type={kind}")
    assert len(folders) >= 2


def test_four_templates_use_every_kind_of_field_and_step(on_sqlite: Demo) -> None:
    templates = [
        on_sqlite.api.data("GET", f"/checklists/{each['id']}?with=steps") for each in on_sqlite.all("/checklists")
    ]
    assert len(templates) == 4
    assert all(each["prerun"] for each in templates)
    steps = [step for each in templates for step in included(each, "steps")]
    asked = {field["field_type"] for each in templates for field in each["prerun"]}
    asked_in_steps = {field["field_type"] for step in steps for field in step["captures"]}
    assert asked | asked_in_steps == set(FIELD_TYPES)
    assert len(asked_in_steps) == len(FIELD_TYPES)
    assert {"task", "approval", "expiring", "email"} <= {step["step_type"] for step in steps}


@pytest.mark.parametrize(
    ("filters", "least"),
    [
        pytest.param("status=active", 60, id="active"),
        pytest.param("status=complete", 40, id="complete"),
        pytest.param("status=archived", 5, id="archived"),
        pytest.param("status=delayed", 8, id="late"),
        pytest.param("status=problem", 3, id="with a problem"),
        pytest.param("status=issue", 1, id="locked by an issue"),
        pytest.param("status=improvement", 5, id="with an improvement"),
        pytest.param("status=starred", 2, id="starred"),
        pytest.param("untagged=true", 30, id="untagged"),
    ],
)
def test_processes_are_in_every_state(on_sqlite: Demo, filters: str, least: int) -> None:
    assert on_sqlite.total("archived=true") == USUAL_RUNS
    assert least <= on_sqlite.total(filters) < USUAL_RUNS


def test_processes_show_everything_a_list_can_show(on_sqlite: Demo) -> None:
    processes = on_sqlite.all("/runs?archived=true&with=tags,folders,tasks")
    assert sum(each["due_soon"] for each in processes) >= 5
    assert sum(each["late_tasks"] > 0 for each in processes) >= 8
    assert {len(included(each, "tags")) for each in processes} >= {0, 1, 2}
    assert any(included(each, "folders") for each in processes)
    assert any(each["parent_id"] for each in processes)
    tasks = [task for each in processes for task in included(each, "tasks")]
    assert {task["status"] for task in tasks} == {"not-started", "in-progress", "completed"}
    assert any(task["is_oneoff_task"] for task in tasks)
    assert any(task["owners"]["guests"] for task in tasks)
    assert any(task["owners"]["groups"] for task in tasks)
    assert any(task["taskdata"] for task in tasks)
    assert {True, False} <= {task["is_approved"] for task in tasks if task["status"] == "completed"}


def rows(server: Server, statement: str) -> list[tuple[Any, ...]]:
    async def work() -> list[tuple[Any, ...]]:
        async with server.database.reading() as connection:
            raw: Any = connection.raw
            if server.dialect == "sqlite":
                return raw.execute(statement).fetchall()
            return await (await raw.execute(statement)).fetchall()

    return server.run(work())


def test_stars_comments_held_deadlines_and_tasks_of_their_own_occur(on_sqlite: Demo) -> None:
    def many(statement: str) -> int:
        return rows(on_sqlite.server, f"SELECT count(*) FROM {statement}")[0][0]

    assert len({account for (account,) in rows(on_sqlite.server, "SELECT account FROM process_star")}) >= 3
    assert many("thread WHERE label = 'comment' AND author_kind = 'user'") > 50
    assert many("thread WHERE mentions <> '[]'") > 0
    assert many("thread WHERE label = 'resolve'") > 0
    assert many("task WHERE is_held = 1 AND status = 'not-started'") > 20
    assert many("task WHERE parts <> '{}'") > 0
    assert many("task WHERE top_secret = 1") > 0
    assert many("task WHERE completer_guest IS NOT NULL") > 0
    assert many("task WHERE status = 'auto-skipped'") > 0
    assert many("task WHERE process IS NULL AND archived_at IS NULL AND status = 'completed'") == 1
    assert many("task WHERE process IS NULL AND archived_at IS NOT NULL") == 1
    assert many("task WHERE process IS NULL") == 8
    assert many("template_star") == 2


def test_everything_equals_a_recount(demo: Demo) -> None:
    assert demo.server.run(differences(demo.server.database, NOW)) == {}


def test_what_happened_is_in_the_order_of_time(demo: Demo) -> None:
    log = rows(demo.server, "SELECT at FROM event ORDER BY position")
    assert [at for (at,) in log] == sorted(at for (at,) in log)
    launched = [at for (at,) in rows(demo.server, "SELECT created_at FROM process ORDER BY seq")]
    assert launched == sorted(launched)
    assert NOW - launched[0] > 100 * 24 * HOUR
    assert max(at for (at,) in log) < NOW
    assert rows(demo.server, f"SELECT id FROM task WHERE updated_at >= {NOW} OR completed_at >= {NOW}") == []


def test_the_same_time_makes_the_same_demo(on_postgresql: Demo, new_server: Any) -> None:
    def shown(demo: Demo) -> list[tuple[Any, ...]]:
        found = demo.all("/runs?archived=true&sort=created_at&with=tasks")
        return [
            (
                each["name"],
                each["status"],
                each["progress"],
                each["due_date"],
                [task["status"] for task in included(each, "tasks")],
            )
            for each in found
        ]

    assert shown(Demo(new_server(), FEW_RUNS)) == shown(on_postgresql)


def test_a_demo_that_is_there_is_left_alone(demo: Demo) -> None:
    counted = "SELECT (SELECT count(*) FROM process), (SELECT count(*) FROM event), (SELECT count(*) FROM account)"
    before = rows(demo.server, counted)
    again = demo.again(7)
    assert rows(demo.server, counted) == before
    assert again.organization_id == demo.access.organization_id
    assert again.token != demo.access.token
    assert Api(demo.server, again.token, again.organization_id).get("/runs").status_code == 200


def test_the_administrator_signs_in_with_the_password_shown(demo: Demo) -> None:
    assert password_faults(demo.access.password, min_length=DEFAULTS.password_min_length) == []
    body = {"email": demo.access.email, "password": demo.access.password}
    answer = Api(demo.server, None).post("//auth/login", body)
    assert answer.status_code == 200, answer.text
    assert demo.api.get("/me").json()["data"]["id"] == demo.access.user_id


def test_a_database_of_other_people_is_left_alone(new_server: Any) -> None:
    server: Server = new_server()
    Organization(server)
    assert server.run(ensure_demo(server.application)) is None


def test_a_password_that_was_changed_is_not_shown(new_server: Any) -> None:
    demo = Demo(new_server(), runs=0)
    assert demo.access.password == PASSWORD
    changed = hash_password("Another-Harbour-8")
    demo.server.run(set_password(demo.server.database, email=EMAIL, password_hash=changed, now=NOW))
    assert demo.again().password == CHANGED


@pytest.mark.parametrize("runs", [0, 1, 7, 8, 60], ids=["none", "one", "a few", "as many as are told", "most in bulk"])
def test_as_many_processes_as_asked_for(new_server: Any, monkeypatch: pytest.MonkeyPatch, runs: int) -> None:
    monkeypatch.setattr(ensuring, "USUAL_RUNS", 8)
    monkeypatch.setattr(ensuring, "MOST_TOLD", 8)
    demo = Demo(new_server(), runs=runs)
    assert demo.total("archived=true") == runs
    assert demo.server.run(differences(demo.server.database, NOW)) == {}
    assert rows(demo.server, "PRAGMA foreign_key_check") == []
    log = [at for (at,) in rows(demo.server, "SELECT at FROM event ORDER BY position")]
    assert log == sorted(log)


def test_the_command_starts_a_server_with_it(tmp_path: Path) -> None:
    file = tmp_path / "access.json"
    with Running(tmp_path, "--runs", 6, "--credentials", file, command="demo") as server:
        access = json.loads(file.read_text())
        assert set(access) == {"api_endpoint", "org_id", "user_id", "access_token", "email", "password"}
        status, _, body = server.get(
            f"/api/organizations/{access['org_id']}/runs?archived=true",
            Authorization=f"Bearer {access['access_token']}",
        )
        assert status == 200
        assert json.loads(body)["meta"]["pagination"]["total"] == 6


def test_nothing_happens_by_itself_while_the_demo_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told of the past: what is due by now was not due then, however long telling takes."""
    monkeypatch.setattr("procession.worker.loop.random.uniform", lambda *_: 0.001)
    settings = config.load({}, data_dir=tmp_path)
    wiring.prepare(settings)

    access = asyncio.run(demo_data(settings, FEW_RUNS))

    server = Server("", tmp_path)
    assert access is not None
    api = Api(server, access.token, access.organization_id)
    done = api.data("GET", "/tasks?status=complete&without_pagination=true")
    server.close()
    assert done and "expired" not in {task["status_label"] for task in done}
