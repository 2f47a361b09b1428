"""Versions of templates: listed, read, compared, brought back. Spec: api-templates 2.5, behaviour-templates 10."""

from typing import Any

from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization


class Changing:
    """A template that was launched, changed and launched again, and then changed once more."""

    def __init__(self, org: Organization, **settings: Any) -> None:
        self.org, self.api = org, org.api
        fields = [{"label": "Note"}]
        self.template = org.template("Lease", steps=[{"title": "Call", "captures": fields}, "Sign"], **settings)
        self.id: str = self.template["id"]
        self.path = f"/checklists/{self.id}"
        self.call, self.sign = (step["id"] for step in self.template["steps"])
        self.first = org.process(self.template, name="First")["id"]
        self.api.data("POST", f"{self.path}/steps", {"title": "File"})
        self.second = org.process(self.template, name="Second")["id"]
        self.api.data("PUT", f"{self.path}/steps/{self.call}", {"title": "Phone", "assignees": [org.admin.id]})

    def versions(self) -> list[dict[str, Any]]:
        return self.api.data("GET", f"{self.path}/versions")

    def titles(self, version: int) -> list[str]:
        contents = self.api.data("GET", f"{self.path}/versions/{version}")
        return [step["title"] for step in contents["checklist"]["steps"]["data"]]


def test_a_template_lists_its_versions_and_who_runs_them(org: Organization) -> None:
    """Spec: T-10.1, T-10.2."""
    changing = Changing(org)

    working, second, first = changing.versions()

    assert (working["version"], working["is_working_copy"], working["is_launched"]) == (3, True, True)
    assert (working["frozen_at"], working["frozen_by"], working["processes_count"]) == (None, None, 0)
    assert (second["version"], second["processes_count"], second["frozen_by"]) == (2, 1, org.admin.id)
    assert (first["version"], first["is_launched"], first["is_working_copy"]) == (1, False, False)
    assert [changing.titles(n) for n in (1, 2, 3)] == [
        ["Call", "Sign"],
        ["Call", "Sign", "File"],
        ["Phone", "Sign", "File"],
    ]
    runs = org.api.data("GET", f"{changing.path}/versions/1/processes")
    assert [run["id"] for run in runs] == [changing.first]
    page = org.api.get(f"{changing.path}/versions?per_page=1&page=2").json()
    assert [each["version"] for each in page["data"]] == [2] and page["meta"]["pagination"]["total"] == 3
    for unknown in ("9", "0", "-1", "x", "9" * 30):
        assert org.api.get(f"{changing.path}/versions/{unknown}").status_code == 404
        assert org.api.get(f"{changing.path}/versions/{unknown}/compare").status_code == 404


def test_versions_are_compared(org: Organization) -> None:
    changing = Changing(org)

    compared = org.api.data("GET", f"{changing.path}/versions/1/compare")

    assert (compared["from"], compared["to"]) == (1, 3)
    title, assignees, added = compared["changes"]
    assert (title["part"], title["part_id"], title["attribute"]) == ("step", changing.call, "title")
    assert (title["before"], title["after"]) == ("Call", "Phone")
    assert assignees["sentence"] == 'The assignees of step "Phone" changed from nobody to Mira Okoye.'
    assert (added["change"], added["before"], added["after"]["title"]) == ("added", None, "File")
    back = org.api.data("GET", f"{changing.path}/versions/2/compare?to=1")["changes"]
    assert [each["sentence"] for each in back] == ['Step "File" was removed from position 3.']


def test_a_version_is_brought_back_and_processes_keep_theirs(org: Organization) -> None:
    """Spec: T-10.1, T-10.3: ids stay, so what is known by them goes on."""
    changing = Changing(org)
    org.api.data("PUT", changing.path, {"title": "Renamed", "is_public": True})

    back = org.api.data("POST", f"{changing.path}/versions/1/restore", status=200)

    assert (back["title"], back["is_public"], back["steps_count"]) == ("Renamed", True, 2)
    steps = org.api.data("GET", f"{changing.path}/steps")
    assert [(step["id"], step["title"]) for step in steps] == [(changing.call, "Call"), (changing.sign, "Sign")]
    assert [len(org.api.data("GET", f"/runs/{run}/tasks")) for run in (changing.first, changing.second)] == [2, 3]
    third = org.process(changing.template)
    assert [each["version"] for each in changing.versions()] == [3, 2, 1]
    assert org.api.data("GET", f"{changing.path}/versions/3/processes")[0]["id"] == third["id"]
    with unchanged(org):
        org.api.data("POST", f"{changing.path}/versions/3/restore", status=200)


def test_who_and_what_is_gone_is_not_brought_back(org: Organization) -> None:
    leaver, group = org.person(), org.group()["id"]
    role = org.api.data("POST", "/roles", {"name": "Pilot"})["id"]
    cities = org.api.data("POST", "/lists", {"name": "Cities", "columns": ["City"], "rows": [["Kiel"]]})["id"]
    choice = {"label": "City", "field_type": "dropdown", "list": cities}
    people = {"assignees": [leaver.id, org.admin.id], "groups": [group], "roles": [role]}
    template = org.template(steps=[{"title": "Call", **people, "captures": [choice]}])
    path = f"/checklists/{template['id']}"
    org.process(template)
    org.api.data("PUT", f"{path}/steps/{template['steps'][0]['id']}", {"title": "Phone"})
    for gone in (f"/users/{leaver.id}/disable", f"/groups/{group}", f"/roles/{role}", f"/lists/{cities}"):
        org.api.delete(gone).raise_for_status()

    org.api.data("POST", f"{path}/versions/1/restore", status=200)

    [step] = org.api.data("GET", f"{path}/steps")
    assert (step["title"], step["assignees"], step["groups"], step["roles"]) == ("Call", [org.admin.id], [], [])
    assert (step["captures"][0]["list"], step["captures"][0]["options"][0]["text"]) == (None, "Kiel")


