"""What the daily work of an organization looks for: tasks long overdue, processes complete for long."""

import msgspec
from sqlalchemy import and_, bindparam, or_, select

from procession.domain.listing import ANY, OPEN_STATES
from procession.storage.dialect import constant
from procession.storage.query import Query
from procession.storage.tables.lists import finished_processes, task_access
from procession.storage.tables.processes import tasks
from procession.storage.tx import ReadTx

BATCH = 200

_A, _F, _T = task_access.c, finished_processes.c, tasks.c

_overdue = Query(
    select(_A.deadline, _A.seq, _T.id)
    .join(tasks, and_(_T.org == _A.org, _T.seq == _A.seq))
    .where(
        _A.org == bindparam("org"),
        _A.principal == ANY,
        or_(*(_A.state == constant(state) for state in OPEN_STATES)),
        _A.deadline >= bindparam("at"),
        or_(_A.deadline > bindparam("at"), _A.seq > bindparam("seq")),
        _A.deadline < bindparam("before"),
    )
    .order_by(_A.deadline, _A.seq)
    .limit(constant(BATCH))
)
_finished = Query(
    select(_F.since, _F.seq)
    .where(
        _F.org == bindparam("org"),
        _F.since >= bindparam("at"),
        or_(_F.since > bindparam("at"), _F.seq > bindparam("seq")),
        _F.since <= bindparam("until"),
    )
    .order_by(_F.since, _F.seq)
    .limit(constant(BATCH))
)


class Place(msgspec.Struct, frozen=True):
    """How far a list was gone through: after this instant and number."""

    at: int
    seq: int


START = Place(-(2**62), -1)


class Found(msgspec.Struct, frozen=True):
    """One entry of such a list; `id` of a task."""

    at: int
    seq: int
    id: str = ""

    @property
    def place(self) -> Place:
        return Place(self.at, self.seq)


async def overdue_tasks(tx: ReadTx, *, before: int, after: Place) -> list[Found]:
    """Visible open tasks that were due before that instant, the longest overdue first."""
    return await tx.rows(Found, _overdue, before=before, at=after.at, seq=after.seq)


async def finished(tx: ReadTx, *, until: int, after: Place) -> list[Found]:
    """Completed processes that wait to be archived since that instant or longer, the longest first."""
    return [Found(*row) for row in await tx.tuples(_finished, until=until, at=after.at, seq=after.seq)]


_is_finished = Query(
    select(_F.seq).where(_F.org == bindparam("org"), _F.seq == bindparam("seq"), _F.since <= bindparam("until"))
)


async def is_finished(tx: ReadTx, seq: int, *, until: int) -> bool:
    """Whether the process, locked, still waits since then."""
    return await tx.value(_is_finished, seq=seq, until=until) is not None
