"""Deadlines and start dates of tasks whose step defines them otherwise now. Spec: T-10.13."""

from collections.abc import Collection, Mapping

from msgspec.structs import replace

from procession.domain import task_deadlines
from procession.domain.absences import week_of
from procession.domain.calendar import WorkingWeek
from procession.domain.deadlines import (
    START_RUN,
    PlannedDeadline,
    StepDeadline,
    deadline_from,
    plan_deadlines,
    soft_start,
)
from procession.domain.launching import Surroundings
from procession.domain.moving.versions import Versions
from procession.domain.processes import Owners, Process, Task
from procession.domain.templates import Step


class Planner:
    """Counts deadlines of one process by the new version, from its launch and from what has been completed."""

    def __init__(
        self, process: Process, versions: Versions, around: Surroundings, owners: Mapping[str, Owners]
    ) -> None:
        self._process = process
        self._rules: dict[str, StepDeadline] = {step.id: step.deadline for step in versions.after.steps}
        self._around = around
        self._weeks = {step: week_of(each, around.week, around.absences) for step, each in owners.items()}
        # Where an anchor has no task, as if the process were launched in this version.
        self._base = plan_deadlines(
            list(self._rules.items()), process.started_at, around.default_deadline, around.week, {}, self._weeks
        )
        self._tasks = {
            each.step_id: each for each in process.tasks if each.step_id is not None and not each.archived_at
        }

    def planned(self, wanted: Collection[str]) -> dict[str, PlannedDeadline]:
        """The deadlines of these steps, each after the one it is counted from."""
        found: dict[str, PlannedDeadline] = {}
        for first in wanted:
            step_id, chain = first, list[str]()
            while step_id in wanted and step_id not in found and step_id not in chain:
                chain.append(step_id)
                step_id = self._rules[step_id].step
            for each in reversed(chain):
                found[each] = self._counted(each, found)
        return found

    def _week(self, step_id: str) -> WorkingWeek:
        return self._weeks.get(step_id, self._around.week)

    def _counted(self, step_id: str, found: Mapping[str, PlannedDeadline]) -> PlannedDeadline:
        rule, week = self._rules[step_id], self._week(step_id)
        sign = 1 if rule.option == "from" else -1
        if rule.step == START_RUN:
            return PlannedDeadline(deadline_from(self._process.started_at, rule, week, sign), held=False)
        task = self._tasks.get(rule.step)
        if task is not None and task.completed_at is not None and rule.option == "from":
            return PlannedDeadline(deadline_from(task.completed_at, rule, week), held=False)
        anchor = found.get(rule.step) or _deadline_of(task) or self._base.get(rule.step)
        if anchor is None:
            return self._base[step_id]
        return PlannedDeadline(deadline_from(anchor.at, rule, week, sign), rule.option == "from" or anchor.held)


def _deadline_of(task: Task | None) -> PlannedDeadline | None:
    if task is None or task.deadline is None:
        return None
    return PlannedDeadline(task.deadline, task.is_held and not task.is_completed)


def redated(process: Process, versions: Versions, around: Surroundings, back: Collection[int]) -> Process:
    """Unfinished tasks whose step counts its deadline or start in another way, and what hangs on their deadlines.

    What somebody set by hand stays. `back` are tasks whose step is new to the process though they are not.
    """
    planner = Planner(process, versions, around, {})
    candidates = {
        task.step_id: task
        for task in process.tasks
        if task.step_id is not None
        and task.step_id in versions.new_steps
        and not task.is_completed
        and not task.deadline_by_hand
    }
    wanted = {
        step_id for step_id, task in candidates.items() if task.seq in back or _counts_otherwise(step_id, versions)
    }
    planned = planner.planned(wanted)
    week, rules = around.week, task_deadlines.rules_of(versions.after)
    for step_id in sorted(wanted, key=lambda each: versions.places[each]):
        task = candidates[step_id]
        before = next(each for each in process.tasks if each.seq == task.seq)
        after = task_deadlines.due(before, planned[step_id].at, is_held=planned[step_id].held)
        if after != before:
            process = task_deadlines.moved_along(process.with_tasks(after), after, rules, week)
    dated = [_started(task, process, versions, week) for task in process.tasks]
    return process.with_tasks(*dated)


def _counts_otherwise(step_id: str, versions: Versions) -> bool:
    old = versions.old_steps.get(step_id)
    return old is not None and old.deadline != versions.new_steps[step_id].deadline


def _started(task: Task, process: Process, versions: Versions, week: WorkingWeek) -> Task:
    """With the start its step says now, where that or the deadline's definition is another and nobody set it."""
    new, old = versions.new_steps.get(task.step_id or ""), versions.old_steps.get(task.step_id or "")
    if new is None or old is None or task.is_completed:
        return task
    is_other = (old.start_date, old.is_soft_start_date) != (new.start_date, new.is_soft_start_date)
    if not is_other or task.is_soft_start_date != old.is_soft_start_date:
        return task
    return replace(task, started_at=_start(task, new, process, week), is_soft_start_date=new.is_soft_start_date)


def _start(task: Task, step: Step, process: Process, week: WorkingWeek) -> int | None:
    if step.is_soft_start_date:
        return None if task.deadline is None else soft_start(task.deadline)
    return deadline_from(process.started_at, step.start_date, week)
