"""What tags and folders are attached to: single links by their number, and all links of a tag or folder at once."""

from collections.abc import Collection, Iterable
from typing import Literal

import msgspec
from sqlalchemy import and_, bindparam, delete, exists, null, select, update

from procession.domain.listing import Facet
from procession.storage.changes import Kind, Touch
from procession.storage.connection import Row
from procession.storage.dialect import constant, is_in
from procession.storage.query import Query
from procession.storage.tables import lists
from procession.storage.tables.content import folder_links, folders, tag_links
from procession.storage.tables.processes import processes
from procession.storage.tables.templates import templates
from procession.storage.tx import ReadTx, WriteTx

_TL, _FL, _F = tag_links.c, folder_links.c, lists.process_facets.c


class TagLink(msgspec.Struct, frozen=True):
    """One tag on one subject: exactly one of process, task and template is set."""

    id: int
    tag_id: str
    process: int | None
    task: int | None
    template_id: str | None
    step_id: str | None


class FolderLink(msgspec.Struct, frozen=True):
    id: int
    folder_id: str
    process: int | None
    task: int | None


_tag_columns = [tag_links.c[name] for name in TagLink.__struct_fields__]
_tag_link = Query(select(*_tag_columns).where(_TL.org == bindparam("org"), _TL.id == bindparam("id")))
_same_process = Query(
    select(*_tag_columns).where(
        _TL.org == bindparam("org"), _TL.tag_id == bindparam("tag_id"), _TL.process == bindparam("process")
    )
)
_same_task = Query(
    select(*_tag_columns).where(
        _TL.org == bindparam("org"), _TL.tag_id == bindparam("tag_id"), _TL.task == bindparam("task")
    )
)
_same_template = Query(
    select(*_tag_columns).where(
        _TL.org == bindparam("org"),
        _TL.tag_id == bindparam("tag_id"),
        _TL.template_id == bindparam("template_id"),
        _TL.step_id.is_(None),
    )
)
_same_step = Query(
    select(*_tag_columns).where(
        _TL.org == bindparam("org"), _TL.tag_id == bindparam("tag_id"), _TL.step_id == bindparam("step_id")
    )
)
_folder_columns = [folder_links.c[name] for name in FolderLink.__struct_fields__]
_folder_link = Query(select(*_folder_columns).where(_FL.org == bindparam("org"), _FL.id == bindparam("id")))
_folder_of_process = Query(
    select(*_folder_columns).where(_FL.org == bindparam("org"), _FL.process == bindparam("process"))
)
_folder_of_task = Query(select(*_folder_columns).where(_FL.org == bindparam("org"), _FL.task == bindparam("task")))


async def tag_link(tx: ReadTx, link_id: int) -> TagLink | None:
    return await tx.row(TagLink, _tag_link, id=link_id)


async def tag_on_process(tx: ReadTx, tag_id: str, process: int) -> TagLink | None:
    return await tx.row(TagLink, _same_process, tag_id=tag_id, process=process)


async def tag_on_task(tx: ReadTx, tag_id: str, task: int) -> TagLink | None:
    return await tx.row(TagLink, _same_task, tag_id=tag_id, task=task)


async def tag_on_template(tx: ReadTx, tag_id: str, template_id: str, step_id: str | None) -> TagLink | None:
    """On the template itself, or on one of its steps."""
    if step_id is None:
        return await tx.row(TagLink, _same_template, tag_id=tag_id, template_id=template_id)
    return await tx.row(TagLink, _same_step, tag_id=tag_id, step_id=step_id)


async def add_tag_link(
    tx: WriteTx, tag_id: str, *, task: int | None = None, template_id: str | None = None, step_id: str | None = None
) -> TagLink:
    """A tag on a task, template or step. Tags of processes are saved with the process."""
    link = TagLink(await tx.next_number("tag_link"), tag_id, None, task, template_id, step_id)
    await tx.insert(tag_links, [{**msgspec.structs.asdict(link), "created_at": tx.now}])
    return link


async def remove_tag_link(tx: WriteTx, link_id: int) -> None:
    await tx.delete(tag_links, [{"id": link_id}])


async def folder_link(tx: ReadTx, link_id: int) -> FolderLink | None:
    return await tx.row(FolderLink, _folder_link, id=link_id)


