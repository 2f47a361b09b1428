"""Mail handed to the server: who may, and the message in a request. Spec: api-content 11."""

import base64
import binascii
import hmac
import re

from procession.adapters.long_work import off_loop
from procession.adapters.mime import UnreadableMail, read_mail
from procession.adapters.multipart import MULTIPART, Unreadable, parts_of
from procession.api.bodies import read_limited
from procession.api.call import Call
from procession.api.edge import bearer_token
from procession.api.errors import HttpRefusal, unknown_path
from procession.domain.errors import Malformed, Unauthenticated
from procession.domain.inbound_mails import InboundMail

MAIL = "message/rfc822"
PART = "email"
UNSUPPORTED = f"Send one message as {MAIL}, or as the part {PART} of a form (multipart/form-data)."

_BASIC = re.compile(r"Basic (\S+)", re.IGNORECASE)


class RawMail:
    """Stands for such a body in the API document."""


def require_relay(call: Call) -> None:
    """Raises HttpRefusal (404) where the server takes no mail, Unauthenticated."""
    settings = call.settings
    if not settings.inbound_mail_domain:
        raise unknown_path()
    given = _secret(call.header(b"authorization"))
    if given is None or not hmac.compare_digest(given.encode(), settings.inbound_mail_secret.encode()):
        raise Unauthenticated


def _secret(header: str | None) -> str | None:
    """The secret as a bearer token, or as the password of any user."""
    basic = None if header is None else _BASIC.fullmatch(header)
    if basic is None:
        return bearer_token(header)
    try:
        return base64.b64decode(basic[1], validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return None


async def received_mail(call: Call, recipient: str | None, sender: str | None) -> InboundMail:
    """The message of this request, read on a thread. Raises TooLarge, Malformed, HttpRefusal (415)."""
    content_type = call.header(b"content-type") or ""
    kind = content_type.partition(";")[0].strip().lower()
    is_form = kind == MULTIPART.decode()
    if not is_form and kind != MAIL:
        raise HttpRefusal(415, "UNSUPPORTED_MEDIA_TYPE", UNSUPPORTED)
    body = await read_limited(call.request, call.settings.inbound_mail_max_bytes)
    try:
        return await off_loop(_read, body, content_type if is_form else None, recipient or "", sender)
    except (Unreadable, UnreadableMail) as fault:
        raise Malformed(str(fault)) from fault


def _read(body: bytes, form: str | None, recipient: str, sender: str | None) -> InboundMail:
    message = body if form is None else parts_of(form, body).get(PART, b"")
    if not message.strip():
        raise UnreadableMail("There is no message.")
    return read_mail(message, recipient, sender)
