"""Guests and their tasks. Spec: api-tasks 16, behaviour-work 5.9, behaviour-people 5."""

from typing import Any

import pytest

from tests.api.task_runs import Run, run_of
from tests.builders import GuestApi, Organization, text_field

ANA, BO = "ana@partner.test", "bo@partner.test"


def guests_run(org: Organization, **settings: Any) -> tuple[Run, GuestApi]:
    """A process whose "Call" is Ana's and the administrator's."""
    run = run_of(org, {"title": "Call", "captures": [text_field(label="A", required=True)], **settings}, "Write")
    run.change("Call", owners={"users": [org.admin.id], "guests": [ANA]}).raise_for_status()
    return run, org.guest_api(ANA)


def test_a_guest_lists_and_reads_own_tasks_only(org: Organization) -> None:
    run, guest = guests_run(org)
    run.change("Write", owners={"users": [org.admin.id], "guests": [BO]}).raise_for_status()

    listed = guest.get("/tasks?with=run").json()
    assert [each["title"] for each in listed["data"]] == ["Call"]
    assert listed["meta"]["pagination"]["total"] == 1
    assert listed["data"][0]["run"]["data"]["progress"] == {"complete": 0, "total": 1, "percent": 0}
    assert listed["data"][0]["run"]["data"]["custom_fields"] is None
    read = guest.get(f"/tasks/{run.task_id('Call')}").json()["data"]
    assert (read["custom_fields"], read["guest_email"], read["organization"]) == (None, ANA, org.id)
    for task in (run.task_id("Write"), org.one_off()["id"], "ab" * 16, "x"):
        assert guest.get(f"/tasks/{task}").status_code == 404
        assert guest.put(f"/tasks/{task}", {"taskdata": {}}).status_code == 404
        assert guest.post("/completed-tasks", {"task_id": task}).status_code in (404, 422)


def test_a_guest_does_not_learn_addresses_webhooks_or_hidden_comments(org: Organization) -> None:
    run, guest = guests_run(org, webhook="https://hooks.example/a")
    run.change("Call", owners={"users": [org.admin.id], "guests": [ANA, BO]}).raise_for_status()
    task = run.task_id("Call")
    org.api.post(f"/tasks/{task}/comment", {"content": "Between us"}).raise_for_status()
    org.api.post(f"/tasks/{task}/comment", {"content": "For all", "state": "open"}).raise_for_status()

    read = guest.get(f"/tasks/{task}?with=threads,threads_count,step,ko_form_fields,form_fields").json()["data"]

    assert (read["owners"]["guests"], read["webhook"]) == ([ANA], None)
    assert [each["content"] for each in read["threads"]["data"]] == ["For all"]
    assert read["threads_count"] == 1
    assert not {"step", "ko_form_fields"} & set(read)
    assert [each["label"] for each in read["form_fields"]["data"]] == ["A"]


def test_a_guest_answers_and_completes_once(org: Organization) -> None:
    """Spec: behaviour-work U4."""
    run, guest = guests_run(org)
    task, field = run.task_id("Call"), run.field()

    assert list(guest.post("/completed-tasks", {"task_id": task}).json()["errors"]) == [field]
    saved = guest.put(f"/tasks/{task}", {"taskdata": {field: "Done"}, "status": "in-progress"}).json()["data"]
    assert (saved["status"], saved["taskdata"]) == ("in-progress", {field: "Done"})
    done = guest.post("/completed-tasks", {"task_id": task}).json()["data"]
    assert (done["status"], done["completer_guest"], done["completer_id"]) == ("completed", ANA, None)
    assert done["completer_guest_id"].isdigit()
    assert guest.post("/completed-tasks", {"task_id": task}).status_code == 422
    assert guest.put(f"/tasks/{task}", {"taskdata": {field: "More"}}).status_code == 422
    assert guest.get("/tasks").json()["data"] == []
    assert len(guest.get("/tasks?status=all").json()["data"]) == 1

    run.complete("Write").raise_for_status()
    assert (run.now()["status"], guest.get(f"/tasks/{task}").status_code) == ("complete", 200)
    assert guest.put(f"/tasks/{task}", {"taskdata": {field: "More"}}).status_code == 422
    assert guest.post(f"/tasks/{task}/comment", {"content": "Thanks"}).status_code == 201


