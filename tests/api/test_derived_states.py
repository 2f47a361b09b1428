"""What clients show of tasks, processes and milestones follows from the fields of the API alone.

Spec: behaviour-work 2, 4, 9.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.api.task_runs import run_of
from tests.builders import Organization

NOON = 1_922_961_600_000  # 2030-12-08T12:00:00Z


def instant(shown: str) -> datetime:
    return datetime.fromisoformat(shown)


def later(org: Organization, **span: float) -> datetime:
    """So much later; the administrator signs in anew, as access tokens last a day."""
    now = org.server.clock.advance(**span)
    org.api.token = org.token(org.admin.id)
    return datetime.fromtimestamp(now / 1000, UTC)


def task_badge(task: Mapping[str, Any], now: datetime) -> str:
    """H1 to H6, H8 and H10, from what the task tells."""
    due = None if task["deadline"] is None or task["deadline_is_held"] else instant(task["deadline"])
    if task["problem"]:
        return "Has problem"
    if task["status"] == "completed":
        outcome = "Rejected" if task["is_approved"] is False else "Completed"
        return f"{outcome} Late" if due is not None and instant(task["completed_at"]) > due else outcome
    if task["status"] == "auto-skipped" or due is None or due > now + timedelta(hours=24):
        return "On time"
    return "Overdue" if due < now else "Due soon"


def run_badge(run: Mapping[str, Any]) -> str:
    """H17, from what the process tells."""
    match run["status"]:
        case "archived":
            return "Archived"
        case "problem" | "issue":
            return "Problem"
        case _ if run["late_tasks"]:
            return "Overdue"
        case _ if run["due_soon"]:
            return "Due soon"
        case status:
            return "Complete" if status == "complete" else "On-time"


def test_the_badge_of_a_task_follows_from_its_fields(org: Organization) -> None:
    """H4, H5, H6, H8: also where the deadline waits for another step, and where the task is hidden."""
    org.server.clock.freeze(NOON)
    later(org)
    approval = {"step_type": "approval"}
    early = ["Done", "Done late", "Broken", "Open", "Hidden", "Waiting"]
    decided = [{"title": title, **approval} for title in ("No", "No, late")]
    template = org.template(steps=[*early, *decided, "Soon", "Later"])
    steps = {step["title"]: step["id"] for step in template["steps"]}
    waits = {"value": 1, "unit": "hours", "option": "from", "step": steps["Open"]}
    path = f"/checklists/{template['id']}/steps/{steps['Waiting']}"
    org.api.data("PUT", path, {"title": "Waiting", "deadline": waits})
    late = dict.fromkeys([*early[:5], "No", "No, late"], "2030-12-10T12:00:00Z")
    wanted = {**late, "Soon": "2030-12-13T15:00:00Z", "Later": "2030-12-14T15:00:00Z"}
    given = {steps[title]: {"deadline": deadline} for title, deadline in wanted.items()}
    made = org.api.data("POST", "/runs?with=tasks", {"checklist_id": template["id"], "tasks": given})
    tasks = {task["title"]: task["id"] for task in made["tasks"]["data"]}

    def complete(title: str, **said: bool) -> None:
        org.api.post(f"/runs/{made['id']}/completed-tasks", {"task_id": tasks[title], **said}).raise_for_status()

    complete("Done")
    complete("No", is_approved=False)
    org.api.put(f"/runs/{made['id']}/tasks/{tasks['Hidden']}/hide", {}).raise_for_status()
    now = later(org, days=5)
    complete("Done late")
    complete("No, late", is_approved=False)
    org.api.data("POST", f"/tasks/{tasks['Broken']}/problem", {"content": "Leaks"})

    listed = [*org.api.data("GET", f"/runs/{made['id']}/tasks"), org.api.data("GET", f"/tasks/{tasks['Hidden']}")]
    assert {task["title"]: task_badge(task, now) for task in listed} == {
        "Done": "Completed",
        "Done late": "Completed Late",
        "No": "Rejected",
        "No, late": "Rejected Late",
        "Broken": "Has problem",
        "Open": "Overdue",
        "Waiting": "On time",
        "Hidden": "On time",
        "Soon": "Due soon",
        "Later": "On time",
    }
    [waiting] = [task for task in listed if task["title"] == "Waiting"]
    assert instant(waiting["deadline"]) < now, "it is shown, and counts for nothing"
    run = org.api.data("GET", f"/runs/{made['id']}")
    assert run["late_tasks"] == 2, "the one with a problem is late as well"
    complete("Open")
    assert org.api.data("GET", f"/tasks/{waiting['id']}")["deadline_is_held"] is False


def test_h17_the_badge_of_a_process_follows_from_its_fields(org: Organization) -> None:
    """Archived before a problem, that before lateness, that before what is due soon."""
    org.server.clock.freeze(NOON)
    later(org)
    template = org.template(steps=["First", "Second"])
    first, second = (step["id"] for step in template["steps"])
    dates = {first: {"deadline": "2030-12-10T12:00:00Z"}, second: {"deadline": "2030-12-11T12:00:00Z"}}
    made = org.api.data("POST", "/runs?with=tasks", {"checklist_id": template["id"], "tasks": dates})
    path, tasks = f"/runs/{made['id']}", [task["id"] for task in made["tasks"]["data"]]

    def badge() -> str:
        alone = run_badge(org.api.data("GET", path))
        assert [run_badge(run) for run in org.api.data("GET", "/runs?archived=true")] == [alone]
        return alone

    assert badge() == "On-time"
    later(org, days=1, hours=1)
    assert badge() == "Due soon"
    later(org, days=1)
    assert badge() == "Overdue", "though the other one is due soon"
    problem = org.api.data("POST", f"/tasks/{tasks[0]}/problem", {"content": "Leaks"})["id"]
    assert badge() == "Problem"
    org.api.delete(path).raise_for_status()
    assert badge() == "Archived"
    org.api.put(f"{path}/activate").raise_for_status()
    assert badge() == "Problem"
    org.api.post(f"/tasks/{tasks[0]}/resolved-threads", {"thread_id": problem, "content": "Dry"}).raise_for_status()
    for task in tasks:
        org.api.post(f"{path}/completed-tasks", {"task_id": task}).raise_for_status()
    assert badge() == "Complete"


def test_s4_the_state_of_a_milestone_follows_from_its_counts(org: Organization) -> None:
    """S3b: what is in none says so, and comes after them."""
    template = org.template(steps=["Call", "Visit", "Check", "Sign"])
    steps = [step["id"] for step in template["steps"]]
    for name, members in (("Talk", steps[:2]), ("Test", steps[2:3])):
        stage = org.api.data("POST", f"/checklists/{template['id']}/stages", {"name": name})["id"]
        body = {"steps": members}
        org.api.data("PUT", f"/checklists/{template['id']}/stages/{stage}", body, status=200)
    run = org.process(template)["id"]
    tasks = {task["title"]: task["id"] for task in org.api.data("GET", f"/runs/{run}/tasks")}

    def states() -> dict[str, str]:
        shown = org.api.data("GET", f"/runs/{run}?with=stages,tasks")
        stages = [stage for stage in shown["stages"]["data"] if stage["task_count"]]
        found = {stage["name"]: "done" if stage["completed_count"] == stage["task_count"] else "" for stage in stages}
        current = next((name for name, state in found.items() if not state), None)
        known = {stage["id"] for stage in shown["stages"]["data"]}
        assert [task["title"] for task in shown["tasks"]["data"] if task["stage_id"] not in known] == ["Sign"]
        assert all(task["stage_id"] is None for task in shown["tasks"]["data"] if task["title"] == "Sign")
        return {**found, **({current: "current"} if current else {})}

    def complete(title: str) -> None:
        org.api.post(f"/runs/{run}/completed-tasks", {"task_id": tasks[title]}).raise_for_status()

    assert states() == {"Talk": "current", "Test": ""}
    complete("Check")
    assert states() == {"Talk": "current", "Test": "done"}
    complete("Call")
    org.api.put(f"/runs/{run}/tasks/{tasks['Visit']}/hide", {}).raise_for_status()
    assert states() == {"Talk": "done", "Test": "done"}
    org.api.put(f"/runs/{run}/tasks/{tasks['Visit']}/show", {}).raise_for_status()
    org.api.delete(f"/runs/{run}/completed-tasks/{tasks['Check']}").raise_for_status()
    org.api.put(f"/runs/{run}/tasks/{tasks['Check']}/hide", {}).raise_for_status()
    assert states() == {"Talk": "current"}


def test_b5_every_value_of_a_process_in_one_answer(org: Organization) -> None:
    """Of the kick-off form and of every task, answered or not, by the field's name, for any member who sees it."""
    fields = [{"label": "Colour"}, {"label": "Size"}]
    steps = [{"title": "Cut", "captures": fields}, {"title": "Sew", "captures": [{"label": "Thread"}]}]
    template = org.template(steps=steps, kickoff=[{"label": "Customer"}, {"label": "Note"}])
    viewer = org.person()
    org.allow(template, "PROCESS_READ", viewer.id)
    kickoff = {field["label"]: field["id"] for field in template["prerun"]}
    run = org.process(template, prerun={kickoff["Customer"]: "Brightwater"})["id"]
    cut, sew = org.api.data("GET", f"/runs/{run}/tasks?with=form_fields")
    ids = {each["label"]: each["id"] for task in (cut, sew) for each in task["form_fields"]["data"]}
    org.api.data("PUT", f"/runs/{run}/tasks/{cut['id']}", {"taskdata": {ids["Size"]: "XL"}})
    org.api.data("PUT", f"/runs/{run}/tasks/{sew['id']}", {"taskdata": {ids["Thread"]: "silk"}})

    shown = viewer.api.data("GET", f"/runs/{run}?with=form_fields,ko_form_fields&form_fields_values=true")

    of_tasks = {(each["task_id"], each["label"]): each["field_value"] for each in shown["form_fields"]["data"]}
    assert of_tasks == {
        (cut["id"], "Colour"): None, (cut["id"], "Size"): "XL", (sew["id"], "Thread"): "silk"
    }  # fmt: skip
    labels = {each["id"]: each["label"] for each in shown["ko_form_fields"]["data"]}
    assert {labels[field]: value for field, value in shown["prerun"].items()} == {"Customer": "Brightwater"}
    assert sorted(labels.values()) == ["Customer", "Note"]


