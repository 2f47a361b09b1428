"""What happens by itself: each timer once, in order, whatever happens to servers and clocks. Spec: behaviour-work 5.4, 11."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from procession.domain.actors import BOT
from procession.domain.timers import TimerKind
from procession.domain.times import DAY, HOUR, MINUTE
from procession.storage import recount, rule_states, threads, timers, viewing
from procession.storage.tx import WriteTx, reading
from procession.worker.timers import fire_due
from tests.api.task_runs import NOW, Run
from tests.builders import Organization

LAUNCH = {"option": "from", "step": "start_run"}


def after(days: int) -> dict[str, Any]:
    return {"value": days, "unit": "days", **LAUNCH}


def expiring(title: str, days: int, **more: Any) -> dict[str, Any]:
    return {"title": title, "step_type": "expiring", "deadline": after(days), **more}


class World:
    """An organization whose clock stands, and servers that look for what is due."""

    def __init__(self, org: Organization) -> None:
        self.org, self.server = org, org.server

    def launch(self, *steps: Any, rules: Any = ()) -> Run:
        template = self.org.template(steps=steps)
        steps_by_title = {step["title"]: step["id"] for step in template["steps"]}
        for title, operation, action in rules:
            condition = {"conditionable_type": "Step", "conditionable_id": steps_by_title[title], "logic": "and"}
            action = {**action, "target_step_id": steps_by_title[action["target_step_id"]]}
            body = {"automated_alias": "r", "conditions": [{**condition, "operation": operation, "statement": None}]}
            self.org.api.data(
                "POST", f"/checklists/{template['id']}/automated-actions", {**body, "then_actions": [action]}
            )
        return Run(self.org, template)

    def at(self, instant: int) -> None:
        self.server.clock.freeze(instant)
        self.org.admin.api.token = self.org.token(self.org.admin.id)

    def fire(self, servers: int = 1) -> None:
        """What is due everywhere is done, by so many servers at once."""

        async def work() -> None:
            edge = self.server.edge
            await asyncio.gather(*[fire_due(edge.database, edge.clock, edge.means, edge.files) for _ in range(servers)])

        self.server.run(work())

    def labels(self, run: Run) -> dict[str, str]:
        return {title: task["status_label"] for title, task in run.tasks().items()}

    def comments(self, run: Run, task: str) -> list[str]:
        path = f"/runs/{run.id}/tasks/{run.task_id(task)}?with=threads"
        return [each["content"] for each in self.org.api.data("GET", path)["threads"]["data"]]


@pytest.fixture
def world(org: Organization) -> Iterator[World]:
    world = World(org)
    world.at(NOW)
    yield world
    assert org.differences() == []


def test_an_expiring_task_expires_once_at_its_deadline_and_rules_react(world: World) -> None:
    """E1, E2, A-5.1: whatever number of servers looks, however often. T-6.3. Spec: behaviour-work E3, G8, H7, M13."""
    shows = ("Alarm", "expired", {"action_type": "visibility", "action_verb": "show", "target_step_id": "Chase"})
    run = world.launch(expiring("Alarm", 1), {"title": "Chase", "deadline": after(9)}, rules=[shows])
    run.assign("Alarm")
    world.at(NOW + DAY - 1)
    world.fire()
    assert world.labels(run) == {"Alarm": "not-started", "Chase": "auto-skipped"}

    world.at(NOW + DAY)
    world.fire(servers=4)
    world.fire()

    assert world.labels(run) == {"Alarm": "expired", "Chase": "not-started"}
    assert run.now()["progress"] == {"complete": 1, "total": 2, "percent": 50}
    alarm = run.tasks()["Alarm"]
    assert (alarm["status"], alarm["is_approved"], alarm["completer_id"]) == ("completed", False, None)
    assert world.comments(run, "Alarm") == ["Nobody acknowledged this task in time: it has expired."]
    history = world.org.api.data("GET", f"/runs/{run.id}/tasks/{run.task_id('Chase')}/explain")["history"]
    assert [each["event"] for each in history[-1]["because"]] == ["rule", "task.completed", "timer"]


def test_what_the_clock_may_not_close_waits_until_it_may(world: World) -> None:
    """E4, H10, A-7.7, T3, Y10, P2: held, hidden, with a problem, archived, locked; then five minutes' time.

    LT-8, T-6.4, T-6.5. Spec: behaviour-work E7.
    """
    run = world.launch("Use", expiring("Alarm", 1), expiring("Mail", 1, step_type="expiring_email"))
    waiting = world.org.template(steps=["Use", expiring("Recall", 1)])
    use, recall = waiting["steps"]
    path = f"/checklists/{waiting['id']}/steps/{recall['id']}"
    world.org.api.data("PUT", path, {"title": "Recall", "deadline": {**after(1), "step": use["id"]}})
    recalled = Run(world.org, waiting)
    world.org.api.put(run.path("Alarm") + "/hide", {}).raise_for_status()
    problem = world.org.api.data(
        "POST", f"/tasks/{run.task_id('Mail')}/comment", {"content": "broken", "label": "problem"}
    )
    world.at(NOW + 10 * DAY)
    world.fire()
    assert world.labels(run) == {"Use": "not-started", "Alarm": "auto-skipped", "Mail": "not-started"}
    assert world.labels(recalled)["Recall"] == "not-started"

    world.org.api.put(run.path("Alarm") + "/show", {}).raise_for_status()
    body = {"content": "done", "thread_id": problem["id"]}
    resolved = world.org.api.post(f"/tasks/{run.task_id('Mail')}/resolved-threads", body)
    resolved.raise_for_status()
    recalled.complete("Use").raise_for_status()
    world.fire()
    assert world.labels(run)["Alarm"] == "not-started"
    world.at(NOW + 10 * DAY + 5 * MINUTE)
    world.fire()

    assert world.labels(run) == {"Use": "not-started", "Alarm": "expired", "Mail": "completed"}
    assert run.tasks()["Mail"]["is_approved"] is True
    assert world.labels(recalled)["Recall"] == "not-started"
    world.at(NOW + 11 * DAY)
    world.fire()
    assert world.labels(recalled)["Recall"] == "expired"


def test_a_reopened_expiring_task_has_five_minutes_for_a_new_date(world: World) -> None:
    """E6"""
    run = world.launch("Use", expiring("Alarm", 1), expiring("Bell", 1))
    world.at(NOW + 2 * DAY)
    world.fire()
    for title in ("Alarm", "Bell"):
        world.org.api.delete(f"/runs/{run.id}/completed-tasks/{run.task_id(title)}").raise_for_status()
    run.change("Bell", deadline="2026-09-30T12:00:00Z").raise_for_status()
    world.at(NOW + 2 * DAY + 5 * MINUTE)
    world.fire()

    assert world.labels(run) == {"Use": "not-started", "Alarm": "expired", "Bell": "in-progress"}


def test_a_server_that_was_away_catches_up_in_order(world: World) -> None:
    """What happened first decides about what would have come later. Spec: behaviour-work E7."""
    moves = {"action_type": "deadline", "action_verb": "deadline", "target_step_id": "Second"}
    moves |= {"deadline": {"value": 30, "unit": "days", "option": "from"}}
    steps = ("Use", expiring("Second", 2), expiring("First", 1), expiring("Third", 3))
    run = world.launch(*steps, rules=[("First", "expired", moves)])
    world.at(NOW + 20 * DAY)
    world.fire(servers=2)

    assert world.labels(run) == {"Use": "not-started", "First": "expired", "Second": "not-started", "Third": "expired"}


def test_what_fails_is_undone_and_tried_again_whatever_the_clock_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, other = world.launch("Use", expiring("Alarm", 1)), world.launch("Use", expiring("Bell", 1))
    broken = world.org.api.data("GET", f"/runs/{run.id}")["increment_id"]
    real = threads.add_bot_comment

    async def fail(tx: Any, process: Any, *rest: Any) -> Any:
        if process == broken:
            raise RuntimeError("the power goes")
        return await real(tx, process, *rest)

    monkeypatch.setattr(threads, "add_bot_comment", fail)
    world.at(NOW + 400 * DAY)
    world.fire()
    assert (world.labels(run)["Alarm"], world.labels(other)["Bell"]) == ("not-started", "expired")

    monkeypatch.undo()
    world.fire()
    assert world.labels(run)["Alarm"] == "not-started", "it is left alone for a while"
    world.at(NOW + 2 * DAY)
    world.fire()
    assert world.labels(run)["Alarm"] == "expired", "a claim of a clock that ran ahead counts for nothing"


def test_a_rule_on_time_fires_once_whatever_happens_to_servers_and_clocks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spec: A-2.44, A-2.45; cut off in the middle nothing of it is left, and it comes later."""
    assign = {"action_type": "assignment", "action_verb": "assign", "target_step_id": "Use"}
    late = ("Use", "overdue", {**assign, "assignees": {"guests": ["late@x.test"]}})
    run = world.launch({"title": "Use", "deadline": after(1)}, rules=[late])
    real = rule_states.save

    async def fail(tx: Any, *rest: Any) -> Any:
        await real(tx, *rest)
        raise RuntimeError("the power goes")

    monkeypatch.setattr(rule_states, "save", fail)
    world.at(NOW + 400 * DAY)
    world.fire()
    monkeypatch.undo()
    assert run.tasks()["Use"]["owners"]["guests"] == []
    world.at(NOW + 2 * DAY)
    world.fire(servers=3)
    world.fire()

    assert run.tasks()["Use"]["owners"]["guests"] == ["late@x.test"]
    feed = world.org.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={run.id}&per_page=100")
    [executed] = [row for row in feed if row["type"] == ["execution"]]
    assert executed["description"] == ['Rule "r" was executed.']


