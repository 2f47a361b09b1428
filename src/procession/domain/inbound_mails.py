"""Mail that comes in: whom it is to, whether a person wrote it, who that is, and what of it is said.

Spec: behaviour-launching 7.5, behaviour-work M11.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Literal

import msgspec

from procession.domain.emails import MAX_LOCAL_PART
from procession.domain.fields import MAX_TEXTAREA
from procession.domain.threads import MAX_CONTENT

BODY_FIELD = "Inbound Email Trigger - Email Body"
ATTACHMENTS_FIELD = "Inbound Email Trigger - Email Attachments"
"""The labels of the kick-off fields that take what a mail says and brings. Spec: T-11.44."""

MAX_BODY = MAX_TEXTAREA
"""Of what a mail says, so much is in its field; all of it is then in a comment. Spec: L-7.43."""
MAX_ADDRESSES = 20
"""A mail to more addresses of ours at once was not written by a person."""
CUT = "The message is longer than a comment: the whole of it is in message.txt."
FULL_TEXT = "message.txt"
ROOM_FOR_NOTES = 5_000

Standing = Literal["proved", "unproved", "forged"]

_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
_CODE_DIGITS = 10
_LAUNCH = re.compile(r"bot\+([0-9a-f]{32})-launch")
_COMMENT = re.compile(r"bot\+([0-9a-f]{32})-comment-task(?:-([a-z2-7]{11,14}))?")
_BOT = re.compile(r"bot\+[a-z0-9-]{1,80}@[a-z0-9.-]{1,255}", re.IGNORECASE)
_BULK = frozenset({"bulk", "junk", "auto_reply"})
_AUTOMATIC_MARKS = ("x-autoreply", "x-autorespond")
_NOTE = re.compile(r"\([^()]*\)")
_MAY_INVITE = re.compile(r"\+(?=[^\s@]+@)|@(?=\[)")
# Where an answer ends and what it answers begins; the first of these lines, when anything stands before it.
_HISTORY = re.compile(
    r"""^(?:
        [ \t]*-{2,}[ ]?(?:Original\ Message|Ursprüngliche\ Nachricht|Message\ d'origine|Mensaje\ original)[ ]?-{2,}
      | [ \t]*_{20,}[ \t]*\n[ \t]*\*?(?:From|Von|De)\*?:
      | [ \t]*On\ [^\n]{4,200}(?:\n[^\n]{1,200})?\bwrote:[ \t]*$
      | [ \t]*Am\ [^\n]{4,200}(?:\n[^\n]{1,200})?\bschrieb\b[^\n]{0,200}:[ \t]*$
      | [ \t]*Le\ [^\n]{4,200}(?:\n[^\n]{1,200})?\ba\ écrit[ \t\u00a0]*:[ \t]*$
    )""",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)


class Attachment(msgspec.Struct, frozen=True):
    """A file that came with a mail."""

    filename: str
    content: bytes


class InboundMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as it came in. `text` is what it says as plain text, `marks` the headers that tell machines from people
    (by lower-case name, the first of each), `verdicts` its Authentication-Results, the newest first.
    """

    # Lower-case; blank: nobody's.
    sender: str
    recipients: str
    subject: str
    text: str
    message_id: str
    digest: str
    marks: Mapping[str, str] = {}
    verdicts: Sequence[str] = ()
    attachments: Sequence[Attachment] = ()
    # What could not be taken over, in words.
    left_out: Sequence[str] = ()


class LaunchAddress(msgspec.Struct, frozen=True):
    address: str
    template_id: str


class CommentAddress(msgspec.Struct, frozen=True):
    """`code` says which person it was made for, in which organization."""

    address: str
    task_id: str
    code: str | None


def launch_address(template_id: str, domain: str) -> str:
    """Spec: L-7.40."""
    return f"bot+{template_id}-launch@{domain}"


def comment_address(task_id: str, code: str, domain: str) -> str | None:
    """Spec: L-7.45. None: it would be longer than addresses may be."""
    local = f"bot+{task_id}-comment-task-{code}"
    return f"{local}@{domain}" if len(local) <= MAX_LOCAL_PART else None


def addresses_in(recipients: str, domain: str) -> list[LaunchAddress | CommentAddress]:
    """Those of ours among the addresses in a text, each once, in their order."""
    found: dict[str, LaunchAddress | CommentAddress] = {}
    for match in _BOT.finditer(recipients):
        address = match[0].lower().rstrip(".-")
        local, _, host = address.partition("@")
        if host != domain.lower():
            continue
        if launch := _LAUNCH.fullmatch(local):
            found[address] = LaunchAddress(address, launch[1])
        elif comment := _COMMENT.fullmatch(local):
            found[address] = CommentAddress(address, comment[1], comment[2])
    return list(found.values())


def code_of(organization: int, proof: str) -> str:
    """The end of a comment address. `proof`: at least 13 hexadecimal digits that nobody can guess.

    Letters in lower case and a few digits, since mail servers change capitals.
    """
    return _written(int(proof[:13], 16) % 32**_CODE_DIGITS, _CODE_DIGITS) + _written(organization, 1)


def organization_in(code: str) -> int:
    number = 0
    for digit in code[_CODE_DIGITS:]:
        number = number * 32 + _DIGITS.index(digit)
    return number


def _written(number: int, least: int) -> str:
    digits = ""
    while number or len(digits) < least:
        number, digit = divmod(number, 32)
        digits = _DIGITS[digit] + digits
    return digits


def why_left_alone(mail: InboundMail, own_addresses: Sequence[str]) -> str | None:
    """Why a mail has no effect and gets no answer: a machine wrote it, perhaps this one. No mail goes in circles so."""
    marks = mail.marks
    if not mail.sender:
        return "it does not say in one address whom it is from"
    if mail.sender in own_addresses or mail.sender.startswith("bot+"):
        return "it is from this server"
    if marks.get("return-path", "").strip() == "<>":
        return "it is a delivery notice"
    if marks.get("auto-submitted", "no").partition(";")[0].strip().lower() != "no":
        return "it was sent automatically"
    if marks.get("precedence", "").strip().lower() in _BULK or any(each in marks for each in _AUTOMATIC_MARKS):
        return "it was sent automatically, or to many at once"
    if marks.get("content-type", "").strip().lower().startswith("multipart/report"):
        return "it is a delivery notice"
    return None


def standing(verdicts: Sequence[str], sender: str, relay: str) -> Standing:
    """What a mail server found out about the sender, as the newest Authentication-Results say; `relay` is the name that
    ours puts there. Anybody can write such a header: without that name it may speak against a mail, not for it.
    """
    said = [_read_verdict(each) for each in verdicts]
    mine = next((each for each in said if relay and each.server == relay.lower()), None)
    chosen = mine if relay else next(iter(said), None)
    if chosen is None:
        return "unproved"
    domain = sender.rpartition("@")[2].lower()
    checked = chosen.of(domain)
    if "pass" in checked:
        return "proved" if relay else "unproved"
    return "forged" if "fail" in checked else "unproved"


class _Verdict(msgspec.Struct, frozen=True):
    server: str
    # (method, result, the domain it is about)
    results: Sequence[tuple[str, str, str]]

    def of(self, domain: str) -> set[str]:
        """What the methods say of this domain; DMARC alone where it says anything, since it has weighed the others."""
        dmarc = {result for method, result, _ in self.results if method == "dmarc" and result in ("pass", "fail")}
        about = {about for method, _, about in self.results if method == "dmarc"}
        if dmarc == {"fail"} or (dmarc == {"pass"} and _is_same(domain, about.pop())):
            return dmarc
        passed = {
            result
            for method, result, about in self.results
            if method in ("dkim", "spf") and result == "pass" and _is_same(domain, about)
        }
        return passed or {
            result for method, result, _ in self.results if method in ("dkim", "spf") and result == "fail"
        }


def _read_verdict(header: str) -> _Verdict:
    server, *parts = _NOTE.sub(" ", header.lower()).split(";")
    results: list[tuple[str, str, str]] = []
    for part in parts:
        words = dict(each.split("=", 1) for each in part.split() if "=" in each)
        method = next(iter(words), "")
        about = words.get("header.from") or words.get("header.d") or words.get("header.i")
        about = about or words.get("smtp.mailfrom") or words.get("smtp.mail") or ""
        results.append((method, words.get(method, ""), about.strip('"').rpartition("@")[2]))
    return _Verdict((server.split() or [""])[0], results)


def _is_same(domain: str, other: str) -> bool:
    """The same domain, or one a part of the other."""
    return (
        bool(other)
        and "." in other
        and (domain == other or domain.endswith(f".{other}") or other.endswith(f".{domain}"))
    )


def without_history(text: str) -> str:
    """What was written anew in an answer. When in doubt everything: what was said is never lost."""
    found = _HISTORY.search(text)
    while found is not None:
        before = text[: found.start()].rstrip()
        if not before.strip():
            return text
        # The rest has to look like what is quoted, or to come behind a line that nobody writes by hand.
        if found[0].lstrip()[0] in "-_" or _is_quoted(text[found.end() :]):
            return before
        found = _HISTORY.search(text, found.end())
    lines = text.rstrip().split("\n")
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(">")):
        end -= 1
    return "\n".join(lines[:end]) if any(line.strip() for line in lines[:end]) else text


