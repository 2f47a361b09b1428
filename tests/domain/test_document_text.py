"""Texts of documents. Spec: behaviour-templates 16."""

import time

import pytest

from procession.adapters.text import safe_markup
from procession.domain.document_text import (
    Heading,
    Place,
    body_fault,
    pieces,
    placed,
    rebuilt,
    stored_body,
    with_contents,
    without_field,
)
from procession.domain.templates import Template
from tests.domain.template_parts import field

NAME = '<editor-form-field data-field-id="name">'


def test_fields_stand_wherever_the_text_says_and_as_often() -> None:
    """T-16.1: what a client was shown inside a place is no part of the text."""
    sent = '<p>For <editor-form-field class="x" data-field-id="NAME">Iris</editor-form-field>,</p><b>1</b>'
    body = stored_body(safe_markup(f"{sent}{sent}"), {})

    assert body == f"<p>For {NAME}</editor-form-field>,</p><b>1</b>" * 2
    assert [each.field_id for each in pieces(body) if isinstance(each, Place)] == ["name", "name"]
    assert (
        rebuilt(body, lambda place: placed(place, "Otto"), str.upper).count(f"FOR {NAME}Otto</editor-form-field>") == 2
    )
    assert without_field(body, "name") == "<p>For ,</p><b>1</b>" * 2 and without_field(body, "other") == body
    assert stored_body(body, {"name": "n2"}).count('data-field-id="n2"') == 2
    assert body_fault(Template(kickoff=(field("name"),), body=body)) is None
    assert "name" in (body_fault(Template(body=body)) or "")


@pytest.mark.parametrize(
    ("markup", "contents", "shown"),
    [
        pytest.param("plain", [], None, id="nothing"),
        pytest.param(
            "<h1>One <i>&amp; only</i></h1><p>x</p><h3 class='c'>Two</h3><h4>Four</h4>",
            [Heading("section-1", 1, "One & only"), Heading("section-2", 3, "Two")],
            '<h1 id="section-1">One <i>&amp; only</i></h1><p>x</p><h3 id="section-2" class="c">Two</h3><h4>Four</h4>',
            id="T-16.3 three levels",
        ),
        pytest.param(
            "<h1>A<b><h2>B</h2></b></h1>",
            [Heading("section-1", 2, "B")],
            '<h1>A<b><h2 id="section-1">B</h2></b></h1>',
            id="one inside another",
        ),
        pytest.param("<h2> <br></h2>", [], None, id="an empty one"),
        pytest.param(
            '<h2 id="top" onclick="x()">A</h2>',
            [Heading("section-1", 2, "A")],
            '<h2 id="section-1">A</h2>',
            id="ids of ours",
        ),
    ],
)
def test_contents_follow_the_headings(markup: str, contents: list[Heading], shown: str | None) -> None:
    markup = safe_markup(markup)

    assert with_contents(markup) == (shown or markup, contents)


@pytest.mark.parametrize("part", ["<h1>", "</h1>", "<editor-form-field data-field-id=x>", "</editor-form-field>"])
def test_what_is_not_closed_takes_no_time(part: str) -> None:
    started = time.perf_counter()
    list(pieces(part * 20_000))
    with_contents(part * 20_000)
    assert time.perf_counter() - started < 1
