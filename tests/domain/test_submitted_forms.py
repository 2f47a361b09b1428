"""Forms that are submitted as a whole, and what is missing from them. Spec: behaviour-launching 4."""

from typing import Any

import msgspec
import pytest

from procession.domain.answers import (
    Accepted,
    accept,
    completion_obstacles,
    missing_required,
    submit,
)
from procession.domain.calculating.sheet import PLAIN
from procession.domain.errors import Invalid
from procession.domain.fields import Field, Option
from tests.domain.answering import (
    CHOICE,
    GRAVEL,
    ORG,
    PEOPLE,
    SAND,
    SOIL,
    TABLE,
    TODAY,
    WATER,
    WIDTH,
    answer,
    complaints,
    field,
)

INTAKE = [
    field("text", label="Sample", required=True),
    field("dropdown", label="Kind", required=True, options=(Option(1, "Soil"), Option(2, "Water"))),
    field("text", label="Notes"),
    field("table", label="Tubes"),
]


@pytest.mark.parametrize(
    ("prerun", "errors"),
    [
        pytest.param({"sample": "S1", "kind": WATER}, [], id="LT-1 complete"),
        pytest.param({"sample": "S1"}, [{"kind": ["Kind is required"]}], id="LT-1 Kind missing"),
        pytest.param(None, [{"sample": ["Sample is required"]}, {"kind": ["Kind is required"]}], id="LT-1 none"),
        pytest.param({"sample": "  ", "kind": SOIL}, [{"sample": ["Sample is required"]}], id="LT-1 blank"),
        pytest.param({"sample": "S1", "kind": "Water"}, [{"kind": [CHOICE]}], id="LT-1 bare text"),
        pytest.param({"sample": "S1", "kind": {"id": 2, "text": "Soil"}}, [{"kind": [CHOICE]}], id="LT-1 mismatch"),
        pytest.param(
            {"sample-1": "S1", "kind-1": WATER},
            [{"sample": ["Sample is required"]}, {"kind": ["Kind is required"]}],
            id="LT-1 keyed by alias",
        ),
        pytest.param({"sample": "S1", "kind": WATER, "zz": 1}, [], id="LT-1 unknown key"),
        pytest.param([{"sample": "S1"}, {"kind": WATER}], [], id="LT-1 folded"),
        pytest.param({"sample": "S1", "kind": WATER, "tubes": ["T1", "5"]}, [], id="LT-1 table"),
        pytest.param({"sample": "S1", "kind": WATER, "tubes": ["T1"]}, [{"tubes": [WIDTH]}], id="LT-1 table width"),
        pytest.param({"sample": "S1", "kind": WATER, "tubes": ""}, [{"tubes": [TABLE]}], id="LT-1 empty table"),
        pytest.param(
            {"sample": None, "kind": 5, "tubes": []},
            [{"sample": ["Sample is required"]}, {"kind": [CHOICE]}, {"tubes": [WIDTH]}],
            id="L-4.3 missing and wrong ones together",
        ),
    ],
)
def test_a_form_is_submitted_as_a_whole(prerun: object, errors: list[object]) -> None:
    if errors:
        with pytest.raises(Invalid) as refusal:
            submit(INTAKE, prerun, key="prerun", people=PEOPLE, org_id=ORG, today=TODAY)
        assert refusal.value.errors == {"prerun": errors}
    else:
        accepted = submit(INTAKE, prerun, key="prerun", people=PEOPLE, org_id=ORG, today=TODAY)
        assert accepted.values["sample"] == "S1"
        assert accepted.changed == accepted.values.keys()


LINK = {"filename": "a.pdf", "url": "https://files.test/a.pdf", "source": "url"}


@pytest.mark.parametrize(
    ("asked", "sent", "stored"),
    [
        pytest.param(field("text"), 42, 42, id="TT-2 a number in a text"),
        pytest.param(field("text"), "x" * 201, None, id="TT-2 a text too long"),
        pytest.param(field("textarea"), 42, None, id="TT-2 a number in a long text"),
        pytest.param(field("radio", options=(SAND, GRAVEL)), "Gravel", "Gravel", id="TT-2 radio"),
        pytest.param(field("radio", options=(SAND, GRAVEL)), {"id": 2, "text": "Gravel"}, None, id="TT-2 radio object"),
        *(
            pytest.param(field("dropdown", options=(SAND, GRAVEL)), sent, stored, id=f"TT-2 dropdown {sent}")
            for sent, stored in (
                ({"id": 2, "text": "Gravel"}, {"id": 2, "text": "Gravel"}), ("Gravel", None),
                ({"id": 1, "text": "Gravel"}, None), ({"id": 2, "text": "gravel"}, None),
            )
        ),
        pytest.param(field("table"), ["Rope", "4"], ["Rope", "4"], id="TT-2 a row"),
        pytest.param(field("table"), ["Rope"], None, id="TT-2 a row too short"),
        pytest.param(field("table"), "", None, id="TT-2 an empty table"),
        pytest.param(field("file"), LINK["url"], None, id="TT-2 a bare address"),
        pytest.param(field("file"), [LINK], [{**LINK, "full_url": LINK["url"]}], id="TT-2 a file elsewhere"),
    ],
)  # fmt: skip
def test_values_are_taken_or_refused(asked: Field, sent: object, stored: object) -> None:
    if stored is None:
        assert complaints(asked, sent)
    else:
        assert answer(asked, sent).values == {"answer": stored}


def test_wrong_keys_leave_an_optional_form_empty() -> None:
    """Spec: LT-2."""
    accepted = submit(INTAKE[2:], {"notes-1": "x"}, key="prerun", people=PEOPLE, org_id=ORG, today=TODAY)
    assert (accepted.values, accepted.ignored) == ({}, ["notes-1"])


