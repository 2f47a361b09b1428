"""Finding the template a request is about, in the order in which refusals are answered.

Unknown or hidden (404), not allowed (403), archived (422). Spec: api-conventions 3, api-templates 9.
"""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from procession.domain.calculating.checking import with_result_types
from procession.domain.errors import NotAllowed, NotFound, WrongState
from procession.domain.template_permissions import (
    Standing,
    may_edit,
    may_read,
    require_edit,
    require_listed,
    require_read,
)
from procession.domain.template_steps import dated_as_changed
from procession.domain.templates import Template, TemplateHead, TemplateOutline, TemplateRow, is_draft
from procession.domain.told_changes import Sentence, told_differences
from procession.storage import template_backups, template_grants, template_versions, templates
from procession.storage.naming import names_in
from procession.storage.tx import ReadTx, WriteTx

ARCHIVED = "This template is archived. Restore it before changing it."
UNPUBLISHED = "This template has not been published yet."
MOST_TOLD = 50


class Opened(msgspec.Struct, frozen=True):
    """A template and how the caller stands to it."""

    template: TemplateRow
    standing: Standing

    @property
    def may_edit(self) -> bool:
        return may_edit(self.standing)


async def readable(tx: ReadTx, template_id: str) -> Opened:
    """The template as the caller may read it: drafts are for editors, others read what is published (T-10.7).

    Raises NotFound (also when archived), NotAllowed.
    """
    row = await templates.find(tx, template_id)
    if row is None or row.is_archived:
        raise NotFound
    standing = await template_grants.standing(tx, row)
    require_read(standing)
    if is_draft(row, row.document) and not may_edit(standing):
        if row.published_version is None:
            raise NotAllowed(UNPUBLISHED)
        row = replace(row, document=await template_versions.version_document(tx, row.id, row.published_version))
    return Opened(row, standing)


async def public_template(tx: ReadTx, template_id: str) -> TemplateRow:
    """What anybody may read, while the template is public: never a draft. Raises NotFound. Spec: T-9.1."""
    row = await templates.find(tx, template_id)
    if row is None or row.is_archived or not row.document.is_public:
        raise NotFound
    return await as_published(tx, row)


async def as_published(tx: ReadTx, row: TemplateRow) -> TemplateRow:
    """The template as launches take it. Raises NotFound for a draft that was never published. Spec: T-10.7."""
    if not is_draft(row, row.document):
        return row
    if row.published_version is None:
        raise NotFound
    return replace(row, document=await template_versions.version_document(tx, row.id, row.published_version))


async def as_launched(tx: ReadTx, rows: Sequence[TemplateRow]) -> list[TemplateRow]:
    """Templates as what launches them knows them: as published, the working copy while nothing is. Spec: T-10.7."""
    drafts = [row.id for row in rows if is_draft(row, row.document)]
    published = await template_versions.published_documents(tx, drafts) if drafts else {}
    return [replace(row, document=published.get(row.id, row.document)) for row in rows]


async def as_seen(
    tx: ReadTx, rows: Sequence[TemplateRow | TemplateOutline]
) -> tuple[list[TemplateRow | TemplateOutline], dict[str, Standing]]:
    """Listed templates with as much of each as the caller may read, and how the caller stands to them.

    Who is only listed sees title and summary; a draft is for editors (T-2.3, T-10.7). At most three statements.
    """
    standings = await template_grants.standings(tx, rows)
    drafts = [row.id for row in rows if is_draft(row, row.document) and not may_edit(standings[row.id])]
    published = await template_versions.published_documents(tx, drafts) if drafts else {}

    def seen(row: TemplateRow | TemplateOutline) -> TemplateRow | TemplateOutline:
        shown = row
        if row.id in drafts:
            shown = _with_document(row, published.get(row.id, Template(dual_version_enabled=True)))
        if may_read(standings[row.id]):
            return shown
        return _with_document(row, Template(summary=shown.document.summary))

    return [seen(row) for row in rows], standings


def _with_document(head: TemplateHead, document: Template) -> TemplateRow:
    return TemplateRow(**{name: getattr(head, name) for name in TemplateHead.__struct_fields__}, document=document)


async def found(tx: WriteTx, template_id: str) -> Opened:
    """The template, locked, archived or not; raises NotFound when the caller may not know of it."""
    row = await templates.lock(tx, template_id)
    if row is None:
        raise NotFound
    standing = await template_grants.standing(tx, row)
    require_listed(standing)
    return Opened(row, standing)


async def editable(tx: WriteTx, template_id: str) -> TemplateRow:
    """The template, locked for change by an editor. Raises NotFound, NotAllowed, WrongState (archived)."""
    opened = await found(tx, template_id)
    require_edit(opened.standing)
    require_live(opened.template)
    return opened.template


def require_live(row: TemplateRow) -> None:
    if row.is_archived:
        raise WrongState(ARCHIVED)


async def save_document(tx: WriteTx, row: TemplateRow, document: Template) -> TemplateRow:
    """Save the locked template with a changed document, under the caller's name; what it was is kept (T-10.9).

    Where nothing is different the template as it was comes back, and nothing is to be told. Spec: api-conventions 13.
    """
    document = dated_as_changed(row.document, with_result_types(document))
    if document == row.document:
        return row
    await template_backups.keep(tx, row)
    return await templates.save(tx, row, replace(row, document=document, updated_at=tx.now, updated_by=tx.actor.id))


async def told_changes(tx: ReadTx, before: Template, after: Template) -> list[Sentence]:
    """What became different, in sentences for the template's activity. Spec: behaviour-templates 14."""
    found = told_differences(before, after, await names_in(tx, (before, after))) if before != after else []
    return found[:MOST_TOLD]
