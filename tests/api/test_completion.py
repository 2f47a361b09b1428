"""Completing and reopening. Spec: api-tasks 11, 12; behaviour-work 5.3 to 5.6, 17."""

from typing import Any

import pytest

from tests.api.task_runs import NOW, Run, chain, on_one_database, run_of
from tests.api.thread_places import Places, at_once, how_often
from tests.builders import Organization, text_field

REOPENED = ("completed_at", "completer_id", "completer_guest_id", "completer_guest", "is_approved")


def test_c17_a_completion_records_who_and_when(org: Organization) -> None:
    org.server.clock.freeze(NOW)
    run, otto = run_of(org, "Call", "Write"), org.person()
    run.assign("Call", otto)

    done = run.complete("Call", by=otto).json()["data"]

    assert (done["status"], done["completed_at"], done["completer_id"], done["is_approved"]) == (
        "completed", "2026-09-21T14:13:20.000Z", otto.id, None,
    )  # fmt: skip
    assert (done["tasks_changed_by_rules"], done["summary"], done["is_completable"]) == ({}, None, False)
    assert run.now()["progress"] == {"complete": 1, "total": 2, "percent": 50}
    assert how_often(org, "task.completed", done["id"]) == 1


def test_p4_the_last_task_completes_the_process_and_reopening_it_undoes_that(org: Organization) -> None:
    run = run_of(org, "Call", "Write")
    run.complete("Call").raise_for_status()
    assert run.now()["status"] == "active"
    run.complete("Write").raise_for_status()
    assert (run.now()["status"], run.now()["completed_at"] is None) == ("complete", False)

    run.reopen("Call").raise_for_status()

    assert (run.now()["status"], run.now()["completed_at"]) == ("active", None)


def test_tk12_each_route_has_its_tasks(org: Organization) -> None:
    run, alone = run_of(org, "Call"), org.one_off()["id"]
    task, attached = run.task_id("Call"), org.one_off(run_id=run.id)["id"]

    assert org.api.post("/completed-tasks", {"task_id": task}).status_code == 404
    assert org.api.post("/completed-tasks", {"task_id": attached}).status_code == 404
    assert org.api.post(f"/runs/{run.id}/completed-tasks", {"task_id": alone}).status_code == 404
    assert org.api.delete(f"/completed-tasks/{task}").status_code == 404
    assert org.api.post(f"/runs/{run.id}/completed-tasks", {"task_id": attached}).status_code == 200
    done = org.api.post("/completed-tasks", {"task_id": alone.upper()}).json()["data"]
    assert (done["status"], "tasks_changed_by_rules" in done) == ("completed", False)


def test_tk13_the_second_completion_is_refused_and_fires_nothing(org: Organization) -> None:
    run = run_of(org, "Call", "Write")
    run.complete("Call").raise_for_status()
    before = run.tasks()["Call"]

    refused = run.complete("Call")

    assert (refused.status_code, refused.json()["code"]) == (422, "TASK_ALREADY_COMPLETED")
    assert run.tasks()["Call"] == before
    assert how_often(org, "task.completed", before["id"]) == 1
    run.reopen("Call").raise_for_status()
    run.complete("Call").raise_for_status()
    assert how_often(org, "task.completed", before["id"]) == 2


@pytest.mark.parametrize("place", ["in a process", "alone"])
def test_of_eight_completions_at_once_one_wins(org: Organization, place: str) -> None:
    if place == "alone":
        path, task = "/completed-tasks", org.one_off()["id"]
    else:
        run = run_of(org, "Call", "Write")
        path, task = f"/runs/{run.id}/completed-tasks", run.task_id("Call")

    answers = at_once([lambda: org.api.post(path, {"task_id": task})] * 8)

    assert sorted(each.status_code for each in answers) == [200] + [422] * 7
    assert how_often(org, "task.completed", task) == 1
    assert Places(org).differences() == []


@on_one_database
@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "task_id", id="no task"),
        pytest.param({"task_id": ""}, "task_id", id="empty task"),
        pytest.param({"task_id": 7}, "task_id", id="task is a number"),
        pytest.param({"task_id": "x"}, "task_id", id="malformed task"),
    ],
)
def test_a_completion_names_a_task(org: Organization, body: dict[str, Any], field: str) -> None:
    run = run_of(org, "Call")

    for path in ("/completed-tasks", f"/runs/{run.id}/completed-tasks"):
        refused = org.api.post(path, body)
        assert (refused.status_code, list(refused.json()["errors"])) == (422, [field])
    assert org.api.post(f"/runs/{'ab' * 16}/completed-tasks", body).status_code == 404


