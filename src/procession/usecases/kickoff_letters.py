"""What people are mailed about a public kick-off form. Spec: L-7.20, L-7.26, L-7.50 to L-7.52."""

from collections.abc import Sequence

from procession.adapters.secrets import new_token
from procession.domain.mails import Letter, framed_letter, paragraphs
from procession.domain.processes import Process
from procession.domain.times import DAY, HOUR
from procession.domain.tokens import token_hash
from procession.storage import kickoff_visits, organizations
from procession.storage.tx import WriteTx
from procession.usecases import mailing
from procession.usecases.means import Means

LINK_DAYS = 7
MOST_TO_ONE = 5
MOST_OF_FORM = 200
"""So many mails leave within an hour to one person, and about one form."""


async def invite(tx: WriteTx, template_id: str, title: str, email: str, means: Means) -> None:
    """Mail a private link to the form; nothing when too many were mailed."""
    if await _may_mail(tx, template_id, email, means):
        code = new_token()
        await kickoff_visits.add(
            tx, token_hash(code), template_id=template_id, email=email, expires_at=tx.now + LINK_DAYS * DAY
        )
        lines = (
            f'Here is your link to the form "{title}":',
            _link(tx, code, means),
            f"It is good for {LINK_DAYS} days. Under the same link you see how things stand afterwards.",
            "If you have not asked for it, nothing needs to be done.",
        )
        await _queue(tx, template_id, f"Your link: {title}", email, lines, means)


async def send_to_sign_in(tx: WriteTx, template_id: str, title: str, email: str, means: Means) -> None:
    """Tell a member that the form is not for them: they launch after signing in. Spec: L-7.21."""
    if await _may_mail(tx, template_id, email, means):
        await _note(tx, template_id, email)
        lines = (
            f'You have asked for a link to the form "{title}".',
            "Your address belongs to a member of the organization. Sign in, and launch from the template.",
            means.base_url,
        )
        await _queue(tx, template_id, f"Sign in: {title}", email, lines, means)


async def note(tx: WriteTx, template_id: str, email: str, means: Means) -> None:
    """Count a request that nobody is mailed about."""
    if await _may_mail(tx, template_id, email, means):
        await _note(tx, template_id, email)


async def confirm(
    tx: WriteTx, template_id: str, process: Process, email: str, means: Means, code: str | None = None
) -> None:
    """Mail that the process has started, with the private link, a new one where there is none; nothing without mail."""
    if means.mail != "sent":
        return
    if code is None:
        if not await _may_mail(tx, template_id, email, means):
            return
        code = new_token()
        await kickoff_visits.add(
            tx, token_hash(code), template_id=template_id, email=email, expires_at=tx.now, process=process.seq
        )
    lines = (f'Thank you. "{process.name}" has started.', "Here you see how it stands:", _link(tx, code, means))
    await _queue(tx, template_id, f"Started: {process.name}", email, lines, means)


async def _may_mail(tx: WriteTx, template_id: str, email: str, means: Means) -> bool:
    """Anybody may type in anybody's address. Also the moment to forget links that nobody used."""
    await kickoff_visits.forget_expired(tx, tx.now - DAY)
    to_one, of_form = await kickoff_visits.made_since(tx, tx.now - HOUR, template_id=template_id, email=email)
    return means.mail == "sent" and to_one < MOST_TO_ONE and of_form < MOST_OF_FORM


async def _note(tx: WriteTx, template_id: str, email: str) -> None:
    await kickoff_visits.add(tx, token_hash(new_token()), template_id=template_id, email=email, expires_at=tx.now)


def _link(tx: WriteTx, code: str, means: Means) -> str:
    """Never an address that the request named: it stands in mail to others."""
    path = f"/{tx.organization_id}/public/kickoff-visits/{code}"
    return f"{means.base_url}{path}" if means.base_url else f"Code: {code}"


async def _queue(tx: WriteTx, template_id: str, subject: str, email: str, lines: Sequence[str], means: Means) -> None:
    organization = (await organizations.get(tx.connection, tx.org)).name
    html, text = framed_letter(paragraphs(lines), organization=organization, recipient=email)
    letter = Letter(recipient=email, sender_name=organization, subject=subject, html=html, text=text, is_notice=True)
    await mailing.queue(tx, means, "kickoff", template_id, [letter], lasts=DAY)
