"""What the clock does to tasks and processes: expire, send, complete what is long overdue, archive what is finished.

Spec: behaviour-work 5.4 and 11, behaviour-automations A-10.4.
"""

from collections.abc import Callable

from msgspec.structs import replace

from procession.domain.actors import BOT
from procession.domain.calendar import UNIT_WORDS, add_offset
from procession.domain.events import happened
from procession.domain.processes import Process, State, Task
from procession.domain.task_events import completion_event
from procession.domain.tasks import closed_by_clock
from procession.domain.timers import TICK, TimerKind, closing_time, may_complete_late, next_midnight
from procession.domain.times import Millis
from procession.storage import daily, organizations, processes, threads, timers
from procession.storage.daily import START, Place
from procession.storage.database import Database
from procession.storage.tx import WriteTx, reading, writing
from procession.usecases import guards, rule_clocks, rule_moments, task_mails
from procession.usecases.completion import save_outcome
from procession.usecases.guards import SeenTask
from procession.usecases.reactions import Means

EXPIRED = "Nobody acknowledged this task in time: it has expired."
SENT = "This e-mail was due and has been sent by itself."
SENT_TO_NOBODY = (
    "This e-mail was due and has been completed by itself, but was not sent: nobody who can get mail is assigned."
)
COMPLETED_LATE = "This task was overdue for so long that it has been completed by itself."
ARCHIVED = "This process was complete for so long that it has been archived by itself."


async def close_due_tasks(tx: WriteTx, task_seq: int, means: Means) -> None:
    """Close the task, and do whatever else of its process is due. What was completed meanwhile is passed over."""
    place = await _place(tx, task_seq)
    if place is None:
        await timers.remove(tx, "close_task", [task_seq])
        return
    task, process = place
    if process is not None:
        await _catch_up(tx, process, means)
    elif await timers.due(tx, "close_task", [task_seq]):
        if closing_time(task, None) is not None:
            await _expire(tx, task, None, means)
        else:
            await timers.remove(tx, "close_task", [task_seq])


async def look_at_rules(tx: WriteTx, process_seq: int, means: Means) -> None:
    """Look at the rules of the process whose instant has come, and do whatever else of it is due. Spec: A-2.43."""
    process = await processes.lock_at(tx, process_seq)
    if process is None:
        await timers.remove(tx, "rule_clock", [process_seq])
        return
    process = await _catch_up(tx, process, means)
    if await timers.due(tx, "rule_clock", [process_seq]):
        await rule_clocks.plan(tx, process, None)


async def _catch_up(tx: WriteTx, process: Process, means: Means) -> Process:
    """The locked process after all that is due in it, in the order in which it was due: tasks close, rules react."""
    known = [task.seq for task in process.tasks]
    while due := await timers.due(tx, "close_task", known):
        [seq, *_] = due
        task = next(each for each in process.tasks if each.seq == seq)
        closes_at = closing_time(task, process)
        if closes_at is None:
            await timers.remove(tx, "close_task", [seq])
            continue
        passed = await rule_moments.pass_until(tx, process, min(closes_at, tx.now), means)
        if passed == process:  # else something else may be due now
            passed = await _expire(tx, task, process, means) or process
            # Gone with the closing; where a rule has re-opened the task at once, it has time for a new date. Spec: E6.
            if await timers.due(tx, "close_task", [seq]):
                await timers.move(tx, "close_task", seq, tx.now + TICK)
        process = passed
    return await rule_moments.pass_until(tx, process, tx.now, means)


async def _expire(tx: WriteTx, task: Task, process: Process | None, means: Means) -> Process | None:
    if task.task_type != "expiring_email":
        return (await _closed(tx, task, process, EXPIRED, cause="close_task", means=means)).process
    text = SENT if await task_mails.recipients_of(tx, task) else SENT_TO_NOBODY
    changed = await _closed(tx, task, process, text, cause="close_task", means=means)
    await task_mails.send(tx, closed_by_clock(task, tx.now), changed.process, means)
    return changed.process


