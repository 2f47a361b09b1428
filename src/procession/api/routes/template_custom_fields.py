"""Custom fields of templates, steps and form fields; there is no PATCH here. Spec: api-content 6.2."""

from procession.api.contract.custom_fields import CustomFields, CustomFieldsBody
from procession.api.contract.envelope import Item
from procession.api.operations import operation
from procession.api.present.custom_fields import shown
from procession.api.routes.custom_fields import sent_values
from procession.api.routes.templates import TEMPLATE
from procession.domain.custom_values import removing, replacing
from procession.domain.templates import Template
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import custom_fields
from procession.usecases.step_fields import find_field
from procession.usecases.steps import find_step
from procession.usecases.template_access import editable, readable

VALUES = TEMPLATE + "/custom-fields"
STEP = TEMPLATE + "/steps/{step_id}/custom-fields"
CAPTURE = TEMPLATE + "/steps/{step_id}/captures/{capture_id}/custom-fields"
PRERUN = TEMPLATE + "/preruns/{prerun_id}/custom-fields"


async def _document(tx: ReadTx, template_id: str) -> Template:
    return (await readable(tx, template_id)).template.document


@operation("GET", VALUES, tag="custom-field values", etag=True)
async def get_template_custom_fields(tx: ReadTx, checklist_id: str) -> Item[CustomFields]:
    """Read the custom fields of a template."""
    return shown((await _document(tx, checklist_id)).custom_fields)


@operation("PUT", VALUES, tag="custom-field values", errors=(422,), first=editable)
async def replace_template_custom_fields(tx: WriteTx, checklist_id: str, body: CustomFieldsBody) -> Item[CustomFields]:
    """Replace all custom fields of a template."""
    return shown(await custom_fields.change_template(tx, checklist_id, replacing(sent_values(body))))


@operation("DELETE", VALUES + "/{field_key}", tag="custom-field values", errors=(422,))
async def delete_template_custom_field(tx: WriteTx, checklist_id: str, field_key: str) -> Item[CustomFields]:
    """Clear one custom field of a template."""
    return shown(await custom_fields.change_template(tx, checklist_id, removing(field_key)))


@operation("GET", STEP, tag="custom-field values", etag=True)
async def get_step_custom_fields(tx: ReadTx, checklist_id: str, step_id: str) -> Item[CustomFields]:
    """Read the custom fields of a step."""
    return shown(find_step(await _document(tx, checklist_id), step_id).custom_fields)


@operation("PUT", STEP, tag="custom-field values", errors=(422,), first=custom_fields.step_with_values)
async def replace_step_custom_fields(
    tx: WriteTx, checklist_id: str, step_id: str, body: CustomFieldsBody
) -> Item[CustomFields]:
    """Replace all custom fields of a step."""
    return shown(await custom_fields.change_step(tx, checklist_id, step_id, replacing(sent_values(body))))


@operation("DELETE", STEP + "/{field_key}", tag="custom-field values", errors=(422,))
async def delete_step_custom_field(tx: WriteTx, checklist_id: str, step_id: str, field_key: str) -> Item[CustomFields]:
    """Clear one custom field of a step."""
    return shown(await custom_fields.change_step(tx, checklist_id, step_id, removing(field_key)))


@operation("GET", CAPTURE, tag="custom-field values", etag=True)
async def get_step_field_custom_fields(
    tx: ReadTx, checklist_id: str, step_id: str, capture_id: str
) -> Item[CustomFields]:
    """Read the custom fields of a form field."""
    return shown(find_field(find_step(await _document(tx, checklist_id), step_id), capture_id).custom_fields)


@operation("PUT", CAPTURE, tag="custom-field values", errors=(422,), first=custom_fields.step_field_with_values)
async def replace_step_field_custom_fields(
    tx: WriteTx, checklist_id: str, step_id: str, capture_id: str, body: CustomFieldsBody
) -> Item[CustomFields]:
    """Replace all custom fields of a form field."""
    return shown(
        await custom_fields.change_step_field(tx, checklist_id, step_id, capture_id, replacing(sent_values(body)))
    )


@operation("DELETE", CAPTURE + "/{field_key}", tag="custom-field values", errors=(422,))
async def delete_step_field_custom_field(
    tx: WriteTx, checklist_id: str, step_id: str, capture_id: str, field_key: str
) -> Item[CustomFields]:
    """Clear one custom field of a form field."""
    return shown(await custom_fields.change_step_field(tx, checklist_id, step_id, capture_id, removing(field_key)))


@operation("GET", PRERUN, tag="custom-field values", etag=True)
async def get_kickoff_field_custom_fields(tx: ReadTx, checklist_id: str, prerun_id: str) -> Item[CustomFields]:
    """Read the custom fields of a kick-off field."""
    return shown(custom_fields.kickoff_field(await _document(tx, checklist_id), prerun_id).custom_fields)


@operation("PUT", PRERUN, tag="custom-field values", errors=(422,), first=custom_fields.kickoff_field_with_values)
async def replace_kickoff_field_custom_fields(
    tx: WriteTx, checklist_id: str, prerun_id: str, body: CustomFieldsBody
) -> Item[CustomFields]:
    """Replace all custom fields of a kick-off field."""
    return shown(await custom_fields.change_kickoff_field(tx, checklist_id, prerun_id, replacing(sent_values(body))))


@operation("DELETE", PRERUN + "/{field_key}", tag="custom-field values", errors=(422,))
async def delete_kickoff_field_custom_field(
    tx: WriteTx, checklist_id: str, prerun_id: str, field_key: str
) -> Item[CustomFields]:
    """Clear one custom field of a kick-off field."""
    return shown(await custom_fields.change_kickoff_field(tx, checklist_id, prerun_id, removing(field_key)))
