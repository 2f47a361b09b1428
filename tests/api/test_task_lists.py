"""Lists of tasks: words, filters, sorts, totals, sight, pages. Spec: api-tasks 5-7."""

from collections.abc import Callable
from typing import Any

import pytest

from procession.domain.times import parse_instant, wire
from tests.api.task_runs import NOW, Run, chain, on_one_database, run_of
from tests.api.thread_places import Places
from tests.builders import Organization, Person
from tests.counting import Statements
from tests.harness import Api, Server

HOUR = 3_600_000
Task = dict[str, Any]


def at(text: str | None) -> int:
    return parse_instant(text) if text else 1 << 62


class World:
    """An organization with a task of every kind, and what each should be found by."""

    def __init__(self, org: Organization) -> None:
        org.server.clock.freeze(NOW)
        self.org = org
        self.me = org.person()
        self.colleague = org.person()
        self.group = org.group(members=[self.me])
        self.held: set[str] = set()
        run = chain(org)
        self.run = run
        self.stale = run_of(org, "Stale")
        for title, hours in (("First", -2), ("Before", 20), ("Free", 30)):
            self._due(run, title, hours, self.me)
        run.assign("Second", self.me)
        self._due(self.stale, "Stale", -1, self.me)
        run.complete("Before").raise_for_status()
        org.api.put(run.path("Free") + "/hide").raise_for_status()
        mine = {"users": [self.me.id]}
        self.problem = org.one_off(title="Problem", deadline=self._in(48), owners=mine)
        org.api.post(f"/tasks/{self.problem['id']}/problem", {"content": "Stuck"}).raise_for_status()
        self.better = org.one_off(title="Better", deadline=self._in(0), owners={"groups": [self.group["id"]]})
        body = {"content": "Simpler", "label": "improvement"}
        org.api.post(f"/tasks/{self.better['id']}/comment", body).raise_for_status()
        both = {"users": [self.me.id], "groups": [self.group["id"]]}
        self.both = org.one_off(title="Both", deadline=self._in(24), owners=both)
        self.later = org.one_off(title="Later", deadline=self._in(24.001), owners={"users": [self.colleague.id]})
        self.archived = org.one_off(title="Archived", deadline=self._in(-5), owners=mine)
        org.api.delete(f"/tasks/{self.archived['id']}").raise_for_status()
        undated = run_of(org, "Undated")
        undated.change("Undated", deadline=None, owners=both).raise_for_status()
        self.undated = undated

    def _in(self, hours: float) -> str:
        return wire(NOW + int(hours * HOUR))

    def _due(self, run: Run, title: str, hours: float, *people: Person) -> None:
        run.assign(title, *people, deadline=self._in(hours))


@pytest.fixture(scope="module")
def worlds() -> dict[str, World]:
    return {}


@pytest.fixture
def world(server: Server, worlds: dict[str, World]) -> World:
    """One for each database, for tests that only read; `own_world` is for those that change something."""
    if server.dialect not in worlds:
        worlds[server.dialect] = World(Organization(server))
    server.clock.freeze(NOW)
    return worlds[server.dialect]


@pytest.fixture
def own_world(org: Organization) -> World:
    return World(org)


# What each word means, worked out from a task as the API shows it (all but held ones).
MEANINGS: dict[str, Callable[[Task], bool]] = {
    "active": lambda t: t["status"] != "completed",
    "active-visible": lambda t: t["status"] in ("not-started", "in-progress"),
    "not-started": lambda t: t["status"] == "not-started",
    "in-progress": lambda t: t["status"] == "in-progress",
    "complete": lambda t: t["status"] == "completed",
    "overdue": lambda t: is_open(t) and at(t["deadline"]) < NOW,
    "due-soon": lambda t: is_open(t) and NOW <= at(t["deadline"]) <= NOW + 24 * HOUR,
    "on-time": lambda t: is_open(t) and (t["title"] == "Second" or at(t["deadline"]) >= NOW),
    "has-problem": lambda t: t["problem"],
    "has-improvement": lambda t: t["title"] == "Better",
    "auto-skipped": lambda t: t["status"] == "auto-skipped",
}
ALIASES = {
    "incomplete": "active", "in-complete": "active", "completed": "complete", "hasproblem": "has-problem",
    "problem": "has-problem", "due-date-passed": "overdue", "hidden": "auto-skipped", "ontime": "on-time",
}  # fmt: skip


