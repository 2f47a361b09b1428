"""How many statements a list costs: fixed by what is asked for, never by how many rows there are. Spec: issue 2, 3."""

from typing import Any

import pytest

from tests.builders import Organization, Person
from tests.counting import Statements
from tests.lists.making import assign, launch, listed, tasks_of

pytestmark = pytest.mark.one_application

# Who is calling, the counters, the page. Others than administrators: also how many processes they see. PostgreSQL is
# asked for who is calling together with what is read first, and for both counters together (decision 7).
COSTS = {"sqlite": (3, 4), "postgresql": (2, 2)}
# Where the counters decide nothing but the total, PostgreSQL is asked for them and the page in one statement.
TOGETHER = {"sqlite": 0, "postgresql": 1}
# What each `with` costs: (an administrator, anybody else). What they are named by is remembered.
INCLUDES = {
    "tags": (1, 1),
    "folders": (1, 1),
    "assets": (2, 2),
    "next_task": (1, 1),
    "tasks_meta": (1, 1),
    "next_task,tasks_meta": (1, 1),
    "stages": (3, 3),
    "ko_form_fields": (1, 1),
    "form_fields": (2, 2),
    "ko_form_fields,form_fields,stages,next_task": (4, 4),
    "checklist": (3, 3),
    "checklist.steps": (3, 3),
    "permissions": (2, 3),
    "tasks": (2, 2),
    "tasks.form_fields": (3, 3),
    "tasks.threads": (7, 7),
    "checklist,tasks,tags,assets,next_task,permissions,tasks_meta,ko_form_fields,form_fields,stages,folders": (14, 15),
}
# Lists that are read in one way whatever the counters say: of administrators, of anybody else.
EVIDENT = (
    {
        "", "sort=name", "sort=-due_date,name", "page=2&per_page=1", "status=active", "status=active,problem", "status=problem",
        "archived=true",
        "owners={admin}", "me=true", "checklist_id={template}", "checklist_id={template}&sort=name", "tag={tag}", "tag=Wanted", "tag_ids={tag}",
        "folder={folder}", "starred=true", "starred=false", "type=procedure", "sort=progress", "sort=fields.farm-1",
        "fields[region-1]=north", "checklist_id={template}&fields[region-1]=north",
        "checklist_id={template}&sort=-fields.region-1&fields[region-1][gte]=n",
    },
    {"", "page=2&per_page=1", "status=active", "status=active,problem", "archived=true"},
)  # fmt: skip
# What each filter, order or place costs beside the plain list: (an administrator, anybody else).
QUERIES = {
    "sort=name": (0, 0),
    "sort=-due_date,name": (0, 0),
    "page=2&per_page=1": (0, 0),
    "status=active": (0, 0),
    "status=problem": (0, 1),
    "status=delayed": (3, 4),
    "status=active,problem": (0, 0),
    # Each word by itself, and both.
    "status=problem,delayed": (9, 14),
    "checklist_id={template}&sort=name": (0, 1),
    "fields[region-1][contains]=ort": (4, 4),
    "archived=true": (0, 0),
    "owners={admin}": (0, 1),
    "owners={admin},{member}": (1, 1),
    "me=true": (0, 1),
    "checklist_id={template}": (0, 1),
    "tag={tag}": (0, 1),
    "tag=Wanted": (1, 2),
    "tag_ids={tag}": (0, 1),
    "folder={folder}": (0, 1),
    "starred=true": (0, 1),
    "starred=false": (0, 1),
    "type=procedure": (0, 1),
    "q=process": (1, 1),
    "q=p": (1, 1),
    "checklist_id={template}&tag={tag}&type=procedure": (1, 1),
    # Which fields are meant, and how many have such an answer.
    "fields[farm-1][empty]=1": (2, 3),
    "fields[region-1]=north": (2, 3),
    "checklist_id={template}&fields[region-1]=north": (2, 3),
    "checklist_id={template}&fields[region-1][gte]=n": (2, 3),
    "checklist_id={template}&sort=-fields.region-1&fields[region-1][gte]=n": (2, 3),
    "sort=fields.farm-1": (1, 1),
}


# Reads that join those of the counters on PostgreSQL. Which fields are meant is remembered there, and looked up again
# together with what is read by it.
JOINED: dict[str, dict[str, tuple[int, int]]] = {
    "sqlite": {},
    "postgresql": {query: (2, 2) for query in QUERIES if "fields[" in query}
    | {
        "status=delayed": (2, 2),
        "status=problem,delayed": (4, 7),
        "sort=fields.farm-1": (1, 1),
        "fields[region-1][contains]=ort": (3, 3),
    },
}


