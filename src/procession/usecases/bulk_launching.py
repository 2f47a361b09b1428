"""Launching a template once for each row of a table, row by row in transactions of their own.

What each row came to stands beside it in the transaction of its launch, under the lock of the bulk launch: whatever
is cut off goes on where it was, and no row is launched twice. Spec: behaviour-launching 13.
"""

from collections.abc import Callable

from msgspec.structs import replace

from procession.domain import template_permissions
from procession.domain.actors import BOT
from procession.domain.bulk_columns import read_columns
from procession.domain.bulk_launches import MOST_RUNNING, BulkLaunch, BulkRow, BulkStatus
from procession.domain.bulk_rows import ROW, Errors, Known, addresses_in, by_column, by_name, read_row, tags_in
from procession.domain.errors import DomainError, NotAllowed, NotFound, WrongState
from procession.domain.events import happened
from procession.domain.names import fold
from procession.domain.sheets import Sheet
from procession.domain.templates import Template, TemplateRow
from procession.storage import (
    bulk_launches,
    folders,
    members,
    organizations,
    references,
    template_grants,
    template_versions,
    templates,
    timers,
)
from procession.storage.database import Database
from procession.storage.tx import ReadTx, WriteTx, reading
from procession.usecases.launch_requests import Wish
from procession.usecases.launching import launch_process, rehearsed
from procession.usecases.reactions import Means
from procession.usecases.rows_in_turn import LEFT, RowRefused, Work, actor_of, work_off

GONE = "The template was deleted."


async def create(tx: WriteTx, template_id: str, sheet: Sheet, *, is_dry_run: bool) -> BulkLaunch:
    """Plan the launches of a table, nothing is launched yet.

    Raises NotFound, NotAllowed, WrongState (the template cannot be launched, too much is under way), Invalid (its
    header; nothing is planned then).
    """
    row = await _launchable(tx, template_id)
    document = await template_versions.would_launch(tx, row)
    columns = read_columns(sheet.header, document)
    if await bulk_launches.running(tx) >= MOST_RUNNING:
        raise WrongState(f"{MOST_RUNNING} bulk launches are under way. Wait until one of them has finished.")
    launch = BulkLaunch(
        id=await tx.next_number("bulk_launch"),
        template_id=row.id,
        member=tx.actor.id,
        is_dry_run=is_dry_run,
        columns=columns,
        total=len(sheet.rows),
        created_at=tx.now,
        updated_at=tx.now,
    )
    rows = [BulkRow(bulk_launch=launch.id, number=each.number, cells=each.cells) for each in sheet.rows]
    await bulk_launches.add(tx, launch, rows)
    tx.record(happened("bulk_launch.created", launch.id, template=row.id, rows=launch.total, dry_run=launch.is_dry_run))
    return launch


async def require_launchable_by_caller(tx: ReadTx, checklist_id: str) -> None:
    """Raises NotFound, NotAllowed, WrongState (the template cannot be launched)."""
    await template_versions.would_launch(tx, await _launchable(tx, checklist_id))


async def _launchable(tx: ReadTx, template_id: str) -> TemplateRow:
    row = await templates.find(tx, template_id)
    if row is None:
        raise NotFound
    standing = await template_grants.standing(tx, row)
    template_permissions.require_listed(standing)
    if not template_permissions.may_launch(standing):
        raise NotAllowed(template_permissions.LAUNCH_REFUSED)
    return row


async def readable(tx: ReadTx, number: int) -> BulkLaunch:
    """One's own, for administrators anybody's. Raises NotFound."""
    return _seen(tx, await bulk_launches.find(tx, number))


def _seen(tx: ReadTx, launch: BulkLaunch | None) -> BulkLaunch:
    if launch is None or not (launch.member == tx.actor.id or tx.actor.is_admin):
        raise NotFound
    return launch


async def cancel(tx: WriteTx, number: int) -> BulkLaunch:
    """The rows that wait are not launched; what was launched stays. Raises NotFound, WrongState (it is over)."""
    launch = _seen(tx, await bulk_launches.lock(tx, number))
    if launch.status != "running":
        raise WrongState("This bulk launch is over.")
    return await _end(tx, launch, "cancelled")


async def _end(tx: WriteTx, launch: BulkLaunch, status: BulkStatus, error: str | None = None) -> BulkLaunch:
    ended = replace(launch, status=status, error=error, updated_at=tx.now, finished_at=tx.now)
    await bulk_launches.save(tx, ended)
    tx.record(happened(f"bulk_launch.{status}", launch.id, done=launch.done, failed=launch.failed))
    return ended


