"""Mail that comes in, dealt with once: it launches, comments, or is refused. Spec: behaviour-launching 7.5."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import msgspec

from procession.domain.actors import BOT, Actor
from procession.domain.errors import DomainError, NotFound, TooManyRequests, in_sentences
from procession.domain.events import happened
from procession.domain.guests import GuestKey
from procession.domain.inbound_mails import (
    FULL_TEXT,
    MAX_ADDRESSES,
    Attachment,
    CommentAddress,
    InboundMail,
    LaunchAddress,
    Standing,
    addresses_in,
    fits_a_comment,
    standing,
    why_left_alone,
)
from procession.domain.mails import Letter, framed_letter, paragraphs
from procession.domain.times import DAY, Millis
from procession.storage import accounts, guests, inbound_mails, mails, members, organizations, processes, templates
from procession.storage.connection import Connection
from procession.storage.database import Database
from procession.storage.tx import ReadTx, WriteTx, reading, writing
from procession.usecases import comment_addresses, inbound_commenting, inbound_launching, mailing
from procession.usecases.inbound_files import FileRules, Place, Stored, stored
from procession.usecases.means import Means

Effect = Literal["launched", "commented", "refused", "ignored", "repeated"]

SERVER = "Procession"
MOST_REFUSALS_TO_ONE = 3
MOST_REFUSALS = 200
"""So many refusals leave within an hour: whoever writes under others' addresses does not make us flood them."""
MEMBERS_ONLY = "This address takes mail from active members of its organization only."
NOT_YOURS = "This address takes mail only from whoever was mailed it, and may still comment on the task."
NOT_PROVED = "Your mail server did not confirm that the message is from you."
FORGED = "its sender is forged"
NOTHING_SAID = "it says nothing"
TOO_MANY_ADDRESSES = "it is to too many addresses of this server"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail led to at one of its addresses: the id of the process or comment, or why not."""

    address: str
    effect: Effect
    id: str | None = None
    reason: str | None = None


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """What receiving needs of the server. `own_addresses`: those that it sends from, lower-case."""

    database: Database
    means: Means
    files: FileRules
    own_addresses: Sequence[str]
    checks_senders: bool
    relay: str
    comments_per_hour: int


class _Reason(DomainError):
    """A refusal that is none of the product's own."""

    code = "MAIL_REFUSED"


class _Repeated(Exception):  # nothing went wrong: another delivery of the mail was faster
    """This mail has been dealt with."""


async def receive(receiver: Receiver, mail: InboundMail, now: Millis) -> list[Outcome]:
    """Deal with a mail, at each address of ours that it is to.

    Raises TooManyRequests and FileStoreFailed: then it is to be delivered again.
    """
    addresses = addresses_in(mail.recipients, receiver.means.inbound_domain)
    reason = why_left_alone(mail, receiver.own_addresses) or await _loop(receiver, mail)
    checked = standing(mail.verdicts, mail.sender, receiver.relay) if receiver.checks_senders else "unproved"
    if reason is None and checked == "forged":
        reason = FORGED
    if reason is None and len(addresses) > MAX_ADDRESSES:
        reason = TOO_MANY_ADDRESSES
    if reason is not None:
        return [Outcome(address=each.address, effect="ignored", reason=reason) for each in addresses[:MAX_ADDRESSES]]
    return [await _Delivery(receiver, mail, each, checked, now).made() for each in addresses]


async def _loop(receiver: Receiver, mail: InboundMail) -> str | None:
    """What this server sent comes back with the Message-ID it gave it."""
    key = mail.message_id.strip("<>").partition("@")[0]
    async with receiver.database.reading() as connection:
        return "it is from this server" if await mails.is_known(connection, key) else None


