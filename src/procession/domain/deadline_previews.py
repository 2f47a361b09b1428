"""When the steps of a template would be due, and why then: what was counted from where, and what moved it.

Spec: behaviour-launching 9.5.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

import msgspec

from procession.domain.calendar import WORKING_UNITS, Sign, Unit, WorkingWeek, add_offset, local_time, shift_forward
from procession.domain.deadlines import START_RUN, Offset, StepDeadline, circular_steps, plan_deadlines
from procession.domain.times import Millis

ShiftKind = Literal["holiday", "closure", "absence", "weekend", "before_hours", "after_hours", "clock_change"]

ELAPSED_UNITS: tuple[Unit, ...] = ("minutes", "hours", "working_hours")
"""What counts time that passes: a change of the clocks moves where it leads on the clock, not when that is."""
# So many days of a shift are explained one by one.
MOST_DAYS = 1000


class Shift(msgspec.Struct, frozen=True):
    """Days that were passed over, or a change of the clocks on the way, which keeps the time of day.

    `weekend` are days that the organization never works.
    """

    kind: ShiftKind
    starts_on: date
    ends_on: date
    name: str | None = None


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """`counted_from` + the step's offset = `raw`; moved into working time: `at`."""

    step_id: str
    value: int
    unit: Unit
    sign: Sign
    anchor: str
    counted_from: Millis
    raw: Millis
    at: Millis
    is_held: bool
    shifts: tuple[Shift, ...]


def preview(
    steps: Sequence[tuple[str, StepDeadline | None]],
    launched_at: Millis,
    default: Offset,
    usual: WorkingWeek,
    weeks: Mapping[str, WorkingWeek],
) -> list[Preview]:
    """Of every step in its order, for a launch at that moment. Held ones are provisional. Spec: L-9.10 to L-9.15.

    `weeks` of steps whose people are away.
    """
    planned = plan_deadlines(steps, launched_at, default, usual, {}, weeks)
    circular = set(circular_steps(dict(steps)))
    found: list[Preview] = []
    for step_id, rule in steps:
        counted: Offset | StepDeadline = default
        anchor, base, sign = START_RUN, launched_at, 1
        if rule is not None and step_id not in circular and (rule.step == START_RUN or rule.step in planned):
            counted, anchor, sign = rule, rule.step, 1 if rule.option == "from" else -1
            base = launched_at if anchor == START_RUN else planned[anchor].at
        week = weeks.get(step_id, usual)
        raw = add_offset(base, counted.value, counted.unit, week, sign)
        at = shift_forward(raw, week)
        found.append(
            Preview(
                step_id=step_id,
                value=counted.value,
                unit=counted.unit,
                sign=sign,
                anchor=anchor,
                counted_from=base,
                raw=raw,
                at=at,
                is_held=planned[step_id].held,
                shifts=tuple(_shifts(base, raw, at, counted.unit, week)),
            )
        )
    return found


def _shifts(base: Millis, raw: Millis, at: Millis, unit: Unit, week: WorkingWeek) -> Iterator[Shift]:
    if unit not in ELAPSED_UNITS:
        yield from _clock_change(base, raw, week)
    first = min(base, raw) if unit in WORKING_UNITS else raw
    last = max(base, at)
    if first == at:
        return
    begin, end = (
        local_time(first, week.zone).date(),
        local_time(last if unit in WORKING_UNITS else at, week.zone).date(),
    )
    former: Shift | None = None
    for ahead in range(min((end - begin).days + 1, MOST_DAYS)):
        shift = _passed_over(begin + timedelta(days=ahead), raw, at, week)
        if former is not None and shift is not None and (former.kind, former.name) == (shift.kind, shift.name):
            former = msgspec.structs.replace(former, ends_on=shift.ends_on)
            continue
        if former is not None:
            yield former
        former = shift
    if former is not None:
        yield former


def _clock_change(base: Millis, raw: Millis, week: WorkingWeek) -> Iterator[Shift]:
    before, after = local_time(base, week.zone), local_time(raw, week.zone)
    if before.utcoffset() != after.utcoffset():
        yield Shift("clock_change", min(before, after).date(), max(before, after).date())


def _passed_over(day: date, raw: Millis, at: Millis, week: WorkingWeek) -> Shift | None:
    """Why work on this day was not used; None when it was, or counted."""
    closed = None if week.closings is None else week.closings.on(day)
    hours = week.days[day.weekday()]
    if closed is not None and hours is not None:
        return Shift(closed.by, day, day, closed.name)
    if hours is None:
        return Shift("weekend", day, day)
    then = local_time(raw, week.zone)
    if raw == at or then.date() != day:
        return None
    minute = then.hour * 60 + then.minute
    return Shift("before_hours" if minute < hours.start else "after_hours", day, day)
