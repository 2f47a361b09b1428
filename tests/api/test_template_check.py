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
