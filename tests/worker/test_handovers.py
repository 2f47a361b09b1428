"""Members who leave, and who has their work then. Spec: behaviour-work 12, behaviour-people D7, C2, api-people U9, U12."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import NOW, Run, run_of
from tests.api.template_rules import Rules
from tests.api.test_holds import hold
from tests.builders import Organization, Person
from tests.worker.test_timers import World

WEEKLY = {"frequency": "weekly", "starts_at": "2026-09-28T09:00:00Z"}


@pytest.fixture
def world(org: Organization) -> Iterator[World]:
    world = World(org)
    world.at(NOW)
    yield world
    assert org.differences() == []


def remove(org: Organization, leaver: Person, to: Person | str | None = None) -> httpx.Response:
    named = {} if to is None else {"to": to if isinstance(to, str) else to.id}
    asked = {"with_reassignment": "true", **named}
    return org.api.request("DELETE", f"/users/{leaver.id}", params=asked)


def named(run: Run) -> dict[str, Any]:
    return {title: task["owners"]["users"] for title, task in run.tasks().items()}


def test_l3_what_a_leaver_has_to_do_is_anothers_at_once(world: World) -> None:
    """Hidden tasks (A-7.9), tasks on hold, with an issue and of nobody's process, too; what is completed stays."""
    org, left, heir, mate = world.org, world.org.person(), world.org.person(), world.org.person()
    steps = [{"title": title, "assignees": [left.id, mate.id]} for title in ("Done", "Open", "Hidden")]
    run, held, broken = (run_of(org, *steps, owner_id=left.id) for _ in range(3))
    alone = org.one_off(left, mate)
    run.complete("Done").raise_for_status()
    org.api.put(run.path("Hidden") + "/hide", {}).raise_for_status()
    hold(held)
    org.api.post(f"/runs/{broken.id}/problem", {"content": "Gone"}).raise_for_status()
    before = org.api.get("/tasks?updated_since=now").json()["sync"]["next"]

    answer = remove(org, left, heir)

    assert answer.status_code == 200, answer.text
    assert (answer.json()["data"]["id"], answer.json()["data"]["status"]) == (left.id, "disabled")
    assert left.api.get("/me").status_code == 401
    assert named(run) == {"Done": [left.id, mate.id], "Open": [heir.id, mate.id], "Hidden": [heir.id, mate.id]}
    assert named(held)["Open"] == named(broken)["Open"] == [heir.id, mate.id]
    assert org.api.data("GET", f"/tasks/{alone['id']}")["owners"]["users"] == [heir.id, mate.id]
    assert run.now()["owner_id"] == heir.id
    assert org.api.get(f"/tasks?owners={left.id}&status=active").json()["meta"]["pagination"]["total"] == 0
    assert len(heir.api.data("GET", "/me/tasks")) == 8
    changed = org.api.get(f"/tasks?updated_since={before}").json()
    assert {each["id"] for each in changed["data"]} >= {run.task_id("Open"), alone["id"]}
    feed = org.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={run.id}")
    assert sum("removed" in each["description"][0] for each in feed) == 2
    assert org.differences() == []

    world.fire()
    told = org.api.data("GET", f"/users/{left.id}/handover")
    assert (told["status"], told["to"], told["tasks"], told["processes"]) == ("finished", heir.id, 9, 3)


@pytest.mark.parametrize("is_over", [True, False])
def test_a_removal_sent_again_is_the_same_one(world: World, *, is_over: bool) -> None:
    """Clients repeat a DELETE whose answer did not come: nobody is told twice, and how far it has come stays known.

    Spec: api-people U9, U16, api-conventions 16.
    """
    org, left, heir, other = world.org, world.org.person(), world.org.person(), world.org.person()
    run = run_of(org, {"title": "Open", "assignees": [left.id]})
    first = remove(org, left, heir)
    if is_over:
        world.fire()
    told, line = org.api.data("GET", f"/users/{left.id}/handover"), org.api.data("GET", "/activity-feeds?per_page=1")

    again = remove(org, left, heir)

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert org.api.data("GET", f"/users/{left.id}/handover") == told
    assert org.api.data("GET", "/activity-feeds?per_page=1") == line
    world.fire()
    assert named(run) == {"Open": [heir.id]}
    org.api.put(f"/users/{left.id}/enable").raise_for_status()
    org.api.put(run.path("Open"), {"owners": {"users": [left.id]}}).raise_for_status()
    remove(org, left, heir).raise_for_status()
    assert named(run) == {"Open": [heir.id]}, "whoever came back leaves anew"
    remove(org, left, other).raise_for_status()
    assert org.api.data("GET", f"/users/{left.id}/handover")["to"] == other.id


