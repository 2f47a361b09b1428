"""Keys of custom fields. Spec: api-content 6.1."""

from typing import Any

import pytest
from msgspec.structs import replace

from procession.domain.actors import BOT
from procession.storage import field_keys
from procession.storage.tx import WriteTx, writing
from tests.builders import Organization
from tests.harness import Api

REGION = {"key": "region", "applies_to": "process", "field_type": "text"}


def make_system_key(org: Organization, key_id: str) -> None:
    """As a server that seeds keys would."""

    async def work(tx: WriteTx) -> None:
        found = await field_keys.find(tx, key_id)
        assert found is not None
        await field_keys.save(tx, replace(found, key_type="system"))

    server = org.server
    server.run(writing(server.database, org.number, org.id, BOT, server.clock(), work))


def test_a_key_is_created_read_changed_deleted(api: Api) -> None:
    made = api.data("POST", "/custom-field-keys", {**REGION, "label": "Sales region", "is_required": True})
    assert {name: made[name] for name in REGION} == REGION
    assert (made["label"], made["key_type"], made["is_required"], made["is_active"]) == (
        "Sales region", "org", True, True
    )  # fmt: skip
    assert (made["options"], made["columns"]) == ([], [])
    assert api.data("GET", f"/custom-field-keys/{made['id']}") == made

    same = {**REGION, "key_type": "org", "is_active": False}
    changed = api.data("PUT", f"/custom-field-keys/{made['id']}", same)
    assert (changed["is_active"], changed["is_required"], changed["label"]) == (False, True, "Sales region")

    assert api.request("DELETE", f"/custom-field-keys/{made['id']}").status_code == 204
    for answer in (
        api.get(f"/custom-field-keys/{made['id']}"),
        api.put(f"/custom-field-keys/{made['id']}", {}),
        api.request("DELETE", f"/custom-field-keys/{made['id']}"),
    ):
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("word", "record"),
    [("run", "process"), ("user", "member"), ("checklist", "template"), ("form_field", "capture"),
     ("kickoff_field", "prerun"), ("tag", "tag")],
)  # fmt: skip
def test_records_have_other_names(api: Api, word: str, record: str) -> None:
    made = api.data("POST", "/custom-field-keys", {**REGION, "applies_to": word})

    assert made["applies_to"] == record
    assert api.data("GET", f"/custom-field-keys?applies_to={word}") == [made]
    assert api.data("PUT", f"/custom-field-keys/{made['id']}", {"applies_to": word}) is not None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({**REGION, "key": "Region"}, "key", id="no slug"),
        pytest.param({**REGION, "key": "taken"}, "key", id="taken"),
        pytest.param({**REGION, "key": "x" * 61}, "key", id="long"),
        pytest.param({"key": "x", "field_type": "text"}, "applies_to", id="for nothing"),
        pytest.param({**REGION, "applies_to": "planet"}, "applies_to", id="for something else"),
        pytest.param({**REGION, "field_type": "file"}, "field_type", id="a type of form fields only"),
        pytest.param({**REGION, "label": " "}, "label", id="blank label"),
        pytest.param({**REGION, "field_type": "radio"}, "options", id="a choice without options"),
        pytest.param({**REGION, "field_type": "radio", "options": ["a", "a"]}, "options.1.text", id="an option twice"),
        pytest.param({**REGION, "field_type": "radio", "options": [{"id": 1}]}, "options.0.text", id="no text"),
        pytest.param({**REGION, "field_type": "table"}, "columns", id="a table without columns"),
    ],
)
def test_a_bad_key_is_refused_naming_the_field(api: Api, body: dict[str, Any], field: str) -> None:
    api.data("POST", "/custom-field-keys", {**REGION, "key": "taken"})

    refused = api.post("/custom-field-keys", body)

    assert refused.status_code == 422 and list(refused.json()["errors"]) == [field]
    assert len(api.data("GET", "/custom-field-keys")) == 1


def test_the_same_key_serves_several_records(api: Api) -> None:
    for record in ("process", "task", "tag"):
        api.data("POST", "/custom-field-keys", {**REGION, "applies_to": record})

    assert [each["applies_to"] for each in api.data("GET", "/custom-field-keys")] == ["process", "task", "tag"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": "other"}, "key"),
        ({"applies_to": "task"}, "applies_to"),
        ({"field_type": "number"}, "field_type"),
        ({"key_type": "system"}, "key_type"),
    ],
)
def test_what_a_key_is_never_changes(api: Api, change: dict[str, str], field: str) -> None:
    made = api.data("POST", "/custom-field-keys", REGION)

    refused = api.put(f"/custom-field-keys/{made['id']}", {**change, "label": "x"})

    assert refused.status_code == 422 and list(refused.json()["errors"]) == [field]
    assert api.data("GET", f"/custom-field-keys/{made['id']}") == made


def test_options_keep_their_ids(api: Api) -> None:
    body = {**REGION, "field_type": "dropdown", "options": ["EMEA", {"id": 7, "text": "APAC"}]}
    made = api.data("POST", "/custom-field-keys", body)
    assert made["options"] == [{"id": 1, "text": "EMEA"}, {"id": 7, "text": "APAC"}]

    changed = api.data("PUT", f"/custom-field-keys/{made['id']}", {"options": ["APAC", "LATAM"]})

    assert changed["options"] == [{"id": 7, "text": "APAC"}, {"id": 1, "text": "LATAM"}]


def test_keys_are_filtered_and_sorted(api: Api) -> None:
    for key, more in (
        ("b", {"is_required": True}),
        ("a", {"field_type": "number"}),
        ("ab", {"applies_to": "task", "is_active": False}),
    ):
        api.data("POST", "/custom-field-keys", {**REGION, "key": key, **more})

    def keys(query: str) -> list[str]:
        return [each["key"] for each in api.data("GET", f"/custom-field-keys?{query}")]

    assert keys("") == ["b", "a", "ab"]
    assert keys("applies_to=process") == ["b", "a"]
    assert keys("field_type=number") == ["a"]
    assert keys("is_required=true") == ["b"]
    assert keys("is_active=false") == ["ab"]
    assert keys("key_type=system") == []
    assert keys("q=B") == ["b", "ab"]
    assert keys("sort_by=key&sort_direction=desc") == ["b", "ab", "a"]
    assert keys("sort_by=key&per_page=1&page=2") == ["ab"]
    assert keys("applies_to=planet") == ["b", "a", "ab"], "what cannot be read is ignored"


def test_every_member_reads_and_administrators_write(org: Organization) -> None:
    made = org.api.data("POST", "/custom-field-keys", REGION)
    for role in ("standard", "light"):
        api = org.person(role).api
        assert api.data("GET", "/custom-field-keys") == [made]
        assert api.data("GET", f"/custom-field-keys/{made['id']}") == made
        assert api.post("/custom-field-keys", {**REGION, "key": "x"}).status_code == 403
        assert api.put(f"/custom-field-keys/{made['id']}", {"label": "x"}).status_code == 403
        assert api.request("DELETE", f"/custom-field-keys/{made['id']}").status_code == 403


def test_system_keys_are_left_alone(org: Organization) -> None:
    made = org.api.data("POST", "/custom-field-keys", REGION)
    make_system_key(org, made["id"])

    assert org.api.put(f"/custom-field-keys/{made['id']}", {"label": "x"}).status_code == 403
    assert org.api.request("DELETE", f"/custom-field-keys/{made['id']}").status_code == 403
    assert [each["key_type"] for each in org.api.data("GET", "/custom-field-keys?key_type=system")] == ["system"]
