"""Where public templates are found by people who are not signed in. Spec: api-templates T15, T-9.1."""

from sqlalchemy import and_, bindparam, case, delete, or_, select

from procession.domain.templates import TemplateRow
from procession.storage.connection import Connection
from procession.storage.query import Query
from procession.storage.tables.control import public_templates
from procession.storage.tx import WriteTx

_P = public_templates.c

# An id is exact; of several organizations' templates with one alias the first to be made public answers to it.
_find = Query(
    select(_P.org, _P.id)
    .where(or_(_P.id == bindparam("key"), _P.alias == bindparam("key")))
    .order_by(case((_P.id == bindparam("key"), 0), else_=1), _P.made_public_at, _P.id)
    .limit(1)
)
_entry = Query(select(_P.alias).where(_P.id == bindparam("id")))
_remove = Query(delete(public_templates).where(and_(_P.org == bindparam("org"), _P.id == bindparam("id"))))


async def find(connection: Connection, key: str) -> tuple[int, str] | None:
    """(number of the organization, id of the template) for an id or alias."""
    rows = await connection.rows(_find, {"key": key})
    return (rows[0][0], rows[0][1]) if rows else None


async def enter(tx: WriteTx, row: TemplateRow) -> None:
    """Bring the entry in step with the saved template: a switched-off or archived one is not found at once."""
    alias = await tx.value(_entry, id=row.id)
    wanted = row.alias if row.document.is_public and not row.is_archived else None
    if alias == wanted:
        return
    if alias is not None:
        await remove(tx, row.id)
    if wanted is not None:
        await tx.insert(public_templates, [{"id": row.id, "alias": wanted, "made_public_at": tx.now}])


async def remove(tx: WriteTx, template_id: str) -> None:
    await tx.run(_remove, id=template_id)
