"""Deep pages in creation order: processes are counted in blocks of 1,024 numbers, so an offset becomes a number."""

from functools import cache

from sqlalchemy import bindparam, func, or_, select

from procession.domain.listing import BLOCK_SIZE
from procession.domain.processes import State
from procession.storage.dialect import constant
from procession.storage.query import Query
from procession.storage.tables.lists import process_blocks
from procession.storage.tx import ReadTx

# Offsets below this are skipped row by row: cheaper than reading the blocks.
WORTH_IT = BLOCK_SIZE


@cache
def _blocks(states: tuple[State, ...], down: bool) -> Query:
    block = process_blocks.c.block
    wanted = or_(*[process_blocks.c.state == constant(state) for state in states])
    return Query(
        select(block, func.sum(process_blocks.c.n))
        .where(process_blocks.c.org == bindparam("org"), wanted)
        .group_by(block)
        .order_by(block.desc() if down else block.asc())
    )


async def place_of(tx: ReadTx, states: tuple[State, ...], offset: int, *, down: bool) -> tuple[int, int]:
    """(number beyond which to start reading, rows left to skip from there); one statement.

    Going down, reading starts below the returned number; going up, at it.
    """
    skipped = 0
    edge = 0
    for block, n in await tx.tuples(_blocks(states, down)):
        edge = (block + 1) * BLOCK_SIZE if down else block * BLOCK_SIZE
        if skipped + n > offset:
            return edge, offset - skipped
        skipped += int(n)
    # Past the end: nothing lies beyond the last block's far edge.
    return (0, 0) if down else (edge + BLOCK_SIZE, 0)
