"""Tasks follow their steps where nobody changed them in the process. Spec: T-10.11, T-10.12."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from procession.domain.assignees import head_count, with_accountable_member
from procession.domain.launching import Request, Surroundings, named_in, without_absent_starter
from procession.domain.moving.versions import Versions
from procession.domain.process_stages import followed, stages_of
from procession.domain.processes import Injection, Owners, Process, Task
from procession.domain.run_forms import followed_form
from procession.domain.tasks import own_fields, with_parts_that_count
from procession.domain.templates import Step
from procession.domain.times import Millis

T = TypeVar("T")

# Attribute of a task -> of its step.
FOLLOWED = {
    "title": "title",
    "task_type": "step_type",
    "webhook": "webhook",
    "everyone_must_complete": "everyone_must_complete",
    "approvals_needed": "approvals_needed",
    "blocked_by": "blocked_by",
    "can_complete_only_assignees": "can_complete_only_assignees",
    "max_assignable": "max_assignable",
    "allow_guest_owners": "allow_guest_owners",
    "prevent_guest_comment": "prevent_guest_comment",
    "top_secret": "top_secret",
    "send_chromeless": "send_chromeless",
}


def steps_to_add(process: Process, versions: Versions) -> list[Step]:
    """New steps that have no task yet. One that a launch left out stays left out."""
    if process.type != "procedure":
        return []
    there = {task.step_id for task in process.tasks}
    return [step for step in versions.after.steps if step.id not in versions.old_steps and step.id not in there]


def follow(task: Task, versions: Versions, request: Request, around: Surroundings, at: Millis) -> Task:
    """The task as the new version has it: followed, back, or left without its step."""
    if task.step_id is None:
        return task
    new, old = versions.new_steps.get(task.step_id), versions.old_steps.get(task.step_id)
    if new is None:
        return _left(task, old, at)
    task = replace(
        task,
        fields=_form_of(task, old, new),
        alias=new.alias,
        stage_id=_stage_of(task, old, new),
        blueprint_position=versions.places[new.id],
        archived_at=None,
    )
    if task.is_completed:
        return task
    changed: dict[str, Any] = {}
    for name, attribute in FOLLOWED.items():
        was = None if old is None else getattr(old, attribute)
        now, here = getattr(new, attribute), getattr(task, name)
        if was != now and (old is None or here == was):
            changed[name] = now
    task = with_parts_that_count(replace(task, **changed), task)
    return replace(task, owners=_owners(task, old, new, request, around))


def _left(task: Task, old: Step | None, at: Millis) -> Task:
    """Whose step is gone: done, it keeps its form and text; otherwise it goes, with all on it. Spec: T-10.12."""
    if not task.is_completed:
        return task if task.archived_at is not None else replace(task, archived_at=at)
    if old is None:
        return task
    return replace(
        task,
        fields=task.fields if task.fields is not None else msgspec.to_builtins(list(old.fields)),
        summary=task.summary if task.summary is not None else old.summary or "",
    )


def _form_of(task: Task, old: Step | None, new: Step) -> list[dict[str, Any]] | None:
    """Its own form goes on being its own, followed; that of a task whose step is back is the step's."""
    if old is None or task.fields is None or task.is_completed:
        return None if old is None else task.fields
    form = followed_form(own_fields(task), old.fields, new.fields)
    return None if form == new.fields else msgspec.to_builtins(list(form))


def _stage_of(task: Task, old: Step | None, new: Step) -> str | None:
    """Another milestone only where the step has another and nobody moved the task here."""
    is_as_it_was = old is None or (old.stage_id != new.stage_id and task.stage_id == old.stage_id)
    return new.stage_id if is_as_it_was else task.stage_id


def with_stages(process: Process, versions: Versions) -> Process:
    """The milestones, where the process has its own, and no task in one that it has not."""
    if process.stages is not None:
        process = replace(process, stages=followed(process.stages, versions.before.stages, versions.after.stages))
    known = {each.id for each in stages_of(process, versions.after)}
    lost = [replace(task, stage_id=None) for task in process.tasks if task.stage_id and task.stage_id not in known]
    return process.with_tasks(*lost)


