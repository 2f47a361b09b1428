"""The rows and counters that lists find processes by their answers with, moved from one state of things to another."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from procession.domain.listing import Facet
from procession.domain.process_values import Name, Values, answers_differ, names_in, values_of
from procession.domain.processes import Process
from procession.domain.value_ranges import buckets_of, keys_kept
from procession.storage import template_versions, value_fields
from procession.storage.search import index_answers
from procession.storage.tables import lists
from procession.storage.tx import ReadTx, WriteTx

Row: TypeAlias = tuple[int, str]
"""The number of a field, and a key."""

BlankKey: TypeAlias = tuple[int, str, int]
"""Under which a process without an answer to a field is listed and counted: facet, key, state."""


class Listed(NamedTuple):
    """What lists find a process by: the answers that were given, and the fields of its version that have none."""

    values: Values
    blank: frozenset[Name]


NOTHING = Listed({}, frozenset())


async def follow(tx: WriteTx, before: Process | None, after: Process | None) -> None:
    """Write what differs; None: the process was not there, or is no more. Where no answer differs, nothing is read."""
    process = after or before
    assert process is not None
    if before is not None and after is not None and before.state == after.state and not answers_differ(before, after):
        return
    old, new = await listed(tx, before), await listed(tx, after)
    names = {*old.values, *new.values, *old.blank, *new.blank}
    if not names:
        return
    ids = await value_fields.numbered(tx, process.template_id, names)
    was = {} if before is None else dict.fromkeys(rows_of(old.values, ids), int(before.state))
    now = {} if after is None else dict.fromkeys(rows_of(new.values, ids), int(after.state))
    await tx.delete(lists.process_values, [_key(process.seq, row) for row in sorted(was.keys() - now.keys())])
    moved = sorted(row for row in was.keys() & now.keys() if was[row] != now[row])
    await tx.update(lists.process_values, [{**_key(process.seq, row), "state": now[row]} for row in moved])
    come = sorted(now.keys() - was.keys())
    await tx.insert(lists.process_values, [{**_key(process.seq, row), "state": now[row]} for row in come])
    await index_answers(tx, process.seq, old.values, new.values)
    for side, found, change in ((before, old, -1), (after, new, 1)):
        if side is not None:
            for field, bucket in counted_in(found.values, ids):
                tx.count(lists.value_counters, (field, int(side.state), bucket), change)
    were = set[BlankKey]() if before is None else blanks_under(old.blank, ids, int(before.state))
    are = set[BlankKey]() if after is None else blanks_under(new.blank, ids, int(after.state))
    await _follow_blanks(tx, process.seq, were, are)


async def _follow_blanks(tx: WriteTx, seq: int, were: set[BlankKey], are: set[BlankKey]) -> None:
    for keys, change, write in ((were - are, -1, tx.delete), (are - were, 1, tx.insert)):
        await write(lists.process_facets, [blank_row(key, seq) for key in sorted(keys)])
        for key in keys:
            tx.count(lists.facet_counters, key, change)


async def listed(tx: ReadTx, process: Process | None) -> Listed:
    if process is None:
        return NOTHING
    document = await template_versions.fields_document(tx, process.template_id, process.template_version)
    values = values_of(process, document)
    return Listed(values, names_in(document) - values.keys())


def rows_of(values: Values, ids: Mapping[Name, int]) -> Iterator[Row]:
    for name, keys in values.items():
        for key in keys_kept(name[1], keys):
            yield ids[name], key


def counted_in(values: Values, ids: Mapping[Name, int]) -> Iterator[Row]:
    """(number of the field, bucket), one for each that the process is counted in."""
    for name, keys in values.items():
        for bucket in buckets_of(name[1], keys):
            yield ids[name], bucket


def blanks_under(names: Iterable[Name], ids: Mapping[Name, int], state: int) -> set[BlankKey]:
    return {(int(Facet.BLANK), str(ids[name]), state) for name in names}


def blank_row(key: BlankKey, seq: int) -> dict[str, int | str]:
    facet, field, state = key
    return {"facet": facet, "key": field, "state": state, "seq": seq}


def _key(seq: int, row: Row) -> dict[str, object]:
    return {"seq": seq, "field": row[0], "key": row[1]}
