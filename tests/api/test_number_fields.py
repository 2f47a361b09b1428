"""Numbers and amounts in processes. Spec: behaviour-templates 11.7."""

from tests.api.task_runs import Run
from tests.builders import Organization

AREA = {"label": "Area", "field_type": "number", "minimum": 0.01, "decimals": 2, "unit": "ha"}
RENT = {"label": "Rent", "field_type": "currency", "currency": "EUR", "required": True}


def test_a_number_goes_through_form_rules_name_text_and_export(org: Organization) -> None:
    template = org.template(
        "Lease",
        steps=[{"title": "Survey {{area-1}} ha", "captures": [AREA]}, "Ask the board"],
        kickoff=[AREA, RENT],
        auto_naming=True,
        default_process_name_format="Lease at {{rent-1}}",
    )
    area, rent = (field["id"] for field in template["prerun"])
    asked = {"conditionable_id": rent, "conditionable_type": "Prerun", "operation": "greater_than"}
    shown = {"action_type": "visibility", "action_verb": "show", "target_step_id": template["steps"][1]["id"]}
    rule = {
        "automated_alias": "Dear",
        "conditions": [{**asked, "statement": "999.99", "logic": "and"}],
        "then_actions": [shown],
    }
    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", rule)

    refused = org.api.post("/runs", {"checklist_id": template["id"], "prerun": {area: 0.005, rent: "1000.001"}})
    run = Run(org, template, prerun={area: "12.50", rent: 1000})
    cheap = Run(org, template, prerun={rent: "999.99"})

    assert refused.json()["errors"]["prerun"] == [
        {area: ["Area must be at least 0.01", "Area must be a number with at most 2 decimals"]},
        {rent: ["Rent must be a number with at most 2 decimals"]},
    ]
    assert run.now()["prerun"] == {area: 12.5, rent: 1000} and run.now()["name"] == "Lease at 1000.00"
    assert [task["status"] for task in run.tasks().values()] == ["not-started", "not-started"]
    assert [task["status"] for task in cheap.tasks().values()] == ["not-started", "auto-skipped"]
    survey = next(title for title in run.tasks() if title.startswith("Survey"))
    assert survey == "Survey 12.50 ha"
    field = run.field()
    assert run.change(survey, taskdata={field: -3}).status_code == 422
    run.change(survey, taskdata={field: "7.25"}).raise_for_status()
    shown_field = org.api.data("GET", f"/runs/{run.id}/form-fields")["form_fields"][0]
    assert (shown_field["field_value"], shown_field["unit"], shown_field["decimals"]) == (7.25, "ha", 2)
    run.complete(survey).raise_for_status()
    table = org.api.post(f"/runs/{run.id}/export?format=csv").text
    assert "1000.00" in table and "7.25" in table


def test_an_exported_template_keeps_its_numbers(org: Organization) -> None:
    template = org.template(steps=[{"title": "Survey", "captures": [AREA]}], kickoff=[RENT, AREA])
    exported = {"title": "Copy", "type": "procedure", "prerun": template["prerun"], "steps": template["steps"]}

    made = org.api.data("POST", "/checklists?import=1", exported)

    copy = org.api.data("GET", f"/checklists/{made['id']}?with=steps")
    fresh = ("id", "alias", "created_at", "last_updated", "checklist_id", "step_id")
    for ours, theirs in (
        (template["prerun"], copy["prerun"]),
        (template["steps"][0]["captures"], copy["steps"]["data"][0]["captures"]),
    ):
        assert [{k: v for k, v in each.items() if k not in fresh} for each in ours] == [
            {k: v for k, v in each.items() if k not in fresh} for each in theirs
        ]
