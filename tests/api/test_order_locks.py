"""Tasks that wait for others. Spec: behaviour-work 5.8a."""

from typing import Any

import pytest

from tests.api.task_runs import NOW, Run, on_one_database
from tests.api.test_template_copies import EXPORT_LEAVES_OUT
from tests.builders import Organization, Person
from tests.worker.test_timers import World
from tests.worker.test_version_moves import rows


def lock(org: Organization, template: dict[str, Any], **order: list[str]) -> None:
    """Each named step waits for these others, all by title."""
    steps = {step["title"]: step["id"] for step in template["steps"]}
    for title, before in order.items():
        body = {"title": title, "blocked_by": [steps[each] for each in before]}
        org.api.data("PUT", f"/checklists/{template['id']}/steps/{steps[title]}", body)


def locked_run(org: Organization, *steps: str | dict[str, Any], **order: list[str]) -> Run:
    template = org.template(steps=steps)
    lock(org, template, **order)
    return Run(org, template)


def waits_for(run: Run, task: str, by: Person | None = None) -> list[str | None]:
    """The titles of what the task waits for, as somebody reads them."""
    api = (by or run.org.admin).api
    return [each["title"] for each in api.data("GET", run.path(task))["blocked_by"]]


def test_a_locked_task_is_completed_after_what_comes_before_it(org: Organization) -> None:
    """O4, C10, OL1, OL2: administrators too; answers are possible before; a reopened task blocks anew."""
    note = {"title": "Pack", "captures": [{"label": "Note"}]}
    run = locked_run(org, "Weigh", "Label", note, Pack=["Weigh", "Label"])
    field = run.field(2)
    assert waits_for(run, "Pack") == ["Weigh", "Label"] and run.tasks()["Pack"]["is_completable"] is False

    refused = run.complete("Pack")

    assert (refused.status_code, refused.json()["code"]) == (422, "TASK_BLOCKED")
    assert '"Weigh" and "Label"' in refused.json()["message"]
    assert run.change("Pack", taskdata={field: "fragile"}).is_success
    run.complete("Weigh").raise_for_status()
    assert '"Weigh"' not in run.complete("Pack").json()["message"]
    run.complete("Label").raise_for_status()
    assert waits_for(run, "Pack") == [] and run.tasks()["Pack"]["is_completable"] is True
    run.reopen("Weigh").raise_for_status()
    assert run.complete("Pack").status_code == 422
    run.complete("Weigh").raise_for_status()
    assert run.complete("Pack").is_success
    run.reopen("Label").raise_for_status()
    assert run.tasks()["Pack"]["status"] == "completed", "what is done stays done"


def test_what_nobody_locks_looks_as_ever(org: Organization) -> None:
    """OL5: the key is there only where it was asked for."""
    run = locked_run(org, "Weigh", "Pack", Pack=["Weigh"])

    assert "blocked_by" not in run.tasks()["Weigh"] and run.complete("Weigh").is_success
    assert run.tasks()["Pack"]["blocked_by"] == []


def test_what_is_hidden_or_gone_blocks_nothing(org: Organization) -> None:
    """OL2"""
    run = locked_run(org, "Weigh", "Pack", Pack=["Weigh"])
    run.org.api.put(f"{run.path('Weigh')}/hide").raise_for_status()
    assert waits_for(run, "Pack") == []
    run.org.api.put(f"{run.path('Weigh')}/show").raise_for_status()
    assert waits_for(run, "Pack") == ["Weigh"] and run.complete("Pack").status_code == 422

    run.org.api.put(f"{run.path('Weigh')}/hide").raise_for_status()

    assert run.complete("Pack").is_success and run.now()["status"] == "complete"


def test_a_clone_waits_for_nothing(org: Organization) -> None:
    """OL6"""
    run = locked_run(org, "Weigh", "Pack", Pack=["Weigh"])

    copy = org.api.data("POST", f"/tasks/{run.task_id('Pack')}/clone")

    assert "blocked_by" not in copy and run.complete(copy["title"]).is_success


def test_it_is_the_last_reason_of_all(org: Organization) -> None:
    """C10: what is missing is said first, and who may not complete it learns nothing of the order."""
    pack = {"title": "Pack", "captures": [{"label": "Note", "required": True}], "can_complete_only_assignees": True}
    other = org.person()
    run = locked_run(org, {"title": "Weigh", "assignees": [other.id]}, pack, Pack=["Weigh"])

    assert run.complete("Pack", other).status_code == 403
    missing = run.complete("Pack")
    assert missing.status_code == 422 and "errors" in missing.json()
    run.change("Pack", taskdata={run.field(1): "x"}).raise_for_status()
    assert run.complete("Pack").json()["code"] == "TASK_BLOCKED"


