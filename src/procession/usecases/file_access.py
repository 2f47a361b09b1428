"""Who may read an uploaded file: whoever sees something that refers to it. Spec: behaviour-work F5, api-tasks 15.4."""

from procession.domain.actors import Actor
from procession.domain.errors import NotAllowed, NotFound
from procession.domain.files import File
from procession.domain.permissions import may_see_process, may_see_task
from procession.domain.processes import Process, Task
from procession.domain.threads import Thread
from procession.domain.threads import may_read as may_read_thread
from procession.storage import access, bin_items, files, processes, schedules, template_comments, threads
from procession.storage import tasks as stored
from procession.storage.files import Use
from procession.storage.tx import ReadTx
from procession.usecases import template_access
from procession.usecases.template_access import Opened


async def readable(tx: ReadTx, file_id: str) -> File:
    """Raises NotFound."""
    file = await files.find(tx, file_id)
    if file is None or not await may_read(tx, file):
        raise NotFound
    return file


async def may_read(tx: ReadTx, file: File) -> bool:
    """As long as nothing refers to it, its subject decides, and whoever uploaded it."""
    if tx.actor.is_admin:
        return True
    uses = await files.uses(tx, file.no)
    if tx.actor.channel == "public_kickoff":
        return False
    if uses:
        for use in uses:
            if await _sees(tx, use):
                return True
        return False
    if is_own(tx, file):
        return True
    match file.subject_type:
        case "Run" if file.task_id is None:
            return await _sees_process(tx, await processes.find(tx, file.subject_id))
        case "Run" | "Task":
            return await _sees_task(tx, file.task_id or file.subject_id)
        case "Checklist":
            return await _reads_template(tx, file.subject_id)
        case "Organization" | "User":
            return tx.actor.kind == "member"


async def may_attach(tx: ReadTx, file: File) -> bool:
    """Whether answers of the caller may refer to it. Visitors of a public form name what they uploaded there."""
    if file.archived_at is not None or not file.is_answer or file.subject_type in ("Organization", "User"):
        return False
    if tx.actor.channel == "public_kickoff":
        return file.is_from_public_form and not await files.uses(tx, file.no)
    return await may_read(tx, file)


def require_guest(actor: Actor) -> None:
    """Members have addresses of their own for files. Raises NotFound. Spec: api-tasks F7."""
    if actor.kind != "guest":
        raise NotFound


def is_own(tx: ReadTx, file: File) -> bool:
    if tx.actor.kind == "guest":
        return file.uploader_guest is not None and file.uploader_guest == tx.actor.guest_email
    return tx.actor.kind == "member" and file.uploader == tx.actor.id


async def _sees(tx: ReadTx, use: Use) -> bool:
    if use.task is not None:
        return await _sees_task(tx, await processes.task_id_at(tx, use.task))
    if use.thread is not None:
        return await _sees_comment(tx, await threads.at(tx, use.thread))
    if use.process is not None:
        return await _sees_process(tx, await processes.at(tx, use.process))
    if use.template_id is not None:
        return await _reads_template(tx, use.template_id) or await _has_task(tx, use.step_id)
    kind, _, key = use.holder.partition(":")
    if kind in ("member", "organization"):  # photos, and the logo
        return tx.actor.kind in ("member", "guest")
    if tx.actor.kind != "member":
        return False
    if kind == "bin":
        item = await bin_items.find(tx, int(key))
        return item is not None and item.deleted_by == tx.actor.id
    if kind == "schedule":
        schedule = await schedules.find(tx, int(key))
        return schedule is not None and schedule.owner == tx.actor.id
    return False


async def _sees_process(tx: ReadTx, process: Process | None) -> bool:
    """Guests see their tasks of it, not its kick-off form. Spec: behaviour-people G1."""
    if process is None or tx.actor.kind != "member":
        return False
    return may_see_process(tx.actor, await access.principals_of_caller(tx), process)


async def _sees_task(tx: ReadTx, task_id: str | None) -> bool:
    return await _seen_task(tx, task_id) is not None


async def _seen_task(tx: ReadTx, task_id: str | None) -> Task | None:
    place = None if task_id is None else await processes.place_of_task(tx, task_id)
    task = None if task_id is None or place is None else await processes.find_task(tx, task_id)
    if task is None or (tx.actor.kind == "guest" and task.is_hidden):
        return None
    process = None if task.process is None else await processes.at(tx, task.process)
    return task if may_see_task(tx.actor, await access.principals_of_caller(tx), task, process) else None


async def _sees_comment(tx: ReadTx, thread: Thread | None) -> bool:
    """Whoever reads the comment; hidden ones on templates are for editors."""
    if thread is None:
        return False
    if thread.task is not None:
        task = await _seen_task(tx, await processes.task_id_at(tx, thread.task))
        return task is not None and may_read_thread(tx.actor, thread, task)
    if thread.process is not None:
        return await _sees_process(tx, await processes.at(tx, thread.process))
    opened = await _read_template(tx, thread.template_id or "")
    found = await template_comments.find(tx, thread.template_id or "", thread.id)
    return opened is not None and found is not None and (opened.may_edit or not found.mark.is_hidden)


async def _reads_template(tx: ReadTx, template_id: str) -> bool:
    return await _read_template(tx, template_id) is not None


async def _read_template(tx: ReadTx, template_id: str) -> Opened | None:
    if tx.actor.kind != "member":
        return None
    try:
        return await template_access.readable(tx, template_id)
    except (NotFound, NotAllowed):
        return None


async def _has_task(tx: ReadTx, step_id: str | None) -> bool:
    """Whether the caller has a task that shows what is put on this step."""
    return step_id is not None and await stored.has_task_of(tx, await access.principals_of_caller(tx), step_id)
