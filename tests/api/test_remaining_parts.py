"""Tasks for everybody, when somebody of them goes. Spec: behaviour-work A6."""

from collections.abc import Callable

import pytest

from tests.api.task_runs import Run, run_of
from tests.builders import Organization, Person

ANA = "ana@partner.test"


class Trio:
    """A task that Mira and Otto complete as a group, and whoever else; Mira has done her part."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        self.mira, self.otto = org.person(), org.person()
        self.group = org.group(members=[self.mira, self.otto])["id"]
        step = {"title": "Read", "groups": [self.group], "everyone_must_complete": True}
        self.run = run_of(org, step, "File")
        self.run.complete("Read", by=self.mira).raise_for_status()
        assert self.run.tasks()["Read"]["completion_progress"] == 50

    def leave_group(self) -> None:
        self.org.api.put(f"/groups/{self.group}", {"members": [self.mira.id]}).raise_for_status()

    def be_disabled(self) -> None:
        self.org.api.delete(f"/users/{self.otto.id}/disable").raise_for_status()

    def be_removed(self) -> None:
        self.org.api.delete(f"/users/{self.otto.id}").raise_for_status()

    def hand_over(self) -> None:
        to = f"with_reassignment=true&to={self.org.admin.id}"
        self.org.api.delete(f"/users/{self.otto.id}?{to}").raise_for_status()

    def become_a_guest(self) -> None:
        self.org.api.put(f"/users/{self.otto.id}/to/guest").raise_for_status()


def assert_completed_by(run: Run, person: Person) -> None:
    read = run.tasks()["Read"]
    assert (read["status"], read["completer_id"], read["completion_progress"]) == ("completed", person.id, 100)
    assert run.now()["progress"] == {"complete": 1, "total": 2, "percent": 50}
    assert run.org.differences() == []


@pytest.mark.parametrize(
    "go", [Trio.leave_group, Trio.be_disabled, Trio.be_removed, Trio.hand_over, Trio.become_a_guest]
)
def test_a_task_completes_when_the_one_who_was_missing_leaves_the_group(
    org: Organization, go: Callable[[Trio], None]
) -> None:
    trio = Trio(org)

    go(trio)

    assert_completed_by(trio.run, trio.mira)


def test_a_task_completes_when_the_group_of_the_missing_is_deleted(org: Organization) -> None:
    mira, otto = org.person(), org.person()
    group = org.group(members=[otto])["id"]
    step = {"title": "Read", "assignees": [mira.id], "groups": [group], "everyone_must_complete": True}
    run = run_of(org, step, "File")
    run.complete("Read", by=mira).raise_for_status()

    assert org.api.delete(f"/groups/{group}").status_code == 204

    assert_completed_by(run, mira)


def test_a_task_completes_when_the_guest_who_was_missing_is_removed(org: Organization) -> None:
    mira = org.person()
    step = {"title": "Read", "assignees": [mira.id], "guests": [ANA], "everyone_must_complete": True}
    run = run_of(org, step, "File")
    run.complete("Read", by=mira).raise_for_status()

    assert org.api.delete(f"/guests/{ANA}").status_code == 200

    assert_completed_by(run, mira)


def test_a_task_that_stands_alone_completes_too(org: Organization) -> None:
    mira, otto = org.person(), org.person()
    group = org.group(members=[mira, otto])["id"]
    owners = {"users": [], "guests": [], "groups": [group]}
    task = org.one_off(owners=owners, everyone_must_complete=True)["id"]
    mira.api.post("/completed-tasks", {"task_id": task}).raise_for_status()

    org.api.put(f"/groups/{group}", {"members": [mira.id]}).raise_for_status()

    assert org.api.data("GET", f"/tasks/{task}")["status"] == "completed"
    assert org.differences() == []


def test_what_others_have_still_to_do_stays_open(org: Organization) -> None:
    """A7: somebody else joins as one goes. A task where nobody has done anything is nobody's completion."""
    trio = Trio(org)
    vera = org.person()
    untouched = run_of(org, {"title": "Read", "groups": [trio.group], "everyone_must_complete": True})

    org.api.put(f"/groups/{trio.group}", {"members": [trio.mira.id, vera.id]}).raise_for_status()

    assert trio.run.tasks()["Read"]["completion_progress"] == 50
    org.api.put(f"/groups/{trio.group}", {"members": []}).raise_for_status()
    assert [each.tasks()["Read"]["status"] for each in (trio.run, untouched)] == ["in-progress", "not-started"]
    assert org.differences() == []


