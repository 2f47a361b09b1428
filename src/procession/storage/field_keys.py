"""Keys of custom fields."""

from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, select, update

from procession.domain.field_keys import FieldKey, Record
from procession.storage.dialect import is_in
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.library import field_keys
from procession.storage.tx import ReadTx, WriteTx

_K = field_keys.c
_rows = Mapper(FieldKey, field_keys)
_list = Listing(
    _rows,
    sorts={
        "id": (_K.no,),
        "key": (_K.key,),
        "label": (_K.label,),
        "applies_to": (_K.applies_to,),
        "created_at": (_K.created_at,),
        "last_updated": (_K.updated_at,),
    },
    tie=_K.no,
    filters={
        "applies_to": _K.applies_to == bindparam("applies_to"),
        "key_type": _K.key_type == bindparam("key_type"),
        "field_type": _K.field_type == bindparam("field_type"),
        "is_required": _K.is_required == bindparam("is_required"),
        "is_active": _K.is_active == bindparam("is_active"),
        "pattern": _K.key.like(bindparam("pattern"), escape="\\"),
    },
)
SORTS = tuple(_list.sorts)
list_page = _list.page

_one = select(*_rows.columns).where(_K.org == bindparam("org"), _K.id == bindparam("id"))
_find, _lock = Query(_one), Query(_one.with_for_update())
_named = Query(
    select(_K.id).where(
        _K.org == bindparam("org"), _K.applies_to == bindparam("applies_to"), _K.key == bindparam("key")
    )
)
_of_records = Query(
    select(*_rows.columns).where(_K.org == bindparam("org"), is_in(_K.applies_to, "records")).order_by(_K.no)
)
_save = Query(
    update(field_keys)
    .where(_K.org == bindparam("org_is"), _K.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in _rows.names if name != "id"})
)


async def find(tx: ReadTx, key_id: str) -> FieldKey | None:
    rows = await tx.tuples(_find, id=key_id)
    return _rows.read(rows[0]) if rows else None


async def lock(tx: WriteTx, key_id: str) -> FieldKey | None:
    rows = await tx.tuples(_lock, id=key_id)
    return _rows.read(rows[0]) if rows else None


async def named(tx: ReadTx, record: Record, key: str) -> str | None:
    """The id of the key of this name for these records."""
    return await tx.value(_named, applies_to=record, key=key)


async def of_records(tx: ReadTx, records: Iterable[Record]) -> dict[Record, Mapping[str, FieldKey]]:
    """The keys of each kind of record, by name; one statement."""
    wanted = sorted(set(records))
    found: dict[Record, dict[str, FieldKey]] = {each: {} for each in wanted}
    for key in map(_rows.read, await tx.tuples(_of_records, records=wanted)):
        found[key.applies_to][key.key] = key
    return {**found}


async def of_record(tx: ReadTx, record: Record) -> Mapping[str, FieldKey]:
    return (await of_records(tx, [record]))[record]


async def add(tx: WriteTx, key: FieldKey) -> None:
    await tx.insert(field_keys, [_rows.write(key)])


async def save(tx: WriteTx, key: FieldKey) -> None:
    values = {f"new_{name}": value for name, value in _rows.write(key).items() if name != "id"}
    await tx.run(_save, org_is=tx.org, id_is=key.id, **values)


async def remove(tx: WriteTx, key_id: str) -> None:
    await tx.delete(field_keys, [{"id": key_id}])
