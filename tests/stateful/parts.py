"""What a template of the model is made of, and what its processes remember. People, steps and options go by their names."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

ADMIN, STANDARD, LIGHT = "Lena", "Milo", "Noor"
ROLES = {ADMIN: "admin", STANDARD: "standard", LIGHT: "light"}
KICKOFF = "Route"
DRAFT, REVIEW, PRINT, SIGN, FILE = STEPS = ("Draft", "Review", "Print", "Sign", "File")
# One field each on two steps; that of "File" must be answered before it can be completed.
FIELDS = {"Colour": DRAFT, "Number": FILE}
ROUTES, COLOURS = ("North", "South"), ("Red", "Blue")
VALUES = {KICKOFF: ROUTES, "Colour": COLOURS, "Number": ("7", "8")}
APPROVAL, EVERYONE = REVIEW, SIGN
GIVEN_TO = {REVIEW: {STANDARD}, PRINT: {LIGHT}, SIGN: {STANDARD, LIGHT}}
# Hours after the completion of another step, or before its deadline; the others are due five days after the launch.
DUE = {REVIEW: ("from", DRAFT, 24), PRINT: ("prior_to", REVIEW, 2), FILE: ("from", REVIEW, 6)}
MINUTE = 60_000
HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
OK, FORBIDDEN, REFUSED, LOCKED = 200, 403, 422, 423


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
    """`hours` of a deadline count from that of the step `anchor`, or from the task's own."""

    verb: str
    step: str
    people: tuple[str, ...] = ()
    hours: int = 0
    anchor: str | None = None


class Rule(NamedTuple):
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]

    @property
    def subjects(self) -> set[str]:
        """The steps and kick-off field whose events make it a candidate. Spec: behaviour-automations 5.1."""
        return {FIELDS.get(each.subject, each.subject) for each in self.conditions}


class Evaluation(NamedTuple):
    """A rule that was looked at, and whether each of its conditions was met."""

    rule: int
    fired: bool
    met: tuple[bool, ...]


@dataclass
class Task:
    step: str
    due: int
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
    # Whether the deadline waits for another step; whether a rule has set it. Spec: L-9.13, L-9.16.
    is_held: bool = False
    is_due_by_rule: bool = False
    done_at: int = 0

    @property
    def status(self) -> str:
        if self.is_hidden:
            return "auto-skipped"
        if self.is_done:
            return "completed"
        return "in-progress" if self.is_touched else "not-started"


def holds(rule: Rule, met: tuple[bool, ...]) -> bool:
    """From left to right, without precedence. Spec: behaviour-automations A-3.1."""
    result = met[0]
    for condition, true in zip(rule.conditions[1:], met[1:], strict=True):
        result = (result or true) if condition.logic == "or" else (result and true)
    return result


def has(rule: Rule, word: str, step: str = "") -> bool:
    return any(each.word == word and step in ("", each.subject) for each in rule.conditions)


def is_armed_again(rule: Rule, event: str, step: str) -> bool:
    """Spec: behaviour-automations A-5.17 (a), (b)."""
    if event == "DONE again":
        return step in rule.subjects
    return event == "REOPENED" and (has(rule, "reopened", step) or has(rule, "not_assigned", step))
