"""Finding the template a request is about, in the order in which refusals are answered.

Unknown or hidden (404), not allowed (403), archived (422). Spec: api-conventions 3, api-templates 9.
"""

import msgspec
from msgspec.structs import replace

from procession.domain.errors import NotAllowed, NotFound, WrongState
from procession.domain.template_permissions import Standing, may_edit, require_edit, require_listed, require_read
from procession.domain.templates import Template, TemplateRow, is_draft
from procession.storage import template_grants, template_versions, templates
from procession.storage.tx import ReadTx, WriteTx

ARCHIVED = "This template is archived. Restore it before changing it."
UNPUBLISHED = "This template has not been published yet."


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
    if not may_edit(standing) and is_draft(row, row.document):
        row = replace(row, document=await _published(tx, row))
    return Opened(row, standing)


async def _published(tx: ReadTx, row: TemplateRow) -> Template:
    if row.published_version is None:
        raise NotAllowed(UNPUBLISHED)
    return await template_versions.version_document(tx, row.id, row.published_version)


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
    """Save the locked template with a changed document, under the caller's name."""
    return await templates.save(
        tx, row, replace(row, document=document, updated_at=tx.now, updated_by=tx.actor.id)
    )
