"""Steps of another template that join a running process. Spec: behaviour-launching 10, L-10.13 to L-10.15.

Order, progress, dates and rules of injected tasks: tests/scenarios/automations.
"""

from typing import Any

import pytest

from procession.worker.timers import fire_due
from tests.api.task_runs import NOW, Run
from tests.builders import Organization
from tests.contents import contents

DAY = 24 * 3600 * 1000
CHOICE = {"field_type": "radio", "options": [{"id": 1, "text": "Oak"}, {"id": 2, "text": "Pine"}]}


def injecting(org: Organization, target: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """A template of two steps with a form each; completing "Build" adds the tasks of the other template."""
    template = org.template("House", steps=[{"title": "Build", "captures": [{"label": "Size"}]}, "Close"], **settings)
    set_follow_up(org, template, target)
    return template


def set_follow_up(org: Organization, template: dict[str, Any], target: dict[str, Any], step: int = 0) -> None:
    follow_up = {"id": target["id"], "tasks_within_process": True}
    path = f"/checklists/{template['id']}/steps/{template['steps'][step]['id']}"
    org.api.data("PUT", path, {"title": template["steps"][step]["title"], "bp_to_launch": follow_up})


def rooms(org: Organization, **settings: Any) -> dict[str, Any]:
    return org.template("Rooms", steps=[{"title": "X", "captures": [{"label": "Wood", **CHOICE}]}, "Y"], **settings)


@pytest.fixture
def run(org: Organization) -> Run:
    return Run(org, injecting(org, rooms(org)))


def test_they_are_made_as_a_launch_would_make_them(org: Organization) -> None:
    """L-10.13: of the version that a launch takes; people, tags, switches and forms come from their steps."""
    org.server.clock.freeze(NOW)
    ann, tag = org.person(), org.tag("wood")
    guest = org.guest()["email"]
    title = org.api.data("POST", "/roles", {"name": "Carpenter"})
    step = {
        "title": "X", "step_type": "approval", "assignees": [ann.id], "guests": [guest], "roles": [title["id"]],
        "everyone_must_complete": True, "approvals_needed": 2, "max_assignable": 3, "prevent_guest_comment": True,
        "top_secret": True, "tags": [tag["id"]], "summary": "Mind the {{wood}}", "captures": [{"label": "Wood", **CHOICE}],
    }  # fmt: skip
    target = org.template("Rooms", steps=[step, {"title": "Y"}])
    run = Run(org, injecting(org, target))
    steps = f"/checklists/{target['id']}/steps/{target['steps'][1]['id']}"
    org.api.data("PUT", steps, {"title": "Y then"})
    launched = Run(org, target).tasks("&with=step,form_fields,tags,roles,summary")

    run.complete("Build").raise_for_status()

    org.api.data("PUT", steps, {"title": "Y later"})
    found = run.tasks("&with=step,form_fields,tags,roles,summary")
    own = {"id", "increment_id", "run_id", "checklist_id", "position"}
    for name, task in launched.items():
        for form in (task["form_fields"]["data"], found[name]["form_fields"]["data"]):
            for field in form:
                field.pop("task_id")
        for links in (task["tags"]["data"], found[name]["tags"]["data"]):
            for link in links:
                link.pop("id")
        assert {**found[name], **{key: task[key] for key in own}} == task
    assert found["X"]["checklist_id"] == run.template["id"]
    assert found["X"]["step"]["data"]["checklist_id"] == target["id"]
    assert org.differences() == []


def test_their_forms_are_answered_found_and_exported(org: Organization, run: Run) -> None:
    """L-10.14: by members and guests, by the id of a field, in the process and in its export."""
    run.complete("Build").raise_for_status()
    guest = org.guest()["email"]
    run.change("X", owners={"guests": [guest]}).raise_for_status()
    [field] = run.tasks("&with=form_fields")["X"]["form_fields"]["data"]

    answered = org.api.put("/form-field/value", {"id": field["id"], "form_value": "Oak"})
    assert answered.status_code == 200, answered.text
    assert run.tasks()["X"]["taskdata"] == {field["id"]: "Oak"}
    wrong = run.change("X", taskdata={field["id"]: "Elm"})
    assert wrong.status_code == 422
    theirs = org.guest_api(guest)
    theirs.put(f"/tasks/{run.task_id('X')}", {"taskdata": {field["id"]: "Pine"}}).raise_for_status()
    theirs.post("/completed-tasks", {"task_id": run.task_id("X")}).raise_for_status()

    fields = org.api.data("GET", f"/runs/{run.id}?with=form_fields")["form_fields"]["data"]
    assert [(each["label"], each["task_id"]) for each in fields] == [
        ("Size", run.task_id("Build")),
        ("Wood", run.task_id("X")),
    ]
    rows = org.api.data("POST", f"/runs/{run.id}/export", status=200)
    answers = [(row["question_in_form_field"], row["answer_in_form_field"]) for row in rows]
    assert ("Wood", "Pine") in answers
    listed = org.api.data("GET", "/tasks?with=form_fields")
    assert [each["form_fields"]["data"] for each in listed if each["title"] == "Y"] == [[]]


def test_a_guest_brings_them_for_whoever_launched(org: Organization) -> None:
    """L-10.13, L-10.2: also when the change of a task completes it."""
    run = Run(org, injecting(org, rooms(org)))
    guest, leaving = org.guest()["email"], org.person()
    run.change("Build", owners={"guests": [guest]}).raise_for_status()
    org.guest_api(guest).post("/completed-tasks", {"task_id": run.task_id("Build")}).raise_for_status()
    assert run.tasks()["Y"]["owners"]["users"] == [org.admin.id]

    template = org.template("Both", steps=[{"title": "Build", "everyone_must_complete": True}])
    set_follow_up(org, template, rooms(org))
    both = Run(org, template)
    both.assign("Build", org.admin, leaving)
    both.complete("Build").raise_for_status()
    assert list(both.tasks()) == ["Build"]
    both.assign("Build", org.admin)
    assert [(name, task["status"]) for name, task in both.tasks().items()] == [
        ("Build", "completed"),
        ("X", "not-started"),
        ("Y", "not-started"),
    ]


def test_no_variables_go_across(org: Organization) -> None:
    """T-12.16: nor those of the injected template's kick-off form, which does not exist here."""
    text = "{{size}} {{wood}} {{who}} {{where}}"
    form = [{"label": "Size", "alias": "size"}]
    target = org.template(
        "Rooms",
        kickoff=[{"label": "Where"}],
        steps=[{"title": "X", "captures": [{"label": "Wood"}]}, {"title": "Y", "summary": text}],
    )
    template = org.template(
        "House", kickoff=[{"label": "Who"}], steps=[{"title": "Build", "captures": form}, {"title": "Close"}]
    )
    aliases = {field["label"].lower(): field["alias"] for field in (*target["prerun"], *template["prerun"])}
    aliases["wood"] = target["steps"][0]["captures"][0]["alias"]
    aliases["size"] = template["steps"][0]["captures"][0]["alias"]
    quoting = " ".join(f"{name}={{{{{alias}}}}}" for name, alias in sorted(aliases.items()))
    for each, step in ((template, 1), (target, 1)):
        title = each["steps"][step]["title"]
        path = f"/checklists/{each['id']}/steps/{each['steps'][step]['id']}"
        org.api.data("PUT", path, {"title": title, "summary": quoting})
    set_follow_up(org, template, target)
    run = Run(org, template, prerun={template["prerun"][0]["id"]: "Ann"})
    run.change("Build", taskdata={template["steps"][0]["captures"][0]["id"]: "Big"}).raise_for_status()
    run.complete("Build").raise_for_status()
    run.change("X", taskdata={target["steps"][0]["captures"][0]["id"]: "Oak"}).raise_for_status()

    shown = {name: task["summary"] for name, task in run.tasks("&with=summary").items()}

    raw = {name: f"{{{{{alias}}}}}" for name, alias in aliases.items()}
    assert shown["Close"] == f"size=Big where={raw['where']} who=Ann wood={raw['wood']}"
    assert shown["Y"] == f"size={raw['size']} where= who={raw['who']} wood=Oak"


def test_what_a_person_sees_of_them_is_told(org: Organization, run: Run) -> None:
    """L-10.15: copies that follow, entity tags, the activity and the explanation of a task."""
    before = org.api.get(f"/runs/{run.id}")
    run.complete("Build").raise_for_status()

    refused = org.api.request(
        "PUT", f"/runs/{run.id}", json={"name": "n"}, headers={"If-Match": before.headers["ETag"]}
    )
    assert refused.status_code == 412
    told = org.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={run.id}")
    assert any('followed by the tasks of another template: "Rooms".' in each["description"][0] for each in told)
    explained = org.api.data("GET", f"/runs/{run.id}/tasks/{run.task_id('X')}/explain")
    last = explained["history"][-1]
    assert (last["event"], last["because"][0]["event"]) == ("task.injected", "task.completed")
    assert [each["event"] for each in explained["history"]] == ["task.injected"], "the launch was before its time"


def test_t_2_3_the_name_of_their_template_is_told_to_those_who_know_of_it(org: Organization) -> None:
    """In the activity, in explanations and in the comment. Spec: L-10.8, behaviour-templates T-2.3, behaviour-people Q5."""
    member, target = org.person(), rooms(org)
    run = Run(org, injecting(org, target), users=[member.id])
    run.complete("Build").raise_for_status()

    def told() -> list[str]:
        feed = member.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={run.id}&verb=linked")
        explained = member.api.data("GET", f"/runs/{run.id}/tasks/{run.task_id('Build')}/explain")
        [said] = member.api.data("GET", f"/runs/{run.id}/tasks/{run.task_id('Build')}?with=threads")["threads"]["data"]
        return [feed[0]["description"][0], str(explained["history"][-1]["details"].get("called")), said["content"]]

    added = "Completing this task added 2 tasks of"
    row = 'Task "Build" was followed by the tasks of another template'
    assert told() == [f"{row}.", "None", f"{added} another template."]
    org.allow(target, "DUPLICATE", member.id)
    assert told() == [f'{row}: "Rooms".', "Rooms", f"{added} the template Rooms ({target['id']})."]


def test_undo_takes_them_away_until_somebody_commented(org: Organization) -> None:
    """L-10.14: nothing is left of them, for copies either."""
    run = Run(org, injecting(org, rooms(org)))
    run.complete("Build").raise_for_status()
    injected = {run.task_id("X"), run.task_id("Y")}
    org.api.post(f"/tasks/{run.task_id('Build')}/undo").raise_for_status()
    assert list(run.tasks()) == ["Build", "Close"]
    assert org.differences() == []
    run.complete("Build").raise_for_status()
    assert injected.isdisjoint({run.task_id("X"), run.task_id("Y")})

    org.api.post(f"/tasks/{run.task_id('X')}/comment", {"content": "hm"}).raise_for_status()
    refused = org.api.post(f"/tasks/{run.task_id('Build')}/undo")

    assert refused.status_code == 422 and refused.json()["code"] == "CANNOT_UNDO"
    assert "X" in run.tasks()


def test_versions_stay_as_long_as_their_tasks(org: Organization) -> None:
    """L-10.14: when their template is erased, and while the process lies in the bin."""
    target = rooms(org)
    run = Run(org, injecting(org, target))
    run.complete("Build").raise_for_status()
    before = run.tasks("&with=form_fields,step")
    org.api.delete(f"/checklists/{target['id']}").raise_for_status()
    org.api.delete(f"/checklists/{target['id']}/delete").raise_for_status()
    org.api.delete(f"/runs/{run.id}").raise_for_status()
    org.api.delete(f"/runs/{run.id}/delete").raise_for_status()
    for item in org.api.data("GET", "/bin?type=checklist"):
        org.api.delete(f"/bin/{item['id']}").raise_for_status()
    [item] = org.api.data("GET", "/bin?type=run")

    org.api.post(f"/bin/{item['id']}/restore").raise_for_status()
    org.api.put(f"/runs/{run.id}/activate").raise_for_status()

    after = run.tasks("&with=form_fields,step")
    assert {name: (task["form_fields"], task["step"]) for name, task in after.items()} == {
        name: (task["form_fields"], task["step"]) for name, task in before.items()
    }
    assert org.differences() == []

    def versions() -> set[str]:
        return {row[1] for row in contents(org.server, org.number)["template_version"]}

    org.api.delete(f"/runs/{run.id}").raise_for_status()
    org.api.delete(f"/runs/{run.id}/delete").raise_for_status()
    assert target["id"] in versions()
    [item] = org.api.data("GET", "/bin?type=run")
    org.api.delete(f"/bin/{item['id']}").raise_for_status()
    assert target["id"] not in versions()


@pytest.mark.does_what_is_due
def test_their_rules_have_a_clock(org: Organization) -> None:
    """A-2.43 of injected rules; undone, their timer goes, too."""
    org.server.clock.freeze(NOW)
    target = rooms(org)
    first, second = (step["id"] for step in target["steps"])
    late = {
        "conditionable_id": first,
        "conditionable_type": "Step",
        "operation": "overdue",
        "statement": None,
        "logic": "and",
    }
    rule = {
        "automated_alias": "Late", "conditions": [late],
        "then_actions": [{"action_type": "visibility", "action_verb": "show", "target_step_id": second}],
    }  # fmt: skip
    org.api.data("POST", f"/checklists/{target['id']}/automated-actions", rule)
    run = Run(org, injecting(org, target))
    run.complete("Build").raise_for_status()
    org.api.post(f"/tasks/{run.task_id('Build')}/undo").raise_for_status()
    assert org.differences() == []
    run.complete("Build").raise_for_status()
    assert (run.tasks()["Y"]["status"], org.differences()) == ("auto-skipped", [])

    org.server.clock.freeze(NOW + 8 * DAY)
    org.admin.api.token = org.token(org.admin.id)
    edge = org.server.edge
    org.server.run(fire_due(edge.database, edge.clock, edge.means, edge.files))

    assert run.tasks()["Y"]["status"] == "not-started"
    assert org.differences() == []


@pytest.mark.does_what_is_due
def test_a_move_to_a_newer_version_leaves_them(org: Organization, run: Run) -> None:
    """L-10.14"""
    run.complete("Build").raise_for_status()
    before = run.tasks("&with=form_fields")
    path = f"/checklists/{run.template['id']}"
    org.api.data("POST", f"{path}/steps", {"title": "More"})
    org.api.post(f"{path}/version-moves", {"runs": [run.id]}).raise_for_status()
    edge = org.server.edge
    org.server.run(fire_due(edge.database, edge.clock, edge.means, edge.files))

    after = run.tasks("&with=form_fields")

    assert list(after) == ["Build", "X", "Y", "Close", "More"]
    assert [after[each]["form_fields"] for each in "XY"] == [before[each]["form_fields"] for each in "XY"]
    assert org.differences() == []


def test_a_rehearsal_tells_what_would_follow_and_writes_nothing(org: Organization) -> None:
    """L-10.13, api-templates 8.6: processes launched, tasks injected, and why not; not what one may not read."""
    target, other = rooms(org), org.template("Garden", steps=["Dig"])
    template = injecting(org, target)
    separate = {"id": other["id"], "tasks_within_process": False}
    close, build = template["steps"][1], template["steps"][0]
    org.api.data(
        "PUT", f"/checklists/{template['id']}/steps/{close['id']}", {"title": "Close", "bp_to_launch": separate}
    )
    events = [{"event": "complete", "step_id": each} for each in (build["id"], target["steps"][0]["id"], close["id"])]
    before = contents(org.server, org.number)

    def rehearsed(api: Any) -> Any:
        return api.post(f"/checklists/{template['id']}/simulate", {"events": events}).json()

    launch, built, first, closed = rehearsed(org.api)["data"]["moments"]

    assert (launch["progress"]["total"], built["progress"]["total"]) == (2, 4)
    assert [task["title"] for task in built["tasks"]] == ["Build", "X", "Y", "Close"]
    assert [task["status"] for task in first["tasks"]] == ["completed", "completed", "not-started", "not-started"]
    told = [each["follow_ups"] for each in (launch, built, first, closed)]
    done = {"outcome": "done", "reason": None}
    assert told == [
        [],
        [{"step_id": build["id"], "checklist_id": target["id"], "tasks_within_process": True, **done}],
        [],
        [{"step_id": close["id"], "checklist_id": other["id"], "tasks_within_process": False, **done}],
    ]
    assert contents(org.server, org.number) == before

    reader = org.person()
    org.allow(template, "READ", reader.id)
    assert rehearsed(reader.api)["errors"] == {
        "events.1.step_id": ["There is no such step in this template, nor in one that its steps add."]
    }
    del events[1]
    [follow_up] = rehearsed(reader.api)["data"]["moments"][1]["follow_ups"]
    assert (follow_up["outcome"], "may not read" in follow_up["reason"]) == ("refused", True)
