"""Processes moved to a newer version of their template. Spec: behaviour-templates 10.1, api-templates 2.6."""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest

from procession.domain.times import DAY, MINUTE
from procession.storage import version_moves
from procession.usecases.viewers import differences
from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import NOW, Run
from tests.api.test_sync import Copy
from tests.api.test_undo import shown
from tests.api.thread_places import at_once
from tests.builders import Organization, Person, text_field
from tests.worker.test_timers import World


@pytest.fixture
def world(org: Organization) -> Iterator[World]:
    world = World(org)
    world.at(NOW)
    yield world
    assert org.server.run(differences(org.server.database, NOW)).get(org.id) is None
    assert org.differences() == []


class Lab:
    """A template with running processes, and then another version of it: a step is new, one gone, one hidden by a new
    rule, and a field stands elsewhere.
    """

    def __init__(self, org: Organization, processes: int = 1, **settings: Any) -> None:
        self.org = org
        farm = {"label": "Farm"}
        steps = ["Call", {"title": "Weigh", "captures": [farm, {"label": "Grams"}]}, "Sign", "File", "Pack"]
        self.template = org.template("Lab", steps=steps, **settings)
        self.path = f"/checklists/{self.template['id']}"
        self.runs = [Run(org, self.template, name=f"S-{n}") for n in range(1, processes + 1)]

    def step(self, title: str) -> str:
        return next(step["id"] for step in self.template["steps"] if step["title"] == title)

    def capture(self, label: str) -> str:
        return next(
            field["id"] for step in self.template["steps"] for field in step["captures"] if field["label"] == label
        )

    def change(self) -> None:
        api, path = self.org.api, self.path
        api.data("POST", f"{path}/steps", {"title": "Ship", "position": 1})
        api.delete(f"{path}/steps/{self.step('File')}").raise_for_status()
        captures = f"{path}/steps/{self.step('Weigh')}/captures"
        target = {"target_step_id": self.step("Sign"), "position": 1}
        api.put(f"{captures}/{self.capture('Farm')}/move-out", target).raise_for_status()
        api.delete(f"{captures}/{self.capture('Grams')}").raise_for_status()
        condition = {"conditionable_type": "Step", "conditionable_id": self.step("Call"), "logic": "and"}
        condition |= {"operation": "completed", "statement": "any_time"}
        hide = {"action_type": "visibility", "action_verb": "hide", "target_step_id": self.step("Pack")}
        body = {"automated_alias": "Nothing to pack", "conditions": [condition], "then_actions": [hide]}
        api.data("POST", f"{path}/automated-actions", body)

    def work(self, run: Run) -> None:
        run.change("Weigh", taskdata={self.capture("Farm"): "Alto", self.capture("Grams"): "7"}).raise_for_status()
        run.complete("Call").raise_for_status()

    def asked(self, who: Person | None = None, **body: Any) -> httpx.Response:
        api = (who or self.org.admin).api
        named = body if {"runs", "versions"} & body.keys() else {"runs": [run.id for run in self.runs], **body}
        return api.post(f"{self.path}/version-moves", named)

    def move(self, **body: Any) -> str:
        """The path of the move."""
        answer = self.asked(**body)
        assert answer.status_code == 201, answer.text
        return f"/version-moves/{answer.json()['data']['id']}"


def counts(org: Organization, path: str) -> tuple[str, int, int, int, int]:
    found = org.api.data("GET", path)
    return tuple(found[name] for name in ("status", "moved", "skipped", "undone", "waiting"))


def rows(org: Organization, path: str) -> list[dict[str, Any]]:
    return org.api.data("GET", f"{path}/rows?without_pagination=1")


def versions(lab: Lab) -> dict[int, int]:
    found = lab.org.api.data("GET", f"{lab.path}/versions")
    return {each["version"]: each["processes_count"] for each in found}


def statuses(run: Run) -> dict[str, str]:
    return {task["title"]: task["status"] for task in run.tasks().values()}


