"""A clerk with forty tasks: what is due first, answers, completing, and the counts that go down."""

from datetime import UTC, datetime, timedelta

from tests.builders import Person
from tests.journeys.callers import Caller, Town

PROCESSES = 20
OVERDUE, DUE_SOON = 5, 3


def forty_tasks(town: Town, clerk: Person) -> str:
    """Twenty processes of two tasks each for the clerk, five of them late and three due within the hour; the field."""
    template = town.organization.template(
        "Invoice",
        steps=[
            {"title": "Check", "captures": [{"label": "Amount", "required": True}], "assignees": [clerk.id]},
            {"title": "File", "assignees": [clerk.id]},
        ],
    )
    check = template["steps"][0]
    now = datetime.now(UTC)
    for number in range(PROCESSES):
        if number < OVERDUE:
            deadline = now - timedelta(days=number + 1)
        elif number < OVERDUE + DUE_SOON:
            deadline = now + timedelta(minutes=60 + number)
        else:
            deadline = now + timedelta(days=number)
        tasks = {check["id"]: {"deadline": deadline.strftime("%Y-%m-%dT%H:%M:%SZ")}}
        town.organization.process(template, name=f"Invoice {number}", tasks=tasks)
    return check["captures"][0]["id"]


def counts(me: Caller) -> tuple[int, int, int]:
    """Open tasks, late ones, those due soon: as the head of the list says it."""
    meta = me.get("/me/tasks")["meta"]
    return meta["pagination"]["total"], meta["overdue_tasks"], meta["tasks_due_soon"]


def test_a_clerk_works_off_what_is_late(town: Town) -> None:
    clerk = town.organization.person("standard")
    amount = forty_tasks(town, clerk)
    me = town.caller(clerk)

    assert counts(me) == (40, OVERDUE, DUE_SOON)
    tasks = all_pages(me, "/me/tasks?per_page=15")
    assert len({task["id"] for task in tasks}) == 40
    deadlines = [task["deadline"] for task in tasks]
    assert deadlines == sorted(deadlines)
    late = me.get("/me/tasks?status=overdue&with=run")["data"]
    assert [task["run"]["data"]["name"] for task in late] == [f"Invoice {number}" for number in (4, 3, 2, 1, 0)]
    assert [task["id"] for task in late] == [task["id"] for task in tasks[:OVERDUE]]
    assert me.get("/runs?status=delayed")["meta"]["pagination"]["total"] == OVERDUE

    for done, task in enumerate(late, start=1):
        run = task["run"]["data"]["id"]
        if done == 1:
            refused = me.post(f"/runs/{run}/completed-tasks", {"task_id": task["id"]}, expect=422)
            assert list(refused["errors"]) == [amount]
        saved = me.put(f"/runs/{run}/tasks/{task['id']}", {"taskdata": {amount: f"{done}00 EUR"}})
        assert (saved["taskdata"], saved["status"]) == ({amount: f"{done}00 EUR"}, "in-progress")
        finished = me.post(f"/runs/{run}/completed-tasks", {"task_id": task["id"]}, expect=200)
        assert (finished["status"], finished["completer_id"]) == ("completed", clerk.id)
        assert counts(me) == (40 - done, OVERDUE - done, DUE_SOON)
        process = me.get(f"/runs/{run}")
        assert (process["late_tasks"], process["progress"]) == (0, {"complete": 1, "total": 2, "percent": 50})

    assert me.refusal("POST", f"/runs/{late[0]['run_id']}/completed-tasks", {"task_id": late[0]["id"]})[0] == 422
    assert me.get("/me/tasks?status=overdue")["data"] == []
    assert me.get("/runs?status=delayed")["data"] == []
    newest = me.get("/me/tasks?status=completed&sort=completed_newest")
    assert {task["id"] for task in newest["data"]} == {task["id"] for task in late}


def test_a_clerk_finishes_a_process_and_takes_a_step_back(town: Town) -> None:
    clerk = town.organization.person("standard")
    amount = forty_tasks(town, clerk)
    me = town.caller(clerk)
    [run] = me.get("/runs?q=invoice 19")["data"]
    check, file = me.get(f"/runs/{run['id']}/tasks")["data"]

    me.post(f"/tasks/{check['id']}/captures", {"id": amount, "value": "12 EUR"}, expect=200)
    for task in (check, file):
        me.post(f"/runs/{run['id']}/completed-tasks", {"task_id": task["id"]}, expect=200)
    finished = me.get(f"/runs/{run['id']}")
    assert (finished["status"], finished["progress"]["percent"]) == ("complete", 100)
    assert finished["completed_at"] is not None
    assert run["id"] in {each["id"] for each in me.get("/runs?status=complete")["data"]}
    assert counts(me) == (38, OVERDUE, DUE_SOON)

    reopened = me.delete(f"/runs/{run['id']}/completed-tasks/{file['id']}")
    assert (reopened["status"], reopened["completed_at"], reopened["completer_id"]) == ("in-progress", None, None)
    again = me.get(f"/runs/{run['id']}?with=next_task")
    assert (again["status"], again["completed_at"]) == ("active", None)
    assert [task["title"] for task in again["next_task"]["data"]] == ["File"]
    assert me.get(f"/runs/{run['id']}/tasks/{check['id']}")["taskdata"] == {amount: "12 EUR"}


def all_pages(me: Caller, path: str) -> list[dict[str, str]]:
    """Every row, following the links."""
    rows: list[dict[str, str]] = []
    page = me.get(path)
    while True:
        rows += page["data"]
        link = page["meta"]["pagination"]["links"].get("next")
        if link is None:
            return rows
        page = me.get(link.removeprefix(f"{me.base}/organizations/{me.organization_id}"))