def test_tk9_an_approval_needs_a_decision(org: Organization) -> None:
    """T-6.1, T-6.12: what the task is now counts, not what its step was. Spec: behaviour-work C7, G9, T1."""
    run = run_of(org, {"title": "Check", "step_type": "approval"}, "Write")

    refused = run.complete("Check")
    assert (refused.status_code, refused.json()["errors"]) == (
        422, {"is_approved": ["The is approved field is required."]},
    )  # fmt: skip
    unclear = run.complete("Check", is_approved="perhaps").json()["errors"]
    assert unclear == {"is_approved": ["The is approved field must be true or false."]}
    rejected = run.complete("Check", is_approved=False).json()["data"]
    assert (rejected["status"], rejected["is_approved"], rejected["status_label"]) == ("completed", False, "rejected")
    assert run.now()["progress"]["complete"] == 1
    run.reopen("Check").raise_for_status()
    assert run.complete("Check", is_approved="true").json()["data"]["status_label"] == "approved"
    run.change("Write", task_type="approval").raise_for_status()
    assert list(run.complete("Write").json()["errors"]) == ["is_approved"]
    assert run.complete("Write", is_approved=False).json()["data"]["status_label"] == "rejected"


@on_one_database
@pytest.mark.parametrize(
    ("task_type", "sent", "stored", "label"),
    [
        pytest.param("expiring", None, True, "acknowledged", id="acknowledged"),
        pytest.param("expiring", False, False, "expired", id="TK10 expired"),
        pytest.param("expiring_email", None, True, "completed", id="sent by hand"),
        pytest.param("email", True, None, "completed", id="ignored on drafts"),
        pytest.param("task", False, None, "completed", id="ignored on tasks"),
    ],
)
def test_the_outcome_by_type(org: Organization, task_type: str, sent: Any, stored: Any, label: str) -> None:
    """T-6.2"""
    task = org.one_off(task_type=task_type)

    done = org.api.post("/completed-tasks", {"task_id": task["id"], "is_approved": sent}).json()["data"]

    assert (done["is_approved"], done["status_label"]) == (stored, label)


def test_tk11_all_that_is_missing_is_named_by_field(org: Organization) -> None:
    """T-11.13. Spec: behaviour-work C8, C18."""
    items = [{"id": 1, "text": "Wash"}, {"id": 2, "text": "Dry"}]
    step = {
        "title": "Check", "step_type": "approval",
        "captures": [
            text_field(label="Budget", required=True),
            text_field(label="Steps", field_type="multiselect", options=items, settings={"must_all_checked": True}),
            text_field(label="Note"),
        ],
    }  # fmt: skip
    run = run_of(org, step)
    budget, steps = run.field(0, 0), run.field(0, 1)

    refused = run.complete("Check", taskdata={budget: "12"}).json()["errors"]
    assert set(refused) == {"is_approved", budget, steps}
    assert refused[budget] == ["Budget is required"]

    run.change("Check", taskdata={budget: "12", steps: [items[0]]}).raise_for_status()
    assert list(run.complete("Check", is_approved=True).json()["errors"]) == [steps]
    run.change("Check", taskdata={steps: items}).raise_for_status()
    assert run.complete("Check", is_approved=True).status_code == 200


def test_tk34_a_multiselect_answer_without_selected_counts(org: Organization) -> None:
    item = {"id": 1, "text": "Wash"}
    field = text_field(label="Steps", field_type="multiselect", options=[item], required=True)
    run = run_of(org, {"title": "Check", "captures": [field]})
    run.change("Check", taskdata={run.field(): [{**item, "selected": False}]}).raise_for_status()
    assert run.complete("Check").status_code == 422

    run.change("Check", taskdata={run.field(): [item]}).raise_for_status()

    assert run.complete("Check").status_code == 200


def test_tk15_a_problem_blocks_until_it_is_resolved(org: Organization) -> None:
    """T-11.15. Spec: behaviour-work P3, O1."""
    run = run_of(org, "Call", "Write")
    task = run.task_id("Call")
    problem = org.api.data("POST", f"/tasks/{task}/problem", {"content": "No answer"})

    assert (run.now()["status"], run.tasks()["Call"]["problem"], run.tasks()["Call"]["is_completable"]) == (
        "problem", True, False,
    )  # fmt: skip
    org.api.post(f"/tasks/{task}/comment", {"content": "Fine now", "label": "resolve"}).raise_for_status()
    assert run.complete("Call").status_code == 422
    assert run.complete("Write").status_code == 200
    body = {"thread_id": problem["id"], "content": "They called back"}
    org.api.post(f"/tasks/{task}/resolved-threads", body).raise_for_status()
    assert run.complete("Call").status_code == 200


