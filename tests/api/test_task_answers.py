"""Answers on tasks, for every type of field. Spec: api-conventions 18.4, api-tasks 10.1."""

from typing import Any

import pytest

from tests.api.task_runs import on_one_database, run_of
from tests.builders import Organization, text_field

OPTIONS = [{"id": 1, "text": "Red"}, {"id": 2, "text": "Blue"}, {"id": 3, "text": "0"}]
TYPES: dict[str, dict[str, Any]] = {
    "text": {},
    "textarea": {},
    "email": {},
    "date": {},
    "radio": {"options": OPTIONS},
    "dropdown": {"options": OPTIONS},
    "multiselect": {"options": OPTIONS},
    "table": {"columns": [{"id": 1, "label": "Item"}, {"id": 2, "label": "Price"}]},
    "assignees_form": {},
    "file": {},
}
RED = {"id": 1, "text": "Red"}
ASSET = "9e8d7c6b5a4938271605f4e3d2c1b0a9"


def answer(org: Organization, field_type: str, value: Any) -> tuple[Any, str]:
    """The answer to saving `value` in a field of this type, and the field's id."""
    captures = [text_field(label="It", field_type=field_type, **TYPES[field_type])]
    run = run_of(org, {"title": "Call", "captures": captures})
    return run.change("Call", taskdata={run.field(): value}), run.field()


@pytest.mark.parametrize(
    ("field_type", "sent", "stored"),
    [
        pytest.param("text", "Called", "Called", id="text"),
        pytest.param("text", 0, 0, id="text takes the number 0"),
        pytest.param("text", False, False, id="text takes false"),
        pytest.param("text", "x" * 200, "x" * 200, id="200 characters"),
        pytest.param("textarea", "<p>Long</p>", "<p>Long</p>", id="long text"),
        pytest.param("email", "ana@partner.test", "ana@partner.test", id="e-mail"),
        pytest.param("date", "2031-05-06 09:30", "2031-05-06T09:30:00.000Z", id="date"),
        pytest.param("date", "2031-05-06T11:30:00+02:00", "2031-05-06T09:30:00.000Z", id="C11 date with offset"),
        pytest.param("radio", "0", "0", id="the option 0"),
        pytest.param("dropdown", RED | {"value": None}, RED | {"value": None}, id="dropdown"),
        pytest.param("multiselect", [RED], [RED | {"selected": True}], id="TK34 without selected"),
        pytest.param("multiselect", [RED | {"selected": False}], [RED | {"selected": False}], id="not selected"),
        pytest.param("table", ["Cake", 12], ["Cake", 12], id="one row"),
        pytest.param("table", [["Cake", "Tea"], [12, 3]], [["Cake", "Tea"], [12, 3]], id="rows by column"),
        pytest.param(
            "assignees_form", {"guests": ["A@b.example"]}, {"users": [], "guests": ["a@b.example"], "groups": []},
            id="assignees",
        ),
        pytest.param(
            "file", [{"url": "https://x.example/a.pdf"}],
            [{"url": "https://x.example/a.pdf", "full_url": "https://x.example/a.pdf"}], id="a file elsewhere",
        ),
    ],
)  # fmt: skip
def test_tk8_good_answers(org: Organization, field_type: str, sent: Any, stored: Any) -> None:
    saved, field = answer(org, field_type, sent)

    assert (saved.status_code, saved.json()["data"]["taskdata"]) == (200, {field: stored})


def test_tk8_a_stored_file_gets_its_addresses(org: Organization) -> None:
    saved, field = answer(org, "file", [{"id": ASSET, "filename": "statement.pdf"}])

    [kept] = saved.json()["data"]["taskdata"][field]
    address = f"organizations/{org.id}/file/{ASSET}/dl"
    assert kept == {"id": ASSET, "filename": "statement.pdf", "url": address, "full_url": address}


