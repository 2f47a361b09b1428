"""A mail to a template's address launches it. Spec: behaviour-launching L-7.40 to L-7.44, LT-5."""

from collections.abc import Sequence

import msgspec

from procession.domain.errors import NotAllowed, NotFound, WrongState
from procession.domain.fields import Field
from procession.domain.files import as_answer
from procession.domain.inbound_mails import (
    ATTACHMENTS_FIELD,
    BODY_FIELD,
    MAX_BODY,
    InboundMail,
    comment_of,
)
from procession.domain.names import MAX_NAME
from procession.domain.processes import Process
from procession.domain.template_permissions import LAUNCH_REFUSED, may_launch
from procession.storage import template_grants, template_versions, templates
from procession.storage.tx import WriteTx
from procession.usecases import thread_writing, upload_places, uploading
from procession.usecases.inbound_files import Stored, attached
from procession.usecases.launch_requests import Wish
from procession.usecases.launching import launch_process
from procession.usecases.means import Means
from procession.usecases.thread_places import Place
from procession.usecases.uploading import Received

ASKS_FOR_ANSWERS = "Its kick-off form asks for answers that a mail cannot give. Launch it by hand."


class _Content(msgspec.Struct):
    """What of a mail is still to be said in a comment, which carries the files."""

    text: str
    files: Sequence[Received]
    notes: list[str]


async def launch(tx: WriteTx, template_id: str, mail: InboundMail, stored: Stored, means: Means) -> Process:
    """Launch in the caller's name. Raises NotFound, NotAllowed, WrongState, Invalid; nothing is created then."""
    row = await templates.find(tx, template_id)
    if row is None:
        raise NotFound
    if not may_launch(await template_grants.standing(tx, row)):
        raise NotAllowed(LAUNCH_REFUSED)
    kickoff = (await template_versions.for_launch(tx, row)).document.kickoff
    if any(field.required for field in kickoff):
        raise WrongState(ASKS_FOR_ANSWERS)
    left = _Content(mail.text, stored.received, [*mail.left_out, *stored.notes])
    answers: dict[str, object] = {}
    body = capture_field(kickoff, BODY_FIELD, "textarea")
    if body is not None and left.text:
        answers[body.id] = left.text[:MAX_BODY]
        left.text = "" if len(left.text) <= MAX_BODY else left.text
    attachments = capture_field(kickoff, ATTACHMENTS_FIELD, "file")
    if attachments is not None and left.files:
        kept = [await uploading.keep_for_kickoff(tx, each, row.id, attachments.id) for each in left.files]
        answers[attachments.id] = [as_answer(each, tx.organization_id) for each in kept]
        left.files = ()
    wish = Wish(template_id=row.id, name=mail.subject[:MAX_NAME].strip() or None, prerun=answers)
    process, _ = await launch_process(tx, wish, means=means)
    await _say(tx, process, left)
    return process


def capture_field(kickoff: Sequence[Field], label: str, kind: str) -> Field | None:
    """The field of the form that takes this part of a mail. Spec: T-11.44."""
    return next((field for field in kickoff if field.label == label and field.field_type == kind), None)


async def _say(tx: WriteTx, process: Process, left: _Content) -> None:
    """Whatever no field has taken is one comment of the process, hidden from guests."""
    kept = [await uploading.keep_for_comment(tx, each, upload_places.of_process(process)) for each in left.files]
    if not (left.text or kept or left.notes):
        return
    content = comment_of(left.text, [*attached(kept, left.text), *left.notes])
    files = tuple(each.id for each in kept)
    draft = thread_writing.Draft(content=content, state="hide-for-guests", files=files)
    await thread_writing.write(tx, draft, Place(process=process.seq), is_issue=False, hourly_limit=0)
