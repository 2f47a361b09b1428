"""Deadlines of a process: planned at launch, released when the step they wait for completes.

A deadline counted from another step's completion is *held*: its provisional value is shown but counts for nothing.
Spec: behaviour-launching 9.3, behaviour-work 6.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import msgspec

from procession.domain.calendar import (
    UNIT_WORDS,
    WORKING_UNITS,
    Sign,
    Unit,
    WorkingWeek,
    add_offset,
    shift_forward,
)
from procession.domain.errors import Invalid
from procession.domain.loose import as_int, as_object
from procession.domain.times import EARLIEST, HOUR, Millis

Direction = Literal["from", "prior_to"]

START_RUN = "start_run"
SOFT_LEAD = 2 * HOUR
MAX_OFFSET = 1_000_000
"""Longer than any process lasts, in any unit; ours."""
MAX_WORKED = 10_000
"""Of working hours or days, which are counted one day after the other; ours."""
WANTED_UNIT = "The unit must be minutes, hours, days, weeks, months, working_hours or working_days."

NO_WEEKS: Mapping[str, WorkingWeek] = MappingProxyType({})

_DIRECTIONS: Mapping[str, Direction] = {
    "from": "from",
    "after": "from",
    "prior_to": "prior_to",
    "before": "prior_to",
}


class Offset(msgspec.Struct, frozen=True):
    value: int
    unit: Unit


class StepDeadline(msgspec.Struct, frozen=True):
    """`value` units after the anchor (`from`) or before it (`prior_to`).

    The anchor `step` is `start_run`, or a step: its completion for `from`, its deadline for `prior_to`.
    Spec: api-templates 4.3, T-7.1 to T-7.3.
    """

    value: int
    unit: Unit
    option: Direction
    step: str


class PlannedDeadline(msgspec.Struct, frozen=True):
    at: Millis
    held: bool


class TaskDeadline(msgspec.Struct, frozen=True, kw_only=True):
    """A task of a running process; `set_by_hand`: by a person, a rule or the launch request, so never recalculated.

    `week` is its own, where those who have it are away (L-9.26).
    """

    rule: StepDeadline | None
    at: Millis | None
    held: bool = False
    completed_at: Millis | None = None
    set_by_hand: bool = False
    week: WorkingWeek | None = None


def read_step_deadline(raw: object, path: str = "deadline") -> StepDeadline:
    """A step's deadline as clients send it; raises Invalid with every wrong path. Spec: api-templates 4.3, T-7.4."""
    sent, errors = _read_object(raw, path), dict[str, list[str]]()
    offset = _read_offset(sent, 0, path, errors)
    option = _DIRECTIONS.get(_word(sent.get("option")))
    if option is None:
        errors[f"{path}.option"] = [_complaint(sent, "option", "The option must be from or prior_to.")]
    step = _word(sent.get("step"))
    if not step:
        errors[f"{path}.step"] = [_complaint(sent, "step", "The step must be start_run or the id of a step.")]
    if errors or offset is None or option is None:
        raise Invalid(errors)
    return StepDeadline(offset.value, offset.unit, option, START_RUN if step == "start_process" else step)


def read_start_date(raw: object, path: str = "start_date") -> Offset:
    """A step's start, at least 1 unit after launch; raises Invalid. Spec: api-templates 4.4, T-7.8."""
    errors: dict[str, list[str]] = {}
    offset = _read_offset(_read_object(raw, path), 1, path, errors)
    if offset is None:
        raise Invalid(errors)
    return offset


def _read_object(raw: object, path: str) -> Mapping[str, object]:
    sent = as_object(raw)
    if sent is None:
        raise Invalid({path: [f"The {path.replace('_', ' ')} must be an object."]})
    return sent


def _read_offset(sent: Mapping[str, object], least: int, path: str, errors: dict[str, list[str]]) -> Offset | None:
    value, unit = as_int(sent.get("value")), UNIT_WORDS.get(_word(sent.get("unit")))
    most = MAX_WORKED if unit in WORKING_UNITS else MAX_OFFSET
    in_range = value is not None and least <= value <= most
    if not in_range:
        wanted = f"The value must be a whole number from {least} to {most}."
        errors[f"{path}.value"] = [_complaint(sent, "value", wanted)]
    if unit is None:
        errors[f"{path}.unit"] = [_complaint(sent, "unit", WANTED_UNIT)]
    return Offset(value, unit) if value is not None and in_range and unit is not None else None


def _word(raw: object) -> str:
    return raw.strip().lower() if isinstance(raw, str) else ""


