"""What a move to a newer version makes of a process. Spec: behaviour-templates 10.1."""

from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from procession.domain.automations.reacting import react
from procession.domain.automations.state import FRESH, MOVED, Occurrence, RuleState, Scene
from procession.domain.calendar import ALL_HOURS, WorkingWeek
from procession.domain.deadlines import Offset, StepDeadline
from procession.domain.errors import DomainError
from procession.domain.holds import put_on_hold
from procession.domain.injecting import injected
from procession.domain.launching import Found, Numbers, Source, Surroundings, bare_request, launch
from procession.domain.moving.move import Around, moved, require_movable
from procession.domain.moving.telling import events, report
from procession.domain.moving.versions import Versions
from procession.domain.process_stages import stages_of, with_stage
from procession.domain.processes import Injection, Owners, Process, Task
from procession.domain.stages import Stage
from procession.domain.summary import settle
from procession.domain.tasks import (
    Completer,
    completed,
    fields_of,
    hidden_by_hand,
    reopened,
    shown_by_hand,
)
from procession.domain.templates import Step, Template
from procession.domain.times import DAY, HOUR
from procession.domain.undo import before_of, restored
from procession.domain.values import People
from procession.domain.variables import Reader
from procession.domain.wording import NAMELESS
from tests.domain.template_parts import act, asks, done, field, rule, step

NOW = 1_790_000_000_000
WEEK = WorkingWeek((ALL_HOURS,) * 7, "UTC")
IDS = count()
SURROUNDINGS = Surroundings(
    organization_id="o", week=WEEK, default_deadline=Offset(5, "days"), guest_only=False, map_selects_steps=False,
    people=People(), active=frozenset({1, 2, 3, 4}), former_guests={}, people_of_groups={"g": (frozenset({3}), frozenset())},
    reader=Reader(), namer=Reader(), new_id=lambda: f"new-{next(IDS)}",
)  # fmt: skip


def days(value: int, step_id: str = "start_run", option: Any = "from") -> StepDeadline:
    return StepDeadline(value, "days", option, step_id)


def launched(template: Template) -> Process:
    """One task for each step, assigned to the launcher, member 1."""
    source = Source(id="t", version=1, title="T", type="procedure", document=template)
    owners = {each.id: Owners(each.assignees or (1,)) for each in template.steps}
    return launch(source, bare_request(1), SURROUNDINGS, Found({}, [], owners), Numbers(1, 1, NOW, NOW))


class Ran:
    """A process of a template that things happen to, rules and all, until it moves to another version."""

    def __init__(self, before: Template) -> None:
        self.before, self.surroundings = before, SURROUNDINGS
        self.injected: tuple[Template, ...] = ()
        self.process, self.state = launched(before), FRESH
        self.asked(Occurrence("launched"), before)

    def asked(self, occurrence: Occurrence, document: Template) -> None:
        reaction = react(self.process, self.state, occurrence, Scene(document=document, week=WEEK, now=NOW))
        self.process, self.state = reaction.process, reaction.state

    def __getitem__(self, step_id: str) -> Task:
        [found] = [each for each in self.process.tasks if each.step_id == step_id]
        return found

    def become(self, *tasks: Task) -> None:
        self.process = self.process.with_tasks(*tasks)

    def change(self, step_id: str, **to: Any) -> None:
        self.become(replace(self[step_id], **to))

    def complete(self, step_id: str, at: int = NOW + DAY, document: Template | None = None) -> None:
        self.become(completed(self[step_id], Completer(member=1), at, decision=None))
        self.asked(Occurrence("completed", step_id), document or self.before)

    def inject(self, document: Template, trigger: str) -> None:
        first = 50
        made = tuple(replace(each, seq=first + n) for n, each in enumerate(launched(document).tasks))
        injection = Injection("other", 1, "Other", self[trigger].seq, first, len(made), NOW)
        self.process = injected(self.process, injection, made)
        self.injected = (*self.injected, document)

    def move(self, after: Template, version: int = 2) -> "Ran":
        around = Around(
            versions=Versions(self.before, after, self.injected), version=version, request=bare_request(1),
            surroundings=self.surroundings, first_task=100 * version, at=NOW + 2 * DAY,
        )  # fmt: skip
        self.process = settle(self.process, NOW)
        self.former = self.process
        self.shaped, self.state = moved(self.process, self.state, around)
        self.process = self.shaped
        self.asked(MOVED, after)
        self.process = settle(self.process, NOW + 2 * DAY)
        self.versions, self.before = around.versions, after
        return self

    def told(self) -> list[tuple[str, str, str | None, str | None]]:
        found = report(self.former, self.process, self.versions, NAMELESS, lambda _: True)
        return [(each.what, each.part, each.name, each.attribute) for each in found.told]

    def shown(self) -> dict[str, str]:
        live = sorted((each for each in self.process.tasks if not each.archived_at), key=lambda each: each.position)
        return {each.step_id or "": each.status for each in live}


