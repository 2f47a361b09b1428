"""Uploaded files: downloaded, taken away from what refers to them, and erased. Spec: api-tasks 15.2, 15.4."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from procession.adapters.files import FileKey, FileStore
from procession.domain import tasks as rules
from procession.domain.actors import BOT
from procession.domain.errors import NotAllowed, NotFound, WrongState
from procession.domain.file_references import file_named_by
from procession.domain.files import File, told
from procession.domain.loose import as_list, as_object
from procession.domain.permissions import may_work_on_task, require
from procession.domain.threads import may_change
from procession.storage import files, processes, threads, timers
from procession.storage.database import Database
from procession.storage.files import Use
from procession.storage.tx import WriteTx, writing
from procession.usecases import file_access, guards, photos, tasks, template_access, thread_places
from procession.usecases.processes import Changes, may_edit_run, update_process
from procession.usecases.reactions import Means

LOGO = "The logo is a setting of the organization: put another in its place, or remove it there."
OTHERS = "Something else refers to this file by now. Look at it again before you delete it."
IN_BIN = "This file belongs to something in the bin. Erase that, or wait until it is erased by itself."
SCHEDULED = "A planned launch hands this file on. Take it out of the plan first."
DELETE = "delete this file"


async def note_download(tx: WriteTx, file: File) -> None:
    """Spec: api-tasks F4."""
    tx.record(told("downloaded", file, await _process_of(tx, file)))


async def archive(tx: WriteTx, file_id: str) -> File:
    """Out of lists, and not for new answers; what refers to it keeps it. Raises NotFound, NotAllowed. Spec: F6."""
    file = await file_access.readable(tx, file_id)
    await _require_may_change(tx, file)
    locked = await files.lock(tx, file.no)
    if locked is None or locked.state != "stored":
        raise NotFound
    if locked.archived_at is not None:
        return locked
    archived = replace(locked, archived_at=tx.now)
    await files.save(tx, archived)
    tx.record(told("archived", file, await _process_of(tx, file)))
    return archived


async def delete(tx: WriteTx, file_id: str, means: Means) -> None:
    """Take the file out of every answer that names it, and erase it.

    Raises NotFound, NotAllowed, WrongState, ProcessArchived, ProcessLocked; then it is as it was. Spec: F5, F8.
    """
    file = await file_access.readable(tx, file_id)
    if file.subject_type == "Organization":
        raise WrongState(LOGO)
    if file.subject_type == "User":
        await _delete_photo(tx, file)
        return
    uses = await files.uses(tx, file.no)
    if not uses:
        await _require_may_change(tx, file)
    process = await _process_of(tx, file)
    await processes.lock_many(tx, await _processes_of(tx, uses))
    for use in uses:
        await _take_out(tx, file, use, means)
    if not await files.erase_unused(tx, [file.no]):
        raise WrongState(OTHERS)
    tx.record(told("deleted", file, process))


async def _delete_photo(tx: WriteTx, file: File) -> None:
    await _require_may_change(tx, file)
    await photos.take_down(tx, int(file.subject_id))
    tx.record(told("deleted", file, None))


async def _process_of(tx: WriteTx, file: File) -> int | None:
    return await processes.seq_of(tx, file.subject_id) if file.subject_type == "Run" else None


async def _require_may_change(tx: WriteTx, file: File) -> None:
    """Whoever uploaded it, administrators, and those who may write to its subject. Raises NotAllowed."""
    if tx.actor.is_admin or file_access.is_own(tx, file):
        return
    allowed = False
    with suppress(NotFound, NotAllowed):
        match file.subject_type:
            case "Run" if file.task_id is None:
                allowed = await may_edit_run(tx, await guards.readable_process(tx, file.subject_id))
            case "Run" | "Task":
                seen = await guards.readable_task(tx, file.task_id or file.subject_id)
                allowed = may_work_on_task(tx.actor, seen.named, seen.task)
            case "Checklist":
                allowed = (await template_access.readable(tx, file.subject_id)).may_edit
            case "User":
                allowed = file.subject_id == str(tx.actor.id)
            case "Organization":
                pass
    require(allowed, to="change this file")


async def _processes_of(tx: WriteTx, uses: list[Use]) -> list[int]:
    comments = [await threads.at(tx, use.thread) for use in uses if use.thread is not None]
    places = [(use.process, use.task) for use in uses] + [(each.process, each.task) for each in comments if each]
    found = [process for process, _ in places if process is not None]
    for task in [task for _, task in places if task is not None]:
        place = await processes.place_of_task(tx, await guards.task_id_at(tx, task))
        found += [place[1]] if place is not None and place[1] is not None else []
    return found


async def _take_out(tx: WriteTx, file: File, use: Use, means: Means) -> None:
    if use.task is not None:
        await _out_of_task(tx, file, use, means)
    elif use.thread is not None:
        await _out_of_comment(tx, file, use)
    elif use.process is not None:
        await _out_of_process(tx, file, use, means)
    elif use.template_id is not None:
        await template_access.editable(tx, use.template_id)
        await files.let_go(tx, file.no, use.holder)
    else:
        raise WrongState(IN_BIN if use.bin_item is not None else SCHEDULED)


async def _out_of_task(tx: WriteTx, file: File, use: Use, means: Means) -> None:
    assert use.task is not None
    seen = await guards.locked_task(tx, await guards.task_id_at(tx, use.task))
    require(may_work_on_task(tx.actor, seen.named, seen.task), to=DELETE)
    guards.require_changeable(seen.process)
    rules.require_editable(seen.task)
    if not file.is_answer:
        await files.let_go(tx, file.no, use.holder)
    else:
        await tasks.answer_task(tx, seen, _without(seen.task.taskdata, file, tx.organization_id), means)


async def _out_of_comment(tx: WriteTx, file: File, use: Use) -> None:
    """By whoever uploaded it or may change the comment, as long as that can be. Spec: behaviour-work M9."""
    assert use.thread is not None
    thread = await threads.at(tx, use.thread)
    if thread is None:
        raise NotFound
    require(file_access.is_own(tx, file) or may_change(tx.actor, thread), to=DELETE)
    if thread.task is not None:
        thread_places.require_open(await guards.locked_task(tx, await guards.task_id_at(tx, thread.task)))
    elif thread.process is not None:
        await thread_places.on_process(tx, await processes.id_at(tx, thread.process) or "")
    else:
        await thread_places.on_template(tx, thread.template_id or "")
    await files.let_go(tx, file.no, use.holder)


async def _out_of_process(tx: WriteTx, file: File, use: Use, means: Means) -> None:
    assert use.process is not None
    seen = await guards.locked_process(tx, await processes.id_at(tx, use.process) or "")
    require(await may_edit_run(tx, seen), to=DELETE)
    guards.require_changeable(seen.process)
    if not file.is_answer:
        await files.let_go(tx, file.no, use.holder)
    else:
        left = _without(seen.process.prerun, file, tx.organization_id)
        await update_process(tx, seen.process.id, Changes(prerun=left), means)


def _without(answers: dict[str, Any], file: File, organization_id: str) -> dict[str, object]:
    """The answers that name the file, as they are without it."""
    changed: dict[str, object] = {}
    for field, value in answers.items():
        entries = as_list(value) or []
        kept = [each for each in entries if file_named_by(as_object(each) or {}, organization_id) != file.id]
        if len(kept) < len(entries):
            changed[field] = kept
    return changed


async def erase_if_unused(tx: WriteTx, no: int) -> None:
    """Nothing has referred to it for a while. Spec: api-tasks 15.4."""
    due = await timers.due_at(tx, "unused_file", no)
    if due is not None and due <= tx.now and not await files.erase_unused(tx, [no]):
        await timers.remove(tx, "unused_file", [no])


async def discard(
    database: Database, org: int, organization_id: str, no: int, clock: Callable[[], int], store: FileStore
) -> None:
    """An upload came to nothing: leave nothing of it, now rather than when its timer is due."""

    async def give_up(tx: WriteTx) -> bool:
        file = await files.lock(tx, no)
        if file is None or file.state != "pending":
            return False
        await files.erase(tx, no)
        return True

    if await writing(database, org, organization_id, BOT, clock(), give_up):
        await erase_bytes(database, org, organization_id, no, clock, store)


async def erase_bytes(
    database: Database, org: int, organization_id: str, no: int, clock: Callable[[], int], store: FileStore
) -> None:
    """Remove the bytes of a file that was erased, or whose upload came to nothing; then nothing is left of it."""

    async def seal(tx: WriteTx) -> str | None:
        """Nobody keeps it from now on."""
        file = await files.lock(tx, no)
        due = await timers.due_at(tx, "erase_file", no)
        if file is None or due is None:
            await timers.remove(tx, "erase_file", [no])
        elif due <= tx.now and file.state != "stored":
            await files.save(tx, replace(file, state="erased"))
            return file.id
        return None

    file_id = await writing(database, org, organization_id, BOT, clock(), seal)
    if file_id is not None:
        await store.remove(FileKey(organization_id, file_id))
        await writing(database, org, organization_id, BOT, clock(), lambda tx: files.forget(tx, no))
