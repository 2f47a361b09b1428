"""What those who watch are told later: kept by its events, and told together at their hours.

Spec: behaviour-people 10.7 (52), N8, ML7, ML9.
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from procession.domain.actors import BOT
from procession.domain.notices import watched
from procession.domain.notices.operations import Operation
from procession.domain.times import Millis
from procession.domain.watchers import next_digest
from procession.storage import notices, timers, watch_entries
from procession.storage.database import Database
from procession.storage.notices import BATCH
from procession.storage.tx import ReadTx, WriteTx, reading, writing
from procession.usecases import mailing, notice_letters, notice_subjects
from procession.usecases.means import Means
from procession.usecases.notice_letters import Addressed, Written

READER = "assignments"
"""Who reads the log for notices, named after the first thing it told: its row is the lock of what is told later."""

Entry = tuple[int, int, Millis]
"""Who (a member) is told of the event at which position, and when."""


def at_once(told: Iterable[Addressed]) -> list[Addressed]:
    """What of it does not wait."""
    found: list[Addressed] = []
    for each in told:
        who = each.told.person.principal
        now = tuple(notice for notice in each.told.notices if who not in notice.later)
        if now:
            found.append(replace(each, told=replace(each.told, notices=now)))
    return found


def entries(told: Iterable[Addressed], now: Millis) -> list[Entry]:
    """What of it waits, each event once for everybody."""
    found: dict[tuple[int, int], Millis] = {}
    for each in told:
        who, account = each.told.person.principal, each.recipient.member
        for notice in each.told.notices:
            if account is None or notice.watched is None or who not in notice.later:
                continue
            due = next_digest(notice.later[who], now, each.zone)
            for position in notice.watched.positions:
                found[account, position] = min(due, found.get((account, position), due))
    return [(account, position, due) for (account, position), due in found.items()]


async def keep(tx: WriteTx, later: Sequence[Entry]) -> None:
    """Under the lock of the log's reader."""
    await watch_entries.add(tx, later)
    for account in dict.fromkeys(account for account, _, _ in later):
        await _set_timer(tx, account)


async def _set_timer(tx: WriteTx, account: int) -> None:
    due = await watch_entries.next_due(tx, account)
    if due != await timers.due_at(tx, "watch_digest", account):
        await timers.set_to(tx, "watch_digest", account, due)


async def tell(
    database: Database, org: int, organization_id: str, account: int, clock: Callable[[], Millis], means: Means
) -> None:
    """Tell a member what has waited until now; what is not so any more, or not watched, is told to nobody."""
    async with reading(database, org, organization_id, BOT, clock()) as tx:
        due = await watch_entries.due(tx, account)
        letters = await _letters(tx, account, due, means) if due else []

    async def work(tx: WriteTx) -> None:
        await notices.lock_reader(tx, READER)
        waiting = set(await watch_entries.due(tx, account))
        if not waiting.issuperset(due):
            return  # another server was faster
        for each in letters:
            await mailing.queue(tx, means, each.kind, each.subject_id, [each.letter])
        await watch_entries.remove(tx, account, due)
        await _set_timer(tx, account)

    await writing(database, org, organization_id, BOT, clock(), work)


async def _letters(tx: ReadTx, account: int, positions: Sequence[int], means: Means) -> list[Written]:
    """One, or none where nothing is left to tell. Spec: N8."""
    read = tuple(await notices.read_at(tx, positions[-BATCH:]))
    there = await notice_subjects.load(tx, Operation("", read))
    there = replace(there, watchers=[each for each in there.watchers if each.account == account])
    found = watched.happenings(read, there, new=())
    told = await notice_letters.addressees(tx, found, there, actor="")
    return await notice_letters.letters(tx, told, means, actor="", tells_time=True)
