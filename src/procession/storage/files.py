"""Uploaded files of an organization and what refers to them. Spec: api-tasks 15.4.

A file is erased in steps, so that its bytes go once and only after its row: the row says `erased`, a timer has the
bytes removed, then the row goes. One that nothing refers to has a timer, too.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from sqlalchemy import and_, bindparam, delete, select, union

from procession.domain.files import DESCRIPTION, LONGEST_UPLOAD, UNUSED_FOR, File, Holder, Uses
from procession.domain.processes import Owners
from procession.domain.times import Millis
from procession.storage import timers
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.files import file_uses, files
from procession.storage.tables.processes import tasks, threads
from procession.storage.tx import ReadTx, WriteTx

_F, _U, _T, _C = files.c, file_uses.c, tasks.c, threads.c
_rows = Mapper(File, files)
_COLUMNS: Mapping[str, str] = {
    "process": "process",
    "task": "task",
    "comment": "thread",
    "template": "template_id",
    "bin": "bin_item",
}
"""The column of a use that goes with the row of its holder, by the holder's kind."""

_whole = select(*_rows.columns).where(_F.org == bindparam("org"))
_find = Query(_whole.where(_F.id == bindparam("id"), _F.state == "stored"))
_lock = Query(_whole.where(_F.no == bindparam("no")).with_for_update())
_known = Query(_whole.where(is_in(_F.id, "ids"), _F.state == "stored").order_by(_F.no))
_hold = Query(
    _whole.where(is_in(_F.id, "ids"), _F.state == "stored").order_by(_F.no).with_for_update(read=True, key_share=True)
)
_lock_unused = Query(
    select(_F.no)
    .where(
        _F.org == bindparam("org"),
        is_in(_F.no, "numbers"),
        _F.state == "stored",
    )
    .order_by(_F.no)
    .with_for_update()
)
_used = Query(select(_U.file).where(_U.org == bindparam("org"), is_in(_U.file, "numbers")).distinct())
_uses = Query(
    select(_U.holder, _U.process, _U.task, _U.thread, _U.template_id, _U.step_id, _U.bin_item)
    .where(_U.org == bindparam("org"), _U.file == bindparam("file"))
    .order_by(_U.holder)
)
_held_by = Query(
    select(_F.id)
    .select_from(file_uses.join(files, and_(_F.org == _U.org, _F.no == _U.file)))
    .where(_U.org == bindparam("org"), _U.holder == bindparam("holder"))
    .order_by(_F.no)
)
_shown_by = Query(
    select(_F.no)
    .select_from(file_uses.join(files, and_(_F.org == _U.org, _F.no == _U.file)))
    .where(_U.org == bindparam("org"), is_in(_U.holder, "holders"), _F.uploaded_from == DESCRIPTION)
    .distinct()
)
_numbers = Query(select(_F.id, _F.no).where(_F.org == bindparam("org"), is_in(_F.id, "ids"), _F.state == "stored"))
_numbers_on_tasks = Query(
    union(
        select(_U.file).where(_U.org == bindparam("org"), is_in(_U.task, "numbers")),
        select(_U.file)
        .select_from(threads.join(file_uses, and_(_U.org == _C.org, _U.thread == _C.no)))
        .where(_C.org == bindparam("org"), is_in(_C.task, "numbers")),
    )
)
_numbers_of_bin = Query(
    select(_U.file).where(_U.org == bindparam("org"), _U.bin_item == bindparam("no")).order_by(_U.file)
)
_forget_uses = Query(
    delete(file_uses).where(_U.org == bindparam("org"), _U.holder == bindparam("holder"), is_in(_U.file, "numbers"))
)
_using = file_uses.join(files, and_(_F.org == _U.org, _F.no == _U.file))
_shown = select(*_rows.columns).where(_U.org == bindparam("org")).order_by(_F.no.desc())
_usable = _shown.where(_F.archived_at.is_(None))
_listed = _usable.where(_F.uploaded_from != DESCRIPTION)
_of_processes = Query(_listed.add_columns(_U.process).select_from(_using).where(is_in(_U.process, "numbers")))
_of_their_tasks = Query(
    _listed.add_columns(_T.process, _T.top_secret, _T.owners)
    .select_from(_using.join(tasks, and_(_T.org == _U.org, _T.seq == _U.task)))
    .where(is_in(_T.process, "numbers"))
)
_of_threads = Query(_shown.add_columns(_U.thread).select_from(_using).where(is_in(_U.thread, "numbers")))
_of_tasks = Query(_listed.add_columns(_U.task).select_from(_using).where(is_in(_U.task, "numbers")))
_of_templates = Query(
    _listed.add_columns(_U.template_id, _U.step_id).select_from(_using).where(is_in(_U.template_id, "ids"))
)
_on_template = Query(
    _usable.add_columns(_U.step_id).select_from(_using).where(_U.template_id == bindparam("template_id"))
)


class Use(msgspec.Struct, frozen=True):
    """Something that refers to a file; of the numbers and ids at most one is given."""

    holder: str
    process: int | None
    task: int | None
    thread: int | None
    template_id: str | None
    step_id: str | None
    bin_item: int | None


