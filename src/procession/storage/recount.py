"""Counting afresh: what side tables, counters and summaries should hold, worked out from the rows themselves.

`check` compares (tests and `procession doctor`); `rebuild_viewer` repairs the one counter that goes stale by design.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import and_, bindparam, delete, exists, func, select, update

from procession.domain.files import Holder, uses_of
from procession.domain.listing import BLOCK_SIZE, EVERYONE, Facet, due_counts, index_of, late_counters, task_keys
from procession.domain.process_values import Name
from procession.domain.processes import Process, Task
from procession.domain.run_document import run_document
from procession.domain.summary import settle
from procession.domain.timers import closing_time
from procession.storage import file_recount, value_fields
from procession.storage.dialect import constant, is_in
from procession.storage.injections import of_processes
from procession.storage.log import advance_position
from procession.storage.process_index import EVERYBODY
from procession.storage.process_values import blanks_under, counted_in, listed, rows_of
from procession.storage.processes import process_rows, task_rows
from procession.storage.query import Query
from procession.storage.recount_clocks import Clocks, clocks_of
from procession.storage.search import SEQ_BITS, answer_search, process_search, searched
from procession.storage.tables import content, lists
from procession.storage.tables.bin_items import bin_items
from procession.storage.tables.control import timers
from procession.storage.tables.people import group_people, members
from procession.storage.tables.processes import process_stars, processes, tasks, threads
from procession.storage.tables.schedules import schedules
from procession.storage.tables.templates import templates
from procession.storage.tx import ReadTx, WriteTx

BATCH = 500
MASK = (1 << 64) - 1

_P, _T = processes.c, tasks.c
_A = lists.process_access

_processes_after = Query(
    select(*process_rows.columns)
    .where(_P.org == bindparam("org"), _P.seq > bindparam("after"))
    .order_by(_P.seq)
    .limit(constant(BATCH))
)
_tasks_between = Query(
    select(*task_rows.columns)
    .where(_T.org == bindparam("org"), _T.process >= bindparam("first"), _T.process <= bindparam("last"))
    .order_by(_T.process, _T.position, _T.seq)
)
_tasks_alone = Query(select(*task_rows.columns).where(_T.org == bindparam("org"), _T.process.is_(None)))


def _related(table: Any, column: Any) -> Query:
    between = and_(table.c.process >= bindparam("first"), table.c.process <= bindparam("last"))
    return Query(select(table.c.process, column).where(table.c.org == bindparam("org"), between))


_tags_between = _related(content.tag_links, content.tag_links.c.tag_id)
_folders_between = _related(content.folder_links, content.folder_links.c.folder_id)
_stars_between = _related(process_stars, process_stars.c.account)


def _whole(table: Any) -> Query:
    columns = [column for column in table.columns if column.name != "org"]
    return Query(select(*columns).where(table.c.org == bindparam("org")))


_facets, _access = _whole(lists.process_facets), _whole(lists.process_access)
_task_access = _whole(lists.task_access)
_documents = Query(select(_P.seq, _P.document).where(_P.org == bindparam("org")))
_finished = Query(select(lists.finished_processes.c.seq).where(lists.finished_processes.c.org == bindparam("org")))
_planned = Query(
    select(schedules.c.id).where(schedules.c.org == bindparam("org"), schedules.c.next_run_at.is_not(None))
)
_binned = Query(select(bin_items.c.no).where(bin_items.c.org == bindparam("org")))
_timers = Query(select(timers.c.subject).where(timers.c.kind == bindparam("kind"), timers.c.org == bindparam("org")))
_values, _value_counters = _whole(lists.process_values), _whole(lists.value_counters)
_facet_counters, _blocks = _whole(lists.facet_counters), _whole(lists.process_blocks)
_task_counters, _viewer_counters = _whole(lists.task_counters), _whole(lists.viewer_counters)
_task_due_counters = _whole(lists.task_due_counters)
_viewers = Query(
    select(lists.viewers.c.account, lists.viewers.c.is_stale, members.c.role)
    .select_from(
        lists.viewers.join(
            members, and_(members.c.org == lists.viewers.c.org, members.c.account == lists.viewers.c.account)
        )
    )
    .where(lists.viewers.c.org == bindparam("org"))
)
_search_rows = {
    table.name: Query(
        select(func.count()).select_from(table).where(table.c.rowid.between(bindparam("lowest"), bindparam("highest")))
    )
    for table in (process_search, answer_search)
}
_open_threads = Query(
    select(threads.c.process, threads.c.task, threads.c.label, func.count())
    .where(
        threads.c.org == bindparam("org"),
        threads.c.template_id.is_(None),
        (threads.c.label == "improvement") | ((threads.c.is_issue == 1) & threads.c.resolve_id.is_(None)),
    )
    .group_by(threads.c.process, threads.c.task, threads.c.label)
)


class _Sums:
    """Rows of several tables as order-independent sums, so that memory stays flat: (table, part) -> (n, sum)."""

    def __init__(self) -> None:
        self.sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])

    def add(self, table: str, part: str, row: tuple[Any, ...]) -> None:
        entry = self.sums[table, part]
        entry[0] += 1
        entry[1] = (entry[1] + hash(row)) & MASK

    def differences(self, expected: "_Sums") -> list[str]:
        found: list[str] = []
        for key in sorted({*self.sums, *expected.sums}):
            if self.sums[key] != expected.sums[key]:
                table, part = key
                have, want = self.sums[key][0], expected.sums[key][0]
                found.append(f"{table} {part}: {have} rows where a recount finds {want} (or other rows)")
        return found


class _Expected:
    def __init__(self, clocks: Clocks, fields: Mapping[str, Mapping[Name, int]], organization_id: str) -> None:
        self.clocks = clocks
        self.fields = fields
        self.organization_id = organization_id
        self.rows = _Sums()
        self.facets: Counter[tuple[Any, ...]] = Counter()
        self.values: Counter[tuple[Any, ...]] = Counter()
        self.blocks: Counter[tuple[Any, ...]] = Counter()
        self.task_counts: Counter[tuple[Any, ...]] = Counter()
        self.due_counts: Counter[tuple[Any, ...]] = Counter()
        self.everyone: Counter[int] = Counter()
        self.problems: list[str] = []
        # Rows of SQLite's indexes.
        self.searchable: Counter[str] = Counter()
        self.uses: dict[Holder, frozenset[str]] = {}


async def check(tx: ReadTx) -> list[str]:
    """Every difference between what is stored and a recount, in words; empty when all is well."""
    expected = _Expected(await clocks_of(tx), await _fields(tx), tx.organization_id)
    threads_found = {(row[0], row[1], row[2]): row[3] for row in await tx.tuples(_open_threads)}
    async for process in all_processes(tx):
        _expect_process(expected, process, threads_found)
        await _expect_values(tx, expected, process)
    for row in await tx.tuples(_tasks_alone):
        _expect_task(expected, task_rows.read(row), None, threads_found)
    for row in await tx.tuples(_planned):
        expected.rows.add("timer", "launch", row)
    for row in await tx.tuples(_binned):
        expected.rows.add("timer", "expire_bin", row)
    problems = expected.problems + (await _stored_rows(tx)).differences(expected.rows)
    problems += _counter_differences("facet_counter", expected.facets, await tx.tuples(_facet_counters))
    problems += _counter_differences("value_counter", expected.values, await tx.tuples(_value_counters))
    problems += _counter_differences("process_block", expected.blocks, await tx.tuples(_blocks))
    problems += _counter_differences("task_counter", expected.task_counts, await tx.tuples(_task_counters))
    problems += _counter_differences("task_due_counter", expected.due_counts, await tx.tuples(_task_due_counters))
    problems += await _viewer_differences(tx, expected)
    problems += await file_recount.differences(tx, expected.uses)
    if tx.connection.dialect == "sqlite":
        lowest = tx.org << SEQ_BITS
        for name, counted in _search_rows.items():
            found = await tx.value(counted, lowest=lowest, highest=lowest + (1 << SEQ_BITS) - 1)
            if found != expected.searchable[name]:
                problems.append(f"{name}: {found} texts where a recount finds {expected.searchable[name]}")
    return problems


async def all_processes(tx: ReadTx) -> AsyncIterator[Process]:
    """Every process with its tasks, tags, folder, stars and injections, in batches."""
    after = 0
    while rows := await tx.tuples(_processes_after, after=after):
        batch = [process_rows.read(row) for row in rows]
        span = {"first": batch[0].seq, "last": batch[-1].seq}
        loaded = [task_rows.read(row) for row in await tx.tuples(_tasks_between, **span)]
        by_process = {seq: tuple(group) for seq, group in groupby(loaded, key=lambda task: task.process)}
        tags, stars = defaultdict[int, set[str]](set), defaultdict[int, set[int]](set)
        for seq, tag in await tx.tuples(_tags_between, **span):
            tags[seq].add(tag)
        for seq, account in await tx.tuples(_stars_between, **span):
            stars[seq].add(account)
        folders = dict(await tx.tuples(_folders_between, **span))
        injected = await of_processes(tx, [process.seq for process in batch])
        for process in batch:
            yield msgspec.structs.replace(
                process,
                tasks=by_process.get(process.seq, ()),
                tags=frozenset(tags[process.seq]),
                folder=folders.get(process.seq),
                starred_by=frozenset(stars[process.seq]),
                injections=injected.get(process.seq, ()),
            )
        after = batch[-1].seq


def _expect_process(expected: _Expected, process: Process, threads_found: dict[tuple[Any, ...], int]) -> None:
    settled = settle(process, process.updated_at)
    if settled != process:
        names = [name for name in process.__struct_fields__ if getattr(settled, name) != getattr(process, name)]
        expected.problems.append(f"process {process.id}: {', '.join(names)} do not follow from its tasks")
    issues = threads_found.get((process.seq, None, "problem"), 0)
    if issues != process.open_issues:
        expected.problems.append(f"process {process.id}: {process.open_issues} open issues, {issues} threads")
    expected.rows.add("process", "document", (process.seq, run_document(settled)))
    expected.uses |= uses_of(process, (), expected.organization_id)
    index = index_of(settled)
    state = int(index.state)
    for facet, key in index.facets:
        expected.rows.add("process_facet", facet.name, (int(facet), key, state, process.seq))
        expected.facets[int(facet), key, state] += 1
    for principal in index.principals:
        expected.rows.add("process_access", principal[:2], (principal, state, process.seq))
    expected.facets[int(Facet.ALL), "", state] += 1
    expected.blocks[state, process.seq // BLOCK_SIZE] += 1
    for facet, key in late_counters(index.late_from):
        expected.facets[int(facet), key, state] += 1
    if EVERYONE in index.principals:
        expected.everyone[state] += 1
    expected.searchable[process_search.name] += 1
    if expected.clocks.is_planned(process):
        expected.rows.add("timer", "rule_clock", (process.seq,))
    if settled.awaits_archiving:
        expected.rows.add("finished_process", "", (process.seq,))
    for task in process.tasks:
        _expect_task(expected, task, process, threads_found)


async def _fields(tx: ReadTx) -> Mapping[str, Mapping[Name, int]]:
    found: dict[str, dict[Name, int]] = defaultdict(dict)
    for field in await value_fields.everything(tx):
        found[field.template_id][field.alias, field.kind] = field.id
    return found


async def _expect_values(tx: ReadTx, expected: _Expected, process: Process) -> None:
    (values, blank), ids = await listed(tx, process), expected.fields.get(process.template_id, {})
    unknown = sorted(alias for alias, kind in {*values, *blank} if (alias, kind) not in ids)
    if unknown:
        expected.problems.append(f"value_field: process {process.id} has the fields {', '.join(unknown)}")
        return
    expected.searchable[answer_search.name] += bool(searched(values))
    state = int(process.state)
    for key in blanks_under(blank, ids, state):
        expected.rows.add("process_facet", Facet.BLANK.name, (*key, process.seq))
        expected.facets[key] += 1
    for field, key in rows_of(values, ids):
        expected.rows.add("process_value", str(field), (process.seq, field, key, state))
    for field, bucket in counted_in(values, ids):
        expected.values[field, state, bucket] += 1


def _expect_task(
    expected: _Expected, task: Task, process: Process | None, threads_found: dict[tuple[Any, ...], int]
) -> None:
    expected.uses |= uses_of(None, [task], expected.organization_id)
    process_is_archived = process is not None and process.is_archived
    if closing_time(task, process) is not None:
        expected.rows.add("timer", "close_task", (task.seq,))
    for key in task_keys(task, process_is_archived=process_is_archived):
        expected.rows.add("task_access", key.principal[:2], (*key, task.seq))
        expected.task_counts[key.principal, key.state] += 1
        expected.due_counts.update(due_counts(key))
    for label, counted in (("problem", task.open_problems), ("improvement", task.improvements)):
        found = threads_found.get((None, task.seq, label), 0)
        if found != counted:
            expected.problems.append(f"task {task.id}: {counted} counted as {label}, {found} threads")


async def _stored_rows(tx: ReadTx) -> _Sums:
    stored = _Sums()
    async for row in tx.stream(_facets):
        stored.add("process_facet", Facet(row[0]).name, row)
    async for row in tx.stream(_access):
        stored.add("process_access", row[0][:2], row)
    async for row in tx.stream(_values):
        stored.add("process_value", str(row[1]), row)
    async for row in tx.stream(_task_access):
        stored.add("task_access", row[0][:2], row)
    async for row in tx.stream(_documents):
        stored.add("process", "document", row)
    async for row in tx.stream(_finished):
        stored.add("finished_process", "", row)
    for kind in ("close_task", "launch", "rule_clock", "expire_bin"):
        async for row in tx.stream(_timers, kind=kind):
            stored.add("timer", kind, row)
    return stored


def _counter_differences(table: str, expected: Counter[tuple[Any, ...]], rows: Iterable[tuple[Any, ...]]) -> list[str]:
    stored = {row[:-1]: row[-1] for row in rows if row[-1]}
    wanted = {key: n for key, n in expected.items() if n}
    return [
        f"{table} {key}: {stored.get(key, 0)} where a recount finds {wanted.get(key, 0)}"
        for key in sorted({*stored, *wanted}, key=str)
        if stored.get(key, 0) != wanted.get(key, 0)
    ]


async def _viewer_differences(tx: ReadTx, expected: _Expected) -> list[str]:
    wanted: Counter[tuple[Any, ...]] = Counter({(EVERYBODY, state): n for state, n in expected.everyone.items()})
    fresh = {EVERYBODY}
    found = await tx.tuples(_viewers)
    problems: list[str] = []
    if any(is_stale for _, is_stale, _ in found) and not await tx.tuples(_timers, kind="count_viewers"):
        problems.append("timer count_viewers: there is none, and what some members see is to be counted afresh")
    for account, is_stale, role in found:
        if not is_stale:
            fresh.add(account)
            for state, n in (await count_for_viewer(tx, account, is_light=role == "light")).items():
                wanted[account, state] = n
    rows = [row for row in await tx.tuples(_viewer_counters) if row[0] in fresh]
    return problems + _counter_differences("viewer_counter", wanted, rows)


_names_of = Query(
    select(group_people.c.group_id).where(
        group_people.c.org == bindparam("org"), group_people.c.member == bindparam("account")
    )
)
_templates_of = Query(
    select(templates.c.id).where(templates.c.org == bindparam("org"), templates.c.owner == bindparam("account"))
)
_by_name = (
    select(_A.c.state, func.count(_A.c.seq.distinct()))
    .where(_A.c.org == bindparam("org"), is_in(_A.c.principal, "principals"))
    .group_by(_A.c.state)
)
_covered = _A.alias()
_count_light = Query(_by_name)
_count_others = Query(
    _by_name.where(
        ~exists().where(
            _covered.c.org == bindparam("org"),
            _covered.c.principal == bindparam("everyone"),
            _covered.c.state == _A.c.state,
            _covered.c.seq == _A.c.seq,
        )
    )
)


async def count_for_viewer(tx: ReadTx, account: int, *, is_light: bool) -> dict[int, int]:
    """Processes a member sees by name, by state, as `viewer_counter` counts them (storage.viewing)."""
    groups = [f"g:{row[0]}" for row in await tx.tuples(_names_of, account=account)]
    owned = [f"t:{row[0]}" for row in await tx.tuples(_templates_of, account=account)]
    principals = [f"m:{account}", *groups, *owned]
    statement = _count_light if is_light else _count_others
    return dict(await tx.tuples(statement, principals=principals, everyone=EVERYONE))


_role = Query(
    select(members.c.role).where(members.c.org == bindparam("org"), members.c.account == bindparam("account"))
)
_stale = Query(
    select(lists.viewers.c.account).where(
        lists.viewers.c.org == bindparam("org"), lists.viewers.c.is_stale == constant(1)
    )
)
_forget = Query(
    delete(lists.viewer_counters).where(
        lists.viewer_counters.c.org == bindparam("org"), lists.viewer_counters.c.account == bindparam("account_is")
    )
)
_mark_fresh = Query(
    update(lists.viewers)
    .where(lists.viewers.c.org == bindparam("org_is"), lists.viewers.c.account == bindparam("account_is"))
    .values(is_stale=constant(0))
)


async def stale_viewers(tx: ReadTx) -> list[int]:
    """Members whose counters wait to be rebuilt."""
    return [row[0] for row in await tx.tuples(_stale)]


async def rebuild_viewer(tx: WriteTx, account: int) -> None:
    """Count a member's processes afresh. Holds the organization's lock, so no launch slips past the count."""
    await advance_position(tx.connection, tx.org, 0, rights=False)
    role = await tx.value(_role, account=account)
    counted = await count_for_viewer(tx, account, is_light=role == "light")
    await tx.run(_forget, account_is=account)
    rows = [{"account": account, "state": state, "n": n} for state, n in sorted(counted.items()) if n]
    await tx.insert(lists.viewer_counters, rows)
    await tx.run(_mark_fresh, org_is=tx.org, account_is=account)
