"""Templates whose steps became tasks of running processes. A process's own are saved with it. Spec: L-10.8."""

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select

from procession.domain.processes import Injection
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.injections import injections
from procession.storage.tx import ReadTx, WriteTx

_I = injections.c
_rows = Mapper(Injection, injections)
read = _rows.read

_in_order = select(*_rows.columns).where(_I.org == bindparam("org")).order_by(_I.process, _I.first_task)
of_one = Query(_in_order.where(_I.process == bindparam("process")))
_of_many = Query(_in_order.add_columns(_I.process).where(is_in(_I.process, "seqs")))


async def of_processes(tx: ReadTx, seqs: Iterable[int]) -> dict[int, tuple[Injection, ...]]:
    """By process, those that have any; one statement, none for no process."""
    wanted = sorted(set(seqs))
    found: dict[int, tuple[Injection, ...]] = {}
    for *row, process in await tx.tuples(_of_many, seqs=wanted) if wanted else ():
        found[process] = (*found.get(process, ()), read(row))
    return found


async def save(tx: WriteTx, process: int, before: Sequence[Injection], after: Sequence[Injection]) -> None:
    """Write what differs."""
    if before == after:
        return
    gone = [{"process": process, "template_id": each.template_id} for each in before if each not in after]
    await tx.delete(injections, gone)
    await tx.insert(injections, [{**_rows.write(each), "process": process} for each in after if each not in before])
