"""Telling people by mail that tasks are theirs: a reader of the event log. Spec: behaviour-people 10.2, A-4.22.

Whatever is read is told and passed in one transaction, so that nothing is told twice, by however many servers.
"""

from collections.abc import Callable, Sequence

import msgspec

from procession.domain.actors import BOT
from procession.domain.calendar import local_time
from procession.domain.mails import Letter, framed_letter, paragraphs
from procession.domain.notices import Operation, newly_assigned, operations, whole_operations
from procession.domain.processes import Owners, Process, Task
from procession.domain.times import Millis
from procession.storage import notices, organizations, processes
from procession.storage.database import Database
from procession.storage.notices import BATCH
from procession.storage.tx import ReadTx, WriteTx, reading, writing
from procession.usecases import mailing, task_mails
from procession.usecases.mailing import Recipient
from procession.usecases.means import Means

READER = "assignments"


class _Work(msgspec.Struct, frozen=True):
    """A task that has become somebody's, as they are told of it."""

    task: Task
    process: Process | None
    title: str


async def tell_assignees(
    database: Database, org: int, organization_id: str, clock: Callable[[], Millis], means: Means
) -> int:
    """Tell everybody whose tasks have become theirs since the last time; how many mails were written.

    The first time nobody is told: what happened before mail was set up is past.
    """
    told = 0
    while True:
        now = clock()
        async with reading(database, org, organization_id, BOT, now) as tx:
            known, newest = await notices.where_reader_is(tx, READER)
            if known is not None and known >= newest:
                return told
            letters: list[tuple[str, Letter]] = []
            upto = newest
            if known is not None:
                found = await notices.read_after(tx, known)
                if len(found) == BATCH:
                    found = whole_operations(found)
                    upto = found[-1].position
                for operation in operations(found, now):
                    letters += await _letters(tx, operation, means)

        async def move(
            tx: WriteTx, known: int | None = known, upto: int = upto, letters: Sequence[tuple[str, Letter]] = letters
        ) -> int:
            if await notices.lock_reader(tx, READER) != known:
                return 0  # another server was faster
            for task_id, letter in letters:
                await mailing.queue(tx, means, "assignment", task_id, [letter])
            await notices.move_reader(tx, READER, upto)
            return len(letters)

        told += await writing(database, org, organization_id, BOT, now, move)


async def _letters(tx: ReadTx, operation: Operation, means: Means) -> list[tuple[str, Letter]]:
    """One letter for each person who has new work by the operation, with the id of its first task."""
    by_address: dict[str, tuple[Recipient, list[_Work]]] = {}
    for task, process, owners in await _new_work(tx, operation):
        recipients = await mailing.recipients_of(tx, owners)
        if not recipients:
            continue
        work = _Work(task, process, await task_mails.title_of(tx, task, process))
        for each in recipients:
            if operation.actor != (f"e:{each.address}" if each.is_guest else f"m:{each.member}"):
                by_address.setdefault(each.address, (each, []))[1].append(work)
    if not by_address:
        return []
    members = [each.member for each, _ in by_address.values() if each.member is not None]
    said = await notices.preferences_of(tx, members)
    organization = await organizations.get(tx.connection, tx.org)
    zone = (await organizations.settings_of(tx, tx.org)).timezone
    return [
        (work[0].task.id, _letter(each, work, organization.name, zone, mailing.page_of(each, means)))
        for each, work in by_address.values()
        if each.member is None or each.member not in said or said[each.member].wants_assignments
    ]


async def _new_work(tx: ReadTx, operation: Operation) -> list[tuple[Task, Process | None, Owners]]:
    """The tasks that have become somebody's, as they now are, each with whom it has come to."""
    found: list[tuple[Task, Process | None, Owners]] = []
    of_process = operation.processes
    for seq in sorted({*operation.launched, *of_process.values()}):
        process = await processes.at(tx, seq)
        if process is None or process.is_archived:
            continue
        for task in sorted(process.tasks, key=lambda each: each.position):
            if seq in operation.launched:
                found.append((task, process, newly_assigned(task, None)))
            elif task.id in operation.tasks:
                found.append((task, process, newly_assigned(task, operation.tasks[task.id])))
    for task_id in operation.tasks.keys() - of_process.keys():
        task = await processes.find_task(tx, task_id)
        if task is not None:
            found.append((task, None, newly_assigned(task, operation.tasks[task_id])))
    return [each for each in found if not each[2].is_empty]


def _letter(to: Recipient, work: Sequence[_Work], organization: str, zone: str, page: str | None) -> Letter:
    lines = [f"{'This task is' if len(work) == 1 else f'These {len(work)} tasks are'} yours now:"]
    lines += [_line(each, zone) for each in work]
    if page is not None:
        lines.append(f"Your page: {page}")
    html, text = framed_letter(paragraphs(lines), organization=organization, recipient=to.address)
    return Letter(
        recipient=to.address,
        recipient_name=to.name,
        sender_name=organization,
        subject=_subject(work),
        html=html,
        text=text,
        is_notice=True,
        is_answerable=len(work) == 1,
    )


def _subject(work: Sequence[_Work]) -> str:
    """Nothing of what only its assignees see stands where it shows on locked screens."""
    if len(work) > 1:
        return f"{len(work)} tasks for you"
    return "A task for you" if work[0].task.top_secret else f"Your task: {work[0].title}"


def _line(work: _Work, zone: str) -> str:
    task, process = work.task, work.process
    line = work.title if process is None else f"{work.title} ({process.name}, {_progress(process)})"
    if task.deadline is None or task.is_held:
        return line
    return f"{line}, due {local_time(task.deadline, zone):%Y-%m-%d %H:%M} {zone}"


def _progress(process: Process) -> str:
    shown = [task for task in process.tasks if not task.is_hidden]
    return f"{sum(task.is_completed for task in shown)} of {len(shown)} tasks done"
