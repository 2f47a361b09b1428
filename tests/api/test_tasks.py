"""Tasks: read, changed, hidden, shown. Spec: api-tasks 4, 8, 13."""

from typing import Any

import pytest

from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import NOW, Run, chain, on_one_database, run_of
from tests.api.thread_places import Places
from tests.builders import Organization, text_field


def test_a_process_task_shows_its_step_and_process(org: Organization) -> None:
    step = {"title": "Call {{name-1}}", "summary": "<p>Ask {{name-1}}</p>", "captures": [{"label": "Phone"}]}
    template = org.template(steps=[step], kickoff=[{"label": "Name"}])
    launched = org.process(template, prerun={template["prerun"][0]["id"]: "Ana & <b>Co</b>"})
    [listed] = org.api.data("GET", f"/runs/{launched['id']}/tasks")

    read = org.api.data(
        "GET", f"/runs/{launched['id']}/tasks/{listed['id']}?with=step,run,form_fields,ko-form-fields,roles"
    )

    [step] = template["steps"]
    assert (read["title"], read["original_title"]) == ("Call Ana & <b>Co</b>", "Call {{name-1}}")
    assert (read["summary"], read["original_summary"]) == (
        "<p>Ask Ana &amp; &lt;b&gt;Co&lt;/b&gt;</p>", "<p>Ask {{name-1}}</p>",
    )  # fmt: skip
    assert (read["run_id"], read["checklist_id"], read["step_id"]) == (launched["id"], template["id"], step["id"])
    assert (read["alias"], read["position"], read["blueprint_position"]) == (step["alias"], 1, 1)
    assert (read["starter_id"], read["run_status"], read["is_oneoff_task"]) == (org.admin.id, "active", False)
    assert read["step"]["data"]["id"] == step["id"]
    assert read["run"]["data"]["id"] == launched["id"]
    assert [(each["label"], each["field_value"]) for each in read["form_fields"]["data"]] == [("Phone", None)]
    assert [(each["label"], each["value"]) for each in read["ko_form_fields"]["data"]] == [("Name", "Ana & <b>Co</b>")]
    assert read["roles"] == {"data": []}


def test_t_12_13_dates_are_written_as_their_reader_has_chosen(org: Organization) -> None:
    """By the organization's clocks, in lists, rehearsals and beside processes; entity tags know of the choice."""
    org.api.data("PUT", "", {"name": "Fernwood", "timezone": "America/New_York"})
    fields = [{"label": "On", "field_type": "date"}, {"label": "At", "field_type": "date", "collect_time": True}]
    words = "{{on-1}}, {{at-1}}"
    template = org.template(steps=[{"title": words, "summary": words}], kickoff=fields)
    on, at = (each["id"] for each in template["prerun"])
    sent = {on: "2026-10-01", at: "2026-10-02T03:30:00Z"}
    run = Run(org, template, prerun=sent)
    plain, chosen = "2026-10-01, 2026-10-01 23:30", "10/01/2026, 10/01/2026 23:30"
    path = run.path(plain)
    before = org.api.get(path)
    assert (before.json()["data"]["title"], before.json()["data"]["summary"]) == (plain, plain)

    profile = {"first_name": "Ann", "last_name": "Ray", "timezone": "Asia/Tokyo", "date_format": "mm/dd/yyyy"}
    org.api.data("PUT", f"/users/{org.admin.id}", profile)

    after = org.api.get(path, headers={"If-None-Match": before.headers["etag"]})
    assert (after.json()["data"]["title"], after.json()["data"]["summary"]) == (chosen, chosen)
    assert list(run.tasks()) == [chosen]
    beside = org.api.data("GET", f"/runs/{run.id}?with=next_task")["next_task"]["data"]
    assert [each["title"] for each in (beside if isinstance(beside, list) else [beside])] == [chosen]
    rehearsed = org.api.data("POST", f"/checklists/{template['id']}/simulate", {"prerun": sent}, status=200)
    assert rehearsed["moments"][0]["tasks"][0]["title"] == chosen
    reader = org.person("admin")
    assert reader.api.data("GET", path)["title"] == plain


def test_tk30_lists_leave_the_text_out_unless_asked(org: Organization) -> None:
    run = run_of(org, {"title": "Call", "summary": "How"})

    assert "summary" not in run.tasks()["Call"]
    assert run.tasks("&with=summary")["Call"]["summary"] == "How"
    assert org.api.data("GET", run.path("Call"))["summary"] == "How"


