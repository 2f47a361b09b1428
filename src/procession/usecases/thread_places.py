"""Where comments are, and who may write there: whoever sees the place, until it is archived. Spec: api-tasks 14.3.

They stay possible while a process is locked or on hold (api-processes 1.2).
"""

import msgspec

from procession.domain.errors import NotAllowed, NotFound
from procession.domain.permissions import require
from procession.domain.processes import Process
from procession.domain.tasks import require_live
from procession.domain.template_permissions import require_read
from procession.domain.templates import is_draft
from procession.domain.threads import Thread
from procession.storage.threads import PlacedThread
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import guards, template_access
from procession.usecases.guards import SeenTask
from procession.usecases.template_access import UNPUBLISHED, Opened


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a thread is: on a task (of a process or standing alone), a process or a template."""

    process: int | None = None
    task: int | None = None
    task_id: str | None = None
    template_id: str | None = None
    step_id: str | None = None

    @property
    def noun(self) -> str:
        if self.task is not None:
            return "task"
        return "process" if self.template_id is None else "template"

    @property
    def named(self) -> dict[str, str]:
        """What events say of it besides."""
        return {} if self.step_id is None else {"step": self.step_id}

    def holds(self, thread: Thread) -> bool:
        if self.task is not None:
            return thread.task == self.task
        if self.template_id is not None:
            return thread.template_id == self.template_id
        return thread.process == self.process

    def shown(self, thread: Thread) -> PlacedThread:
        """The thread as it is presented; nothing archived is written on."""
        return PlacedThread(thread, self.task_id)


def place_of(seen: SeenTask) -> Place:
    return Place(process=seen.task.process, task=seen.task.seq, task_id=seen.task.id)


async def on_task(tx: WriteTx, task_id: str, *, process_id: str | None = None) -> SeenTask:
    """The locked task, for whoever may comment on it.

    Raises NotFound, NotAllowed (guests, where their comments are not wanted), ProcessArchived, WrongState (archived).
    """
    seen = await guards.locked_task(tx, task_id, process_id=process_id)
    require_shown(tx, seen)
    if tx.actor.kind == "guest":
        require(not seen.task.prevent_guest_comment, to="comment on this task")
    require_open(seen)
    return seen


def require_shown(tx: ReadTx, seen: SeenTask) -> None:
    """Raises NotFound: for guests a hidden task is not there."""
    if tx.actor.kind == "guest" and seen.task.is_hidden:
        raise NotFound


def require_open(seen: SeenTask) -> None:
    """Raises ProcessArchived, WrongState (archived)."""
    if seen.process is not None:
        guards.require_unarchived(seen.process)
    require_live(seen.task)


async def on_process(tx: WriteTx, process_id: str) -> Process:
    """The locked process, for members who see it. Raises NotFound, ProcessArchived."""
    process = (await guards.locked_process(tx, process_id)).process
    guards.require_unarchived(process)
    return process


async def on_template(tx: WriteTx, template_id: str) -> Opened:
    """The locked template, for those who may read it; a draft nobody published is for its editors.

    Raises NotFound, NotAllowed, WrongState (archived).
    """
    opened = await template_access.found(tx, template_id)
    require_read(opened.standing)
    row = opened.template
    if row.published_version is None and is_draft(row, row.document) and not opened.may_edit:
        raise NotAllowed(UNPUBLISHED)
    template_access.require_live(row)
    return opened
