"""A process in a newer version of its template, before its rules are asked. Pure. Spec: behaviour-templates 10.1."""

import msgspec
from msgspec.structs import replace

from procession.domain.absences import with_deputies
from procession.domain.automations.state import RuleState
from procession.domain.calendar import local_day
from procession.domain.errors import ProcessArchived, ProcessLocked, ProcessOnHold, WrongState
from procession.domain.launching import Numbers, Request, Surroundings, assigned, task_of, without_absent_starter
from procession.domain.moving.answers import with_answers, with_answers_in_place
from procession.domain.moving.dates import Planner, redated
from procession.domain.moving.rules import carried, with_visibility
from procession.domain.moving.steps import follow, in_order, steps_to_add, with_injected_beside, with_stages
from procession.domain.moving.versions import Versions
from procession.domain.overrides import Override
from procession.domain.processes import Process, Task
from procession.domain.times import Millis

COMPLETE = "This process is complete. Only processes with something left to do are moved."
NOT_OLDER = "This process runs version {version} already, or a newer one."


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What a move depends on besides the process: `version` is the number of the new one."""

    versions: Versions
    version: int
    request: Request
    surroundings: Surroundings
    first_task: int
    at: Millis


def require_movable(process: Process, version: int) -> None:
    """Raises ProcessArchived, ProcessLocked, ProcessOnHold, WrongState; the first that holds. Spec: T-10.10."""
    if process.is_archived:
        raise ProcessArchived
    if process.is_locked:
        raise ProcessLocked
    if process.is_on_hold:
        raise ProcessOnHold
    if process.status == "complete":
        raise WrongState(COMPLETE)
    if process.template_version >= version:
        raise WrongState(NOT_OLDER.format(version=version))


def moved(process: Process, state: RuleState, around: Around) -> tuple[Process, RuleState]:
    """The process in the new version, and what it remembers of its rules; they are asked about `MOVED` next."""
    versions, at, surroundings = around.versions, around.at, around.surroundings
    back = {
        task.seq
        for task in process.tasks
        if task.step_id in versions.new_steps and task.step_id not in versions.old_steps
    }
    followed = [
        task if process.injection_of(task) else follow(task, versions, around.request, surroundings, at)
        for task in process.tasks
    ]
    after = with_injected_beside(process, _with_settings(process.with_tasks(*followed), around))
    after = with_answers_in_place(process, with_answers(after, versions), versions, surroundings.week.zone)
    after = redated(after, versions, surroundings, back)
    added = _added(after, around)
    after = with_stages(in_order(replace(after, tasks=(*after.tasks, *added)), versions), versions)
    anchors = {step.deadline.step for template in (versions.after, *versions.injected) for step in template.steps}
    after = after.with_tasks(*(replace(task, has_dependents=task.step_id in anchors) for task in after.tasks))
    remembered = carried(state, after, versions)
    return with_visibility(after, versions, remembered, back | {task.seq for task in added}), remembered


def _with_settings(process: Process, around: Around) -> Process:
    """What lists and the kick-off form follow of the version. People, name, tags and folder are the process's own."""
    old, new = around.versions.before, around.versions.after
    status = process.prerun_status
    if bool(new.kickoff) != (status is not None):
        status = "complete" if new.kickoff else None
    return replace(
        process,
        template_version=around.version,
        prerun_length=len(new.kickoff),
        prerun_status=status,
        can_add_oot=new.can_add_oot if process.can_add_oot == old.can_add_oot else process.can_add_oot,
    )


def _added(process: Process, around: Around) -> list[Task]:
    """The tasks of new steps, as a launch would have made them: dates count from the launch of the process."""
    versions, surroundings, request = around.versions, around.surroundings, around.request
    steps = steps_to_add(process, versions)
    chosen = {step.id: assigned(step, Override(), request, surroundings) for step in steps}
    owners = {step: without_absent_starter(each, request, surroundings) for step, each in chosen.items()}
    planned = Planner(process, versions, surroundings, owners).planned(owners)
    numbers = Numbers(process.seq, around.first_task, process.started_at, around.at)
    made: list[Task] = []
    for count, step in enumerate(steps):
        due_on = local_day(planned[step.id].at, surroundings.week.zone)
        people = with_deputies(owners[step.id], due_on, surroundings.absences)
        place = versions.places[step.id]
        task = task_of(step, people, planned[step.id], place, request, surroundings, numbers)
        # Its place among the others is found by `in_order`.
        made.append(replace(task, seq=around.first_task + count, position=0))
    return made
