"""The frozen versions of a template as a list, and the processes that run each. Spec: api-templates 2.5."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import and_, bindparam, exists, func, select

from procession.storage.access import Sight
from procession.storage.dialect import is_in
from procession.storage.listing.rows import ListedProcess, row_columns
from procession.storage.query import Query
from procession.storage.sight import process_is_seen, template_is_draft
from procession.storage.tables.processes import processes
from procession.storage.tables.templates import template_grants, template_versions, templates
from procession.storage.tx import ReadTx

_V, _P, _M, _G = template_versions.c, processes.c, templates.c, template_grants.c


class FrozenVersion(msgspec.Struct, frozen=True):
    version: int
    frozen_at: int
    frozen_by: int | None


_history = Query(
    select(_V.version, _V.frozen_at, _V.frozen_by)
    .where(_V.org == bindparam("org"), _V.template_id == bindparam("id"))
    .order_by(_V.version.desc())
)
_counts = Query(
    select(_P.template_version, func.count())
    .where(_P.org == bindparam("org"), _P.template_id == bindparam("id"), is_in(_P.template_version, "versions"))
    .group_by(_P.template_version)
)
_edited = exists().where(
    _G.org == _M.org, _G.template_id == _M.id, _G.permission == "EDIT", is_in(_G.principal, "principals")
)
_drafts_of_others = Query(
    select(_M.id, _V.frozen_at)
    .select_from(
        templates.outerjoin(
            template_versions,
            and_(_V.org == _M.org, _V.template_id == _M.id, _V.version == _M.published_version),
        )
    )
    .where(_M.org == bindparam("org"), is_in(_M.id, "ids"), template_is_draft(), _M.owner != bindparam("me"), ~_edited)
)
_running = (_P.org == bindparam("org"), _P.template_id == bindparam("id"), _P.template_version == bindparam("version"))
_seen = process_is_seen(_P.seq, _P.state)
_count = Query(select(func.count()).select_from(processes).where(*_running))
_count_seen = Query(select(func.count()).select_from(processes).where(*_running, _seen))
_page = select(*row_columns()).order_by(_P.seq.desc()).limit(bindparam("limit")).offset(bindparam("offset"))
_rows, _rows_seen = Query(_page.where(*_running)), Query(_page.where(*_running, _seen))
_older = _page.where(*_running, _P.seq < bindparam("before"))
_older_rows, _older_rows_seen = Query(_older), Query(_older.where(_seen))
# Of a whole list so many rows are read at a time.
ROWS_AT_ONCE = 100
MOST = 2**62


async def frozen_versions(tx: ReadTx, template_id: str) -> list[FrozenVersion]:
    """The newest first."""
    return await tx.rows(FrozenVersion, _history, id=template_id)


async def drafts_of_others(tx: ReadTx, ids: Iterable[str], principals: Iterable[str]) -> dict[str, int | None]:
    """Those of these templates whose drafts the caller does not edit, to when what is published was frozen; None:
    nothing is.
    """
    return dict(await tx.tuples(_drafts_of_others, ids=sorted(ids), principals=sorted(principals), me=tx.actor.id))


async def process_counts(tx: ReadTx, template_id: str, versions: Sequence[int]) -> dict[int, int]:
    """How many processes run each of these versions, ended and archived ones too; one statement."""
    counts = dict.fromkeys(versions, 0)
    return {**counts, **dict((await tx.tuples(_counts, id=template_id, versions=list(versions))) if versions else [])}


async def processes_of(
    tx: ReadTx, template_id: str, version: int, sight: Sight, *, limit: int, offset: int
) -> tuple[list[ListedProcess], int]:
    """One page of the processes that run the version and that the caller may see, the newest first, and the total."""
    values = _values(template_id, version, sight)
    rows, count = (_rows, _count) if sight.is_unlimited else (_rows_seen, _count_seen)
    found = await tx.rows(ListedProcess, rows, **values, me=tx.actor.id, limit=limit, offset=offset)
    return found, await tx.value(count, **values)


async def all_processes_of(tx: ReadTx, template_id: str, version: int, sight: Sight) -> AsyncGenerator[ListedProcess]:
    """Every process that runs the version and that the caller may see, the newest first: memory stays flat."""
    values = _values(template_id, version, sight)
    query = _older_rows if sight.is_unlimited else _older_rows_seen
    before = MOST
    while True:
        found = await tx.rows(
            ListedProcess, query, **values, me=tx.actor.id, before=before, limit=ROWS_AT_ONCE, offset=0
        )
        for row in found:
            yield row
        if len(found) < ROWS_AT_ONCE:
            return
        before = found[-1].seq


def _values(template_id: str, version: int, sight: Sight) -> dict[str, Any]:
    return {"id": template_id, "version": version, "principals": list(sight.principals or ())}
