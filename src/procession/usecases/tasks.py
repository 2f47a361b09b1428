"""Changing and answering tasks. Spec: api-tasks 10, 13; behaviour-work 5."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET

from procession.adapters.text import stored_markup
from procession.domain import tasks
from procession.domain.answers import Accepted, accept, is_same
from procession.domain.automations.state import Occurrence
from procession.domain.calculating.process import recalculated, task_recalculated
from procession.domain.errors import Invalid, NotAllowed
from procession.domain.events import Event, happened
from procession.domain.fields import Field
from procession.domain.opening import answers_any, has_defaults, was_opened
from procession.domain.order_lock import blockers_of
from procession.domain.organizations import OrganizationSettings
from procession.domain.permissions import may_edit_task, may_work_on_task, require
from procession.domain.processes import Owners, Process, Task
from procession.domain.richtext import excerpt, plain_text
from procession.domain.run_forms import as_run, require_used_fields, typed_in_run, with_unchanged
from procession.domain.task_changes import ON_ONE_OFFS_ONLY, changes, edited, faults, read_fields
from procession.domain.task_deadlines import moves
from procession.domain.task_events import assigned, completion_event
from procession.domain.task_input import (
    CHANGEABLE,
    REQUIRED_OF_ONE_OFF,
    Errors,
    Read,
    TaskInput,
    missing,
    read_task,
    without,
)
from procession.domain.template_copying import field_aliases
from procession.domain.templates import Template
from procession.domain.times import wire_or_none
from procession.storage import attachable, launchers, organizations
from procession.storage import tasks as stored
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import answering, assigning, guards, guests, injecting, launching, lookup_lists, undo
from procession.usecases.calendars import calendar_of
from procession.usecases.deadlines import followed_up
from procession.usecases.guards import SeenTask
from procession.usecases.opening import begun_task
from procession.usecases.reactions import Means, Reacted
from procession.usecases.task_texts import as_read

FORM_ONLY = "You may fill in the form of this task, but not change the task itself."
NO_GUESTS = "Light members may not assign guests."
UNKNOWN_TAG = "There is no tag with this id."
# What may be stored otherwise than it was sent: moved into working time, made safe.
AS_STORED = frozenset({"deadline", "summary"})


class Changed(msgspec.Struct, frozen=True):
    """A task after a change, the sent keys that changed nothing because nothing is called so, and what rules did.

    `by_rules`: task id to what the caller may know of that task now. Spec: api-tasks 2.
    """

    seen: SeenTask
    ignored: list[str]
    by_rules: Mapping[str, Any] = {}


async def update_task(tx: WriteTx, task_id: str, body: object, *, process_id: str | None, means: Means) -> Changed:
    """Change a task through its process (`process_id`) or by itself; then a one-off task says title, deadline, owners.

    Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, WrongState, Invalid. Spec: api-tasks T8, T9.
    """
    seen = await guards.locked_task(tx, task_id, process_id=process_id)
    is_whole = process_id is None and seen.task.is_oneoff
    required = REQUIRED_OF_ONE_OFF if is_whole else ()
    return await change(tx, seen, body, required=required, means=means)


async def answer_task(tx: WriteTx, seen: SeenTask, answers: Mapping[str, object], means: Means) -> Changed:
    """Save answers, and nothing else, on a locked task. Raises as `update_task`."""
    return await change(tx, seen, {"taskdata": answers}, means=means)


class How(msgspec.Struct, frozen=True):
    """What is special about a change: the caller `may_edit` whatever their role says, as who asks has found; it cannot
    be undone by itself; nobody is to be told of it.
    """

    may_edit: bool = False
    is_undoable: bool = True
    is_silent: bool = False


PLAINLY = How()


async def change(
    tx: WriteTx, seen: SeenTask, body: object, *, required: Collection[str] = (), means: Means, how: How = PLAINLY
) -> Changed:
    """Change a locked task the caller sees. Raises as `update_task`."""
    may_work = may_work_on_task(tx.actor, seen.named, seen.task)
    may_edit = how.may_edit or (tx.actor.kind == "member" and may_edit_task(tx.actor, seen.named, seen.task))
    require(may_work or may_edit, to="change this task")
    read = read_task(body, CHANGEABLE)
    if not (may_edit or seen.task.is_oneoff):
        read = without(read, "form_fields")
    work = _Work(
        seen,
        read,
        document=await stored.document_of(tx, seen.process, seen.task),
        tags=await stored.tags_of(tx, seen.task),
        settings=await organizations.settings_of(tx, tx.org),
    )
    work.changed -= await as_read(tx, seen.task, work.summary, work.said)
    _require_rights(tx, work, may_work=may_work, may_edit=may_edit)
    guards.require_changeable(seen.process)
    tasks.require_editable(seen.task)
    errors = work.errors() | missing(required, read.sent)
    assignment = await _assignment(tx, work, errors)
    fields = await _fields(tx, work, errors)
    current = await _current(tx, work, fields)
    accepted = await _accepted(tx, work, fields, current, errors)
    await _check_tags(tx, work, errors)
    if errors:
        raise Invalid(errors)
    edit = partial(edited, seen.task, work.said, week=calendar_of(work.settings), clean=stored_markup)
    work.leave_out(name for name in AS_STORED & work.changed if edit({name}) == seen.task)
    if assignment.owners.principals == seen.task.owners.principals:
        work.leave_out({"owners"})
    task = edit(work.changed)
    if "form_fields" in work.changed:
        opened = msgspec.structs.replace(task, taskdata=current)
        task = tasks.with_own_fields(opened, fields, tasks.fields_of(seen.task, work.document))
    if accepted is not None:
        task = tasks.answered(task, accepted.values)
    process, task = _recalculated(work, task)
    if "owners" in work.changed:
        task = msgspec.structs.replace(task, owners=assignment.owners)
        await guests.ensure(tx, means.secrets, assignment.owners.guests)
    if tasks.has_parts(task) and task.parts and not blockers_of(task, process):
        barred = await launchers.barred_from(tx, task, process)
        people = tasks.part_takers(task, assignment.people_of_groups, launchers=barred)
        task = tasks.without_missing_parts(task, people, fields, tx.now, zone=work.settings.timezone)
    saved, by_rules = await _save(tx, work, process, task, means)
    await _save_tags(tx, work)
    _record(tx, work, saved.task, accepted, how)
    if by_rules is not None:
        await launching.save_reaction(tx, by_rules, means)
    if how.is_undoable and work.changed == frozenset({"owners"}) and accepted is None:
        undo.remember(tx, "task.assigned", seen, saved, by_rules)
    return Changed(
        saved, [*read.ignored, *(f"taskdata.{key}" for key in accepted.ignored)] if accepted else read.ignored
    )


class _Work:
    """One update on its way: what was asked for, and what it would change."""

    def __init__(
        self,
        seen: SeenTask,
        read: Read,
        *,
        document: Template | None,
        tags: frozenset[str],
        settings: OrganizationSettings,
    ) -> None:
        self.seen = seen
        self.read = read
        self.said: TaskInput = read.said
        self.document = document
        self.tags = tags
        self.settings = settings
        # As it stands, variables unreplaced.
        self.summary = tasks.summary_of(seen.task, document)
        # What the log says of tasks whose deadlines followed.
        self.followed: tuple[Event, ...] = ()
        self.changed = changes(read.said, seen.task, summary=self.summary, tags=tags)

    def leave_out(self, names: Iterable[str]) -> None:
        """What comes to what there was."""
        self.changed -= frozenset(names)

    def errors(self) -> Errors:
        """Faults of what this task can be told; tags of a process task are passed over."""
        found = dict(self.read.errors)
        if not self.seen.task.is_oneoff:
            found = {path: each for path, each in found.items() if path.partition(".")[0] not in ON_ONE_OFFS_ONLY}
        return found | faults(self.said, self.seen.task, calendar_of(self.settings))

    @property
    def touches_the_task(self) -> bool:
        """Whether anything but answers would change; what cannot be read counts as a change (DEC-16)."""
        return bool(self.changed) or any(path != "taskdata" for path in self.errors())


def _require_rights(tx: WriteTx, work: _Work, *, may_work: bool, may_edit: bool) -> None:
    if not may_edit and work.touches_the_task:
        raise NotAllowed(FORM_ONLY)
    if not may_work and "taskdata" in work.read.sent:
        raise NotAllowed("You may not answer the form of this task.")
    owners = work.said.owners
    if tx.actor.is_light and owners is not UNSET and set(owners.guests) - set(work.seen.task.owners.guests):
        raise NotAllowed(NO_GUESTS)


async def _assignment(tx: WriteTx, work: _Work, errors: Errors) -> assigning.Assignment:
    """The assignees after the change, checked as far as they or their number change."""
    task, process = work.seen.task, work.seen.process
    most = task.max_assignable if work.said.max_assignable is UNSET else work.said.max_assignable
    if "owners" not in work.changed and "max_assignable" not in work.changed:
        needs_people = tasks.has_parts(task) and bool(task.parts)
        return assigning.Assignment(task.owners, await assigning.people_of(tx, task.owners) if needs_people else {}, {})
    sent = work.said.owners if isinstance(work.said.owners, Owners) else task.owners
    found = await assigning.checked(
        tx,
        sent,
        former=task.owners,
        most=most,
        allows_guests=task.allow_guest_owners,
        guest_only=work.settings.guest_only_assignment,
        accountable=(process.starter if process else None, task.starter, tx.actor.id),
    )
    problems = found.errors
    if "owners" not in work.changed:
        problems = {"max_assignable": problems["owners"]} if "owners" in problems else {}
        found = msgspec.structs.replace(found, owners=task.owners)
    errors |= {path: each for path, each in problems.items() if path not in errors}
    return found


async def _fields(tx: WriteTx, work: _Work, errors: Errors) -> tuple[Field, ...]:
    """The task's form after the change."""
    task, process, document = work.seen.task, work.seen.process, work.document
    former = tasks.fields_of(task, document)
    if "form_fields" not in work.changed or not isinstance(work.said.form_fields, list):
        return former
    try:
        definitions = lookup_lists.definitions_at("form_fields", work.said.form_fields, former)
        sent = await lookup_lists.fed(tx, definitions, errors)
        if task.is_oneoff or process is None or document is None:
            form = read_fields(sent, former, new_id=tx.new_id, now=tx.now)
        else:
            aliases = field_aliases(as_run(process, document)) | field_aliases(document)
            form = read_fields(
                sent,
                former,
                new_id=tx.new_id,
                now=tx.now,
                taken_aliases=aliases,
                typed_in=partial(typed_in_run, process, document, task),
            )
            require_used_fields(process, document, former, form)
    except Invalid as invalid:
        errors |= invalid.errors
        return former
    form = with_unchanged(form, former)
    if form == former:
        work.leave_out({"form_fields"})
    return form