def test_a_task_of_nobody_completes_when_it_is_given_only_to_who_has_done_their_part(org: Organization) -> None:
    """A6, A7: their part counts, and nobody is missing."""
    mira, otto = org.person(), org.person()
    run = run_of(org, {"title": "Read", "assignees": [mira.id, otto.id], "everyone_must_complete": True}, "File")
    run.complete("Read", by=mira).raise_for_status()
    run.assign("Read")
    assert run.tasks()["Read"]["status"] == "in-progress"

    run.assign("Read", mira)

    assert_completed_by(run, mira)


def test_a_hidden_task_completes_when_it_is_shown_and_nobody_is_missing(org: Organization) -> None:
    mira, otto = org.person(), org.person()
    run = run_of(org, {"title": "Read", "assignees": [mira.id, otto.id], "everyone_must_complete": True}, "File")
    run.complete("Read", by=mira).raise_for_status()
    task = f"/runs/{run.id}/tasks/{run.task_id('Read')}"
    org.api.put(f"{task}/hide").raise_for_status()
    run.assign("Read", mira)

    shown = org.api.data("PUT", f"{task}/show", status=200)

    assert (shown["status"], shown["completer_id"]) == ("completed", mira.id)
    assert_completed_by(run, mira)


def resolve(org: Organization, task: str, problem: str) -> None:
    body = {"thread_id": problem, "content": "Found it"}
    org.api.post(f"/tasks/{task}/resolved-threads", body).raise_for_status()


def relabel(org: Organization, task: str, problem: str) -> None:
    org.api.put(f"/tasks/{task}/comment/{problem}", {"label": "comment"}).raise_for_status()


def delete(org: Organization, task: str, problem: str) -> None:
    org.api.delete(f"/tasks/{task}/comment/{problem}").raise_for_status()


@pytest.mark.parametrize("end", [resolve, relabel, delete])
def test_a_task_with_a_problem_completes_when_that_is_over_and_nobody_is_missing(
    org: Organization, end: Callable[[Organization, str, str], None]
) -> None:
    trio = Trio(org)
    task = trio.run.task_id("Read")
    problems = [org.api.data("POST", f"/tasks/{task}/problem", {"content": "Lost"})["id"] for _ in range(2)]
    trio.leave_group()

    for problem in problems:
        assert trio.run.tasks()["Read"]["status"] == "in-progress"
        end(org, task, problem)

    assert_completed_by(trio.run, trio.mira)


def test_a_task_that_stands_alone_with_a_problem_completes_too(org: Organization) -> None:
    mira, otto = org.person(), org.person()
    task = org.one_off(mira, otto, everyone_must_complete=True)
    mira.api.post("/completed-tasks", {"task_id": task["id"]}).raise_for_status()
    problem = org.api.data("POST", f"/tasks/{task['id']}/problem", {"content": "Lost"})["id"]
    org.api.put(f"/tasks/{task['id']}", {**task, "owners": {"users": [mira.id]}}).raise_for_status()

    resolve(org, task["id"], problem)

    assert org.api.data("GET", f"/tasks/{task['id']}")["status"] == "completed"
    assert org.differences() == []


def test_a_part_that_was_done_is_no_approval(org: Organization) -> None:
    """Spec: A7, A8, FE1: a task that becomes an approval asks everybody."""
    mira, otto = org.person(), org.person()
    run = run_of(org, {"title": "Read", "assignees": [mira.id, otto.id], "everyone_must_complete": True}, "File")
    run.complete("Read", by=mira).raise_for_status()

    now = run.change("Read", task_type="approval", owners={"users": [mira.id]}).json()["data"]

    assert (now["status"], now["is_approved"], now["completion_progress"]) == ("in-progress", None, 0)
    assert run.complete("Read", by=mira, is_approved=True).json()["data"]["status_label"] == "approved"


