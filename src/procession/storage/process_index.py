"""What lists find processes and tasks by: side tables and counters, moved from one state of things to another."""

from collections.abc import Iterable

from procession.domain import listing
from procession.domain.listing import BLOCK_SIZE, Facet, ProcessIndex, TaskKey, due_counts, task_keys
from procession.domain.processes import Process
from procession.storage.tables import lists
from procession.storage.tx import WriteTx
from procession.storage.viewing import Sighting

# The account number under which processes that everyone may see are counted.
EVERYBODY = 0


def task_keys_of(holders: Iterable[Process]) -> dict[int, frozenset[TaskKey]]:
    return {
        task.seq: task_keys(task, process_is_archived=process.is_archived)
        for process in holders
        for task in process.tasks
    }


async def save_task_keys(
    tx: WriteTx, before: dict[int, frozenset[TaskKey]], after: dict[int, frozenset[TaskKey]]
) -> None:
    gone: list[dict[str, object]] = []
    come: list[dict[str, object]] = []
    empty = frozenset[TaskKey]()
    for seq in {**before, **after}:
        old, new = before.get(seq, empty), after.get(seq, empty)
        for rows, keys, change in ((gone, old - new, -1), (come, new - old, 1)):
            for key in sorted(keys):
                rows.append({"principal": key.principal, "state": key.state, "deadline": key.deadline, "seq": seq})
                tx.count(lists.task_counters, (key.principal, key.state), change)
                for each in due_counts(key):
                    tx.count(lists.task_due_counters, each, change)
    await tx.delete(lists.task_access, gone)
    await tx.insert(lists.task_access, come)


async def save_index(tx: WriteTx, seq: int, before: ProcessIndex, after: ProcessIndex) -> None:
    """Move the process's rows in the side tables and its counts from one state of things to another."""
    if before == after:
        return
    old_rows = {(facet, key, before.state) for facet, key in before.facets}
    new_rows = {(facet, key, after.state) for facet, key in after.facets}
    old_access = {(each, before.state) for each in before.principals}
    new_access = {(each, after.state) for each in after.principals}
    await tx.delete(lists.process_facets, [_facet_row(row, seq) for row in sorted(old_rows - new_rows)])
    await tx.insert(lists.process_facets, [_facet_row(row, seq) for row in sorted(new_rows - old_rows)])
    await tx.delete(lists.process_access, [_access_row(row, seq) for row in sorted(old_access - new_access)])
    await tx.insert(lists.process_access, [_access_row(row, seq) for row in sorted(new_access - old_access)])
    for index, change in ((before, -1), (after, 1)):
        if index.is_listed:
            _count_index(tx, seq, index, change)
    if (before.principals, before.state, before.is_listed) != (after.principals, after.state, after.is_listed):
        tx.sighted(Sighting(before.principals, before.state, -1), Sighting(after.principals, after.state, 1))


def _count_index(tx: WriteTx, seq: int, index: ProcessIndex, change: int) -> None:
    """Enter one process into every counter (+1) or take it out (-1)."""
    state = int(index.state)
    tx.count(lists.process_blocks, (state, seq // BLOCK_SIZE), change)
    tx.count(lists.facet_counters, (int(Facet.ALL), "", state), change)
    for facet, key in index.facets:
        tx.count(lists.facet_counters, (int(facet), key, state), change)
    for facet, key in listing.late_counters(index.late_from):
        tx.count(lists.facet_counters, (int(facet), key, state), change)
    if listing.EVERYONE in index.principals:
        tx.count(lists.viewer_counters, (EVERYBODY, state), change)


def _facet_row(row: tuple[Facet, str, int], seq: int) -> dict[str, object]:
    facet, key, state = row
    return {"facet": int(facet), "key": key, "state": int(state), "seq": seq}


def _access_row(row: tuple[str, int], seq: int) -> dict[str, object]:
    principal, state = row
    return {"principal": principal, "state": int(state), "seq": seq}