async def _place(tx: WriteTx, task_seq: int) -> tuple[Task, Process | None] | None:
    """The task and its process, locked; None when it is gone."""
    task_id = await processes.task_id_at(tx, task_seq)
    place = None if task_id is None else await processes.place_of_task(tx, task_id)
    if task_id is None or place is None:
        return None
    if place[1] is None:
        alone = await processes.lock_task(tx, task_id)
        return None if alone is None else (alone, None)
    process = await processes.lock_at(tx, place[1])
    task = None if process is None else next((each for each in process.tasks if each.seq == task_seq), None)
    return None if task is None else (task, process)


async def _closed(
    tx: WriteTx, task: Task, process: Process | None, text: str, *, cause: TimerKind, means: Means
) -> SeenTask:
    done = closed_by_clock(task, tx.now)
    event = replace(completion_event(done), cause=f"timer:{cause}")
    changed = await save_outcome(tx, SeenTask(task, process, frozenset()), done, event, means)
    await threads.add_bot_comment(tx, task.process, task.seq, text)
    return changed.seen


async def complete_overdue(
    database: Database, org: int, organization_id: str, clock: Callable[[], Millis], means: Means
) -> None:
    """The day's work on tasks that are overdue for as many months as the organization says, each in its transaction.

    Cut off anywhere, it goes on where it was when it is done again.
    """
    now = clock()
    async with reading(database, org, organization_id, BOT, now) as tx:
        settings = await organizations.settings_of(tx, org)
    if settings.auto_complete_tasks:
        before = add_offset(now, settings.auto_complete_task_months, "months", settings.working_week(), -1)
        place = START
        while True:
            async with reading(database, org, organization_id, BOT, now) as tx:
                found = await daily.overdue_tasks(tx, before=before, after=place)
            if not found:
                break
            for each in found:

                async def work(tx: WriteTx, seq: int = each.seq) -> None:
                    await _complete_late(tx, seq, before, means)

                await writing(database, org, organization_id, BOT, clock(), work)
            place = found[-1].place
    await _until_tomorrow(database, org, organization_id, clock(), "auto_complete")


async def _complete_late(tx: WriteTx, seq: int, before: Millis, means: Means) -> None:
    place = await _place(tx, seq)
    if place is not None and may_complete_late(*place, before=before):
        await _closed(tx, *place, COMPLETED_LATE, cause="auto_complete", means=means)


async def archive_finished(database: Database, org: int, organization_id: str, clock: Callable[[], Millis]) -> None:
    """The day's work on processes that are complete for as long as the organization says. As `complete_overdue`."""
    now = clock()
    async with reading(database, org, organization_id, BOT, now) as tx:
        settings = await organizations.settings_of(tx, org)
    if settings.auto_archive:
        after = settings.auto_archive_processes_after
        until = add_offset(now, after.value, UNIT_WORDS[after.unit], settings.working_week(), -1)
        place: Place = START
        while True:
            async with reading(database, org, organization_id, BOT, now) as tx:
                found = await daily.finished(tx, until=until, after=place)
            if not found:
                break
            for each in found:

                async def work(tx: WriteTx, seq: int = each.seq) -> None:
                    await _archive(tx, seq, until)

                await writing(database, org, organization_id, BOT, clock(), work)
            place = found[-1].place
    await _until_tomorrow(database, org, organization_id, clock(), "auto_archive")


async def _archive(tx: WriteTx, seq: int, until: Millis) -> None:
    process = await processes.lock_at(tx, seq)
    if process is None or process.state is not State.COMPLETE or not await daily.is_finished(tx, seq, until=until):
        return
    saved = await guards.save_process(tx, process, replace(process, archived_at=tx.now))
    event = happened("process.archived", saved.id, process=saved.seq)
    tx.record(replace(event, cause="timer:auto_archive"))
    await threads.add_bot_comment(tx, saved.seq, None, ARCHIVED)


async def _until_tomorrow(database: Database, org: int, organization_id: str, now: Millis, kind: TimerKind) -> None:
    async def work(tx: WriteTx) -> None:
        zone = (await organizations.settings_of(tx, tx.org)).timezone
        await timers.move(tx, kind, 0, next_midnight(now, zone))

    await writing(database, org, organization_id, BOT, now, work)
