"""What a page of tasks shows beside the tasks: their processes, tags, folders and the answers that texts quote.

Each kind is one statement, whatever the size of the page.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import and_, bindparam, select

from procession.domain.fields import Field
from procession.domain.processes import OPEN_STATUSES, State, Task
from procession.storage.dialect import is_in
from procession.storage.listing.rows import ListedProcess, row_columns
from procession.storage.processes import task_rows
from procession.storage.query import Query
from procession.storage.tables.content import folder_links, folders, tag_links, tags
from procession.storage.tables.processes import processes, tasks
from procession.storage.tx import ReadTx

_T, _P = tasks.c, processes.c
_answers = msgspec.json.Decoder(dict[str, Any])
_fields = msgspec.json.Decoder(tuple[Field, ...])


class ProcessFacts(msgspec.Struct, frozen=True):
    """What a task shows of its process. `prerun_json` are the answers of the kick-off form."""

    seq: int
    id: str
    template_id: str
    template_version: int
    template_title: str
    status: str
    state: int
    is_system: int
    starter: int
    open_issues: int
    hold: str | None
    created_at: int
    prerun_json: str

    @property
    def is_changeable(self) -> bool:
        return self.state != State.ARCHIVED and not self.open_issues and self.hold is None

    @property
    def shown_status(self) -> str:
        return "archived" if self.state == State.ARCHIVED else self.status

    @property
    def prerun(self) -> dict[str, Any]:
        return _answers.decode(self.prerun_json)


class Answered(msgspec.Struct, frozen=True):
    """The answers of one task, and the form they answer when it is the task's own."""

    process: int
    taskdata: str
    fields: str | None

    @property
    def answers(self) -> dict[str, Any]:
        return _answers.decode(self.taskdata)

    @property
    def own_fields(self) -> tuple[Field, ...]:
        return () if self.fields is None else _fields.decode(self.fields)


class TagOnTask(msgspec.Struct, frozen=True):
    task: int
    id: int
    tag_id: str
    title: str
    color: str | None
    type: str | None


class FolderOfTask(msgspec.Struct, frozen=True):
    task: int
    relation: int
    id: str
    name: str
    parent_id: str | None


_facts = Query(
    select(*[_P[name.removesuffix("_json")] for name in ProcessFacts.__struct_fields__]).where(
        _P.org == bindparam("org"), is_in(_P.seq, "seqs")
    )
)
_listed = Query(select(*row_columns()).where(_P.org == bindparam("org"), is_in(_P.seq, "seqs")))
_siblings = Query(
    select(_T.process, _T.taskdata, _T.fields)
    .where(_T.org == bindparam("org"), is_in(_T.process, "seqs"), _T.archived_at.is_(None))
    .order_by(_T.process, _T.position, _T.seq)
)
_blocking = Query(
    select(*task_rows.columns)
    .where(
        _T.org == bindparam("org"),
        is_in(_T.process, "seqs"),
        is_in(_T.step_id, "steps"),
        is_in(_T.status, "open"),
        _T.archived_at.is_(None),
    )
    .order_by(_T.position, _T.seq)
)
_tags = Query(
    select(tag_links.c.task, tag_links.c.id, tag_links.c.tag_id, tags.c.title, tags.c.color, tags.c.type)
    .select_from(tag_links.join(tags, and_(tags.c.org == tag_links.c.org, tags.c.id == tag_links.c.tag_id)))
    .where(tag_links.c.org == bindparam("org"), is_in(tag_links.c.task, "seqs"))
    .order_by(tag_links.c.task, tags.c.folded_title, tag_links.c.id)
)
_folders = Query(
    select(folder_links.c.task, folder_links.c.id, folders.c.id, folders.c.name, folders.c.parent_id)
    .select_from(
        folder_links.join(folders, and_(folders.c.org == folder_links.c.org, folders.c.id == folder_links.c.folder_id))
    )
    .where(folder_links.c.org == bindparam("org"), is_in(folder_links.c.task, "seqs"))
)


async def processes_at(tx: ReadTx, seqs: Iterable[int]) -> dict[int, ProcessFacts]:
    wanted = sorted(set(seqs))
    found = await tx.rows(ProcessFacts, _facts, seqs=wanted) if wanted else []
    return {row.seq: row for row in found}


async def listed_at(tx: ReadTx, seqs: Iterable[int]) -> dict[int, ListedProcess]:
    """Processes as their own list shows them; who may see them has been asked before."""
    wanted = sorted(set(seqs))
    rows = await tx.rows(ListedProcess, _listed, seqs=wanted, me=tx.actor.id) if wanted else []
    return {row.seq: row for row in rows}


async def answers_in(tx: ReadTx, seqs: Iterable[int]) -> dict[int, list[Answered]]:
    """The answers of all tasks of these processes, by process, in order of position."""
    found: dict[int, list[Answered]] = {seq: [] for seq in sorted(set(seqs))}
    if found:
        for row in await tx.rows(Answered, _siblings, seqs=list(found)):
            found[row.process].append(row)
    return found


async def blockers_of(tx: ReadTx, page: Iterable[Task]) -> dict[int, list[Task]]:
    """The tasks that locked ones of the page wait for, by the number of each, in order of position.

    No statement when nothing on the page is locked. Spec: behaviour-work 5.8a.
    """
    locked = [task for task in page if task.blocked_by and task.process is not None and task.is_open]
    if not locked:
        return {}
    seqs = sorted({task.process or 0 for task in locked})
    steps = sorted({step for task in locked for step in task.blocked_by or ()})
    found = [
        task_rows.read(row) for row in await tx.tuples(_blocking, seqs=seqs, steps=steps, open=list(OPEN_STATUSES))
    ]
    return {
        task.seq: [each for each in found if each.process == task.process and each.step_id in (task.blocked_by or ())]
        for task in locked
    }


async def tags_of(tx: ReadTx, seqs: Iterable[int]) -> dict[int, list[TagOnTask]]:
    """Tags by task, by title."""
    found: dict[int, list[TagOnTask]] = {seq: [] for seq in seqs}
    for row in await tx.rows(TagOnTask, _tags, seqs=list(found)) if found else []:
        found[row.task].append(row)
    return found


async def folders_of(tx: ReadTx, seqs: Iterable[int]) -> dict[int, list[FolderOfTask]]:
    found: dict[int, list[FolderOfTask]] = {seq: [] for seq in seqs}
    for row in await tx.rows(FolderOfTask, _folders, seqs=list(found)) if found else []:
        found[row.task].append(row)
    return found
