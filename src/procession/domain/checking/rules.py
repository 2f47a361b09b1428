"""What is wrong with the rules of a template. Spec: behaviour-automations 12.2."""

from collections.abc import Iterator
from itertools import combinations

import msgspec
from msgspec.structs import replace

from procession.domain.automations.rules import Action, Condition, Rule
from procession.domain.checking.findings import Code, Finding, Level, Place, Surroundings, of_field, of_rule, of_step
from procession.domain.checking.inert import changes_nothing
from procession.domain.checking.possible import can_hold
from procession.domain.checking.reaching import Reach
from procession.domain.checking.values import what_is_wrong
from procession.domain.fields import Field
from procession.domain.templates import Step, Template
from procession.domain.wording import condition_text, quoted


def findings_of_rules(reach: Reach, around: Surroundings) -> Iterator[Finding]:
    template = reach.template
    for rule in template.rules:
        if rule.archived_at is not None:
            continue
        if not rule.is_live:
            what = "condition" if not rule.conditions else "action"
            yield _of(rule, "empty_rule", "low", f"Rule {quoted(rule.name)} has no {what}: finish or delete it.")
            continue
        yield from _dangling(rule, reach)
        yield from _values(rule, reach)
        yield from _evaluation(rule, reach)
        yield from _left(rule, around)
        yield from _launches(rule, around)
        if reach.may_fire(rule) and changes_nothing(rule, reach, around):
            sentence = f"Rule {quoted(rule.name)} changes nothing when it holds: give it an action, or delete it."
            yield _of(rule, "inert_rule", "low", sentence)
    yield from _pairs(reach)
    yield from _endless(reach)


def _of(rule: Rule, code: Code, level: Level, sentence: str, *related: Place) -> Finding:
    return Finding(code=code, level=level, place=of_rule(rule), related=related, sentence=sentence)


def _exists(subject: str | None, subject_id: str | None, reach: Reach) -> bool:
    if subject == "Run":
        return True
    if subject == "Step":
        return subject_id in reach.world.steps
    known = reach.world.fields.get(subject_id or "")
    return known is not None and (subject == "Prerun") == (known[1] is None)


def _dangling(rule: Rule, reach: Reach) -> Iterator[Finding]:
    gone = ["a condition" for each in rule.conditions if not _exists(each.subject, each.subject_id, reach)]
    gone += ["an action" for each in rule.actions if not _target_exists(each, reach)]
    if gone:
        what = " and ".join(dict.fromkeys(gone))
        sentence = (
            f"In rule {quoted(rule.name)} {what} names a step or field that is gone: choose another one, or delete it."
        )
        yield _of(rule, "dangling_reference", "high", sentence)


def _target_exists(action: Action, reach: Reach) -> bool:
    answers = () if action.launch is None else action.launch.answers
    has_source = action.source_id is None or _exists(action.source, action.source_id, reach)
    has_source = has_source and all(_exists(each.source, each.source_id, reach) for each in answers)
    return has_source and action.target in reach.world.steps


def _values(rule: Rule, reach: Reach) -> Iterator[Finding]:
    """Conditions that compare with what an answer can never be."""
    for condition in rule.conditions:
        if condition.subject in ("Step", "Run") or not _exists(condition.subject, condition.subject_id, reach):
            continue
        field, _ = reach.world.fields[condition.subject_id]
        yield from _values_of(rule, condition, field, reach.template)


def _values_of(rule: Rule, condition: Condition, field: Field, template: Template) -> Iterator[Finding]:
    said = what_is_wrong(condition, field)
    if said is not None:
        code, sentence = said
        asked = condition_text(condition, template)
        where = f"In rule {quoted(rule.name)} the condition {asked} "
        yield _of(rule, code, "medium", where + sentence, of_field(field, template))


def _evaluation(rule: Rule, reach: Reach) -> Iterator[Finding]:
    if not any(_exists(each.subject, each.subject_id, reach) for each in rule.conditions):
        sentence = (
            f"Nothing makes rule {quoted(rule.name)} be looked at, because all its conditions name what is gone: "
            "give it another condition, or delete it."
        )
        yield _of(rule, "never_evaluated", "medium", sentence)
    elif rule.id in reach.never:
        sentence = (
            f"The conditions of rule {quoted(rule.name)} never hold, whatever is answered and decided: "
            "change them, or delete the rule."
        )
        yield _of(rule, "inert_rule", "medium", sentence)


def _left(rule: Rule, around: Surroundings) -> Iterator[Finding]:
    """Actions that give work to people who are not there any more; the engine passes over them (A-4.36)."""
    for action in rule.actions:
        if action.verb not in ("assign", "assign_only") or not _gone_people(action, around):
            continue
        sentence = (
            f"Rule {quoted(rule.name)} assigns somebody who has left the organization: name somebody else instead."
        )
        yield _of(rule, "assignee_left", "medium", sentence)
        return


def _launches(rule: Rule, around: Surroundings) -> Iterator[Finding]:
    """Launches of templates that are not there any more; the engine says so on the task (A-4.74)."""
    if any(each.launch is not None and each.launch.template_id not in around.templates for each in rule.actions):
        sentence = f"The template that rule {quoted(rule.name)} launches is archived or gone: choose another one."
        yield _of(rule, "follow_up_gone", "high", sentence)


