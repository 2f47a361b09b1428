"""Processes that anybody with their link may read. Spec: behaviour-work B1 to B4."""

from collections.abc import Mapping

import msgspec

from procession.adapters.secrets import new_token
from procession.domain.calculating.sheet import shown_answers
from procession.domain.errors import NotFound, WrongState
from procession.domain.events import happened
from procession.domain.fields import Field
from procession.domain.files import File
from procession.domain.permissions import may_publish_process, require
from procession.domain.process_stages import stages_of
from procession.domain.processes import Process, Task
from procession.domain.tasks import fields_of
from procession.domain.templates import Template
from procession.domain.threads import Thread
from procession.domain.variables import Reader, text_of
from procession.storage import attachable, organizations, processes, public_processes, task_pages, threads
from procession.storage.attachable import Everybody
from procession.storage.parts import loaded
from procession.storage.public_processes import Link
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import public_logos
from procession.usecases.guards import Seen, locked_process, readable_process
from procession.usecases.task_texts import texts_of

NOT_PUBLIC = "This process is not publicly accessible."
SWITCH_ON = "This process is not public. Set is_public first."
# Words of `publicly_hidden_fields` that leave out a whole part; any other is the id of a field.
COMMENTS, FORM_FIELDS, ASSIGNEES = "comments", "form_fields", "assignees"


class Answered(msgspec.Struct, frozen=True):
    """A field, and its answer as text; blank: none."""

    field: Field
    text: str


class PublicTask(msgspec.Struct, frozen=True):
    """`title` as it reads; `assignees` None: they are hidden."""

    task: Task
    title: str
    answers: tuple[Answered, ...]
    milestone: str | None
    assignees: tuple[str, ...] | None
    comments: tuple[Thread, ...]


class PublicView(msgspec.Struct, frozen=True):
    """A process as strangers see it."""

    process: Process
    organization: str
    logo: File | None
    answers: tuple[Answered, ...]
    tasks: tuple[PublicTask, ...]
    names: Mapping[int, str]


async def follow(tx: WriteTx, process: Process, *, was_public: bool) -> None:
    """Bring the link in step with the saved process: switched off it leads nowhere at once, on again it is another."""
    if process.is_public and not was_public:
        await public_processes.put(tx, process.seq, new_token())
    elif was_public and not process.is_public:
        await public_processes.remove(tx, process.seq)


async def shown(tx: ReadTx, process_id: str) -> tuple[Process, Link | None]:
    """The process with its link, for those who may switch it. Raises NotFound, NotAllowed."""
    seen = await readable_process(tx, process_id)
    _require_close(tx, seen)
    return seen.process, await public_processes.of_process(tx, seen.process.seq)


async def renew(tx: WriteTx, process_id: str) -> tuple[Process, Link]:
    """Another code; the former link leads nowhere. Raises NotFound, NotAllowed, WrongState (not public)."""
    seen = await locked_process(tx, process_id)
    _require_close(tx, seen)
    process = seen.process
    if not process.is_public:
        raise WrongState(SWITCH_ON)
    tx.record(happened("process.public_link_renewed", process.id, process=process.seq))
    return process, await public_processes.put(tx, process.seq, new_token())


def _require_close(tx: ReadTx, seen: Seen) -> None:
    require(may_publish_process(tx.actor, seen.process), to="see or renew the public link of this process")


async def by_code(tx: ReadTx, code: str) -> PublicView:
    """Raises NotFound."""
    seq = await public_processes.find(tx, code)
    process = None if seq is None else await processes.at(tx, seq)
    if process is None:
        raise NotFound(NOT_PUBLIC)
    return await _view(tx, process)


async def logo(tx: ReadTx, code: str, version: str) -> File:
    """The logo that the process shows. Raises NotFound."""
    if await public_processes.find(tx, code) is None:
        raise NotFound(NOT_PUBLIC)
    return await public_logos.of_version(tx, version)


async def for_guest(tx: ReadTx, process_id: str, principals: frozenset[str]) -> PublicView:
    """For a guest who has, or had, a visible task in it. Raises NotFound. Spec: B3."""
    process = await processes.find(tx, process_id)
    if process is None or not process.is_public:
        raise NotFound(NOT_PUBLIC)
    if not any(not task.is_hidden and task.owners.principals & principals for task in process.tasks):
        raise NotFound(NOT_PUBLIC)
    return await _view(tx, process)


async def _view(tx: ReadTx, process: Process) -> PublicView:
    """Hidden and secret tasks are left out (B4), and what `publicly_hidden_fields` names."""
    without = frozenset(process.publicly_hidden_fields)
    tasks = sorted(
        (each for each in process.tasks if not (each.is_hidden or each.top_secret or each.archived_at)),
        key=lambda task: task.position,
    )
    everybody = await attachable.everybody(tx)
    organization = await organizations.get(tx.connection, tx.org)
    zone = (await organizations.settings_of(tx, tx.org)).timezone
    reader = Reader(zone=zone, members=everybody.member_names, groups=everybody.group_names)
    facts = await task_pages.processes_at(tx, [process.seq])
    parts = await loaded(tx, facts.values(), tasks)
    document = parts.document(parts.own(process.seq))
    texts = await texts_of(tx, tasks, [None] * len(tasks), facts, parts, for_guest=True)
    milestones = {each.id: each.name for each in stages_of(process, document or Template())}
    comments: dict[int | None, list[Thread]] = {task.seq: [] for task in tasks}
    if COMMENTS not in without:
        for placed in await threads.of_tasks(tx, [task.seq for task in tasks]):
            if placed.thread.state == "open":
                comments[placed.thread.task].append(placed.thread)

    def answered(fields: tuple[Field, ...], answers: Mapping[str, object]) -> tuple[Answered, ...]:
        if FORM_FIELDS in without:
            return ()
        counting = shown_answers(fields, answers, zone)
        public = [field for field in fields if without.isdisjoint({field.id, field.alias})]
        return tuple(Answered(field, text_of(field, counting.get(field.id), reader)) for field in public)

    return PublicView(
        process=process,
        organization=organization.name,
        logo=await public_logos.current(tx),
        answers=answered((document or Template()).kickoff, process.prerun),
        tasks=tuple(
            PublicTask(
                task=task,
                title=texts.title(task),
                answers=answered(fields_of(task, parts.document(parts.of(task))), task.taskdata),
                milestone=milestones.get(task.stage_id or ""),
                assignees=None if ASSIGNEES in without else _assignees(task, everybody),
                comments=tuple(comments[task.seq]),
            )
            for task in tasks
        ),
        names=everybody.member_names,
    )


def _assignees(task: Task, everybody: Everybody) -> tuple[str, ...]:
    """Names; a guest by what stands before the @, so that nobody's address is published."""
    members = [everybody.member_names.get(each, "") for each in task.owners.users]
    groups = [everybody.group_names.get(each, "") for each in task.owners.groups]
    guests = [each.partition("@")[0] for each in task.owners.guests]
    return tuple(each for each in (*members, *groups, *guests) if each)