class OnTask(msgspec.Struct, frozen=True):
    """A file of a task, with what decides who sees it."""

    file: File
    process: int
    is_secret: bool
    owners: Owners


class Document(msgspec.Struct, frozen=True):
    """A file that is put on a template, or on a step of it."""

    file: File
    step_id: str | None


async def announce(tx: WriteTx) -> File:
    """A file whose bytes are about to come. If they never do, or are not accepted, a timer has them erased."""
    file = File(no=await tx.next_number("file"), id=tx.new_id(), state="pending", uploaded_at=tx.now)
    await tx.insert(files, [_rows.write(file)])
    await timers.put(tx, "erase_file", {file.no: tx.now + LONGEST_UPLOAD})
    return file


async def keep(tx: WriteTx, file: File, holder: Holder | None, unused_for: Millis) -> None:
    """The locked file's bytes are there and belong to what it says; `holder` refers to it from now on.

    Without one, something has to within `unused_for`.
    """
    await tx.update(files, [_rows.write(file)])
    await timers.remove(tx, "erase_file", [file.no])
    if holder is None:
        await timers.put(tx, "unused_file", {file.no: tx.now + unused_for})
    else:
        await tx.insert(file_uses, [_use(file.no, holder)])


async def find(tx: ReadTx, file_id: str) -> File | None:
    rows = await tx.tuples(_find, id=file_id)
    return _rows.read(rows[0]) if rows else None


async def lock(tx: WriteTx, no: int) -> File | None:
    """In whatever state."""
    rows = await tx.tuples(_lock, no=no)
    return _rows.read(rows[0]) if rows else None


async def save(tx: WriteTx, file: File) -> None:
    await tx.update(files, [_rows.write(file)])


async def known(tx: ReadTx, ids: Collection[str]) -> dict[str, File]:
    """Those of these files that there are, by id. In a write they go on existing until the commit."""
    rows = await tx.tuples(_hold if isinstance(tx, WriteTx) else _known, ids=sorted(ids)) if ids else []
    found = map(_rows.read, rows)
    return {each.id: each for each in found}


async def uses(tx: ReadTx, no: int) -> list[Use]:
    return await tx.rows(Use, _uses, file=no)


async def held_by(tx: ReadTx, holder: Holder) -> frozenset[str]:
    """The ids of the files that it refers to."""
    return frozenset(row[0] for row in await tx.tuples(_held_by, holder=holder.text))


async def logo(tx: ReadTx) -> str | None:
    """The id of the organization's logo."""
    return await tx.value(_held_by, holder=Holder("organization").text)


async def erase_held(tx: WriteTx, holder: Holder) -> None:
    """Erase what only this holder refers to: a logo or photo, in the place of which another comes, or none."""
    numbers = [each.no for each in (await known(tx, await held_by(tx, holder))).values()]
    for no in numbers:
        await let_go(tx, no, holder.text)
    await erase_unused(tx, numbers)


async def of_processes(tx: ReadTx, numbers: Collection[int]) -> dict[int, list[File]]:
    """What processes refer to themselves, their tasks left out; newest first. Spec: F4."""
    return await _by(tx, _of_processes, numbers)


async def of_tasks_of(tx: ReadTx, numbers: Collection[int]) -> list[OnTask]:
    """What tasks of these processes refer to; newest first."""
    rows = await tx.tuples(_of_their_tasks, numbers=list(numbers)) if numbers else []
    return [
        OnTask(_rows.read(row), process, bool(secret), msgspec.json.decode(owners, type=Owners))
        for *row, process, secret, owners in rows
    ]


async def of_tasks(tx: ReadTx, numbers: Collection[int]) -> dict[int, list[File]]:
    return await _by(tx, _of_tasks, numbers)


async def of_threads(tx: ReadTx, numbers: Collection[int]) -> dict[int, list[File]]:
    """What comments carry, archived files too; newest first."""
    return await _by(tx, _of_threads, numbers)


async def of_templates(tx: ReadTx, ids: Collection[str]) -> dict[str, list[Document]]:
    """What is put on templates and their steps, but what their texts show; newest first."""
    found: dict[str, list[Document]] = defaultdict(list)
    for *row, template_id, step_id in await tx.tuples(_of_templates, ids=list(ids)) if ids else ():
        found[template_id].append(Document(_rows.read(row), step_id))
    return found


async def share_documents(tx: WriteTx, template_id: str, copy_id: str, ids: Mapping[str, str]) -> None:
    """What is put on a template, and what its texts show, is on its copy, too; `ids` are those of the copy's steps, of
    steps of the same template where that is its own copy. Spec: behaviour-work F7.
    """
    for *row, step_id in await tx.tuples(_on_template, template_id=template_id):
        if step_id in ids or (step_id is None and copy_id != template_id):
            holder = Holder("template", copy_id, None if step_id is None else ids[step_id])
            await tx.insert(file_uses, [_use(_rows.read(row).no, holder)])


