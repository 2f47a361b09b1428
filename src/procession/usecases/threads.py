"""Comments and problems on tasks. Spec: api-tasks 14, behaviour-work 7.

They stay possible while a process is locked, and end with its archiving (api-processes 1.2).
"""

from collections.abc import Collection

import msgspec
from msgspec.structs import replace

from procession.domain.errors import NotAllowed, NotFound
from procession.domain.events import happened
from procession.domain.permissions import require
from procession.domain.processes import ThreadLabel
from procession.domain.threads import (
    Thread,
    ThreadState,
    check_content,
    check_emoji,
    groups_mentioned,
    may_change,
    may_read,
    shown_to,
    thread_event,
    with_thread,
)
from procession.storage import thread_reactions, threads
from procession.storage.changes import Kind
from procession.storage.threads import PlacedThread
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import guards, thread_files, undo
from procession.usecases.completion import save_outcome
from procession.usecases.guards import SeenTask
from procession.usecases.guest_invitations import invite
from procession.usecases.reactions import Means
from procession.usecases.remaining_parts import finished
from procession.usecases.template_threads import copy_improvement
from procession.usecases.thread_places import Place, on_task, place_of, require_open, require_shown
from procession.usecases.thread_writing import Draft, people_mentioned, resolve, write

GUESTS_ONLY = "Only the guest may write here. Members comment at the task's own address."


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What to change of a comment; None leaves it as it is."""

    content: str | None = None
    state: ThreadState | None = None
    label: ThreadLabel | None = None
    files: tuple[str, ...] | None = None


async def comment_on_task(tx: WriteTx, task_id: str, draft: Draft, *, means: Means, hourly_limit: int) -> PlacedThread:
    """Write a comment; one labelled "problem" reports a problem, addresses after a plus sign are invited.

    Raises NotFound, NotAllowed (guests, where their comments are not wanted; whoever may not invite), ProcessArchived,
    ProcessOnHold (a problem would reopen the task), WrongState, Invalid, TooManyRequests.
    """
    seen = await on_task(tx, task_id)
    seen = await invite(tx, seen, draft.content, means)
    place = place_of(seen)
    thread = await write(tx, draft, place, is_issue=draft.label == "problem", hourly_limit=hourly_limit)
    await _save_effect(tx, seen, None, thread, means, mentions=thread.mentions)
    await copy_improvement(tx, seen, thread)
    return place.shown(thread)


async def comment_as_guest(tx: WriteTx, task_id: str, draft: Draft, *, means: Means, hourly_limit: int) -> PlacedThread:
    """As `comment_on_task`, and a member is refused: a guest's link speaks for that guest only. Spec: api-tasks 16."""
    _require_guest(tx)
    return await comment_on_task(tx, task_id, draft, means=means, hourly_limit=hourly_limit)


def _require_guest(tx: ReadTx) -> None:
    if tx.actor.kind != "guest":
        raise NotAllowed(GUESTS_ONLY)


async def resolve_problem(
    tx: WriteTx, task_id: str, thread_id: str, draft: Draft, *, means: Means, hourly_limit: int
) -> PlacedThread:
    """Resolve one open problem of the task; returns the explanation. Any member who sees the task may (DEC-60).

    Raises NotFound, ProcessArchived, WrongState, Invalid, TooManyRequests.
    """
    seen = await on_task(tx, task_id)
    place = place_of(seen)
    explanation, before, after = await resolve(tx, draft, place, thread_id, hourly_limit=hourly_limit)
    await _save_effect(tx, seen, before, after, means, mentions=explanation.mentions)
    return place.shown(explanation)


async def change_comment(tx: WriteTx, task_id: str, thread_id: str, change: Change, *, means: Means) -> PlacedThread:
    """Change a comment; whether it is a problem or an improvement follows its label. New addresses are invited.

    Raises NotFound, NotAllowed (neither author nor administrator), ProcessArchived, ProcessOnHold (a problem would
    reopen the task), WrongState, Invalid.
    """
    seen, before = await to_change(tx, task_id, thread_id)
    label = change.label or before.label
    content = before.content if change.content is None else change.content
    check_content(content)
    after = replace(before, label=label, state=change.state or before.state, is_issue=label == "problem")
    new_groups: tuple[str, ...] = ()
    if content != before.content and before.author_kind == "user":
        found = await people_mentioned(tx, content, former=before.mentions)
        after, new_groups = replace(after, mentions=found.members), found.groups
        seen = await invite(tx, seen, content, means, former=before.content)
    after = replace(after, content=content)
    place = place_of(seen)
    has_others = change.files is not None and await thread_files.carry(tx, before, place, change.files)
    if after == before and not has_others:
        return place.shown(before)
    after = replace(after, updated_at=tx.now)
    await threads.save(tx, after)
    new = {
        "new_mentions": [each for each in after.mentions if each not in before.mentions],
        "new_groups": [each for each in new_groups if each not in groups_mentioned(before.content)],
    }
    tx.record(thread_event("thread.changed", after, process=place.process, was_issue=before.is_issue, **new))
    await _save_effect(tx, seen, before, after, means, mentions=after.mentions)
    if before.label != "improvement":
        await copy_improvement(tx, seen, after)
    return place.shown(after)


async def to_change(tx: WriteTx, task_id: str, thread_id: str) -> tuple[SeenTask, Thread]:
    """Raises NotFound, NotAllowed, ProcessArchived, WrongState."""
    return await _own_comment(tx, task_id, thread_id, to="change this comment")


