"""How the databases carry out the list's statements: by the intended index, nothing scanned, hardly anything sorted.

Spec: design 4. Each request is sent to a seeded organization, and every statement it cost is explained on its database;
on PostgreSQL as planned for its values and as planned for any.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from procession.seed.plan import Plan
from procession.seed.seeding import seed
from procession.storage import identity, sqlite
from procession.storage.listing import drivers
from procession.storage.postgres import PostgresConnection
from procession.storage.query import Query
from procession.storage.sqlite import SqliteConnection
from procession.usecases.setup import issue_token
from procession.usecases.viewers import rebuild_stale
from tests.harness import Api, Server
from tests.lists.explaining import Explained, explain
from tests.lists.making import listed
from tests.postgres_server import prepared_database

PLAN = Plan(organizations=2, runs=9000, tasks_per_run=1, users=30)


class World:
    """Two seeded organizations; requests are sent to the larger one."""

    def __init__(self, server: Server) -> None:
        self.server = server
        server.clock.freeze()
        work = seed(server.database, server.secrets, PLAN, now=server.clock(), report=lambda *_: None)
        self.seeded = server.run(work)[0]
        self.admin = Api(server, self.seeded.access_token, self.seeded.org_id)
        self.values = self._values()
        self.member = self._member()
        server.run(rebuild_stale(server.database, 1, self.seeded.org_id, server.clock()))
        if server.dialect == "postgresql":
            server.run(self._vacuum())

    async def _vacuum(self) -> None:
        async with self.server.database._pool.connection() as raw:  # pyright: ignore[reportAttributeAccessIssue]  # PostgreSQL's
            await raw.execute("VACUUM ANALYZE")

    def _values(self) -> dict[str, str]:
        rows = listed(self.admin, "per_page=100")["data"]
        tags = [tag["id"] for tag in self.admin.data("GET", "/tags")]
        [folder, *_] = self.admin.data("GET", "/folders?folder_type=run&without_pagination=1")
        [group, *_] = self.admin.data("GET", "/groups")
        people = sorted({each for row in rows for each in row["collaborators"]})
        template = rows[0]["checklist_id"]
        [reference, *_] = self.admin.data("GET", f"/checklists/{template}")["prerun"]
        answered = {"prerun": {reference["id"]: "Order 4711"}}
        assert self.admin.put(f"/runs/{rows[0]['id']}", answered).is_success
        starred = {"starred": True}
        assert self.admin.put(f"/runs/{rows[5]['id']}", starred).is_success
        return {
            "owner": str(people[1]), "other": str(people[2]), "template": template, "tag": tags[0], "second": tags[1],
            "folder": folder["id"], "group": group["id"], "word": rows[3]["name"][:12],
        }  # fmt: skip

    def _member(self) -> Api:
        """Somebody who sees some of the processes."""
        org = self.server.edge._numbers[self.seeded.org_id]
        everything = listed(self.admin)["meta"]["pagination"]["total"]
        for account in (int(self.values["owner"]), int(self.values["other"])):
            work = issue_token(
                self.server.database, account=account, org=org, name="m", kind="personal", days=1,
                now=self.server.clock(),
            )  # fmt: skip
            member = Api(self.server, self.server.run(work), self.seeded.org_id)
            if 0 < listed(member)["meta"]["pagination"]["total"] < everything:
                return member
        raise LookupError("everybody sees everything")


@pytest.fixture(scope="module")
def worlds() -> Iterator[dict[str, World]]:
    found: dict[str, World] = {}
    with pytest.MonkeyPatch.context() as patch:
        # What takes long would be given up half-way, and read again where it is not recorded.
        patch.setattr(sqlite, "BRIEF_STEPS", 1 << 30)
        yield found
    for world in found.values():
        world.server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, worlds: dict[str, World], tmp_path_factory: Any) -> World:
    """One for each database; made by the first test that wants it."""
    if request.param not in worlds:
        url = "" if request.param == "sqlite" else request.getfixturevalue("own_database")
        worlds[request.param] = World(Server(url, tmp_path_factory.mktemp("plans")))
    return worlds[request.param]


@pytest.fixture(scope="module")
def own_database(postgres_server: str) -> Iterator[str]:
    with prepared_database(postgres_server) as url:
        yield url


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Query, Mapping[str, Any]]]:
    """Every statement that is read, with its values."""
    found: list[tuple[Query, Mapping[str, Any]]] = []
    rows, at_once, together = (
        SqliteConnection.rows,
        SqliteConnection.at_once,
        PostgresConnection._together,
    )  # where all of them pass

    async def recording(connection: Any, query: Query, values: Mapping[str, Any]) -> Any:
        found.append((query, values))
        return await rows(connection, query, values)

    async def recording_all(connection: Any, reads: Any) -> Any:
        found.extend(reads)
        return await at_once(connection, reads)

    async def recording_together(connection: Any, reads: Any) -> Any:
        found.extend(reads)
        return await together(connection, reads)

    monkeypatch.setattr(SqliteConnection, "rows", recording)
    monkeypatch.setattr(SqliteConnection, "at_once", recording_all)
    monkeypatch.setattr(PostgresConnection, "_together", recording_together)
    return found


PAGE = {"pk_process"}
STATE, NAME, DUE, UPDATED, STARTED, COMPLETED, STATUS, PROGRESS, NEXT = (
    {f"ix_process_{each}"} | PAGE
    for each in ("state", "name", "due", "updated", "started", "completed", "status", "progress", "next")
)
IN_TEMPLATE = {"ix_process_template_name"} | PAGE
FACET, ACCESS = {"pk_process_facet"} | PAGE, {"pk_process_access"} | PAGE
LATE = {"ix_process_next"} | PAGE
ANSWER, OF_PROCESS = {"ix_process_value_found"} | PAGE, {"pk_process_value"}
# Request, and the indexes that its statements on processes and side tables use.
HOT: dict[str, set[str]] = {
    "": STATE,
    "sort=created_at": STATE,
    "page=2&per_page=100": STATE,
    "page=150": STATE,
    "status=active": STATE,
    "status=complete": STATE,
    "status=archived": STATE,
    "archived=true": STATE,
    "status=delayed": LATE,
    "sort=name": NAME,
    "sort=-name": NAME,
    "sort=due_date": DUE,
    "sort=-due_date": DUE,
    "sort=last_updated": UPDATED,
    "sort=-last_updated": UPDATED,
    "sort=started_at": STARTED,
    "sort=-completed_at": COMPLETED,
    "status=complete&sort=-completed_at": COMPLETED,
    "sort=status": STATUS,
    "sort=-status": STATUS,
    "sort=progress": PROGRESS,
    "sort=-progress": PROGRESS,
    "sort=next_deadline": NEXT,
    "sort=-next_deadline": NEXT,
    "page=20&sort=name": NAME,
    "status=problem": FACET,
    "status=issue": FACET,
    "status=improvement": FACET,
    "status=starred": FACET,
    "starred=true": FACET,
    "starred=false": STATE,
    "owners={owner}": FACET,
    "owners={owner},{other}": FACET,
    "owners={owner}&task_status=in-progress": FACET,
    "groups={group}": FACET,
    "checklist_id={template}": FACET,
    "folder={folder}": FACET,
    "tag={tag}": FACET,
    "tag_ids={tag}": FACET,
    "tag_ids={tag},{second}": FACET,
    "untagged": FACET,
    "type=procedure": FACET,
    "checklist_id={template}&tag={tag}": FACET,
    "checklist_id={template}&sort=name": IN_TEMPLATE,
    "checklist_id={template}&status=active&sort=-name": IN_TEMPLATE,
    "checklist_id={template}&fields[region-1]=north&sort=name": IN_TEMPLATE | {"pk_process_value"},
    "fields[region-1]=north": ANSWER,
    "checklist_id={template}&fields[region-1]=north": ANSWER,
    "checklist_id={template}&fields[region-2][empty]=1": FACET,
}
# Answers in order, then processes without one.
BY_ANSWER = {
    "sort=fields.reference-1": ANSWER | OF_PROCESS | STATE,
    "sort=-fields.reference-1&checklist_id={template}": ANSWER | OF_PROCESS | FACET,
    "sort=fields.reference-1&fields[reference-1][gte]=n": ANSWER,
}
# Few rows under a key, in another order than creation: gathered and sorted.
GATHERED = {
    "tag={tag}&sort=name": FACET,
    "groups={group}&sort=-due_date": FACET,
    "tag_ids={tag},{second}&sort=name": FACET,
}


@pytest.fixture(autouse=True)
def nothing_is_remembered(world: World) -> None:
    """Lists are read as they are the first time."""
    world.server.remember_lists(worth=1 << 62)


def statements_of(
    world: World, recorded: list[tuple[Query, Mapping[str, Any]]], query: str, api: Api | None = None
) -> list[list[Explained]]:
    """Send the request; what each of its statements about processes does."""
    recorded.clear()
    response = (api or world.admin).get(f"/runs?{query.format(**world.values)}")
    assert response.status_code == 200 and response.json()["data"], "nothing was asked for its rows"
    who_calls, _ = identity.credential_read(0, "")
    return [explain(world.server, *each) for each in list(recorded) if each[0] is not who_calls]


def assert_plan(plans: list[list[Explained]], indexes: set[str]) -> None:
    flat = [each for alternatives in plans for each in alternatives]
    used = {
        name for each in flat for name in each.indexes if not name.startswith(("pk_process_star", "pk_process_block"))
    }
    about_processes = {name for name in used if "process" in name}
    plans_read = "\n\n".join(each.text for each in flat)
    # The few late ones beyond a cursor may be found either way.
    either = {"ix_process_state"} if "ix_process_next" in indexes else set[str]()
    assert about_processes - either == indexes, plans_read
    assert not any(each.scans for each in flat), plans_read
    assert not any(each.walks & about_processes for each in flat), plans_read
    # What is late is gathered, a few thousand at most, and sorted.
    assert "ix_process_next" in indexes or not any(each.sorts for each in flat), plans_read


def test_what_the_counters_know_not_to_be_there_is_not_looked_for(world: World, recorded: Any) -> None:
    """All have an answer: to find that out from the rows would take all of them."""
    recorded.clear()
    answer = world.admin.get("/runs?fields[region-1][empty]=1").json()

    assert (answer["data"], answer["meta"]["pagination"]["total"]) == ([], 0)
    read = [query.on(world.server.dialect).sql for query, _ in recorded]
    assert any("value_counter" in text for text in read)
    assert not any("AS starred" in text for text in read), "rows were read"


@pytest.mark.parametrize("query", HOT)
def test_a_hot_list(world: World, recorded: Any, query: str) -> None:
    assert_plan(statements_of(world, recorded, query), HOT[query])


@pytest.mark.parametrize(
    "query", [each for each in HOT if "page" not in each and each not in ("status=starred", "starred=true")]
)
def test_the_next_and_the_previous_page_by_cursor(world: World, recorded: Any, query: str) -> None:
    first = listed(world.admin, f"{query.format(**world.values)}&per_page=3")
    forwards = first["meta"]["pagination"]["links"]["next"].partition("?")[2]
    assert_plan(statements_of(world, recorded, forwards), HOT[query])
    second = listed(world.admin, forwards)
    backwards = second["meta"]["pagination"]["links"]["previous"].partition("?")[2]
    assert_plan(statements_of(world, recorded, backwards), HOT[query])


@pytest.mark.parametrize("query", BY_ANSWER)
def test_an_order_by_answer(world: World, recorded: Any, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    monkeypatch.setattr(drivers, "GATHER_UP_TO", 100)

    assert_plan(statements_of(world, recorded, query), BY_ANSWER[query])


# What is read the second time that a list is asked for, besides the processes in a state.
REMEMBERED = {
    "checklist_id={template}&tag={tag}": "pk_process_facet",
    "fields[region-1]=north&fields[region-2][ne]=east": "ix_process_value_found",
    "q=ar&starred=false": "ix_process_name",
}


@pytest.mark.parametrize("query", REMEMBERED)
def test_what_is_remembered_is_read_from_indexes(world: World, recorded: Any, query: str) -> None:
    world.server.remember_lists(worth=0)
    statements_of(world, recorded, query)
    second, third = (
        [each for alternatives in statements_of(world, recorded, query) for each in alternatives] for _ in range(2)
    )
    reads = [each for each in second if "string_agg" in each.text]
    assert REMEMBERED[query] in {name for each in reads for name in each.indexes}
    assert not any(each.scans for each in (*second, *third))
    assert not any("string_agg" in each.text for each in third)
    assert {name for each in third for name in each.indexes if "process" in name} == {*PAGE, "pk_process_star"}


@pytest.mark.parametrize("query", GATHERED)
def test_a_small_key_in_another_order(world: World, recorded: Any, query: str) -> None:
    allowed = GATHERED[query] | ({"ix_process_state"} if world.server.dialect == "sqlite" else set())
    plans = statements_of(world, recorded, query)

    used = {name for alternatives in plans for each in alternatives for name in each.indexes if "process" in name}
    assert GATHERED[query] - PAGE <= used <= allowed | {"pk_process_star", "ix_process_name", "ix_process_due"}
    assert not any(each.scans for alternatives in plans for each in alternatives)


@pytest.mark.parametrize("sort", ["name", "-due_date", "last_updated"])
def test_a_large_key_in_another_order_reads_that_orders_index(
    world: World, recorded: Any, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(drivers, "GATHER_UP_TO", 100)
    index = {"name": NAME, "-due_date": DUE, "last_updated": UPDATED}[sort]

    plans = statements_of(world, recorded, f"type=procedure&sort={sort}")

    assert_plan(plans, index | FACET)


def test_many_that_are_late_are_read_in_order(world: World, recorded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorting all that are late, or passing over all that are not, would take the longer the more there are."""
    monkeypatch.setattr(drivers, "GATHER_UP_TO", 10)

    flat = [each for plan in statements_of(world, recorded, "status=delayed") for each in plan]

    pages = [each for each in flat if "ix_process_late_stretch" in each.indexes]
    assert pages
    assert all("ix_process_next" not in each.indexes for each in pages), pages[0].text
    assert not any(each.sorts or each.scans or each.walks - {"ix_process_state"} for each in pages), pages[0].text


