"""What hangs on single tasks: the frozen step they were made from, their tags, and finding them by a form field."""

from collections.abc import Collection, Mapping
from functools import cache

from sqlalchemy import ColumnElement, FromClause, and_, bindparam, delete, or_, select

from procession.domain.processes import Process, State, Task
from procession.domain.templates import Template
from procession.storage.dialect import constant, is_in
from procession.storage.processes import task_rows
from procession.storage.query import Query
from procession.storage.sight import task_is_seen
from procession.storage.tables.content import tag_links
from procession.storage.tables.injections import injections
from procession.storage.tables.lists import task_access
from procession.storage.tables.processes import processes, tasks
from procession.storage.tables.templates import template_versions
from procession.storage.template_versions import version_document
from procession.storage.tx import ReadTx, WriteTx

MAX_CANDIDATES = 1000

_T, _P, _TL, _V, _I = tasks.c, processes.c, tag_links.c, template_versions.c, injections.c

_tags = Query(select(_TL.tag_id).where(_TL.org == bindparam("org"), _TL.task == bindparam("task")))
_untag = Query(
    delete(tag_links).where(
        _TL.org == bindparam("org_is"), _TL.task == bindparam("task_is"), is_in(_TL.tag_id, "tag_ids")
    )
)
_versions_with = Query(
    select(_V.template_id, _V.version).where(_V.org == bindparam("org"), _V.document.like(bindparam("pattern")))
)
_any_of_step = Query(
    select(_T.seq)
    .select_from(task_access.join(tasks, and_(_T.org == task_access.c.org, _T.seq == task_access.c.seq)))
    .where(
        task_access.c.org == bindparam("org"),
        is_in(task_access.c.principal, "principals"),
        _T.step_id == bindparam("step_id"),
    )
    .limit(constant(1))
)


async def has_task_of(tx: ReadTx, named: Collection[str], step_id: str) -> bool:
    """Whether anybody named so has a task that was made from this step."""
    return bool(await tx.tuples(_any_of_step, principals=sorted(named), step_id=step_id))


async def document_of(tx: ReadTx, process: Process | None, task: Task) -> Template | None:
    """The version that the task is part of: the one its process runs, or that was injected; None of one that stands
    alone.
    """
    if process is None:
        return None
    injection = process.injection_of(task)
    if injection is None:
        return await version_document(tx, process.template_id, process.template_version)
    return await version_document(tx, injection.template_id, injection.version)


async def documents_of(tx: ReadTx, process: Process) -> list[Template]:
    """The version that the process runs, then those that were injected into it, in their order."""
    own = await version_document(tx, process.template_id, process.template_version)
    return [own, *[await version_document(tx, each.template_id, each.version) for each in process.injections]]


async def tags_of(tx: ReadTx, task: Task) -> frozenset[str]:
    """The ids of the task's own tags."""
    return frozenset(row[0] for row in await tx.tuples(_tags, task=task.seq))


async def add_tags(tx: WriteTx, tags_of_tasks: Mapping[int, Collection[str]]) -> None:
    """Put tags on tasks; none of them is there yet."""
    pairs = [(seq, tag_id) for seq, tag_ids in tags_of_tasks.items() for tag_id in sorted(tag_ids)]
    if pairs:
        first = await tx.next_number("tag_link", len(pairs))
        rows = [
            {"id": first + n, "tag_id": tag_id, "task": seq, "created_at": tx.now}
            for n, (seq, tag_id) in enumerate(pairs)
        ]
        await tx.insert(tag_links, rows)


async def remove_tags(tx: WriteTx, seq: int, tag_ids: Collection[str]) -> None:
    if tag_ids:
        await tx.run(_untag, org_is=tx.org, task_is=seq, tag_ids=sorted(tag_ids))


async def open_with_field(tx: ReadTx, field_id: str, named: Collection[str]) -> list[Task]:
    """Open tasks the caller sees whose form has this field, as far as anybody needs to know.

    Statements over one-off tasks with forms of their own, and over the processes of each version that has the field.
    """
    pattern = f'%"id":"{field_id}"%'
    values = {"pattern": pattern, "principals": sorted(named), "me": tx.actor.id}
    seen = "all" if tx.actor.is_admin else "own" if tx.actor.kind != "member" else "light" if tx.actor.is_light else ""
    found = [task_rows.read(row) for row in await tx.tuples(_with_own_field(seen), **values)]
    for template_id, version in await tx.tuples(_versions_with, pattern=pattern):
        document = await version_document(tx, template_id, version)
        step = document.step_with(field_id)
        if step is not None:
            place = {"template_id": template_id, "version": version, "step_id": step.id}
            for made in (_of_step(seen), _of_injected_step(seen)):
                found += [task_rows.read(row) for row in await tx.tuples(made, **values, **place)]
    return found


@cache
def _with_own_field(seen: str) -> Query:
    with_process = tasks.outerjoin(processes, and_(_P.org == _T.org, _P.seq == _T.process))
    has_field = and_(_T.fields.is_not(None), _T.fields.like(bindparam("pattern")))
    is_current = or_(_T.process.is_(None), _P.state != constant(State.ARCHIVED))
    return _open(seen, with_process, _T.org == bindparam("org"), has_field, is_current)


@cache
def _of_step(seen: str) -> Query:
    """Of the processes that run the version."""
    runs_it = and_(
        _P.org == bindparam("org"),
        _P.template_id == bindparam("template_id"),
        _P.template_version == bindparam("version"),
    )
    return _open(seen, _processes_and_tasks, runs_it, *_is_of_step)


@cache
def _of_injected_step(seen: str) -> Query:
    """Of the processes that the version's steps joined while they ran."""
    was_injected = and_(
        _I.org == bindparam("org"),
        _I.template_id == bindparam("template_id"),
        _I.version == bindparam("version"),
    )
    with_injections = _processes_and_tasks.join(injections, and_(_I.org == _P.org, _I.process == _P.seq))
    return _open(seen, with_injections, was_injected, *_is_of_step)


_processes_and_tasks = processes.join(tasks, and_(_T.org == _P.org, _T.process == _P.seq))
_is_of_step = (_P.state != constant(State.ARCHIVED), _T.step_id == bindparam("step_id"), _T.fields.is_(None))


def _open(seen: str, source: FromClause, *conditions: ColumnElement[bool]) -> Query:
    query = (
        select(*task_rows.columns)
        .select_from(source)
        .where(
            *conditions,
            or_(_T.status == "not-started", _T.status == "in-progress"),
            _T.archived_at.is_(None),
        )
        .limit(constant(MAX_CANDIDATES))
    )
    if seen == "own":
        mine = select(task_access.c.seq).where(
            task_access.c.org == bindparam("org"), is_in(task_access.c.principal, "principals")
        )
        query = query.where(_T.seq.in_(mine))
    elif seen != "all":
        query = query.where(task_is_seen(light=seen == "light"))
    return Query(query)
