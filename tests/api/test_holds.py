"""Processes on hold. Spec: behaviour-work 9.1."""

from typing import Any

from procession.domain.times import DAY, wire
from tests.api.task_runs import NOW, Run, run_of
from tests.builders import Organization
from tests.worker.test_timers import World, after, expiring, world

__all__ = ["world"]


def hold(run: Run, reason: str = "The supplier is on strike") -> dict[str, Any]:
    return run.org.api.data("POST", f"/runs/{run.id}/hold", {"reason": reason}, status=200)


def resume(run: Run) -> dict[str, Any]:
    return run.org.api.data("DELETE", f"/runs/{run.id}/hold")


def overdue(run: Run) -> set[str]:
    return set(run.tasks("&status=overdue"))


def test_its_clocks_stand_and_go_on_where_they_stood(world: World) -> None:
    """HO1, HO4 to HO6: late before, not late on hold, late by as much afterwards; timers are set anew."""
    org = world.org
    run = world.launch({"title": "Call", "deadline": after(1)}, expiring("Alarm", 3), {"title": "Free"})
    world.at(NOW + 2 * DAY)
    assert (run.now()["late_tasks"], overdue(run)) == (1, {"Call"})

    held = hold(run)

    assert held["on_hold"] == {"since": wire(NOW + 2 * DAY), "reason": "The supplier is on strike", "by": org.admin.id}
    world.at(NOW + 12 * DAY)
    now = run.now()
    shown = [now[key] for key in ("status", "late_tasks", "due_soon", "due_date", "due_date_passed")]
    assert shown == ["active", 0, False, None, False]
    assert org.api.data("GET", "/runs?status=delayed") == [] and overdue(run) == set()
    [listed] = org.api.data("GET", "/runs?with=tasks_meta")
    assert listed["on_hold"] == now["on_hold"] and listed["tasks_meta"]["data"]["overdue"] == 0
    assert not any(each["is_completable"] for each in run.tasks().values())
    world.fire()
    assert world.labels(run)["Alarm"] == "not-started"
    assert org.differences() == []

    went_on = resume(run)

    assert "on_hold" not in went_on and went_on["late_tasks"] == 1 and overdue(run) == {"Call"}
    later = {"Call": wire(NOW + 11 * DAY), "Alarm": wire(NOW + 13 * DAY), "Free": wire(NOW + 15 * DAY)}
    assert {title: each["deadline"] for title, each in run.tasks().items()} == later
    world.at(NOW + 13 * DAY - 1)
    world.fire()
    assert world.labels(run)["Alarm"] == "not-started"
    world.at(NOW + 13 * DAY)
    world.fire()
    assert world.labels(run)["Alarm"] == "expired"
    history = org.api.data("GET", run.path("Call") + "/explain")["history"]
    assert [each["event"] for each in history] == [
        "process.launched", "process.put_on_hold", "process.resumed", "task.updated",
    ]  # fmt: skip
    _, paused, resumed, moved = history
    assert paused["details"] == {"reason": "The supplier is on strike"}
    assert resumed["details"] == {"on_hold_seconds": 10 * DAY // 1000}
    assert moved["details"]["deadline"] == later["Call"]
    assert [(each["event"], each["actor_id"]) for each in moved["because"]] == [("process.resumed", str(org.admin.id))]
    told = [each["description"] for each in org.api.data("GET", f"/activity-feeds?entity_id={run.id}&entity_type=run")]
    assert "was put on hold: The supplier is on strike" in str(told)


def test_a_deadline_that_waits_for_a_step_waits_again(org: Organization) -> None:
    """HO5, L-9.13"""
    template = org.template(steps=["Call", "Sign"])
    call, sign = template["steps"]
    deadline = {"value": 1, "unit": "days", "option": "from", "step": call["id"]}
    org.api.put(f"/checklists/{template['id']}/steps/{sign['id']}", {"title": "Sign", "deadline": deadline})
    run = Run(org, template)

    def held() -> list[bool]:
        return [org.api.data("GET", run.path(each) + "/explain")["deadline_is_held"] for each in ("Call", "Sign")]

    hold(run)
    assert held() == [False, True]
    resume(run)
    assert held() == [False, True]
    run.complete("Call").raise_for_status()
    assert held() == [False, False]
    assert org.differences() == []


def test_nothing_of_it_can_be_changed_until_it_is_resumed(org: Organization) -> None:
    """HO3; write by write in test_standstill."""
    run = run_of(org, "Done", "Call")
    run.complete("Done").raise_for_status()
    hold(run)

    for refused in (run.complete("Call"), org.api.post(f"/tasks/{run.task_id('Done')}/undo")):
        assert (refused.status_code, refused.json()["code"]) == (423, "PROCESS_ON_HOLD")
        assert "on hold. Resume it" in refused.json()["message"]

    resume(run)
    assert run.complete("Call").status_code == 200 and run.now()["status"] == "complete"


def test_who_may_and_when(org: Organization) -> None:
    """HO1, HO2: run editors, with a reason, of what is running."""
    other, light, owner = org.person(), org.person("light"), org.person()
    run = run_of(org, "Call", users=[other.id, light.id], owner_id=owner.id)
    path, reason = f"/runs/{run.id}/hold", {"reason": "Frost"}
    for person in (other, light):
        assert person.api.post(path, reason).status_code == 403
        assert person.api.delete(path).status_code == 403
    for body in ({}, {"reason": " "}, {"reason": "x" * 1001}, {"reason": 5}):
        answer = owner.api.post(path, body)
        assert answer.status_code == 422 and "reason" in answer.json()["errors"], body
    assert org.api.post(f"/runs/{'0' * 32}/hold", reason).status_code == 404
    assert "on_hold" not in org.api.delete(path).json()["data"], "not on hold: nothing happens"

    first = owner.api.data("POST", path, reason, status=200)["on_hold"]
    again = org.api.data("POST", path, {"reason": "Snow"}, status=200)["on_hold"]
    assert again == {**first, "reason": "Snow"} and first["by"] == owner.id

    issue = org.api.data("POST", f"/runs/{run.id}/problem", {"content": "stop"})
    assert owner.api.delete(path).json()["code"] == "PROCESS_LOCKED"
    org.api.post(f"/runs/{run.id}/resolved-threads", {"content": "go", "thread_id": issue["id"]}).raise_for_status()
    assert owner.api.delete(path).status_code == 200
    run.complete("Call").raise_for_status()
    assert "complete" in owner.api.post(path, reason).json()["message"]
    org.api.delete(f"/runs/{run.id}").raise_for_status()
    assert owner.api.post(path, reason).json()["code"] == "PROCESS_ARCHIVED"


def test_a_guest_is_told_since_when_alone(org: Organization) -> None:
    """HO6"""
    guest = org.guest()["email"]
    run = run_of(org, "Call")
    run.change("Call", owners={"users": [], "guests": [guest], "groups": []}).raise_for_status()
    since = hold(run)["on_hold"]["since"]

    answer = org.guest_api(guest).get("/tasks?with=run").json()["data"]

    assert [each["run"]["data"]["on_hold"] for each in answer] == [{"since": since, "reason": None, "by": None}]


def test_what_becomes_complete_on_hold_is_archived_only_after_it_is_resumed(world: World) -> None:
    """HO4, Y6: the last problem, on a hidden task, is resolved meanwhile."""
    org = world.org
    run = world.launch("Use", "Look")
    look = f"/tasks/{run.task_id('Look')}"
    problem = org.api.data("POST", f"{look}/problem", {"content": "broken"})
    org.api.put(run.path("Look") + "/hide").raise_for_status()
    run.complete("Use").raise_for_status()
    days = {"unit": "days", "value": 1}
    org.api.data("PUT", "", {"name": "Fernwood", "auto_archive": True, "auto_archive_processes_after": days})
    hold(run)
    org.api.post(f"{look}/resolved-threads", {"content": "mended", "thread_id": problem["id"]}).raise_for_status()
    world.at(NOW + 10 * DAY)
    world.fire()
    assert run.now()["status"] == "complete" and org.differences() == []

    resume(run)
    world.fire()
    assert run.now()["status"] == "complete"
    world.at(NOW + 12 * DAY)
    world.fire()
    assert run.now()["status"] == "archived" and org.differences() == []
