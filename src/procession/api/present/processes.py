"""Processes from listed rows: the stored document, and what clock and caller add to it. Spec: api-processes 2."""

from collections.abc import Mapping
from typing import Any

import msgspec

from procession.api.contract.process_answers import RunView
from procession.domain.processes import State
from procession.domain.run_document import progress
from procession.domain.summary import Health, health, next_health_change
from procession.domain.times import wire_or_none
from procession.storage.listing.rows import ListedProcess

_encode = msgspec.json.Encoder().encode
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


def next_change(share: Share, now: int) -> int | None:
    """When the clock next changes what is shown of this process."""
    return next_health_change(share.open_deadlines, share.due_date, now)


def view_of(row: ListedProcess, share: Share, now: int) -> RunView:
    """What the clock and the caller add to the process's document."""
    condition = health_of(row, share, now)
    return RunView(
        progress=progress(share.done, share.visible),
        starred=bool(row.starred),
        due_date=wire_or_none(share.due_date),
        due_date_passed=condition.due_date_passed,
        due_soon=condition.due_soon,
        late_tasks=condition.late_tasks,
    )


def with_document(row: ListedProcess, view: RunView) -> Any:
    """The text of a `RunWithTasks`, which stands for the documented object: it was encoded when it changed."""
    return msgspec.Raw(f"{row.document[:-1]},{_encode(view)[1:].decode()}")
