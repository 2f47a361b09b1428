"""Telling people by mail what concerns them: a reader of the event log. Spec: behaviour-people 10.2, ML7, A-4.22.

Whatever is read is told and passed in one transaction, so that nothing is told twice, by however many servers.
"""

from collections.abc import Callable, Sequence

from procession.domain.actors import BOT
from procession.domain.notices.operations import operations, whole_operations
from procession.domain.times import Millis
from procession.storage import notices
from procession.storage.database import Database
from procession.storage.notices import BATCH
from procession.storage.tx import WriteTx, reading, writing
from procession.usecases import mailing, notice_letters, watch_digests
from procession.usecases.means import Means
from procession.usecases.notice_letters import Written
from procession.usecases.watch_digests import READER, Entry


async def tell_people(
    database: Database, org: int, organization_id: str, clock: Callable[[], Millis], means: Means
) -> int:
    """Tell everybody what has concerned them since the last time; how many mails were written.

    The first time nobody is told: what happened before mail was set up is past.
    """
    told = 0
    while True:
        now = clock()
        async with reading(database, org, organization_id, BOT, now) as tx:
            known, newest = await notices.where_reader_is(tx, READER)
            if known is not None and known >= newest:
                return told
            letters: list[Written] = []
            later: list[Entry] = []
            upto = newest
            if known is not None:
                found = await notices.read_after(tx, known)
                if len(found) == BATCH:
                    found = whole_operations(found)
                    upto = found[-1].position
                for operation in operations(found, now):
                    to = await notice_letters.whom_to_tell(tx, operation)
                    at_once = watch_digests.at_once(to)
                    letters += await notice_letters.letters(tx, at_once, means, actor=operation.actor)
                    later += watch_digests.entries(to, now)

        async def move(
            tx: WriteTx,
            known: int | None = known,
            upto: int = upto,
            letters: Sequence[Written] = letters,
            later: Sequence[Entry] = later,
        ) -> int:
            if await notices.lock_reader(tx, READER) != known:
                return 0  # another server was faster
            for each in letters:
                await mailing.queue(tx, means, each.kind, each.subject_id, [each.letter])
            await watch_digests.keep(tx, later)
            await notices.move_reader(tx, READER, upto)
            return len(letters)

        told += await writing(database, org, organization_id, BOT, now, move)