def test_tk16_a_problem_on_a_completed_task_reopens_it(org: Organization) -> None:
    """Spec: behaviour-work R8, I2."""
    run = run_of(org, "Call", "Write")
    run.complete("Call").raise_for_status()

    org.api.post(f"/tasks/{run.task_id('Call')}/problem", {"content": "Wrong"}).raise_for_status()

    now = run.tasks()["Call"]
    assert (now["status"], [now[name] for name in REOPENED]) == ("in-progress", [None] * 5)
    assert run.now()["status"] == "problem"


def test_c13_administrators_complete_in_somebodys_name(org: Organization) -> None:
    run, otto = run_of(org, "Call", "Write"), org.person()
    run.assign("Call", otto)

    assert run.complete("Call", by=otto, override_user=org.admin.id).status_code == 403
    for wrong in (999_999, "x", other_member(org)):
        assert list(run.complete("Call", override_user=wrong).json()["errors"]) == ["override_user"]
    assert run.complete("Call", override_user=str(otto.id)).json()["data"]["completer_id"] == otto.id


def other_member(org: Organization) -> int:
    """A member who has been disabled."""
    gone = org.person()
    org.api.delete(f"/users/{gone.id}/disable").raise_for_status()
    return gone.id


def test_a_comment_comes_with_the_completion(org: Organization) -> None:
    run, iris = run_of(org, "Call", "Write"), org.person()

    done = run.complete("Call", comment=f"Ask @[{iris.id}] <script>x</script>", colour="red")

    assert done.headers["x-ignored-params"] == "body:colour"
    [thread] = org.api.data("GET", run.path("Call") + "?with=threads")["threads"]["data"]
    assert (thread["label"], thread["author_id"], thread["sent_to"]) == ("comment", org.admin.id, [iris.id])
    assert "script" not in thread["content"]
    assert iris.api.get(f"/runs/{run.id}").status_code == 200
    assert run.complete("Write", comment="x" * 65_536).status_code == 422
    assert run.tasks()["Write"]["status"] == "not-started"


def test_h9_a_start_date_stands_in_nobodys_way(org: Organization) -> None:
    run = run_of(org, "Call", "Write")
    run.change("Call", started_at="2031-01-01", deadline="2031-02-01").raise_for_status()
    run.change("Write", started_at="2020-01-01").raise_for_status()

    assert org.api.data("GET", "/tasks?status=overdue") == []
    assert run.tasks()["Call"]["is_completable"] is True
    assert run.complete("Call").status_code == 200


def test_l_9_13_completion_releases_the_deadlines_that_wait_for_it(org: Organization) -> None:
    """Spec: behaviour-work D8, D14."""
    org.server.clock.freeze(NOW)
    run = chain(org)
    org.server.clock.advance(days=60)

    run.complete("First").raise_for_status()

    now = run.tasks()
    assert now["Second"]["deadline"] == "2026-11-21T14:13:20.000Z"
    org.server.clock.advance(days=1, seconds=1)
    assert "Second" in {each["title"] for each in org.api.data("GET", "/tasks?status=overdue")}
    assert run.now()["late_tasks"] == 3


def test_l_9_16_reopening_holds_them_again(org: Organization) -> None:
    """Spec: behaviour-work D14."""
    org.server.clock.freeze(NOW)
    run = chain(org)
    run.complete("First").raise_for_status()
    released = run.tasks()["Second"]["deadline"]

    run.reopen("First").raise_for_status()
    org.server.clock.advance(days=30)

    assert run.tasks()["Second"]["deadline"] == released
    assert "Second" not in {each["title"] for each in org.api.data("GET", "/tasks?status=overdue")}
    run.complete("First").raise_for_status()
    assert run.tasks()["Second"]["deadline"] == "2026-10-22T14:13:20.000Z"


def test_tk14_reopening_nulls_five_fields_and_keeps_the_answers(org: Organization) -> None:
    """Spec: behaviour-work R2, R4."""
    run = run_of(org, {"title": "Check", "step_type": "approval", "captures": [text_field(label="A")]})
    run.change("Check", taskdata={run.field(): "kept"}).raise_for_status()
    run.complete("Check", is_approved=True).raise_for_status()

    again = run.reopen("Check").json()["data"]

    assert (again["status"], [again[name] for name in REOPENED]) == ("in-progress", [None] * 5)
    assert (again["taskdata"], again["tasks_changed_by_rules"]) == ({run.field(): "kept"}, {})
    assert run.reopen("Check").status_code == 422
    run.complete("Check", is_approved=True).raise_for_status()
    assert org.api.post(f"/runs/{run.id}/completed-tasks/{run.task_id('Check')}").status_code == 200


