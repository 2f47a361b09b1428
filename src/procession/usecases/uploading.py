"""Uploading a file: announced, its bytes written, kept as what it was sent for. Spec: api-tasks 15.3, 15.4.

The bytes are written between two transactions. Whatever comes between, a timer has them erased.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from procession.domain import tasks as rules
from procession.domain.errors import Invalid, NotFound, WrongState
from procession.domain.fields import Field
from procession.domain.files import (
    ATTACHMENT,
    KICKOFF,
    LOGO_BYTES,
    MAX_TEXT,
    SUBJECTS,
    UNUSED_FOR,
    UNUSED_IN_PUBLIC,
    File,
    Holder,
    SubjectType,
    is_picture,
    refused,
    told,
)
from procession.domain.people import require_admin
from procession.domain.permissions import may_work_on_task, require
from procession.domain.processes import Process
from procession.domain.template_permissions import may_edit, may_launch, require_edit
from procession.domain.templates import Template
from procession.domain.times import Millis
from procession.storage import access, files, processes, template_versions
from procession.storage import tasks as stored
from procession.storage.tx import WriteTx
from procession.usecases import guards, template_access
from procession.usecases.guards import SeenTask
from procession.usecases.processes import may_answer_kickoff

TOO_LATE = "The upload took too long. Send the file again."
UNKNOWN_SUBJECT = "There is no {} with this id."
NOT_A_FILE_FIELD = "This is not a file field of the {}."
SAME = "The checklist id must not be the subject id."
UNKNOWN_STEP = "There is no step with this id."


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose bytes have been written, and what was sent with it."""

    no: int
    filename: str
    size: int
    sha256: str
    fields: Mapping[str, str]


class _Said(msgspec.Struct, frozen=True):
    """What a file was sent for, readable as such."""

    subject_type: SubjectType
    subject_id: str
    uploaded_from: str
    step_id: str | None


class _Place(msgspec.Struct, frozen=True):
    """Where a file belongs, and what refers to it from now on, if anything does."""

    subject_type: SubjectType
    subject_id: str
    holder: Holder | None = None
    process: int | None = None
    task_id: str | None = None
    step_id: str | None = None


async def announce(tx: WriteTx) -> File:
    return await files.announce(tx)


async def keep(tx: WriteTx, received: Received) -> File:
    """The file is what it was sent for from now on. Raises NotFound, NotAllowed, Invalid, WrongState, ProcessLocked."""
    said = _read(received.fields)
    match said.subject_type:
        case "Run":
            place = await _of_run(tx, said)
        case "Task":
            place = await _of_task(tx, said)
        case "Checklist":
            place = await _of_template(tx, said)
        case "Organization":
            place = await _of_organization(tx, said, received)
    return await _kept(tx, received, said.uploaded_from, place)


async def keep_for_public_form(tx: WriteTx, received: Received, template_id: str) -> File:
    """An answer of somebody who fills in a public kick-off form."""
    return await _kept(tx, received, KICKOFF, _Place("Checklist", template_id), unused_for=UNUSED_IN_PUBLIC)


async def keep_for_kickoff(tx: WriteTx, received: Received, template_id: str, field_id: str) -> File:
    """An answer of a kick-off form that whoever launches is about to submit."""
    return await _kept(tx, received, field_id, _Place("Checklist", template_id))


async def keep_on_process(tx: WriteTx, received: Received, process: Process) -> File:
    """A file of a locked process that the caller may change."""
    return await _kept(tx, received, ATTACHMENT, _Place("Run", process.id, Holder("process", process.seq), process.seq))


async def keep_on_task(tx: WriteTx, received: Received, seen: SeenTask) -> File:
    """An attachment of a locked task. Raises NotFound, NotAllowed, WrongState, ProcessLocked."""
    said = _Said("Task", seen.task.id, ATTACHMENT, None)
    return await _kept(tx, received, ATTACHMENT, await _on_task(tx, seen, said))


