"""Where public templates are found by people who are not signed in, and the library they are imported from.

Spec: api-templates T15, 2.4, behaviour-templates T-9.1, T-9.4.
"""

from functools import cache

import msgspec
from sqlalchemy import ColumnElement, and_, bindparam, case, delete, func, or_, select, update

from procession.domain.names import fold
from procession.domain.templates import TemplateRow, is_draft
from procession.storage.connection import Connection
from procession.storage.dialect import constant
from procession.storage.pages import Page
from procession.storage.query import Query
from procession.storage.tables.control import organizations, public_templates
from procession.storage.tx import ReadTx, WriteTx

_P, _O = public_templates.c, organizations.c

_ORDERS: dict[str, ColumnElement[object]] = {
    "title": _P.folded_title, "import_count": _P.imports, "made_public_at": _P.made_public_at,
}  # fmt: skip
SORTS = tuple(_ORDERS)


class Entry(msgspec.Struct, frozen=True):
    """What the library shows of a template; `imports` counts on while it is not public for a time."""

    id: str
    alias: str
    title: str
    type: str
    made_public_at: int
    imports: int
    organization_id: str
    organization: str


class _Kept(msgspec.Struct, frozen=True):
    alias: str
    title: str
    type: str
    is_listed: int
    made_public_at: int


_listed = _P.is_listed == constant(1)
# An id is exact; of several organizations' templates with one alias the first to be made public answers to it.
_find = Query(
    select(_P.org, _P.id)
    .where(or_(_P.id == bindparam("key"), _P.alias == bindparam("key")), _listed)
    .order_by(case((_P.id == bindparam("key"), 0), else_=1), _P.made_public_at, _P.id)
    .limit(1)
)
_kept = Query(select(_P.alias, _P.title, _P.type, _P.is_listed, _P.made_public_at).where(_P.id == bindparam("id")))
_remove = Query(delete(public_templates).where(and_(_P.org == bindparam("org"), _P.id == bindparam("id"))))
_change = Query(
    update(public_templates)
    .where(_P.org == bindparam("org_is"), _P.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in (*_Kept.__struct_fields__, "folded_title")})
)
_imported = Query(update(public_templates).where(_P.id == bindparam("id_is")).values(imports=_P.imports + 1))
_imports = Query(select(_P.imports).where(_P.id == bindparam("id")))
_entries = (
    select(_P.id, _P.alias, _P.title, _P.type, _P.made_public_at, _P.imports, _O.id, _O.name)
    .select_from(public_templates.join(organizations, _O.org == _P.org))
    .where(_listed)
)
_entry = Query(_entries.where(_P.id == bindparam("id")))


async def find(connection: Connection, key: str) -> tuple[int, str] | None:
    """(number of the organization, id of the template) for an id or alias."""
    rows = await connection.rows(_find, {"key": key})
    return (rows[0][0], rows[0][1]) if rows else None


async def enter(tx: WriteTx, row: TemplateRow) -> None:
    """Bring the entry in step with the saved template: a switched-off or archived one is not found at once.

    Nor is one that was never published. Once there the entry stays as long as the template, for the count.
    """
    kept = await tx.row(_Kept, _kept, id=row.id)
    is_readable = row.published_version is not None or not is_draft(row, row.document)
    is_listed = int(row.document.is_public and not row.is_archived and is_readable)
    if not is_listed and (kept is None or not kept.is_listed):
        return
    since = kept.made_public_at if kept is not None and kept.is_listed else tx.now
    wanted = _Kept(row.alias, row.title, row.type, is_listed, since)
    values = {**msgspec.structs.asdict(wanted), "folded_title": fold(row.title)}
    if kept is None:
        await tx.insert(public_templates, [{**values, "id": row.id, "imports": 0}])
    elif kept != wanted:
        new = {f"new_{name}": value for name, value in values.items()}
        await tx.run(_change, org_is=tx.org, id_is=row.id, **new)


async def remove(tx: WriteTx, template_id: str) -> None:
    await tx.run(_remove, id=template_id)


async def count_import(tx: WriteTx, template_id: str) -> None:
    """Once more; the template may be any organization's."""
    await tx.run(_imported, id_is=template_id)


async def imports(tx: ReadTx, template_id: str) -> int:
    return await tx.value(_imports, id=template_id) or 0


async def entry(tx: ReadTx, template_id: str) -> Entry | None:
    return await tx.row(Entry, _entry, id=template_id)


async def library(tx: ReadTx, pattern: str | None, page: Page) -> tuple[list[Entry], int]:
    """One page of the public templates of the whole server, and how many there are."""
    query = _page(pattern is not None, page.sort, descending=page.descending, limited=page.limit is not None)
    found = await tx.rows(Entry, query, pattern=pattern, limit=page.limit, offset=page.offset)
    return found, len(found) if page.limit is None else await tx.value(_count(pattern is not None), pattern=pattern)


@cache
def _page(is_searched: bool, sort: str, *, descending: bool, limited: bool) -> Query:
    order = [_ORDERS[sort], _P.id]
    statement = _entries.where(*_searched(is_searched)).order_by(
        *[each.desc() if descending else each for each in order]
    )
    return Query(statement.limit(bindparam("limit")).offset(bindparam("offset")) if limited else statement)


@cache
def _count(is_searched: bool) -> Query:
    return Query(select(func.count()).select_from(public_templates).where(_listed, *_searched(is_searched)))


def _searched(is_searched: bool) -> list[ColumnElement[bool]]:
    return [_P.folded_title.like(bindparam("pattern"), escape="\\")] if is_searched else []