async def share_shown(tx: WriteTx, holders: Collection[Holder], copy: Holder) -> None:
    """What the texts of these show, the text of the copy does, too."""
    for (no,) in await tx.tuples(_shown_by, holders=[each.text for each in holders]):
        await tx.insert(file_uses, [_use(no, copy)])


async def _by(tx: ReadTx, query: Query, numbers: Collection[int]) -> dict[int, list[File]]:
    found: dict[int, list[File]] = defaultdict(list)
    for *row, key in await tx.tuples(query, numbers=list(numbers)) if numbers else ():
        found[key].append(_rows.read(row))
    return found


async def follow(tx: WriteTx, before: Uses, after: Uses) -> None:
    """Let the rows of uses be what follows from what now refers to which files; no statement when nothing changed.

    Answers may name files that there never were, from before files could be uploaded.
    """
    gone, come = _changes(before, after), _changes(after, before)
    if not gone and not come:
        return
    # Those that go are locked by `release` alone: two who hold a lock in common would wait for each other there.
    numbers: dict[str, int] = dict(await tx.tuples(_numbers, ids=sorted(_all_of(gone)))) if gone else {}
    numbers |= {each.id: each.no for each in (await known(tx, _all_of(come))).values()}
    for holder, ids in sorted(gone.items()):
        await tx.run(_forget_uses, holder=holder.text, numbers=sorted(numbers[each] for each in ids & numbers.keys()))
    rows = [
        _use(numbers[each], holder) for holder, ids in sorted(come.items()) for each in sorted(ids & numbers.keys())
    ]
    await tx.insert(file_uses, rows)
    await timers.remove(tx, "unused_file", sorted({row["file"] for row in rows}))
    await release(tx, {numbers[each] for ids in gone.values() for each in ids & numbers.keys()})


def _changes(one: Uses, other: Uses) -> dict[Holder, frozenset[str]]:
    found = {holder: ids - other.get(holder, frozenset()) for holder, ids in one.items()}
    return {holder: ids for holder, ids in found.items() if ids}


def _all_of(uses: Uses) -> set[str]:
    return {each for ids in uses.values() for each in ids}


async def on_tasks(tx: ReadTx, numbers: Collection[int]) -> list[int]:
    """The numbers of the files that these tasks and their comments refer to: `release` them when the tasks are gone."""
    return [row[0] for row in await tx.tuples(_numbers_on_tasks, numbers=sorted(numbers))] if numbers else []


async def let_go(tx: WriteTx, no: int, holder: str) -> None:
    """The holder of this text refers to the file no more."""
    await tx.run(_forget_uses, holder=holder, numbers=[no])


async def put_into_bin(tx: WriteTx, no: int, numbers: Collection[int]) -> None:
    """The item of the bin keeps these files from being erased."""
    await tx.insert(file_uses, [_use(each, Holder("bin", no)) for each in sorted(numbers)])
    await timers.remove(tx, "unused_file", sorted(numbers))


async def in_bin(tx: ReadTx, no: int) -> list[int]:
    """The numbers of the files that an item of the bin keeps."""
    return [row[0] for row in await tx.tuples(_numbers_of_bin, no=no)]


async def release(tx: WriteTx, numbers: Collection[int]) -> None:
    """Something refers to these files no more: those that nothing refers to are erased after a while."""
    for no in await _unused(tx, numbers):
        await timers.set_to(tx, "unused_file", no, tx.now + UNUSED_FOR)


async def erase_unused(tx: WriteTx, numbers: Collection[int]) -> list[int]:
    """Erase those of these files that nothing refers to, now; which."""
    unused = await _unused(tx, numbers)
    for no in unused:
        await erase(tx, no)
    return unused


async def erase(tx: WriteTx, no: int) -> None:
    """The file is gone from now on; a timer has its bytes removed. Nothing refers to it."""
    file = await lock(tx, no)
    if file is not None:
        await save(tx, msgspec.structs.replace(file, state="erased"))
        await timers.remove(tx, "unused_file", [no])
        await timers.set_to(tx, "erase_file", no, tx.now)


async def _unused(tx: WriteTx, numbers: Collection[int]) -> list[int]:
    """Under their locks: whoever begins to refer to one of them finds it, or does not."""
    if not numbers:
        return []
    locked = [row[0] for row in await tx.tuples(_lock_unused, numbers=sorted(numbers))]
    used = {row[0] for row in await tx.tuples(_used, numbers=locked)} if locked else set[int]()
    return [no for no in locked if no not in used]


async def forget(tx: WriteTx, no: int) -> None:
    """The bytes are removed: nothing is left of the file."""
    await tx.delete(files, [{"no": no}])
    await timers.remove(tx, "erase_file", [no])


def _use(file: int, holder: Holder) -> dict[str, Any]:
    row: dict[str, Any] = {"file": file, "holder": holder.text, **dict.fromkeys(_COLUMNS.values())}
    row["step_id"] = holder.part
    return {**row, **({_COLUMNS[holder.kind]: holder.key} if holder.kind in _COLUMNS else {})}
