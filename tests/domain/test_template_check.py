"""The check of templates, finding by finding. Spec: behaviour-automations 12.2."""

from typing import Any

import pytest
from msgspec.structs import replace

from procession.domain.automations.rules import HandedOn, Launch, Rule, Shift
from procession.domain.checking.check import check
from procession.domain.checking.findings import Surroundings
from procession.domain.deadlines import StepDeadline
from procession.domain.fields import Field
from procession.domain.processes import Owners
from procession.domain.templates import FollowUp, Step, Template
from tests.domain.template_parts import act, asks, done, field, rule, step

AROUND = Surroundings(
    members=frozenset({1, 2}),
    groups=frozenset({"g"}),
    roles=frozenset({"r"}),
    templates=frozenset({"t", "asks", "bare", "own"}),
    with_required_fields=frozenset({"asks"}),
    without_steps=frozenset({"bare"}),
    own="own",
)
TRIP = field("trip", "Trip", "River", "Sea")
SEA, RIVER = asks("Prerun", "trip", "equals", "Sea"), asks("Prerun", "trip", "equals", "River")
SIZE = field("size", "Size")
MASS = field("mass", "Mass", field_type="number", minimum=0, maximum=10)
SIZE_TO_WHO = HandedOn("who", "Prerun", "size")
AFTER_A = StepDeadline(1, "days", "from", "a")


def found(
    *steps: Step, rules: tuple[Rule, ...] = (), kickoff: tuple[Field, ...] = (TRIP, SIZE, MASS), **more: Any
) -> Any:
    """Code, level and name of the place of each finding."""
    template = Template(steps=steps, rules=rules, kickoff=kickoff, **more)
    return [(each.code, each.level, each.place.name) for each in check(template, AROUND).findings]


def show(step_id: str, *conditions: Any, name: str = "R1") -> Rule:
    return rule(name, list(conditions), [act("show", step_id)])


A, B, C = step("a"), step("b"), step("c")
APPROVAL = step("a", step_type="approval")
NOTE = field("note", "Note", required=True)


