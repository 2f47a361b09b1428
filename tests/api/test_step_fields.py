"""Form fields of steps. Spec: api-templates 5, 6, 12; behaviour-templates 11."""

from typing import Any

import pytest

from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization, text_field
from tests.harness import Api

OPTIONS = [{"id": 1, "text": "Sand"}, {"id": 2, "text": "Gravel"}]


class Fields:
    """The fields of a template's two steps, through the API."""

    def __init__(self, org: Organization, *fields: dict[str, Any]) -> None:
        template = org.template(steps=[{"title": "One", "captures": fields}, "Two"])
        self.api: Api = org.api
        self.steps = [f"/checklists/{template['id']}/steps/{step['id']}" for step in template["steps"]]
        self.step_ids = [step["id"] for step in template["steps"]]
        self.path = f"{self.steps[0]}/captures"
        self.made = template["steps"][0]["captures"]

    def labels(self, step: int = 0) -> list[str]:
        fields = self.api.data("GET", self.steps[step])["captures"]
        assert [field["position"] for field in fields] == list(range(1, len(fields) + 1))
        return [field["label"] for field in fields]


@pytest.mark.parametrize(
    "definition",
    [
        pytest.param({"field_type": "text", "prefix": "EUR", "field_validation": "numeric|min:3"}, id="text"),
        pytest.param({"field_type": "textarea", "use_wysiwyg_editor": False}, id="textarea"),
        pytest.param({"field_type": "radio", "options": OPTIONS}, id="radio"),
        pytest.param({"field_type": "dropdown", "options": OPTIONS[:1]}, id="dropdown"),
        pytest.param(
            {"field_type": "multiselect", "options": OPTIONS, "settings": {"must_all_checked": True}}, id="multiselect"
        ),
        pytest.param({"field_type": "date", "collect_time": True}, id="date"),
        pytest.param({"field_type": "email"}, id="email"),
        pytest.param({"field_type": "file"}, id="file"),
        pytest.param({"field_type": "table", "columns": [{"id": 1, "label": "Item"}]}, id="table"),
        pytest.param({"field_type": "assignees_form"}, id="assignees_form"),
        pytest.param(
            {"field_type": "number", "minimum": 0.5, "maximum": 9, "decimals": 1, "unit": "kg"}, id="T-11.51 number"
        ),
        pytest.param({"field_type": "currency", "currency": "JPY", "decimals": 0, "maximum": 5}, id="T-11.52 currency"),
    ],
)
def test_a_field_of_every_type_is_made_and_sent_back_whole(org: Organization, definition: dict[str, Any]) -> None:
    fields = Fields(org)

    made = fields.api.data("POST", fields.path, text_field(**definition))
    again = fields.api.data("PUT", f"{fields.path}/{made['id']}", {k: v for k, v in made.items() if k != "id"})

    assert made["step_id"] == fields.step_ids[0] and made["field_type"] == definition["field_type"]
    assert again == {**made, "last_updated": again["last_updated"]}
    assert fields.api.data("GET", fields.steps[0])["captures"] == [again]
    if definition["field_type"] == "text":
        assert made["field_validation"] == ["numeric", "min:3"] and made["prefix"] == "EUR"


@pytest.mark.parametrize(
    ("definition", "field"),
    [
        pytest.param({"label": "Only"}, "field_type", id="6 only a label"),
        pytest.param({"label": "x", "field_type": "text"}, "required", id="required has no default"),
        pytest.param({"label": "", "field_type": "text", "required": True}, "label", id="empty label"),
        pytest.param(text_field(field_type="checkbox"), "field_type", id="T-11.2 checkbox"),
        pytest.param(text_field(field_type="radio", options=OPTIONS[:1]), "options", id="6 radio with one option"),
        pytest.param(
            text_field(field_type="dropdown", options=[{"id": 1}]), "options.0.text", id="option without text"
        ),
        pytest.param(
            text_field(field_type="dropdown", options=[{"text": "x"}]), "options.0.id", id="option without id"
        ),
        pytest.param(text_field(field_type="table"), "columns", id="table without columns"),
        pytest.param(text_field(position=0), "position", id="position 0"),
        pytest.param(text_field(position=10_000), "position", id="position 10000"),
    ],
)
def test_a_bad_definition_is_refused_on_both_routes(org: Organization, definition: dict[str, Any], field: str) -> None:
    fields = Fields(org, {"label": "Kept"})
    kept = f"{fields.path}/{fields.made[0]['id']}"

    # F2: a change sends the whole definition again, so the same is demanded there.
    with unchanged(org):
        for refused in (fields.api.post(fields.path, definition), fields.api.put(kept, definition)):
            assert_refused(refused, 422)
            assert field in refused.json()["errors"]


