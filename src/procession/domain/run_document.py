"""What an answer says of a process whenever and by whomever it is read: stored beside it as the text lists send.

The one place in the domain that speaks the wire's words (decision 5). What depends on the clock or on the caller is not
in it. Spec: api-processes 2.
"""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from procession.domain.processes import Hold, Process, ProcessType
from procession.domain.summary import percent
from procession.domain.times import wire, wire_or_none


class Progress(msgspec.Struct):
    """Visible tasks: completed, all, and the share in percent, rounded half up. Spec: api-conventions 18.2."""

    complete: int
    total: int
    percent: int


class OnHold(msgspec.Struct):
    """Since when the process is on hold, why, and by whom. Guests learn only the first. Spec: behaviour-work 9.1."""

    since: str
    reason: str | None
    by: int | None


class RunDocument(msgspec.Struct, kw_only=True):
    """A process without what the clock and the caller decide."""

    id: str
    increment_id: int
    checklist_id: str
    checklist_title: str
    assign_someone_else: bool
    name: str
    summary: str
    status: Literal["active", "problem", "issue", "complete", "archived"]
    whole_progress: Progress
    started_by: int
    owner_id: int
    prerun: dict[str, Any]
    prerun_status: Literal["complete", "incomplete"] | None
    prerun_completed_at: str | None
    prerun_completed_by: int | None
    prerun_length: int
    created_at: str
    started_at: str
    last_updated: str
    completed_at: str | None
    archived_at: str | None
    max_task_deadline: str | None
    collaborators: tuple[int, ...]
    users: tuple[int, ...]
    groups: tuple[str, ...]
    type: ProcessType
    is_public: bool
    publicly_hidden_fields: tuple[str, ...]
    parent_id: str | None
    can_add_oot: bool
    has_open_issue: bool
    custom_fields: dict[str, Any] | None
    on_hold: OnHold | UnsetType = UNSET


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(RunDocument).decode


def progress(complete: int, total: int) -> Progress:
    return Progress(complete, total, percent(complete, total))


def on_hold(hold: Hold) -> OnHold:
    return OnHold(wire(hold.since), hold.reason, hold.by)


def run_document(process: Process) -> str:
    """The text of a settled process's document: one JSON object."""
    document = RunDocument(
        id=process.id,
        increment_id=process.seq,
        checklist_id=process.template_id,
        checklist_title=process.template_title,
        assign_someone_else=process.assign_someone_else,
        name=process.name,
        summary=process.summary,
        status="archived" if process.is_archived else process.status,
        whole_progress=progress(process.tasks_done, process.tasks_visible),
        started_by=process.starter,
        owner_id=process.owner,
        prerun=process.prerun,
        prerun_status=process.prerun_status,
        prerun_completed_at=wire_or_none(process.prerun_completed_at),
        prerun_completed_by=process.prerun_completed_by,
        prerun_length=process.prerun_length,
        created_at=wire(process.created_at),
        started_at=wire(process.started_at),
        last_updated=wire(process.updated_at),
        completed_at=wire_or_none(process.completed_at),
        archived_at=wire_or_none(process.archived_at),
        max_task_deadline=wire_or_none(process.max_task_deadline),
        collaborators=process.collaborators,
        users=process.users,
        groups=process.groups,
        type=process.type,
        is_public=process.is_public,
        publicly_hidden_fields=process.publicly_hidden_fields,
        parent_id=process.parent_id,
        can_add_oot=process.can_add_oot,
        has_open_issue=process.open_issues > 0,
        custom_fields=process.custom_fields,
        on_hold=UNSET if process.hold is None else on_hold(process.hold),
    )
    return _encode(document).decode()


def read_document(text: str) -> RunDocument:
    return _decode(text)


def for_guest(text: str) -> str:
    """The document without the people and the answers of the process. Spec: behaviour-work G1."""
    document = read_document(text)
    document.prerun = {}
    document.users, document.groups, document.collaborators = (), (), ()
    document.custom_fields = None
    if document.on_hold is not UNSET:
        document.on_hold = OnHold(document.on_hold.since, None, None)
    return _encode(document).decode()
