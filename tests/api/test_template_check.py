"""The check of templates through the API; what it finds is in tests/domain. Spec: api-templates 8.7."""

from tests.builders import Organization


def test_a_5_23_rules_that_conflict_are_saved_and_told(org: Organization) -> None:
    template = org.template(steps=["Cut", "Sew", "Pack"])
    path, (cut, sew, pack) = f"/checklists/{template['id']}", (step["id"] for step in template["steps"])
    for step, verb in ((cut, "show"), (sew, "hide")):
        asked = {"conditionable_id": step, "conditionable_type": "Step", "operation": "completed", "statement": None}
        action = {"action_type": "visibility", "action_verb": verb, "target_step_id": pack}
        rule = {"automated_alias": verb, "conditions": [{**asked, "logic": "and"}], "then_actions": [action]}
        org.api.data("POST", f"{path}/automated-actions", rule)

    assert "conflicting_rules" in [each["code"] for each in org.api.data("GET", f"{path}/check")["findings"]]


def test_the_check_knows_what_is_there_and_is_for_readers(org: Organization) -> None:
    leaver, reader, target = org.person(), org.person(), org.template("Lease")
    cities = org.api.data("POST", "/lists", {"name": "Cities", "columns": ["City"], "rows": [["Kiel"]]})["id"]
    choice = {"label": "City", "field_type": "dropdown", "list": cities, "required": True}
    template = org.template(steps=[{"title": "Call", "assignees": [leaver.id], "captures": [choice]}])
    path, step = f"/checklists/{template['id']}", template["steps"][0]["id"]
    launching = {"title": "Call", "bp_to_launch": {"id": target["id"], "tasks_within_process": False}}
    org.api.data("PUT", f"{path}/steps/{step}", launching)
    org.allow(template, "READ", reader.id)
    assert reader.api.data("GET", f"{path}/check") == {"findings": [], "is_complete": True}

    org.api.delete(f"/users/{leaver.id}/disable").raise_for_status()
    org.api.delete(f"/checklists/{target['id']}").raise_for_status()
    org.api.data("PUT", f"/lists/{cities}", {"name": "Cities", "rows": []})

    found = reader.api.data("GET", f"{path}/check")["findings"]
    assert [each["code"] for each in found] == ["assignee_left", "follow_up_gone", "empty_options"]
    assert found[0]["place"] == {"type": "step", "id": step, "name": "Call"}
    assert found[0]["level"] == "high" and found[0]["sentence"].startswith('Step "Call" is assigned to somebody who')
    assert org.person().api.get(f"{path}/check").status_code == 404


def test_y7_whoever_completes_overdue_tasks_may_find_required_answers_blank(org: Organization) -> None:
    template = org.template(steps=[{"title": "Try", "captures": [{"label": "Fit", "required": True}]}, "Sew"])
    path, (first, sew) = f"/checklists/{template['id']}", template["steps"]
    field = org.api.data("GET", f"{path}/steps/{first['id']}")["captures"][0]["id"]
    asked = {"conditionable_id": field, "conditionable_type": "Capture", "operation": "is_empty", "statement": None}
    action = {"action_type": "visibility", "action_verb": "show", "target_step_id": sew["id"]}
    rule = {"automated_alias": "R", "conditions": [{**asked, "logic": "and"}], "then_actions": [action]}
    org.api.data("POST", f"{path}/automated-actions", rule)
    assert "unreachable_step" in codes(org, path)

    org.api.data("PUT", "", {"name": "Loom", "auto_complete_tasks": True, "auto_complete_task_months": 2})

    assert codes(org, path) == []


def test_l_5_5_names_show_no_braces_and_the_check_says_why(org: Organization) -> None:
    fields = [
        {"label": "Ta", "field_type": "textarea", "required": True},
        {"label": "Opt", "field_type": "text", "required": False},
        {"label": "Tb", "field_type": "table", "columns": [{"id": 1, "label": "C"}], "required": True},
    ]
    template = org.template("Fit", steps=["Sew"], kickoff=fields)
    path, (long, short, table) = f"/checklists/{template['id']}", template["prerun"]
    pattern = "|".join(
        f"{{{{{each}}}}}" for each in (long["alias"], short["alias"], table["alias"], "current-process-id")
    )
    org.api.data("PUT", path, {"title": "Fit", "auto_naming": True, "default_process_name_format": f"X {pattern}"})

    process = org.process(template, prerun={long["id"]: "L", short["id"]: "S", table["id"]: ["c"]})

    assert process["name"] == "X |S||"
    assert codes(org, path) == ["unfit_variable", "unfit_variable", "unknown_variable", "unfit_variable"]


def test_t_8_11_what_other_steps_tell_of_a_secret_one(org: Organization) -> None:
    """Quoted or calculated with; not within secret steps."""
    decide = {"title": "Decide", "top_secret": True, "captures": [{"label": "Salary", "field_type": "number"}]}
    made = org.template("Raise", steps=[decide, {"title": "Note", "top_secret": True}, "Tell", "Pay"])
    [salary], (_, note, tell, pay) = made["steps"][0]["captures"], (step["id"] for step in made["steps"])
    steps, named = f"/checklists/{made['id']}/steps", f"{{{{{salary['alias']}}}}}"
    org.api.data("PUT", f"{steps}/{note}", {"title": f"Note {named}", "top_secret": True}, status=200)
    org.api.data("PUT", f"{steps}/{tell}", {"title": f"Tell {named}"}, status=200)
    tax = {"label": "Tax", "field_type": "calculated", "expression": f"{named} * 0.2", "required": False}
    org.api.data("POST", f"{steps}/{pay}/captures", tax)

    found = org.api.data("GET", f"/checklists/{made['id']}/check")["findings"]

    assert [(each["code"], each["place"]["id"], each["related"][0]["name"]) for each in found] == [
        ("secret_told", tell, "Decide"),
        ("secret_told", pay, "Decide"),
    ]


def test_l_10_6_the_name_of_what_is_launched_is_checked(org: Organization) -> None:
    """Fields of the launched template stand for their answers where this one has no such field."""
    target = org.template("Lease", steps=["Sign"], kickoff=[{"label": "Boat", "default_value_enabled": True,
                                                             "default_value": "Petrel"}])  # fmt: skip
    template = org.template("Hire", steps=["Call"])
    path, step = f"/checklists/{template['id']}", template["steps"][0]["id"]

    def launching(pattern: str) -> None:
        follow_up = {"id": target["id"], "tasks_within_process": False, "default_name_format": pattern}
        org.api.data("PUT", f"{path}/steps/{step}", {"title": "Call", "bp_to_launch": follow_up})

    boat = f"L {{{{{target['prerun'][0]['alias']}}}}}"
    launching(boat + "{{gone-1}}")
    assert codes(org, path) == ["unknown_variable"]
    process = org.process(template)
    task = org.api.data("GET", f"/runs/{process['id']}/tasks")[0]["id"]
    org.api.data("POST", f"/runs/{process['id']}/completed-tasks", {"task_id": task})
    assert {each["name"] for each in org.api.data("GET", "/runs")} == {process["name"], "L Petrel"}

    launching(boat)
    assert codes(org, path) == []


def codes(org: Organization, path: str) -> list[str]:
    return [each["code"] for each in org.api.data("GET", f"{path}/check")["findings"]]
