"""One-off tasks: made, attached, fanned out, cloned, archived, erased. Spec: api-tasks 9, 13; behaviour-work 5.12."""

from typing import Any

import pytest

from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import on_one_database
from tests.api.thread_places import Places
from tests.builders import Organization, Person, text_field
from tests.harness import Api

PLAIN = {"title": "Order cake", "task_type": "task", "deadline": "2031-05-06T09:30:00Z"}
MONDAY_TO_FRIDAY = {
    day: {"working": day not in ("Saturday", "Sunday"), "all_hours": False, "start": "09:00", "end": "17:00"}
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
}


def owners(*people: Person, guests: tuple[str, ...] = (), groups: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"users": [each.id for each in people], "guests": list(guests), "groups": list(groups)}


def test_a_task_has_every_key_with_its_type(org: Organization) -> None:
    """L-14.3: and no process, where none is asked for. Spec: behaviour-work Q7."""
    org.server.clock.freeze(1_790_000_000_000)

    made = org.api.data("POST", "/tasks", {**PLAIN, "owners": owners(org.admin)})

    assert made == {
        "id": made["id"], "increment_id": made["increment_id"], "title": "Order cake", "original_title": "Order cake",
        "summary": None, "original_summary": None, "run_id": None, "checklist_id": None, "step_id": None,
        "linked_step_id": None, "alias": None, "taskdata": {},
        "owners": {"users": [org.admin.id], "guests": [], "groups": [], "taskUrls": []},
        "status": "not-started", "status_label": "not-started", "task_type": "task", "is_approved": None,
        "is_completable": True, "position": 1, "blueprint_position": None, "stage_id": None,
        "started_at": "2026-09-21T14:13:20.000Z", "is_soft_start_date": False, "deadline": "2031-05-06T09:30:00.000Z",
        "deadline_is_held": False,
        "created_at": "2026-09-21T14:13:20.000Z", "last_updated": "2026-09-21T14:13:20.000Z", "completed_at": None,
        "archived_at": None, "starter_id": org.admin.id, "completer_id": None, "completer_guest": None,
        "completer_guest_id": None, "is_oneoff_task": True, "everyone_must_complete": False,
        "completion_progress": None, "can_complete_only_assignees": False, "max_assignable": 0,
        "allow_guest_owners": True, "prevent_guest_comment": False, "has_deadline_dependent_child_tasks": False,
        "webhook": None, "problem": False, "has_issues": False, "top_secret": False, "send_chromeless": None,
        "run_status": None, "custom_fields": {},
    }  # fmt: skip
    assert org.api.data("GET", f"/tasks/{made['id']}") == made


def test_everything_a_task_can_be_told_is_kept(org: Organization) -> None:
    """Spec: behaviour-work Q3."""
    tag, folder = org.tag("urgent"), org.folder(kind="run")
    body = {
        "summary": "<p>Ask <script>alert(1)</script><b>Ana</b></p>", "started_at": "2031-01-01", "position": 4,
        "is_soft_start_date": True, "max_assignable": 3, "everyone_must_complete": "true", "top_secret": 1,
        "can_complete_only_assignees": True, "prevent_guest_comment": True, "webhook": "https://hooks.example/x",
        "linked_step_id": "AB" * 16, "tags": [tag["id"].upper()], "folders": [folder["id"]], "status": "completed",
        "form_fields": [text_field(label="Flavour", required=True)],
    }  # fmt: skip

    made = org.one_off(**body)
    read = org.api.data("GET", f"/tasks/{made['id']}?with=tags,folders,form_fields")

    expected = {
        "is_soft_start_date": True, "max_assignable": 3, "everyone_must_complete": True, "top_secret": True,
        "webhook": "https://hooks.example/x", "position": 4, "can_complete_only_assignees": True,
        "prevent_guest_comment": True, "linked_step_id": "ab" * 16, "started_at": "2031-01-01T00:00:00.000Z",
        "summary": "<p>Ask <b>Ana</b></p>", "status": "not-started",
    }  # fmt: skip
    assert {name: read[name] for name in expected} == expected
    assert [(each["tag_id"], each["title"]) for each in read["tags"]["data"]] == [(tag["id"], "urgent")]
    assert [each["id"] for each in read["folders"]["data"]] == [folder["id"]]
    assert [(each["label"], each["task_id"]) for each in read["form_fields"]["data"]] == [("Flavour", made["id"])]


