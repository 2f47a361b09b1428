"""Keys of custom fields. Spec: api-content 6.1."""

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from procession.api.call import Call
from procession.api.contract.custom_fields import CustomFieldKey, KeyBody, KeyChange, KeyListParams
from procession.api.contract.envelope import Item, Paginated
from procession.api.lists import answered, asked_page, contains
from procession.api.operations import operation
from procession.api.present.custom_fields import present_key
from procession.domain.errors import NotFound
from procession.domain.field_keys import KEY_TYPES, RECORDS, VALUE_TYPES, read_record
from procession.domain.names import fold
from procession.storage import field_keys
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import field_keys as change

KEYS = "/organizations/{org_id}/custom-field-keys"
KEY = KEYS + "/{key_id}"


@operation("GET", KEYS, tag="custom-field keys", etag=True)
async def list_custom_field_keys(tx: ReadTx, call: Call, params: KeyListParams) -> Paginated[CustomFieldKey]:
    """List the organization's custom fields, oldest first."""
    asked, page = asked_page(call, params, sorts=field_keys.SORTS, default_sort="id")
    if params.sort_direction is not None:
        asked = replace(asked, descending=params.sort_direction.lower() == "desc")
    rows, total = await field_keys.list_page(tx, _where(call, params), asked)
    return answered(call, [present_key(row) for row in rows], total, page)


def _where(call: Call, params: KeyListParams) -> dict[str, object]:
    where: dict[str, object] = {}
    words = {
        "applies_to": (read_record((params.applies_to or "").lower()), RECORDS),
        "key_type": (params.key_type, KEY_TYPES),
        "field_type": (params.field_type, VALUE_TYPES),
    }
    for name, (word, known) in words.items():
        if word in known:
            where[name] = word
        elif getattr(params, name) is not None:
            call.ignore(name)
    where |= {
        name: int(value)
        for name, value in (("is_required", params.is_required), ("is_active", params.is_active))
        if value is not None
    }
    return where | ({"pattern": contains(fold(params.q))} if params.q else {})


@operation("GET", KEY, tag="custom-field keys", etag=True)
async def get_custom_field_key(tx: ReadTx, key_id: str) -> Item[CustomFieldKey]:
    """Read one custom field."""
    found = await field_keys.find(tx, key_id)
    if found is None:
        raise NotFound
    return Item(present_key(found))


@operation("POST", KEYS, tag="custom-field keys", status=201)
async def create_custom_field_key(tx: WriteTx, body: KeyBody) -> Item[CustomFieldKey]:
    """Create a custom field; administrators only."""
    record = read_record(body.applies_to)
    assert record is not None, "the contract takes only these words"
    made = await change.create(
        tx,
        record=record,
        key=body.key,
        label=body.label,
        field_type=body.field_type,
        is_required=body.is_required,
        is_active=body.is_active,
        options=body.options,
        columns=body.columns,
    )
    return Item(present_key(made))


@operation("PUT", KEY, tag="custom-field keys", first=change.managed)
async def update_custom_field_key(tx: WriteTx, key_id: str, body: KeyChange) -> Item[CustomFieldKey]:
    """Change a custom field; key, kind of record and types stay as they are."""
    sent = {name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not UNSET}
    fixed = {name: sent.pop(name) for name in ("key", "applies_to", "field_type", "key_type") if name in sent}
    if not isinstance(body.applies_to, UnsetType):
        fixed["applies_to"] = read_record(body.applies_to)
    return Item(present_key(await change.update(tx, key_id, fixed=fixed, **sent)))


@operation("DELETE", KEY, tag="custom-field keys", status=204)
async def delete_custom_field_key(tx: WriteTx, key_id: str) -> None:
    """Delete a custom field; a value stays where it is until that record's values are written again."""
    await change.delete(tx, key_id)