def _gone_people(action: Action, around: Surroundings) -> bool:
    people = action.assignees
    return any(each not in around.members for each in people.users) or any(
        each not in around.groups for each in people.groups
    )


def _pairs(reach: Reach) -> Iterator[Finding]:
    """Rules that say the same, and rules that contradict one another."""
    same: dict[bytes, Rule] = {}
    for rule in reach.live:
        first = same.setdefault(_without_ids(rule.conditions), rule)
        if first is not rule:
            yield _alike(first, rule)
    acting: dict[str, list[tuple[Rule, Action]]] = {}
    for rule in reach.live:
        for action in rule.actions:
            acting.setdefault(action.target, []).append((rule, action))
    reported: set[tuple[str, str]] = set()
    for target in reach.template.steps:
        for (first, one), (second, other) in combinations(acting.get(target.id, ()), 2):
            if not reach.effort.spend(1):
                return
            pair = (first.id, second.id)
            if first is second or pair in reported or not _contradict(one, other):
                continue
            if (
                reach.may_fire(first)
                and reach.may_fire(second)
                and can_hold([first, second], reach.world) == "possible"
            ):
                reported.add(pair)
                yield _contradiction(first, second, target, in_order=_same_moments(first, second, reach))


def _alike(first: Rule, second: Rule) -> Finding:
    names = f"Rules {quoted(first.name)} and {quoted(second.name)}"
    if _without_ids(first.actions) == _without_ids(second.actions):
        return _of(second, "exact_duplicate", "info", f"{names} are the same: delete one of them.", of_rule(first))
    return _of(second, "same_trigger", "info", f"{names} have the same conditions: they could be one.", of_rule(first))


def _contradiction(first: Rule, second: Rule, target: Step, *, in_order: bool) -> Finding:
    names = f"Rules {quoted(first.name)} and {quoted(second.name)} change step {quoted(target.title)} in opposite ways"
    if in_order:
        sentence = (
            f"{names} when both hold, and the later one, {quoted(second.name)}, always wins: make them exclusive."
        )
        return _of(second, "ordered_override", "medium", sentence, of_rule(first), of_step(target))
    sentence = (
        f"{names} when both hold, and what happens depends on the order in which people finish: make them exclusive."
    )
    return _of(second, "conflicting_rules", "high", sentence, of_rule(first), of_step(target))


def _without_ids(parts: tuple[Condition, ...] | tuple[Action, ...]) -> bytes:
    return msgspec.json.encode([replace(each, id="") for each in parts])


def _contradict(one: Action, other: Action) -> bool:
    verbs = {one.verb, other.verb}
    if verbs == {"show", "hide"}:
        return True
    if one.verb == other.verb == "deadline":
        shifts = one.source_id is None or other.source_id is None  # both shifts apply
        return not shifts and (one.shift, one.source_id) != (other.shift, other.source_id)
    if one.verb == other.verb == "assign_only":
        return (one.assignees, one.source_id) != (other.assignees, other.source_id)
    gives, takes = verbs & {"assign", "assign_only"}, verbs & {"unassign", "clear_assignees"}
    if "unassign" in takes:
        return bool(gives) and not one.assignees.principals.isdisjoint(other.assignees.principals)
    return bool(gives and takes) or verbs == {"assign", "assign_only"}


def _same_moments(first: Rule, second: Rule, reach: Reach) -> bool:
    """Whether both are looked at on one and the same event only, so that their order decides."""
    moments = reach.listens_to(first)
    return len(moments) == 1 and moments == reach.listens_to(second)


def _endless(reach: Reach) -> Iterator[Finding]:
    """Steps whose completion re-opens one another whatever people decide: never are all of them done."""
    after: dict[str, dict[str, Rule]] = {}
    for rule in reach.live:
        plain = len(rule.conditions) == 1 and rule.conditions[0].operator == "completed"
        if plain and rule.conditions[0].statement in (None, "", "any_time"):
            for action in rule.actions:
                if action.verb == "reopen":
                    after.setdefault(rule.conditions[0].subject_id, {})[action.target] = rule
    reported: set[frozenset[str]] = set()
    for start in after:
        circle = _circle(start, after)
        if circle and frozenset(circle) not in reported:
            reported.add(frozenset(circle))
            steps = [step for each in circle if (step := reach.template.step(each)) is not None]
            rules = [after[one][other] for one, other in zip(circle, [*circle[1:], circle[0]], strict=True)]
            names = ", ".join(quoted(step.title) for step in steps)
            sentence = (
                f"Completing one of the steps {names} always re-opens another of them, so the process can never be "
                "complete: make the re-opening depend on a decision or an answer."
            )
            related = [*(of_rule(each) for each in rules[1:]), *(of_step(each) for each in steps)]
            yield _of(rules[0], "endless_reopening", "high", sentence, *related)


def _circle(start: str, after: dict[str, dict[str, Rule]]) -> list[str]:
    """A way from `start` back to it."""
    ways = [[start]]
    seen = {start}
    for way in ways:
        for target in after.get(way[-1], {}):
            if target == start:
                return way
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return []
