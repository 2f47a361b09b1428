"""What is refused before the faults of a body are told: what is not there (404), who may not (403), what is archived
(422) or locked (423). Spec: api-conventions 3 (DEC-26).

Handlers ask all this themselves, under the lock; these are for bodies that cannot even be read. Where a use case asks
it in a function of its own, that is named (`operation(first=...)`); here is what several have in common.
"""

from msgspec.structs import fields

from procession.api.call import Call
from procession.api.contract.processes import RunChange
from procession.domain.errors import NotFound
from procession.domain.loose import as_object
from procession.domain.permissions import require
from procession.domain.tasks import require_live
from procession.storage import tags
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import guards, threads
from procession.usecases.custom_fields import require_task
from procession.usecases.processes import may_edit_run, require_may_change

# Names of what a process has where ours differ from the wire's.
OURS = {"owner_id": "owner", "folders": "folder"}
PROPERTIES = frozenset(each.encode_name for each in fields(RunChange))


async def live_process(tx: ReadTx, run_id: str) -> None:
    """Raises NotFound, ProcessArchived."""
    guards.require_unarchived((await guards.readable_process(tx, run_id)).process)


async def standing_process(tx: ReadTx, run_id: str) -> None:
    """Raises NotFound, ProcessArchived, ProcessLocked, ProcessOnHold."""
    guards.require_changeable((await guards.readable_process(tx, run_id)).process)


async def edited_process(tx: ReadTx, run_id: str) -> None:
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


async def changed_process(tx: WriteTx, call: Call, run_id: str) -> None:
    """Raises as `edited_process`; whether the caller may depends on what is mentioned, readable or not."""
    mentioned = PROPERTIES & set(as_object(call.sent) or {})
    await require_may_change(tx, run_id, {OURS.get(name, name) for name in mentioned})


async def live_task(tx: ReadTx, task_id: str) -> None:
    """Raises NotFound, ProcessArchived, WrongState."""
    seen = await guards.readable_task(tx, task_id)
    if seen.process is not None:
        guards.require_unarchived(seen.process)
    require_live(seen.task)


async def live_task_of_guest(tx: ReadTx, guest: str, task_id: str) -> None:  # noqa: ARG001  # it is who calls
    """As `live_task`."""
    await live_task(tx, task_id)


async def comment_of_guest(tx: WriteTx, guest: str, task_id: str, comment_id: str) -> None:  # noqa: ARG001  # who calls
    """Raises NotFound, NotAllowed, ProcessArchived, WrongState."""
    await threads.to_change_as_guest(tx, task_id, comment_id)


async def task_with_values(tx: ReadTx, task_id: str) -> None:
    """Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, ProcessOnHold, WrongState."""
    require_task(tx, await guards.readable_task(tx, task_id))


async def task_of_process_with_values(tx: ReadTx, run_id: str, task_id: str) -> None:
    """As `task_with_values`."""
    require_task(tx, await guards.readable_task(tx, task_id, process_id=run_id))


async def known_tag(tx: ReadTx, tag_id: str) -> None:
    """Raises NotFound."""
    if await tags.find(tx, tag_id) is None:
        raise NotFound
