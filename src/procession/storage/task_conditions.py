"""Conditions on tasks, EXISTS where they look further than the task and its process, so that a row never repeats.

A `Shape` says which conditions there are; `bound` gives their values the names that the statements know them by.
"""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, false, func, or_, select, true, union

from procession.domain.listing import NO_DEADLINE
from procession.domain.processes import Owners, State
from procession.domain.summary import DUE_SOON_MS
from procession.domain.task_filters import FORMS_OF_VALUE, STALLED_AFTER_MS, Hidden, Span, TaskFilter, Word
from procession.storage.access import Sight
from procession.storage.dialect import Holds, constant, escape_like, is_in
from procession.storage.rows import to_json
from procession.storage.sight import may_be_seen, task_is_seen
from procession.storage.tables.content import folder_links, tag_links, tags
from procession.storage.tables.lists import task_access
from procession.storage.tables.processes import processes, tasks
from procession.storage.tx import ReadTx

Condition = ColumnElement[bool]

_T, _P = tasks.c, processes.c
_NOBODY = to_json(Owners())
_is_open = or_(_T.status == "not-started", _T.status == "in-progress")
_due = case(
    (or_(_T.deadline.is_(None), and_(_T.is_held == constant(1), _is_open)), constant(NO_DEADLINE)), else_=_T.deadline
)
# Sort field -> (value, what stands for null).
SORTABLE: dict[str, tuple[ColumnElement[Any], ColumnElement[bool] | None]] = {
    "deadline": (_due, _due == constant(NO_DEADLINE)),
    "position": (_T.position, None),
    "created_at": (_T.created_at, None),
    "last_updated": (_T.updated_at, None),
    "completed_at": (_T.completed_at, _T.completed_at.is_(None)),
    "title": (_T.folded_title, None),
    "status": (_T.status, None),
    "problems": (case((_T.open_problems > constant(0), constant(1)), else_=constant(0)), None),
}


class Shape(NamedTuple):
    """The conditions of a list, without their values."""

    words: tuple[Word, ...]
    hidden: Hidden
    archived: str
    # None: everything; else whether the caller is a light member.
    limited_to_light: bool | None
    of_process: bool
    assigned: tuple[str, ...]
    # So many job titles are bound, some of them twice to keep the number of statements small.
    roles: int
    unassigned: bool
    due: tuple[bool, bool]
    created: tuple[bool, bool]
    text: str | None
    has_tag: bool
    has_folders: bool
    is_oneoff: bool | None
    has_value: bool


def bound(tx: ReadTx, where: TaskFilter, sight: Sight) -> tuple[Shape, dict[str, Any]]:
    """The filter's conditions, and its values under their fixed names."""
    assigned = {
        name: principals
        for name in ("assignees", "members", "guests", "groups")
        if (principals := getattr(where, name)) is not None
    }
    text = None if where.text is None else "titles" if where.in_titles else "names"
    slots = 1 << (len(where.roles) - 1).bit_length() if where.roles else 0
    shape = Shape(
        words=where.words,
        hidden=where.hidden,
        archived="as the process" if where.process is not None and where.archived == "without" else where.archived,
        limited_to_light=None if sight.is_unlimited else tx.actor.is_light,
        of_process=where.process is not None,
        assigned=tuple(assigned),
        roles=slots,
        unassigned=where.unassigned,
        due=_bounds(where.due),
        created=_bounds(where.created),
        text=text,
        has_tag=where.tag is not None,
        has_folders=bool(where.folders),
        is_oneoff=where.is_oneoff,
        has_value=where.value is not None,
    )
    values: dict[str, Any] = {
        "now": tx.now,
        "soon": tx.now + DUE_SOON_MS,
        "quiet_since": tx.now - STALLED_AFTER_MS,
        "me": tx.actor.id,
        "principals": list(sight.principals or ()),
        "process": where.process,
        "pattern": f"%{escape_like(where.text)}%" if where.text is not None else None,
        "tag": where.tag,
        "folders": list(where.folders),
    }
    values |= {name: list(principals) for name, principals in assigned.items()}
    for n in range(slots):
        values[f"role{n}"] = f'%"{escape_like(where.roles[n % len(where.roles)])}"%'
    if where.value is not None:
        values |= {f"value{n}": each for n, each in enumerate(where.value.forms)}
    for name, span in (("due", where.due), ("created", where.created)):
        if span is not None:
            values |= {f"{name}_from": span.start, f"{name}_to": span.end}
    return shape, values


def _bounds(span: Span | None) -> tuple[bool, bool]:
    return (False, False) if span is None else (span.start is not None, span.end is not None)


def order_by(keys: tuple[tuple[str, bool], ...]) -> list[ColumnElement[Any]]:
    columns: list[ColumnElement[Any]] = []
    for field, descending in keys:
        value, is_null = SORTABLE[field]
        if is_null is not None:
            columns.append(is_null)
        columns.append(value.desc() if descending else value.asc())
    columns.append(_T.seq.desc() if keys[-1][1] else _T.seq.asc())
    return columns


