"""The list of templates: pinned first, filtered by what the caller may see. Spec: api-templates 2.1."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Select, bindparam, case, exists, func, select

from procession.domain.templates import TemplateOutline, TemplateRow
from procession.storage import access
from procession.storage.dialect import constant, escape_like, is_in
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.sight import template_is_seen
from procession.storage.tables.content import tag_links
from procession.storage.tables.templates import template_stars, templates
from procession.storage.tx import ReadTx

Archived = Literal["live", "also", "only"]
Sort = Literal["title", "created_at", "updated_at", "starred"]

SORTS: dict[str, Sort] = {
    "title": "title", "name": "title", "created_at": "created_at", "updated": "updated_at",
    "updated_at": "updated_at", "last_updated": "updated_at", "starred": "starred",
}  # fmt: skip

_T, _S = templates.c, template_stars.c

_rows = Mapper(TemplateRow, templates)
_outlines = Mapper(TemplateOutline, templates)


class TemplateFilter(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is folded; several ids in one filter mean any of them."""

    text: str | None = None
    label: str | None = None
    type: str | None = None
    starred: bool | None = None
    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owner: int | None = None
    archived: Archived = "live"


class ListedTemplate(msgspec.Struct, frozen=True):
    """One row of the list; its steps are read only where they were asked for."""

    template: TemplateRow | TemplateOutline
    starred: bool


class Shape(NamedTuple):
    """Which conditions a statement has."""

    given: frozenset[str]
    archived: Archived
    starred: bool | None
    sees: Literal["all", "full", "light"]


def _shape(tx: ReadTx, where: TemplateFilter) -> Shape:
    given = frozenset(name for name in ("text", "label", "type", "folders", "tags", "owner") if getattr(where, name))
    sees = "all" if tx.actor.is_admin else "light" if tx.actor.is_light else "full"
    return Shape(given, where.archived, where.starred, sees)


async def list_page(
    tx: ReadTx,
    where: TemplateFilter,
    *,
    sort: Sort,
    descending: bool,
    with_steps: bool,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[ListedTemplate], int]:
    """One page (all rows when `limit` is None) and the total; three statements at most."""
    shape, mapper = _shape(tx, where), _rows if with_steps else _outlines
    values = await _values(tx, where, shape)
    query = _page(shape, sort, descending=descending, with_steps=with_steps, limited=limit is not None)
    found = await tx.tuples(query, **values, limit=limit, offset=offset)
    items = [ListedTemplate(mapper.read(row[:-1]), bool(row[-1])) for row in found]
    return items, len(items) if limit is None else await tx.value(_count(shape), **values)


async def at(tx: ReadTx, numbers: Sequence[int]) -> list[ListedTemplate]:
    """The templates with these numbers, in their order; who may see them has been asked before."""
    rows = await tx.tuples(_by_numbers, numbers=list(numbers), me=tx.actor.id) if numbers else []
    found = {item.template.no: item for row in rows for item in (ListedTemplate(_rows.read(row[:-1]), bool(row[-1])),)}
    return [found[number] for number in numbers if number in found]


async def _values(tx: ReadTx, where: TemplateFilter, shape: Shape) -> Mapping[str, Any]:
    values: dict[str, Any] = {
        "me": tx.actor.id,
        "pattern": None if where.text is None else f"%{escape_like(where.text)}%",
        "label": where.label,
        "type": where.type,
        "owner": where.owner,
        "folders": list(where.folders),
        "tags": list(where.tags),
        "tag_count": len(set(where.tags)),
    }
    if shape.sees != "all":
        values["principals"] = sorted(await access.principals_of_caller(tx))
    return values


def _starred() -> ColumnElement[int]:
    found = exists().where(_S.org == _T.org, _S.account == bindparam("me"), _S.template_id == _T.id)
    return case((found, constant(1)), else_=constant(0))


_by_numbers = Query(select(*_rows.columns, _starred()).where(_T.org == bindparam("org"), is_in(_T.no, "numbers")))


@cache
def _page(shape: Shape, sort: Sort, *, descending: bool, with_steps: bool, limited: bool) -> Query:
    by: ColumnElement[Any] = {
        "title": _T.folded_title, "created_at": _T.created_at, "updated_at": _T.updated_at, "starred": _starred(),
    }[sort]  # fmt: skip
    columns = (_rows if with_steps else _outlines).columns
    statement = _matching(select(*columns, _starred()), shape).order_by(
        _T.is_pinned.desc(), by.desc() if descending else by.asc(), _T.id
    )
    return Query(statement.limit(bindparam("limit")).offset(bindparam("offset")) if limited else statement)


@cache
def _count(shape: Shape) -> Query:
    return Query(_matching(select(func.count()).select_from(templates), shape))


def _matching(statement: Select[Any], shape: Shape) -> Select[Any]:
    conditions = [_T.org == bindparam("org"), _T.is_system == constant(0), *_seen(shape)]
    if shape.archived != "also":
        conditions.append(_T.archived_at.is_(None) if shape.archived == "live" else _T.archived_at.is_not(None))
    if shape.starred is not None:
        conditions.append(_starred() == constant(shape.starred))
    offered = {
        "text": _T.folded_title.like(bindparam("pattern"), escape="\\"),
        "label": _T.status == bindparam("label"),
        "type": _T.type == bindparam("type"),
        "owner": _T.owner == bindparam("owner"),
        "folders": is_in(_T.folder_id, "folders"),
        "tags": _has_all_tags(),
    }
    return statement.where(*conditions, *(offered[name] for name in sorted(shape.given)))


def _has_all_tags() -> ColumnElement[bool]:
    """Spec: T-3.6."""
    found = select(func.count(tag_links.c.tag_id.distinct())).where(
        tag_links.c.org == _T.org,
        tag_links.c.template_id == _T.id,
        tag_links.c.step_id.is_(None),
        is_in(tag_links.c.tag_id, "tags"),
    )
    return found.scalar_subquery() == bindparam("tag_count")


def _seen(shape: Shape) -> Sequence[ColumnElement[bool]]:
    return [] if shape.sees == "all" else [template_is_seen(light=shape.sees == "light")]
