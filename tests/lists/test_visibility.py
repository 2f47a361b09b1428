"""Who sees which processes, and that nothing else counts anywhere. Spec: behaviour-people 2.3 (Q1, Q2, Q5), DEC-12, DEC-46."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import Organization, Person
from tests.lists.making import assign, complete, hide, ids, launch, listed, tasks_of


class Scene:
    """A template with two steps, a person to whom something happens, and a group they are in."""

    def __init__(self, org: Organization, role: Any) -> None:
        self.org = org
        self.person = org.person(role)
        self.group = org.group(members=[self.person])
        self.template = org.template(steps=["One", "Two"])

    def launch(self, **body: Any) -> dict[str, Any]:
        return launch(self.org, self.template, **body)

    def task(self, run: dict[str, Any]) -> dict[str, Any]:
        return tasks_of(self.org, run)[0]


Relation = Callable[[Scene], dict[str, Any]]


def with_task(scene: Scene, *people: Person, groups: list[str] | None = None) -> dict[str, Any]:
    run = scene.launch()
    assign(scene.org, run, scene.task(run), *people, groups=groups or [])
    return run


def formerly_assigned(scene: Scene) -> dict[str, Any]:
    run = with_task(scene, scene.person)
    assign(scene.org, run, scene.task(run), scene.org.admin)
    return run


def with_completed_task(scene: Scene) -> dict[str, Any]:
    run = with_task(scene, scene.person)
    complete(scene.org, run, scene.task(run))
    return run


def with_hidden_task(scene: Scene) -> dict[str, Any]:
    run = with_task(scene, scene.person)
    hide(scene.org, run, scene.task(run))
    return run


def mentioned(scene: Scene, path: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    run = scene.launch()
    assert scene.org.api.post(path(run), {"content": f"look, @[{scene.person.id}]"}).is_success
    return run


def readable(scene: Scene, **who: Any) -> dict[str, Any]:
    scene.org.allow(scene.template, "PROCESS_READ", **who)
    return scene.launch()


def owning_the_template(scene: Scene) -> dict[str, Any]:
    run = scene.launch()
    body = {"title": "theirs", "owner_id": scene.person.id}
    assert scene.org.api.put(f"/checklists/{scene.template['id']}", body).is_success
    return run


def allowed(scene: Scene, permission: str) -> dict[str, Any]:
    scene.org.allow(scene.template, permission, scene.person.id)
    return scene.launch()


SEES: dict[str, Relation] = {
    "owner": lambda s: s.launch(owner_id=s.person.id),
    "starter": lambda s: s.launch(user_id=s.person.id),
    "launched it": lambda s: (
        s.org.allow(s.template, "LAUNCH", s.person.id)
        or s.person.api.data("POST", "/runs", {"checklist_id": s.template["id"]})
    ),
    "attached": lambda s: s.launch(users=[s.person.id]),
    "attached by a group": lambda s: s.launch(groups=[s.group["id"]]),
    "assigned": lambda s: with_task(s, s.person),
    "assigned by a group": lambda s: with_task(s, groups=[s.group["id"]]),
    "formerly assigned": formerly_assigned,
    "assigned to a completed task": with_completed_task,
    "assigned to a hidden task": with_hidden_task,
    "mentioned on the process": lambda s: mentioned(s, lambda run: f"/runs/{run['id']}/comment"),
    "mentioned on a task": lambda s: mentioned(s, lambda run: f"/tasks/{s.task(run)['id']}/comment"),
    "in the PROCESS READ list": lambda s: s.org.allow(s.template, "PROCESS_READ", s.person.id) or s.launch(),
    "in the PROCESS READ list by a group": lambda s: readable(s, groups=[s.group["id"]]),
    "owner of the template": owning_the_template,
}
SEES_NOT: dict[str, Relation] = {
    "no relation": lambda s: s.launch(),
    "only READ of the template": lambda s: allowed(s, "READ"),
    "only EDIT of the template": lambda s: allowed(s, "EDIT"),
    "only LAUNCH of the template": lambda s: allowed(s, "LAUNCH"),
    "somebody else's task": lambda s: with_task(s, s.org.admin),
}


def assert_sight(scene: Scene, run: dict[str, Any], *, seen: bool) -> None:
    """The list, its total with and without filters, and the process itself say the same."""
    api = scene.person.api
    expected = [run["id"]] if seen else []
    for query in (
        "",
        "status=active",
        f"checklist_id={run['checklist_id']}",
        f"q={run['name'][:6]}",
        "sort=name",
        "type=procedure",
    ):
        answer = listed(api, query)
        assert [each["id"] for each in answer["data"]] == expected, query
        assert answer["meta"]["pagination"]["total"] == len(expected), query
    assert [each["id"] for each in api.get("/runs?without_pagination=1").json()["data"]] == expected
    assert api.get(f"/runs/{run['id']}").status_code in ((200,) if seen else (403, 404))


@pytest.mark.parametrize("rebuilt", [pytest.param(True, id="counted"), pytest.param(False, id="stale")])
@pytest.mark.parametrize("role", ["standard", "light"])
@pytest.mark.parametrize("relation", [*SEES, *SEES_NOT])
def test_who_sees_a_process(org: Organization, role: str, relation: str, rebuilt: bool) -> None:
    scene = Scene(org, role)
    if rebuilt:
        org.rebuild_stale()

    run = {**SEES, **SEES_NOT}[relation](scene)

    if rebuilt:
        org.rebuild_stale()
    assert_sight(scene, run, seen=relation in SEES)


@pytest.mark.parametrize(("role", "seen"), [("standard", True), ("light", False), ("admin", True)])
def test_everyone_leaves_light_members_out(org: Organization, role: str, seen: bool) -> None:
    """DEC-12."""
    scene = Scene(org, role)
    org.allow(scene.template, "PROCESS_READ", everyone=True)

    assert_sight(scene, scene.launch(), seen=seen)


@pytest.mark.parametrize("role", ["standard", "light"])
def test_seen_in_several_ways_is_listed_and_counted_once(org: Organization, role: str) -> None:
    scene = Scene(org, role)
    body = {"everyone": True, "groups": [scene.group["id"]]}
    org.allow(scene.template, "PROCESS_READ", **body)
    run = scene.launch(owner_id=scene.person.id, users=[scene.person.id], groups=[scene.group["id"]])
    assign(org, run, scene.task(run), scene.person, groups=[scene.group["id"]])

    assert_sight(scene, run, seen=True)
    org.rebuild_stale()
    assert_sight(scene, run, seen=True)


class TestTheListAtLaunchCounts:
    """PR24, DEC-46: the template's PROCESS READ list is copied when a process is launched. Spec: T-2.8, L-6.3."""

    def test_who_was_in_it_keeps_sight(self, org: Organization) -> None:
        scene = Scene(org, "standard")
        org.allow(scene.template, "PROCESS_READ", scene.person.id)
        run = scene.launch()

        org.allow(scene.template, "PROCESS_READ")

        assert_sight(scene, run, seen=True)

    def test_who_comes_later_sees_what_is_launched_later(self, org: Organization) -> None:
        scene = Scene(org, "standard")
        scene.launch()
        org.allow(scene.template, "PROCESS_READ", scene.person.id)

        assert ids(scene.person.api) == []
        assert ids(scene.person.api) == [] and ids(org.api) != []
        assert [scene.launch()["id"]] == ids(scene.person.api)

    def test_groups_stay_groups(self, org: Organization) -> None:
        """Q1, GR5: membership is asked about when somebody looks. Spec: T-10.6."""
        scene = Scene(org, "standard")
        later = org.person()
        org.allow(scene.template, "PROCESS_READ", groups=[scene.group["id"]])
        run = scene.launch()

        body = {"name": scene.group["name"], "description": "", "members": [later.id]}
        assert org.api.put(f"/groups/{scene.group['id']}", body).is_success

        assert_sight(scene, run, seen=False)
        assert ids(later.api) == [run["id"]]


