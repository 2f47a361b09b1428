"""How many processes a member sees by name: counters per viewer, so that a total is a lookup.

A process that everyone may see is counted once, under the principal "everyone". Beyond that, each member who may
see it through a named principal has it counted: a light member always, others only when "everyone" does not
already cover it (light members are not part of "everyone", DEC-12).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import and_, bindparam, case, or_, select, update

from procession.domain.times import SECOND
from procession.storage.dialect import DialectName, constant, insert, is_in
from procession.storage.query import Query
from procession.storage.tables.control import timers
from procession.storage.tables.lists import viewers
from procession.storage.tables.people import group_people, members
from procession.storage.tables.templates import templates

if TYPE_CHECKING:
    from procession.storage.tx import ReadTx, WriteTx

EVERYONE = "everyone"


class Sighting(msgspec.Struct, frozen=True):
    """A process in `state` entered (+1) or left (-1) the lists of `principals`."""

    principals: frozenset[str]
    state: int
    change: int


_people = Query(
    select(members.c.account, members.c.role).where(
        members.c.org == bindparam("org"), is_in(members.c.account, "accounts")
    )
)
_people_of_groups = Query(
    select(group_people.c.group_id, group_people.c.member).where(
        group_people.c.org == bindparam("org"), is_in(group_people.c.group_id, "groups"), group_people.c.member > 0
    )
)
_owners_of_templates = Query(
    select(templates.c.id, templates.c.owner).where(
        templates.c.org == bindparam("org"), is_in(templates.c.id, "templates")
    )
)


async def accounts_behind(tx: "ReadTx", principals: Iterable[str]) -> dict[str, set[int]]:
    """The members that each named principal stands for today ("everyone" is left out)."""
    behind: dict[str, set[int]] = defaultdict(set)
    named = set(principals)
    for principal in named:
        if principal.startswith("m:"):
            behind[principal].add(int(principal[2:]))
    groups = sorted(each[2:] for each in named if each.startswith("g:"))
    if groups:
        for group_id, member in await tx.tuples(_people_of_groups, groups=groups):
            behind[f"g:{group_id}"].add(member)
    owned = sorted(each[2:] for each in named if each.startswith("t:"))
    if owned:
        for template_id, owner in await tx.tuples(_owners_of_templates, templates=owned):
            behind[f"t:{template_id}"].add(owner)
    return behind


async def expand(tx: "ReadTx", sightings: Sequence[Sighting]) -> Mapping[tuple[int, int], int]:
    """Changes of the viewers' counters: (account, state) -> change."""
    if not sightings:
        return {}
    behind = await accounts_behind(tx, {each for sighting in sightings for each in sighting.principals})
    accounts = sorted({account for each in behind.values() for account in each})
    roles = dict(await tx.tuples(_people, accounts=accounts)) if accounts else {}
    changes: dict[tuple[int, int], int] = defaultdict(int)
    for sighting in sightings:
        seen_by = {account for principal in sighting.principals for account in behind.get(principal, ())}
        covered = EVERYONE in sighting.principals
        for account in seen_by:
            if account in roles and (not covered or roles[account] == "light"):
                changes[account, sighting.state] += sighting.change
    return {key: change for key, change in changes.items() if change}


_mark_all = Query(update(viewers).where(viewers.c.org == bindparam("org_is")).values(is_stale=1))
_mark_some = Query(
    update(viewers)
    .where(and_(viewers.c.org == bindparam("org_is"), is_in(viewers.c.account, "accounts")))
    .values(is_stale=1)
)


@cache
def _want_count(dialect: DialectName) -> Query:
    """A timer that is due now, and at another instant than before: who counts at this moment sees that it was wanted
    again. What a clock set that ran ahead by more than bursts of changes do is no instant to wait for.
    """
    statement = insert(dialect)(timers).values(
        kind="count_viewers", org=bindparam("org"), subject=0, due_at=bindparam("now"), claimed_until=0, attempts=0
    )
    before, now = timers.c.due_at, statement.excluded.due_at
    later = case((before < now, now), (before > now + constant(SECOND), now), else_=before + constant(1))
    return Query(
        statement.on_conflict_do_update(
            index_elements=[timers.c.kind, timers.c.org, timers.c.subject], set_={"due_at": later}
        )
    )


async def mark_stale(tx: "WriteTx", accounts: set[int] | None) -> None:
    """From now on these members' totals (None: everybody's) are counted, until a timer has had them counted afresh."""
    if accounts is None:
        await tx.run(_mark_all, org_is=tx.org)
    elif accounts:
        await tx.run(_mark_some, org_is=tx.org, accounts=sorted(accounts))
    if accounts is None or accounts:
        await tx.run(_want_count(tx.connection.dialect), now=tx.now)


is_stale = Query(
    select(viewers.c.is_stale).where(viewers.c.org == bindparam("org"), viewers.c.account == bindparam("account"))
)
stale_viewers = Query(
    select(viewers.c.account).where(and_(viewers.c.org == bindparam("org"), or_(viewers.c.is_stale == 1)))
)
