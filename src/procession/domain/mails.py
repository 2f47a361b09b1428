"""Outgoing mail: what a letter is, how it looks, and how long the server tries to get rid of it.

Spec: behaviour-people 10.7, behaviour-templates T-6.6 to T-6.11.
"""

from collections.abc import Sequence
from html import escape
from typing import Literal

import msgspec

from procession.domain.names import clean_name
from procession.domain.richtext import plain_text
from procession.domain.times import DAY, HOUR, MINUTE, Millis

MailKind = Literal[
    "task", "reminder", "assignment", "notice", "invitation", "password_reset", "password_changed", "refusal",
    "kickoff", "guest_link",
]  # fmt: skip
MailState = Literal["queued", "sent", "failed"]

MAX_AGE = 3 * DAY
"""Older mail is not sent any more: nobody gets last week's by surprise."""
MAX_ATTEMPTS = 16
KEPT_FOR = 30 * DAY
"""How long it is remembered what became of a mail; what stood in it is not kept once it has left."""
MAX_SUBJECT = 255
TOO_OLD = "it could not be sent in time"
NOT_SET_UP = "no mail server is set up (PROCESSION_SMTP_HOST)"


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One mail to one person. `html` is safe markup, the other texts are plain."""

    recipient: str
    recipient_name: str = ""
    # Whose name it bears, and where answers go. Spec: T-6.7.
    sender_name: str = ""
    reply_to: str | None = None
    # What it is about takes answers by mail, if it is one task (usecases.mailing).
    is_answerable: bool = True
    subject: str
    html: str
    text: str
    # Written by the server, not by a person: answering machines leave it alone.
    is_notice: bool = False


def delay_after(attempts: int) -> Millis:
    """How long a mail waits after so many attempts: a minute, then twice as long each time, at most eight hours."""
    return min(2 ** (attempts - 1) * MINUTE, 8 * HOUR)


def gives_up(attempts: int, now: Millis, expires_at: Millis) -> bool:
    """Whether a mail is not tried again after so many attempts."""
    return attempts >= MAX_ATTEMPTS or now + delay_after(attempts) > expires_at


def one_line(text: str) -> str:
    """Text for the header of a mail: no line breaks or control characters, not too long."""
    return clean_name("".join(each if each.isprintable() else " " for each in text))[:MAX_SUBJECT]


def plain_letter(markup: str) -> tuple[str, str]:
    """The written text and nothing else, as HTML and as plain text. Spec: T-6.8, N9."""
    return _page(markup), plain_text(markup)


def framed_letter(markup: str, *, organization: str, recipient: str) -> tuple[str, str]:
    """The written text between the organization's name and why it came, as HTML and as plain text."""
    footer = f"Sent to {recipient} by {organization}."
    html = (
        f'<p style="color:#666;font-size:13px">{escape(organization)}</p>'
        f'<div style="padding:8px 0">{markup}</div>'
        f'<p style="color:#666;font-size:12px;border-top:1px solid #ddd;padding-top:8px">{escape(footer)}</p>'
    )
    return _page(html), f"{plain_text(markup)}\n\n--\n{footer}\n"


def paragraphs(lines: Sequence[str]) -> str:
    """Plain lines as markup, one paragraph each; blank ones are left out."""
    return "".join(f"<p>{escape(line)}</p>" for line in lines if line)


def _page(body: str) -> str:
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"></head>'
        f'<body style="font-family:sans-serif;font-size:15px;line-height:1.5">{body}</body></html>'
    )
