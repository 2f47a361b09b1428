"""Steps and milestones of templates. Spec: api-templates 4, 7, 12; behaviour-templates 5-8, 19 (TT-4, TT-7)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization, text_field
from tests.harness import Api

DEADLINE = {"value": 3, "unit": "days", "option": "from", "step": "start_run"}


class Steps:
    """One template's steps, through the API."""

    def __init__(self, org: Organization, *steps: str | dict[str, Any]) -> None:
        self.org = org
        self.template = org.template(steps=steps)
        self.path = f"/checklists/{self.template['id']}/steps"
        self.ids = [step["id"] for step in self.template["steps"]]

    @property
    def api(self) -> Api:
        return self.org.api

    def all(self) -> list[dict[str, Any]]:
        return self.api.data("GET", f"{self.path}?without_pagination=1")

    def titles(self) -> list[str]:
        return [step["title"] for step in self.all()]

    def one(self, index: int = 0) -> dict[str, Any]:
        return self.api.data("GET", f"{self.path}/{self.ids[index]}")


def test_4_a_step_is_appended_whatever_position_it_asks_for(org: Organization) -> None:
    """T-5.2: what no step has is ignored and told."""
    steps = Steps(org, "One")

    answer = steps.api.post(steps.path, {"title": "Two", "position": 1, "checklist_id": "else", "description": "x"})
    made = answer.json()["data"]

    assert answer.status_code == 201 and "body:description" in answer.headers["X-Ignored-Params"].split(", ")
    assert made["position"] == 2 and steps.titles() == ["One", "Two"]
    assert made["checklist_id"] == steps.template["id"] and made["owner_id"] == org.admin.id


def test_a_new_step_has_the_documented_defaults(org: Organization) -> None:
    """Spec: api-templates 4.1. T-7.5."""
    org.api.data("PUT", "", {"name": "Fernwood", "default_deadline": {"type": "hours", "value": 9}})

    step = Steps(org, "One").one()

    assert step["deadline"] == {"value": 9, "unit": "hours", "option": "from", "step": "start_run"}
    assert step["start_date"] == {"value": 2, "unit": "hours"}
    true = {"allow_guest_owners", "is_soft_start_date", "assign_run_starter"}
    assert {name for name, value in step.items() if value is True} == true
    assert [step[name] for name in ("assignees", "guests", "groups", "captures", "roles")] == [[]] * 5
    assert (step["step_type"], step["max_assignable"], step["bp_to_launch"]) == ("task", 0, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "title", id="4 no title"),
        pytest.param({"title": ""}, "title", id="4 empty title"),
        pytest.param({"title": "x" * 601}, "title", id="T-5.1 601 characters"),
        pytest.param({"title": "x", "step_type": "chore"}, "step_type", id="unknown type"),
        pytest.param({"title": "x", "webhook": "not a url"}, "webhook", id="webhook is no URL"),
        pytest.param({"title": "x", "assignees": [999999999]}, "assignees.0", id="unknown member"),
        pytest.param({"title": "x", "assignees": ["Ana"]}, "assignees.0", id="a name is no member"),
        pytest.param({"title": "x", "groups": ["f" * 32]}, "groups.0", id="unknown group"),
        pytest.param({"title": "x", "guests": ["nobody"]}, "guests.0", id="T-8.4 no address"),
        pytest.param({"title": "x", "max_assignable": -1}, "max_assignable", id="negative cap"),
        pytest.param({"title": "x", "stage_id": "f" * 32}, "stage_id", id="unknown milestone"),
        pytest.param(
            {"title": "x", "deadline": {"value": 2, "unit": "days", "option": "from"}},
            "deadline.step",
            id="5 three of four",
        ),
        pytest.param(
            {"title": "x", "deadline": {**DEADLINE, "unit": "fortnights"}}, "deadline.unit", id="5 fortnights"
        ),
        pytest.param({"title": "x", "deadline": {**DEADLINE, "option": "later"}}, "deadline.option", id="TT-7 later"),
        pytest.param({"title": "x", "deadline": {**DEADLINE, "value": -1}}, "deadline.value", id="negative deadline"),
        pytest.param({"title": "x", "deadline": {**DEADLINE, "step": "f" * 32}}, "deadline.step", id="unknown anchor"),
        pytest.param({"title": "x", "deadline": 5}, "deadline", id="a deadline is an object"),
        pytest.param(
            {"title": "x", "start_date": {"value": 0, "unit": "days"}}, "start_date.value", id="T-7.8 start of 0"
        ),
        pytest.param({"title": "x", "bp_to_launch": {"id": "f" * 32}}, "bp_to_launch.id", id="unknown follow-up"),
    ],
)
def test_a_bad_step_is_refused_naming_the_field(org: Organization, body: dict[str, Any], field: str) -> None:
    steps = Steps(org, "One")

    with unchanged(org):
        for refused in (steps.api.post(steps.path, body), steps.api.put(f"{steps.path}/{steps.ids[0]}", body)):
            assert_refused(refused, 422)
            assert field in refused.json()["errors"]