def template(*steps: Step, **more: Any) -> Template:
    return Template(steps=steps, **more)


A, B, C = step("a"), step("b"), step("c")


def test_what_the_template_changed_is_followed_unless_the_process_changed_it() -> None:
    """T-10.11: of what is not completed; whom people and rules assigned stays beside whom the step names."""
    ran = Ran(template(replace(A, assignees=(1, 2)), B, C))
    ran.change("a", owners=Owners(users=(1, 2, 4)))
    ran.change("b", title="Ours")
    ran.complete("c")
    new_a = replace(A, title="Alpha", assignees=(1, 3), everyone_must_complete=True)

    ran.move(template(new_a, replace(B, title="Beta", step_type="approval"), replace(C, title="Gamma")))

    assert (ran["a"].title, ran["a"].owners.users, ran["a"].everyone_must_complete) == ("Alpha", (1, 4, 3), True)
    assert (ran["b"].title, ran["b"].task_type) == ("Ours", "approval")
    assert (ran["c"].title, ran["c"].status, ran.process.template_version) == ("C", "completed", 2)
    assert ran.told() == [
        ("changed", "step", "Alpha", "title"),
        ("changed", "step", "Alpha", "everyone_must_complete"),
        ("changed", "step", "Alpha", "owners"),
        ("changed", "step", "Ours", "task_type"),
        ("kept", "step", "Ours", "title"),
        ("kept", "step", "C", None),
    ]
    kinds = [(each.kind, each.cause) for each in events(ran.former, ran.shaped, 7)]
    cause = f"process.moved:{ran.process.id}"
    assert kinds == [
        ("process.moved", None), ("task.assigned", cause), ("task.updated", cause), ("task.updated", cause),
    ]  # fmt: skip


def test_people_beyond_the_cap_are_not_assigned() -> None:
    """T-10.11"""
    ran = Ran(template(A))

    ran.move(template(replace(A, assignees=(2, 3, 9), max_assignable=1)))

    assert ran["a"].owners.users == (1,)


def test_steps_come_and_go_and_change_places() -> None:
    """T-10.12: completed ones keep what they were made of, open ones go with what is on them, new ones are made."""
    question = field("f", "Farm")
    ran = Ran(template(replace(A, fields=(question,), summary="How"), B, C))
    ran.change("a", taskdata={"f": "Alto"})
    ran.complete("a")

    ran.move(template(step("d", deadline=days(3)), C, step("e", deadline=days(1, "a"))))

    expected = {"d": "not-started", "a": "completed", "c": "not-started", "e": "not-started"}
    assert list(ran.shown().items()) == list(expected.items())
    assert [each.label for each in fields_of(ran["a"], ran.before)] == ["Farm"]
    assert (ran["a"].summary, ran["a"].taskdata) == ("How", {"f": "Alto"})
    assert ran["b"].archived_at == NOW + 2 * DAY
    assert (ran["d"].owners.users, ran["d"].deadline, ran["d"].created_at) == ((1,), NOW + 3 * DAY, NOW + 2 * DAY)
    assert ran.process.tasks_total == 4
    assert [each[:3] for each in ran.told()] == [
        ("added", "step", "D"), ("kept", "step", "A"), ("lost", "step", "B"), ("added", "step", "E"),
    ]  # fmt: skip

    ran.move(template(C, B, A), version=3)
    assert list(ran.shown()) == ["c", "b", "a"], "in the new order; what was left out is back"
    assert (ran["b"].status, ran["d"].archived_at) == ("not-started", NOW + 2 * DAY)
    assert fields_of(ran["a"], ran.before) == ()


def test_what_people_arranged_stays_while_the_order_does() -> None:
    """T-10.12"""
    ran = Ran(template(A, B, C))
    ran.become(replace(ran["c"], position=1), replace(ran["a"], position=2), replace(ran["b"], position=3))

    ran.move(template(A, step("n"), B, C))

    assert list(ran.shown()) == ["c", "a", "n", "b"]
    left_out = Ran(template(A, B))
    left_out.process = replace(left_out.process, tasks=left_out.process.tasks[:1])
    assert list(left_out.move(template(A, B)).shown()) == ["a"], "what a launch left out stays left out"