def test_l3_templates_schedules_and_job_titles_name_the_heir(world: World) -> None:
    org, left, heir = world.org, world.org.person(), world.org.person()
    template = org.template(
        steps=[{"title": "Check", "assignees": [left.id, heir.id]}, {"title": "Sign", "assignees": [left.id]}],
        owner_id=left.id,
    )
    title = org.api.data("POST", "/roles", {"name": "Buyer", "users": [left.id]})
    tasks = {template["steps"][0]["id"]: {"owners": {"users": [left.id]}}}
    launch = {"checklist_id": template["id"], "owner_id": left.id, "tasks": tasks}
    schedule = org.api.data("POST", "/recurring-jobs", {**WEEKLY, **launch})
    away = {"user_id": org.admin.id, "starts_on": "2026-10-01", "ends_on": "2026-10-05", "deputy_id": left.id}
    absence = org.api.data("POST", "/absences", away)
    version = org.api.data("GET", f"/checklists/{template['id']}")["last_updated"]

    remove(org, left, heir).raise_for_status()

    now = org.api.data("GET", f"/checklists/{template['id']}?with=steps")
    assert now["owner_id"] == heir.id
    assert [step["assignees"] for step in now["steps"]["data"]] == [[heir.id], [heir.id]]
    assert now["last_updated"] >= version
    feed = org.api.data("GET", f"/activity-feeds?entity_type=checklist&entity_id={template['id']}")
    assert any("another owner" in each["description"][0] for each in feed)
    [holder] = [each for each in org.api.data("GET", "/roles") if each["id"] == title["id"]]
    assert holder["users"] == [heir.id]
    planned = org.api.data("GET", f"/recurring-jobs/{schedule['id']}")
    assert (planned["owner_id"], planned["tasks"]) == (
        heir.id,
        {template["steps"][0]["id"]: {"owners": {"users": [heir.id]}}},
    )
    [deputy] = [each["deputy_id"] for each in org.api.data("GET", "/absences") if each["id"] == absence["id"]]
    assert deputy == heir.id


def test_l11_the_heir_is_picked_in_the_answers_of_planned_launches(world: World) -> None:
    """Spec: behaviour-launching L-12.5."""
    org, left, heir, guest = world.org, world.org.person(), world.org.person(), world.org.guest()["email"]
    template = org.template(steps=["Check"], kickoff=[{"label": "Who", "field_type": "assignees_form"}])
    who = template["prerun"][0]["id"]
    launch = {"checklist_id": template["id"], "prerun": {who: {"users": [left.id], "guests": [guest], "groups": []}}}
    schedule = org.api.data("POST", "/recurring-jobs", {**WEEKLY, **launch})

    remove(org, left, heir).raise_for_status()

    planned = org.api.data("GET", f"/recurring-jobs/{schedule['id']}")
    assert planned["prerun"] == {who: {"users": [heir.id], "guests": [guest], "groups": []}}


def test_a_11_4_rules_of_running_processes_mean_the_heir(world: World) -> None:
    """L12: frozen versions stay as they are, whoever has taken over is named in the leaver's place; L8.9 at launch."""
    org, left, heir, last = world.org, world.org.person(), world.org.person(), world.org.person()
    rules = Rules(org)
    give = rules.assignment(action_verb="assign_only", assignees={"users": [left.id]})
    rules.add(
        conditions=[
            rules.condition(
                conditionable_id=rules.brief, conditionable_type="Step", operation="completed", statement=None
            )
        ],
        then_actions=[rules.action(), {**give, "position": 2}],
    )
    run = Run(org, rules.template)

    remove(org, left, heir).raise_for_status()
    remove(org, heir, last).raise_for_status()
    run.complete("Brief").raise_for_status()

    assert run.tasks()["Permit"]["owners"]["users"] == [last.id]
    [rule] = rules.all()
    assert rule["then_actions"][1]["assignees"]["users"] == [last.id]


def test_l_8_9_a_published_version_launches_for_the_heir(world: World) -> None:
    org, left, heir = world.org, world.org.person(), world.org.person()
    template = org.template(steps=[{"title": "Check", "assignees": [left.id]}], dual_version_enabled=True)
    org.api.put(f"/checklists/{template['id']}/publish").raise_for_status()

    remove(org, left, heir).raise_for_status()

    assert named(Run(org, template)) == {"Check": [heir.id]}


def test_l11_a_part_that_is_done_stays_and_the_last_one_completes(world: World) -> None:
    """Spec: A6."""
    org, left, heir, mate = world.org, world.org.person(), world.org.person(), world.org.person()
    both = {"everyone_must_complete": True}
    steps = [
        {"title": "Mine", "assignees": [left.id, mate.id], **both},
        {"title": "Theirs", "assignees": [left.id, heir.id], **both},
    ]
    run = run_of(org, *steps)
    run.complete("Mine", left).raise_for_status()
    run.complete("Theirs", heir).raise_for_status()

    remove(org, left, heir).raise_for_status()

    assert named(run) == {"Mine": [left.id, mate.id], "Theirs": [heir.id]}
    assert run.tasks()["Theirs"]["status"] == "completed"
    run.complete("Mine", mate).raise_for_status()
    assert run.now()["status"] == "complete"