@on_one_database
@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"title": None}, "title", id="L-14.3 no title"),
        pytest.param({"title": "  "}, "title", id="blank title"),
        pytest.param({"title": "x" * 601}, "title", id="L-14.3 601 characters"),
        pytest.param({"title": 7}, "title", id="title is a number"),
        pytest.param({"task_type": None}, "task_type", id="L-14.3 no type"),
        pytest.param({"task_type": "chore"}, "task_type", id="unknown type"),
        pytest.param({"deadline": None}, "deadline", id="L-14.3 no deadline"),
        pytest.param({"deadline": "soon"}, "deadline", id="deadline is no date"),
        pytest.param({"deadline": 1790000000}, "deadline", id="deadline is a number"),
        pytest.param({"owners": None}, "owners", id="no owners"),
        pytest.param({"owners": {}}, "owners", id="L-14.3 nobody"),
        pytest.param({"owners": []}, "owners", id="nobody, as an empty list"),
        pytest.param({"owners": "12"}, "owners", id="owners is text"),
        pytest.param({"owners": {"users": [999_999]}}, "owners.users.0", id="18.1 unknown member"),
        pytest.param({"owners": {"users": ["x"]}}, "owners.users.0", id="no member's id"),
        pytest.param({"owners": {"groups": ["ab" * 16]}}, "owners.groups.0", id="18.1 unknown group"),
        pytest.param({"owners": {"guests": ["a@b.example", "nobody"]}}, "owners.guests.1", id="no address"),
        pytest.param({"started_at": "2031-05-07"}, "started_at", id="D11 starts after it is due"),
        pytest.param({"started_at": "x"}, "started_at", id="start is no date"),
        pytest.param({"max_assignable": -1}, "max_assignable", id="negative cap"),
        pytest.param({"top_secret": "perhaps"}, "top_secret", id="no boolean"),
        pytest.param({"everyone_must_complete": True, "task_type": "email"}, "everyone_must_complete", id="A1"),
        pytest.param({"tags": ["ab" * 16]}, "tags.0", id="unknown tag"),
        pytest.param({"tags": ["x"]}, "tags.0", id="malformed tag"),
        pytest.param({"tags": "urgent"}, "tags", id="tags are no list"),
        pytest.param({"folders": ["ab" * 16]}, "folders.0", id="unknown folder"),
        pytest.param({"run_id": "x"}, "run_id", id="malformed process"),
        pytest.param({"webhook": "ftp://x.example"}, "webhook", id="webhook is no web address"),
        pytest.param({"position": 0}, "position", id="position 0"),
        pytest.param({"form_fields": {}}, "form_fields", id="fields are no list"),
        pytest.param({"form_fields": ["x"]}, "form_fields.0", id="a field is no object"),
        pytest.param(
            {"form_fields": [{"label": "A", "field_type": "text"}]}, "form_fields.0.required", id="9.4 no required"
        ),
        pytest.param(
            {"form_fields": [text_field(field_type="radio", options=["one"])]}, "form_fields.0.options", id="9.4 radio"
        ),
        pytest.param(
            {"form_fields": [text_field(field_type="checkbox")]}, "form_fields.0.field_type", id="no such type"
        ),
        pytest.param({"form_fields": [text_field(field_type="table")]}, "form_fields.0.columns", id="9.4 no columns"),
    ],
)
def test_a_bad_task_is_refused_naming_the_field(org: Organization, body: dict[str, Any], field: str) -> None:
    """Spec: behaviour-work Q1."""
    with unchanged(org):
        refused = org.api.post("/tasks", {**PLAIN, "owners": owners(org.admin), **body})

    assert_refused(refused, 422)
    assert list(refused.json()["errors"]) == [field]


