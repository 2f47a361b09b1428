"""A rule as templates keep it: conditions in order, actions in order. Spec: behaviour-automations 1, 2.1, 4."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec

from procession.domain.calendar import CalendarUnit, Sign
from procession.domain.processes import Owners
from procession.domain.times import Millis

MAX_NAME = 300
MAX_RULES = 500
MAX_ENTRIES = 100
"""Conditions, and actions, of one rule; both limits are ours, against runaway clients."""

Subject = Literal["Step", "Capture", "Prerun"]
# The process itself: only when it is due can be asked about it.
AskedSubject = Literal["Step", "Capture", "Prerun", "Run"]
FieldSubject = Literal["Capture", "Prerun"]
TimeOperator = Literal["overdue", "overdue_by", "due_in"]
StateOperator = Literal["completed", "reopened", "approved", "rejected", "acknowledged", "expired", "not_assigned"]
StepOperator = StateOperator | TimeOperator
FieldOperator = Literal[
    "contains",
    "not_contains",
    "equals",
    "not_equals",
    "equals_any",
    "greater_than",
    "less_than",
    "is_empty",
    "is_not_empty",
]
Operator = StepOperator | FieldOperator
Logic = Literal["and", "or"]
Clause = Literal["any_time", "on-time", "early_24", "late_24"]
ActionType = Literal["visibility", "deadline", "status", "assignment", "webhook", "launch"]
Verb = Literal[
    "show",
    "hide",
    "deadline",
    "reopen",
    "assign",
    "assign_only",
    "unassign",
    "clear_assignees",
    "emit_webhook",
    "launch_process",
]
Option = Literal["before", "from"]

SUBJECTS: tuple[Subject, ...] = get_args(Subject)
FIELD_SUBJECTS: tuple[FieldSubject, ...] = get_args(FieldSubject)
ASKED_SUBJECTS: tuple[AskedSubject, ...] = get_args(AskedSubject)
TIME_OPERATORS: tuple[TimeOperator, ...] = get_args(TimeOperator)
STEP_OPERATORS: tuple[StepOperator, ...] = (*get_args(StateOperator), *TIME_OPERATORS)
FIELD_OPERATORS: tuple[FieldOperator, ...] = get_args(FieldOperator)
LOGIC: tuple[Logic, ...] = get_args(Logic)
OPTIONS: tuple[Option, ...] = get_args(Option)

OPERATORS: Mapping[AskedSubject, tuple[Operator, ...]] = {
    "Step": STEP_OPERATORS,
    "Capture": FIELD_OPERATORS,
    "Prerun": FIELD_OPERATORS,
    "Run": TIME_OPERATORS,
}
VERBS: Mapping[ActionType, tuple[Verb, ...]] = {
    "visibility": ("show", "hide"),
    "deadline": ("deadline",),
    "status": ("reopen",),
    "assignment": ("assign", "assign_only", "unassign", "clear_assignees"),
    "webhook": ("emit_webhook",),
    "launch": ("launch_process",),
}
TYPES: Mapping[Verb, ActionType] = {verb: kind for kind, verbs in VERBS.items() for verb in verbs}
CLAUSES: Mapping[str, Clause] = {
    "any_time": "any_time",
    "on-time": "on-time",
    "on_time": "on-time",
    "early_24": "early_24",
    "early-24": "early_24",
    "late_24": "late_24",
    "late-24": "late_24",
}
"""The time clauses with every spelling that is read. Spec: A-2.10, A-2.12."""

WITHOUT_VALUE: frozenset[Operator] = frozenset({"is_empty", "is_not_empty"})
WITH_PEOPLE: frozenset[Verb] = frozenset({"assign", "assign_only", "unassign"})


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """One test. `statement` is a time clause on a step, an `Interval` of a test on time, else a text, a number, or a
    list of texts.
    """

    id: str
    subject: AskedSubject
    # Empty for the process itself.
    subject_id: str
    operator: Operator
    statement: Any = None  # JSON
    # How this condition joins the result so far; the first one's is ignored. Spec.
    logic: Logic = "and"
    # On tables: the label of the only column that counts.
    column: str | None = None

    @property
    def is_on_time(self) -> bool:
        """Whether it is the clock that meets it. Spec: A-2.40."""
        return self.operator in TIME_OPERATORS


class Interval(msgspec.Struct, frozen=True):
    """How far before or after a deadline a test on time is met. Spec: A-2.41."""

    value: int
    unit: CalendarUnit


class Shift(msgspec.Struct, frozen=True):
    """How far after (`from`) or before its anchor a deadline is set. Spec: A-4.5."""

    value: int
    unit: CalendarUnit
    option: Option

    @property
    def sign(self) -> Sign:
        return 1 if self.option == "from" else -1


class HandedOn(msgspec.Struct, frozen=True):
    """An answer of the process that a kick-off field (`field`) of the launched template takes over. Spec: A-4.71."""

    field: str
    source: FieldSubject
    source_id: str


class Launch(msgspec.Struct, frozen=True):
    """Which template is launched, how the process is named, and what it is told. Spec: A-4.70."""

    template_id: str
    name_format: str | None = None
    answers: tuple[HandedOn, ...] = ()


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What is done to the task of one step; a launch is told on it.

    `source` is where people come from (a field), or what a deadline counts from (a date field, a step; none: the
    target's own deadline). Spec: A-4.4, A-4.40.
    """

    id: str
    verb: Verb
    target: str
    source: Subject | None = None
    source_id: str | None = None
    shift: Shift | None = None
    assignees: Owners = Owners()
    webhook_url: str | None = None
    alias_name: str | None = None
    launch: Launch | None = None

    @property
    def sources(self) -> frozenset[str]:
        """The steps and fields it takes something from."""
        handed_on = () if self.launch is None else (each.source_id for each in self.launch.answers)
        return frozenset([*handed_on, *([] if self.source_id is None else [self.source_id])])

    @property
    def type(self) -> ActionType:
        return TYPES[self.verb]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule; its position is its place among the template's rules. Spec: A-1.1."""

    id: str
    name: str
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]
    created_at: Millis
    updated_at: Millis
    archived_at: Millis | None = None

    @property
    def is_live(self) -> bool:
        """Whether it is ever evaluated. Spec: A-1.6."""
        return self.archived_at is None and bool(self.conditions) and bool(self.actions)

    @property
    def is_on_time(self) -> bool:
        """Whether the clock can make it fire, which happens once in a process. Spec: A-2.44."""
        return any(condition.is_on_time for condition in self.conditions)

    def listens_to(self, subject: Subject) -> bool:
        return any(condition.subject == subject for condition in self.conditions)


def using(rules: Iterable[Rule], ids: frozenset[str]) -> list[Rule]:
    """The rules that name one of these steps or fields, as subject, target or source. Spec: A-11.1."""
    return [rule for rule in rules if not ids.isdisjoint(named_in(rule))]


def named_in(rule: Rule) -> frozenset[str]:
    """Every step and field the rule names."""
    named = {each.subject_id for each in rule.conditions if each.subject != "Run"}
    named |= {action.target for action in rule.actions}
    return frozenset(named.union(*(action.sources for action in rule.actions)))


def with_rule(rules: Sequence[Rule], rule: Rule, position: int | None) -> tuple[Rule, ...]:
    """The rules with a changed one in its place, or a new one at the end; at `position` (from 1) when one is named."""
    place = next((index for index, each in enumerate(rules) if each.id == rule.id), len(rules))
    rest = [each for each in rules if each.id != rule.id]
    rest.insert(place if position is None else position - 1, rule)
    return tuple(rest)
