"""Who may do what with tasks. Spec: api-tasks 4; behaviour-people 3.3."""

from typing import Any

import pytest

from procession.domain.actors import Role
from tests.api.task_runs import run_of
from tests.builders import Organization, Person, text_field
from tests.harness import Api

# Who may, for a process task and for a stand-alone one. "other" sees the task without being assigned.
# Columns: admin, standard assigned, standard other, light assigned, light other.
MATRIX = {
    "read": "++++-",
    "answer": "++++-",
    "complete": "++++-",
    "edit": "+++--",
    "assign": "+++--",
    "hide": "+++--",
    "clone": "+++--",
}
WHO: list[tuple[Role, bool]] = [
    ("admin", False), ("standard", True), ("standard", False), ("light", True), ("light", False),
]  # fmt: skip


def act(action: str, api: Api, run: str | None, task: dict[str, Any], other: Person) -> int:
    base = f"/runs/{run}" if run else ""
    path, whole = f"{base}/tasks/{task['id']}", {name: task[name] for name in ("title", "deadline", "owners")}
    body = whole if run is None else {}
    match action:
        case "read":
            return api.get(path).status_code
        case "answer":
            return api.put(path, {**body, "taskdata": {}}).status_code
        case "complete":
            return api.post(f"{base}/completed-tasks", {"task_id": task["id"]}).status_code
        case "edit":
            return api.put(path, {**body, "title": "Changed"}).status_code
        case "assign":
            return api.put(path, {**body, "owners": {"users": [other.id]}}).status_code
        case "hide":
            return api.put(path + "/hide").status_code
        case _:
            return api.post(f"/tasks/{task['id']}/clone").status_code


@pytest.mark.parametrize(
    ("action", "place"),
    [(action, "in a process") for action in MATRIX] + [(action, "alone") for action in MATRIX if action != "hide"],
)
def test_who_may_do_what(org: Organization, action: str, place: str) -> None:
    """Spec: behaviour-work C6."""
    bystander = org.person()
    for (role, assigned), expected in zip(WHO, MATRIX[action], strict=True):
        person = org.admin if role == "admin" else org.person(role)
        owner = person if assigned else bystander
        if place == "alone":
            run_id, task = None, org.one_off(owner)
        else:
            seen_by = [person.id] if role == "standard" else []
            run = run_of(org, "Call", users=seen_by)
            run.assign("Call", owner)
            run_id, task = run.id, run.tasks()["Call"]
        status = act(action, person.api, run_id, task, bystander)
        refusals = (403, 404) if role == "light" else (403,)
        assert status in ((200, 201) if expected == "+" else refusals), f"{role} {assigned}"


def test_light_members_see_the_process_they_are_named_on_and_work_on_their_tasks_only(org: Organization) -> None:
    light = org.person("light")
    run = run_of(org, "Call", "Write", users=[light.id])
    run.assign("Call", light)

    assert light.api.get(run.path("Write")).status_code == 200
    write = run.tasks()["Write"]["id"]
    assert light.api.post(f"/runs/{run.id}/completed-tasks", {"task_id": write}).status_code == 403
    assert light.api.put(run.path("Write"), {"taskdata": {}}).status_code == 403
    shown = {each["title"]: each["is_completable"] for each in light.api.data("GET", f"/runs/{run.id}/tasks")}
    assert shown == {"Call": True, "Write": False}


def test_what_nobody_is_assigned_to_is_claimed_and_completed_by_full_members(org: Organization) -> None:
    """Spec: behaviour-work C15."""
    standard, light = org.person(), org.person("light")
    run = run_of(org, "Call", "Write", users=[standard.id, light.id])
    for title in ("Call", "Write"):
        run.assign(title)
    assert {each["title"] for each in org.api.data("GET", "/tasks?unassigned=true")} == {"Call", "Write"}

    claim = {"owners": {"users": [light.id]}}
    assert [run.complete("Call", by=light).status_code, light.api.put(run.path("Call"), claim).status_code] == [403] * 2
    assert run.complete("Call", by=standard).status_code == 200
    assert standard.api.put(run.path("Write"), {"owners": {"users": [standard.id]}}).status_code == 200


@pytest.mark.parametrize("flag", ["can_complete_only_assignees", "everyone_must_complete"])
def test_tk28_assignees_only(org: Organization, flag: str) -> None:
    """T-8.7. Spec: behaviour-work C6, C11."""
    assigned, other, light = org.person(), org.person(), org.person("light")
    group = org.group(members=[light])
    run = run_of(org, {"title": "Call", flag: True, "captures": [{"label": "A"}]}, users=[other.id])
    run.change("Call", owners={"users": [assigned.id], "groups": [group["id"]]}).raise_for_status()
    field, path = run.field(), run.path("Call")
    completion = {"task_id": run.tasks()["Call"]["id"]}

    assert other.api.get(path).json()["data"]["is_completable"] is False
    assert other.api.put(path, {"taskdata": {field: "x"}}).status_code == 403
    assert other.api.post(f"/runs/{run.id}/completed-tasks", completion).status_code == 403
    edited = other.api.put(path, {"webhook": "https://hooks.example/a"}).status_code
    assert edited == (403 if flag == "can_complete_only_assignees" else 200)
    assert light.api.put(path, {"taskdata": {field: "x"}}).status_code == 200
    assert org.api.post(f"/runs/{run.id}/completed-tasks", completion).json()["data"]["status"] == "completed"


