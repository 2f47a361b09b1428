"""What to tell who keeps a copy of an organization's processes, tasks or templates, from where they stand.

A place is the position of a transaction and, within it, the number of a thing. Spec: api-conventions 8.1.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, bindparam, select, tuple_

from procession.domain.times import MINUTE
from procession.storage import access, changes
from procession.storage.changes import UNLIMITED, Kind
from procession.storage.dialect import constant, is_in
from procession.storage.log import position_query
from procession.storage.query import Query
from procession.storage.sight import process_is_seen, task_is_seen, template_is_seen
from procession.storage.tables.changes import changes as changed
from procession.storage.tables.changes import departures
from procession.storage.tables.events import events
from procession.storage.tables.processes import processes, tasks
from procession.storage.tables.templates import templates
from procession.storage.tx import ReadTx

# An event carries the instant at which its request arrived; requests that waited commit later, in another order.
MOST_OUT_OF_ORDER_MS = 10 * MINUTE

Place = tuple[int, int]

_E = events.c


class Page(msgspec.Struct, frozen=True):
    """Things that changed, in the order of their changes, as far as the caller sees them; ids they see no longer."""

    seqs: list[int]
    gone: list[str]
    place: Place
    has_more: bool


class Item(msgspec.Struct, frozen=True):
    """One thing at its place; `id` says that somebody may have lost sight of it."""

    position: int
    seq: int
    id: str | None = None

    @property
    def place(self) -> Place:
        return self.position, self.seq


class CannotGoOn(Exception):
    """Not everything that happened since is known, or the caller's own rights changed: a copy has to begin again."""


def _from(table: Any) -> ColumnElement[bool]:
    return tuple_(table.c.position, table.c.seq) >= tuple_(bindparam("position"), bindparam("seq"))


_changed = Query(
    select(changed.c.position, changed.c.seq)
    .where(changed.c.org == bindparam("org"), changed.c.kind == bindparam("kind"), _from(changed))
    .order_by(changed.c.position, changed.c.seq)
    .limit(bindparam("most"))
)
_departed = Query(
    select(departures.c.position, departures.c.seq, departures.c.id)
    .distinct()
    .where(
        departures.c.org == bindparam("org"),
        departures.c.kind == bindparam("kind"),
        is_in(departures.c.principal, "principals"),
        _from(departures),
    )
    .order_by(departures.c.position, departures.c.seq)
    .limit(bindparam("most"))
)
_next_event = Query(
    select(_E.position, _E.at)
    .where(_E.org == bindparam("org"), _E.position >= bindparam("position"))
    .order_by(_E.position)
    .limit(constant(1))
)


async def now(tx: ReadTx) -> Place:
    """The place of who knows everything that has happened so far."""
    rows = await tx.tuples(position_query)
    return (rows[0][0] if rows else 0) + 1, 0


async def at(tx: ReadTx, instant: int) -> Place:
    """A place before everything that happened at or after this instant. Raises CannotGoOn."""
    low, (high, _) = 0, await now(tx)
    # The first event that is not surely earlier; a logarithm of the log's length of keyed reads.
    while low < high:
        middle = (low + high) // 2
        found = await tx.tuples(_next_event, position=middle)
        if found and found[0][1] < instant - MOST_OUT_OF_ORDER_MS:
            low = found[0][0] + 1
        else:
            high = middle
    start = await changes.start(tx)
    if start is not None and low <= start:
        raise CannotGoOn
    return low, 0


async def page(tx: ReadTx, kind: Kind, place: Place, most: int) -> Page:
    """What comes from a place on; four statements at most, whatever the size of the organization."""
    principals = [UNLIMITED, tx.actor.principal] if tx.actor.is_admin else sorted(await access.principals_of_caller(tx))
    values = {"kind": int(kind), "position": place[0], "seq": place[1], "most": most + 1}
    found = [
        *await tx.rows(Item, _changed, **values),
        *await tx.rows(Item, _departed, **values, principals=principals),
    ]
    places = sorted({item.place for item in found})
    here = set(places[:most])
    items = sorted((item for item in found if item.place in here), key=lambda item: item.place)
    seen = await _seen(tx, kind, [item.seq for item in items], principals)
    position, seq = max(here, default=(place[0], place[1] - 1))
    return Page(
        seqs=[each for each in dict.fromkeys(item.seq for item in items) if each in seen],
        gone=list(dict.fromkeys(item.id for item in items if item.id is not None and item.seq not in seen)),
        place=(position, seq + 1),
        has_more=len(places) > most,
    )


async def _seen(tx: ReadTx, kind: Kind, seqs: Sequence[int], principals: Sequence[str]) -> set[int]:
    """Those of these things that exist and that the caller may see."""
    if not seqs:
        return set()
    sees = "all" if tx.actor.is_admin else "light" if tx.actor.is_light else "full"
    rows = await tx.tuples(_seen_among(kind, sees), seqs=list(set(seqs)), principals=list(principals), me=tx.actor.id)
    return {row[0] for row in rows}


@cache
def _seen_among(kind: Kind, sees: str) -> Query:
    light = sees == "light"
    if kind is Kind.PROCESS:
        number, table, seen = processes.c.seq, processes, process_is_seen(processes.c.seq, processes.c.state)
    elif kind is Kind.TASK:
        number, table, seen = tasks.c.seq, tasks, task_is_seen(light=light)
    else:
        number, table, seen = templates.c.no, templates, template_is_seen(light=light)
    query = select(number).where(table.c.org == bindparam("org"), is_in(number, "seqs"))
    if kind is Kind.TEMPLATE:
        query = query.where(templates.c.is_system == constant(0))
    return Query(query if sees == "all" else query.where(seen))
