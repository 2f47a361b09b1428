"""Approvals by several. Spec: behaviour-work 5.5a."""

from typing import Any

import pytest

from tests.api.task_runs import Run, run_of
from tests.builders import Organization, Person
from tests.harness import Api


def approval(*people: Person, needed: int = 2, **more: Any) -> dict[str, Any]:
    ids = [each.id for each in people]
    return {"title": "Sign", "step_type": "approval", "approvals_needed": needed, "assignees": ids, **more}


def decide(run: Run, by: Person, *, approve: bool = True, **more: Any) -> int:
    return run.complete("Sign", by, is_approved=approve, **more).status_code


def standing(run: Run) -> tuple[Any, ...]:
    task = run.tasks()["Sign"]
    return tuple(task[key] for key in ("status_label", "completion_progress"))


def test_so_many_of_them_approve(org: Organization) -> None:
    """FE1, A3: two of three, a group's member and a guest among them; a part is done once."""
    ann, otto = org.person(), org.person("light")
    guest = org.guest()["email"]
    group = org.group(members=[otto])
    run = run_of(org, approval(ann, needed=2, groups=[group["id"]], guests=[guest]))
    assert run.tasks()["Sign"]["approvals_needed"] == 2
    assert standing(run) == ("not-started", 0)

    assert decide(run, ann) == 200
    assert standing(run) == ("in-progress", 50)
    assert decide(run, ann) == 422
    assert (
        org.guest_api(guest).post("/completed-tasks", {"task_id": run.task_id("Sign"), "is_approved": True}).is_success
    )

    assert standing(run) == ("approved", 100) and run.now()["status"] == "complete"
    assert decide(run, otto) == 422, "it is approved already"
    assert run.reopen("Sign").status_code == 200 and standing(run) == ("in-progress", 0)


def test_a_clone_asks_for_one_approval(org: Organization) -> None:
    """FE4: and a process keeps the number of the version it runs."""
    ann, otto = org.person(), org.person()
    run = run_of(org, approval(ann, otto, needed=2))

    copy = org.api.data("POST", f"/tasks/{run.task_id('Sign')}/clone")

    assert copy.get("approvals_needed") is None
    assert run.tasks()["Sign"]["approvals_needed"] == 2
    assert run.complete(copy["title"], ann, is_approved=True).status_code == 200
    assert run.tasks()[copy["title"]]["status_label"] == "approved"


def test_the_first_rejection_rejects(org: Organization) -> None:
    """FE1, A8"""
    ann, otto, mira = org.person(), org.person(), org.person()
    run = run_of(org, approval(ann, otto, mira, needed=3))
    assert decide(run, ann) == 200

    assert decide(run, otto, approve=False) == 200

    assert standing(run) == ("rejected", 100)


def test_neither_the_launcher_nor_anybody_else_decides(org: Organization) -> None:
    """FE2: the administrator launched it, is assigned, and may do anything else."""
    ann, other, chief = org.person(), org.person(), org.person("admin")
    run = run_of(org, approval(org.admin, ann, needed=1), users=[other.id])

    for person in (org.admin, other, chief):
        assert decide(run, person) == 403
        assert decide(run, person, approve=False) == 403
        shown = person.api.data("GET", run.path("Sign"))
        assert shown["is_completable"] is False
    assert decide(run, chief, override_user=ann.id) == 403
    assert standing(run) == ("not-started", 0)
    assert ann.api.data("GET", run.path("Sign"))["is_completable"] is True
    assert decide(run, ann) == 200 and standing(run) == ("approved", 100)


def test_naming_somebody_else_as_the_launcher_gives_no_say(org: Organization) -> None:
    """FE2: `user_id` is in whose name it is launched, and who launches it is another."""
    ann, otto, mira = org.person(), org.person(), org.person()
    template = org.template(steps=[approval(ann, otto, mira, needed=1)])
    org.allow(template, "LAUNCH", ann.id)
    made = ann.api.data("POST", "/runs", {"checklist_id": template["id"], "user_id": otto.id})
    task = made["id"], org.api.data("GET", f"/runs/{made['id']}/tasks")[0]["id"]

    def approve(by: Person) -> int:
        return by.api.post(f"/runs/{task[0]}/completed-tasks", {"task_id": task[1], "is_approved": True}).status_code

    assert made["started_by"] == otto.id
    assert [each.api.data("GET", f"/tasks/{task[1]}")["is_completable"] for each in (ann, otto, mira)] == [0, 0, 1]
    assert [approve(each) for each in (ann, otto, mira)] == [403, 403, 200]


