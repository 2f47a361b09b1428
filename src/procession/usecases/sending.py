"""Handing over the mail that waits: claimed, sent outside any transaction, then marked. Spec: behaviour-people ML1-ML6.

Cut off anywhere, a mail is sent again under its Message-ID, never lost.
"""

from collections.abc import Callable, Sequence
from html import escape

import msgspec

from procession.adapters.secrets import SealedWithAnotherKey, Secrets
from procession.adapters.smtp import PostOffice, Refused, Transport, Unreachable, post_office
from procession.domain.actors import BOT
from procession.domain.events import happened
from procession.domain.mails import NOT_SET_UP, TOO_OLD, delay_after, gives_up
from procession.domain.times import MINUTE, Millis
from procession.storage import mails, processes, threads
from procession.storage.connection import Connection
from procession.storage.database import Database
from procession.storage.mails import CLAIMED_FOR, Mail
from procession.storage.tx import WriteTx
from procession.usecases import mailing

UNSENT = "The e-mail to {recipient} was not sent: {problem}."
OTHER_KEY = "it was written under another server key"
# A claim with less left than this is not worth beginning a mail.
SPARE = 2 * MINUTE


class Outcome(msgspec.Struct):
    """What became of mail at one look. `problem` is what keeps the rest waiting."""

    sent: int = 0
    failed: int = 0
    put_off: int = 0
    problem: str | None = None


class _Sender:
    """One look at what is due, and what becomes of it."""

    def __init__(self, database: Database, clock: Callable[[], Millis], secrets: Secrets) -> None:
        self._database = database
        self._clock = clock
        self._secrets = secrets
        self.outcome = Outcome()
        # So many of the batch in hand are settled, and until when another mail of it may be begun.
        self._done = self._until = 0

    async def send_all(self, transport: Transport) -> None:
        while self.outcome.problem is None and (batch := await self._claimed()):
            try:
                async with post_office(transport) as office:
                    await self._send(office, batch)
            except Unreachable as error:
                self.outcome.problem = str(error)
                for mail in batch[self._done :]:
                    await self._put_off(mail, str(error))

    async def _claimed(self) -> list[Mail]:
        now = self._clock()
        self._done, self._until = 0, now + CLAIMED_FOR - SPARE
        async with self._database.reading() as connection:
            if not await mails.is_any_due(connection, now):
                return []

        async def claim(connection: Connection) -> list[Mail]:
            return await mails.claim(connection, now)

        return await self._database.write(claim)

    async def _send(self, office: PostOffice, batch: Sequence[Mail]) -> None:
        """Raises Unreachable. `_done` of the batch are settled then."""
        for mail in batch:
            if self._clock() > self._until:  # a slow server: the others' claims lapse
                return
            try:
                letter = mailing.opened(self._secrets, mail.sealed)
                await office.send(letter, mail.key, self._clock())
            except SealedWithAnotherKey:
                await self._fail(mail, OTHER_KEY)
            except Refused as refusal:
                if refusal.is_final:
                    await self._fail(mail, str(refusal))
                else:
                    await self._put_off(mail, str(refusal))
            else:
                await self._mark_sent(mail)
            self._done += 1

    async def _mark_sent(self, mail: Mail) -> None:
        now = self._clock()

        async def mark(connection: Connection) -> None:
            await mails.mark_sent(connection, mail, now)

        await self._database.write(mark)
        self.outcome.sent += 1

    async def _put_off(self, mail: Mail, problem: str) -> None:
        now, attempts = self._clock(), mail.attempts + 1
        if gives_up(attempts, now, mail.expires_at):
            await self._fail(mail, problem)
            return

        async def again(connection: Connection) -> None:
            await mails.put_off(connection, mail, problem, now + delay_after(attempts))

        await self._database.write(again)
        self.outcome.put_off += 1

    async def _fail(self, mail: Mail, problem: str) -> None:
        now = self._clock()

        async def give_up(connection: Connection) -> None:
            await _give_up(self._database, connection, mail, problem, now)

        await self._database.write(give_up)
        self.outcome.failed += 1


async def send_due(database: Database, clock: Callable[[], Millis], secrets: Secrets, transport: Transport) -> Outcome:
    """Send what is due and no other server has taken."""
    sender = _Sender(database, clock, secrets)
    await sender.send_all(transport)
    return sender.outcome


async def give_up_old(database: Database, now: Millis, *, is_set_up: bool) -> int:
    """Give up what has waited for too long, one transaction each; how many."""
    problem = TOO_OLD if is_set_up else NOT_SET_UP

    async def give_up(connection: Connection) -> bool:
        mail = await mails.too_old(connection, now)
        if mail is not None:
            await _give_up(database, connection, mail, problem, now)
        return mail is not None

    async with database.reading() as connection:
        if not await mails.is_any_too_old(connection, now):
            return 0
    ended = 0
    while await database.write(give_up):
        ended += 1
    return ended


async def _give_up(database: Database, connection: Connection, mail: Mail, problem: str, now: Millis) -> None:
    if await mails.mark_failed(connection, mail, problem, now):
        await _tell(database, connection, mail, problem, now)


async def _tell(database: Database, connection: Connection, mail: Mail, problem: str, now: Millis) -> None:
    """Say on the task that its mail was not sent: a comment that guests do not see. Spec: ML4."""
    if mail.kind not in ("task", "reminder") or mail.organization_id is None:
        return
    tx = WriteTx(database, connection, mail.org, mail.organization_id, BOT, now)
    place = await processes.place_of_task(tx, mail.subject_id)
    if place is None:  # gone meanwhile
        return
    text = UNSENT.format(recipient=mail.recipient, problem=problem)
    await threads.add_bot_comment(tx, place[1], place[0], escape(text, quote=False))
    tx.record(happened("task.mail_failed", mail.subject_id, process=place[1], recipient=mail.recipient, reason=problem))
    await tx.finish()
