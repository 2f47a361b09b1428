"""Rehearsing a template. Spec: api-templates 8.6. That it ends as the real thing: tests/scenarios/test_automations.py."""

import threading
from typing import Any

import pytest

from procession.storage.connection import Connection
from tests.api.task_runs import NOW, on_one_database
from tests.api.template_rules import Rules
from tests.builders import Organization


def rehearsed(rules: Rules, **body: Any) -> list[dict[str, Any]]:
    made = rules.api.data("POST", f"/checklists/{rules.id}/simulate", body, status=200)
    return made["moments"]


def test_every_moment_tells_what_rules_did_and_why(org: Organization) -> None:
    org.server.clock.freeze(NOW)
    rules = Rules(org)
    made = rules.add(then_actions=[rules.action(), rules.assignment(assignees={"users": [org.admin.id]}, position=2)])
    sea = {rules.trip: {"id": 2, "text": "Sea"}}

    launch, done = rehearsed(
        rules,
        prerun=sea,
        events=[{"event": "complete", "step_id": rules.permit, "at": "2026-09-22T10:00:00Z"}],
    )

    assert (launch["event"], launch["at"], launch["progress"]["total"]) == ("launch", "2026-09-21T14:13:20.000Z", 2)
    assert launch["rules"] == [
        {
            "id": made["id"],
            "automated_alias": "R1",
            "because": "launched",
            "because_of_step_id": None,
            "executed": True,
            "only_follows": False,
            "conditions": {made["conditions"][0]["id"]: True},
            "actions": [
                {"action_verb": "show", "target_step_id": rules.permit, "outcome": "done", "launch": None},
                {"action_verb": "assign", "target_step_id": rules.permit, "outcome": "no_change", "launch": None},
            ],
        }
    ]
    assert (done["event"], done["step_id"], done["rules"]) == ("complete", rules.permit, [])
    assert [task["status"] for task in done["tasks"]] == ["not-started", "completed"]
    assert done["tasks"][1]["completed_at"] == "2026-09-22T10:00:00.000Z"


def test_a_launch_is_shown_and_nothing_is_launched(org: Organization) -> None:
    """Spec: api-templates 8.6, A-4.70; time passes by itself, A-2.43."""
    org.server.clock.freeze(NOW)
    rules = Rules(org)
    other = rules.other()
    launch = rules.launch(other, (0, "Capture", rules.note))
    late = rules.on_time("overdue_by", {"value": 1, "unit": "hours"}, conditionable_id=rules.permit)
    rules.add(then_actions=[launch], conditions=[late])
    answer = {"event": "answer", "step_id": rules.brief, "taskdata": {rules.note: "fragile"}}

    *_, waited = rehearsed(rules, events=[answer, {"event": "wait", "at": "2026-12-01T00:00:00Z"}])

    [rule] = waited["rules"]
    assert (rule["because"], rule["because_of_step_id"], rule["executed"]) == ("time_passed", rules.permit, True)
    assert rule["actions"] == [
        {
            "action_verb": "launch_process",
            "target_step_id": rules.permit,
            "outcome": "done",
            "launch": {"checklist_id": other["id"], "prerun": {other["prerun"][0]["id"]: "fragile"}},
        }
    ]
    assert org.api.data("GET", "/runs") == []


def test_nothing_of_it_exists(org: Organization) -> None:
    rules = Rules(org)
    rules.add(then_actions=[rules.assignment(assignees={"guests": ["new@x.test"]})])
    tag = rules.api.get("/runs").headers["etag"]

    [launch] = rehearsed(rules, prerun={rules.trip: {"id": 2, "text": "Sea"}})

    assert launch["tasks"][1]["owners"] == {"users": [org.admin.id], "guests": ["new@x.test"], "groups": []}
    assert rules.api.get("/guests/new@x.test").status_code == 404
    assert rules.api.data("GET", "/runs") == []
    assert rules.api.get("/runs", headers={"If-None-Match": tag}).status_code == 304, "there is nothing new at all"
    assert rules.api.data("GET", f"/checklists/{rules.id}")["started_processes"] == 0


def test_a_form_that_stays_open_is_submitted_later(org: Organization) -> None:
    """Spec: A-5.1."""
    rules = Rules(org)
    rules.add()
    submitted = {"event": "submit_form", "prerun": {rules.trip: {"id": 2, "text": "Sea"}}}

    launch, done = rehearsed(rules, assign_someone_else=True, events=[submitted])

    assert [task["status"] for task in launch["tasks"]] == ["not-started", "auto-skipped"]
    assert [rule["because"] for rule in done["rules"]] == ["kickoff_submitted"]
    assert [task["status"] for task in done["tasks"]] == ["not-started", "not-started"]


