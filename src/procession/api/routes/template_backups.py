"""Backups of templates: operations of ours. Spec: api-templates 2.7."""

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.template_versions import TemplateBackup, TemplateBackupContents
from procession.api.contract.templates import Checklist
from procession.api.lists import cut
from procession.api.operations import operation
from procession.api.params import PageParams
from procession.api.present.template_includes import present_opened
from procession.api.present.template_versions import backup_shape, present_backup
from procession.api.present.templates import present_template
from procession.api.routes.templates import TEMPLATE
from procession.storage import templates
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import template_backups as usecases

BACKUPS = TEMPLATE + "/backups"
BACKUP = BACKUPS + "/{backup_id}"


@operation("GET", BACKUPS, tag="templates", etag=True)
async def list_template_backups(
    tx: ReadTx, call: Call, checklist_id: str, params: PageParams
) -> Paginated[TemplateBackup]:
    """List what a template was before each of its last changes, the newest first."""
    found = await usecases.listed(tx, checklist_id)
    page = None if params.without_pagination else call.page(params.page, params.per_page, params.limit)
    items = [present_backup(each) for each in cut(found, page)]
    return Paginated(items) if page is None else call.paginated(items, len(found), page)


@operation("GET", BACKUP, tag="templates", etag=True)
async def get_template_backup(tx: ReadTx, checklist_id: str, backup_id: int) -> Item[TemplateBackupContents]:
    """Read a backup: the whole template as it was, which can be imported, too."""
    backup, opened = await usecases.read(tx, checklist_id, backup_id)
    starred = await templates.is_starred(tx, checklist_id)
    checklist = await present_opened(tx, opened, starred=starred, names=frozenset({"steps", "stages"}))
    checklist.title = backup.title
    return Item(TemplateBackupContents(**backup_shape(backup), checklist=checklist))


@operation("POST", BACKUP + "/restore", tag="templates", status=200, errors=(422,))
async def restore_template_backup(tx: WriteTx, checklist_id: str, backup_id: int) -> Item[Checklist]:
    """Make the template what it was; title, folder, permissions and publicity stay, processes keep their versions."""
    row = await usecases.restore(tx, checklist_id, backup_id)
    return Item(present_template(row, starred=await templates.is_starred(tx, checklist_id)))
