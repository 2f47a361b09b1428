"""Work that a member asked for row by row: each row in a transaction of its own, and why one was refused in another."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from procession.domain.actors import BOT, Actor
from procession.storage import members
from procession.storage.database import Database
from procession.storage.tx import ReadTx, WriteTx, writing

LEFT = "Whoever asked for it is no longer an active member."


class RowRefused(Exception):
    """What was done for the row is rolled back; `reason` is what `Work.note` writes down."""

    def __init__(self, reason: Any) -> None:
        super().__init__(reason)
        self.reason = reason


class Work(msgspec.Struct, frozen=True):
    """What to do for a row, by its place; what to write down when that raised RowRefused; and what comes after the
    rows, told whether whoever asked for them is still here.
    """

    do: Callable[[WriteTx, int], Awaitable[None]]
    note: Callable[[WriteTx, int, Any], Awaitable[None]]
    go_on: Callable[[WriteTx, bool], Awaitable[None]]


async def actor_of(tx: ReadTx, account: int | None) -> Actor | None:
    """Whoever asked for it, as they are now; None when they are no active member any more."""
    member = None if account is None else await members.find(tx, account)
    if member is None or member.status != "active":
        return None
    return Actor(kind="member", id=member.account, role=member.role, channel="bulk")


async def work_off(
    database: Database,
    org: int,
    organization_id: str,
    clock: Callable[[], int],
    actor: Actor | None,
    places: Sequence[int],
    work: Work,
) -> None:
    """Do the rows at these places as the actor, none without one."""
    for place in places if actor is not None else ():
        by = actor or BOT

        async def one(tx: WriteTx, place: int = place) -> None:
            await work.do(tx, place)

        try:
            await writing(database, org, organization_id, by, clock(), one)
        except RowRefused as refused:
            reason = refused.reason

            async def note(tx: WriteTx, place: int = place, reason: Any = reason) -> None:
                await work.note(tx, place, reason)

            await writing(database, org, organization_id, by, clock(), note)
    await writing(database, org, organization_id, BOT, clock(), lambda tx: work.go_on(tx, actor is not None))