def _complaint(sent: Mapping[str, object], key: str, wanted: str) -> str:
    return f"The {key} field is required." if sent.get(key) in (None, "") else wanted


def deadline_from(base: Millis, offset: Offset | StepDeadline, week: WorkingWeek, sign: Sign = 1) -> Millis:
    """`offset` after (or before) `base`, moved forward into working time. Spec: L-9.4, L-9.5."""
    return shift_forward(add_offset(base, offset.value, offset.unit, week, sign), week)


def soft_start(deadline: Millis) -> Millis:
    """Where work is taken to begin when it may begin anytime; for reminders only. Spec: L-9.18."""
    return max(deadline - SOFT_LEAD, EARLIEST)


def plan_deadlines(
    steps: Sequence[tuple[str, StepDeadline | None]],
    launched_at: Millis,
    default_offset: Offset,
    week: WorkingWeek,
    overrides: Mapping[str, Millis],
    weeks: Mapping[str, WorkingWeek] = NO_WEEKS,
) -> dict[str, PlannedDeadline]:
    """The deadline of every step at launch, in the order given; `weeks` of steps that have one of their own (L-9.26).

    Spec: L-9.10 to L-9.15.

    Give the steps dropped from this launch too: they anchor provisional values of those that stay.
    """
    rules = dict(steps)

    def week_of(step_id: str) -> WorkingWeek:
        return weeks.get(step_id, week)

    def default(step_id: str) -> PlannedDeadline:
        return PlannedDeadline(deadline_from(launched_at, default_offset, week_of(step_id)), held=False)

    planned = {step_id: PlannedDeadline(shift_forward(at, week), held=False) for step_id, at in overrides.items()}
    for step_id in circular_steps({step_id: rule for step_id, rule in steps if step_id not in planned}):
        planned[step_id] = default(step_id)
    for first in rules:
        for step_id in reversed(list(_unplanned_anchors(first, rules, planned))):
            rule = rules[step_id]
            if rule is not None and rule.step == START_RUN:
                sign = _sign(rule)
                planned[step_id] = PlannedDeadline(deadline_from(launched_at, rule, week_of(step_id), sign), held=False)
            elif rule is not None and rule.step in planned:
                planned[step_id] = _after_anchor(rule, planned[rule.step], week_of(step_id))
            else:
                planned[step_id] = default(step_id)
    return {step_id: planned[step_id] for step_id in rules}


def _unplanned_anchors(
    step_id: str, rules: Mapping[str, StepDeadline | None], planned: Mapping[str, PlannedDeadline]
) -> Iterator[str]:
    """The step, its anchor, its anchor's anchor ... as far as they are not planned yet."""
    while step_id in rules and step_id not in planned:
        yield step_id
        rule = rules[step_id]
        step_id = rule.step if rule is not None else START_RUN


def circular_steps(rules: Mapping[str, StepDeadline | None]) -> list[str]:
    """The steps whose anchors lead back to themselves; a template with any is refused. Spec: T-7.7."""
    circular: list[str] = []
    settled: set[str] = set()
    for first in rules:
        step_id, path = first, dict[str, None]()
        while step_id in rules and step_id not in settled and step_id not in path:
            path[step_id] = None
            rule = rules[step_id]
            step_id = rule.step if rule is not None else START_RUN
        if step_id in path:
            walked = list(path)
            circular += walked[walked.index(step_id) :]
        settled.update(path)
    return circular


def release_on_completion(
    tasks: Mapping[str, TaskDeadline], anchor: str, completed_at: Millis, week: WorkingWeek
) -> dict[str, PlannedDeadline]:
    """The deadlines that change because `anchor` completed, by step id. Spec: L-9.13, L-9.14, LT-7.

    Tasks counting `from` it are released; what counts back from those follows. A task held because it counts back
    from the held `anchor` itself has nothing left to wait for: it is released with its last value (ours).
    """
    changes: dict[str, PlannedDeadline] = {}
    for step_id, task, rule in _movable_dependents(tasks, anchor):
        if rule.option == "from":
            changes[step_id] = PlannedDeadline(deadline_from(completed_at, rule, task.week or week), held=False)
        elif task.held and task.at is not None:
            changes[step_id] = PlannedDeadline(task.at, held=False)
    return _with_followers(tasks, changes, week)


