"""Lookup lists and the fields they feed. Spec: api-templates 11, T-11.5."""

from typing import Any

import pytest

from tests.builders import Organization
from tests.counting import Statements
from tests.harness import Api

CITIES = {"name": "Cities", "columns": ["City", "Land"], "rows": [["Kiel", "DE"], ["Turin", "IT"]]}
KIEL, TURIN = {"id": 1, "text": "Kiel"}, {"id": 2, "text": "Turin"}


def choice(list_id: Any, **more: Any) -> dict[str, Any]:
    return {"label": "City", "field_type": "dropdown", "required": False, "list": list_id, **more}


def texts(field: dict[str, Any]) -> list[str]:
    return [option["text"] for option in field["options"]]


def test_a_list_is_created_read_changed_deleted(api: Api) -> None:
    made = api.data("POST", "/lists", CITIES)
    assert made["columns"] == [{"id": 1, "label": "City"}, {"id": 2, "label": "Land"}]
    assert made["rows"] == [{"id": 1, "cells": ["Kiel", "DE"]}, {"id": 2, "cells": ["Turin", "IT"]}]
    assert api.data("GET", f"/lists/{made['id']}") == made
    assert api.data("GET", "/lists") == [made]

    rows = [{"id": 2, "cells": ["Torino", 7]}, ["Oslo", None]]
    changed = api.data("PUT", f"/lists/{made['id']}", {"rows": rows})
    assert changed["rows"] == [{"id": 2, "cells": ["Torino", "7"]}, {"id": 3, "cells": ["Oslo", ""]}]
    assert api.data("PUT", f"/lists/{made['id']}", {"name": "Towns"})["rows"] == changed["rows"]

    assert api.request("DELETE", f"/lists/{made['id']}").status_code == 204
    for answer in (
        api.get(f"/lists/{made['id']}"),
        api.put(f"/lists/{made['id']}", {}),
        api.request("DELETE", f"/lists/{made['id']}"),
    ):
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"columns": ["City"]}, "name", id="no name"),
        pytest.param({**CITIES, "name": "TAKEN"}, "name", id="taken, whatever the case"),
        pytest.param({"name": "x"}, "columns", id="no columns"),
        pytest.param({**CITIES, "columns": "City"}, "columns", id="columns that are none"),
        pytest.param({**CITIES, "rows": [["Kiel"]]}, "rows.0", id="a cell too few"),
        pytest.param({**CITIES, "rows": [[["Kiel"], "DE"]]}, "rows.0.0", id="a cell that is none"),
    ],
)
def test_a_bad_list_is_refused_naming_the_field(api: Api, body: dict[str, object], field: str) -> None:
    api.data("POST", "/lists", {"name": "taken", "columns": ["x"]})

    refused = api.post("/lists", body)

    assert refused.status_code == 422 and list(refused.json()["errors"]) == [field]
    assert len(api.data("GET", "/lists")) == 1


def test_light_members_only_read(org: Organization) -> None:
    """behaviour-people 3.1 "Lists: manage"."""
    made = org.person("standard").api.data("POST", "/lists", CITIES)
    light = org.person("light").api

    assert light.data("GET", "/lists") == [made]
    assert light.data("GET", f"/lists/{made['id']}") == made
    assert light.post("/lists", {**CITIES, "name": "x"}).status_code == 403
    assert light.put(f"/lists/{made['id']}", {"rows": []}).status_code == 403
    assert light.request("DELETE", f"/lists/{made['id']}").status_code == 403
    assert org.api.data("GET", "/lists") == [made]


def test_lists_are_listed_by_name_searched_and_paged(api: Api, statements: Statements) -> None:
    api.data("POST", "/lists", {**CITIES, "name": "b"})
    few = statements.of(api, "/lists")
    for name in ("Ä", "C"):
        api.data("POST", "/lists", {**CITIES, "name": name})

    assert [each["name"] for each in api.data("GET", "/lists")] == ["Ä", "b", "C"]
    assert [each["name"] for each in api.data("GET", "/lists?sort=-created_at")] == ["C", "Ä", "b"]
    assert [each["name"] for each in api.data("GET", "/lists?q=a")] == ["Ä"]
    assert api.get("/lists?per_page=2").json()["meta"]["pagination"]["total"] == 3
    assert statements.of(api, "/lists") == few