def _owners(task: Task, old: Step | None, new: Step, request: Request, around: Surroundings) -> Owners:
    """Whom the step names besides is added, whom it names no longer is taken off. Spec: T-10.11."""
    before, after = Owners() if old is None else named_in(old, around), named_in(new, around)
    if before == after or (old is None and not task.owners.is_empty):
        return task.owners
    here = task.owners
    wanted = Owners(
        _merged(here.users, before.users, [each for each in after.users if each in around.active]),
        _merged(here.guests, before.guests, after.guests),
        _merged(here.groups, before.groups, [each for each in after.groups if each in around.people_of_groups]),
    )
    if wanted.is_empty and new.assign_run_starter and not new.roles:
        wanted = Owners(users=(request.starter,))
    wanted = with_accountable_member(wanted, request.starter, guest_only=around.guest_only)
    if request.starter not in here.users:
        wanted = without_absent_starter(wanted, request, around)
    is_too_many = bool(task.max_assignable) and head_count(wanted, around.people_of_groups) > task.max_assignable
    return here if is_too_many or wanted.principals == here.principals else wanted


def _merged(here: Sequence[T], before: Sequence[T], after: Sequence[T]) -> tuple[T, ...]:
    kept = [each for each in here if each in after or each not in before]
    return tuple(dict.fromkeys([*kept, *(each for each in after if each not in before)]))


def with_injected_beside(before: Process, after: Process) -> Process:
    """Injected tasks stay in the milestone of the task that brought them, wherever that is now. Spec: L-10.9."""
    former = {task.seq: task for task in before.tasks}
    for injection in before.injections:
        here = {task.seq: task for task in after.tasks}
        was, now = former[injection.trigger_task].stage_id, here[injection.trigger_task].stage_id
        brought = (task for task in after.tasks if injection.brought(task.seq) and task.stage_id == was)
        after = after.with_tasks(*(replace(task, stage_id=now) for task in brought))
    return after


def in_order(process: Process, versions: Versions) -> Process:
    """The tasks at their places: new ones after the step before theirs, all in the new order where that changed.

    What people moved inside an order that stayed the same stays where it is. Injected tasks follow what brought them.
    """
    live = sorted((task for task in process.tasks if task.archived_at is None), key=lambda each: each.position)
    known = [task for task in live if task.position > 0]
    are_known = all(task.step_id in versions.old_steps or task.step_id not in versions.places for task in known)
    if versions.is_in_same_order and are_known:
        arranged = list(known)
    else:
        places = versions.places
        own = [task for task in known if process.injection_of(task) is None]
        of_steps = sorted((t for t in own if t.step_id in places), key=lambda each: places[each.step_id or ""])
        waiting = iter(of_steps)
        arranged = [next(waiting) if task.step_id in places else task for task in own]
        for injection in process.injections:
            _insert_injected(arranged, [task for task in known if injection.brought(task.seq)], injection, known)
    for task in live:
        if task.position <= 0:
            place = _place_of(task, arranged, versions)
            while place < len(arranged) and process.injection_of(arranged[place]) is not None:
                place += 1
            arranged.insert(place, task)
    if [task.seq for task in arranged] == [task.seq for task in known]:
        return process
    return process.with_tasks(*(replace(task, position=place) for place, task in enumerate(arranged, start=1)))


def _insert_injected(
    arranged: list[Task], brought: Sequence[Task], injection: Injection, known: Sequence[Task]
) -> None:
    """Behind the task that brought them, or where that is gone behind what stood before them."""
    earlier = takewhile(lambda task: not injection.brought(task.seq), known)
    before = [injection.trigger_task, *(task.seq for task in reversed(list(earlier)))]
    places = {task.seq: place for place, task in enumerate(arranged, start=1)}
    place = next((places[seq] for seq in before if seq in places), 0)
    arranged[place:place] = brought


def _place_of(task: Task, arranged: Sequence[Task], versions: Versions) -> int:
    """Behind the last task whose step stands before this one's."""
    place = versions.places[task.step_id or ""]
    earlier = [n for n, each in enumerate(arranged) if versions.places.get(each.step_id or "", place) < place]
    return earlier[-1] + 1 if earlier else 0