async def run_due(
    database: Database, org: int, organization_id: str, number: int, clock: Callable[[], int], means: Means
) -> None:
    """Launch the next rows, as the member who asked for it."""
    async with reading(database, org, organization_id, BOT, clock()) as tx:
        launch = await bulk_launches.find(tx, number)
        places = await bulk_launches.waiting(tx, number)
        actor = await actor_of(tx, None if launch is None else launch.member)
    work = Work(
        do=lambda tx, place: _do(tx, number, place, means),
        note=lambda tx, place, errors: _note(tx, number, place, errors),
        go_on=lambda tx, is_here: _go_on(tx, number, is_here=is_here),
    )
    await work_off(database, org, organization_id, clock, actor, places, work)


async def _go_on(tx: WriteTx, number: int, *, is_here: bool) -> None:
    """Other timers get their turn before the next rows."""
    launch = await bulk_launches.lock(tx, number)
    if launch is None or launch.status != "running":
        await timers.remove(tx, "bulk_launch", [number])
    elif not is_here:
        await _end(tx, launch, "stopped", LEFT)
    elif await bulk_launches.waiting(tx, number):
        await timers.move(tx, "bulk_launch", number, tx.now)
    else:
        await _end(tx, launch, "finished")


async def _waiting(tx: WriteTx, number: int, place: int) -> tuple[BulkLaunch, BulkRow] | None:
    """The locked launch and its row; None when it is over, or another server has done the row meanwhile."""
    launch = await bulk_launches.lock(tx, number)
    row = await bulk_launches.row(tx, number, place)
    if launch is None or row is None or launch.status != "running" or row.status != "waiting":
        return None
    return launch, row


async def _do(tx: WriteTx, number: int, place: int, means: Means) -> None:
    found = await _waiting(tx, number, place)
    if found is None:
        return
    launch, row = found
    template = await templates.find(tx, launch.template_id)
    if template is None:
        raise RowRefused({ROW: [GONE]})
    try:
        document = await template_versions.would_launch(tx, template)
    except DomainError as refusal:
        raise RowRefused(by_column(refusal, launch.columns, None)) from refusal
    wish, errors = await _wish(tx, launch, row, document)
    if errors:
        raise RowRefused(await _faults(tx, launch, template, document, wish) | errors)
    try:
        done = await _launched(tx, launch, row, template, document, wish, means)
    except DomainError as refusal:
        told = by_column(refusal, launch.columns, document)
        raise RowRefused(await _faults(tx, launch, template, document, wish) | told) from refusal
    await bulk_launches.save_row(tx, done)
    await bulk_launches.save(tx, replace(launch, done=launch.done + 1, updated_at=tx.now))


async def _launched(
    tx: WriteTx,
    launch: BulkLaunch,
    row: BulkRow,
    template: TemplateRow,
    document: Template,
    wish: Wish,
    means: Means,
) -> BulkRow:
    if launch.is_dry_run:
        process = await rehearsed(tx, template, document, wish, at=tx.now)
        return replace(row, status="valid", name=process.name)
    process, _ = await launch_process(tx, wish, means=means)
    return replace(row, status="launched", name=process.name, run_id=process.id)


async def _faults(tx: WriteTx, launch: BulkLaunch, template: TemplateRow, document: Template, wish: Wish) -> Errors:
    """All that the launch would be refused for, by header, so that a row is put right at once. Spec: L-13.8.

    A launch looks at answers only where everything else is right, so they are asked about by themselves, too.
    """
    found: Errors = {}
    for each in (wish, Wish(template_id=wish.template_id, prerun=wish.prerun)):
        try:
            await rehearsed(tx, template, document, each, at=tx.now)
        except DomainError as refusal:
            found |= by_column(refusal, launch.columns, document)
    return found


async def _wish(tx: WriteTx, launch: BulkLaunch, row: BulkRow, document: Template) -> tuple[Wish, Errors]:
    """Without the cells that cannot be read, and what is wrong with these."""
    columns, cells = launch.columns, row.cells
    words = tags_in(columns, cells)
    has_folder = any(column.meaning == "folder" for column in columns)
    tree = await folders.of_kind(tx, "run") if has_folder else {}
    known = Known(
        members=await members.with_addresses(tx, addresses_in(columns, cells, document)),
        tags=by_name(
            await references.known_tags(tx, [each.lower() for each in words], map(fold, words)) if words else ()
        ),
        folders=by_name((folder.id, fold(folder.name)) for folder in tree.values()),
        zone=(await organizations.settings_of(tx, tx.org)).timezone,
    )
    asked, errors = read_row(columns, cells, document, known)
    wish = Wish(
        template_id=launch.template_id,
        name=asked.name,
        owner=asked.owner,
        prerun=asked.prerun,
        tasks=asked.tasks,
        tags=asked.tags,
        folders=asked.folders,
    )
    return wish, errors


async def _note(tx: WriteTx, number: int, place: int, errors: Errors) -> None:
    found = await _waiting(tx, number, place)
    if found is None:
        return
    launch, row = found
    await bulk_launches.save_row(tx, replace(row, status="failed", errors=errors))
    await bulk_launches.save(tx, replace(launch, failed=launch.failed + 1, updated_at=tx.now))
