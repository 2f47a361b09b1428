"""Form rules through the API. Spec: behaviour-templates 11.9."""

from typing import Any

from tests.api.task_runs import Run
from tests.builders import Organization, text_field

KIND = {"label": "Kind", "field_type": "dropdown", "options": [{"id": 1, "text": "Firm"}, {"id": 2, "text": "Person"}]}
FIRM, PERSON = {"id": 1, "text": "Firm"}, {"id": 2, "text": "Person"}


def shown_for_firms(field_id: str) -> dict[str, Any]:
    asked = {"field_id": field_id, "operation": "equals", "statement": "Firm"}
    return {"form_rules": [{"effect": "show", "conditions": [asked]}]}


def client(org: Organization) -> dict[str, Any]:
    """A kick-off form and a step in which a required VAT number is shown for firms."""
    template = org.template(
        "Client",
        steps=[{"title": "Enter {{vat-1}}", "captures": [KIND, {"label": "VAT", "required": True}]}],
        kickoff=[KIND, {"label": "VAT", "required": True}],
    )
    path = f"/checklists/{template['id']}"
    kind, vat = template["prerun"]
    org.api.data("PUT", path, {**template, "prerun": [kind, {**vat, **shown_for_firms(kind["id"])}]})
    step = template["steps"][0]
    kind, vat = step["captures"]
    body = text_field(label="VAT", required=True, **shown_for_firms(kind["id"].upper()))
    org.api.data("PUT", f"{path}/steps/{step['id']}/captures/{vat['id']}", body)
    whole = org.api.data("GET", f"{path}?with=steps")
    return {**whole, "steps": whole["steps"]["data"]}


def test_a_hidden_field_is_required_of_nobody_and_says_nothing(org: Organization) -> None:
    """T-11.42: a kick-off form has conditions of its own."""
    template = client(org)
    kind, vat = (field["id"] for field in template["prerun"])
    refused = org.api.post("/runs", {"checklist_id": template["id"], "prerun": {kind: FIRM}})
    assert refused.json()["errors"] == {"prerun": [{vat: ["VAT is required"]}]}, refused.text
    run = Run(org, template, prerun={kind: PERSON, vat: "kept"})
    assert run.now()["prerun"] == {kind: PERSON, vat: "kept"}
    [(title, made)] = run.tasks().items()
    assert title == "Enter ", "T-11.71 a hidden answer is blank where a variable shows it"
    shown = org.api.data("GET", f"/runs/{run.id}/form-fields")
    assert shown["ko_form_fields"][1]["form_rules"] == template["prerun"][1]["form_rules"]
    assert [field["is_hidden"] for field in shown["ko_form_fields"]] == [False, True]
    answers = [row["answer_in_form_field"] for row in org.api.data("POST", f"/runs/{run.id}/export")]
    assert "kept" not in answers

    step_kind, step_vat = (field["id"] for field in template["steps"][0]["captures"])
    open_task = f"/runs/{run.id}/tasks/{made['id']}"
    org.api.data("PUT", open_task, {"taskdata": {step_kind: FIRM}})
    complete = {"task_id": made["id"]}
    fields = org.api.data("GET", f"{open_task}?with=form_fields")["form_fields"]["data"]
    assert [(field["is_hidden"], field["is_required"]) for field in fields] == [(False, False), (False, True)]
    stopped = org.api.post(f"/runs/{run.id}/completed-tasks", complete)
    assert stopped.status_code == 422 and stopped.json()["errors"] == {step_vat: ["VAT is required"]}
    org.api.data("PUT", open_task, {"taskdata": {step_kind: PERSON}})
    assert org.api.post(f"/runs/{run.id}/completed-tasks", complete).status_code == 200

    reopened = org.api.put(f"/runs/{run.id}", {"prerun": {kind: FIRM, vat: None}})
    assert reopened.json()["errors"] == {"prerun": [{vat: ["VAT is required"]}]}, reopened.text
    org.api.data("PUT", f"/runs/{run.id}", {"prerun": {kind: FIRM}})
    assert list(run.tasks()) == ["Enter kept"]


