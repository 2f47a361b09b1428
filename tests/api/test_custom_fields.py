"""Values of custom fields on every kind of record. Spec: api-content 6.2, api-processes 14, api-tasks 18."""

from typing import Any

import pytest

from procession.domain.field_keys import RECORDS
from tests.api.test_custom_field_keys import make_system_key
from tests.builders import Organization
from tests.harness import Server


class Records:
    """One record of each kind with the keys `note` and, required, `region`; PATCH where there is one."""

    def __init__(self, org: Organization) -> None:
        self.org, self.api = org, org.api
        self.keys: dict[tuple[str, str], str] = {}
        for record in RECORDS:
            for key, required in (("note", False), ("region", True)):
                body = {"key": key, "applies_to": record, "field_type": "text", "is_required": required}
                self.keys[record, key] = org.api.data("POST", "/custom-field-keys", body)["id"]
        template = org.template(
            kickoff=[{"label": "Reason"}], steps=[{"title": "Greet", "captures": [{"label": "Name"}]}]
        )
        self.template = template
        self.checklist = f"/checklists/{template['id']}"
        self.step = f"{self.checklist}/steps/{template['steps'][0]['id']}"
        fields = org.api.data("GET", f"{self.checklist}/form-fields")
        self.process = org.process(template)
        [task] = org.api.data("GET", f"/runs/{self.process['id']}/tasks")
        self.one_off = org.one_off()
        self.person = org.person("standard")
        self.guest = org.guest()
        self.paths: dict[str, str] = {
            "process": f"/runs/{self.process['id']}",
            "task": f"/runs/{self.process['id']}/tasks/{task['id']}",
            "one-off": f"/tasks/{self.one_off['id']}",
            "member": f"/users/{self.person.id}",
            "guest": f"/guests/{self.guest['email']}",
            "folder": f"/folders/{org.folder()['id']}",
            "run folder": f"/folders/{org.folder(kind='run')['id']}",
            "tag": f"/tags/{org.tag()['id']}",
            "template": self.checklist,
            "step": self.step,
            "capture": f"{self.step}/captures/{fields['form_fields'][0]['id']}",
            "prerun": f"{self.checklist}/preruns/{fields['ko_form_fields'][0]['id']}",
        }

    def path(self, kind: str) -> str:
        return f"{self.paths[kind]}/custom-fields"

    def values(self, kind: str) -> dict[str, Any]:
        return self.api.data("GET", self.path(kind))["custom_fields"]

    def put(self, kind: str, values: Any, status: int = 200) -> dict[str, Any]:
        answer = self.api.put(self.path(kind), {"custom_fields": values})
        assert answer.status_code == status, answer.text
        return answer.json()


KINDS = ["process", "task", "one-off", "member", "guest", "folder", "run folder", "tag", "template", "step", "capture",
         "prerun"]  # fmt: skip
WITH_PATCH = KINDS[:8]
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def records(org: Organization) -> Records:
    return Records(org)


@pytest.fixture(scope="module")
def shared() -> dict[str, Records]:
    return {}


@pytest.fixture
def bare(server: Server, shared: dict[str, Records]) -> Records:
    """One for each database, for tests that leave no values behind."""
    if server.dialect not in shared:
        shared[server.dialect] = Records(Organization(server))
    return shared[server.dialect]


@each_kind
def test_values_are_replaced_read_and_removed(bare: Records, kind: str) -> None:
    """api-content 14.10: PUT replaces; omitted ones are cleared."""
    assert bare.values(kind) == {}
    both = {"note": "vip", "region": "EMEA"}

    assert bare.put(kind, both) == {"data": {"custom_fields": both}}
    assert bare.values(kind) == both
    assert bare.put(kind, {"region": "APAC"})["data"]["custom_fields"] == {"region": "APAC"}
    removed = bare.api.request("DELETE", f"{bare.path(kind)}/region")
    assert (removed.status_code, removed.json()) == (200, {"data": {"custom_fields": {}}})
    assert bare.values(kind) == {}