def test_much_work_goes_over_in_the_background_until_the_leaver_is_back(world: World) -> None:
    """L13, and L9: what was not handed over yet stays theirs."""
    org, left, heir = world.org, world.org.person(), world.org.person()
    template = org.template(steps=[{"title": "Check", "assignees": [left.id]}])
    runs = [Run(org, template) for _ in range(26)]

    remove(org, left, heir).raise_for_status()

    assert left.api.get("/me").status_code == 401
    assert org.api.data("GET", f"/users/{left.id}/handover")["status"] == "running"
    world.fire(servers=2)
    told = org.api.data("GET", f"/users/{left.id}/handover")
    assert (told["status"], told["tasks"], told["processes"], told["templates"]) == ("finished", 26, 26, 1)
    assert {tuple(named(run)["Check"]) for run in runs} == {(heir.id,)}

    remove(org, heir, org.admin).raise_for_status()
    org.api.request("PUT", f"/users/{heir.id}/enable").raise_for_status()
    world.fire()
    assert org.api.data("GET", f"/users/{heir.id}/handover")["status"] == "cancelled"
    assert {tuple(named(run)["Check"]) for run in runs} == {(heir.id,)}, "what was not handed over yet stays theirs"


def test_removals_that_cannot_be(world: World) -> None:
    org, left, gone = world.org, world.org.person(), world.org.person()
    org.api.delete(f"/users/{gone.id}/disable").raise_for_status()
    bot = next(each["id"] for each in org.api.data("GET", "/users") if each["type"] == "bot")

    with unchanged(org):
        for to in (None, left, gone, str(bot), "99999999", "guest@partner.test"):
            refused = remove(org, left, to)
            assert_refused(refused, 422, because=to)
            assert list(refused.json()["errors"]) == ["to"]
        assert_refused(remove(org, org.admin, left), 400, "PROTECTED")
        assert_refused(remove(org, Person(bot, "", "", org.api), left), 400, "PROTECTED")
        assert_refused(org.api.put(f"/users/{bot}/to/guest"), 400, "PROTECTED")
        assert_refused(org.api.put(f"/users/{org.admin.id}/to/guest"), 422)
        for path in (f"/users/{org.admin.id}?with_reassignment=true&to={left.id}", f"/users/{gone.id}"):
            assert_refused(left.api.delete(path), 403)
        assert_refused(left.api.put(f"/users/{org.admin.id}/to/guest"), 403)
        assert_refused(org.api.get(f"/users/{left.id}/handover"), 404)
    assert org.api.delete(f"/users/{left.id}").json()["data"]["status"] == "disabled", "skipped: the work stays (L4)"


def test_c2_a_member_becomes_a_guest_with_their_tasks_and_a_member_again(world: World) -> None:
    """L10: what guests cannot have is the administrator's."""
    org = world.org
    left = org.person(first_name="Ines", last_name="Roth")
    steps = [
        {"title": "Done", "assignees": [left.id]},
        {"title": "Open", "assignees": [left.id]},
        {"title": "Inside", "assignees": [left.id], "allow_guest_owners": False},
    ]
    template = org.template(steps=steps, owner_id=left.id)
    run = Run(org, template, owner_id=left.id)
    run.complete("Done").raise_for_status()

    guest = org.api.data("PUT", f"/users/{left.id}/to/guest")

    assert (guest["email"], guest["first_name"], guest["last_name"]) == (left.email, "Ines", "Roth")
    assert left.api.get("/me").status_code == 401
    owners = {title: (task["owners"]["users"], task["owners"]["guests"]) for title, task in run.tasks().items()}
    assert owners == {
        "Done": ([left.id], []),
        "Open": ([org.admin.id], [left.email]),
        "Inside": ([org.admin.id], []),
    }
    assert run.now()["owner_id"] == org.api.data("GET", f"/checklists/{template['id']}")["owner_id"] == org.admin.id
    assert org.guest_api(left.email).get("/tasks").status_code == 200

    back = org.api.data("POST", f"/guests/{left.email}/to/member", {"role": "standard"}, status=200)
    assert back["id"] == left.id
    assert run.tasks()["Open"]["owners"] == {
        **run.tasks()["Open"]["owners"],
        "users": [org.admin.id, left.id],
        "guests": [],
    }


def test_l4_what_was_left_behind_is_found(world: World) -> None:
    org, left, mate = world.org, world.org.person(), world.org.person()
    check = {"title": "Check", "assignees": [left.id]}
    mine, owned, theirs = run_of(org, check, "Sign"), run_of(org, "Sign", owner_id=left.id), run_of(org, "Sign")
    task = mine.task_id("Check")

    def found(query: str = "") -> tuple[set[str], set[str]]:
        lists = [org.api.get(f"/{each}?needs_owner=true{query}").json() for each in ("tasks", "runs")]
        assert [each["meta"]["pagination"]["total"] for each in lists] == [len(each["data"]) for each in lists]
        tasks, runs = ({row["id"] for row in each["data"]} for each in lists)
        return tasks, runs

    assert found() == (set(), set())
    org.api.delete(f"/users/{left.id}").raise_for_status()
    assert found() == ({task}, {mine.id, owned.id})
    assert found(f"&owners={mate.id}") == (set(), set())
    assert theirs.id not in found()[1]
    assert org.api.get("/tasks?needs_owner=true&status=complete").json()["data"] == []
    org.api.delete(f"/users/{left.id}/delete").raise_for_status()
    assert found() == ({task}, {mine.id, owned.id})
