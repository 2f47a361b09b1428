"""Documents as they read: operations of ours. Spec: api-templates 10.2."""

from procession.api.contract.document_texts import ProcessText, TemplateText
from procession.api.contract.envelope import Item
from procession.api.operations import operation
from procession.api.present.document_texts import present_process_text, present_template_text
from procession.api.routes.process_writes import RUN
from procession.api.routes.templates import TEMPLATE
from procession.domain.document_text import NO_TEXT
from procession.domain.errors import WrongState
from procession.storage import organizations, template_versions
from procession.storage.tx import ReadTx
from procession.usecases import guards
from procession.usecases.template_access import readable


@operation("GET", TEMPLATE + "/document", tag="templates", etag=True, errors=(422,))
async def get_template_text(tx: ReadTx, checklist_id: str) -> Item[TemplateText]:
    """Read the text of a document before it is used, with its table of contents."""
    row = (await readable(tx, checklist_id)).template
    if row.type != "document":
        raise WrongState(NO_TEXT)
    return Item(await present_template_text(tx, row))


@operation("GET", RUN + "/document", tag="processes", etag=True, errors=(422,))
async def get_process_text(tx: ReadTx, run_id: str) -> Item[ProcessText]:
    """Read a document as it was launched, with the present answers and its table of contents."""
    process = (await guards.readable_process(tx, run_id)).process
    if process.type != "document":
        raise WrongState(NO_TEXT)
    document = await template_versions.version_document(tx, process.template_id, process.template_version)
    zone = (await organizations.settings_of(tx, tx.org)).timezone
    return Item(await present_process_text(tx, process, document, zone))