def test_a_deleted_group_takes_its_sight_along(org: Organization) -> None:
    scene = Scene(org, "standard")
    run = scene.launch(groups=[scene.group["id"]])

    assert org.api.delete(f"/groups/{scene.group['id']}").is_success

    assert_sight(scene, run, seen=False)


def test_a_new_role_counts_at_once(org: Organization) -> None:
    scene = Scene(org, "light")
    org.allow(scene.template, "PROCESS_READ", everyone=True)
    run = scene.launch()
    for role, seen in (("standard", True), ("light", False), ("admin", True), ("light", False)):
        assert org.api.put(f"/users/{scene.person.id}/role", {"role": role}).is_success
        assert_sight(scene, run, seen=seen)


def test_no_longer_attached_is_no_longer_seen(org: Organization) -> None:
    scene = Scene(org, "standard")
    run = scene.launch(users=[scene.person.id])

    assert org.api.put(f"/runs/{run['id']}", {"users": []}).is_success

    assert_sight(scene, run, seen=False)


def test_another_owner_is_no_longer_the_owner(org: Organization) -> None:
    scene = Scene(org, "standard")
    run = scene.launch(owner_id=scene.person.id)

    assert org.api.put(f"/runs/{run['id']}", {"owner_id": org.admin.id}).is_success

    assert_sight(scene, run, seen=False)


