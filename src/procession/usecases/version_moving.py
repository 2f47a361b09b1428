"""Moving running processes to a newer version of their template, process by process in transactions of their own.

What each process came to stands beside it in the transaction that moved it, under the lock of the move: whatever is
cut off goes on where it was, and no process is moved twice. Undoing goes the same way. Spec: behaviour-templates 10.1.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from procession.domain import template_permissions
from procession.domain.actors import BOT
from procession.domain.errors import DomainError, Invalid, NotFound, WrongState, in_sentences
from procession.domain.events import happened
from procession.domain.templates import Template, TemplateRow
from procession.domain.undo import CannotUndo
from procession.domain.version_moves import (
    MOST_PROCESSES,
    MOST_RUNNING,
    UNDO_DAYS,
    MoveRow,
    MoveStatus,
    RowStatus,
    VersionMove,
)
from procession.storage import (
    template_grants,
    template_versions,
    templates,
    timers,
    version_moves,
)
from procession.storage.access import sight_of
from procession.storage.database import Database
from procession.storage.tx import ReadTx, WriteTx, reading
from procession.storage.version_moves import Movable
from procession.usecases import moving
from procession.usecases.reactions import Means
from procession.usecases.rows_in_turn import LEFT, RowRefused, Work, actor_of, work_off
from procession.usecases.template_access import editable
from procession.usecases.undo import SWITCHED_OFF

GONE = "The template was deleted."
NO_PROCESS = "There is no process of this template with this id."
NOTHING_NAMED = "Name processes (runs) or versions whose running processes are to be moved, one of the two."
NO_VERSION = "There is no such version that processes can run."
UNCHANGED = "The version has been changed since. Ask again."


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which processes, by id or all running ones of versions; `to` is the version, None: the newest published."""

    runs: tuple[str, ...] | None = None
    versions: tuple[int, ...] | None = None
    to: int | None = None
    is_dry_run: bool = False


async def create(tx: WriteTx, template_id: str, wanted: Wanted) -> VersionMove:
    """Plan the moves of these processes, none is moved yet. Freezes the version, unless it is a dry run.

    Raises NotFound, NotAllowed, WrongState (archived, none published, too much is under way), Invalid. Spec: T-10.10.
    """
    row = await editable(tx, template_id)
    version = await _target(tx, row, wanted)
    chosen = await _chosen(tx, row, version, wanted)
    if await version_moves.running(tx) >= MOST_RUNNING:
        raise WrongState(f"{MOST_RUNNING} moves are under way. Wait until one of them has finished.")
    move = VersionMove(
        id=await tx.next_number("version_move"),
        template_id=row.id,
        version=version,
        member=tx.actor.id,
        is_dry_run=wanted.is_dry_run,
        total=len(chosen),
        created_at=tx.now,
        updated_at=tx.now,
    )
    rows = [
        MoveRow(move=move.id, number=place, **msgspec.structs.asdict(each))
        for place, each in enumerate(chosen, start=1)
    ]
    await version_moves.add(tx, move, rows)
    tx.record(
        happened(
            "version_move.created",
            move.id,
            template=row.id,
            version=version,
            processes=move.total,
            dry_run=move.is_dry_run,
        )
    )
    return move


async def _target(tx: WriteTx, row: TemplateRow, wanted: Wanted) -> int:
    """The number of the version processes are moved to."""
    if wanted.to is None or wanted.to == row.launched_version:
        if wanted.is_dry_run:
            await template_versions.would_launch(tx, row)
            assert row.launched_version is not None
            return row.launched_version
        return (await template_versions.for_launch(tx, row)).version
    try:
        await template_versions.version_document(tx, row.id, wanted.to)
    except LookupError:
        raise Invalid({"to": [NO_VERSION]}) from None
    return wanted.to