def test_a_stand_alone_expiring_task_expires_too(world: World) -> None:
    task = world.org.one_off(task_type="expiring", deadline="2026-09-22T14:00:00Z")
    world.at(NOW + 2 * DAY)
    world.fire()

    assert world.org.api.data("GET", f"/tasks/{task['id']}")["status_label"] == "expired"


def test_tasks_overdue_for_months_are_completed_and_rules_react(world: World) -> None:
    """Y7 to Y9, A-10.4: by nobody, approvals without a decision, required answers not asked for; `expired` not met.

    Spec: behaviour-work G8, M13.
    """
    shows = {"action_type": "visibility", "action_verb": "show"}
    run = world.launch(
        {"title": "Old", "deadline": after(1), "captures": [{"label": "Why", "required": True}]},
        {"title": "Vote", "step_type": "approval", "deadline": after(2)},
        {"title": "Young", "deadline": after(60)},
        {"title": "Next", "deadline": after(90)},
        {"title": "Never", "deadline": after(90)},
        rules=[
            ("Old", "completed", {**shows, "target_step_id": "Next"}),
            ("Vote", "approved", {**shows, "target_step_id": "Never"}),
        ],
    )
    alone = world.org.one_off(deadline="2026-09-22T14:00:00Z")
    world.at(NOW + 66 * DAY)
    world.org.api.data("PUT", "", {"name": "Fernwood", "auto_complete_tasks": True, "auto_complete_task_months": 2})
    world.fire()

    assert world.labels(run) == {
        "Old": "completed", "Vote": "completed", "Young": "not-started", "Next": "not-started", "Never": "auto-skipped",
    }  # fmt: skip
    assert run.tasks()["Vote"]["is_approved"] is None
    assert run.now()["progress"] == {"complete": 2, "total": 4, "percent": 50}
    assert world.org.api.data("GET", f"/tasks/{alone['id']}")["status"] == "completed"
    assert len(world.comments(run, "Old")) == 1

    world.at(NOW + 125 * DAY)
    world.fire()
    assert world.labels(run)["Young"] == "completed", "the next day's work"


