"""Calculated fields in templates and processes. Spec: behaviour-templates 11.8."""

from typing import Any

import pytest

from tests.api.task_runs import Run, on_one_database
from tests.builders import Organization, text_field

LINES = {"label": "Lines", "field_type": "table", "columns": [{"id": 1, "label": "Item"}, {"id": 2, "label": "Net"}]}
RATE = {"label": "Rate", "field_type": "number", "maximum": 100, "unit": "%"}
COUNT = {"label": "Count", "field_type": "number"}


def calculated(label: str, expression: str, **more: Any) -> dict[str, Any]:
    return {"label": label, "field_type": "calculated", "expression": expression, **more}


NET = calculated("Net", 'sum({{lines-1}}["Net"])', decimals=2)
GROSS = calculated("Gross", "{{net-1}} * (1 + {{rate-1}} / 100)", currency="EUR")


def order(org: Organization, **settings: Any) -> dict[str, Any]:
    """A net sum in the kick-off form; in the only step what it is with a rate, for each of a count."""
    share = calculated("Share", "{{gross-1}} / {{count-1}}")
    return org.template(
        steps=[{"title": "Ship", "captures": [RATE, GROSS, COUNT, share]}, "Ask"], kickoff=[LINES, NET], **settings
    )


def test_values_follow_their_inputs_from_form_to_form(org: Organization) -> None:
    template = order(org, auto_naming=True, default_process_name_format="Order of {{net-1}}")
    lines, net = (field["id"] for field in template["prerun"])
    rate, gross, count, share = (field["id"] for field in template["steps"][0]["captures"])
    asked = {"conditionable_id": gross, "conditionable_type": "Capture", "operation": "greater_than"}
    action = {"action_type": "visibility", "action_verb": "show", "target_step_id": template["steps"][1]["id"]}
    condition = {**asked, "statement": "150", "logic": "and"}
    rule = {"automated_alias": "Dear", "conditions": [condition], "then_actions": [action]}
    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", rule)
    run = Run(org, template, prerun={lines: [["Oak", "Elm"], ["100.10", 20]], net: 5})
    assert run.now()["prerun"][net] == 120.1 and run.now()["name"] == "Order of 120.10"
    assert run.tasks()["Ship"]["taskdata"] == {} and run.tasks()["Ship"]["status"] == "not-started"

    changed = run.change("Ship", taskdata={rate: 19, count: 0, gross: 1})

    assert f"taskdata.{gross}" in changed.headers["X-Ignored-Params"]
    data = changed.json()["data"]["taskdata"]
    assert data == {rate: 19, count: 0, gross: 142.92, share: {"error": "division_by_zero"}}
    org.api.data("PUT", f"/runs/{run.id}", {"prerun": {lines: [["Oak"], [130]]}})
    assert run.tasks()["Ship"]["taskdata"][gross] == 154.7, "the form came first, the task follows"
    run.change("Ship", taskdata={count: 3}).raise_for_status()
    field = org.api.data("GET", f"/runs/{run.id}/form-fields")["form_fields"][3]
    assert (field["field_value"], field["result_type"]) == (51.5666666667, "number")
    run.complete("Ship").raise_for_status()
    assert run.tasks()["Ask"]["status"] == "not-started"
    cleared = org.api.put(f"/runs/{run.id}", {"prerun": {lines: None}})
    assert cleared.json()["data"]["prerun"] == {}
    assert run.tasks()["Ship"]["taskdata"] == {rate: 19, count: 3}, "what it was worked out from is gone"


def test_a_rehearsal_calculates_as_the_real_thing(org: Organization) -> None:
    template = order(org)
    lines = template["prerun"][0]["id"]
    rate = template["steps"][0]["captures"][0]["id"]
    asked = {"conditionable_id": template["steps"][0]["captures"][1]["id"], "conditionable_type": "Capture"}
    action = {"action_type": "visibility", "action_verb": "show", "target_step_id": template["steps"][1]["id"]}
    condition = {**asked, "operation": "equals", "statement": "119", "logic": "and"}
    rule = {"automated_alias": "R", "conditions": [condition], "then_actions": [action]}
    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", rule)
    event = {"event": "complete", "step_id": template["steps"][0]["id"], "taskdata": {rate: 19}}
    body = {"prerun": {lines: [["Oak"], [100]]}, "events": [event]}

    made = org.api.data("POST", f"/checklists/{template['id']}/simulate", body, status=200)

    assert [each["executed"] for each in made["moments"][1]["rules"]] == [True]