def test_nobody_learns_of_tasks_they_may_not_see(org: Organization) -> None:
    """OL5: secret tasks stay nameless, and all others' do to a guest."""
    clerk, guest = org.person(), org.guest()["email"]
    secret = {"title": "Weigh", "top_secret": True, "assignees": [org.admin.id]}
    run = locked_run(org, secret, {"title": "Pack", "assignees": [clerk.id], "guests": [guest]}, Pack=["Weigh"])
    theirs = org.guest_api(guest)
    nobody = [{"task_id": None, "step_id": None, "title": None}]

    assert waits_for(run, "Pack", clerk) == [None] and waits_for(run, "Pack") == ["Weigh"]
    [shown] = theirs.get("/tasks").json()["data"]
    assert (shown["blocked_by"], shown["is_completable"]) == (nobody, False)
    for answer in (
        run.complete("Pack", clerk),
        theirs.post("/completed-tasks", {"task_id": shown["id"]}),
        theirs.put(f"/tasks/{shown['id']}", {"status": "completed", "taskdata": {}}),
    ):
        assert answer.status_code == 422 and "another task" in answer.json()["message"]
        assert "Weigh" not in answer.text


def test_titles_that_quote_answers_read_as_everywhere(org: Organization) -> None:
    """OL5"""
    template = org.template(steps=["Weigh", "Pack"], kickoff=[{"label": "Sample"}])
    [field] = template["prerun"]
    path = f"/checklists/{template['id']}/steps/{template['steps'][0]['id']}"
    org.api.data("PUT", path, {"title": f"Weigh {{{{{field['alias']}}}}}"})
    lock(org, template, Pack=["Weigh"])
    run = Run(org, template, prerun={field["id"]: "basalt"})

    assert waits_for(run, "Pack") == ["Weigh basalt"]
    assert '"Weigh basalt"' in run.complete("Pack").json()["message"]


def test_a_part_of_a_task_waits_like_the_whole(org: Organization) -> None:
    """OL1, OL4: when everybody who is left has done their part before it was locked again, it stays open."""
    ann, otto = org.person(), org.person()
    everybody = {"title": "Sign", "everyone_must_complete": True, "assignees": [ann.id, otto.id]}
    run = locked_run(org, "Weigh", everybody, Sign=["Weigh"])
    assert run.complete("Sign", ann).json()["code"] == "TASK_BLOCKED"
    run.complete("Weigh").raise_for_status()
    run.complete("Sign", ann).raise_for_status()
    run.reopen("Weigh").raise_for_status()

    run.assign("Sign", ann)

    assert run.tasks()["Sign"]["status"] == "in-progress"
    run.complete("Weigh").raise_for_status()
    assert run.complete("Sign", ann).is_success and run.tasks()["Sign"]["status"] == "completed"


def test_who_takes_over_completes_nothing_that_waits(org: Organization) -> None:
    """OL4: somebody leaves whose part was the last that was missing."""
    ann, otto = org.person(), org.person()
    everybody = {"title": "Sign", "everyone_must_complete": True, "assignees": [ann.id, otto.id]}
    run = locked_run(org, "Weigh", everybody, Sign=["Weigh"])
    run.complete("Weigh").raise_for_status()
    run.complete("Sign", ann).raise_for_status()
    run.reopen("Weigh").raise_for_status()

    answer = org.api.delete(f"/users/{otto.id}?with_reassignment=true&to={ann.id}")

    assert answer.is_success, answer.text
    assert run.tasks()["Sign"]["owners"]["users"] == [ann.id]
    assert run.tasks()["Sign"]["status"] == "in-progress"


def test_a_mail_is_sent_in_its_turn(org: Organization) -> None:
    """OL1"""
    mail = {"title": "Tell them", "step_type": "email", "assignees": [org.admin.id]}
    template = org.template(steps=["Weigh", mail])
    lock(org, template, **{"Tell them": ["Weigh"]})
    run = Run(org, template)

    assert run.complete("Tell them").json()["code"] == "TASK_BLOCKED"
    run.complete("Weigh").raise_for_status()
    assert run.complete("Tell them").is_success