class Trip:
    """A template whose kick-off form and step ask for a city of the list."""

    def __init__(self, org: Organization) -> None:
        self.org, self.api = org, org.api
        self.list: str = org.api.data("POST", "/lists", CITIES)["id"]
        captures = [choice(self.list), choice({"id": self.list, "column": 2}, label="Land", field_type="radio")]
        kickoff = [choice(self.list, field_type="multiselect")]
        self.template = org.template(kickoff=kickoff, steps=[{"title": "Go", "captures": captures}])
        self.path = f"/checklists/{self.template['id']}"
        self.step: str = self.template["steps"][0]["id"]

    @property
    def fields(self) -> list[dict[str, Any]]:
        """Of the template as it is now: kick-off, city, land."""
        found = self.api.data("GET", f"{self.path}/form-fields")
        return [*found["ko_form_fields"], *found["form_fields"]]

    def fields_of(self, process: dict[str, Any]) -> list[dict[str, Any]]:
        [task] = self.api.data("GET", f"/runs/{process['id']}/tasks?with=form_fields,ko_form_fields")
        return [*task["ko_form_fields"]["data"], *task["form_fields"]["data"]]

    def answer(self, process: dict[str, Any], values: dict[str, Any]) -> int:
        [task] = self.api.data("GET", f"/runs/{process['id']}/tasks")
        return self.api.put(f"/runs/{process['id']}/tasks/{task['id']}", {"taskdata": values}).status_code


def test_choice_fields_take_their_options_from_a_list(org: Organization) -> None:
    trip = Trip(org)

    assert [texts(field) for field in trip.fields] == [["Kiel", "Turin"], ["Kiel", "Turin"], ["DE", "IT"]]
    assert [field["list"] for field in trip.fields] == [trip.list, trip.list, {"id": trip.list, "column": 2}]


def test_a_change_shows_everywhere_at_once(org: Organization) -> None:
    """T-11.5: in templates, in running processes, and in what they accept. Spec: T-10.6."""
    trip = Trip(org)
    process = org.process(trip.template)
    _, city, _ = (field["id"] for field in trip.fields)
    oslo = {"id": 3, "text": "Oslo"}
    assert trip.answer(process, {city: KIEL}) == 200
    assert trip.answer(process, {city: oslo}) == 422

    org.api.data("PUT", f"/lists/{trip.list}", {"rows": [*CITIES["rows"][1:], ["Oslo", "NO"]]})

    expected = [["Turin", "Oslo"], ["Turin", "Oslo"], ["IT", "NO"]]
    assert [texts(field) for field in trip.fields] == expected
    assert [texts(field) for field in trip.fields_of(process)] == expected
    assert [texts(field) for field in trip.fields_of(org.process(trip.template))] == expected
    assert trip.fields_of(process)[1]["field_value"]["text"] == "Kiel", "an answer keeps its stored text (T-11.3)"
    assert trip.answer(process, {city: KIEL}) == 422
    assert trip.answer(process, {city: oslo}) == 200


def test_a_kickoff_form_takes_what_the_list_holds_now(org: Organization) -> None:
    trip = Trip(org)
    org.api.data("PUT", f"/lists/{trip.list}", {"rows": [["Oslo", "NO"], *CITIES["rows"]]})
    body = {"checklist_id": trip.template["id"]}
    kickoff = trip.fields[0]["id"]

    gone = org.api.post("/runs", {**body, "prerun": {kickoff: [{"id": 9, "text": "Rome"}]}})
    process = org.process(trip.template, prerun={kickoff: [{"id": 3, "text": "Oslo"}, TURIN]})

    assert gone.status_code == 422
    assert [each["text"] for each in process["prerun"][kickoff]] == ["Oslo", "Turin"]


def test_a_deleted_list_leaves_its_options(org: Organization) -> None:
    trip = Trip(org)
    process = org.process(trip.template)

    org.api.request("DELETE", f"/lists/{trip.list}").raise_for_status()

    for fields in (trip.fields, trip.fields_of(process)):
        assert [texts(field) for field in fields] == [["Kiel", "Turin"], ["Kiel", "Turin"], ["DE", "IT"]]
    assert [field["list"] for field in trip.fields] == [None, None, None]
    assert trip.answer(process, {trip.fields[1]["id"]: TURIN}) == 200


@pytest.mark.parametrize("wrong", ["6e" * 16, {"id": "6e" * 16, "column": 1}, "cities"])
def test_a_field_points_only_to_a_list_there_is(org: Organization, wrong: Any) -> None:
    trip = Trip(org)
    path = f"{trip.path}/steps/{trip.step}/captures"
    before = trip.fields
    bad = choice(wrong, options=[KIEL, TURIN])

    for refused, field in (
        (org.api.post(path, bad), "list"),
        (org.api.put(f"{path}/{before[1]['id']}", bad), "list"),
        (org.api.put(trip.path, {"title": "x", "prerun": [bad]}), "prerun.0.list"),
        (org.api.post("/checklists", {"title": "x", "type": "procedure", "prerun": [bad]}), "prerun.0.list"),
    ):
        assert refused.status_code == 422 and list(refused.json()["errors"]) == [field]
    assert trip.fields == before


