"""Which processes, tasks and templates changed after a position of the event log, and who lost sight of one.

Written once for each transaction, just before its commit, under the organization's lock: a reader never passes a
change that commits later.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, select

from procession.storage.query import Query
from procession.storage.tables.changes import changes, departures

if TYPE_CHECKING:
    from procession.storage.tx import ReadTx, WriteTx

# Under which principal departures are kept for those who see everything.
UNLIMITED = "*"


class Kind(IntEnum):
    PROCESS = 0
    TASK = 1
    TEMPLATE = 2
    # Not a thing: the position (of seq 0) up to which changes may have been made that nobody kept.
    START = 3


class Touch(msgspec.Struct, frozen=True):
    """One thing that a transaction created, changed or erased; `lost_by` are the principals that no longer see it.

    `only_for`: nothing of it changed but what these principals see of it, which is their own.
    """

    kind: Kind
    seq: int
    id: str
    lost_by: frozenset[str] = frozenset()
    is_gone: bool = False
    only_for: frozenset[str] = frozenset()


_C = changes.c
_position = Query(
    select(_C.position).where(_C.org == bindparam("org"), _C.kind == bindparam("kind"), _C.seq == bindparam("seq"))
)


async def write(tx: "WriteTx", position: int, touched: Sequence[Touch]) -> None:
    """Enter what this transaction did at this position. A thing touched twice is there once."""
    last = {(each.kind, each.seq): each for each in touched}
    told: dict[tuple[int, int], set[str]] = {}
    for each in touched:
        told.setdefault((each.kind, each.seq), set()).update(each.lost_by | each.only_for)
    changed = {(each.kind, each.seq) for each in touched if not each.only_for}
    await tx.connection.put(
        changes,
        [
            {"org": tx.org, "kind": int(each.kind), "seq": each.seq, "position": position}
            for key, each in last.items()
            if key in changed and not each.is_gone
        ],
    )
    gone = [{"kind": int(each.kind), "seq": each.seq} for each in last.values() if each.is_gone]
    await tx.delete(changes, gone)
    await tx.insert(
        departures,
        [
            {"kind": int(each.kind), "principal": principal, "position": position, "seq": each.seq, "id": each.id}
            for key, each in last.items()
            for principal in sorted(told[key] | ({UNLIMITED} if each.is_gone else set[str]()))
        ],
    )


async def last_change(tx: "ReadTx", kind: Kind, seq: int) -> int:
    """The position of its last change; where none is known, the one from which on changes are kept."""
    found = await tx.value(_position, kind=int(kind), seq=seq)
    return await start(tx) or 0 if found is None else found


async def start(tx: "ReadTx") -> int | None:
    """The position up to which changes may have been made that nobody kept; None: all are kept."""
    return await tx.value(_position, kind=int(Kind.START), seq=0)