class TestNames:
    """Three characters and more: the trigram index. Fewer: folded names in their index."""

    def test_a_longer_text(self, world: World, recorded: Any) -> None:
        plans = statements_of(world, recorded, "q={word}")

        used = {name for alternatives in plans for each in alternatives for name in each.indexes}
        assert {"sqlite": "letters", "postgresql": "ix_process_search"}[world.server.dialect] in used
        assert not any(each.scans for alternatives in plans for each in alternatives)

    def test_a_short_text(self, world: World, recorded: Any) -> None:
        plans = statements_of(world, recorded, "q=zu&sort=name") if self._occurs(world, "zu") else None
        plans = plans or statements_of(world, recorded, "q=an&sort=name")

        used = {name for alternatives in plans for each in alternatives for name in each.indexes}
        assert {"ix_process_name", "ix_process_long_name"} <= used
        assert not any(each.scans for alternatives in plans for each in alternatives)

    def _occurs(self, world: World, text: str) -> bool:
        return bool(listed(world.admin, f"q={text}")["data"])

    def test_postgresql_plans_a_search_for_its_text(self, world: World, recorded: Any) -> None:
        """A plan for any pattern could not use the index: such statements are never prepared."""
        statements_of(world, recorded, "q={word}")

        searching = [
            query
            for query, _ in recorded
            if "LIKE" in query.on("postgresql").sql and world.server.dialect == "postgresql"
        ]
        assert all(not query.prepare for query in searching)
        assert bool(searching) == (world.server.dialect == "postgresql")


