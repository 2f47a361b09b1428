"""Every numbered rule of the behaviour files is named by a test, or is on the list of those that are not yet."""

import pytest

from tests.architecture.rules import (
    CHECKED,
    Rule,
    all_rules,
    expanded,
    id_in_name,
    is_reason,
    named,
    named_in,
    rules_of,
    still_open,
    with_a_reason,
)


def test_every_rule_is_named_by_a_test_or_is_listed_as_open() -> None:
    """The list only grows shorter: a rule that a test names must leave it, a new rule comes with its test."""
    untested = [str(rule) for rule in all_rules() if rule not in named()]
    known, excused = still_open(), with_a_reason()

    assert set(untested) - set(known) - set(excused) == set(), "rules without a test: name them in one (make rules)"
    assert {*known, *excused} - set(untested) == set(), "tested or gone: strike them from untested_rules.txt"
    assert known == [rule for rule in untested if rule not in excused], "the list has the order of the specification"
    assert list(excused) == [rule for rule in untested if rule in excused], "so have those with a reason"
    assert {reason for reason in excused.values() if not is_reason(reason)} == set()


@pytest.mark.parametrize("file", CHECKED)
def test_rule_ids_are_found_and_are_stable_names(file: str) -> None:
    rules = rules_of(file)

    assert len(rules) > 100
    assert len(set(rules)) == len(rules), "two rules of one file have the same id"


@pytest.mark.parametrize(
    ("text", "usual", "expected"),
    [
        pytest.param("Spec: A-4.7, L-9.16.", (), ["automations A-4.7", "launching L-9.16"], id="with a hyphen"),
        pytest.param("behaviour-work D3: later", (), ["work D3"], id="after the name of its file"),
        pytest.param("behaviour-people C1: later", ("behaviour-work",), [], id="after the name of another file"),
        pytest.param("D3 later", ("behaviour-work", "api-tasks"), ["work D3"], id="of the only file that has it"),
        pytest.param("D3 later", ("behaviour-work", "behaviour-automations"), [], id="of either file: of none"),
        pytest.param("D3 later", (), [], id="of no file"),
        pytest.param("behaviour-work D3, D99", (), ["work D3"], id="there is no such rule"),
        pytest.param("Y7 to Y9", ("behaviour-work",), ["work Y7", "work Y8", "work Y9"], id="a range"),
        pytest.param("A-6.1b is not A-6.1", (), ["automations A-6.1b", "automations A-6.1"], id="with a letter behind"),
        pytest.param("AT-1 and LT-17", (), ["automations AT-1", "launching LT-17"], id="test tables"),
    ],
)
def test_what_a_text_names(text: str, usual: tuple[str, ...], expected: list[str]) -> None:
    found = [Rule(rule.file.removeprefix("behaviour-"), rule.id) for rule in named_in(text, usual)]

    assert [str(rule) for rule in found] == expected


def test_a_range_ends_where_it_says() -> None:
    assert expanded("T-11.20", "T-11.22") == ["T-11.20", "T-11.21", "T-11.22"]
    assert expanded("S1", None) == ["S1"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("test_l_9_13_completion_releases", "L-9.13", id="with a hyphen"),
        pytest.param("test_a_4_31b_is_another", "A-4.31b", id="with a letter behind"),
        pytest.param("test_lt_3_naming", "LT-3", id="test table"),
        pytest.param("test_p4_the_last_task", "P4", id="bare"),
        pytest.param("test_3_of_4_are_there", "", id="no id"),
        pytest.param("test_of_eight_one_wins", "", id="no number"),
    ],
)
def test_a_name_carries_an_id(name: str, expected: str) -> None:
    assert id_in_name(name) == expected