def test_a_dry_run_says_what_the_move_then_does_and_undo_takes_it_back(world: World) -> None:
    """T-10.12, T-10.14 to T-10.16: completed steps stay, an open one whose step is gone goes, a moved field takes its
    answer along, a new rule hides what it would have hidden.
    """
    org = world.org
    lab = Lab(org)
    [run] = lab.runs
    lab.work(run)
    before, started = shown(run), versions(lab)
    lab.change()
    world.at(NOW + MINUTE)

    dry = lab.move(dry_run=True)
    assert versions(lab) == {**started, 2: 0}, "a dry run freezes nothing"
    world.fire()
    assert (counts(org, dry), shown(run)) == (("finished", 1, 0, 0, 0), before)
    path = lab.move()
    assert counts(org, path) == ("running", 0, 0, 0, 1)
    world.at(NOW + 2 * MINUTE)
    world.fire(servers=3)

    assert counts(org, path) == ("finished", 1, 0, 0, 0)
    [expected], [done] = rows(org, dry), rows(org, path)
    assert (expected["status"], done["status"], done["from_version"]) == ("valid", "moved", 1)
    assert (done["changes"], done["unchanged"]) == (expected["changes"], expected["unchanged"])
    assert {(each["what"], each["part"], each["name"]) for each in done["changes"]} == {
        ("added", "step", "Ship"),
        ("lost", "step", "File"),
        ("changed", "step", "Pack"),
        ("changed", "field", "Farm"),
        ("lost", "field", "Grams"),
        ("added", "rule", "Nothing to pack"),
    }
    assert statuses(run) == {
        "Ship": "not-started", "Call": "completed", "Weigh": "in-progress", "Sign": "in-progress",
        "Pack": "auto-skipped",
    }  # fmt: skip
    tasks = run.tasks()
    assert (tasks["Weigh"]["taskdata"], tasks["Sign"]["taskdata"]) == ({}, {lab.capture("Farm"): "Alto"})
    assert run.now()["progress"] == {"complete": 1, "total": 4, "percent": 25}
    assert versions(lab) == {2: 1, 1: 0}
    feed = org.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={run.id}&per_page=100")
    told = [each["description"][0] for each in feed]
    assert any("moved to another version" in each and "from version 1 to 2" in each for each in told)
    why = org.api.data("GET", f"{run.path('Pack')}/explain")
    assert [each["event"] for each in why["history"][-1]["because"]] == ["rule", "process.moved"]

    org.api.data("POST", f"{path}/undo", {})
    assert counts(org, path)[0] == "undoing"
    world.fire(servers=2)

    assert counts(org, path) == ("undone", 0, 0, 1, 0)
    assert (shown(run), versions(lab)) == (before, {2: 0, 1: 1})
    assert rows(org, path)[0]["status"] == "undone"
    assert org.api.post(f"{path}/undo", {}).status_code == 422
    lab.move(versions=[1])
    world.fire()
    assert statuses(run)["Pack"] == "auto-skipped"


def test_a_task_whose_step_is_gone_is_in_no_list_and_nobody_changes_it(world: World) -> None:
    """T-10.12: it was the last one, and a new step has its place; the report says the same before and after."""
    org = world.org
    template = org.template(steps=["Call", "File"])
    run, path = Run(org, template), f"/checklists/{template['id']}"
    gone = run.task_id("File")
    org.api.delete(f"{path}/steps/{template['steps'][1]['id']}").raise_for_status()
    org.api.data("POST", f"{path}/steps", {"title": "Ship"})
    dry, move = (
        org.api.data("POST", f"{path}/version-moves", {"runs": [run.id], "dry_run": is_dry})["id"]
        for is_dry in (True, False)
    )
    world.fire()

    expected, done = (rows(org, f"/version-moves/{each}")[0] for each in (dry, move))
    assert [(each["what"], each["name"]) for each in done["changes"]] == [("lost", "File"), ("added", "Ship")]
    assert done["changes"] == expected["changes"]
    for query in ("", "&status=active", "&status=all", "&status=not-started,complete"):
        assert list(run.tasks(query)) == ["Call", "Ship"]
    assert list(run.tasks("&status=archived")) == ["File"]
    with unchanged(org):
        assert_refused(org.api.put(f"/runs/{run.id}/tasks/{gone}/hide"), 422)
        assert_refused(org.api.put(f"/runs/{run.id}/tasks/{gone}/show"), 422)
        assert_refused(org.api.put(f"/tasks/{gone}/restore"), 422)
    org.api.delete(f"/runs/{run.id}").raise_for_status()
    assert list(run.tasks()) == ["Call", "Ship"]


