"""Recurring launches. Spec: api-processes 21 (PR25), behaviour-launching 12."""

from collections.abc import Iterator
from typing import Any

import pytest

from procession.domain.times import DAY, HOUR, wire
from tests.api.task_runs import NOW, on_one_database
from tests.builders import Organization, Person
from tests.worker.test_timers import World

JOBS = "/recurring-jobs"
FORBIDDEN = "Permission denied: cannot launch process from this template."
# 2026-09-21T14:13:20Z, a Monday.
MORNING = "2026-09-22T08:00:00.000Z"


@pytest.fixture
def world(org: Organization) -> Iterator[World]:
    world = World(org)
    world.at(NOW)
    yield world
    assert org.differences() == []


def job(template: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"checklist_id": template["id"], "frequency": "daily", "times": ["08:00"], **more}


def runs(org: Organization) -> list[dict[str, Any]]:
    return org.api.data("GET", "/runs?sort=created_at&without_pagination=1")


def test_a_slot_launches_once_with_its_name_answers_and_owner(world: World) -> None:
    """PR25: whatever number of servers looks. L-12.1, T-11.41. Spec: behaviour-work J1, J3, J4."""
    org = world.org
    mia = org.person("standard")
    template = org.template(steps=["Count"], kickoff=[{"label": "Shelf", "required": True}])
    org.allow(template, "LAUNCH", mia.id)
    shelf = template["prerun"][0]
    missing = mia.api.post(JOBS, job(template))
    assert missing.status_code == 422 and missing.json()["errors"]["prerun"], missing.text

    body = job(template, name="Stock of {{" + shelf["alias"] + "}} on {{DATE}}", prerun={shelf["id"]: "A3"})
    made = mia.api.data("POST", JOBS, body)

    assert (made["owner_id"], made["next_run_at"], made["last_run_id"]) == (mia.id, MORNING, None)
    assert made["next_runs"][:2] == [MORNING, "2026-09-23T08:00:00.000Z"] and len(made["next_runs"]) == 10
    assert made["rules"] == ["FREQ=DAILY;INTERVAL=1;BYHOUR=8;BYMINUTE=0"]
    world.at(NOW + DAY)
    world.fire(servers=3)
    world.fire()
    [run] = runs(org)
    assert (run["name"], run["owner_id"], run["started_by"]) == ("Stock of A3 on 2026-09-22", mia.id, mia.id)
    [told] = org.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={run['id']}&verb=created")
    assert (told["source"], told["actor_id"]) == (["Member"], [mia.id])
    shown = org.api.data("GET", f"{JOBS}/{made['id']}")
    assert (shown["last_run_id"], shown["next_run_at"]) == (run["id"], "2026-09-23T08:00:00.000Z")


@pytest.mark.parametrize(
    ("catch_up", "launched"),
    [pytest.param("last", 1, id="L-12.4"), pytest.param("all", 3, id="all"), pytest.param("none", 0, id="none")],
)
def test_a_server_that_was_away_over_three_slots_catches_up_as_asked(
    world: World, catch_up: str, launched: int
) -> None:
    """L-5.4, L-12.6: each is named after its own slot. Spec: behaviour-work J2, J5."""
    template = world.org.template("Pump check", steps=["Look"])
    made = world.org.api.data("POST", JOBS, job(template, catch_up=catch_up))
    world.at(NOW + 3 * DAY)
    world.fire(servers=2)

    found = runs(world.org)
    assert len(found) == launched
    names = {"last": ["Sep 24, 8:00am - Pump check"], "none": []}
    assert [run["name"] for run in found] == names.get(
        catch_up, [f"Sep {day}, 8:00am - Pump check" for day in (22, 23, 24)]
    )
    assert world.org.api.data("GET", f"{JOBS}/{made['id']}")["next_run_at"] == "2026-09-25T08:00:00.000Z"
    world.at(NOW + 4 * DAY - 6 * HOUR - 13 * 60_000)
    world.fire()
    assert len(runs(world.org)) == launched + 1, "the next one comes in time"


def test_a_launch_is_left_out_while_the_former_process_is_open(world: World) -> None:
    """Spec: behaviour-work J5."""
    template = world.org.template(steps=["Look"])
    world.org.api.data("POST", JOBS, job(template, skip_if_open=True))
    for day in (1, 2):
        world.at(NOW + day * DAY)
        world.fire()
    [run] = runs(world.org)
    [task] = world.org.api.data("GET", f"/runs/{run['id']}/tasks")
    world.org.api.post(f"/runs/{run['id']}/completed-tasks", {"task_id": task["id"]}).raise_for_status()
    world.at(NOW + 3 * DAY)
    world.fire()

    assert len(runs(world.org)) == 2


