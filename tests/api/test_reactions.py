"""Rules and the people around them: guests, parts, copies, leavers. Spec: behaviour-automations 4 to 11."""

from typing import Any

import pytest

from tests.api.task_runs import NOW, Run
from tests.api.template_rules import Rules
from tests.builders import Organization


def asked(step: str, operation: str = "completed") -> dict[str, Any]:
    subject = {"conditionable_id": step, "conditionable_type": "Step"}
    return {**subject, "operation": operation, "statement": None, "logic": "and"}


def test_a_10_3_a_guest_sets_rules_off_like_a_member(org: Organization) -> None:
    """Spec: behaviour-automations A-1.8."""
    rules, guest = Rules(org), org.guest()["email"]
    rules.add(conditions=[rules.condition(**asked(rules.brief))])
    other = Run(org, rules.template)
    run = Run(org, rules.template, tasks={rules.brief: {"owners": {"guests": [guest]}}})

    body = {"task_id": run.task_id("Brief")}
    done = org.guest_api(guest).post("/completed-tasks", body)

    assert done.status_code == 200, done.text
    assert run.tasks()["Permit"]["status"] == "not-started"
    assert done.json()["data"]["tasks_changed_by_rules"] == {}, "what is not theirs is not named to guests"
    assert other.tasks()["Permit"]["status"] == "auto-skipped", "rules act inside one process"


def test_a_7_5_a_guest_sees_a_task_once_a_rule_shows_it(org: Organization) -> None:
    rules, guest = Rules(org), org.guest()["email"]
    rules.add(conditions=[rules.condition(**asked(rules.brief))])
    run = Run(org, rules.template, tasks={rules.permit: {"owners": {"guests": [guest]}}})
    path = f"/tasks/{run.task_id('Permit')}"

    assert org.guest_api(guest).get(path).status_code == 404
    run.complete("Brief").raise_for_status()
    assert org.guest_api(guest).get(path).status_code == 200


def test_a_5_10_a_completion_names_what_rules_changed(org: Organization) -> None:
    rules = Rules(org)
    rules.add(
        conditions=[rules.condition(**asked(rules.brief))],
        then_actions=[rules.action(), rules.assignment(assignees={"guests": ["g@x.test"]}, position=2)],
    )
    run = Run(org, rules.template)

    done = run.complete("Brief").json()["data"]

    permit = run.tasks()["Permit"]
    assert done["tasks_changed_by_rules"] == {
        permit["id"]: {"status": "not-started", "title": "Permit", "actions": ["show", "assign"]}
    }
    assert permit["owners"]["guests"] == ["g@x.test"]
    assert org.api.data("GET", "/guests/g@x.test")["email"] == "g@x.test", "A-4.35: the guest exists now"


def test_a_4_51_everybodys_part_is_open_again(org: Organization) -> None:
    rules, ann = Rules(org), org.person()
    everybody = {"title": "Brief", "everyone_must_complete": True, "assignees": [org.admin.id, ann.id]}
    org.api.data("PUT", f"/checklists/{rules.id}/steps/{rules.brief}", everybody)
    reopen = rules.action(action_type="status", action_verb="reopen", target_step_id=rules.brief)
    rules.add(conditions=[rules.condition(**asked(rules.permit))], then_actions=[reopen])
    run = Run(org, rules.template)
    run.complete("Brief").raise_for_status()
    assert run.tasks()["Brief"]["status"] == "in-progress", "A-5.1: a part is no completion"
    run.complete("Brief", by=ann).raise_for_status()

    run.complete("Permit").raise_for_status()

    brief = run.tasks()["Brief"]
    assert (brief["status"], brief["completion_progress"]) == ("in-progress", 0)


def test_a_part_completed_by_taking_people_off_sets_rules_off(org: Organization) -> None:
    """Spec: A-5.1: completed in whatever way."""
    rules, ann = Rules(org), org.person()
    everybody = {"title": "Brief", "everyone_must_complete": True, "assignees": [org.admin.id, ann.id]}
    org.api.data("PUT", f"/checklists/{rules.id}/steps/{rules.brief}", everybody)
    rules.add(conditions=[rules.condition(**asked(rules.brief))])
    run = Run(org, rules.template)
    run.complete("Brief").raise_for_status()

    run.assign("Brief", org.admin)

    tasks = run.tasks()
    assert [tasks[title]["status"] for title in ("Brief", "Permit")] == ["completed", "not-started"]


def test_a_8_6_a_copy_of_a_hidden_task_is_visible(org: Organization) -> None:
    rules = Rules(org)
    rules.add()
    run = Run(org, rules.template)

    copy = org.api.data("POST", f"/tasks/{run.task_id('Permit')}/clone", {"title": "Again"})

    assert copy["status"] == "not-started"


def test_a_7_3_a_hidden_task_is_never_late(org: Organization) -> None:
    clock = org.server.clock
    clock.freeze(NOW)
    rules = Rules(org)
    rules.add()
    run = Run(org, rules.template)
    run.complete("Brief").raise_for_status()
    visible = run.now()["due_date"]

    clock.advance(hours=23)
    assert (run.now()["late_tasks"], run.now()["due_date"]) == (0, visible)
    run.change("Permit", deadline="2026-09-21T15:00:00Z").raise_for_status()
    assert run.now()["late_tasks"] == 0
    org.api.put(run.path("Permit") + "/show", {}).raise_for_status()
    assert run.now()["late_tasks"] == 1