def test_t_8_3_who_is_in_the_group_by_now_may_act(org: Organization) -> None:
    former, later, third = (org.person("light") for _ in range(3))
    group = org.group(members=[former])
    run = run_of(org, {"title": "Call", "groups": [group["id"]], "can_complete_only_assignees": True}, "Write")
    body = {"name": group["name"], "description": "", "members": [later.id, third.id]}
    org.api.put(f"/groups/{group['id']}", body).raise_for_status()

    assert run.complete("Call", by=former).status_code in (403, 404)
    assert run.complete("Call", by=later).json()["data"]["completer_id"] == later.id


def test_tk31_a_light_assignee_repeats_what_a_one_off_demands(org: Organization) -> None:
    light = org.person("light")
    task = org.one_off(light, form_fields=[text_field(label="A")], summary="How", max_assignable=3)
    path = f"/tasks/{task['id']}"
    field = org.api.data("GET", path + "?with=form_fields")["form_fields"]["data"][0]["id"]
    same = {name: task[name] for name in ("title", "deadline", "owners", "summary", "max_assignable", "started_at")}

    assert light.api.put(path, {**same, "taskdata": {field: "one"}}).status_code == 200
    for name, value in (("title", "New"), ("deadline", "2031-01-01"), ("owners", {"users": []}), ("summary", ""),
                        ("deadline", "nonsense"), ("max_assignable", 0)):  # fmt: skip
        refused = light.api.put(path, {**same, name: value, "taskdata": {field: "two"}})
        assert refused.status_code == 403
    assert org.api.data("GET", path)["taskdata"] == {field: "one"}


def test_a_light_creator_edits_their_own_one_off_but_invites_no_guests(org: Organization) -> None:
    light = org.person("light")
    body = {"title": "Mine", "task_type": "task", "deadline": "2031-01-01", "owners": {"users": [org.admin.id]}}
    task = light.api.data("POST", "/tasks", body)

    assert light.api.put(f"/tasks/{task['id']}", {**body, "title": "Ours"}).json()["data"]["title"] == "Ours"
    with_guest = {**body, "owners": {"users": [org.admin.id], "guests": ["a@b.example"]}}
    assert light.api.put(f"/tasks/{task['id']}", with_guest).status_code == 403
    org.api.put(f"/tasks/{task['id']}", with_guest).raise_for_status()
    assert light.api.put(f"/tasks/{task['id']}", {**with_guest, "title": "Still"}).status_code == 200


def test_tk24_secret_tasks_are_seen_by_assignees_and_administrators(org: Organization) -> None:
    """T-8.11"""
    assigned, outsider, light = org.person(), org.person(), org.person("light")
    run = run_of(org, "Call", "Write", users=[outsider.id])
    run.assign("Call", assigned, top_secret=True)
    task, alone = run.tasks()["Call"]["id"], org.one_off(assigned, top_secret=True)["id"]
    paths = [f"/runs/{run.id}/tasks/{task}", f"/tasks/{task}", f"/tasks/{alone}"]

    assert [outsider.api.get(path).status_code for path in paths] == [404] * 3
    assert [light.api.get(path).status_code for path in paths] == [404] * 3
    assert [assigned.api.get(path).status_code for path in paths] == [200] * 3
    assert [each["title"] for each in outsider.api.data("GET", f"/runs/{run.id}/tasks")] == ["Write"]
    assert [each["title"] for each in outsider.api.data("GET", "/tasks")] == ["Write"]
    assert outsider.api.data("GET", f"/users/{assigned.id}/tasks") == []
    assert len(assigned.api.data("GET", "/me/tasks")) == 2


def test_nobody_else_finds_or_changes_the_tasks_of_an_organization(org: Organization, other_org: Organization) -> None:
    run, stranger = run_of(org, "Call"), other_org.admin
    task = run.tasks()["Call"]["id"]

    for path in (f"/tasks/{task}", f"/runs/{run.id}/tasks/{task}", f"/runs/{run.id}/tasks"):
        assert stranger.api.get(path).status_code == 404
        assert stranger.api.get(f"//organizations/{org.id}{path}").status_code == 403
    assert stranger.api.post(f"/runs/{run.id}/completed-tasks", {"task_id": task}).status_code == 404
    assert stranger.api.put(f"/runs/{run.id}/tasks/{task}/hide").status_code == 404
