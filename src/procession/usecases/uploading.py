"""Uploading a file: announced, its bytes written, kept as what it was sent for. Spec: api-tasks 15.3, 15.4.

The bytes are written between two transactions. Whatever comes between, a timer has them erased.
"""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from procession.domain.errors import Invalid, WrongState
from procession.domain.files import (
    COMMENT,
    KICKOFF,
    MAX_TEXT,
    SUBJECTS,
    UNUSED_FOR,
    UNUSED_IN_PUBLIC,
    File,
    told,
)
from procession.domain.times import Millis
from procession.storage import files
from procession.storage.tx import WriteTx
from procession.usecases import photos, upload_places
from procession.usecases.upload_places import Place, Said

TOO_LATE = "The upload took too long. Send the file again."
SAME = "The checklist id must not be the subject id."


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose bytes have been written, and what was sent with it."""

    no: int
    filename: str
    size: int
    sha256: str
    fields: Mapping[str, str]


async def announce(tx: WriteTx) -> File:
    return await files.announce(tx)


async def keep(tx: WriteTx, received: Received) -> File:
    """The file is what it was sent for from now on. Raises NotFound, NotAllowed, Invalid, WrongState, ProcessLocked."""
    said = _read(received)
    file = await _kept(tx, received, said.uploaded_from, await upload_places.of(tx, said))
    if file.subject_type == "User":
        await photos.show(tx, int(file.subject_id), file)
    return file


async def keep_for_public_form(tx: WriteTx, received: Received, template_id: str) -> File:
    """An answer of somebody who fills in a public kick-off form."""
    return await _kept(tx, received, KICKOFF, Place("Checklist", template_id), unused_for=UNUSED_IN_PUBLIC)


async def keep_for_kickoff(tx: WriteTx, received: Received, template_id: str, field_id: str) -> File:
    """An answer of a kick-off form that whoever launches is about to submit."""
    return await _kept(tx, received, field_id, Place("Checklist", template_id))


async def keep_for_comment(tx: WriteTx, received: Received, place: Place) -> File:
    """What a comment on a locked process or task, which the caller may write there, is about to carry."""
    return await _kept(tx, received, COMMENT, place)


async def _kept(
    tx: WriteTx, received: Received, uploaded_from: str, place: Place, *, unused_for: Millis = UNUSED_FOR
) -> File:
    announced = await files.lock(tx, received.no)
    if announced is None or announced.state != "pending":
        raise WrongState(TOO_LATE)
    file = replace(
        announced,
        state="stored",
        filename=received.filename,
        size=received.size,
        sha256=received.sha256,
        subject_type=place.subject_type,
        subject_id=place.subject_id,
        task_id=place.task_id,
        step_id=place.step_id,
        uploaded_from=uploaded_from,
        source="url" if received.fields.get("source") == "url" else "local",
        system=received.fields.get("system", "")[:MAX_TEXT] or None,
        uploader=tx.actor.id if tx.actor.kind == "member" else None,
        uploader_guest=tx.actor.guest_email if tx.actor.kind == "guest" else None,
        uploaded_at=tx.now,
    )
    await files.keep(tx, file, place.holder, unused_for)
    tx.record(told("uploaded", file, place.process))
    return file


def _read(received: Received) -> Said:
    """Raises Invalid with every fault."""
    fields = received.fields
    errors: dict[str, list[str]] = {}
    for name in ("subject_type", "subject_id", "uploaded_from"):
        if not fields.get(name, "").strip():
            errors[name] = [f"The {name.replace('_', ' ')} field is required."]
    subject_type = SUBJECTS.get(fields.get("subject_type", "").strip().lower())
    if subject_type is None and "subject_type" not in errors:
        errors["subject_type"] = ["The selected subject type is invalid."]
    said = {name: fields.get(name, "").strip().lower() for name in ("subject_id", "uploaded_from", "step_id")}
    if subject_type == "Run" and said["subject_id"] and fields.get("checklist_id", "").lower() == said["subject_id"]:
        errors["checklist_id"] = [SAME]
    if errors or subject_type is None:
        raise Invalid(errors)
    step_id = said["step_id"] or None
    return Said(subject_type, said["subject_id"], said["uploaded_from"], step_id, received.filename, received.size)