def test_a_task_is_read_in_its_own_process_only(org: Organization) -> None:
    run, other = run_of(org, "Call"), run_of(org, "Write")
    task, alone = run.tasks()["Call"]["id"], org.one_off()["id"]

    assert org.api.get(f"/tasks/{task}").status_code == 200
    for process, wanted in ((other.id, task), (run.id, alone), ("ab" * 16, task), ("x", task)):
        assert org.api.get(f"/runs/{process}/tasks/{wanted}").status_code == 404
        assert org.api.put(f"/runs/{process}/tasks/{wanted}", {"title": 7}).status_code == 404


def test_an_unchanged_task_answers_304(org: Organization) -> None:
    path = f"/tasks/{org.one_off()['id']}"
    tag = org.api.get(path).headers["etag"]

    assert org.api.get(path, headers={"If-None-Match": tag}).status_code == 304
    org.api.post(path + "/captures", {"id": "x", "value": 1}).raise_for_status()
    assert org.api.get(path, headers={"If-None-Match": tag}).status_code == 304
    org.api.post(path + "/comment", {"content": "Hello"}).raise_for_status()
    assert org.api.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_only_what_is_sent_changes(org: Organization) -> None:
    run = run_of(org, {"title": "Call", "summary": "How", "webhook": "https://hooks.example/a"}, "Write")
    before = org.api.data("GET", run.path("Call"))

    after_it = run.change("Call", title=" Call  back\n").json()["data"]

    assert after_it == {**before, "title": "Call  back", "original_title": "Call  back",
                        "last_updated": after_it["last_updated"]}  # fmt: skip


def test_everything_that_can_be_changed_is(org: Organization) -> None:
    run = run_of(org, "Call", "Write")
    sent = {
        "title": "Visit", "description": "<b>By car</b>", "deadline": "2031-02-06 16:00", "started_at": "2031-02-01",
        "task_type": "approval", "webhook": "https://hooks.example/b", "prevent_guest_comment": True, "position": 2,
        "max_assignable": "4", "top_secret": True, "everyone_must_complete": True, "is_soft_start_date": False,
        "can_complete_only_assignees": True, "send_chromeless": True,
    }  # fmt: skip

    now = run.change("Call", **sent).json()["data"]

    wire = {"summary": "<b>By car</b>", "deadline": "2031-02-06T16:00:00.000Z", "max_assignable": 4,
            "started_at": "2031-02-01T00:00:00.000Z"}  # fmt: skip
    expected = {**{name: value for name, value in sent.items() if name != "description"}, **wire}
    assert {name: now[name] for name in expected} == expected
    assert list(run.tasks()) == ["Visit", "Write"] or run.tasks()["Write"]["position"] == 3
    cleared = run.change("Visit", summary=None, webhook="", deadline=None, started_at=None, send_chromeless=None)
    shown = cleared.json()["data"]
    assert [shown[name] for name in ("summary", "webhook", "deadline", "started_at", "send_chromeless")] == [None] * 5


def test_tk4_status_in_an_update_is_ignored(org: Organization) -> None:
    run = run_of(org, "Call")

    answer = run.change("Call", status="completed", colour="red")

    assert (answer.status_code, answer.json()["data"]["status"]) == (200, "not-started")
    assert answer.headers["x-ignored-params"] == "body:colour"


@on_one_database
@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"title": ""}, "title", id="empty title"),
        pytest.param({"title": "x" * 601}, "title", id="601 characters"),
        pytest.param({"task_type": "chore"}, "task_type", id="unknown type"),
        pytest.param({"deadline": "soon"}, "deadline", id="deadline is no date"),
        pytest.param({"started_at": "2099-01-01"}, "started_at", id="D11 starts after it is due"),
        pytest.param({"owners": {"users": [999_999]}}, "owners.users.0", id="unknown member"),
        pytest.param({"owners": None}, "owners", id="null owners"),
        pytest.param({"taskdata": "x"}, "taskdata", id="answers are text"),
        pytest.param({"max_assignable": "many"}, "max_assignable", id="cap is no number"),
        pytest.param({"top_secret": None}, "top_secret", id="null flag"),
        pytest.param({"everyone_must_complete": True, "task_type": "expiring"}, "everyone_must_complete", id="A1"),
        pytest.param({"position": 0}, "position", id="position 0"),
        pytest.param({"webhook": "x"}, "webhook", id="webhook is no web address"),
    ],
)
def test_a_bad_change_is_refused_and_nothing_is_stored(org: Organization, body: dict[str, Any], field: str) -> None:
    run = run_of(org, "Call")
    before = org.api.data("GET", run.path("Call"))

    with unchanged(org):
        refused = run.change("Call", **{"prevent_guest_comment": True, **body})

    assert_refused(refused, 422)
    assert list(refused.json()["errors"]) == [field]
    assert org.api.data("GET", run.path("Call")) == before


