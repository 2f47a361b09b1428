"""Moves to a newer version as clients read them."""

from msgspec.structs import asdict

from procession.api.contract.version_moves import MoveChange, VersionMoveOut, VersionMoveRow
from procession.api.present.template_versions import WIRE_NAMES
from procession.domain.moving.told import Told
from procession.domain.times import wire, wire_or_none
from procession.domain.version_moves import MoveRow, VersionMove


def present_version_move(move: VersionMove) -> VersionMoveOut:
    is_waiting = move.status == "running"
    return VersionMoveOut(
        id=move.id,
        checklist_id=move.template_id,
        user_id=move.member,
        dry_run=move.is_dry_run,
        version=move.version,
        status=move.status,
        error=move.error,
        total=move.total,
        waiting=move.total - move.moved - move.skipped if is_waiting else 0,
        moved=move.moved,
        skipped=move.skipped,
        undone=move.undone,
        undone_by=move.undone_by,
        undo_until=wire_or_none(move.undo_until),
        created_at=wire(move.created_at),
        last_updated=wire(move.updated_at),
        finished_at=wire_or_none(move.finished_at),
    )


def present_move_row(row: MoveRow) -> VersionMoveRow:
    report = row.report
    return VersionMoveRow(
        row=row.number,
        run_id=row.run_id,
        name=row.name,
        from_version=row.from_version,
        status=row.status,
        reason=row.reason,
        changes=[] if report is None else [_change(each) for each in report.told],
        unchanged=None if report is None else report.unchanged,
    )


def _change(told: Told) -> MoveChange:
    shown = MoveChange(**asdict(told))
    for part in ("field", "kickoff_field"):
        if told.part == part and told.attribute is not None:
            shown.attribute = WIRE_NAMES.get((part, told.attribute), told.attribute)
    return shown
