"""What people did last, and what leads back from it. Written with the change itself, dropped after a while."""

from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, select

from procession.domain.undo import Before
from procession.storage.changes import Kind
from procession.storage.query import Query
from procession.storage.tables.undo import undoables
from procession.storage.tx import WriteTx

_U = undoables.c
_before = msgspec.json.Decoder(Before)


class Undoable(msgspec.Struct, frozen=True):
    """What somebody did last to a thing."""

    position: int
    at: int
    member: int
    act: str
    subject_id: str
    before_json: str

    @property
    def before(self) -> Before:
        return _before.decode(self.before_json)


_find = Query(
    select(_U.position, _U.at, _U.member, _U.act, _U.subject_id, _U.before).where(
        _U.org == bindparam("org"), _U.kind == bindparam("kind"), _U.seq == bindparam("seq")
    )
)
_forget = Query(delete(undoables).where(_U.org == bindparam("org"), _U.at < bindparam("before")))


def remember(tx: WriteTx, kind: Kind, seq: int, *, act: str, subject_id: str, before: Before) -> None:
    """From this transaction's commit on, the acting member's last act on this thing."""
    _put(tx, kind, seq, at=tx.now, member=tx.actor.id, act=act, subject_id=subject_id, before=before)


def keep(tx: WriteTx, kind: Kind, seq: int, last: Undoable, before: Before) -> None:
    """After this transaction, too, this is what was done last to the thing."""
    _put(tx, kind, seq, at=last.at, member=last.member, act=last.act, subject_id=last.subject_id, before=before)


def _put(tx: WriteTx, kind: Kind, seq: int, *, before: Before, **said: Any) -> None:
    row = {"kind": int(kind), "seq": seq, **said, "before": msgspec.json.encode(before).decode()}
    tx.put_at_position(undoables, row)


async def find(tx: WriteTx, kind: Kind, seq: int) -> Undoable | None:
    """What was done last to the locked thing, if it can be undone and is not forgotten."""
    return await tx.row(Undoable, _find, kind=int(kind), seq=seq)


async def remove(tx: WriteTx, kind: Kind, seq: int) -> None:
    await tx.delete(undoables, [{"kind": int(kind), "seq": seq}])


async def forget(tx: WriteTx, before: int) -> int:
    """Drop what was done earlier; how many."""
    return await tx.run(_forget, before=before)