def test_all_faults_of_a_step_are_reported_at_once(org: Organization) -> None:
    steps = Steps(org)

    refused = steps.api.post(steps.path, {"step_type": "chore", "deadline": {"unit": "eons"}, "start_date": 3})

    assert set(refused.json()["errors"]) == {
        "title", "step_type", "deadline.value", "deadline.unit", "deadline.option", "deadline.step", "start_date",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        pytest.param({"title": "T", "summary": "s"}, {"title": "T", "summary": "s"}, id="TT-7 title and summary"),
        pytest.param({"title": "T", "assignees": []}, {"title": "T", "assignees": []}, id="TT-7 members cleared"),
        pytest.param({"title": "T", "assignees": None}, {"title": "T"}, id="null clears no list"),
        pytest.param({"title": "T", "summary": None}, {"title": "T", "summary": None}, id="null clears a text"),
        pytest.param(
            {"title": "T", "deadline": {"value": "2", "unit": "day", "option": "after", "step": "start_process"}},
            {"title": "T", "deadline": {"value": 2, "unit": "days", "option": "from", "step": "start_run"}},
            id="TT-7 16 other words",
        ),
        pytest.param(
            {"title": "T", "start_date": {"value": 1, "unit": "days"}},
            {"title": "T", "start_date": {"value": 1, "unit": "days"}},
            id="TT-7 start date, start-anytime stays on",
        ),
        pytest.param({"title": "T", "max_assignable": None}, {"title": "T"}, id="DEC-50 null is no cap"),
        pytest.param({"title": "T", "top_secret": "1"}, {"title": "T", "top_secret": True}, id="flag as text"),
    ],
)
def test_what_a_step_update_does_not_mention_stays(
    org: Organization, body: dict[str, Any], changed: dict[str, Any]
) -> None:
    steps = Steps(
        org,
        {
            "title": "Weigh", "summary": "old", "assignees": [org.admin.id], "guests": ["G@x.test"],
            "groups": [org.group()["id"]], "deadline": DEADLINE, "captures": [{"label": "Kilos"}],
        },
    )  # fmt: skip
    before = steps.one()

    after = steps.api.data("PUT", f"{steps.path}/{steps.ids[0]}", body)

    assert after == {**before, **changed, "last_updated": after["last_updated"]}
    assert after["guests"] == ["g@x.test"] and after == steps.one()


def test_4_an_update_needs_the_title_unless_it_only_moves(org: Organization) -> None:
    steps = Steps(org, {"title": "One", "assignees": [org.admin.id]}, "Two", "Three")
    path = f"{steps.path}/{steps.ids[0]}"

    assert steps.api.put(path, {"summary": "x"}).status_code == 422
    moved = steps.api.data("PUT", path, {"position": "2"})

    assert moved["position"] == 2 and moved["assignees"] == [org.admin.id]
    assert steps.titles() == ["Two", "One", "Three"]
    assert steps.api.put(path, {"position": 0}).status_code == 422
    assert steps.api.put(path, {"position": "last"}).status_code == 422


