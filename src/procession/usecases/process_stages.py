"""Milestones of a running process; its template knows nothing of it. Spec: api-processes 15, behaviour-work S2, S3."""

from collections.abc import Sequence

import msgspec

from procession.domain.errors import NotFound
from procession.domain.events import happened
from procession.domain.permissions import may_see_task, require
from procession.domain.process_stages import stages_of, with_stage, with_tasks_in_stage, without_stage
from procession.domain.processes import Process, Task
from procession.domain.stages import Stage, find
from procession.domain.templates import Template
from procession.storage.template_versions import version_document
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import guards
from procession.usecases.guards import Seen
from procession.usecases.processes import may_edit_run
from procession.usecases.stages import checked_name


class Grouped(msgspec.Struct, frozen=True):
    """A milestone with its place, from 1, and the tasks in it that the caller sees, by position."""

    stage: Stage
    position: int
    tasks: tuple[str, ...]


async def grouped(tx: ReadTx, seen: Seen) -> list[Grouped]:
    """The process's milestones in their order."""
    process = seen.process
    visible = sorted(_visible(tx, seen), key=lambda each: (each.position, each.seq))
    return [
        Grouped(stage, place, tuple(task.id for task in visible if task.stage_id == stage.id))
        for place, stage in enumerate(stages_of(process, await _document(tx, process)), start=1)
    ]


async def add_stage(tx: WriteTx, process_id: str, *, name: str, position: int | None) -> Grouped:
    """Last unless a position says otherwise.

    Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, ProcessOnHold, Invalid.
    """
    seen = await _editable(tx, process_id)
    stage = Stage(tx.new_id(), checked_name(name))
    changed = with_stage(seen.process, await _document(tx, seen.process), stage, position)
    return await _saved(tx, seen, changed, stage, "process.stage_added")


async def update_stage(
    tx: WriteTx, process_id: str, stage_id: str, *, name: str | None, position: int | None, tasks: Sequence[str] | None
) -> Grouped:
    """None leaves a value as it is; `tasks` are all in it, of those the caller sees. Raises as `add_stage`."""
    seen, document, stage = await to_change(tx, process_id, stage_id)
    stage = stage if name is None else Stage(stage.id, checked_name(name))
    changed = with_stage(seen.process, document, stage, position)
    if tasks is not None:
        changed = with_tasks_in_stage(changed, stage_id, tasks, of_caller={each.id for each in _visible(tx, seen)})
    same_stages = stages_of(changed, document) == stages_of(seen.process, document)
    if same_stages and changed.tasks == seen.process.tasks:
        return await _one(tx, seen, stage_id)
    return await _saved(tx, seen, changed, stage, "process.stage_changed")


async def delete_stage(tx: WriteTx, process_id: str, stage_id: str) -> None:
    """Its tasks stay. Raises as `add_stage`."""
    seen, document, stage = await to_change(tx, process_id, stage_id)
    await guards.save_process(tx, seen.process, without_stage(seen.process, document, stage_id))
    tx.record(happened("process.stage_deleted", seen.process.id, process=seen.process.seq, stage=stage.name))


async def to_change(tx: WriteTx, process_id: str, stage_id: str) -> tuple[Seen, Template, Stage]:
    """Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, ProcessOnHold."""
    seen = await _editable(tx, process_id)
    document = await _document(tx, seen.process)
    stage = find(stages_of(seen.process, document), stage_id)
    if stage is None:
        raise NotFound
    return seen, document, stage


async def _editable(tx: WriteTx, process_id: str) -> Seen:
    seen = await guards.locked_process(tx, process_id)
    require(await may_edit_run(tx, seen), to="change the milestones of this process")
    guards.require_changeable(seen.process)
    return seen


async def _saved(tx: WriteTx, seen: Seen, changed: Process, stage: Stage, kind: str) -> Grouped:
    saved = await guards.save_process(tx, seen.process, changed)
    tx.record(happened(kind, saved.id, process=saved.seq, stage=stage.name))
    return await _one(tx, Seen(saved, seen.named), stage.id)


async def _one(tx: ReadTx, seen: Seen, stage_id: str) -> Grouped:
    return next(each for each in await grouped(tx, seen) if each.stage.id == stage_id)


def _visible(tx: ReadTx, seen: Seen) -> list[Task]:
    return [task for task in seen.process.tasks if may_see_task(tx.actor, seen.named, task, seen.process)]


async def _document(tx: ReadTx, process: Process) -> Template:
    return await version_document(tx, process.template_id, process.template_version)