def test_r6_what_cannot_be_reopened(org: Organization) -> None:
    run, alone = run_of(org, "Call"), org.one_off()["id"]

    assert run.reopen("Call").status_code == 422
    assert org.api.delete(f"/completed-tasks/{alone}").status_code == 422
    assert org.api.delete(f"/completed-tasks/{'ab' * 16}").status_code == 404
    assert org.api.delete(f"/runs/{run.id}/completed-tasks/{alone}").status_code == 404


@pytest.mark.parametrize("by_problem", [False, True])
def test_r5_r8_rules_react_however_a_task_is_reopened(org: Organization, by_problem: bool) -> None:
    """A-9.4 too: what its completion did is taken back where the step says so. Spec: behaviour-work I2."""
    template = org.template(steps=[{"title": "Check", "reverse_rules_on_reopen": True}, "File", "Mend", "Sign"])
    check, file, mend, _ = (step["id"] for step in template["steps"])
    for operation, verb, target in (("completed", "show", mend), ("reopened", "hide", file)):
        asked = {"conditionable_type": "Step", "conditionable_id": check, "logic": "and", "statement": None}
        action = {"action_type": "visibility", "action_verb": verb, "target_step_id": target}
        body = {"conditions": [{**asked, "operation": operation}], "then_actions": [action]}
        rules = f"/checklists/{template['id']}/automated-actions"
        org.api.data("POST", rules, {"automated_alias": operation, **body})
    run = Run(org, template)
    run.complete("Check").raise_for_status()
    assert [task["status"] for task in run.tasks().values()] == ["completed", *["not-started"] * 3]

    if by_problem:
        org.api.data("POST", f"/tasks/{run.task_id('Check')}/problem", {"content": "It leaks"})
    else:
        run.reopen("Check").raise_for_status()

    assert [task["status"] for task in run.tasks().values()] == [
        "in-progress", "auto-skipped", "auto-skipped", "not-started",
    ]  # fmt: skip
    assert run.now()["progress"] == {"complete": 0, "total": 2, "percent": 0}
    assert org.differences() == []


def test_r1_who_may_reopen(org: Organization) -> None:
    """T-8.7. Spec: behaviour-work C11."""
    light, standard, other = org.person("light"), org.person(), org.person("light")
    run = run_of(org, "Call", "Write", users=[standard.id, other.id])
    run.assign("Call", light)

    run.complete("Call", by=light).raise_for_status()
    assert run.reopen("Call", by=other).status_code == 403
    assert run.reopen("Call", by=light).status_code == 200
    run.complete("Call", by=light).raise_for_status()
    assert run.reopen("Call", by=standard).status_code == 200
    run.change("Call", can_complete_only_assignees=True).raise_for_status()
    run.complete("Call", by=light).raise_for_status()
    assert run.reopen("Call", by=standard).status_code == 403
    assert run.reopen("Call").status_code == 200


def test_c12_any_one_of_several_assignees_completes(org: Organization) -> None:
    otto, iris = org.person("light"), org.person("light")
    task = org.one_off(otto, iris)["id"]

    assert iris.api.post("/completed-tasks", {"task_id": task}).json()["data"]["completer_id"] == iris.id
    assert otto.api.post("/completed-tasks", {"task_id": task}).status_code == 422


def test_the_first_refusal_that_holds_is_answered(org: Organization) -> None:
    light, run = org.person("light"), run_of(org, {"title": "Check", "step_type": "approval"})
    task = run.task_id("Check")

    def status(api: Any, process: str, **body: Any) -> int:
        return api.post(f"/runs/{process}/completed-tasks", {"task_id": task, **body}).status_code

    assert status(light.api, run.id, is_approved="x") == 404
    seen = run_of(org, {"title": "Check", "step_type": "approval"}, users=[light.id])
    body = {"task_id": seen.task_id("Check"), "is_approved": "x"}
    assert light.api.post(f"/runs/{seen.id}/completed-tasks", body).status_code == 403
    org.api.post(f"/runs/{run.id}/problem", {"content": "Stop"}).raise_for_status()
    assert status(org.api, run.id, is_approved="x") == 423


def test_side_tables_equal_a_recount(org: Organization) -> None:
    otto = org.person()
    run = chain(org)
    run.assign("First", otto, org.admin, everyone_must_complete=True)
    run.complete("First", by=otto).raise_for_status()
    run.complete("First").raise_for_status()
    run.complete("Free").raise_for_status()
    run.reopen("Free").raise_for_status()
    alone = org.one_off(otto)["id"]
    org.api.post("/completed-tasks", {"task_id": alone}).raise_for_status()

    assert Places(org).differences() == []
