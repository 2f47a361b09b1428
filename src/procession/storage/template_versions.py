"""Frozen versions of templates: what processes run. Spec: behaviour-templates 10, api-templates 2.5."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec.structs import replace
from sqlalchemy import and_, bindparam, delete, exists, or_, select, update

from procession.domain.errors import WrongState
from procession.domain.lookup_lists import lists_of, with_lists
from procession.domain.template_permissions import LAUNCH_ARCHIVED, LAUNCH_UNPUBLISHED
from procession.domain.templates import Template, TemplateRow
from procession.storage import lookup_lists, templates
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.bin_items import bin_items
from procession.storage.tables.injections import injections
from procession.storage.tables.processes import processes
from procession.storage.tables.templates import template_versions
from procession.storage.tables.templates import templates as template_table
from procession.storage.tx import ReadTx, WriteTx

# No transaction lasts this long: a version frozen before that is committed.
SETTLED_AFTER_MS = 60_000
MAX_REMEMBERED_CHARACTERS = 32_000_000

_V = template_versions.c
K = TypeVar("K", str, tuple[str, int])


class LaunchableTemplate(msgspec.Struct, frozen=True):
    """A template with the frozen version that its processes run from now on."""

    row: TemplateRow
    version: int
    document: Template


_document = Query(
    select(_V.document, _V.frozen_at).where(
        _V.org == bindparam("org"), _V.template_id == bindparam("id"), _V.version == bindparam("version")
    )
)
_documents = Query(
    select(_V.template_id, _V.version, _V.document, _V.frozen_at).where(
        _V.org == bindparam("org"), is_in(_V.template_id, "ids"), is_in(_V.version, "versions")
    )
)
_published = Query(
    select(_V.template_id, _V.document).where(
        _V.org == bindparam("org"),
        is_in(_V.template_id, "ids"),
        exists().where(
            template_table.c.org == bindparam("org"),
            template_table.c.id == _V.template_id,
            template_table.c.published_version == _V.version,
        ),
    )
)
_mark_frozen = Query(
    update(template_table)
    .where(template_table.c.org == bindparam("org_is"), template_table.c.id == bindparam("id_is"))
    .values(frozen_version=bindparam("frozen"))
)
_forget_unused = Query(
    delete(template_versions).where(
        _V.org == bindparam("org"),
        _V.template_id == bindparam("id"),
        ~exists().where(template_table.c.org == bindparam("org"), template_table.c.id == _V.template_id),
        ~exists().where(
            bin_items.c.org == bindparam("org"),
            bin_items.c.template_id == _V.template_id,
            or_(bin_items.c.template_version.is_(None), bin_items.c.template_version == _V.version),
        ),
        ~exists().where(
            and_(
                processes.c.org == bindparam("org"),
                processes.c.template_id == _V.template_id,
                processes.c.template_version == _V.version,
            )
        ),
        ~exists().where(
            injections.c.org == bindparam("org"),
            injections.c.template_id == _V.template_id,
            injections.c.version == _V.version,
        ),
        ~exists().where(
            bin_items.c.org == bindparam("org"),
            bin_items.c.content.like(bindparam("injected")),
        ),
    )
)


class Frozen(msgspec.Struct, frozen=True):
    """A version's document, and the lookup lists that feed its fields."""

    document: Template
    lists: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "Frozen":
        document = msgspec.json.decode(text, type=Template)
        return cls(document, lists_of(document))


class _Memory:
    """Documents of settled versions, which never change, up to a total size of their JSON."""

    def __init__(self) -> None:
        self._documents: dict[tuple[int, str, int], Frozen] = {}
        self._characters = 0

    def get(self, key: tuple[int, str, int]) -> Frozen | None:
        return self._documents.get(key)

    def put(self, key: tuple[int, str, int], document: Frozen, characters: int) -> None:
        if self._characters + characters > MAX_REMEMBERED_CHARACTERS:
            self._documents, self._characters = {}, 0
        self._documents[key] = document
        self._characters += characters


_memory = _Memory()


async def version_document(tx: ReadTx, template_id: str, version: int) -> Template:
    """The document of a frozen version; raises LookupError when there is none."""
    return await _with_current_lists(tx, await _frozen(tx, template_id, version))


async def fields_document(tx: ReadTx, template_id: str, version: int) -> Template:
    """The same for whoever needs to know its fields, and not what lookup lists feed them."""
    return (await _frozen(tx, template_id, version)).document


async def _frozen(tx: ReadTx, template_id: str, version: int) -> Frozen:
    """What was frozen a moment ago may still be rolled back and its number given to other contents, so that is not
    remembered.
    """
    key = (tx.org, template_id, version)
    known: Frozen | None = _memory.get(key) or tx.versions.get((template_id, version))
    if known is not None:
        return known
    rows = await tx.tuples(_document, id=template_id, version=version)
    if not rows:
        raise LookupError(f"template {template_id} has no version {version}")
    text, frozen_at = rows[0]
    frozen = tx.versions[template_id, version] = Frozen.of(text)
    if frozen_at < tx.now - SETTLED_AFTER_MS:
        _memory.put(key, frozen, len(text))
    return frozen


