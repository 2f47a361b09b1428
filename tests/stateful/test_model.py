"""Whatever people do to a process, one after another or at the same time, it becomes what the specification says.

The server is compared with `tests/stateful/model.py` after every step: states, visibility, assignees, decisions,
deadlines, status, progress, what every rule was asked and found, and the answer to each request. Of requests at the
same time, some order must explain all of that.

Rules are drawn that have to do with one another, and made to fire with their targets completed, hidden or shown. Its
20 sequences notice when one of these is wrong: arming rules again, in each of the three ways, and not otherwise;
firing once; what one rule's re-opening starts, and in which order; the order of rules and of actions; conditions from
left to right; a form that is taken back; each action on a completed task; what was hidden or shown by hand; a shift
that happens once for each rule and task; hiding at the launch; parts done anew; what rules remember after an undo, of
firing, of completed steps and of shifts. `make mutations` tries it.
Spec: behaviour-automations 4 to 9, 13; behaviour-launching 9.3; behaviour-work 1, 3, 5, 9.1; api-tasks 3, 4, 11, 12.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import permutations

import pytest
from hypothesis import HealthCheck, assume, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.builders import Organization
from tests.stateful.drawn import ACTS, COMPLETIONS, DECISIONS, ROUTE, STEPS_DONE, WAITS
from tests.stateful.drawn_rules import MOST_RULES, RULES
from tests.stateful.model import Process
from tests.stateful.parts import ADMIN, EVERYONE, GIVEN_TO, KICKOFF, OK, STEPS, Act, Rule
from tests.stateful.provoked import AFTERWARDS, BEFORE, asked_meanwhile, provoked, undone_first
from tests.stateful.real import RealProcess

SOAK = os.environ.get("SOAK") == "1"
# The last part is about rules that fire once.
PARTS = 4
SEQUENCES, LENGTH = (3_000 if SOAK else 20) // PARTS, 30
# Of rules, whose number is not known when it is drawn.
NUMBERS = st.integers(0, MOST_RULES - 1)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_process_becomes_what_the_specification_says(
    org: Organization, part: int, record_property: Callable[[str, object], None]
) -> None:
    org.server.clock.freeze()
    strict = part == PARTS - 1
    answers = Counter[int]()
    facts = {"real": RealProcess(org, strict=strict), "answers": answers, "strict": strict}
    machine = type("Part", (Interleaving,), facts)

    run_state_machine_as_test(
        seed(part)(machine),
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=LENGTH,
            database=None,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )

    record_property("sequences", SEQUENCES)
    record_property("acts", answers.total())
    assert answers[OK] > answers.total() / 5, "they were not just refused"


class Interleaving(RuleBasedStateMachine):
    """A process from its launch on; `explanations` are the models that agree with everything seen so far."""

    real: RealProcess
    answers: Counter[int]
    strict: bool

    def __init__(self) -> None:
        super().__init__()
        self.explanations: list[Process] = []
        self.times = Counter[Rule]()

    @initialize(rules=RULES, route=ROUTE, form_stays_open=st.booleans(), anything=st.integers(0, 1000))
    def launch(self, rules: tuple[Rule, ...], route: str | None, form_stays_open: bool, anything: int) -> None:
        assume(anything)  # The simplest of all, which is always drawn first, is no sequence to learn from.
        route = None if form_stays_open else route
        self.real.begin(rules, route=route, form_stays_open=form_stays_open)
        launched = Process(
            rules, strict=self.strict, route=route, form_stays_open=form_stays_open, now=self.real.org.server.clock()
        )
        self.explanations = [launched]
        assert self.real.seen() == launched.seen()

    @rule(act=ACTS)
    def one(self, act: Act) -> None:
        self.in_turn(act)

    @rule(step=STEPS_DONE, decision=DECISIONS)
    def once_more(self, step: str, decision: bool) -> None:
        """What re-arms rules, as another answer to the form does; where it takes all of them, all and then one."""
        reopen = Act("reopen", ADMIN, (step,))
        if step == EVERYONE:
            one, other = [Act("complete", who, (step, None)) for who in sorted(GIVEN_TO[step])]
            self.in_turn(one, other, reopen, one)
        else:
            complete = Act("complete", ADMIN, (step, decision))
            self.in_turn(complete, reopen, complete)

    @rule(route=ROUTE)
    def other_answer(self, route: str | None) -> None:
        self.in_turn(Act("reopen_form", ADMIN), Act("change_form", ADMIN, (route,)), Act("submit_form", ADMIN))

    @rule(act=st.one_of(ACTS, COMPLETIONS), meanwhile=st.one_of(st.none(), st.none(), ACTS, WAITS))
    def and_back(self, act: Act, meanwhile: Act | None) -> None:
        """Undone where nothing came in between, and then as if it had not been."""
        between = [] if meanwhile is None else [meanwhile]
        undo = Act("undo", act.who, (act.what[0] if act.what and act.what[0] in STEPS else "process",))
        self.in_turn(act, *between, undo)
        self.in_turn(act)

    @rule(
        number=NUMBERS,
        before=st.sampled_from(BEFORE),
        afterwards=st.sampled_from(AFTERWARDS),
        by_last=st.booleans(),
        form_open=st.booleans(),
    )
    def provoke(self, number: int, before: str, afterwards: str, *, by_last: bool, form_open: bool) -> None:
        """Make one of the rules fire, its tasks being completed, hidden or shown before; or ask one that has to do with
        the form, and something else, while that is open.
        """
        process = self.explanations[0]
        of_form = [rule for rule in process.rules if KICKOFF in rule.subjects and len(rule.subjects) > 1]
        if form_open and of_form:
            self.in_turn(*asked_meanwhile(process, self.chosen(number, of_form)))
        else:
            self.in_turn(*provoked(process, self.chosen(number, process.rules), before, afterwards, by_last=by_last))

    @rule(
        number=NUMBERS,
        before=st.sampled_from(BEFORE),
        by_last=st.booleans(),
        minutes=st.sampled_from((0, 0, 0, 1, 30)),
        first=st.booleans(),
    )
    def provoke_and_back(self, number: int, before: str, *, by_last: bool, minutes: int, first: bool) -> None:
        """What made it fire undone, if it is not too late, and done again."""
        process = self.explanations[0]
        fresh = [rule for place, rule in enumerate(process.rules) if place not in process.spent]
        rule = self.chosen(number, fresh or process.rules)
        if first:
            self.in_turn(*undone_first(process, rule))
            return
        acts = provoked(process, rule, before, "", by_last=by_last)
        wait = [Act("wait", ADMIN, (minutes,))] if minutes else []
        self.in_turn(*acts, *wait, Act("undo", ADMIN, (acts[-1].what or ("process",))[:1]))
        self.in_turn(acts[-1])

    def chosen(self, number: int, rules: Sequence[Rule]) -> Rule:
        """One of those that were chosen least often."""
        least = min(self.times[rule] for rule in rules)
        rules = [rule for rule in rules if self.times[rule] == least]
        rule = rules[number % len(rules)]
        self.times[rule] += 1
        return rule

    @rule(act=WAITS)
    def wait(self, act: Act) -> None:
        self.in_turn(act)

    @rule(acts=st.lists(ACTS, min_size=2, max_size=3))
    def at_once(self, acts: list[Act]) -> None:
        self.explain(acts, self.real.do_together(acts), permutations(enumerate(acts)))

    def in_turn(self, *acts: Act) -> None:
        self.explain(acts, [self.real.outcome(act) for act in acts], [tuple(enumerate(acts))])

    def explain(self, acts: Sequence[Act], codes: list[int], orders: Iterable[tuple[tuple[int, Act], ...]]) -> None:
        """Go on with the models that, in some order, come to what happened."""
        self.answers.update(codes)
        became = (codes, self.real.seen())
        possible = [in_order(before, order) for order in orders for before in self.explanations]
        self.explanations = []
        for expected, after in possible:
            if (expected, after.seen()) == became and after not in self.explanations:
                self.explanations.append(after)
        assert self.explanations, told(acts, became, [(expected, after.seen()) for expected, after in possible])


def in_order(before: Process, order: tuple[tuple[int, Act], ...]) -> tuple[list[int], Process]:
    """The answers by their place, and the process afterwards."""
    after = before.copied()
    codes = {place: after.do(act) for place, act in order}
    return [codes[place] for place in sorted(codes)], after


def told(acts: Sequence[Act], became: object, possible: list[tuple[list[int], dict[str, object]]]) -> str:
    expected = "\nor: ".join(dict.fromkeys(map(repr, possible)))
    return f"{acts}\nis:  {became}\nnot: {expected}"