def test_a_visitor_does_not_decide_on_what_they_asked_for(org: Organization) -> None:
    """FE2, L-7.24: a public form is launched in the name of whoever shares it, by the visitor."""
    guest, other = org.guest()["email"], org.guest()["email"]
    template = org.template(
        steps=[approval(needed=1, guests=[guest, other])], kickoff=[{"label": "What"}], is_public_kickoff=True
    )
    code = org.api.data("GET", f"/checklists/{template['id']}/public-kickoff")["code"]
    made = Api(org.server, None).data("POST", f"//public/kickoff/{code}", {"email": guest, "prerun": {}})
    [task] = org.api.data("GET", f"/runs/{made['id']}/tasks")

    decision = {"task_id": task["id"], "is_approved": True}
    assert org.guest_api(guest).post("/completed-tasks", decision).status_code == 403
    assert org.guest_api(other).post("/completed-tasks", decision).status_code == 200


def test_who_launched_does_not_decide_as_a_guest(org: Organization) -> None:
    """FE2: nor as the member they are again."""
    ann, other = org.person(), org.guest()["email"]
    template = org.template(steps=[approval(ann, needed=1, guests=[other])])
    org.allow(template, "LAUNCH", ann.id)
    made = ann.api.data("POST", "/runs", {"checklist_id": template["id"]})
    [task] = org.api.data("GET", f"/runs/{made['id']}/tasks")
    decision = {"task_id": task["id"], "is_approved": True}

    org.api.data("PUT", f"/users/{ann.id}/to/guest")
    assert org.guest_api(ann.email).post("/completed-tasks", decision).status_code == 403
    assert org.guest_api(ann.email).get(f"/tasks/{task['id']}").json()["data"]["is_completable"] is False
    again = org.person(email=ann.email)
    assert again.id == ann.id
    assert again.api.post(f"/runs/{made['id']}/completed-tasks", decision).status_code == 403
    assert org.guest_api(other).post("/completed-tasks", decision).status_code == 200


def test_who_launched_does_not_decide_as_another_member(org: Organization) -> None:
    """FE2: deleted and taken on again with the same address."""
    ann, other = org.person(), org.person()
    run = run_of(org, approval(other, needed=1), user_id=ann.id)
    org.api.delete(f"/users/{ann.id}").raise_for_status()
    org.api.delete(f"/users/{ann.id}/delete").raise_for_status()
    again = org.person(email=ann.email)
    assert again.id != ann.id
    run.assign("Sign", again, other)

    assert [decide(run, each) for each in (again, other)] == [403, 200]


def test_a_visitor_does_not_decide_as_a_member(org: Organization) -> None:
    """FE2: nor as a guest once more."""
    guest, other = org.guest()["email"], org.person()
    template = org.template(
        steps=[approval(other, needed=1, guests=[guest])], kickoff=[{"label": "What"}], is_public_kickoff=True
    )
    code = org.api.data("GET", f"/checklists/{template['id']}/public-kickoff")["code"]
    made = Api(org.server, None).data("POST", f"//public/kickoff/{code}", {"email": guest, "prerun": {}})
    [task] = org.api.data("GET", f"/runs/{made['id']}/tasks")
    decision = {"task_id": task["id"], "is_approved": True}

    member = org.person("admin", email=guest)
    assert member.api.post(f"/runs/{made['id']}/completed-tasks", decision).status_code == 403
    org.api.data("PUT", f"/users/{member.id}/to/guest")
    assert org.guest_api(guest).post("/completed-tasks", decision).status_code == 403
    assert other.api.post(f"/runs/{made['id']}/completed-tasks", decision).status_code == 200


def test_the_number_stays_when_assignees_change(org: Organization) -> None:
    """FE3: nobody approves by leaving others out, or by making it another task."""
    ann, otto, mira = org.person(), org.person(), org.person()
    run = run_of(org, approval(ann, otto, needed=2))
    assert decide(run, ann) == 200
    run.assign("Sign", ann)
    assert standing(run) == ("in-progress", 50)
    run.assign("Sign", otto, mira)
    assert standing(run) == ("in-progress", 0), "who is not assigned has no say"
    assert "task_type" in run.change("Sign", task_type="task").json()["errors"]
    assert run.change("Sign", everyone_must_complete=True).is_success

    assert [decide(run, each) for each in (otto, mira)] == [200, 200]
    assert standing(run) == ("approved", 100)
    copy = org.api.data("POST", f"/tasks/{run.task_id('Sign')}/clone", {})
    assert "approvals_needed" not in copy


@pytest.mark.parametrize("needed", [0, 101, "two", 1.5])
def test_a_number_that_cannot_be(org: Organization, needed: Any) -> None:
    template = org.template()
    answer = org.api.post(f"/checklists/{template['id']}/steps", {"title": "Sign", "approvals_needed": needed})
    assert answer.status_code == 422 and "approvals_needed" in answer.json()["errors"]


def test_other_types_ignore_it(org: Organization) -> None:
    """FE1"""
    run = run_of(org, {"title": "Sign", "approvals_needed": 2})
    assert run.complete("Sign").status_code == 200
