"""Rich text: blank or not, as plain text, with variables filled in. Spec: behaviour-templates T-12.10 to T-12.14."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.domain.names import Variable
from procession.domain.richtext import fill_rich_variables, is_blank_markup, plain_text


@pytest.mark.parametrize(
    ("markup", "blank"),
    [
        *(("", True), ("  \n", True), ("<p></p>", True), ("<p>&nbsp;</p><br/>", True), ("<p>\u200b\ufeff</p>", True)),
        *(("<!-- nothing --><ul><li> </li></ul>", True), ("<p>0</p>", False), ("x", False), ("1 < 2", False)),
        *(('<p><img src="a.png"></p>', False), ("<hr>", False), ("<3", False)),
    ],
)
def test_markup_without_words_is_blank(markup: str, blank: bool) -> None:
    assert is_blank_markup(markup) is blank


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One &amp; <b>two</b></p><p>three<br>four</p>", "One & two\nthree\nfour"),
        ("a < b and c > d", "a < b and c > d"),
        ("&lt;b&gt;", "<b>"),
    ],
)
def test_markup_is_read_as_text(markup: str, text: str) -> None:
    assert plain_text(markup) == text


VALUES = {
    "boat": Variable(("Petrel",)),
    "extras": Variable(("Oars", "Vest <L>")),
    "note": Variable(),
    "long": Variable(("bold",), "<b>bold</b><script>x</script>"),
    "site": Variable(("https://a.example/?x=1&y=2",)),
    "seen": Variable(("See https://a.example/x, please",)),
    "evil": Variable(('"><img src=x onerror=y>',)),
    "code": Variable(("javascript:alert(1)",)),
    "mail": Variable(("ana@b.example",)),
}
LINK = '<a href="https://a.example/?x=1&amp;y=2" rel="noopener noreferrer">https://a.example/?x=1&amp;y=2</a>'


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        pytest.param(
            '<p>To <span class="insert-variable-tag" contenteditable="false">{{boat}}</span></p>',
            '<p>To <span class="insert-variable-tag" contenteditable="false">Petrel</span></p>',
            id="T-12.1 the editor's variable",
        ),
        pytest.param("<p>{{boat}}</p>", "<p>Petrel</p>", id="T-12.1 bare braces"),
        pytest.param("<p>{{&nbsp;boat }}</p>", "<p>Petrel</p>", id="T-12.1 blanks inside the braces"),
        pytest.param("<p>{{extras}}</p>", "<p>Oars<br>Vest &lt;L&gt;</p>", id="T-12.13 a checklist in lines, escaped"),
        pytest.param("<p>{{note}}.{{gone}}</p>", "<p>.{{gone}}</p>", id="T-12.11 blank; T-12.12 unknown"),
        pytest.param("{{long}}", "[<b>bold</b><script>x</script>]", id="T-12.13 rich text goes through the sanitizer"),
        pytest.param("{{evil}}", "&quot;&gt;&lt;img src=x onerror=y&gt;", id="T-12.14 no markup comes in"),
        pytest.param("{{site}}", LINK, id="T-12.14 an address becomes a link"),
        pytest.param(
            "{{seen}}",
            'See <a href="https://a.example/x" rel="noopener noreferrer">https://a.example/x</a>, please',
            id="T-12.14 without the comma",
        ),
        pytest.param(
            '<a href="{{site}}">{{site}}</a> {{site}}',
            f'<a href="https://a.example/?x=1&amp;y=2">https://a.example/?x=1&amp;y=2</a> {LINK}',
            id="T-12.14 no link inside a link",
        ),
        pytest.param('<a href="{{note}}">map</a> on', "map on", id="T-12.11 a link to nothing"),
        pytest.param("<a href='{{code}}'>map</a>", "map", id="T-12.14 a link that runs code"),
        pytest.param('<a href="{{evil}}">map</a>', "map", id="T-12.14 a link that breaks out"),
        pytest.param(
            '<a href="mailto:{{mail}}">m</a>', '<a href="mailto:ana@b.example">m</a>', id="an address to mail"
        ),
        pytest.param(
            '<a href="https://b.example/">{{boat}}</a>', '<a href="https://b.example/">Petrel</a>', id="as is"
        ),
        pytest.param('<a href="{{gone}}">x</a>', '<a href="{{gone}}">x</a>', id="T-12.12 in an address"),
        pytest.param('<img alt="{{evil}}">', '<img alt="{{evil}}">', id="T-12.14 other attributes are left alone"),
        pytest.param("1 < {{boat}}", "1 < Petrel", id="a lone angle bracket"),
    ],
)
def test_variables_are_filled_into_rich_text(markup: str, expected: str) -> None:
    assert fill_rich_variables(markup, VALUES, sanitize=lambda foreign: f"[{foreign}]") == expected


@given(answer=st.text(alphabet="<>\"'&=ax {}/:\n"), around=st.sampled_from(["{}", "<p>{}</p>", '<a href="{}">x</a>']))
def test_no_answer_adds_a_tag(answer: str, around: str) -> None:
    markup = around.format("{{answer}}")
    shown = fill_rich_variables(markup, {"answer": Variable((answer,))}, sanitize=str)
    assert shown.replace("<br>", "").count("<") <= markup.count("<")
    assert shown.count('"') <= markup.count('"')


@pytest.mark.parametrize(
    "hostile", ["<a '" * 20_000, "<" * 50_000, "\u200b" * 50_000, "{{a" * 20_000, "http://." * 9_000]
)
def test_hostile_markup_is_read_in_linear_time(hostile: str) -> None:
    assert fill_rich_variables(hostile, {}, sanitize=str) == hostile
    is_blank_markup(hostile)