def test_rules_follow_into_rehearsals_copies_and_imports(org: Organization) -> None:
    template = client(org)
    path = f"/checklists/{template['id']}"
    kind = template["prerun"][0]["id"]
    step_id = template["steps"][0]["id"]
    complete = {"event": "complete", "step_id": step_id}
    body = {"prerun": {kind: PERSON}, "events": [complete]}
    assert len(org.api.data("POST", f"{path}/simulate", body, status=200)["moments"]) == 2
    stopped = org.api.post(f"{path}/simulate", {**body, "prerun": {kind: FIRM}})
    assert stopped.status_code == 422

    exported = {"title": "Copy", "type": "procedure", "prerun": template["prerun"], "steps": template["steps"]}
    copies = [
        org.api.data("POST", f"{path}/clone", {}),
        org.api.data("POST", "/checklists?import=1", exported),
    ]
    step = org.api.data("POST", f"{path}/steps/{step_id}/clone", {})
    forms = [*(copy["prerun"] for copy in copies), step["captures"]]
    for asked, follows in forms:
        assert follows["form_rules"][0]["conditions"][0]["field_id"] == asked["id"]


def test_what_a_rule_asks_about_stays(org: Organization) -> None:
    """Spec: T-11.69, T-11.73."""
    template = client(org)
    path = f"/checklists/{template['id']}"
    kind, vat = template["prerun"]
    step_vat = template["steps"][0]["captures"][1]["id"]

    kept = org.api.delete(f"{path}/preruns/{kind['id']}")
    elsewhere = text_field(label="VAT", **shown_for_firms(kind["id"]))
    refused = org.api.put(f"{path}/steps/{template['steps'][0]['id']}/captures/{step_vat}", elsewhere)
    itself = org.api.put(path, {**template, "prerun": [kind, {**vat, **shown_for_firms(vat["id"])}]})

    assert kept.status_code == 403 and "VAT" in kept.json()["message"]
    assert list(refused.json()["errors"]) == ["form_rules"], refused.text
    assert list(itself.json()["errors"]) == ["prerun.1.form_rules"], itself.text


def test_a_hidden_answer_is_handed_on_to_no_other_process(org: Organization) -> None:
    """T-11.71, A-4.70, L-10.2: neither as an answer nor in a name, by a rule or by a step."""
    template = client(org)
    path = f"/checklists/{template['id']}"
    step = template["steps"][0]
    child = org.template("Child", kickoff=[{"label": "Of launch"}, {"label": "Of step"}])
    taken = [
        {"prerun_id": child["prerun"][place]["id"], "actionable_type": kind, "actionable_id": field["id"]}
        for place, kind, field in ((0, "Prerun", template["prerun"][1]), (1, "Capture", step["captures"][1]))
    ]
    launch = {"checklist_id": child["id"], "name_format": "Rule {{vat-1}}", "prerun": taken}
    done = {"conditionable_id": step["id"], "conditionable_type": "Step", "operation": "completed", "statement": None}
    acts = {"action_type": "launch", "action_verb": "launch_process", "target_step_id": step["id"], "launch": launch}
    rule = {"automated_alias": "Hand on", "conditions": [{**done, "logic": "and"}], "then_actions": [acts]}
    org.api.data("POST", f"{path}/automated-actions", rule)
    follow_up = {"id": child["id"], "default_name_format": "Step {{vat-1}}"}
    org.api.data("PUT", f"{path}/steps/{step['id']}", {"title": "Enter", "bp_to_launch": follow_up})
    kind, vat = (field["id"] for field in template["prerun"])
    step_kind, step_vat = (field["id"] for field in step["captures"])

    def launched(form: object) -> dict[str, dict[str, Any]]:
        run = Run(org, template, prerun={kind: form, vat: "TOP"})
        run.change("Enter", taskdata={step_kind: form, step_vat: "KEY"}).raise_for_status()
        run.complete("Enter").raise_for_status()
        children = [each for each in org.api.data("GET", "/runs") if each["parent_id"] == run.id]
        return {each["name"]: org.api.data("GET", f"/runs/{each['id']}")["prerun"] for each in children}

    of_launch, of_step = (field["id"] for field in child["prerun"])
    assert launched(PERSON) == {"Rule": {}, "Step": {}}
    assert launched(FIRM) == {"Rule TOP": {of_launch: "TOP", of_step: "KEY"}, "Step TOP": {}}
    played = {
        "prerun": {kind: PERSON, vat: "TOP"},
        "events": [{"event": "complete", "step_id": step["id"], "taskdata": {step_kind: PERSON, step_vat: "KEY"}}],
    }
    [_, last] = org.api.data("POST", f"{path}/simulate", played, status=200)["moments"]
    told = last["rules"][0]["actions"][0]["launch"]["prerun"]
    assert told == {of_launch: None, of_step: None}
