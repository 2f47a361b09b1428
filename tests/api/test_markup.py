"""Descriptions may hold markup: what a browser would run is gone when they are read. Spec: api-conventions 13."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import Organization

MARKUP = '<p onclick="x()">Look <b>twice</b></p><script>alert(1)</script> 1 < 2'
SAFE = "<p>Look <b>twice</b></p> 1 &lt; 2"


def template(org: Organization) -> str:
    return f"/checklists/{org.template(steps=['One'])['id']}"


def step(org: Organization) -> str:
    made = org.template(steps=["One"])
    return f"/checklists/{made['id']}/steps/{made['steps'][0]['id']}"


def process(org: Organization) -> str:
    return f"/runs/{org.process(org.template(steps=['One']))['id']}"


def process_task(org: Organization) -> str:
    path = process(org)
    return f"{path}/tasks/{org.api.data('GET', f'{path}/tasks')[0]['id']}"


def one_off(org: Organization) -> dict[str, Any]:
    owners = {"users": [org.admin.id]}
    return {"title": "x", "task_type": "task", "deadline": "2031-02-06T16:00:00Z", "owners": owners}


def runs(_: Organization) -> str:
    return "/runs"


@pytest.mark.parametrize(
    ("method", "place", "body", "field"),
    [
        pytest.param(
            "POST", lambda _: "/checklists", lambda _: {"title": "T", "type": "form"}, "summary", id="template"
        ),
        pytest.param("PUT", template, lambda _: {"title": "T"}, "summary", id="template changed"),
        pytest.param("PUT", template, lambda _: {"title": "T"}, "guidance", id="guidance"),
        pytest.param("PUT", template, lambda _: {"title": "T"}, "kickoff_description", id="kick-off description"),
        pytest.param("POST", lambda org: f"{template(org)}/steps", lambda _: {"title": "S"}, "summary", id="step"),
        pytest.param("PUT", step, lambda _: {"title": "S"}, "summary", id="step changed"),
        pytest.param("POST", runs, lambda org: {"checklist_id": org.template()["id"]}, "summary", id="launch"),
        pytest.param("PUT", process, lambda _: {}, "summary", id="process"),
        pytest.param("PUT", process_task, lambda _: {}, "summary", id="task"),
        pytest.param("POST", lambda _: "/tasks", one_off, "summary", id="one-off task"),
        pytest.param("POST", lambda org: f"{process(org)}/comment", lambda _: {}, "content", id="comment"),
    ],
)
def test_markup_is_made_safe_wherever_it_is_written(
    org: Organization,
    method: str,
    place: Callable[[Organization], str],
    body: Callable[[Organization], dict[str, Any]],
    field: str,
) -> None:
    written = org.api.data(method, place(org), {**body(org), field: MARKUP})

    assert written[field] == SAFE


@pytest.mark.parametrize("text", ["Bread & butter", "a > b", "{{vendor-1}}", "two\nlines", ""])
def test_text_without_a_tag_stays_as_it_was_typed(org: Organization, text: str) -> None:
    assert org.api.data("PUT", process(org), {"summary": text})["summary"] == text


def test_the_guidance_of_fields_is_made_safe(org: Organization) -> None:
    guided = {"label": "IBAN", "guidance": MARKUP}
    made = org.template(steps=[{"title": "One", "captures": [guided]}], kickoff=[guided])
    assert made["prerun"][0]["guidance"] == made["steps"][0]["captures"][0]["guidance"] == SAFE


def test_an_imported_template_is_made_safe(org: Organization) -> None:
    export = {"title": "T", "type": "procedure", "summary": MARKUP, "steps": [{"title": "One", "summary": MARKUP}]}
    made = org.api.data("POST", "/checklists?import=1", export)
    assert made["summary"] == SAFE
    assert org.api.data("GET", f"/checklists/{made['id']}/steps")[0]["summary"] == SAFE


def test_names_and_titles_are_plain_text(org: Organization) -> None:
    """Whoever shows them escapes them."""
    assert org.api.data("PUT", process(org), {"name": "<b>1 < 2</b>"})["name"] == "<b>1 < 2</b>"
    assert org.api.data("PUT", process_task(org), {"title": "<b>1 < 2</b>"})["title"] == "<b>1 < 2</b>"


def test_the_editors_variables_stay_whole(org: Organization) -> None:
    """Spec: api-templates 11: nobody types into one; nothing else may be made editable, or not."""
    chip = '<span class="insert-variable-tag" contenteditable="false">{{farm}}</span>'
    sent = f'<p contenteditable="true">For {chip} <span contenteditable="true">x</span></p>'

    org.api.data("PUT", (path := step(org)), {"title": "S", "summary": sent}, status=200)

    [shown] = org.api.data("GET", path.rpartition("/")[0])
    assert shown["summary"] == f"<p>For {chip} <span>x</span></p>"
