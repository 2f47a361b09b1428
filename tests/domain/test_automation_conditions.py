"""When conditions hold, operator by operator and type by type. Spec: behaviour-automations 2, 3."""

from typing import Any

import msgspec
import pytest

from procession.domain.automations.conditions import holds
from procession.domain.automations.field_tests import combined
from procession.domain.automations.rules import FIELD_OPERATORS, STEP_OPERATORS, Condition
from procession.domain.automations.state import RuleState, Scene, View
from procession.domain.calendar import ALL_HOURS, WorkingWeek
from procession.domain.deadlines import StepDeadline
from procession.domain.fields import FIELD_TYPES, Column, Field, FieldType, Option
from procession.domain.processes import Owners, Process, Task
from procession.domain.templates import Step, Template
from procession.domain.times import HOUR, parse_instant

ZONE = "Pacific/Auckland"  # 12 or 13 hours ahead of UTC
WEEK = WorkingWeek((ALL_HOURS,) * 7, ZONE)
NOW = parse_instant("2026-03-09T12:00:00Z")


def field(kind: FieldType, **more: Any) -> Field:
    made: dict[str, Any] = {"options": (Option(1, "Tent"), Option(2, "Head lamp"))}
    if kind == "table":
        made = {"columns": (Column(1, "Item"), Column(2, "State"))}
    plain: dict[str, Any] = {"id": "f", "alias": "f-1", "label": "F", "required": False, "position": 1}
    return Field(**plain, field_type=kind, created_at=0, last_updated=0, **{**made, **more})


def process_with(task: Task, **more: Any) -> Process:
    plain: dict[str, Any] = {
        "seq": 1, "id": "p", "template_id": "t", "template_version": 1, "template_title": "T", "type": "procedure",
        "name": "P", "folded_name": "p", "sort_name": "p", "owner": 1, "starter": 1, "created_at": 0, "started_at": 0,
        "updated_at": 0,
    }  # fmt: skip
    return Process(**plain, tasks=(task,), **more)


def task(**more: Any) -> Task:
    plain: dict[str, Any] = {"seq": 1, "id": "k", "process": 1, "step_id": "s", "title": "S"}
    return Task(**plain, created_at=0, updated_at=0, **more)


def step(*fields: Field) -> Step:
    deadline = StepDeadline(1, "days", "from", "start_run")
    return Step(
        id="s", alias="s-1", title="S", deadline=deadline, fields=fields, created_by=1, created_at=0, updated_at=0
    )


def view(asked: Field, of: Task, *, done: bool = False, prerun: dict[str, Any] | None = None, **more: Any) -> View:
    template = Template(steps=(step(asked),), kickoff=(asked,) if prerun is not None else ())
    process = process_with(of, prerun=prerun or {}, **more)
    state = RuleState(done=frozenset({"s"}) if done else frozenset())
    return View(process, state, Scene(document=template, week=WEEK, now=0))


def on_field(operator: Any, statement: Any = None, **more: Any) -> Condition:
    return Condition(id="c", subject="Capture", subject_id="f", operator=operator, statement=statement, **more)


def on_step(operator: Any, statement: Any = None) -> Condition:
    return Condition(id="c", subject="Step", subject_id="s", operator=operator, statement=statement)


COMPLETED: dict[str, Any] = {"status": "completed", "completed_at": NOW, "completer": 1}
TENT = {"id": 1, "text": "Tent"}
LAMP = {"id": 2, "text": "Head lamp", "selected": True}


