"""Forms of tasks that are changed in the process. Spec: behaviour-work Z4, api-tasks 10."""

from typing import Any

from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import Run
from tests.builders import Organization, text_field


def form(run: Run, task: str) -> list[dict[str, Any]]:
    return run.org.api.data("GET", run.path(task) + "?with=form_fields")["form_fields"]["data"]


def labels(run: Run, task: str) -> list[tuple[str, Any]]:
    return [(each["label"], each["field_value"]) for each in form(run, task)]


def launched(org: Organization) -> Run:
    net = {"label": "Net", "field_type": "number"}
    gross = {"label": "Gross", "field_type": "calculated", "expression": "{{net-1}} * 2"}
    steps = [{"title": "Call", "captures": [{"label": "Who"}, {"label": "Why"}, net]}]
    return Run(org, org.template(steps=[*steps, {"title": "Sign", "captures": [gross]}, "File"]))


def test_z4_fields_are_added_changed_and_removed_on_this_run(org: Organization) -> None:
    run, other = launched(org), launched(org)
    before = org.api.data("GET", f"/checklists/{run.template['id']}?with=steps")
    who, why, net = form(run, "Call")
    run.change("Call", taskdata={who["id"]: "Ada", why["id"]: "late", net["id"]: 4}).raise_for_status()

    fields = [{**who, "label": "Who called", "required": True}, net, text_field(label="Where", required=True)]
    changed = run.change("Call", form_fields=fields, title="Call back", summary="Soon", position=2, top_secret=True)

    assert changed.status_code == 200, changed.text
    assert labels(run, "Call back") == [("Who called", "Ada"), ("Net", 4), ("Where", None)]
    where = form(run, "Call back")[2]
    assert (where["alias"], form(run, "Call back")[0]["alias"]) == ("where-1", who["alias"])
    assert run.tasks()["Call back"]["taskdata"] == {who["id"]: "Ada", net["id"]: 4}
    assert run.tasks()["Sign"]["taskdata"] == {run.field(1): 8}
    assert org.api.data("GET", f"/checklists/{run.template['id']}?with=steps") == before
    assert [each[0] for each in labels(other, "Call")] == ["Who", "Why", "Net"]
    refused = run.complete("Call back")
    assert refused.status_code == 422 and list(refused.json()["errors"]) == [where["id"]]
    run.change("Call back", taskdata={where["id"]: "Oslo", why["id"]: "gone"}).raise_for_status()
    run.change("Sign", summary="At {{where-1}}").raise_for_status()
    assert org.api.data("GET", run.path("Sign"))["summary"] == "At Oslo"
    whole = org.api.data("GET", f"/runs/{run.id}?with=form_fields&form_fields_values=1")["form_fields"]["data"]
    assert [each["label"] for each in whole] == ["Who called", "Net", "Where", "Gross"]
    exported = org.api.data("POST", f"/runs/{run.id}/export", status=200)
    assert [row["question_in_form_field"] for row in exported if row["question_in_form_field"]] == [
        "Who called", "Net", "Where", "Gross",
    ]  # fmt: skip
    assert run.complete("Call back").status_code == 200
    with unchanged(org):
        assert_refused(run.change("Call back", form_fields=[]), 422)
    feed = org.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={run.id}&field=form_fields")
    assert len(feed) == 1 and "form_fields" in feed[0]["field"]


def test_z4_a_form_that_is_sent_back_as_it_was_read_changes_nothing(org: Organization) -> None:
    run, light = launched(org), org.person("light")
    run.assign("Call", light)
    read = org.api.data("GET", run.path("Call") + "?with=form_fields")

    with unchanged(org):
        assert run.change("Call", form_fields=read["form_fields"]).status_code == 200
        ignored = light.api.put(run.path("Call"), {"form_fields": [], "title": "Call"})
    assert ignored.status_code == 200 and "body:form_fields" in ignored.headers["X-Ignored-Params"]


def test_z4_what_rules_and_calculations_use_stays_in_the_form(org: Organization) -> None:
    run = launched(org)
    who, why, net = form(run, "Call")
    condition = {
        "conditionable_id": who["id"],
        "conditionable_type": "Capture",
        "operation": "is_not_empty",
        "statement": None,
    }
    action = {"action_type": "visibility", "action_verb": "show", "target_step_id": run.template["steps"][2]["id"]}
    rule = {"automated_alias": "Asked", "conditions": [{**condition, "logic": "and"}], "then_actions": [action]}
    org.api.data("POST", f"/checklists/{run.template['id']}/automated-actions", rule)
    run = Run(org, run.template)

    with unchanged(org):
        for kept, used_by in (([why, net], '"Asked"'), ([who, why], '"Gross"')):
            refused = run.change("Call", form_fields=kept)
            assert_refused(refused, 422)
            [message] = refused.json()["errors"]["form_fields"]
            assert used_by in message
        retyped = [{**who, "field_type": "date"}, net]
        assert list(run.change("Call", form_fields=retyped).json()["errors"]) == ["form_fields"]
        broken = {"label": "Sum", "field_type": "calculated", "required": False, "expression": "{{nobody-1}}"}
        refused = run.change("Call", form_fields=[who, net, broken])
        assert list(refused.json()["errors"]) == ["form_fields.2.expression"]
        assert list(run.change("Call", form_fields="none").json()["errors"]) == ["form_fields"]

    doubled = {**broken, "expression": "{{gross-1}} + {{net-1}}"}
    run.change("Call", form_fields=[who, net, doubled], taskdata={net["id"]: 5}).raise_for_status()
    assert [value for _, value in labels(run, "Call")] == [None, 5, 15]
    run.change("Call", taskdata={who["id"]: "Ada"}).raise_for_status()
    run.complete("Call").raise_for_status()
    assert run.tasks()["File"]["status"] == "not-started", "rules go on asking what stayed"
