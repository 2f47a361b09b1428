"""Values of custom fields on members, guests, folders and tags; other records carry theirs in themselves."""

from typing import Any, Literal

import msgspec
from sqlalchemy import Table, bindparam, select, update

from procession.storage.query import Query
from procession.storage.rows import to_json
from procession.storage.tables import content, people
from procession.storage.tx import ReadTx, WriteTx

Holder = Literal["member", "guest", "folder", "tag"]

_PLACES: dict[Holder, tuple[Table, str]] = {
    "member": (people.members, "account"),
    "guest": (people.guests, "id"),
    "folder": (content.folders, "id"),
    "tag": (content.tags, "id"),
}


def _read(holder: Holder) -> tuple[Query, Query]:
    table, key = _PLACES[holder]
    found = select(table.c.custom_fields).where(table.c.org == bindparam("org"), table.c[key] == bindparam("key"))
    return Query(found), Query(found.with_for_update())


def _write(holder: Holder) -> Query:
    table, key = _PLACES[holder]
    changed = update(table).where(table.c.org == bindparam("org_is"), table.c[key] == bindparam("key_is"))
    return Query(changed.values(custom_fields=bindparam("values")))


_reads = {holder: _read(holder) for holder in _PLACES}
_writes = {holder: _write(holder) for holder in _PLACES}


async def find(tx: ReadTx, holder: Holder, key: str | int) -> dict[str, Any] | None:
    """The record's values; None when there is no such record."""
    return _decoded(await tx.tuples(_reads[holder][0], key=key))


async def lock(tx: WriteTx, holder: Holder, key: str | int) -> dict[str, Any] | None:
    return _decoded(await tx.tuples(_reads[holder][1], key=key))


async def save(tx: WriteTx, holder: Holder, key: str | int, values: dict[str, Any]) -> None:
    await tx.run(_writes[holder], org_is=tx.org, key_is=key, values=to_json(values) if values else None)


def decoded(text: str | None) -> dict[str, Any]:
    """Values from the column of a record."""
    return msgspec.json.decode(text, type=dict[str, Any]) if text else {}


def _decoded(rows: list[tuple[Any, ...]]) -> dict[str, Any] | None:
    return decoded(rows[0][0]) if rows else None
