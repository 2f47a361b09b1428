"""Conditions of what a member who is no administrator sees, for numbers beside folders and tags.

They bind `principals` (storage.access.principals_of_caller) and `me`.
"""

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, true, union_all

from procession.domain.processes import State
from procession.domain.template_permissions import LISTING_LIGHT, PERMISSIONS
from procession.storage.dialect import JsonText, constant, is_in
from procession.storage.tables.lists import process_access, task_access
from procession.storage.tables.processes import tasks
from procession.storage.tables.templates import template_grants, templates

Condition = ColumnElement[bool]

_S = tasks.alias("sibling")
_STATES = [constant(state) for state in State]


def process_is_seen(seq: ColumnElement[int], state: ColumnElement[int] | None = None) -> Condition:
    """One of the caller's principals may see the process; its state is looked up when it is not known."""
    access = process_access.alias()
    in_state = access.c.state == state if state is not None else or_(*[access.c.state == each for each in _STATES])
    return exists().where(
        access.c.org == bindparam("org"), is_in(access.c.principal, "principals"), in_state, access.c.seq == seq
    )


def template_is_seen(*, light: bool) -> Condition:
    """The caller knows of the row of `template`. Spec: behaviour-templates T-2.3, T-2.4."""
    grants = template_grants.c
    lists = sorted(LISTING_LIGHT if light else PERMISSIONS)
    granted = exists().where(
        grants.org == templates.c.org,
        grants.template_id == templates.c.id,
        or_(*[grants.permission == each for each in lists]),
        is_in(grants.principal, "principals"),
    )
    return or_(templates.c.owner == bindparam("me"), granted)


def template_is_draft() -> Condition:
    """What the row of `template` says is for its editors: others neither find it by it nor read it. Spec: T-10.7."""
    dual = JsonText(templates.c.document, "dual_version_enabled")
    return and_(
        or_(dual == "1", dual == "true"),
        or_(templates.c.published_version.is_(None), templates.c.published_version != templates.c.version),
    )


def task_is_seen(*, light: bool) -> Condition:
    """The caller may see the row of `task`. Spec: behaviour-people 3.3."""
    mine = select(task_access.c.seq).where(
        task_access.c.org == bindparam("org"), is_in(task_access.c.principal, "principals")
    )
    alone = and_(tasks.c.process.is_(None), tasks.c.starter == bindparam("me") if light else true())
    return or_(tasks.c.seq.in_(mine), and_(tasks.c.top_secret == 0, or_(alone, process_is_seen(tasks.c.process))))


def may_be_seen() -> Condition:
    """What keys alone say of `task_is_seen`: it holds for all that the caller sees."""
    mine = select(task_access.c.seq).where(
        task_access.c.org == bindparam("org"), is_in(task_access.c.principal, "principals")
    )
    alone = select(_S.c.seq).where(_S.c.org == bindparam("org"), _S.c.process.is_(None))
    in_processes = (
        select(_S.c.seq)
        .select_from(
            process_access.join(_S, and_(_S.c.org == process_access.c.org, _S.c.process == process_access.c.seq))
        )
        .where(process_access.c.org == bindparam("org"), is_in(process_access.c.principal, "principals"))
    )
    return tasks.c.seq.in_(union_all(mine, alone, in_processes))