def is_open(task: Task) -> bool:
    return task["status"] in ("not-started", "in-progress")


def spellings(word: str) -> set[str]:
    return {word, word.replace("-", "_"), word.replace("-", ""), word.upper()}


LISTS = ["T1", "T2", "T3", "T4", "T5"]


def path_of(world: World, name: str) -> str:
    me = world.me.id
    return {"T1": f"/runs/{world.run.id}/tasks", "T2": "/tasks", "T3": "/me/tasks", "T4": f"/users/{me}/tasks"}[name]


def everything(world: World, name: str) -> list[Task]:
    """All live tasks of a list, hidden ones too, by their number."""
    shown = world.org.api.data("GET", "/tasks?status=all&per_page=100&sort=created_at")
    hidden = world.org.api.data("GET", "/tasks?status=auto-skipped&per_page=100")
    found = sorted([*shown, *hidden], key=lambda task: task["increment_id"])
    if name == "T1":
        return [task for task in found if task["run_id"] == world.run.id]
    if name == "T2":
        return found
    mine = {"users": world.me.id, "groups": world.group["id"]}
    return [task for task in found if any(key in task["owners"][kind] for kind, key in mine.items())]


def titles(tasks: list[Task]) -> list[str]:
    return sorted(task["title"] for task in tasks)


@pytest.mark.parametrize("name", ["T1", "T2", "T3", "T4"])
def test_tk2_every_word_in_every_spelling(world: World, name: str) -> None:
    """Spec: behaviour-work H3."""
    reader = world.me.api if name == "T3" else world.org.api
    whole, path = everything(world, name), path_of(world, name)
    words = {word: word for word in MEANINGS} | ALIASES
    for sent, word in words.items():
        expected = [
            task for task in whole
            if MEANINGS[word](task)
            and not (word in ("overdue", "due-soon") and task["title"] == "Second")
            and (name == "T1" or word == "auto-skipped" or task["status"] != "auto-skipped")
        ]  # fmt: skip
        for spelling in spellings(sent):
            answer = reader.get(f"{path}?status={spelling}&per_page=100")
            assert titles(answer.json()["data"]) == titles(expected), spelling
            assert answer.json()["meta"]["pagination"]["total"] == len(expected), spelling
            assert "x-ignored-params" not in answer.headers


def test_tk2_every_word_on_a_guests_list(org: Organization) -> None:
    guest = {"users": [org.admin.id], "guests": ["ana@partner.test"]}
    open_task, done = (org.one_off(title=title, owners=guest) for title in ("Open", "Done"))
    org.api.post("/completed-tasks", {"task_id": done["id"]}).raise_for_status()
    org.one_off(title="Other")

    for words, expected in (("", ["Open"]), ("all", ["Done", "Open"]), ("complete", ["Done"]), ("on_time", ["Open"]),
                            ("nonsense", ["Done", "Open"]), ("overdue,completed", ["Done"])):  # fmt: skip
        for api in (org.api, org.guest_api("ana@partner.test")):
            path = "/guests/ana@partner.test/tasks" if isinstance(api, Api) else "/tasks"
            answer = api.get(f"{path}?status={words}").json()
            assert titles(answer["data"]) == expected, words
            assert answer["meta"]["pagination"]["total"] == len(expected)
    assert open_task["is_completable"]


