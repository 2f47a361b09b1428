"""A guest who has lost the link to their page is mailed it. Spec: behaviour-people G3, G9."""

from procession.adapters.secrets import Secrets
from procession.domain.actors import NOBODY
from procession.domain.errors import MailNotSetUp
from procession.domain.guests import GuestKey, normal_email
from procession.domain.mails import Letter, framed_letter, paragraphs
from procession.domain.people import full_name
from procession.domain.times import DAY
from procession.storage import guests, organizations
from procession.storage.database import Database
from procession.storage.tx import WriteTx, writing
from procession.usecases import mailing
from procession.usecases.attempts import MustWait, attempts_key, begin_attempt
from procession.usecases.mailing import Recipient
from procession.usecases.means import Means


async def may_ask(
    database: Database, secrets: Secrets, organization_id: str, email: str, means: Means, *, now: int
) -> MustWait | None:
    """Count a request for this address, whether or not a guest has it. Raises MailNotSetUp."""
    if means.mail != "sent" or not means.base_url:
        raise MailNotSetUp
    return await begin_attempt(database, attempts_key(secrets, f"guest link {organization_id} {email}"), now)


async def send(database: Database, org: int, organization_id: str, email: str, means: Means, *, now: int) -> None:
    """Mail their page to the guest who has this address; nothing when none has, or they are disabled (G8)."""

    async def work(tx: WriteTx) -> None:
        guest = await guests.find(tx, GuestKey(email=normal_email(email)))
        if guest is None or guest.disabled_at is not None:
            return
        name = full_name(guest.first_name or "", guest.last_name or "")
        page = mailing.page_of(Recipient(address=guest.email, name=name, sealed_code=guest.sealed_code), means)
        if page is None:
            return
        organization = (await organizations.get(tx.connection, tx.org)).name
        lines = (f"Your page at {organization}:", page, "If you have not asked for it, nothing needs to be done.")
        html, text = framed_letter(paragraphs(lines), organization=organization, recipient=guest.email)
        letter = Letter(
            recipient=guest.email,
            recipient_name=name,
            sender_name=organization,
            subject=f"Your page at {organization}",
            html=html,
            text=text,
            is_notice=True,
        )
        await mailing.queue(tx, means, "guest_link", str(guest.id), [letter], lasts=DAY)

    await writing(database, org, organization_id, NOBODY, now, work)
