"""What comes attached to a mail, stored before it is kept as anything. Spec: L-7.43."""

import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import msgspec

from procession.adapters.files import FileKey, FileStore
from procession.domain.actors import Actor
from procession.domain.errors import Invalid
from procession.domain.files import File, clean_filename, require_allowed, require_harmless
from procession.domain.inbound_mails import Attachment
from procession.domain.times import Millis
from procession.storage.database import Database
from procession.storage.tx import writing
from procession.usecases import files, uploading
from procession.usecases.uploading import Received

MAX_ATTACHMENTS = 50
TOO_MANY = f"Only the first {MAX_ATTACHMENTS} attachments were kept."


class Place(msgspec.Struct, frozen=True):
    """The organization that a mail is for, and who acts there by it."""

    org: int
    organization_id: str
    actor: Actor


class FileRules(msgspec.Struct, frozen=True):
    """Where files are kept, and which."""

    store: FileStore
    extensions: Sequence[str]
    max_bytes: int


class Stored(msgspec.Struct):
    """Attachments whose bytes have been written, and what is to be said of the others."""

    received: list[Received] = []
    notes: list[str] = []
    # Until the transaction that keeps them has been gone through, they are nobody's.
    are_kept: bool = False


@asynccontextmanager
async def stored(
    database: Database, place: Place, now: Millis, rules: FileRules, attachments: Sequence[Attachment]
) -> AsyncGenerator[Stored]:
    """The attachments, written; erased again unless they are kept. Raises FileStoreFailed."""
    found = Stored(notes=[TOO_MANY] if len(attachments) > MAX_ATTACHMENTS else [])
    begun: list[int] = []
    try:
        for each in attachments[:MAX_ATTACHMENTS]:
            filename = clean_filename(each.filename)
            problem = _problem(each, filename, rules)
            if problem is not None:
                found.notes.append(f"{filename} was left out: {problem}")
                continue
            announced = await writing(database, place.org, place.organization_id, place.actor, now, uploading.announce)
            begun.append(announced.no)
            await rules.store.write(FileKey(place.organization_id, announced.id), _pieces(each.content))
            digest = hashlib.sha256(each.content).hexdigest()
            found.received.append(
                Received(no=announced.no, filename=filename, size=len(each.content), sha256=digest, fields={})
            )
        yield found
    finally:
        if not found.are_kept:
            for no in begun:
                await files.discard(database, place.org, place.organization_id, no, lambda: now, rules.store)


def _problem(attachment: Attachment, filename: str, rules: FileRules) -> str | None:
    if len(attachment.content) > rules.max_bytes:
        return f"it is larger than {rules.max_bytes // 1024} kilobytes."
    try:
        require_allowed(filename, rules.extensions)
        require_harmless(attachment.content[:64])
    except Invalid as refusal:
        return str(refusal.errors["name"][0])
    return None


async def _pieces(content: bytes) -> AsyncGenerator[bytes]:
    yield content


def attached(files: Sequence[File], text: str) -> list[str]:
    """What a comment says that carries these and says nothing else."""
    return [f"Attached: {', '.join(each.filename for each in files)}."] if files and not text.strip() else []