def test_the_clock_does_not_wait(org: Organization) -> None:
    """OL3, E1: and a locked task has its deadline as any other."""
    world = World(org)
    world.at(NOW)
    due = {"value": 1, "unit": "days", "option": "from", "step": "start_run"}
    run = locked_run(org, "Weigh", {"title": "Alarm", "step_type": "expiring", "deadline": due}, Alarm=["Weigh"])
    assert run.complete("Alarm").json()["code"] == "TASK_BLOCKED" and run.tasks()["Alarm"]["deadline"] is not None

    world.at(NOW + 2 * 86_400_000)
    world.fire()

    assert run.tasks()["Alarm"]["status_label"] == "expired"


def test_copies_of_a_list_learn_that_a_task_is_free(org: Organization) -> None:
    """OL5: a task that shows what it waits for has changed when that has."""
    run = locked_run(org, "Weigh", "Pack", "File", Pack=["Weigh"])
    since = org.api.get("/tasks?updated_since=now").json()["sync"]["next"]

    run.complete("Weigh").raise_for_status()

    changed = org.api.get(f"/tasks?updated_since={since}").json()["data"]
    assert {each["title"] for each in changed} == {"Weigh", "Pack"}


def test_copies_learn_of_what_a_task_waits_for_as_far_as_it_is_theirs_to_know(org: Organization) -> None:
    """OL5: also of a title that quotes an answer."""
    clerk = org.person()
    steps = [{"title": "Ask", "captures": [{"label": "Size"}]}, "Weigh", "Pack"]
    template = org.template(steps=steps)
    ask, weigh, pack = template["steps"]
    field = ask["captures"][0]
    for step, more in ((weigh, {"title": f"Weigh {{{{{field['alias']}}}}}"}), (pack, {"blocked_by": [weigh["id"]]})):
        path = f"/checklists/{template['id']}/steps/{step['id']}"
        org.api.put(path, {"title": step["title"], **more}).raise_for_status()
    run = Run(org, template, users=[clerk.id])
    ids = [task["id"] for task in org.api.data("GET", f"/runs/{run.id}/tasks")]

    for task, change, shown in (
        (ids[0], {"taskdata": {field["id"]: "XL"}}, "Weigh XL"),
        (ids[1], {"top_secret": True}, None),
        (ids[1], {"owners": {"users": [clerk.id]}}, "Weigh XL"),
        (ids[1], {"top_secret": False}, "Weigh XL"),
    ):
        since = clerk.api.get("/tasks?updated_since=now").json()["sync"]["next"]
        org.api.put(f"/runs/{run.id}/tasks/{task}", change).raise_for_status()
        told = {each["id"]: each for each in clerk.api.get(f"/tasks?updated_since={since}").json()["data"]}
        assert [each["title"] for each in told[ids[2]]["blocked_by"]] == [shown], change


def test_undoing_leads_back_to_what_was(org: Organization) -> None:
    """OL2, behaviour-work W1: the reopening of a task that must wait by now is taken back, too."""
    run = locked_run(org, "Weigh", "Pack", Pack=["Weigh"])
    run.complete("Weigh").raise_for_status()
    run.complete("Pack").raise_for_status()
    run.reopen("Weigh").raise_for_status()
    run.reopen("Pack").raise_for_status()

    org.api.post(f"/tasks/{run.task_id('Pack')}/undo").raise_for_status()

    assert run.tasks()["Pack"]["status"] == "completed"


def bad_locks(template: dict[str, Any]) -> dict[str, tuple[str, Any, str]]:
    weigh, label, pack = (step["id"] for step in template["steps"])
    return {
        "itself": ("Pack", [pack], "blocked_by.0"),
        "no step": ("Pack", [weigh, "f" * 32], "blocked_by.1"),
        "a circle": ("Weigh", [label], "blocked_by"),
        "no list": ("Pack", weigh, "blocked_by"),
        "a number": ("Pack", [3], "blocked_by.0"),
    }


@pytest.mark.parametrize("name", ["itself", "no step", "a circle", "no list", "a number"])
@on_one_database
def test_what_cannot_be_an_order_is_refused(org: Organization, name: str) -> None:
    """OL6"""
    template = org.template(steps=["Weigh", "Label", "Pack"])
    lock(org, template, Pack=["Weigh"], Label=["Pack"])
    title, sent, field = bad_locks(template)[name]
    steps = {step["title"]: step["id"] for step in template["steps"]}
    path = f"/checklists/{template['id']}/steps/{steps[title]}"
    before = org.api.data("GET", path)

    answer = org.api.put(path, {"title": title, "blocked_by": sent})

    assert answer.status_code == 422 and any(each.startswith(field) for each in answer.json()["errors"]), answer.text
    assert org.api.data("GET", path) == before


