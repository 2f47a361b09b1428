"""Taking back what one did just before. Spec: behaviour-work 5.9, W1 to W4."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest

from procession.storage.tables.undo import undoables
from procession.usecases.forgetting import forget_undoables
from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import Run, run_of
from tests.api.thread_places import at_once
from tests.builders import Organization
from tests.contents import contents

# What an undo leaves behind: when things changed, and the log of it.
UNDONE = {"updated_at", "last_updated"}


def shown(run: Run) -> Any:
    """The process with everything on it, as a reader compares it."""
    now = run.now()
    return [{key: value for key, value in thing.items() if key not in UNDONE} for thing in (now, *run.tasks().values())]


def undo(run: Run, task: str) -> httpx.Response:
    return run.org.api.post(f"/tasks/{run.task_id(task)}/undo")


def archive(run: Run) -> str:
    run.org.api.delete(f"/runs/{run.id}").raise_for_status()
    return f"/runs/{run.id}/undo"


def activate(run: Run) -> str:
    run.org.api.put(f"/runs/{run.id}/activate").raise_for_status()
    return f"/runs/{run.id}/undo"


def on_task(method: str, path: str, body: Any = None) -> Callable[[Run], str]:
    def act(run: Run) -> str:
        task = run.task_id("Call")
        sent = {"task_id": task} if body == "task" else body
        options = {} if sent is None else {"json": sent}
        run.org.api.request(method, f"/runs/{run.id}{path}".format(task=task), **options).raise_for_status()
        return f"/tasks/{task}/undo"

    return act


complete = on_task("POST", "/completed-tasks", "task")
reopen = on_task("DELETE", "/completed-tasks/{task}")
hide = on_task("PUT", "/tasks/{task}/hide")
show = on_task("PUT", "/tasks/{task}/show")


def reassign(run: Run) -> str:
    run.assign("Call", run.org.admin)
    return f"/tasks/{run.task_id('Call')}/undo"


ACTS: dict[str, tuple[list[Callable[[Run], str]], Callable[[Run], str]]] = {
    "completing": ([], complete),
    "reopening": ([complete], reopen),
    "hiding": ([], hide),
    "showing": ([hide], show),
    "archiving": ([], archive),
    "restoring": ([archive], activate),
}


@pytest.mark.parametrize("name", ACTS)
def test_everything_is_as_it_was(org: Organization, name: str) -> None:
    first, act = ACTS[name]
    run = run_of(org, "Call", "Sign")
    for each in first:
        each(run)
    before = shown(run)

    path = act(run)
    assert shown(run) != before
    answer = org.api.post(path)

    assert answer.status_code == 200, answer.text
    assert shown(run) == before
    # Once only.
    assert org.api.post(path).json()["code"] == "CANNOT_UNDO"


def test_reassigning_is_undone(org: Organization) -> None:
    """Spec: behaviour-work W5."""
    one, other = org.person(), org.person()
    run = run_of(org, "Call", "Sign")
    run.assign("Call", one)
    before = shown(run)

    run.assign("Call", other)
    assert undo(run, "Call").status_code == 200

    assert shown(run) == before
    last = org.api.data("GET", run.path("Call") + "/explain")["history"][-1]
    assert (last["event"], last["details"]) == ("task.undone", {"act": "task.assigned"})
    assert other.api.get(f"/runs/{run.id}").status_code == 404


def test_a_stand_alone_task_too(org: Organization) -> None:
    task = org.one_off()
    before = {key: value for key, value in org.api.data("GET", f"/tasks/{task['id']}").items() if key not in UNDONE}

    org.api.post("/completed-tasks", {"task_id": task["id"]}).raise_for_status()
    assert org.api.post(f"/tasks/{task['id']}/undo").status_code == 200

    now = org.api.data("GET", f"/tasks/{task['id']}")
    assert {key: value for key, value in now.items() if key not in UNDONE} == before


def test_what_rules_made_of_it_is_undone_with_it(org: Organization) -> None:
    """They are armed as before: completing again does the same again. Spec: behaviour-work W5."""
    template = org.template(steps=["Call", "Sign"])
    call, sign = (step["id"] for step in template["steps"])
    rule = {
        "automated_alias": "Sign after the call",
        "conditions": [
            {"conditionable_id": call, "conditionable_type": "Step", "operation": "completed", "statement": "",
             "logic": "and"}
        ],
        "then_actions": [
            {"action_type": "visibility", "action_verb": "show", "target_step_id": sign, "actionable_id": sign,
             "actionable_type": "Step"}
        ],
    }  # fmt: skip
    org.api.post(f"/checklists/{template['id']}/automated-actions", rule).raise_for_status()
    run = Run(org, template)
    before = shown(run)
    assert run.tasks()["Sign"]["status"] == "auto-skipped"

    for _ in range(2):
        run.complete("Call").raise_for_status()
        assert run.tasks()["Sign"]["status"] != "auto-skipped"
        assert undo(run, "Call").status_code == 200
        assert shown(run) == before
        assert org.api.data("GET", run.path("Sign") + "/explain")["history"][-1]["event"] == "task.undone"


@pytest.mark.parametrize("task", ["Call", "Sign", None])
@pytest.mark.parametrize("label", ["comment", "improvement"])
def test_comments_stay_and_do_not_stand_in_the_way(org: Organization, label: str, task: str | None) -> None:
    """W4, also with mentions; who is mentioned sees the process afterwards, too (W3)."""
    person = org.person("light")
    run = run_of(org, "Call", "Sign")
    run.complete("Call").raise_for_status()
    place = f"/runs/{run.id}" if task is None else f"/tasks/{run.task_id(task)}"
    for content in ("done", f"@[{person.id}] please look", f"@[{org.admin.id}] and again"):
        org.api.post(f"{place}/comment", {"content": content, "label": label}).raise_for_status()
    improvements = org.api.get("/runs?status=improvement").json()["meta"]["pagination"]["total"]

    assert undo(run, "Call").status_code == 200

    assert run.tasks()["Call"]["status"] != "completed"
    assert person.api.get(f"/runs/{run.id}").status_code == 200
    assert len(org.api.data("GET", f"{place}?with=threads")["threads"]["data"]) == 3
    assert org.api.get("/runs?status=improvement").json()["meta"]["pagination"]["total"] == improvements
    assert org.differences() == []


def test_an_improvement_of_a_stand_alone_task_stays_too(org: Organization) -> None:
    task = org.one_off()["id"]
    org.api.post("/completed-tasks", {"task_id": task}).raise_for_status()
    org.api.post(f"/tasks/{task}/comment", {"content": "shorter", "label": "improvement"}).raise_for_status()

    assert org.api.post(f"/tasks/{task}/undo").status_code == 200
    assert org.differences() == []


Hindrance = Callable[[Organization, Run], object]


def by_somebody_else(org: Organization, run: Run) -> None:
    run.complete("Sign", by=org.person("admin")).raise_for_status()


def renamed(org: Organization, run: Run) -> None:
    org.api.put(f"/runs/{run.id}", {"name": "New"}).raise_for_status()


def too_late(org: Organization, _run: Run) -> None:
    org.server.clock.advance(seconds=600)


def invited(org: Organization, run: Run) -> None:
    content = f"@[{org.person().id}] and +rosa@bakery.test"
    org.api.post(f"/tasks/{run.task_id('Sign')}/comment", {"content": content}).raise_for_status()


def changed_and_commented(org: Organization, run: Run) -> None:
    renamed(org, run)
    org.api.post(f"/runs/{run.id}/comment", {"content": f"@[{org.person().id}]"}).raise_for_status()


def problem(org: Organization, run: Run) -> None:
    org.api.post(f"/tasks/{run.task_id('Sign')}/problem", {"content": "stop"}).raise_for_status()


@pytest.mark.parametrize("hindrance", [by_somebody_else, renamed, too_late, invited, changed_and_commented, problem])
def test_it_is_refused_when_anything_else_happened_since(org: Organization, hindrance: Hindrance) -> None:
    org.server.clock.freeze()
    run = run_of(org, "Call", "Sign")
    run.complete("Call").raise_for_status()
    hindrance(org, run)
    before = contents(org.server, org.number)

    answer = undo(run, "Call")

    assert (answer.status_code, answer.json()["code"]) == (422, "CANNOT_UNDO")
    assert contents(org.server, org.number) == before


def test_only_who_did_it_may(org: Organization) -> None:
    """Spec: behaviour-work W5."""
    run = run_of(org, "Call")
    run.complete("Call").raise_for_status()

    path = f"/tasks/{run.task_id('Call')}/undo"
    assert org.person("admin").api.post(path).status_code == 422
    assert org.person("light").api.post(path).status_code == 404
    assert org.api.post(path).status_code == 200


@pytest.mark.parametrize("name", [*ACTS, "reassigning"])
def test_who_may_not_do_it_any_more_may_not_undo_it(org: Organization, name: str) -> None:
    """W5: rights are those of now. Spec: behaviour-work Y1; behaviour-people 3.2, 3.3."""
    other = org.person("admin")
    run = run_of(org, "Call", "Sign")
    run.assign("Call", other)
    first, act = ACTS.get(name, ([], reassign))
    for each in first:
        each(run)
    path = act(run)
    other.api.put(f"/users/{org.admin.id}/role", {"role": "light"}).raise_for_status()

    with unchanged(org):
        assert_refused(org.api.post(path), 403)
    other.api.put(f"/users/{org.admin.id}/role", {"role": "standard"}).raise_for_status()
    assert org.api.post(path).status_code == 200


def test_archiving_is_undone_by_those_who_may_archive(org: Organization) -> None:
    """Y1, the switch `allow_archive`."""
    member = org.person()
    run = run_of(org, "Call", users=[member.id])
    member.api.delete(f"/runs/{run.id}").raise_for_status()
    org.api.data("PUT", "", {"name": "Fernwood", "allow_archive": False})

    with unchanged(org):
        assert_refused(member.api.post(f"/runs/{run.id}/undo"), 403)
    org.api.data("PUT", "", {"name": "Fernwood", "allow_archive": True})
    assert member.api.post(f"/runs/{run.id}/undo").status_code == 200


def test_who_gave_a_task_away_takes_it_back(org: Organization) -> None:
    """Also where only its assignees may change it: they were one when they did."""
    member, other = org.person(), org.person()
    run = run_of(org, {"title": "Call", "can_complete_only_assignees": True}, users=[member.id])
    run.assign("Call", member)
    given = {"owners": {"users": [other.id]}}
    member.api.put(run.path("Call"), given).raise_for_status()

    assert member.api.post(f"/tasks/{run.task_id('Call')}/undo").status_code == 200


def test_who_left_gets_no_task_back(org: Organization) -> None:
    leaver = org.person()
    run = run_of(org, "Call")
    run.assign("Call", leaver)
    run.assign("Call", org.admin)
    org.api.delete(f"/users/{leaver.id}/disable").raise_for_status()

    answer = undo(run, "Call")

    assert answer.status_code == 422
    assert run.tasks()["Call"]["owners"]["users"] == [org.admin.id]


def test_what_nobody_may_undo_any_more_is_forgotten(org: Organization) -> None:
    org.server.clock.freeze()
    run_of(org, "Call").complete("Call").raise_for_status()
    assert contents(org.server, org.number)[undoables.name]

    now = org.server.clock.advance(seconds=601)
    org.server.run(forget_undoables(org.server.database, now, minutes=10))

    assert contents(org.server, org.number)[undoables.name] == []


def test_eight_at_once_undo_it_once(org: Organization) -> None:
    for _ in range(3):
        run = run_of(org, "Call", "Sign")
        before = shown(run)
        run.complete("Call").raise_for_status()
        path = f"/tasks/{run.task_id('Call')}/undo"

        assert Counter(answer.status_code for answer in at_once([partial(org.api.post, path)] * 8)) == {200: 1, 422: 7}
        assert shown(run) == before