def test_z2_the_notes_of_a_process_are_there_with_every_task(org: Organization) -> None:
    """For whoever sees the task: assignees who do not see the process, guests; as they are now."""
    assignee, guest = org.person("light"), org.guest()["email"]
    template = org.template(steps=[{"title": "Call", "assignees": [assignee.id], "guests": [guest]}, "Other"])
    run = org.process(template, summary="<p>Ring twice</p>")["id"]
    task = next(each["id"] for each in org.api.data("GET", f"/runs/{run}/tasks") if each["title"] == "Call")

    def notes() -> list[str]:
        asked = [
            each.get(f"/tasks/{task}?with=run").json()["data"]["run"]["data"]["summary"]
            for each in (org.api, assignee.api, org.guest_api(guest))
        ]
        listed = assignee.api.data("GET", "/me/tasks?with=run")
        return [*asked, *(each["run"]["data"]["summary"] for each in listed)]

    assert notes() == ["<p>Ring twice</p>"] * 4
    org.api.data("PUT", f"/runs/{run}", {"summary": "<p>Ring once</p>"})
    assert notes() == ["<p>Ring once</p>"] * 4


def test_t_5_8_rules_that_make_a_template_sequential_show_one_task_after_the_other(org: Organization) -> None:
    """O3: every step but the first begins hidden and cannot be completed, and order blocks nothing that is visible."""
    titles = ["One", "Two", "Three"]
    template = org.template(steps=titles)
    steps = [step["id"] for step in template["steps"]]
    for before, after in pairwise(steps):
        when = {"conditionable_type": "Step", "conditionable_id": before, "operation": "completed"}
        show = {"action_type": "visibility", "action_verb": "show", "target_step_id": after}
        rule = {"automated_alias": after[:8], "conditions": [{**when, "statement": None, "logic": "and"}]}
        org.api.data("POST", f"/checklists/{template['id']}/automated-actions", {**rule, "then_actions": [show]})
    run = org.process(template)["id"]
    listed = org.api.data("GET", f"/runs/{run}/tasks?status=all")
    tasks = {task["title"]: task["id"] for task in listed}

    def visible() -> list[str]:
        return [task["title"] for task in org.api.data("GET", f"/runs/{run}?with=tasks")["tasks"]["data"]]

    def complete(title: str) -> int:
        return org.api.post(f"/runs/{run}/completed-tasks", {"task_id": tasks[title]}).status_code

    assert sorted(tasks) == sorted(titles)
    for number, title in enumerate(titles, start=1):
        assert visible() == titles[:number]
        assert {complete(later) for later in titles[number:]} <= {422}
        assert complete(title) in (200, 201)
    assert org.api.data("GET", f"/runs/{run}")["status"] == "complete"
    org.api.delete(f"/runs/{run}/completed-tasks/{tasks['One']}").raise_for_status()
    org.api.delete(f"/runs/{run}/completed-tasks/{tasks['Two']}").raise_for_status()
    assert visible() == titles
    assert complete("Two") in (200, 201), "a visible task is never blocked by order"


