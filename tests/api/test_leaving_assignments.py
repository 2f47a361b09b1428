"""What becomes of assignments when a group or guest goes. Spec: behaviour-people GR1, C1; api-people 5, 6."""

from typing import Any

from tests.builders import Organization


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
