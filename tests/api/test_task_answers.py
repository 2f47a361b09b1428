"""Answers on tasks, for every type of field. Spec: api-conventions 18.4, api-tasks 10.1."""

from typing import Any

import pytest

from tests.api.field_answers import BAD_ANSWERS, GOOD_ANSWERS, RED, TYPES
from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import Run, on_one_database, run_of
from tests.builders import Organization, text_field


def asking(org: Organization, field_type: str) -> tuple[Run, str]:
    """A process whose task "Call" has one field of this type, and the field's id."""
    captures = [text_field(label="It", field_type=field_type, **TYPES[field_type])]
    run = run_of(org, {"title": "Call", "captures": captures})
    return run, run.field()


def answer(org: Organization, field_type: str, value: Any) -> tuple[Any, str]:
    """The answer to saving `value` in a field of this type, and the field's id."""
    run, field = asking(org, field_type)
    return run.change("Call", taskdata={field: value}), field


@pytest.mark.parametrize(("field_type", "sent", "stored"), GOOD_ANSWERS)
def test_tk8_good_answers(org: Organization, field_type: str, sent: Any, stored: Any) -> None:
    saved, field = answer(org, field_type, sent)

    assert (saved.status_code, saved.json()["data"]["taskdata"]) == (200, {field: stored})


@on_one_database
@pytest.mark.parametrize(("field_type", "sent"), BAD_ANSWERS)
def test_tk8_bad_answers_are_refused_by_field(org: Organization, field_type: str, sent: Any) -> None:
    run, field = asking(org, field_type)
    with unchanged(org):
        refused = run.change("Call", taskdata={field: sent})

        assert_refused(refused, 422)
    [messages] = refused.json()["errors"]["taskdata"]
    assert list(messages) == [field]
    assert isinstance(messages[field][0], str)


