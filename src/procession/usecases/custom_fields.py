"""Values of custom fields, read and changed on every kind of record. Spec: api-content 6.2.

A `change` comes from `domain.custom_values`; each function finds the record, asks, applies it and says so.
"""

from typing import Any

from msgspec.structs import replace

from procession.domain import tasks
from procession.domain.custom_values import Change
from procession.domain.errors import NotFound
from procession.domain.events import happened
from procession.domain.field_keys import Record
from procession.domain.fields import Field
from procession.domain.guests import GuestKey
from procession.domain.people import require_admin
from procession.domain.permissions import is_assigned, require
from procession.domain.templates import Step, Template, TemplateRow
from procession.storage import custom_fields, field_keys, guests
from procession.storage.custom_fields import Holder
from procession.storage.guests import Guest
from procession.storage.shared_work import people_of_caller
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import guards
from procession.usecases.folders import require_seen
from procession.usecases.guards import SeenTask
from procession.usecases.guests import readable
from procession.usecases.processes import may_edit_run
from procession.usecases.step_fields import find_field
from procession.usecases.steps import find_step
from procession.usecases.template_access import editable, save_document

WRITE = "change the custom fields of this"
CHANGED = ["custom_fields"]

Found = dict[str, Any]


async def _changed(tx: WriteTx, record: Record, before: Found, change: Change) -> Found:
    return change(await field_keys.of_record(tx, record), before)


async def change_process(tx: WriteTx, process_id: str, change: Change) -> Found:
    """Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, Invalid."""
    seen = await guards.locked_process(tx, process_id)
    require(await may_edit_run(tx, seen), to=f"{WRITE} process")
    guards.require_changeable(seen.process)
    values = await _changed(tx, "process", seen.process.custom_fields, change)
    if values == seen.process.custom_fields:
        return values
    saved = await guards.save_process(tx, seen.process, replace(seen.process, custom_fields=values))
    tx.record(happened("process.updated", saved.id, process=saved.seq, fields=CHANGED))
    return values


async def change_task(tx: WriteTx, task_id: str, change: Change, *, process_id: str | None = None) -> Found:
    """Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, WrongState, Invalid. Spec: api-tasks 18."""
    seen = await guards.locked_task(tx, task_id, process_id=process_id)
    require_task(tx, seen)
    values = await _changed(tx, "task", seen.task.custom_fields, change)
    if values == seen.task.custom_fields:
        return values
    saved = await guards.save_changed_task(tx, seen, replace(seen.task, custom_fields=values))
    seq = saved.process.seq if saved.process is not None else None
    tx.record(happened("task.updated", saved.task.id, process=seq, fields=CHANGED))
    return values


def require_task(tx: ReadTx, seen: SeenTask) -> None:
    """Raises NotAllowed, ProcessArchived, ProcessLocked, ProcessOnHold, WrongState."""
    require(tx.actor.is_admin or is_assigned(seen.named, seen.task), to=f"{WRITE} task")
    guards.require_changeable(seen.process)
    tasks.require_live(seen.task)


async def of_member(tx: ReadTx, account: int) -> Found:
    """Light members read their own and those of people they work with. Raises NotFound."""
    found = await custom_fields.find(tx, "member", account)
    hidden = tx.actor.is_light and account != tx.actor.id
    if found is None or (hidden and account not in (await people_of_caller(tx)).members):
        raise NotFound
    return found


async def change_member(tx: WriteTx, account: int, change: Change) -> Found:
    """Raises NotFound, NotAllowed, Invalid."""
    await member_with_values(tx, account)
    return await _change_record(tx, "member", account, change)


async def member_with_values(tx: WriteTx, account: int) -> Found:
    """Those of a member that the caller may change. Raises NotAllowed, NotFound."""
    if account != tx.actor.id:
        require_admin(tx.actor, "change the custom fields of other members")
    return await _locked(tx, "member", account)


async def of_guest(tx: ReadTx, key: GuestKey) -> Found:
    """Light members read those of guests they work with. Raises NotFound."""
    guest = await readable(tx, key)
    return await custom_fields.find(tx, "guest", guest.id) or {}


async def change_guest(tx: WriteTx, key: GuestKey, change: Change) -> Found:
    """Raises NotFound, NotAllowed, Invalid."""
    guest = await guest_with_values(tx, key)
    return await _change_record(tx, "guest", guest.id, change)


async def guest_with_values(tx: WriteTx, key: GuestKey) -> Guest:
    """Raises NotAllowed, NotFound."""
    require_admin(tx.actor, "change the custom fields of guests")
    guest = await guests.lock(tx, key)
    if guest is None:
        raise NotFound
    return guest


async def of_record(tx: ReadTx, holder: Holder, key: str) -> Found:
    """Raises NotFound."""
    found = await custom_fields.find(tx, holder, key)
    if found is None:
        raise NotFound
    return found


