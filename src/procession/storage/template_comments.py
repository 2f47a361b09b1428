"""Comments on templates and their steps, page by page, and how editors have marked them."""

from functools import cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, select

from procession.domain.template_comments import CommentMark, StepComments
from procession.domain.threads import Thread
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.comments import template_comments
from procession.storage.tables.processes import threads
from procession.storage.threads import thread_rows
from procession.storage.tx import ReadTx, WriteTx

_T, _C = threads.c, template_comments.c
_rows = Mapper(CommentMark, template_comments)
_marked = threads.outerjoin(template_comments, and_(_C.org == _T.org, _C.thread == _T.no))
# Those written before anybody could mark them have no row.
_is_read, _is_hidden = func.coalesce(_C.is_read, 0), func.coalesce(_C.is_hidden, 0)


class MarkedThread(msgspec.Struct, frozen=True):
    thread: Thread
    mark: CommentMark


class Shape(NamedTuple):
    """Which comments are wanted: of one step (`step`) or of none (`whole`), of a label, unread, hidden ones too."""

    step: bool = False
    whole: bool = False
    label: bool = False
    unread: bool = False
    hidden: bool = False


def _conditions(shape: Shape) -> list[ColumnElement[bool]]:
    wanted: list[tuple[bool, ColumnElement[bool]]] = [
        (shape.step, _C.step_id == bindparam("step_id")),
        (shape.whole, _C.step_id.is_(None)),
        (shape.label, _T.label == bindparam("label")),
        (shape.unread, _is_read == 0),
        (not shape.hidden, _is_hidden == 0),
    ]
    return [condition for is_wanted, condition in wanted if is_wanted]


def _matching(statement: Select[Any], shape: Shape) -> Select[Any]:
    of_template = (_T.org == bindparam("org"), _T.template_id == bindparam("template_id"))
    return statement.select_from(_marked).where(*of_template, *_conditions(shape))


@cache
def _page(shape: Shape) -> Query:
    statement = _matching(select(*thread_rows.columns, *_rows.columns), shape).order_by(_T.no)
    return Query(statement.limit(bindparam("limit")).offset(bindparam("offset")))


@cache
def _count(shape: Shape) -> Query:
    return Query(_matching(select(func.count()), shape))


_counts = Query(
    _matching(
        select(
            _C.step_id,
            func.count(),
            func.sum(case((_T.label == "improvement", 1), else_=0)),
            func.sum(case((and_(_T.label == "improvement", _is_read == 0), 1), else_=0)),
        ),
        Shape(),
    ).group_by(_C.step_id)
)
_one = Query(
    select(*thread_rows.columns, *_rows.columns)
    .select_from(_marked)
    .where(_T.org == bindparam("org"), _T.template_id == bindparam("template_id"), _T.id == bindparam("id"))
)
_copy = Query(select(_C.thread).where(_C.org == bindparam("org"), _C.source_id == bindparam("source_id")))


def _read(row: tuple[object, ...]) -> MarkedThread:
    many = len(thread_rows.columns)
    thread = thread_rows.read(row[:many])
    marked = row[many:]
    if marked[0] is None:
        return MarkedThread(thread, CommentMark(thread=thread.no, template_id=thread.template_id or ""))
    return MarkedThread(thread, _rows.read(marked))


async def list_page(
    tx: ReadTx, template_id: str, shape: Shape, *, step_id: str | None, label: str | None, limit: int, offset: int
) -> tuple[list[MarkedThread], int]:
    """The comments of a template, the oldest first, and how many there are; two statements."""
    values = {"template_id": template_id, "step_id": step_id, "label": label}
    rows = await tx.tuples(_page(shape), **values, limit=limit, offset=offset)
    return [_read(row) for row in rows], await tx.value(_count(shape), **values)


async def counts(tx: ReadTx, template_id: str) -> dict[str | None, StepComments]:
    """By step, those without comments left out; one statement."""
    rows = await tx.tuples(_counts, template_id=template_id)
    return {row[0]: StepComments(row[0], *(int(each) for each in row[1:])) for row in rows}


async def find(tx: ReadTx, template_id: str, thread_id: str) -> MarkedThread | None:
    rows = await tx.tuples(_one, template_id=template_id, id=thread_id)
    return _read(rows[0]) if rows else None


async def is_copied(tx: ReadTx, source_id: str) -> bool:
    """Whether the comment on a task has a copy on a template."""
    return await tx.value(_copy, source_id=source_id) is not None


async def save(tx: WriteTx, mark: CommentMark) -> None:
    """Mark a comment on a locked template."""
    await tx.delete(template_comments, [{"thread": mark.thread}])
    await tx.insert(template_comments, [_rows.write(mark)])
