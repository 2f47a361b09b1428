"""Finding templates, processes and tasks by a part of their name: the keys of a page, and how many there are.

Each is two statements: a count and a page, the newest first. Spec: api-content 3.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, func, not_, or_, select

from procession.domain.search_filters import Comparison, Field, Group, Node, bounds
from procession.domain.task_filters import TaskFilter
from procession.storage.access import Sight
from procession.storage.dialect import JsonText, escape_like
from procession.storage.listing.conditions import Shape as ProcessShape
from procession.storage.listing.conditions import named, search_bounds
from procession.storage.query import Query
from procession.storage.search import SHORTEST_INDEXED, index_on, phrase
from procession.storage.sight import process_is_seen, template_is_draft, template_is_seen
from procession.storage.tables.content import tag_links, tags
from procession.storage.tables.processes import processes, tasks
from procession.storage.tables.templates import templates
from procession.storage.task_conditions import Shape as TaskShape
from procession.storage.task_conditions import bound, matching
from procession.storage.tx import ReadTx

Condition: TypeAlias = ColumnElement[bool]
Columns: TypeAlias = Mapping[Field, ColumnElement[Any]]

STATEMENTS_KEPT = 500

_P, _T, _M, _L = processes.c, tasks.c, templates.c, tag_links.c
_PROCESS: Columns = {"starter": _P.starter, "date": _P.created_at, "title": _P.folded_name, "description": _P.summary}
_TASK: Columns = {"starter": _T.starter, "title": _T.folded_title}
_TEMPLATE: Columns = {
    "starter": _M.created_by,
    "date": _M.created_at,
    "title": _M.folded_title,
    "description": func.coalesce(JsonText(_M.document, "summary"), ""),
}


class Looked(NamedTuple):
    """What is looked for: folded text in names, with `in_tags` also in the titles of tags, and what else must hold."""

    text: str
    in_tags: bool = False
    test: Node | None = None


class _Form(NamedTuple):
    """A filter without its values, which are bound under the numbers of its tests."""

    word: str
    parts: tuple[Any, ...]


class Found(NamedTuple):
    keys: list[Any]
    total: int


async def find_processes(tx: ReadTx, looked: Looked, sight: Sight, *, limit: int, offset: int) -> Found:
    """Numbers of processes; archived ones too."""
    values, form = _bound(looked)
    values |= search_bounds(tx.org)
    text = looked.text
    values |= {"match": phrase(text), "number": int(text) if _is_number(text) else None}
    search = "scan" if len(text) < SHORTEST_INDEXED else index_on(tx.connection.dialect)
    shape = ProcessShape(
        (), (), limited_sight=False, text=True, number=_is_number(text), unstarred=False, search=search
    )
    values["principals"] = list(sight.principals or ())
    count, page = _of_processes(shape, form, limited=not sight.is_unlimited, in_tags=looked.in_tags)
    return await _found(tx, count, page, values, limit, offset)


async def find_tasks(tx: ReadTx, looked: Looked, sight: Sight, *, limit: int, offset: int) -> Found:
    """Numbers of tasks; archived and hidden ones are not searched."""
    shape, values = bound(tx, TaskFilter(hidden="never"), sight)
    more, form = _bound(looked)
    count, page = _of_tasks(shape, form, in_tags=looked.in_tags)
    return await _found(tx, count, page, {**values, **more}, limit, offset)


async def find_templates(tx: ReadTx, looked: Looked, sight: Sight, *, limit: int, offset: int) -> Found:
    """Ids of live templates that the caller knows of."""
    values, form = _bound(looked)
    values |= {"me": tx.actor.id, "principals": list(sight.principals or ())}
    sees = None if sight.is_unlimited else tx.actor.is_light
    count, page = _of_templates(form, light=sees, in_tags=looked.in_tags)
    return await _found(tx, count, page, values, limit, offset)


async def _found(tx: ReadTx, count: Query, page: Query, values: Mapping[str, Any], limit: int, offset: int) -> Found:
    total = await tx.value(count, **values)
    rows = await tx.tuples(page, **values, limit=limit, offset=offset) if total else []
    return Found([row[0] for row in rows], total)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


def _bound(looked: Looked) -> tuple[dict[str, Any], _Form | None]:
    values: dict[str, Any] = {"pattern": f"%{escape_like(looked.text)}%"}
    return values, None if looked.test is None else _form(looked.test, values)


def _form(node: Node, values: dict[str, Any]) -> _Form:
    if isinstance(node, Group):
        return _Form(node.word, tuple(_form(part, values) for part in node.parts))
    slot = sum(name.startswith("test") for name in values)
    values[f"test{slot}"] = node.value
    if node.field == "date":
        values[f"end{slot}"] = bounds(node)[1]
    return _Form("test", (node.field, node.comparison, slot))


def _holds(form: _Form, columns: Columns) -> Condition:
    if form.word != "test":
        parts = [_holds(part, columns) for part in form.parts]
        return and_(*parts) if form.word == "AND" else or_(*parts)
    field, comparison, slot = form.parts
    column = columns.get(field)
    if column is None:
        return false()
    value = bindparam(f"test{slot}", type_=column.type)
    if field == "date":
        return _on_day(column, comparison, value, bindparam(f"end{slot}", type_=column.type))
    return _COMPARED[comparison](column, value)


_COMPARED: Mapping[Comparison, Callable[[ColumnElement[Any], ColumnElement[Any]], Condition]] = {
    "=": lambda column, value: column == value,
    "!=": lambda column, value: column != value,
    "<": lambda column, value: column < value,
    ">": lambda column, value: column > value,
    "<=": lambda column, value: column <= value,
    ">=": lambda column, value: column >= value,
}


def _on_day(column: ColumnElement[Any], comparison: Comparison, start: Any, end: Any) -> Condition:
    match comparison:
        case "=":
            return and_(column >= start, column < end)
        case "!=":
            return or_(column < start, column >= end)
        case "<":
            return column < start
        case ">":
            return column >= end
        case "<=":
            return column < end
        case ">=":
            return column >= start


def _either(text: Condition, own: ColumnElement[Any], link: ColumnElement[Any], *, in_tags: bool) -> Condition:
    """The text is in the name, or in the title of a tag; `link` is the column by which tags name `own`."""
    if not in_tags:
        return text
    tagged = select(link).where(
        _L.org == bindparam("org"),
        link.is_not(None),
        _L.step_id.is_(None),
        tags.c.org == bindparam("org"),
        tags.c.id == _L.tag_id,
        tags.c.folded_title.like(bindparam("pattern"), escape="\\"),
    )
    return or_(text, own.in_(tagged))


def _paged(query: Select[Any], *order: ColumnElement[Any]) -> Query:
    return Query(query.order_by(*order).limit(bindparam("limit")).offset(bindparam("offset")), prepare=False)


@lru_cache(STATEMENTS_KEPT)
def _of_processes(shape: ProcessShape, form: _Form | None, *, limited: bool, in_tags: bool) -> tuple[Query, Query]:
    conditions = [
        _P.org == bindparam("org"),
        _either(named(shape, _P.seq), _P.seq, _L.process, in_tags=in_tags),
        *([process_is_seen(_P.seq, _P.state)] if limited else []),
        *([_holds(form, _PROCESS)] if form is not None else []),
    ]
    count = select(func.count()).select_from(processes).where(*conditions)
    return Query(count, prepare=False), _paged(select(_P.seq).where(*conditions), _P.seq.desc())


@lru_cache(STATEMENTS_KEPT)
def _of_tasks(shape: TaskShape, form: _Form | None, *, in_tags: bool) -> tuple[Query, Query]:
    text = _T.folded_title.like(bindparam("pattern"), escape="\\")
    conditions: Sequence[Condition] = [
        _either(text, _T.seq, _L.task, in_tags=in_tags),
        *([_holds(form, _TASK)] if form is not None else []),
    ]
    count = matching(select(func.count()), shape).where(*conditions)
    return Query(count, prepare=False), _paged(matching(select(_T.seq), shape).where(*conditions), _T.seq.desc())


@lru_cache(STATEMENTS_KEPT)
def _of_templates(form: _Form | None, *, light: bool | None, in_tags: bool) -> tuple[Query, Query]:
    text = _M.folded_title.like(bindparam("pattern"), escape="\\")
    conditions = [
        _M.org == bindparam("org"),
        _M.is_system == 0,
        _M.archived_at.is_(None),
        _either(text, _M.id, _L.template_id, in_tags=in_tags),
        *([template_is_seen(light=light)] if light is not None else []),
    ]
    if form is not None:
        conditions.append(_holds(form, _TEMPLATE))
        if light is not None and "description" in _fields_of(form):
            conditions.append(not_(template_is_draft()))
    count = select(func.count()).select_from(templates).where(*conditions)
    return Query(count, prepare=False), _paged(select(_M.id).where(*conditions), _M.created_at.desc(), _M.id.desc())


def _fields_of(form: _Form) -> set[Field]:
    return {form.parts[0]} if form.word == "test" else {field for part in form.parts for field in _fields_of(part)}
