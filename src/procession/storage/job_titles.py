"""Job titles of an organization."""

from collections.abc import Iterable

from sqlalchemy import bindparam, select, update

from procession.domain.job_titles import JobTitle
from procession.storage.dialect import is_in
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.library import job_titles
from procession.storage.tx import ReadTx, WriteTx

_J = job_titles.c
_rows = Mapper(JobTitle, job_titles)
_list = Listing(
    _rows,
    sorts={"name": (_J.folded_name,), "created_at": (_J.created_at,)},
    tie=_J.id,
    filters={"pattern": _J.folded_name.like(bindparam("pattern"), escape="\\")},
)
SORTS = tuple(_list.sorts)
list_page = _list.page

_lock = Query(select(*_rows.columns).where(_J.org == bindparam("org"), _J.id == bindparam("id")).with_for_update())
_lock_many = Query(
    select(*_rows.columns).where(_J.org == bindparam("org"), is_in(_J.id, "ids")).order_by(_J.id).with_for_update()
)
_all = Query(select(*_rows.columns).where(_J.org == bindparam("org")).order_by(_J.id))
_there = select(_J.id).where(_J.org == bindparam("org"), is_in(_J.id, "ids")).order_by(_J.id)
_known = Query(_there.with_for_update(read=True, key_share=True))
_known_now = Query(_there)
_named = Query(select(_J.id).where(_J.org == bindparam("org"), _J.folded_name == bindparam("folded_name")))
_save = Query(
    update(job_titles)
    .where(_J.org == bindparam("org_is"), _J.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in _rows.names if name != "id"})
)


async def lock(tx: WriteTx, title_id: str) -> JobTitle | None:
    rows = await tx.tuples(_lock, id=title_id)
    return _rows.read(rows[0]) if rows else None


async def lock_many(tx: WriteTx, ids: Iterable[str]) -> list[JobTitle]:
    """In the order of their ids, the order everybody locks several in; no statement when none are wanted."""
    wanted = sorted(set(ids))
    return [_rows.read(row) for row in await tx.tuples(_lock_many, ids=wanted)] if wanted else []


async def every_title(tx: ReadTx) -> list[JobTitle]:
    return [_rows.read(row) for row in await tx.tuples(_all)]


async def known(tx: ReadTx, ids: Iterable[str]) -> set[str]:
    """Those of these ids that are job titles; a transaction that writes keeps them existing until its commit."""
    wanted, query = sorted(set(ids)), _known if isinstance(tx, WriteTx) else _known_now
    return {row[0] for row in await tx.tuples(query, ids=wanted)} if wanted else set()


async def named(tx: ReadTx, folded_name: str) -> str | None:
    """The id of the job title with this name."""
    return await tx.value(_named, folded_name=folded_name)


async def add(tx: WriteTx, title: JobTitle) -> None:
    await tx.insert(job_titles, [_rows.write(title)])


async def save(tx: WriteTx, title: JobTitle) -> None:
    values = {f"new_{name}": value for name, value in _rows.write(title).items() if name != "id"}
    await tx.run(_save, org_is=tx.org, id_is=title.id, **values)


async def remove(tx: WriteTx, title_id: str) -> None:
    await tx.delete(job_titles, [{"id": title_id}])
