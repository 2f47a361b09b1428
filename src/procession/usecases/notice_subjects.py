"""Loading what an operation was about, as it is when people are told of it."""

from collections.abc import Sequence

from procession.domain.loose import as_int
from procession.domain.notices.notice import Things, things
from procession.domain.notices.operations import Operation
from procession.domain.processes import Process, Task
from procession.domain.threads import Thread
from procession.domain.watchers import Watcher
from procession.storage import hearers, processes, template_grants, templates, threads, watchers
from procession.storage.tx import ReadTx

# What nobody but watchers hears of: the processes are not loaded for anybody else.
TOLD_TO_WATCHERS = frozenset({"process.archived", "process.restored"})
# Templates whose change somebody but their watchers hears of.
TOLD_OF_TEMPLATES = ("template.made_public", "template.kickoff_made_public", "template.permissions_changed")


async def load(tx: ReadTx, operation: Operation) -> Things:
    """Whatever is gone is left out."""
    threads_there = await _threads(tx, operation)
    watching = await _watchers(tx, operation, threads_there)
    watched_processes = {each.process for each in watching}
    of_processes = {
        each.process
        for each in operation.read
        if each.process and (each.event.kind not in TOLD_TO_WATCHERS or each.process in watched_processes)
    }
    known = {seq: process for seq in of_processes if (process := await processes.at(tx, seq)) is not None}
    alone = await _alone(tx, operation, known)
    watched = {each.template_id for each in watching if each.template_id is not None}
    changed = {each.template_id for each in operation.read if each.template_id is not None}
    template_ids = (changed & watched) | {each.event.subject_id for each in operation.of_kind(*TOLD_OF_TEMPLATES)}
    template_ids |= {each.template_id for each in threads_there if each.template_id}
    are_public = any(operation.of_kind("template.made_public", "template.kickoff_made_public"))
    return things(
        [known[seq] for seq in sorted(known)],
        alone,
        threads=threads_there,
        templates=await templates.many(tx, sorted(template_ids)) if template_ids else (),
        grants=await template_grants.lists_of(tx, sorted(template_ids)) if template_ids else {},
        admins=await hearers.admins(tx) if are_public else (),
        watchers=watching,
    )


async def _watchers(tx: ReadTx, operation: Operation, commented: Sequence[Thread]) -> list[Watcher]:
    """Whoever may be told because they watch: things, who did it, what was launched from which template."""
    ids = {each.event.subject_id for each in operation.read if each.event.subject_kind == "task"}
    ids |= {each.template_id for each in operation.read if each.template_id is not None}
    ids |= {str(each.event.payload.get("template")) for each in operation.of_kind("process.launched")}
    ids |= {each.template_id for each in commented if each.template_id is not None}
    ids |= {each.by.removeprefix("m:") for each in operation.read if each.by.startswith("m:")}
    return await watchers.told_by_mail(tx, {each.process for each in operation.read if each.process}, ids)


async def _threads(tx: ReadTx, operation: Operation) -> list[Thread]:
    """The comments, and those that resolved them."""
    wanted: dict[str, None] = {}
    for each in operation.of_kind("thread.added", "thread.changed", "thread.resolved"):
        wanted[each.event.subject_id] = None
        if each.event.payload.get("resolve_id"):
            wanted[str(each.event.payload["resolve_id"])] = None
    return [found for each in wanted if (found := await threads.find(tx, each)) is not None]


async def _alone(tx: ReadTx, operation: Operation, known: dict[int, Process]) -> list[Task]:
    """Tasks that stood alone; the processes of those that do not any more join the known ones."""
    wanted = {
        each.event.subject_id for each in operation.read if each.event.subject_kind == "task" and not each.process
    }
    for each in operation.of_kind("thread.added", "thread.changed", "thread.resolved"):
        number = as_int(each.event.payload.get("task"))
        task_id = None if number is None or each.process else await processes.task_id_at(tx, number)
        wanted |= set() if task_id is None else {task_id}
    found: list[Task] = []
    for task_id in sorted(wanted):
        place = await processes.place_of_task(tx, task_id)
        task = None if place is None else await processes.find_task(tx, task_id)
        if task is None:
            continue
        if task.process is None:
            found.append(task)
        elif task.process not in known:
            process = await processes.at(tx, task.process)
            known |= {} if process is None else {task.process: process}
    return found
