"""Members who are away, and who stands in for them. Spec: behaviour-launching 9.6, api-people 4.6."""

from typing import Any

import pytest

from tests.api.task_runs import Run, on_one_database
from tests.builders import Organization

AWAY = {"starts_on": "2026-09-22", "ends_on": "2026-09-25"}
# 2026-09-21T14:13:20Z, a Monday.
NOW = 1_790_000_000_000


def freeze(org: Organization) -> None:
    org.server.clock.freeze(NOW)
    org.admin.api.token = org.token(org.admin.id)


def step(title: str, *users: int, **more: Any) -> dict[str, Any]:
    deadline = {"value": 2, "unit": "days", "option": "from", "step": "start_run"}
    return {"title": title, "assignees": list(users), "deadline": deadline, "assign_run_starter": False, **more}


def test_a_deputy_gets_the_task_too_and_without_one_it_is_due_when_somebody_is_back(org: Organization) -> None:
    """L-9.25, L-9.26: what a launch does, and what a preview says of it."""
    freeze(org)
    ann, ben, cy = org.person(), org.person(), org.person()
    for person, deputy in ((ann, cy.id), (ben, None)):
        org.api.data("POST", "/absences", {**AWAY, "user_id": person.id, "deputy_id": deputy})
    group = org.group(members=[ben])
    later = {"value": 9, "unit": "days", "option": "from", "step": "start_run"}
    template = org.template(
        steps=[
            step("Ann's", ann.id),
            step("Ben's", ben.id),
            step("Both", ben.id, cy.id),
            step("Group's", ben.id, groups=[group["id"]]),
            step("Later", ann.id, deadline=later),
        ]
    )

    tasks = Run(org, template).tasks()

    assert {title: set(task["owners"]["users"]) for title, task in tasks.items()} == {
        "Ann's": {ann.id, cy.id},
        "Ben's": {ben.id},
        "Both": {ben.id, cy.id},
        "Group's": {ben.id},
        "Later": {ann.id},
    }
    usual = "2026-09-23T14:13:20.000Z"
    assert [tasks[title]["deadline"] for title in ("Ann's", "Ben's", "Both", "Group's")] == [
        usual,
        "2026-09-26T00:00:00.000Z",
        usual,
        usual,
    ]
    shown = {each["title"]: each for each in org.api.data("GET", f"/checklists/{template['id']}/deadline-preview")}
    assert {title: each["deadline"] for title, each in shown.items()} == {
        title: task["deadline"] for title, task in tasks.items()
    }
    [shift] = shown["Ben's"]["shifts"]
    assert (shift["kind"], shift["starts_on"], shift["ends_on"]) == ("absence", "2026-09-23", "2026-09-25")


def test_what_is_calculated_later_counts_absences_too(org: Organization) -> None:
    """L-9.27: after a step was completed, and by a rule, for whoever has the task then; a rehearsal says the same."""
    freeze(org)
    ann, ben = org.person(), org.person()
    template = org.template(
        steps=[step("Look", org.admin.id), step("Report", ben.id), step("After", ben.id), step("Moved", ann.id)]
    )
    look, report, after, moved = template["steps"]
    path = f"/checklists/{template['id']}"
    for one, waits_for in ((report, look), (after, report)):
        deadline = {"value": 2 if one is report else 0, "unit": "days", "option": "from", "step": waits_for["id"]}
        body = {"title": one["title"], "assignees": [ben.id], "deadline": deadline}
        org.api.data("PUT", f"{path}/steps/{one['id']}", body)
    done = {"conditionable_type": "Step", "conditionable_id": look["id"], "operation": "completed", "logic": "and"}
    shift = {"value": 1, "unit": "days", "option": "from"}
    moves = {"action_type": "deadline", "action_verb": "deadline", "target_step_id": moved["id"], "deadline": shift}
    rule = {"automated_alias": "r", "conditions": [{**done, "statement": None}], "then_actions": [moves]}
    org.api.data("POST", f"{path}/automated-actions", rule)
    run = Run(org, template)
    run.assign("Moved", ben)
    org.api.data("POST", "/absences", {**AWAY, "user_id": ben.id})
    events = [{"event": "complete", "step_id": look["id"]}]
    rehearsal = org.api.data("POST", f"{path}/simulate", {"events": events}, status=200)["moments"][-1]["tasks"]

    run.complete("Look").raise_for_status()

    back, usual = "2026-09-26T00:00:00.000Z", "2026-09-24T14:13:20.000Z"
    assert {title: run.tasks()[title]["deadline"] for title in ("Report", "After", "Moved")} == {
        "Report": back,
        "After": back,
        "Moved": back,
    }
    # In the rehearsal the last one is still Ann's, who is here.
    assert {task["title"]: task["deadline"] for task in rehearsal[1:]} == {
        "Report": back,
        "After": back,
        "Moved": usual,
    }


def test_who_notes_sees_and_deletes_absences(org: Organization) -> None:
    ann, light = org.person(), org.person("light")
    made = ann.api.data("POST", "/absences", AWAY)
    own = light.api.data("POST", "/absences", {**AWAY, "deputy_id": ann.id})
    assert (made["user_id"], made["deputy_id"], own["deputy_id"]) == (ann.id, None, ann.id)
    assert [each["id"] for each in ann.api.data("GET", "/absences")] == [made["id"], own["id"]]
    assert [each["id"] for each in light.api.data("GET", "/absences")] == [own["id"]]
    assert [each["id"] for each in ann.api.data("GET", f"/absences?user_id={light.id}")] == [own["id"]]
    assert ann.api.data("GET", "/absences?until=2026-10-01") == []

    assert ann.api.post("/absences", {**AWAY, "user_id": light.id}).status_code == 403
    path = f"/absences/{own['id']}"
    assert ann.api.put(path, {"ends_on": "2026-09-30"}).status_code == 403
    assert ann.api.request("DELETE", path).status_code == 403
    assert org.api.data("PUT", path, {"ends_on": "2026-09-30", "deputy_id": None})["ends_on"] == "2026-09-30"
    assert light.api.request("DELETE", path).status_code == 204
    assert light.api.put(path, {}).status_code == 404


@on_one_database
@pytest.mark.parametrize(
    ("said", "field"),
    [
        pytest.param({"starts_on": "2026-02-30"}, "starts_on", id="no such day"),
        pytest.param({"starts_on": "20260922"}, "starts_on", id="another form"),
        pytest.param({"ends_on": "2026-09-21"}, "ends_on", id="ends before it starts"),
        pytest.param({"ends_on": "2028-09-21"}, "ends_on", id="too long"),
        pytest.param({"deputy_id": 999_999}, "deputy_id", id="nobody"),
        pytest.param({"user_id": 999_999}, "user_id", id="whose"),
    ],
)
def test_a_broken_absence_is_refused(org: Organization, said: dict[str, Any], field: str) -> None:
    refused = org.api.post("/absences", {**AWAY, **said})

    assert refused.status_code == 422 and field in refused.json()["errors"], refused.text
    himself = org.api.post("/absences", {**AWAY, "deputy_id": org.admin.id})
    assert himself.status_code == 422 and org.api.data("GET", "/absences") == []