@pytest.mark.parametrize(
    ("position", "expected"),
    [(1, ["C", "A", "B"]), (2, ["A", "C", "B"]), (3, ["A", "B", "C"]), (99, ["A", "B", "C"])],
)
def test_reordering_shifts_the_others_and_clamps(org: Organization, position: int, expected: list[str]) -> None:
    steps = Steps(org, "A", "B", "C")

    answer = steps.api.data("PUT", f"{steps.path}/{steps.ids[2]}/reorder", {"position": position})

    assert steps.titles() == expected and answer["position"] == min(position, 3)
    assert [step["position"] for step in steps.all()] == [1, 2, 3]
    for bad in ({}, {"position": 0}, {"position": "x"}):
        assert steps.api.put(f"{steps.path}/{steps.ids[2]}/reorder", bad).status_code == 422


def test_tt_4_a_step_another_deadline_counts_from_is_not_deleted(org: Organization) -> None:
    """T-5.4: a step takes its fields along, and nothing brings it back."""
    steps = Steps(org, "Weigh", "Label", {"title": "Ship", "captures": [{"label": "Kilos"}]})
    weigh, label, ship = steps.ids
    fields = f"/checklists/{steps.template['id']}/form-fields"
    assert [each["label"] for each in org.api.data("GET", fields)["form_fields"]] == ["Kilos"]
    after_weigh = {"value": 1, "unit": "days", "option": "from", "step": weigh}
    steps.api.data("PUT", f"{steps.path}/{label}", {"title": "Label", "deadline": after_weigh})

    refused = steps.api.delete(f"{steps.path}/{weigh}")

    assert refused.status_code == 403 and '"Label"' in refused.json()["message"]
    assert steps.titles() == ["Weigh", "Label", "Ship"]
    assert steps.api.delete(f"{steps.path}/{ship}").json() == {}
    assert org.api.data("GET", fields)["form_fields"] == []
    assert steps.api.put(f"{steps.path}/{ship}", {"title": "Ship"}).status_code == 404
    assert steps.api.delete(f"{steps.path}/{label}").status_code == 200
    assert steps.api.delete(f"{steps.path}/{weigh}").status_code == 200
    assert steps.api.delete(f"{steps.path}/{weigh}").status_code == 404


def test_t_7_7_deadlines_that_wait_for_each_other_are_refused(org: Organization) -> None:
    steps = Steps(org, "A", "B", "C")
    a, b, c = steps.ids

    def counted_from(step: str, anchor: str) -> int:
        deadline = {"value": 1, "unit": "days", "option": "from", "step": anchor}
        return steps.api.put(f"{steps.path}/{step}", {"title": "x", "deadline": deadline}).status_code

    assert counted_from(a, a) == 422
    assert counted_from(b, a) == 200 and counted_from(c, b) == 200
    assert counted_from(a, c) == 422
    assert steps.one(0)["deadline"]["step"] == "start_run"


def test_a_copied_step_follows_its_original(org: Organization) -> None:
    """T-5.5."""
    tag = org.tag("Urgent")
    steps = Steps(
        org, {"title": "One", "assignees": [org.admin.id], "tags": [tag["id"]], "captures": [{"label": "Kilos"}]}, "Two"
    )

    copy = steps.api.data("POST", f"{steps.path}/{steps.ids[0]}/clone")
    named = steps.api.data("POST", f"{steps.path}/{steps.ids[0]}/clone", {"title": "Mine"})

    assert steps.titles() == ["One", "Mine", "One - Copy", "Two"]
    assert copy["position"] == 2 and named["title"] == "Mine" and copy["assignees"] == [org.admin.id]
    original = steps.one()
    fields = [step["captures"][0] for step in (original, copy, named)]
    assert len({field["id"] for field in fields}) == len({field["alias"] for field in fields}) == 3
    assert len({step["alias"] for step in steps.all()}) == 4
    shown = steps.api.data("GET", f"{steps.path}/{copy['id']}?with=tags")
    assert [each["tag_id"] for each in shown["tags"]["data"]] == [tag["id"]]