def test_tk1_my_list_lacks_completed_tasks_unless_asked(world: World) -> None:
    assert "Before" not in titles(world.me.api.data("GET", "/me/tasks"))
    assert "Before" in titles(world.me.api.data("GET", "/me/tasks?status=all"))
    assert "Before" in titles(world.me.api.data("GET", "/me/tasks?status=complete,all"))
    assert titles(world.org.api.data("GET", f"/users/{world.me.id}/tasks")) == titles(
        world.me.api.data("GET", "/me/tasks")
    )


def test_tk2_unknown_words_add_no_condition_and_are_reported(world: World) -> None:
    for api, path, whole in ((world.org.api, "/tasks", 9), (world.me.api, "/me/tasks", 8)):
        answer = api.get(f"{path}?status=nonsense,draft")
        assert (answer.status_code, answer.json()["meta"]["pagination"]["total"]) == (200, whole)
        assert answer.headers["x-ignored-params"] == "status:nonsense, status:draft"
    assert len(world.org.api.data("GET", "/tasks?status=nonsense,overdue")) == 2


def test_tk3_several_words_are_joined_by_or(world: World) -> None:
    assert titles(world.org.api.data("GET", "/tasks?status=overdue,has-problem")) == ["First", "Problem", "Stale"]
    assert titles(world.org.api.data("GET", "/tasks?status=overdue,auto-skipped")) == ["First", "Free", "Stale"]
    near = world.me.api.data("GET", "/me/tasks?status=due-soon,overdue")
    assert titles(near) == ["Better", "Both", "First", "Stale"]


def test_a_stalled_task_is_overdue_in_a_process_nobody_touched(own_world: World) -> None:
    assert own_world.org.api.data("GET", "/tasks?status=stalled") == []
    own_world.org.server.clock.advance(days=29)
    own_world.run.change("First", title="Touched").raise_for_status()
    own_world.org.server.clock.advance(days=2)

    stalled = titles(own_world.org.api.data("GET", "/tasks?status=stalled&per_page=100"))

    assert "Stale" in stalled
    assert "Touched" not in stalled
    assert set(stalled) < set(titles(own_world.org.api.data("GET", "/tasks?status=overdue&per_page=100")))