@pytest.mark.parametrize(
    ("steps", "rules", "expected"),
    [
        pytest.param([A, B], [show("b", SEA)], [], id="AT-1 nothing is wrong"),
        pytest.param([A, B], [show("b", done("a"))], [], id="AT-11 a chain"),
        pytest.param(
            [A, B], [show("b", SEA, RIVER)],
            [("unreachable_step", "high", "B"), ("inert_rule", "medium", "R1")],
            id="two answers at once",
        ),
        pytest.param(
            [A, B, C], [show("b", SEA, RIVER), show("c", done("b"), name="R2")],
            [("unreachable_step", "high", "B"), ("unreachable_step", "high", "C"), ("inert_rule", "medium", "R1"),
             ("inert_rule", "medium", "R2")],
            id="behind a step that is never seen",
        ),
        pytest.param(
            [A, B], [show("b", done("b"))],
            [("unreachable_step", "high", "B"), ("inert_rule", "medium", "R1")],
            id="A-6.6 shown by itself",
        ),
        pytest.param([A, B], [show("b", done("b", "not_assigned"))], [], id="2.2 nobody has it, seen or not"),
        pytest.param([A, replace(B, hide_by_default=True)], [], [("unreachable_step", "high", "B")], id="A-6.1 switch"),
        pytest.param(
            [A, B], [show("b", done("a", "approved"))],
            [("unreachable_step", "high", "B"), ("inert_rule", "medium", "R1")],
            id="T-5.6 no decision on a plain task",
        ),
        pytest.param([APPROVAL, B], [show("b", done("a", "approved"))], [], id="a decision"),
        pytest.param(
            [APPROVAL, B], [show("b", done("a", "approved"), done("a", "rejected"))],
            [("unreachable_step", "high", "B"), ("inert_rule", "medium", "R1")],
            id="both decisions",
        ),
        pytest.param([A, B], [show("b", done("a", "completed", "late_24"))], [], id="A-2.11 a time clause"),
        pytest.param(
            [A, B], [show("b", done("a", "completed", "early_24"), done("a", "completed", "late_24"))],
            [("unreachable_step", "high", "B"), ("inert_rule", "medium", "R1")],
            id="early and late",
        ),
        pytest.param(
            [A, B],
            [show("b", asks("Prerun", "size", "greater_than", "10"), asks("Prerun", "size", "less_than", "12"))],
            [], id="a number between",
        ),
        pytest.param(
            [A, B],
            [show("b", asks("Prerun", "size", "greater_than", "10"), asks("Prerun", "size", "less_than", "9"))],
            [("unreachable_step", "high", "B"), ("inert_rule", "medium", "R1")],
            id="no number between",
        ),
        pytest.param(
            [A, B], [show("b", asks("Prerun", "size", "contains", "x"), asks("Prerun", "size", "contains", "y"))], [],
            id="both texts in one",
        ),
        pytest.param(
            [step("a", NOTE), B], [show("b", asks("Capture", "note", "is_empty"))],
            [("unreachable_step", "high", "B"), ("inert_rule", "medium", "R1")],
            id="A-2.31 a required answer is never empty",
        ),
        pytest.param(
            [A, B], [show("b", asks("Prerun", "trip", "equals", "Lake"))],
            [("unreachable_step", "high", "B"), ("stale_condition_value", "medium", "R1"),
             ("inert_rule", "medium", "R1")],
            id="A-2.23 an option that is gone",
        ),
        pytest.param(
            [A, B], [show("b", asks("Prerun", "trip", "equals_any", ["Sea", "Lake"]))],
            [("stale_condition_value", "medium", "R1")], id="one of several is gone",
        ),
        pytest.param(
            [A, B], [show("b", asks("Prerun", "mass", "greater_than", "5"), asks("Prerun", "mass", "less_than", "6"))],
            [], id="T-11.54 between two numbers",
        ),
        pytest.param(
            [A, B], [show("b", asks("Prerun", "mass", "greater_than", "10"))],
            [("unreachable_step", "high", "B"), ("inert_rule", "medium", "R1")], id="T-11.54 more than its maximum",
        ),
        pytest.param(
            [step("a", field("sum", "Sum", field_type="calculated", expression="{{gone-1}} * 2"))], [],
            [("broken_calculation", "high", "Sum")], id="T-11.68 a field that is gone",
        ),
        pytest.param(
            [A, B], [show("b", asks("Prerun", "mass", "not_equals", "much"))],
            [("stale_condition_value", "medium", "R1")], id="T-11.54 no number",
        ),
        pytest.param(
            [A, B], [show("b", asks("Prerun", "trip", "not_equals", "Lake"))],
            [("always_true_condition", "medium", "R1")], id="A-2.23 not an option that is gone",
        ),
        pytest.param(
            [A, B], [show("b", done("a", "overdue_by", {"value": 1, "unit": "days"}), done("a", "overdue"))], [],
            id="A-2.40 on time",
        ),
        pytest.param(
            [A, B], [show("b", asks("Run", "", "due_in", {"value": 1, "unit": "days"}))], [],
            id="A-2.40 the process is due",
        ),
        pytest.param(
            [A, B], [show("b", done("a", "overdue"), done("a"))],
            [("unreachable_step", "high", "B"), ("inert_rule", "medium", "R1")],
            id="A-2.40 overdue and done at once",
        ),
        pytest.param(
            [step("a", step_type="expiring"), B], [show("b", done("a", "overdue"))],
            [("unreachable_step", "high", "B"), ("inert_rule", "medium", "R1")],
            id="A-2.42 what closes by itself is never overdue",
        ),
        pytest.param(
            [A], [rule("R1", [SEA], [act("launch_process", "a", launch=Launch("t", None, (SIZE_TO_WHO,)))])], [],
            id="A-4.70 a launch",
        ),
        pytest.param(
            [A], [rule("R1", [SEA], [act("launch_process", "a", launch=Launch("gone"))])],
            [("follow_up_gone", "high", "R1")], id="A-4.74 a launch of what is gone",
        ),
        pytest.param(
            [A, B], [show("b", asks("Prerun", "gone", "equals", "x"))],
            [("unreachable_step", "high", "B"), ("dangling_reference", "high", "R1"),
             ("never_evaluated", "medium", "R1")],
            id="A-5.3 a field that is gone",
        ),
        pytest.param(
            [A], [rule("R1", [SEA], [])], [("empty_rule", "low", "R1")], id="A-1.6 nothing to do"
        ),
        pytest.param(
            [A], [rule("R1", [SEA], [act("deadline", "a", shift=Shift(0, "days", "from"))])],
            [("inert_rule", "low", "R1")], id="a shift of nothing",
        ),
        pytest.param(
            [A], [rule("R1", [SEA], [act("assign", "a", assignees=Owners((9,)))])],
            [("assignee_left", "medium", "R1"), ("inert_rule", "low", "R1")], id="A-4.36 assigns who has left",
        ),
        pytest.param(
            [A, B], [show("b", SEA), rule("R2", [RIVER], [act("hide", "b")])], [], id="AT-12 answers exclude each other"
        ),
        pytest.param(
            [A, B], [show("b", SEA), rule("R2", [asks("Prerun", "size", "equals", "L")], [act("hide", "b")])],
            [("ordered_override", "medium", "R2")], id="A-5.20 position decides",
        ),
        pytest.param(
            [A, B, C], [show("c", done("a")), rule("R2", [done("b")], [act("hide", "c")])],
            [("conflicting_rules", "high", "R2")], id="A-5.21 the order of completion decides",
        ),
        pytest.param(
            [APPROVAL, B], [show("b", done("a", "approved")), rule("R2", [done("a", "rejected")], [act("hide", "b")])],
            [], id="AT-39 decisions exclude each other",
        ),
        pytest.param(
            [A, B], [show("b", SEA), show("b", SEA, name="R2")], [("exact_duplicate", "info", "R2")], id="twice the same"
        ),
        pytest.param(
            [A, B, C], [show("b", SEA), show("c", SEA, name="R2")], [("same_trigger", "info", "R2")], id="mergeable"
        ),
        pytest.param(
            [A, B], [rule("R1", [done("a")], [act("reopen", "b")]), rule("R2", [done("b")], [act("reopen", "a")])],
            [("endless_reopening", "high", "R1")], id="never both done",
        ),
        pytest.param(
            [step("a"), step("b", step_type="approval")],
            [rule("R1", [done("b", "rejected")], [act("reopen", "a")]), rule("R2", [done("a")], [act("reopen", "b")])],
            [], id="AT-14 a rejection loop ends",
        ),
    ],
)  # fmt: skip
def test_rules(steps: list[Step], rules: list[Rule], expected: Any) -> None:
    assert found(*steps, rules=tuple(rules)) == expected


