"""What a check says: a code, how bad it is, where, and a sentence that says what to do. Spec: A-12.2."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from procession.domain.automations.rules import Rule
from procession.domain.fields import Field
from procession.domain.templates import Step, Template

Level = Literal["high", "medium", "low", "info"]
PlaceType = Literal["template", "step", "field", "kickoff_field", "rule"]
Code = Literal[
    "unreachable_step",
    "no_completable_path",
    "unassigned_visible_step",
    "conflicting_rules",
    "ordered_override",
    "dangling_reference",
    "orphaned_deadline_anchor",
    "circular_deadlines",
    "expiring_anchor",
    "lock_without_effect",
    "lock_for_good",
    "lock_passed_by_clock",
    "lock_against_deadline",
    "endless_reopening",
    "inert_rule",
    "stale_condition_value",
    "always_true_condition",
    "never_evaluated",
    "empty_rule",
    "exact_duplicate",
    "same_trigger",
    "inert_start_date",
    "unknown_variable",
    "late_variable",
    "unfit_variable",
    "secret_told",
    "assignee_left",
    "empty_options",
    "follow_up_gone",
    "follow_up_unfit",
    "broken_calculation",
    "broken_form_rule",
]


class Place(msgspec.Struct, frozen=True):
    """A part of the template; `id` is None for the template itself."""

    type: PlaceType
    id: str | None
    name: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`related` are the other parts that the finding is about."""

    code: Code
    level: Level
    place: Place
    related: tuple[Place, ...] = ()
    sentence: str


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What is there outside the template, of all that it names."""

    members: frozenset[int] = frozenset()
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    # Templates that a step or rule can launch: live ones.
    templates: frozenset[str] = frozenset()
    # Of those, the ones that ask for an answer before they are launched, and the ones without steps.
    with_required_fields: frozenset[str] = frozenset()
    without_steps: frozenset[str] = frozenset()
    # The variables that names of their processes can hold.
    naming_aliases: Mapping[str, frozenset[str]] = {}
    # The template itself.
    own: str | None = None
    # Whether tasks that are long overdue are completed, whatever is answered on them.
    auto_completes: bool = False
    zone: str = "UTC"


TEMPLATE = Place("template", None, "the template")


def of_step(step: Step) -> Place:
    return Place("step", step.id, step.title)


def of_rule(rule: Rule) -> Place:
    return Place("rule", rule.id, rule.name)


def of_field(field: Field, template: Template) -> Place:
    in_kickoff = any(each.id == field.id for each in template.kickoff)
    return Place("kickoff_field" if in_kickoff else "field", field.id, field.label)
