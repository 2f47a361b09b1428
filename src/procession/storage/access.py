"""What the caller may see, as principals to look up and as one caller's share of the counters."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import and_, bindparam, literal, select, union_all

from procession.domain.actors import Actor
from procession.domain.processes import State
from procession.storage.connection import Read, Row
from procession.storage.dialect import constant
from procession.storage.process_index import EVERYBODY
from procession.storage.query import Query
from procession.storage.tables.lists import viewer_counters, viewers
from procession.storage.tables.people import group_people, guests
from procession.storage.tables.templates import templates
from procession.storage.tx import ReadTx

_groups_and_templates = Query(
    union_all(
        select((literal("g:") + group_people.c.group_id).label("principal")).where(
            group_people.c.org == bindparam("org"), group_people.c.member == bindparam("me")
        ),
        select((literal("t:") + templates.c.id).label("principal")).where(
            templates.c.org == bindparam("org"), templates.c.owner == bindparam("me")
        ),
    )
)
_groups_of_guest = Query(
    select(group_people.c.group_id)
    .select_from(
        guests.join(group_people, and_(group_people.c.org == guests.c.org, group_people.c.guest == guests.c.id))
    )
    .where(guests.c.org == bindparam("org"), guests.c.email == bindparam("email"))
)
_counts = Query(
    select(viewers.c.is_stale, viewer_counters.c.account, viewer_counters.c.state, viewer_counters.c.n)
    .select_from(
        viewers.join(
            viewer_counters,
            (viewer_counters.c.org == viewers.c.org)
            & ((viewer_counters.c.account == viewers.c.account) | (viewer_counters.c.account == constant(EVERYBODY))),
            isouter=True,
        )
    )
    .where(viewers.c.org == bindparam("org"), viewers.c.account == bindparam("me"))
)


class Sight(msgspec.Struct, frozen=True):
    """Principals under which the caller sees processes; None when they see all of the organization."""

    principals: tuple[str, ...] | None

    @property
    def is_unlimited(self) -> bool:
        return self.principals is None


EVERYTHING = Sight(None)


async def principals_of_caller(tx: ReadTx) -> frozenset[str]:
    """Everything the calling person is named by: "m:<member>", "g:<group>", "t:<template they own>", "everyone"
    (not for light members, DEC-12); a guest is "e:<address>" and their groups. One statement, or
    none where it is remembered. Spec: behaviour-people Q1, Q2, GR2.
    """
    if tx.actor.kind == "guest":
        return await principals_of_guest(tx, tx.actor.guest_email or "")
    if tx.actor.kind != "member":
        return frozenset({tx.actor.principal})
    if tx.rights is None:
        return await principals_of_member(tx, tx.actor)
    epoch, remembered = tx.rights
    key = (tx.org, tx.actor.id, tx.actor.is_light)
    known = remembered.get(key)
    if known is not None and known[0] == epoch:
        return known[1]
    found = await principals_of_member(tx, tx.actor)
    remembered.put(key, epoch, found)
    return found


async def principals_of_member(tx: ReadTx, member: Actor) -> frozenset[str]:
    rows = await tx.tuples(_groups_and_templates, me=member.id)
    named = {member.principal, *(row[0] for row in rows)}
    return frozenset(named if member.is_light else {"everyone", *named})


async def principals_of_guest(tx: ReadTx, email: str) -> frozenset[str]:
    """What tasks name a guest by. One statement."""
    rows = await tx.tuples(_groups_of_guest, email=email)
    return frozenset({f"e:{email}", *(f"g:{row[0]}" for row in rows)})


async def sight_of(tx: ReadTx) -> Sight:
    """What the caller's lists of processes are limited to; no statement for administrators."""
    return EVERYTHING if tx.actor.is_admin else Sight(tuple(sorted(await principals_of_caller(tx))))


def visible_counts_read(member: int) -> Read:
    """What to read for `visible_counts`."""
    return _counts, {"me": member}


def visible_counts(actor: Actor, rows: Sequence[Row]) -> dict[State, int] | None:
    """How many processes of each state the calling member sees; None while their counters are being rebuilt."""
    if not rows or rows[0][0]:
        return None
    counts = dict.fromkeys(State, 0)
    for _, account, state, n in rows:
        if account is not None and not (actor.is_light and account == EVERYBODY):
            counts[State(state)] += n
    return counts