def test_t_10_7_a_draft_is_for_editors(org: Organization) -> None:
    reader = org.person()
    template = org.template(steps=["One"], dual_version_enabled=True)
    org.allow(template, "READ", reader.id)
    path = f"/checklists/{template['id']}"
    org.api.data("PUT", f"{path}/publish")
    org.api.data("POST", f"{path}/steps", {"title": "Two"})

    assert [each["version"] for each in org.api.data("GET", f"{path}/versions")] == [2, 1]
    assert [each["version"] for each in reader.api.data("GET", f"{path}/versions")] == [1]
    assert reader.api.get(f"{path}/versions/2").status_code == 404
    assert reader.api.get(f"{path}/versions/1/compare?to=2").status_code == 404
    assert reader.api.data("GET", f"{path}/versions/1/compare")["changes"] == []
    with unchanged(org):
        assert_refused(reader.api.post(f"{path}/versions/1/restore"), 403)
    assert org.api.data("POST", f"{path}/versions/1/restore", status=200)["is_published_state"] is False


def test_t_10_7_the_type_is_nothing_a_draft_can_change(org: Organization) -> None:
    """It is the template's, so launches would be of another type than what is published."""
    template = org.template("Dual", steps=["One"], dual_version_enabled=True)
    path, other = f"/checklists/{template['id']}", {"title": "Dual", "type": "form"}
    assert org.api.data("PUT", path, other)["type"] == "form"
    org.api.data("PUT", path, {"title": "Dual", "type": "procedure"})
    org.api.data("PUT", f"{path}/publish")
    off = {"title": "Dual", "dual_version_enabled": False}

    with unchanged(org):
        refused = org.api.put(path, other)
    assert_refused(refused, 422)
    assert list(refused.json()["errors"]) == ["type"]
    assert org.api.data("PUT", path, {**other, "type": "procedure", "summary": "Draft"})["type"] == "procedure"
    org.api.data("PUT", path, off)
    with unchanged(org):
        assert_refused(org.api.put(path, {**other, "dual_version_enabled": True}), 422)
    assert org.api.data("PUT", path, other)["type"] == "form"


def test_a_version_lists_only_processes_the_caller_may_see(org: Organization) -> None:
    changing, reader = Changing(org), org.person()
    org.allow(changing.template, "READ", reader.id)

    assert reader.api.get(f"{changing.path}/versions/1/processes").json()["meta"]["pagination"]["total"] == 0
    org.api.data("PUT", f"/runs/{changing.first}", {"name": "First", "users": [reader.id]})
    assert [run["id"] for run in reader.api.data("GET", f"{changing.path}/versions/1/processes")] == [changing.first]
    assert reader.api.data("GET", f"{changing.path}/versions")[-1]["processes_count"] == 1
    stranger = org.person()
    for path in ("", "/1", "/1/processes", "/1/compare"):
        assert stranger.api.get(f"{changing.path}/versions{path}").status_code == 404


def test_t_2_3_templates_that_the_reader_does_not_know_of_are_not_named(org: Organization) -> None:
    """Neither what a step nor what a rule launches, in comparisons and in the activity. Spec: behaviour-templates T-2.3."""
    reader, target = org.person(), org.template("Severance", steps=["X"])
    template = org.template(steps=["Call", "Sign"])
    path, (call, _) = f"/checklists/{template['id']}", (step["id"] for step in template["steps"])
    org.process(template)
    follow_up = {"id": target["id"], "tasks_within_process": False}
    org.api.data("PUT", f"{path}/steps/{call}", {"title": "Call", "bp_to_launch": follow_up})
    condition = {"conditionable_id": call, "conditionable_type": "Step", "operation": "completed", "statement": None}
    action = {"action_type": "launch", "action_verb": "launch_process", "target_step_id": call}
    action |= {"launch": {"checklist_id": target["id"]}}
    rule = {"automated_alias": "R1", "conditions": [{**condition, "logic": "and"}], "then_actions": [action]}
    org.api.data("POST", f"{path}/automated-actions", rule)
    org.process(template)
    org.allow(template, "READ", reader.id)

    def told(title: str) -> list[str]:
        changes = [each["sentence"] for each in reader.api.data("GET", f"{path}/versions/1/compare?to=2")["changes"]]
        feed = f"/activity-feeds?entity_type=checklist&entity_id={template['id']}&search=launch"
        rows = [each["description"][0] for each in reader.api.data("GET", feed)]
        return [each.replace(f'template "{title}"', f'"{title}"') for each in (*changes, *rows)]

    hidden = told("Severance")
    assert len(hidden) == 4 and all("another template" in each and "Severance" not in each for each in hidden)
    org.allow(target, "DUPLICATE", reader.id)
    org.api.data("PUT", f"/checklists/{target['id']}", {"title": "Leaving"})
    assert told("Leaving") == [each.replace("another template", '"Leaving"') for each in hidden]