async def _current(tx: ReadTx, work: _Work, fields: Sequence[Field]) -> dict[str, Any]:
    """The answers before the sent ones: with what fields begin with that were not open yet. Spec: T-11.25."""
    task = work.seen.task
    if "form_fields" in work.changed:
        known = {field.id for field in tasks.fields_of(task, work.document)}
        opening = [field for field in fields if field.id not in known]
    else:
        is_answered = "taskdata" in work.read.sent and answers_any(fields, work.said.taskdata)
        opening = list(fields) if is_answered and not was_opened(task) else []
    if not has_defaults(opening):
        return task.taskdata
    own = task if task.fields is None else msgspec.structs.replace(task, fields=msgspec.to_builtins(list(fields)))
    process = work.seen.process
    begun = await begun_task(tx, own, opening, work.settings, process=process, document=work.document)
    return begun.taskdata


async def _accepted(
    tx: WriteTx, work: _Work, fields: Collection[Field], current: Mapping[str, Any], errors: Errors
) -> Accepted | None:
    """The answers with the sent ones merged in; None when none were sent, or they are at fault."""
    if "taskdata" not in work.read.sent:
        return None
    former = work.seen.task.taskdata
    people = await answering.nameable(tx, list(fields), work.said.taskdata, former)
    try:
        return accept(
            list(fields),
            work.said.taskdata,
            current,
            key="taskdata",
            people=people,
            org_id=tx.organization_id,
            may_clear_required=True,
        )
    except Invalid as invalid:
        errors |= invalid.errors
        return None


