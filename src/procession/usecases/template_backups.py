"""Backups of a template: what it was before each of its last changes. Spec: T-10.9."""

from msgspec.structs import replace

from procession.domain.errors import NotFound
from procession.domain.template_permissions import require_edit
from procession.domain.templates import TemplateRow
from procession.storage import template_backups
from procession.storage.template_backups import Backup
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases.template_access import Opened, editable
from procession.usecases.template_versions import bring_back, opened_template


async def listed(tx: ReadTx, template_id: str) -> list[Backup]:
    """The newest first. Raises NotFound, NotAllowed."""
    await _opened(tx, template_id)
    return await template_backups.backups_of(tx, template_id)


async def read(tx: ReadTx, template_id: str, no: int) -> tuple[Backup, Opened]:
    """A backup, and the template with the document it had. Raises NotFound, NotAllowed."""
    opened = await _opened(tx, template_id)
    found = next((each for each in await template_backups.backups_of(tx, template_id) if each.no == no), None)
    document = await template_backups.document_of(tx, template_id, no)
    if found is None or document is None:
        raise NotFound
    return found, Opened(replace(opened.template, document=document), opened.standing)


async def restore(tx: WriteTx, template_id: str, no: int) -> TemplateRow:
    """Make the working copy what it was; what it is now is kept, too. Raises NotFound, NotAllowed, WrongState, Invalid.

    What is gone since is left out, as when a version is brought back.
    """
    row = await editable(tx, template_id)
    document = await template_backups.document_of(tx, template_id, no)
    if document is None:
        raise NotFound
    return await bring_back(tx, row, document, backup=no)


async def _opened(tx: ReadTx, template_id: str) -> Opened:
    opened = await opened_template(tx, template_id)
    require_edit(opened.standing)
    return opened