def test_complete_processes_are_archived_and_restored_ones_start_anew(world: World) -> None:
    """Y3, Y6, Y8. Spec: behaviour-work M13, P12."""
    run, open_run = world.launch("Use"), world.launch("Use", "More")
    run.complete("Use").raise_for_status()
    settings = {"name": "Fernwood", "auto_archive": True}
    settings["auto_archive_processes_after"] = {"unit": "weeks", "value": 1}
    world.org.api.data("PUT", "", settings)
    world.at(NOW + 6 * DAY)
    world.fire()
    assert run.now()["archived_at"] is None
    issue = world.org.api.data("POST", f"/runs/{run.id}/problem", {"content": "Wrong key"})["id"]
    world.at(NOW + 7 * DAY + HOUR)
    world.fire()
    assert run.now()["archived_at"] is None, "an issue is open"
    world.org.api.data("POST", f"/runs/{run.id}/resolved-threads", {"thread_id": issue, "content": "Found"})
    world.at(NOW + 8 * DAY)
    world.fire(servers=3)
    assert run.now()["archived_at"] is not None and open_run.now()["archived_at"] is None
    *_, said = world.org.api.data("GET", f"/runs/{run.id}?with=threads")["threads"]["data"]
    assert (said["author_type"], "archived by itself" in said["content"]) == ("bot", True)

    world.org.api.put(f"/runs/{run.id}/activate", {}).raise_for_status()
    world.at(NOW + 10 * DAY)
    world.fire()
    assert run.now()["status"] == "complete", "the clock started again"
    world.org.api.data("PUT", "", {"name": "Fernwood", "auto_archive": False})
    world.at(NOW + 30 * DAY + HOUR)
    world.fire()
    assert run.now()["status"] == "complete", "switched off"


