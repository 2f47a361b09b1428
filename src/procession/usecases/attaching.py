"""Tags and folders on processes, tasks, templates and steps. Spec: api-content 1.1 A5-A7, 2.1 B5-B7."""

from typing import Any, Literal

from msgspec.structs import replace

from procession.domain import template_permissions
from procession.domain.actors import Actor
from procession.domain.errors import Invalid, NotAllowed, NotFound, ProcessArchived
from procession.domain.events import happened
from procession.domain.permissions import require
from procession.domain.processes import Process, Task
from procession.storage import (
    attachable,
    bin_contents,
    bin_items,
    folders,
    links,
    tags,
    template_grants,
    templates,
)
from procession.storage.links import FolderLink, TagLink
from procession.storage.tx import WriteTx
from procession.usecases import guards
from procession.usecases.guards import Seen, SeenTask
from procession.usecases.processes import may_edit_run

Subject = Literal["Checklist", "Run", "Step", "Task"]

UNKNOWN_SUBJECT = "There is nothing of this type with this id, or it is archived."
UNKNOWN_TAG = "There is no tag with this id."
UNKNOWN_FOLDER = "There is no such folder in processes."


async def delete_tag(tx: WriteTx, tag_id: str) -> None:
    """Take a tag off everything and put it into the bin; deleting an unknown one changes nothing. Raises NotAllowed."""
    require(tx.actor.is_admin, to="delete tags; only administrators may")
    tag = await tags.lock(tx, tag_id)
    if tag is None:
        return
    content = await bin_contents.of_tag(tx, tag)
    await links.forget_tag(tx, tag_id)
    await tags.remove(tx, tag_id)
    await bin_items.keep(tx, "tag", tag_id, tag.title, content)
    tx.record(happened("tag.deleted", tag_id))


async def attach_tag(tx: WriteTx, *, tag_id: str, subject_type: Subject, subject_id: str) -> tuple[TagLink, bool]:
    """The link, and whether it is new: attaching twice is harmless. Raises Invalid, NotAllowed."""
    errors: dict[str, list[Any]] = {}
    if tag_id not in await attachable.known_tags(tx, [tag_id]):
        errors["tag_id"] = [UNKNOWN_TAG]
    try:
        if subject_type == "Run":
            return await _attach_to_process(tx, tag_id, subject_id, errors)
        if subject_type == "Task":
            return await _attach_to_task(tx, tag_id, subject_id, errors)
        return await _attach_to_template(tx, tag_id, subject_type, subject_id, errors)
    except NotFound:
        raise Invalid({**errors, "subject_id": [UNKNOWN_SUBJECT]}) from None


def _refuse(errors: dict[str, list[Any]]) -> None:
    if errors:
        raise Invalid(errors)


async def _attach_to_process(
    tx: WriteTx, tag_id: str, process_id: str, errors: dict[str, list[Any]]
) -> tuple[TagLink, bool]:
    seen = await _editable_process(tx, process_id)
    if seen.process.is_archived:
        raise NotFound()
    _refuse(errors)
    former = await links.tag_on_process(tx, tag_id, seen.process.seq)
    if former is not None:
        return former, False
    process = await guards.save_process(tx, seen.process, replace(seen.process, tags=seen.process.tags | {tag_id}))
    tx.record(happened("process.linked", process.id, process=process.seq, tag=tag_id))
    link = await links.tag_on_process(tx, tag_id, process.seq)
    if link is None:
        raise LookupError(f"the tag {tag_id} was not attached")
    return link, True


async def _editable_process(tx: WriteTx, process_id: str) -> Seen:
    """Tags may change while an issue locks the process, not when it is archived, which the caller sees to.

    Raises NotFound, NotAllowed.
    """
    seen = await guards.locked_process(tx, process_id)
    require(await may_edit_run(tx, seen), to="change the tags of this process")
    return seen


def _require_live(process: Process | None) -> None:
    """Raises ProcessArchived. What stands alone has no process to ask."""
    if process is not None and process.is_archived:
        raise ProcessArchived()


async def _attach_to_task(tx: WriteTx, tag_id: str, task_id: str, errors: dict[str, list[Any]]) -> tuple[TagLink, bool]:
    seen = await _taggable_task(tx, task_id)
    if _is_archived(seen):
        raise NotFound()
    task = seen.task
    _refuse(errors)
    former = await links.tag_on_task(tx, tag_id, task.seq)
    if former is not None:
        return former, False
    tx.record(happened("task.linked", task.id, process=task.process, tag=tag_id))
    return await links.add_tag_link(tx, tag_id, task=task.seq), True


async def _taggable_task(tx: WriteTx, task_id: str) -> SeenTask:
    seen = await guards.locked_task(tx, task_id)
    require(_may_tag_task(tx.actor, seen.task), to="change the tags of this task")
    return seen


def _is_archived(seen: SeenTask) -> bool:
    return seen.task.archived_at is not None or (seen.process is not None and seen.process.is_archived)


def _may_tag_task(actor: Actor, task: Task) -> bool:
    """Spec: api-content A6."""
    return actor.role in ("admin", "standard") or (task.is_oneoff and task.starter == actor.id)


