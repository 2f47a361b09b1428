"""Processes. Spec: api-processes 5, 6, 8."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from procession.api.answer_filters import with_answers
from procession.api.call import Call, Streamed
from procession.api.contract.envelope import Item, Paginated, Synced
from procession.api.contract.forms import RunForms
from procession.api.contract.process_answers import RunIncludes, RunWithTasks
from procession.api.contract.processes import RunListParams, RunParams
from procession.api.edge import is_hex_id
from procession.api.filters import of_owners, to_filter_and_order, to_window, write_cursor
from procession.api.operations import operation
from procession.api.present.process_includes import Viewer, add_includes, view, wanted
from procession.api.present.processes import shown
from procession.api.syncing import page_since, sync_of
from procession.domain.errors import NotFound
from procession.domain.filters import Order, ProcessFilter
from procession.domain.names import fold
from procession.storage import people, tags, task_pages
from procession.storage.access import sight_of
from procession.storage.changes import Kind
from procession.storage.listing import lateness, plan
from procession.storage.listing.rows import ListedProcess
from procession.storage.tx import ReadTx
from procession.usecases.guards import readable_process

RUNS = "/organizations/{org_id}/runs"
# Rows that a stream loads related data for, and sends, at a time.
BATCH = 100


@operation("GET", RUNS, tag="processes", etag=True, errors=(410,))
async def list_processes(tx: ReadTx, call: Call, params: RunListParams) -> Synced[RunWithTasks] | Streamed:
    """List the processes the caller may see, one page at a time, with the exact total.

    All filters combine with AND; values inside one comma list with OR, except `tag_ids`. What cannot be used is
    ignored and named in `X-Ignored-Params`. `links` carry a cursor beside the page number: following them costs
    the same anywhere and neither repeats nor skips a row while others insert.
    """
    if params.updated_since is not None:
        return await _changed(tx, call, params, params.updated_since)
    if params.needs_owner and not params.status:
        params = msgspec.structs.replace(params, status=("active",))
    where, order = await with_answers(tx, params, *to_filter_and_order(call, await with_tag_ids(tx, params)))
    if params.needs_owner:
        where = of_owners(where, await people.gone(tx))
    names = wanted(call, params.with_)
    if params.without_pagination:
        call.may_be_cached = False
        answers = bool(params.form_fields_values)
        return Streamed(lambda later: _stream(later, call, where, order, names, with_answers=answers))
    page = call.page(params.page, params.per_page, params.limit)
    is_first = params.cursor is None and page.number == 1
    window = to_window(call, params, order, page)
    found = await plan.list_page(tx, where, order, window, await sight_of(tx))
    if any(part.delayed for part in where.parts) and (next_late := await lateness.next_becoming_late(tx)) is not None:
        call.changes_at(next_late + 1)
    listed: Paginated[RunWithTasks] = call.paginated(
        await present(tx, call, found.rows, names, with_answers=bool(params.form_fields_values)),
        found.total,
        page,
        next_cursor=write_cursor(call, found.last) if found.last is not None and found.has_more else None,
        previous_cursor=write_cursor(call, found.first) if found.first is not None and not is_first else None,
        has_more=found.has_more,
        has_before=found.has_before,
    )
    return Synced(listed.data, listed.meta)


async def _changed(tx: ReadTx, call: Call, params: RunListParams, since: str) -> Synced[RunWithTasks]:
    """What changed since, archived ones too."""
    page = await page_since(tx, call, Kind.PROCESS, params, since)
    rows = await task_pages.listed_at(tx, page.seqs)
    names, answers = wanted(call, params.with_), bool(params.form_fields_values)
    shown = await present(tx, call, [rows[seq] for seq in page.seqs if seq in rows], names, with_answers=answers)
    return Synced(shown, sync=await sync_of(tx, Kind.PROCESS, page))


@operation("GET", RUNS + "/{run_id}", tag="processes", etag=True)
async def get_process(tx: ReadTx, call: Call, params: RunParams, run_id: str) -> Item[RunWithTasks]:
    """Read one process; archived ones too."""
    seen = await readable_process(tx, run_id)
    return Item(await one_process(tx, call, seen.process.seq, params))


@operation("GET", RUNS + "/{run_id}/form-fields", tag="processes", etag=True)
async def get_process_forms(tx: ReadTx, call: Call, run_id: str) -> Item[RunForms]:
    """Read every field of a process with its answer: of the kick-off form and of its visible tasks."""
    process = (await readable_process(tx, run_id)).process
    names = frozenset({"ko_form_fields", "form_fields"})
    rows = [await row_at(tx, process.seq)]
    [forms] = await included(tx, call, rows, names, await view(tx, rows, names), with_answers=True)
    assert forms.form_fields
    assert forms.ko_form_fields
    return Item(RunForms(process.id, process.name, forms.form_fields.data, forms.ko_form_fields.data))


async def one_process(tx: ReadTx, call: Call, seq: int, params: RunParams | None = None) -> RunWithTasks:
    """One process as its list row would be, with includes; raises NotFound."""
    row = await row_at(tx, seq)
    names = wanted(call, params.with_, one=True) if params else frozenset[str]()
    [run] = await present(tx, call, [row], names, with_answers=bool(params and params.form_fields_values))
    return run


async def row_at(tx: ReadTx, seq: int) -> ListedProcess:
    """Raises NotFound."""
    row = await plan.row(tx, seq)
    if row is None:
        raise NotFound()
    return row


async def with_tag_ids(tx: ReadTx, params: RunListParams) -> RunListParams:
    """`tag` may be a title: titles become ids. Spec: api-processes 6."""
    titles = {each: fold(each) for each in params.tag if not is_hex_id(each.lower())}
    if not titles:
        return params
    known = await tags.ids_by_title(tx, sorted(set(titles.values())))
    keys = (known.get(titles.get(each, ""), each) for each in params.tag)
    return msgspec.structs.replace(params, tag=tuple(keys))


async def present(
    tx: ReadTx, call: Call, rows: Sequence[ListedProcess], names: frozenset[str], *, with_answers: bool = False
) -> list[RunWithTasks]:
    """Listed rows with their includes, as the caller sees them."""
    viewer = await view(tx, rows, names)
    includes: Sequence[RunIncludes | None] = [None] * len(rows)
    if names:
        includes = await included(tx, call, rows, names, viewer, with_answers=with_answers)
    return [shown(row, call, viewer.shares.get(row.seq), added) for row, added in zip(rows, includes, strict=True)]


async def included(
    tx: ReadTx,
    call: Call,
    rows: Sequence[ListedProcess],
    names: frozenset[str],
    viewer: Viewer,
    *,
    with_answers: bool,
) -> list[RunIncludes]:
    """The includes asked for of each row."""
    found = [RunIncludes() for _ in rows]
    await add_includes(tx, call, rows, found, names, viewer, with_answers=with_answers)
    return found


async def _stream(
    tx: ReadTx, call: Call, where: ProcessFilter, order: Order, names: frozenset[str], *, with_answers: bool
) -> AsyncGenerator[bytes]:
    async with aclosing(plan.stream(tx, where, order, await sight_of(tx))) as rows:
        async for piece in whole(tx, call, rows, names, with_answers=with_answers):
            yield piece


async def whole(
    tx: ReadTx,
    call: Call,
    rows: AsyncGenerator[ListedProcess],
    names: frozenset[str] = frozenset(),
    *,
    with_answers: bool = False,
) -> AsyncGenerator[bytes]:
    """A whole list as JSON, a batch at a time: memory stays flat."""
    encode = msgspec.json.Encoder().encode
    separator = b'{"data":['
    batch: list[ListedProcess] = []
    async for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield separator + encode(await present(tx, call, batch, names, with_answers=with_answers))[1:-1]
            separator = b","
            batch = []
    if batch or separator != b",":
        yield separator + encode(await present(tx, call, batch, names, with_answers=with_answers))[1:-1]
    yield b"]}"
