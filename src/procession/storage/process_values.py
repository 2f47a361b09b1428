"""The rows and counters that lists find processes by their answers with, moved from one state of things to another."""

from collections.abc import Iterator, Mapping

from procession.domain.process_values import Name, Values, answers_differ, has_answers, needs_template, values_of
from procession.domain.processes import Process
from procession.domain.value_ranges import buckets_of, keys_kept
from procession.storage import template_versions, value_fields
from procession.storage.tables import lists
from procession.storage.tx import ReadTx, WriteTx

Row = tuple[int, str]
"""The number of a field, and a key."""


async def follow(tx: WriteTx, before: Process | None, after: Process | None) -> None:
    """Write what differs; None: the process was not there, or is no more. Where no answer differs, nothing is read."""
    process = after or before
    assert process is not None
    if before is not None and after is not None and before.state == after.state and not answers_differ(before, after):
        return
    old, new = await values_read(tx, before), await values_read(tx, after)
    if not old and not new:
        return
    ids = await value_fields.numbered(tx, process.template_id, {*old, *new})
    was = {} if before is None else dict.fromkeys(rows_of(old, ids), int(before.state))
    now = {} if after is None else dict.fromkeys(rows_of(new, ids), int(after.state))
    await tx.delete(lists.process_values, [_key(process.seq, row) for row in sorted(was.keys() - now.keys())])
    moved = sorted(row for row in was.keys() & now.keys() if was[row] != now[row])
    await tx.update(lists.process_values, [{**_key(process.seq, row), "state": now[row]} for row in moved])
    come = sorted(now.keys() - was.keys())
    await tx.insert(lists.process_values, [{**_key(process.seq, row), "state": now[row]} for row in come])
    for side, values, change in ((before, old, -1), (after, new, 1)):
        if side is not None:
            for field, bucket in counted_in(values, ids):
                tx.count(lists.value_counters, (field, int(side.state), bucket), change)


async def values_read(tx: ReadTx, process: Process | None) -> Values:
    """The answers that lists find the process by."""
    if process is None or not has_answers(process):
        return {}
    if not needs_template(process):
        return values_of(process, None)
    document = await template_versions.fields_document(tx, process.template_id, process.template_version)
    return values_of(process, document)


def rows_of(values: Values, ids: Mapping[Name, int]) -> Iterator[Row]:
    for name, keys in values.items():
        for key in keys_kept(name[1], keys):
            yield ids[name], key


def counted_in(values: Values, ids: Mapping[Name, int]) -> Iterator[Row]:
    """(number of the field, bucket), one for each that the process is counted in."""
    for name, keys in values.items():
        for bucket in buckets_of(name[1], keys):
            yield ids[name], bucket


def _key(seq: int, row: Row) -> dict[str, object]:
    return {"seq": seq, "field": row[0], "key": row[1]}
