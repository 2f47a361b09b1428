"""Comments on tasks, processes and templates, and who wrote them."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, update

from procession.domain.people import Profile, full_name
from procession.domain.threads import Thread, thread_event
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.people import members
from procession.storage.tables.processes import processes, tasks, threads
from procession.storage.tx import ReadTx, WriteTx


class PlacedThread(msgspec.Struct, frozen=True):
    """A thread with what its place adds to it: the task's id, and since when task or process is archived."""

    thread: Thread
    task_id: str | None = None
    archived_at: int | None = None


class MemberAuthor(msgspec.Struct, frozen=True):
    email: str
    full_name: str
    profile_pic: str | None


thread_rows = Mapper(Thread, threads)
_T = threads.c
_picture = msgspec.json.Decoder(Profile).decode
_place = threads.join(tasks, and_(tasks.c.org == _T.org, tasks.c.seq == _T.task), isouter=True).join(
    processes,
    and_(processes.c.org == _T.org, processes.c.seq == func.coalesce(tasks.c.process, _T.process)),
    isouter=True,
)
# What a guest sees. Spec: behaviour-work M3, M4.
_for_guest = and_(tasks.c.prevent_guest_comment == 0, or_(_T.state == "open", _T.author_guest == bindparam("guest")))


def _bare(condition: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    return select(*thread_rows.columns).where(_T.org == bindparam("org"), condition)


_by_id = Query(_bare(_T.id == bindparam("id")))
_by_number = Query(_bare(_T.no == bindparam("no")))
_lock = Query(_bare(_T.id == bindparam("id")).with_for_update())
_update = Query(
    update(threads)
    .where(_T.org == bindparam("org_is"), _T.no == bindparam("no_is"))
    .values({name: bindparam(f"new_{name}") for name in ("label", "state", "is_issue", "content", "mentions")})
    .values(resolve_id=bindparam("new_resolve_id"), updated_at=bindparam("new_updated_at"))
)
_nth_newest = Query(
    select(_T.created_at)
    .where(_T.org == bindparam("org"), _T.author_kind != "bot")
    .order_by(_T.no.desc())
    .limit(1)
    .offset(bindparam("newer"))
)
_authors = Query(
    select(members.c.account, members.c.email, members.c.first_name, members.c.last_name, members.c.profile).where(
        members.c.org == bindparam("org"), is_in(members.c.account, "accounts")
    )
)


async def find(tx: ReadTx, thread_id: str) -> Thread | None:
    """The thread, whoever may see it. Whoever holds its place's lock reads what nobody else can change."""
    return await _one(tx, _by_id, thread_id)


async def at(tx: ReadTx, no: int) -> Thread | None:
    """The thread with this number."""
    rows = await tx.tuples(_by_number, no=no)
    return thread_rows.read(rows[0]) if rows else None


async def lock(tx: WriteTx, thread_id: str) -> Thread | None:
    """The thread, which stays until the commit."""
    return await _one(tx, _lock, thread_id)


async def _one(tx: ReadTx, query: Query, thread_id: str) -> Thread | None:
    rows = await tx.tuples(query, id=thread_id)
    return thread_rows.read(rows[0]) if rows else None


async def of_tasks(tx: ReadTx, task_seqs: Iterable[int]) -> list[PlacedThread]:
    """The threads on these tasks that the caller sees, each task's oldest first; one statement."""
    query = _on_tasks(for_guest=tx.actor.kind == "guest")
    rows = await tx.tuples(query, tasks=sorted(set(task_seqs)), guest=tx.actor.guest_email)
    return [_placed(row) for row in rows]


async def counts_of_tasks(tx: ReadTx, task_seqs: Iterable[int]) -> dict[int, int]:
    """How many threads the caller sees on each of these tasks; tasks without are left out. One statement."""
    query = _counted(for_guest=tx.actor.kind == "guest")
    return dict(await tx.tuples(query, tasks=sorted(set(task_seqs)), guest=tx.actor.guest_email))


async def of_process(tx: ReadTx, seq: int) -> list[PlacedThread]:
    """The process-level threads, oldest first; they are for members only. One statement."""
    return [_placed(row) for row in await tx.tuples(_on_process, process=seq)]


def _placed(row: Sequence[Any]) -> PlacedThread:
    return PlacedThread(thread_rows.read(row[:-2]), row[-2], row[-1])


def _visible(*conditions: ColumnElement[bool], for_guest: bool) -> ColumnElement[bool]:
    seen = and_(_T.org == bindparam("org"), *conditions)
    return and_(seen, _for_guest) if for_guest else seen


def _listed(where: ColumnElement[bool]) -> Select[Any]:
    archived_at = func.coalesce(processes.c.archived_at, tasks.c.archived_at)
    return select(*thread_rows.columns, tasks.c.id, archived_at).select_from(_place).where(where)


_on_process = Query(_listed(_visible(_T.process == bindparam("process"), for_guest=False)).order_by(_T.no))


@cache
def _on_tasks(*, for_guest: bool) -> Query:
    return Query(_listed(_visible(is_in(_T.task, "tasks"), for_guest=for_guest)).order_by(_T.task, _T.no))


@cache
def _counted(*, for_guest: bool) -> Query:
    where = _visible(is_in(_T.task, "tasks"), for_guest=for_guest)
    return Query(select(_T.task, func.count()).select_from(_place).where(where).group_by(_T.task))


async def add(tx: WriteTx, thread: Thread) -> None:
    await tx.insert(threads, [thread_rows.write(thread)])


async def save(tx: WriteTx, thread: Thread) -> None:
    changed = ("label", "state", "is_issue", "content", "mentions", "resolve_id", "updated_at")
    columns = thread_rows.write(thread)
    await tx.run(_update, org_is=tx.org, no_is=thread.no, **{f"new_{name}": columns[name] for name in changed})


async def remove(tx: WriteTx, thread: Thread) -> None:
    await tx.delete(threads, [{"no": thread.no}])


async def next_number(tx: WriteTx) -> int:
    """Numbers rise in the order of the commits: until this transaction ends, nobody else gets one."""
    return await tx.next_number("thread")


async def nth_newest_at(tx: ReadTx, n: int) -> int | None:
    """When the organization's n-th newest comment by a person was written; None while there are fewer."""
    return await tx.value(_nth_newest, newer=n - 1)


async def authors(tx: ReadTx, accounts: Iterable[int]) -> dict[int, MemberAuthor]:
    """Members as their comments show them, also former ones; one statement."""
    rows = await tx.tuples(_authors, accounts=sorted(set(accounts)))
    return {row[0]: MemberAuthor(row[1], full_name(row[2], row[3]), _picture(row[4]).profile_pic) for row in rows}


async def add_bot_comment(tx: WriteTx, process_seq: int | None, task_seq: int | None, text: str) -> Thread:
    """What the system has to say on a task, or on a process where no task is named; hidden from guests.

    `text` is markup that the caller has made safe. Nobody is notified, nothing is counted. Spec: behaviour-work M13.
    """
    thread = Thread(
        no=await next_number(tx),
        id=tx.new_id(),
        process=process_seq if task_seq is None else None,
        task=task_seq,
        label="comment",
        state="hide-for-guests",
        author_kind="bot",
        content=text,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await add(tx, thread)
    tx.record(thread_event("thread.added", thread, process=process_seq))
    return thread
