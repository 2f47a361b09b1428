"""Approvals, and tasks that everyone assigned must complete."""

from typing import Any

from tests.builders import Person
from tests.journeys.callers import Town


def task_of(town: Town, people: list[Person], **step: Any) -> tuple[str, dict[str, Any]]:
    """Where the only task of a new process is completed, and the task."""
    described = {"title": "Decide", "assignees": [person.id for person in people], **step}
    run = town.organization.process(town.organization.template(steps=[described]))
    [task] = town.admin.get(f"/runs/{run['id']}/tasks")["data"]
    return f"/runs/{run['id']}/completed-tasks", task


def test_an_approval_needs_a_decision(town: Town) -> None:
    boss = town.organization.person("standard")
    completion, task = task_of(town, [boss], step_type="approval")
    me = town.caller(boss)

    refused = me.post(completion, {"task_id": task["id"]}, expect=422)
    assert refused["errors"] == {"is_approved": ["The is approved field is required."]}
    rejected = me.post(completion, {"task_id": task["id"], "is_approved": False, "comment": "Too dear"}, expect=200)
    assert (rejected["status"], rejected["status_label"], rejected["is_approved"]) == ("completed", "rejected", False)

    reopened = me.delete(f"{completion}/{task['id']}")
    assert (reopened["status"], reopened["is_approved"]) == ("in-progress", None)
    approved = me.post(completion, {"task_id": task["id"], "is_approved": True}, expect=200)
    assert (approved["status_label"], approved["is_approved"]) == ("approved", True)
    threads = me.get(f"/tasks/{task['id']}?with=threads")["threads"]["data"]
    assert "Too dear" in [each["content"] for each in threads]


def test_everyone_must_complete_groups_and_guests_included(town: Town) -> None:
    ada, bo, cy = (town.organization.person("light", first_name=name) for name in ("Ada", "Bo", "Cy"))
    outsider = town.organization.person("standard")
    crew = town.organization.group(members=[bo, cy])
    completion, task = task_of(town, [ada], groups=[crew["id"]], everyone_must_complete=True)

    assert town.caller(outsider).refusal("POST", completion, {"task_id": task["id"]})[0] in (403, 404)
    for person, progress in ((ada, 33), (bo, 67)):
        part = town.caller(person).post(completion, {"task_id": task["id"]}, expect=200)
        assert (part["status"], part["completion_progress"]) == ("in-progress", progress)
        assert part["completer_id"] is None
        again = town.caller(person).refusal("POST", completion, {"task_id": task["id"]})
        assert again[0] == 422
    last = town.caller(cy).post(completion, {"task_id": task["id"]}, expect=200)
    assert (last["status"], last["completion_progress"], last["completer_id"]) == ("completed", 100, cy.id)


def test_the_first_rejection_ends_an_approval_of_many(town: Town) -> None:
    ada, bo, cy = (town.organization.person("light", first_name=name) for name in ("Ada", "Bo", "Cy"))
    completion, task = task_of(town, [ada, bo, cy], step_type="approval", everyone_must_complete=True)
    decided = {"task_id": task["id"]}

    part = town.caller(ada).post(completion, {**decided, "is_approved": True}, expect=200)
    assert (part["status"], part["is_approved"]) == ("in-progress", None)
    ended = town.caller(bo).post(completion, {**decided, "is_approved": False}, expect=200)
    assert (ended["status"], ended["status_label"], ended["is_approved"]) == ("completed", "rejected", False)
    assert town.caller(cy).refusal("POST", completion, {**decided, "is_approved": True})[0] == 422


def test_an_administrator_may_complete_for_all(town: Town) -> None:
    ada, bo = (town.organization.person("light", first_name=name) for name in ("Ada", "Bo"))
    completion, task = task_of(town, [ada, bo], everyone_must_complete=True)

    done = town.admin.post(completion, {"task_id": task["id"]}, expect=200)

    assert (done["status"], done["completer_id"]) == ("completed", town.organization.admin.id)


def test_only_assignees_complete_where_the_task_says_so(town: Town) -> None:
    ada, colleague = town.organization.person("standard"), town.organization.person("standard")
    completion, task = task_of(town, [ada], can_complete_only_assignees=True)
    run = completion.removesuffix("/completed-tasks")
    town.admin.put(run, {"users": [colleague.id]})
    theirs = town.caller(colleague)

    seen = theirs.get(f"{run}/tasks/{task['id']}")
    assert seen["is_completable"] is False
    assert theirs.refusal("POST", completion, {"task_id": task["id"]})[0] == 403
    assert town.caller(ada).post(completion, {"task_id": task["id"]}, expect=200)["status"] == "completed"
