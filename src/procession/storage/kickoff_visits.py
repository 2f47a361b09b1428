"""Private links to public kick-off forms, by the hashes of their codes. Spec: L-7.20, L-7.51."""

import msgspec
from sqlalchemy import bindparam, delete, func, select, update

from procession.domain.times import Millis
from procession.storage.query import Query
from procession.storage.tables.processes import kickoff_visits
from procession.storage.tx import ReadTx, WriteTx

_V = kickoff_visits.c
_this = (_V.org == bindparam("org"), _V.hash == bindparam("hash"))
_whole = select(_V.template_id, _V.email, _V.expires_at, _V.process).where(*_this)
_find = Query(_whole)
_lock = Query(_whole.with_for_update())
_enter = Query(
    update(kickoff_visits)
    .where(_V.org == bindparam("org_is"), _V.hash == bindparam("hash_is"))
    .values(process=bindparam("new_process"))
)
_since = (_V.org == bindparam("org"), _V.made_at > bindparam("since"))
_to_one = Query(select(func.count()).where(*_since, _V.email == bindparam("email")))
_to_form = Query(select(func.count()).where(*_since, _V.template_id == bindparam("template_id")))
_forget_expired = Query(
    delete(kickoff_visits).where(_V.org == bindparam("org"), _V.process.is_(None), _V.expires_at < bindparam("before"))
)
_forget_person = Query(delete(kickoff_visits).where(_V.org == bindparam("org"), _V.email == bindparam("email")))


class Visit(msgspec.Struct, frozen=True):
    template_id: str
    email: str
    expires_at: Millis
    process: int | None


async def add(
    tx: WriteTx, code_hash: str, *, template_id: str, email: str, expires_at: Millis, process: int | None = None
) -> None:
    row = {"hash": code_hash, "template_id": template_id, "email": email, "made_at": tx.now}
    await tx.insert(kickoff_visits, [{**row, "expires_at": expires_at, "process": process}])


async def find(tx: ReadTx, code_hash: str) -> Visit | None:
    return await tx.row(Visit, _find, hash=code_hash)


async def lock(tx: WriteTx, code_hash: str) -> Visit | None:
    return await tx.row(Visit, _lock, hash=code_hash)


async def enter_process(tx: WriteTx, code_hash: str, process: int) -> None:
    await tx.run(_enter, org_is=tx.org, hash_is=code_hash, new_process=process)


async def made_since(tx: ReadTx, since: Millis, *, template_id: str, email: str) -> tuple[int, int]:
    """How many for this person on any form, and how many on this form for anybody."""
    to_one: int = await tx.value(_to_one, since=since, email=email)
    return to_one, await tx.value(_to_form, since=since, template_id=template_id)


async def forget_expired(tx: WriteTx, before: Millis) -> None:
    """Drop links that nobody used."""
    await tx.run(_forget_expired, before=before)


async def forget_person(tx: WriteTx, email: str) -> None:
    await tx.run(_forget_person, email=email)
