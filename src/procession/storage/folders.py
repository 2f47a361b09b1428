"""Folders, and how much of what lies in them the caller sees."""

from functools import cache
from typing import Any

from sqlalchemy import ClauseElement, and_, bindparam, func, select, update

from procession.domain.folders import Folder, FolderKind
from procession.domain.listing import Facet
from procession.domain.processes import State
from procession.storage.access import principals_of_caller
from procession.storage.dialect import constant
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.sight import process_is_seen, task_is_seen, template_is_seen
from procession.storage.tables.content import folder_links, folders
from procession.storage.tables.lists import facet_counters, process_facets
from procession.storage.tables.processes import tasks
from procession.storage.tables.templates import templates
from procession.storage.tx import ReadTx, WriteTx

_rows = Mapper(Folder, folders)
# Never changed, or by others (storage.custom_fields).
KEPT = ("id", "kind", "custom_fields")
_F = folders.c

_by_id = select(*_rows.columns).where(_F.org == bindparam("org"), _F.id == bindparam("id"))
_one, _lock = Query(_by_id), Query(_by_id.with_for_update())
_of_kind = Query(
    select(*_rows.columns).where(_F.org == bindparam("org"), _F.kind == bindparam("kind")).order_by(_F.position, _F.id)
)
_save = Query(
    update(folders)
    .where(_F.org == bindparam("org_is"), _F.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in _rows.names if name not in KEPT})
)


async def find(tx: ReadTx, folder_id: str) -> Folder | None:
    rows = await tx.tuples(_one, id=folder_id)
    return _rows.read(rows[0]) if rows else None


async def lock(tx: WriteTx, folder_id: str) -> Folder | None:
    """The folder; nobody puts anything into it until the commit."""
    rows = await tx.tuples(_lock, id=folder_id)
    return _rows.read(rows[0]) if rows else None


async def of_kind(tx: ReadTx, kind: FolderKind) -> dict[str, Folder]:
    """The whole tree, by id, in the order of positions."""
    return {folder.id: folder for folder in map(_rows.read, await tx.tuples(_of_kind, kind=kind))}


async def totals(tx: ReadTx, kind: FolderKind) -> dict[str, int]:
    """How many objects that the caller sees, archived ones not counted, lie directly in each folder that has any."""
    viewer = "admin" if tx.actor.is_admin else "light" if tx.actor.is_light else "standard"
    values: dict[str, Any] = {}
    if viewer != "admin":
        values = {"principals": sorted(await principals_of_caller(tx)), "me": tx.actor.id}
    counted: dict[str, int] = {}
    for query in _counts(kind, viewer):
        for folder_id, n in await tx.tuples(query, **values):
            counted[folder_id] = counted.get(folder_id, 0) + int(n)
    return counted


@cache
def _counts(kind: FolderKind, viewer: str) -> tuple[Query, ...]:
    if kind == "checklist":
        return (Query(_templates(viewer)),)
    return Query(_all_processes() if viewer == "admin" else _seen_processes()), Query(_tasks(viewer))


def _templates(viewer: str) -> ClauseElement:
    row = templates.c
    statement = select(row.folder_id, func.count()).where(
        row.org == bindparam("org"), row.folder_id.is_not(None), row.archived_at.is_(None), row.is_system == 0
    )
    if viewer != "admin":
        statement = statement.where(template_is_seen(light=viewer == "light"))
    return statement.group_by(row.folder_id)


def _all_processes() -> ClauseElement:
    row = facet_counters.c
    return (
        select(row.key, func.sum(row.n))
        .where(
            row.org == bindparam("org"),
            row.facet == constant(Facet.FOLDER),
            row.state != constant(State.ARCHIVED),
            row.n > 0,
        )
        .group_by(row.key)
    )


def _seen_processes() -> ClauseElement:
    row = process_facets.c
    return (
        select(row.key, func.count())
        .where(
            row.org == bindparam("org"),
            row.facet == constant(Facet.FOLDER),
            row.state != constant(State.ARCHIVED),
            process_is_seen(row.seq, row.state),
        )
        .group_by(row.key)
    )


def _tasks(viewer: str) -> ClauseElement:
    link = folder_links.c
    statement = (
        select(link.folder_id, func.count())
        .select_from(folder_links.join(tasks, and_(tasks.c.org == link.org, tasks.c.seq == link.task)))
        .where(link.org == bindparam("org"), link.task.is_not(None), tasks.c.archived_at.is_(None))
    )
    if viewer != "admin":
        statement = statement.where(task_is_seen(light=viewer == "light"))
    return statement.group_by(link.folder_id)


async def lock_tree(tx: WriteTx) -> None:
    """From here to the commit nobody else creates or moves folders, so that no two moves make a circle together."""
    await tx.next_number("folder_tree")


async def add(tx: WriteTx, folder: Folder) -> None:
    await tx.insert(folders, [_rows.write(folder)])


async def save(tx: WriteTx, folder: Folder) -> None:
    stored = _rows.write(folder)
    values = {f"new_{name}": stored[name] for name in stored if name not in KEPT}
    await tx.run(_save, org_is=tx.org, id_is=folder.id, **values)
