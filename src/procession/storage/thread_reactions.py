"""Emoji that members put on comments."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import bindparam, delete, select

from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.processes import thread_reactions
from procession.storage.tx import ReadTx, WriteTx

_R = thread_reactions.c

_of_threads = Query(
    select(_R.thread, _R.emoji, _R.member)
    .where(_R.org == bindparam("org"), is_in(_R.thread, "threads"))
    .order_by(_R.thread, _R.emoji, _R.member)
)
_one = Query(
    select(_R.member).where(
        _R.org == bindparam("org"),
        _R.thread == bindparam("thread"),
        _R.emoji == bindparam("emoji"),
        _R.member == bindparam("member"),
    )
)
_remove = Query(
    delete(thread_reactions).where(
        _R.org == bindparam("org"),
        _R.thread == bindparam("thread"),
        _R.emoji == bindparam("emoji"),
        _R.member == bindparam("member"),
    )
)


async def add(tx: WriteTx, no: int, emoji: str, member: int) -> bool:
    """Enter a member's reaction to a locked thread; whether it is new."""
    if await tx.value(_one, thread=no, emoji=emoji, member=member) is not None:
        return False
    await tx.insert(thread_reactions, [{"thread": no, "emoji": emoji, "member": member}])
    return True


async def remove(tx: WriteTx, no: int, emoji: str, member: int) -> bool:
    return await tx.run(_remove, thread=no, emoji=emoji, member=member) > 0


async def of_threads(tx: ReadTx, numbers: Iterable[int]) -> dict[int, dict[str, list[int]]]:
    """Members by emoji of each of these threads that has any; one statement."""
    found: dict[int, dict[str, list[int]]] = defaultdict(dict)
    for thread, emoji, member in await tx.tuples(_of_threads, threads=sorted(set(numbers))):
        found[thread].setdefault(emoji, []).append(member)
    return found
