"""Which processes and templates the caller knows of, where others name them. Spec: behaviour-people Q4, T-2.3."""

from collections.abc import Collection, Iterable

from sqlalchemy import bindparam, select

from procession.storage import access
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.sight import process_is_seen, template_is_seen
from procession.storage.tables.processes import processes
from procession.storage.tables.templates import templates
from procession.storage.tx import ReadTx

_P, _M = processes.c, templates.c
_processes = Query(
    select(_P.id).where(_P.org == bindparam("org"), is_in(_P.id, "ids"), process_is_seen(_P.seq, _P.state))
)
_some_templates = select(_M.id).where(_M.org == bindparam("org"), is_in(_M.id, "ids"))
_templates = {light: Query(_some_templates.where(template_is_seen(light=light))) for light in (False, True)}

_process_names = Query(select(_P.id, _P.name).where(_P.org == bindparam("org"), is_in(_P.id, "ids")))
_template_titles = Query(select(_M.id, _M.title).where(_M.org == bindparam("org"), is_in(_M.id, "ids")))


async def known_of(tx: ReadTx, ids: Iterable[str], principals: Iterable[str]) -> frozenset[str]:
    """Those among these ids, all for an administrator; at most two statements, none for no ids."""
    wanted, named = sorted(set(ids)), sorted(principals)
    if tx.actor.is_admin or not wanted:
        return frozenset(wanted)
    rows = await tx.tuples(_processes, ids=wanted, principals=named)
    rows += await tx.tuples(_templates[tx.actor.is_light], ids=wanted, principals=named, me=tx.actor.id)
    return frozenset(row[0] for row in rows)


async def names_of(tx: ReadTx, ids: Iterable[str]) -> dict[str, str]:
    """What these are called now, whoever knows of them; two statements, none for no ids."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    return dict([*await tx.tuples(_process_names, ids=wanted), *await tx.tuples(_template_titles, ids=wanted)])


async def known_names(tx: ReadTx, ids: Collection[str]) -> dict[str, str]:
    """What those of them are called that the calling member knows of; guests know of none."""
    if not ids or tx.actor.kind != "member":
        return {}
    return await names_of(tx, await known_of(tx, ids, await access.principals_of_caller(tx)))
