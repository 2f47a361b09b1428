"""What becomes of assignments when a group or guest goes. Spec: behaviour-people GR1, C1; api-people 5, 6."""

from typing import Any

from tests.api.task_runs import Run
from tests.builders import Organization
from tests.worker.test_timers import World


def owners_of(org: Organization, run: dict[str, Any]) -> list[dict[str, Any]]:
    tasks = org.api.data("GET", f"/runs/{run['id']}/tasks")
    return [task["owners"] for task in tasks]


def launched(org: Organization, owners: dict[str, Any]) -> dict[str, Any]:
    template = org.template(steps=["Check", "Sign"])
    first, second = (step["id"] for step in template["steps"])
    body = {"checklist_id": template["id"], "tasks": {first: {"owners": owners}, second: {"owners": owners}}}
    run = org.api.data("POST", "/runs", body)
    task = org.api.data("GET", f"/runs/{run['id']}/tasks")[0]
    org.api.data("POST", f"/runs/{run['id']}/completed-tasks", {"task_id": task["id"]}, status=200)
    return run


def test_a_deleted_group_vanishes_from_every_task(org: Organization) -> None:
    mira = org.person()
    group = org.group("Buyers", members=[mira])
    run = launched(org, {"users": [], "guests": [], "groups": [group["id"]]})
    alone = org.api.data(
        "POST",
        "/tasks",
        {
            "title": "Call",
            "task_type": "task",
            "owners": {"users": [org.admin.id], "groups": [group["id"]]},
            "deadline": "2031-01-01",
        },
    )

    assert org.api.delete(f"/groups/{group['id']}").status_code == 204

    assert [owners["groups"] for owners in owners_of(org, run)] == [[], []]
    assert org.api.data("GET", f"/tasks/{alone['id']}")["owners"]["groups"] == []
    assert org.api.get(f"/runs?groups={group['id']}").json()["meta"]["pagination"]["total"] == 0
    assert org.differences() == []


def test_a_removed_guest_leaves_open_tasks_and_keeps_completed_ones(org: Organization) -> None:
    run = launched(org, {"users": [org.admin.id], "guests": ["ana@partner.example"], "groups": []})

    assert org.api.delete("/guests/ana%40partner.example").status_code == 200

    assert [owners["guests"] for owners in owners_of(org, run)] == [["ana@partner.example"], []]
    assert org.differences() == []


def test_a_guest_who_becomes_a_member_keeps_the_tasks(org: Organization) -> None:
    run = launched(org, {"users": [org.admin.id], "guests": ["ana@partner.example"], "groups": []})

    member = org.api.data("POST", "/guests/ana%40partner.example/to/member", status=200)

    assert [owners["users"] for owners in owners_of(org, run)] == [[org.admin.id, member["id"]]] * 2
    assert [owners["guests"] for owners in owners_of(org, run)] == [[], []]
    assert org.differences() == []


class TakenOver:
    """A process whose "Sign" was somebody's until "Check" was completed, and is `to`'s (or a mate's) since then; re-opening
    that gives it back to them.
    """

    def __init__(self, org: Organization, to: dict[str, list[Any]] | None = None, **people: Any) -> None:
        self.org, self.mate = org, org.person()
        steps = [{"title": "Check", "reverse_rules_on_reopen": True}, {"title": "Sign", **people}]
        template = org.template(steps=steps)
        check, sign = (step["id"] for step in template["steps"])
        rule = {
            "automated_alias": "Over to a mate",
            "conditions": [
                {
                    "conditionable_id": check,
                    "conditionable_type": "Step",
                    "operation": "completed",
                    "statement": None,
                    "logic": "and",
                }
            ],
            "then_actions": [
                {
                    "action_type": "assignment",
                    "action_verb": "assign_only",
                    "target_step_id": sign,
                    "assignees": to or {"users": [self.mate.id]},
                }
            ],
        }
        org.api.data("POST", f"/checklists/{template['id']}/automated-actions", rule)
        self.run = Run(org, template)
        self.run.complete("Check").raise_for_status()

    def given_back(self) -> dict[str, Any]:
        """To whom, once "Check" is open again."""
        self.run.reopen("Check").raise_for_status()
        assert self.org.differences() == []
        return {kind: self.run.tasks()["Sign"]["owners"][kind] for kind in ("users", "guests", "groups")}


def test_a_9_4_no_group_and_no_guest_who_has_gone_gets_a_task_back(org: Organization) -> None:
    stays, group = org.person(), org.group()
    process = TakenOver(org, assignees=[stays.id], guests=["ana@partner.example"], groups=[group["id"]])
    org.api.delete("/guests/ana%40partner.example").raise_for_status()
    org.api.delete(f"/groups/{group['id']}").raise_for_status()

    assert process.given_back() == {"users": [stays.id], "guests": [], "groups": []}
    assert org.api.get("/guests/ana%40partner.example").status_code == 404


def test_a_11_4_whoever_took_over_from_a_leaver_gets_the_task_back(org: Organization) -> None:
    left, heir, disabled = org.person(), org.person(), org.person()
    process = TakenOver(org, assignees=[left.id, disabled.id])
    org.api.delete(f"/users/{left.id}?with_reassignment=true&to={heir.id}").raise_for_status()
    org.api.delete(f"/users/{disabled.id}/disable").raise_for_status()

    assert process.given_back()["users"] == [heir.id, disabled.id]


def test_a_9_4_a_guest_who_is_a_member_by_now_gets_the_task_back_as_one(org: Organization) -> None:
    process = TakenOver(org, assignees=[org.admin.id], guests=["ana@partner.example"])
    member = org.api.data("POST", "/guests/ana%40partner.example/to/member", status=200)

    assert process.given_back() == {"users": [org.admin.id, member["id"]], "guests": [], "groups": []}


def test_a_4_34_a_guest_does_not_get_a_task_back_alone(org: Organization) -> None:
    group = org.group()
    process = TakenOver(org, guests=["ana@partner.example"], groups=[group["id"]])
    org.api.delete(f"/groups/{group['id']}").raise_for_status()

    assert process.given_back() == {"users": [org.admin.id], "guests": ["ana@partner.example"], "groups": []}


def test_a_9_4_a_task_is_given_back_though_whoever_had_it_meanwhile_has_gone(org: Organization) -> None:
    former, left, heir, group = org.person(), org.person(), org.person(), org.group()
    to = {"users": [left.id], "guests": ["ana@partner.example", "bo@partner.example"], "groups": [group["id"]]}
    process = TakenOver(org, to, assignees=[former.id])
    org.api.delete(f"/users/{left.id}?with_reassignment=true&to={heir.id}").raise_for_status()
    org.api.delete("/guests/ana%40partner.example").raise_for_status()
    org.api.data("POST", "/guests/bo%40partner.example/to/member", status=200)
    org.api.delete(f"/groups/{group['id']}").raise_for_status()
    world = World(org)
    world.at(org.server.clock())
    world.fire()
    assert heir.id in process.run.tasks()["Sign"]["owners"]["users"]

    assert process.given_back() == {"users": [former.id], "guests": [], "groups": []}


def test_a_9_4_what_people_have_changed_since_stays(org: Organization) -> None:
    former, mate, other = org.person(), org.person(), org.person()
    process = TakenOver(org, {"users": [mate.id]}, assignees=[former.id])
    process.run.assign("Sign", other)

    assert process.given_back()["users"] == process.run.tasks()["Sign"]["owners"]["users"] != [former.id]
