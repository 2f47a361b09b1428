"""What whoever launches may change of single steps, for this process only. Spec: behaviour-launching 7.1."""

from collections.abc import Mapping
from typing import Any

from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization
from tests.harness import Api

EARLY = "2031-02-06T16:00:00.000Z"
OPTIONAL = {"skip_start_process": True}


def steps_of(template: Mapping[str, Any]) -> dict[str, str]:
    return {step["title"]: step["id"] for step in template["steps"]}


def launched(api: Api, template: Mapping[str, Any], tasks: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The tasks of a new process, by their titles."""
    body = {"checklist_id": template["id"], **({} if tasks is None else {"tasks": tasks})}
    made = api.data("POST", "/runs?with=tasks", body)
    return {task["title"]: task for task in made["tasks"]["data"]}


def test_l_7_2_the_launcher_changes_and_leaves_out_steps_of_this_process_only(org: Organization) -> None:
    """With nothing but LAUNCH, as a light member; what counts from a step that was left out has a deadline yet."""
    launcher, other = org.person("light"), org.person()
    template = org.template(steps=["Plan", {"title": "Tour", **OPTIONAL}, "Pay"])
    steps = steps_of(template)
    due = {"value": 2, "unit": "days", "option": "from", "step": steps["Tour"]}
    org.api.data("PUT", f"/checklists/{template['id']}/steps/{steps['Pay']}", {"title": "Pay", "deadline": due})
    org.allow(template, "LAUNCH", launcher.id)
    org.allow(template, "PROCESS_READ", launcher.id)
    before = org.api.data("GET", f"/checklists/{template['id']}/steps")
    given = {steps["Plan"]: {"owners": {"users": [other.id]}, "deadline": EARLY}, steps["Tour"]: {"skip": True}}

    tasks = launched(launcher.api, template, given)

    assert list(tasks) == ["Plan", "Pay"]
    assert (tasks["Plan"]["owners"]["users"], tasks["Plan"]["deadline"]) == ([other.id], EARLY)
    assert tasks["Pay"]["owners"]["users"] == [launcher.id]
    assert tasks["Pay"]["deadline"] is not None
    assert org.api.data("GET", f"/checklists/{template['id']}/steps") == before
    again = launched(launcher.api, template)
    assert list(again) == ["Plan", "Tour", "Pay"]
    assert again["Plan"]["owners"]["users"] == [launcher.id]


def test_t_8_9_only_what_may_be_left_out_is(org: Organization) -> None:
    """Any other step is mandatory, as steps are when nothing is said. Spec: DEC-49."""
    template = org.template(steps=["Plan", {"title": "Tour", **OPTIONAL}])
    steps = steps_of(template)
    assert [step["skip_start_process"] for step in template["steps"]] == [False, True]

    with unchanged(org):
        for wrong in (True, "1"):
            tasks = {each: {"skip": wrong} for each in steps.values()}
            refused = org.api.post("/runs", {"checklist_id": template["id"], "tasks": tasks})
            assert_refused(refused, 422)
            told = {steps["Plan"]: ["The step Plan is mandatory, it cannot be left out."]}
            assert refused.json()["errors"] == {"tasks": [told]}
        vague = org.api.post("/runs", {"checklist_id": template["id"], "tasks": {steps["Tour"]: {"skip": "perhaps"}}})
        assert vague.json()["errors"] == {"tasks": [{steps["Tour"]: ["The skip: write true or false."]}]}

    assert list(launched(org.api, template, {steps["Plan"]: {"skip": False}})) == ["Plan", "Tour"]


def test_rules_about_a_step_that_was_left_out_leave_it_alone(org: Organization) -> None:
    """L-7.3, A-4.9: nothing of the rule breaks, its other actions happen."""
    template = org.template(steps=["Plan", {"title": "Tour", **OPTIONAL}, "Pay"])
    steps, member = steps_of(template), org.person()
    path = f"/checklists/{template['id']}/automated-actions"
    when = {"conditionable_type": "Step", "conditionable_id": steps["Plan"], "operation": "completed", "statement": None,
            "logic": "and"}  # fmt: skip
    actions = [
        {"action_type": "assignment", "action_verb": "assign", "target_step_id": steps[title],
         "assignees": {"users": [member.id], "guests": [], "groups": []}}
        for title in ("Tour", "Pay")
    ]  # fmt: skip
    org.api.data("POST", path, {"automated_alias": "Help", "conditions": [when], "then_actions": actions})

    tasks = launched(org.api, template, {steps["Tour"]: {"skip": True}})
    run = tasks["Plan"]["run_id"]
    org.api.post(f"/runs/{run}/completed-tasks", {"task_id": tasks["Plan"]["id"]}).raise_for_status()

    after = {task["title"]: task for task in org.api.data("GET", f"/runs/{run}/tasks")}
    assert list(after) == ["Plan", "Pay"]
    assert after["Pay"]["owners"]["users"] == [org.admin.id, member.id]


def test_l_7_4_a_task_that_nobody_shall_have_stays_nobodys(org: Organization) -> None:
    """Neither the step's people, nor whoever launches, nor job titles; an empty object alone falls back to them."""
    member = org.person()
    title = org.api.data("POST", "/roles", {"name": "Buyer"})["id"]
    steps = [{"title": "Call", "assignees": [member.id]}, {"title": "Lift", "roles": [title]}, "Pay"]
    template = org.template(steps=steps)
    assert [step["assign_run_starter"] for step in template["steps"]] == [True] * 3
    nobody = {step: {"unassigned": True, "owners": {"users": [], "guests": []}} for step in steps_of(template).values()}
    roles = {title: {"users": [member.id], "guests": [], "groups": []}}

    made = org.api.data("POST", "/runs?with=tasks", {"checklist_id": template["id"], "tasks": nobody, "roles": roles})

    assert [task["owners"]["users"] for task in made["tasks"]["data"]] == [[], [], []]
    empty = {step: {"owners": {"users": []}, "unassigned": False} for step in nobody}
    assert [each["owners"]["users"] for each in launched(org.api, template, empty).values()] == [
        [member.id], [], [org.admin.id]
    ]  # fmt: skip
    both = {next(iter(nobody)): {"unassigned": True, "owners": {"users": [member.id]}}}
    with unchanged(org):
        refused = org.api.post("/runs", {"checklist_id": template["id"], "tasks": both})
        assert_refused(refused, 422)
    assert refused.json()["errors"]["tasks"] == [{next(iter(both)): ["Name owners or say unassigned, not both."]}]


def test_l_1_6_a_template_tells_why_it_cannot_be_launched(org: Organization) -> None:
    """Just what the launch itself is refused with, to each caller, alone and in lists; `steps_count` tells the rest."""
    reader, launcher = org.person(), org.person("light")
    open_one, archived, draft = org.template(), org.template(), org.template(dual_version_enabled=True)
    for template in (open_one, archived, draft):
        org.allow(template, "READ", reader.id)
        org.allow(template, "LAUNCH", launcher.id)
    org.api.request("DELETE", f"/checklists/{archived['id']}").raise_for_status()
    found: dict[str, bool] = {}

    for who in (org.admin, reader, launcher):
        listed = who.api.data("GET", "/checklists?archived=true&with=launch")
        for template in listed:
            told = template["launch"]["data"]
            alone = who.api.get(f"/checklists/{template['id']}?with=launch")
            if alone.status_code == 200:
                assert alone.json()["data"]["launch"]["data"] == told
            answer = who.api.post("/runs", {"checklist_id": template["id"]})
            assert told["allowed"] is (answer.status_code == 201), answer.text
            assert told["reason"] == (None if told["allowed"] else answer.json()["message"])
            assert template["steps_count"] == 0
            found[f"{who.role} {template['title']}"] = told["allowed"]

    titles = [each["title"] for each in (open_one, archived, draft)]
    assert [found[f"admin {title}"] for title in titles] == [True, False, False]
    assert [found[f"standard {title}"] for title in titles[:2]] == [False, False]
    assert found[f"light {titles[0]}"] is True