async def change_comment_as_guest(
    tx: WriteTx, task_id: str, thread_id: str, change: Change, *, means: Means
) -> PlacedThread:
    """As `change_comment`, by the guest who wrote it. Spec: behaviour-people 3.3, api-tasks 16."""
    _require_guest(tx)
    return await change_comment(tx, task_id, thread_id, change, means=means)


async def to_change_as_guest(tx: WriteTx, task_id: str, thread_id: str) -> None:
    """Raises as `to_change`."""
    _require_guest(tx)
    await to_change(tx, task_id, thread_id)


async def delete_comment_as_guest(tx: WriteTx, task_id: str, thread_id: str, *, means: Means) -> None:
    """As `delete_comment`, by the guest who wrote it."""
    _require_guest(tx)
    await delete_comment(tx, task_id, thread_id, means=means)


async def delete_comment(tx: WriteTx, task_id: str, thread_id: str, *, means: Means) -> None:
    """Erase a comment; an open problem is gone with it.

    Raises NotFound, NotAllowed (neither author nor administrator), ProcessArchived, WrongState.
    """
    seen, thread = await _own_comment(tx, task_id, thread_id, to="delete this comment")
    await thread_files.drop(tx, thread)
    await threads.remove(tx, thread)
    tx.record(thread_event("thread.deleted", thread, process=place_of(seen).process))
    await _save_effect(tx, seen, thread, None, means)


async def comment_as_bot(tx: WriteTx, task_id: str, content: str) -> PlacedThread:
    """Write in the bot's name: nobody is notified and no limit counts it.

    Raises NotFound, ProcessArchived, WrongState, Invalid.
    """
    seen = await on_task(tx, task_id)
    check_content(content)
    place = place_of(seen)
    return place.shown(await threads.add_bot_comment(tx, place.process, place.task, content))


async def react(tx: WriteTx, task_id: str, thread_id: str, emoji: str) -> PlacedThread:
    """Put the caller's emoji on a comment; it is there once, however often this is asked.

    Raises NotFound, ProcessArchived, WrongState, Invalid.
    """
    place, thread = await _reacted_to(tx, task_id, thread_id, emoji)
    if await thread_reactions.add(tx, thread.no, emoji, tx.actor.id):
        tx.record(thread_event("thread.reacted", thread, process=place.process, emoji=emoji))
    return place.shown(thread)


async def take_reaction_back(tx: WriteTx, task_id: str, thread_id: str, emoji: str) -> PlacedThread:
    """Raises as `react`."""
    place, thread = await _reacted_to(tx, task_id, thread_id, emoji)
    if await thread_reactions.remove(tx, thread.no, emoji, tx.actor.id):
        tx.record(thread_event("thread.unreacted", thread, process=place.process, emoji=emoji))
    return place.shown(thread)


async def _reacted_to(tx: WriteTx, task_id: str, thread_id: str, emoji: str) -> tuple[Place, Thread]:
    """Reactions change nothing but themselves: they lock the comment, not the process."""
    seen = await guards.readable_task(tx, task_id)
    thread = await threads.lock(tx, thread_id)
    place = place_of(seen)
    if thread is None or not place.holds(thread):
        raise NotFound
    require_open(seen)
    check_emoji(emoji)
    return place, thread


async def _own_comment(tx: WriteTx, task_id: str, thread_id: str, *, to: str) -> tuple[SeenTask, Thread]:
    """What the caller does not read is not there."""
    seen = await guards.locked_task(tx, task_id)
    require_shown(tx, seen)
    thread = await threads.find(tx, thread_id)
    if thread is None or not place_of(seen).holds(thread) or not may_read(tx.actor, thread, seen.task):
        raise NotFound
    require(may_change(tx.actor, thread), to=to)
    require_open(seen)
    return seen, thread


async def _save_effect(
    tx: WriteTx,
    seen: SeenTask,
    before: Thread | None,
    after: Thread | None,
    means: Means,
    *,
    mentions: Collection[int] = (),
) -> None:
    """Save what the task counts and who may see its process, where a changed thread makes a difference; what a problem
    reopens is reopened as by hand, and what only waited for its end is completed.
    """
    task = with_thread(seen.task, before, after)
    if seen.task.is_completed and task.is_open:
        if seen.process is not None:
            guards.require_running(seen.process)
        event = happened("task.reopened", task.id, process=task.process, because="problem")
        await save_outcome(tx, seen, task, event, means, mentions=tuple(mentions), is_undoable=False)
        return
    is_said_only = task.open_problems == seen.task.open_problems
    if seen.process is not None:
        process = shown_to(seen.process.with_tasks(task), mentions)
        if process != seen.process:
            if is_said_only:
                await undo.keep_past_comment(tx, Kind.PROCESS, process.seq, mentioned=mentions)
            saved = await guards.save_process(tx, seen.process, process)
            seen = replace(seen, process=saved, task=saved.task(task.id))
    elif task != seen.task:
        if is_said_only:
            await undo.keep_past_comment(tx, Kind.TASK, task.seq)
        seen = await guards.save_changed_task(tx, seen, task)
    thread = after or before
    if thread is not None and not is_said_only and (seen.process is None or seen.process.is_changeable):
        await finished(tx, seen, f"thread.resolved:{thread.id}", means)