async def _with_current_lists(tx: ReadTx, frozen: Frozen) -> Template:
    """Fields fed by lookup lists show what those hold now, in running processes too. Spec: T-11.5."""
    if not frozen.lists:
        return frozen.document
    return with_lists(frozen.document, await lookup_lists.many(tx, frozen.lists))


async def version_documents(tx: ReadTx, pairs: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Template]:
    """The documents of many frozen versions, by (template, version); two statements at most."""
    wanted = set(pairs)
    found: dict[tuple[str, int], Frozen] = {}
    for pair in wanted:
        known = _memory.get((tx.org, *pair))
        if known is not None:
            found[pair] = known
    missing = wanted - found.keys()
    if missing:
        await _load_documents(tx, missing, found)
    return await _all_with_current_lists(tx, found)


async def _load_documents(
    tx: ReadTx, missing: Collection[tuple[str, int]], found: dict[tuple[str, int], Frozen]
) -> None:
    ids, versions = sorted({pair[0] for pair in missing}), sorted({pair[1] for pair in missing})
    for template_id, version, text, frozen_at in await tx.tuples(_documents, ids=ids, versions=versions):
        if (template_id, version) in missing:
            frozen = found[template_id, version] = Frozen.of(text)
            if frozen_at < tx.now - SETTLED_AFTER_MS:
                _memory.put((tx.org, template_id, version), frozen, len(text))


async def _all_with_current_lists(tx: ReadTx, found: Mapping[K, Frozen]) -> dict[K, Template]:
    """One statement, none when no field is fed by a list."""
    lists = await lookup_lists.many(tx, (each for frozen in found.values() for each in frozen.lists))
    return {key: with_lists(each.document, lists) if each.lists else each.document for key, each in found.items()}


async def published_documents(tx: ReadTx, ids: Sequence[str]) -> dict[str, Template]:
    """The published version of each of these templates that has one."""
    rows = await tx.tuples(_published, ids=list(ids))
    return await _all_with_current_lists(tx, {template_id: Frozen.of(text) for template_id, text in rows})


async def for_launch(tx: WriteTx, row: TemplateRow) -> LaunchableTemplate:
    """What a launch from this template runs; freezes the working copy when that has changed since.

    Raises WrongState when it is archived, or when dual versions are on and none is published.
    Spec: L-1.3, T-10.2, T-10.7.
    """
    if row.is_archived:
        raise WrongState(LAUNCH_ARCHIVED)
    if not row.document.dual_version_enabled:
        frozen = await freeze(tx, row)
        return LaunchableTemplate(frozen, frozen.version, frozen.document)
    if row.published_version is None:
        raise WrongState(LAUNCH_UNPUBLISHED)
    document = await version_document(tx, row.id, row.published_version)
    return LaunchableTemplate(row, row.published_version, document)


async def would_launch(tx: ReadTx, row: TemplateRow) -> Template:
    """As `for_launch`, and nothing is frozen. Raises WrongState."""
    if row.is_archived:
        raise WrongState(LAUNCH_ARCHIVED)
    if not row.document.dual_version_enabled:
        return row.document
    if row.published_version is None:
        raise WrongState(LAUNCH_UNPUBLISHED)
    return await version_document(tx, row.id, row.published_version)


async def freeze(tx: WriteTx, row: TemplateRow) -> TemplateRow:
    """The template with its working copy frozen: its `version` and `document` are what processes run.

    Without a change since the last time this writes nothing and takes no lock. Raises WrongState when it was erased
    meanwhile.
    """
    if row.is_frozen:
        return row
    current = next(iter(await templates.lock_many(tx, [row.id])), None)
    if current is None:
        raise WrongState(LAUNCH_ARCHIVED)
    if current.is_frozen:
        return current
    await tx.insert(
        template_versions,
        [
            {
                "template_id": current.id,
                "version": current.version,
                "frozen_at": tx.now,
                "frozen_by": tx.actor.id or None,
                "document": msgspec.json.encode(current.document).decode(),
            }
        ],
    )
    await tx.run(_mark_frozen, org_is=tx.org, id_is=current.id, frozen=current.version)
    return replace(current, frozen_version=current.version)


async def forget_unused(tx: WriteTx, template_id: str) -> None:
    """Erase the versions that nothing needs any more: neither the template nor a process, here or in the bin.

    Spec: api-templates T7, BI6.
    """
    # How a process in the bin names what was injected into it; every version of that template stays.
    await tx.run(_forget_unused, id=template_id, injected=f'%"template_id":"{template_id}","version":%')
