"""What can become of a step, as far as conditions can tell it apart. Spec: behaviour-automations 2.2, 2.5, 12.2."""

from collections.abc import Iterable

from procession.domain.automations.rules import CLAUSES, Condition
from procession.domain.automations.timing import interval_of
from procession.domain.tasks import TIMED_TYPES
from procession.domain.templates import Step

Outcome = frozenset[str]
"""The operators that hold of a step in one of its states; `completed` with its time clauses as `completed:<clause>`."""


def outcomes(step: Step, asked: Iterable[Condition]) -> list[Outcome]:
    """The states a step can be in: open, re-opened, and done in each way its type allows."""
    clauses = {CLAUSES.get(str(each.statement), "any_time") for each in asked if each.operator == "completed"}
    times = [frozenset({"completed:any_time", "completed:on-time"})]
    if not clauses <= {"any_time", "on-time"}:
        times.append(frozenset({"completed:any_time", "completed:on-time", "completed:early_24"}))
    if not clauses <= {"any_time"}:
        times.append(frozenset({"completed:any_time", "completed:late_24"}))
    match step.step_type:
        case "approval":
            ends = [time | {word} for time in times for word in ("approved", "rejected")]
        case "expiring" | "expiring_email":
            ends = [*(time | {"acknowledged"} for time in times), frozenset({"expired"})]
        case _:
            ends = times
    open_ones = [*instants(frozenset(), asked, step), *instants(frozenset({"reopened"}), asked, step)]
    states = [*open_ones, *ends]
    if any(each.operator == "not_assigned" for each in asked):
        states += [state | {"not_assigned"} for state in states]
    return states


def instants(state: Outcome, asked: Iterable[Condition], step: Step | None = None) -> list[Outcome]:
    """What is open, before all instants that are asked about, after one of them, and after all of them."""
    closes = step is not None and step.step_type in TIMED_TYPES
    times = {_on_time(each) for each in asked if each.is_on_time and not (closes and each.operator != "due_in")}
    return [state, *(state | {time} for time in sorted(times)), *([state | times] if len(times) > 1 else [])]


def outcome_holds(condition: Condition, outcome: Outcome) -> bool:
    if condition.is_on_time:
        return _on_time(condition) in outcome
    if condition.operator != "completed":
        return condition.operator in outcome
    clause = CLAUSES.get(str(condition.statement), "any_time") if condition.statement else "any_time"
    return f"completed:{clause}" in outcome


def _on_time(condition: Condition) -> str:
    interval = interval_of(condition)
    return condition.operator if interval is None else f"{condition.operator}:{interval.value}:{interval.unit}"
