"""The event log as a feed, the newest first unless asked otherwise. Spec: api-content 7, behaviour-work 14.

A feed reaches back `REACH` rows of what its filters leave, one of everything `REACH_OF_ALL`: no page and no total reads
further. What nothing but the whole log answers looks through its newest part.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select

from procession.domain.activity import Called, Context, Happening
from procession.domain.activity_kinds import EXECUTION, KINDS, OPEN_TO_MEMBERS
from procession.domain.template_permissions import OPENING
from procession.storage import people
from procession.storage.dialect import constant, is_in
from procession.storage.query import Query
from procession.storage.sight import process_is_seen, task_is_seen
from procession.storage.tables.events import event_topics, events, organization_states
from procession.storage.tables.processes import processes, tasks, threads
from procession.storage.tables.templates import template_grants, templates
from procession.storage.tx import ReadTx

REACH, REACH_OF_ALL = 10_000, 1_000
# Without a thing whose activity it is, so many of the newest events are looked through.
LOOKED_THROUGH = 200_000

_E, _P, _T, _H, _M = events.c, processes.c, tasks.c, threads.c, templates.c
_oldest = (
    select(organization_states.c.position - constant(LOOKED_THROUGH))
    .where(organization_states.c.org == bindparam("org"))
    .scalar_subquery()
)
_payload = msgspec.json.Decoder(dict[str, Any])
_of_rules = sorted(kind for kind, how in KINDS.items() if how.type == EXECUTION)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be read: events of these kinds, of one process, or of these topics, or all that the caller may see."""

    kinds: Sequence[str]
    process: int | None = None
    topics: Sequence[str] = ()
    since: int | None = None
    until: int | None = None
    # Actor kind, and who of that kind; rules act by themselves and are nobody's.
    actor_kind: str | None = None
    actor_id: str | None = None
    descending: bool = True

    @property
    def reach(self) -> int:
        return REACH_OF_ALL if self.process is None and not self.topics else REACH


class Shape(NamedTuple):
    scope: str
    since: bool
    until: bool
    by_kind: bool
    by_id: bool
    light: bool
    descending: bool


def _shape(tx: ReadTx, asked: Asked) -> Shape:
    scope = "process" if asked.process is not None else "topics" if asked.topics else "all"
    if scope == "all" and not tx.actor.is_admin:
        scope = "seen"
    return Shape(
        scope,
        asked.since is not None,
        asked.until is not None,
        asked.actor_kind is not None,
        asked.actor_id is not None,
        tx.actor.is_light,
        asked.descending,
    )


def _values(asked: Asked, principals: Iterable[str], me: int) -> dict[str, Any]:
    return {
        "kinds": list(asked.kinds),
        "of_process": asked.process,
        "topics": list(asked.topics),
        "since": asked.since,
        "until": asked.until,
        "actor_kind": asked.actor_kind,
        "actor_id": asked.actor_id,
        "reach": asked.reach,
        "open_kinds": sorted(OPEN_TO_MEMBERS),
        "principals": sorted(principals),
        "me": me,
    }


async def count(tx: ReadTx, asked: Asked, principals: Iterable[str]) -> int:
    """How many rows there are, within reach."""
    return await tx.value(_count(_shape(tx, asked)), **_values(asked, principals, tx.actor.id))


async def page(tx: ReadTx, asked: Asked, principals: Iterable[str], *, limit: int, offset: int) -> list[Happening]:
    """The rows from `offset` on, within reach."""
    most = max(min(limit, asked.reach - offset), 0)
    query = _page(_shape(tx, asked))
    rows = await tx.tuples(
        query, **_values(asked, principals, tx.actor.id), limit=most, offset=min(offset, asked.reach)
    )
    names = Happening.__struct_fields__[:-1]
    return [Happening(**dict(zip(names, row[:-1], strict=True)), payload=_payload.decode(row[-1])) for row in rows]


