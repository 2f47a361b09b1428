"""Templates that guests may read: those shared with them, and the public ones. Spec: behaviour-templates T-2.11."""

from collections.abc import Iterable

from sqlalchemy import bindparam, not_, or_, select

from procession.domain.template_permissions import Permission
from procession.domain.templates import TemplateOutline
from procession.storage.changes import Kind, Touch
from procession.storage.dialect import constant, is_in
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.control import public_templates
from procession.storage.tables.templates import template_grants, templates
from procession.storage.tx import ReadTx, WriteTx

READ: Permission = "READ"

_T, _G, _P = templates.c, template_grants.c, public_templates.c

_list = Listing(
    Mapper(TemplateOutline, templates),
    sorts={"title": (_T.folded_title,), "last_updated": (_T.updated_at,)},
    tie=_T.no,
    filters={
        "ids": is_in(_T.id, "ids"),
        "pattern": _T.folded_title.like(bindparam("pattern"), escape="\\"),
        "live": _T.archived_at.is_(None),
        # No draft that was never published. In a document quotation marks inside a text are written otherwise.
        "published": or_(_T.published_version.is_not(None), not_(_T.document.like('%"dual_version_enabled":true%'))),
    },
)
SORTS = tuple(_list.sorts)
list_page = _list.page
# Bound to filters that take no value of their own.
LIVE = {"live": True, "published": True}

_shared = Query(select(_G.template_id).where(_G.org == bindparam("org"), _G.principal == bindparam("principal")))
_public = Query(select(_P.id).where(_P.org == bindparam("org"), _P.is_listed == constant(1)))
_places = Query(
    select(_T.no, _T.id, _G.permission)
    .select_from(template_grants.join(templates, (_T.org == _G.org) & (_T.id == _G.template_id)))
    .where(_G.org == bindparam("org"), _G.principal == bindparam("principal"))
    .order_by(_T.no)
)


async def ids_for(tx: ReadTx, email: str) -> frozenset[str]:
    """Of what a guest may read, archived ones and drafts among them; two statements."""
    shared = await tx.tuples(_shared, principal=f"e:{email}")
    return frozenset(row[0] for row in (*shared, *await tx.tuples(_public)))


async def is_shared(tx: ReadTx, template_id: str, email: str) -> bool:
    return (template_id,) in await tx.tuples(_shared, principal=f"e:{email}")


async def drop_guest(tx: WriteTx, email: str) -> None:
    """Nothing is shared with a guest who is removed."""
    await _take(tx, f"e:{email}", await tx.tuples(_places, principal=f"e:{email}"))


async def guest_becomes_member(tx: WriteTx, email: str, member: int) -> None:
    """What was shared with the guest the member may read."""
    shared = await tx.tuples(_places, principal=f"e:{email}")
    theirs = {(row[1], row[2]) for row in await tx.tuples(_places, principal=f"m:{member}")}
    await _take(tx, f"e:{email}", shared)
    new = [(template_id, permission) for _, template_id, permission in shared]
    await tx.insert(template_grants, _rows(f"m:{member}", (each for each in new if each not in theirs)))


async def _take(tx: WriteTx, principal: str, places: list[tuple[object, ...]]) -> None:
    await tx.delete(template_grants, _rows(principal, ((str(row[1]), str(row[2])) for row in places)))
    tx.touch(*(Touch(Kind.TEMPLATE, int(str(no)), str(template_id)) for no, template_id, _ in places))


def _rows(principal: str, entries: Iterable[tuple[str, str]]) -> list[dict[str, object]]:
    return [
        {"template_id": template_id, "permission": permission, "principal": principal}
        for template_id, permission in entries
    ]