def test_who_was_away_at_the_launch_is_away_in_a_rehearsal_of_it(org: Organization) -> None:
    """Spec: L-9.25, api-templates 8.6: `at` may be long ago."""
    org.server.clock.freeze(NOW)
    away, deputy = org.person(), org.person()
    days = {"starts_on": "2026-09-20", "ends_on": "2026-09-24"}
    org.admin.api.data("POST", "/absences", {"user_id": away.id, "deputy_id": deputy.id, **days})
    due = {"value": 1, "unit": "days", "option": "from", "step": "start_run"}
    template = org.template(steps=[{"title": "Go", "assignees": [away.id], "deadline": due}])
    org.server.clock.advance(days=10)
    org.admin.api.token = org.token(org.admin.id)

    [launch] = org.api.data(
        "POST", f"/checklists/{template['id']}/simulate", {"at": "2026-09-21T14:13:20Z"}, status=200
    )["moments"]

    assert launch["tasks"][0]["owners"]["users"] == [away.id, deputy.id]


def test_a_form_that_lacks_what_is_required_is_not_submitted_in_a_rehearsal_either(org: Organization) -> None:
    """Spec: api-templates 8.6, api-processes 11."""
    template = org.template(steps=["Go"], kickoff=[{"label": "Who", "required": True}, {"label": "Why"}])
    who, why = (field["id"] for field in template["prerun"])
    path = f"/checklists/{template['id']}/simulate"

    def submitted(**answers: str) -> dict[str, Any]:
        return {"assign_someone_else": True, "events": [{"event": "submit_form", "prerun": answers}]}

    refused = org.api.post(path, submitted(**{why: "Audit"}))

    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"] == {"events.0.prerun": [{who: ["Who is required"]}]}
    assert org.api.post(path, submitted(**{who: "Iris"})).status_code == 200


@on_one_database
@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(lambda r: {"events": "x"}, "events", id="events are no list"),
        pytest.param(lambda r: {"events": [{}] * 201}, "events", id="too many events"),
        pytest.param(lambda r: {"events": [7]}, "events.0.event", id="an event is no object"),
        pytest.param(lambda r: {"events": [{"event": "launch", "step_id": r.brief}]}, "events.0.event", id="no event"),
        pytest.param(lambda r: {"events": [{"event": "complete"}]}, "events.0.step_id", id="no step"),
        pytest.param(lambda r: {"events": [{"event": "hide", "step_id": 7}]}, "events.0.step_id", id="no id"),
        pytest.param(
            lambda r: {"events": [{"event": "complete", "step_id": r.brief, "at": "soon"}]}, "events.0.at", id="no time"
        ),
        pytest.param(
            lambda r: {"events": [{"event": "complete", "step_id": r.brief, "is_approved": "maybe"}]},
            "events.0.is_approved",
            id="no decision",
        ),
        pytest.param(lambda r: {"events": [{"event": "complete", "step_id": r.permit}]}, "events.0", id="hidden"),
        pytest.param(lambda r: {"events": [{"event": "reopen", "step_id": r.brief}]}, "events.0", id="still open"),
        pytest.param(
            lambda r: {"events": [{"event": "answer", "step_id": r.brief, "taskdata": {r.day: "soon"}}]},
            "events.0.taskdata",
            id="an answer that is no date",
        ),
        pytest.param(lambda r: {"prerun": {r.trip: "Moon"}}, "prerun", id="a kick-off answer that does not fit"),
        pytest.param(lambda r: {"user_id": 999999999}, "user_id", id="an unknown launcher"),
        pytest.param(lambda r: {"at": "soon"}, "at", id="no instant"),
        pytest.param(lambda r: {"tasks": {"f" * 32: {}}}, "tasks", id="an unknown step"),
    ],
)
def test_what_could_not_happen_is_refused(org: Organization, body: Any, field: str) -> None:
    rules = Rules(org)
    rules.add()

    answer = rules.api.post(f"/checklists/{rules.id}/simulate", body(rules))

    assert answer.status_code == 422 and field in answer.json()["errors"], answer.text


def test_readers_may_rehearse(org: Organization) -> None:
    rules = Rules(org)
    reader, stranger = org.person(), org.person()
    org.allow(rules.template, "READ", reader.id)

    path = f"/checklists/{rules.id}/simulate"
    assert reader.api.post(path, {}).status_code == 200
    assert stranger.api.post(path, {}).status_code == 404