class TestWhatMembersSee:
    """Who sees what by name is counted afresh by a timer, set by whatever changes it."""

    def test_it_is_counted_afresh_and_the_timer_goes(self, world: World) -> None:
        org = world.org
        member = org.person("standard")
        group = org.api.data("POST", "/groups", {"name": "Crew", "members": [member.id]})["id"]
        world.launch("Call")
        world.server.clock.advance(seconds=2)
        assert stale(org)

        world.fire()

        assert not stale(org)
        assert timers_of(org, "count_viewers") == []
        assert org.differences() == []
        org.api.put(f"/groups/{group}", {"name": "Crew", "members": []}).raise_for_status()
        assert stale(org) == [member.id]
        assert len(timers_of(org, "count_viewers")) == 1

    def test_who_wants_it_while_it_is_counted_is_not_forgotten(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        org = world.org
        first, second = org.person("standard"), org.person("standard")
        org.rebuild_stale()
        counted: list[int] = []
        count = recount.rebuild_viewer

        async def count_and_change(tx: WriteTx, account: int) -> None:
            await count(tx, account)
            if account in (first.id, second.id):
                counted.append(account)
            if counted == [first.id]:
                await viewing.mark_stale(tx, {second.id})

        monkeypatch.setattr(recount, "rebuild_viewer", count_and_change)
        org.api.data("POST", "/groups", {"name": "Crew", "members": [first.id]})
        world.server.clock.advance(seconds=2)

        world.fire()

        assert counted == [first.id, second.id]
        assert not stale(org)
        assert timers_of(org, "count_viewers") == []


def stale(org: Organization) -> list[int]:
    async def read() -> list[int]:
        async with reading(org.server.database, org.number, org.id, BOT, org.server.clock()) as tx:
            return await recount.stale_viewers(tx)

    return org.server.run(read())


def timers_of(org: Organization, kind: TimerKind) -> list[int]:
    async def read() -> list[int]:
        async with reading(org.server.database, org.number, org.id, BOT, org.server.clock()) as tx:
            at = await timers.due_at(tx, kind, 0)
            return [] if at is None else [at]

    return org.server.run(read())
