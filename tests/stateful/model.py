"""A process as the specification tells it, in plain data: what one act after another makes of it.

It shares nothing with the server, so the two can only agree by both doing what is written. People, steps and options
go by their names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

ADMIN, STANDARD, LIGHT = "Lena", "Milo", "Noor"
ROLES = {ADMIN: "admin", STANDARD: "standard", LIGHT: "light"}
KICKOFF = "Route"
DRAFT, REVIEW, PRINT, SIGN, FILE = STEPS = ("Draft", "Review", "Print", "Sign", "File")
# One field each on two steps; that of "File" must be answered before it can be completed.
FIELDS = {"Colour": DRAFT, "Number": FILE}
APPROVAL, EVERYONE = REVIEW, SIGN
GIVEN_TO = {REVIEW: {STANDARD}, PRINT: {LIGHT}, SIGN: {STANDARD, LIGHT}}

OK, FORBIDDEN, REFUSED = 200, 403, 422
NEGATIVE = ("not_equals", "not_contains", "is_empty")
STEP_WORDS = ("completed", "approved", "rejected", "reopened", "not_assigned")


class Act(NamedTuple):
    """One of the methods under "what people do", and who does it."""

    verb: str
    who: str
    what: tuple[Any, ...] = ()


class Condition(NamedTuple):
    """As in the scenario files: `subject` is a step or a field; `logic` joins it to what stands before it."""

    logic: str
    subject: str
    word: str
    statement: str | None = None


class Action(NamedTuple):
    verb: str
    step: str
    people: tuple[str, ...] = ()


class Rule(NamedTuple):
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]

    @property
    def subjects(self) -> set[str]:
        """The steps and kick-off field whose events make it a candidate. Spec: behaviour-automations 5.1."""
        return {FIELDS.get(each.subject, each.subject) for each in self.conditions}


@dataclass
class Task:
    step: str
    owners: set[str] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)
    is_done: bool = False
    is_approved: bool | None = None
    is_hidden: bool = False
    is_touched: bool = False
    was_ever_done: bool = False
    was_undone: bool = False
    # What a person did last, which rules leave alone: "hide" or "show". Spec: behaviour-automations 8.
    by_hand: str = ""

    @property
    def status(self) -> str:
        if self.is_hidden:
            return "auto-skipped"
        if self.is_done:
            return "completed"
        return "in-progress" if self.is_touched else "not-started"


class Process:
    """One process; `strict` is the setting `automation_fire_once`."""

    def __init__(self, rules: tuple[Rule, ...], *, strict: bool, route: str | None, form_stays_open: bool) -> None:
        self.rules = rules
        self.strict = strict
        self.tasks = {step: Task(step, owners=set(GIVEN_TO.get(step, ()))) for step in STEPS}
        self.answers: dict[str, str | None] = {KICKOFF: route}
        self.is_submitted = not form_stays_open
        self.told_route = route
        self.is_archived = False
        self.spent: set[int] = set()
        for rule in rules:
            for action in rule.actions:
                if action.verb == "show":
                    self.tasks[action.step].is_hidden = True
        self._evaluate(lambda rule: (self.is_submitted and KICKOFF in rule.subjects) or has(rule, "not_assigned"))

    # What there is to see.

    @property
    def visible(self) -> list[Task]:
        return [task for task in self.tasks.values() if not task.is_hidden]

    @property
    def status(self) -> str:
        """Spec: behaviour-work 1.2 (P1, P4, P5, P10)."""
        if self.is_archived:
            return "archived"
        done = all(task.is_done for task in self.visible)
        return "complete" if self.visible and done and self.is_submitted else "active"

    def seen(self) -> dict[str, object]:
        """Everything that is compared."""
        return {
            "status": self.status,
            "progress": (sum(task.is_done for task in self.visible), len(self.visible)),
            "answers": {name: self.answers.get(name) for name in (KICKOFF, *FIELDS)},
            "tasks": {step: (task.status, task.is_approved, sorted(task.owners)) for step, task in self.tasks.items()},
        }

    def is_like(self, other: Process) -> bool:
        """Also in what cannot be seen: which rules are spent, what was done by hand."""
        return vars(self) == vars(other)

    def do(self, act: Act) -> int:
        """The status code of the answer. Whatever is refused changes nothing."""
        return getattr(self, act.verb)(act.who, *act.what)

    # What people do. Refusals come in the order of DEC-26: not theirs to do, archived, anything else.

    def complete(self, who: str, step: str, decision: bool | None) -> int:
        task = self.tasks[step]
        if not self._may_work(who, task):
            return FORBIDDEN
        if self.is_archived or task.is_done or task.is_hidden:
            return REFUSED
        if (step == APPROVAL and decision is None) or (step == FILE and self.answers.get("Number") is None):
            return REFUSED
        if step == EVERYONE and who in task.owners:
            if who in task.parts:
                return REFUSED
            task.parts.add(who)
            task.is_touched = True
            if not task.owners <= task.parts:
                return OK
        self._close(task, decision if step == APPROVAL else None)
        return OK

    def reopen(self, who: str, step: str) -> int:
        task = self.tasks[step]
        if not self._may_work(who, task):
            return FORBIDDEN
        if self.is_archived or not task.is_done:
            return REFUSED
        self._open(task)
        self._follow([("REOPENED", step)])
        return OK

    def answer(self, who: str, name: str, value: str | None) -> int:
        """Saving an answer starts no rules (A-5.1)."""
        task = self.tasks[FIELDS[name]]
        if not self._may_work(who, task):
            return FORBIDDEN
        if self.is_archived or task.is_done:
            return REFUSED
        if value != self.answers.get(name):
            task.is_touched = True
        self.answers[name] = value
        return OK

    def assign(self, who: str, step: str, people: frozenset[str]) -> int:
        task = self.tasks[step]
        if ROLES[who] == "light" and (who not in task.owners or task.owners != people):
            return FORBIDDEN
        if self.is_archived or task.is_done:
            return REFUSED
        left = task.owners - people
        task.owners = set(people)
        task.parts &= people
        if step == EVERYONE and left and people and people <= task.parts and not task.is_hidden:
            self._close(task, None)  # A6
        return OK

    def hide(self, who: str, step: str) -> int:
        return self._turn(who, step, "hide")

    def show(self, who: str, step: str) -> int:
        return self._turn(who, step, "show")

    def _turn(self, who: str, step: str, verb: str) -> int:
        """By hand, which no rule changes again. Spec: behaviour-automations A-8.1 to A-8.4."""
        task = self.tasks[step]
        if ROLES[who] == "light":
            return FORBIDDEN
        if self.is_archived or task.is_done:
            return REFUSED
        task.is_hidden = verb == "hide"
        task.by_hand = verb
        return OK

    def archive(self, who: str) -> int:
        if ROLES[who] == "light":
            return FORBIDDEN
        self.is_archived = True
        return OK

    def activate(self, who: str) -> int:
        if ROLES[who] == "light":
            return FORBIDDEN
        self.is_archived = False
        return OK

    def change_form(self, who: str, route: str | None) -> int:
        """An update of the process. Who may change something else of it may repeat an answer. Spec: api-processes 9."""
        is_other = route != self.answers[KICKOFF]
        repeats = ROLES[who] == "standard" and route is not None and not is_other
        if who != ADMIN and not repeats:
            return FORBIDDEN
        if self.is_archived:
            return REFUSED
        self.answers[KICKOFF] = route
        if self.is_submitted and is_other:
            self._kick_off()
        return OK

    def submit_form(self, who: str) -> int:
        if who != ADMIN:
            return FORBIDDEN
        if self.is_archived:
            return REFUSED
        if not self.is_submitted:
            self.is_submitted = True
            self._kick_off()
        return OK

    def reopen_form(self, who: str) -> int:
        if who != ADMIN:
            return FORBIDDEN
        if self.is_archived:
            return REFUSED
        self.is_submitted = False
        return OK

    def _may_work(self, who: str, task: Task) -> bool:
        """Spec: api-tasks 4; behaviour-work 5.3."""
        if ROLES[who] == "admin" or who in task.owners:
            return True
        return ROLES[who] == "standard" and task.step != EVERYONE

    # What follows.

    def _close(self, task: Task, decision: bool | None) -> None:
        again = task.was_ever_done
        task.is_done, task.is_approved, task.was_ever_done, task.was_undone = True, decision, True, False
        self._follow([("DONE again" if again else "DONE", task.step)])

    def _open(self, task: Task) -> None:
        """Spec: behaviour-work R3, R10."""
        task.is_done, task.is_approved, task.was_undone, task.is_touched = False, None, True, True
        task.parts = set()

    def _kick_off(self) -> None:
        changed = self.answers[KICKOFF] != self.told_route
        self.told_route = self.answers[KICKOFF]
        if changed and not self.strict:
            self.spent -= {place for place, rule in enumerate(self.rules) if KICKOFF in rule.subjects}  # A-5.17c
        self._follow(self._evaluate(lambda rule: KICKOFF in rule.subjects))

    def _follow(self, events: list[tuple[str, str]]) -> None:
        """Until no rule re-opens anything any more. Spec: behaviour-automations 13."""
        while events:
            event, step = events.pop(0)
            if not self.strict:
                self.spent -= {place for place, rule in enumerate(self.rules) if is_armed_again(rule, event, step)}
            events += self._evaluate(lambda rule, step=step: step in rule.subjects)

    def _evaluate(self, is_candidate: Callable[[Rule], bool]) -> list[tuple[str, str]]:
        reopened: list[tuple[str, str]] = []
        for place, rule in enumerate(self.rules):
            if place in self.spent or not is_candidate(rule) or not self._holds(rule):
                continue
            self.spent.add(place)
            for action in rule.actions:
                reopened += self._apply(action)
        return reopened

    def _holds(self, rule: Rule) -> bool:
        """From left to right, without precedence. Spec: behaviour-automations A-3.1."""
        result = self._is_true(rule.conditions[0])
        for condition in rule.conditions[1:]:
            true = self._is_true(condition)
            result = (result or true) if condition.logic == "or" else (result and true)
        return result

    def _is_true(self, condition: Condition) -> bool:
        if condition.word in STEP_WORDS:
            return self._is_true_of_step(condition)
        home = FIELDS.get(condition.subject)
        value = self.answers.get(condition.subject)
        if home is None and not self.is_submitted:
            return False
        if home and value is None and condition.word in NEGATIVE and not self.tasks[home].is_done:
            return False
        text = (value or "").casefold()
        match condition.word:
            case "equals" | "not_equals":
                return (text == (condition.statement or "").casefold()) == (condition.word == "equals")
            case _:
                return (value is None) == (condition.word == "is_empty")

    def _is_true_of_step(self, condition: Condition) -> bool:
        """Spec: behaviour-automations 2.2."""
        task = self.tasks[condition.subject]
        match condition.word:
            case "reopened":
                return not task.is_done and task.was_undone
            case "not_assigned":
                return not task.owners
            case "approved" | "rejected":
                return task.is_done and task.is_approved is (condition.word == "approved")
            case _:
                return task.is_done

    def _apply(self, action: Action) -> Iterator[tuple[str, str]]:
        """Completed tasks are left alone but for re-opening, which leaves all others alone. Spec: A-4.7, A-8.2, A-8.3."""
        task = self.tasks[action.step]
        if action.verb == "reopen":
            if task.is_done:
                self._open(task)
                yield "REOPENED", action.step
            return
        if task.is_done:
            return
        people = set(action.people)
        match action.verb:
            case "show" | "hide":
                if task.by_hand in ("", action.verb):
                    task.is_hidden = action.verb == "hide"
            case "assign":
                task.owners |= people
            case "unassign":
                task.owners -= people
            case "assign_only":
                task.owners = people
            case _:
                task.owners = set()
        task.parts &= task.owners


def has(rule: Rule, word: str, step: str = "") -> bool:
    return any(each.word == word and step in ("", each.subject) for each in rule.conditions)


def is_armed_again(rule: Rule, event: str, step: str) -> bool:
    """Spec: behaviour-automations A-5.17 (a), (b)."""
    if event == "DONE again":
        return step in rule.subjects
    return event == "REOPENED" and (has(rule, "reopened", step) or has(rule, "not_assigned", step))