def test_archived_tasks_and_those_of_archived_processes(own_world: World) -> None:
    """Spec: behaviour-work Y2."""
    own_world.org.api.delete(f"/runs/{own_world.stale.id}").raise_for_status()
    api = own_world.org.api

    assert not {"Stale", "Archived"} & set(titles(api.data("GET", "/tasks?per_page=100")))
    assert own_world.stale.id not in {run["id"] for run in api.data("GET", "/runs")}
    assert own_world.stale.now()["status"] == "archived"
    assert api.post(f"/runs/{own_world.stale.id}/export").status_code == 200
    for asked in ("archived=only", "status=archived"):
        assert titles(api.data("GET", f"/tasks?{asked}")) == ["Archived", "Stale"]
    assert {"Stale", "Archived", "Both"} < set(titles(api.data("GET", "/tasks?archived=true&per_page=100")))
    assert api.data("GET", "/tasks?archived=only&status=overdue") == []
    assert titles(api.data("GET", f"/runs/{own_world.stale.id}/tasks")) == ["Stale"]
    assert api.data("GET", f"/runs/{own_world.stale.id}/tasks?status=overdue") == []
    assert titles(own_world.me.api.data("GET", "/me/tasks?status=archived,overdue")) == ["Archived", "First", "Stale"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("groups={group}", ["Better", "Both", "Undated"], id="group"),
        pytest.param("owners={colleague}", ["Later"], id="member"),
        pytest.param("owners={colleague},{admin}", ["Later"], id="either member"),
        pytest.param("assignee=me", [], id="the caller"),
        pytest.param("groups={group}&owners={me}&status=due-soon", ["Better", "Both"], id="group and member"),
        pytest.param("unassigned=true", [], id="nobody"),
        pytest.param("is_oneoff=true", ["Better", "Both", "Later", "Problem"], id="one-off"),
        pytest.param("is_oneoff=false", ["Before", "First", "Second", "Stale", "Undated"], id="of steps"),
        pytest.param("q=BOTH", ["Both"], id="title"),
        pytest.param("q=%25", [], id="percent is a character"),
        pytest.param("deadline_on=2026-09-21", ["First", "Better", "Stale"], id="a day"),
        pytest.param("deadline_on=2026-09-21&deadline_after=2030-01-01", ["First", "Better", "Stale"], id="wins"),
        pytest.param(
            "deadline_start_range=2026-09-22&deadline_end_range=2026-09-22", ["Before", "Both", "Later"],
            id="inclusive, without what waits for another step",
        ),
        pytest.param("deadline_after=2026-09-22", ["Problem"], id="exclusive after"),
        pytest.param("deadline_before=2026-09-22", ["First", "Better", "Stale"], id="exclusive before"),
        pytest.param("created=2026-09-21&is_oneoff=true", ["Better", "Both", "Later", "Problem"], id="created on"),
        pytest.param("created=2026-09-19:2026-09-20", [], id="created between"),
        pytest.param("guests=nobody@x.example", [], id="a guest without tasks"),
        pytest.param("roles=abababababababababababababababab", [], id="a job title without tasks"),
    ],
)  # fmt: skip
def test_filters(world: World, query: str, expected: list[str]) -> None:
    """Spec: behaviour-work Q7."""
    people = {"me": world.me, "colleague": world.colleague, "admin": world.org.admin}
    ids = {"group": world.group["id"], **{name: each.id for name, each in people.items()}}

    answer = world.org.api.get(f"/tasks?per_page=100&{query.format(**ids)}")

    assert titles(answer.json()["data"]) == sorted(expected)
    assert answer.json()["meta"]["pagination"]["total"] == len(expected)
    assert "x-ignored-params" not in answer.headers


@on_one_database
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("deadline_on=soon", "deadline_on"),
        ("deadline_before=2026-02-30", "deadline_before"),
        ("created=2026-01-02:2026-01-01", "created"),
        ("archived=perhaps", "archived"),
        ("is_oneoff=perhaps", "is_oneoff"),
        ("unassigned=perhaps", "unassigned"),
        ("assignee=you", "assignee"),
        ("owners=x", "owners"),
        ("sort=colour", "sort"),
        ("sort_by=colour", "sort_by"),
        ("with=nonsense", "with:nonsense"),
        ("colour=red", "colour"),
        ("page=0", "page"),
        ("per_page=-1", "per_page"),
    ],
)
def test_what_cannot_be_used_is_ignored_and_reported(org: Organization, query: str, name: str) -> None:
    org.one_off()

    answer = org.api.get(f"/tasks?{query}")

    assert (answer.status_code, answer.headers["x-ignored-params"]) == (200, name)
    assert answer.json()["meta"]["pagination"]["total"] == 1


def test_whatever_is_asked_does_no_harm(org: Organization) -> None:
    org.one_off()
    many = ",".join(str(each) for each in range(1, 10_001))
    ids = ",".join(f"{each:032x}" for each in range(1500))
    for query in (
        f"owners={many}", f"groups={ids}", f"roles={ids}", f"folder={ids}", f"guests={many}", f"status={many}",
        "q=%25_%5C%27%22;--%00%F0%9F%8E%82", f"q={'x' * 10_000}", f"tag={'x' * 10_000}", "page=" + "9" * 30,
        "deadline_on=9999-12-31", "deadline_before=0001-01-01", "created=0001-01-01:9999-12-31", "page=abc",
        f"sort={','.join(['title', '-title', 'deadline'] * 300)}", "replace_page=-1&currentTask=%00",
    ):  # fmt: skip
        for path in ("/tasks", "/me/tasks"):
            assert org.api.get(f"{path}?{query}").status_code == 200, query[:40]


