"""Keys that nothing reads: inside people, permissions and settings they would take away what nobody meant to.

Spec: api-conventions 13, 18.1.
"""

from typing import Any

from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import Run, on_one_database
from tests.builders import Organization

DEADLINE = "2031-02-06T16:00:00Z"


def assert_named(answer: Any, key: str, *known: str) -> None:
    """Refused, and the message says which key it was and which ones there are."""
    assert_refused(answer, 422, because=key)
    said = str(answer.json()["errors"])
    assert key in said and all(each in said for each in known), said


def test_a_misspelt_list_of_people_is_refused(org: Organization) -> None:
    title = org.api.data("POST", "/roles", {"name": "Pilot", "users": [org.admin.id]})["id"]
    form = [{"label": "Who", "field_type": "assignees_form", "required": False}]
    template = org.template(steps=[{"title": "Call", "captures": form}, "File"], kickoff=form)
    call, file = (step["id"] for step in template["steps"])
    run = Run(org, template)
    run.assign("Call", org.admin)
    alone = org.one_off()
    wrong = {"user": [org.admin.id]}
    one_off = {"title": "Call", "task_type": "task", "deadline": DEADLINE, "owners": {**wrong, "guests": ["a@x.test"]}}
    rule = {
        "conditions": [
            {
                "conditionable_id": call,
                "conditionable_type": "Step",
                "operation": "completed",
                "statement": None,
                "logic": "and",
            }
        ],
        "then_actions": [
            {
                "action_type": "assignment",
                "action_verb": "assign",
                "target_step_id": file,
                "assignees": {"groups": [org.group()["id"]], **wrong},
            }
        ],
    }
    launch = {"checklist_id": template["id"]}
    task = f"/runs/{run.id}/tasks/{run.task_id('Call')}"
    writes: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/runs", {**launch, "tasks": {call: {"owners": wrong}}}),
        ("POST", "/runs", {**launch, "roles": {title: wrong}}),
        ("POST", "/runs", {**launch, "prerun": {template["prerun"][0]["id"]: {**wrong, "groups": []}}}),
        ("POST", "/recurring-jobs", {**launch, "frequency": "daily", "tasks": {call: {"owners": wrong}}}),
        ("PUT", task, {"owners": wrong}),
        ("PUT", task, {"taskdata": {run.field(): {**wrong, "guests": []}}}),
        ("PUT", f"/runs/{run.id}/tasks", {"tasks": [{"id": run.task_id("Call"), "owners": wrong}]}),
        ("POST", "/tasks", one_off),
        ("PUT", f"/tasks/{alone['id']}", {**one_off, "title": alone["title"]}),
        ("POST", f"/checklists/{template['id']}/automated-actions", rule),
        ("POST", f"/checklists/{template['id']}/simulate", {"tasks": {call: {"owners": wrong}}}),
        ("PUT", f"/checklists/{template['id']}", {"title": template["title"], "default_watchers": wrong}),
    ]
    with unchanged(org):
        for method, path, body in writes:
            known = ("users", "groups") if "default_watchers" in body else ("users", "guests", "groups")
            assert_named(org.api.request(method, path, json=body), "user ", *known)


def test_other_names_of_people_that_clients_send_are_good(org: Organization) -> None:
    """Spec: api-conventions 18.1."""
    run = Run(org, org.template(steps=["Call"]))
    for names in ("assignees", "users"):
        run.assign("Call")
        owners = {names: [org.admin.id], "taskUrls": ["https://x.test"], "task_urls": None, "guests_note": "Hello"}
        run.change("Call", owners=owners).raise_for_status()
        assert run.tasks()["Call"]["owners"]["users"] == [org.admin.id]


@on_one_database
def test_a_misspelt_key_inside_an_object_that_is_replaced_is_refused(org: Organization) -> None:
    template = org.template(steps=["Call", "File"])
    path = f"/checklists/{template['id']}"
    run = Run(org, template)
    made = org.api.data("POST", "/lists", {"name": "Cities", "columns": ["City"], "rows": [["Kiel"], ["Turin"]]})
    form = [{"label": "Phone", "field_type": "text", "required": False}]
    alone = org.one_off(form_fields=form)
    week = org.api.data("GET", "")["working_days"]
    call = run.task_id("Call")
    writes: list[tuple[str, str, Any, str, tuple[str, ...]]] = [
        ("PUT", f"{path}/permissions", [{"permission": "LAUNCH", "user": [1]}], "user ", ("users", "groups")),
        ("PATCH", "", {"working_days": {**week, "monday": {"working": False}}}, "monday", ("Monday",)),
        ("PATCH", "", {"working_days": {"Monday": {"workin": False}}}, "workin ", ("working", "all_hours")),
        ("PATCH", "", {"default_deadline": {"valu": 3, "type": "days"}}, "valu ", ("value", "type")),
        ("PATCH", "", {"auto_archive_processes_after": {"vlaue": 3}}, "vlaue", ("value", "unit")),
        ("PATCH", "", {"holiday_calendar": {"country": "DE", "region": "BY"}}, "region", ("subdivision",)),
        ("PUT", f"/lists/{made['id']}", {"rows": [{"ID": 1, "cells": ["Kiel"]}]}, "ID", ("id", "cells")),
        ("PUT", f"/lists/{made['id']}", {"columns": [{"key": 1, "label": "City"}]}, "key", ("id", "label")),
        (
            "PUT",
            f"{path}/steps/{template['steps'][0]['id']}",
            {"title": "Call", "bp_to_launch": {"id": org.template()["id"], "within_process": True}},
            "within_process",
            ("tasks_within_process",),
        ),
        (
            "PUT",
            f"/runs/{run.id}/tasks",
            {"tasks": [{"id": call, "deadline": DEADLINE, "owner": {}}]},
            "owner ",
            ("owners", "deadline"),
        ),
        (
            "PUT",
            f"/tasks/{alone['id']}",
            {
                "title": "x",
                "deadline": DEADLINE,
                "owners": {"users": [org.admin.id]},
                "form_fields": [{**form[0], "field_id": "x"}],
            },
            "field_id",
            ("id",),
        ),
    ]
    with unchanged(org):
        for method, where, body, key, known in writes:
            assert_named(org.api.request(method, where, json=body), key, *known)


@on_one_database
def test_what_a_launch_says_of_a_task_and_nothing_reads_is_named(org: Organization) -> None:
    """Spec: api-conventions 5, api-processes 7.3."""
    template = org.template(steps=["Call"])
    step = template["steps"][0]["id"]

    answer = org.api.post("/runs", {"checklist_id": template["id"], "tasks": {step: {"dead_line": DEADLINE}}, "x": 1})

    assert answer.status_code == 201
    assert answer.headers["X-Ignored-Params"] == f"body:x, body:tasks.{step}.dead_line"
