"""Custom fields of processes, tasks, members, guests, folders and tags. Spec: api-content 6.2."""

from procession.api.call import Call
from procession.api.contract.custom_fields import CustomFieldBody, CustomFields, CustomFieldsBody
from procession.api.contract.envelope import Item
from procession.api.first import (
    edited_process,
    known_tag,
    task_of_process_with_values,
    task_with_values,
)
from procession.api.operations import operation
from procession.api.present.custom_fields import shown
from procession.api.routes.guests import guest_key
from procession.domain.custom_values import Values, removing, replacing, setting
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import custom_fields, guards
from procession.usecases.folders import require_seen

ORGANIZATION = "/organizations/{org_id}"
RUN = ORGANIZATION + "/runs/{run_id}/custom-fields"
RUN_TASK = ORGANIZATION + "/runs/{run_id}/tasks/{task_id}/custom-fields"
TASK = ORGANIZATION + "/tasks/{task_id}/custom-fields"
MEMBER = ORGANIZATION + "/users/{user_id}/custom-fields"
GUEST = ORGANIZATION + "/guests/{guest}/custom-fields"
FOLDER = ORGANIZATION + "/folders/{folder_id}/custom-fields"
TAG = ORGANIZATION + "/tags/{tag_id}/custom-fields"


def sent_values(body: CustomFieldsBody) -> Values:
    return {} if isinstance(body.custom_fields, list) else body.custom_fields


async def guest_with_values(tx: WriteTx, call: Call, guest: str) -> None:
    """Raises NotAllowed, NotFound."""
    await custom_fields.guest_with_values(tx, guest_key(call, guest))


@operation("GET", RUN, tag="custom-field values", etag=True)
async def get_process_custom_fields(tx: ReadTx, run_id: str) -> Item[CustomFields]:
    """Read the custom fields of a process."""
    return shown((await guards.readable_process(tx, run_id)).process.custom_fields)


@operation("PUT", RUN, tag="custom-field values", errors=(423,), first=edited_process)
async def replace_process_custom_fields(tx: WriteTx, run_id: str, body: CustomFieldsBody) -> Item[CustomFields]:
    """Replace all custom fields of a process."""
    return shown(await custom_fields.change_process(tx, run_id, replacing(sent_values(body))))


@operation("PATCH", RUN + "/{field_key}", tag="custom-field values", errors=(423,), first=edited_process)
async def set_process_custom_field(
    tx: WriteTx, run_id: str, field_key: str, body: CustomFieldBody
) -> Item[CustomFields]:
    """Set one custom field of a process; null clears it."""
    return shown(await custom_fields.change_process(tx, run_id, setting(field_key, body.value)))


@operation("DELETE", RUN + "/{field_key}", tag="custom-field values", errors=(422, 423))
async def delete_process_custom_field(tx: WriteTx, run_id: str, field_key: str) -> Item[CustomFields]:
    """Clear one custom field of a process."""
    return shown(await custom_fields.change_process(tx, run_id, removing(field_key)))


@operation("GET", RUN_TASK, tag="custom-field values", etag=True)
async def get_process_task_custom_fields(tx: ReadTx, run_id: str, task_id: str) -> Item[CustomFields]:
    """Read the custom fields of a task of a process."""
    return shown((await guards.readable_task(tx, task_id, process_id=run_id)).task.custom_fields)


@operation("PUT", RUN_TASK, tag="custom-field values", errors=(423,), first=task_of_process_with_values)
async def replace_process_task_custom_fields(
    tx: WriteTx, run_id: str, task_id: str, body: CustomFieldsBody
) -> Item[CustomFields]:
    """Replace all custom fields of a task of a process."""
    return shown(await custom_fields.change_task(tx, task_id, replacing(sent_values(body)), process_id=run_id))


@operation(
    "PATCH", RUN_TASK + "/{field_key}", tag="custom-field values", errors=(423,), first=task_of_process_with_values
)
async def set_process_task_custom_field(
    tx: WriteTx, run_id: str, task_id: str, field_key: str, body: CustomFieldBody
) -> Item[CustomFields]:
    """Set one custom field of a task of a process; null clears it."""
    return shown(await custom_fields.change_task(tx, task_id, setting(field_key, body.value), process_id=run_id))


@operation("DELETE", RUN_TASK + "/{field_key}", tag="custom-field values", errors=(422, 423))
async def delete_process_task_custom_field(
    tx: WriteTx, run_id: str, task_id: str, field_key: str
) -> Item[CustomFields]:
    """Clear one custom field of a task of a process."""
    return shown(await custom_fields.change_task(tx, task_id, removing(field_key), process_id=run_id))


@operation("GET", TASK, tag="custom-field values", etag=True)
async def get_task_custom_fields(tx: ReadTx, task_id: str) -> Item[CustomFields]:
    """Read the custom fields of a task."""
    return shown((await guards.readable_task(tx, task_id)).task.custom_fields)


@operation("PUT", TASK, tag="custom-field values", errors=(423,), first=task_with_values)
async def replace_task_custom_fields(tx: WriteTx, task_id: str, body: CustomFieldsBody) -> Item[CustomFields]:
    """Replace all custom fields of a task."""
    return shown(await custom_fields.change_task(tx, task_id, replacing(sent_values(body))))


@operation("PATCH", TASK + "/{field_key}", tag="custom-field values", errors=(423,), first=task_with_values)
async def set_task_custom_field(tx: WriteTx, task_id: str, field_key: str, body: CustomFieldBody) -> Item[CustomFields]:
    """Set one custom field of a task; null clears it."""
    return shown(await custom_fields.change_task(tx, task_id, setting(field_key, body.value)))