class _Delivery:
    """One mail at one address."""

    def __init__(
        self,
        receiver: Receiver,
        mail: InboundMail,
        address: LaunchAddress | CommentAddress,
        checked: Standing,
        now: Millis,
    ) -> None:
        self.receiver = receiver
        self.mail = mail
        self.address = address
        self.now = now
        self.is_proved = checked == "proved"
        self._key = hashlib.sha256(
            "\n".join((address.address, mail.sender, mail.message_id or mail.digest)).encode()
        ).hexdigest()

    async def made(self) -> Outcome:
        place: Place | None = None
        try:
            if self.receiver.checks_senders and self.receiver.relay and not self.is_proved:
                raise _Reason(NOT_PROVED)
            if isinstance(self.address, LaunchAddress):
                place = await self._where_launched(self.address)
                return await self._launched(place, self.address)
            place = await self._where_commented(self.address)
            return await self._commented(place, self.address)
        except _Repeated:
            return self._outcome("repeated")
        except TooManyRequests:
            raise
        except NotFound:
            return await self._refused(place, MEMBERS_ONLY if isinstance(self.address, LaunchAddress) else NOT_YOURS)
        except DomainError as refusal:
            return await self._refused(place, in_sentences(refusal))

    def _outcome(self, effect: Effect, found: str | None = None, reason: str | None = None) -> Outcome:
        return Outcome(address=self.address.address, effect=effect, id=found, reason=reason)

    async def _launched(self, place: Place, address: LaunchAddress) -> Outcome:
        async def work(tx: WriteTx, files: Stored) -> str:
            return (await inbound_launching.launch(tx, address.template_id, self.mail, files, self.receiver.means)).id

        return self._outcome("launched", await self._done(place, work))

    async def _commented(self, place: Place, address: CommentAddress) -> Outcome:
        if not self.mail.text and not self.mail.attachments:
            return self._outcome("ignored", reason=NOTHING_SAID)

        async def work(tx: WriteTx, files: Stored) -> str:
            limit = self.receiver.comments_per_hour
            placed = await inbound_commenting.comment(
                tx, address.task_id, self.mail, files, self.receiver.means, hourly_limit=limit
            )
            return placed.thread.id

        return self._outcome("commented", await self._done(place, work))

    async def _done(self, place: Place, work: Callable[[WriteTx, Stored], Awaitable[str]]) -> str:
        """Do it in one transaction, with what came along; raises _Repeated."""
        attachments = [*self.mail.attachments]
        if not fits_a_comment(self.mail.text):
            attachments.append(Attachment(FULL_TEXT, self.mail.text.encode()))
        receiver = self.receiver
        async with stored(receiver.database, place, self.now, receiver.files, attachments) as files:

            async def once(tx: WriteTx) -> str:
                if not await inbound_mails.remember(tx.connection, self._key, self.now):
                    raise _Repeated
                return await work(tx, files)

            made = await writing(receiver.database, place.org, place.organization_id, place.actor, self.now, once)
            files.are_kept = True
            return made

    async def _where_launched(self, address: LaunchAddress) -> Place:
        """Where the sender may have a template of this id. Raises _Reason."""

        async def has_it(tx: ReadTx) -> bool:
            return await templates.find(tx, address.template_id) is not None

        place = await self._where_member(has_it)
        if place is None:
            raise _Reason(MEMBERS_ONLY)
        return place

    async def _where_commented(self, address: CommentAddress) -> Place:
        """By the code of the address; without the sender's own, members whom their mail server vouches for.

        Raises _Reason.
        """
        place = None
        org = comment_addresses.organization_of(self.receiver.means, address, self.mail.sender)
        if org is not None:
            place = await self._as_known_there(org)
        elif self.is_proved:

            async def has_it(tx: ReadTx) -> bool:
                return await processes.place_of_task(tx, address.task_id) is not None

            place = await self._where_member(has_it)
        if place is None:
            raise _Reason(NOT_YOURS)
        return place

    async def _where_member(self, has_it: Callable[[ReadTx], Awaitable[bool]]) -> Place | None:
        """The organization that has the thing, of those the sender is an active member of."""
        database = self.receiver.database
        async with database.reading() as connection:
            account = await accounts.by_email(connection, self.mail.sender)
            theirs = [] if account is None else await organizations.of_account(connection, account.id)
        for each in theirs:
            async with reading(database, each.org, each.id, BOT, self.now) as tx:
                actor = await self._member(tx)
                if actor is not None and await has_it(tx):
                    return Place(each.org, each.id, actor)
        return None

    async def _as_known_there(self, org: int) -> Place | None:
        """The sender as a member or else a guest of this organization."""
        async with self.receiver.database.reading() as connection:
            organization_id = (await organizations.get(connection, org)).id
        async with reading(self.receiver.database, org, organization_id, BOT, self.now) as tx:
            actor = await self._member(tx)
            if actor is None:
                guest = await guests.find(tx, GuestKey(email=self.mail.sender))
                if guest is None or guest.disabled_at is not None:
                    return None
                actor = Actor(kind="guest", guest_email=guest.email, channel="inbound_email")
        return Place(org, organization_id, actor)

    async def _member(self, tx: ReadTx) -> Actor | None:
        member = await members.by_email(tx, self.mail.sender)
        if member is None or member.status != "active" or member.is_bot:
            return None
        return Actor(kind="member", id=member.account, role=member.role, channel="inbound_email")

    async def _refused(self, place: Place | None, reason: str) -> Outcome:
        """Write back why, once for each mail and not too often; where it was for is told, too."""
        refused_to = self.receiver.means.secrets.keyed_hash(f"refused {self.mail.sender}")

        async def tell(connection: Connection) -> bool:
            to_one, to_all = await inbound_mails.refusals_within_an_hour(connection, refused_to, self.now)
            is_told = to_one < MOST_REFUSALS_TO_ONE and to_all < MOST_REFUSALS
            if not await inbound_mails.remember(connection, self._key, self.now, refused_to if is_told else None):
                return False
            if is_told:
                subject = "" if place is None else self.mail.subject
                letter = refusal_letter(self.mail.sender, subject, self.address.address, reason, self.receiver.means)
                org = 0 if place is None else place.org
                await mailing.queue_on(
                    connection, self.receiver.means, "refusal", "", [letter], org=org, now=self.now, lasts=DAY
                )
            return True

        async def tell_there(tx: WriteTx) -> bool:
            is_first = await tell(tx.connection)
            if is_first and isinstance(self.address, LaunchAddress):
                tx.record(
                    happened("template.mail_refused", self.address.template_id, sender=self.mail.sender, reason=reason)
                )
            return is_first

        database = self.receiver.database
        if place is None:
            is_first = await database.write(tell)
        else:
            is_first = await writing(database, place.org, place.organization_id, place.actor, self.now, tell_there)
        return self._outcome("refused", reason=reason) if is_first else self._outcome("repeated")


def refusal_letter(recipient: str, subject: str, address: str, reason: str, means: Means) -> Letter:
    """`subject` is that of the mail, blank where it may go to a stranger who did not write that."""
    about = f'Your message "{subject[:200]}"' if subject else "Your message"
    lines = (f"{about} to {address} had no effect.", reason)
    html, text = framed_letter(paragraphs(lines), organization=means.base_url or SERVER, recipient=recipient)
    return Letter(
        recipient=recipient,
        sender_name=SERVER,
        subject="Your message had no effect",
        html=html,
        text=text,
        is_notice=True,
    )
