"""References to snippets in rich text. Spec: behaviour-templates T-13.2 to T-13.5."""

import pytest

from procession.domain.snippets import filled, references, references_only, without

SEVEN = '<span class="insert-snippet-tag" data-snippet-id="7">{}</span>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(None, set[int](), id="no text"),
        pytest.param("plain {{alias}}", set[int](), id="nothing quoted"),
        pytest.param(f"<p>a {SEVEN} b</p><span DATA-SNIPPET-ID='12'></span>", {7, 12}, id="T-13.2 two"),
        pytest.param('<span data-snippet-id="0"></span><span data-snippet-id="x"></span>', set[int](), id="no ids"),
        pytest.param('<span data-blueprint-id="7"></span>', set[int](), id="T-13.6 a template is none"),
    ],
)
def test_references_are_found(text: str | None, expected: set[int]) -> None:
    assert references(text) == expected


def test_a_reference_keeps_its_place_around_the_content() -> None:
    text = f"<p>Before {SEVEN.format('')} after</p>"

    assert filled(text, {7: "<p>Wear <span>a</span> helmet</p>"}) == text.replace(
        "></span>", "><p>Wear <span>a</span> helmet</p></span>"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"a{SEVEN.format('')}b", "ab", id="T-13.4 no placeholder is left"),
        pytest.param(f"a{SEVEN.format('<b>old</b> <span>x</span>')}b", "ab", id="nor what stood inside"),
        pytest.param('a<span data-snippet-id="7">b', "ab", id="a span that never closes"),
    ],
)
def test_what_nobody_may_read_vanishes(text: str, expected: str) -> None:
    assert filled(text, {}) == expected
    assert without(text, 7) == expected
    assert without(text, 8) == text


def test_what_was_shown_inside_is_not_part_of_the_text() -> None:
    """A text sent back as it was shown is the reference again."""
    text = f"a{SEVEN.format('')}b{SEVEN.format('')}"

    assert references_only(filled(text, {7: "<i>one <span>two</span></i>"})) == text
