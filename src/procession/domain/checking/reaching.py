"""Which steps can ever be seen, and which rules can ever act. Spec: behaviour-automations 6, 12.2."""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

from procession.domain.automations.rules import Rule, Verb
from procession.domain.checking.findings import Surroundings
from procession.domain.checking.possible import Effort, World, can_hold
from procession.domain.templates import Template


class Reach:
    """What can happen in a process of the template.

    Steps are seen from the start, or when a rule that can hold shows them; a rule can hold when the steps it asks
    about can be seen. Grown until nothing is added: no condition wants a step not to be done.
    """

    def __init__(self, template: Template, around: Surroundings) -> None:
        self.template = template
        self.effort = Effort()
        self.live = [rule for rule in template.rules if rule.is_live]
        self._acting: dict[tuple[Verb, str], list[Rule]] = defaultdict(list)
        for rule in self.live:
            acts: dict[tuple[Verb, str], None] = {(action.verb, action.target): None for action in rule.actions}
            for key in acts:
                self._acting[key].append(rule)
        # Steps that begin hidden: some live rule shows them, or they say so. Spec.
        self.hidden = frozenset(step.id for step in template.steps if step.hide_by_default or self.by("show", step.id))
        self.world = World(template, around, {step.id for step in template.steps} - self.hidden, self.effort)
        self._asking: dict[str, list[Rule]] = defaultdict(list)
        for rule in self.live:
            for step_id in self.listens_to(rule):
                self._asking[step_id].append(rule)
        self.never = {rule.id for rule in self.live}
        self._grow()

    def _grow(self) -> None:
        """What held in a smaller world holds in a larger one: each rule is tried again only when it may matter."""
        waiting = deque(self.live)
        while waiting:
            rule = waiting.popleft()
            if rule.id not in self.never or can_hold([rule], self.world) == "never":
                continue
            self.never.discard(rule.id)
            for action in rule.actions:
                if action.verb == "show" and action.target in self.world.steps and not self.can_see(action.target):
                    self.world.reachable.add(action.target)
                    waiting.extend(self.asking([action.target]))

    def by(self, verb: Verb, step_id: str) -> Sequence[Rule]:
        """The live rules that do this to the step."""
        return self._acting.get((verb, step_id), ())

    def asking(self, step_ids: Iterable[str]) -> list[Rule]:
        """The live rules with a condition on one of these steps or their fields."""
        return [rule for step_id in step_ids for rule in self._asking.get(step_id, ())]

    def listens_to(self, rule: Rule) -> frozenset[str]:
        """The steps whose completion makes the rule be looked at, "form" for the kick-off form, and the clock's.

        Spec: A-5.1, A-2.43.
        """
        found: set[str] = set()
        for condition in rule.conditions:
            known = self.world.fields.get(condition.subject_id)
            if condition.is_on_time:
                found.add(f"clock:{condition.id}")
            if condition.subject == "Step":
                found.add(condition.subject_id)
            elif known is not None:
                found.add("form" if known[1] is None else known[1].id)
        return frozenset(found)

    def can_see(self, step_id: str) -> bool:
        return step_id in self.world.reachable

    def may_fire(self, rule: Rule) -> bool:
        return rule.is_live and rule.id not in self.never