@lru_cache
def _count(shape: Shape) -> Query:
    found = _matching(select(_E.position), shape).limit(bindparam("reach")).subquery()
    return Query(select(func.count()).select_from(found))


@lru_cache
def _page(shape: Shape) -> Query:
    columns = [_E[name] for name in Happening.__struct_fields__]
    order = _E.position.desc() if shape.descending else _E.position.asc()
    return Query(
        _matching(select(*columns), shape).order_by(order).limit(bindparam("limit")).offset(bindparam("offset"))
    )


def _matching(query: Select[Any], shape: Shape) -> Select[Any]:
    query = query.where(_E.org == bindparam("org"), is_in(_E.kind, "kinds"))
    if shape.scope == "process":
        query = query.where(_E.process == bindparam("of_process"))
    elif shape.scope == "topics":
        topics = select(event_topics.c.position).where(
            event_topics.c.org == bindparam("org"), is_in(event_topics.c.topic, "topics")
        )
        query = query.where(_E.position.in_(topics))
    else:
        query = query.where(_E.position > _oldest)
    if shape.scope == "seen":
        query = query.where(_is_seen(light=shape.light))
    if shape.since:
        query = query.where(_E.at >= bindparam("since"))
    if shape.until:
        query = query.where(_E.at < bindparam("until"))
    if shape.by_kind:
        of_rules = or_(*[_E.kind == kind for kind in _of_rules], _E.cause.like("rule:%"))
        query = query.where(_E.actor_kind == bindparam("actor_kind"), or_(_E.cause.is_(None), ~of_rules))
    if shape.by_id:
        query = query.where(_E.actor_id == bindparam("actor_id"))
    return query


def _is_seen(*, light: bool) -> ColumnElement[bool]:
    """What is about things the caller sees: processes, tasks, comments on them, templates they read, tags, groups."""
    its_task = exists().where(_T.org == bindparam("org"), _T.id == _E.subject_id, task_is_seen(light=light))
    thread_task = exists().where(_T.org == bindparam("org"), _T.seq == _H.task, task_is_seen(light=light))
    its_thread = exists().where(_H.org == bindparam("org"), _H.id == _E.subject_id, or_(_H.task.is_(None), thread_task))
    in_process = and_(_E.process.is_not(None), process_is_seen(_E.process))
    of_task = and_(_E.subject_kind == "task", its_task)
    of_thread = and_(_E.subject_kind == "thread", its_thread)
    of_other = and_(_E.subject_kind != "task", _E.subject_kind != "thread")
    about_work = or_(and_(in_process, or_(of_other, of_thread)), of_task)
    if light:
        return or_(about_work, is_in(_E.kind, "open_kinds"))
    return or_(about_work, is_in(_E.kind, "open_kinds"), _of_read_template())


def _of_read_template() -> ColumnElement[bool]:
    topics, grants = event_topics.c, template_grants.c
    granted = exists().where(
        grants.org == bindparam("org"),
        grants.template_id == _M.id,
        or_(*[grants.permission == each for each in sorted(OPENING)]),
        is_in(grants.principal, "principals"),
    )
    readable = select(("template:" + _M.id).label("topic")).where(
        _M.org == bindparam("org"), or_(_M.owner == bindparam("me"), granted)
    )
    return _E.position.in_(select(topics.position).where(topics.org == bindparam("org"), topics.topic.in_(readable)))


class _Named(NamedTuple):
    number: int
    id: str
    name: str


class MentionedTask(NamedTuple):
    seq: int
    id: str
    title: str
    process: int | None
    step_id: str | None


_processes = Query(select(_P.seq, _P.id, _P.name).where(_P.org == bindparam("org"), is_in(_P.seq, "keys")))
_tasks_by_id = Query(select(_T.seq, _T.id, _T.title).where(_T.org == bindparam("org"), is_in(_T.id, "keys")))
_tasks_by_number = Query(select(_T.seq, _T.id, _T.title).where(_T.org == bindparam("org"), is_in(_T.seq, "keys")))
_templates = Query(select(_M.no, _M.id, _M.title).where(_M.org == bindparam("org"), is_in(_M.id, "keys")))
_comments = Query(select(_H.no, _H.id, _H.content).where(_H.org == bindparam("org"), is_in(_H.id, "keys")))