@pytest.mark.parametrize(
    ("kind", "answer", "operator", "statement", "expected"),
    [
        pytest.param("text", "Faro", "equals", " FARO ", True, id="D5 case and blanks"),
        pytest.param("text", "Straße", "equals", "STRASSE", True, id="D5 case folding"),
        pytest.param("text", "Faró", "equals", "Faro", False, id="AT-47 accents count"),
        pytest.param("text", "caf\u00e9", "equals", "cafe\u0301", True, id="D5 composed or not"),
        pytest.param("text", 12.5, "equals", "12.5", True, id="2.3 a number as text"),
        pytest.param("text", "Long Crack", "contains", "crack", True, id="2.3 substring"),
        pytest.param("text", "Long Crack", "not_contains", "crack", False, id="2.3 not a substring"),
        pytest.param("text", "Lease", "equals_any", "Deed, lease", True, id="2.3 any of a comma text"),
        pytest.param("text", "Lease", "equals_any", ["Deed", {"id": 1, "text": "Lease"}], True, id="A-2.20 option object"),
        pytest.param("text", "Lease", "equals_any", 7, False, id="A-2.26 no texts at all"),
        pytest.param("text", "Lease", "equals", ["Lease"], False, id="A-2.26 a list where a text belongs"),
        pytest.param("text", "Lease", "not_equals", ["Deed"], False, id="A-2.26 malformed is false, also negated"),
        pytest.param("text", "900", "greater_than", "800", True, id="A-2.22 greater"),
        pytest.param("text", "800", "greater_than", "800", False, id="A-2.22 strict"),
        pytest.param("text", "0.5", "less_than", ".75", True, id="A-2.22 decimals"),
        pytest.param("text", "1,200", "greater_than", "800", False, id="A-2.22 separators are no numbers"),
        pytest.param("text", "heavy", "greater_than", "800", False, id="A-2.22 words"),
        pytest.param("text", "heavy", "less_than", "800", False, id="A-2.22 words, the other way"),
        pytest.param("text", "9" * 200, "greater_than", "8", True, id="A-2.22 as long as texts may be"),
        pytest.param("textarea", "<p>Long <b>Crack</b></p>", "contains", "long crack", True, id="2.3 without markup"),
        pytest.param("email", "Pia@X.test", "equals", "pia@x.test", True, id="2.3 an address"),
        pytest.param("dropdown", TENT, "equals", "tent", True, id="2.3 option"),
        pytest.param("dropdown", TENT, "equals", {"id": 9, "text": "Tent"}, True, id="A-2.20 statement is an option"),
        pytest.param("dropdown", TENT, "equals", "Boat", False, id="A-2.23 option that is gone: equals"),
        pytest.param("dropdown", TENT, "not_equals", "Boat", True, id="A-2.23 option that is gone: not equals"),
        pytest.param("dropdown", {"id": 3, "text": "12"}, "greater_than", "7", True, id="2.3 number in an option"),
        pytest.param("radio", "Tent", "equals_any", ["Tent"], True, id="2.3 radio"),
        pytest.param("multiselect", [LAMP], "contains", "lamp", True, id="AT-31 substring of an option"),
        pytest.param("multiselect", [TENT, LAMP], "equals", "Head lamp", True, id="2.3 one of several"),
        pytest.param("multiselect", [TENT, LAMP], "not_equals", "Head lamp", False, id="2.3 none of several"),
        pytest.param("multiselect", [{**LAMP, "selected": False}], "equals", "Head lamp", False, id="A-2.24 not chosen"),
        pytest.param("multiselect", [TENT], "equals", "Tent", True, id="A-2.24 without the word"),
        pytest.param("multiselect", [TENT], "greater_than", "1", False, id="A-2.26 senseless"),
        pytest.param("date", "2026-05-11T00:00:00.000Z", "equals", "2026-05-11", True, id="DEC-64 the written day"),
        pytest.param("date", "2026-05-11T00:00:00.000Z", "equals", "2026-05-12", False, id="2.3 another day"),
        pytest.param("date", "2026-05-11T00:00:00.000Z", "greater_than", "2026-05-10", True, id="2.3 later"),
        pytest.param("date", "2026-05-11T00:00:00.000Z", "less_than", "2026-05-11", False, id="2.3 the same day"),
        pytest.param("date", "2026-05-11T00:00:00.000Z", "contains", "2026-05", True, id="2.3 part of a date"),
        pytest.param("date", "2026-05-11T00:00:00.000Z", "equals", "soon", False, id="A-2.26 no date"),
        pytest.param("date", "nonsense", "equals", "2026-05-11", False, id="A-2.26 an answer that is no date"),
        pytest.param("number", 12.5, "equals", "12.50", True, id="T-11.53 equal as numbers"),
        pytest.param("number", 12.5, "not_equals", "12.5", False, id="T-11.53 not equal"),
        pytest.param("number", 12, "equals_any", ["7", "12.0"], True, id="T-11.53 any of"),
        pytest.param("number", -0.1, "less_than", "0", True, id="T-11.53 less"),
        pytest.param("currency", 0.3, "greater_than", "0.29999999999", True, id="T-11.53 exact"),
        pytest.param("currency", 0.3, "greater_than", "0.3", False, id="T-11.53 not itself"),
        pytest.param("number", 5, "greater_than", "much", False, id="A-2.26 no number"),
        pytest.param("table", [["Oar"], ["broken"]], "contains", "BROKEN", True, id="2.3 any cell"),
        pytest.param("table", ["Oar", "broken"], "equals", "oar", True, id="2.3 one cell a column"),
        pytest.param("file", [{"filename": "Plan.pdf"}], "contains", ".pdf", True, id="2.3 name of a file"),
        pytest.param("file", [{"filename": "Plan.pdf"}], "is_not_empty", None, True, id="2.3 a file"),
        pytest.param("assignees_form", {"users": [1]}, "is_not_empty", None, True, id="2.3 people"),
        pytest.param("assignees_form", {"users": [1]}, "not_equals", "x", False, id="2.3 nothing else of people"),
        pytest.param("assignees_form", {"users": [], "guests": []}, "is_empty", None, True, id="2.3 no people"),
    ],
)  # fmt: skip
def test_an_answer_is_compared(kind: FieldType, answer: Any, operator: str, statement: Any, expected: bool) -> None:
    seen = view(field(kind), task(taskdata={"f": answer}, **COMPLETED))

    assert holds(on_field(operator, statement), seen) is expected


