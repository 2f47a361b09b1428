"""What templates were before each of their last changes. Spec: T-10.9."""

import msgspec
from sqlalchemy import bindparam, delete, func, select

from procession.domain.templates import Template, TemplateRow
from procession.domain.times import Millis
from procession.storage.query import Query
from procession.storage.tables.templates import template_backups
from procession.storage.tx import ReadTx, WriteTx

MOST = 50

_B = template_backups.c
_of_template = (_B.org == bindparam("org"), _B.template_id == bindparam("template"))
_newest = Query(select(func.max(_B.no)).where(*_of_template))
_prune = Query(delete(template_backups).where(*_of_template, _B.no <= bindparam("until")))
_list = Query(
    select(_B.no, _B.title, _B.saved_at, _B.saved_by, _B.replaced_at, _B.replaced_by)
    .where(*_of_template)
    .order_by(_B.no.desc())
)
_document = Query(select(_B.document).where(*_of_template, _B.no == bindparam("no")))
_documents = msgspec.json.Decoder(Template)


class Backup(msgspec.Struct, frozen=True):
    """A template as somebody left it and somebody else found it; its document is read by itself."""

    no: int
    title: str
    saved_at: Millis
    saved_by: int | None
    replaced_at: Millis
    replaced_by: int | None


async def keep(tx: WriteTx, row: TemplateRow) -> None:
    """Keep the locked template as it is before it changes."""
    no = (await tx.value(_newest, template=row.id) or 0) + 1
    backup = {
        "template_id": row.id,
        "no": no,
        "title": row.title,
        "saved_at": row.updated_at,
        "saved_by": row.updated_by,
        "replaced_at": tx.now,
        "replaced_by": tx.actor.id or None,
        "document": msgspec.json.encode(row.document).decode(),
    }
    await tx.insert(template_backups, [backup])
    if no > MOST:
        await tx.run(_prune, template=row.id, until=no - MOST)


async def backups_of(tx: ReadTx, template_id: str) -> list[Backup]:
    """The newest first."""
    return await tx.rows(Backup, _list, template=template_id)


async def document_of(tx: ReadTx, template_id: str, no: int) -> Template | None:
    document = await tx.value(_document, template=template_id, no=no)
    return None if document is None else _documents.decode(document)