@each_kind
@pytest.mark.parametrize(
    ("values", "field"),
    [
        pytest.param({}, "custom_fields.region", id="a required one is missing"),
        pytest.param([], "custom_fields.region", id="an empty list is an empty object"),
        pytest.param({"region": "x", "colour": "red"}, "custom_fields.colour", id="unknown"),
        pytest.param({"region": 7}, "custom_fields.region", id="wrong type"),
        pytest.param("x", "custom_fields", id="no object"),
        pytest.param(["x"], "custom_fields", id="a list with something in it"),
    ],
)
def test_a_bad_replacement_changes_nothing(bare: Records, kind: str, values: Any, field: str) -> None:
    bare.put(kind, {"region": "EMEA"})

    refused = bare.put(kind, values, status=422)

    assert list(refused["errors"]) == [field]
    assert bare.values(kind) == {"region": "EMEA"}
    assert bare.api.put(bare.path(kind), {}).status_code == 422
    assert bare.api.request("DELETE", f"{bare.path(kind)}/colour").status_code == 404
    assert bare.api.request("DELETE", f"{bare.path(kind)}/region").status_code == 200


@pytest.mark.parametrize("kind", WITH_PATCH)
def test_one_value_is_set_without_asking_for_the_required_ones(records: Records, kind: str) -> None:
    """api-content 14.10: PATCH merges, null clears."""
    path = records.path(kind)
    assert records.api.data("PATCH", f"{path}/note", {"value": "vip"}, status=200)["custom_fields"] == {"note": "vip"}
    assert records.api.data("PATCH", f"{path}/region", {"value": "EMEA"}, status=200)["custom_fields"] == {
        "note": "vip", "region": "EMEA"
    }  # fmt: skip

    for field, body, status in (("note", {"value": 7}, 422), ("note", {}, 422), ("colour", {"value": "red"}, 404)):
        assert records.api.request("PATCH", f"{path}/{field}", json=body).status_code == status

    assert records.api.data("PATCH", f"{path}/region", {"value": None}, status=200)["custom_fields"] == {"note": "vip"}
    assert records.values(kind) == {"note": "vip"}


@pytest.mark.parametrize("kind", KINDS[8:])
def test_template_side_records_take_no_patch(bare: Records, kind: str) -> None:
    """api-content 14.10."""
    refused = bare.api.request("PATCH", f"{bare.path(kind)}/note", json={"value": "x"})

    assert refused.status_code == 405


@each_kind
def test_system_values_are_left_alone(records: Records, kind: str) -> None:
    records.put(kind, {"note": "4711", "region": "EMEA"})
    record = {"one-off": "task", "run folder": "folder"}.get(kind, kind)
    make_system_key(records.org, records.keys[record, "note"])

    assert records.put(kind, {"region": "APAC"})["data"]["custom_fields"] == {"note": "4711", "region": "APAC"}
    assert records.put(kind, {"note": "4711", "region": "APAC"}) is not None, "what was read may be sent back"
    records.put(kind, {"note": "1", "region": "APAC"}, status=422)
    assert records.api.request("DELETE", f"{records.path(kind)}/note").status_code == 403
    if kind in WITH_PATCH:
        assert records.api.request("PATCH", f"{records.path(kind)}/note", json={"value": "1"}).status_code == 403
    assert records.values(kind) == {"note": "4711", "region": "APAC"}


def test_records_show_their_values(records: Records) -> None:
    """Embedded for members; not in the records of people."""
    for kind in KINDS:
        records.put(kind, {"region": kind})
    api, shown = records.api, {kind: {"region": kind} for kind in KINDS}

    for kind in ("process", "one-off", "folder", "run folder", "tag", "template", "step"):
        assert api.data("GET", records.paths[kind])["custom_fields"] == shown[kind], kind
    assert api.data("GET", records.paths["task"])["custom_fields"] == shown["task"]
    assert [each["custom_fields"] for each in api.data("GET", "/tags")] == [shown["tag"]]
    assert [each["custom_fields"] for each in api.data("GET", "/folders")] == [shown["folder"]]
    assert [each["custom_fields"] for each in api.data("GET", "/checklists")] == [shown["template"]]
    fields = api.data("GET", f"{records.checklist}/form-fields")
    assert fields["form_fields"][0]["custom_fields"] == shown["capture"]
    assert fields["ko_form_fields"][0]["custom_fields"] == shown["prerun"]
    for kind in ("member", "guest"):
        assert "custom_fields" not in api.data("GET", records.paths[kind])


def test_the_process_list_shows_the_values(records: Records) -> None:
    records.put("process", {"region": "EMEA", "note": 'a "quoted" Ä'})

    assert records.api.data("GET", "/runs")[0]["custom_fields"] == {"region": "EMEA", "note": 'a "quoted" Ä'}


