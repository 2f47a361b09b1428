"""What is different between the version a process runs and the one it moves to, as far as processes follow it."""

from collections.abc import Sequence
from functools import cached_property

from msgspec.structs import replace

from procession.domain.automations.following import hidden_at_start
from procession.domain.automations.rules import Rule
from procession.domain.fields import Field
from procession.domain.templates import Step, Template


class Versions:
    """Both versions with their parts by id; each process of a version moves by the same one."""

    def __init__(self, before: Template, after: Template, injected: Sequence[Template] = ()) -> None:
        self.before = before
        self.after = after
        # What was injected into the process stays as it is. Spec: L-10.14.
        self.injected = injected

    @cached_property
    def old_steps(self) -> dict[str, Step]:
        return {step.id: step for step in self.before.steps}

    @cached_property
    def new_steps(self) -> dict[str, Step]:
        return {step.id: step for step in self.after.steps}

    @cached_property
    def places(self) -> dict[str, int]:
        """From 1, in the new version."""
        return {step.id: place for place, step in enumerate(self.after.steps, start=1)}

    @cached_property
    def old_holders(self) -> dict[str, str]:
        """Field id to the step it stands in."""
        return {field.id: step.id for step in self.before.steps for field in step.fields}

    @cached_property
    def new_fields(self) -> dict[str, tuple[Field, str]]:
        return {field.id: (field, step.id) for step in self.after.steps for field in step.fields}

    @cached_property
    def same_rules(self) -> frozenset[str]:
        """The rules that ask and do the same in both; their names do not matter."""
        old = {rule.id: _essence(rule) for rule in self.before.rules}
        return frozenset(rule.id for rule in self.after.rules if old.get(rule.id) == _essence(rule))

    @cached_property
    def shown_otherwise(self) -> frozenset[str]:
        """The steps that begin in another way than before, or that other rules show and hide."""
        rules = (rule for rule in (*self.before.rules, *self.after.rules) if rule.is_live)
        aimed = {
            action.target
            for rule in rules
            if rule.id not in self.same_rules
            for action in rule.actions
            if action.type == "visibility"
        }
        return frozenset(aimed | (hidden_at_start(self.before) ^ self.awaited))

    @cached_property
    def awaited(self) -> frozenset[str]:
        """The steps that begin hidden in the new version."""
        return hidden_at_start(self.after)

    @cached_property
    def is_in_same_order(self) -> bool:
        old = [step.id for step in self.before.steps if step.id in self.new_steps]
        return old == [step.id for step in self.after.steps if step.id in self.old_steps]

    @cached_property
    def injected_rules(self) -> list[Rule]:
        return [rule for template in self.injected for rule in template.rules]

    @cached_property
    def injected_steps(self) -> dict[str, Step]:
        return {step.id: step for template in self.injected for step in template.steps}


def _essence(rule: Rule) -> object:
    conditions = tuple(replace(each, id="") for each in rule.conditions)
    return rule.is_live, conditions, tuple(replace(each, id="") for each in rule.actions)
