"""Guests of an organization."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import and_, bindparam, case, delete, func, literal, select, update

from procession.domain.guests import GuestDetails, GuestKey
from procession.domain.listing import TaskState
from procession.storage.access import principals_of_caller
from procession.storage.changes import Kind, Touch
from procession.storage.dialect import constant, is_in
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.sight import task_is_seen
from procession.storage.tables.lists import task_access
from procession.storage.tables.people import group_people, guests
from procession.storage.tables.processes import tasks
from procession.storage.tx import ReadTx, WriteTx


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """Column names and fields agree (storage.rows). The address is lower case."""

    id: int
    email: str
    first_name: str | None = None
    last_name: str | None = None
    details: GuestDetails = GuestDetails()
    code_hash: str
    sealed_code: str
    last_accessed_at: int | None = None
    disabled_at: int | None = None
    disabled_by: int | None = None
    reactivated_at: int | None = None
    reactivated_by: int | None = None
    created_at: int
    updated_at: int


class Stats(msgspec.Struct, frozen=True):
    """A guest's work: tasks assigned to their address, whatever became of them, and what they completed themselves."""

    assigned: int = 0
    completed: int = 0
    last_completed_at: int | None = None
    oneoff_completed: int = 0
    last_oneoff_completed_at: int | None = None


_rows = Mapper(Guest, guests)
_G = guests.c
_list = Listing(
    _rows,
    sorts={"created_at": (_G.created_at,), "email": (_G.email,), "last_updated": (_G.updated_at,)},
    tie=_G.id,
    filters={
        "pattern": _G.email.like(bindparam("pattern"), escape="\\"),
        "among": is_in(_G.email, "among"),
    },
)
SORTS = tuple(_list.sorts)
list_page = _list.page

_one = select(*_rows.columns).where(_G.org == bindparam("org"))
_by_id = _one.where(_G.id == bindparam("id"))
_by_email = _one.where(_G.email == bindparam("email"))
_by_code = _one.where(_G.code_hash == bindparam("code_hash"))
_find_by_id, _lock_by_id = Query(_by_id), Query(_by_id.with_for_update())
_find_by_email, _lock_by_email = Query(_by_email), Query(_by_email.with_for_update())
_find_by_code, _lock_by_code = Query(_by_code), Query(_by_code.with_for_update())
_by_emails = Query(_one.where(is_in(_G.email, "emails")))
_hold_by_emails = Query(
    _one.where(is_in(_G.email, "emails")).order_by(_G.id).with_for_update(read=True, key_share=True)
)
_save = Query(
    update(guests)
    .where(_G.org == bindparam("org_is"), _G.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in _rows.names if name != "id"})
)
_leave_groups = Query(
    delete(group_people).where(group_people.c.org == bindparam("org_is"), group_people.c.guest == bindparam("guest"))
)
_made_since = Query(
    select(func.count(), func.min(_G.created_at)).where(_G.org == bindparam("org"), _G.created_at > bindparam("since"))
)
_of_guests = task_access.alias()
_completed = and_(tasks.c.status == "completed", _of_guests.c.principal == literal("e:") + tasks.c.completer_guest)
_oneoff = and_(_completed, tasks.c.is_oneoff == 1)
_done_by = Query(
    select(tasks.c.seq, tasks.c.id)
    .select_from(_of_guests.join(tasks, and_(tasks.c.org == _of_guests.c.org, tasks.c.seq == _of_guests.c.seq)))
    .where(
        _of_guests.c.org == bindparam("org"),
        is_in(_of_guests.c.principal, "principals"),
        tasks.c.completer_guest == bindparam("email"),
    )
    .distinct()
)
_stats = (
    select(
        _of_guests.c.principal,
        func.count(),
        func.sum(case((_completed, 1), else_=0)),
        func.max(case((_completed, tasks.c.completed_at))),
        func.sum(case((_oneoff, 1), else_=0)),
        func.max(case((_oneoff, tasks.c.completed_at))),
    )
    .select_from(_of_guests.join(tasks, and_(tasks.c.org == _of_guests.c.org, tasks.c.seq == _of_guests.c.seq)))
    .where(
        _of_guests.c.org == bindparam("org"),
        is_in(_of_guests.c.principal, "guests"),
        _of_guests.c.state != constant(TaskState.HIDDEN),
    )
    .group_by(_of_guests.c.principal)
)
_all_stats = Query(_stats)
_seen_stats = {light: Query(_stats.where(task_is_seen(light=light))) for light in (False, True)}


