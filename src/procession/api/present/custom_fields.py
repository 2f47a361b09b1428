"""Keys of custom fields from rows, and values of records. Spec: api-content 6."""

from typing import Any

from procession.api.contract.custom_fields import CustomFieldKey, CustomFields, KeyOption
from procession.api.contract.envelope import Item
from procession.api.contract.template_fields import FieldColumn
from procession.domain.field_keys import FieldKey
from procession.domain.times import wire


def present_key(row: FieldKey) -> CustomFieldKey:
    return CustomFieldKey(
        id=row.id,
        key=row.key,
        label=row.label,
        applies_to=row.applies_to,
        field_type=row.field_type,
        key_type=row.key_type,
        is_required=row.is_required,
        is_active=row.is_active,
        options=[KeyOption(each.id, each.text) for each in row.options],
        columns=[FieldColumn(each.id, each.label) for each in row.columns],
        created_at=wire(row.created_at),
        last_updated=wire(row.updated_at),
    )


def shown(values: dict[str, Any]) -> Item[CustomFields]:
    return Item(CustomFields(values))