async def context_of(tx: ReadTx, rows: Sequence[Happening]) -> Context:
    """What these rows mention; at most six statements."""
    found = {name: set[Any]() for name in ("process", "task", "number", "template", "thread", "member")}
    for row in rows:
        if row.process is not None:
            found["process"].add(row.process)
        if row.subject_kind in ("task", "template", "thread"):
            found[row.subject_kind].add(row.subject_id)
        if row.subject_kind == "member" and row.subject_id.isdigit():
            found["member"].add(int(row.subject_id))
        if isinstance(row.payload.get("template"), str):
            found["template"].add(row.payload["template"])
        if row.subject_kind == "thread" and isinstance(row.payload.get("task"), int):
            found["number"].add(row.payload["task"])
        found["member"].update(_members_in(row.payload))
    processes_found = await _named(tx, _processes, found["process"])
    by_id = await _named(tx, _tasks_by_id, found["task"])
    by_number = await _named(tx, _tasks_by_number, found["number"])
    templates_found = await _named(tx, _templates, found["template"])
    named = await people.names(tx, found["member"])
    return Context(
        processes={each.number: Called("process", each.id, each.name) for each in processes_found},
        tasks={each.id: Called("task", each.id, each.name) for each in by_id},
        tasks_by_number={each.number: Called("task", each.id, each.name) for each in by_number},
        templates={each.id: Called("template", each.id, each.name) for each in templates_found},
        comments={each.id: each.name for each in await _named(tx, _comments, found["thread"])},
        members={each.id: each.full_name for each in named.values()},
    )


async def mentioned_tasks(
    tx: ReadTx, ids: Collection[str], processes: Collection[int], steps: Collection[str], principals: Iterable[str]
) -> list[MentionedTask]:
    """The tasks with these ids, and those of these steps in these processes, as far as the caller sees them."""
    wanted = {"ids": sorted(ids), "processes": sorted(processes), "steps": sorted(steps)}
    who = {"principals": sorted(principals), "me": tx.actor.id}
    rows = await tx.tuples(_mentioned(tx.actor.is_admin, tx.actor.is_light), **wanted, **who)
    return [MentionedTask(*row) for row in rows]


async def places_of_steps(tx: ReadTx, processes: Collection[int], steps: Collection[str]) -> set[tuple[int, str]]:
    """The processes and steps, of these, of which there is a task, whoever may see it."""
    wanted = {"processes": sorted(processes), "steps": sorted(steps)}
    return {(process, step) for process, step in await tx.tuples(_places_of_steps, **wanted)} if steps else set()


_places_of_steps = Query(
    select(_T.process, _T.step_id).where(
        _T.org == bindparam("org"), is_in(_T.process, "processes"), is_in(_T.step_id, "steps")
    )
)


@lru_cache
def _mentioned(sees_all: bool, is_light: bool) -> Query:
    named = or_(is_in(_T.id, "ids"), and_(is_in(_T.process, "processes"), is_in(_T.step_id, "steps")))
    query = select(_T.seq, _T.id, _T.title, _T.process, _T.step_id).where(_T.org == bindparam("org"), named)
    return Query(query if sees_all else query.where(task_is_seen(light=is_light)))


def _members_in(payload: Mapping[str, Any]) -> set[int]:
    principals = [each for key in ("added", "removed") for each in payload.get(key) or () if isinstance(each, str)]
    return {int(each[2:]) for each in principals if each.startswith("m:") and each[2:].isdigit()}


async def _named(tx: ReadTx, query: Query, keys: set[Any]) -> list[_Named]:
    return [_Named(*row) for row in await tx.tuples(query, keys=sorted(keys))] if keys else []
