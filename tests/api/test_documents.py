"""Documents: templates whose text is filled in. Spec: behaviour-templates 16, api-templates 10.2."""

from typing import Any

import httpx
import pytest

from tests.api.task_runs import Run, on_one_database
from tests.builders import Organization, text_field

BUYER = {"label": "Buyer", "field_type": "text", "required": True, "id": "a"}
TERMS = {"label": "Terms", "field_type": "textarea", "required": False, "id": "b"}
DUE = {"label": "Due", "field_type": "date", "required": False, "id": "c"}


def place(field_id: str, content: str = "") -> str:
    return f'<editor-form-field data-field-id="{field_id}">{content}</editor-form-field>'


BODY = (
    f"<h1>Deed of {{{{buyer-1}}}}</h1><p>{place('a')} and {place('a')}, {{{{TEMPLATE_NAME}}}}</p>"
    f"<h2>Terms</h2>{place('b')}<script>x()</script><h3>By</h3><p>{place('c')}</p>"
)


def deed(org: Organization, **more: Any) -> dict[str, Any]:
    body = {"title": "Deed", "type": "document", "prerun": [BUYER, TERMS, DUE], "body": BODY, **more}
    return org.api.data("POST", "/checklists", body)


def text(org: Organization, run: Run) -> dict[str, Any]:
    return org.api.data("GET", f"/runs/{run.id}/document")


def test_a_document_is_filled_in_and_follows_its_answers(org: Organization) -> None:
    """T-16.1 to T-16.3, T-12.14: in one form, each field once wherever it stands; the rest of the text stays."""
    template = deed(org)
    buyer, terms, due = (field["id"] for field in template["prerun"])
    assert template["body"].count(place(buyer)) == 2 and "script" not in template["body"]
    path = f"/checklists/{template['id']}"
    preview = org.api.data("GET", f"{path}/document")
    assert preview["body"].count(place(buyer)) == 2
    assert [(each["level"], each["title"]) for each in preview["contents"]] == [
        (1, "Deed of {{buyer-1}}"),
        (2, "Terms"),
        (3, "By"),
    ]
    assert "body" not in org.api.data("GET", "/checklists")[0]
    refused = org.api.post("/runs", {"checklist_id": template["id"]})
    assert refused.json()["errors"] == {"prerun": [{buyer: ["Buyer is required"]}]}

    prerun = {buyer: "<b>Iris</b> {{TEMPLATE_NAME}}", terms: "<h2>Net</h2><p>30 days</p>", due: "2026-05-01"}
    run = Run(org, template, prerun=prerun)
    shown = text(org, run)

    name = "&lt;b&gt;Iris&lt;/b&gt; {{TEMPLATE_NAME}}"
    assert f"<p>{place(buyer, name)} and {place(buyer, name)}, Deed</p>" in shown["body"]
    rich = '<h2 id="section-3">Net</h2><p>30 days</p>'
    assert f"{place(terms, rich)}<h3" in shown["body"]
    assert place(due, "2026-05-01") in shown["body"]
    assert [each["title"] for each in shown["contents"]] == [
        "Deed of <b>Iris</b> {{TEMPLATE_NAME}}",
        "Terms",
        "Net",
        "By",
    ]
    assert (run.now()["type"], run.now()["status"], run.tasks()) == ("document", "complete", {})
    org.api.data("PUT", path, {"title": "Deed", "body": "<p>Another</p>"})
    org.api.data("PUT", f"/runs/{run.id}", {"prerun": {buyer: "Otto", terms: None}})
    again = text(org, run)
    assert f"<p>{place(buyer, 'Otto')} and {place(buyer, 'Otto')}, Deed</p>" in again["body"]
    assert f"Terms</h2>{place(terms)}" in again["body"]
    assert org.api.data("GET", f"{path}/document")["body"] == "<p>Another</p>"


