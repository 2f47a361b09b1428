"""What to do so that a rule fires, with its targets as they are drawn."""

from typing import Any

from tests.stateful.model import Process
from tests.stateful.parts import ADMIN, FIELDS, FILE, KICKOFF, STANDARD, STEPS, VALUES, Act, Action, Condition, Rule

# What becomes of the targets before: "against" is, by hand, the opposite of what the rule does to their visibility.
BEFORE = ("", "", "complete", "complete", "against", "against")
AGAINST = {"show": "hide", "hide": "show"}
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

    def make_worthwhile(self, action: Action) -> None:
        """Somebody there to be taken from the task, somebody not yet there to be given it."""
        task = self.ahead.tasks[action.step]
        gives, takes = action.verb.startswith("assign"), action.verb in ("unassign", "clear_assignees")
        wanted = {*(action.people or (STANDARD,))}
        if (gives and wanted <= task.owners) or (takes and wanted.isdisjoint(task.owners)):
            self.make_open(action.step)
            self.do("assign", action.step, frozenset[str]() if gives else frozenset(wanted))

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
    _prepare(plan, rule, before)
    for condition in rule.conditions[-1:] if by_last else rule.conditions:
        plan.meet(condition)
    last = rule.conditions[-1]
    if afterwards == "again":
        plan.meet(last)
    elif afterwards == "back" and last.subject != KICKOFF:
        plan.make_open(FIELDS.get(last.subject, last.subject))
    return plan.acts


def _prepare(plan: Plan, rule: Rule, before: str) -> None:
    """What the rule acts on becomes what it is wanted to be before."""
    if plan.ahead.is_archived:
        plan.do("activate")
    if plan.ahead.held_since is not None:
        plan.do("resume")
    for step in dict.fromkeys(action.step for action in rule.actions if action.step not in rule.subjects):
        actions = [action for action in rule.actions if action.step == step]
        verbs = [action.verb for action in actions]
        plan.make_worthwhile(actions[0])
        if before == "complete" or "reopen" in verbs:
            if not plan.ahead.tasks[step].is_done:
                plan.complete(step)
        elif before:
            plan.do(next((AGAINST[verb] for verb in verbs if verb in AGAINST), "hide"), step)


def undone_first(process: Process, rule: Rule) -> list[Act]:
    """A step that the rule asks about is completed for the first time, where there is one that never was, and that is
    undone; then it happens, and the rule is asked about the rest.
    """
    plan = Plan(process)
    _prepare(plan, rule, "")
    asked = sorted(rule.subjects.intersection(STEPS), key=lambda step: (process.tasks[step].was_ever_done, step))
    others = [
        condition for condition in rule.conditions if FIELDS.get(condition.subject, condition.subject) not in asked[:1]
    ]
    for condition in others:
        plan.meet(condition)
    for step in asked[:1]:
        plan.complete(step)
        plan.do("undo", step)
        for condition in others[-1:]:
            plan.meet(condition)
        plan.complete(step)
    return plan.acts


def asked_meanwhile(process: Process, rule: Rule) -> list[Act]:
    """What the rule asks about the form is so, the form is taken back, and the rule is asked because of something else."""
    plan = Plan(process)
    _prepare(plan, rule, "")
    of_form = [condition for condition in rule.conditions if condition.subject == KICKOFF]
    for condition in of_form[:1]:
        plan.meet(condition)
    plan.do("reopen_form")
    for condition in rule.conditions:
        if condition.subject != KICKOFF:
            plan.meet(condition)
    plan.do("submit_form")
    return plan.acts