@pytest.mark.parametrize(
    ("steps", "rules", "expected"),
    [
        pytest.param([A, step("b", deadline=AFTER_A)], [], [], id="an anchor that is always there"),
        pytest.param(
            [A, step("b", deadline=AFTER_A)], [show("a", SEA)], [("orphaned_deadline_anchor", "medium", "B")],
            id="an anchor that may stay hidden",
        ),
        pytest.param(
            [replace(A, hide_by_default=True), step("b", deadline=AFTER_A)], [],
            [("unreachable_step", "high", "A"), ("orphaned_deadline_anchor", "high", "B")],
            id="an anchor that is never seen",
        ),
        pytest.param(
            [A, step("b", deadline=AFTER_A)], [show("a", SEA), show("b", done("a"), name="R2")], [],
            id="what waits for the anchor is seen after it",
        ),
        pytest.param(
            [A, step("b", deadline=AFTER_A)], [rule("R1", [SEA], [act("show", "a"), act("show", "b")])], [],
            id="seen together",
        ),
        pytest.param(
            [A, step("b", deadline=replace(AFTER_A, step="gone"))], [], [("dangling_reference", "high", "B")],
            id="T-5.3 an anchor that is gone",
        ),
        pytest.param(
            [step("a", deadline=replace(AFTER_A, step="b")), step("b", deadline=AFTER_A)], [],
            [("circular_deadlines", "high", "A"), ("circular_deadlines", "high", "B")], id="T-7.7 a circle",
        ),
        pytest.param(
            [A, step("b", step_type="expiring", deadline=AFTER_A)],
            [rule("R1", [done("b", "expired")], [act("assign", "a", assignees=Owners((2,)))])],
            [("expiring_anchor", "high", "B")], id="AT-18 an alarm that waits for what it watches",
        ),
        pytest.param(
            [step("a", assign_run_starter=False)], [], [("unassigned_visible_step", "high", "A")], id="nobody's"
        ),
        pytest.param(
            [step("a", assign_run_starter=False, can_complete_only_assignees=True)], [],
            [("no_completable_path", "high", "A")], id="T-8.13 nobody may",
        ),
        pytest.param(
            [step("a", assign_run_starter=False, step_type="email")], [], [("unassigned_visible_step", "high", "A")],
            id="T-6.6 a mail to nobody",
        ),
        pytest.param(
            [step("a", assign_run_starter=False)], [rule("R1", [SEA], [act("assign", "a", assignees=Owners((1,)))])], [],
            id="assigned by a rule",
        ),
        pytest.param(
            [step("a", assign_run_starter=False, assignees=(9,))], [],
            [("unassigned_visible_step", "high", "A"), ("assignee_left", "high", "A")], id="only who has left",
        ),
        pytest.param([step("a", assignees=(1, 9))], [], [("assignee_left", "medium", "A")], id="one has left"),
        pytest.param([step("a", groups=("x",))], [], [("assignee_left", "high", "A")], id="a group that is gone"),
        pytest.param([step("a", follow_up=FollowUp("t"))], [], [], id="a template to launch"),
        pytest.param([step("a", follow_up=FollowUp("x"))], [], [("follow_up_gone", "high", "A")], id="L-10.1 it is gone"),
        pytest.param([step("a", follow_up=FollowUp("asks"))], [], [("follow_up_unfit", "high", "A")], id="L-10.1 asks"),
        pytest.param([step("a", follow_up=FollowUp("own"))], [], [], id="L-10.11 it launches itself"),
        pytest.param([step("a", follow_up=FollowUp("t", None, True))], [], [], id="a template to inject"),
        *(
            pytest.param(
                [step("a", follow_up=FollowUp(target, None, True))], [], [(code, "high", "A")], id=f"L-10.13 {target}"
            )
            for target, code in (
                ("x", "follow_up_gone"),
                ("asks", "follow_up_unfit"),
                ("own", "follow_up_unfit"),
                ("bare", "follow_up_unfit"),
            )
        ),
        pytest.param(
            [step("a", replace(TRIP, id="f", alias="f", options=()))], [], [("empty_options", "medium", "Trip")],
            id="nothing to choose",
        ),
        pytest.param(
            [step("a", replace(TRIP, id="f", alias="f", options=(), required=True))], [],
            [("empty_options", "high", "Trip")], id="nothing to choose, though it must be answered",
        ),
        pytest.param([step("a", title="Call {{trip-1}} {{DATE}}")], [], [], id="T-12.2 a variable"),
        pytest.param(
            [step("a", title="Call {{gone-1}}")], [], [("unknown_variable", "medium", "Call {{gone-1}}")], id="T-12.12"
        ),
        pytest.param(
            [step("a", title="{{note-1}}"), step("b", NOTE, summary="{{note-1}}"), step("c", title="{{note-1}}")], [],
            [("late_variable", "medium", "{{note-1}}"), ("late_variable", "medium", "B")],
            id="T-12.2 of a later step, of the same step, of an earlier one",
        ),
        pytest.param(
            [step("a", start_date=replace(A.start_date, value=9)), B], [], [("inert_start_date", "medium", "the template")],
            id="T-7.8 a start that does not count",
        ),
        pytest.param(
            [step("a", start_date=replace(A.start_date, value=9), is_soft_start_date=False)], [], [], id="one that does"
        ),
    ],
)  # fmt: skip
def test_steps_and_fields(steps: list[Step], rules: list[Rule], expected: Any) -> None:
    assert found(*steps, rules=tuple(rules)) == expected


