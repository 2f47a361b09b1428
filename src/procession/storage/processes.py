"""Processes with their tasks: loaded under a lock, saved as the difference, together with all that lists read."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import ColumnElement, Select, and_, bindparam, select

from procession.domain.answers import is_same
from procession.domain.bin_items import LeftOut
from procession.domain.files import Uses, uses_of
from procession.domain.listing import NOT_INDEXED, index_of, principals_of, task_keys
from procession.domain.permissions import NOBODY
from procession.domain.processes import Process, Task
from procession.domain.run_document import run_document
from procession.domain.stages import Stage
from procession.domain.tasks import is_unchanged
from procession.domain.timers import closing_time, closing_times
from procession.storage import files, injections, kept_rows, process_values, timers, touching
from procession.storage.connection import Row
from procession.storage.dialect import is_in
from procession.storage.kept_rows import Kept
from procession.storage.process_index import save_index, save_task_keys, task_keys_of
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.search import index_name
from procession.storage.tables import content, lists
from procession.storage.tables.processes import process_stages, process_stars, processes, tasks
from procession.storage.tx import ReadTx, WriteTx

process_rows = Mapper(Process, processes)
task_rows = Mapper(Task, tasks)

_P, _T = processes.c, tasks.c


def _one(condition: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    return select(*process_rows.columns).where(_P.org == bindparam("org"), condition)


_by_id = Query(_one(_P.id == bindparam("id")))
_by_seq = Query(_one(_P.seq == bindparam("seq")))
_lock_by_id = Query(_one(_P.id == bindparam("id")).with_for_update())
_lock_by_seq = Query(_one(_P.seq == bindparam("seq")).with_for_update())
_lock_many = Query(
    select(_P.seq).where(_P.org == bindparam("org"), is_in(_P.seq, "seqs")).order_by(_P.seq).with_for_update()
)
_seq_of = Query(select(_P.seq).where(_P.org == bindparam("org"), _P.id == bindparam("id")))
_parent_of = Query(select(_P.parent_id).where(_P.org == bindparam("org"), _P.id == bindparam("id")))
_id_of = Query(select(_P.id).where(_P.org == bindparam("org"), _P.seq == bindparam("seq")))
_task_id_of = Query(select(_T.id).where(_T.org == bindparam("org"), _T.seq == bindparam("seq")))
_tasks_of = Query(
    select(*task_rows.columns)
    .where(_T.org == bindparam("org"), _T.process == bindparam("process"))
    .order_by(_T.position, _T.seq)
)
_task_by_id = Query(select(*task_rows.columns).where(_T.org == bindparam("org"), _T.id == bindparam("id")))
_lock_task = Query(
    select(*task_rows.columns).where(_T.org == bindparam("org"), _T.id == bindparam("id")).with_for_update()
)
_place_of_task = Query(select(_T.seq, _T.process).where(_T.org == bindparam("org"), _T.id == bindparam("id")))
_assigned_to = Query(
    select(_T.id, _T.process)
    .select_from(
        lists.task_access.join(tasks, and_(_T.org == lists.task_access.c.org, _T.seq == lists.task_access.c.seq))
    )
    .where(lists.task_access.c.org == bindparam("org"), lists.task_access.c.principal == bindparam("principal"))
    .order_by(_T.seq)
)
_tags_of = Query(
    select(content.tag_links.c.tag_id).where(
        content.tag_links.c.org == bindparam("org"), content.tag_links.c.process == bindparam("process")
    )
)
_folder_of = Query(
    select(content.folder_links.c.folder_id).where(
        content.folder_links.c.org == bindparam("org"), content.folder_links.c.process == bindparam("process")
    )
)
_stars_of = Query(
    select(process_stars.c.account).where(
        process_stars.c.org == bindparam("org"), process_stars.c.process == bindparam("process")
    )
)
_stages_of = Query(
    select(process_stages.c.stages).where(
        process_stages.c.org == bindparam("org"), process_stages.c.process == bindparam("process")
    )
)
_own_stages = Query(
    select(process_stages.c.process, process_stages.c.stages).where(
        process_stages.c.org == bindparam("org"), is_in(process_stages.c.process, "processes")
    )
)
_RELATIONS = (_tags_of, _folder_of, _stars_of, _stages_of, injections.of_one)
_stages = msgspec.json.Decoder(tuple[Stage, ...])


async def find(tx: ReadTx, process_id: str) -> Process | None:
    """The process with its tasks, tags, folder, stars and injections, without a lock: for reading."""
    return await _load(tx, _by_id, id=process_id)


async def at(tx: ReadTx, seq: int) -> Process | None:
    return await _load(tx, _by_seq, seq=seq)


async def lock(tx: WriteTx, process_id: str) -> Process | None:
    """The process, locked until the commit: whoever changes it or its tasks takes this first."""
    return await _load(tx, _lock_by_id, id=process_id)


async def lock_at(tx: WriteTx, seq: int) -> Process | None:
    return await _load(tx, _lock_by_seq, seq=seq)


async def lock_many(tx: WriteTx, seqs: Iterable[int]) -> None:
    """Lock several, in the order of their numbers, which is the order everybody locks several in."""
    wanted = sorted(set(seqs))
    if wanted:
        await tx.tuples(_lock_many, seqs=wanted)


async def seq_of(tx: ReadTx, process_id: str) -> int | None:
    return await tx.value(_seq_of, id=process_id)


async def parent_of(tx: ReadTx, process_id: str) -> str | None:
    """The id of the process this one was launched under."""
    return await tx.value(_parent_of, id=process_id)


async def id_at(tx: ReadTx, seq: int) -> str | None:
    return await tx.value(_id_of, seq=seq)


async def task_id_at(tx: ReadTx, seq: int) -> str | None:
    return await tx.value(_task_id_of, seq=seq)


async def tasks_assigned_to(tx: ReadTx, principal: str) -> list[tuple[str, int | None]]:
    """(task id, number of its process) of every task that names this principal directly."""
    return [(row[0], row[1]) for row in await tx.tuples(_assigned_to, principal=principal)]


async def place_of_task(tx: ReadTx, task_id: str) -> tuple[int, int | None] | None:
    """(number of the task, number of its process or None for a stand-alone one)."""
    rows = await tx.tuples(_place_of_task, id=task_id)
    return rows[0] if rows else None


async def find_task(tx: ReadTx, task_id: str) -> Task | None:
    rows = await tx.tuples(_task_by_id, id=task_id)
    return task_rows.read(rows[0]) if rows else None


async def lock_task(tx: WriteTx, task_id: str) -> Task | None:
    """A stand-alone task, locked. Tasks of a process are locked with their process."""
    rows = await tx.tuples(_lock_task, id=task_id)
    return task_rows.read(rows[0]) if rows else None


async def _load(tx: ReadTx, query: Query, **values: object) -> Process | None:
    rows = await tx.tuples(query, **values)
    if not rows:
        return None
    bare = process_rows.read(rows[0])
    whose = {"process": bare.seq}
    found, *relations = await tx.at_once((_tasks_of, whose), *((query, whose) for query in _RELATIONS))
    bare = msgspec.structs.replace(bare, tasks=tuple(task_rows.read(row) for row in found))
    return _related(bare, *relations)


async def _with_relations(tx: ReadTx, bare: Process) -> Process:
    return _related(bare, *await tx.at_once(*((query, {"process": bare.seq}) for query in _RELATIONS)))


def _related(
    bare: Process, tags: list[Row], folders: list[Row], stars: list[Row], stages: list[Row], injected: list[Row]
) -> Process:
    return msgspec.structs.replace(
        bare,
        tags=frozenset(row[0] for row in tags),
        folder=folders[0][0] if folders else None,
        starred_by=frozenset(row[0] for row in stars),
        stages=_stages.decode(stages[0][0]) if stages else None,
        injections=tuple(injections.read(row) for row in injected),
    )


async def own_stages(tx: ReadTx, seqs: list[int]) -> dict[int, tuple[Stage, ...]]:
    """The milestones of those processes that have their own; one statement."""
    return {seq: _stages.decode(found) for seq, found in await tx.tuples(_own_stages, processes=seqs)}


async def add(tx: WriteTx, process: Process) -> None:
    """Enter a settled process with its tasks, tags, folder and stars."""
    await tx.insert(processes, [_row(process)])
    await tx.insert(tasks, [task_rows.write(task) for task in process.tasks])
    await _save_relations(tx, None, process)
    await files.follow(tx, {}, uses_of(process, process.tasks, tx.organization_id))
    await _enter(tx, process)


async def put_back(tx: WriteTx, process: Process, kept: Kept) -> tuple[Process, set[LeftOut]]:
    """Enter a settled process again that was removed, with the rows that hung on it, its injections among them; returns
    it with those of its tags and the folder that are still there, and what else they named that is not.
    """
    await tx.insert(processes, [_row(process)])
    await tx.insert(tasks, [task_rows.write(task) for task in process.tasks])
    bare = msgspec.structs.replace(process, tags=frozenset(), folder=None, injections=())
    await _save_relations(tx, None, bare)
    left = await kept_rows.put_back(tx, kept)
    back = await _with_relations(tx, bare)
    await _enter(tx, back)
    return back, left


async def _enter(tx: WriteTx, process: Process) -> None:
    """What lists, counters, search, timers and copies know of a process whose rows are there."""
    tx.touch(*touching.of_process(None, process))
    await _save_search(tx, None, process)
    await save_index(tx, process.seq, NOT_INDEXED, index_of(process))
    await process_values.follow(tx, None, process)
    await save_task_keys(tx, task_keys_of(()), task_keys_of([process]))
    await timers.follow(tx, "close_task", {}, closing_times(process))
    if process.awaits_archiving:
        since = tx.now if process.completed_at is None else process.completed_at
        await tx.insert(lists.finished_processes, [{"seq": process.seq, "since": since}])


async def save(tx: WriteTx, before: Process, after: Process, *, listed: Process | None = None) -> None:
    """Write what differs between the locked process and its settled successor. `listed` is what side tables hold of it
    where that is not what follows from `before`.
    """
    tx.touch(*touching.of_process(before, after), *([] if listed is None else [touching.of_listed(listed, after)]))
    if process_rows.write(before) != process_rows.write(after):
        await tx.update(processes, [_row(after)])
    loose = await files.on_tasks(tx, {task.seq for task in before.tasks} - {task.seq for task in after.tasks})
    await _save_tasks(tx, before.tasks, after.tasks)
    await files.follow(tx, *_uses(tx, before, after))
    await files.release(tx, loose)
    await _save_relations(tx, before, after)
    await _save_search(tx, before, after)
    await save_index(tx, after.seq, index_of(listed or before), index_of(after))
    await process_values.follow(tx, listed or before, after)
    await save_task_keys(tx, task_keys_of([before]), task_keys_of([after]))
    await timers.follow(tx, "close_task", closing_times(before), closing_times(after))
    await _save_finished(tx, before, after)


def _row(process: Process) -> dict[str, object]:
    return {**process_rows.write(process), "document": run_document(process)}


async def remove(tx: WriteTx, process: Process) -> None:
    """Erase the process with everything on it."""
    tx.touch(*touching.of_process(process, None))
    await save_index(tx, process.seq, index_of(process), NOT_INDEXED)
    await process_values.follow(tx, process, None)
    await save_task_keys(tx, task_keys_of([process]), task_keys_of(()))
    await _save_search(tx, process, None)
    await timers.follow(tx, "close_task", closing_times(process), {})
    await timers.remove(tx, "rule_clock", [process.seq])
    await tx.delete(lists.finished_processes, [{"seq": process.seq}])
    await tx.delete(processes, [{"seq": process.seq}])


async def add_task(tx: WriteTx, task: Task) -> None:
    """Enter a stand-alone task. Tasks of a process are saved with it."""
    tx.touch(touching.of_task(None, task))
    await tx.insert(tasks, [task_rows.write(task)])
    await save_task_keys(tx, {}, {task.seq: task_keys(task, process_is_archived=False)})
    await timers.follow(tx, "close_task", {}, _closing(task))


async def save_task(tx: WriteTx, before: Task, after: Task) -> None:
    """Write a changed stand-alone task."""
    tx.touch(touching.of_task(before, after))
    await _save_tasks(tx, [before], [after])
    if not is_same(before.taskdata, after.taskdata):
        org = tx.organization_id
        await files.follow(tx, uses_of(None, [before], org), uses_of(None, [after], org))
    await save_task_keys(
        tx,
        {before.seq: task_keys(before, process_is_archived=False)},
        {after.seq: task_keys(after, process_is_archived=False)},
    )
    await timers.follow(tx, "close_task", _closing(before), _closing(after))


async def place_task(tx: WriteTx, before: Task, after: Task, holder: Process) -> None:
    """Let an open one-off task stand alone that was in this process, or the other way round, with all that hangs on it;
    the process is saved with it or without it next.

    What lists and timers know of the task stays: it is open, and so is the process.
    """
    seers = principals_of(holder)
    old, new = (NOBODY, seers) if before.process is None else (seers, NOBODY)
    tx.touch(touching.of_task(before, after, old=old, new=new))
    await tx.update(tasks, [task_rows.write(after)])


async def remove_task(tx: WriteTx, task: Task) -> None:
    """Erase a stand-alone task with everything on it."""
    tx.touch(touching.of_task(task, None))
    await save_task_keys(tx, {task.seq: task_keys(task, process_is_archived=False)}, {})
    await timers.follow(tx, "close_task", _closing(task), {})
    await tx.delete(tasks, [{"seq": task.seq}])


def _uses(tx: WriteTx, before: Process, after: Process) -> tuple[Uses, Uses]:
    """Which files the parts that differ refer to, before and after."""
    former, now = ({task.seq: task for task in each.tasks} for each in (before, after))
    same = {seq for seq, task in former.items() if seq in now and is_same(now[seq].taskdata, task.taskdata)}
    has_new_form = not is_same(before.prerun, after.prerun)

    def uses(process: Process) -> Uses:
        changed = [task for task in process.tasks if task.seq not in same]
        return uses_of(process if has_new_form else None, changed, tx.organization_id)

    return uses(before), uses(after)


def _closing(alone: Task) -> dict[int, int]:
    at = closing_time(alone, None)
    return {} if at is None else {alone.seq: at}


async def _save_finished(tx: WriteTx, before: Process, after: Process) -> None:
    """Since when the process waits to be archived: now, if it became complete or was restored or resumed. Spec: Y3."""
    if before.awaits_archiving and not after.awaits_archiving:
        await tx.delete(lists.finished_processes, [{"seq": after.seq}])
    if after.awaits_archiving and not before.awaits_archiving:
        await tx.insert(lists.finished_processes, [{"seq": after.seq, "since": tx.now}])


async def _save_tasks(tx: WriteTx, before: Iterable[Task], after: Iterable[Task]) -> None:
    old = {task.seq: task for task in before}
    new = {task.seq: task for task in after}
    changed = [task for seq, task in new.items() if seq in old and not is_unchanged(task, old[seq])]
    await tx.update(tasks, [task_rows.write(task) for task in changed])
    await tx.insert(tasks, [task_rows.write(task) for seq, task in new.items() if seq not in old])
    await tx.delete(tasks, [{"seq": seq} for seq in old if seq not in new])


_unlink_tag = Query(
    content.tag_links.delete().where(
        and_(
            content.tag_links.c.org == bindparam("org"),
            content.tag_links.c.process == bindparam("process"),
            content.tag_links.c.tag_id == bindparam("tag_id"),
        )
    )
)
_unlink_folder = Query(
    content.folder_links.delete().where(
        content.folder_links.c.org == bindparam("org"), content.folder_links.c.process == bindparam("process")
    )
)


async def _save_relations(tx: WriteTx, before: Process | None, after: Process) -> None:
    seq = after.seq
    old_tags = before.tags if before else frozenset[str]()
    added = sorted(after.tags - old_tags)
    if added:
        first = await tx.next_number("tag_link", len(added))
        await tx.insert(
            content.tag_links,
            [{"id": first + n, "tag_id": each, "process": seq, "created_at": tx.now} for n, each in enumerate(added)],
        )
    for each in sorted(old_tags - after.tags):
        await tx.run(_unlink_tag, process=seq, tag_id=each)
    if after.folder != (before.folder if before else None):
        if before is not None and before.folder is not None:
            await tx.run(_unlink_folder, process=seq)
        if after.folder is not None:
            link = await tx.next_number("folder_link")
            row = {"id": link, "folder_id": after.folder, "process": seq, "created_at": tx.now}
            await tx.insert(content.folder_links, [row])
    await _save_stages(tx, seq, None if before is None else before.stages, after.stages)
    old_stars = before.starred_by if before else frozenset[int]()
    stars = [{"process": seq, "account": each} for each in sorted(after.starred_by - old_stars)]
    await tx.insert(process_stars, stars)
    await tx.delete(process_stars, [{"process": seq, "account": each} for each in sorted(old_stars - after.starred_by)])
    await injections.save(tx, seq, before.injections if before else (), after.injections)


async def _save_stages(
    tx: WriteTx, seq: int, before: tuple[Stage, ...] | None, after: tuple[Stage, ...] | None
) -> None:
    if before == after:
        return
    if before is not None:
        await tx.delete(process_stages, [{"process": seq}])
    if after is not None:
        await tx.insert(process_stages, [{"process": seq, "stages": msgspec.json.encode(after).decode()}])


async def _save_search(tx: WriteTx, before: Process | None, after: Process | None) -> None:
    if tx.connection.dialect != "sqlite":  # PostgreSQL indexes the column itself
        return
    old = before.folded_name if before else None
    new = after.folded_name if after else None
    if old != new:
        seq = (after or before).seq  # pyright: ignore[reportOptionalMemberAccess]  # one of the two is given
        await index_name(tx, seq, old, new)
