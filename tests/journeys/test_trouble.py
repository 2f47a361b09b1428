"""Something goes wrong: a problem with a task stops the task, an issue with the process stops all of it."""

from typing import Any

from tests.journeys.callers import Town


def running(town: Town) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    template = town.organization.template("Delivery", steps=["Pack", "Ship"], kickoff=[{"label": "Address"}])
    run = town.organization.process(template, name="Order 77")
    return run, town.admin.get(f"/runs/{run['id']}/tasks")["data"]


def test_a_problem_stops_its_task_until_somebody_says_how_it_was_solved(town: Town) -> None:
    run, (pack, ship) = running(town)
    clerk = town.organization.person("standard")
    town.admin.put(f"/runs/{run['id']}/tasks/{pack['id']}", {"owners": {"users": [clerk.id]}})
    me = town.caller(clerk)

    problem = me.post(f"/tasks/{pack['id']}/problem", {"content": "The box is wet"})
    assert (problem["label"], problem["resolve_id"]) == ("problem", None)
    stopped = me.get(f"/runs/{run['id']}/tasks/{pack['id']}?with=issues")
    assert (stopped["problem"], stopped["has_issues"], stopped["is_completable"]) == (True, True, False)
    assert [each["id"] for each in stopped["issues"]["data"]] == [problem["id"]]
    seen = me.get(f"/runs/{run['id']}")
    assert (seen["status"], seen["has_open_issue"]) == ("problem", False)
    assert [each["id"] for each in town.admin.get("/runs?status=problem")["data"]] == [run["id"]]
    assert town.admin.get("/runs?status=issue")["data"] == []

    completion = f"/runs/{run['id']}/completed-tasks"
    assert me.refusal("POST", completion, {"task_id": pack["id"]})[0] == 422
    town.admin.post(completion, {"task_id": ship["id"]}, expect=200)
    me.post(f"/tasks/{pack['id']}/comment", {"content": "solved", "label": "resolve"})
    assert me.get(f"/runs/{run['id']}")["status"] == "problem"

    resolved = f"/tasks/{pack['id']}/resolved-threads"
    explanation = me.post(resolved, {"thread_id": problem["id"], "content": "Took another box"}, expect=200)
    assert (explanation["label"], explanation["content"]) == ("resolve", "Took another box")
    assert me.refusal("POST", resolved, {"thread_id": problem["id"], "content": "Again"})[0] == 422
    assert me.get(f"/runs/{run['id']}")["status"] == "active"
    me.post(completion, {"task_id": pack["id"]}, expect=200)
    assert me.get(f"/runs/{run['id']}")["status"] == "complete"

    me.post(f"/tasks/{pack['id']}/problem", {"content": "It was wet after all"})
    assert me.get(f"/runs/{run['id']}/tasks/{pack['id']}")["status"] == "in-progress"
    assert me.get(f"/runs/{run['id']}")["status"] == "problem"


def test_an_issue_locks_the_process_until_it_is_resolved(town: Town) -> None:
    run, (pack, _) = running(town)
    process, task = f"/runs/{run['id']}", f"/runs/{run['id']}/tasks/{pack['id']}"

    issue = town.admin.post(f"{process}/problem", {"content": "The customer is gone"})
    locked = town.admin.get(process)
    assert (locked["status"], locked["has_open_issue"]) == ("issue", True)
    assert [each["id"] for each in town.admin.get("/runs?status=issue")["data"]] == [run["id"]]

    for method, path, body in [
        ("PUT", task, {"title": "Unpack"}),
        ("PUT", task, {"taskdata": {}}),
        ("POST", f"{process}/completed-tasks", {"task_id": pack["id"]}),
        ("PUT", f"{task}/hide", None),
        ("PUT", process, {"name": "Other"}),
        ("DELETE", process, None),
        ("POST", f"{process}/complete-prerun", None),
    ]:
        refused = town.admin.request(method, path, body)
        assert (refused.status_code, refused.json()["code"]) == (423, "PROCESS_LOCKED"), (method, path)
    assert town.admin.get(process) == locked

    town.admin.post(f"{process}/comment", {"content": "Calling again", "label": "problem"})
    town.admin.post(f"/tasks/{pack['id']}/comment", {"content": "Waiting"})
    assert town.admin.put(process, {"starred": True})["starred"] is True
    assert len(town.admin.post(f"{process}/export", expect=200)["data"]) > 0

    resolved = f"{process}/resolved-threads"
    town.admin.post(resolved, {"thread_id": issue["id"], "content": "She is back"}, expect=200)
    free = town.admin.get(f"{process}?with=threads")
    assert (free["status"], free["has_open_issue"]) == ("active", False)
    threads = free["threads"]["data"]
    assert [each["label"] for each in threads] == ["problem", "problem", "resolve"]
    assert threads[0]["resolve_id"] == threads[2]["id"]
    assert town.admin.put(task, {"title": "Repack"})["title"] == "Repack"