def archive(org: Organization, owner: Person, template: dict[str, Any]) -> None:
    org.api.delete(f"/checklists/{template['id']}").raise_for_status()


def disable(org: Organization, owner: Person, template: dict[str, Any]) -> None:
    org.api.delete(f"/users/{owner.id}/disable").raise_for_status()


def forbid(org: Organization, owner: Person, template: dict[str, Any]) -> None:
    org.allow(template, "LAUNCH")


def require_more(org: Organization, owner: Person, template: dict[str, Any]) -> None:
    fields = [{"label": label, "field_type": "text", "required": True} for label in ("Why", "Until when?")]
    org.api.data("PUT", f"/checklists/{template['id']}", {"title": template["title"], "prerun": fields})


@pytest.mark.parametrize(
    ("happens", "reason", "told"),
    [
        pytest.param(archive, "template_archived", "The template was archived.", id="T-1.7"),
        pytest.param(disable, "owner_inactive", "The owner is not active.", id="owner"),
        pytest.param(forbid, "no_launch_permission", FORBIDDEN, id="right"),
        pytest.param(require_more, "validation_failed", "Why is required. Until when? is required.", id="answers"),
    ],
)
def test_what_can_no_longer_be_launched_is_paused_with_its_reason(
    world: World, happens: Any, reason: str, told: str
) -> None:
    """L-12.5"""
    org = world.org
    owner = org.person("standard")
    template = org.template(steps=["Look"])
    org.allow(template, "LAUNCH", owner.id)
    made = owner.api.data("POST", JOBS, job(template))
    happens(org, owner, template)
    world.at(NOW + DAY)
    world.fire()

    shown = org.api.data("GET", f"{JOBS}/{made['id']}")
    assert (shown["is_active"], shown["paused_reason"], shown["next_run_at"]) == (False, reason, None)
    assert (shown["last_error"], runs(org)) == (told, [])


def test_pausing_resuming_running_by_hand_changing_and_deleting(world: World) -> None:
    """L-12.2. Spec: behaviour-work J4."""
    org = world.org
    template = org.template(steps=["Look"])
    path = f"{JOBS}/{org.api.data('POST', JOBS, job(template))['id']}"
    assert org.api.data("PUT", path, {"is_active": False})["next_run_at"] is None
    world.at(NOW + 2 * DAY)
    world.fire()
    assert runs(org) == []
    assert org.api.data("PUT", path, {"is_active": True})["next_run_at"] == "2026-09-24T08:00:00.000Z"

    run = org.api.data("POST", f"{path}/run")
    assert org.api.data("GET", path)["last_run_id"] == run["id"]
    assert org.api.data("GET", path)["next_run_at"] == "2026-09-24T08:00:00.000Z"
    changed = org.api.data("PUT", path, {"rrule": "FREQ=WEEKLY;BYDAY=FR;BYHOUR=9;BYMINUTE=0", "frequency": None})
    assert (changed["frequency"], changed["times"], changed["next_run_at"]) == (None, [], "2026-09-25T09:00:00.000Z")
    moved = org.api.data("PUT", "", {"name": "Fernwood", "timezone": "Asia/Tokyo"})
    assert moved["timezone"] == "Asia/Tokyo"
    assert org.api.data("GET", path)["next_run_at"] == "2026-09-25T00:00:00.000Z", "by the clocks of the organization"

    assert org.api.request("DELETE", path).status_code == 204
    assert org.api.get(path).status_code == 404
    world.at(NOW + 9 * DAY)
    world.fire()
    assert len(runs(org)) == 1


def test_who_sees_and_plans(org: Organization) -> None:
    """L-12.3"""
    template = org.template("Pumps", steps=["Look"])
    mia, ben, light = org.person("standard"), org.person("standard"), org.person("light")
    org.allow(template, "LAUNCH", mia.id, light.id)
    assert [each.api.post(JOBS, job(template)).status_code for each in (ben, light)] == [403, 403]
    made = mia.api.data("POST", JOBS, job(template, name="Round"))
    assert mia.api.post(JOBS, job(template, owner_id=ben.id)).status_code == 403
    for path, method, body in ((f"{JOBS}/{made['id']}", "GET", None), (f"{JOBS}/{made['id']}/run", "POST", None)):
        assert ben.api.request(method, path, json=body).status_code == 404
    assert ben.api.data("GET", JOBS) == []
    for query in ("", "?q=round", "?q=pump", f"?checklist_id={template['id']}", "?is_active=true"):
        assert [each["id"] for each in org.api.data("GET", JOBS + query)] == [made["id"]]
    for query in ("?q=nothing", "?is_active=false", f"?checklist_id={'0' * 32}"):
        assert mia.api.data("GET", JOBS + query) == []


