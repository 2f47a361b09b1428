"""Taking back what one did just before. Spec: behaviour-work 5.9."""

from collections.abc import Collection

from msgspec.structs import replace

from procession.domain import tasks
from procession.domain.automations.state import FRESH, RuleState
from procession.domain.events import Event, happened, parting
from procession.domain.permissions import may_archive_process, require
from procession.domain.processes import Owners, Process, Task
from procession.domain.times import MINUTE
from procession.domain.undo import (
    ACTS,
    Before,
    CannotUndo,
    before_of,
    commented,
    may_do_again,
    people_back,
    restored,
    restored_task,
    rules_back,
)
from procession.storage import changes, guests, organizations, people, rule_states, threads, undo
from procession.storage.changes import Kind
from procession.storage.tx import WriteTx
from procession.storage.undo import Undoable
from procession.usecases import guards, rule_clocks
from procession.usecases.guards import SeenTask
from procession.usecases.reactions import Reacted

NOTHING = (
    "There is nothing here that you can undo: the last thing was done by somebody else or more than {minutes} minutes "
    "ago, or it is undone already."
)
CHANGED = "You {act}, but something else has happened since. Change it by hand."
COMMENTED = "You {act}, but somebody has commented on a task that came with it. Change it by hand."
PEOPLE_GONE = "You {act}, but somebody who would have it back is not here any more. Change it by hand."
MAIL_HAS_LEFT = "The mail of this task has left, it cannot be taken back. Reopen the task to send another one."
SWITCHED_OFF = "This server is set not to undo anything."


def remember_process(
    tx: WriteTx, act: str, subject_id: str, before: Process, after: Process, rules: RuleState | None = None
) -> None:
    """The caller may take this back for a while. Guests may not (behaviour-work A9)."""
    if tx.actor.kind == "member":
        undo.remember(
            tx, Kind.PROCESS, after.seq, act=act, subject_id=subject_id, before=before_of(before, after, rules)
        )


def remember_task(tx: WriteTx, act: str, before: Task) -> None:
    """As `remember_process`, of a task that stands alone."""
    if tx.actor.kind == "member":
        undo.remember(tx, Kind.TASK, before.seq, act=act, subject_id=before.id, before=Before(None, (before,)))


def remember(tx: WriteTx, act: str, seen: SeenTask, saved: SeenTask, by_rules: Reacted | None = None) -> None:
    """What was done to a task, in a process or not."""
    if seen.process is None or saved.process is None:
        remember_task(tx, act, seen.task)
    else:
        rules = by_rules.rules_before if by_rules is not None else None
        remember_process(tx, act, seen.task.id, seen.process, saved.process, rules)


async def undo_on_process(tx: WriteTx, process_id: str, *, minutes: int) -> Process:
    """Take back what the caller did to the process itself, which was archiving or restoring it.

    Raises NotFound, NotAllowed, ProcessLocked, CannotUndo.
    """
    process = (await guards.locked_process(tx, process_id)).process
    allowed = (await organizations.settings_of(tx, tx.org)).allow_archive
    require(may_archive_process(tx.actor, organization_allows=allowed), to="archive or restore processes")
    guards.require_unlocked(process)
    guards.require_running(process)
    last = await _last(tx, Kind.PROCESS, process.seq, process.id, minutes)
    act, before = await _undoable(tx, Kind.PROCESS, process.seq, last, minutes)
    return await _restore(tx, process, act, before)


async def undo_on_task(tx: WriteTx, task_id: str, *, minutes: int) -> SeenTask:
    """Take back what the caller did to the task, with all that followed from it.

    Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, CannotUndo.
    """
    seen = await guards.locked_task(tx, task_id)
    kind, seq = (Kind.TASK, seen.task.seq) if seen.process is None else (Kind.PROCESS, seen.process.seq)
    last = await _last(tx, kind, seq, task_id, minutes)
    if last is not None:
        former = next((each for each in last.before.tasks if each.id == task_id), seen.task)
        require(may_do_again(tx.actor, seen.named, last.act, former), to="undo this any more")
    guards.require_changeable(seen.process)
    if seen.task.is_completed and tasks.sends_mail(seen.task.task_type, seen.task.is_approved):
        raise CannotUndo(MAIL_HAS_LEFT)
    act, before = await _undoable(tx, kind, seq, last, minutes)
    if seen.process is not None:
        process = await _restore(tx, seen.process, act, before)
        tx.record(happened("task.undone", task_id, process=process.seq, act=act))
        followers = [each.id for each in before.tasks if each.id != task_id]
        tx.record(*[_followed(each, process.seq, task_id) for each in followers])
        return SeenTask(process.task(task_id), process, seen.named)
    await _require_people(tx, act, people_back(before, (seen.task,)))
    saved = await guards.save_changed_task(tx, seen, restored_task(seen.task, before.tasks[0]))
    await undo.remove(tx, kind, seq)
    tx.record(happened("task.undone", task_id, act=act))
    return saved