def test_everything_wrong_is_said_at_once_and_no_guest_is_made(org: Organization) -> None:
    refused = org.api.post("/tasks", {"task_type": "x", "owners": {"users": [999_999], "guests": ["a@b.example"]}})

    assert set(refused.json()["errors"]) == {"title", "task_type", "deadline", "owners.users.0"}
    assert org.api.data("GET", "/guests") == []


def test_disabled_members_and_members_addresses_cannot_be_assigned(org: Organization) -> None:
    """Spec: behaviour-work L6, N4, U2."""
    gone, otto = org.person(), org.person()
    org.api.delete(f"/users/{gone.id}/disable")
    [bot] = [each["id"] for each in org.api.data("GET", "/users") if each["type"] == "bot"]
    sent = {"users": [gone.id, bot], "guests": [otto.email]}

    refused = org.api.post("/tasks", {**PLAIN, "owners": sent})

    assert set(refused.json()["errors"]) == {"owners.users.0", "owners.users.1", "owners.guests.0"}


def test_options_may_be_plain_texts_and_get_numbers(org: Organization) -> None:
    field = {"label": "Size", "field_type": "dropdown", "required": False, "options": ["S", {"text": "M"}]}
    made = org.one_off(form_fields=[field])

    [shown] = org.api.data("GET", f"/tasks/{made['id']}?with=form_fields")["form_fields"]["data"]

    assert [(each["id"], each["text"]) for each in shown["options"]] == [(1, "S"), (2, "M")]


def test_tk26_a_saturday_deadline_is_stored_on_monday(org: Organization) -> None:
    """Spec: behaviour-work D6."""
    org.api.put("", {"name": "Fernwood", "working_days": MONDAY_TO_FRIDAY}).raise_for_status()

    assert org.one_off(deadline="2031-02-08 12:00:00")["deadline"] == "2031-02-10T09:00:00.000Z"


@on_one_database
@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("2031-05-06 09:30:00", id="naive"),
        pytest.param("2031-05-06T09:30:00Z", id="zulu"),
        pytest.param("2031-05-06T11:30:00+02:00", id="offset"),
    ],
)
def test_three_spellings_of_one_deadline(org: Organization, sent: str) -> None:
    """Spec: api-conventions C11."""
    assert org.one_off(deadline=sent)["deadline"] == "2031-05-06T09:30:00.000Z"


def test_dec_58_a_guest_is_joined_by_the_creator(org: Organization) -> None:
    """Spec: behaviour-work U1."""
    made = org.one_off(owners={"guests": ["Ana@Partner.Test"]})
    assert made["owners"]["users"] == [org.admin.id]
    assert made["owners"]["guests"] == ["ana@partner.test"]
    assert [each["email"] for each in org.api.data("GET", "/guests")] == ["ana@partner.test"]

    org.api.put("", {"name": "Fernwood", "guest_only_assignment": True}).raise_for_status()
    assert org.one_off(owners={"guests": ["ana@partner.test"]})["owners"]["users"] == []


def test_n3_the_cap_counts_people_with_groups_expanded(org: Organization) -> None:
    otto, iris = org.person(), org.person()
    group = org.group(members=[otto, iris], guests=[])
    named = owners(otto, groups=(group["id"],))

    assert org.api.post("/tasks", {**PLAIN, "owners": named, "max_assignable": 1}).status_code == 422
    assert org.one_off(owners=named, max_assignable=2)["owners"]["groups"] == [group["id"]]


