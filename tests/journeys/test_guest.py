"""A guest with a link: their tasks, answers, one completion, comments; and nothing beyond the link."""

from typing import Any

from tests.journeys.callers import Caller, Town

ANA = "ana@partner.test"


def with_a_guest(town: Town) -> tuple[dict[str, Any], str, str]:
    """A process whose first task is a guest's; the field in it; the path that her link opens."""
    template = town.organization.template(
        "Tender", steps=[{"title": "Send offer", "captures": [{"label": "Price", "required": True}]}, "Compare"]
    )
    step = template["steps"][0]
    tasks = {step["id"]: {"owners": {"users": [town.organization.admin.id], "guests": [ANA]}}}
    run = town.organization.process(template, name="Roof", tasks=tasks)
    link: str = town.admin.get(f"/guests/{ANA}")["link"]
    return run, step["captures"][0]["id"], f"/guests/{link.rpartition('/')[2]}"


def test_a_guest_answers_and_completes_once(town: Town) -> None:
    run, price, mine = with_a_guest(town)
    ana = town.stranger()

    [task] = ana.get(f"{mine}/tasks?with=run,form_fields")["data"]
    assert (task["title"], task["owners"]["guests"], task["custom_fields"]) == ("Send offer", [ANA], None)
    assert [field["label"] for field in task["form_fields"]["data"]] == ["Price"]
    path = f"{mine}/tasks/{task['id']}"

    refused = ana.post(f"{mine}/completed-tasks", {"task_id": task["id"]}, expect=422)
    assert list(refused["errors"]) == [price]
    saved = ana.put(path, {"taskdata": {price: "9000"}})
    assert (saved["taskdata"], saved["guest_email"]) == ({price: "9000"}, ANA)
    done = ana.post(f"{mine}/completed-tasks", {"task_id": task["id"]}, expect=200)
    assert (done["status"], done["completer_guest"], done["completer_id"]) == ("completed", ANA, None)
    assert ana.refusal("POST", f"{mine}/completed-tasks", {"task_id": task["id"]})[0] == 422
    assert ana.refusal("PUT", path, {"taskdata": {price: "1"}})[0] == 422

    seen = town.admin.get(f"/runs/{run['id']}/tasks/{task['id']}")
    assert (seen["taskdata"], seen["completer_guest"]) == ({price: "9000"}, ANA)
    assert town.admin.get(f"/runs/{run['id']}")["progress"]["complete"] == 1
    assert ana.get(f"{mine}/tasks")["data"] == []
    assert [each["id"] for each in ana.get(f"{mine}/tasks?status=completed")["data"]] == [task["id"]]


def test_a_guest_reads_what_is_meant_for_guests(town: Town) -> None:
    run, _, mine = with_a_guest(town)
    ana = town.stranger()
    [task] = ana.get(f"{mine}/tasks")["data"]
    comment = f"/tasks/{task['id']}/comment"
    town.admin.post(comment, {"content": "She is always too dear"})
    town.admin.post(comment, {"content": "Please by Friday", "state": "open"})

    written = ana.post(f"{mine}{comment}", {"content": "Will do", "state": "hide-for-guests"})

    assert (written["state"], written["author_type"], written["author_id"]) == ("open", "guest", None)
    threads = ana.get(f"{mine}/tasks/{task['id']}?with=threads")["threads"]["data"]
    assert [each["content"] for each in threads] == ["Please by Friday", "Will do"]
    everything = town.admin.get(f"/runs/{run['id']}/tasks/{task['id']}?with=threads")["threads"]["data"]
    assert [each["content"] for each in everything] == ["She is always too dear", "Please by Friday", "Will do"]

    town.admin.put(f"/runs/{run['id']}/tasks/{task['id']}", {"prevent_guest_comment": True})
    assert ana.refusal("POST", f"{mine}{comment}", {"content": "Hello?"})[0] == 403


def test_a_link_opens_its_guests_tasks_and_nothing_else(town: Town) -> None:
    run, _, mine = with_a_guest(town)
    ana = town.stranger()
    [task] = ana.get(f"{mine}/tasks")["data"]
    other = next(t for t in town.admin.get(f"/runs/{run['id']}/tasks")["data"] if t["id"] != task["id"])

    assert ana.refusal("GET", f"{mine}/tasks/{other['id']}")[0] == 404
    assert ana.refusal("POST", f"{mine}/completed-tasks", {"task_id": other["id"]})[0] == 404
    for path in ("/runs", f"/runs/{run['id']}", f"/tasks/{task['id']}", "/me/tasks", f"/guests/{ANA}"):
        assert ana.refusal("GET", path)[0] == 401, path
    assert unknown(ana, f"/guests/{ANA}"), "an address is no key without a member's token"
    assert unknown(ana, mine[:-1] + ("a" if mine[-1] != "a" else "b"))

    town.admin.delete(f"/guests/{ANA}/disable")
    assert unknown(ana, mine)
    town.admin.put(f"/guests/{ANA}/enable")
    assert [each["id"] for each in ana.get(f"{mine}/tasks")["data"]] == [task["id"]]


def unknown(ana: Caller, mine: str) -> bool:
    """Whether a link is answered as if it had never been given out."""
    return ana.refusal("GET", f"{mine}/tasks")[0] == ana.refusal("GET", f"{mine}/tasks/{'f' * 32}")[0] == 404