def test_titles_read_with_the_answers_there_are(org: Organization) -> None:
    """Spec: api-templates 8.6, T-12.2, T-12.11."""
    rules = Rules(org)
    note = rules.template["steps"][0]["captures"][0]["alias"]
    trip = rules.template["prerun"][0]["alias"]
    title = f"Permit for {{{{{trip}}}}}: {{{{{note}}}}}"
    org.api.data("PUT", f"/checklists/{rules.id}/steps/{rules.permit}", {"title": title}, status=200)
    answer = {"event": "answer", "step_id": rules.brief, "taskdata": {rules.note: "fragile"}}

    launch, answered = rehearsed(rules, prerun={rules.trip: {"id": 2, "text": "Sea"}}, events=[answer])

    assert launch["tasks"][1]["title"] == "Permit for Sea: "
    assert answered["tasks"][1]["title"] == "Permit for Sea: fragile"


def test_an_e_mail_to_nobody_is_not_sent_in_a_rehearsal_either(org: Organization) -> None:
    """Spec: T-6.6; a guest who does not exist yet would be made by the launch."""
    rules = Rules(org)
    path = f"/checklists/{rules.id}/steps"
    mail = {"title": "Mail", "step_type": "email", "assign_run_starter": False}
    step = org.api.data("POST", path, mail)["id"]
    body = {"events": [{"event": "complete", "step_id": step}]}

    refused = rules.api.post(f"/checklists/{rules.id}/simulate", body)
    assert refused.status_code == 422 and list(refused.json()["errors"]) == ["events.0.owners"]

    org.api.data("PUT", f"{path}/{step}", {**mail, "guests": ["new@partner.example"]}, status=200)
    assert [moment["tasks"][-1]["status"] for moment in rehearsed(rules, **body)] == ["not-started", "completed"]


def test_fe2_an_approval_by_several_needs_them_in_a_rehearsal_too(org: Organization) -> None:
    """Spec: api-templates 8.6: never the launcher, and as many others as are needed."""
    rules, one, two = Rules(org), org.person(), org.person()
    path = f"/checklists/{rules.id}/steps"
    approval = {"title": "Sign", "step_type": "approval", "approvals_needed": 2, "assign_run_starter": False}
    step = org.api.data("POST", path, {**approval, "assignees": [org.admin.id, one.id]})["id"]
    body = {"events": [{"event": "complete", "step_id": step, "is_approved": True}]}

    refused = rules.api.post(f"/checklists/{rules.id}/simulate", body)
    assert refused.status_code == 422 and list(refused.json()["errors"]) == ["events.0.owners"]
    rejected = rehearsed(rules, events=[{**body["events"][0], "is_approved": False}])
    assert rejected[-1]["tasks"][-1]["status_label"] == "rejected"

    org.api.data("PUT", f"{path}/{step}", {**approval, "assignees": [org.admin.id, one.id, two.id]}, status=200)
    assert rehearsed(rules, **body)[-1]["tasks"][-1]["status_label"] == "approved"


def test_what_the_clock_closes_need_not_be_answered(org: Organization) -> None:
    """Spec: api-templates 8.6; acknowledging it does need the answer."""
    rules = Rules(org)
    step = rules.expiring()
    seen = {"label": "Seen", "field_type": "text", "required": True}
    org.api.data("POST", f"/checklists/{rules.id}/steps/{step}/captures", seen)
    closed = {"event": "complete", "step_id": step, "is_approved": False}

    assert rehearsed(rules, events=[closed])[-1]["tasks"][-1]["status"] == "completed"
    body = {"events": [{**closed, "is_approved": True}]}
    assert rules.api.post(f"/checklists/{rules.id}/simulate", body).status_code == 422


def test_time_goes_forward_only(org: Organization) -> None:
    """Spec: api-templates 8.6; every event that would be in the past is named."""
    org.server.clock.freeze(NOW)
    rules = Rules(org)
    events = [
        {"event": "wait", "at": "2026-09-20"},
        {"event": "wait", "at": "2026-10-01T10:00:00Z"},
        {"event": "complete", "step_id": rules.brief},
        {"event": "complete", "step_id": rules.brief, "at": "2026-10-01T09:59:59Z"},
    ]

    refused = rules.api.post(f"/checklists/{rules.id}/simulate", {"events": events})

    assert refused.status_code == 422
    assert list(refused.json()["errors"]) == ["events.0.at", "events.3.at"]


@on_one_database
def test_nobody_waits_for_a_rehearsal_to_write(org: Organization) -> None:
    """Spec: api-templates 8.6; it goes on while somebody else is writing."""
    rules = Rules(org)
    rules.add()
    server, is_over = org.server, threading.Event()

    async def write_for_long(_: Connection) -> bool:
        return is_over.wait(10)

    writing = server.submit(server.database.write(write_for_long))
    assert rehearsed(rules)
    assert not writing.done()
    is_over.set()
    assert writing.result(), "it was waited for"