def test_copies_learn_of_it_and_only_running_processes_are_moved(world: World) -> None:
    """T-10.10, T-10.15"""
    org = world.org
    lab = Lab(org, 5)
    moved, archived, held, finished, locked = lab.runs
    org.api.delete(f"/runs/{archived.id}").raise_for_status()
    org.api.post(f"/runs/{held.id}/hold", {"reason": "Frost"}).raise_for_status()
    for title in ("Call", "Weigh", "Sign", "File", "Pack"):
        finished.complete(title).raise_for_status()
    org.api.data("POST", f"/runs/{locked.id}/problem", {"content": "Stop"})
    copy = Copy(org.api, "/tasks")
    lab.change()

    path = lab.move()
    by_version = lab.move(versions=[1])
    world.fire()

    found = {row["name"]: (row["status"], row["reason"] or "") for row in rows(org, path)}
    assert found["S-1"] == ("moved", "")
    assert [found[f"S-{n}"][0] for n in (2, 3, 4, 5)] == ["skipped"] * 4
    for name, word in (("S-2", "archived"), ("S-3", "on hold"), ("S-4", "complete"), ("S-5", "open issue")):
        assert word in found[name][1]
    assert {row["name"]: row["status"] for row in rows(org, by_version)}["S-1"] == "skipped", "it was moved already"
    assert {"S-2", "S-4"}.isdisjoint(row["name"] for row in rows(org, by_version))
    copy.follow()
    copy.assert_equal()
    assert "Ship" in statuses(moved) and "Ship" not in statuses(held)
    assert counts(org, path)[1:3] == (1, 4)


