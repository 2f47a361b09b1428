"""What the rules of sequences are drawn from: any that the API accepts, and some that have to do with one another."""

from collections.abc import Callable

from hypothesis import strategies as st

from tests.stateful.parts import (
    APPROVAL,
    DRAFT,
    FIELDS,
    FILE,
    KICKOFF,
    LIGHT,
    PRINT,
    REVIEW,
    ROLES,
    ROUTES,
    STANDARD,
    STEPS,
    VALUES,
    Action,
    Condition,
    Rule,
)

MOST_RULES = 12
# In one rule. Spec.
ONCE_A_STEP = ("show", "hide", "deadline")
# Rules that the API accepts.
_steps = st.sampled_from(STEPS)
_people = st.lists(st.sampled_from([*ROLES]), min_size=1, max_size=2, unique=True).map(tuple)
_logic = st.sampled_from(["and", "or"])
_on_steps = st.builds(Condition, _logic, _steps, st.sampled_from(["completed", "reopened", "not_assigned"]), st.none())
_on_decisions = st.builds(Condition, _logic, st.just(APPROVAL), st.sampled_from(["approved", "rejected"]), st.none())
_on_answers = st.sampled_from([*VALUES]).flatmap(
    lambda name: st.one_of(
        st.builds(
            Condition,
            _logic,
            st.just(name),
            st.sampled_from(["equals", "not_equals"]),
            st.sampled_from([*VALUES[name]]),
        ),
        st.builds(Condition, _logic, st.just(name), st.sampled_from(["is_empty", "is_not_empty"]), st.none()),
    )
)


_nothing, _zero, _nobody = st.none(), st.just(0), st.just(())
_bare = st.sampled_from(["show", "hide", "reopen", "clear_assignees"])
_giving = st.sampled_from(["assign", "assign_only", "unassign"])
_anchors = st.sampled_from([None, REVIEW, PRINT])
_actions = st.one_of(
    st.builds(Action, _bare, _steps, _nobody, _zero, _nothing),
    st.builds(Action, _giving, _steps, _people, _zero, _nothing),
    st.builds(Action, st.just("deadline"), _steps, _nobody, st.sampled_from([-5, 3]), _anchors),
)


def _is_accepted(rule: Rule) -> bool:
    once = [(action.verb == "deadline", action.step) for action in rule.actions if action.verb in ONCE_A_STEP]
    asked = {FIELDS.get(each.subject, each.subject) for each in rule.conditions}
    reopened = {action.step for action in rule.actions if action.verb == "reopen"}
    anchored = all(action.anchor != action.step for action in rule.actions)
    return len(set(once)) == len(once) and anchored and asked.isdisjoint(reopened)


_rule = st.builds(
    Rule,
    st.lists(st.one_of(_on_steps, _on_decisions, _on_answers), min_size=1, max_size=3).map(tuple),
    st.lists(_actions, min_size=1, max_size=2).map(tuple),
).filter(_is_accepted)


def _when(step: str, word: str, *actions: Action) -> Rule:
    return Rule((Condition("and", step, word),), actions)


# What people make rules for, and what goes round: a rejection sends the work back, its end calls for another review.
_usual = st.sampled_from(
    [
        _when(REVIEW, "rejected", Action("reopen", DRAFT), Action("assign_only", DRAFT, (STANDARD,))),
        _when(REVIEW, "approved", Action("show", PRINT), Action("deadline", PRINT, (), 3, None)),
        _when(DRAFT, "completed", Action("reopen", REVIEW), Action("hide", PRINT)),
        _when(DRAFT, "reopened", Action("assign", PRINT, (STANDARD,)), Action("deadline", FILE, (), -5, REVIEW)),
        Rule(
            (Condition("and", DRAFT, "completed"), Condition("or", DRAFT, "reopened")),
            (Action("unassign", PRINT, (STANDARD,)),),
        ),
        _when(PRINT, "completed", Action("deadline", REVIEW, (), 3, None)),
        _when(PRINT, "not_assigned", Action("assign", PRINT, (LIGHT,))),
        Rule((Condition("and", KICKOFF, "equals", ROUTES[0]),), (Action("show", FILE), Action("reopen", PRINT))),
        Rule((Condition("and", KICKOFF, "not_equals", ROUTES[0]),), (Action("hide", FILE),)),
    ]
)


# Rules that have to do with one another, about three different steps and two people. Each shape has something that can
# only be seen with it: order, what one rule leaves to the next, what is armed again and what is not.