async def folder_of_process(tx: ReadTx, process: int) -> FolderLink | None:
    return await tx.row(FolderLink, _folder_of_process, process=process)


async def folder_of_task(tx: ReadTx, task: int) -> FolderLink | None:
    return await tx.row(FolderLink, _folder_of_task, task=task)


async def file_task(tx: WriteTx, folder_id: str | None, task: int) -> FolderLink | None:
    """Put a task into a folder (None: into none). Folders of processes are saved with the process."""
    former = await folder_of_task(tx, task)
    if former is not None:
        await tx.delete(folder_links, [{"id": former.id}])
    if folder_id is None:
        return None
    link = FolderLink(await tx.next_number("folder_link"), folder_id, None, task)
    await tx.insert(folder_links, [{**msgspec.structs.asdict(link), "created_at": tx.now}])
    return link


_states = Query(
    select(processes.c.state, processes.c.seq, processes.c.id)
    .where(processes.c.org == bindparam("org"), is_in(processes.c.seq, "seqs"))
    .order_by(processes.c.seq)
)
_untagged_among = Query(
    select(_F.seq).where(
        _F.org == bindparam("org"),
        _F.facet == bindparam("facet"),
        _F.key == bindparam("key"),
        _F.state == bindparam("state"),
        is_in(_F.seq, "seqs"),
    )
)
_listed_under = Query(
    select(_F.state, _F.seq).where(
        _F.org == bindparam("org"), _F.facet == bindparam("facet"), _F.key == bindparam("key")
    )
)
_other = tag_links.alias()
_only_this_tag = Query(
    select(processes.c.state, processes.c.seq)
    .select_from(tag_links.join(processes, and_(processes.c.org == _TL.org, processes.c.seq == _TL.process)))
    .where(
        _TL.org == bindparam("org"),
        _TL.tag_id == bindparam("tag_id"),
        ~exists().where(
            _other.c.org == bindparam("org"), _other.c.process == _TL.process, _other.c.tag_id != _TL.tag_id
        ),
    )
)
_lock_tagged = Query(
    select(processes.c.seq, processes.c.id)
    .where(
        processes.c.org == bindparam("org"),
        exists().where(_TL.org == bindparam("org"), _TL.tag_id == bindparam("tag_id"), _TL.process == processes.c.seq),
    )
    .order_by(processes.c.seq)
    .with_for_update()
)
_lock_filed = Query(
    select(processes.c.seq, processes.c.id)
    .where(
        processes.c.org == bindparam("org"),
        exists().where(
            _FL.org == bindparam("org"), _FL.folder_id == bindparam("folder_id"), _FL.process == processes.c.seq
        ),
    )
    .order_by(processes.c.seq)
    .with_for_update()
)


async def forget_tag(tx: WriteTx, tag_id: str) -> None:
    """Take a tag that is about to go, and locked, out of every list of processes; some of them become untagged."""
    _touch(tx, await tx.tuples(_lock_tagged, tag_id=tag_id))
    untagged = await tx.tuples(_only_this_tag, tag_id=tag_id)
    await _forget(tx, Facet.TAG, tag_id)
    await tx.insert(lists.process_facets, [_row(Facet.UNTAGGED, "", state, seq) for state, seq in untagged])
    for state, _ in untagged:
        tx.count(lists.facet_counters, (int(Facet.UNTAGGED), "", state), 1)


async def list_tag_again(tx: WriteTx, tag_id: str, process_seqs: Collection[int]) -> None:
    """Bring a tag that is back on these locked processes into their lists."""
    by_state = await _remember(tx, Facet.TAG, tag_id, process_seqs)
    for state, seqs in by_state.items():
        rows = await tx.tuples(_untagged_among, facet=int(Facet.UNTAGGED), key="", state=state, seqs=seqs)
        await tx.delete(lists.process_facets, [_row(Facet.UNTAGGED, "", state, seq) for (seq,) in rows])
        tx.count(lists.facet_counters, (int(Facet.UNTAGGED), "", state), -len(rows))


async def list_folder_again(tx: WriteTx, folder_id: str, process_seqs: Collection[int]) -> None:
    """Bring these locked processes, which lie in the folder again, into its list."""
    await _remember(tx, Facet.FOLDER, folder_id, process_seqs)


