"""Reading a mail as it came over the wire (RFC 5322, MIME), whatever programs make of that."""

import binascii
import hashlib
import mimetypes
import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import compat32

from procession.adapters.text import safe_markup
from procession.domain.emails import is_email
from procession.domain.files import clean_filename
from procession.domain.inbound_mails import Attachment, InboundMail
from procession.domain.loose import clean_text
from procession.domain.names import clean_name
from procession.domain.richtext import plain_text

MAX_MULTIPARTS = 100
MAX_LEAVES = 500
MAX_HEADER = 4_000
MAX_RECIPIENTS = 100_000
MAX_VERDICTS = 5
MAX_TEXT = 500_000
MAX_MARKUP = 2_000_000
TO_HEADERS = ("x-original-to", "delivered-to", "to", "cc")
MARKS = ("auto-submitted", "content-type", "precedence", "return-path", "x-autoreply", "x-autorespond")
CUT = f"The message is too long: only its first {MAX_TEXT:,} characters were kept."
FORWARDED = "An attached message was left out."
TOO_MANY_PARTS = f"Only the first {MAX_LEAVES} parts of the message were looked at."

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_NOTE = re.compile(r"\([^()]*\)")
_ANGLE = re.compile(r"<\s*([^<>\s]+)\s*>\s*$")
_KIND = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_MULTIPART = re.compile(rb"multipart/", re.IGNORECASE)


class UnreadableMail(ValueError):
    """What came is no mail; `args` say why."""


def read_mail(raw: bytes, recipient: str = "", sender: str | None = None) -> InboundMail:
    """A mail as it was sent; `recipient` and `sender` are what its envelope says, where that is known.

    Takes a while for large ones. Raises UnreadableMail.
    """
    if len(_MULTIPART.findall(raw)) > MAX_MULTIPARTS:
        raise UnreadableMail("The message is nested too deeply.")
    message = message_from_bytes(raw, policy=compat32)
    headers = _headers_of(message)
    if not headers:
        raise UnreadableMail("This is no mail: it has no headers.")
    marks = {name: headers[name][0] for name in MARKS if name in headers}
    if sender is not None:
        marks["return-path"] = f"<{sender.strip().strip('<>')}>"
    named = headers.get("from", [])
    body = _Body()
    text = body.text_of(message).strip()
    if len(text) > MAX_TEXT:
        body.left_out.append(CUT)
    return InboundMail(
        sender=_address(named[0]) if len(named) == 1 else "",
        recipients=recipient
        or "\n".join(each for name in TO_HEADERS for each in headers.get(name, ()))[:MAX_RECIPIENTS],
        subject=clean_name(_decoded(next(iter(headers.get("subject", ())), ""))),
        text=text[:MAX_TEXT],
        message_id=next(iter(headers.get("message-id", ())), "").strip(),
        digest=hashlib.sha256(raw).hexdigest(),
        marks=marks,
        verdicts=headers.get("authentication-results", [])[:MAX_VERDICTS],
        attachments=body.attachments,
        left_out=list(dict.fromkeys(body.left_out)),
    )


def _headers_of(message: Message) -> dict[str, list[str]]:
    """By lower-case name, unfolded, cut where they are too long to be true."""
    found: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        most = MAX_RECIPIENTS if name.lower() in TO_HEADERS else MAX_HEADER
        text = str(value)[:most].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        found.setdefault(name.strip().lower(), []).append(" ".join(text.split()))
    return found


def _address(header: str) -> str:
    """The one address in a From header, in lower case; blank when there is none, or more than one."""
    bare = _NOTE.sub(" ", _QUOTED.sub(" ", header)).strip()
    if "," in bare or ";" in bare:
        return ""
    angle = _ANGLE.search(bare)
    address = (angle[1] if angle else bare).lower()
    return address if is_email(address) else ""


def _decoded(header: str) -> str:
    """A header's text with its encoded words (RFC 2047) as what they stand for."""
    try:
        parts = decode_header(header)
    except (HeaderParseError, binascii.Error, ValueError):
        return header
    return "".join(each if isinstance(each, str) else _text(each, charset) for each, charset in parts)


def _text(content: bytes, charset: str | None) -> str:
    """Bytes as text; a character set that is unknown or wrong spoils single characters only."""
    for name in (charset or "utf-8", "utf-8"):
        try:
            return clean_text(content.decode(name))
        except (LookupError, ValueError):  # unknown, or not what it says
            continue
    try:
        return clean_text(content.decode(charset or "utf-8", "replace"))
    except (LookupError, ValueError):
        return clean_text(content.decode("utf-8", "replace"))


class _Body:
    """Goes through the parts of a message."""

    def __init__(self) -> None:
        self.attachments: list[Attachment] = []
        self.left_out: list[str] = []
        self._leaves = 0

    def text_of(self, part: Message) -> str:
        kind = part.get_content_type() if _KIND.fullmatch(part.get_content_type()) else "text/plain"
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            texts = self._texts_of(_children(part))
            if kind != "multipart/alternative":
                return "\n\n".join(text for _, text in texts)
            plain = [text for child, text in texts if child.get_content_type() == "text/plain"]
            return next(iter(plain), texts[-1][1] if texts else "")
        self._leaves += 1
        if self._leaves > MAX_LEAVES:
            self.left_out.append(TOO_MANY_PARTS)
            return ""
        if part.is_multipart():
            self.left_out.append(FORWARDED)
            return ""
        filename = self._filename(part)
        is_file = part.get_content_disposition() == "attachment" or bool(filename)
        if not is_file and kind in ("text/plain", "text/html"):
            return self._shown(part, kind)
        self._attach(part, filename, kind)
        return ""

    def _shown(self, part: Message, kind: str) -> str:
        content = _bytes_of(part)
        if len(content) > MAX_MARKUP:
            self.left_out.append(CUT)
        try:
            charset = part.get_content_charset()
        except (LookupError, ValueError, TypeError, IndexError):  # parameters that are no parameters
            charset = None
        text = _text(content[:MAX_MARKUP], charset).replace("\r\n", "\n").replace("\r", "\n")
        return plain_text(safe_markup(text)) if kind == "text/html" else text

    def _texts_of(self, children: Iterable[Message]) -> list[tuple[Message, str]]:
        """Of each child that says anything; all are gone through for what is attached in them."""
        found = [(child, self.text_of(child)) for child in children]
        return [(child, text) for child, text in found if text.strip()]

    def _filename(self, part: Message) -> str:
        try:
            return _decoded(part.get_filename() or "")
        except (LookupError, ValueError, TypeError, IndexError):  # as above
            return ""

    def _attach(self, part: Message, filename: str, kind: str) -> None:
        content = _bytes_of(part)
        if content:
            named = filename or f"attachment-{len(self.attachments) + 1}{mimetypes.guess_extension(kind) or ''}"
            self.attachments.append(Attachment(clean_filename(named), content))


def _children(part: Message) -> Iterator[Message]:
    for child in part.get_payload():
        if isinstance(child, Message):
            yield child


def _bytes_of(part: Message) -> bytes:
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError):  # an encoding that is not what it says
        return b""
    return content if isinstance(content, bytes) else b""