def test_tags_of_a_new_step_are_named_by_id_or_title(org: Organization) -> None:
    first, second = org.tag("Urgent"), org.tag("Wet")
    steps = Steps(org)

    made = steps.api.data("POST", steps.path, {"title": "x", "tags": [first["id"], "URGENT", "wet"]})

    shown = steps.api.data("GET", f"{steps.path}?with=tags")
    assert [each["tag_id"] for each in shown[0]["tags"]["data"]] == [first["id"], second["id"]]
    assert "tags" not in steps.api.data("GET", f"{steps.path}/{made['id']}")
    refused = steps.api.post(steps.path, {"title": "x", "tags": ["wet", "nope"]})
    assert refused.status_code == 422 and list(refused.json()["errors"]) == ["tags.1"]


def test_a_guest_is_no_member(org: Organization) -> None:
    """T-8.4."""
    steps = Steps(org)
    refused = steps.api.post(steps.path, {"title": "x", "guests": ["a@b.test", org.admin.email.upper()]})
    assert refused.status_code == 422 and list(refused.json()["errors"]) == ["guests.1"]


def test_a_step_launches_only_templates_that_can_be_launched(org: Organization) -> None:
    """api-templates 4.5, T-1.9."""
    good = org.template(type="form")
    needy = org.template(kickoff=[{"label": "K", "required": True}])
    document, gone = org.template(type="document"), org.template()
    org.api.delete(f"/checklists/{gone['id']}")
    steps = Steps(org, "One")
    path = f"{steps.path}/{steps.ids[0]}"

    for bad in (needy, document, gone):
        refused = steps.api.put(path, {"title": "One", "bp_to_launch": {"id": bad["id"]}})
        assert refused.status_code == 422 and "bp_to_launch.id" in refused.json()["errors"]
    chosen = {"id": good["id"], "default_name_format": "Then {{DATE}}", "tasks_within_process": True}
    assert steps.api.data("PUT", path, {"title": "One", "bp_to_launch": chosen})["bp_to_launch"] == chosen
    org.api.delete(f"/checklists/{good['id']}")
    assert steps.api.put(path, steps.one()).status_code == 200, "a whole step can be sent back"
    assert steps.api.data("PUT", path, {"title": "One", "bp_to_launch": None})["bp_to_launch"] is None


def test_steps_are_listed_in_pages_of_ten(org: Organization) -> None:
    """S1, T-5.9."""
    steps = Steps(org, *[f"Step {n}" for n in range(12)])

    first = steps.api.get(steps.path).json()
    second = steps.api.get(f"{steps.path}?page=2")

    assert len(first["data"]) == 10 and first["meta"]["pagination"]["total"] == 12
    assert [step["title"] for step in second.json()["data"]] == ["Step 10", "Step 11"]
    assert steps.api.get(f"{steps.path}?page=99").json()["data"] == []
    assert len(steps.titles()) == 12


def test_a_template_has_at_most_500_steps(org: Organization) -> None:
    exported = {"title": "x", "type": "procedure", "steps": [{"title": f"S{n}"} for n in range(500)]}
    template = org.api.data("POST", "/checklists?import=1", exported)

    refused = org.api.post(f"/checklists/{template['id']}/steps", {"title": "One more"})

    assert refused.status_code == 422 and "500" in refused.json()["message"]
    assert org.api.post("/checklists?import=1", {**exported, "steps": [{"title": "x"}] * 501}).status_code == 422


def test_a_template_is_at_most_2_mib(org: Organization) -> None:
    steps = Steps(org, "One")
    path = f"{steps.path}/{steps.ids[0]}"
    assert steps.api.put(path, {"title": "One", "summary": "x" * 2_000_000}).status_code == 200

    refused = steps.api.post(steps.path, {"title": "Two", "summary": "x" * 200_000})

    assert refused.status_code == 422 and "2 MiB" in refused.json()["message"]
    assert steps.titles() == ["One"]