def test_unassigned_tags_folders_and_names(own_world: World) -> None:
    org, api = own_world.org, own_world.org.api
    own_world.run.change("Second", owners={"users": []}).raise_for_status()
    tag, folder = org.tag("Élan"), org.folder(kind="run")
    for subject_type, subject in (("Task", own_world.both["id"]), ("Run", own_world.stale.id)):
        body = {"subject_type": subject_type, "subject_id": subject}
        api.post("/checklists/tags", {**body, "tag_id": tag["id"], "tag_type": "public"}).raise_for_status()
        api.post("/folders/add-object", {**body, "folder_id": folder["id"]}).raise_for_status()
    api.put(f"/runs/{own_world.stale.id}", {"name": "Zürich"}).raise_for_status()

    assert titles(api.data("GET", "/tasks?unassigned")) == ["Second"]
    for asked in (f"tag={tag['id']}", "tag=elan", f"folder={folder['id'].upper()},{'ab' * 16}"):
        assert titles(api.data("GET", f"/tasks?{asked}")) == ["Both", "Stale"]
    assert titles(api.data("GET", "/tasks?q=zurich")) == ["Stale"]
    assert titles(own_world.me.api.data("GET", "/me/tasks?q=ZURICH&tag=elan")) == ["Stale"]
    assert own_world.me.api.data("GET", "/me/tasks?q=both") == []
    assert titles(api.data("GET", "/tasks?q=secon&with=tags,folders")) == ["Second"]


SORTS: dict[str, Callable[[Task], Any]] = {
    "deadline": lambda t: (at(None if t["title"] == "Second" else t["deadline"]), t["increment_id"]),
    "position": lambda t: (t["position"], t["increment_id"]),
    "newest": lambda t: (-at(t["created_at"]), -t["increment_id"]),
    "created_at": lambda t: (at(t["created_at"]), t["increment_id"]),
    "last_updated": lambda t: (at(t["last_updated"]), t["increment_id"]),
    "updated_at": lambda t: (at(t["last_updated"]), t["increment_id"]),
    "title": lambda t: (t["title"].lower(), t["increment_id"]),
    "status": lambda t: (t["status"], t["increment_id"]),
    "completed_newest": lambda t: (t["completed_at"] is None, -at(t["completed_at"]), -t["increment_id"]),
    "problems": lambda t: (not t["problem"], *SORTS["deadline"](t)),
    "status,-title": lambda t: (t["status"], tuple(-ord(char) for char in t["title"].lower())),
    "-deadline": lambda t: (
        (undated := at(t["deadline"]) == 1 << 62 or t["title"] == "Second"), 0 if undated else -at(t["deadline"]),
        -t["increment_id"],
    ),
    "-title": lambda t: (tuple(-ord(char) for char in t["title"].lower()), -t["increment_id"]),
}  # fmt: skip


@pytest.mark.parametrize("extra", ["", "&created=2000-01-01:2090-01-01"], ids=["keys", "rows"])
def test_5_3_sorts_are_exact_on_every_page(world: World, extra: str) -> None:
    whole = [task for task in everything(world, "T2") if task["status"] != "auto-skipped"]
    for sort, key in SORTS.items():
        expected = [task["title"] for task in sorted(whole, key=key)]
        for word in ("sort", "sort_by"):
            assert pages(world.org.api, f"/tasks?{word}={sort}&per_page=4{extra}") == expected, sort


def pages(api: Api, url: str) -> list[str]:
    """The titles on this page and all that its links lead to."""
    found: list[str] = []
    while url:
        page = api.get(url if url.startswith("/tasks") else "//" + url.split("//flow.example/", 1)[1]).json()
        found += [task["title"] for task in page["data"]]
        url = page["meta"]["pagination"]["links"].get("next", "")
    return found