def test_a_guest_saves_and_completes_at_once_or_not_at_all(org: Organization) -> None:
    run, guest = guests_run(org, step_type="approval")
    path, field = f"/tasks/{run.task_id('Call')}", run.field()

    refused = guest.put(path, {"taskdata": {field: "x"}, "status": "completed"})
    assert list(refused.json()["errors"]) == ["is_approved"]
    assert run.tasks()["Call"]["taskdata"] == {}
    done = guest.put(path, {"taskdata": {field: "x"}, "status": "completed", "is_approved": False}).json()["data"]
    assert (done["status_label"], done["taskdata"]) == ("rejected", {field: "x"})


def test_t_6_10_a_guest_sends_an_e_mail(org: Organization) -> None:
    run, guest = guests_run(org, step_type="email")

    sent = {"taskdata": {run.field(): "x"}, "status": "completed"}
    assert guest.put(f"/tasks/{run.task_id('Call')}", sent).json()["data"]["status_label"] == "completed"


def test_a_guest_changes_nothing_but_answers(org: Organization) -> None:
    run, guest = guests_run(org)
    path = f"/tasks/{run.task_id('Call')}"

    for body in ({"title": "Mine"}, {"deadline": "2031-01-01"}, {"owners": {"guests": [ANA, BO]}}):
        assert guest.put(path, body).status_code == 403
    assert guest.put(path, {"title": "Call", "taskdata": {}}).status_code == 200
    assert guest.put(path, {"taskdata": {run.field(): ["x"]}}).status_code == 422


def test_a_guest_answers_a_field_by_its_id(org: Organization) -> None:
    run, guest = guests_run(org)
    other = org.one_off(form_fields=[text_field(label="B")])
    foreign = org.api.data("GET", f"/tasks/{other['id']}?with=form_fields")["form_fields"]["data"][0]["id"]

    saved = guest.post("/form-field/value", {"id": run.field(), "form_value": "x"})
    assert (saved.status_code, saved.json()["data"]["task_id"]) == (200, run.task_id("Call"))
    assert guest.post("/form-field/value", {"id": foreign, "form_value": "x"}).status_code == 422


def test_a_task_hidden_from_lists_is_hidden_from_guests(org: Organization) -> None:
    run, guest = guests_run(org)
    org.api.put(run.path("Call") + "/hide").raise_for_status()

    assert guest.get("/tasks?status=all").json()["data"] == []
    assert guest.get("/tasks?status=auto-skipped").json()["data"] == []
    assert guest.get(f"/tasks/{run.task_id('Call')}").status_code == 404


def test_archived_and_locked_processes_refuse_guests_too(org: Organization) -> None:
    run, guest = guests_run(org)
    task = run.task_id("Call")
    org.api.post(f"/runs/{run.id}/problem", {"content": "Stop"}).raise_for_status()
    writes: list[tuple[str, str, dict[str, Any]]] = [
        ("put", f"/tasks/{task}", {"taskdata": {run.field(): "x"}}),
        ("post", "/completed-tasks", {"task_id": task}),
        ("post", "/form-field/value", {"id": run.field(), "form_value": "x"}),
    ]

    assert [getattr(guest, verb)(path, body).status_code for verb, path, body in writes] == [423] * 3


def test_a_guest_of_an_assigned_group_is_assigned(org: Organization) -> None:
    org.guest(ANA)
    group = org.group(guests=[ANA])
    run, guest = run_of(org, "Call"), org.guest_api(ANA)
    run.change("Call", owners={"groups": [group["id"]]}).raise_for_status()

    assert [each["title"] for each in guest.get("/tasks").json()["data"]] == ["Call"]
    assert guest.get(f"/tasks/{run.task_id('Call')}").status_code == 200
    assert guest.post("/completed-tasks", {"task_id": run.task_id("Call")}).status_code == 200


def test_only_the_link_of_an_enabled_guest_opens_anything(org: Organization, other_org: Organization) -> None:
    run, guest = guests_run(org)
    stranger = GuestApi(org.server, org.id, ANA, "x" * 40)
    foreign = GuestApi(other_org.server, other_org.id, ANA, guest.code)
    by_address = GuestApi(org.server, org.id, ANA, ANA)

    for api in (stranger, foreign, by_address):
        assert api.get("/tasks").status_code == 404
        assert api.post("/completed-tasks", {"task_id": run.task_id("Call")}).status_code == 404
    org.api.delete(f"/guests/{ANA}/disable").raise_for_status()
    assert guest.get("/tasks").status_code == 404


