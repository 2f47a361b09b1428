"""Recurring launches as clients read them."""

from typing import TypeVar

from procession.api.contract.recurring_jobs import NextRuns, RecurringJob
from procession.domain.recurrence import Recurrence, rules
from procession.domain.schedules import Schedule
from procession.domain.times import Millis, wire, wire_or_none
from procession.usecases.schedules import next_slots

T = TypeVar("T")


def present_recurring_job(schedule: Schedule, zone: str, now: Millis) -> RecurringJob:
    when, launch = schedule.recurrence, schedule.launch
    upcoming = next_slots(when, zone, now) if schedule.is_active else []
    return RecurringJob(
        id=schedule.id,
        checklist_id=schedule.template_id,
        owner_id=schedule.owner,
        frequency=when.frequency,
        interval=when.interval,
        weekdays=list(when.weekdays),
        day_of_month=when.day_of_month,
        month=when.month,
        times=list(when.times),
        rrule=when.rrule,
        rules=rules(when, when.timezone or zone),
        timezone=when.timezone,
        starts_at=wire(when.starts_at),
        ends_at=wire_or_none(when.ends_at),
        name=launch.name,
        prerun=launch.prerun,
        tasks=launch.tasks,
        roles=launch.roles,
        tags=_list(launch.tags),
        folders=_list(launch.folders),
        users=_list(launch.users),
        groups=_list(launch.groups),
        skip_if_open=schedule.skip_if_open,
        catch_up=schedule.catch_up,
        is_active=schedule.is_active,
        paused_reason=schedule.paused_reason,
        next_run_at=wire_or_none(schedule.next_run_at),
        next_runs=[wire(each) for each in upcoming],
        last_run_at=wire_or_none(schedule.last_run_at),
        last_run_id=schedule.last_run_id,
        last_error=schedule.last_error,
        created_at=wire(schedule.created_at),
        last_updated=wire(schedule.updated_at),
    )


def present_next_runs(when: Recurrence, zone: str, now: Millis) -> NextRuns:
    upcoming = next_slots(when, zone, now)
    return NextRuns(rules(when, when.timezone or zone), [wire(each) for each in upcoming])


def _list(values: tuple[T, ...] | None) -> list[T] | None:
    return None if values is None else list(values)