def test_all_faults_of_a_change_are_named_at_once(org: Organization) -> None:
    step = {"title": "Call", "captures": [{"label": "When", "field_type": "date"}]}
    run = run_of(org, step)
    field = run.field()

    refused = run.change("Call", title="", owners={"groups": ["x"]}, taskdata={field: "soon"}, position=-1)

    assert set(refused.json()["errors"]) == {"title", "owners.groups.0", "taskdata", "position"}


def test_tk5_owners_replace_and_absence_keeps(org: Organization) -> None:
    """Spec: behaviour-work N1, N-5."""
    otto = org.person()
    group = org.group(members=[otto])
    run = run_of(org, "Call")
    run.change("Call", owners={"groups": [group["id"]], "users": [org.admin.id]}).raise_for_status()

    assert run.change("Call", title="Ring").json()["data"]["owners"]["groups"] == [group["id"]]
    shown = run.change("Ring", owners={"assignees": [{"id": str(otto.id)}]}).json()["data"]["owners"]
    assert shown == {"users": [otto.id], "guests": [], "groups": [], "taskUrls": []}
    assert run.now()["collaborators"] == sorted([org.admin.id, otto.id])
    assert run.change("Ring", owners={"users": [], "guests": [], "groups": []}).json()["data"]["owners"]["users"] == []


def test_n3_too_many_owners_are_refused_as_a_whole(org: Organization) -> None:
    """T-8.8"""
    otto, iris = org.person(), org.person()
    run = run_of(org, {"title": "Call", "max_assignable": 1})

    refused = run.change("Call", owners={"users": [otto.id, iris.id]}, title="Ring")
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["owners"])
    assert list(run.tasks()) == ["Call"]
    assert run.change("Call", owners={"users": [otto.id, iris.id]}, max_assignable=2).status_code == 200
    assert list(run.change("Call", max_assignable=1).json()["errors"]) == ["max_assignable"]


def test_n3_the_member_who_joins_a_guest_counts(org: Organization) -> None:
    run = run_of(org, {"title": "Call", "max_assignable": 1}, "Write")
    before = run.tasks()["Call"]["owners"]

    refused = run.change("Call", owners={"users": [], "guests": ["one@partner.example"]})

    assert refused.status_code == 422 and list(refused.json()["errors"]) == ["owners"]
    assert run.tasks()["Call"]["owners"] == before


def test_dec_58_guests_alone_are_joined_by_the_launcher(org: Organization) -> None:
    """Spec: behaviour-work U1."""
    starter = org.person()
    run = run_of(org, "Call", user_id=starter.id)

    now = run.change("Call", owners={"guests": ["ANA@partner.test"]}).json()["data"]["owners"]

    assert (now["users"], now["guests"]) == ([starter.id], ["ana@partner.test"])


def test_who_has_left_may_stay_but_not_come(org: Organization) -> None:
    """Spec: behaviour-work N4, L4."""
    gone, otto = org.person(), org.person()
    run = run_of(org, "Call")
    run.assign("Call", gone)
    org.api.delete(f"/users/{gone.id}/disable").raise_for_status()

    assert run.tasks()["Call"]["owners"]["users"] == [gone.id]
    assert run.change("Call", owners={"users": [gone.id, otto.id]}).status_code == 200
    assert run.change("Call", owners={"users": [otto.id]}).status_code == 200
    assert list(run.change("Call", owners={"users": [gone.id]}).json()["errors"]) == ["owners.users.0"]


def test_guests_are_refused_where_the_step_wants_none(org: Organization) -> None:
    """T-8.12: those who come in through a group, too, as far as they are in it by then."""
    run = run_of(org, {"title": "Call", "allow_guest_owners": False})

    refused = run.change("Call", owners={"users": [org.admin.id], "guests": ["ana@partner.test"]})

    assert list(refused.json()["errors"]) == ["owners.guests.0"]
    assert org.api.data("GET", "/guests") == []
    alone, mixed = org.group(members=[org.admin]), org.group(members=[org.admin], guests=["ana@partner.test"])
    refused = run.change("Call", owners={"groups": [alone["id"], mixed["id"]]})
    assert list(refused.json()["errors"]) == ["owners.groups.1"]
    run.change("Call", owners={"groups": [alone["id"]]}).raise_for_status()
    org.api.data("PUT", f"/groups/{alone['id']}", {**alone, "members": [org.admin.id], "guests": ["ana@partner.test"]})
    assert run.change("Call", owners={"groups": [alone["id"]]}, title="Ring").status_code == 200