async def _chosen(tx: WriteTx, row: TemplateRow, version: int, wanted: Wanted) -> list[Movable]:
    """The processes in the order of their launch. Raises Invalid."""
    sight = await sight_of(tx)
    if wanted.runs and not wanted.versions:
        ids = [each.lower() for each in wanted.runs]
        if len(ids) > MOST_PROCESSES:
            raise Invalid({"runs": [f"At most {MOST_PROCESSES} processes are moved at once."]})
        found = await version_moves.of_ids(tx, row.id, ids, sight)
        known = {each.run_id for each in found}
        errors: dict[str, list[Any]] = {
            f"runs.{index}": [NO_PROCESS] for index, each in enumerate(ids) if each not in known
        }
    elif wanted.versions and not wanted.runs:
        errors = {
            f"versions.{index}": [f"Processes are moved from versions before {version}."]
            for index, each in enumerate(wanted.versions)
            if each >= version
        }
        found = await version_moves.of_versions(tx, row.id, wanted.versions, sight, most=MOST_PROCESSES + 1)
        if len(found) > MOST_PROCESSES:
            errors["versions"] = [
                f"These are more than {MOST_PROCESSES} processes. Name some of them (runs) at a time."
            ]
    else:
        raise Invalid({"runs": [NOTHING_NAMED]})
    if errors:
        raise Invalid(errors)
    return found


async def readable(tx: ReadTx, number: int) -> VersionMove:
    """One's own, for administrators anybody's. Raises NotFound."""
    return _seen(tx, await version_moves.find(tx, number))


def _seen(tx: ReadTx, move: VersionMove | None) -> VersionMove:
    if move is None or not (move.member == tx.actor.id or tx.actor.is_admin):
        raise NotFound
    return move


async def cancel(tx: WriteTx, number: int) -> VersionMove:
    """The processes that wait are not moved; those that were stay moved. Raises NotFound, WrongState (it is over)."""
    move = _seen(tx, await version_moves.lock(tx, number))
    if move.status != "running":
        raise WrongState("This move is not running, so there is nothing to cancel.")
    return await _end(tx, move, "cancelled")


async def undo(tx: WriteTx, number: int, runs: Sequence[str] | None, *, minutes: int) -> VersionMove:
    """Let its processes, or these of them, be moved back. `minutes` 0: the server undoes nothing.

    Raises NotFound, NotAllowed, WrongState (under way, nothing to undo), CannotUndo. Spec: T-10.16.
    """
    move = await to_undo(tx, number)
    if not minutes:
        raise CannotUndo(SWITCHED_OFF)
    if move.is_under_way:
        raise WrongState("This move is under way. Wait until it has ended, or cancel it.")
    if move.undo_until is None or move.undo_until < tx.now:
        raise CannotUndo(f"There is nothing here to undo: nothing was moved, or it was over {UNDO_DAYS} days ago.")
    ids = None if runs is None else [each.lower() for each in runs]
    if not await version_moves.begin_undo(tx, move, ids):
        raise Invalid({"runs": ["None of these processes is moved by this move."]})
    begun = replace(move, status="undoing", undone_by=tx.actor.id, updated_at=tx.now)
    await version_moves.save(tx, begun)
    tx.record(happened("version_move.undo_asked", move.id, template=move.template_id))
    return begun


async def to_undo(tx: WriteTx, number: int) -> VersionMove:
    """For whoever may still edit the template, while there is one. Raises NotFound, NotAllowed."""
    move = _seen(tx, await version_moves.lock(tx, number))
    await _require_editor(tx, await templates.find(tx, move.template_id))
    return move


async def _require_editor(tx: ReadTx, row: TemplateRow | None) -> None:
    if row is not None:
        template_permissions.require_edit(await template_grants.standing(tx, row))


async def _end(tx: WriteTx, move: VersionMove, status: MoveStatus, error: str | None = None) -> VersionMove:
    """The time for undoing counts from when processes were moved last."""
    finished = move.finished_at if status == "undone" else tx.now
    ended = replace(move, status=status, error=error, updated_at=tx.now, finished_at=finished)
    await version_moves.save(tx, ended)
    counts = {"moved": move.moved, "skipped": move.skipped, "undone": move.undone}
    tx.record(happened(f"version_move.{status}", move.id, template=move.template_id, **counts))
    return ended


