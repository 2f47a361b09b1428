"""Whom a light member works with: the people on their processes and tasks, and in their groups.

Spec: behaviour-people 3.4 "Member list", "Guest list".
"""

import msgspec
from sqlalchemy import bindparam, select

from procession.domain.processes import Owners
from procession.storage.access import principals_of_caller
from procession.storage.dialect import constant, is_in
from procession.storage.groups import members_of
from procession.storage.query import Query
from procession.storage.tables.lists import process_access, task_access
from procession.storage.tables.processes import processes, tasks
from procession.storage.tx import ReadTx

# How far back it is looked: so many of the newest processes, and of the newest tasks of one's own.
NEWEST = 1000


class People(msgspec.Struct, frozen=True):
    members: frozenset[int]
    guests: frozenset[str]


_P, _T = processes.c, tasks.c
_my_processes = (
    select(process_access.c.seq)
    .where(process_access.c.org == bindparam("org"), is_in(process_access.c.principal, "principals"))
    .distinct()
    .order_by(process_access.c.seq.desc())
    .limit(constant(NEWEST))
    .subquery()
)
_my_tasks = (
    select(task_access.c.seq)
    .where(task_access.c.org == bindparam("org"), is_in(task_access.c.principal, "principals"))
    .distinct()
    .order_by(task_access.c.seq.desc())
    .limit(constant(NEWEST))
    .subquery()
)
_on_processes = Query(
    select(_P.owner, _P.starter, _P.involved)
    .join(_my_processes, _my_processes.c.seq == _P.seq)
    .where(_P.org == bindparam("org"))
)
_on_their_tasks = Query(
    select(_T.owners).join(_my_processes, _my_processes.c.seq == _T.process).where(_T.org == bindparam("org"))
)
_on_my_tasks = Query(
    select(_T.owners, _T.starter).join(_my_tasks, _my_tasks.c.seq == _T.seq).where(_T.org == bindparam("org"))
)


async def people_of_caller(tx: ReadTx) -> People:
    """Members and guests (by address) on the caller's newest work and in their groups, themselves among them.

    Five statements, whatever there is.
    """
    principals = sorted(await principals_of_caller(tx))
    members, guests = {tx.actor.id}, set[str]()
    named = {each for each in principals if each.startswith("g:")}
    for owner, starter, involved in await tx.tuples(_on_processes, principals=principals):
        members |= {owner, starter}
        named |= set(msgspec.json.decode(involved, type=list[str]))
    shares = [row[0] for row in await tx.tuples(_on_their_tasks, principals=principals)]
    for owners, starter in await tx.tuples(_on_my_tasks, principals=principals):
        shares.append(owners)
        members |= {starter} if starter else set()
    for share in set(shares):
        owners = msgspec.json.decode(share, type=Owners)
        named |= owners.principals
    members |= {int(each[2:]) for each in named if each.startswith("m:")}
    guests |= {each[2:] for each in named if each.startswith("e:")}
    for people in (await members_of(tx, {each[2:] for each in named if each.startswith("g:")})).values():
        members |= set(people.members)
        guests |= set(people.guests)
    return People(frozenset(members), frozenset(guests))
