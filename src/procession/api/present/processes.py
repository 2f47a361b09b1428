"""Processes from listed rows. Spec: api-processes 2."""

from collections.abc import Mapping

import msgspec

from procession.api.contract.process_answers import RunWithTasks
from procession.api.contract.shared import Progress
from procession.domain.processes import State
from procession.domain.summary import Health, health, health_changes, percent
from procession.domain.times import wire, wire_or_none
from procession.storage.listing.rows import ListedProcess

_deadlines = msgspec.json.Decoder(tuple[int, ...])


class Share(msgspec.Struct, frozen=True):
    """What a caller who may not see every secret task sees of a process's tasks."""

    visible: int
    done: int
    open_deadlines: tuple[int, ...]
    due_date: int | None


def share_of(row: ListedProcess, shares: Mapping[int, Share]) -> Share:
    """The caller's share: all of it, unless it was counted apart."""
    known = shares.get(row.seq)
    if known is not None:
        return known
    return Share(row.tasks_visible, row.tasks_done, _deadlines.decode(row.open_deadlines), row.due_date)


def health_of(row: ListedProcess, share: Share, now: int) -> Health:
    """An archived process has no open tasks to be late with."""
    open_deadlines = () if row.state == State.ARCHIVED else share.open_deadlines
    return health(open_deadlines, share.due_date, complete=row.status == "complete", now=now)


def clock_changes(share: Share, now: int) -> list[int]:
    """When the clock next changes what is shown of this process."""
    return health_changes(share.open_deadlines, share.due_date, now)


def present_run(row: ListedProcess, share: Share, now: int) -> RunWithTasks:
    """A process without includes."""
    condition = health_of(row, share, now)
    return RunWithTasks(
        id=row.id,
        increment_id=row.seq,
        checklist_id=row.template_id,
        checklist_title=row.template_title,
        assign_someone_else=bool(row.assign_someone_else),
        name=row.name,
        summary=row.summary,
        status="archived" if row.state == State.ARCHIVED else row.status,  # pyright: ignore[reportArgumentType]  # the column holds only these words
        progress=_progress(share.done, share.visible),
        whole_progress=_progress(row.tasks_done, row.tasks_visible),
        started_by=row.starter,
        owner_id=row.owner,
        prerun=msgspec.Raw(row.prerun),
        prerun_status=row.prerun_status,  # pyright: ignore[reportArgumentType]  # as above
        prerun_completed_at=wire_or_none(row.prerun_completed_at),
        prerun_completed_by=row.prerun_completed_by,
        prerun_length=row.prerun_length,
        starred=bool(row.starred),
        created_at=wire(row.created_at),
        started_at=wire(row.started_at),
        last_updated=wire(row.updated_at),
        completed_at=wire_or_none(row.completed_at),
        archived_at=wire_or_none(row.archived_at),
        due_date=wire_or_none(share.due_date),
        max_task_deadline=wire_or_none(row.max_task_deadline),
        due_date_passed=condition.due_date_passed,
        due_soon=condition.due_soon,
        late_tasks=condition.late_tasks,
        collaborators=msgspec.Raw(row.collaborators),
        users=msgspec.Raw(row.users),
        groups=msgspec.Raw(row.groups),
        type=row.type,  # pyright: ignore[reportArgumentType]  # as above
        is_public=bool(row.is_public),
        publicly_hidden_fields=msgspec.Raw(row.publicly_hidden_fields),
        parent_id=row.parent_id,
        can_add_oot=bool(row.can_add_oot),
        has_open_issue=row.open_issues > 0,
        custom_fields=msgspec.Raw(row.custom_fields),
    )


def _progress(done: int, total: int) -> Progress:
    return Progress(done, total, percent(done, total))
