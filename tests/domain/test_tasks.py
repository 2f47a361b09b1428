"""What becomes of a task. Spec: api-tasks 3, 11, 12; behaviour-work 5."""

from typing import Any

import pytest

from procession.domain import tasks
from procession.domain.errors import AlreadyCompleted, WrongState
from procession.domain.fields import Field
from procession.domain.processes import Owners, Process, Task
from procession.domain.tasks import Completer
from procession.domain.templates import Step, Template

NOW = 1_790_000_000_000
MIRA, OTTO, ANA = Completer(member=1), Completer(member=2), Completer(guest="ana@partner.test")
ALL_THREE = frozenset({"m:1", "m:2", "e:ana@partner.test"})


def task(**given: Any) -> Task:
    return Task(**{"seq": 1, "id": "t1", "title": "Check", "created_at": 0, "updated_at": 0, **given})


def field(field_id: str = "f1", **given: Any) -> Field:
    plain = {"alias": "a-1", "field_type": "text", "label": "Budget", "required": False, "position": 1}
    return Field(**{"id": field_id, **plain, "created_at": 0, "last_updated": 0, **given})


@pytest.mark.parametrize(
    ("given", "refusal", "sentence"),
    [
        pytest.param({"status": "completed"}, AlreadyCompleted, "already completed", id="C3 completed"),
        pytest.param({"status": "auto-skipped"}, WrongState, tasks.HIDDEN, id="C4 hidden"),
        pytest.param({"open_problems": 1}, WrongState, tasks.HAS_PROBLEM, id="C5 problem"),
        pytest.param({"archived_at": 5}, WrongState, tasks.ARCHIVED, id="archived"),
        pytest.param({"status": "auto-skipped", "open_problems": 1}, WrongState, tasks.HIDDEN, id="C4 before C5"),
    ],
)
def test_what_prevents_completion(given: dict[str, Any], refusal: type[Exception], sentence: str) -> None:
    with pytest.raises(refusal, match=sentence):
        tasks.require_completable(task(**given))


@pytest.mark.parametrize("status", ["not-started", "in-progress"])
def test_open_tasks_may_be_completed(status: Any) -> None:
    tasks.require_completable(task(status=status))


@pytest.mark.parametrize(
    ("task_type", "sent", "stored"),
    [
        pytest.param("approval", True, True, id="approved"),
        pytest.param("approval", False, False, id="rejected"),
        pytest.param("approval", None, None, id="approval without a decision"),
        pytest.param("expiring", None, True, id="acknowledged"),
        pytest.param("expiring", True, True, id="acknowledged, said so"),
        pytest.param("expiring", False, False, id="TK10 expired"),
        pytest.param("expiring_email", None, True, id="sent"),
        pytest.param("expiring_email", False, False, id="recorded as expired"),
        pytest.param("task", True, None, id="ignored on a task"),
        pytest.param("email", False, None, id="ignored on a draft"),
    ],
)
def test_the_decision_by_type(task_type: Any, sent: bool | None, stored: bool | None) -> None:
    """T-6.2"""
    assert tasks.decision_on(task(task_type=task_type), sent=sent) is stored


@pytest.mark.parametrize(
    ("task_type", "status", "decision", "label"),
    [
        pytest.param("task", "in-progress", None, "in-progress", id="open"),
        pytest.param("approval", "in-progress", None, "in-progress", id="open approval"),
        pytest.param("task", "completed", None, "completed", id="task"),
        pytest.param("approval", "completed", True, "approved", id="approved"),
        pytest.param("approval", "completed", False, "rejected", id="rejected"),
        pytest.param("approval", "completed", None, "completed", id="completed without a decision"),
        pytest.param("expiring", "completed", True, "acknowledged", id="acknowledged"),
        pytest.param("expiring", "completed", False, "expired", id="TK10 expired"),
        pytest.param("expiring_email", "completed", True, "completed", id="DEC-10 sent"),
        pytest.param("expiring_email", "completed", False, "expired", id="DEC-09 closed without sending"),
        pytest.param("email", "completed", None, "completed", id="draft sent"),
        pytest.param("task", "auto-skipped", None, "auto-skipped", id="hidden"),
    ],
)
def test_the_label_tells_the_outcome(task_type: Any, status: Any, decision: bool | None, label: str) -> None:
    assert tasks.status_label(task(task_type=task_type, status=status, is_approved=decision)) == label


