"""Lookup lists: create, change, delete, and feeding the fields that point to them.

Spec: api-templates 11, behaviour-people 3.1 "Lists: manage", T-11.5.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from procession.adapters.text import stored_markup
from procession.domain.errors import Invalid, NotFound
from procession.domain.events import happened
from procession.domain.fields import Field
from procession.domain.lookup_lists import (
    CHOICES,
    LookupList,
    Reference,
    SentColumn,
    SentRow,
    fed_by,
    options_of,
    read_list,
    reference,
    with_lists,
    without_list,
)
from procession.domain.loose import as_object
from procession.domain.names import fold
from procession.domain.people import require_full_member
from procession.domain.templates import TemplateRow
from procession.storage import bin_items, lookup_lists, templates
from procession.storage.bin_contents import ListContent
from procession.storage.tx import WriteTx

MANAGE = "create, change or delete lists"
UNKNOWN = "There is no lookup list with this id."


async def create(tx: WriteTx, *, name: str, columns: Sequence[SentColumn], rows: Sequence[SentRow]) -> LookupList:
    """Raises NotAllowed, Invalid."""
    require_full_member(tx.actor, MANAGE)
    blank = LookupList(id=tx.new_id(), name="", folded_name="", created_at=tx.now, updated_at=tx.now)
    made = await _checked(tx, read_list(blank, name, columns, rows))
    await lookup_lists.add(tx, made)
    tx.record(happened("lookup_list.created", made.id, name=made.name))
    return made


async def update(
    tx: WriteTx,
    list_id: str,
    *,
    name: str | None = None,
    columns: Sequence[SentColumn] | None = None,
    rows: Sequence[SentRow] | None = None,
) -> LookupList:
    """None leaves a part as it is, a list replaces; every field that takes its options here shows the new ones.

    Raises NotAllowed, NotFound, Invalid, WrongState (a template would grow too large). Spec: T-11.5.
    """
    before, holders = await managed(tx, list_id)
    after = await _checked(tx, read_list(before, before.name if name is None else name, columns, rows))
    if after == before:
        return before
    after = replace(after, updated_at=tx.now)
    await lookup_lists.save(tx, after)
    for row in holders:
        await templates.save(tx, row, replace(row, document=with_lists(row.document, {list_id: after})))
    tx.record(happened("lookup_list.updated", after.id, name=after.name))
    return after


async def delete(tx: WriteTx, list_id: str) -> None:
    """Into the bin; fields keep the options they have as their own. Raises NotAllowed, NotFound."""
    found, holders = await managed(tx, list_id)
    for row in holders:
        await templates.save(tx, row, replace(row, document=without_list(row.document, list_id)))
    await lookup_lists.remove(tx, list_id)
    fed = {row.id: fed_by(row.document, list_id) for row in holders}
    await bin_items.keep(tx, "lookup_list", list_id, found.name, ListContent(found, fed))
    tx.record(happened("lookup_list.deleted", list_id, name=found.name))


async def managed(tx: WriteTx, list_id: str) -> tuple[LookupList, list[TemplateRow]]:
    """The list, and the templates that it feeds: templates are locked before what they name.

    Raises NotAllowed, NotFound.
    """
    require_full_member(tx.actor, MANAGE)
    holders = await templates.lock_many(tx, await templates.mentioning(tx, "list", list_id))
    found = await lookup_lists.lock(tx, list_id)
    if found is None:
        raise NotFound
    # Whoever was just about to name it has committed by now.
    known = {row.id for row in holders}
    late = [each for each in await templates.mentioning(tx, "list", list_id) if each not in known]
    return found, [*holders, *await templates.lock_many(tx, late)]


async def _checked(tx: WriteTx, found: LookupList) -> LookupList:
    named = replace(found, folded_name=fold(found.name))
    await require_free_name(tx, named)
    return named


async def require_free_name(tx: WriteTx, found: LookupList) -> None:
    """Raises Invalid."""
    if await lookup_lists.named(tx, found.folded_name) not in (None, found.id):
        raise Invalid({"name": ["The name has already been taken."]})


class Definition(msgspec.Struct, frozen=True):
    """A field definition as it was sent, where, and the field it changes."""

    path: str
    raw: object
    former: Field | None = None

    @property
    def source(self) -> Reference | None:
        """The list that feeds the field; what is left out stays. Spec: api-templates F2."""
        sent = as_object(self.raw) or {}
        kind = sent.get("field_type")
        if not isinstance(kind, str) or kind not in CHOICES:
            return None
        kept = self.former.lookup_list if self.former is not None else None
        return reference(sent.get("list") if "list" in sent else kept)

    def kept(self) -> object:
        """The definition with its guidance as it is stored: that of the field where it comes to the same."""
        sent = as_object(self.raw)
        guidance = None if sent is None else sent.get("guidance")
        if sent is None or not isinstance(guidance, str):
            return self.raw
        stored, former = stored_markup(guidance), None if self.former is None else self.former.guidance
        return {**sent, "guidance": former if former and stored_markup(former) == stored else stored}


def definitions_at(path: str, sent: Sequence[object], known: Sequence[Field] = ()) -> list[Definition]:
    """The entries of a list of definitions; `known` are the fields that they may change, named by id."""
    by_id: dict[object, Field] = {field.id: field for field in known}
    ids = [(as_object(raw) or {}).get("id") for raw in sent]
    former = [by_id.get(each) if isinstance(each, str) else None for each in ids]
    return [Definition(f"{path}.{n}", raw, former[n]) for n, raw in enumerate(sent)]


async def fed(
    tx: WriteTx, definitions: Sequence[Definition], errors: dict[str, list[Any]], *, is_import: bool = False
) -> list[Any]:
    """The sent definitions as they are to be kept, with the options of their lists; one statement at most.

    A list that is not here is a fault, but an import forgets it and keeps the options that came with it.
    """
    sources = [each.source for each in definitions]
    lists = await lookup_lists.hold(tx, (each.id for each in sources if each is not None))
    made: list[Any] = []
    for definition, source in zip(definitions, sources, strict=True):
        found = lists.get(source.id) if source is not None else None
        kept = definition.kept()
        sent = as_object(kept) or {}
        if source is None:
            made.append(kept)
        elif found is not None:
            options = [{"id": each.id, "text": each.text} for each in options_of(found, source.column)]
            made.append({**sent, "options": options})
        else:
            made.append({**sent, "list": None})
            if not is_import:
                errors[f"{definition.path}.list".removeprefix(".")] = [UNKNOWN]
    return made


async def fed_alone(tx: WriteTx, sent: object, former: Field | None = None) -> object:
    """As `fed`, for a body that is one definition. Raises Invalid."""
    errors: dict[str, list[Any]] = {}
    [made] = await fed(tx, [Definition("", sent, former)], errors)
    if errors:
        raise Invalid(errors)
    return made
