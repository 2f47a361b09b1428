"""Keys of custom fields: create, change, delete; administrators only. Spec: api-content 6.1."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from procession.domain import field_keys as domain
from procession.domain.errors import Invalid, NotAllowed, NotFound
from procession.domain.events import happened
from procession.domain.field_keys import FieldKey, Record, ValueType
from procession.domain.names import clean_name
from procession.domain.people import require_admin
from procession.storage import field_keys
from procession.storage.tx import WriteTx

MANAGE = "create, change or delete custom fields"
SYSTEM = "This custom field belongs to the system and cannot be changed or deleted."


async def create(
    tx: WriteTx,
    *,
    record: Record,
    key: str,
    label: str | None,
    field_type: ValueType,
    is_required: bool,
    is_active: bool,
    options: Sequence[Any],
    columns: Sequence[Any],
) -> FieldKey:
    """Raises NotAllowed, Invalid."""
    require_admin(tx.actor, MANAGE)
    made = FieldKey(
        no=0,
        id=tx.new_id(),
        applies_to=record,
        key=key,
        label=clean_name(key if label is None else label),
        field_type=field_type,
        is_required=is_required,
        is_active=is_active,
        options=domain.read_options(options) if field_type in domain.CHOICES else (),
        columns=domain.read_columns(columns) if field_type == "table" else (),
        created_at=tx.now,
        updated_at=tx.now,
    )
    domain.check(made)
    if await field_keys.named(tx, record, key) is not None:
        raise Invalid({"key": ["The key has already been taken."]})
    made = replace(made, no=await tx.next_number("field_key"))
    await field_keys.add(tx, made)
    tx.record(happened("field_key.created", made.id, applies_to=made.applies_to, key=made.key))
    return made


async def update(
    tx: WriteTx,
    key_id: str,
    *,
    fixed: Mapping[str, object],
    label: str | None = None,
    is_required: bool | None = None,
    is_active: bool | None = None,
    options: Sequence[Any] | None = None,
    columns: Sequence[Any] | None = None,
) -> FieldKey:
    """None leaves a part as it is; `fixed` are parts that were sent and must be what they are.

    Raises NotAllowed, NotFound, Invalid.
    """
    before = await managed(tx, key_id)
    wrong = [name for name, value in fixed.items() if value != getattr(before, name)]
    if wrong:
        raise Invalid({name: [f"The {name.replace('_', ' ')} cannot be changed."] for name in wrong})
    after = replace(
        before,
        label=before.label if label is None else clean_name(label),
        is_required=before.is_required if is_required is None else is_required,
        is_active=before.is_active if is_active is None else is_active,
    )
    if options is not None and before.field_type in domain.CHOICES:
        after = replace(after, options=domain.read_options(options, before.options))
    if columns is not None and before.field_type == "table":
        after = replace(after, columns=domain.read_columns(columns, before.columns))
    domain.check(after)
    if after == before:
        return before
    after = replace(after, updated_at=tx.now)
    await field_keys.save(tx, after)
    tx.record(happened("field_key.updated", after.id, applies_to=after.applies_to, key=after.key))
    return after


async def delete(tx: WriteTx, key_id: str) -> None:
    """Values stay on their records until those are written again. Raises NotAllowed, NotFound."""
    found = await managed(tx, key_id)
    await field_keys.remove(tx, key_id)
    tx.record(happened("field_key.deleted", key_id, applies_to=found.applies_to, key=found.key))


async def managed(tx: WriteTx, key_id: str) -> FieldKey:
    """The key, locked for change. Raises NotAllowed, NotFound."""
    require_admin(tx.actor, MANAGE)
    found = await field_keys.lock(tx, key_id)
    if found is None:
        raise NotFound
    if found.is_system:
        raise NotAllowed(SYSTEM)
    return found
