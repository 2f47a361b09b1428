"""Lists of tasks. Spec: api-tasks 7."""

from collections.abc import AsyncGenerator

import msgspec
from msgspec import UNSET

from procession.api.call import Call, Page, Streamed
from procession.api.contract.envelope import Meta
from procession.api.contract.tasks import (
    OrganizationTaskListParams,
    PersonTaskListParams,
    RunTaskListParams,
    SyncedTaskList,
    TaskList,
    TaskListParams,
    TaskMeta,
    TaskOut,
)
from procession.api.operations import operation
from procession.api.present.task_includes import present, wanted
from procession.api.routes.tasks import ORG, RUN
from procession.api.syncing import page_since, sync_of
from procession.api.task_filters import to_organization_filter, to_person_filter, to_task_filter, to_task_order
from procession.domain.errors import NotAllowed, NotFound
from procession.domain.task_filters import BY_POSITION, TaskFilter, TaskOrder, Word
from procession.storage import access, people, task_lists
from procession.storage import groups as stored_groups
from procession.storage.access import EVERYTHING, Sight
from procession.storage.changes import Kind
from procession.storage.task_lists import TaskPage
from procession.storage.tx import ReadTx

# Rows that a stream loads related data for, and sends, at a time.
BATCH = 200
# What the clock decides.
BY_CLOCK: frozenset[Word] = frozenset({"overdue", "due-soon", "on-time", "stalled"})


@operation("GET", RUN + "/tasks", tag="tasks", etag=True)
async def list_process_tasks(tx: ReadTx, call: Call, params: RunTaskListParams, run_id: str) -> TaskList | Streamed:
    """List all tasks of a process by position, hidden and archived ones too; secret ones to those they concern."""
    sight = await access.sight_of(tx)
    process = await task_lists.number_of_process(tx, run_id, sight)
    if process is None:
        raise NotFound
    where = await to_task_filter(call, tx, params)
    where = msgspec.structs.replace(where, process=process, hidden="always")
    order = to_task_order(call, params, BY_POSITION)
    names = wanted(call, params.with_)
    if not BY_CLOCK.isdisjoint(where.words):
        call.may_be_cached = False
    if params.without_pagination:
        return _streamed(call, where, order, sight, names)
    page = await _asked_page(tx, call, params, where, order, sight)
    found = await task_lists.list_page(tx, where, order, sight, limit=page.size, offset=_offset(page))
    return await _answer(tx, call, found, page, names, counts=False)