async def find(tx: ReadTx, key: GuestKey) -> Guest | None:
    if key.id is not None:
        return await _first(tx, _find_by_id, id=key.id)
    if key.email is not None:
        return await _first(tx, _find_by_email, email=key.email)
    return await _first(tx, _find_by_code, code_hash=key.code_hash)


async def lock(tx: WriteTx, key: GuestKey) -> Guest | None:
    """As `find`, and nobody else changes the guest until the commit."""
    if key.id is not None:
        return await _first(tx, _lock_by_id, id=key.id)
    if key.email is not None:
        return await _first(tx, _lock_by_email, email=key.email)
    return await _first(tx, _lock_by_code, code_hash=key.code_hash)


async def by_emails(tx: ReadTx, emails: Iterable[str]) -> dict[str, Guest]:
    wanted = sorted(set(emails))
    rows = await tx.tuples(_by_emails, emails=wanted) if wanted else []
    return {guest.email: guest for guest in map(_rows.read, rows)}


async def hold(tx: WriteTx, emails: Iterable[str]) -> dict[str, Guest]:
    """As `by_emails`, and these guests go on existing until the commit."""
    wanted = sorted(set(emails))
    rows = await tx.tuples(_hold_by_emails, emails=wanted) if wanted else []
    return {guest.email: guest for guest in map(_rows.read, rows)}


async def add(tx: WriteTx, new: Sequence[Guest]) -> None:
    await tx.insert(guests, [_rows.write(guest) for guest in new])


async def save(tx: WriteTx, guest: Guest) -> None:
    values = {f"new_{name}": value for name, value in _rows.write(guest).items()}
    await tx.run(_save, org_is=tx.org, id_is=guest.id, **values)


async def remove(tx: WriteTx, guest: Guest, group_ids: Iterable[str]) -> None:
    """Delete the guest, also from these groups; the link ends, and what they completed shows no number any more."""
    principals = [f"e:{guest.email}", *(f"g:{each}" for each in group_ids)]
    done = await tx.tuples(_done_by, principals=principals, email=guest.email)
    tx.touch(*(Touch(Kind.TASK, seq, task_id) for seq, task_id in done))
    await tx.run(_leave_groups, org_is=tx.org, guest=guest.id)
    await tx.delete(guests, [{"id": guest.id}])


async def made_since(tx: ReadTx, since: int) -> tuple[int, int | None]:
    """How many guests were entered after this instant, and when the first of them."""
    [(count, first)] = await tx.tuples(_made_since, since=since)
    return count, first


async def stats(tx: ReadTx, emails: Iterable[str]) -> dict[str, Stats]:
    """Figures by address, for those who have any, of the tasks the caller may see. Spec: api-people 5.2."""
    of_guests = sorted(f"e:{email}" for email in emails)
    if not of_guests:
        return {}
    if tx.actor.is_admin:
        rows = await tx.tuples(_all_stats, guests=of_guests)
    else:
        named = sorted(await principals_of_caller(tx))
        query = _seen_stats[tx.actor.is_light]
        rows = await tx.tuples(query, guests=of_guests, principals=named, me=tx.actor.id)
    return {
        principal[2:]: Stats(assigned, int(completed), last, int(oneoff), last_oneoff)
        for principal, assigned, completed, last, oneoff, last_oneoff in rows
    }


async def _first(tx: ReadTx, query: Query, **values: object) -> Guest | None:
    rows: Sequence[tuple[object, ...]] = await tx.tuples(query, **values)
    return _rows.read(rows[0]) if rows else None
