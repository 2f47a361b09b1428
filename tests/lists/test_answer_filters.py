"""Conditions on answers: what is refused, and how they follow what happens to a process. Spec: api-processes 6.2."""

from typing import Any

import pytest

from tests.builders import Organization
from tests.lists.making import Run, follow, ids, launch, listed, pages, tasks_of

pytestmark = pytest.mark.one_application


class Scene:
    """Two templates that differ in one field."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        amount = {"label": "Amount", "field_type": "number"}
        others = [{"label": "Story", "field_type": "textarea"}, {"label": "City"}]
        marks = {
            "label": "Marks", "field_type": "multiselect",
            "options": [{"id": 1, "text": "Red"}, {"id": 2, "text": "Blue"}],
        }  # fmt: skip
        self.first = org.template(kickoff=[amount, *others, marks], steps=["One", {"title": "Two", "captures": [
            {"label": "Weight", "field_type": "number"}]}])  # fmt: skip
        self.second = org.template(kickoff=[amount, {"label": "City", "field_type": "email"}], steps=["One"])
        self.runs = [self.launch(self.first, amount=n) for n in (30, 4, 200)]
        self.other = self.launch(self.second, amount=50)

    def launch(self, template: dict[str, Any], **answers: Any) -> Run:
        named = {field["label"].lower(): field["id"] for field in template["prerun"]}
        return launch(self.org, template, prerun={named[label]: answer for label, answer in answers.items()})


@pytest.fixture(scope="module")
def scenes() -> dict[str, Scene]:
    return {}


@pytest.fixture
def scene(server: Any, scenes: dict[str, Scene]) -> Scene:
    if server.dialect not in scenes:
        scenes[server.dialect] = Scene(Organization(server))
    return scenes[server.dialect]


@pytest.mark.parametrize(
    ("query", "where", "sentence"),
    [
        pytest.param("fields[none-1]=x", "fields.none-1", "has the alias none-1", id="no such field"),
        pytest.param("sort=-fields.none-1", "sort", "has the alias none-1", id="no such order"),
        pytest.param(
            "checklist_id={first}&fields[none-1]=x", "fields.none-1", "No field of these templates", id="not there"
        ),
        pytest.param("fields[city-1]=x", "fields.city-1", "text and an e-mail address", id="types that differ"),
        pytest.param("sort=fields.city-1", "sort", "checklist_id", id="orders that differ"),
        pytest.param(
            "checklist_id={first}&fields[story-1]=x", "fields.story-1", "is a long text", id="nothing to compare"
        ),
        pytest.param("fields[amount-1][empty]=maybe", "fields.amount-1", "must be true or false", id="no flag"),
        pytest.param("fields[]=1", "fields", "is no condition", id="no alias"),
        pytest.param("fields[amount-1][gt][x]=1", "fields", "fields[amount-1][gt][x]", id="too many brackets"),
        pytest.param("fields[amount-1=1", "fields", "is no condition", id="a bracket that is open"),
        pytest.param("fields[amount-1][gt]=many", "fields.amount-1", "number", id="no number"),
        pytest.param("fields[amount-1][contains]=1", "fields.amount-1", "no contains", id="an operator of other types"),
        pytest.param("fields[amount-1][like]=1", "fields.amount-1", "no operator like", id="no operator"),
        pytest.param("fields[amount-1][eq]=", "fields.amount-1", "number", id="no value"),
        pytest.param("sort=fields.marks-1", "sort", "checklist", id="no order"),
        pytest.param("&".join(["fields[amount-1][gt]=1"] * 11), "fields", "At most 10", id="too many"),
    ],
)
def test_what_means_nothing_is_refused(scene: Scene, query: str, where: str, sentence: str) -> None:
    response = scene.org.api.get(f"/runs?{query.format(first=scene.first['id'])}")

    assert response.status_code == 422, response.text
    [message] = response.json()["errors"][where]
    assert sentence in message


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("fields[amount-1][ne]=30&fields[amount-1][ne]=4", [200], id="neither of two"),
        pytest.param("fields[amount-1][gt]=100&fields[amount-1][gt]=3", [200], id="the narrower is first"),
        pytest.param("fields[amount-1][in]=30&fields[amount-1][in]=4", [30, 4], id="two lists are one"),
        pytest.param("fields[amount-1]=30&fields[amount-1]=4", [], id="nobody answers twice"),
        pytest.param("fields[amount-1][empty]=0", [30, 4, 200], id="not empty"),
    ],
)
def test_several_conditions_on_a_field_all_hold(scene: Scene, query: str, found: list[int]) -> None:
    amounts = dict(zip((run["id"] for run in scene.runs), (30, 4, 200), strict=True))
    answer = listed(scene.org.api, f"checklist_id={scene.first['id']}&sort=increment_id&{query}")
    assert [amounts[run["id"]] for run in answer["data"]] == found
    assert answer["meta"]["pagination"]["total"] == len(found)


def test_a_template_tells_which_field_is_meant(scene: Scene) -> None:
    found = listed(scene.org.api, f"checklist_id={scene.first['id']}&fields[city-1][empty]=1&sort=fields.amount-1")

    assert [run["id"] for run in found["data"]] == [scene.runs[n]["id"] for n in (1, 0, 2)]


def test_fields_of_several_templates_are_one_order(scene: Scene) -> None:
    for sort, expected in (("", [1, 0, 3, 2]), ("-", [2, 3, 0, 1])):
        runs = [*scene.runs, scene.other]
        found = ids(scene.org.api, f"fields[amount-1][gt]=3&sort={sort}fields.amount-1")
        assert found == [runs[n]["id"] for n in expected]


def test_answers_are_followed_wherever_they_change(server: Any) -> None:
    org = Organization(server)
    scene = Scene(org)
    run = scene.runs[0]
    heavy = "fields[weight-1][gte]=10"
    _, task = tasks_of(org, run)
    [field] = scene.first["steps"][1]["captures"]
    place = f"/runs/{run['id']}/tasks/{task['id']}"
    assert ids(org.api, heavy) == []

    assert org.api.put(place, {"taskdata": {field["id"]: 12.5}}).is_success
    assert ids(org.api, heavy) == [run["id"]]
    assert org.api.put(f"{place}/hide").is_success
    assert ids(org.api, heavy) == []
    assert org.api.put(f"{place}/show").is_success
    assert ids(org.api, heavy) == [run["id"]]
    assert org.api.delete(f"/runs/{run['id']}").is_success
    assert ids(org.api, heavy) == []
    assert ids(org.api, f"{heavy}&archived=only") == [run["id"]]
    assert org.api.put(f"/runs/{run['id']}/activate").is_success
    assert org.api.put(place, {"taskdata": {field["id"]: None}}).is_success
    assert ids(org.api, f"checklist_id={scene.first['id']}&fields[weight-1][not_empty]") == []


def test_parts_of_answers_are_found_wherever_they_change(server: Any) -> None:
    """Whole processes have other answers that hold the part."""
    org = Organization(server)
    template = org.template(kickoff=[{"label": "City"}, {"label": "Note"}], steps=["One"])
    city, note = (field["id"] for field in template["prerun"])
    other = launch(org, template, prerun={city: "Oslo", note: "Not in Old-Bergen's office"})
    run = launch(org, template, prerun={city: "Old-Bergen's harbour", note: "x"})
    asked = f"checklist_id={template['id']}&fields[city-1][contains]=n's"
    in_note = "fields[note-1][contains]=bergen"
    assert (ids(org.api, asked), ids(org.api, in_note)) == ([run["id"]], [other["id"]])
    assert ids(org.api, f"{asked}&sort=-fields.note-1&fields[note-1][ne]=y") == [run["id"]]
    assert ids(org.api, f"{asked}&{in_note}") == []

    org.api.data("PUT", f"/runs/{run['id']}", {"prerun": {city: "Stavanger"}})
    org.api.data("PUT", f"/runs/{other['id']}", {"prerun": {city: "Stan's", note: "Bergen again"}})
    assert (ids(org.api, asked), ids(org.api, in_note)) == ([other["id"]], [other["id"]])
    org.api.delete(f"/runs/{other['id']}").raise_for_status()
    assert (ids(org.api, asked), ids(org.api, f"{asked}&archived=only")) == ([], [other["id"]])
    org.api.put(f"/runs/{other['id']}/activate").raise_for_status()
    org.api.data("PUT", f"/runs/{other['id']}", {"prerun": {city: None, note: None}})
    assert (ids(org.api, asked), ids(org.api, in_note)) == ([], [])
    assert org.differences() == []


def test_t_11_71_a_hidden_answer_is_none_until_it_is_shown_again(server: Any) -> None:
    """In kick-off forms and in steps."""
    org = Organization(server)
    gate = {"label": "Gate", "field_type": "radio", "options": [{"id": 1, "text": "Yes"}, {"id": 2, "text": "No"}]}
    form = [gate, {"label": "Code"}]
    template = org.template(kickoff=form, steps=[{"title": "One", "captures": [gate, {"label": "Key"}]}])
    path = f"/checklists/{template['id']}"
    [step] = template["steps"]

    def hidden(field: dict[str, Any], gate: dict[str, Any]) -> dict[str, Any]:
        asked = {"field_id": gate["id"], "operation": "equals", "statement": "No"}
        return {**field, "form_rules": [{"effect": "hide", "conditions": [asked]}]}

    org.api.data("PUT", path, {**template, "prerun": [hidden(template["prerun"][1], template["prerun"][0])]})
    key = hidden(step["captures"][1], step["captures"][0])
    org.api.data("PUT", f"{path}/steps/{step['id']}/captures/{key['id']}", key)
    asked, code = (field["id"] for field in template["prerun"])
    shown = launch(org, template, prerun={asked: "Yes", code: "B"})
    run = launch(org, template, prerun={asked: "No", code: "A"})
    [task] = tasks_of(org, run)
    place = f"/runs/{run['id']}/tasks/{task['id']}"
    both = [shown["id"], run["id"]]
    assert ids(org.api, "fields[code-1]=A") == []
    assert ids(org.api, "fields[code-1][empty]=true") == [run["id"]]
    assert ids(org.api, f"checklist_id={template['id']}&sort=fields.code-1") == both

    org.api.data("PUT", f"/runs/{run['id']}", {"prerun": {asked: "Yes"}})
    assert ids(org.api, "fields[code-1]=A") == [run["id"]]
    assert ids(org.api, f"checklist_id={template['id']}&sort=fields.code-1") == [*reversed(both)]

    org.api.data("PUT", place, {"taskdata": {step["captures"][0]["id"]: "Yes", key["id"]: "K"}})
    assert ids(org.api, "fields[key-1]=K") == [run["id"]]
    org.api.data("PUT", place, {"taskdata": {step["captures"][0]["id"]: "No"}})
    assert ids(org.api, "fields[key-1]=K") == []
    assert org.differences() == []


def test_links_lead_through_answers_and_blanks(server: Any) -> None:
    org = Organization(server)
    scene = Scene(org)
    blank = [scene.launch(scene.first)["id"] for _ in range(3)]
    query = f"checklist_id={scene.first['id']}&sort=-fields.amount-1&per_page=2"
    expected = [*(scene.runs[n]["id"] for n in (2, 0, 1)), *reversed(blank)]

    along = list(pages(org.api, query))
    assert [run["id"] for page in along for run in page["data"]] == expected
    assert {page["meta"]["pagination"]["total"] for page in along} == {6}
    back = follow(org.api, along[2]["meta"]["pagination"]["links"]["previous"]).json()
    assert [run["id"] for run in back["data"]] == expected[2:4]


def test_fields_that_have_just_come_up_are_meant_at_once(server: Any) -> None:
    """What is remembered of them is looked up again together with the page (decision 7)."""
    org = Organization(server)
    scene = Scene(org)
    asked = "fields[amount-1][gt]=40"
    expected = [scene.other["id"], scene.runs[2]["id"]]
    for _ in range(2):
        assert ids(org.api, asked) == expected

    third = org.template(kickoff=[{"label": "Amount", "field_type": "number"}], steps=["One"])
    another = scene.launch(third, amount=60)
    assert ids(org.api, asked) == [another["id"], *expected]

    scene.launch(org.template(kickoff=[{"label": "Amount"}], steps=["One"]), amount="many")
    refused = org.api.get(f"/runs?{asked}")
    assert refused.status_code == 422
    assert "of different types" in refused.json()["errors"]["fields.amount-1"][0]
