"""A light member: their own tasks, launching where they are named, and nothing else."""

from typing import Any

from tests.builders import Person
from tests.journeys.callers import Town

DEADLINE = "2031-02-06T16:00:00Z"


def two_tasks(town: Town, worker: Person) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A process with one task of theirs and one of the administrator's."""
    template = town.organization.template("Cleaning", steps=[{"title": "Mop", "assignees": [worker.id]}, "Inspect"])
    run = town.organization.process(template, name="Hall 3")
    town.organization.process(town.organization.template("Salaries", steps=["Pay"]), name="March")
    mine, other = town.admin.get(f"/runs/{run['id']}/tasks")["data"]
    return run, mine, other


def test_a_light_member_does_their_own_tasks_only(town: Town) -> None:
    worker = town.organization.person("light")
    run, mine, other = two_tasks(town, worker)
    me = town.caller(worker)

    assert [each["name"] for each in me.get("/runs")["data"]] == ["Hall 3"]
    assert [task["title"] for task in me.get("/me/tasks")["data"]] == ["Mop"]
    seen = {task["title"]: task["is_completable"] for task in me.get(f"/runs/{run['id']}/tasks")["data"]}
    assert seen == {"Mop": True, "Inspect": False}

    assert me.refusal("POST", f"/runs/{run['id']}/completed-tasks", {"task_id": other["id"]})[0] == 403
    done = me.post(f"/runs/{run['id']}/completed-tasks", {"task_id": mine["id"]}, expect=200)
    assert (done["status"], done["completer_id"]) == ("completed", worker.id)
    assert me.delete(f"/runs/{run['id']}/completed-tasks/{mine['id']}")["status"] == "in-progress"
    me.post(f"/tasks/{mine['id']}/comment", {"content": "Out of soap"})


def test_a_light_member_cannot_rearrange_anything(town: Town) -> None:
    worker = town.organization.person("light")
    run, mine, _ = two_tasks(town, worker)
    me = town.caller(worker)
    task = f"/runs/{run['id']}/tasks/{mine['id']}"
    before = town.admin.get(task)

    for method, path, body in [
        ("PUT", task, {"owners": {"users": []}}),
        ("PUT", task, {"deadline": DEADLINE}),
        ("PUT", task, {"title": "Sweep"}),
        ("PUT", f"{task}/hide", None),
        ("PUT", f"/runs/{run['id']}", {"name": "Mine"}),
        ("DELETE", f"/runs/{run['id']}", None),
        ("POST", f"/runs/{run['id']}/export", None),
        ("POST", "/checklists", {"title": "Mine", "type": "procedure"}),
        ("POST", "/folders", {"name": "Mine", "folder_type": "run"}),
        ("POST", "/tags", {"title": "Mine"}),
        ("POST", "/guests", {"email": "ana@partner.test"}),
        ("POST", "/tokens", {"name": "Mine"}),
    ]:
        status, sentence = me.refusal(method, path, body)
        assert (status, bool(sentence)) == (403, True), (method, path)

    assert town.admin.get(task) == before
    assert me.put(f"/runs/{run['id']}", {"starred": True})["starred"] is True
    assert town.admin.get(f"/runs/{run['id']}")["starred"] is False


def test_a_light_member_launches_where_they_are_named(town: Town) -> None:
    worker = town.organization.person("light")
    template = town.organization.template("Leave request", steps=["Decide"])
    me = town.caller(worker)
    body = {"checklist_id": template["id"], "name": "Two weeks"}

    assert me.get("/checklists")["data"] == []
    refused = me.refusal("POST", "/runs", body)
    assert refused == (403, "Permission denied: cannot launch process from this template.")

    town.organization.allow(template, "PROCESS_LAUNCH", worker.id)
    assert [each["title"] for each in me.get("/checklists")["data"]] == ["Leave request"]
    launched = me.post("/runs", body)
    assert (launched["started_by"], launched["owner_id"]) == (worker.id, worker.id)
    assert [each["name"] for each in me.get("/runs")["data"]] == ["Two weeks"]


def test_a_light_member_asks_a_colleague_but_no_guest(town: Town) -> None:
    worker, colleague = town.organization.person("light"), town.organization.person("standard", first_name="Ivo")
    me = town.caller(worker)
    people = {each["full_name"]: each["id"] for each in me.get("/users-list")["data"]}
    assert people["Ivo Okoye"] == colleague.id

    task = {"title": "Bring soap", "task_type": "task", "deadline": DEADLINE}
    made = me.post("/tasks", {**task, "owners": {"users": [colleague.id]}})
    assert (made["starter_id"], made["owners"]["users"]) == (worker.id, [colleague.id])
    refused = me.refusal(
        "POST", "/tasks", {**task, "owners": {"users": [colleague.id], "guests": ["ana@partner.test"]}}
    )
    assert refused[0] == 403
    assert [each["title"] for each in town.caller(colleague).get("/me/tasks")["data"]] == ["Bring soap"]
