"""`ETag` and `If-None-Match`: 304 exactly while the answer is the same for this caller. Spec: DEC-65, design 5.

The tag changes with every visible change, and at the instant at which the clock alone changes the answer.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import Organization, Person
from tests.harness import Api, Server
from tests.lists.making import DAY, HOUR, Run, assign, complete, hide, ids, launch, launch_due, one, tasks_of

D = 1_900_000_000_000


def tag_of(api: Api, query: str = "") -> str:
    response = api.get(f"/runs?{query}")
    assert response.status_code == 200
    return response.headers["etag"]


def holds(api: Api, tag: str, query: str = "") -> bool:
    """Whether the list answers 304 to this tag."""
    response = api.get(f"/runs?{query}", headers={"If-None-Match": tag})
    assert response.status_code in (200, 304)
    assert response.status_code == 200 or response.content == b""
    return response.status_code == 304


def test_an_unchanged_list_answers_304_with_the_same_headers(org: Organization) -> None:
    launch(org, org.template(steps=["One"]))
    first = org.api.get("/runs")

    again = org.api.get("/runs", headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304 and again.content == b""
    for header in ("etag", "cache-control", "vary"):
        assert again.headers[header] == first.headers[header]
    assert first.headers["cache-control"] == "private, no-cache" and first.headers["vary"] == "Authorization"


def test_a_single_process_has_a_tag_of_its_own(org: Organization) -> None:
    run = launch(org, org.template(steps=["One"]))
    path = f"/runs/{run['id']}"
    tag = org.api.get(path).headers["etag"]
    assert org.api.get(path, headers={"If-None-Match": tag}).status_code == 304

    org.api.put(path, {"name": "new"})

    assert org.api.get(path, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda tag: tag, id="as it was given"),
        pytest.param(lambda tag: f"W/{tag}", id="weak"),
        pytest.param(lambda tag: f'"other", {tag}', id="last of a list"),
        pytest.param(lambda tag: f'{tag} , W/"other"', id="first of a list"),
    ],
)
def test_the_tag_is_found_however_it_is_sent(org: Organization, write: Callable[[str], str]) -> None:
    assert holds(org.api, write(tag_of(org.api)))


@pytest.mark.parametrize(
    "garbage",
    [
        '""', '"', "W/", ",,,", "x", '"a-b-c-d"', '"0-0-0-"', '"---"', '"1-1-zz-x"', '"-1--1--1-x"', "a" * 5000,
        '"ffffffffffffffffffffffff-1-1-1"',
    ],
)  # fmt: skip
def test_garbage_is_no_tag(api: Api, garbage: str) -> None:
    assert not holds(api, garbage)


@pytest.mark.parametrize("part", range(4))
def test_a_tag_that_was_changed_by_hand_does_not_hold(org: Organization, server: Server, part: int) -> None:
    server.clock.freeze()
    launch(org, org.template(steps=["One"]))
    parts = tag_of(org.api).strip('"').split("-")
    parts[part] = "1" if parts[part] != "1" else "2"

    assert not holds(org.api, f'"{"-".join(parts)}"')


class TestTheClock:
    """Tags hold up to the last millisecond before the answer changes, and not at the next."""

    @pytest.fixture(autouse=True)
    def _half_a_day_before(self, server: Server) -> None:
        server.clock.freeze(D - DAY // 2)

    @pytest.mark.parametrize(
        "instant",
        [
            pytest.param(D - DAY, id="24 h before the deadline"),
            pytest.param(D + 1, id="right after the deadline"),
            pytest.param(D + HOUR + 1, id="right after the second deadline"),
        ],
    )
    @pytest.mark.parametrize("query", ["", "with=tasks_meta", "status=delayed,active", "without=1&sort=name"])
    def test_a_listed_process_changes_its_tag_at_its_instants(
        self, org: Organization, server: Server, instant: int, query: str
    ) -> None:
        run = launch_due(org, org.template(steps=["One", "Two"]), D, D + HOUR)
        server.clock.freeze(instant - 1)
        tag, before = tag_of(org.api, query), one(org.api, run, query)
        assert holds(org.api, tag, query)

        server.clock.freeze(instant)

        assert one(org.api, run, query) != before
        assert not holds(org.api, tag, query)
        assert holds(org.api, tag_of(org.api, query), query)

    def test_it_holds_as_long_as_the_answer_stays(self, org: Organization, server: Server) -> None:
        launch_due(org, org.template(steps=["One"]), D)
        for since, until in ((D - DAY // 2, D), (D + 1, D + 11 * HOUR)):
            server.clock.freeze(since)
            tag = tag_of(org.api)
            server.clock.freeze(until)
            assert holds(org.api, tag)

    def test_a_process_that_is_not_listed_does_not_matter(self, org: Organization, server: Server) -> None:
        template = org.template(steps=["One"])
        launch_due(org, template, D + 5 * DAY, name="listed")
        launch_due(org, template, D, name="other")
        server.clock.freeze(D)
        tag = tag_of(org.api, "q=listed")

        server.clock.freeze(D + 1)

        assert holds(org.api, tag, "q=listed") and not holds(org.api, tag)

    def test_delayed_changes_when_any_other_process_becomes_late(self, org: Organization, server: Server) -> None:
        template = org.template(steps=["One"])
        for at in (D - 20 * HOUR, D, D + HOUR):
            launch_due(org, template, at)
        for instant in (D + 1, D + HOUR + 1):
            server.clock.freeze(instant - 1)
            tag, before = tag_of(org.api, "status=delayed"), ids(org.api, "status=delayed")
            assert holds(org.api, tag, "status=delayed")
            server.clock.freeze(instant)
            assert not holds(org.api, tag, "status=delayed")
            assert len(ids(org.api, "status=delayed")) == len(before) + 1

    def test_an_empty_delayed_list_changes_too(self, org: Organization, server: Server) -> None:
        launch_due(org, org.template(steps=["One"]), D)
        server.clock.freeze(D)
        tag = tag_of(org.api, "status=delayed&per_page=1")
        assert ids(org.api, "status=delayed") == []

        server.clock.freeze(D + 1)

        assert not holds(org.api, tag, "status=delayed&per_page=1")

    def test_the_second_task_of_a_process_changes_what_the_first_did_not(
        self, org: Organization, server: Server
    ) -> None:
        """A task that comes after the one that is late now may come to the front: hidden, completed, moved."""
        run = launch_due(org, org.template(steps=["One", "Two"]), D, D + HOUR)
        hide(org, run, tasks_of(org, run)[0])
        server.clock.freeze(D + HOUR)
        tag = tag_of(org.api)

        server.clock.freeze(D + HOUR + 1)

        assert not holds(org.api, tag)

    def test_a_secret_task_changes_only_what_its_assignees_get(self, org: Organization, server: Server) -> None:
        owner, assignee = org.person(), org.person()
        template = org.template(steps=["Open", {"title": "Secret", "top_secret": True}])
        run = launch_due(org, template, D + HOUR, D, owner_id=owner.id)
        assign(org, run, tasks_of(org, run)[1], assignee)
        server.clock.freeze(D)
        tags = {person.id: tag_of(person.api) for person in (owner, assignee)}

        server.clock.freeze(D + 1)

        assert holds(owner.api, tags[owner.id])
        assert not holds(assignee.api, tags[assignee.id])

    @pytest.mark.parametrize("query", ["", "status=delayed", "with=tasks_meta,next_task", "per_page=2&sort=due_date"])
    def test_whatever_the_instant_an_old_tag_holds_only_for_the_same_answer(
        self, org: Organization, server: Server, query: str
    ) -> None:
        template = org.template(steps=["One", "Two"])
        for hours in (-30, -3, 0, 2, 9):
            launch_due(org, template, D + hours * HOUR, D + (hours + 1) * HOUR)
        edges = [
            D + hours * HOUR + offset for hours in (-27, -24, -23, -3, -2, 0, 1, 2, 3, 9, 10) for offset in (-1, 0, 1)
        ]
        known: list[tuple[str, Any]] = []
        for instant in sorted(edges):
            server.clock.freeze(instant)
            now = org.api.get(f"/runs?{query}")
            for tag, body in known[-6:]:
                assert not holds(org.api, tag, query) or body == now.json(), instant - D
            known.append((now.headers["etag"], now.json()))
        assert len({tag for tag, _ in known}) > 2


class Scene:
    """A process that another member owns, with everything that a change below needs."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        self.owner = org.person()
        self.other = org.person()
        self.group = org.group(members=[self.other])
        self.tag = org.tag()
        self.free_tag = org.tag()
        self.folder, self.free_folder = org.folder(kind="run"), org.folder(kind="run")
        self.template = org.template(steps=["One", "Two"], kickoff=[{"label": "Farm"}])
        self.run = launch(
            org, self.template, owner_id=self.owner.id, groups=[self.group["id"]], tags=[self.tag["id"]],
            folders=[self.folder["id"]],
        )  # fmt: skip
        self.path = f"/runs/{self.run['id']}"
        self.tasks = tasks_of(org, self.run)
        self.spare = launch(org, self.template)