def test_tk6_a_one_off_says_title_deadline_and_owners_every_time(org: Organization) -> None:
    """Spec: behaviour-work Q2."""
    task = org.one_off()
    whole = {"title": "New", "deadline": task["deadline"], "owners": task["owners"]}

    for name in whole:
        refused = org.api.put(f"/tasks/{task['id']}", {key: value for key, value in whole.items() if key != name})
        assert (refused.status_code, list(refused.json()["errors"])) == (422, [name])
    assert org.api.put(f"/tasks/{task['id']}", {**whole, "deadline": None}).status_code == 422
    assert org.api.request("PATCH", f"/tasks/{task['id']}", json=whole).json()["data"]["title"] == "New"
    step_task = run_of(org, "Call").tasks()["Call"]["id"]
    assert org.api.put(f"/tasks/{step_task}", {"title": "Ring"}).status_code == 200


def test_an_attached_one_off_may_be_changed_in_part_through_its_process(org: Organization) -> None:
    run = run_of(org, "Call")
    task = org.one_off(run_id=run.id, title="Extra")

    assert org.api.put(f"/runs/{run.id}/tasks/{task['id']}", {"title": "More"}).json()["data"]["title"] == "More"
    assert org.api.put(f"/tasks/{task['id']}", {"title": "Less"}).status_code == 422


def test_fields_and_tags_of_a_one_off_are_replaced(org: Organization) -> None:
    red, blue = org.tag("red"), org.tag("blue")
    task = org.one_off(form_fields=[text_field(label="A"), text_field(label="B")], tags=[red["id"]])
    path = f"/tasks/{task['id']}"
    first, second = org.api.data("GET", path + "?with=form_fields")["form_fields"]["data"]
    org.api.post(path + "/captures", [{"id": first["id"], "value": "1"}, {"id": second["id"], "value": "2"}])
    whole = {name: task[name] for name in ("title", "deadline", "owners")}

    fields = [text_field(label="New"), {**text_field(label="B!"), "id": second["id"]}]
    org.api.put(path, {**whole, "form_fields": fields, "tags": [blue["id"]]}).raise_for_status()

    now = org.api.data("GET", path + "?with=form_fields,tags")
    assert [(each["label"], each["value"]) for each in now["form_fields"]["data"]] == [("New", None), ("B!", "2")]
    assert now["form_fields"]["data"][1]["alias"] == second["alias"]
    assert now["taskdata"] == {second["id"]: "2"}
    assert [each["title"] for each in now["tags"]["data"]] == ["blue"]


def test_tags_of_a_step_are_passed_over(org: Organization) -> None:
    assert run_of(org, "Call").change("Call", tags=["nonsense"]).status_code == 200


def test_c16_completed_tasks_are_not_changed(org: Organization) -> None:
    """Spec: behaviour-work C16."""
    run = run_of(org, {"title": "Call", "captures": [{"label": "A"}]}, "Write")
    field = run.field()
    run.complete("Call").raise_for_status()

    refused = run.change("Call", title="Ring")
    assert (refused.status_code, refused.json()["message"]) == (
        422, "Completed tasks cannot be updated. Reopen the task first.",
    )  # fmt: skip
    assert org.api.post(f"/tasks/{run.tasks()['Call']['id']}/captures", {"id": field, "value": "x"}).status_code == 422
    assert org.api.put("/form-field/value", {"id": field, "form_value": "x"}).status_code == 422


def test_dec_26_archived_and_locked_processes_refuse_every_write(org: Organization) -> None:
    """Spec: behaviour-work C1, C2."""
    archived, locked = run_of(org, "Call", "Write"), run_of(org, "Call", "Write")
    for run in (archived, locked):
        run.complete("Write").raise_for_status()
    org.api.delete(f"/runs/{archived.id}").raise_for_status()
    org.api.post(f"/runs/{locked.id}/problem", {"content": "Stop"}).raise_for_status()

    for run, status in ((archived, 422), (locked, 423)):
        task = run.tasks()["Call"]["id"]
        writes = [
            run.change("Call", title=""),
            org.api.put(f"/tasks/{task}", {"title": "x"}),
            org.api.post(f"/tasks/{task}/captures", {"id": "x", "value": 1}),
            run.complete("Call"),
            run.reopen("Write"),
            org.api.put(run.path("Call") + "/hide"),
            org.api.put(run.path("Call") + "/show"),
            org.api.post(f"/tasks/{task}/clone"),
        ]
        assert [each.status_code for each in writes] == [status] * len(writes)
        assert all("errors" not in each.json() for each in writes)
        assert run.tasks()["Call"]["is_completable"] is False