@pytest.mark.parametrize("role", ["admin", "standard", "light"])
def test_every_member_creates_tasks_and_light_ones_without_guests(org: Organization, role: Any) -> None:
    person = org.person(role)
    with_guest = person.api.post("/tasks", {**PLAIN, "owners": owners(person, guests=("a@b.example",))})

    assert person.api.post("/tasks", {**PLAIN, "owners": owners(person)}).status_code == 201
    assert with_guest.status_code == (403 if role == "light" else 201)
    group = org.group(members=[person], guests=["a@b.example"])
    to_group = {**PLAIN, "owners": owners(groups=(group["id"],))}
    assert person.api.post("/tasks", to_group).status_code == 201
    to_each = person.api.post("/tasks", {**to_group, "separate_task_for_each_assignee": True})
    assert to_each.status_code == (403 if role == "light" else 201)


def attached(org: Organization) -> tuple[dict[str, Any], dict[str, Any]]:
    """A process of two steps, one of them done, and its template."""
    template = org.template(steps=["Call", "Write"])
    return org.process(template), template


def test_a_task_is_attached_after_the_last_and_counts(org: Organization) -> None:
    """Spec: behaviour-work G4, X1, X4."""
    run, template = attached(org)
    made = org.one_off(run_id=run["id"])

    assert (made["run_id"], made["checklist_id"], made["step_id"], made["position"]) == (
        run["id"], template["id"], None, 3,
    )  # fmt: skip
    assert made["run_status"] == "active"
    assert org.api.data("GET", f"/runs/{run['id']}")["progress"] == {"complete": 0, "total": 3, "percent": 0}
    placed = org.one_off(run_id=run["id"], position=2)
    listed = org.api.data("GET", f"/runs/{run['id']}/tasks")
    assert [each["position"] for each in listed] == [1, 2, 3, 4]
    assert listed[1]["id"] == placed["id"]
    assert org.api.data("GET", f"/checklists/{template['id']}?with=steps")["steps"]["data"] == template["steps"]


def test_p9_an_added_task_makes_a_complete_process_active_again(org: Organization) -> None:
    """Spec: behaviour-work P9, P11, G4."""
    run, _ = attached(org)
    for task in org.api.data("GET", f"/runs/{run['id']}/tasks"):
        org.api.post(f"/runs/{run['id']}/completed-tasks", {"task_id": task["id"]}).raise_for_status()
    assert org.api.data("GET", f"/runs/{run['id']}")["status"] == "complete"

    added = org.one_off(run_id=run["id"])

    assert org.api.data("GET", f"/runs/{run['id']}")["status"] == "active"
    org.api.delete(f"/tasks/{added['id']}/delete").raise_for_status()
    assert org.api.data("GET", f"/runs/{run['id']}")["status"] == "complete"


def test_tk20_where_no_tasks_may_be_added(org: Organization, other_org: Organization) -> None:
    """Spec: behaviour-work X2, X7."""
    closed = org.process(org.template(steps=["Call"], can_add_oot=False))
    archived, _ = attached(org)
    org.api.delete(f"/runs/{archived['id']}")
    locked, _ = attached(org)
    org.api.post(f"/runs/{locked['id']}/problem", {"content": "Stop"}).raise_for_status()
    foreign = other_org.process(other_org.template(steps=["Call"]))
    unseen, outsider, involved = org.process(org.template(steps=["Call"])), org.person(), org.person("light")
    seen = org.process(org.template(steps=["Call"]), users=[involved.id])

    def status(api: Api, run: dict[str, Any]) -> int:
        return api.post("/tasks", {**PLAIN, "owners": owners(org.admin), "run_id": run["id"]}).status_code

    refused = org.api.post("/tasks", {**PLAIN, "owners": owners(org.admin), "run_id": closed["id"]})
    assert (refused.status_code, refused.json()["message"]) == (422, "Ad-hoc tasks not allowed for this process")
    assert [status(org.api, each) for each in (archived, locked, foreign)] == [422, 423, 404]
    assert (status(outsider.api, unseen), status(involved.api, seen)) == (404, 201)