def test_injected_tasks_stay_behind_the_task_that_brought_them() -> None:
    """L-10.14, L-10.9: as they are and where they are, in its milestone; their rules stay as they were."""
    old, new = Stage("old", "Old"), Stage("new", "New")
    first = replace(A, stage_id="old")
    x, y = step("x"), step("y", deadline=days(1, "x"))
    brought = template(x, y, rules=(rule("N", [done("x")], [act("hide", "y")]),))
    ran = Ran(template(first, B, C, stages=(old, new)))
    ran.inject(brought, "a")
    assert [(each, ran[each].stage_id) for each in ran.shown()] == [
        ("a", "old"), ("x", "old"), ("y", "old"), ("b", None), ("c", None),
    ]  # fmt: skip
    ran.complete("x", document=brought)
    ran.state = state = replace(ran.state, launched=frozenset({"c"}))

    ran.move(template(step("n"), C, replace(first, stage_id="new", title="Alpha"), step("m"), stages=(new,)))

    assert ran.shown() == {
        "n": "not-started", "c": "not-started", "a": "not-started", "x": "completed", "y": "auto-skipped",
        "m": "not-started",
    }  # fmt: skip
    assert (ran["x"].stage_id, ran["y"].stage_id, ran["x"].has_dependents) == ("new", "new", True)
    assert (ran.state.spent, ran.state.launched) == (state.spent, state.launched), "none launches twice (L-10.3)"


def test_deadlines_change_only_where_their_definition_did() -> None:
    """T-10.13: counted from the launch and from what is completed; what was set by hand stays, what hangs on it moves."""
    ran = Ran(template(replace(A, deadline=days(1)), replace(B, deadline=days(2)), C, step("d"), step("e")))
    ran.complete("a", NOW + DAY)
    ran.change("b", deadline=NOW + 9 * DAY, deadline_by_hand=True)
    ran.change("c", deadline=NOW + 8 * DAY)
    before = ran["e"].deadline

    ran.move(
        template(
            replace(A, deadline=days(9)),
            replace(B, deadline=days(3)),
            replace(C, deadline=days(2, "a")),
            step("d", deadline=days(1, "c", "prior_to")),
            step("e"),
            step("n", deadline=days(4, "b")),
        )
    )

    assert (ran["a"].deadline, ran["b"].deadline, ran["e"].deadline) == (NOW + DAY, NOW + 9 * DAY, before)
    assert (ran["c"].deadline, ran["c"].is_held) == (NOW + 3 * DAY, False)
    assert (ran["d"].deadline, ran["d"].is_held) == (NOW + 2 * DAY, False)
    assert (ran["n"].deadline, ran["n"].is_held, ran["b"].has_dependents) == (NOW + 13 * DAY, True, True)
    assert ("kept", "step", "B", "deadline") in ran.told()


def test_a_start_follows_its_definition() -> None:
    """T-10.13"""
    ran = Ran(template(A, B))

    ran.move(template(replace(A, is_soft_start_date=False, start_date=Offset(3, "days")), B))

    assert (ran["a"].started_at, ran["a"].is_soft_start_date) == (NOW + 3 * DAY, False)
    assert ran["b"].started_at == (ran["b"].deadline or 0) - 2 * HOUR


SHOW_C = rule("Show", [done("a")], [act("show", "c")])
HIDE_B = rule("Hide", [done("a")], [act("hide", "b")])


def test_new_rules_are_asked_about_what_has_happened() -> None:
    """T-10.14: a step is hidden by a new rule, shown by one whose time has come, and what was shown stays."""
    ran = Ran(template(A, B, C, step("d"), rules=(SHOW_C,)))
    ran.complete("a")
    assert ran.shown()["c"] == "not-started"

    late = rule("Late", [done("b")], [act("show", "d")])
    ran.move(template(A, B, C, step("d"), step("n"), rules=(SHOW_C, HIDE_B, late)))

    assert ran.shown() == {
        "a": "completed", "b": "auto-skipped", "c": "not-started", "d": "auto-skipped", "n": "not-started",
    }  # fmt: skip
    assert ran.state.spent == {"Show", "Hide"}
    assert ran.state.done == {"a"}
    assert [each for each in ran.told() if each[1] == "rule"] == [
        ("added", "rule", "Hide", None), ("added", "rule", "Late", None),
    ]  # fmt: skip

    ran.move(template(A, B, C, step("d"), step("n"), rules=(SHOW_C,)), version=3)
    assert set(ran.shown().values()) == {"completed", "not-started"}, "what only gone rules hid is back"
    assert ran.state.spent == {"Show"}


def test_a_rule_that_asks_something_else_is_armed_again() -> None:
    """T-10.14: one that only has another name is not; what it shifted is not shifted again."""
    ran = Ran(template(A, B, C, rules=(SHOW_C, HIDE_B)))
    ran.complete("a")

    renamed = replace(SHOW_C, name="Other", updated_at=9)
    changed = replace(HIDE_B, conditions=(done("c"),))
    ran.move(template(A, B, C, rules=(renamed, changed)))

    assert ran.shown() == {"a": "completed", "b": "not-started", "c": "not-started"}
    assert ran.state.spent == {"Show"}


