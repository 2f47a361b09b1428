"""Milestones of a process: those of the version it runs, until somebody changes them here. Spec: behaviour-work 4.

`Process.stages` is None as long as they are the version's, which never changes.
"""

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from procession.domain.errors import Invalid
from procession.domain.processes import Process, Task
from procession.domain.stages import MAX_STAGES, Stage, find, placed, without
from procession.domain.templates import Template

NO_TASK = "The task does not belong to this process."


def stages_of(process: Process, document: Template) -> tuple[Stage, ...]:
    return document.stages if process.stages is None else process.stages


def with_stage(process: Process, document: Template, stage: Stage, position: int | None) -> Process:
    """With a new or changed milestone; None keeps the place of a known one and appends a new one. Raises Invalid."""
    changed = placed(stages_of(process, document), stage, position)
    if len(changed) > MAX_STAGES:
        raise Invalid({"name": [f"A process may not have more than {MAX_STAGES} milestones."]})
    return replace(process, stages=changed)


def without_stage(process: Process, document: Template, stage_id: str) -> Process:
    """Its tasks stay, without a milestone. Spec: S3."""
    freed = [replace(task, stage_id=None) for task in process.tasks if task.stage_id == stage_id]
    return replace(process.with_tasks(*freed), stages=without(stages_of(process, document), stage_id))


def with_tasks_in_stage(
    process: Process, stage_id: str, task_ids: Sequence[str], *, of_caller: Collection[str]
) -> Process:
    """Exactly these tasks belong to the milestone, of those the caller sees (`of_caller`). Raises Invalid."""
    unknown = {f"tasks.{index}": [NO_TASK] for index, each in enumerate(task_ids) if each not in of_caller}
    if unknown:
        raise Invalid(unknown)
    chosen = set(task_ids)

    def moved(task: Task) -> Task:
        if task.id in chosen:
            return replace(task, stage_id=stage_id)
        return replace(task, stage_id=None) if task.stage_id == stage_id and task.id in of_caller else task

    return process.with_tasks(*map(moved, process.tasks))


def followed(own: Sequence[Stage], before: Sequence[Stage], after: Sequence[Stage]) -> tuple[Stage, ...]:
    """Milestones of a process after it moved from one version to another: changed as the template's, where nobody had
    changed them here. Spec: behaviour-templates T-10.11.
    """
    kept: list[Stage] = []
    for each in own:
        old, new = find(before, each.id), find(after, each.id)
        if old is not None and new is None:
            continue
        is_as_it_was = old is not None and each.name == old.name
        kept.append(replace(each, name=new.name) if new is not None and is_as_it_was else each)
    return (*kept, *(each for each in after if find(before, each.id) is None and find(own, each.id) is None))