def test_a_4_36_who_has_left_is_not_assigned(org: Organization) -> None:
    """A rule that names only them does nothing (A-11.4, A-4.30)."""
    rules, left, here = Rules(org), org.person(), org.person()
    both = rules.assignment(action_verb="assign_only", assignees={"users": [left.id, here.id]})
    only = rules.assignment(action_verb="assign_only", target_step_id=rules.brief, assignees={"users": [left.id]})
    rules.add(conditions=[rules.condition(operation="is_empty")], then_actions=[both, {**only, "position": 2}])
    org.api.request("DELETE", f"/users/{left.id}/disable").raise_for_status()

    tasks = Run(org, rules.template).tasks()

    assert tasks["Permit"]["owners"]["users"] == [here.id]
    assert tasks["Brief"]["owners"]["users"] == [org.admin.id]


def test_a_fixed_guest_who_became_a_member_is_the_member(org: Organization) -> None:
    """Spec: A-4.30, A-5.6: a rule never breaks a launch."""
    rules, guest = Rules(org), org.guest()["email"]
    action = rules.assignment(action_verb="assign_only", assignees={"guests": [guest]})
    rules.add(conditions=[rules.condition(operation="is_empty")], then_actions=[action])
    member = org.api.data("POST", f"/guests/{guest}/to/member", {"role": "standard"}, status=200)["id"]

    owners = Run(org, rules.template).tasks()["Permit"]["owners"]

    assert (owners["users"], owners["guests"]) == ([member], [])


def test_a_4_9_a_step_left_out_of_the_launch_is_skipped(new_server: Any) -> None:
    """L-7.3"""
    org = Organization(new_server(launch_tasks_map_selects_steps=True))
    rules = Rules(org)
    rules.add(
        conditions=[rules.condition(operation="is_empty")],
        then_actions=[rules.action(), rules.action(target_step_id=rules.brief, action_verb="hide", position=2)],
    )

    tasks = Run(org, rules.template, tasks={rules.brief: {}}).tasks()

    assert {title: task["status"] for title, task in tasks.items()} == {"Brief": "auto-skipped"}


@pytest.mark.parametrize(("default", "own", "fires"), [(True, None, 1), (True, False, 2), (False, True, 1)])
def test_a_5_18_the_organizations_setting_prevails(new_server: Any, default: bool, own: Any, fires: int) -> None:
    org = Organization(new_server(automation_fire_once=default))
    org.api.data("PUT", "", {"name": "Fernwood", "automation_fire_once": own})
    rules, ann = Rules(org), org.person()
    give = rules.assignment(action_verb="assign_only", assignees={"users": [ann.id]})
    rules.add(conditions=[rules.condition(**asked(rules.brief))], then_actions=[give])
    run = Run(org, rules.template)

    fired = 0
    for _ in range(2):
        run.assign("Permit", org.admin)
        run.complete("Brief").raise_for_status()
        fired += run.tasks()["Permit"]["owners"]["users"] == [ann.id]
        run.reopen("Brief").raise_for_status()

    assert fired == fires


def test_t_6_12_rules_go_on_with_a_tasks_new_type(org: Organization) -> None:
    rules = Rules(org)
    step = {"title": "Brief", "step_type": "approval"}
    org.api.data("PUT", f"/checklists/{rules.id}/steps/{rules.brief}", step)
    rules.add(conditions=[rules.condition(**asked(rules.brief, "approved"))])
    changed, kept = Run(org, rules.template), Run(org, rules.template)
    changed.change("Brief", task_type="task").raise_for_status()
    changed.complete("Brief").raise_for_status()
    assert changed.tasks()["Permit"]["status"] == "auto-skipped", "a plain task is never approved"

    changed.reopen("Brief").raise_for_status()
    changed.change("Brief", task_type="approval").raise_for_status()
    for run in (changed, kept):
        run.complete("Brief", is_approved=True).raise_for_status()
        assert run.tasks()["Permit"]["status"] == "not-started"


def test_a_5_9_an_archived_process_sleeps(org: Organization) -> None:
    rules = Rules(org)
    rules.add(conditions=[rules.condition(**asked(rules.brief))])
    run = Run(org, rules.template)
    brief = run.task_id("Brief")
    org.api.delete(f"/runs/{run.id}").raise_for_status()

    assert org.api.post(f"/runs/{run.id}/completed-tasks", {"task_id": brief}).status_code == 422
    org.api.put(f"/runs/{run.id}/activate").raise_for_status()
    assert run.tasks()["Permit"]["status"] == "auto-skipped"


def test_a_11_3_an_option_that_is_gone_can_never_be_chosen(org: Organization) -> None:
    """Spec: A-2.23."""
    rules = Rules(org)
    rules.add()
    options = [{"id": 1, "text": "River"}]
    field = {"id": rules.trip, "label": "Trip", "field_type": "dropdown", "required": False, "options": options}

    org.api.data("PUT", f"/checklists/{rules.id}", {"title": "Boats", "prerun": [field]})

    tasks = Run(org, rules.template, prerun={rules.trip: options[0]}).tasks()
    assert tasks["Permit"]["status"] == "auto-skipped"
