"""Where an uploaded file belongs, what refers to it from then on, and who may send one there. Spec: api-tasks 15.3."""

from collections.abc import Sequence

import msgspec

from procession.domain import tasks as rules
from procession.domain.errors import Invalid, NotFound
from procession.domain.fields import Field
from procession.domain.files import (
    ATTACHMENT,
    COMMENT,
    DESCRIPTION,
    KICKOFF,
    LOGO_BYTES,
    PHOTO_BYTES,
    Holder,
    SubjectType,
    is_picture,
    is_video,
    refused,
)
from procession.domain.loose import as_int
from procession.domain.people import require_admin, require_person
from procession.domain.permissions import may_edit_task, may_work_on_task, require
from procession.domain.processes import Process
from procession.domain.template_permissions import may_edit, may_launch, require_edit
from procession.domain.templates import Template
from procession.storage import access, files, members, organizations, processes, template_versions
from procession.storage import tasks as stored
from procession.storage.tx import WriteTx
from procession.usecases import guards, template_access, thread_places
from procession.usecases.guards import SeenTask
from procession.usecases.processes import may_answer_kickoff, may_edit_run

UNKNOWN_SUBJECT = "There is no {} with this id."
NOT_A_FILE_FIELD = "This is not a file field of the {}."
UNKNOWN_STEP = "There is no step with this id."
NOT_SHOWN = "A text shows pictures (PNG, JPEG, GIF, BMP, WebP) and videos (MP4, WebM, OGG, MOV)."
# Not answers to a field: whoever sends them says which task they are for by its step.
FOR_ITSELF = (ATTACHMENT, DESCRIPTION, COMMENT)


class Said(msgspec.Struct, frozen=True):
    """What a file was sent for, readable as such, and which file."""

    subject_type: SubjectType
    subject_id: str
    uploaded_from: str
    step_id: str | None
    filename: str
    size: int


class Place(msgspec.Struct, frozen=True):
    """Where a file belongs, and what refers to it from now on, if anything does."""

    subject_type: SubjectType
    subject_id: str
    holder: Holder | None = None
    process: int | None = None
    task_id: str | None = None
    step_id: str | None = None


async def of(tx: WriteTx, said: Said) -> Place:
    """Raises NotFound, NotAllowed, Invalid, WrongState, ProcessLocked."""
    if said.uploaded_from == DESCRIPTION and not (is_picture(said.filename) or is_video(said.filename)):
        raise refused(NOT_SHOWN)
    match said.subject_type:
        case "Run":
            return await _of_run(tx, said)
        case "Task":
            return await _of_task(tx, said)
        case "Checklist":
            return await _of_template(tx, said)
        case "Organization":
            return await _of_organization(tx, said)
        case "User":
            return await _of_member(tx, said)


def _unknown_subject(noun: str) -> Invalid:
    return Invalid({"subject_id": [UNKNOWN_SUBJECT.format(noun)]})


def _require_file_field(fields: Sequence[Field], field_id: str, noun: str) -> None:
    if not any(field.id == field_id and field.field_type == "file" for field in fields):
        raise Invalid({"uploaded_from": [NOT_A_FILE_FIELD.format(noun)]})


async def _of_run(tx: WriteTx, said: Said) -> Place:
    """To a field of one of the process's tasks or of its kick-off form, to a task of it, or to the process itself."""
    seen = await _process(tx, said)
    process = seen.process
    document = await template_versions.version_document(tx, process.template_id, process.template_version)
    task_id = _task_of(process, document, said)
    if task_id is not None:
        return await _for_task(tx, task_id, said, process_id=process.id)
    if tx.actor.kind != "member":
        raise NotFound
    if said.uploaded_from == COMMENT:
        guards.require_unarchived(process)
        return of_process(process)
    if said.uploaded_from in (ATTACHMENT, DESCRIPTION):
        require(not tx.actor.is_light, to="attach files to this process")
        if said.uploaded_from == DESCRIPTION:
            require(await may_edit_run(tx, seen), to="change this process")
        guards.require_changeable(process)
        return Place("Run", process.id, Holder("process", process.seq), process.seq)
    require(await may_answer_kickoff(tx, seen), to="answer the kick-off form of this process")
    guards.require_changeable(process)
    if said.uploaded_from != KICKOFF:
        _require_file_field(document.kickoff, said.uploaded_from, "process")
    return of_process(process)


def of_process(process: Process) -> Place:
    return Place("Run", process.id, process=process.seq)


async def _process(tx: WriteTx, said: Said) -> guards.Seen:
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


def _task_of(process: Process, document: Template, said: Said) -> str | None:
    """The task that has the field, or the one of the step; None where neither is one of a task. Raises Invalid."""
    for task in process.tasks:
        if any(field.id == said.uploaded_from for field in rules.fields_of(task, document)):
            return task.id
    if said.uploaded_from not in FOR_ITSELF or said.step_id is None:
        return None
    found = next((task.id for task in process.tasks if task.step_id == said.step_id), None)
    if found is None:
        raise Invalid({"step_id": [UNKNOWN_STEP]})
    return found


