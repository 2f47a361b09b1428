"""Processes from listed rows: the stored document, and what clock and caller add to it. Spec: api-processes 2."""

from typing import Any

import msgspec

from procession.api.call import Call
from procession.api.contract.process_answers import RunIncludes
from procession.domain.processes import State
from procession.domain.summary import Health, health, next_health_change, percent
from procession.domain.times import wire
from procession.storage.listing.rows import ListedProcess

_encode = msgspec.json.Encoder().encode
_deadlines = msgspec.json.Decoder(tuple[int, ...]).decode
_JSON_BOOLEAN = ("false", "true")


class Share(msgspec.Struct, frozen=True):
    """What a caller who may not see every secret task sees of a process's tasks."""

    visible: int
    done: int
    open_deadlines: tuple[int, ...]
    due_date: int | None


def condition_of(row: ListedProcess, call: Call, share: Share | None = None) -> Health:
    """How late the process is for the caller; tells the call when the clock changes that."""
    if share is None:
        due, open_deadlines = row.due_date, _deadlines(row.open_deadlines)
    else:
        due, open_deadlines = _due_of_share(row, share), share.open_deadlines
    call.changes_at(next_health_change(open_deadlines, due, call.now))
    if row.state == State.ARCHIVED:
        open_deadlines = ()  # an archived process has no open tasks to be late with
    return health(open_deadlines, due, complete=row.status == "complete", now=call.now)


def _due_of_share(row: ListedProcess, share: Share) -> int | None:
    """A part of a process that is not due at any time, on hold say, is not either."""
    return None if row.due_date is None else share.due_date


def shown(
    row: ListedProcess, call: Call, share: Share | None = None, includes: RunIncludes | None = None
) -> Any:  # msgspec.Raw
    """The text of a `RunWithTasks`, which stands for the documented object: its document was encoded when it changed,
    the six fields that the clock and the caller decide are written behind it, then the includes.

    `share` is the caller's, where it was counted apart.
    """
    condition = condition_of(row, call, share)
    if share is None:
        done, visible, due = row.tasks_done, row.tasks_visible, row.due_date
    else:
        done, visible, due = share.done, share.visible, _due_of_share(row, share)
    due_date = "null" if due is None else f'"{wire(due)}"'
    added = _encode(includes)[1:-1].decode() if includes is not None else ""
    return msgspec.Raw(
        f'{row.document[:-1]},"progress":{{"complete":{done},"total":{visible},"percent":{percent(done, visible)}}},'
        f'"starred":{_JSON_BOOLEAN[row.starred]},"due_date":{due_date},'
        f'"due_date_passed":{_JSON_BOOLEAN[condition.due_date_passed]},"due_soon":{_JSON_BOOLEAN[condition.due_soon]},'
        f'"late_tasks":{condition.late_tasks}{"," if added else ""}{added}}}'
    )