def _contradict(this: str, that: str, other: str, who: str, whom: str) -> tuple[Rule, ...]:
    one = [Action("assign_only", that, (who,)), Action("assign", that, (whom,)), Action("hide", that)]
    two = [Action("unassign", that, (who,)), Action("assign", that, (who,)), Action("unassign", that, (whom,))]
    moved = Action("deadline", that, (), 3), Action("deadline", other, (), -5)
    return (
        _when(this, "completed", *one, *moved),
        _when(this, "completed", Action("show", that), *two, Action("deadline", other, (), 3)),
    )


def _both_ways(this: str, that: str, _other: str, who: str, _whom: str) -> tuple[Rule, ...]:
    asked = Condition("and", this, "completed"), Condition("or", this, "reopened")
    return (Rule(asked, (Action("deadline", that, (), 3), Action("assign", that, (who,)))),)


def _left_alone(this: str, that: str, _other: str, _who: str, _whom: str) -> tuple[Rule, ...]:
    free = _when(that, "completed", Action("clear_assignees", this))
    return free, _when(this, "not_assigned", Action("deadline", that, (), -5), Action("clear_assignees", that))


def _cascade(this: str, that: str, other: str, who: str, whom: str) -> tuple[Rule, ...]:
    asked = {
        step: (Condition("and", step, "completed"), Condition("or", step, "reopened")) for step in (this, that, other)
    }
    return (
        Rule(asked[this], (Action("reopen", that), Action("reopen", other))),
        Rule(asked[that], (Action("reopen", this), Action("assign", other, (whom,)))),
        Rule(asked[other], (Action("assign_only", that, (who,)),)),
    )


def _left_to_the_next(this: str, that: str, other: str, who: str, _whom: str) -> tuple[Rule, ...]:
    empty = Condition("and", this, "completed"), Condition("and", that, "not_assigned")
    open_again = Condition("and", this, "completed"), Condition("and", other, "reopened")
    return (
        _when(this, "completed", Action("clear_assignees", that), Action("reopen", other)),
        Rule(empty, (Action("assign", that, (who,)),)),
        Rule(open_again, (Action("deadline", that, (), 3, other),)),
    )


def _in_a_row(this: str, that: str, other: str, who: str, whom: str) -> tuple[Rule, ...]:
    words = ("or", "or", "and"), ("and", "and", "or")
    asked = [
        tuple(Condition(word, step, "completed") for word, step in zip(each, (this, that, other), strict=True))
        for each in words
    ]
    return (
        Rule(asked[0], (Action("assign", that, (who,)),)),
        Rule(asked[1], (Action("assign", other, (whom,)), Action("hide", other))),
    )


def _either(this: str, that: str, other: str, who: str, _whom: str) -> tuple[Rule, ...]:
    asked = Condition("and", this, "reopened"), Condition("or", other, "completed")
    return (Rule(asked, (Action("show", that), Action("assign_only", that, (who,)))),)


def _by_form(this: str, that: str, other: str, who: str, _whom: str) -> tuple[Rule, ...]:
    asked = Condition("and", KICKOFF, "is_not_empty"), Condition("and", this, "completed")
    either = Condition("and", KICKOFF, "equals", ROUTES[0]), Condition("or", this, "completed")
    return (
        Rule(asked, (Action("assign", that, (who,)), Action("clear_assignees", other))),
        Rule(either, (Action("deadline", other, (), 3),)),
    )


def _unanswered(this: str, that: str, other: str, _who: str, whom: str) -> tuple[Rule, ...]:
    empty = Condition("and", "Colour", "is_empty"), Condition("and", this, "completed")
    other_number = Condition("and", "Number", "not_equals", "7"), Condition("or", this, "completed")
    return Rule(empty, (Action("assign", other, (whom,)),)), Rule(other_number, (Action("hide", that),))


_SHAPES: list[Callable[[str, str, str, str, str], tuple[Rule, ...]]] = [
    _contradict,
    _both_ways,
    _left_alone,
    _cascade,
    _cascade,
    _left_to_the_next,
    _left_to_the_next,
    _in_a_row,
    _in_a_row,
    _either,
    _by_form,
    _unanswered,
]
_together = st.builds(
    lambda shapes, steps, people: [shape(*each[:3], *people[:2]) for shape, each in zip(shapes, steps, strict=False)],
    st.permutations(_SHAPES),
    st.lists(st.permutations(STEPS), min_size=4, max_size=4),
    st.permutations([*ROLES]),
)
_alone = st.one_of(_rule, _usual).map(lambda rule: (rule,))
# Of different shapes; what stands alone before them or after them.
RULES = st.builds(
    lambda together, alone, is_first: sum([alone, *together] if is_first else [*together, alone], ())[:MOST_RULES],
    _together,
    _alone,
    st.booleans(),
)