@pytest.mark.parametrize(
    ("result", "answer", "operator", "statement", "expected"),
    [
        pytest.param("number", 59.97, "greater_than", "59.9", True, id="a number"),
        pytest.param("number", 60, "equals", "60.00", True, id="equal as numbers"),
        pytest.param("date", "2026-05-11T00:00:00.000Z", "equals", "2026-05-11", True, id="a day"),
        pytest.param("text", "Total 5", "contains", "total", True, id="a text"),
        pytest.param("number", {"error": "division_by_zero"}, "is_empty", None, True, id="without a value"),
        pytest.param("number", {"error": "division_by_zero"}, "less_than", "5", False, id="nothing is less"),
    ],
)
def test_t_11_67_a_result_is_compared_as_its_type(
    result: Any, answer: Any, operator: str, statement: Any, expected: bool
) -> None:
    seen = view(field("calculated", result_type=result), task(taskdata={"f": answer}, **COMPLETED))

    assert holds(on_field(operator, statement), seen) is expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        pytest.param("2026-05-12", True, id="the day it is there"),
        pytest.param("2026-05-11", False, id="the day it is in UTC"),
    ],
)
def test_a_moment_is_compared_by_the_clocks_of_the_organization(statement: str, expected: bool) -> None:
    """Spec: 2.3: text form in the organization's zone; equal on the same calendar day."""
    moment = field("date", collect_time=True)
    seen = view(moment, task(taskdata={"f": "2026-05-11T15:30:00.000Z"}, **COMPLETED))

    assert holds(on_field("equals", statement), seen) is expected
    assert holds(on_field("contains", "2026-05-12 03:30"), seen)
    assert holds(on_field("greater_than", "2026-05-12 03:00"), seen)
    assert not holds(on_field("greater_than", "2026-05-12 04:00"), seen)


@pytest.mark.parametrize("kind", FIELD_TYPES)
@pytest.mark.parametrize("status", ["completed", "not-started", "in-progress", "auto-skipped"])
def test_a_blank_answer(kind: FieldType, status: Any) -> None:
    """Spec: A-2.21, A-2.31, A-2.32: denials wait for the step to be complete, and fail while it is hidden."""
    is_done = status == "completed"
    seen = view(field(kind), task(status=status, completed_at=NOW if is_done else None))
    met = {operator for operator in FIELD_OPERATORS if holds(on_field(operator, "x"), seen)}

    denials = {"is_empty"} if kind == "assignees_form" else {"is_empty", "not_equals", "not_contains"}
    assert met == (denials if is_done else set())


@pytest.mark.parametrize(
    ("status", "expected"),
    [("not-started", {"equals", "contains", "is_not_empty", "equals_any"}), ("auto-skipped", {"equals", "contains", "is_not_empty", "equals_any"})],
)  # fmt: skip
def test_a_2_31_what_is_stored_counts_for_positive_operators(status: Any, expected: set[str]) -> None:
    seen = view(field("text"), task(status=status, taskdata={"f": "Firm"}))

    assert {each for each in FIELD_OPERATORS if holds(on_field(each, "firm"), seen)} == expected
    denied = holds(on_field("not_equals", "Person"), seen)
    assert denied is (status == "not-started"), "on a stored value denials are as good, but for hidden steps"


@pytest.mark.parametrize(("submitted", "expected"), [("complete", True), ("incomplete", False)])
def test_a_2_30_a_kickoff_answer_counts_while_the_form_is_submitted(submitted: Any, expected: bool) -> None:
    asked = Condition(id="c", subject="Prerun", subject_id="f", operator="equals", statement="Sea")
    denied = msgspec.structs.replace(asked, operator="is_empty", statement=None)

    assert holds(asked, view(field("text"), task(), prerun={"f": "Sea"}, prerun_status=submitted)) is expected
    assert holds(denied, view(field("text"), task(), prerun={}, prerun_status=submitted)) is expected