def test_everything_that_is_missing_is_named_at_once() -> None:
    form = [field("f1", required=True, label="Budget"), field("f2"), field("f3", required=True, label="Done")]

    missing = tasks.obstacles(task(task_type="approval", taskdata={"f3": "x"}), form, decision=None, zone="UTC")

    assert missing == {"is_approved": ["The is approved field is required."], "f1": ["Budget is required"]}


@pytest.mark.parametrize(
    ("by", "member", "guest"),
    [pytest.param(MIRA, 1, None, id="a member"), pytest.param(ANA, None, "ana@partner.test", id="a guest")],
)
def test_completion_records_who_and_when(by: Completer, member: int | None, guest: str | None) -> None:
    done = tasks.completed(task(), by, NOW, decision=None)

    assert (done.status, done.completed_at, done.completer, done.completer_guest) == ("completed", NOW, member, guest)


def everybodys(**given: Any) -> Task:
    return task(everyone_must_complete=True, **given)


def test_a2_to_a4_the_last_of_all_assignees_completes_the_task() -> None:
    one = tasks.with_part(everybodys(), MIRA, NOW, ALL_THREE, decision=None)
    two = tasks.with_part(one, ANA, NOW + 1, ALL_THREE, decision=None)
    three = tasks.with_part(two, OTTO, NOW + 2, ALL_THREE, decision=None)

    assert [one.status, two.status, three.status] == ["in-progress", "in-progress", "completed"]
    assert [tasks.part_progress(each, ALL_THREE) for each in (one, two, three)] == [33, 67, 100]
    assert (three.completer, three.completed_at) == (2, NOW + 2)


def test_a9_a_part_is_done_once() -> None:
    done = tasks.with_part(everybodys(), ANA, NOW, ALL_THREE, decision=None)

    with pytest.raises(WrongState, match="already completed your part"):
        tasks.with_part(done, ANA, NOW + 1, ALL_THREE, decision=None)


def test_a8_the_first_rejection_ends_an_approval() -> None:
    approved = tasks.with_part(everybodys(task_type="approval"), MIRA, NOW, ALL_THREE, decision=True)
    rejected = tasks.with_part(approved, OTTO, NOW + 1, ALL_THREE, decision=False)

    assert (approved.status, approved.is_approved) == ("in-progress", None)
    assert (rejected.status, rejected.is_approved, rejected.completer) == ("completed", False, 2)


@pytest.mark.parametrize(
    ("remaining", "given", "completer"),
    [
        pytest.param({"m:1", "m:2"}, {}, 2, id="A6 all who remain have finished"),
        pytest.param({"m:1", "m:2", "m:3"}, {}, None, id="A7 one more has not"),
        pytest.param(set(), {}, None, id="nobody remains"),
        pytest.param({"m:1", "m:2"}, {"open_problems": 1}, None, id="a problem is open"),
        pytest.param({"m:1", "m:2"}, {"status": "auto-skipped"}, None, id="hidden"),
        pytest.param({"m:1", "m:2"}, {"task_type": "expiring"}, None, id="A1 not of a type everybody completes"),
        pytest.param({"m:1", "m:2"}, {"fields": "required"}, None, id="an answer is missing"),
    ],
)
def test_when_assignees_leave(remaining: set[str], given: dict[str, Any], completer: int | None) -> None:
    form = [field(required=True)] if given.pop("fields", None) else []
    started = everybodys(**{"status": "in-progress", "parts": {"m:1": NOW, "m:2": NOW + 1, "m:9": NOW + 5}, **given})

    now = tasks.without_missing_parts(started, frozenset(remaining), form, NOW + 7, zone="UTC")

    assert now.completer == completer
    assert now.is_completed is (completer is not None)


def test_a2_groups_are_expanded_and_nobody_counts_twice() -> None:
    owners = Owners(users=(1,), guests=("ana@partner.test",), groups=("g1", "g2"))
    groups = {"g1": (frozenset({1, 2}), frozenset({"ana@partner.test"})), "g2": (frozenset({2}), frozenset[str]())}

    assert tasks.everybody(owners, groups) == ALL_THREE


@pytest.mark.parametrize("task_type", ["expiring", "email", "expiring_email"])
def test_a1_other_types_are_completed_by_anyone(task_type: Any) -> None:
    assert not tasks.has_parts(everybodys(task_type=task_type))


def test_r3_reopening_clears_five_fields_and_all_parts_and_keeps_the_rest() -> None:
    done = tasks.completed(everybodys(taskdata={"f1": "x"}, parts={"m:1": 1}), ANA, NOW, decision=True)

    again = tasks.reopened(done)

    assert again == everybodys(taskdata={"f1": "x"}, status="in-progress")