def matching(query: Select[*tuple[Any, ...]], shape: Shape) -> Select[*tuple[Any, ...]]:
    with_process = tasks.outerjoin(processes, and_(_P.org == bindparam("org"), _P.seq == _T.process))
    conditions = [_T.org == bindparam("org"), _in_words(shape)]
    if shape.limited_to_light is not None:
        conditions.append(task_is_seen(light=shape.limited_to_light))
        if not (shape.of_process or shape.assigned):
            # Else the organization's tasks would all be gone through.
            conditions.append(may_be_seen())
    if shape.of_process:
        conditions.append(_T.process == bindparam("process"))
    conditions += [_assigned_to(name) for name in shape.assigned]
    if shape.roles:
        conditions.append(or_(*[_T.roles.like(bindparam(f"role{n}"), escape="\\") for n in range(shape.roles)]))
    if shape.unassigned:
        conditions.append(_T.owners == _NOBODY)
    if any(shape.due):
        conditions += [*_within(_due, "due", shape.due), _due < constant(NO_DEADLINE)]
    conditions += _within(_T.created_at, "created", shape.created)
    if shape.text is not None:
        conditions.append(_contains_text(in_titles=shape.text == "titles"))
    if shape.has_tag:
        conditions.append(_tagged())
    if shape.has_folders:
        conditions.append(_filed())
    if shape.is_oneoff is not None:
        conditions.append(_T.is_oneoff == constant(int(shape.is_oneoff)))
    if shape.has_value:
        conditions.append(or_(*[Holds(_T.custom_fields, f"value{n}") for n in range(FORMS_OF_VALUE)]))
    return query.select_from(with_process).where(*conditions)


def _within(column: ColumnElement[Any], name: str, bounds: tuple[bool, bool]) -> list[Condition]:
    found: list[Condition] = [column >= bindparam(f"{name}_from")] if bounds[0] else []
    return [*found, column < bindparam(f"{name}_to")] if bounds[1] else found


def _assigned_to(name: str) -> Condition:
    access = task_access.alias()
    return _T.seq.in_(select(access.c.seq).where(access.c.org == bindparam("org"), is_in(access.c.principal, name)))


def _contains_text(*, in_titles: bool) -> Condition:
    in_name = _P.folded_name.like(bindparam("pattern"), escape="\\")
    return or_(in_name, _T.folded_title.like(bindparam("pattern"), escape="\\")) if in_titles else in_name


def _tagged() -> Condition:
    """The task or its process carries the tag."""
    link, tag = tag_links.alias(), tags.alias()
    named = or_(tag.c.id == bindparam("tag"), tag.c.folded_title == bindparam("tag"))
    wanted = select(tag.c.id).where(tag.c.org == bindparam("org"), named)
    return _linked(link, link.c.tag_id.in_(wanted))


def _filed() -> Condition:
    """The task or its process lies in one of the folders."""
    link = folder_links.alias()
    return _linked(link, is_in(link.c.folder_id, "folders"))


def _linked(link: Any, wanted: Condition) -> Condition:
    """The task is among those that are linked themselves, and those of the processes that are: to look at every task of
    an organization for a link would take the longer the more there are.
    """
    inside = tasks.alias().c
    here = (link.c.org == bindparam("org"), wanted)
    themselves = select(link.c.task).where(*here, link.c.task.is_not(None))
    of_processes = (
        select(inside.seq)
        .select_from(
            link.join(inside.seq.table, and_(inside.org == bindparam("org"), inside.process == link.c.process))
        )
        .where(*here)
    )
    return _T.seq.in_(union(themselves, of_processes))


def _is_archived() -> Condition:
    return or_(_T.archived_at.is_not(None), and_(_P.state.is_not(None), _P.state == constant(State.ARCHIVED)))


def _is_live() -> Condition:
    return and_(_T.archived_at.is_(None), or_(_P.state.is_(None), _P.state != constant(State.ARCHIVED)))


def _in_words(shape: Shape) -> Condition:
    # A process that is archived lists its tasks; a live one not those that a move to another version took away.
    bases = {"without": _is_live(), "only": _is_archived(), "as the process": _T.archived_at.is_(None)}
    base = bases.get(shape.archived, true())
    if not shape.words:
        return and_(base, _shown(shape))
    return or_(*[_word(word, base, shape) for word in shape.words])


def _shown(shape: Shape) -> Condition:
    return true() if shape.hidden == "always" else _T.status != "auto-skipped"


def _word(word: Word, base: Condition, shape: Shape) -> Condition:
    """The tasks of one status word. Spec: api-tasks 5.1."""
    if word == "archived":
        return and_(_is_archived(), _shown(shape))
    if word == "auto-skipped":
        return and_(base, _T.status == "auto-skipped") if shape.hidden != "never" else false()
    meanings: dict[Word, Condition] = {
        "active": _T.status != "completed",
        "active-visible": _is_open,
        "not-started": _T.status == "not-started",
        "in-progress": _T.status == "in-progress",
        "complete": _T.status == "completed",
        "overdue": is_overdue(),
        "due-soon": is_due_soon(),
        "on-time": and_(_is_open, _is_live(), _due >= bindparam("now")),
        "stalled": and_(is_overdue(), func.coalesce(_P.updated_at, _T.updated_at) < bindparam("quiet_since")),
        "has-problem": _T.open_problems > constant(0),
        "has-improvement": _T.improvements > constant(0),
    }
    return and_(base, _shown(shape), meanings[word])


def is_overdue() -> Condition:
    return and_(_is_open, _is_live(), _due < bindparam("now"))


def is_due_soon() -> Condition:
    return and_(_is_open, _is_live(), _due >= bindparam("now"), _due <= bindparam("soon"))