@pytest.mark.parametrize("field_type", ["file", "table", "assignees_form"])
def test_t_11_20_some_types_have_no_default(org: Organization, field_type: str) -> None:
    definition = text_field(field_type=field_type, columns=[{"id": 1, "label": "x"}], default_value_enabled=True)
    refused = org.api.post(Fields(org).path, definition)
    assert refused.status_code == 422 and "default_value_enabled" in refused.json()["errors"]


def test_6_reading_one_field_is_no_method(org: Organization) -> None:
    fields = Fields(org, {})
    refused = fields.api.get(f"{fields.path}/{fields.made[0]['id']}")
    assert refused.status_code == 405 and refused.headers["Allow"] == "DELETE, PATCH, PUT"


def test_6_the_alias_survives_a_new_label_and_type(org: Organization) -> None:
    fields = Fields(org, {"label": "Boat name"}, {"label": "Boat name"})
    first, second = fields.made

    changed = fields.api.data(
        "PUT", f"{fields.path}/{first['id']}", text_field(label="Ship", field_type="dropdown", options=OPTIONS)
    )

    assert (first["alias"], second["alias"]) == ("boat-name-1", "boat-name-2")
    assert (changed["alias"], changed["field_type"], changed["id"]) == (first["alias"], "dropdown", first["id"])


def test_fields_are_placed_and_moved_inside_their_step(org: Organization) -> None:
    fields = Fields(org, {"label": "A"}, {"label": "B"}, {"label": "C"})
    a, b, _ = fields.made

    fields.api.data("POST", fields.path, text_field(label="First", position=1))
    assert fields.labels() == ["First", "A", "B", "C"]
    step = fields.api.data("PUT", fields.path, {"capture_id": a["id"], "position": "9999"})
    assert [each["label"] for each in step["captures"]] == fields.labels() == ["First", "B", "C", "A"]
    fields.api.data("PUT", f"{fields.path}/{b['id']}", {**b, "label": "BB", "position": 1})
    assert fields.labels() == ["BB", "First", "C", "A"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"position": 1}, "capture_id", id="no field"),
        pytest.param({"capture_id": "f" * 32, "position": 1}, "capture_id", id="unknown field"),
        pytest.param({"capture_id": "{a}"}, "position", id="no position"),
        pytest.param({"capture_id": "{a}", "position": 0}, "position", id="position 0"),
        pytest.param({"capture_id": "{a}", "position": 10_000}, "position", id="position 10000"),
    ],
)
def test_bad_positions_are_refused(org: Organization, body: dict[str, Any], field: str) -> None:
    fields = Fields(org, {"label": "A"}, {"label": "B"})
    sent = {name: fields.made[0]["id"] if value == "{a}" else value for name, value in body.items()}

    refused = fields.api.put(fields.path, sent)

    assert refused.status_code == 422 and field in refused.json()["errors"]
    assert fields.labels() == ["A", "B"]


def test_a_field_moves_to_another_step_with_id_and_alias(org: Organization) -> None:
    """F4, T-11.33."""
    fields = Fields(org, {"label": "A"}, {"label": "B"})
    a = fields.made[0]

    moved = fields.api.data(
        "PUT", f"{fields.path}/{a['id']}/move-out", {"target_step_id": fields.step_ids[1], "position": 1}
    )

    assert (moved["id"], moved["alias"], moved["step_id"]) == (a["id"], a["alias"], fields.step_ids[1])
    assert fields.labels(0) == ["B"] and fields.labels(1) == ["A"]
    away = {"target_step_id": "f" * 32, "position": 1}
    assert fields.api.put(f"{fields.steps[1]}/captures/{a['id']}/move-out", away).status_code == 422
    assert fields.api.put(f"{fields.path}/{a['id']}/move-out", away).status_code == 404


def test_a_field_is_deleted(org: Organization) -> None:
    fields = Fields(org, {"label": "A"}, {"label": "B"})
    path = f"{fields.path}/{fields.made[0]['id']}"

    assert fields.api.delete(path).json() == {}
    assert fields.labels() == ["B"]
    assert fields.api.delete(path).status_code == fields.api.put(path, text_field()).status_code == 404


def test_aliases_are_unique_in_the_whole_template(org: Organization) -> None:
    template = org.template(kickoff=[{"label": "Date"}], steps=[{"title": "One", "captures": [{"label": "Date"}]}])
    assert template["prerun"][0]["alias"] == "date-1"
    assert template["steps"][0]["captures"][0]["alias"] == "date-2"
