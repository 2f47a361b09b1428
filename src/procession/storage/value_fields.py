"""The fields that processes are found by: a small number for each template, alias and kind."""

from collections.abc import Collection, Iterable
from functools import cache

import msgspec
from sqlalchemy import bindparam, select

from procession.domain.process_values import Name
from procession.domain.value_keys import Kind
from procession.storage.connection import NotAsAssumed, Row
from procession.storage.dialect import DialectName, insert, is_in
from procession.storage.query import Query
from procession.storage.tables.lists import value_fields
from procession.storage.tx import ReadTx, WriteTx

_F = value_fields.c


class ValueField(msgspec.Struct, frozen=True):
    id: int
    template_id: str
    alias: str
    kind: Kind


_of_template = Query(
    select(_F.alias, _F.kind, _F.id).where(_F.org == bindparam("org"), _F.template_id == bindparam("template_id"))
)
_named = Query(
    select(_F.id, _F.template_id, _F.alias, _F.kind).where(_F.org == bindparam("org"), is_in(_F.alias, "aliases"))
)
_all = Query(select(_F.id, _F.template_id, _F.alias, _F.kind).where(_F.org == bindparam("org")))


@cache
def _enter(dialect: DialectName) -> Query:
    """Another transaction may have entered the same field since it was looked for."""
    names = [column.name for column in value_fields.columns]
    statement = insert(dialect)(value_fields).values({each: bindparam(each) for each in names})
    return Query(statement.on_conflict_do_nothing(index_elements=[_F.org, _F.template_id, _F.alias, _F.kind]))


async def ids_of(tx: ReadTx, template_id: str) -> dict[Name, int]:
    """The numbers of a template's fields, as this transaction last saw them."""
    known = tx.value_fields.get(template_id)
    if known is None:
        rows = await tx.tuples(_of_template, template_id=template_id)
        known = tx.value_fields[template_id] = {(alias, Kind(kind)): number for alias, kind, number in rows}
    return known


async def numbered(tx: WriteTx, template_id: str, wanted: Iterable[Name]) -> dict[Name, int]:
    """The numbers of these fields, and perhaps of others; new ones get the next."""
    known = await ids_of(tx, template_id)
    missing = sorted(set(wanted) - known.keys(), key=lambda name: (name[0], name[1].value))
    if not missing:
        return known
    first, _ = await tx.reserve("value_field", len(missing))
    for number, (alias, kind) in enumerate(missing, first):
        values = {"id": number, "template_id": template_id, "alias": alias, "kind": kind.value}
        await tx.run(_enter(tx.connection.dialect), **values)
    del tx.value_fields[template_id]
    return await ids_of(tx, template_id)


async def named(tx: ReadTx, aliases: Collection[str]) -> list[ValueField]:
    """Every field with one of these aliases, the older ones first.

    Where fields are remembered, no statement: then what is read next raises NotAsAssumed if they have changed.
    """
    asked = sorted(aliases)
    if tx.fields is None:
        return [_field(*row) for row in sorted(await tx.tuples(_named, aliases=asked))]
    reader, remembered = tx.fields
    question = (tx.org, tuple(asked))
    known = remembered.get(question)
    if known is None:
        known = sorted(await tx.tuples(_named, aliases=asked))
        remembered.put(question, known)
    else:

        def check(found: list[Row]) -> None:
            if sorted(found) != known:
                remembered.pop(question, None)
                raise NotAsAssumed

        reader.before((_named, {"aliases": asked, "org": tx.org}), check)
    return [_field(*row) for row in known]


async def everything(tx: ReadTx) -> list[ValueField]:
    return [_field(*row) for row in await tx.tuples(_all)]


def _field(number: int, template_id: str, alias: str, kind: str) -> ValueField:
    return ValueField(number, template_id, alias, Kind(kind))
