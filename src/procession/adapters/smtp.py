"""Handing letters to a mail server. Composition is the standard library's, the connection is aiosmtplib's."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate
from typing import Literal

import aiosmtplib
import msgspec

from procession.domain.emails import is_email
from procession.domain.mails import Letter, one_line
from procession.domain.times import SECOND, Millis

PERMANENT = 500
TOO_LARGE = 552
TRY_LATER = 421
# No server has to understand more than ASCII, but for addresses that are not.
ASCII = SMTP.clone(cte_type="7bit")
UNICODE = SMTPUTF8.clone(cte_type="7bit")


class Transport(msgspec.Struct, frozen=True, kw_only=True):
    """The mail server that takes what is sent, and the address that it is sent from."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    user: str = ""
    password: str = ""
    sender: str
    timeout_seconds: int = 30


class Unreachable(Exception):
    """The mail server cannot be talked to: whatever waits has to wait on."""


class Refused(Exception):
    """This one mail was not taken; `is_final`: nor will it be."""

    def __init__(self, reason: str, *, is_final: bool) -> None:
        super().__init__(reason)
        self.is_final = is_final


class PostOffice:
    """A connection to the mail server."""

    def __init__(self, transport: Transport, client: aiosmtplib.SMTP) -> None:
        self._transport = transport
        self._client = client

    async def send(self, letter: Letter, key: str, at: Millis) -> None:
        """Hand over one letter. Raises Unreachable, Refused."""
        sender, recipient = wire_address(self._transport.sender), wire_address(letter.recipient)
        message = composed(letter, sender=sender, key=key, at=at)
        is_plain = sender.isascii() and recipient.isascii()
        try:
            async with asyncio.timeout(2 * self._transport.timeout_seconds):
                await self._client.sendmail(
                    sender,
                    [recipient],
                    message.as_bytes(policy=ASCII if is_plain else UNICODE),
                    mail_options=[] if is_plain else ["SMTPUTF8"],
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            [refusal] = error.recipients
            raise refused(refusal.code, refusal.message) from error
        except aiosmtplib.SMTPNotSupported as error:
            raise Refused("the mail server does not take such addresses", is_final=True) from error
        except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError, TimeoutError) as error:
            raise Unreachable(reason_of(error)) from error
        except aiosmtplib.SMTPResponseException as error:
            # Whom it does not let send, it will not let send the next one either.
            is_us = isinstance(error, aiosmtplib.SMTPSenderRefused) and error.code != TOO_LARGE
            if is_us or error.code == TRY_LATER:
                raise Unreachable(reason_of(error)) from error
            raise refused(error.code, error.message) from error


@asynccontextmanager
async def post_office(transport: Transport) -> AsyncGenerator[PostOffice]:
    """Raises Unreachable, also where the server will not have us."""
    client = aiosmtplib.SMTP(
        hostname=transport.host,
        port=transport.port,
        use_tls=transport.tls == "tls",
        start_tls=transport.tls == "starttls",
        username=transport.user or None,
        password=transport.password or None,
        timeout=transport.timeout_seconds,
        # What we call ourselves; the library would look up the machine's name.
        local_hostname=transport.sender.rpartition("@")[2].encode("idna").decode(),
    )
    try:
        await client.connect()
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise Unreachable(reason_of(error)) from error
    try:
        yield PostOffice(transport, client)
        with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            await client.quit()
    finally:
        client.close()


def refused(code: int, message: str) -> Refused:
    reason = one_line(f"{code} {message}")
    return Refused(reason, is_final=code >= PERMANENT)


def reason_of(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return one_line(f"{error.code} {error.message}")
    return one_line(str(error)) or type(error).__name__


def composed(letter: Letter, *, sender: str, key: str, at: Millis) -> EmailMessage:
    """The letter as a message. Raises Refused when it is to nobody's address."""
    message = EmailMessage(policy=ASCII)
    message["From"] = Address(one_line(letter.sender_name), addr_spec=sender)
    message["To"] = Address(one_line(letter.recipient_name), addr_spec=wire_address(letter.recipient))
    # A server that knows ASCII only need not refuse the whole mail for where its answers go.
    if letter.reply_to is not None and (answers := wire_address(letter.reply_to)).isascii():
        message["Reply-To"] = Address(one_line(letter.sender_name), addr_spec=answers)
    message["Subject"] = one_line(letter.subject)
    message["Date"] = formatdate(at / SECOND)
    message["Message-ID"] = f"<{key}@{sender.rpartition('@')[2]}>"
    if letter.is_notice:
        message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def wire_address(address: str) -> str:
    """The address with its domain in ASCII, as servers ask the DNS for it. Raises Refused."""
    local, _, domain = address.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
    except UnicodeError:
        ascii_domain = ""
    if not is_email(address) or not ascii_domain:
        raise Refused("that is not an e-mail address", is_final=True)
    return f"{local}@{ascii_domain}"