class Scene:
    """Fifty processes that meet every filter, all seen by one member too."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        self.member = org.person()
        self.tag, self.folder = org.tag("Wanted"), org.folder(kind="run")
        steps = ["One", {"title": "Two", "captures": [{"label": "Weight"}]}]
        self.template = org.template(steps=steps, kickoff=[{"label": "Farm"}, {"label": "Region"}])
        region = self.template["prerun"][1]["id"]
        body = {"tags": [self.tag["id"]], "folders": [self.folder["id"]], "users": [self.member.id]}
        body["prerun"] = {region: "North"}
        self.runs = [launch(org, self.template, name=f"process {n}", **body) for n in range(50)]
        for run in self.runs[:2]:
            first, second = tasks_of(org, run)
            assert org.api.post(f"/tasks/{first['id']}/problem", {"content": "stuck"}).is_success
            late = {"deadline": "2020-01-01T00:00:00Z"}
            assert org.api.put(f"/runs/{run['id']}/tasks/{second['id']}", late).is_success
            assert org.api.put(f"/runs/{run['id']}", {"starred": True}).is_success
            assert self.member.api.put(f"/runs/{run['id']}", {"starred": True}).is_success
            assign(org, run, first, org.admin, self.member)
        org.rebuild_stale()

    def filled(self, query: str) -> str:
        return query.format(
            admin=self.org.admin.id, member=self.member.id, template=self.template["id"], tag=self.tag["id"],
            folder=self.folder["id"],
        )  # fmt: skip


@pytest.fixture(scope="module")
def scenes() -> dict[str, Scene]:
    return {}


@pytest.fixture
def scene(server: Any, scenes: dict[str, Scene]) -> Scene:
    if server.dialect not in scenes:
        scenes[server.dialect] = Scene(Organization(server))
    return scenes[server.dialect]


@pytest.fixture(params=["administrator", "member"])
def caller(request: pytest.FixtureRequest, scene: Scene) -> tuple[Person, int]:
    """(who calls, which number of the tables is theirs)."""
    return (scene.org.admin, 0) if request.param == "administrator" else (scene.member, 1)


def base(dialect: str, which: int, query: str = "") -> int:
    joined = JOINED[dialect].get(query, (0, 0))[which]
    return COSTS[dialect][which] - (TOGETHER[dialect] if query in EVIDENT[which] else 0) - joined


@pytest.mark.parametrize("per_page", [1, 50])
def test_the_plain_list(caller: tuple[Person, int], statements: Statements, per_page: int) -> None:
    person, which = caller

    assert statements.of(person.api, f"/runs?per_page={per_page}") == base(person.api.server.dialect, which)


@pytest.mark.parametrize("with_", INCLUDES)
def test_with(caller: tuple[Person, int], statements: Statements, with_: str) -> None:
    person, which = caller

    counted = [statements.of(person.api, f"/runs?sort=created_at&per_page={size}&with={with_}") for size in (1, 50)]

    assert counted == [base(person.api.server.dialect, which) + INCLUDES[with_][which]] * 2


@pytest.mark.parametrize("query", QUERIES)
def test_filters_orders_and_places(
    scene: Scene, caller: tuple[Person, int], statements: Statements, query: str
) -> None:
    person, which = caller
    filled = scene.filled(query)
    assert listed(person.api, filled)["data"], "a list without a match is not asked for its rows"

    counted = [statements.of(person.api, f"/runs?{filled}&per_page={size}") for size in (1, 50)]

    assert counted == [base(scene.org.server.dialect, which, query) + QUERIES[query][which]] * 2


@pytest.mark.parametrize("sort", ["", "name", "-due_date,name", "progress"])
def test_following_a_link_costs_what_the_first_page_does(
    caller: tuple[Person, int], statements: Statements, sort: str
) -> None:
    person, which = caller
    link = listed(person.api, f"per_page=3&sort={sort}")["meta"]["pagination"]["links"]["next"]

    expected = base(person.api.server.dialect, which, f"sort={sort}" if sort else "")
    assert statements.of(person.api, f"/runs?{link.partition('?')[2]}") == expected


def test_an_unchanged_list_costs_one(scene: Scene, statements: Statements) -> None:
    """Who is calling and where the organization stands: the tag says the rest."""
    tag = scene.org.api.get("/runs").headers["etag"]
    before = statements.executed

    assert scene.org.api.get("/runs", headers={"If-None-Match": tag}).status_code == 304
    assert statements.executed - before == 1


def test_a_stale_viewers_page_is_read_after_counting(org: Organization, statements: Statements) -> None:
    """Until a job has counted afresh, the processes themselves are counted: all of it once more, as one snapshot."""
    dialect = org.server.dialect
    member = org.person()
    launch(org, org.template(), users=[member.id])
    org.group(members=[member])
    assert statements.of(member.api, "/runs") == base(dialect, 1) + {"sqlite": 4, "postgresql": 3}[dialect]

    org.rebuild_stale()

    assert statements.of(member.api, "/runs") == base(dialect, 1)


def test_secret_tasks_cost_those_who_may_not_see_them_one_more(org: Organization, statements: Statements) -> None:
    member = org.person()
    template = org.template(steps=["Open", {"title": "Secret", "top_secret": True}])
    for _ in range(20):
        launch(org, template, users=[member.id])
    org.rebuild_stale()

    for size in (1, 20):
        assert statements.of(org.api, f"/runs?per_page={size}") == base(org.server.dialect, 0)
        assert statements.of(member.api, f"/runs?per_page={size}") == base(org.server.dialect, 1) + 1


def test_one_process_costs_the_same_however_many_tasks_it_has(org: Organization, statements: Statements) -> None:
    counted = {
        count: statements.of(org.api, f"/runs/{launch(org, org.template(steps=['x'] * count))['id']}?with=tasks,tags")
        for count in (1, 20)
    }

    assert len(set(counted.values())) == 1, counted
