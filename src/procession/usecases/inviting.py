"""The mail of an invitation. Spec: behaviour-people 4.1, 10.4 (mail 10)."""

from procession.domain.mails import Letter, framed_letter, paragraphs
from procession.domain.people import full_name
from procession.domain.times import DAY
from procession.storage import accounts, organizations, people
from procession.storage import password_codes as codes
from procession.storage.members import Member
from procession.storage.tx import WriteTx
from procession.usecases import mailing, password_codes
from procession.usecases.means import Means

INVITATION_DAYS = 18


async def mail_invitation(tx: WriteTx, member: Member, message: str, means: Means) -> None:
    """Tell an invited member, with a code to set a password where they have none; nothing where no mail is sent."""
    if means.mail != "sent":
        return
    organization = (await organizations.get(tx.connection, tx.org)).name
    inviter = (await people.names(tx, [tx.actor.id])).get(tx.actor.id)
    account = await accounts.find(tx.connection, member.account)
    name = inviter.full_name if inviter else organization
    lines = [f"{name} invites you to {organization}.", *message.splitlines()]
    if means.base_url:
        lines.append(f"Address: {means.base_url}")
    if account is None or account.password_hash is None:
        await codes.drop_all(tx.connection, member.account)  # those of earlier invitations. Spec: I5
        code = await password_codes.new_code(tx.connection, member.account, tx.now, lasts=INVITATION_DAYS * DAY)
        lines.append(f"Code to set your password: {code}")
        lines.append(f"It is good for {INVITATION_DAYS} days. Then sign in with this address to join.")
    else:
        lines.append("Sign in with this address and your password to join.")
    html, text = framed_letter(paragraphs(lines), organization=organization, recipient=member.email)
    letter = Letter(
        recipient=member.email,
        recipient_name=full_name(member.first_name, member.last_name),
        sender_name=name,
        reply_to=inviter.email if inviter else None,
        subject=f"Invitation to {organization}",
        html=html,
        text=text,
        is_notice=True,
    )
    await mailing.queue(tx, means, "invitation", str(member.account), [letter])
