"""Form fields of steps. Spec: api-templates 5."""

from typing import Any

from procession.api.call import Call
from procession.api.contract.envelope import Item
from procession.api.contract.steps import Step
from procession.api.contract.template_fields import Capture, FieldBody, FieldMove, FieldPosition
from procession.api.contract.templates import Empty
from procession.api.lenient import read_object
from procession.api.operations import operation
from procession.api.present.steps import present_step
from procession.api.present.template_fields import present_capture
from procession.api.routes.steps import STEP
from procession.domain.template_steps import with_step
from procession.storage.tx import WriteTx
from procession.usecases import step_fields as usecases
from procession.usecases.step_fields import find_field
from procession.usecases.steps import find_step
from procession.usecases.template_access import editable

FIELDS = STEP + "/captures"
FIELD = FIELDS + "/{capture_id}"


@operation("POST", FIELDS, tag="step fields", status=201, documented_body=FieldBody)
async def create_step_field(tx: WriteTx, call: Call, checklist_id: str, step_id: str, body: Any) -> Item[Capture]:
    """Add a form field to a step."""
    field = await usecases.add_field(tx, await editable(tx, checklist_id), step_id, body)
    call.ignore_unread(body, FieldBody, Capture)
    return Item(present_capture(field, step_id))


@operation(("PUT", "PATCH"), FIELD, tag="step fields", documented_body=FieldBody)
async def update_step_field(
    tx: WriteTx, call: Call, checklist_id: str, step_id: str, capture_id: str, body: Any
) -> Item[Capture]:
    """Change a form field; its whole definition is validated again, its id and alias stay."""
    field = await usecases.update_field(tx, await editable(tx, checklist_id), step_id, capture_id, body)
    call.ignore_unread(body, FieldBody, Capture)
    return Item(present_capture(field, step_id))


@operation("DELETE", FIELD, tag="step fields", errors=(422,))
async def delete_step_field(tx: WriteTx, checklist_id: str, step_id: str, capture_id: str) -> Empty:
    """Delete a form field; answers in launched processes stay."""
    await usecases.delete_field(tx, await editable(tx, checklist_id), step_id, capture_id)
    return Empty()


@operation("PUT", FIELDS, tag="step fields", documented_body=FieldPosition)
async def reorder_step_field(tx: WriteTx, call: Call, checklist_id: str, step_id: str, body: Any) -> Item[Step]:
    """Move a form field inside its step; answers with the step."""
    row = await editable(tx, checklist_id)
    find_step(row.document, step_id)
    given = read_object(FieldPosition, body, call.ignored)
    changed = await usecases.reorder_field(tx, row, step_id, given.capture_id.lower(), given.position)
    return Item(present_step(row.id, with_step(row.document, changed), step_id))


@operation("PUT", FIELD + "/move-out", tag="step fields", documented_body=FieldMove)
async def move_step_field(
    tx: WriteTx, call: Call, checklist_id: str, step_id: str, capture_id: str, body: Any
) -> Item[Capture]:
    """Move a form field to another step of the template."""
    row = await editable(tx, checklist_id)
    find_field(find_step(row.document, step_id), capture_id)
    given = read_object(FieldMove, body, call.ignored)
    target = given.target_step_id.lower()
    field = await usecases.move_field(tx, row, step_id, capture_id, target=target, position=given.position)
    return Item(present_capture(field, target))
