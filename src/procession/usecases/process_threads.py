"""Comments and issues on processes as a whole. Spec: api-processes 11, behaviour-work I6.

An open issue locks its process; commenting, reporting and resolving go on (api-processes 1.2).
"""

from collections.abc import Collection

from msgspec.structs import replace

from procession.domain.processes import Process
from procession.domain.threads import Thread, shown_to, with_process_thread
from procession.storage.changes import Kind
from procession.storage.threads import PlacedThread
from procession.storage.tx import WriteTx
from procession.usecases import guards, undo
from procession.usecases.thread_places import Place, on_process
from procession.usecases.thread_writing import Draft, resolve, write


async def comment_on_process(tx: WriteTx, process_id: str, draft: Draft, *, hourly_limit: int) -> PlacedThread:
    """Write a comment; whatever its label, the process goes on as before.

    Raises NotFound, ProcessArchived, Invalid, TooManyRequests.
    """
    process = await on_process(tx, process_id)
    place = Place(process=process.seq)
    thread = await write(tx, draft, place, is_issue=False, hourly_limit=hourly_limit)
    await _save_effect(tx, process, None, thread, mentions=thread.mentions)
    return place.shown(thread)


async def report_issue(tx: WriteTx, process_id: str, draft: Draft, *, hourly_limit: int) -> PlacedThread:
    """Open an issue, which locks the process. Raises NotFound, ProcessArchived, Invalid, TooManyRequests."""
    process = await on_process(tx, process_id)
    place = Place(process=process.seq)
    draft = replace(draft, label="problem")
    thread = await write(tx, draft, place, is_issue=True, hourly_limit=hourly_limit)
    await _save_effect(tx, process, None, thread, mentions=thread.mentions)
    return place.shown(thread)


async def resolve_issue(
    tx: WriteTx, process_id: str, thread_id: str, draft: Draft, *, hourly_limit: int
) -> PlacedThread:
    """Resolve one open issue of the process; returns the explanation. The last one resolved unlocks the process.

    Raises NotFound, ProcessArchived, Invalid, TooManyRequests.
    """
    process = await on_process(tx, process_id)
    place = Place(process=process.seq)
    explanation, before, after = await resolve(tx, draft, place, thread_id, hourly_limit=hourly_limit)
    await _save_effect(tx, process, before, after, mentions=explanation.mentions)
    return place.shown(explanation)


async def _save_effect(
    tx: WriteTx, process: Process, before: Thread | None, after: Thread | None, *, mentions: Collection[int]
) -> None:
    changed = shown_to(with_process_thread(process, before, after), mentions)
    if changed != process:
        if changed.open_issues == process.open_issues:
            await undo.keep_past_comment(tx, Kind.PROCESS, process.seq, mentioned=mentions)
        await guards.save_process(tx, process, changed)