async def _attach_to_template(
    tx: WriteTx, tag_id: str, subject_type: Subject, subject_id: str, errors: dict[str, list[Any]]
) -> tuple[TagLink, bool]:
    if subject_type == "Step":
        template_id, step_id = next(iter(await templates.mentioning(tx, "step", subject_id)), None), subject_id
    else:
        template_id, step_id = subject_id, None
    await _editable_template(tx, template_id or "")
    _refuse(errors)
    former = await links.tag_on_template(tx, tag_id, template_id or "", step_id)
    if former is not None:
        return former, False
    tx.record(happened("template.linked", template_id or "", tag=tag_id))
    return await links.add_tag_link(tx, tag_id, template_id=template_id, step_id=step_id), True


async def _editable_template(tx: WriteTx, template_id: str) -> None:
    row = await templates.lock(tx, template_id)
    if row is None or row.is_archived:
        raise NotFound()
    template_permissions.require_edit(await template_grants.standing(tx, row))


async def detach_tag(tx: WriteTx, link_id: int) -> None:
    """Raises NotFound, NotAllowed, ProcessArchived."""
    link = await links.tag_link(tx, link_id)
    if link is None:
        raise NotFound()
    if link.process is not None:
        process = await _process_at(tx, link.process)
        seen = await _editable_process(tx, process)
        _require_live(seen.process)
        saved = await guards.save_process(
            tx, seen.process, replace(seen.process, tags=seen.process.tags - {link.tag_id})
        )
        tx.record(happened("process.unlinked", saved.id, process=saved.seq, tag=link.tag_id))
        return
    if link.task is not None:
        task_id = await guards.task_id_at(tx, link.task)
        seen_task = await _taggable_task(tx, task_id)
        _require_live(seen_task.process)
        if seen_task.task.archived_at is not None:
            raise NotFound()
        tx.record(happened("task.unlinked", task_id, tag=link.tag_id))
    else:
        await _editable_template(tx, link.template_id or "")
        tx.record(happened("template.unlinked", link.template_id or "", tag=link.tag_id))
    await links.remove_tag_link(tx, link_id)


async def _process_at(tx: WriteTx, seq: int) -> str:
    found = await guards.process_id_at(tx, seq)
    if found is None:
        raise NotFound()
    return found


def _require_filing(actor: Actor) -> None:
    if actor.role not in ("admin", "standard"):
        raise NotAllowed("You may not put things into folders.")


async def file_object(
    tx: WriteTx, *, folder_id: str, subject_type: Literal["Run", "Task"], subject_id: str
) -> FolderLink:
    """Put a process or task into a process folder; filing it again moves it. Raises Invalid, NotAllowed."""
    _require_filing(tx.actor)
    errors: dict[str, list[Any]] = {}
    if folder_id not in await attachable.known_process_folders(tx, [folder_id]):
        errors["folder_id"] = [UNKNOWN_FOLDER]
    try:
        link = await _file(tx, folder_id, subject_type, subject_id, errors)
    except NotFound:
        raise Invalid({**errors, "subject_id": [UNKNOWN_SUBJECT]}) from None
    if link is None:
        raise LookupError(f"{subject_type} {subject_id} was not filed")
    return link


async def _file(
    tx: WriteTx, folder_id: str, subject_type: str, subject_id: str, errors: dict[str, list[Any]]
) -> FolderLink | None:
    if subject_type == "Task":
        seen_task = await guards.locked_task(tx, subject_id)
        if _is_archived(seen_task):
            raise NotFound()
        _refuse(errors)
        tx.record(happened("task.linked", subject_id, process=seen_task.task.process, folder=folder_id))
        return await links.file_task(tx, folder_id, seen_task.task.seq)
    seen = await guards.locked_process(tx, subject_id)
    if seen.process.is_archived:
        raise NotFound()
    _refuse(errors)
    if seen.process.folder != folder_id:
        saved = await guards.save_process(tx, seen.process, replace(seen.process, folder=folder_id))
        tx.record(happened("process.linked", saved.id, process=saved.seq, folder=folder_id))
    return await links.folder_of_process(tx, seen.process.seq)


async def unfile_object(tx: WriteTx, link_id: int) -> None:
    """Raises NotFound, NotAllowed, ProcessArchived."""
    _require_filing(tx.actor)
    link = await links.folder_link(tx, link_id)
    if link is None:
        raise NotFound()
    if link.process is not None:
        seen = await guards.locked_process(tx, await _process_at(tx, link.process))
        _require_live(seen.process)
        saved = await guards.save_process(tx, seen.process, replace(seen.process, folder=None))
        tx.record(happened("process.unlinked", saved.id, process=saved.seq, folder=link.folder_id))
    elif link.task is not None:
        task_id = await guards.task_id_at(tx, link.task)
        seen_task = await guards.locked_task(tx, task_id)
        _require_live(seen_task.process)
        await links.file_task(tx, None, seen_task.task.seq)
        tx.record(happened("task.unlinked", task_id, process=seen_task.task.process, folder=link.folder_id))


async def delete_folder(tx: WriteTx, folder_id: str) -> None:
    """Into the bin; its contents become unfiled, sub-folders move up (DEC-44). Raises NotFound, NotAllowed."""
    _require_filing(tx.actor)
    await folders.lock_tree(tx)
    folder = await folders.lock(tx, folder_id)
    if folder is None:
        raise NotFound()
    content = await bin_contents.of_folder(tx, folder)
    await links.remove_folder(tx, folder_id, folder.parent_id)
    await bin_items.keep(tx, "folder", folder_id, folder.name, content)
    tx.record(happened("folder.deleted", folder_id))
