"""Related data of a page of processes: each kind in one statement, whatever the size of the page."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, bindparam, select

from procession.domain.processes import Owners, Task
from procession.storage.dialect import is_in
from procession.storage.processes import task_rows
from procession.storage.query import Query
from procession.storage.tables.content import folder_links, folders, tag_links, tags
from procession.storage.tables.processes import tasks
from procession.storage.tx import ReadTx

_owners = msgspec.json.Decoder(Owners)


def _visible_tasks(columns: Sequence[Column[Any]]) -> Query:
    """These columns of the visible tasks of a page's processes, by process and position."""
    return Query(
        select(*columns)
        .where(
            tasks.c.org == bindparam("org"),
            is_in(tasks.c.process, "processes"),
            tasks.c.archived_at.is_(None),
            tasks.c.status != "auto-skipped",
        )
        .order_by(tasks.c.process, tasks.c.position, tasks.c.seq)
    )


class TagLinkRow(msgspec.Struct, frozen=True):
    process: int
    id: int
    tag_id: str
    title: str
    color: str | None
    type: str | None


class FolderLinkRow(msgspec.Struct, frozen=True):
    process: int
    relation: int
    id: str
    name: str
    parent_id: str | None


class BriefTask(msgspec.Struct, frozen=True):
    """What progress, lateness and the next task are worked out from. Hidden and archived tasks are left out."""

    process: int
    seq: int
    id: str
    title: str
    alias: str | None
    status: str
    position: int
    stage_id: str | None
    deadline: int | None
    is_held: int
    top_secret: int
    open_problems: int
    owners_json: str

    @property
    def owners(self) -> Owners:
        return _owners.decode(self.owners_json)

    @property
    def is_open(self) -> bool:
        return self.status != "completed"


_tags = Query(
    select(tag_links.c.process, tag_links.c.id, tag_links.c.tag_id, tags.c.title, tags.c.color, tags.c.type)
    .select_from(tag_links.join(tags, (tags.c.org == tag_links.c.org) & (tags.c.id == tag_links.c.tag_id)))
    .where(tag_links.c.org == bindparam("org"), is_in(tag_links.c.process, "processes"))
    .order_by(tag_links.c.process, tags.c.folded_title, tag_links.c.id)
)
_folders = Query(
    select(folder_links.c.process, folder_links.c.id, folders.c.id, folders.c.name, folders.c.parent_id)
    .select_from(
        folder_links.join(folders, (folders.c.org == folder_links.c.org) & (folders.c.id == folder_links.c.folder_id))
    )
    .where(folder_links.c.org == bindparam("org"), is_in(folder_links.c.process, "processes"))
)
_brief_columns = [tasks.c[name.removesuffix("_json")] for name in BriefTask.__struct_fields__]
_brief_tasks = _visible_tasks(_brief_columns)


class FormTask(msgspec.Struct, frozen=True):
    """A visible task with its answers. `fields` is JSON of its own fields, None when they are its step's."""

    process: int
    seq: int
    id: str
    step_id: str | None
    taskdata: str
    fields: str | None
    top_secret: int
    owners_json: str

    @property
    def owners(self) -> Owners:
        return _owners.decode(self.owners_json)


_form_columns = [tasks.c[name.removesuffix("_json")] for name in FormTask.__struct_fields__]
_form_tasks = _visible_tasks(_form_columns)
_full_tasks = _visible_tasks(task_rows.columns)


async def form_tasks_of(tx: ReadTx, processes: list[int]) -> dict[int, list[FormTask]]:
    """Visible tasks with answers by process, by position."""
    found: dict[int, list[FormTask]] = {seq: [] for seq in processes}
    for row in await tx.rows(FormTask, _form_tasks, processes=processes):
        found[row.process].append(row)
    return found


async def tasks_of(tx: ReadTx, processes: list[int]) -> list[Task]:
    """Visible tasks of these processes, whole, by process and position."""
    return [task_rows.read(row) for row in await tx.tuples(_full_tasks, processes=processes)]


async def tags_of(tx: ReadTx, processes: list[int]) -> dict[int, list[TagLinkRow]]:
    """Tags by process, by title."""
    found: dict[int, list[TagLinkRow]] = {seq: [] for seq in processes}
    for row in await tx.rows(TagLinkRow, _tags, processes=processes):
        found[row.process].append(row)
    return found


async def folders_of(tx: ReadTx, processes: list[int]) -> dict[int, list[FolderLinkRow]]:
    found: dict[int, list[FolderLinkRow]] = {seq: [] for seq in processes}
    for row in await tx.rows(FolderLinkRow, _folders, processes=processes):
        found[row.process].append(row)
    return found


async def brief_tasks_of(tx: ReadTx, processes: list[int]) -> dict[int, list[BriefTask]]:
    """Visible tasks by process, by position."""
    found: dict[int, list[BriefTask]] = {seq: [] for seq in processes}
    for row in await tx.rows(BriefTask, _brief_tasks, processes=processes):
        found[row.process].append(row)
    return found