@pytest.mark.parametrize("operator", FIELD_OPERATORS)
def test_a_2_26_what_is_missing_is_false(operator: str) -> None:
    seen = view(field("text"), task(**COMPLETED))
    elsewhere = msgspec.structs.replace(on_field(operator, "x"), subject_id="gone")

    assert not holds(elsewhere, seen)
    assert not holds(msgspec.structs.replace(elsewhere, subject="Prerun"), seen)
    left_out = view(field("text"), msgspec.structs.replace(task(**COMPLETED), step_id=None))
    assert not holds(on_field(operator, "x"), left_out)


TASKS: dict[str, tuple[Task, set[str]]] = {
    "open": (task(), {"not_assigned"}),
    "hidden": (task(status="auto-skipped", owners=Owners(users=(1,))), set()),
    "assigned to a group": (task(owners=Owners(groups=("g",))), set()),
    "done": (task(**COMPLETED), {"completed", "not_assigned"}),
    "approved": (task(task_type="approval", is_approved=True, **COMPLETED), {"completed", "approved", "not_assigned"}),
    "rejected": (task(task_type="approval", is_approved=False, **COMPLETED), {"completed", "rejected", "not_assigned"}),
    "acknowledged": (
        task(task_type="expiring", is_approved=True, **COMPLETED),
        {"completed", "acknowledged", "not_assigned"},
    ),
    "expired by the clock": (
        task(task_type="expiring", is_approved=False, status="completed", completed_at=NOW),
        {"expired", "not_assigned"},
    ),
    "sent by a person": (
        task(task_type="expiring_email", is_approved=True, **COMPLETED),
        {"completed", "acknowledged", "not_assigned"},
    ),
    "sent by the clock": (
        task(task_type="expiring_email", is_approved=True, status="completed", completed_at=NOW),
        {"completed", "not_assigned"},
    ),
}


@pytest.mark.parametrize(("of", "expected"), TASKS.values(), ids=TASKS.keys())
def test_2_2_a_step_is_asked_about_its_present_state(of: Task, expected: set[str]) -> None:
    """The template has a step of type task throughout: the type it has in the process counts. Spec: A-10.5."""
    seen = view(field("text"), of)

    assert {each for each in STEP_OPERATORS if holds(on_step(each, "any_time"), seen)} == expected


@pytest.mark.parametrize(
    ("of", "done", "expected"),
    [
        pytest.param(task(status="in-progress"), True, True, id="its completion was undone"),
        pytest.param(task(), False, False, id="never completed"),
        pytest.param(task(**COMPLETED), True, False, id="completed again"),
        pytest.param(task(status="auto-skipped"), True, False, id="hidden since"),
    ],
)
def test_2_2_reopened(of: Task, done: bool, expected: bool) -> None:
    assert holds(on_step("reopened"), view(field("text"), of, done=done)) is expected


@pytest.mark.parametrize(
    ("hours", "clauses"),
    [
        pytest.param(-25, {"on-time", "early_24"}, id="a day and an hour early"),
        pytest.param(-24, {"on-time", "early_24"}, id="a day early"),
        pytest.param(-23, {"on-time"}, id="nearly a day early"),
        pytest.param(0, {"on-time"}, id="just in time"),
        pytest.param(23, set(), id="nearly a day late"),
        pytest.param(24, {"late_24"}, id="a day late"),
        pytest.param(None, {"on-time"}, id="no deadline"),
    ],
)
def test_a_2_11_time_clauses(hours: int | None, clauses: set[str]) -> None:
    due = None if hours is None else NOW - hours * HOUR
    seen = view(field("text"), task(deadline=due, **COMPLETED))

    met = {each for each in ("on-time", "early_24", "late_24") if holds(on_step("completed", each), seen)}
    assert met == clauses
    assert all(holds(on_step("completed", each), seen) for each in ("any_time", "", None)), "Spec: A-2.12, D4"
    assert not holds(on_step("completed", "sometime"), seen)


@pytest.mark.parametrize(
    ("met", "logic", "expected"),
    [
        pytest.param("", "", False, id="A-1.6 no condition"),
        pytest.param("T", "o", True, id="the first one's word is ignored"),
        pytest.param("TF", "aa", False, id="and"),
        pytest.param("TF", "ao", True, id="or"),
        pytest.param("TFF", "aoa", False, id="AT-5 (A or B) and C"),
        pytest.param("FFT", "aao", True, id="AT-6 (A and B) or C"),
        pytest.param("FTT", "aoa", True, id="A-3.2 no precedence"),
    ],
)
def test_a_3_1_conditions_are_joined_from_left_to_right(met: str, logic: str, expected: bool) -> None:
    words = {"a": "and", "o": "or"}

    assert combined([each == "T" for each in met], [words[each] for each in logic]) is expected  # pyright: ignore[reportArgumentType]