def test_l_1_1_a_schedule_launches_only_what_its_owner_may_launch(world: World) -> None:
    """L-12.3: also where an administrator, who may launch anything, makes, resumes or runs it. Spec: api-processes 21."""
    org = world.org
    mia, template = org.person("standard"), org.template(steps=["Look"])
    refused = org.api.post(JOBS, job(template, owner_id=mia.id))
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["owner_id"]), refused.text
    assert org.api.data("GET", JOBS) == []
    path = f"{JOBS}/{org.api.data('POST', JOBS, job(template, owner_id=mia.id, is_active=False))['id']}"

    for method, where, body in (("PUT", path, {"is_active": True}), ("POST", f"{path}/run", None)):
        refused = org.api.request(method, where, json=body)
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["owner_id"]), refused.text
    assert (org.api.data("GET", path)["is_active"], runs(org)) == (False, [])
    group = org.group(members=[mia])
    lists = f"/checklists/{template['id']}/permissions"
    org.api.data("PUT", lists, [{"permission": "PROCESS_LAUNCH", "groups": [group["id"]]}], status=200)
    assert org.api.data("PUT", path, {"is_active": True})["next_run_at"] == MORNING
    assert org.api.data("POST", f"{path}/run")["owner_id"] == mia.id


@pytest.mark.parametrize(
    ("said", "due"),
    [
        pytest.param({"rrule": "FREQ=DAILY;COUNT=3"}, ["2027-01-02", "2027-01-03", "2027-01-04"], id="RFC 5545 COUNT"),
        pytest.param({"frequency": "daily", "starts_at": "9999-12-31T00:00:00Z"}, ["9999-12-31"], id="the last day"),
    ],
)
def test_a_schedule_has_as_many_slots_as_it_says_and_the_calendar_has(
    world: World, said: dict[str, Any], due: list[str]
) -> None:
    shown = world.org.api.data("POST", f"{JOBS}/preview", {"starts_at": "2027-01-01T08:00:30Z"} | said, status=200)

    assert [each[:10] for each in shown["next_runs"]] == due


def test_a_schedule_that_runs_once_runs_once(world: World) -> None:
    """RFC 5545 COUNT: begun between two minutes, when it is planned."""
    made = world.org.api.data(
        "POST", JOBS, {"checklist_id": world.org.template(steps=["Look"])["id"], "rrule": "FREQ=DAILY;COUNT=1"}
    )
    assert len(made["next_runs"]) == 1
    for day in (1, 2, 3):
        world.at(NOW + day * DAY)
        world.fire()

    assert len(runs(world.org)) == 1
    assert world.org.api.data("GET", f"{JOBS}/{made['id']}")["next_run_at"] is None


def test_a_preview_says_when_it_would_be_due_and_stores_nothing(world: World) -> None:
    body = {"rrule": "FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=7;BYMINUTE=0", "timezone": "Europe/Berlin"}
    shown = world.org.api.data("POST", f"{JOBS}/preview", body, status=200)

    assert len(shown["next_runs"]) == 10
    assert shown["next_runs"][:3] == [wire(1_790_744_400_000), "2026-10-31T06:00:00.000Z", "2026-11-30T06:00:00.000Z"]
    assert world.org.api.data("GET", JOBS) == []
    for rule in ("FREQ=YEARLY;BYDAY=60MO", "FREQ=DAILY;BYHOUR=9 ;BYMINUTE=0", "FREQ=MONTHLY;BYMONTHDAY=0"):
        refused = world.org.api.post(f"{JOBS}/preview", {"rrule": rule})
        assert refused.status_code == 422 and "must be" in refused.json()["errors"]["rrule"][0], refused.text


