"""Tasks that several people complete part by part. Spec: behaviour-work 5.5."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import and_, bindparam, select

from procession.domain.listing import OPEN_STATES
from procession.storage.dialect import constant, is_in
from procession.storage.query import Query
from procession.storage.tables.lists import task_access
from procession.storage.tables.processes import tasks
from procession.storage.tx import ReadTx

NO_PARTS = "{}"

_T, _A = tasks.c, task_access.c

_waiting = Query(
    select(_T.seq, _T.id, _T.process)
    .select_from(task_access.join(tasks, and_(_T.org == _A.org, _T.seq == _A.seq)))
    .where(
        _A.org == bindparam("org"),
        is_in(_A.principal, "principals"),
        _A.state.in_([constant(state) for state in OPEN_STATES]),
        _T.parts != NO_PARTS,
    )
    .order_by(_T.process, _T.seq)
    .distinct()
)


class Waiting(msgspec.Struct, frozen=True):
    """A task of which some parts are done and others are not, and the number of its process."""

    task_id: str
    process: int | None


async def waiting(tx: ReadTx, principals: Iterable[str]) -> list[Waiting]:
    """The open tasks that name one of these directly and have parts done, in the order everybody locks them in."""
    wanted = sorted(set(principals))
    rows = await tx.tuples(_waiting, principals=wanted) if wanted else []
    return [Waiting(task_id, process) for _, task_id, process in rows]