@on_one_database
@pytest.mark.parametrize("field_type", [each for each in TYPES if each != "table"])
@pytest.mark.parametrize("empty", ["", None, []])
def test_empty_values_clear_even_what_is_required(org: Organization, field_type: str, empty: Any) -> None:
    good = {
        "text": "x", "textarea": "x", "email": "a@b.example", "date": "2031-01-01", "radio": "Red", "dropdown": RED,
        "multiselect": [RED], "assignees_form": {"users": [org.admin.id]}, "file": [{"url": "https://x.example/a"}],
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


def test_an_answer_is_cleared_by_null_and_not_by_saying_nothing(org: Organization) -> None:
    run = run_of(org, {"title": "Call", "captures": [text_field(label="A")]})
    captures, field = f"/tasks/{run.task_id('Call')}/captures", run.field()
    run.change("Call", taskdata={field: "kept"}).raise_for_status()

    with unchanged(org):
        for refused, at in (
            (org.api.put("/form-field/value", {"id": field, "value": "new"}), "form_value"),
            (org.api.post(captures, {"id": field, "form_value": "new"}), "value"),
            (org.api.post(captures, [{"id": field, "value": "new"}, {"id": field}]), "1.value"),
        ):
            assert (refused.status_code, list(refused.json()["errors"])) == (422, [at])

    org.api.put("/form-field/value", {"id": field, "form_value": None}).raise_for_status()
    assert run.tasks()["Call"]["taskdata"] == {}


def bracketed(name: str, value: Any) -> list[tuple[str, str]]:
    """How a form says it."""
    if isinstance(value, dict):
        return [pair for key, each in value.items() for pair in bracketed(f"{name}[{key}]", each)]
    if isinstance(value, list):
        return [pair for place, each in enumerate(value) for pair in bracketed(f"{name}[{place}]", each)]
    return [(name, "" if value is None else str(value).lower() if isinstance(value, bool) else str(value))]


# What reads the same as text; a form has no numbers, and says nothing of null.
IN_FORMS = [each for each in GOOD_ANSWERS if each.values[0] != "text" or isinstance(each.values[1], str)]


@pytest.mark.parametrize(("field_type", "sent", "stored"), IN_FORMS)
def test_forms_of_both_kinds_say_what_json_says(org: Organization, field_type: str, sent: Any, stored: Any) -> None:
    run, field = asking(org, field_type)
    pairs = bracketed(f"taskdata[{field}]", sent)
    # Places in lists come in any order.
    pairs.reverse()
    forms: list[dict[str, Any]] = [{"data": dict(pairs)}, {"files": [(name, (None, value)) for name, value in pairs]}]
    for form in forms:
        run.change("Call", taskdata={field: None}).raise_for_status()

        saved = org.api.request("PUT", run.path("Call"), **form)

        assert saved.status_code == 200, saved.text
        kept = saved.json()["data"]["taskdata"][field]
        assert bracketed("it", kept) == bracketed("it", stored)


def test_a_form_names_empty_lists(org: Organization) -> None:
    run, field = asking(org, "assignees_form")
    name = f"taskdata[{field}]"
    people = {f"{name}[users][]": str(org.admin.id), f"{name}[groups][]": "", f"{name}[guests][]": ""}

    saved = org.api.request("PUT", run.path("Call"), data=people)

    assert saved.json()["data"]["taskdata"] == {field: {"users": [org.admin.id], "guests": [], "groups": []}}


def test_a_bracketed_form_answers_as_well(org: Organization) -> None:
    run = run_of(org, {"title": "Call", "captures": [text_field(label="A")]})

    answer = org.api.request("PUT", run.path("Call"), data={f"taskdata[{run.field()}]": "by form", "top_secret": "1"})

    assert answer.json()["data"]["taskdata"] == {run.field(): "by form"}
    assert answer.json()["data"]["top_secret"] is True


@pytest.mark.parametrize(("first", "second"), [(0, False), (False, 0), (1, True), (True, 1)])
def test_18_4_numbers_and_truth_values_are_different_answers(org: Organization, first: Any, second: Any) -> None:
    """Saved, found by lists, and told; in the kick-off form as on tasks."""
    template = org.template(
        steps=[{"title": "Call", "captures": [{"label": "A", "alias": "a"}]}], kickoff=[{"label": "B", "alias": "b"}]
    )
    [asked] = template["prerun"]
    run = Run(org, template, prerun={asked["id"]: first})
    run.change("Call", taskdata={run.field(): first}).raise_for_status()

    run.change("Call", taskdata={run.field(): second}).raise_for_status()
    org.api.data("PUT", f"/runs/{run.id}", {"prerun": {asked["id"]: second}}, status=200)

    assert run.tasks("&with=taskdata")["Call"]["taskdata"][run.field()] is second
    assert org.api.data("GET", f"/runs/{run.id}?with=ko_form_fields")["prerun"][asked["id"]] is second
    assert org.differences() == []


@pytest.mark.parametrize("via", ["update", "captures", "list of captures"])
def test_answers_are_merged(org: Organization, via: str) -> None:
    """T-11.9"""
    run = run_of(org, {"title": "Call", "captures": [{"label": "A"}, {"label": "B"}]})
    a, b = (each["id"] for each in run.template["steps"][0]["captures"])
    task = run.tasks()["Call"]["id"]
    run.change("Call", taskdata={a: "one"}).raise_for_status()

    if via == "update":
        answer = run.change("Call", taskdata=[{b.upper(): "two"}])
    else:
        body = {"id": b, "value": "two"}
        answer = org.api.post(f"/tasks/{task}/captures", [body] if via != "captures" else body)

    assert answer.status_code == 200
    assert answer.json()["data"]["taskdata"] == {a: "one", b: "two"}
    assert answer.json()["data"]["status"] == "in-progress"
    assert run.change("Call", taskdata={a: ""}).json()["data"]["taskdata"] == {b: "two"}


def test_tk7_answers_to_no_field_are_dropped(org: Organization) -> None:
    run = run_of(org, {"title": "Call", "captures": [{"label": "A"}]})

    answer = run.change("Call", taskdata={"ab" * 16: "x", "a-1": "y"})

    assert (answer.status_code, answer.json()["data"]["taskdata"]) == (200, {})
    assert answer.json()["data"]["status"] == "not-started"
    assert answer.headers["x-ignored-params"] == f"body:taskdata.{'ab' * 16}, body:taskdata.a-1"


@on_one_database
@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "id", id="no id"),
        pytest.param({"id": 7, "value": 1}, "id", id="id is a number"),
        pytest.param([{"id": "x", "value": 1}, {"value": 1}], "1.id", id="one of several without"),
        pytest.param(["x"], "0", id="no object"),
    ],
)
def test_bad_captures_are_refused(org: Organization, body: Any, field: str) -> None:
    refused = org.api.post(f"/tasks/{org.one_off()['id']}/captures", body)

    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field])


def test_tk29_a_field_is_answered_by_its_id_alone(org: Organization) -> None:
    run = run_of(org, {"title": "Call", "captures": [{"label": "A"}]}, "Write")
    field = run.field()
    task = org.one_off(form_fields=[text_field(label="B")])
    own = org.api.data("GET", f"/tasks/{task['id']}?with=form_fields")["form_fields"]["data"][0]["id"]

    saved = org.api.data("PUT", "/form-field/value", {"id": field, "form_value": "x"})
    assert saved == {"id": field, "capture_id": field, "task_id": run.tasks()["Call"]["id"], "value": "x"}
    assert org.api.data("PUT", "/form-field/value", {"id": own, "form_value": "y"})["task_id"] == task["id"]
    assert org.api.data("PUT", "/form-field/value", {"id": own, "form_value": None})["value"] is None


def test_a_field_that_is_not_on_exactly_one_open_task_is_refused(org: Organization) -> None:
    run = run_of(org, {"title": "Call", "captures": [{"label": "A"}]})
    field = run.field()
    answer = {"id": field, "form_value": "x"}
    second = org.process(run.template)["id"]
    assert "Several" in org.api.put("/form-field/value", answer).json()["errors"]["id"][0]

    org.api.delete(f"/runs/{second}").raise_for_status()
    assert org.api.put("/form-field/value", answer).status_code == 200
    assert org.person().api.put("/form-field/value", answer).status_code == 422
    for body in ({"id": "ab" * 16, "form_value": "x"}, {"id": "%", "form_value": "x"}, {"form_value": "x"}, [], "x"):
        refused = org.api.put("/form-field/value", body)
        assert (refused.status_code, "errors" in refused.json()) == (422, True)