class TestPartsOfAnswers:
    """Where few have a part, they are found by it; where many have, the answers are looked through."""

    def test_what_few_have(self, world: World, recorded: Any) -> None:
        plans = statements_of(world, recorded, "fields[reference-1][contains]=4711&sort=name")

        flat = [each for alternatives in plans for each in alternatives]
        used = {name for each in flat for name in each.indexes}
        assert {"sqlite": "letters", "postgresql": "ix_answer_search"}[world.server.dialect] in used
        assert "ix_process_value_found" not in used
        assert not any(each.scans for each in flat)

    def test_what_many_have(self, world: World, recorded: Any) -> None:
        *_, counted, page = statements_of(world, recorded, "fields[reference-1][contains]=agreed")

        used = {name for each in (*counted, *page) for name in each.indexes}
        assert "ix_process_value_found" in used
        assert not used & {"letters", "ix_answer_search"}


@pytest.mark.parametrize("query", ["", "status=active", "sort=created_at", "archived=true"])
def test_what_a_member_sees_is_read_by_what_they_are_named(world: World, recorded: Any, query: str) -> None:
    plans = statements_of(world, recorded, query, world.member)

    flat = [each for alternatives in plans for each in alternatives]
    used = {name for each in flat for name in each.indexes if re.match(r"(pk|ix)_process", name)} - {"pk_process_star"}
    assert used == ACCESS
    assert not any(each.scans or each.sorts for each in flat)


def test_a_deep_page_finds_its_block_first(world: World, recorded: Any) -> None:
    statements_of(world, recorded, "page=150")
    *_, block, page = recorded

    if world.server.dialect == "sqlite":
        assert "pk_process_block" in {name for each in explain(world.server, *block) for name in each.indexes}
    assert "process_block" in block[0].on("sqlite").sql
    assert page[1]["offset"] < 1024 < 1490


@pytest.mark.parametrize(
    "sort", ["progress", "status", "completed_at", "started_at", "next_deadline", "-due_date,name"]
)
def test_other_orders_may_sort_but_stay_in_their_organization(world: World, recorded: Any, sort: str) -> None:
    plans = statements_of(world, recorded, f"sort={sort}")

    assert not any(each.scans for alternatives in plans for each in alternatives if world.server.dialect == "sqlite")
