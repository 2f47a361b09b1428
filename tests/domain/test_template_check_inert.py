"""Rules that the check of a template takes for such that change nothing. Spec: behaviour-automations 4, 12.2."""

from typing import Any

import pytest

from procession.domain.automations.rules import Action, Condition, Launch, Shift
from procession.domain.checking.check import check
from procession.domain.checking.findings import Surroundings
from procession.domain.processes import Owners
from procession.domain.templates import Template
from tests.domain.template_parts import act, asks, done, field, rule, step

TRIP = field("trip", "Trip", "River", "Sea")
DAY = field("day", "Day", field_type="date")
WHO = field("who", "Who", field_type="assignees_form")
SEA = asks("Prerun", "trip", "equals", "Sea")
RIVER = asks("Prerun", "trip", "equals", "River", "and")
A_IS_DONE = done("a")
NO_DAY = asks("Prerun", "day", "is_empty")
NOBODY = asks("Prerun", "who", "is_empty")
TWO_DAYS = Shift(2, "days", "from")
ADA = Owners((1,))


def is_inert(conditions: list[Condition], *actions: Action, **more: Any) -> bool:
    steps = (step("a"), step("b", step_type="approval"), step("c", step_type="expiring"))
    around = Surroundings(members=frozenset({1}), templates=frozenset({"t"}))
    template = Template(steps=steps, rules=(rule("R", conditions, list(actions)),), kickoff=(TRIP, DAY, WHO), **more)
    found = [(each.code, each.level) for each in check(template, around).findings]
    return ("inert_rule", "low") in found


@pytest.mark.parametrize(
    ("conditions", "actions"),
    [
        pytest.param([A_IS_DONE], [act("assign", "a", assignees=ADA)], id="AT-16 assigns what is completed"),
        pytest.param([A_IS_DONE], [act("deadline", "a", shift=TWO_DAYS)], id="A-4.7 the deadline of what is completed"),
        pytest.param([A_IS_DONE], [act("clear_assignees", "a")], id="A-4.7 takes everybody from what is completed"),
        pytest.param([done("b", "approved")], [act("hide", "b")], id="A-4.7 hides what is decided"),
        pytest.param([done("c", "expired")], [act("hide", "c")], id="A-4.7 hides what is expired"),
        pytest.param([A_IS_DONE, SEA], [act("hide", "a")], id="A-4.7 with another condition"),
        pytest.param(
            [done("b", "approved"), done("b", "rejected", logic="or")], [act("hide", "b")], id="A-4.7 either way"
        ),
        pytest.param([A_IS_DONE, asks("Prerun", "trip", "equals", "Sea", "or"), RIVER, A_IS_DONE], [act("hide", "a")],
                     id="A-3.2 and joins what stands before it"),
        pytest.param([NO_DAY], [act("deadline", "a", shift=TWO_DAYS, source="Prerun", source_id="day")],
                     id="A-4.42 counts from no date"),
        pytest.param([NOBODY], [act("assign", "a", source="Prerun", source_id="who")], id="A-4.30 assigns nobody"),
    ],
)  # fmt: skip
def test_what_changes_nothing_is_told(conditions: list[Condition], actions: list[Action]) -> None:
    assert is_inert(conditions, *actions)


@pytest.mark.parametrize(
    ("conditions", "actions"),
    [
        pytest.param([A_IS_DONE], [act("hide", "b")], id="A-4.7 another step"),
        pytest.param([A_IS_DONE], [act("hide", "a"), act("hide", "b")], id="A-4.7 another step, too"),
        pytest.param(
            [A_IS_DONE, asks("Prerun", "trip", "equals", "Sea", "or")], [act("hide", "a")], id="A-3.2 or another answer"
        ),
        pytest.param([done("b", "reopened")], [act("hide", "b")], id="A-4.7 what is open again"),
        pytest.param([done("a", "not_assigned")], [act("assign", "a", assignees=ADA)], id="A-4.7 what is nobody's"),
        pytest.param([A_IS_DONE], [act("emit_webhook", "a", webhook_url="https://x.test")], id="A-4.7 a webhook"),
        pytest.param([A_IS_DONE], [act("launch_process", "a", launch=Launch("t"))], id="A-4.70 a launch"),
        pytest.param([SEA], [act("deadline", "a", shift=TWO_DAYS, source="Prerun", source_id="day")],
                     id="A-4.42 there may be a date"),
        pytest.param([NO_DAY], [act("deadline", "a", shift=TWO_DAYS)], id="A-4.42 counts from something else"),
        pytest.param([NOBODY], [act("assign", "a", source="Prerun", source_id="who", assignees=ADA)],
                     id="A-4.30 assigns whom it names"),
    ],
)  # fmt: skip
def test_what_may_change_something_is_left_alone(conditions: list[Condition], actions: list[Action]) -> None:
    assert not is_inert(conditions, *actions)


def test_a_5_31_what_holds_no_more_may_go_back_to_something_else() -> None:
    assert is_inert([A_IS_DONE], act("hide", "a"))
    assert not is_inert([A_IS_DONE], act("hide", "a"), two_way_visibility=True)