def test_t17_a_clone_keeps_settings_and_people_and_drops_answers(org: Organization) -> None:
    otto, tag = org.person(), org.tag()
    made = org.one_off(
        otto, form_fields=[text_field(label="Flavour")], tags=[tag["id"]], webhook="https://hooks.example/x",
        summary="<b>Big</b>", title="x" * 600,
    )  # fmt: skip
    field = org.api.data("GET", f"/tasks/{made['id']}?with=form_fields")["form_fields"]["data"][0]["id"]
    org.api.post(f"/tasks/{made['id']}/captures", {"id": field, "value": "Lemon"}).raise_for_status()
    org.api.post("/completed-tasks", {"task_id": made["id"]}).raise_for_status()

    copy = org.api.data("POST", f"/tasks/{made['id']}/clone")
    whole = org.api.data("GET", f"/tasks/{copy['id']}?with=form_fields,tags")

    same = ("deadline", "owners", "webhook", "summary", "task_type")
    assert {name: whole[name] for name in same} == {name: made[name] for name in same}
    assert (whole["title"], whole["status"], whole["taskdata"]) == ("x" * 593 + " - Copy", "not-started", {})
    assert [each["tag_id"] for each in whole["tags"]["data"]] == [tag["id"]]
    [copied] = whole["form_fields"]["data"]
    assert (copied["label"], copied["id"] == field) == ("Flavour", False)
    assert org.api.data("POST", f"/tasks/{made['id']}/clone", {"title": "Again"})["title"] == "Again"


def test_t17_a_clone_names_nobody_who_has_gone(org: Organization) -> None:
    """A completed task keeps the name of a guest who was removed (behaviour-people C1); its clone is still to be done."""
    guest, stays = org.guest()["email"], org.guest()["email"]
    made = org.one_off(owners={"users": [org.admin.id], "guests": [guest, stays], "groups": []})
    org.api.data("POST", "/completed-tasks", {"task_id": made["id"]})
    org.api.request("DELETE", f"/guests/{guest}").raise_for_status()

    copy = org.api.data("POST", f"/tasks/{made['id']}/clone")

    assert (copy["owners"]["users"], copy["owners"]["guests"]) == ([org.admin.id], [stays])


def test_x5_a_step_is_cloned_right_after_itself(org: Organization) -> None:
    step = {"title": "Call", "summary": "<i>How</i>", "captures": [{"label": "Phone"}]}
    run = org.process(org.template(steps=[step, "Write"]))
    first = org.api.data("GET", f"/runs/{run['id']}/tasks")[0]

    copy = org.api.data("POST", f"/tasks/{first['id']}/clone")

    listed = org.api.data("GET", f"/runs/{run['id']}/tasks?with=form_fields,summary")
    assert [each["title"] for each in listed] == ["Call", "Call - Copy", "Write"]
    assert listed[1]["id"] == copy["id"]
    assert (listed[1]["is_oneoff_task"], listed[1]["linked_step_id"], listed[1]["step_id"]) == (
        True, first["step_id"], None,
    )  # fmt: skip
    assert (listed[1]["summary"], listed[1]["form_fields"]["data"][0]["label"]) == ("<i>How</i>", "Phone")


def test_tk21_linked_tasks_are_not_archived_and_erased_ones_are_gone(org: Organization) -> None:
    """Spec: behaviour-work Q5."""
    run, _ = attached(org)
    linked, alone = org.one_off(run_id=run["id"]), org.one_off()
    step_task = org.api.data("GET", f"/runs/{run['id']}/tasks")[0]

    refused = org.api.delete(f"/tasks/{linked['id']}")
    assert (refused.status_code, refused.json()["code"]) == (422, "CANNOT_DELETE_LINKED_TASK")
    assert org.api.delete(f"/tasks/{step_task['id']}").status_code == 422
    assert org.api.delete(f"/tasks/{step_task['id']}/delete").status_code == 422
    assert [org.api.delete(f"/tasks/{alone['id']}/delete").status_code for _ in range(2)] == [204, 404]
    assert org.api.delete(f"/tasks/{linked['id']}/delete").status_code == 204
    assert org.api.data("GET", f"/runs/{run['id']}")["progress"]["total"] == 2