def test_the_order_is_part_of_the_template(org: Organization, other_org: Organization) -> None:
    """OL6: copies and imports point to their own steps, whoever leaves lists them no more, versions tell."""
    template = org.template(steps=["Weigh", "Label", "Pack"])
    steps = [step["id"] for step in template["steps"]]
    lock(org, template, Pack=["Weigh", "Label"])
    path = f"/checklists/{template['id']}"
    exported = org.api.data("GET", f"{path}?with=steps")
    exported = {name: value for name, value in exported.items() if name not in EXPORT_LEAVES_OUT}
    exported["steps"] = exported["steps"]["data"]

    copy = org.api.data("POST", f"{path}/clone", {"title": "Copy"})
    made = other_org.api.data("POST", "/checklists?import=1", {**exported, "title": "Ours"})
    exported["steps"][0]["blocked_by"] = [steps[2]]
    around = other_org.api.post("/checklists?import=1", exported)

    for api, found in ((org.api, copy), (other_org.api, made)):
        weigh, label, pack = api.data("GET", f"/checklists/{found['id']}/steps")
        assert pack["blocked_by"] == [weigh["id"], label["id"]] and weigh["id"] not in steps
    assert around.status_code == 422 and "steps.0.blocked_by" in around.json()["errors"]
    double = org.api.data("POST", f"{path}/steps/{steps[2]}/clone", {})
    assert double["blocked_by"] == steps[:2]
    Run(org, template)
    org.api.delete(f"{path}/steps/{steps[0]}").raise_for_status()
    assert org.api.data("GET", f"{path}/steps/{steps[2]}")["blocked_by"] == [steps[1]]
    told = [each["sentence"] for each in org.api.data("GET", f"{path}/versions/1/compare")["changes"]]
    assert 'The order lock of step "Pack" changed from step "Weigh", step "Label" to step "Label".' in told, (
        told
    )  # the version it is compared with has no other
    org.api.data("PUT", f"{path}/steps/{steps[2]}", {"title": "Pack"})
    assert org.api.data("GET", f"{path}/steps/{steps[2]}")["blocked_by"] == [steps[1]], "what is not sent stays"
    assert org.api.data("PUT", f"{path}/steps/{steps[2]}", {"title": "Pack", "blocked_by": None})["blocked_by"] == []


def test_running_processes_keep_their_order_until_they_are_moved(org: Organization) -> None:
    """OL6, T-10.11"""
    world = World(org)
    world.at(NOW)
    template = org.template(steps=["Weigh", "Pack"])
    run, other = Run(org, template), Run(org, template)
    lock(org, template, Pack=["Weigh"])
    other.complete("Pack").raise_for_status()

    move = org.api.data("POST", f"/checklists/{template['id']}/version-moves", {"runs": [run.id]})
    world.fire()

    [moved] = rows(org, f"/version-moves/{move['id']}")
    assert [each["sentence"] for each in moved["changes"] if each["attribute"] == "blocked_by"] == [
        'The order lock of task "Pack" changes from none to "Weigh".'
    ]
    assert run.complete("Pack").json()["code"] == "TASK_BLOCKED"


def test_a_rehearsal_and_an_explanation_tell_of_it(org: Organization) -> None:
    """OL5"""
    template = org.template(steps=["Weigh", "Pack"])
    lock(org, template, Pack=["Weigh"])
    weigh, pack = (step["id"] for step in template["steps"])
    path = f"/checklists/{template['id']}/simulate"
    done, packed = ({"event": "complete", "step_id": step} for step in (weigh, pack))

    refused = org.api.post(path, {"events": [packed]})
    moments = org.api.data("POST", path, {"events": [done, packed]}, status=200)["moments"]

    assert refused.status_code == 422 and '"Weigh"' in refused.json()["errors"]["events.0"][0]
    assert [moment["tasks"][1]["blocked_by"] for moment in moments] == [[weigh], [], []]
    run = Run(org, template)
    [waiting] = org.api.data("GET", f"{run.path('Pack')}/explain")["blocked_by"]
    assert waiting == {"task_id": run.task_id("Weigh"), "step_id": weigh, "title": "Weigh"}
    assert "blocked_by" not in org.api.data("GET", f"{run.path('Weigh')}/explain")
