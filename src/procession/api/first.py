"""What is refused before the faults of a body are told: what is not there (404), who may not (403), what is archived
(422) or locked (423). Spec: api-conventions 3 (DEC-26).

Handlers ask all this themselves, under the lock; these are for bodies that cannot even be read.
"""

from procession.domain.permissions import require
from procession.domain.tasks import require_live
from procession.storage.tx import ReadTx
from procession.usecases import guards
from procession.usecases.custom_fields import require_task
from procession.usecases.processes import may_edit_run


async def known_process(tx: ReadTx, run_id: str) -> None:
    """Raises NotFound."""
    await guards.readable_process(tx, run_id)


async def live_process(tx: ReadTx, run_id: str) -> None:
    """Raises NotFound, ProcessArchived."""
    guards.require_unarchived((await guards.readable_process(tx, run_id)).process)


async def edited_process(tx: ReadTx, run_id: str, **_: str) -> None:
    """Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, ProcessOnHold."""
    guards.require_running((await _edited(tx, run_id)).process)


async def held_process(tx: ReadTx, run_id: str) -> None:
    """As `edited_process`, but it may be on hold."""
    await _edited(tx, run_id)


async def _edited(tx: ReadTx, run_id: str) -> guards.Seen:
    seen = await guards.readable_process(tx, run_id)
    require(await may_edit_run(tx, seen), to="change this process")
    guards.require_unarchived(seen.process)
    guards.require_unlocked(seen.process)
    return seen


async def live_task(tx: ReadTx, task_id: str, **_: str) -> None:
    """Raises NotFound, ProcessArchived, WrongState."""
    seen = await guards.readable_task(tx, task_id)
    if seen.process is not None:
        guards.require_unarchived(seen.process)
    require_live(seen.task)


async def task_with_values(tx: ReadTx, task_id: str, run_id: str | None = None, **_: str) -> None:
    """Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, ProcessOnHold, WrongState."""
    require_task(tx, await guards.readable_task(tx, task_id, process_id=run_id))
