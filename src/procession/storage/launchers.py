"""Who launched processes: in whose name, and by whose hand. Spec: behaviour-work FE2."""

from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, literal, select

from procession.domain.processes import Process, Task
from procession.domain.tasks import needs_approvals
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.events import events
from procession.storage.tx import ReadTx

_E = events.c

_hands = Query(
    select(_E.process, _E.actor_kind, _E.actor_id).where(
        _E.org == bindparam("org"),
        is_in(_E.process, "seqs"),
        _E.kind == literal("process.launched"),
        _E.actor_id.is_not(None),
    )
)


async def barred(tx: ReadTx, tasks: Iterable[Task], starters: Mapping[int, int]) -> dict[int, frozenset[str]]:
    """Who launched ("m:<id>", "e:<address>") the processes of those tasks that are approvals by several, by number.

    `starters` are in whose name. No statement when none of the tasks is such an approval.
    """
    seqs = sorted({task.process for task in tasks if task.process is not None and needs_approvals(task)})
    found = {seq: {f"m:{starters[seq]}"} for seq in seqs}
    for seq, kind, key in await tx.tuples(_hands, seqs=seqs) if seqs else []:
        found[seq].add(f"{'e' if kind == 'guest' else 'm'}:{key}")
    return {seq: frozenset(each) for seq, each in found.items()}


async def barred_from(tx: ReadTx, task: Task, process: Process | None) -> frozenset[str]:
    """Who launched the process, where its task is an approval by several; else nobody."""
    if process is None:
        return frozenset()
    return (await barred(tx, [task], {process.seq: process.starter})).get(process.seq, frozenset())