async def keep_past_comment(tx: WriteTx, kind: Kind, seq: int, *, mentioned: Collection[int] = ()) -> None:
    """What was done last to the locked thing can be undone although it is about to change because of a comment (W4)."""
    if tx.is_touched(kind, seq):
        return
    last = await undo.find(tx, kind, seq)
    if last is not None and await changes.last_change(tx, kind, seq) == last.position:
        undo.keep(tx, kind, seq, last, commented(last.before, mentioned))


async def _last(tx: WriteTx, kind: Kind, seq: int, subject_id: str, minutes: int) -> Undoable | None:
    """The last act on the locked thing if it was the caller's, on this part of it, and not too long ago."""
    found = await undo.find(tx, kind, seq)
    if found is None or found.member != tx.actor.id or found.subject_id != subject_id:
        return None
    return found if found.at > tx.now - minutes * MINUTE else None


async def _undoable(tx: WriteTx, kind: Kind, seq: int, last: Undoable | None, minutes: int) -> tuple[str, Before]:
    """The caller's last act on the locked thing, where nothing has happened since. Raises CannotUndo."""
    if not minutes:
        raise CannotUndo(SWITCHED_OFF)
    if last is None:
        raise CannotUndo(NOTHING.format(minutes=minutes))
    if await changes.last_change(tx, kind, seq) != last.position:
        raise CannotUndo(CHANGED.format(act=ACTS[last.act]))
    return last.act, last.before


async def put_back(tx: WriteTx, process: Process, before: Before) -> Process:
    """Make the locked process what it was, with what it remembered of its rules."""
    saved = await guards.save_process(tx, process, restored(process, before))
    gone = [task for task in process.tasks if task.seq in before.added]
    tx.record(*[parting("task.withdrawn", task, process=process.seq) for task in gone])
    if before.rules is not None:
        now = await rule_states.find(tx, process.seq)
        rules = rules_back(before.rules, now or FRESH)
        await rule_states.save(tx, process.seq, now, rules)
        await rule_clocks.plan(tx, saved, rules)
    return saved


async def _restore(tx: WriteTx, process: Process, act: str, before: Before) -> Process:
    await _require_people(tx, act, people_back(before, process.tasks))
    if before.added and await threads.counts_of_tasks(tx, before.added):
        raise CannotUndo(COMMENTED.format(act=ACTS[act]))
    saved = await put_back(tx, process, before)
    await undo.remove(tx, Kind.PROCESS, process.seq)
    if act.startswith("process."):
        tx.record(happened("process.undone", process.id, process=process.seq, act=act))
    return saved


def _followed(task_id: str, process: int, undone: str) -> Event:
    """Of a task that is as it was because another one is."""
    return replace(happened("task.undone", task_id, process=process), cause=f"task.undone:{undone}")


async def _require_people(tx: WriteTx, act: str, wanted: Owners) -> None:
    """Raises CannotUndo."""
    if not await are_here(tx, wanted):
        raise CannotUndo(PEOPLE_GONE.format(act=ACTS[act]))


async def are_here(tx: WriteTx, wanted: Owners) -> bool:
    """Whether everybody can still be given work: whoever left since gets no task back."""
    known = await people.assignable(tx, wanted.users, wanted.groups)
    addresses = await guests.by_emails(tx, list(wanted.guests)) if wanted.guests else {}
    return not (
        set(wanted.users) - set(known.members)
        or set(wanted.groups) - set(known.groups)
        or set(wanted.guests) - set(addresses)
    )
