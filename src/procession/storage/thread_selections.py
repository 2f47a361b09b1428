"""The pieces of text that comments are about."""

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.comments import thread_selections
from procession.storage.tx import ReadTx, WriteTx

_S = thread_selections.c

_of_threads = Query(select(_S.thread, _S.selected_text).where(_S.org == bindparam("org"), is_in(_S.thread, "threads")))


async def add(tx: WriteTx, no: int, text: str) -> None:
    await tx.insert(thread_selections, [{"thread": no, "selected_text": text}])


async def of_threads(tx: ReadTx, numbers: Iterable[int]) -> dict[int, str]:
    """The texts of those of these comments that have one; one statement."""
    return dict(await tx.tuples(_of_threads, threads=sorted(set(numbers))))