def test_the_text_goes_with_versions_copies_and_exports(org: Organization, other_org: Organization) -> None:
    template = deed(org, kickoff_title="Fill in")
    path = f"/checklists/{template['id']}"
    Run(org, template, prerun={template["prerun"][0]["id"]: "Iris"})
    org.api.data("PUT", path, {"title": "Deed", "body": "<p>Short</p>"})

    [change] = org.api.data("GET", f"{path}/versions/1/compare")["changes"]
    assert (change["attribute"], change["after"]) == ("body", "<p>Short</p>")
    assert change["sentence"].endswith('to "Short".')
    assert org.api.data("POST", f"{path}/versions/1/restore", status=200)["body"] == template["body"]
    export = org.api.data("GET", f"{path}?with=steps")
    for copy in (
        org.api.data("POST", f"{path}/clone", {}),
        org.api.data("POST", "/checklists?import=1", export),
        other_org.api.data("POST", "/checklists?import=1", {**export, "owner_id": None}),
    ):
        assert copy["kickoff_title"] == "Fill in"
        new = {old["id"]: now["id"] for old, now in zip(template["prerun"], copy["prerun"], strict=True)}
        assert copy["body"] == template["body"].replace(*next(iter(new.items()))).replace(
            template["prerun"][1]["id"], copy["prerun"][1]["id"]
        ).replace(template["prerun"][2]["id"], copy["prerun"][2]["id"])


def refused(answer: httpx.Response, *fields: str) -> None:
    assert answer.status_code == 422, answer.text
    assert set(answer.json().get("errors", {})) == set(fields)


@on_one_database
def test_what_is_no_document(org: Organization) -> None:
    """T-16.3, T-16.5"""
    template, plain = deed(org), org.template("Plain", kickoff=[{"label": "Log", "field_type": "number"}], steps=["Do"])
    path, other = f"/checklists/{template['id']}", f"/checklists/{plain['id']}"
    api = org.api
    refused(api.post(f"{path}/steps", {"title": "Sign"}))
    refused(api.post(f"{path}/automated-actions", {"automated_alias": "R"}))
    refused(api.post(f"{path}/stages", {"name": "Begin"}))
    refused(api.put(other, {"title": "Plain", "body": "<p>x</p>"}), "body")
    refused(api.put(other, {"title": "Plain", "type": "document"}), "type")
    number = {"label": "No", "field_type": "number", "required": False}
    refused(api.put(path, {"title": "Deed", "prerun": [number]}), "prerun.0.field_type")
    refused(api.put(path, {"title": "Deed", "body": place("f" * 32)}), "body")
    refused(api.put(path, {"title": "Deed", "body": "x" * 500_001}), "body")
    refused(api.post("/checklists", {"title": "T", "type": "form", "body": "x"}), "body")
    refused(api.get(f"{other}/document"))
    refused(api.get(f"/runs/{Run(org, plain).id}/document"))
    step = plain["steps"][0]
    target = {"title": "Do", "bp_to_launch": {"id": template["id"], "tasks_within_process": False}}
    assert api.put(f"{other}/steps/{step['id']}", target).status_code == 422

    api.delete(f"{path}/preruns/{template['prerun'][0]['id']}").raise_for_status()
    assert template["prerun"][0]["id"] not in api.data("GET", path)["body"], "its places go with the field"
    api.data("PUT", path, {"title": "Deed", "type": "procedure"})
    assert api.data("GET", path)["body"], "the text stays stored"
    api.data("POST", f"{path}/steps", {"title": "Sign"})


@pytest.mark.parametrize("new", ["temporary", "F" * 32])
def test_new_fields_are_named_by_ids_of_the_callers_own(org: Organization, new: str) -> None:
    """T-11.76: one request makes fields and what names them, in templates and one-off tasks."""
    kind = {"label": "Kind", "field_type": "text", "required": False, "id": new}
    asked = {"field_id": new, "operation": "equals", "statement": "Firm"}
    vat = text_field(label="VAT", form_rules=[{"effect": "show", "conditions": [asked]}])

    made = org.api.data("POST", "/checklists", {"title": "Client", "type": "form", "prerun": [vat, kind]})
    forms = [made["prerun"]]
    changed = org.api.data("PUT", f"/checklists/{made['id']}", {"title": "Client", "prerun": [vat, kind]})
    forms.append(changed["prerun"][:2])
    task = org.one_off(form_fields=[vat, kind])
    forms.append(org.api.data("GET", f"/tasks/{task['id']}?with=form_fields")["form_fields"]["data"])

    for form in forms:
        [rule] = next(each for each in form if each["label"] == "VAT")["form_rules"]
        assert rule["conditions"][0]["field_id"] in [each["id"] for each in form if each["label"] == "Kind"]