def _is_quoted(rest: str) -> bool:
    """Whether all of it is marked as quoted, or none of it (programs that set it apart by looks)."""
    marked = [line.lstrip().startswith(">") for line in rest.split("\n") if line.strip()]
    return all(marked) or not any(marked)


def as_markup(text: str) -> str:
    """Plain text as a comment holds it. Nothing in it invites or mentions anybody: a sender's address proves little."""
    blocks = (block.strip("\n") for block in re.split(r"\n[ \t]*\n+", text))
    return "".join(f"<p>{_harmless(block)}</p>" for block in blocks if block.strip())


def _harmless(text: str) -> str:
    marked = _MAY_INVITE.sub(lambda found: f"&#{ord(found[0])};", escape(text, quote=False))
    return marked.replace("\n", "<br>")


def fits_a_comment(text: str) -> bool:
    return len(as_markup(text)) <= MAX_CONTENT - ROOM_FOR_NOTES


def comment_of(text: str, notes: Sequence[str]) -> str:
    """A comment that says this, cut where it is too long, and behind it what else is to be said."""
    said = as_markup(text)
    if not fits_a_comment(text):
        # One character may take five.
        said = as_markup(text[: (MAX_CONTENT - ROOM_FOR_NOTES) // 6])
        notes = [CUT, *notes]
    noted = ""
    for each in notes:
        note = f"<p><em>{_harmless(each)}</em></p>"
        if len(noted) + len(note) < ROOM_FOR_NOTES:
            noted += note
    return said + noted