@pytest.mark.parametrize("kind", [[], {}, 1, None, "city"])
def test_a_field_of_no_known_type_takes_no_list(org: Organization, kind: object) -> None:
    trip = Trip(org)
    path = f"{trip.path}/steps/{trip.step}/captures/{trip.fields[1]['id']}"

    refused = org.api.put(path, choice(trip.list, field_type=kind))

    assert refused.status_code == 422 and "field_type" in refused.json()["errors"]


def test_a_field_stays_with_its_list_until_told_otherwise(org: Organization) -> None:
    """api-templates F2: optional keys left out stay."""
    trip = Trip(org)
    path = f"{trip.path}/steps/{trip.step}/captures/{trip.fields[1]['id']}"
    plain = {"label": "Town", "field_type": "dropdown", "required": True}

    kept = org.api.data("PUT", path, plain)
    left = org.api.data("PUT", path, {**plain, "list": None, "options": [{"id": 1, "text": "Rome"}]})

    assert (kept["label"], kept["list"], texts(kept)) == ("Town", trip.list, ["Kiel", "Turin"])
    assert (left["list"], texts(left)) == (None, ["Rome"])


def test_one_off_tasks_take_the_options_of_now(org: Organization) -> None:
    trip = Trip(org)

    task = org.one_off(form_fields=[choice(trip.list)])

    assert texts(org.api.data("GET", f"/tasks/{task['id']}?with=form_fields")["form_fields"]["data"][0]) == [
        "Kiel", "Turin"
    ]  # fmt: skip


def test_copies_and_exports_keep_the_list_at_home(org: Organization, other_org: Organization) -> None:
    trip = Trip(org)
    exported = org.api.data("GET", f"{trip.path}?with=steps")
    there = other_org.join(org.admin, "admin").api
    copied = org.api.data("POST", f"{trip.path}/clone", {})
    taken = there.data("POST", f"{trip.path}/clone", {"tenant": org.id})
    imported = org.api.data("POST", "/checklists?import=1", {**exported, "title": "x"})
    elsewhere = there.data("POST", "/checklists?import=1", {**exported, "title": "x"})

    for api, made, expected in (
        (org.api, copied, trip.list), (org.api, imported, trip.list), (there, taken, None), (there, elsewhere, None)
    ):  # fmt: skip
        found = api.data("GET", f"/checklists/{made['id']}/form-fields")
        assert (found["form_fields"][0]["list"], texts(found["form_fields"][0])) == (expected, ["Kiel", "Turin"])


def chosen(value: Any) -> Any:
    """Options by their texts."""
    if isinstance(value, list):
        return [each["text"] for each in value]
    return value["text"] if isinstance(value, dict) else value


def test_t_11_5_a_default_goes_along_with_its_row(org: Organization) -> None:
    """Also in versions that are frozen; where the row is gone nothing is filled in, and the form can be sent back."""
    kiel, turin = ({"id": number, "text": text} for number, text in ((1, "Kiel"), (2, "Turin")))
    cities = org.api.data("POST", "/lists", {"name": "Cities", "columns": ["City"], "rows": [["Kiel"], ["Turin"]]})[
        "id"
    ]
    on = {"default_value_enabled": True}
    template = org.template(
        "Trip",
        steps=["Go"],
        kickoff=[
            {"label": "From", "field_type": "dropdown", "list": cities, **on, "default_value": kiel},
            {"label": "Stay", "field_type": "radio", "list": cities, **on, "default_value": "Turin"},
            {"label": "Via", "field_type": "multiselect", "list": cities, **on, "default_value": [kiel, turin]},
        ],
        dual_version_enabled=True,
    )
    path = f"/checklists/{template['id']}"
    org.api.data("PUT", f"{path}/publish")
    org.api.data("PUT", path, {"title": "Trip", "summary": "A draft"})

    def begins(rows: list[dict[str, Any]]) -> list[Any]:
        """The answers that a launch of the published version begins with; the draft's defaults are the same."""
        org.api.data("PUT", f"/lists/{cities}", {"rows": rows})
        sent_back = {"title": "Trip", "prerun": org.api.data("GET", path)["prerun"]}
        defaults = [each["default_value"] for each in org.api.data("PUT", path, sent_back)["prerun"]]
        prerun = org.process(template)["prerun"]
        answers = [prerun.get(field["id"]) for field in template["prerun"]]
        shown = [[chosen(each) for each in found] for found in (answers, defaults)]
        assert shown[0] == shown[1]
        return shown[0]

    first, second = {"id": 1, "cells": ["Kiel"]}, {"id": 2, "cells": ["Torino"]}
    assert begins([first, second]) == ["Kiel", "Torino", ["Kiel", "Torino"]]
    assert begins([second]) == [None, "Torino", ["Torino"]]
    assert begins([]) == [None, None, None]