async def _asked_page(
    tx: ReadTx, call: Call, params: RunTaskListParams, where: TaskFilter, order: TaskOrder, sight: Sight
) -> Page:
    """The page asked for, or the one that `currentTask` is on. Spec: api-tasks 7 "T1"."""
    page = call.page(params.replace_page or params.page, params.per_page, params.limit)
    if params.current_task is None or params.replace_page is not None:
        return page
    place = await task_lists.place_of(tx, where, order, sight, params.current_task.lower())
    if place is None:
        call.ignore("currentTask")
        return page
    return Page(place // page.size + 1, page.size)


@operation("GET", ORG + "/tasks", tag="tasks", etag=True, errors=(410,))
async def list_tasks(tx: ReadTx, call: Call, params: OrganizationTaskListParams) -> SyncedTaskList | Streamed:
    """List every task the caller may see, of processes and one-off, hidden ones only when asked for."""
    if params.updated_since is not None:
        return await _changed(tx, call, params, params.updated_since)
    where = await to_organization_filter(call, tx, params)
    listed = await answer_list(tx, call, params, where, await access.sight_of(tx))
    return listed if isinstance(listed, Streamed) else SyncedTaskList(listed.data, listed.meta)


async def _changed(tx: ReadTx, call: Call, params: OrganizationTaskListParams, since: str) -> SyncedTaskList:
    """What changed since, hidden and archived ones too."""
    page = await page_since(tx, call, Kind.TASK, params, since)
    shown = await present(tx, call, await task_lists.tasks_at(tx, page.seqs), wanted(call, params.with_))
    return SyncedTaskList(shown, sync=await sync_of(tx, Kind.TASK, page))


@operation("GET", ORG + "/me/tasks", tag="tasks", etag=True)
async def list_my_tasks(tx: ReadTx, call: Call, params: PersonTaskListParams) -> TaskList | Streamed:
    """List the caller's tasks, assigned directly or through a group; open ones unless `status` says otherwise."""
    where = await to_person_filter(call, tx, params, await _assignee(tx, tx.actor.id))
    return await answer_list(tx, call, params, where, EVERYTHING)


@operation("GET", ORG + "/users/{user_id}/tasks", tag="tasks", etag=True)
async def list_tasks_of_member(
    tx: ReadTx, call: Call, params: PersonTaskListParams, user_id: int
) -> TaskList | Streamed:
    """List a member's tasks as far as the caller may see them. Light members see their own list only."""
    if user_id != tx.actor.id:
        if not await people.names(tx, [user_id]):
            raise NotFound
        if tx.actor.is_light:
            raise NotAllowed("Light members may not list the tasks of others.")
    sight = EVERYTHING if user_id == tx.actor.id else await access.sight_of(tx)
    where = await to_person_filter(call, tx, params, await _assignee(tx, user_id))
    return await answer_list(tx, call, params, where, sight)


async def _assignee(tx: ReadTx, member: int) -> list[str]:
    """What tasks name a member by."""
    groups = (await stored_groups.of_members(tx, [member]))[member]
    return [f"m:{member}", *(f"g:{group.id}" for group in groups)]


async def answer_list(
    tx: ReadTx, call: Call, params: TaskListParams, where: TaskFilter, sight: Sight
) -> TaskList | Streamed:
    """The page asked for, how the whole list stands with the clock, and until when that holds."""
    order, names = to_task_order(call, params), wanted(call, params.with_)
    if params.without_pagination:
        return _streamed(call, where, order, sight, names)
    page = call.page(params.page, params.per_page, params.limit)
    found = await task_lists.list_page(tx, where, order, sight, limit=page.size, offset=_offset(page))
    if "stalled" in where.words:
        call.may_be_cached = False
    else:
        for instant in await task_lists.clock_changes(tx, where):
            call.changes_at(instant)
    return await _answer(tx, call, found, page, names, counts=True)


def _offset(page: Page) -> int:
    return min(page.offset, 1 << 53)


async def _answer(
    tx: ReadTx, call: Call, found: TaskPage, page: Page, names: frozenset[str], *, counts: bool
) -> TaskList:
    shown = await present(tx, call, found.tasks, names)
    envelope = call.paginated(shown, found.standing.total, page)
    if not isinstance(envelope.meta, Meta):
        return TaskList(envelope.data)
    meta = TaskMeta(
        pagination=envelope.meta.pagination,
        overdue_tasks=found.standing.overdue if counts else UNSET,
        tasks_due_soon=found.standing.due_soon if counts else UNSET,
    )
    return TaskList(envelope.data, meta)


def _streamed(call: Call, where: TaskFilter, order: TaskOrder, sight: Sight, names: frozenset[str]) -> Streamed:
    call.may_be_cached = False
    return Streamed(lambda later: _pieces(later, call, where, order, sight, names))


async def _pieces(
    tx: ReadTx, call: Call, where: TaskFilter, order: TaskOrder, sight: Sight, names: frozenset[str]
) -> AsyncGenerator[bytes]:
    """The whole list as JSON, a batch at a time: only the tasks' numbers are held at once."""
    encode = msgspec.json.Encoder().encode
    separator = b'{"data":['
    named = await access.principals_of_caller(tx)
    seqs = await task_lists.ordered(tx, where, order, sight)
    for start in range(0, len(seqs), BATCH):
        batch = await task_lists.tasks_at(tx, seqs[start : start + BATCH])
        rows: list[TaskOut] = await present(tx, call, batch, names, named=named)
        yield separator + encode(rows)[1:-1]
        separator = b","
    yield b"]}" if separator == b"," else separator + b"]}"