def test_an_archived_task_is_out_of_lists_and_comes_back(org: Organization) -> None:
    """Spec: behaviour-work Q5."""
    task = org.one_off()

    assert [org.api.delete(f"/tasks/{task['id']}").status_code for _ in range(2)] == [204, 204]
    assert org.api.data("GET", f"/tasks/{task['id']}")["archived_at"] is not None
    assert org.api.data("GET", "/tasks") == []
    assert org.api.data("GET", "/me/tasks?status=all") == []
    assert [each["id"] for each in org.api.data("GET", "/tasks?archived=only")] == [task["id"]]
    assert org.api.post("/completed-tasks", {"task_id": task["id"]}).status_code == 422
    assert org.api.post(f"/tasks/{task['id']}/clone").status_code == 422
    restored = org.api.put(f"/tasks/{task['id']}/restore")
    assert (restored.status_code, restored.json()["data"]["archived_at"]) == (200, None)
    assert org.api.put(f"/tasks/{task['id']}/restore").status_code == 422
    assert len(org.api.data("GET", "/tasks")) == 1


@pytest.mark.parametrize("role", ["standard", "light"])
def test_a_task_is_archived_and_erased_by_its_creator_and_administrators_only(org: Organization, role: Any) -> None:
    creator, other = org.person(role), org.person("standard")
    task = creator.api.data("POST", "/tasks", {**PLAIN, "owners": owners(creator, other)})
    path = f"/tasks/{task['id']}"

    assert [other.api.delete(path).status_code, other.api.delete(path + "/delete").status_code] == [403, 403]
    assert other.api.put(path + "/restore").status_code == 403
    assert creator.api.delete(path).status_code == 204
    assert creator.api.put(path + "/restore").status_code == 200
    assert creator.api.delete(path + "/delete").status_code == 204


def test_unknown_and_foreign_tasks_are_not_found(org: Organization, other_org: Organization) -> None:
    theirs = other_org.one_off()["id"]
    for task in (theirs, "ab" * 16, "x"):
        assert org.api.get(f"/tasks/{task}").status_code == 404
        assert org.api.delete(f"/tasks/{task}").status_code == 404
        assert org.api.delete(f"/tasks/{task}/delete").status_code == 404
        assert org.api.put(f"/tasks/{task}/restore").status_code == 404
        assert org.api.post(f"/tasks/{task}/clone").status_code == 404
        assert org.api.put(f"/tasks/{task}", {"title": 7}).status_code == 404
        assert org.api.post("/completed-tasks", {"task_id": task}).status_code in (404, 422)


def test_unknown_keys_are_reported_and_change_nothing(org: Organization) -> None:
    answer = org.api.post("/tasks", {**PLAIN, "owners": owners(org.admin), "colour": "red", "status": "completed"})

    assert answer.headers["x-ignored-params"] == "body:colour"


def test_side_tables_and_counters_equal_a_recount(org: Organization) -> None:
    places, otto = Places(org), org.person()
    run, _ = attached(org)
    org.one_off(owners=owners(otto, guests=("a@b.example",)), run_id=run["id"])
    org.one_off(owners=owners(otto, org.admin), separate_task_for_each_assignee=True)
    alone = org.one_off(otto)
    org.api.data("POST", f"/tasks/{alone['id']}/clone")
    org.api.delete(f"/tasks/{alone['id']}")
    gone = org.one_off(run_id=run["id"])
    org.api.delete(f"/tasks/{gone['id']}/delete")

    assert places.differences() == []