async def _kept(
    tx: WriteTx, received: Received, uploaded_from: str, place: _Place, *, unused_for: Millis = UNUSED_FOR
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


def _read(fields: Mapping[str, str]) -> _Said:
    """Raises Invalid with every fault."""
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
    return _Said(subject_type, said["subject_id"], said["uploaded_from"], said["step_id"] or None)


def _unknown_subject(noun: str) -> Invalid:
    return Invalid({"subject_id": [UNKNOWN_SUBJECT.format(noun)]})


def _require_file_field(fields: Sequence[Field], field_id: str, noun: str) -> None:
    if not any(field.id == field_id and field.field_type == "file" for field in fields):
        raise Invalid({"uploaded_from": [NOT_A_FILE_FIELD.format(noun)]})


async def _of_run(tx: WriteTx, said: _Said) -> _Place:
    """To a field of one of the process's tasks or of its kick-off form, to a task of it, or to the process itself."""
    seen = await _process(tx, said)
    process = seen.process
    document = await template_versions.version_document(tx, process.template_id, process.template_version)
    task_id = _task_of(process, document, said)
    if task_id is not None:
        return await _on_task(tx, await guards.locked_task(tx, task_id, process_id=process.id), said)
    if tx.actor.kind != "member":
        raise NotFound
    if said.uploaded_from == ATTACHMENT:
        require(not tx.actor.is_light, to="attach files to this process")
        guards.require_changeable(process)
        return _Place("Run", process.id, Holder("process", process.seq), process.seq)
    require(await may_answer_kickoff(tx, seen), to="answer the kick-off form of this process")
    guards.require_changeable(process)
    if said.uploaded_from != KICKOFF:
        _require_file_field(document.kickoff, said.uploaded_from, "process")
    return _Place("Run", process.id, process=process.seq)


async def _process(tx: WriteTx, said: _Said) -> guards.Seen:
    """As the caller knows it; what guests may do in it depends on the task. Raises Invalid."""
    if tx.actor.kind == "member":
        try:
            return await guards.locked_process(tx, said.subject_id)
        except NotFound:
            raise _unknown_subject("process") from None
    process = await processes.lock(tx, said.subject_id)
    if process is None:
        raise _unknown_subject("process")
    return guards.Seen(process, await access.principals_of_caller(tx))


def _task_of(process: Process, document: Template, said: _Said) -> str | None:
    """The task that has the field, or the one of the step; None where neither is one of a task. Raises Invalid."""
    for task in process.tasks:
        if any(field.id == said.uploaded_from for field in rules.fields_of(task, document)):
            return task.id
    if said.uploaded_from != ATTACHMENT or said.step_id is None:
        return None
    found = next((task.id for task in process.tasks if task.step_id == said.step_id), None)
    if found is None:
        raise Invalid({"step_id": [UNKNOWN_STEP]})
    return found


async def _of_task(tx: WriteTx, said: _Said) -> _Place:
    try:
        seen = await guards.locked_task(tx, said.subject_id)
    except NotFound:
        raise _unknown_subject("task") from None
    return await _on_task(tx, seen, said)


async def _on_task(tx: WriteTx, seen: SeenTask, said: _Said) -> _Place:
    """What is uploaded to a task of a process has the process as its subject. Spec: api-tasks 15.3."""
    task, process = seen.task, seen.process
    if tx.actor.kind == "guest" and task.is_hidden:
        raise NotFound
    require(may_work_on_task(tx.actor, seen.named, task), to="upload files to this task")
    guards.require_changeable(process)
    rules.require_editable(task)
    holder = Holder("task", task.seq) if said.uploaded_from == ATTACHMENT else None
    if holder is None:
        fields = rules.fields_of(task, await stored.document_of(tx, process, task))
        _require_file_field(fields, said.uploaded_from, "task")
    if process is None:
        return _Place("Task", task.id, holder, task_id=task.id)
    return _Place("Run", process.id, holder, process.seq, task.id, task.step_id)


async def _of_template(tx: WriteTx, said: _Said) -> _Place:
    """To the kick-off form by whoever may launch or edit it; to the template or a step of it by editors."""
    if tx.actor.kind != "member":
        raise NotFound
    try:
        opened = await template_access.found(tx, said.subject_id)
    except NotFound:
        raise _unknown_subject("template") from None
    row, document = opened.template, opened.template.document
    if said.uploaded_from == ATTACHMENT:
        require_edit(opened.standing)
        template_access.require_live(row)
        if said.step_id is not None and document.step(said.step_id) is None:
            raise Invalid({"step_id": [UNKNOWN_STEP]})
        return _Place("Checklist", row.id, Holder("template", row.id, said.step_id), step_id=said.step_id)
    require(may_launch(opened.standing) or may_edit(opened.standing), to="launch this template")
    template_access.require_live(row)
    if said.uploaded_from != KICKOFF:
        published = await template_versions.published_documents(tx, [row.id])
        forms = [document, *published.values()]
        _require_file_field([each for form in forms for each in form.kickoff], said.uploaded_from, "template")
    return _Place("Checklist", row.id)


async def _of_organization(tx: WriteTx, said: _Said, received: Received) -> _Place:
    """Its logo, in the place of the former one, which is erased."""
    require_admin(tx.actor, to="change the logo of the organization")
    if said.subject_id != tx.organization_id:
        raise _unknown_subject("organization")
    if not is_picture(received.filename):
        raise refused("A logo is a picture: PNG, JPEG, GIF, BMP or WebP.")
    if received.size > LOGO_BYTES:
        raise refused(f"The name may not be greater than {LOGO_BYTES // 1024} kilobytes.")
    await files.put_in_place_of_logo(tx)
    return _Place("Organization", tx.organization_id, Holder("organization"))