@on_one_database
@pytest.mark.parametrize(
    ("field_type", "sent"),
    [
        pytest.param("text", {"a": 1}, id="text object"),
        pytest.param("text", ["x"], id="text list"),
        pytest.param("text", "x" * 201, id="201 characters"),
        pytest.param("textarea", 7, id="long text number"),
        pytest.param("textarea", "x" * 30_001, id="30001 characters"),
        pytest.param("email", "ana", id="no address"),
        pytest.param("email", {"a": 1}, id="e-mail object"),
        pytest.param("date", 1790000000, id="date number"),
        pytest.param("date", "2031-02-30", id="no such day"),
        pytest.param("radio", "Green", id="unknown option"),
        pytest.param("radio", RED, id="radio object"),
        pytest.param("dropdown", "Red", id="bare text"),
        pytest.param("dropdown", {"id": 1, "text": "Blue"}, id="id and text of two options"),
        pytest.param("dropdown", {"id": 1}, id="id alone"),
        pytest.param("multiselect", RED, id="no list"),
        pytest.param("multiselect", [{"id": 9, "text": "Pink"}], id="unknown options"),
        pytest.param("table", "", id="DEC-51 empty text"),
        pytest.param("table", [], id="DEC-51 empty list"),
        pytest.param("table", ["Cake"], id="too narrow"),
        pytest.param("table", ["Cake", {"a": {"b": 1}}], id="nested cell"),
        pytest.param("assignees_form", {"users": [999_999]}, id="unknown member"),
        pytest.param("assignees_form", [1], id="assignees as a list"),
        pytest.param("file", "x", id="file text"),
        pytest.param("file", {"id": ASSET}, id="one file, no list"),
        pytest.param("file", [{"filename": "x"}], id="file without address"),
        *[pytest.param(each, {"value": "x"}, id=f"{each} wrapped") for each in TYPES],
    ],
)
def test_tk8_bad_answers_are_refused_by_field(org: Organization, field_type: str, sent: Any) -> None:
    refused, field = answer(org, field_type, sent)

    assert refused.status_code == 422
    [messages] = refused.json()["errors"]["taskdata"]
    assert list(messages) == [field]
    assert isinstance(messages[field][0], str)


@on_one_database
@pytest.mark.parametrize("field_type", [each for each in TYPES if each != "table"])
@pytest.mark.parametrize("empty", ["", None, []])
def test_empty_values_clear_even_what_is_required(org: Organization, field_type: str, empty: Any) -> None:
    good = {
        "text": "x", "textarea": "x", "email": "a@b.example", "date": "2031-01-01", "radio": "Red", "dropdown": RED,
        "multiselect": [RED], "assignees_form": {"users": [org.admin.id]}, "file": [{"id": ASSET}],
    }  # fmt: skip
    captures = [text_field(label="It", field_type=field_type, **{**TYPES[field_type], "required": True})]
    run = run_of(org, {"title": "Call", "captures": captures})
    saved = run.change("Call", taskdata={run.field(): good[field_type]})
    assert list(saved.json()["data"]["taskdata"]) == [run.field()]

    cleared = run.change("Call", taskdata={run.field(): empty})

    assert (cleared.status_code, cleared.json()["data"]["taskdata"]) == (200, {})


def test_one_bad_answer_stores_nothing_and_all_bad_ones_are_named(org: Organization) -> None:
    run = run_of(
        org,
        {"title": "Call", "captures": [text_field(label="A"), text_field(label="B", field_type="date"),
                                       text_field(label="C", field_type="email")]},
    )  # fmt: skip
    a, b, c = (run.field(0, n) for n in range(3))

    refused = run.change("Call", taskdata={a: "fine", b: "soon", c: "nobody"})

    assert [list(each) for each in refused.json()["errors"]["taskdata"]] == [[b], [c]]
    assert run.tasks()["Call"]["taskdata"] == {}


@on_one_database
@pytest.mark.parametrize("value", [{"value": "x"}, ["x"], "x" * 201])
def test_the_other_routes_refuse_alike(org: Organization, value: Any) -> None:
    run = run_of(org, {"title": "Call", "captures": [text_field(label="A")]})

    for refused in (
        org.api.post(f"/tasks/{run.task_id('Call')}/captures", {"id": run.field(), "value": value}),
        org.api.put("/form-field/value", {"id": run.field(), "form_value": value}),
    ):
        assert refused.status_code == 422
        assert list(refused.json()["errors"]["taskdata"][0]) == [run.field()]


def test_a_bracketed_form_answers_as_well(org: Organization) -> None:
    run = run_of(org, {"title": "Call", "captures": [text_field(label="A")]})

    answer = org.api.request("PUT", run.path("Call"), data={f"taskdata[{run.field()}]": "by form", "top_secret": "1"})

    assert answer.json()["data"]["taskdata"] == {run.field(): "by form"}
    assert answer.json()["data"]["top_secret"] is True