def test_steps_added_at_once_all_get_a_place_of_their_own(org: Organization) -> None:
    steps = Steps(org)

    def add(n: int) -> int:
        return steps.api.post(steps.path, {"title": f"Step {n}"}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(add, range(16)))

    assert statuses == [201] * 16
    made = steps.all()
    assert sorted(step["title"] for step in made) == sorted(f"Step {n}" for n in range(16))
    assert [step["position"] for step in made] == list(range(1, 17))
    assert len({step["alias"] for step in made}) == 16


def test_another_templates_step_is_not_found(org: Organization, other_org: Organization) -> None:
    ours, other, theirs = Steps(org, "One"), Steps(org, "Two"), Steps(other_org, "Three")

    for stranger in (other.ids[0], theirs.ids[0], "f" * 32, "x"):
        path = f"{ours.path}/{stranger}"
        assert org.api.get(path).status_code == 404
        assert org.api.put(path, {"title": "x"}).status_code == 404
        assert org.api.delete(path).status_code == 404
        assert org.api.post(f"{path}/clone").status_code == 404
        assert org.api.put(f"{path}/reorder", {"position": 1}).status_code == 404
        assert org.api.post(f"{path}/captures", text_field()).status_code == 404
    assert org.api.get(theirs.path).status_code == 404


def test_an_archived_templates_steps_are_not_changed(org: Organization) -> None:
    """T-1.9"""
    steps = Steps(org, "One")
    org.api.delete(f"/checklists/{steps.template['id']}")

    assert steps.api.get(steps.path).status_code == 404
    assert steps.api.post(steps.path, {"title": "Two"}).status_code == 422
    assert steps.api.delete(f"{steps.path}/{steps.ids[0]}").status_code == 422


def test_milestones_group_steps(org: Organization) -> None:
    """T-5.20, T-5.21."""
    steps = Steps(org, "One", "Two", "Three")
    one, two, three = steps.ids
    path = f"/checklists/{steps.template['id']}/stages"

    first = org.api.data("POST", path, {"name": "First"})
    second = org.api.data("POST", path, {"name": "Second"})
    zeroth = org.api.data("POST", path, {"name": "Zeroth", "position": 1})
    org.api.data("PUT", f"{path}/{second['id']}", {"steps": [one, three], "name": "Last"})
    org.api.data("PUT", f"{steps.path}/{two}", {"title": "Two", "stage_id": first["id"]})
    org.api.data("PUT", f"{path}/{first['id']}", {"position": 9})

    assert org.api.data("GET", path) == [
        {"id": zeroth["id"], "name": "Zeroth", "position": 1, "steps": []},
        {"id": second["id"], "name": "Last", "position": 2, "steps": [one, three]},
        {"id": first["id"], "name": "First", "position": 3, "steps": [two]},
    ]
    org.api.data("PUT", f"{path}/{second['id']}", {"steps": [one]})
    assert steps.one(2)["stage_id"] is None
    assert org.api.delete(f"{path}/{second['id']}").status_code == 204
    assert steps.one(0)["stage_id"] is None and len(steps.titles()) == 3
    assert org.api.delete(f"{path}/{second['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "name", id="no name"),
        pytest.param({"name": "  "}, "name", id="blank name"),
        pytest.param({"name": "x" * 251}, "name", id="T-5.20 251 characters"),
        pytest.param({"name": "x", "position": 0}, "position", id="position 0"),
        pytest.param({"name": "x", "steps": ["f" * 32]}, "steps.0", id="unknown step"),
    ],
)
def test_a_bad_milestone_is_refused(org: Organization, body: dict[str, Any], field: str) -> None:
    path = f"/checklists/{org.template()['id']}/stages"
    stage = org.api.data("POST", path, {"name": "Good"})

    with unchanged(org):
        refused = org.api.put(f"{path}/{stage['id']}", body) if "steps" in body else org.api.post(path, body)

    assert_refused(refused, 422)
    assert field in refused.json()["errors"]
