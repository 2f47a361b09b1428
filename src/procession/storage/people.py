"""Whom work may name: members, groups and addresses of an organization, looked up many at a time."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

import msgspec
from sqlalchemy import bindparam, or_, select

from procession.domain.people import full_name
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.people import groups, members
from procession.storage.tx import ReadTx, WriteTx


class Assignable(msgspec.Struct, frozen=True):
    """Who of those asked about may be given work, and which groups there are. Spec: api-conventions 18.1."""

    members: AbstractSet[int]
    """Active or invited members, without the bot."""
    groups: AbstractSet[str]


class Name(msgspec.Struct, frozen=True):
    """How a member, past or present, is shown."""

    id: int
    email: str
    first_name: str
    last_name: str

    @property
    def full_name(self) -> str:
        return full_name(self.first_name, self.last_name)


_members = Query(
    select(members.c.account).where(
        members.c.org == bindparam("org"),
        is_in(members.c.account, "members"),
        or_(members.c.status == "active", members.c.status == "invited"),
        members.c.type != "bot",
    )
)
_groups = Query(
    select(groups.c.id)
    .where(groups.c.org == bindparam("org"), is_in(groups.c.id, "groups"))
    .order_by(groups.c.id)
    .with_for_update(read=True, key_share=True)
)
_groups_there = Query(select(groups.c.id).where(groups.c.org == bindparam("org"), is_in(groups.c.id, "groups")))
_gone = Query(
    select(members.c.account)
    .where(members.c.org == bindparam("org"), or_(members.c.status == "disabled", members.c.status == "deleted"))
    .order_by(members.c.account)
)
_names = Query(
    select(members.c.account, members.c.email, members.c.first_name, members.c.last_name).where(
        members.c.org == bindparam("org"), is_in(members.c.account, "accounts")
    )
)


_reachable = Query(
    select(members.c.account, members.c.email, members.c.first_name, members.c.last_name)
    .where(
        members.c.org == bindparam("org"),
        is_in(members.c.account, "members"),
        or_(members.c.status == "active", members.c.status == "invited"),
        members.c.type != "bot",
    )
    .order_by(members.c.account)
)


async def assignable(tx: ReadTx, member_ids: Iterable[int], group_ids: Iterable[str]) -> Assignable:
    """Which of these members may be assigned and which of these groups exist; a transaction that writes keeps them
    existing until its commit.
    """
    return await _found(tx, member_ids, group_ids, _groups if isinstance(tx, WriteTx) else _groups_there)


async def still_there(tx: ReadTx, member_ids: Iterable[int], group_ids: Iterable[str]) -> Assignable:
    """As `assignable`, at this moment."""
    return await _found(tx, member_ids, group_ids, _groups_there)


async def _found(tx: ReadTx, member_ids: Iterable[int], group_ids: Iterable[str], query: Query) -> Assignable:
    wanted, groups_wanted = sorted(set(member_ids)), sorted(set(group_ids))
    members_found = await tx.tuples(_members, members=wanted) if wanted else []
    groups_found = await tx.tuples(query, groups=groups_wanted) if groups_wanted else []
    return Assignable(frozenset(row[0] for row in members_found), frozenset(row[0] for row in groups_found))


async def reachable(tx: ReadTx, ids: Iterable[int]) -> list[Name]:
    """Those of these members who get mail: nobody who was disabled or has left. Spec: behaviour-people N5."""
    wanted = sorted(set(ids))
    return await tx.rows(Name, _reachable, members=wanted) if wanted else []


async def gone(tx: ReadTx) -> list[int]:
    """The members who have left, deleted ones too: whatever is still theirs needs an owner. Spec: behaviour-work L4."""
    return [row[0] for row in await tx.tuples(_gone)]


async def names(tx: ReadTx, ids: Iterable[int]) -> dict[int, Name]:
    """Members by id, also disabled and deleted ones; one statement."""
    wanted = sorted(set(ids))
    found = await tx.rows(Name, _names, accounts=wanted) if wanted else []
    return {each.id: each for each in found}


async def lock_addresses(tx: WriteTx) -> None:
    """From here to the commit nobody else enters an address as a member's or a guest's.

    An address is one or the other, never both (Spec: behaviour-people C3), and no unique key spans the two tables:
    whoever enters one first takes a number of this kind, which waits for everybody before them.
    """
    await tx.next_number("address")
