"""Tasks that the log of a process tells of and that are not in it any more. Spec: api-content 7."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import bindparam, exists, literal, select, union_all

from procession.domain.events import PARTINGS
from procession.storage.activity import mentioned_tasks
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.events import event_topics, events
from procession.storage.tables.processes import tasks
from procession.storage.tx import ReadTx


class _Parting(msgspec.Struct):
    """What the log says of a task when it goes (domain.events.parting); nothing of those that went before that was
    kept.
    """

    number: int | None = None
    top_secret: bool = True


_E, _T, _O = events.c, tasks.c, event_topics.c
_still_in = exists().where(_T.org == bindparam("org"), _T.id == _E.subject_id, _T.process == bindparam("process"))
_former = Query(
    select(_E.subject_id)
    .where(
        _E.org == bindparam("org"), _E.process == bindparam("process"), _E.subject_kind == literal("task"), ~_still_in
    )
    .distinct()
)
_existing = Query(select(_T.id).where(_T.org == bindparam("org"), is_in(_T.id, "ids")))
_said = select(_E.position, _E.subject_id, _E.payload).where(_E.org == bindparam("org"), is_in(_E.kind, "kinds"))
_alone = select(_O.position).where(_O.org == bindparam("org"), is_in(_O.topic, "topics"))
_partings = Query(
    union_all(_said.where(_E.process == bindparam("process")), _said.where(_E.position.in_(_alone))).order_by(
        "position"
    )
)


async def seen_of(tx: ReadTx, process: int, principals: Iterable[str]) -> tuple[frozenset[int | str], bool]:
    """The ids and numbers of those former tasks of this process whose past the caller may read, and whether there are
    others. Of tasks that are gone it is open what was not secret when it went.
    """
    former = {row[0] for row in await tx.tuples(_former, process=process)}
    if not former:
        return frozenset(), False
    seen = await mentioned_tasks(tx, former, (), (), principals)
    gone = former - {row[0] for row in await tx.tuples(_existing, ids=sorted(former))}
    known = {each.id: each.seq for each in seen} | (await _open(tx, process, gone) if gone else {})
    return frozenset((*known, *known.values())), len(known) < len(former)


async def _open(tx: ReadTx, process: int, gone: Iterable[str]) -> dict[str, int]:
    """Those of them that were not secret, with their numbers."""
    topics = sorted(f"task:{each}" for each in gone)
    rows = await tx.tuples(_partings, process=process, topics=topics, kinds=sorted(PARTINGS))
    said = {subject: msgspec.json.decode(payload, type=_Parting) for _, subject, payload in rows}
    found = {each: said.get(each, _Parting()) for each in gone}
    return {key: each.number for key, each in found.items() if not each.top_secret and each.number is not None}
