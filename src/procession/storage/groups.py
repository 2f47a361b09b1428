"""Groups of members and guests."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec
from sqlalchemy import and_, bindparam, delete, func, or_, select, update

from procession.storage.dialect import is_in
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.people import group_people, groups, guests
from procession.storage.tx import ReadTx, WriteTx


class Group(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    folded_name: str
    description: str
    created_at: int
    updated_at: int


class GroupPeople(msgspec.Struct, frozen=True):
    """Who is in a group: member ids and guests' addresses, both sorted."""

    members: tuple[int, ...] = ()
    guests: tuple[str, ...] = ()


NO_PEOPLE = GroupPeople()

_rows = Mapper(Group, groups)
_G, _P = groups.c, group_people.c
_list = Listing(
    _rows,
    sorts={
        "created_at": (_G.created_at,),
        "name": (_G.folded_name,),
        "updated_at": (_G.updated_at,),
        "last_updated": (_G.updated_at,),
    },
    tie=_G.id,
    filters={
        "pattern": or_(
            _G.folded_name.like(bindparam("pattern"), escape="\\"),
            func.lower(_G.description).like(bindparam("pattern"), escape="\\"),
        )
    },
)
SORTS = tuple(_list.sorts)
list_page = _list.page

_by_id = select(*_rows.columns).where(_G.org == bindparam("org"), _G.id == bindparam("id"))
_find, _lock = Query(_by_id), Query(_by_id.with_for_update())
_named = Query(select(_G.id).where(_G.org == bindparam("org"), _G.folded_name == bindparam("folded_name")))
_people = Query(
    select(_P.group_id, _P.member, guests.c.email)
    .select_from(group_people.outerjoin(guests, and_(guests.c.org == _P.org, guests.c.id == _P.guest)))
    .where(_P.org == bindparam("org"), is_in(_P.group_id, "groups"))
    .order_by(_P.group_id, _P.member, guests.c.email)
)
_of_members = Query(
    select(_P.member, *_rows.columns)
    .select_from(group_people.join(groups, and_(_G.org == _P.org, _G.id == _P.group_id)))
    .where(_P.org == bindparam("org"), is_in(_P.member, "members"), _P.member > 0)
    .order_by(_G.folded_name)
)
_save = Query(
    update(groups)
    .where(_G.org == bindparam("org_is"), _G.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in _rows.names if name != "id"})
)
_empty = Query(delete(group_people).where(_P.org == bindparam("org_is"), _P.group_id == bindparam("group_is")))
_leave = Query(delete(group_people).where(_P.org == bindparam("org_is"), _P.member == bindparam("member_is")))
_groups_of_guest = Query(select(_P.group_id).where(_P.org == bindparam("org"), _P.guest == bindparam("guest")))


async def find(tx: ReadTx, group_id: str) -> Group | None:
    rows = await tx.tuples(_find, id=group_id)
    return _rows.read(rows[0]) if rows else None


async def lock(tx: WriteTx, group_id: str) -> Group | None:
    rows = await tx.tuples(_lock, id=group_id)
    return _rows.read(rows[0]) if rows else None


async def named(tx: ReadTx, folded_name: str) -> str | None:
    """The id of the group with this name."""
    return await tx.value(_named, folded_name=folded_name)


async def members_of(tx: ReadTx, group_ids: Iterable[str]) -> dict[str, GroupPeople]:
    """The people of each group; an unknown or empty group has none. One statement."""
    wanted = sorted(set(group_ids))
    members: dict[str, list[int]] = defaultdict(list)
    addresses: dict[str, list[str]] = defaultdict(list)
    for group_id, member, email in await tx.tuples(_people, groups=wanted) if wanted else []:
        if member:
            members[group_id].append(member)
        elif email is not None:
            addresses[group_id].append(email)
    return {each: GroupPeople(tuple(members[each]), tuple(addresses[each])) for each in wanted}


async def of_members(tx: ReadTx, accounts: Iterable[int]) -> dict[int, list[Group]]:
    """The groups of each member, by name. One statement."""
    wanted = sorted(set(accounts))
    found: dict[int, list[Group]] = {each: [] for each in wanted}
    for account, *row in await tx.tuples(_of_members, members=wanted) if wanted else []:
        found[account].append(_rows.read(row))
    return found


async def of_guest(tx: ReadTx, guest_id: int) -> list[str]:
    return [row[0] for row in await tx.tuples(_groups_of_guest, guest=guest_id)]


async def add(tx: WriteTx, group: Group) -> None:
    await tx.insert(groups, [_rows.write(group)])


async def save(tx: WriteTx, group: Group) -> None:
    values = {f"new_{name}": value for name, value in _rows.write(group).items()}
    await tx.run(_save, org_is=tx.org, id_is=group.id, **values)


async def set_people(tx: WriteTx, group_id: str, *, members: Iterable[int], guest_ids: Iterable[int]) -> None:
    """These and nobody else are in the group."""
    await tx.run(_empty, org_is=tx.org, group_is=group_id)
    people = [{"member": each, "guest": 0} for each in sorted(set(members))]
    people += [{"member": 0, "guest": each} for each in sorted(set(guest_ids))]
    await tx.insert(group_people, [{"group_id": group_id, **each} for each in people])


async def add_member(tx: WriteTx, group_ids: Iterable[str], account: int) -> None:
    await tx.insert(group_people, [{"group_id": each, "member": account, "guest": 0} for each in group_ids])


async def leave_all(tx: WriteTx, account: int) -> None:
    """Somebody who leaves the organization leaves its groups. Spec: behaviour-people GR4."""
    await tx.run(_leave, org_is=tx.org, member_is=account)


async def remove(tx: WriteTx, group_id: str) -> None:
    """Delete the group; its memberships go with it."""
    await tx.delete(groups, [{"id": group_id}])