def test_an_approval_by_all_who_remain_is_an_approval_and_rules_follow(org: Organization) -> None:
    mira, otto = org.person(), org.person()
    group = org.group(members=[mira, otto])["id"]
    approve = {"title": "Approve", "step_type": "approval", "groups": [group], "everyone_must_complete": True}
    template = org.template(steps=[approve, "Pay"])
    first, second = (step["id"] for step in template["steps"])
    condition = {"conditionable_id": first, "conditionable_type": "Step", "operation": "approved", "logic": "and"}
    action = {"action_type": "visibility", "action_verb": "show", "target_step_id": second}
    rule = {"automated_alias": "Pay", "conditions": [{**condition, "statement": None}], "then_actions": [action]}
    org.api.post(f"/checklists/{template['id']}/automated-actions", rule).raise_for_status()
    run = Run(org, template)
    run.complete("Approve", by=mira, is_approved=True).raise_for_status()

    org.api.put(f"/groups/{group}", {"members": [mira.id]}).raise_for_status()

    tasks = run.tasks()
    assert (tasks["Approve"]["status_label"], tasks["Pay"]["status"]) == ("approved", "not-started")
    assert org.api.post(f"/tasks/{tasks['Approve']['id']}/undo").status_code == 422


@pytest.mark.parametrize("state", ["archived", "archived, taken back", "locked", "on hold"])
def test_where_nothing_may_change_the_task_completes_when_that_is_over(org: Organization, state: str) -> None:
    trio = Trio(org)
    path = f"/runs/{trio.run.id}"
    issue = ""
    if state == "on hold":
        org.api.post(f"{path}/hold", {"reason": "wait"}).raise_for_status()
    elif state == "locked":
        issue = org.api.data("POST", f"{path}/problem", {"content": "Stop"})["id"]
    else:
        org.api.delete(path).raise_for_status()

    trio.leave_group()

    assert trio.run.tasks()["Read"]["status"] == "in-progress"
    if state == "on hold":
        org.api.delete(f"{path}/hold").raise_for_status()
    elif state == "locked":
        org.api.post(f"{path}/resolved-threads", {"thread_id": issue, "content": "Go on"}).raise_for_status()
    else:
        org.api.request(*(("PUT", f"{path}/activate") if state == "archived" else ("POST", f"{path}/undo")))
    assert_completed_by(trio.run, trio.mira)


def test_an_archived_task_that_stands_alone_completes_when_it_is_restored(org: Organization) -> None:
    mira, otto = org.person(), org.person()
    group = org.group(members=[mira, otto])["id"]
    task = org.one_off(owners={"groups": [group]}, everyone_must_complete=True)["id"]
    mira.api.post("/completed-tasks", {"task_id": task}).raise_for_status()
    org.api.delete(f"/tasks/{task}").raise_for_status()
    org.api.put(f"/groups/{group}", {"members": [mira.id]}).raise_for_status()

    assert org.api.data("PUT", f"/tasks/{task}/restore", status=200)["status"] == "completed"
    assert org.differences() == []


@pytest.mark.parametrize("by_group", [False, True], ids=["named", "in a group"])
def test_a_guest_who_becomes_a_member_has_done_the_part_already(org: Organization, by_group: bool) -> None:
    """Spec: A2, A6, C1."""
    mira = org.person()
    named = {"assignees": [mira.id], "guests": [ANA]}
    step = {"title": "Read", "everyone_must_complete": True, **({} if by_group else named)}
    if by_group:
        step["groups"] = [org.group(members=[mira], guests=[ANA])["id"]]
    run = run_of(org, step, "File")
    task = run.task_id("Read")
    org.guest_api(ANA).post("/completed-tasks", {"task_id": task}).raise_for_status()

    org.api.data("POST", f"/guests/{ANA}/to/member", status=200)

    assert run.tasks()["Read"]["completion_progress"] == 50
    run.complete("Read", by=mira).raise_for_status()
    assert_completed_by(run, mira)