async def _check_tags(tx: ReadTx, work: _Work, errors: Errors) -> None:
    if "tags" in work.changed and isinstance(work.said.tags, tuple):
        errors |= await unknown_tags(tx, work.said.tags)


async def unknown_tags(tx: ReadTx, sent: Collection[str]) -> Errors:
    known = await attachable.known_tags(tx, sent)
    return {f"tags.{index}": [UNKNOWN_TAG] for index, each in enumerate(sent) if each not in known}


def _recalculated(work: _Work, task: Task) -> tuple[Process | None, Task]:
    """The task with answers of its own and of others' calculated fields as they follow from it. Spec: T-11.64."""
    process, zone = work.seen.process, work.settings.timezone
    if "form_fields" not in work.changed and is_same(task.taskdata, work.seen.task.taskdata):
        return process, task
    if process is None:
        return None, task_recalculated(task, zone)
    after = recalculated(process.with_tasks(task), work.document, zone)
    return after, after.task(task.id)


async def _save(
    tx: WriteTx, work: _Work, process: Process | None, task: Task, means: Means
) -> tuple[SeenTask, Reacted | None]:
    """The task as it now is, and what rules made of it when the change completed it.

    `process` is as its own before, but for what was calculated anew.
    """
    before, former = work.seen.task, work.seen.process
    if process is None or former is None:
        if isinstance(work.said.position, int):
            task = msgspec.structs.replace(task, position=work.said.position)
        is_as_before = tasks.is_unchanged(task, before)
        return work.seen if is_as_before else await guards.save_changed_task(tx, work.seen, task), None
    after = process.with_tasks(task)
    if "position" in work.changed and isinstance(work.said.position, int):
        after = tasks.placed(after, task, work.said.position)
    after = await followed_up(tx, after, before, after.task(task.id), work.document, work.settings)
    work.followed = tuple(moves(former, after, task, "task.completed" if task.is_completed else "task.updated"))
    by_rules: Reacted | None = None
    if after.task(task.id).is_completed and task.step_id is not None and work.document is not None:
        happened_to = Occurrence("completed", task.step_id)
        by_rules = await injecting.reacted(tx, after, work.document, work.settings, happened_to, means)
        after = by_rules.process
    if after == former and tasks.is_unchanged(after.task(task.id), before):
        return work.seen, None
    saved = await guards.save_process(tx, former, after)
    return SeenTask(saved.task(task.id), saved, work.seen.named), by_rules


