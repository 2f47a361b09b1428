"""Tags of an organization."""

from functools import cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, or_, select, update

from procession.storage.dialect import escape_like
from procession.storage.query import Query
from procession.storage.tables.content import tags
from procession.storage.tx import ReadTx, WriteTx

SORTS: dict[str, ColumnElement[Any]] = {"title": tags.c.folded_title, "created_at": tags.c.created_at}


class TagRow(msgspec.Struct, frozen=True):
    id: str
    title: str
    folded_title: str
    color: str | None
    auto_generated: int
    type: str | None
    created_at: int
    updated_at: int


class TagFilter(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is folded; `manual_only` leaves out automatic tags, whose titles begin with from:, task: or step:."""

    text: str | None = None
    manual_only: bool = True


_columns = [tags.c[name] for name in TagRow.__struct_fields__]
_by_id = Query(select(*_columns).where(tags.c.org == bindparam("org"), tags.c.id == bindparam("id")))
_by_title = Query(
    select(*_columns).where(tags.c.org == bindparam("org"), tags.c.folded_title == bindparam("folded_title"))
)
_save = Query(
    update(tags)
    .where(tags.c.org == bindparam("org_is"), tags.c.id == bindparam("id_is"))
    .values(
        title=bindparam("new_title"),
        folded_title=bindparam("new_folded_title"),
        color=bindparam("new_color"),
        updated_at=bindparam("now"),
    )
)
_delete = Query(delete(tags).where(tags.c.org == bindparam("org"), tags.c.id == bindparam("id")))


async def find(tx: ReadTx, tag_id: str) -> TagRow | None:
    return await tx.row(TagRow, _by_id, id=tag_id)


async def titled(tx: ReadTx, folded_title: str) -> TagRow | None:
    return await tx.row(TagRow, _by_title, folded_title=folded_title)


async def list_page(
    tx: ReadTx, where: TagFilter, *, sort: str, descending: bool, limit: int | None, offset: int
) -> tuple[list[TagRow], int]:
    """One page (all rows when `limit` is None) and the total; two statements."""
    shape = (where.text is not None, where.manual_only)
    pattern = f"%{escape_like(where.text)}%" if where.text is not None else None
    values = {"pattern": pattern, "limit": -1 if limit is None else limit, "offset": offset}
    if limit is None:
        rows = await tx.rows(TagRow, _page(*shape, sort, descending, limited=False), **values)
        return rows, len(rows)
    rows = await tx.rows(TagRow, _page(*shape, sort, descending, limited=True), **values)
    return rows, await tx.value(_count(*shape), **values)


@cache
def _page(has_text: bool, manual_only: bool, sort: str, descending: bool, *, limited: bool) -> Query:
    order = SORTS[sort].desc() if descending else SORTS[sort].asc()
    query = _matching(select(*_columns), has_text, manual_only).order_by(order, tags.c.id)
    return Query(query.limit(bindparam("limit")).offset(bindparam("offset")) if limited else query)


@cache
def _count(has_text: bool, manual_only: bool) -> Query:
    return Query(_matching(select(func.count()).select_from(tags), has_text, manual_only))


def _matching(query: Select[Any], has_text: bool, manual_only: bool) -> Select[Any]:
    query = query.where(tags.c.org == bindparam("org"))
    if has_text:
        query = query.where(tags.c.folded_title.like(bindparam("pattern"), escape="\\"))
    if manual_only:
        automatic = or_(*[tags.c.folded_title.like(f"{word}:%") for word in ("from", "task", "step")])
        query = query.where(and_(~automatic, tags.c.auto_generated == 0))
    return query


async def add(tx: WriteTx, row: TagRow) -> None:
    await tx.insert(tags, [msgspec.structs.asdict(row)])


async def save(tx: WriteTx, row: TagRow) -> None:
    await tx.run(
        _save,
        org_is=tx.org,
        id_is=row.id,
        new_title=row.title,
        new_folded_title=row.folded_title,
        new_color=row.color,
        now=row.updated_at,
    )


async def remove(tx: WriteTx, tag_id: str) -> bool:
    """Delete the tag with its links; whether there was one."""
    return await tx.run(_delete, id=tag_id) > 0