def test_a_new_process_takes_over_the_templates_values_once(records: Records) -> None:
    """api-content 14.10, L-3: own values win; tasks take over those of their steps. T-10.5"""
    api = records.api
    only = {"key": "only-here", "applies_to": "template", "field_type": "text"}
    api.data("POST", "/custom-field-keys", only)
    records.put("template", {"region": "EMEA", "note": "a", "only-here": "x"})
    records.put("step", {"region": "step"})

    first = records.org.process(records.template)
    own = records.org.process(records.template, custom_fields={"note": "mine"})
    records.put("template", {"region": "APAC"})
    bare = records.org.process(records.template, custom_fields=[])

    assert first["custom_fields"] == {"region": "EMEA", "note": "a"}
    assert own["custom_fields"] == {"region": "EMEA", "note": "mine"}
    assert bare["custom_fields"] == {"region": "APAC"}
    assert api.data("GET", f"/runs/{first['id']}")["custom_fields"] == {"region": "EMEA", "note": "a"}
    [task] = api.data("GET", f"/runs/{first['id']}/tasks")
    assert task["custom_fields"] == {"region": "step"}
    refused = api.post("/runs", {"checklist_id": records.template["id"], "custom_fields": {"note": 7}})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["custom_fields.note"])
    assert len(api.data("GET", "/runs")) == 4


def test_guests_and_the_public_see_none(org: Organization, records: Records) -> None:
    email = records.guest["email"]
    task = org.one_off(owners={"users": [org.admin.id], "guests": [email]})
    path = f"/tasks/{task['id']}/custom-fields/note"
    org.api.data("PATCH", path, {"value": "secret"}, status=200)
    org.api.put(records.checklist, {"title": "x", "is_public": True})
    records.put("template", {"region": "secret"})

    [listed] = org.guest_api(email).get("/tasks").json()["data"]
    public = org.api.get(f"//public/templates/{records.template['id']}")

    assert listed["custom_fields"] is None
    assert public.json()["data"]["custom_fields"] is None
    assert "secret" not in public.text


@pytest.mark.parametrize(
    ("kind", "role", "reads", "writes"),
    [
        pytest.param("process", "standard", 404, 404, id="a process one does not see"),
        pytest.param("task", "standard", 404, 404, id="a task of it"),
        pytest.param("one-off", "standard", 200, 403, id="6.2 a task of somebody else"),
        pytest.param("member", "standard", 200, 403, id="6.2 another member"),
        pytest.param("member", "light", 404, 403, id="another member, for a light one"),
        pytest.param("guest", "standard", 200, 403, id="6.2 a guest"),
        pytest.param("guest", "light", 404, 403, id="a guest, for a light member"),
        pytest.param("folder", "light", 404, 404, id="6.2, B1 a folder one does not see"),
        pytest.param("folder", "standard", 200, 200, id="6.2 any member writes on folders"),
        pytest.param("tag", "light", 200, 200, id="6.2 any member writes on tags"),
        pytest.param("template", "standard", 404, 404, id="a template one does not see"),
        pytest.param("step", "standard", 404, 404, id="a step of it"),
    ],
)
def test_who_may(bare: Records, kind: str, role: Any, reads: int, writes: int) -> None:
    api = bare.org.person(role).api

    assert api.get(bare.path(kind)).status_code == reads
    assert api.put(bare.path(kind), {"custom_fields": {"region": "x"}}).status_code == writes
    assert api.request("DELETE", f"{bare.path(kind)}/region").status_code == writes
    assert bare.values(kind) == {}


def test_who_may_edit_a_process_an_own_task_a_template(records: Records) -> None:
    """6.2: run editors, assignees, EDIT, oneself."""
    org, mia = records.org, records.org.person("standard")
    org.allow(records.template, "PROCESS_READ", mia.id)
    process = org.process(records.template)
    body = {"custom_fields": {"region": "x"}}
    assert mia.api.get(f"/runs/{process['id']}/custom-fields").status_code == 200
    assert mia.api.put(f"/runs/{process['id']}/custom-fields", body).status_code == 403

    org.allow(records.template, "EDIT", mia.id)
    assert mia.api.put(f"/runs/{process['id']}/custom-fields", body).status_code == 200
    assert mia.api.put(records.path("template"), body).status_code == 200
    task = org.one_off(mia)
    assert mia.api.put(f"/tasks/{task['id']}/custom-fields", body).status_code == 200
    assert mia.api.put(f"/users/{mia.id}/custom-fields", body).status_code == 200
    light = org.person("light")
    assert light.api.put(f"/users/{light.id}/custom-fields", body).status_code == 200
    assert light.api.data("GET", f"/users/{light.id}/custom-fields") == body