async def _remember(tx: WriteTx, facet: Facet, key: str, process_seqs: Collection[int]) -> dict[int, list[int]]:
    """The other way round from `_forget`; the processes by state."""
    by_state: dict[int, list[int]] = {}
    for state, seq, process_id in await tx.tuples(_states, seqs=sorted(process_seqs)):
        by_state.setdefault(state, []).append(seq)
        _touch(tx, [(seq, process_id)])
    for state, seqs in by_state.items():
        await tx.insert(lists.process_facets, [_row(facet, key, state, seq) for seq in seqs])
        tx.count(lists.facet_counters, (int(facet), key, state), len(seqs))
    return by_state


async def _forget(tx: WriteTx, facet: Facet, key: str) -> None:
    listed = await tx.tuples(_listed_under, facet=int(facet), key=key)
    await tx.delete(lists.process_facets, [_row(facet, key, state, seq) for state, seq in listed])
    for state, _ in listed:
        tx.count(lists.facet_counters, (int(facet), key, state), -1)


def _touch(tx: WriteTx, changed: Iterable[Row]) -> None:
    tx.touch(*[Touch(Kind.PROCESS, seq, process_id) for seq, process_id in changed])


def _row(facet: Facet, key: str, state: int, seq: int) -> dict[str, object]:
    return {"facet": int(facet), "key": key, "state": state, "seq": seq}


_move_up = Query(
    update(folders)
    .where(folders.c.org == bindparam("org_is"), folders.c.parent_id == bindparam("folder_is"))
    .values(parent_id=bindparam("new_parent"), updated_at=bindparam("now"))
)
_unfile_templates = Query(
    update(templates)
    .where(templates.c.org == bindparam("org_is"), templates.c.folder_id == bindparam("folder_is"))
    .values(folder_id=null(), is_pinned=constant(0), updated_at=bindparam("now"))
    .returning(templates.c.no, templates.c.id)
)
_refile_templates = Query(
    update(templates)
    .where(templates.c.org == bindparam("org_is"), is_in(templates.c.id, "ids"), templates.c.folder_id.is_(None))
    .values(folder_id=bindparam("new_folder"), updated_at=bindparam("now"))
    .returning(templates.c.no, templates.c.id)
)
_filed_elsewhere = {
    name: Query(select(_FL[name]).where(_FL.org == bindparam("org"), is_in(_FL[name], "seqs")))
    for name in ("process", "task")
}
_remove_folder = Query(delete(folders).where(folders.c.org == bindparam("org"), folders.c.id == bindparam("folder_id")))


async def remove_folder(tx: WriteTx, folder_id: str, parent_id: str | None) -> None:
    """Erase a locked folder: what lies in it becomes unfiled, its sub-folders move up to its parent (DEC-44)."""
    _touch(tx, await tx.tuples(_lock_filed, folder_id=folder_id))
    await _forget(tx, Facet.FOLDER, folder_id)
    await tx.run(_move_up, org_is=tx.org, folder_is=folder_id, new_parent=parent_id, now=tx.now)
    unfiled = await tx.tuples(_unfile_templates, org_is=tx.org, folder_is=folder_id, now=tx.now)
    tx.touch(*[Touch(Kind.TEMPLATE, no, template_id) for no, template_id in unfiled])
    await tx.run(_remove_folder, folder_id=folder_id)


async def filed(tx: ReadTx, what: Literal["process", "task"], seqs: Collection[int]) -> set[int]:
    """Those of these processes or tasks that lie in some folder."""
    rows = await tx.tuples(_filed_elsewhere[what], seqs=sorted(seqs)) if seqs else []
    return {row[0] for row in rows}


async def refile_templates(tx: WriteTx, folder_id: str, template_ids: Collection[str]) -> set[str]:
    """Put those of these templates that lie in no folder into this one; which these are."""
    rows = await tx.tuples(_refile_templates, org_is=tx.org, ids=sorted(template_ids), new_folder=folder_id, now=tx.now)
    tx.touch(*[Touch(Kind.TEMPLATE, no, template_id) for no, template_id in rows])
    return {template_id for _, template_id in rows}