async def _of_task(tx: WriteTx, said: Said) -> Place:
    try:
        return await _for_task(tx, said.subject_id, said)
    except NotFound:
        raise _unknown_subject("task") from None


async def _for_task(tx: WriteTx, task_id: str, said: Said, *, process_id: str | None = None) -> Place:
    """Whoever may comment on the task uploads for comments; else as `_on_task`."""
    if said.uploaded_from == COMMENT:
        return of_task(await thread_places.on_task(tx, task_id, process_id=process_id))
    return await _on_task(tx, await guards.locked_task(tx, task_id, process_id=process_id), said)


async def _on_task(tx: WriteTx, seen: SeenTask, said: Said) -> Place:
    """What is uploaded to a task of a process has the process as its subject. Spec: api-tasks 15.3."""
    task, process = seen.task, seen.process
    if tx.actor.kind == "guest" and task.is_hidden:
        raise NotFound
    if said.uploaded_from == DESCRIPTION:
        is_author = tx.actor.kind == "member" and may_edit_task(tx.actor, seen.named, task)
        require(is_author, to="change the description of this task")
    else:
        require(may_work_on_task(tx.actor, seen.named, task), to="upload files to this task")
    guards.require_changeable(process)
    rules.require_editable(task)
    if said.uploaded_from in (ATTACHMENT, DESCRIPTION):
        return of_task(seen, Holder("task", task.seq))
    fields = rules.fields_of(task, await stored.document_of(tx, process, task))
    _require_file_field(fields, said.uploaded_from, "task")
    return of_task(seen)


def of_task(seen: SeenTask, holder: Holder | None = None) -> Place:
    task, process = seen.task, seen.process
    if process is None:
        return Place("Task", task.id, holder, task_id=task.id)
    return Place("Run", process.id, holder, process.seq, task.id, task.step_id)


async def _of_template(tx: WriteTx, said: Said) -> Place:
    """To the kick-off form by whoever may launch or edit it; to the template or a step of it by editors; for comments
    by those who read it.
    """
    if tx.actor.kind != "member":
        raise NotFound
    try:
        opened = await template_access.found(tx, said.subject_id)
    except NotFound:
        raise _unknown_subject("template") from None
    row, document = opened.template, opened.template.document
    if said.uploaded_from == COMMENT:
        return Place("Checklist", (await thread_places.on_template(tx, row.id)).template.id)
    if said.uploaded_from in (ATTACHMENT, DESCRIPTION):
        require_edit(opened.standing)
        template_access.require_live(row)
        if said.step_id is not None and document.step(said.step_id) is None:
            raise Invalid({"step_id": [UNKNOWN_STEP]})
        return Place("Checklist", row.id, Holder("template", row.id, said.step_id), step_id=said.step_id)
    require(may_launch(opened.standing) or may_edit(opened.standing), to="launch this template")
    template_access.require_live(row)
    if said.uploaded_from != KICKOFF:
        published = await template_versions.published_documents(tx, [row.id])
        forms = [document, *published.values()]
        _require_file_field([each for form in forms for each in form.kickoff], said.uploaded_from, "template")
    return Place("Checklist", row.id)


async def _of_organization(tx: WriteTx, said: Said) -> Place:
    """Its logo, in the place of the former one, which is erased."""
    require_admin(tx.actor, to="change the logo of the organization")
    if said.subject_id != tx.organization_id:
        raise _unknown_subject("organization")
    _require_picture(said, "logo", LOGO_BYTES)
    await organizations.lock(tx.connection, tx.org)
    await files.erase_held(tx, Holder("organization"))
    return Place("Organization", tx.organization_id, Holder("organization"))


async def _of_member(tx: WriteTx, said: Said) -> Place:
    """Their photo in this organization, in the place of the former one, which is erased. Spec: behaviour-work F2."""
    if tx.actor.kind != "member":
        raise NotFound
    account = as_int(said.subject_id)
    if account != tx.actor.id:
        require_admin(tx.actor, to="change other people's photos")
    member = None if account is None else await members.lock(tx, account)
    if member is None:
        raise _unknown_subject("member")
    require_person(member.type)
    _require_picture(said, "photo", PHOTO_BYTES)
    await files.erase_held(tx, Holder("member", member.account))
    return Place("User", str(member.account), Holder("member", member.account))


def _require_picture(said: Said, noun: str, most: int) -> None:
    if not is_picture(said.filename):
        raise refused(f"A {noun} is a picture: PNG, JPEG, GIF, BMP or WebP.")
    if said.size > most:
        raise refused(f"The name may not be greater than {most // 1024} kilobytes.")
