"""Tasks follow their steps where nobody changed them in the process. Spec: T-10.11, T-10.12."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from procession.domain.assignees import head_count, with_accountable_member
from procession.domain.launching import Request, Surroundings, named_in
from procession.domain.moving.versions import Versions
from procession.domain.processes import Owners, Process, Task
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
        return _left(task, old, versions, at)
    task = replace(
        task,
        fields=None,
        alias=new.alias,
        stage_id=new.stage_id,
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
    task = replace(task, **changed)
    return replace(task, owners=_owners(task, old, new, request, around))


def _left(task: Task, old: Step | None, versions: Versions, at: Millis) -> Task:
    """Whose step is gone: done, it keeps its form and text; otherwise it goes, with all on it. Spec: T-10.12."""
    if not task.is_completed:
        return task if task.archived_at is not None else replace(task, archived_at=at)
    if old is None:
        return task
    stage = None if task.stage_id is None else versions.after.stage(task.stage_id)
    return replace(
        task,
        fields=msgspec.to_builtins(list(old.fields)),
        summary=task.summary if task.summary is not None else old.summary or "",
        stage_id=None if stage is None else stage.id,
    )


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


def without_absent_starter(owners: Owners, request: Request, around: Surroundings) -> Owners:
    """Whoever launched the process long ago may have left."""
    if request.starter in around.active:
        return owners
    return replace(owners, users=tuple(each for each in owners.users if each != request.starter))


def _merged(here: Sequence[T], before: Sequence[T], after: Sequence[T]) -> tuple[T, ...]:
    kept = [each for each in here if each in after or each not in before]
    return tuple(dict.fromkeys([*kept, *(each for each in after if each not in before)]))


def in_order(process: Process, versions: Versions) -> Process:
    """The tasks at their places: new ones after the step before theirs, all in the new order where that changed.

    What people moved inside an order that stayed the same stays where it is.
    """
    live = sorted((task for task in process.tasks if task.archived_at is None), key=lambda each: each.position)
    known = [task for task in live if task.position > 0]
    are_known = all(task.step_id in versions.old_steps or task.step_id not in versions.places for task in known)
    if versions.is_in_same_order and are_known:
        arranged = list(known)
    else:
        places = versions.places
        of_steps = sorted((t for t in known if t.step_id in places), key=lambda each: places[each.step_id or ""])
        waiting = iter(of_steps)
        arranged = [next(waiting) if task.step_id in places else task for task in known]
    for task in live:
        if task.position <= 0:
            arranged.insert(_place_of(task, arranged, versions), task)
    if [task.seq for task in arranged] == [task.seq for task in known]:
        return process
    return process.with_tasks(*(replace(task, position=place) for place, task in enumerate(arranged, start=1)))


def _place_of(task: Task, arranged: Sequence[Task], versions: Versions) -> int:
    """Behind the last task whose step stands before this one's."""
    place = versions.places[task.step_id or ""]
    earlier = [n for n, each in enumerate(arranged) if versions.places.get(each.step_id or "", place) < place]
    return earlier[-1] + 1 if earlier else 0
