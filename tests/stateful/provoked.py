"""What to do so that a rule fires, with its targets as they are drawn."""

from typing import Any

from tests.stateful.model import Process
from tests.stateful.parts import ADMIN, FIELDS, FILE, KICKOFF, VALUES, Act, Condition, Rule

# What becomes of the targets before, by hand.
BEFORE = ("", "complete", "complete", "hide", "show")
# What comes after it.
AFTERWARDS = ("", "back", "again")


class Plan:
    """Acts of the administrator, and the process they lead to."""

    def __init__(self, process: Process) -> None:
        self.ahead = process.copied()
        self.acts: list[Act] = []

    def do(self, verb: str, *what: Any) -> None:
        act = Act(verb, ADMIN, what)
        self.ahead.do(act)
        self.acts.append(act)

    def make_open(self, step: str) -> None:
        if self.ahead.tasks[step].is_done:
            self.do("reopen", step)

    def complete(self, step: str, *, decision: bool = True) -> None:
        """Once more, where it is completed already."""
        self.make_open(step)
        if self.ahead.tasks[step].is_hidden:
            self.do("show", step)
        if step == FILE and self.ahead.answers.get("Number") is None:
            self.do("answer", "Number", VALUES["Number"][0])
        self.do("complete", step, decision)

    def meet(self, condition: Condition) -> None:
        """Make it true, by something that makes its rule a candidate, where that can be."""
        name, word = condition.subject, condition.word
        if name == KICKOFF or name in FIELDS:
            self._answer(name, value_for(condition))
            return
        if word == "not_assigned":
            self.make_open(name)
            self.do("assign", name, frozenset[str]())
        self.complete(name, decision=word != "rejected")
        if word == "reopened":
            self.do("reopen", name)

    def _answer(self, name: str, value: str | None) -> None:
        if name == KICKOFF:
            if self.ahead.is_submitted:
                self.do("reopen_form")
            self.do("change_form", value)
            self.do("submit_form")
            return
        self.make_open(FIELDS[name])
        self.do("answer", name, value)
        self.complete(FIELDS[name])


def value_for(condition: Condition) -> str | None:
    values = VALUES[condition.subject]
    match condition.word:
        case "equals":
            return condition.statement
        case "not_equals":
            return next(value for value in values if value != condition.statement)
        case "is_empty":
            return None
        case _:
            return values[0]


def provoked(process: Process, rule: Rule, before: str, afterwards: str, *, by_last: bool) -> list[Act]:
    """Acts that meet the rule's conditions one after the other, or only the last."""
    plan = Plan(process)
    if process.is_archived:
        plan.do("activate")
    if process.held_since is not None:
        plan.do("resume")
    for step in dict.fromkeys(action.step for action in rule.actions if action.step not in rule.subjects):
        is_reopened = ("reopen", step) in [action[:2] for action in rule.actions]
        if before == "complete" or is_reopened:
            if not plan.ahead.tasks[step].is_done:
                plan.complete(step)
        elif before:
            plan.do(before, step)
    for condition in rule.conditions[-1:] if by_last else rule.conditions:
        plan.meet(condition)
    last = rule.conditions[-1]
    if afterwards == "again":
        plan.meet(last)
    elif afterwards == "back" and last.subject != KICKOFF:
        plan.make_open(FIELDS.get(last.subject, last.subject))
    return plan.acts
