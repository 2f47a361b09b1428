"""When a process, task or template last changed, asked under the lock that whoever changes it takes."""

from procession.storage import changes, processes, templates
from procession.storage.changes import Kind
from procession.storage.tx import WriteTx


async def locked_last_change(tx: WriteTx, kind: Kind, thing_id: str) -> int:
    """The position of its last change; 0 when there is no such thing."""
    seq = await _locked(tx, kind, thing_id)
    return 0 if seq is None else await changes.last_change(tx, kind, seq)


async def _locked(tx: WriteTx, kind: Kind, thing_id: str) -> int | None:
    if kind is Kind.TEMPLATE:
        template = await templates.lock(tx, thing_id)
        return None if template is None else template.no
    if kind is Kind.PROCESS:
        seq = await processes.seq_of(tx, thing_id)
        if seq is not None:
            await processes.lock_many(tx, [seq])
        return seq
    place = await processes.place_of_task(tx, thing_id)
    if place is None:
        return None
    task, process = place
    if process is None:
        await processes.lock_task(tx, thing_id)
    else:
        await processes.lock_many(tx, [process])
    return task
