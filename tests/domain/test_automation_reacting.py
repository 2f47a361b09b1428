"""What any set of rules keeps to, whatever happens. Spec: behaviour-automations 4 to 9, 13."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from procession.domain import tasks
from procession.domain.automations.following import with_initial_visibility
from procession.domain.automations.reacting import (
    Evaluation,
    Followed,
    Reaction,
    react,
    touched,
)
from procession.domain.automations.rules import STEP_OPERATORS, TYPES, Action, Condition, Rule, Shift, with_rule
from procession.domain.automations.state import FRESH, LAUNCHED, Occurrence, People, RuleState, Scene
from procession.domain.automations.telling import told
from procession.domain.calendar import ALL_HOURS, WorkingWeek
from procession.domain.deadlines import StepDeadline
from procession.domain.processes import Owners, Process, Task
from procession.domain.tasks import Completer
from procession.domain.templates import Step, Template

WEEK = WorkingWeek((ALL_HOURS,) * 7, "UTC")
STEPS = ("a", "b", "c", "d")
PEOPLE = People(members=frozenset({1, 2, 3}))


def step(name: str, **more: Any) -> Step:
    deadline = StepDeadline(1, "days", "from", "start_run")
    return Step(id=name, alias=name, title=name, deadline=deadline, created_by=1, created_at=0, updated_at=0, **more)


def process(*made: Task) -> Process:
    given_tasks = made or tuple(task(place, name) for place, name in enumerate(STEPS, 1))
    return Process(
        seq=1, id="p", template_id="t", template_version=1, template_title="T", type="procedure", name="P",
        folded_name="p", sort_name="p", owner=1, starter=1, created_at=0, started_at=0, updated_at=0,
        tasks=given_tasks,
    )  # fmt: skip


def task(seq: int, name: str, **more: Any) -> Task:
    return Task(
        seq=seq,
        id=f"task {name}",
        process=1,
        step_id=name,
        title=name,
        created_at=0,
        updated_at=0,
        deadline=1000 * seq,
        **more,
    )


def rule(name: str, conditions: list[Condition], actions: list[Action]) -> Rule:
    return Rule(id=name, name=name, conditions=tuple(conditions), actions=tuple(actions), created_at=0, updated_at=0)


def when(name: str, operator: Any, logic: Any = "and") -> Condition:
    return Condition(id="c", subject="Step", subject_id=name, operator=operator, statement="any_time", logic=logic)


def then(verb: Any, name: str, **more: Any) -> Action:
    return Action(id="x", verb=verb, target=name, **more)


def scene(*rules: Rule, steps: tuple[Step, ...] = (), two_way: bool = False, **more: Any) -> Scene:
    steps = steps or tuple(step(name) for name in STEPS)
    template = Template(steps=steps, rules=rules, two_way_visibility=two_way)
    return Scene(document=template, week=WEEK, people=PEOPLE, **{"now": 5000, **more})


conditions = st.builds(when, st.sampled_from(STEPS), st.sampled_from(STEP_OPERATORS), st.sampled_from(["and", "or"]))
actions = st.builds(
    lambda verb, name, value, option, users: then(
        verb,
        name,
        shift=Shift(value, "days", option) if verb == "deadline" else None,
        assignees=Owners(users=tuple(users)),
    ),
    st.sampled_from(sorted(TYPES)),
    st.sampled_from(STEPS),
    st.integers(0, 9),
    st.sampled_from(["before", "from"]),
    st.lists(st.integers(1, 4), max_size=2, unique=True),
)
rules = st.lists(
    st.tuples(st.lists(conditions, min_size=1, max_size=3), st.lists(actions, min_size=1, max_size=3)), max_size=6
).map(lambda drawn: [rule(f"R{n}", *each) for n, each in enumerate(drawn)])
happenings = st.lists(
    st.tuples(st.sampled_from(["complete", "reopen", "hide", "show"]), st.sampled_from(STEPS)), max_size=12
)


def happen(now: Process, what: str, name: str) -> tuple[Process, Occurrence | None]:
    """What a person does, as far as it is allowed; hiding and showing start nothing (A-8.4)."""
    [found] = [each for each in now.tasks if each.step_id == name]
    if what == "complete" and found.is_open:
        done = tasks.completed(found, Completer(member=1), 5000, decision=None)
        return now.with_tasks(done), Occurrence("completed", name)
    if what == "reopen" and found.is_completed:
        return now.with_tasks(tasks.reopened(found)), Occurrence("reopened", name)
    if what in ("hide", "show") and not found.is_completed:
        by_hand = tasks.hidden_by_hand if what == "hide" else tasks.shown_by_hand
        return now.with_tasks(by_hand(found)), None
    return now, None


def play(made: list[Rule], events: list[tuple[str, str]], **options: Any) -> list[tuple[Process, Reaction]]:
    """The process before each reaction, and the reaction."""
    around = scene(*made, **options)
    now, state = with_initial_visibility(process(), around.document), FRESH
    played: list[tuple[Process, Reaction]] = []
    occurrences: list[tuple[str, str] | None] = [None, *events]
    for event in occurrences:
        occurrence: Occurrence | None = LAUNCHED
        if event is not None:
            now, occurrence = happen(now, *event)
        if occurrence is not None:
            reaction = react(now, state, occurrence, around)
            played.append((now, reaction))
            now, state = reaction.process, reaction.state
    return played


@settings(max_examples=200, deadline=None)
@given(rules, happenings, st.booleans())
def test_rules_keep_to_what_they_may_do(made: list[Rule], events: list[tuple[str, str]], two_way: bool) -> None:
    """Spec: A-4.7, A-5.5, A-5.32, A-8.2, A-8.3, A-10.1."""
    for before, reaction in play(made, events, two_way=two_way):
        completed = sum(each.is_completed for each in before.tasks)
        reopened = [a for e in reaction.evaluations for a in e.acted if a.action.verb == "reopen" and a.done.after]
        assert len(reopened) <= completed, "a cascade re-opens no more than was completed"
        assert reaction.state.spent <= {each.id for each in made}
        for old, new in zip(before.tasks, reaction.process.tasks, strict=True):
            assert not new.is_completed or new == old, "nothing is completed, and what stays completed is untouched"
            if old.hidden_by_hand or (old.shown_by_hand and old.is_open):
                assert new.is_hidden == old.is_hidden
            assert (new.taskdata, new.hidden_by_hand, new.shown_by_hand) == (
                old.taskdata, old.hidden_by_hand, old.shown_by_hand,
            )  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(rules, happenings)
def test_a_5_18_in_strict_mode_a_rule_fires_once_for_ever(made: list[Rule], events: list[tuple[str, str]]) -> None:
    fired = [e.rule.id for _, reaction in play(made, events, fire_once=True) for e in reaction.evaluations if e.fired]

    assert len(fired) == len(set(fired))


@settings(max_examples=100, deadline=None)
@given(rules, happenings, st.booleans())
def test_every_change_has_its_event_with_the_rule_as_cause(
    made: list[Rule], events: list[tuple[str, str]], two_way: bool
) -> None:
    """Spec: A-5.33, A-12.1, A-12.4: the log explains every difference."""
    for before, reaction in play(made, events, two_way=two_way):
        log = list(told(reaction.process, reaction.log))
        names = {f"rule:{each.id}" for each in made}
        changed = {new.id for old, new in zip(before.tasks, reaction.process.tasks, strict=True) if old != new}
        caused = {event.subject_id for event in log if event.cause in names}

        assert changed <= caused
        assert set(touched(reaction.log)) <= caused
        looked_at = [entry for entry in reaction.log if isinstance(entry, Evaluation | Followed)]
        assert sum(event.subject_kind == "rule" for event in log) == len(looked_at)
        assert two_way or len(looked_at) == len(reaction.evaluations)


def test_a_5_2_a_later_rule_sees_what_an_earlier_one_did() -> None:
    first = rule("R1", [when("a", "completed")], [then("assign", "b", assignees=Owners(users=(2,)))])
    second = rule("R2", [when("a", "completed"), when("b", "not_assigned")], [then("show", "c")])
    now, _ = happen(process(), "complete", "a")

    reaction = react(now, FRESH, Occurrence("completed", "a"), scene(first, second))

    assert [each.fired for each in reaction.evaluations] == [True, False]
    swapped = react(now, FRESH, Occurrence("completed", "a"), scene(second, first))
    assert [each.fired for each in swapped.evaluations] == [True, True]


def test_a_1_6_a_rule_without_conditions_or_actions_is_never_looked_at() -> None:
    empty = rule("R1", [], [then("hide", "b")])
    idle = rule("R2", [when("a", "completed")], [])
    archived = replace(rule("R3", [when("a", "completed")], [then("hide", "b")]), archived_at=1)
    now, _ = happen(process(), "complete", "a")

    assert react(now, FRESH, Occurrence("completed", "a"), scene(empty, idle, archived)).log == ()


def test_a_5_22_assignments_of_one_rule_apply_in_their_order() -> None:
    only, more = (then(verb, "b", assignees=Owners(users=(n,))) for verb, n in (("assign_only", 2), ("assign", 3)))
    now, _ = happen(process(), "complete", "a")

    def people(*made: Action) -> tuple[int, ...]:
        reaction = react(now, FRESH, Occurrence("completed", "a"), scene(rule("R", [when("a", "completed")], [*made])))
        return reaction.process.tasks[1].owners.users

    assert (people(only, more), people(more, only)) == ((2, 3), (2,))


def test_a_9_4_what_a_cascade_did_is_taken_back_too() -> None:
    steps = (step("a", reverse_rules_on_reopen=True), *(step(name) for name in STEPS[1:]))
    chain = rule("R1", [when("a", "completed")], [then("reopen", "b")])
    follow = rule("R2", [when("b", "reopened")], [then("hide", "c")])
    around = scene(chain, follow, steps=steps)
    state = RuleState(done=frozenset({"b"}))
    now, _ = happen(happen(process(), "complete", "b")[0], "complete", "a")

    done = react(now, state, Occurrence("completed", "a"), around)
    assert [(each.step_id, each.status) for each in done.process.tasks[1:3]] == [
        ("b", "in-progress"),
        ("c", "auto-skipped"),
    ]

    again, occurrence = happen(done.process, "reopen", "a")
    undone = react(again, done.state, occurrence or LAUNCHED, around)
    assert [(each.step_id, each.status) for each in undone.process.tasks[1:3]] == [
        ("b", "in-progress"),
        ("c", "not-started"),
    ]


def test_with_rule_puts_rules_in_order() -> None:
    """Spec: A-1.1."""
    a, b, c = (rule(name, [when("a", "completed")], [then("hide", "b")]) for name in "abc")

    assert with_rule((a, b), c, None) == (a, b, c)
    assert with_rule((a, b), c, 1) == (c, a, b)
    assert with_rule((a, b, c), replace(b, name="x"), None)[1].name == "x"
    assert with_rule((a, b, c), a, 9) == (b, c, a)