@pytest.mark.parametrize("sort", ["deadline", "-deadline"])
def test_keys_and_rows_tell_the_same(world: World, sort: str) -> None:
    """The same question once for the keys, once with a condition that holds for all and needs the rows."""
    world.org.api.post("/completed-tasks", {"task_id": world.both["id"]}).raise_for_status()
    world.org.api.delete(f"/completed-tasks/{world.both['id']}").raise_for_status()
    me, group = world.me.id, world.group["id"]
    always = "created=2000-01-01:2090-01-01"
    lists = [
        (world.me.api, "/me/tasks?", f"/tasks?owners={me}&{always}"),
        (world.org.api, "/tasks?", f"/tasks?{always}"),
        (world.org.api, f"/tasks?owners={me}", f"/tasks?owners={me}&{always}"),
        (world.org.api, f"/tasks?groups={group}", f"/tasks?groups={group}&{always}"),
        (
            world.org.api,
            f"/tasks?owners={me},{world.colleague.id}",
            f"/tasks?owners={me},{world.colleague.id}&{always}",
        ),
    ]
    asked = [
        (word, "")
        for word in ("all", "active", "overdue", "due-soon", "on-time", "not-started", "in-progress,complete")
    ]
    for day in ("2026-09-20", "2026-09-21", "2026-09-22"):
        asked += [
            ("all", f"deadline_on={day}"),
            ("active", f"deadline_after={day}"),
            ("on-time", f"deadline_before={day}"),
        ]
    asked += [("overdue", "deadline_start_range=2026-09-21&deadline_end_range=2026-09-22")]
    for words, extra in asked:
        for reader, by_keys, by_rows in lists:
            for page in (1, 2):
                query = f"&status={words}&sort={sort}&per_page=3&page={page}&{extra}"
                keys, rows = reader.get(by_keys + query).json(), reader.get(by_rows + query).json()
                assert [task["id"] for task in keys["data"]] == [task["id"] for task in rows["data"]], by_keys + query
                for name in ("overdue_tasks", "tasks_due_soon"):
                    assert keys["meta"][name] == rows["meta"][name], by_keys + query
                assert keys["meta"]["pagination"]["total"] == rows["meta"]["pagination"]["total"], by_keys + query


@pytest.mark.parametrize(
    ("path", "overdue", "due_soon"),
    [
        pytest.param("/tasks", 2, 2, id="T2"),
        pytest.param("/tasks?q=both", 0, 1, id="T2 filtered"),
        pytest.param("/tasks?status=complete", 0, 0, id="T2 completed"),
        pytest.param("/tasks?status=overdue&per_page=1", 2, 0, id="over all pages"),
        pytest.param("/users/{me}/tasks", 2, 2, id="T4"),
        pytest.param("/users/{colleague}/tasks", 0, 0, id="T4 nothing near"),
    ],
)
def test_the_whole_list_is_counted_by_the_clock(world: World, path: str, overdue: int, due_soon: int) -> None:
    meta = world.org.api.get(path.format(me=world.me.id, colleague=world.colleague.id)).json()["meta"]

    assert (meta["overdue_tasks"], meta["tasks_due_soon"]) == (overdue, due_soon)


def test_h11_the_clock_is_exact_to_the_second(world: World) -> None:
    clock, api, path = world.org.server.clock, world.org.api, f"/users/{world.me.id}/tasks"

    def counts() -> tuple[int, int, list[str]]:
        answer = api.get(f"{path}?status=overdue").json()
        meta = api.get(path).json()["meta"]
        return meta["overdue_tasks"], meta["tasks_due_soon"], titles(answer["data"])

    assert counts() == (2, 2, ["First", "Stale"])
    clock.advance(seconds=1)
    assert counts() == (3, 1, ["Better", "First", "Stale"])
    clock.advance(hours=24)
    assert counts() == (4, 1, ["Better", "Both", "First", "Stale"])


