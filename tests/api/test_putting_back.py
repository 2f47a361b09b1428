"""What was read and is put back as it is changes nothing: clients send whole objects. Spec: api-conventions 13."""

from typing import Any

import pytest

from tests.api.task_runs import on_one_database
from tests.builders import Organization
from tests.harness import Api

LATER = {"seconds": 90}
WHOLE = "with=steps,stages,permissions"


class Bakery:
    """A template with a form, fields, a rule and a milestone, and what stands around it."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        options = [{"id": 1, "text": "Rye"}, {"id": 2, "text": "Oat"}]
        snippet = org.api.data("POST", "/text-templates", {"title": "Rye", "content": "Rye needs <i>time</i>"})
        guidance = f'Rye < Oat <span class="insert-snippet-tag" data-snippet-id="{snippet["id"]}"></span>'
        grain = {"label": "Grain", "field_type": "radio", "options": options, "guidance": guidance}
        ready = {"label": "Ready", "field_type": "calculated", "expression": "{{when-1}} + 3", "required": False}
        steps = [{"title": "Knead", "captures": [grain, ready]}, "Rest"]
        kickoff = [{"label": "Loaves"}, {"label": "When", "field_type": "date"}]
        self.template = org.template("Bake", steps=steps, kickoff=kickoff, summary="<p>Slowly</p>")
        self.path = f"/checklists/{self.template['id']}"
        knead, rest = self.template["steps"]
        shown = {"action_type": "visibility", "action_verb": "show", "target_step_id": rest["id"]}
        asked = {"conditionable_id": knead["id"], "conditionable_type": "Step", "operation": "completed"}
        conditions = [{**asked, "statement": None, "logic": "and"}]
        rule = {"automated_alias": "Then", "conditions": conditions, "then_actions": [shown]}
        self.rule = org.api.data("POST", f"{self.path}/automated-actions", rule)
        self.stage = org.api.data("POST", f"{self.path}/stages", {"name": "Dough"})
        stage = {"name": "Dough", "steps": [knead["id"]]}
        org.api.data("PUT", f"{self.path}/stages/{self.stage['id']}", stage)
        self.step = f"{self.path}/steps/{knead['id']}"

    def whole(self) -> dict[str, Any]:
        return self.org.api.data("GET", f"{self.path}?{WHOLE}")

    def parts(self) -> list[tuple[str, dict[str, Any]]]:
        """The address of every part, and the part as it is read."""
        template = self.whole()
        step = template["steps"]["data"][0]
        return [
            (self.path, template),
            (self.step, step),
            *((f"{self.step}/captures/{field['id']}", field) for field in step["captures"]),
            (
                f"{self.step}/captures/{step['captures'][0]['id']}/move-out",
                {"target_step_id": step["id"], "position": 1},
            ),
            (f"{self.path}/automated-actions/{self.rule['id']}", template["automated_actions"][0]),
            (f"{self.path}/stages/{self.stage['id']}", template["stages"]["data"][0]),
            (f"{self.step}/reorder", {"position": 1}),
            (f"{self.step}/captures", {"capture_id": step["captures"][0]["id"], "position": 1}),
            (f"{self.step}/custom-fields", {"custom_fields": step["custom_fields"]}),
            (f"{self.path}/custom-fields", {"custom_fields": template["custom_fields"]}),
        ]


def newest(api: Api) -> int:
    return api.data("GET", "/activity-feeds?per_page=1")[0]["id"]


def test_parts_of_a_template_put_back_leave_it_as_it_is(org: Organization) -> None:
    """No backup is lost to it, no draft begins, launches go on with the version there is, copies and tags held hear
    nothing. Spec: T-10.18.
    """
    bakery, api = Bakery(org), org.api
    api.data("PUT", bakery.path, {"title": "Bake", "dual_version_enabled": True})
    api.data("PUT", f"{bakery.path}/publish")
    org.process(bakery.template)
    before, tag = bakery.whole(), api.get(bakery.path).headers["ETag"]
    versions, backups = (api.data("GET", f"{bakery.path}/{name}") for name in ("versions", "backups"))
    place, line = api.get("/checklists?updated_since=now").json()["sync"]["next"], newest(api)
    org.server.clock.advance(**LATER)

    for path, part in bakery.parts():
        answer = api.put(path, part)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        assert bakery.whole() == before, path
        assert newest(api) == line, path

    assert api.data("GET", f"{bakery.path}/versions") == versions
    assert api.data("GET", f"{bakery.path}/backups") == backups
    assert api.get(f"/checklists?updated_since={place}").json()["data"] == []
    api.put(bakery.path, {"title": "Loaf"}, headers={"If-Match": tag}).raise_for_status()


def test_a_task_put_back_with_its_form_keeps_the_form_of_its_version(org: Organization) -> None:
    """Though what is read beside a field has its snippet filled in. Spec: api-tasks 10, behaviour-templates T-13.3."""
    bakery, api = Bakery(org), org.api
    run = org.process(bakery.template)
    [task, _] = api.data("GET", f"/runs/{run['id']}/tasks?with=form_fields,summary")
    assert "<i>time</i>" in task["form_fields"]["data"][0]["guidance"]
    line, tag = newest(api), api.get(f"/runs/{run['id']}").headers["ETag"]

    answer = api.put(f"/runs/{run['id']}/tasks/{task['id']}", task, headers={"If-Match": tag})

    assert answer.status_code == 200, answer.text
    assert newest(api) == line
    api.put(f"/runs/{run['id']}", {"name": "Bread"}, headers={"If-Match": tag}).raise_for_status()


def test_what_is_changed_beside_it_is_all_that_changes(org: Organization) -> None:
    bakery, api = Bakery(org), org.api
    [first, second] = bakery.whole()["prerun"]
    org.server.clock.advance(**LATER)

    changed = api.data("PUT", bakery.path, {"title": "Bake", "prerun": [first, {**second, "label": "Day"}]})

    assert changed["last_updated"] == changed["prerun"][1]["last_updated"] > first["last_updated"]
    assert changed["prerun"][0] == first
    [row] = api.data("GET", "/activity-feeds?per_page=1")
    assert row["field"] == ["kickoff"]


def things(org: Organization) -> list[str]:
    """The addresses of one of each of the other things that are read and put back."""
    api, person = org.api, org.person()
    template = org.template(steps=["Call"])
    daily = {"checklist_id": template["id"], "frequency": "daily", "name": "Each day", "is_active": True}
    absence = {"starts_on": "2031-01-01", "ends_on": "2031-01-02"}
    cities = {"name": "Cities", "columns": ["City"], "rows": [["Kiel"], ["Turin"]]}
    key = {"key": "note", "applies_to": "member", "field_type": "text"}
    made = {
        "recurring-jobs": daily,
        "text-templates": {"title": "Safety", "content": "Wear a <b>helmet</b>"},
        "lists": cities,
        "custom-field-keys": key,
        "roles": {"name": "Pilot", "users": [person.id]},
        "absences": absence,
    }
    guest = org.guest(first_name="Ana")["email"]
    return [
        f"/groups/{org.group(members=[person], guests=[guest])['id']}",
        f"/guests/{guest}",
        f"/tags/{org.tag()['id']}",
        f"/folders/{org.folder(kind='run')['id']}",
        f"/users/{person.id}",
        f"/users/{person.id}/custom-fields",
        "",
        "/me",
        f"/runs/{org.process(template)['id']}",
        f"/tasks/{org.one_off()['id']}",
        *(f"/{name}/{api.data('POST', f'/{name}', body)['id']}" for name, body in made.items()),
    ]


def shown(api: Api, path: str) -> dict[str, Any]:
    """The thing as it is read; those that only stand in a list, as they stand there."""
    listed, _, thing_id = path.rpartition("/")
    if listed not in ("/roles", "/absences"):
        return api.data("GET", path)
    return next(each for each in api.data("GET", listed) if str(each["id"]) == thing_id)


def test_milestones_of_a_process_put_back_stay_those_of_its_version(org: Organization) -> None:
    """Nobody changed them, so a move to another version goes on following the template. Spec: api-processes 15."""
    bakery, api = Bakery(org), org.api
    run = org.process(bakery.template)
    path = f"/runs/{run['id']}/stages"
    [stage] = before = api.data("GET", path)
    tag = api.get(f"/runs/{run['id']}").headers["ETag"]

    answer = api.put(f"{path}/{stage['id']}", stage, headers={"If-Match": tag})

    assert (answer.status_code, answer.json()["data"]) == (200, stage)
    assert api.data("GET", path) == before
    api.put(f"/runs/{run['id']}", {"name": "Bread"}, headers={"If-Match": tag}).raise_for_status()


@pytest.mark.parametrize("number", range(16))
def test_other_things_put_back_are_as_they_were(org: Organization, number: int) -> None:
    path, api = things(org)[number], org.api
    before, line = shown(api, path), newest(api)
    tag = api.get("/runs").headers["ETag"]
    org.server.clock.advance(**LATER)

    answer = api.put(path, before)

    assert answer.status_code == 200, answer.text
    assert shown(api, path) == before
    assert newest(api) == line
    assert api.get("/runs", headers={"If-None-Match": tag}).status_code == 304, "nobody's rights changed"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"deadline": "2031-02-08T10:00:00Z"}, id="D6 a Saturday moves to Monday again"),
        pytest.param({"owners": {"guests": ["ana@partner.test"]}}, id="U1 the same member joins the guest again"),
        pytest.param({"summary": "1 < 2"}, id="markup is made safe again"),
    ],
)
def test_what_is_sent_again_as_it_was_sent_is_no_change(org: Organization, said: dict[str, Any]) -> None:
    """Though it is not stored as it was sent. What was done before can still be undone."""
    api = org.api
    week = {day: {"working": day != "Saturday"} for day in ("Monday", "Saturday")}
    api.data("PUT", "", {"name": "Fernwood", "working_days": week})
    run = org.process(org.template(steps=["Call"]))
    [task] = api.data("GET", f"/runs/{run['id']}/tasks")
    path = f"/runs/{run['id']}/tasks/{task['id']}"
    once = api.data("PUT", path, said)
    api.put(f"{path}/hide").raise_for_status()
    before, line = api.data("GET", path), newest(api)
    org.server.clock.advance(**LATER)

    api.data("PUT", path, said)

    assert api.data("GET", path) == before
    assert {name: before[name] for name in said} == {name: once[name] for name in said}
    assert newest(api) == line
    assert api.data("POST", f"/tasks/{task['id']}/undo", status=200)["status"] == "not-started"


@on_one_database
def test_a_schedule_that_is_over_may_be_sent_back(org: Organization) -> None:
    """Spec: api-conventions 13; a change to it would be refused, as it is never due again."""
    org.server.clock.freeze()
    once = {"checklist_id": org.template(steps=["Go"])["id"], "rrule": "FREQ=DAILY;COUNT=1"}
    path = f"/recurring-jobs/{org.api.data('POST', '/recurring-jobs', once)['id']}"
    org.server.clock.advance(days=2)
    org.admin.api.token = org.token(org.admin.id)
    now = org.api.data("GET", path)

    assert org.api.data("PUT", path, now) == now
    assert org.api.put(path, {**now, "name": "Other"}).status_code == 422