async def of_folder(tx: ReadTx, folder_id: str) -> Found:
    """Raises NotFound."""
    await require_seen(tx, folder_id)
    return await of_record(tx, "folder", folder_id)


async def change_folder(tx: WriteTx, folder_id: str, change: Change) -> Found:
    """Every member may who sees it. Raises NotFound, Invalid."""
    await require_seen(tx, folder_id)
    return await _change_record(tx, "folder", folder_id, change)


async def change_tag(tx: WriteTx, tag_id: str, change: Change) -> Found:
    """Every member may. Raises NotFound, Invalid."""
    return await _change_record(tx, "tag", tag_id, change)


async def _change_record(tx: WriteTx, holder: Holder, key: str | int, change: Change) -> Found:
    before = await _locked(tx, holder, key)
    values = await _changed(tx, holder, before, change)
    if values == before:
        return values
    await custom_fields.save(tx, holder, key, values)
    tx.record(happened(f"{holder}.updated", key, changed=CHANGED))
    return values


async def _locked(tx: WriteTx, holder: Holder, key: str | int) -> Found:
    found = await custom_fields.lock(tx, holder, key)
    if found is None:
        raise NotFound
    return found


async def change_template(tx: WriteTx, template_id: str, change: Change) -> Found:
    """Raises NotFound, NotAllowed, WrongState, Invalid."""
    row = await editable(tx, template_id)
    values = await _changed(tx, "template", row.document.custom_fields, change)
    saved = await save_document(tx, row, replace(row.document, custom_fields=values))
    if saved != row:
        tx.record(happened("template.updated", template_id, changed=CHANGED))
    return values


async def change_step(tx: WriteTx, template_id: str, step_id: str, change: Change) -> Found:
    """Raises NotFound, NotAllowed, WrongState, Invalid."""
    row, step = await step_with_values(tx, template_id, step_id)
    values = await _changed(tx, "step", step.custom_fields, change)
    changed = replace(step, custom_fields=values, updated_at=tx.now)
    steps = tuple(changed if each.id == step_id else each for each in row.document.steps)
    saved = await save_document(tx, row, replace(row.document, steps=steps))
    if saved != row:
        tx.record(happened("step.updated", step_id, template=template_id, changed=CHANGED))
    return values


async def step_with_values(tx: WriteTx, template_id: str, step_id: str) -> tuple[TemplateRow, Step]:
    """Raises NotFound, NotAllowed, WrongState."""
    row = await editable(tx, template_id)
    return row, find_step(row.document, step_id)


async def change_step_field(tx: WriteTx, template_id: str, step_id: str, field_id: str, change: Change) -> Found:
    """Raises NotFound, NotAllowed, WrongState, Invalid."""
    row, step, field = await step_field_with_values(tx, template_id, step_id, field_id)
    values = await _changed(tx, "capture", field.custom_fields, change)
    changed = replace(field, custom_fields=values, last_updated=tx.now)
    fields = tuple(changed if each.id == field_id else each for each in step.fields)
    steps = tuple(replace(step, fields=fields) if each.id == step_id else each for each in row.document.steps)
    saved = await save_document(tx, row, replace(row.document, steps=steps))
    if saved != row:
        tx.record(happened("field.updated", field_id, template=template_id, step=step_id))
    return values


async def step_field_with_values(
    tx: WriteTx, template_id: str, step_id: str, field_id: str
) -> tuple[TemplateRow, Step, Field]:
    """Raises NotFound, NotAllowed, WrongState."""
    row, step = await step_with_values(tx, template_id, step_id)
    return row, step, find_field(step, field_id)


def kickoff_field(template: Template, field_id: str) -> Field:
    """Raises NotFound."""
    found = next((field for field in template.kickoff if field.id == field_id), None)
    if found is None:
        raise NotFound
    return found


async def change_kickoff_field(tx: WriteTx, template_id: str, field_id: str, change: Change) -> Found:
    """Raises NotFound, NotAllowed, WrongState, Invalid."""
    row, field = await kickoff_field_with_values(tx, template_id, field_id)
    values = await _changed(tx, "prerun", field.custom_fields, change)
    changed = replace(field, custom_fields=values, last_updated=tx.now)
    kickoff = tuple(changed if each.id == field_id else each for each in row.document.kickoff)
    saved = await save_document(tx, row, replace(row.document, kickoff=kickoff))
    if saved != row:
        tx.record(happened("field.updated", field_id, template=template_id))
    return values


async def kickoff_field_with_values(tx: WriteTx, template_id: str, field_id: str) -> tuple[TemplateRow, Field]:
    """Raises NotFound, NotAllowed, WrongState."""
    row = await editable(tx, template_id)
    return row, kickoff_field(row.document, field_id)
