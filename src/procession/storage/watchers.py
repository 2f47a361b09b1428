"""Who watches what. Members who have left watch nothing."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select, union_all, update

from procession.domain.watchers import OBJECT_TYPES, Object, Watcher
from procession.storage.dialect import is_in
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.people import members
from procession.storage.tables.watchers import watchers
from procession.storage.tx import ReadTx, WriteTx

NOT_PROCESSES = tuple(each for each in OBJECT_TYPES if each != "run")
Place = Literal["process", "task", "template_id", "member"]

_W = watchers.c
_rows = Mapper(Watcher, watchers)
_list = Listing(
    _rows,
    sorts={"id": (_W.id,)},
    tie=_W.id,
    filters={
        "account": _W.account == bindparam("account"),
        # An administrator's: own ones, and all of the organization.
        "account_or_organization": or_(
            _W.account == bindparam("account_or_organization"), _W.object_type == "organization"
        ),
        "notification": _W.notification_type == bindparam("notification"),
    },
)
SORTS = tuple(_list.sorts)
list_page = _list.page


class NamedWatcher(msgspec.Struct, frozen=True):
    """A watcher with the member who watches."""

    key: Any
    id: int
    notification_type: str
    frequency: str
    account: int
    email: str
    first_name: str
    last_name: str


def _named(key: ColumnElement[Any], condition: ColumnElement[bool]) -> Query:
    own = (_W.id, _W.notification_type, _W.frequency, _W.account)
    member = (members.c.email, members.c.first_name, members.c.last_name)
    who = and_(members.c.org == _W.org, members.c.account == _W.account, members.c.status == "active")
    return Query(
        select(key, *own, *member)
        .select_from(watchers.join(members, who))
        .where(_W.org == bindparam("org"), condition)
        .order_by(_W.id)
    )


_at: Mapping[Place, Query] = {
    "process": _named(_W.process, is_in(_W.process, "keys")),
    "task": _named(_W.task, is_in(_W.task, "keys")),
    "template_id": _named(_W.template_id, is_in(_W.template_id, "keys")),
    "member": _named(_W.object_id, and_(_W.object_type == "user", is_in(_W.object_id, "keys"))),
}
_of_object = Query(
    select(*_rows.columns)
    .where(_W.org == bindparam("org"), _W.object_type == bindparam("object_type"), _W.object_id == bindparam("id"))
    .order_by(_W.id)
)
_told = Query(
    union_all(
        *[
            select(*_rows.columns).where(
                _W.org == bindparam("org"),
                _W.notification_type == "email",
                condition,
            )
            for condition in (
                is_in(_W.process, "processes"),
                and_(is_in(_W.object_type, "types"), is_in(_W.object_id, "ids")),
            )
        ]
    )
)
_lock = Query(select(*_rows.columns).where(_W.org == bindparam("org"), _W.id == bindparam("id")).with_for_update())
_save = Query(
    update(watchers)
    .where(_W.org == bindparam("org_is"), _W.id == bindparam("id_is"))
    .values(frequency=bindparam("new_frequency"))
)
_leave = Query(
    delete(watchers).where(
        _W.org == bindparam("org_is"),
        or_(
            and_(_W.account == bindparam("account_is"), _W.object_type != "organization"),
            and_(_W.object_type == "user", _W.object_id == bindparam("id_is")),
        ),
    )
)


async def at(tx: ReadTx, place: Place, keys: Iterable[int | str]) -> dict[int | str, list[NamedWatcher]]:
    """The watchers of these processes, tasks (by number), templates or members, by key, in order; one statement."""
    by_text = {str(each): each for each in keys}
    wanted = sorted(by_text) if place == "member" else sorted(set(by_text.values()))
    found: dict[int | str, list[NamedWatcher]] = {each: [] for each in by_text.values()}
    for row in await tx.rows(NamedWatcher, _at[place], keys=wanted) if wanted else []:
        found[by_text[str(row.key)]].append(row)
    return found


async def of_object(tx: ReadTx, of: Object) -> list[Watcher]:
    return [_rows.read(row) for row in await tx.tuples(_of_object, object_type=of.type, id=of.id)]


async def told_by_mail(tx: ReadTx, processes: Collection[int], ids: Collection[str]) -> list[Watcher]:
    """Who watches these processes (by number), the other things of these ids, or the organization, by mail."""
    found = await tx.tuples(
        _told, processes=sorted(processes), types=list(NOT_PROCESSES), ids=[*sorted(ids), tx.organization_id]
    )
    return [_rows.read(row) for row in found]


async def lock(tx: WriteTx, watcher_id: int) -> Watcher | None:
    rows = await tx.tuples(_lock, id=watcher_id)
    return _rows.read(rows[0]) if rows else None


async def add(tx: WriteTx, made: Collection[Watcher]) -> None:
    await tx.insert(watchers, [_rows.write(each) for each in made])


async def save(tx: WriteTx, changed: Watcher) -> None:
    """Only how often a watcher is told changes."""
    await tx.run(_save, org_is=tx.org, id_is=changed.id, new_frequency=changed.frequency)


async def remove(tx: WriteTx, watcher_id: int) -> None:
    await tx.delete(watchers, [{"id": watcher_id}])


async def leave_all(tx: WriteTx, account: int) -> None:
    """Somebody who leaves watches nothing and is watched by nobody; hooks of the organization stay. Spec: L5."""
    await tx.run(_leave, org_is=tx.org, account_is=account, id_is=str(account))
