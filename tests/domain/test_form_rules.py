"""Fields shown, hidden and required by answers in the same form. Spec: behaviour-templates 11.9."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from procession.domain.answers import accept, completion_obstacles, submit
from procession.domain.automations.conditions import holds
from procession.domain.automations.state import RuleState, Scene, View
from procession.domain.calculating.checking import typed
from procession.domain.calculating.sheet import shown_answers, standing, with_calculated
from procession.domain.calendar import ALL_HOURS, WorkingWeek
from procession.domain.checking.check import check
from procession.domain.checking.findings import Surroundings
from procession.domain.errors import Invalid
from procession.domain.fields import Field, FieldCondition, FieldRule
from procession.domain.form_rules import read_form_rules, with_new_ids
from procession.domain.template_differences import differences
from procession.domain.templates import Template
from procession.domain.values import People
from procession.domain.wording import NAMELESS
from tests.domain.template_parts import asks, field, step
from tests.domain.test_automation_conditions import process_with, task


def when(field_id: str, operator: Any = "equals", statement: Any = None, **more: Any) -> FieldCondition:
    return FieldCondition(field_id=field_id, operator=operator, statement=statement, **more)


def rule(effect: Any, *conditions: FieldCondition) -> FieldRule:
    return FieldRule(effect, conditions)


KIND = field("kind", "Kind", "Firm", "Person")
FIRM, PERSON = {"id": 1, "text": "Firm"}, {"id": 2, "text": "Person"}
SHOW_FIRM = rule("show", when("kind", statement="Firm"))
VAT = field("vat", "VAT", required=True, form_rules=(SHOW_FIRM,))
BRANCH = field("branch", "Branch", form_rules=(rule("show", when("vat", "is_not_empty")),))
SIZE = field("size", "Size", field_type="number")
WHY = field("why", "Why", form_rules=(rule("require", when("size", "greater_than", "10")),))
FORM = (KIND, VAT, BRANCH, SIZE, WHY)


@pytest.mark.parametrize(
    ("answers", "hidden", "required"),
    [
        pytest.param({}, {"vat", "branch"}, set[str](), id="T-11.72 no show rule holds"),
        pytest.param({"kind": FIRM}, {"branch"}, set[str](), id="T-11.72 one holds"),
        pytest.param({"kind": FIRM, "vat": "1"}, set[str](), set[str](), id="T-11.72 one after the other"),
        pytest.param({"kind": PERSON, "vat": "1"}, {"vat", "branch"}, set[str](), id="T-11.71 what is hidden says nothing"),
        pytest.param({"kind": FIRM, "vat": "1", "size": 10.5}, set[str](), {"why"}, id="T-11.72 required"),
        pytest.param({"kind": FIRM, "vat": "1", "size": 10}, set[str](), set[str](), id="T-11.72 not required"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", [FORM, FORM[::-1]], ids=["in order", "backwards"])
def test_fields_stand_as_the_answers_say(
    form: tuple[Field, ...], answers: dict[str, Any], hidden: set[str], required: set[str]
) -> None:
    found = standing(form, answers, "UTC")
    assert (found.hidden, found.required) == (hidden, required)
    assert shown_answers(form, answers, "UTC").keys() == answers.keys() - hidden


@pytest.mark.parametrize(
    ("rules", "hidden"),
    [
        ([rule("hide", when("kind", statement="Firm"))], True),
        ([rule("hide", when("kind", statement="Person"))], False),
        ([rule("show", when("kind", statement="Person")), SHOW_FIRM], False),
        ([SHOW_FIRM, rule("hide", when("size", "equals", "2.0"))], True),
        ([rule("show", when("kind", statement="Person"), when("size", statement="2", logic="or"))], False),
        ([rule("show", when("kind", statement="Person"), when("size", statement="2"))], True),
        ([rule("show", when("gone", "is_empty"))], True),
        ([rule("hide", when("gone", "is_empty"))], False),
    ],
)
def test_show_and_hide_together(rules: list[FieldRule], hidden: bool) -> None:
    """Spec: T-11.72, T-11.74."""
    form = (KIND, SIZE, field("x", "X", form_rules=tuple(rules)))
    assert ("x" in standing(form, {"kind": FIRM, "size": 2}, "UTC").hidden) is hidden


def test_a_moment_is_that_of_the_organization() -> None:
    day = field("day", "Day", field_type="date", collect_time=True)
    late = field("late", "Late", form_rules=(rule("show", when("day", "equals", "2026-05-12")),))
    answers = {"day": "2026-05-11T15:30:00.000Z"}
    assert [standing((day, late), answers, zone).hidden for zone in ("UTC", "Pacific/Auckland")] == [{"late"}, set()]


def test_only_what_is_shown_is_required() -> None:
    """Spec: T-11.70, T-11.72."""

    def sent(**answers: Any) -> dict[str, Any] | set[str]:
        try:
            return submit(FORM, answers, key="prerun", people=People(), org_id="o", today=date(2026, 5, 1)).values
        except Invalid as refusal:
            return {each for entry in refusal.errors["prerun"] for each in entry}

    assert sent(kind=PERSON) == {"kind": PERSON}
    assert sent(kind=FIRM) == {"vat"}
    assert sent(kind=PERSON, vat="kept") == {"kind": PERSON, "vat": "kept"}, "T-11.71"
    assert sent(kind=PERSON, size=11) == {"why"}
    assert completion_obstacles(FORM, {"kind": FIRM, "size": 11}, "UTC").keys() == {"vat", "why"}
    assert completion_obstacles(FORM, {"kind": PERSON}, "UTC") == {}
    bounded = (KIND, field("n", "N", field_type="number", maximum=1, form_rules=(SHOW_FIRM,)))
    assert completion_obstacles(bounded, {"kind": PERSON, "n": 2}, "UTC") == {}
    assert completion_obstacles(bounded, {"kind": FIRM, "n": 2}, "UTC").keys() == {"n"}


def test_an_answer_may_make_another_field_of_a_submitted_form_required() -> None:
    common: dict[str, Any] = {"key": "prerun", "people": People(), "org_id": "o", "may_clear_required": False}
    with pytest.raises(Invalid) as refusal:
        accept(FORM, {"kind": FIRM}, {"kind": PERSON}, **common)
    assert refusal.value.errors == {"prerun": [{"vat": ["VAT is required"]}]}
    assert accept(FORM, {"kind": FIRM, "vat": "1"}, {"kind": PERSON}, **common).values == {"kind": FIRM, "vat": "1"}


def test_a_hidden_field_is_no_answer_to_calculations() -> None:
    """Spec: T-11.71: one that counts on a hidden one has no value, in whatever order they stand."""
    twice = field("twice", "Twice", field_type="calculated", expression="{{n-1}} * 2")
    n = field("n", "N", field_type="number", form_rules=(SHOW_FIRM,))
    big = field("big", "Big", form_rules=(rule("show", when("twice", "greater_than", "9")),))
    form = typed([(big, twice, n, KIND)])
    assert not form.faults
    assert with_calculated(form.forms, {"kind": FIRM, "n": 5}, "UTC")["twice"] == 10
    values = with_calculated(form.forms, {"kind": PERSON, "n": 5, "twice": 10}, "UTC")
    assert values == {"kind": PERSON, "n": 5}
    assert standing(form.forms[0], values, "UTC").hidden == {"n", "big"}


def test_a_hidden_field_is_no_answer_to_rules_of_the_template() -> None:
    """Spec: T-11.71."""
    week = WorkingWeek((ALL_HOURS,) * 7, "UTC")
    scene = Scene(document=Template(kickoff=FORM, steps=(step("s", *FORM),)), week=week, now=0)
    done: dict[str, Any] = {"status": "completed", "completed_at": 1, "completer": 1}
    for kind, expected in ((FIRM, True), (PERSON, False)):
        answers = {"kind": kind, "vat": "1"}
        process = process_with(task(taskdata=answers, **done), prerun=answers, prerun_status="complete")
        view = View(process, RuleState(), scene)
        assert holds(asks("Prerun", "vat", "equals", "1"), view) is expected
        assert holds(asks("Capture", "vat", "equals", "1"), view) is expected
        assert holds(asks("Capture", "vat", "is_empty"), view) is not expected
        assert ("vat" in view.kickoff_answers) is expected


def said(**changes: Any) -> dict[str, Any]:
    condition = {"field_id": "AB", "operation": "equals", "statement": "Firm", "logic": "or"}
    return {"effect": "hide", "conditions": [{**condition, **changes}]}


def test_rules_are_read() -> None:
    complaints: dict[str, str] = {}
    sent = [said(statement={"id": 1, "text": "Firm"}), said(operation="is_empty", logic=None, column_contains_name="")]
    assert read_form_rules(sent, complaints.__setitem__) == (
        rule("hide", when("ab", statement="Firm", logic="or")),
        rule("hide", when("ab", "is_empty")),
    )
    assert read_form_rules(None, complaints.__setitem__) == () and complaints == {}


@pytest.mark.parametrize(
    ("sent", "paths"),
    [
        ("x", {"form_rules"}),
        ([said()] * 11, {"form_rules"}),
        ([5], {"form_rules.0.effect", "form_rules.0.conditions"}),
        ([{"effect": "hide", "conditions": []}], {"form_rules.0.conditions"}),
        ([said(), said(operation="completed")], {"form_rules.1.conditions.0.operation"}),
        ([said(field_id=7, logic="xor")], {"form_rules.0.conditions.0.field_id", "form_rules.0.conditions.0.logic"}),
        ([said(statement=None)], {"form_rules.0.conditions.0.statement"}),
        ([said(column_contains_name=[])], {"form_rules.0.conditions.0.column_contains_name"}),
    ],
)
def test_broken_rules_are_refused(sent: object, paths: set[str]) -> None:
    complaints: dict[str, str] = {}
    read_form_rules(sent, complaints.__setitem__)
    assert complaints.keys() == paths


TABLE = field("t", "T", field_type="table")


@pytest.mark.parametrize(
    ("form", "faulty"),
    [
        pytest.param((KIND, VAT), set[str](), id="T-11.73 fine"),
        pytest.param((VAT,), {"vat"}, id="T-11.73 of another form"),
        pytest.param((replace(KIND, form_rules=(SHOW_FIRM,)),), {"kind"}, id="T-11.73 by itself"),
        pytest.param(
            (replace(VAT, form_rules=(rule("show", when("branch", "is_empty")),)), BRANCH), {"vat", "branch"},
            id="T-11.73 a circle",
        ),
        pytest.param(
            (field("c", field_type="calculated", expression="{{vat-1}} & 1"),
             replace(VAT, form_rules=(rule("show", when("c", "is_empty")),))), {"vat", "c"},
            id="T-11.73 a circle through a calculation",
        ),
        pytest.param(
            (KIND, field("c", field_type="calculated", expression="{{kind-1}} & 1",
                         form_rules=(replace(SHOW_FIRM, effect="require"),))), {"c"},
            id="T-11.73 nobody fills it in",
        ),
        pytest.param(
            (TABLE, field("x", form_rules=(rule("hide", when("t", "is_empty", column="No")),))), {"x"},
            id="T-11.73 no such column",
        ),
    ],
)  # fmt: skip
def test_rules_fit_their_form(form: tuple[Field, ...], faulty: set[str]) -> None:
    assert typed([form]).faults == faulty


def test_the_check_finds_what_does_not_fit() -> None:
    """Spec: T-11.74."""
    odd = field("odd", "Odd", form_rules=(rule("hide", when("kind", statement="Club")),))
    template = Template(kickoff=(KIND, odd), steps=(step("a", VAT, assignees=(1,)),))
    found = check(template, Surroundings(members=frozenset({1}))).findings
    assert [(each.code, each.place.type, each.place.id) for each in found] == [
        ("broken_form_rule", "field", "vat"),
        ("stale_condition_value", "kickoff_field", "odd"),
    ]
    assert 'In the form rules of field "Odd" the condition field "Kind" is "Club" names' in found[1].sentence


def test_copies_name_their_own_fields_and_changes_are_told_in_words() -> None:
    """Spec: T-11.75."""
    numbers = iter("0123456789")
    kind, vat = with_new_ids((KIND, VAT), lambda: next(numbers))
    assert (kind.id, vat.id, vat.form_rules[0].conditions[0].field_id) == ("0", "1", "0")

    before = Template(kickoff=(KIND, replace(VAT, form_rules=())))
    [told] = differences(before, Template(kickoff=(KIND, VAT)), NAMELESS)
    assert told.attribute == "form_rules"
    assert told.sentence == (
        'The form rules of kick-off field "VAT" changed from nothing to show if field "Kind" is "Firm".'
    )
