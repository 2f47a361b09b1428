"""Which steps can ever be seen, and which rules can ever act. Spec: behaviour-automations 6, 12.2."""

from procession.domain.automations.rules import Rule
from procession.domain.checking.possible import Effort, World, can_hold
from procession.domain.templates import Template


def starts_hidden(template: Template) -> frozenset[str]:
    """Steps that begin hidden: some live rule shows them, or they say so. Spec: A-6.1."""
    shown = {
        action.target for rule in template.rules if rule.is_live for action in rule.actions if action.verb == "show"
    }
    return frozenset(shown | {step.id for step in template.steps if step.hide_by_default})


class Reach:
    """What can happen in a process of the template.

    Steps are seen from the start, or when a rule that can hold shows them; a rule can hold when the steps it asks
    about can be seen. Grown until nothing is added: no condition wants a step not to be done.
    """

    def __init__(self, template: Template, zone: str) -> None:
        hidden = starts_hidden(template)
        self.template = template
        self.effort = Effort()
        self.never = frozenset(rule.id for rule in template.rules if rule.is_live)
        reachable = frozenset(step.id for step in template.steps if step.id not in hidden)
        while True:
            self.world = World(template, zone, reachable, self.effort)
            # What held in a smaller world holds in this one.
            self.never = frozenset(rule.id for rule in template.rules if rule.id in self.never and self._never(rule))
            shown = {
                action.target
                for rule in template.rules
                if rule.is_live and rule.id not in self.never
                for action in rule.actions
                if action.verb == "show" and template.step(action.target) is not None
            }
            if shown <= reachable:
                return
            reachable |= shown

    def _never(self, rule: Rule) -> bool:
        return can_hold([rule], self.world) == "never"

    def can_see(self, step_id: str) -> bool:
        return step_id in self.world.reachable

    def may_fire(self, rule: Rule) -> bool:
        return rule.is_live and rule.id not in self.never