@on_one_database
@pytest.mark.parametrize(
    ("said", "field"),
    [
        pytest.param({"checklist_id": "0" * 32}, "checklist_id", id="unknown template"),
        pytest.param({"frequency": None}, "frequency", id="no frequency"),
        pytest.param({"frequency": None, "times": [], "rrule": "FREQ=DAILY;BYDAY=XX"}, "rrule", id="no rule"),
        pytest.param({"frequency": None, "times": [], "rrule": "FREQ=YEARLY;BYDAY=60MO"}, "rrule", id="no such monday"),
        pytest.param(
            {"frequency": None, "times": [], "rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "starts_at", id="never"
        ),
        pytest.param({"starts_at": "soon"}, "starts_at", id="no instant"),
        pytest.param({"ends_at": "2020-01-01"}, "ends_at", id="over"),
        pytest.param({"owner_id": 999_999}, "owner_id", id="nobody"),
        pytest.param({"name": "x" * 551}, "name", id="long name"),
        pytest.param({"tags": ["0" * 32]}, "tags.0", id="unknown tag"),
        pytest.param({"catch_up": "some"}, "catch_up", id="no policy"),
    ],
)
def test_a_bad_schedule_is_refused_naming_the_field(org: Organization, said: dict[str, Any], field: str) -> None:
    template = org.template(steps=["Look"])
    refused = org.api.post(JOBS, {**job(template), **said})

    assert refused.status_code == 422 and field in refused.json()["errors"], refused.text
    assert org.api.data("GET", JOBS) == []


def test_gr1_a_group_that_is_deleted_leaves_what_is_planned(world: World) -> None:
    """So does a guest who is removed, and one who becomes a member is that. Spec: behaviour-people GR1, C1, L-12.5."""
    org = world.org
    mira, group = org.person(), org.group("Movers")
    gone, joins = (org.guest()["email"] for _ in range(2))
    role = org.api.data("POST", "/roles", {"name": "Carrier"})["id"]
    template = org.template(
        steps=["Look", {"title": "Carry", "roles": [role]}], kickoff=[{"label": "Who", "field_type": "assignees_form"}]
    )
    step, who = template["steps"][0]["id"], template["prerun"][0]["id"]
    people = {"users": [mira.id], "guests": [gone, joins], "groups": [{"id": group["id"]}]}
    body = {"prerun": {who: people}, "tasks": {step: {"owners": people}}, "roles": {role: people}}
    made = org.api.data("POST", JOBS, job(template, users=[mira.id], groups=[group["id"]], **body))

    org.api.delete(f"/groups/{group['id']}").raise_for_status()
    org.api.delete(f"/guests/{gone}").raise_for_status()
    member = org.api.data("POST", f"/guests/{joins}/to/member", {"role": "standard"})["id"]

    left = {"users": [mira.id, member], "guests": [], "groups": []}
    planned = org.api.data("GET", f"{JOBS}/{made['id']}")
    assert (planned["users"], planned["groups"]) == ([mira.id], [])
    assert [planned["prerun"][who], planned["tasks"][step]["owners"], planned["roles"][role]] == [left] * 3
    world.at(NOW + DAY)
    world.fire()
    [run] = runs(org)
    tasks = org.api.data("GET", f"/runs/{run['id']}/tasks")
    assert [sorted(each["owners"]["users"]) for each in tasks] == [[mira.id, member]] * 2
    assert org.api.data("GET", f"{JOBS}/{made['id']}")["last_error"] is None


@pytest.mark.parametrize("entry", [str, lambda address: {"id": address}], ids=["an address", "an object"])
def test_c1_a_guest_who_is_picked_is_picked_as_a_member(world: World, entry: Any) -> None:
    """However the picker's people were sent. Spec: L-12.5."""
    org = world.org
    guest = org.guest()["email"]
    template = org.template(steps=["Look"], kickoff=[{"label": "Who", "field_type": "assignees_form"}])
    who = template["prerun"][0]["id"]
    people = {"users": None, "guests": [entry(guest)]}
    org.api.data("POST", JOBS, job(template, prerun={who: people}))
    member = org.api.data("POST", f"/guests/{guest}/to/member", {"role": "standard"})["id"]
    world.at(NOW + DAY)
    world.fire()

    [run] = runs(org)
    form = org.api.data("GET", f"/runs/{run['id']}")
    assert form["prerun"][who]["users"] == [member]


def test_l_12_5_a_job_launches_without_those_who_left_and_says_so(world: World) -> None:
    """They are back in it when they come back."""
    org = world.org
    mira, leaver = org.person(first_name="Mira", last_name="Okoye"), org.person(first_name="Leo", last_name="Lund")
    template = org.template(steps=["Look"])
    step = template["steps"][0]["id"]
    owners = {"users": [mira.id, leaver.id]}
    made = org.api.data("POST", JOBS, job(template, users=[leaver.id], tasks={step: {"owners": owners}}))
    org.api.delete(f"/users/{leaver.id}/disable").raise_for_status()
    world.at(NOW + DAY)
    world.fire()

    [run] = runs(org)
    assert [each["owners"]["users"] for each in org.api.data("GET", f"/runs/{run['id']}/tasks")] == [[mira.id]]
    shown = org.api.data("GET", f"{JOBS}/{made['id']}")
    assert (shown["is_active"], shown["users"], shown["last_run_id"]) == (True, [leaver.id], run["id"])
    assert shown["last_error"] == f"Launched without Leo Lund (member {leaver.id}): not there any more."
    org.api.put(f"/users/{leaver.id}/enable").raise_for_status()
    assert org.api.data("POST", f"{JOBS}/{made['id']}/run")["users"] == [leaver.id]
    assert org.api.data("GET", f"{JOBS}/{made['id']}")["last_error"] is None