async def run_due(
    database: Database, org: int, organization_id: str, number: int, clock: Callable[[], int], means: Means
) -> None:
    """Move, or move back, the next processes, as the member who asked for it."""
    async with reading(database, org, organization_id, BOT, clock()) as tx:
        move = await version_moves.find(tx, number)
        asked_by = None if move is None else move.undone_by if move.status == "undoing" else move.member
        actor = await actor_of(tx, asked_by)
        places = [] if move is None else await version_moves.next_rows(tx, number, _awaited(move))
    work = Work(
        do=lambda tx, place: _do(tx, number, place, means),
        note=lambda tx, place, reason: _note(tx, number, place, reason),
        go_on=lambda tx, is_here: _go_on(tx, number, is_here=is_here),
    )
    await work_off(database, org, organization_id, clock, actor, places, work)


def _awaited(move: VersionMove) -> RowStatus:
    return "undoing" if move.status == "undoing" else "waiting"


async def _go_on(tx: WriteTx, number: int, *, is_here: bool) -> None:
    """Other timers get their turn before the next processes."""
    move = await version_moves.lock(tx, number)
    if move is None or not move.is_under_way:
        await timers.remove(tx, "version_move", [number])
    elif not is_here and move.status == "undoing":
        await version_moves.end_undo(tx, move)
        await _end(tx, move, "undone", LEFT)
    elif not is_here:
        await _end(tx, move, "stopped", LEFT)
    elif await version_moves.next_rows(tx, number, _awaited(move)):
        await timers.move(tx, "version_move", number, tx.now)
    else:
        await _end(tx, move, "undone" if move.status == "undoing" else "finished")


async def _found(tx: WriteTx, number: int, place: int) -> tuple[VersionMove, MoveRow] | None:
    """The locked move and its row; None when it is over, or another server has done the row meanwhile."""
    move = await version_moves.lock(tx, number)
    row = await version_moves.row(tx, number, place)
    if move is None or row is None or not move.is_under_way or row.status != _awaited(move):
        return None
    return move, row


async def _do(tx: WriteTx, number: int, place: int, means: Means) -> None:
    found = await _found(tx, number, place)
    if found is None:
        return
    move, row = found
    try:
        if move.status == "undoing":
            await _undo(tx, move, row)
        else:
            await _move(tx, move, row, means)
    except DomainError as refusal:
        raise RowRefused(in_sentences(refusal)) from refusal


async def _move(tx: WriteTx, move: VersionMove, row: MoveRow, means: Means) -> None:
    document = await _document(tx, move)
    process = await moving.locked(tx, row.process)
    if move.is_dry_run:
        report = await moving.rehearse(tx, process, move.version, document, means)
    else:
        report, before = await moving.move(tx, process, move.version, document, means, number=move.id)
        version_moves.remember(tx, move.id, process.seq, before)
    status: RowStatus = "valid" if move.is_dry_run else "moved"
    await version_moves.save_row(tx, replace(row, status=status, report=report))
    await version_moves.save(tx, replace(move, moved=move.moved + 1, updated_at=tx.now))


async def _document(tx: WriteTx, move: VersionMove) -> Template:
    """What the version says, for whoever still edits the template."""
    row = await templates.find(tx, move.template_id)
    if row is None:
        raise NotFound(GONE)
    await _require_editor(tx, row)
    try:
        return await template_versions.version_document(tx, row.id, move.version)
    except LookupError:  # a dry run to the working copy, which nothing has frozen
        if row.version != move.version:
            raise WrongState(UNCHANGED) from None
        return await template_versions.would_launch(tx, row)


async def _undo(tx: WriteTx, move: VersionMove, row: MoveRow) -> None:
    await _require_editor(tx, await templates.find(tx, move.template_id))
    process = await moving.locked(tx, row.process)
    await moving.move_back(tx, process, await version_moves.remembered(tx, move.id, process.seq))
    await version_moves.drop(tx, move.id, process.seq)
    await version_moves.save_row(tx, replace(row, status="undone"))
    counts = {"moved": move.moved - 1, "undone": move.undone + 1}
    await version_moves.save(tx, replace(move, **counts, updated_at=tx.now))


async def _note(tx: WriteTx, number: int, place: int, reason: str) -> None:
    """What was not moved back stays moved."""
    found = await _found(tx, number, place)
    if found is None:
        return
    move, row = found
    if move.status == "undoing":
        await version_moves.save_row(tx, replace(row, status="moved", reason=reason))
        return
    await version_moves.save_row(tx, replace(row, status="skipped", reason=reason))
    await version_moves.save(tx, replace(move, skipped=move.skipped + 1, updated_at=tx.now))