@operation("DELETE", TASK + "/{field_key}", tag="custom-field values", errors=(422, 423))
async def delete_task_custom_field(tx: WriteTx, task_id: str, field_key: str) -> Item[CustomFields]:
    """Clear one custom field of a task."""
    return shown(await custom_fields.change_task(tx, task_id, removing(field_key)))


@operation("GET", MEMBER, tag="custom-field values", etag=True)
async def get_member_custom_fields(tx: ReadTx, user_id: int) -> Item[CustomFields]:
    """Read the custom fields of a member."""
    return shown(await custom_fields.of_member(tx, user_id))


@operation("PUT", MEMBER, tag="custom-field values", first=custom_fields.member_with_values)
async def replace_member_custom_fields(tx: WriteTx, user_id: int, body: CustomFieldsBody) -> Item[CustomFields]:
    """Replace all custom fields of a member."""
    return shown(await custom_fields.change_member(tx, user_id, replacing(sent_values(body))))


@operation("PATCH", MEMBER + "/{field_key}", tag="custom-field values", first=custom_fields.member_with_values)
async def set_member_custom_field(
    tx: WriteTx, user_id: int, field_key: str, body: CustomFieldBody
) -> Item[CustomFields]:
    """Set one custom field of a member; null clears it."""
    return shown(await custom_fields.change_member(tx, user_id, setting(field_key, body.value)))


@operation("DELETE", MEMBER + "/{field_key}", tag="custom-field values")
async def delete_member_custom_field(tx: WriteTx, user_id: int, field_key: str) -> Item[CustomFields]:
    """Clear one custom field of a member."""
    return shown(await custom_fields.change_member(tx, user_id, removing(field_key)))


@operation("GET", GUEST, tag="custom-field values", etag=True)
async def get_guest_custom_fields(tx: ReadTx, call: Call, guest: str) -> Item[CustomFields]:
    """Read the custom fields of a guest."""
    return shown(await custom_fields.of_guest(tx, guest_key(call, guest)))


@operation("PUT", GUEST, tag="custom-field values", first=guest_with_values)
async def replace_guest_custom_fields(
    tx: WriteTx, call: Call, guest: str, body: CustomFieldsBody
) -> Item[CustomFields]:
    """Replace all custom fields of a guest."""
    return shown(await custom_fields.change_guest(tx, guest_key(call, guest), replacing(sent_values(body))))


@operation("PATCH", GUEST + "/{field_key}", tag="custom-field values", first=guest_with_values)
async def set_guest_custom_field(
    tx: WriteTx, call: Call, guest: str, field_key: str, body: CustomFieldBody
) -> Item[CustomFields]:
    """Set one custom field of a guest; null clears it."""
    return shown(await custom_fields.change_guest(tx, guest_key(call, guest), setting(field_key, body.value)))


@operation("DELETE", GUEST + "/{field_key}", tag="custom-field values")
async def delete_guest_custom_field(tx: WriteTx, call: Call, guest: str, field_key: str) -> Item[CustomFields]:
    """Clear one custom field of a guest."""
    return shown(await custom_fields.change_guest(tx, guest_key(call, guest), removing(field_key)))


@operation("GET", FOLDER, tag="custom-field values", etag=True)
async def get_folder_custom_fields(tx: ReadTx, folder_id: str) -> Item[CustomFields]:
    """Read the custom fields of a folder."""
    return shown(await custom_fields.of_folder(tx, folder_id))


@operation("PUT", FOLDER, tag="custom-field values", first=require_seen)
async def replace_folder_custom_fields(tx: WriteTx, folder_id: str, body: CustomFieldsBody) -> Item[CustomFields]:
    """Replace all custom fields of a folder."""
    return shown(await custom_fields.change_folder(tx, folder_id, replacing(sent_values(body))))


@operation("PATCH", FOLDER + "/{field_key}", tag="custom-field values", first=require_seen)
async def set_folder_custom_field(
    tx: WriteTx, folder_id: str, field_key: str, body: CustomFieldBody
) -> Item[CustomFields]:
    """Set one custom field of a folder; null clears it."""
    return shown(await custom_fields.change_folder(tx, folder_id, setting(field_key, body.value)))


@operation("DELETE", FOLDER + "/{field_key}", tag="custom-field values")
async def delete_folder_custom_field(tx: WriteTx, folder_id: str, field_key: str) -> Item[CustomFields]:
    """Clear one custom field of a folder."""
    return shown(await custom_fields.change_folder(tx, folder_id, removing(field_key)))


@operation("GET", TAG, tag="custom-field values", etag=True)
async def get_tag_custom_fields(tx: ReadTx, tag_id: str) -> Item[CustomFields]:
    """Read the custom fields of a tag."""
    return shown(await custom_fields.of_record(tx, "tag", tag_id))


@operation("PUT", TAG, tag="custom-field values", first=known_tag)
async def replace_tag_custom_fields(tx: WriteTx, tag_id: str, body: CustomFieldsBody) -> Item[CustomFields]:
    """Replace all custom fields of a tag."""
    return shown(await custom_fields.change_tag(tx, tag_id, replacing(sent_values(body))))


@operation("PATCH", TAG + "/{field_key}", tag="custom-field values", first=known_tag)
async def set_tag_custom_field(tx: WriteTx, tag_id: str, field_key: str, body: CustomFieldBody) -> Item[CustomFields]:
    """Set one custom field of a tag; null clears it."""
    return shown(await custom_fields.change_tag(tx, tag_id, setting(field_key, body.value)))


@operation("DELETE", TAG + "/{field_key}", tag="custom-field values")
async def delete_tag_custom_field(tx: WriteTx, tag_id: str, field_key: str) -> Item[CustomFields]:
    """Clear one custom field of a tag."""
    return shown(await custom_fields.change_tag(tx, tag_id, removing(field_key)))