def test_a_move_that_was_cut_off_goes_on_and_moves_no_process_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-10.17: killed between the move of a process and what is written about it."""
    org, lab = world.org, Lab(world.org, 5)
    lab.change()
    path = lab.move()
    save, calls = version_moves.save_row, 0

    async def cut_off(*given: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise asyncio.CancelledError
        await save(*given)

    monkeypatch.setattr(version_moves, "save_row", cut_off)
    with pytest.raises(BaseException):  # noqa: B017, PT011  # a server that is stopped
        world.fire()
    monkeypatch.setattr(version_moves, "save_row", save)
    assert counts(org, path) == ("running", 2, 0, 0, 3)
    assert ["Ship" in statuses(run) for run in lab.runs] == [True, True, False, False, False]
    world.at(NOW + 2 * MINUTE)
    world.fire(servers=3)

    assert counts(org, path) == ("finished", 5, 0, 0, 0)
    assert [list(statuses(run)).count("Ship") for run in lab.runs] == [1] * 5
    assert [len(run.tasks()) for run in lab.runs] == [5] * 5
    assert [len(run.tasks("&status=archived")) for run in lab.runs] == [1] * 5


def test_who_completes_a_task_meanwhile_and_who_moves_it_do_not_disturb_each_other(world: World) -> None:
    """T-10.17: one after the other, whichever comes first; undo leaves alone what was changed since."""
    org, lab = world.org, Lab(world.org, 4)
    lab.change()
    path = lab.move()
    tasks = [run.task_id("Call") for run in lab.runs]
    urls = [f"/runs/{run.id}/completed-tasks" for run in lab.runs]

    def complete(n: int) -> int:
        return org.api.post(urls[n], {"task_id": tasks[n]}).status_code

    answers = at_once([*[partial(complete, n) for n in range(4)], world.fire])

    assert answers[:4] == [200] * 4
    assert counts(org, path) == ("finished", 4, 0, 0, 0)
    for run in lab.runs:
        assert (statuses(run)["Call"], statuses(run)["Pack"]) == ("completed", "auto-skipped")
    lab.runs[0].complete("Ship").raise_for_status()
    org.api.data("POST", f"{path}/undo", {"runs": [lab.runs[0].id]})
    world.fire()
    [row] = [each for each in rows(org, path) if each["run_id"] == lab.runs[0].id]
    assert row["status"] == "moved" and "Something else has happened" in row["reason"]
    assert statuses(lab.runs[0])["Ship"] == "completed"


def test_who_may_move_see_cancel_and_undo(world: World) -> None:
    """T-10.10, T-10.16"""
    org, lab = world.org, Lab(world.org, 2)
    first, second = lab.runs
    mia, otto = org.person("standard"), org.person("standard")
    org.allow(lab.template, "READ", mia.id, otto.id)
    lab.change()
    with unchanged(org):
        assert_refused(lab.asked(mia), 403)
        assert_refused(lab.asked(runs=[]), 422)
        assert_refused(lab.asked(runs=[first.id], versions=[1]), 422)
        assert_refused(lab.asked(versions=[2]), 422)
        assert_refused(lab.asked(to=9), 422)
        assert_refused(lab.asked(runs=[first.id, "f" * 32]), 422)
    org.allow(lab.template, "EDIT", mia.id)
    unseen = lab.asked(mia)
    assert unseen.json()["errors"].keys() == {"runs.0", "runs.1"}, "editors see no processes by that"
    org.api.data("PUT", f"/runs/{first.id}", {"users": [mia.id]})
    assert mia.api.post(f"{lab.path}/version-moves", {"versions": [1]}).json()["data"]["total"] == 1

    path = f"/version-moves/{mia.api.data('GET', '/version-moves')[0]['id']}"
    assert otto.api.get(path).status_code == otto.api.get(f"{path}/rows").status_code == 404
    assert otto.api.delete(path).status_code == otto.api.post(f"{path}/undo", {}).status_code == 404
    assert mia.api.data("DELETE", path)["status"] == "cancelled" and mia.api.delete(path).status_code == 422
    assert [row["status"] for row in rows(org, path)] == ["cancelled"]
    assert mia.api.post(f"{path}/undo", {}).status_code == 422
    left = mia.api.data("POST", f"{lab.path}/version-moves", {"runs": [first.id]})["id"]
    org.api.delete(f"/users/{mia.id}/disable").raise_for_status()
    path = lab.move(runs=[second.id])
    world.fire()
    assert counts(org, f"/version-moves/{left}")[0] == "stopped" and "Ship" not in statuses(first)
    assert counts(org, path)[0] == "finished"
    comment = {"content": "Careful"}
    org.api.data("POST", f"/tasks/{second.task_id('Ship')}/comment", comment)
    org.api.data("POST", f"{path}/undo", {})
    world.fire()
    assert "commented" in rows(org, path)[0]["reason"] and counts(org, path)[:2] == ("undone", 1)
    world.at(NOW + 8 * DAY)
    assert org.api.post(f"{path}/undo", {}).status_code == 422


def test_who_may_no_longer_edit_undoes_no_move(world: World) -> None:
    """T-10.16: neither when it is asked for, nor when it would be done."""
    org, lab = world.org, Lab(world.org)
    mia = org.person("standard")
    org.allow(lab.template, "EDIT", mia.id)
    org.api.data("PUT", f"/runs/{lab.runs[0].id}", {"users": [mia.id]})
    lab.change()
    path = f"/version-moves/{lab.asked(mia, versions=[1]).json()['data']['id']}"
    world.fire()
    assert mia.api.post(f"{path}/undo", {}).json()["data"]["status"] == "undoing"
    org.allow(lab.template, "READ", mia.id)
    org.allow(lab.template, "EDIT")

    world.fire()

    assert "Ship" in statuses(lab.runs[0])
    assert counts(org, path)[0] == "undone" and "may not edit" in rows(org, path)[0]["reason"]
    assert mia.api.post(f"{path}/undo", {}).status_code == 403


def test_t_10_7_a_draft_is_nothing_to_move_to(world: World) -> None:
    """T-10.10: the newest published version, or a named one."""
    org = world.org
    lab = Lab(org, 0, dual_version_enabled=True)
    org.api.data("PUT", f"{lab.path}/publish")
    run = Run(org, lab.template)
    lab.change()
    draft = org.api.data("GET", f"{lab.path}/versions")[0]["version"]
    assert lab.asked(runs=[run.id], to=draft).status_code == 422
    path = lab.move(runs=[run.id])
    world.fire()
    assert "already" in rows(org, path)[0]["reason"]

    org.api.data("PUT", f"{lab.path}/publish")
    lab.move(runs=[run.id], to=draft)
    world.fire()
    assert "Ship" in statuses(run)


def test_fields_that_are_defined_otherwise_are_told_before_and_after(world: World) -> None:
    """T-10.11, T-10.17: what a field comes to ask and to be, and that a calculated value is another; no answers."""
    org = world.org
    amount = {"label": "Amount", "field_type": "number"}
    template = org.template("Bill", steps=[{"title": "Pay", "captures": [amount, {"label": "Note"}]}, "File"])
    captures = f"/checklists/{template['id']}/steps/{template['steps'][0]['id']}/captures"
    field, _ = template["steps"][0]["captures"]
    doubled = text_field(label="Doubled", field_type="calculated", expression="{{amount-1}} * 2")
    calculated = org.api.data("POST", captures, doubled)["id"]
    run = Run(org, template)
    run.change("Pay", taskdata={field["id"]: 5}).raise_for_status()
    needed = text_field(label="Sum", field_type="number", required=True, minimum=10)
    org.api.data("PUT", f"{captures}/{field['id']}", needed)
    org.api.data("PUT", f"{captures}/{calculated}", {**doubled, "expression": "{{amount-1}} * 3"})
    told: list[Any] = []
    for now, how in ((NOW + MINUTE, {"dry_run": True}), (NOW + 2 * MINUTE, {})):
        asked = org.api.data("POST", f"/checklists/{template['id']}/version-moves", {"runs": [run.id], **how})
        world.at(now)
        world.fire()
        told += rows(org, f"/version-moves/{asked['id']}")

    assert [each["status"] for each in told] == ["valid", "moved"]
    assert told[0]["changes"] == told[1]["changes"] and told[0]["unchanged"] == told[1]["unchanged"] == 1
    assert {each["sentence"] for each in told[0]["changes"]} == {
        'The label of field "Sum" changed from "Amount" to "Sum".',
        'The switch "required" of field "Sum" changed from off to on.',
        'The minimum of field "Sum" changed from nothing to 10.',
        'The expression of field "Doubled" changed from "{{amount-1}} * 2" to "{{amount-1}} * 3".',
        'The value of field "Doubled" of task "Pay" is another one: it is worked out anew.',
    }
    assert {(each["what"], each["part"], each["task_id"]) for each in told[1]["changes"]} == {
        ("changed", "field", run.task_id("Pay"))
    }
    assert run.tasks()["Pay"]["taskdata"][calculated] == 15


def test_a_task_for_everybody_completes_when_a_move_takes_off_whoever_was_missing(world: World) -> None:
    """Behaviour-work A6, T-10.11: told before, rules react as in life, and undo opens the task again."""
    org = world.org
    mia, mira = org.person(), org.person()
    everybody = {"everyone_must_complete": True, "assignees": [mia.id, mira.id]}
    template = org.template("Both", steps=[{"title": "Read", **everybody}, "File"])
    read, file = (step["id"] for step in template["steps"])
    done = {"conditionable_type": "Step", "conditionable_id": read, "operation": "completed", "statement": None}
    show = {"action_type": "visibility", "action_verb": "show", "target_step_id": file}
    body = {"automated_alias": "Then", "conditions": [{**done, "logic": "and"}], "then_actions": [show]}
    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", body)
    run = Run(org, template)
    run.complete("Read", by=mia).raise_for_status()
    before = shown(run)
    step = {"title": "Read", **everybody, "assignees": [mia.id]}
    org.api.data("PUT", f"/checklists/{template['id']}/steps/{read}", step)
    told: list[Any] = []
    for now, how in ((NOW + MINUTE, {"dry_run": True}), (NOW + 2 * MINUTE, {})):
        move = org.api.data("POST", f"/checklists/{template['id']}/version-moves", {"runs": [run.id], **how})
        world.at(now)
        world.fire()
        told += rows(org, f"/version-moves/{move['id']}")

    assert told[0]["changes"] == told[1]["changes"] and told[0]["unchanged"] == told[1]["unchanged"] == 0
    assert {(each["what"], each["name"], each["attribute"]) for each in told[1]["changes"]} == {
        ("changed", "Read", "owners"),
        ("changed", "Read", "status"),
        ("changed", "File", "visibility"),
    }
    assert statuses(run) == {"Read": "completed", "File": "not-started"}
    assert run.tasks()["Read"]["completer_id"] == mia.id
    [completed] = [
        each
        for each in org.api.data("GET", f"/runs/{run.id}/tasks/{run.task_id('Read')}/explain")["history"]
        if each["event"] == "task.completed"
    ]
    assert completed["because"][0]["event"] == "process.moved"

    org.api.data("POST", f"/version-moves/{move['id']}/undo", {})
    world.at(NOW + 3 * MINUTE)
    world.fire()
    assert shown(run) == before