def test_the_tag_of_an_answer_changes_with_the_clock(world: World) -> None:
    clock, api = world.org.server.clock, world.me.api
    for path in ("/me/tasks", "/me/tasks?status=overdue", "/tasks?q=both", f"/users/{world.me.id}/tasks"):
        clock.freeze(NOW)
        tag = api.get(path).headers["etag"]
        clock.advance(seconds=0.001)
        clock.freeze(NOW)
        assert api.get(path, headers={"If-None-Match": tag}).status_code == 304
        clock.advance(seconds=1)
        assert api.get(path, headers={"If-None-Match": tag}).status_code == 200
    assert "etag" in api.get(f"/runs/{world.run.id}/tasks").headers
    assert "etag" not in api.get(f"/runs/{world.run.id}/tasks?status=overdue").headers


def test_a_process_lists_hidden_and_attached_tasks_by_position(own_world: World) -> None:
    own_world.org.one_off(title="Extra", run_id=own_world.run.id)

    listed = own_world.org.api.get(f"/runs/{own_world.run.id}/tasks").json()

    assert [task["title"] for task in listed["data"]] == ["First", "Second", "Before", "Free", "Extra"]
    assert "overdue_tasks" not in listed["meta"]
    assert own_world.org.api.get(f"/runs/{'ab' * 16}/tasks").status_code == 404
    assert own_world.org.api.get("/runs/x/tasks").status_code == 404


def test_the_page_of_a_task_is_answered(world: World) -> None:
    path, task = f"/runs/{world.run.id}/tasks?per_page=1", world.run.task_id("Before")

    for name in ("currentTask", "current_task"):
        answer = world.org.api.get(f"{path}&{name}={task}").json()
        assert [each["title"] for each in answer["data"]] == ["Before"]
        assert answer["meta"]["pagination"]["current_page"] == 3
    assert world.org.api.get(f"{path}&currentTask={task}&replace_page=2").json()["data"][0]["title"] == "Second"
    unknown = world.org.api.get(f"{path}&currentTask={'ab' * 16}&page=2")
    assert unknown.json()["data"][0]["title"] == "Second"
    assert unknown.headers["x-ignored-params"] == "currentTask"


def test_without_pagination_everything_comes_at_once(world: World) -> None:
    for path, count in (("/tasks", 9), ("/me/tasks", 7), (f"/runs/{world.run.id}/tasks", 4), ("/tasks?q=zzz", 0)):
        joint = "&" if "?" in path else "?"
        answer = world.me.api if path == "/me/tasks" else world.org.api
        whole = answer.get(f"{path}{joint}without_pagination=true&with=run,threads_count").json()
        assert (len(whole["data"]), "meta" in whole) == (count, False)
        paged = answer.data("GET", f"{path}{joint}per_page=100&with=run,threads_count")
        assert whole["data"] == paged


def test_t4_light_members_read_their_own_list(own_world: World) -> None:
    light = own_world.org.person("light")

    assert light.api.data("GET", f"/users/{light.id}/tasks") == []
    assert light.api.get(f"/users/{own_world.me.id}/tasks").status_code == 403
    for unknown in (999_999, "x"):
        assert own_world.org.api.get(f"/users/{unknown}/tasks").status_code == 404
        assert light.api.get(f"/users/{unknown}/tasks").status_code == 404