async def _save_tags(tx: WriteTx, work: _Work) -> None:
    if "tags" in work.changed and isinstance(work.said.tags, tuple):
        wanted = set(work.said.tags)
        await stored.remove_tags(tx, work.seen.task.seq, work.tags - wanted)
        await stored.add_tags(tx, {work.seen.task.seq: wanted - work.tags})


def _record(tx: WriteTx, work: _Work, task: Task, accepted: Accepted | None, how: How) -> None:
    process = task.process
    fields = sorted(work.changed - {"owners"})
    silent = {"notify": False} if how.is_silent else {}
    if fields:
        tx.record(happened("task.updated", task.id, process=process, fields=fields, **_told(work, task), **silent))
    if "owners" in work.changed:
        tx.record(assigned(task, work.seen.task.owners))
    if accepted is not None and accepted.changed:
        tx.record(happened("task.answered", task.id, process=process, fields=sorted(accepted.changed)))
    if task.is_completed:
        tx.record(completion_event(task))
    tx.record(*[msgspec.structs.replace(each, payload=each.payload | silent) for each in work.followed])


def _told(work: _Work, task: Task) -> dict[str, Any]:
    """What notices say besides: from when to when the deadline moved, and how the task was called and described."""
    before, found = work.seen.task, dict[str, Any]()
    if task.deadline != before.deadline:
        found["deadline"] = {"before": wire_or_none(before.deadline), "after": wire_or_none(task.deadline)}
    former = {
        name: value for name, value in (("title", before.title), ("summary", _summary(work))) if name in work.changed
    }
    return found | ({"former": former} if former else {})


def _summary(work: _Work) -> str:
    return excerpt(plain_text(work.summary or ""))
