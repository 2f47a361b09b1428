"""Names, folding, aliases, variables in plain text. Spec: behaviour-launching 5, behaviour-templates 12."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.domain.errors import Invalid
from procession.domain.names import (
    MAX_NAME,
    Variable,
    clean_name,
    fill_variables,
    fold,
    numbered_alias,
    process_name,
    slug,
    system_variables,
)

FORMAT = "{{TEMPLATE_NAME}} / {{farm-1}}"


def named(sent: str | None = None, pattern: str | None = None, *, auto: bool = False, may: bool = False) -> str:
    return process_name(
        sent=sent,
        title="Well test",
        pattern=pattern,
        auto_naming=auto,
        may_change=may,
        answers={"farm-1": Variable(("Alto",)), "note-1": Variable(), "kinds-1": Variable(("Oak", "Elm"))},
        launched_on=date(2026, 3, 5),
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(named("W-1"), "W-1", id="LT-3 off: the sent name"),
        pytest.param(named(), "Well test - 2026-03-05", id="LT-3 off, none sent: L-5.3"),
        pytest.param(named("W-1", FORMAT, auto=True), "Well test / Alto", id="LT-3 on and locked: generated"),
        pytest.param(named("W-1", FORMAT, auto=True, may=True), "W-1", id="LT-3 on, may change: the sent name"),
        pytest.param(named(None, FORMAT, auto=True, may=True), "Well test / Alto", id="LT-3 on, none sent: generated"),
        pytest.param(named("  ", FORMAT, auto=True, may=True), "Well test / Alto", id="L-5.2 blank is none"),
        pytest.param(named(None, FORMAT), "Well test / Alto", id="processes 7.1 off with a pattern, none sent"),
        pytest.param(named("x", "", auto=True), "Well test - 2026-03-05", id="L-5.12 on with an empty format"),
        pytest.param(named(pattern="{{note-1}}", auto=True), "Well test - 2026-03-05", id="L-5.1 never empty"),
        pytest.param(
            named(pattern="A {{note-1}} - {{DATE}}", auto=True), "A  - 2026-03-05", id="L-5.6 separators stay"
        ),
        pytest.param(named(pattern="{{kinds-1}}", auto=True), "Oak, Elm", id="L-5.5 several texts"),
        pytest.param(named(pattern="A {{gone-1}} x", auto=True), "A  x", id="L-5.5 no braces of what is unknown"),
        pytest.param(
            named(pattern="A {{ gone-1 }} {{ kinds-1 }}", auto=True), "A  Oak, Elm", id="T-12.1 blanks in names"
        ),
        pytest.param(named("A {{gone-1}}"), "A {{gone-1}}", id="L-5.5 a sent name is no pattern"),
        pytest.param(named("\ufeffW\u200b-\u20601\ufeff"), "W-1", id="L-5.11 zero-width characters"),
        pytest.param(named("x" * MAX_NAME), "x" * MAX_NAME, id="L-5.1 550"),
        pytest.param(named(pattern="x" * 551, auto=True), "x" * MAX_NAME, id="L-5.1 a generated one is cut"),
        pytest.param(named("two\nlines\x00"), "two lines", id="one line, no NUL"),
    ],
)
def test_a_process_is_named(name: str, expected: str) -> None:
    assert name == expected


@pytest.mark.parametrize("auto", [False, True])
def test_a_sent_name_that_is_too_long_is_refused(auto: bool) -> None:
    with pytest.raises(Invalid) as refusal:
        named("x" * 551, FORMAT, auto=auto)
    assert list(refusal.value.errors) == ["name"]


VALUES = {
    "boat": Variable(("Petrel",)),
    "pier": Variable(("North",)),
    "extras": Variable(("Oars",)),
    "both": Variable(("Oars", "Vest")),
    "note": Variable(),
    "sly": Variable(("{{boat}}",)),
    **system_variables(
        template_name="Boat hand-over", launched_on=date(2026, 3, 5), process_id="ab" * 16, task_id="cd" * 16
    ),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Ready {{boat}} at {{pier}}", "Ready Petrel at North", id="TT-3 answers"),
        pytest.param("Extras: {{extras}}", "Extras: Oars", id="TT-3 chosen texts"),
        pytest.param("Note: {{note}}.", "Note: .", id="TT-3 blank is empty"),
        pytest.param("See {{berth-9}}", "See {{berth-9}}", id="TT-3 unknown stays"),
        pytest.param("{{TEMPLATE_NAME}}, {{DATE}}", "Boat hand-over, 2026-03-05", id="TT-3 system names"),
        pytest.param("{{current-process-id}} {{current-task-id}}", f"{'ab' * 16} {'cd' * 16}", id="T-12.3 ids"),
        pytest.param("{{both}}", "Oars, Vest", id="T-12.13 joined in titles"),
        pytest.param("a\ufeff{{\u200bboat\u200b}}\ufeffb", "aPetrelb", id="T-12.14 zero-width characters around"),
        pytest.param("a\ufeff{{gone}}\ufeffb", "a\ufeff{{gone}}\ufeffb", id="T-12.12 unknown stays as typed"),
        pytest.param("{{sly}}", "{{boat}}", id="T-12.14 an answer is no template"),
        pytest.param("{{{boat}}}", "{Petrel}", id="braces around"),
        pytest.param("{{ boat }}, {{\u00a0 pier}}", "Petrel, North", id="T-12.1 blanks inside the braces"),
        pytest.param(
            "{{ gone }} {boat} {{Boat}} {{}} {{ }} { {boat} } {{boat pier}}",
            "{{ gone }} {boat} {{Boat}} {{}} {{ }} { {boat} } {{boat pier}}",
            id="T-12.1 anything else stays as typed",
        ),
    ],
)
def test_variables_are_filled_in(text: str, expected: str) -> None:
    assert fill_variables(text, VALUES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Łódź – Zürich", "lodz – zurich"),
        ("STRASSE Straße", "strasse strasse"),
        ("İstanbul IĞDIR ı", "istanbul igdir i"),
        ("e\u0301\u200bclair \ufeffÆrø", "eclair aerø".replace("ø", "o")),
        ("Ｆｕｌｌ ① ﬁ", "full 1 fi"),
        ("ΆΛΦΑ Ёлка", "αλφα елка"),
        ("कि कु", "कि कु"),
        ("한국 がぎ", "한국 がぎ"),
        ("a\x00B", "ab"),
        ("\ud800x", "x"),
        ("", ""),
    ],
)
def test_names_are_folded(text: str, expected: str) -> None:
    assert fold(text) == expected


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_folding_is_done_once_and_can_be_stored(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert b"\x00" not in fold(text).encode()


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("\ufeff\u200b\u200c\u200d a\u00e9")))
def test_cleaning_a_name_is_done_once(text: str) -> None:
    assert clean_name(clean_name(text)) == clean_name(text)
    assert not set(clean_name(text)) & set("\ufeff\u200b\u2060\x00\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a\u200db", "ab", id="L-5.11 a joiner in plain letters"),
        pytest.param("\U0001f468\u200d\U0001f33e", "\U0001f468\u200d\U0001f33e", id="an emoji is kept whole"),
        pytest.param("می\u200cخواهم", "می\u200cخواهم", id="a Persian word keeps its shape"),
        pytest.param(" \u200d\u200c x\u200d ", "x", id="stray joiners at the edges"),
    ],
)
def test_a_joiner_stays_where_it_joins(text: str, expected: str) -> None:
    assert clean_name(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Company Name", "company-name"),
        ("  What's the -- budget? (€) ", "what-s-the-budget"),
        ("Größe", "grosse"),
        ("数量", "数量"),
        ("!!!", "item"),
        ("", "item"),
        ("word " * 40, "word-" * 11 + "word"),
    ],
)
def test_a_slug_joins_letters_and_digits(text: str, expected: str) -> None:
    assert slug(text) == expected


@given(st.text())
def test_an_alias_is_a_variable_name(label: str) -> None:
    alias = numbered_alias(label, ())
    assert fill_variables(f"{{{{{alias}}}}}", {alias: Variable(("x",))}) == "x"


def test_an_alias_takes_the_next_free_number() -> None:
    assert numbered_alias("Budget", ["budget-1", "budget-2"]) == "budget-3"
    assert numbered_alias("?", [], "field") == "field-1"


@pytest.mark.parametrize(
    "hostile",
    [
        "é" + "\u200d" * 100_000 + "é",
        "\ufeff" * 100_000 + "{",
        "{{a" * 50_000,
        "{{" + "a" * 100_000,
        "{{" + " " * 100_000 + "{",
        "{{ &nbsp;" * 50_000,
    ],
)
def test_hostile_names_are_read_in_linear_time(hostile: str) -> None:
    assert fill_variables(hostile, {}) == hostile
    assert clean_name(hostile) == hostile.lstrip("\ufeff")
