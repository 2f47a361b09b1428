"""The mail address of a template, and the kick-off fields that take what is mailed there. Spec: T-11.44, L-7.40."""

from collections.abc import Sequence

import msgspec

from procession.domain.fields import Field
from procession.domain.inbound_mails import ATTACHMENTS_FIELD, BODY_FIELD, launch_address
from procession.domain.templates import TemplateRow
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases.inbound_launching import ASKS_FOR_ANSWERS, capture_field
from procession.usecases.means import Means
from procession.usecases.template_access import readable
from procession.usecases.templates import TemplateInput, to_update, update_template

FIELDS = ((BODY_FIELD, "textarea"), (ATTACHMENTS_FIELD, "file"))


class Trigger(msgspec.Struct, frozen=True):
    """`address` None: the server takes no mail; `obstacle`: why a mail launches nothing as the kick-off form is."""

    address: str | None
    body_field: str | None
    attachments_field: str | None
    obstacle: str | None


async def shown(tx: ReadTx, template_id: str, means: Means) -> Trigger:
    """Raises NotFound, NotAllowed."""
    return _trigger((await readable(tx, template_id)).template, means)


async def create_fields(tx: WriteTx, template_id: str, means: Means) -> Trigger:
    """Add those of the two fields that the kick-off form lacks, at its end. Raises NotFound, NotAllowed, WrongState."""
    opened = await to_update(tx, template_id, names=frozenset({"prerun"}), title=None)
    kickoff = opened.template.document.kickoff
    missing = [each for each in FIELDS if capture_field(kickoff, *each) is None]
    if not missing:
        return _trigger(opened.template, means)
    fields = [
        {"label": label, "field_type": kind, "required": False, "position": position}
        for position, (label, kind) in enumerate(missing, len(kickoff) + 1)
    ]
    return _trigger(
        await update_template(tx, opened, TemplateInput(title=opened.template.title, kickoff=[*fields])), means
    )


def _trigger(row: TemplateRow, means: Means) -> Trigger:
    kickoff = row.document.kickoff
    body, attachments = (_id(capture_field(kickoff, *each)) for each in FIELDS)
    return Trigger(
        address=launch_address(row.id, means.inbound_domain) if means.inbound_domain else None,
        body_field=body,
        attachments_field=attachments,
        obstacle=_obstacle(kickoff),
    )


def _id(field: Field | None) -> str | None:
    return None if field is None else field.id


def _obstacle(kickoff: Sequence[Field]) -> str | None:
    """Spec: L-7.42."""
    return ASKS_FOR_ANSWERS if any(field.required for field in kickoff) else None
