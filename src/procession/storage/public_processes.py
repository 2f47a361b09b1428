"""The links of public processes: a code that says which process its readers see. Spec: behaviour-work B1, B2."""

import msgspec
from sqlalchemy import bindparam, delete, select

from procession.storage.query import Query
from procession.storage.tables.processes import public_processes
from procession.storage.tx import ReadTx, WriteTx

_P = public_processes.c

_find = Query(select(_P.process).where(_P.org == bindparam("org"), _P.code == bindparam("code")))
_of_process = Query(select(_P.code, _P.made_at).where(_P.org == bindparam("org"), _P.process == bindparam("process")))
_remove = Query(delete(public_processes).where(_P.org == bindparam("org"), _P.process == bindparam("process")))


class Link(msgspec.Struct, frozen=True):
    code: str
    made_at: int


async def find(tx: ReadTx, code: str) -> int | None:
    """The number of the process."""
    rows = await tx.tuples(_find, code=code)
    return rows[0][0] if rows else None


async def of_process(tx: ReadTx, seq: int) -> Link | None:
    return await tx.row(Link, _of_process, process=seq)


async def put(tx: WriteTx, seq: int, code: str) -> Link:
    """The process's link from now on; a former one leads nowhere. The process is locked."""
    await remove(tx, seq)
    await tx.insert(public_processes, [{"process": seq, "code": code, "made_at": tx.now}])
    return Link(code, tx.now)


async def remove(tx: WriteTx, seq: int) -> None:
    await tx.run(_remove, process=seq)
