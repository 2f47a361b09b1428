"""Which answers and outcomes there can be, as far as rules can tell them apart, and whether rules hold in any of them.

Every answer and every state of a step that some condition names is stood for by one example; whether a condition holds
of it is asked of the engine itself. "Never" is said only when all examples were tried.
Spec: behaviour-automations 2, 12.2.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations, islice, pairwise, product
from math import prod
from typing import Any, Literal

from procession.domain.automations.comparing import number_in, statement_text, statement_texts, written_day
from procession.domain.automations.conditions import NEGATIVE
from procession.domain.automations.field_tests import combined, field_holds
from procession.domain.automations.rules import CLAUSES, Condition, Rule
from procession.domain.automations.timing import interval_of
from procession.domain.fields import Field, FieldType
from procession.domain.numbers import of_json, to_json
from procession.domain.tasks import TIMED_TYPES
from procession.domain.templates import Step, Template
from procession.domain.values import is_blank

MOST_TRIED = 50_000
MOST_EFFORT = 200_000
SUBSETS_OF = 5

Verdict = Literal["possible", "never", "unknown"]
Outcome = frozenset[str]
"""The operators that hold of a step in one of its states; `completed` with its time clauses as `completed:<clause>`."""

_CHOICES: frozenset[FieldType] = frozenset({"radio", "dropdown", "multiselect"})


class Effort:
    """How much a check may still try. When it is used up, nothing more is claimed."""

    def __init__(self, units: int = MOST_EFFORT) -> None:
        self._left = units

    @property
    def is_used_up(self) -> bool:
        return self._left <= 0

    def spend(self, units: int) -> bool:
        """False when it is not enough any more."""
        self._left -= units
        return not self.is_used_up


class World:
    """What conditions can ask about: fields by id with their step (None: kick-off), steps that can be seen."""

    def __init__(self, template: Template, zone: str, reachable: set[str], effort: Effort) -> None:
        self.zone = zone
        self.reachable = reachable
        self.effort = effort
        self.steps = {step.id: step for step in template.steps}
        self.fields: dict[str, tuple[Field, Step | None]] = {field.id: (field, None) for field in template.kickoff}
        self.fields |= {field.id: (field, step) for step in template.steps for field in step.fields}
        # What has been found out, by the conditions as the objects they are and whether their step can be seen.
        self.told_apart: dict[tuple[object, ...], list[tuple[bool, ...]]] = {}

    def can_be_seen(self, subject_id: str) -> bool:
        """Whether the step, or the one that holds the field, can be seen; the kick-off form always can."""
        held = self.fields.get(subject_id)
        step_id = subject_id if held is None else None if held[1] is None else held[1].id
        return step_id is None or step_id in self.reachable


def can_hold(rules: Sequence[Rule], world: World) -> Verdict:
    """Whether there are answers and outcomes with which the conditions of all these rules hold at once."""
    if world.effort.is_used_up:
        return "unknown"
    conditions = [condition for rule in rules for condition in rule.conditions]
    by_subject: dict[str, list[int]] = {}
    for place, condition in enumerate(conditions):
        by_subject.setdefault(condition.subject_id, []).append(place)
    told_apart = [_told_apart([conditions[place] for place in places], world) for places in by_subject.values()]
    met = [False] * len(conditions)
    tried = 0
    for chosen in islice(product(*told_apart), MOST_TRIED):
        if not world.effort.spend(len(conditions)):
            return "unknown"
        tried += 1
        for places, holds in zip(by_subject.values(), chosen, strict=True):
            for place, each in zip(places, holds, strict=True):
                met[place] = each
        if _all_hold(rules, met):
            return "possible"
    return "never" if tried == prod(len(each) for each in told_apart) else "unknown"


def _told_apart(asked: Sequence[Condition], world: World) -> list[tuple[bool, ...]]:
    """Which of the conditions on one subject hold together, each way it can be once."""
    key = (world.can_be_seen(asked[0].subject_id), *map(id, asked))
    known = world.told_apart.get(key)
    if known is None:
        examples = _examples(asked, world)
        world.effort.spend(len(asked) * len(examples))
        found = (tuple([_holds(each, example, world) for each in asked]) for example in examples)
        known = world.told_apart[key] = list(dict.fromkeys(found))
    return known


def _all_hold(rules: Sequence[Rule], met: Sequence[bool]) -> bool:
    start = 0
    for rule in rules:
        end = start + len(rule.conditions)
        if not combined(met[start:end], [condition.logic for condition in rule.conditions]):
            return False
        start = end
    return True


def _holds(condition: Condition, example: Any, world: World) -> bool:
    if condition.is_on_time:
        return isinstance(example, frozenset) and _on_time(condition) in example
    if condition.subject == "Step":
        clause = CLAUSES.get(str(condition.statement), "any_time") if condition.statement else "any_time"
        wanted = f"completed:{clause}" if condition.operator == "completed" else condition.operator
        return isinstance(example, frozenset) and wanted in example
    found = world.fields.get(condition.subject_id)
    if found is None or (condition.subject == "Prerun") != (found[1] is None):
        return False
    field, step = found
    if step is not None and step.id not in world.reachable:
        return False  # it stays blank, and no denial holds of what may still be answered
    if condition.operator in NEGATIVE and field.required and not field.form_rules and is_blank(field, example):
        return False
    return field_holds(condition, field, example, world.zone)


def _examples(asked: Sequence[Condition], world: World) -> Sequence[Any]:
    subject_id = asked[0].subject_id
    if asked[0].subject == "Run":
        return _at_times(frozenset(), asked)
    step = world.steps.get(subject_id)
    if step is not None:
        return _outcomes(step, asked) if subject_id in world.reachable else [frozenset[str]()]
    found = world.fields.get(subject_id)
    return [None] if found is None else _answers_to_try(found[0], asked)


def _outcomes(step: Step, asked: Iterable[Condition]) -> list[Outcome]:
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
    open_ones = [*_at_times(frozenset(), asked, step), *_at_times(frozenset({"reopened"}), asked, step)]
    states = [*open_ones, *ends]
    if any(each.operator == "not_assigned" for each in asked):
        states += [state | {"not_assigned"} for state in states]
    return states


def _on_time(condition: Condition) -> str:
    interval = interval_of(condition)
    return condition.operator if interval is None else f"{condition.operator}:{interval.value}:{interval.unit}"


def _at_times(state: Outcome, asked: Iterable[Condition], step: Step | None = None) -> list[Outcome]:
    """What is open, before all instants that are asked about, after one of them, and after all of them."""
    closes = step is not None and step.step_type in TIMED_TYPES
    times = {_on_time(each) for each in asked if each.is_on_time and not (closes and each.operator != "due_in")}
    return [state, *(state | {time} for time in sorted(times)), *([state | times] if len(times) > 1 else [])]


def _answers_to_try(field: Field, asked: Sequence[Condition]) -> list[Any]:
    """One answer for each that the conditions could tell from the others, blank first."""
    texts = list(dict.fromkeys(text for each in asked for text in _statements(each)))
    return [None, *_by_type(field, texts)]


def _statements(condition: Condition) -> list[str]:
    whole = statement_text(condition.statement)
    several = statement_texts(condition.statement) if condition.operator == "equals_any" else []
    return [*([] if whole is None else [whole]), *several]


def _by_type(field: Field, texts: Sequence[str]) -> Iterator[Any]:
    match field.answer_type:
        case "radio":
            yield from (option.text for option in field.options)
        case "dropdown":
            yield from ({"id": option.id, "text": option.text} for option in field.options)
        case "multiselect":
            yield from _subsets(field)
        case "date":
            yield from _days(texts)
        case "assignees_form":
            yield {"users": [1], "guests": [], "groups": []}
        case "file":
            yield from ([{"filename": text, "url": text}] for text in _texts(texts))
        case "table":
            width = max(len(field.columns), 1)
            yield from ([text] * width for text in _texts(texts))
        case "number" | "currency":
            yield from _numbers(field, texts)
        case _:
            yield from _texts(texts)


def _subsets(field: Field) -> Iterator[Any]:
    entries = [{"id": option.id, "text": option.text, "selected": True} for option in field.options]
    if len(entries) <= SUBSETS_OF:
        for size in range(1, len(entries) + 1):
            yield from (list(chosen) for chosen in combinations(entries, size))
        return
    yield entries
    yield from ([entry] for entry in entries)
    for entry in entries:
        yield [other for other in entries if other is not entry]


def _texts(texts: Sequence[str]) -> Iterator[str]:
    """Each text that is named, all of them together, numbers around those that are named, and something else."""
    numbers = sorted(number for text in texts if (number := number_in(text.strip())) is not None)
    yield "something else \N{BLACK STAR}"
    yield from texts
    if len(texts) > 1:
        yield " ".join(texts)
    for number in numbers:
        yield from (str(number - 1), str(number + 1))
    yield from (str((low + high) / 2) for low, high in pairwise(numbers) if low != high)


def _numbers(field: Field, texts: Sequence[str]) -> Iterator[int | float]:
    """Every number that is named or bounds the field, what lies around and between them, within the bounds."""
    least, most = of_json(field.minimum), of_json(field.maximum)
    named = [number for text in texts if (number := number_in(text.strip())) is not None]
    marks = sorted({Decimal(0), *named, *(each for each in (least, most) if each is not None)})
    around = [marks[0] - 1, *marks, *((low + high) / 2 for low, high in pairwise(marks)), marks[-1] + 1]
    yield from (
        to_json(number) for number in around if (least is None or number >= least) and (most is None or number <= most)
    )


def _days(texts: Sequence[str]) -> Iterator[str]:
    days = sorted(day for text in texts if (day := written_day(text)) is not None)
    yield "2001-01-01T00:00:00.000Z"
    for day in days:
        for other in (day - timedelta(days=1) if day > date.min else day, day, day + timedelta(days=1)):
            yield f"{other.isoformat()}T00:00:00.000Z"


def is_choice(field: Field) -> bool:
    return field.field_type in _CHOICES