@pytest.mark.parametrize(
    "definition",
    [
        pytest.param({"expression": "{{gone-1}}"}, id="T-11.63 no such field"),
        pytest.param({"expression": "{{lines-1}} * 2"}, id="T-11.63 a type that does not fit"),
        pytest.param({"expression": "{{gross-1}} + 1", "label": "Gross"}, id="T-11.63 a circle"),
        pytest.param({"expression": "__import__(1)"}, id="T-11.62 no such function"),
    ],
)
@on_one_database
def test_what_cannot_be_calculated_is_refused_where_it_is_written(
    org: Organization, definition: dict[str, Any]
) -> None:
    template = order(org)
    path = f"/checklists/{template['id']}/steps/{template['steps'][0]['id']}/captures"
    gross = template["steps"][0]["captures"][1]["id"]
    body = text_field(field_type="calculated", **definition)

    refused = org.api.put(f"{path}/{gross}", body)
    in_form = {**template, "prerun": [*template["prerun"], {**body, "expression": "{{rate-1}} * 2"}]}
    mixed = org.api.put(f"/checklists/{template['id']}", in_form)

    assert refused.status_code == 422 and list(refused.json()["errors"]) == ["expression"], refused.text
    assert list(mixed.json()["errors"]) == ["prerun.2.expression"], "T-11.61 tasks come later than the form"


def test_what_a_calculation_needs_stays_and_a_broken_one_is_found(org: Organization) -> None:
    """Spec: T-11.68, T-11.69."""
    template = order(org)
    path = f"/checklists/{template['id']}"
    captures = f"{path}/steps/{template['steps'][0]['id']}/captures"
    rate, gross, _, share = (field["id"] for field in template["steps"][0]["captures"])
    lines = template["prerun"][0]

    kept = org.api.delete(f"{captures}/{rate}"), org.api.delete(f"{path}/preruns/{lines['id']}")
    assert [each.status_code for each in kept] == [403, 403] and "Gross" in kept[0].json()["message"]
    org.api.data("PUT", f"{captures}/{rate}", text_field(label="Rate"))

    whole = org.api.data("GET", f"{path}?with=steps")["steps"]["data"][0]["captures"]
    assert {each["id"]: each["result_type"] for each in whole if each["field_type"] == "calculated"} == {
        gross: None, share: None,
    }  # fmt: skip
    found = org.api.data("GET", f"{path}/check")["findings"]
    assert [each["place"]["id"] for each in found if each["code"] == "broken_calculation"] == [gross, share]
    compared = org.api.data("PUT", f"{captures}/{gross}", text_field(label="Gross", field_type="number"))
    assert compared["expression"] is None and compared["field_type"] == "number"


def test_copies_calculate_with_their_own_fields(org: Organization) -> None:
    template = order(org)
    path = f"/checklists/{template['id']}"
    exported = {"title": "Copy", "type": "procedure", "prerun": template["prerun"], "steps": template["steps"]}

    copied = org.api.data("POST", f"{path}/steps/{template['steps'][0]['id']}/clone", {})
    imported = org.api.data("POST", "/checklists?import=1", exported)

    rate, gross, count, share = copied["captures"]
    assert gross["expression"] == f"{{{{net-1}}}} * (1 + {{{{{rate['alias']}}}}} / 100)"
    assert share["expression"] == f"{{{{{gross['alias']}}}}} / {{{{{count['alias']}}}}}"
    run = Run(org, {**imported, "steps": []}, prerun={imported["prerun"][0]["id"]: [["Oak"], [7]]})
    assert run.now()["prerun"][imported["prerun"][1]["id"]] == 7


def test_a_one_off_task_calculates_with_its_own_fields(org: Organization) -> None:
    """Spec: T-11.61."""
    body = {
        "title": "Sum",
        "task_type": "task",
        "deadline": "2031-02-06T16:00:00Z",
        "owners": {"users": [org.admin.id]},
    }
    twice = text_field(**calculated("Twice", "{{count-1}} * 2"))
    refused = org.api.post("/tasks", {**body, "form_fields": [text_field(**COUNT), {**twice, "expression": "{{x-1}}"}]})
    assert list(refused.json()["errors"]) == ["form_fields.1.expression"], refused.text

    task = org.api.data("POST", "/tasks", {**body, "form_fields": [text_field(**COUNT), twice]})
    shown = org.api.data("GET", f"/tasks/{task['id']}?with=form_fields")["form_fields"]["data"]
    count, double = (field["id"] for field in shown)

    changed = org.api.data("PUT", f"/tasks/{task['id']}", {**body, "taskdata": {count: "1.5"}})
    assert changed["taskdata"] == {count: 1.5, double: 3}