@pytest.mark.parametrize("key", ["address", "code", "id"])
def test_members_use_a_guests_paths_as_themselves(org: Organization, key: str) -> None:
    run, guest = guests_run(org)
    record = org.api.data("GET", f"/guests/{ANA}")
    path = "/guests/" + {"address": ANA.upper().replace("@", "%40"), "code": guest.code, "id": str(record["id"])}[key]
    outsider, light = org.person(), org.person("light")
    task = run.task_id("Call")

    assert [each["title"] for each in org.api.data("GET", path + "/tasks")] == ["Call"]
    assert outsider.api.data("GET", path + "/tasks") == []
    for unseen in ("", "/tasks", "/checklists", f"/tasks/{task}"):
        assert light.api.get(path + unseen).status_code == 404, "light members know the guests they work with"
    assert org.api.get(path + f"/tasks/{run.task_id('Write')}").status_code == 404
    assert outsider.api.get(path + f"/tasks/{task}").status_code == 404
    org.api.put(path + f"/tasks/{task}", {"taskdata": {run.field(): "x"}}).raise_for_status()
    done = org.api.data("POST", path + "/completed-tasks", {"task_id": task}, status=200)
    assert (done["completer_id"], done["completer_guest"]) == (org.admin.id, None)
    assert org.api.get("/guests/nobody@x.example/tasks").status_code == 404


def test_what_a_guest_completed_is_reopened_by_full_members_only(org: Organization) -> None:
    light = org.person("light")
    run, guest = guests_run(org)
    run.change("Call", owners={"users": [light.id], "guests": [ANA]}).raise_for_status()
    guest.put(f"/tasks/{run.task_id('Call')}", {"taskdata": {run.field(): "x"}, "status": "completed"})

    assert run.reopen("Call", by=light).status_code == 403
    assert run.reopen("Call").status_code == 200


def test_m9_guests_change_and_delete_comments_of_their_own(org: Organization) -> None:
    """Of what others say they change nothing, and what they do not read is not there. Spec: behaviour-people 3.3, M4."""
    run, guest = guests_run(org)
    run.change("Call", owners={"users": [org.admin.id], "guests": [ANA, BO]}).raise_for_status()
    path = f"/tasks/{run.task_id('Call')}/comment"
    mine = guest.post(path, {"content": "Done by Friday"}).json()["data"]["id"]
    bos = org.guest_api(BO).post(path, {"content": "Me, too"}).json()["data"]["id"]
    said, secret = (org.api.data("POST", path, {"content": "Hm", **more})["id"] for more in ({"state": "open"}, {}))

    changed = guest.put(f"{path}/{mine}", {"content": "Done by Monday", "state": "hide-for-guests"}).json()["data"]
    assert (changed["content"], changed["state"], changed["author_type"]) == ("Done by Monday", "open", "guest")
    assert guest.put(f"{path}/{mine}", {"content": " "}).status_code == 422
    for comment, status in ((bos, 403), (said, 403), (secret, 404), ("0" * 32, 404)):
        answers = [guest.put(f"{path}/{comment}", {"content": ""}), guest.delete(f"{path}/{comment}")]
        assert [each.status_code for each in answers] == [status] * 2, comment
    assert org.api.put(f"/guests/{ANA}{path}/{mine}", {"content": "No"}).status_code == 403, "the guest's alone"
    assert org.api.delete(f"/guests/{ANA}{path}/{mine}").status_code == 403

    run.change("Call", prevent_guest_comment=True).raise_for_status()
    assert guest.put(f"{path}/{mine}", {"content": "Later"}).status_code == 404
    run.change("Call", prevent_guest_comment=False).raise_for_status()
    assert guest.delete(f"{path}/{mine}").status_code == 204
    assert guest.delete(f"{path}/{mine}").status_code == 404
    threads = org.api.data("GET", f"/tasks/{run.task_id('Call')}?with=threads")["threads"]["data"]
    assert [each["id"] for each in threads] == [bos, said, secret]


def test_m9_a_problem_that_a_guest_takes_back_holds_nothing_up(org: Organization) -> None:
    run, guest = guests_run(org)
    path = f"/tasks/{run.task_id('Call')}/comment"
    report = {"content": "It is torn", "label": "problem"}
    first, second = (guest.post(path, report).json()["data"]["id"] for _ in range(2))
    assert run.now()["status"] == "problem"

    guest.put(f"{path}/{first}", {"label": "comment"}).raise_for_status()
    assert run.now()["status"] == "problem"
    guest.delete(f"{path}/{second}").raise_for_status()

    assert run.now()["status"] == "active"