@pytest.mark.parametrize(("by_hand", "expected"), [(shown_by_hand, False), (hidden_by_hand, True)])
def test_what_people_hid_or_showed_stays(by_hand: Any, expected: bool) -> None:
    """T-10.14"""
    ran = Ran(template(A, B))
    ran.complete("a")
    ran.become(by_hand(ran["b"]))

    opposite = rule("R", [done("a")], [act("show" if expected else "hide", "b")])
    ran.move(template(A, B, rules=(opposite,)))

    assert ran["b"].is_hidden is expected


def test_a_move_opens_nothing_and_calls_nobody() -> None:
    """T-10.14: rules that do nothing else wait for their next event; the others do the rest of what they do."""
    ran = Ran(template(A, B))
    ran.complete("a")
    again = rule("Again", [done("a")], [act("reopen", "a"), act("emit_webhook", "b", webhook_url="https://x.test")])
    mixed = rule("Mixed", [done("a")], [act("emit_webhook", "a", webhook_url="https://x.test"), act("hide", "b")])
    mixed = replace(mixed, conditions=(done("a"),))

    ran.move(template(A, B, rules=(replace(again, conditions=(done("a"),)), mixed)))

    assert ran.shown() == {"a": "completed", "b": "auto-skipped"}
    assert ran.state.spent == {"Mixed"}


def test_rules_ask_the_step_a_field_moved_to() -> None:
    """T-10.14"""
    f = field("f", None, "Yes", "No")
    show = rule("R", [asks("Capture", "f", "equals", "Yes")], [act("show", "c")])
    ran = Ran(template(A, replace(B, fields=(f,)), C, rules=(show,)))
    ran.change("b", taskdata={"f": {"id": 1, "text": "Yes"}}, status="in-progress")
    ran.complete("a")
    assert ran["c"].is_hidden

    ran.move(template(replace(A, fields=(f,)), B, C, rules=(show,)))

    assert not ran["c"].is_hidden


def test_milestones_are_followed_where_nobody_changed_them() -> None:
    """T-10.11, behaviour-work S2"""
    talk, close, late = Stage("talk", "Talk"), Stage("close", "Close"), Stage("late", "Late")
    in_talk, in_close = replace(A, stage_id="talk"), replace(B, stage_id="close")
    before = template(in_talk, in_close, C, stages=(talk, close))
    after = template(
        replace(A, stage_id="late"), in_close, replace(C, stage_id="late"), stages=(replace(talk, name="Speak"), late)
    )
    plain, own = Ran(before), Ran(before)
    own.process = with_stage(own.process, before, replace(close, name="Our close"), 1)
    own.process = with_stage(own.process, before, Stage("ours", "Ours"), None)
    own.change("a", stage_id="ours")

    plain.move(after)
    own.move(after)

    assert plain.process.stages is None
    assert {key: plain[key].stage_id for key in "abc"} == {"a": "late", "b": None, "c": "late"}
    assert [each.name for each in stages_of(own.process, after)] == ["Speak", "Ours", "Late"]
    assert {key: own[key].stage_id for key in "abc"} == {"a": "ours", "b": None, "c": "late"}
    assert settle(restored(own.process, before_of(own.former, own.process)), NOW) == own.former


def test_before_and_after_an_undo_are_the_same() -> None:
    """T-10.16"""
    ran = Ran(template(replace(A, fields=(field("f"),)), B, C, rules=(SHOW_C,)))
    ran.change("b", taskdata={"x": "1"})
    ran.complete("a")
    state: RuleState = ran.state

    ran.move(template(step("d"), replace(C, title="Other"), A))
    back = restored(ran.process, before_of(ran.former, ran.process, state))

    assert settle(back, NOW) == ran.former
    assert ran["a"].is_completed and not reopened(ran["a"]).is_completed


@pytest.mark.parametrize(
    ("state", "code"),
    [
        pytest.param({"archived_at": NOW}, "PROCESS_ARCHIVED", id="T-10.10 archived"),
        pytest.param({"open_issues": 1}, "PROCESS_LOCKED", id="T-10.10 locked"),
        pytest.param({"hold": True}, "PROCESS_ON_HOLD", id="T-10.10 on hold"),
        pytest.param({"status": "complete"}, "WRONG_STATE", id="T-10.10 complete"),
        pytest.param({"template_version": 2}, "WRONG_STATE", id="T-10.10 moved already"),
    ],
)
def test_what_is_not_moved(state: dict[str, Any], code: str) -> None:
    process = launched(template(A))
    require_movable(process, 2)
    if state.pop("hold", False):
        process = put_on_hold(process, reason="Frost", by=1, at=NOW)

    with pytest.raises(DomainError) as refused:
        require_movable(replace(process, **state), 2)
    assert refused.value.code == code