def test_a_finding_says_what_to_do() -> None:
    template = Template(steps=(A, B), rules=(show("b", asks("Prerun", "trip", "equals", "Lake")),), kickoff=(TRIP,))

    sentences = [each.sentence for each in check(template, AROUND).findings]

    assert sentences == [
        'Step "B" is never seen: no answer makes a rule show it. Change or add a rule that shows it, or delete the step.',
        (
            'In rule "R1" the condition field "Trip" is "Lake" names "Lake", which is no option of the field any more: '
            "choose an option there is."
        ),
        'The conditions of rule "R1" never hold, whatever is answered and decided: change them, or delete the rule.',
    ]


def test_many_rules_with_many_ways_to_hold_are_checked_whole() -> None:
    """Twenty-five ways each: one of them that is possible is enough."""
    texts = [asks("Prerun", "size", "contains", f"x{number}", "or" if number % 2 else "and") for number in range(50)]
    steps = [step(f"s{place}") for place in range(400)]
    rules = [rule(each.id, [replace(one, id=f"{each.id}-{one.id}") for one in texts], [act("hide", each.id)])
             for each in steps]  # fmt: skip

    assert check(Template(steps=tuple(steps), rules=tuple(rules), kickoff=(SIZE,)), AROUND).is_complete


def test_what_takes_too_long_to_try_is_not_claimed() -> None:
    """A hundred rules with eighty ways to hold each, all of them in vain."""
    texts = [asks("Prerun", "size", "equals", f"x{number}", "or") for number in range(80)]
    never = [asks("Prerun", "size", operator, "x") for operator in ("contains", "not_contains")]
    rules = [show("b", *(replace(each, id=f"{place}-{each.id}") for each in (*texts, *never * 10)), name=str(place))
             for place in range(100)]  # fmt: skip

    checked = check(Template(steps=(A, B), rules=tuple(rules), kickoff=(SIZE,)), AROUND)

    assert not {each.code for each in checked.findings} & {"unreachable_step"}
    assert not checked.is_complete


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([A, replace(B, blocked_by=("a",))], [], id="behaviour-work OL7 nothing is wrong"),
        pytest.param(
            [replace(A, hide_by_default=True), replace(B, blocked_by=("a",))],
            [("unreachable_step", "high", "A"), ("lock_without_effect", "medium", "B")],
            id="behaviour-work OL7 what is never seen blocks nothing",
        ),
        pytest.param(
            [
                replace(A, can_complete_only_assignees=True, assign_run_starter=False),
                replace(B, blocked_by=("a",)),
            ],
            [("no_completable_path", "high", "A"), ("lock_for_good", "high", "B")],
            id="behaviour-work OL7 what nobody can complete",
        ),
        pytest.param(
            [A, replace(B, step_type="expiring", blocked_by=("a",))],
            [("lock_passed_by_clock", "medium", "B")], id="behaviour-work OL7 the clock does not wait",
        ),
        pytest.param(
            [A, replace(B, step_type="expiring", blocked_by=("a",), deadline=AFTER_A)], [],
            id="behaviour-work OL7 its deadline waits, too",
        ),
        pytest.param(
            [replace(A, deadline=StepDeadline(1, "days", "from", "c")), replace(B, blocked_by=("a",)),
             replace(C, blocked_by=("b",))],
            [("lock_against_deadline", "high", "A")], id="behaviour-work OL7 due after what comes later",
        ),
    ],
)  # fmt: skip
def test_order_locks(steps: list[Step], expected: Any) -> None:
    assert found(*steps) == expected
