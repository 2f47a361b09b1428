"""A template's life: archived, restored, deleted for good, published. Spec: behaviour-templates 1, 10."""

from msgspec.structs import replace

from procession.domain.errors import NotAllowed, WrongState
from procession.domain.events import happened
from procession.domain.template_permissions import is_listed, may_archive, require_edit
from procession.domain.template_references import Embedding, embeddings, former_texts, without_embedded
from procession.domain.templates import TemplateRow
from procession.domain.told_changes import Sentence
from procession.storage import (
    bin_contents,
    bin_items,
    organizations,
    public_kickoffs,
    public_templates,
    references,
    template_grants,
    template_versions,
    templates,
)
from procession.storage.tx import WriteTx
from procession.usecases.schedules import pause_of_template
from procession.usecases.template_access import Opened, editable, found, told_changes

NOT_ARCHIVED = "Only an archived template can be deleted for good. Archive it first."


async def archive_template(tx: WriteTx, template_id: str) -> list[Embedding]:
    """Archive; returns where the template is embedded. Spec: api-templates T5, T-1.7, DEC-63."""
    opened = await found(tx, template_id)
    await _require_archivist(tx, opened)
    row = opened.template
    if not row.is_archived:
        archived = replace(row, archived_at=tx.now, updated_at=tx.now, updated_by=tx.actor.id)
        await public_templates.enter(tx, await templates.save(tx, row, archived))
        await pause_of_template(tx, row.id)
        tx.record(happened("template.archived", row.id, title=row.title))
        tx.rights_changed([])
    return await _embeddings(tx, row.id)


async def restore_template(tx: WriteTx, template_id: str) -> TemplateRow:
    """Back into its folder when that still exists. Spec: api-templates T6, T-1.8."""
    opened = await found(tx, template_id)
    await _require_archivist(tx, opened)
    row = opened.template
    if not row.is_archived:
        return row
    kept = row.folder_id is not None and await references.folder_kind(tx, row.folder_id) == "checklist"
    restored = replace(
        row,
        archived_at=None,
        folder_id=row.folder_id if kept else None,
        updated_at=tx.now,
        updated_by=tx.actor.id,
    )
    saved = await templates.save(tx, row, restored)
    await public_templates.enter(tx, saved)
    tx.record(happened("template.restored", row.id, title=row.title))
    tx.rights_changed([])
    return saved


async def _require_archivist(tx: WriteTx, opened: Opened) -> None:
    require_edit(opened.standing)
    settings = await organizations.settings_of(tx, tx.org)
    if not may_archive(opened.standing, allow_archive=settings.allow_archive):
        raise NotAllowed("Only administrators may archive and restore templates in this organization.")


async def delete_template(tx: WriteTx, template_id: str) -> list[Embedding]:
    """Put an archived template into the bin; its versions stay as long as something needs them.

    Spec: api-templates T7, T-1.6.
    """
    opened = await found(tx, template_id)
    if not tx.actor.is_admin:
        raise NotAllowed("Only administrators may delete templates for good.")
    row = opened.template
    if not row.is_archived:
        raise WrongState(NOT_ARCHIVED)
    embedded = await _embeddings(tx, row.id)
    texts: dict[str, dict[str, str]] = {}
    for each in await templates.lock_many(tx, await templates.mentioning(tx, "template", row.id)):
        cut = without_embedded(each.document, row.id)
        texts[each.id] = former_texts(each.document, cut)
        await templates.save(tx, each, replace(each, document=cut))
    content = await bin_contents.of_template(tx, row, texts)
    await public_templates.remove(tx, row.id)
    await public_kickoffs.remove(tx, row.id)
    grants = (await template_grants.lists_of(tx, [row.id]))[row.id]
    await templates.remove(tx, row, template_grants.principals(grants))
    await bin_items.keep(tx, "template", row.id, row.title, content, template_id=row.id)
    tx.record(happened("template.deleted", row.id, title=row.title))
    tx.rights_changed([row.owner])
    return embedded


async def _embeddings(tx: WriteTx, template_id: str) -> list[Embedding]:
    """In the live templates that the caller knows of."""
    holders = await templates.many(tx, await templates.mentioning(tx, "template", template_id))
    standings = await template_grants.standings(tx, holders)
    return [
        each
        for row in holders
        if not row.is_archived and is_listed(standings[row.id])
        for each in embeddings(row.id, row.title, row.document, template_id)
    ]


async def publish_template(tx: WriteTx, template_id: str) -> TemplateRow:
    """Make the working copy what launches use; one entry says all that it changes. Spec: api-templates T9, T-10.7,
    T-10.8.
    """
    frozen = await template_versions.freeze(tx, await editable(tx, template_id))
    if frozen.is_published:
        return frozen
    published = replace(frozen, published_version=frozen.version, updated_at=tx.now, updated_by=tx.actor.id)
    saved = await templates.save(tx, frozen, published)
    await public_templates.enter(tx, saved)
    changes: list[Sentence] = []
    if frozen.published_version is not None:
        former = await template_versions.version_document(tx, saved.id, frozen.published_version)
        changes = await told_changes(tx, former, saved.document)
    tx.record(happened("template.published", saved.id, version=saved.version, title=saved.title, changes=changes))
    return saved