def follow_moved_deadline(
    tasks: Mapping[str, TaskDeadline], anchor: str, week: WorkingWeek
) -> dict[str, PlannedDeadline]:
    """The deadlines that change because `anchor`, open, now has another deadline. Spec: L-9.14, behaviour-work D16."""
    moved = tasks[anchor]
    if moved.at is None or moved.completed_at is not None:
        return {}
    changes = _with_followers(tasks, {anchor: PlannedDeadline(moved.at, moved.held)}, week)
    changes.pop(anchor, None)
    return changes


def rehold_on_reopen(tasks: Mapping[str, TaskDeadline], anchor: str, week: WorkingWeek) -> dict[str, PlannedDeadline]:
    """The deadlines that change because `anchor`, now open, was re-opened. Spec: L-9.16, LT-7.

    Dependents are held again with their last value. So is `anchor` when it waits for an open step itself; if that
    step completed in the meantime its deadline is calculated now (ours).
    """
    changes: dict[str, PlannedDeadline] = {}
    reopened = tasks[anchor]
    rule = reopened.rule
    parent = tasks.get(rule.step) if rule is not None else None
    if rule is not None and parent is not None and reopened.at is not None and not reopened.set_by_hand:
        if parent.completed_at is None and (rule.option == "from" or parent.held):
            changes[anchor] = PlannedDeadline(reopened.at, held=True)
        elif parent.completed_at is not None and rule.option == "from" and reopened.held:
            at = deadline_from(parent.completed_at, rule, reopened.week or week)
            changes[anchor] = PlannedDeadline(at, held=False)
    queue = [anchor]
    for waited_for in queue:
        holds = waited_for != anchor or changes.get(anchor, reopened).held
        for step_id, task, rule in _movable_dependents(tasks, waited_for):
            waits = waited_for == anchor if rule.option == "from" else holds
            if waits and task.at is not None and step_id not in changes:
                changes[step_id] = PlannedDeadline(task.at, held=True)
                queue.append(step_id)
    return _differing(tasks, changes)


def anchored_anew(tasks: Mapping[str, TaskDeadline], step_id: str, week: WorkingWeek) -> PlannedDeadline | None:
    """The deadline of an open task that is its step's again, by how its anchor stands now; None: it hangs on none.

    While it was a rule's it followed nothing (L-9.16). Spec: A-9.4.
    """
    task = tasks[step_id]
    rule = task.rule
    anchor = tasks.get(rule.step) if rule is not None else None
    if rule is None or anchor is None or task.at is None or task.set_by_hand:
        return None
    if anchor.completed_at is not None:
        counts = rule.option == "from"
        at = deadline_from(anchor.completed_at, rule, task.week or week) if counts else task.at
        return PlannedDeadline(at, held=False)
    if rule.option == "from" or anchor.at is None:
        return PlannedDeadline(task.at, held=rule.option == "from" or anchor.held)
    return _after_anchor(rule, PlannedDeadline(anchor.at, anchor.held), task.week or week)


def _sign(rule: StepDeadline) -> Sign:
    return 1 if rule.option == "from" else -1


def _after_anchor(rule: StepDeadline, anchor: PlannedDeadline, week: WorkingWeek) -> PlannedDeadline:
    """The deadline counted from the deadline of an open anchor; provisional when its completion counts."""
    return PlannedDeadline(deadline_from(anchor.at, rule, week, _sign(rule)), rule.option == "from" or anchor.held)


def _movable_dependents(
    tasks: Mapping[str, TaskDeadline], anchor: str
) -> Iterator[tuple[str, TaskDeadline, StepDeadline]]:
    """Open tasks anchored on `anchor` whose deadline nobody set by hand. Spec: L-9.16, behaviour-work D15."""
    for step_id, task in tasks.items():
        rule = task.rule
        if rule is not None and rule.step == anchor and task.completed_at is None and not task.set_by_hand:
            yield step_id, task, rule


def _with_followers(
    tasks: Mapping[str, TaskDeadline], changes: dict[str, PlannedDeadline], week: WorkingWeek
) -> dict[str, PlannedDeadline]:
    """`changes` and what they entail further down the chains, without what stays as it is."""
    changes = dict(changes)
    queue = list(changes)
    for moved in queue:
        for step_id, task, rule in _movable_dependents(tasks, moved):
            if step_id not in changes:
                changes[step_id] = _after_anchor(rule, changes[moved], task.week or week)
                queue.append(step_id)
    return _differing(tasks, changes)


def _differing(tasks: Mapping[str, TaskDeadline], changes: Mapping[str, PlannedDeadline]) -> dict[str, PlannedDeadline]:
    return {
        step_id: change
        for step_id, change in changes.items()
        if (change.at, change.held) != (tasks[step_id].at, tasks[step_id].held)
    }