@pytest.mark.parametrize("role", ["admin", "standard", "light"])
def test_q5_everybody_lists_what_they_may_see(org: Organization, role: Any) -> None:
    person, other, starter = org.person(role), org.person(), org.person("light")
    group = org.group(members=[person])
    seen = run_of(org, "Seen", "Secret", users=[person.id])
    seen.assign("Secret", other, top_secret=True)
    unseen = run_of(org, "Unseen")
    unseen.assign("Unseen", other)
    by_group = run_of(org, "By group")
    by_group.change("By group", owners={"groups": [group["id"]]}).raise_for_status()
    org.one_off(other, title="Alone")
    org.one_off(other, title="Alone secret", top_secret=True)
    org.one_off(person, other, title="Mine secret", top_secret=True)
    whole = ["Alone", "Alone secret", "By group", "Mine secret", "Secret", "Seen", "Unseen"]
    visible = {
        "admin": whole,
        "standard": ["Alone", "By group", "Mine secret", "Seen"],
        "light": ["By group", "Mine secret", "Seen"],
    }[role]

    for sort in ("deadline", "title"):
        answer = person.api.get(f"/tasks?sort={sort}").json()
        assert titles(answer["data"]) == visible
        assert answer["meta"]["pagination"]["total"] == len(visible)
    for task in org.api.data("GET", "/tasks?per_page=100"):
        assert (person.api.get(f"/tasks/{task['id']}").status_code == 200) is (task["title"] in visible)
    assert starter.api.data("GET", "/tasks") == []


def test_g4_nobody_sees_another_organizations_tasks(org: Organization, other_org: Organization) -> None:
    mine, theirs = org.one_off(), other_org.one_off()

    assert [task["id"] for task in org.api.data("GET", "/tasks")] == [mine["id"]]
    assert org.api.data("GET", f"/tasks?owners={other_org.admin.id}") == []
    assert org.api.get(f"/users/{other_org.admin.id}/tasks").status_code == 404
    assert [task["id"] for task in other_org.api.data("GET", "/me/tasks")] == [theirs["id"]]


INCLUDES = "run,run.checklist,step,form_fields,ko_form_fields,threads,issues,threads_count,tags,folders,roles,summary"


@pytest.mark.one_application
@pytest.mark.parametrize("path", ["/tasks", "/me/tasks", "/users/{me}/tasks", "/runs/{run}/tasks"])
@pytest.mark.parametrize("names", ["", INCLUDES])
def test_a_list_costs_the_same_for_one_row_and_for_many(
    org: Organization, monkeypatch: pytest.MonkeyPatch, path: str, names: str
) -> None:
    steps = [{"title": f"Step {n} {{{{name-1}}}}", "summary": "{{name-1}}"} for n in range(3)]
    template = org.template(steps=steps, kickoff=[{"label": "Name"}])
    runs = [Run(org, template) for _ in range(4)]
    for run in runs:
        run.assign("Step 0 ", org.admin, everyone_must_complete=True)
        org.api.post(f"/tasks/{run.task_id('Step 1 ')}/problem", {"content": "Why"}).raise_for_status()
    counting = Statements(monkeypatch)
    query = f"{path.format(me=org.admin.id, run=runs[0].id)}?sort=problems&with={names}"

    assert counting.of(org.api, query + "&per_page=1") == counting.of(org.api, query + "&per_page=100")


def test_includes_show_what_belongs_to_each_task(world: World) -> None:
    listed = {task["title"]: task for task in world.org.api.data("GET", f"/tasks?per_page=100&with={INCLUDES}")}

    assert listed["First"]["step"]["data"]["title"] == "First"
    assert listed["First"]["run"]["data"]["checklist"]["data"]["id"] == world.run.template["id"]
    assert (listed["Both"]["step"], listed["Both"]["run"]) == ({"data": None}, {"data": None})
    assert [each["content"] for each in listed["Problem"]["issues"]["data"]] == ["Stuck"]
    assert [each["label"] for each in listed["Better"]["threads"]["data"]] == ["improvement"]
    assert (listed["Better"]["threads_count"], listed["Better"]["issues"]) == (1, {"data": []})
    comments = world.org.api.data("GET", f"/tasks/{world.better['id']}?with=comments")
    assert len(comments["threads"]["data"]) == 1


def test_later_includes_are_reported(world: World) -> None:
    answer = world.org.api.get("/tasks?with=assets,activities,tags")

    assert answer.headers["x-ignored-params"] == "with:activities"
    assert answer.json()["data"][0]["tags"] == {"data": []}


def test_side_tables_equal_a_recount(world: World) -> None:
    assert Places(world.org).differences() == []