@pytest.mark.parametrize("empty", [None, "", " ", []])
def test_a_required_answer_of_a_submitted_form_cannot_be_cleared(empty: object) -> None:
    """Spec: api-conventions 18.4, api-processes 9; a task's may be, until it completes."""
    sample = INTAKE[0]

    def save(*, may_clear_required: bool, **current: object) -> Accepted:
        sent = {"sample": empty, "notes": "n"}
        return accept(
            INTAKE, sent, current, key="prerun", people=PEOPLE, org_id=ORG, may_clear_required=may_clear_required
        )

    for current in ({"sample": "S1"}, {}):
        with pytest.raises(Invalid) as refusal:
            save(may_clear_required=False, **current)
        assert refusal.value.errors == {"prerun": [{sample.id: ["Sample is required"]}]}
    assert save(may_clear_required=True, sample="S1").values == {"notes": "n"}


def test_nothing_chosen_empties_a_required_checklist() -> None:
    checks = field("multiselect", required=True)
    sent, current = (
        [{"id": 1, "text": "Red", "selected": False}],
        {"answer": [{"id": 1, "text": "Red", "selected": True}]},
    )
    with pytest.raises(Invalid):
        accept([checks], {"answer": sent}, current, key="prerun", people=PEOPLE, org_id=ORG, may_clear_required=False)


@pytest.mark.parametrize(
    ("asked", "stored", "missing"),
    [
        pytest.param(field("text"), "x", False, id="11.2 text"),
        pytest.param(field("text"), 0, False, id="18.4 zero answers"),
        pytest.param(field("text"), False, False, id="18.4 false answers"),
        pytest.param(field("text"), " ", True, id="11.2 empty after trim"),
        pytest.param(field("text"), None, True, id="no answer"),
        pytest.param(field("textarea"), "<p>&nbsp;</p>", True, id="11.2 markup only"),
        pytest.param(field("textarea"), "<p>x</p>", False, id="11.2 markup with words"),
        pytest.param(field("multiselect"), [{"id": 1, "text": "Red", "selected": False}], True, id="L-4.5 none chosen"),
        pytest.param(field("multiselect"), [{"id": 1, "text": "Red", "selected": True}], False, id="L-4.5 one chosen"),
        pytest.param(field("multiselect"), [{"id": 1, "text": "Red"}], False, id="DEC-52 without the key"),
        pytest.param(field("table"), [[], []], True, id="11.2 no row"),
        pytest.param(field("table"), ["", [None, " "]], True, id="T-11.6 empty cells"),
        pytest.param(field("table"), ["", [None, 0]], False, id="T-11.6 one cell"),
        pytest.param(field("assignees_form"), {"users": [], "guests": [], "groups": []}, True, id="11.2 nobody"),
        pytest.param(
            field("assignees_form"), {"users": [], "guests": ["a@b.c"], "groups": []}, False, id="11.2 a guest"
        ),
        pytest.param(field("file"), [], True, id="11.2 no file"),
        pytest.param(field("file"), [{"url": "https://a.example"}], False, id="11.2 a file"),
        pytest.param(field("dropdown"), {"id": 1, "text": "Red"}, False, id="11.2 dropdown"),
        pytest.param(field("multiselect"), "of another type", True, id="an answer from before the type changed"),
        pytest.param(field("table"), 7, True, id="the same for a table"),
    ],
)
def test_what_counts_as_blank(asked: Field, stored: object, missing: bool) -> None:
    asked = msgspec.structs.replace(asked, required=True)
    expected = {"answer": "Answer is required"} if missing else {}
    assert missing_required([asked], {"answer": stored}, PLAIN) == expected
    assert missing_required([msgspec.structs.replace(asked, required=False)], {"answer": stored}, PLAIN) == {}


def checked(*options: tuple[int, str, bool | None]) -> list[dict[str, Any]]:
    return [{"id": i, "text": t} | ({} if chosen is None else {"selected": chosen}) for i, t, chosen in options]


@pytest.mark.parametrize(
    ("batch", "checks", "obstacles"),
    [
        pytest.param("", checked((1, "a", True), (2, "b", True), (3, "c", True)), {"batch"}, id="TT-1 no Batch"),
        pytest.param("B-77", checked((1, "a", True), (2, "b", True)), {"checks"}, id="TT-1 two of three"),
        pytest.param("B-77", checked((1, "a", True), (2, "b", True), (3, "c", True)), set(), id="TT-1 all"),
        pytest.param("B-77", checked((1, "a", None), (2, "b", None), (3, "c", None)), set(), id="TT-1 without the key"),
        pytest.param("B-77", checked((1, "a", True), (2, "b", True), (3, "c", False)), {"checks"}, id="TT-1 one not"),
        pytest.param("B-77", [], {"checks"}, id="T-11.14 all means all"),
        pytest.param("x", [], {"batch", "checks"}, id="T-11.12 rules are checked again"),
    ],
)
def test_what_keeps_a_task_from_completing(batch: str, checks: list[dict[str, Any]], obstacles: set[str]) -> None:
    seal = [
        field("text", label="Batch", required=True, field_validation=("min:2",)),
        field(
            "multiselect",
            label="Checks",
            options=(Option(1, "a"), Option(2, "b"), Option(3, "c")),
            settings={"must_all_checked": True},
        ),
    ]
    answers = accept(
        seal, {"checks": checks}, {"batch": batch}, key="taskdata", people=PEOPLE, org_id=ORG, may_clear_required=True
    ).values
    assert set(completion_obstacles(seal, answers, "UTC")) == obstacles
    assert "checks" not in missing_required(seal, answers, PLAIN)