def test_a_locked_or_archived_process_keeps_its_values(records: Records) -> None:
    """api-processes 1.2: custom-field writes are among what an issue locks."""
    api, run = records.api, records.paths["process"]
    issue = api.data("POST", f"{run}/problem", {"content": "stop"})
    for kind in ("process", "task"):
        records.put(kind, {"region": "x"}, status=423)
        assert records.values(kind) == {}
    api.data("POST", f"{run}/resolved-threads", {"content": "go", "thread_id": issue["id"]}, status=200)
    records.put("process", {"region": "x"})
    api.request("DELETE", run).raise_for_status()

    for kind in ("process", "task"):
        records.put(kind, {"region": "y"}, status=422)
    assert records.values("process") == {"region": "x"}


def test_an_archived_template_keeps_its_values(records: Records) -> None:
    records.api.request("DELETE", records.checklist).raise_for_status()

    for kind in ("template", "step", "capture", "prerun"):
        records.put(kind, {"region": "y"}, status=422)


def test_a_deleted_key_can_still_be_cleared(records: Records) -> None:
    records.put("tag", {"region": "x", "note": "y"})
    records.api.request("DELETE", f"/custom-field-keys/{records.keys['tag', 'note']}").raise_for_status()
    assert records.values("tag") == {"region": "x", "note": "y"}

    records.api.request("DELETE", f"{records.path('tag')}/note").raise_for_status()

    assert records.values("tag") == {"region": "x"}


@pytest.mark.parametrize(
    ("field_type", "value", "query", "other"),
    [
        pytest.param("text", "EMEA", "EMEA", "emea", id="exact, case and all"),
        pytest.param("text", 'a "b" Ä%', "a%20%22b%22%20%C3%84%25", "a", id="any characters"),
        pytest.param("number", 12, "12", "1", id="a number"),
        pytest.param("boolean", True, "true", "false", id="a flag"),
        pytest.param("date", "2026-03-02", "2026-03-02", "2026-03-03", id="a day"),
    ],
)
def test_tasks_are_found_by_a_value(org: Organization, field_type: str, value: Any, query: str, other: str) -> None:
    """api-tasks T2"""
    for key in ("it", "zz"):
        org.api.data("POST", "/custom-field-keys", {"key": key, "applies_to": "task", "field_type": field_type})
    task, last = org.one_off(), org.one_off()
    org.one_off()
    path = f"/tasks/{task['id']}/custom-fields"
    org.api.put(path, {"custom_fields": {"it": value, "zz": value}}).raise_for_status()
    org.api.put(f"/tasks/{last['id']}/custom-fields", {"custom_fields": {"it": value}}).raise_for_status()

    def found(given: str) -> list[str]:
        return [each["id"] for each in org.api.data("GET", f"/tasks?{given}")]

    assert sorted(found(f"custom_field_key=it&custom_field_value={query}")) == sorted([task["id"], last["id"]])
    assert found(f"custom_field_key=zz&custom_field_value={query}") == [task["id"]]
    assert found(f"custom_field_key=it&custom_field_value={other}") == []
    assert len(found("custom_field_key=it")) == 3, "both are needed"


def test_copies_keep_their_values_at_home(org: Organization, other_org: Organization, records: Records) -> None:
    for kind in ("template", "step", "capture", "prerun"):
        records.put(kind, {"region": kind})
    there = other_org.join(org.admin, "admin").api
    at_home = org.api.data("POST", f"{records.checklist}/clone", {})
    taken = there.data("POST", f"{records.checklist}/clone", {"tenant": org.id})

    for api, made, kept in ((org.api, at_home, True), (there, taken, False)):
        whole = api.data("GET", f"/checklists/{made['id']}?with=steps")
        step = whole["steps"]["data"][0]
        found = [each["custom_fields"] for each in (whole, step, step["captures"][0], whole["prerun"][0])]
        assert found == [{"region": kind} if kept else {} for kind in ("template", "step", "capture", "prerun")]