@pytest.mark.parametrize(
    "query",
    [
        "", "status=active", "status=starred", "starred=true", "starred=false", "q=process", "q=p", "tag={tag}",
        "tag_ids={tag}", "untagged", "folder={folder}", "owners={owner}", "checklist_id={template}", "type=procedure",
        "sort=name", "sort=progress", "page=1&per_page=1", "archived=true", "status=delayed", "status=problem",
        "status=complete,active", "owners={owner}&tag={tag}", "groups={group}",
    ],
)  # fmt: skip
def test_totals_count_only_what_the_caller_may_see(org: Organization, query: str) -> None:
    """Of two processes that are alike, one is attached to the person."""
    scene = Scene(org, "standard")
    owner, tag, folder = org.person(), org.tag(), org.folder(kind="run")
    other_group = org.group()
    body: dict[str, Any] = {"name": "process", "owner_id": owner.id}
    if "untagged" not in query:
        body |= {"tags": [tag["id"]], "folders": [folder["id"]]}
    for users in ([], [scene.person.id]):
        run = scene.launch(users=users, **body)
        task = scene.task(run)
        assign(org, run, task, owner, groups=[other_group["id"]])
        late = {"deadline": "2020-01-01T00:00:00Z"}
        assert org.api.put(f"/runs/{run['id']}/tasks/{task['id']}", late).is_success
        if "problem" in query:
            assert org.api.post(f"/tasks/{task['id']}/problem", {"content": "stuck"}).is_success
        if "starred=true" in query or "status=starred" in query:
            assert org.api.put(f"/runs/{run['id']}", {"starred": True}).is_success
            scene.person.api.put(f"/runs/{run['id']}", {"starred": True})
    filled = query.format(
        tag=tag["id"], folder=folder["id"], owner=owner.id, template=scene.template["id"], group=other_group["id"]
    )

    assert listed(org.api, filled)["meta"]["pagination"]["total"] == 2
    mine = listed(scene.person.api, filled)
    assert [each["id"] for each in mine["data"]] == [run["id"]] and mine["meta"]["pagination"]["total"] == 1


class TestAnotherOrganization:
    def test_its_processes_are_never_seen(self, org: Organization, other_org: Organization) -> None:
        theirs = launch(other_org, other_org.template(), name="theirs")
        mine = launch(org, org.template(), name="mine")

        for query in (
            "",
            "q=theirs",
            "q=s",
            f"checklist_id={theirs['checklist_id']}",
            "archived=true",
            "owners=" + str(other_org.admin.id),
        ):
            found = listed(org.api, query)
            assert theirs["id"] not in [run["id"] for run in found["data"]]
            assert found["meta"]["pagination"]["total"] == len(found["data"])
        assert org.api.get(f"/runs/{theirs['id']}").status_code == 404
        assert ids(org.api) == [mine["id"]]

    def test_its_members_are_refused(self, org: Organization, other_org: Organization) -> None:
        response = other_org.api.get(f"//organizations/{org.id}/runs")

        assert response.status_code == 403

    def test_who_is_in_both_sees_each_apart(self, org: Organization, other_org: Organization) -> None:
        """The same person, the same numbers, another organization."""
        both = other_org.join(org.admin, "standard")
        mine = launch(org, org.template())
        theirs = launch(other_org, other_org.template(), users=[both.id])
        launch(other_org, other_org.template())

        assert ids(org.api) == [mine["id"]]
        assert ids(both.api) == [theirs["id"]]


class TestNobody:
    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({}, id="no token"),
            pytest.param({"Authorization": "Bearer nonsense"}, id="unknown token"),
            pytest.param({"Authorization": "Bearer  {token}"}, id="C2 two blanks"),
            pytest.param({"Authorization": "{token}"}, id="no word"),
            pytest.param({"Authorization": "Basic {token}"}, id="another scheme"),
        ],
    )
    def test_without_a_token_nothing_is_listed(self, org: Organization, nobody: Any, headers: dict[str, str]) -> None:
        filled = {name: value.format(token=org.api.token) for name, value in headers.items()}

        response = nobody.get("/runs", headers=filled)

        assert response.status_code == 401
        assert response.json() == {"error": True, "message": "Unauthenticated.", "code": "UNAUTHENTICATED"}

    def test_a_guest_has_no_list(self, org: Organization) -> None:
        run = launch(org, org.template(steps=["One"]))
        assign(org, run, tasks_of(org, run)[0], org.admin, guests=["ana@partner.example"])
        guest = org.guest_api("ana@partner.example")

        assert guest.get("/tasks").status_code == 200
        assert guest._api.get("/runs").status_code == 401


def test_stars_are_each_persons_own(org: Organization) -> None:
    person = org.person()
    run = launch(org, org.template(), users=[person.id])

    assert person.api.put(f"/runs/{run['id']}", {"starred": True}).json()["data"]["starred"] is True

    assert [each["starred"] for each in listed(person.api)["data"]] == [True]
    assert [each["starred"] for each in listed(org.api)["data"]] == [False]
    for query in ("starred=true", "status=starred"):
        assert (ids(person.api, query), ids(org.api, query)) == ([run["id"]], [])
    assert (ids(person.api, "starred=false"), ids(org.api, "starred=false")) == ([], [run["id"]])