def put(scene: Scene, body: dict[str, Any]) -> Any:
    return scene.org.api.put(scene.path, body)


CHANGES: dict[str, Callable[[Scene], Any]] = {
    "launched": lambda s: s.org.api.post("/runs", {"checklist_id": s.template["id"]}),
    "renamed": lambda s: put(s, {"name": "new"}),
    "summary": lambda s: put(s, {"summary": "new"}),
    "owner": lambda s: put(s, {"owner_id": s.other.id}),
    "starred by the caller": lambda s: put(s, {"starred": True}),
    "public": lambda s: put(s, {"is_public": True}),
    "hidden from the public": lambda s: put(s, {"publicly_hidden_fields": ["comments"]}),
    "members attached": lambda s: put(s, {"users": [s.other.id]}),
    "groups attached": lambda s: put(s, {"groups": []}),
    "kick-off answers": lambda s: put(s, {"prerun": {s.template["prerun"][0]["id"]: "Alto"}}),
    "tags replaced": lambda s: put(s, {"tags": []}),
    "folders replaced": lambda s: put(s, {"folders": []}),
    "archived": lambda s: s.org.api.delete(s.path),
    "kick-off reopened": lambda s: s.org.api.delete(f"{s.path}/complete-prerun"),
    "problem on the process": lambda s: s.org.api.post(f"{s.path}/problem", {"content": "stop"}),
    "problem on a task": lambda s: s.org.api.post(f"/tasks/{s.tasks[0]['id']}/problem", {"content": "stop"}),
    "improvement": lambda s: s.org.api.post(
        f"/tasks/{s.tasks[0]['id']}/comment", {"content": "better", "label": "improvement"}
    ),
    "task completed": lambda s: s.org.api.post(f"{s.path}/completed-tasks", {"task_id": s.tasks[0]["id"]}),
    "task hidden": lambda s: s.org.api.put(f"{s.path}/tasks/{s.tasks[0]['id']}/hide"),
    "task assigned": lambda s: s.org.api.put(
        f"{s.path}/tasks/{s.tasks[0]['id']}", {"owners": {"users": [s.other.id], "guests": [], "groups": []}}
    ),
    "deadline moved": lambda s: s.org.api.put(
        f"{s.path}/tasks/{s.tasks[0]['id']}", {"deadline": "2031-02-06T16:00:00Z"}
    ),
    "task renamed": lambda s: s.org.api.put(f"{s.path}/tasks/{s.tasks[0]['id']}", {"title": "new"}),
    "tag attached": lambda s: s.org.api.post(
        "/checklists/tags",
        {"tag_id": s.free_tag["id"], "tag_type": "private", "subject_type": "Run", "subject_id": s.run["id"]},
    ),
    "tag renamed": lambda s: s.org.api.put(f"/tags/{s.tag['id']}", {"title": "fresh"}),
    "tag deleted": lambda s: s.org.api.delete(f"/tags/{s.tag['id']}"),
    "filed": lambda s: s.org.api.post(
        "/folders/add-object", {"folder_id": s.free_folder["id"], "subject_type": "Run", "subject_id": s.run["id"]}
    ),
    "folder deleted": lambda s: s.org.api.delete(f"/folders/{s.folder['id']}"),
    "template renamed": lambda s: s.org.api.put(f"/checklists/{s.template['id']}", {"title": "new title"}),
    "one-off task attached": lambda s: s.org.one_off(run_id=s.run["id"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_visible_change_changes_the_tag(org: Organization, change: str) -> None:
    scene = Scene(org)
    query = "with=tags,folders,next_task,permissions,checklist"
    tag, alone = tag_of(org.api, query), org.api.get(scene.path).headers["etag"]

    answer = CHANGES[change](scene)

    assert not hasattr(answer, "status_code") or answer.is_success, answer.text
    assert not holds(org.api, tag, query)
    assert org.api.get(scene.path, headers={"If-None-Match": alone}).status_code == 200


def test_a_reopened_and_a_restored_process_have_new_tags_too(org: Organization) -> None:
    """What was undone is not as if nothing had happened: `last_updated` moved."""
    run = launch(org, org.template(steps=["One"]))
    [task] = tasks_of(org, run)
    complete(org, run, task)
    tags = [tag_of(org.api)]
    for method, path in (
        ("DELETE", f"/runs/{run['id']}/completed-tasks/{task['id']}"),
        ("DELETE", f"/runs/{run['id']}"),
        ("PUT", f"/runs/{run['id']}/activate"),
    ):
        assert org.api.request(method, path).is_success
        assert not any(holds(org.api, tag) for tag in tags)
        tags.append(tag_of(org.api))


def test_a_refused_or_empty_change_keeps_the_tag(org: Organization) -> None:
    run = launch(org, org.template(steps=["One"]))
    tag = tag_of(org.api)

    assert org.api.put(f"/runs/{run['id']}", {"name": ""}).status_code == 422
    assert org.api.post("/runs", {"checklist_id": "f" * 32}).status_code == 422
    assert org.api.put(f"/runs/{run['id']}", {"starred": False}).status_code == 200
    assert org.api.put(f"/runs/{run['id']}/activate").status_code == 200

    assert holds(org.api, tag)


class TestRights:
    """What a caller may see is part of the answer: a change of rights changes the tag, even of an empty list."""

    def grant_by_group(self, org: Organization, person: Person, run: Run, group: dict[str, Any]) -> None:
        members = {"name": group["name"], "description": "", "members": [person.id]}
        assert org.api.put(f"/groups/{group['id']}", members).status_code == 200

    def test_joining_and_leaving_a_group(self, org: Organization) -> None:
        person, group = org.person(), org.group()
        run = launch(org, org.template(), groups=[group["id"]])
        tag = tag_of(person.api)
        assert ids(person.api) == []

        self.grant_by_group(org, person, run, group)
        assert not holds(person.api, tag) and ids(person.api) == [run["id"]]
        inside = tag_of(person.api)

        org.api.delete(f"/groups/{group['id']}")
        assert not holds(person.api, inside) and ids(person.api) == []

    def test_a_new_role(self, org: Organization) -> None:
        person = org.person()
        run = launch(org, org.template())
        tag = tag_of(person.api)

        assert org.api.put(f"/users/{person.id}/role", {"role": "admin"}).is_success

        assert not holds(person.api, tag) and ids(person.api) == [run["id"]]

    def test_a_template_of_ones_own(self, org: Organization) -> None:
        person, template = org.person(), org.template()
        run = launch(org, template)
        tag = tag_of(person.api)

        body = {"title": "t", "owner_id": person.id}
        assert org.api.put(f"/checklists/{template['id']}", body).is_success

        assert not holds(person.api, tag) and ids(person.api) == [run["id"]]


class TestNobodyElse:
    """A tag is worth nothing to another caller, for another query or under another prefix."""

    @pytest.fixture
    def tag(self, org: Organization) -> str:
        launch(org, org.template(steps=["One"]))
        return tag_of(org.api, "status=active")

    def test_another_caller(self, org: Organization, tag: str) -> None:
        for role in ("admin", "standard", "light"):
            assert not holds(org.person(role).api, tag, "status=active")

    def test_the_same_caller_with_another_token(self, org: Organization, server: Server, tag: str) -> None:
        other = Api(server, org.token(org.admin.id), org.id)

        assert holds(other, tag, "status=active")

    @pytest.mark.parametrize(
        "query", ["", "status=complete", "status=active&page=2", "status=active&with=tags", "status=Active"]
    )
    def test_another_query(self, org: Organization, tag: str, query: str) -> None:
        assert not holds(org.api, tag, query)

    def test_another_prefix(self, org: Organization, tag: str) -> None:
        path = f"//api/organizations/{org.id}/runs?status=active"

        assert org.api.get(path, headers={"If-None-Match": tag}).status_code == 200

    def test_another_host(self, org: Organization, tag: str) -> None:
        """Links name the host that was asked."""
        headers = {"If-None-Match": tag, "Host": "other.example"}

        assert org.api.get("/runs?status=active", headers=headers).status_code == 200

    def test_another_organization(self, org: Organization, other_org: Organization, tag: str) -> None:
        both = other_org.join(org.admin, "admin")

        assert not holds(both.api, tag, "status=active")

    def test_without_a_token(self, org: Organization, nobody: Api, tag: str) -> None:
        assert nobody.get("/runs?status=active", headers={"If-None-Match": tag}).status_code == 401


def test_a_whole_streamed_list_has_no_tag(org: Organization) -> None:
    launch(org, org.template())

    assert "etag" not in org.api.get("/runs?without_pagination=1").headers
