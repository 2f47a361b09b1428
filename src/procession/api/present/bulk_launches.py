"""Bulk launches as clients read them."""

from procession.api.contract.bulk_launches import BulkColumn, BulkLaunchOut, BulkRowOut
from procession.domain.bulk_launches import BulkLaunch, BulkRow
from procession.domain.times import wire, wire_or_none


def present_bulk_launch(launch: BulkLaunch) -> BulkLaunchOut:
    waiting = launch.total - launch.done - launch.failed if launch.status == "running" else 0
    return BulkLaunchOut(
        id=launch.id,
        checklist_id=launch.template_id,
        user_id=launch.member,
        dry_run=launch.is_dry_run,
        status=launch.status,
        error=launch.error,
        columns=[BulkColumn(column.header, column.meaning, column.key) for column in launch.columns],
        total=launch.total,
        waiting=waiting,
        done=launch.done,
        failed=launch.failed,
        created_at=wire(launch.created_at),
        last_updated=wire(launch.updated_at),
        finished_at=wire_or_none(launch.finished_at),
    )


def present_bulk_row(row: BulkRow) -> BulkRowOut:
    return BulkRowOut(row=row.number, status=row.status, name=row.name, run_id=row.run_id, errors=row.errors or {})