@pytest.mark.parametrize("status", ["not-started", "in-progress", "auto-skipped"])
def test_r6_only_completed_tasks_are_reopened(status: Any) -> None:
    with pytest.raises(WrongState, match="not completed"):
        tasks.reopened(task(status=status))


@pytest.mark.parametrize("status", ["not-started", "in-progress"])
def test_k3_a_hidden_task_comes_back_as_it_was(status: Any) -> None:
    """Spec: behaviour-work K3."""
    hidden = tasks.hidden_by_hand(task(status=status))
    shown = tasks.shown_by_hand(hidden)

    assert (hidden.status, hidden.hidden_by_hand, hidden.shown_by_hand) == ("auto-skipped", True, False)
    assert (shown.status, shown.hidden_by_hand, shown.shown_by_hand) == (status, False, True)


def test_k4_a_hand_on_what_a_rule_hid_sticks() -> None:
    """Spec: behaviour-work K4."""
    by_rule = task(status="auto-skipped", shown_status="in-progress")

    assert tasks.hidden_by_hand(by_rule).hidden_by_hand
    assert tasks.shown_by_hand(by_rule).status == "in-progress"
    assert tasks.shown_by_hand(task(status="auto-skipped")).status == "not-started"
    assert tasks.shown_by_hand(task()).shown_by_hand


@pytest.mark.parametrize(
    "given",
    [pytest.param({"status": "completed"}, id="K2 completed"), pytest.param({"is_oneoff": True}, id="K2 one-off")],
)
def test_what_cannot_be_hidden_or_shown(given: dict[str, Any]) -> None:
    """Spec: behaviour-work K2."""
    for act in (tasks.hidden_by_hand, tasks.shown_by_hand):
        with pytest.raises(WrongState):
            act(task(**given))


def test_the_first_answer_sets_a_task_in_progress() -> None:
    assert tasks.answered(task(), {"f1": "x"}).status == "in-progress"
    assert tasks.answered(task(), {}) == task()
    hidden = tasks.answered(tasks.hidden_by_hand(task()), {"f1": "x"})
    assert hidden.status == "auto-skipped"
    assert tasks.shown_by_hand(hidden).status == "in-progress"


def process(*positions: int) -> Process:
    made = tuple(task(seq=n, id=f"t{n}", process=7, position=at) for n, at in enumerate(positions, start=1))
    return Process(
        seq=7, id="p", template_id="x", template_version=1, template_title="X", type="procedure", name="P",
        folded_name="p", sort_name="p", owner=1, starter=1, created_at=0, started_at=0, updated_at=0, tasks=made,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "position", "after"),
    [
        pytest.param((1, 2, 3), None, {1: 1, 2: 2, 3: 3, 9: 4}, id="9.2 after the last"),
        pytest.param((), None, {9: 1}, id="the first of all"),
        pytest.param((1, 2, 3), 2, {1: 1, 9: 2, 2: 3, 3: 4}, id="X5 in between"),
        pytest.param((1, 2, 5), 2, {1: 1, 9: 2, 2: 3, 3: 5}, id="into a gap after one"),
        pytest.param((1, 2), 8, {1: 1, 2: 2, 9: 8}, id="far beyond"),
    ],
)
def test_a_task_is_put_in_its_place(before: tuple[int, ...], position: int | None, after: dict[int, int]) -> None:
    placed = tasks.placed(process(*before), task(seq=9, id="t9", process=7), position)

    assert {each.seq: each.position for each in placed.tasks} == after


def test_a_form_of_its_own_beats_the_steps() -> None:
    step = Step(
        id="s1", alias="s", title="Check", summary="From the step", deadline=None, fields=(field("f9"),),  # pyright: ignore[reportArgumentType]  # not looked at
        created_by=1, created_at=0, updated_at=0,
    )  # fmt: skip
    template, plain = Template(steps=(step,)), task(step_id="s1")
    own = tasks.with_own_fields(tasks.answered(plain, {"f1": "kept", "gone": "dropped"}), [field("f1")])

    assert [each.id for each in tasks.fields_of(plain, template)] == ["f9"]
    assert [each.id for each in tasks.fields_of(own, template)] == ["f1"]
    assert own.taskdata == {"f1": "kept"}
    assert tasks.summary_of(plain, template) == "From the step"
    assert tasks.summary_of(task(step_id="s1", summary=""), template) is None
    assert tasks.summary_of(task(step_id="s1", summary="Own"), template) == "Own"