def test_d16_deadlines_counted_back_from_a_task_move_with_it(org: Organization) -> None:
    """Spec: behaviour-work D14, D16."""
    run = chain(org)

    run.change("First", deadline="2031-02-10T12:00:00Z").raise_for_status()

    now = run.tasks()
    assert now["Before"]["deadline"] == "2031-02-08T12:00:00.000Z"
    assert now["Second"]["deadline"] == "2031-02-11T12:00:00.000Z"
    assert (now["First"]["has_deadline_dependent_child_tasks"], now["Free"]["has_deadline_dependent_child_tasks"]) == (
        True, False,
    )  # fmt: skip


def test_l_9_16_a_deadline_set_by_hand_stays(org: Organization) -> None:
    run = chain(org)
    run.change("Second", deadline="2031-03-01").raise_for_status()
    run.change("First", deadline="2031-02-10T12:00:00Z").raise_for_status()
    run.complete("First").raise_for_status()

    assert run.tasks()["Second"]["deadline"] == "2031-03-01T00:00:00.000Z"


def test_tk33_a_task_that_waits_for_another_is_never_overdue(org: Organization) -> None:
    org.server.clock.freeze(NOW)
    run = chain(org)
    org.server.clock.advance(days=60)

    late = {each["title"] for each in org.api.data("GET", "/tasks?status=overdue")}

    assert late == {"First", "Before", "Free"}
    assert org.api.data("GET", f"/runs/{run.id}")["late_tasks"] == 3


def test_tk25_hiding_the_last_open_task_completes_the_process(org: Organization) -> None:
    """Spec: behaviour-work G2, K1, K3, K5, P11."""
    run = run_of(org, "Call", {"title": "Write", "captures": [{"label": "A"}]})
    run.complete("Call").raise_for_status()
    run.change("Write", taskdata={run.field(1): "kept"}).raise_for_status()
    before = run.tasks()["Write"]

    hidden = org.api.data("PUT", run.path("Write") + "/hide", {"comment": "Not needed"})

    assert (hidden["status"], hidden["is_completable"]) == ("auto-skipped", False)
    now = run.now()
    assert (now["status"], now["progress"]) == ("complete", {"complete": 1, "total": 1, "percent": 100})
    assert [each["title"] for each in org.api.data("GET", "/tasks?status=all")] == ["Call"]
    [thread] = org.api.data("GET", run.path("Write") + "?with=threads")["threads"]["data"]
    assert thread["content"] == "Not needed"
    assert run.complete("Write").status_code == 422
    org.api.put(run.path("Write") + "/show").raise_for_status()
    assert {**run.tasks()["Write"], "last_updated": ""} == {**before, "last_updated": ""}
    assert run.now()["progress"] == {"complete": 1, "total": 2, "percent": 50}


def test_what_cannot_be_hidden(org: Organization) -> None:
    """Spec: behaviour-work G3, K2."""
    run = run_of(org, "Call", "Write")
    run.complete("Call").raise_for_status()
    extra = org.one_off(run_id=run.id)

    for path in (run.path("Call"), f"/runs/{run.id}/tasks/{extra['id']}"):
        assert org.api.put(path + "/hide").status_code == 422
        assert org.api.put(path + "/show").status_code == 422
    assert org.api.put(run.path("Write") + "/hide", {"comment": 7}).status_code == 422
    assert run.tasks()["Write"]["status"] == "not-started"
    assert run.now()["progress"] == {"complete": 1, "total": 3, "percent": 33}


def test_what_is_listed_equals_a_recount_after_changes(org: Organization) -> None:
    otto, run = org.person(), chain(org)
    run.assign("First", otto, org.admin)
    run.change("First", deadline="2031-02-10T12:00:00Z", top_secret=True).raise_for_status()
    org.api.put(run.path("Free") + "/hide").raise_for_status()
    run.complete("First").raise_for_status()
    run.reopen("First").raise_for_status()

    assert Places(org).differences() == []
