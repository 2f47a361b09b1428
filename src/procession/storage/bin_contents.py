"""What the bin keeps of each kind of thing, read while it is still there.

Processes, tasks and the like are kept as the program knows them, so that fields which are added later have their
defaults; what hangs on them as rows, which migrations that add a column without a default have to fill in, too.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from sqlalchemy import bindparam, select

from procession.domain.bin_items import BinKind, FormerTexts, LeftOut
from procession.domain.folders import Folder
from procession.domain.lookup_lists import LookupList
from procession.domain.processes import Process, Task
from procession.domain.templates import TemplateRow
from procession.storage import kept_rows
from procession.storage.dialect import is_in
from procession.storage.kept_rows import Kept
from procession.storage.query import Query
from procession.storage.tables import content
from procession.storage.tables.control import public_kickoffs
from procession.storage.tables.processes import process_stages, process_stars, processes, tasks
from procession.storage.tables.templates import template_references, templates
from procession.storage.tags import TagRow
from procession.storage.tx import ReadTx

Subject = Literal["process", "task"]
SUBJECTS: tuple[Subject, ...] = ("process", "task")
Ids = Mapping[str, Mapping[int, str]]
"""Ids of processes and tasks by number, under the names of their tables."""


class ProcessContent(msgspec.Struct, frozen=True):
    process: Process
    kept: Kept


class TaskContent(msgspec.Struct, frozen=True):
    task: Task
    kept: Kept


class TemplateContent(msgspec.Struct, frozen=True):
    """`texts` are those of other templates that showed this one."""

    template: TemplateRow
    kept: Kept
    texts: FormerTexts


class _Linking(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was linked with processes and tasks."""

    kept: Kept
    ids: Ids

    def numbers(self, subject: Subject) -> set[int]:
        return {each for rows in self.kept.values() for each in rows.values(subject)}

    def known_by(self, left: set[LeftOut]) -> set[LeftOut]:
        """What links were left out for, by the ids of clients: links name processes and tasks by their numbers."""
        return {
            LeftOut(each.kind, self.ids[each.kind][int(each.id)]) if each.kind in self.ids else each for each in left
        }


class TagContent(_Linking, frozen=True, kw_only=True):
    tag: TagRow


class FolderContent(_Linking, frozen=True, kw_only=True):
    """`subfolders` are those that moved up, `templates` those that lay in it."""

    folder: Folder
    subfolders: tuple[str, ...]
    templates: tuple[str, ...]


class SnippetContent(msgspec.Struct, frozen=True):
    """The snippet stays where it is; `texts` are those of templates that referred to it."""

    texts: FormerTexts


class ListContent(msgspec.Struct, frozen=True):
    """`fed` are the fields that took their options from the list, by template: what they said of it, by their ids."""

    lookup_list: LookupList
    fed: Mapping[str, Mapping[str, Any]]


Content = ProcessContent | TaskContent | TemplateContent | TagContent | FolderContent | SnippetContent | ListContent
SHAPES: Mapping[BinKind, type[Content]] = {
    "process": ProcessContent,
    "task": TaskContent,
    "template": TemplateContent,
    "tag": TagContent,
    "folder": FolderContent,
    "snippet": SnippetContent,
    "lookup_list": ListContent,
}

_templates_in = Query(
    select(templates.c.id)
    .where(templates.c.org == bindparam("org"), templates.c.folder_id == bindparam("folder_id"))
    .order_by(templates.c.id)
)
_process_ids = Query(
    select(processes.c.seq, processes.c.id).where(processes.c.org == bindparam("org"), is_in(processes.c.seq, "seqs"))
)
_task_ids = Query(select(tasks.c.seq, tasks.c.id).where(tasks.c.org == bindparam("org"), is_in(tasks.c.seq, "seqs")))


async def of_process(tx: ReadTx, process: Process) -> ProcessContent:
    on_it = await kept_rows.below(tx, processes, [process.seq], besides=(tasks, process_stars, process_stages))
    on_tasks = await kept_rows.below(tx, tasks, [task.seq for task in process.tasks])
    return ProcessContent(process, kept_rows.merged(on_it, on_tasks))


async def of_task(tx: ReadTx, task: Task) -> TaskContent:
    return TaskContent(task, await kept_rows.below(tx, tasks, [task.seq]))


async def of_template(tx: ReadTx, row: TemplateRow, texts: FormerTexts) -> TemplateContent:
    link = {str(public_kickoffs.name): await kept_rows.where(tx, public_kickoffs, "template_id", [row.id])}
    on_it = await kept_rows.below(tx, templates, [row.id], besides=(template_references,))
    return TemplateContent(row, kept_rows.merged(link, on_it), texts)


async def of_tag(tx: ReadTx, tag: TagRow) -> TagContent:
    kept = await kept_rows.below(tx, content.tags, [tag.id])
    return TagContent(tag=tag, kept=kept, ids=await _ids(tx, kept, content.tag_links.name))


async def of_folder(tx: ReadTx, folder: Folder) -> FolderContent:
    kept = await kept_rows.below(tx, content.folders, [folder.id])
    subfolders = await kept_rows.where(tx, content.folders, "parent_id", [folder.id])
    filed = tuple(row[0] for row in await tx.tuples(_templates_in, folder_id=folder.id))
    return FolderContent(
        folder=folder,
        kept=kept,
        ids=await _ids(tx, kept, content.folder_links.name),
        subfolders=tuple(sorted(subfolders.values("id"))),
        templates=filed,
    )


async def _ids(tx: ReadTx, kept: Kept, links: str) -> Ids:
    if links not in kept:
        return {}
    queries = {"process": _process_ids, "task": _task_ids}
    return {
        name: dict(await tx.tuples(query, seqs=sorted(kept[links].values(name)))) for name, query in queries.items()
    }
