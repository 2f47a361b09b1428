"""Deadlines at launch, held ones, and what moves while a process runs. Spec: behaviour-launching 9.3, LT-7."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from procession.domain.calendar import ALL_HOURS, Hours, WorkingWeek
from procession.domain.deadlines import (
    Offset,
    PlannedDeadline,
    StepDeadline,
    TaskDeadline,
    circular_steps,
    follow_moved_deadline,
    plan_deadlines,
    read_start_date,
    read_step_deadline,
    rehold_on_reopen,
    release_on_completion,
    soft_start,
)
from procession.domain.errors import Invalid
from procession.domain.times import parse_instant, wire

OFFICE = WorkingWeek((Hours(540, 1080),) * 5 + (None, None), "Europe/Lisbon")
ALWAYS = WorkingWeek((ALL_HOURS,) * 7, "UTC")
FIVE_DAYS = Offset(5, "days")
THURSDAY = parse_instant("2026-03-05T14:30:00Z")

Rules = Mapping[str, StepDeadline | None]


def after(days: int, step: str = "start_run") -> StepDeadline:
    return StepDeadline(days, "days", "from", step)


def before(days: int, step: str) -> StepDeadline:
    return StepDeadline(days, "days", "prior_to", step)


def plan(rules: Rules, week: WorkingWeek = OFFICE, **overrides: str) -> dict[str, str]:
    given = {step_id: parse_instant(at) for step_id, at in overrides.items()}
    return shown(plan_deadlines(list(rules.items()), THURSDAY, FIVE_DAYS, week, given))


def shown(deadlines: Mapping[str, PlannedDeadline]) -> dict[str, str]:
    return {step: f"{'held ' if d.held else ''}{wire(d.at)[:16]}" for step, d in deadlines.items()}


LT7: Rules = {"Quote": after(1), "Sign": after(2, "Quote"), "Prep": before(1, "Sign")}


@pytest.mark.parametrize(
    ("rules", "overrides", "expected"),
    [
        pytest.param(
            LT7,
            {},
            {"Quote": "2026-03-06T14:30", "Sign": "held 2026-03-09T09:00", "Prep": "held 2026-03-09T09:00"},
            id="LT-7 L-9.11 launch",
        ),
        pytest.param(
            dict(reversed(LT7.items())),
            {},
            {"Prep": "held 2026-03-09T09:00", "Sign": "held 2026-03-09T09:00", "Quote": "2026-03-06T14:30"},
            id="L-9.15 chains resolve whatever the order",
        ),
        pytest.param({"A": None}, {}, {"A": "2026-03-10T14:30"}, id="L-9.12 no deadline takes the default"),
        pytest.param({"A": None}, {"A": "2026-03-07"}, {"A": "2026-03-09T09:00"}, id="L-9.10 a given one is adjusted"),
        pytest.param(
            LT7,
            {"Sign": "2026-03-20T10:00"},
            {"Quote": "2026-03-06T14:30", "Sign": "2026-03-20T10:00", "Prep": "2026-03-19T10:00"},
            id="L-9.10 a given one is not held, nor what counts back from it",
        ),
        pytest.param(
            {"A": after(10), "B": before(2, "A")},
            {},
            {"A": "2026-03-16T09:00", "B": "2026-03-16T09:00"},
            id="L-9.14 counts back from the deadline, then forward",
        ),
        pytest.param(
            {"A": after(1), "B": before(10, "A")},
            {},
            {"A": "2026-03-06T14:30", "B": "2026-02-24T14:30"},
            id="L-9.14 before the launch",
        ),
        pytest.param({"A": after(3, "gone")}, {}, {"A": "2026-03-10T14:30"}, id="L-9.15 a missing anchor"),
        pytest.param(
            {"A": after(1, "B"), "B": before(1, "C"), "C": after(1, "A"), "D": after(1, "A"), "E": after(1, "E")},
            {},
            {
                **dict.fromkeys("ABC", "2026-03-10T14:30"),
                "D": "held 2026-03-11T14:30",
                "E": "2026-03-10T14:30",
            },
            id="L-9.15 a circle falls back, what hangs on it does not",
        ),
        pytest.param(
            {"A": after(1, "B"), "B": after(1, "A")},
            {"A": "2026-03-12T10:00"},
            {"A": "2026-03-12T10:00", "B": "held 2026-03-13T10:00"},
            id="L-9.10 a given one breaks a circle",
        ),
        pytest.param({"A": None}, {"other": "2026-03-12"}, {"A": "2026-03-10T14:30"}, id="L-9.10 of no step here"),
        pytest.param({}, {}, {}, id="no steps"),
    ],
)
def test_every_step_has_a_deadline_at_launch(rules: Rules, overrides: dict[str, str], expected: dict[str, str]) -> None:
    """Spec: behaviour-work D7."""
    planned = plan(rules, OFFICE, **overrides)
    assert planned == expected
    assert list(planned) == list(rules)


def test_a_chain_of_500_steps_is_planned() -> None:
    rules: Rules = {"0": None} | {str(i): after(1, str(i - 1)) for i in range(1, 500)}
    backwards = dict(reversed(rules.items()))
    assert plan(rules, ALWAYS)["499"] == plan(backwards, ALWAYS)["499"] == "held 2027-07-22T14:30"


def tasks(rules: Rules, **changes: dict[str, Any]) -> dict[str, TaskDeadline]:
    planned = plan_deadlines(list(rules.items()), THURSDAY, FIVE_DAYS, OFFICE, {})
    return {
        step: msgspec.structs.replace(
            TaskDeadline(rule=rules[step], at=deadline.at, held=deadline.held), **changes.get(step, {})
        )
        for step, deadline in planned.items()
    }


def applied(known: Mapping[str, TaskDeadline], changes: Mapping[str, PlannedDeadline]) -> dict[str, TaskDeadline]:
    return {
        step: msgspec.structs.replace(task, **msgspec.structs.asdict(changes[step])) if step in changes else task
        for step, task in known.items()
    }


def test_lt7_a_process_from_launch_to_second_completion() -> None:
    known = tasks(LT7)

    done = release_on_completion(known, "Quote", parse_instant("2026-03-09T10:00:00Z"), OFFICE)
    assert shown(done) == {"Sign": "2026-03-11T10:00", "Prep": "2026-03-10T10:00"}

    reopened = rehold_on_reopen(applied(known, done), "Quote", OFFICE)
    assert shown(reopened) == {"Sign": "held 2026-03-11T10:00", "Prep": "held 2026-03-10T10:00"}

    known = applied(applied(known, done), reopened)
    again = release_on_completion(known, "Quote", parse_instant("2026-03-12T11:00:00Z"), OFFICE)
    assert shown(again) == {"Sign": "2026-03-16T09:00", "Prep": "2026-03-16T09:00"}


AT_TEN = parse_instant("2026-03-09T10:00:00Z")


@pytest.mark.parametrize(
    ("rules", "changes", "anchor", "expected"),
    [
        pytest.param(LT7, {"Sign": {"set_by_hand": True}}, "Quote", {}, id="L-9.16 by hand stays"),
        pytest.param(
            LT7, {"Prep": {"set_by_hand": True}}, "Quote", {"Sign": "2026-03-11T10:00"}, id="L-9.16 further down too"
        ),
        pytest.param(LT7, {"Sign": {"completed_at": 1}}, "Quote", {}, id="D15 a completed task keeps its deadline"),
        pytest.param(
            {"A": after(1), "B": after(1, "A"), "C": after(1, "B")},
            {},
            "A",
            {"B": "2026-03-10T10:00", "C": "held 2026-03-11T10:00"},
            id="L-9.13 the provisional value follows, still held",
        ),
        pytest.param(LT7, {}, "Prep", {}, id="nothing depends on it"),
        pytest.param(LT7, {}, "Sign", {"Prep": "2026-03-09T09:00"}, id="L-9.14 nothing left to wait for"),
        pytest.param(
            {"A": after(4), "B": before(1, "A")}, {}, "A", {}, id="L-9.14 counting back does not look at completion"
        ),
        pytest.param(LT7, {}, "unknown", {}, id="L-9.15 unknown step"),
    ],
)
def test_completion_releases_what_waits(
    rules: Rules, changes: dict[str, dict[str, Any]], anchor: str, expected: dict[str, str]
) -> None:
    """Spec: behaviour-work D14, D15."""
    assert shown(release_on_completion(tasks(rules, **changes), anchor, AT_TEN, OFFICE)) == expected


@pytest.mark.parametrize(
    ("rules", "changes", "expected"),
    [
        pytest.param({"A": after(4), "B": before(1, "A")}, {}, {"B": "2026-03-19T10:00"}, id="L-9.14 prior_to follows"),
        pytest.param(
            {"A": after(4), "B": after(1, "A")}, {}, {"B": "held 2026-03-23T09:00"}, id="L-9.13 provisional follows"
        ),
        pytest.param(
            {"A": after(4), "B": before(1, "A"), "C": before(1, "B")},
            {},
            {"B": "2026-03-19T10:00", "C": "2026-03-18T10:00"},
            id="L-9.14 along the chain",
        ),
        pytest.param({"A": after(4), "B": before(1, "A")}, {"B": {"set_by_hand": True}}, {}, id="D16 not hand-edited"),
        pytest.param({"A": after(4), "B": before(1, "A")}, {"B": {"completed_at": 1}}, {}, id="D15 not completed"),
        pytest.param({"A": after(4), "B": before(1, "A")}, {"A": {"completed_at": 1}}, {}, id="D15 nor the anchor"),
        pytest.param({"A": after(4), "B": before(1, "A")}, {"A": {"at": None}}, {}, id="a cleared deadline moves none"),
    ],
)
def test_a_moved_deadline_takes_its_dependents_along(
    rules: Rules, changes: dict[str, dict[str, Any]], expected: dict[str, str]
) -> None:
    """Spec: behaviour-work D15, D16."""
    moved = {"at": parse_instant("2026-03-20T10:00:00Z"), "set_by_hand": True}
    known = tasks(rules, **changes | {"A": moved | changes.get("A", {})})
    assert shown(follow_moved_deadline(known, "A", OFFICE)) == expected


@pytest.mark.parametrize(
    ("changes", "anchor", "expected"),
    [
        pytest.param({}, "Quote", {}, id="what is held stays held"),
        pytest.param(
            {"Sign": {"held": False, "set_by_hand": True}, "Prep": {"held": False}}, "Quote", {}, id="L-9.16 by hand"
        ),
        pytest.param(
            {"Sign": {"held": False, "completed_at": 1}, "Prep": {"held": False}},
            "Quote",
            {},
            id="L-9.16 open ones only",
        ),
        pytest.param({"Sign": {"held": False}}, "Sign", {"Sign": "held 2026-03-09T09:00"}, id="it waits itself"),
        pytest.param(
            {"Quote": {"completed_at": AT_TEN}},
            "Sign",
            {"Sign": "2026-03-11T10:00"},
            id="what it waited for completed meanwhile",
        ),
        pytest.param(
            {"Prep": {"held": False}}, "Sign", {"Prep": "held 2026-03-09T09:00"}, id="undoes the early release"
        ),
    ],
)
def test_reopening_holds_dependents_again(
    changes: dict[str, dict[str, Any]], anchor: str, expected: dict[str, str]
) -> None:
    assert shown(rehold_on_reopen(tasks(LT7, **changes), anchor, OFFICE)) == expected


def test_circles_end() -> None:
    circle: Rules = {"A": after(1, "B"), "B": before(1, "A"), "C": after(1, "A")}
    known = tasks(circle)
    assert set(release_on_completion(known, "A", AT_TEN, OFFICE)) == {"C"}
    assert set(follow_moved_deadline(known, "B", OFFICE)) <= {"A", "C"}
    assert set(rehold_on_reopen(known, "A", OFFICE)) <= {"A", "B", "C"}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param({"A": after(1), "B": after(1, "A"), "C": before(1, "B")}, [], id="T-7.7 chains are fine"),
        pytest.param({"A": after(1, "A")}, ["A"], id="T-7.7 itself"),
        pytest.param({"A": after(1, "B"), "B": before(1, "A"), "C": after(1, "A")}, ["A", "B"], id="T-7.7 each other"),
        pytest.param({"A": after(1, "gone"), "B": None}, [], id="T-7.7 a missing one is no circle"),
    ],
)
def test_circular_anchors_are_found(rules: Rules, expected: list[str]) -> None:
    assert sorted(circular_steps(rules)) == expected


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        pytest.param(
            {"value": 3, "unit": "days", "option": "after", "step": "start_run"}, after(3), id="TT-7 stored with from"
        ),
        pytest.param(
            {"value": "2", "unit": "day", "option": "before", "step": "AB" * 16},
            before(2, "ab" * 16),
            id="T-7.1 T-7.4 singular, numeric text, upper-case id",
        ),
        pytest.param(
            {"value": 0, "unit": "months", "option": "from", "step": "start_process"},
            StepDeadline(0, "months", "from", "start_run"),
            id="4.3 the old anchor word",
        ),
    ],
)
def test_a_step_deadline_is_read(sent: object, read: StepDeadline) -> None:
    """T-7.2"""
    assert read_step_deadline(sent) == read


WHOLE = {"value": 2, "unit": "days", "option": "from", "step": "start_run"}


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        pytest.param("2 days", {"deadline": "The deadline must be an object."}, id="not an object"),
        pytest.param(
            {"value": 2, "unit": "days"},
            {"deadline.option": "The option field is required.", "deadline.step": "The step field is required."},
            id="TT-7 all four keys",
        ),
        pytest.param(
            WHOLE | {"option": "later"},
            {"deadline.option": "The option must be from or prior_to."},
            id="TT-7 T-7.4 unknown direction",
        ),
        pytest.param(
            WHOLE | {"unit": "fortnights", "value": -1},
            {
                "deadline.unit": "The unit must be minutes, hours, days, weeks, months, working_hours or working_days.",
                "deadline.value": "The value must be a whole number from 0 to 1000000.",
            },
            id="12.5 T-7.4 unit and value at once",
        ),
        pytest.param(
            WHOLE | {"unit": ["days"], "step": {}},
            {
                "deadline.unit": "The unit must be minutes, hours, days, weeks, months, working_hours or working_days.",
                "deadline.step": "The step must be start_run or the id of a step.",
            },
            id="wrong types",
        ),
    ],
)
def test_a_broken_step_deadline_is_refused(sent: object, errors: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refusal:
        read_step_deadline(sent)
    assert refusal.value.errors == {path: [text] for path, text in errors.items()}


def test_a_start_date_is_at_least_one_unit() -> None:
    assert read_start_date({"value": 2, "unit": "hour"}) == Offset(2, "hours")
    with pytest.raises(Invalid) as refusal:
        read_start_date({"value": 0})
    assert sorted(refusal.value.errors) == ["start_date.unit", "start_date.value"]


def test_a_soft_start_is_two_hours_before_the_deadline() -> None:
    """Spec: behaviour-work D9."""
    assert wire(soft_start(THURSDAY)) == "2026-03-05T12:30:00.000Z"
