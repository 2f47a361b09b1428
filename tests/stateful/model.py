"""A process as the specification tells it, in plain data: what one act after another makes of it.

It shares nothing with the server, so the two can only agree by both doing what is written.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from tests.stateful.deadlines import Deadlines
from tests.stateful.parts import (
    ADMIN,
    APPROVAL,
    DAY,
    DRAFT,
    EVERYONE,
    FIELDS,
    FILE,
    FORBIDDEN,
    GIVEN_TO,
    KICKOFF,
    LIGHT,
    LOCKED,
    MINUTE,
    OK,
    REFUSED,
    ROLES,
    STEPS,
    Act,
    Action,
    Condition,
    Evaluation,
    Rule,
    Task,
    has,
    holds,
    is_armed_again,
)  # fmt: skip

# Longer than this after what was done, it cannot be undone.
UNDO = 10 * MINUTE

NEGATIVE = ("not_equals", "not_contains", "is_empty")
STEP_WORDS = ("completed", "approved", "rejected", "reopened", "not_assigned")


class Undoable(NamedTuple):
    """What was done last, and the process before it."""

    who: str
    what: str
    at: int
    before: Process


class Process(Deadlines):  # noqa: PLW1641  # it changes
    """One process, launched at `now`; `strict` is the setting `automation_fire_once`."""

    def __init__(
        self, rules: tuple[Rule, ...], *, strict: bool, route: str | None, form_stays_open: bool, now: int
    ) -> None:
        self.rules = rules
        self.strict = strict
        self.now = now
        self.tasks = {step: Task(step, now + 5 * DAY, owners=set(GIVEN_TO.get(step, ()))) for step in STEPS}
        self.count_from(DRAFT)
        self.answers: dict[str, str | None] = {KICKOFF: route}
        self.is_submitted = not form_stays_open
        self.told_route = route
        self.is_archived = False
        self.held_since: int | None = None
        self.spent: set[int] = set()
        self.shifted = set()
        self.evaluations: tuple[Evaluation, ...] = ()
        self.undoable: Undoable | None = None
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
            "on_hold": self.held_since,
            "answers": {name: self.answers.get(name) for name in (KICKOFF, *FIELDS)},
            "tasks": {
                step: (task.status, task.is_approved, sorted(task.owners), task.due)
                for step, task in self.tasks.items()
            },
            "evaluations": self.evaluations,
        }

    def __eq__(self, other: object) -> bool:
        """Also in what cannot be seen: which rules are spent, what was done by hand, what can be undone."""
        return isinstance(other, Process) and vars(self) == vars(other)

    def copied(self) -> Process:
        made = copy.copy(self)
        made.tasks = {
            step: replace(each, owners={*each.owners}, parts={*each.parts}) for step, each in self.tasks.items()
        }
        made.answers, made.spent, made.shifted = {**self.answers}, {*self.spent}, {*self.shifted}
        return made

    def do(self, act: Act) -> int:
        """The status code of the answer. Whatever is refused changes nothing."""
        return getattr(self, act.verb)(act.who, *act.what)

    # What people do. Refusals come in the order of DEC-26: not theirs to do, archived, on hold, anything else.

    def complete(self, who: str, step: str, decision: bool | None) -> int:
        task = self.tasks[step]
        if not self._may_work(who, task):
            return FORBIDDEN
        if self._closed or task.is_done or task.is_hidden:
            return self._closed or REFUSED
        if (step == APPROVAL and decision is None) or (step == FILE and self.answers.get("Number") is None):
            return REFUSED
        takes_part = step == EVERYONE and who in task.owners
        if takes_part and who in task.parts and not task.owners <= task.parts:
            return REFUSED
        self._begin(who, step)
        if takes_part:
            task.parts.add(who)
            task.is_touched = True
        if not takes_part or task.owners <= task.parts:
            self._close(task, decision if step == APPROVAL else None)
        return OK

    def reopen(self, who: str, step: str) -> int:
        task = self.tasks[step]
        if not self._may_work(who, task):
            return FORBIDDEN
        if self._closed or not task.is_done:
            return self._closed or REFUSED
        self._begin(who, step)
        self._open(task)
        self._follow([("REOPENED", step)])
        return OK

    def answer(self, who: str, name: str, value: str | None) -> int:
        """Saving an answer starts no rules (A-5.1)."""
        task = self.tasks[FIELDS[name]]
        if not self._may_work(who, task):
            return FORBIDDEN
        if self._closed or task.is_done:
            return self._closed or REFUSED
        if value != self.answers.get(name):
            task.is_touched = True
            self.answers[name] = value
            self.undoable = None
        return OK

    def assign(self, who: str, step: str, people: frozenset[str]) -> int:
        task = self.tasks[step]
        if ROLES[who] == "light" and (who not in task.owners or task.owners != people):
            return FORBIDDEN
        if self._closed or task.is_done:
            return self._closed or REFUSED
        is_other = task.owners != people
        if is_other:
            self._begin(who, step)
        task.owners = set(people)
        if step == EVERYONE and people and people <= task.parts and not task.is_hidden:  # A6
            self.undoable = self.undoable if is_other else None
            self._close(task, None)
        return OK

    def hide(self, who: str, step: str) -> int:
        return self._turn(who, step, "hide")

    def show(self, who: str, step: str) -> int:
        former = self.undoable
        code = self._turn(who, step, "show")
        if code == OK and step == EVERYONE:
            self._catch_up(None if self.undoable is former else self.undoable)
        return code

    def _turn(self, who: str, step: str, verb: str) -> int:
        """By hand, which no rule changes again. Spec: behaviour-automations A-8.1 to A-8.4."""
        task = self.tasks[step]
        if ROLES[who] == "light":
            return FORBIDDEN
        if self._closed or task.is_done:
            return self._closed or REFUSED
        if (task.is_hidden, task.by_hand) != (verb == "hide", verb):
            self._begin(who, step)
        task.is_hidden = verb == "hide"
        task.by_hand = verb
        return OK

    def archive(self, who: str) -> int:
        if ROLES[who] == "light":
            return FORBIDDEN
        if self.held_since is not None:
            return LOCKED
        return self._put_away(who, is_archived=True)

    def activate(self, who: str) -> int:
        if ROLES[who] == "light":
            return FORBIDDEN
        self._put_away(who, is_archived=False)
        return self._catch_up()

    def _put_away(self, who: str, *, is_archived: bool) -> int:
        if self.is_archived != is_archived:
            self._begin(who, "process")
            self.is_archived = is_archived
        return OK

    def change_form(self, who: str, route: str | None) -> int:
        """An update of the process. Who may change something else of it may repeat an answer. Spec: api-processes 9."""
        is_other = route != self.answers[KICKOFF]
        repeats = ROLES[who] == "standard" and route is not None and not is_other
        if who != ADMIN and not repeats:
            return FORBIDDEN
        if self._closed:
            return self._closed
        if is_other:
            self.undoable = None
        self.answers[KICKOFF] = route
        if self.is_submitted and is_other:
            self._kick_off()
        return OK

    def submit_form(self, who: str) -> int:
        if who != ADMIN or self._closed:
            return FORBIDDEN if who != ADMIN else self._closed
        if not self.is_submitted:
            self.undoable = None
            self.is_submitted = True
            self._kick_off()
        return OK

    def reopen_form(self, who: str) -> int:
        if who != ADMIN or self._closed:
            return FORBIDDEN if who != ADMIN else self._closed
        if self.is_submitted:
            self.undoable = None
            self.is_submitted = False
        return OK

    def hold(self, who: str) -> int:
        """Spec: behaviour-work HO1, HO2."""
        if who != ADMIN:
            return FORBIDDEN
        if self.is_archived or (self.held_since is None and self.status == "complete"):
            return REFUSED
        if self.held_since is None:
            self.undoable = None
            self.held_since = self.now
        return OK

    def resume(self, who: str) -> int:
        """Everything that is not completed is due later by the time on hold. Spec: behaviour-work HO5."""
        if who != ADMIN or self.is_archived:
            return FORBIDDEN if who != ADMIN else REFUSED
        if self.held_since is not None:
            for task in self.tasks.values():
                if not task.is_done:
                    task.due += self.now - self.held_since
            self.undoable = None
            self.held_since = None
        return self._catch_up()

    def _catch_up(self, undoable: Undoable | None = None) -> int:
        """Of a process that goes on, or a task that is shown: nobody is missing any more from the task of everyone. Spec:
        behaviour-work A6.
        """
        task = self.tasks[EVERYONE]
        is_open = not (self._closed or task.is_done or task.is_hidden)
        if is_open and task.owners and task.owners <= task.parts:
            self.undoable = undoable
            self._close(task, None)
        return OK

    def wait(self, who: str, minutes: int) -> int:
        self.now += minutes * MINUTE
        return OK

    def undo(self, who: str, what: str) -> int:
        """Take back what one did last to a step's task or to the "process". Spec: behaviour-work W1 to W5."""
        if what == "process" and who == LIGHT:
            return FORBIDDEN
        if self.held_since is not None:
            return LOCKED
        last = self.undoable
        if (self.is_archived and what != "process") or last is None or (last.who, last.what) != (who, what):
            return REFUSED
        if last.at + UNDO <= self.now:
            return REFUSED
        # What was looked at stays in the log.
        evaluations, now = self.evaluations, self.now
        vars(self).update(vars(last.before.copied()))
        self.evaluations, self.now, self.undoable = evaluations, now, None
        return self._catch_up() if what == "process" else OK

    @property
    def _closed(self) -> int:
        """Why nothing of the process can be changed: 0 when it can."""
        return REFUSED if self.is_archived else LOCKED if self.held_since is not None else 0

    def _begin(self, who: str, what: str) -> None:
        """Remember the process as it is, before something that can be undone. An undo is not undone."""
        self.undoable = None
        self.undoable = Undoable(who, what, self.now, self.copied())

    def _may_work(self, who: str, task: Task) -> bool:
        """Spec: api-tasks 4; behaviour-work 5.3."""
        if ROLES[who] == "admin" or who in task.owners:
            return True
        return ROLES[who] == "standard" and task.step != EVERYONE

    # What follows.

    def _close(self, task: Task, decision: bool | None) -> None:
        again = task.was_ever_done
        task.is_done, task.is_approved, task.was_ever_done, task.was_undone = True, decision, True, False
        task.done_at = self.now
        self.release(task.step)
        self._follow([("DONE again" if again else "DONE", task.step)])

    def _open(self, task: Task) -> None:
        """Spec: behaviour-work R3, R10."""
        task.is_done, task.is_approved, task.was_undone, task.is_touched = False, None, True, True
        task.parts = set()
        self.hold_again(task)

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
            if place in self.spent or not is_candidate(rule):
                continue
            met = tuple(map(self._is_true, rule.conditions))
            fires = holds(rule, met)
            self.evaluations += (Evaluation(place, fires, met),)
            if fires:
                self.spent.add(place)
                for action in rule.actions:
                    reopened += self._apply(place, action)
        return reopened

    def _is_true(self, condition: Condition) -> bool:
        if condition.word in STEP_WORDS:
            return self._is_true_of_step(condition)
        home = FIELDS.get(condition.subject)
        value = self.answers.get(condition.subject)
        if home is None and not self.is_submitted:
            return False
        if home and condition.word in NEGATIVE:
            task = self.tasks[home]
            if not task.is_done and (task.is_hidden or value is None):
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
                return not task.is_done and not task.is_hidden and task.was_undone
            case "not_assigned":
                return not task.owners
            case "approved" | "rejected":
                return task.is_done and task.is_approved is (condition.word == "approved")
            case _:
                return task.is_done

    def _apply(self, place: int, action: Action) -> Iterator[tuple[str, str]]:
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
            case "deadline":
                self.set_due(place, action)
            case "assign":
                task.owners |= people
            case "unassign":
                task.owners -= people
            case "assign_only":
                task.owners = people
            case _:
                task.owners = set()