def test_t_11_32_a_variable_of_a_deleted_field_stays_as_it_was_written(org: Organization) -> None:
    """In titles and descriptions, of the next process; one launched before keeps its answer."""
    template = org.template(steps=["Call"], kickoff=[{"label": "Customer"}])
    [field] = template["prerun"]
    mark = "{{" + field["alias"] + "}}"
    step, path = template["steps"][0]["id"], f"/checklists/{template['id']}"
    org.api.data("PUT", f"{path}/steps/{step}", {"title": f"Call {mark}", "summary": f"<p>Ask {mark}</p>"})
    answers = {field["id"]: "Brightwater"}

    def texts(run: str) -> tuple[str, str]:
        [task] = org.api.data("GET", f"/runs/{run}/tasks?with=summary")
        return task["title"], task["summary"]

    former = org.process(template, prerun=answers)["id"]
    assert texts(former) == ("Call Brightwater", "<p>Ask Brightwater</p>")
    org.api.delete(f"{path}/preruns/{field['id']}").raise_for_status()

    assert texts(org.process(template)["id"]) == (f"Call {mark}", f"<p>Ask {mark}</p>")
    assert texts(former) == ("Call Brightwater", "<p>Ask Brightwater</p>")


@pytest.mark.parametrize("where", ["process", "hidden task"])
def test_a_process_is_completed_once_whatever_is_reported_then(org: Organization, where: str) -> None:
    """Spec: behaviour-work P4, P8, P9."""
    org.server.clock.freeze()
    started = run_of(org, "Call", "Sign")
    org.api.put(f"{started.path('Sign')}/hide", {}).raise_for_status()
    started.complete("Call").raise_for_status()
    completed_at = started.now()["completed_at"]
    path, status = f"/runs/{started.id}", "issue"
    if where == "hidden task":
        path, status = f"/tasks/{started.task_id('Sign')}", "problem"

    for _ in range(2):
        org.server.clock.advance(seconds=60)
        reported = org.api.data("POST", f"{path}/problem", {"content": "The key is missing"})["id"]
        assert (started.now()["status"], started.now()["completed_at"]) == (status, completed_at)
        assert org.differences() == []
        org.api.data("POST", f"{path}/resolved-threads", {"thread_id": reported, "content": "Found it"})
        assert (started.now()["status"], started.now()["completed_at"]) == ("complete", completed_at)

    feed = org.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={started.id}&per_page=100")
    told = [each["verb"] for each in feed if each["type"] == ["Process"]]
    assert (told.count(["completed"]), told.count(["re-opened"])) == (1, 0)
