"""One-off tasks: made, attached to processes, fanned out, cloned, archived, erased. Spec: api-tasks 9, 13."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from procession.adapters.secrets import Secrets
from procession.adapters.text import stored_markup
from procession.domain import tasks
from procession.domain.assignees import with_accountable_member
from procession.domain.calculating.checking import typed
from procession.domain.calendar import WorkingWeek
from procession.domain.deadlines import Offset, deadline_from
from procession.domain.errors import Invalid, WrongState
from procession.domain.events import happened, parting
from procession.domain.fields import Field
from procession.domain.files import Holder, texts_of
from procession.domain.form_rules import with_new_ids
from procession.domain.names import clean_name, fold
from procession.domain.opening import quotes
from procession.domain.organizations import OrganizationSettings
from procession.domain.permissions import may_edit_task, require
from procession.domain.processes import Owners, Process, Task
from procession.domain.summary import INDEXED_NAME_LENGTH, settle
from procession.domain.task_changes import NOT_SHARED, order_faults, read_fields, shifted
from procession.domain.task_events import assigned
from procession.domain.task_input import (
    CREATABLE,
    REQUIRED_OF_NEW,
    Errors,
    TaskInput,
    missing,
    read_object,
    read_task,
    required,
)
from procession.domain.tasks import COPY_SUFFIX, MAX_TITLE, SHARED_TYPES
from procession.storage import (
    attachable,
    bin_contents,
    bin_items,
    files,
    links,
    organizations,
    people,
    processes,
    template_versions,
    templates,
)
from procession.storage import guests as stored_guests
from procession.storage import tasks as stored
from procession.storage.templates import SYSTEM_ALIAS
from procession.storage.tx import WriteTx
from procession.usecases import assigning, guards, guests, lookup_lists
from procession.usecases.calendars import calendar_of
from procession.usecases.guards import SeenTask
from procession.usecases.opening import begun_task
from procession.usecases.tasks import Changed, unknown_tags

ASSIGN_GUESTS = "assign guests: light members assign members and groups"
NO_AD_HOC = "Ad-hoc tasks not allowed for this process"
LINKED = "Cannot delete linked tasks."
OF_A_STEP = "A task that was made from a step cannot be deleted. Hide it instead."
STEP_IS_GONE = "The template has this step no more. The task comes back with a move to a version that has it."
NOT_ARCHIVED = "This task is not archived."
NOBODY_ASSIGNED = "The owners field must name at least one member, guest or group."
UNKNOWN_FOLDER = "There is no process folder with this id."
MAX_NAME = 550


class Made(msgspec.Struct, frozen=True):
    """The first of the tasks that were made, how many there are, and the sent keys that nothing is called."""

    seen: SeenTask
    is_fanned_out: bool
    ignored: list[str]


async def create_task(tx: WriteTx, body: object, *, secrets: Secrets) -> Made:
    """A one-off task; attached to a process with `run_id`, one for each assignee when that is asked for.

    Raises NotFound (the process), NotAllowed, ProcessArchived, ProcessLocked, Invalid. Spec: api-tasks 9.
    """
    read = read_task(body, CREATABLE)
    said = read.said
    guests_named = isinstance(said.owners, Owners) and bool(said.owners.guests)
    process = await _process_to_join(tx, said)
    require(not (tx.actor.is_light and guests_named), to=ASSIGN_GUESTS)
    if process is not None:
        require_room(process)
    settings = await organizations.settings_of(tx, tx.org)
    errors = read.errors | missing(REQUIRED_OF_NEW, read.sent) | _faults(said, calendar_of(settings))
    assignment = await _assignment(tx, said, settings, errors)
    fields = await _read_fields(tx, said, errors)
    folder = await _checked_places(tx, said, errors)
    if errors:
        raise Invalid(errors)
    model = _model(tx, said, calendar_of(settings))
    shares = _shares(tx, said, assignment, settings)
    to_guests = sorted({guest for owners in shares for guest in owners.guests})
    require(not (tx.actor.is_light and to_guests), to=ASSIGN_GUESTS)
    await guests.ensure(tx, secrets, to_guests)
    fans_out = said.separate_task_for_each_assignee is True
    if fans_out and process is None:
        process = await _container(tx, model.title)
    made = await _numbered(tx, [replace(model, owners=owners) for owners in shares], fields, process, settings)
    position = said.position if isinstance(said.position, int) else None
    saved = await _enter(tx, process, made, position)
    await stored.add_tags(tx, {task.seq: said.tags for task in made if isinstance(said.tags, tuple)})
    for task in made:
        if folder is not None:
            await links.file_task(tx, folder, task.seq)
        _record_creation(tx, task if saved.process is None else saved.process.task(task.id))
    return Made(saved, fans_out, read.ignored)


async def _process_to_join(tx: WriteTx, said: TaskInput) -> Process | None:
    if not isinstance(said.run_id, str):
        return None
    return (await guards.locked_process(tx, said.run_id)).process


def require_room(process: Process) -> None:
    """Raises ProcessArchived, ProcessLocked, WrongState. Spec: api-tasks 9.2."""
    guards.require_changeable(process)
    if not process.can_add_oot:
        raise WrongState(NO_AD_HOC)


def _faults(said: TaskInput, week: WorkingWeek) -> Errors:
    errors: Errors = {}
    if said.deadline is None:
        errors["deadline"] = [required("deadline")]
    if isinstance(said.started_at, int) and isinstance(said.deadline, int):
        errors |= order_faults(said.started_at, shifted(said.deadline, week))
    if isinstance(said.owners, Owners) and said.owners.is_empty:
        errors["owners"] = [NOBODY_ASSIGNED]
    if said.everyone_must_complete is True and said.task_type not in SHARED_TYPES:
        errors["everyone_must_complete"] = [NOT_SHARED]
    return errors


async def _assignment(
    tx: WriteTx, said: TaskInput, settings: OrganizationSettings, errors: Errors
) -> assigning.Assignment:
    found = await assigning.checked(
        tx,
        said.owners if isinstance(said.owners, Owners) else Owners(),
        most=said.max_assignable if isinstance(said.max_assignable, int) else 0,
        guest_only=settings.guest_only_assignment,
        accountable=(tx.actor.id,),
    )
    errors |= {path: each for path, each in found.errors.items() if path not in errors}
    return found


async def _read_fields(tx: WriteTx, said: TaskInput, errors: Errors) -> tuple[Field, ...]:
    if not isinstance(said.form_fields, list):
        return ()
    try:
        sent = await lookup_lists.fed(tx, lookup_lists.definitions_at("form_fields", said.form_fields), errors)
        return read_fields(sent, (), new_id=tx.new_id, now=tx.now)
    except Invalid as invalid:
        errors |= invalid.errors
        return ()


async def _checked_places(tx: WriteTx, said: TaskInput, errors: Errors) -> str | None:
    """The folder the task goes into: the last one named, as filing again moves. Tags are checked, too."""
    if isinstance(said.tags, tuple):
        errors |= await unknown_tags(tx, said.tags)
    wanted = said.folders if isinstance(said.folders, tuple) else ()
    known = await attachable.known_process_folders(tx, wanted)
    errors |= {f"folders.{index}": [UNKNOWN_FOLDER] for index, each in enumerate(wanted) if each not in known}
    return wanted[-1] if wanted else None


def _model(tx: WriteTx, said: TaskInput, week: WorkingWeek) -> Task:
    """The task without number, id, people and fields."""
    return Task(
        seq=0,
        id="",
        title=said.title if isinstance(said.title, str) else "",
        summary=stored_markup(said.summary) if isinstance(said.summary, str) else "",
        task_type=said.task_type if isinstance(said.task_type, str) else "task",
        started_at=said.started_at if isinstance(said.started_at, int) else tx.now,
        is_soft_start_date=said.is_soft_start_date is True,
        deadline=shifted(said.deadline, week) if isinstance(said.deadline, int) else None,
        deadline_by_hand=True,
        starter=tx.actor.id,
        is_oneoff=True,
        everyone_must_complete=said.everyone_must_complete is True,
        can_complete_only_assignees=said.can_complete_only_assignees is True,
        max_assignable=said.max_assignable if isinstance(said.max_assignable, int) else 0,
        prevent_guest_comment=said.prevent_guest_comment is True,
        top_secret=said.top_secret is True,
        webhook=said.webhook if isinstance(said.webhook, str) else None,
        linked_step_id=said.linked_step_id if isinstance(said.linked_step_id, str) else None,
        position=said.position if isinstance(said.position, int) else 1,
        created_at=tx.now,
        updated_at=tx.now,
    )


def _shares(
    tx: WriteTx, said: TaskInput, assignment: assigning.Assignment, settings: OrganizationSettings
) -> list[Owners]:
    """The assignees of each task to make: all of them on one, or one person on each. Spec: api-tasks 9.3 (DEC-58)."""
    if said.separate_task_for_each_assignee is not True or not isinstance(said.owners, Owners):
        return [assignment.owners]
    sent = said.owners
    in_groups = [assignment.people_of_groups.get(group, (frozenset[int](), frozenset[str]())) for group in sent.groups]
    members = dict.fromkeys((*sent.users, *(each for found in in_groups for each in sorted(found[0]))))
    outside = dict.fromkeys((*sent.guests, *(each for found in in_groups for each in sorted(found[1]))))
    alone = [Owners(guests=(guest,)) for guest in outside]
    only = settings.guest_only_assignment
    shares = [Owners(users=(member,)) for member in members]
    shares += [with_accountable_member(owners, tx.actor.id, guest_only=only) for owners in alone]
    return shares or [assignment.owners]


async def _container(tx: WriteTx, title: str) -> Process:
    """A new process on the hidden template, not entered yet, that holds the tasks of one fan-out."""
    if await templates.with_alias(tx, SYSTEM_ALIAS) is None:
        await tx.next_number("system_template")  # whoever makes it first; the others wait here for the commit
    row = await templates.system_template(tx)
    frozen = await template_versions.freeze(tx, row)
    seq, at = await tx.reserve("process", 1)
    name = clean_name(title)[:MAX_NAME].rstrip()
    folded = fold(name)
    return Process(
        seq=seq,
        id=tx.new_id(),
        template_id=row.id,
        template_version=frozen.version,
        template_title=row.title,
        type="procedure",
        name=name,
        folded_name=folded,
        sort_name=folded[:INDEXED_NAME_LENGTH],
        owner=tx.actor.id,
        starter=tx.actor.id,
        is_system=True,
        created_at=at,
        started_at=tx.now,
        updated_at=at,
    )


async def _numbered(
    tx: WriteTx,
    models: Sequence[Task],
    fields: Sequence[Field],
    process: Process | None,
    settings: OrganizationSettings,
) -> list[Task]:
    """The tasks with numbers, ids and fields of their own, their forms as they begin."""
    first, at = await tx.reserve("task", len(models))
    document = await stored.document_of(tx, process, models[0]) if quotes(fields) else None
    made: list[Task] = []
    for offset, model in enumerate(models):
        own = fields if offset == 0 else with_new_ids(fields, tx.new_id)
        task = replace(model, seq=first + offset, id=tx.new_id(), created_at=at, updated_at=at)
        task = tasks.with_own_fields(task, own)
        made.append(await begun_task(tx, task, own, settings, process=process, document=document))
    return made


async def _enter(tx: WriteTx, process: Process | None, made: Sequence[Task], position: int | None) -> SeenTask:
    """Save new tasks: alone, in a process that is there, or with their new container."""
    if process is None:
        await processes.add_task(tx, made[0])
        return SeenTask(made[0], None, frozenset())
    before = process
    for offset, task in enumerate(made):
        at = None if position is None else position + offset
        process = tasks.placed(process, replace(task, process=process.seq), at)
    if before.is_system and not before.tasks:
        saved = settle(process, tx.now)
        await processes.add(tx, saved)
        tx.record(happened("process.launched", saved.id, process=saved.seq, name=saved.name, tasks=len(saved.tasks)))
    else:
        saved = await guards.save_process(tx, before, process)
    return SeenTask(saved.task(made[0].id), saved, frozenset())


def _record_creation(tx: WriteTx, task: Task) -> None:
    tx.record(happened("task.created", task.id, process=task.process, title=task.title, task_type=task.task_type))
    if not task.owners.is_empty:
        tx.record(assigned(task))


async def clone_task(tx: WriteTx, task_id: str, body: object) -> Changed:
    """A one-off copy without answers and comments, right after the original; another title may be given.

    Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, WrongState, Invalid. Spec: api-tasks T17, X5.
    """
    seen = await guards.locked_task(tx, task_id)
    require(not tx.actor.is_light and may_edit_task(tx.actor, seen.named, seen.task), to="clone this task")
    if seen.process is not None:
        require_room(seen.process)
    tasks.require_live(seen.task)
    read = read_task(read_object(body), frozenset({"title"}))
    if read.errors:
        raise Invalid(read.errors)
    original = seen.task
    document = await stored.document_of(tx, seen.process, seen.task)
    settings = await organizations.settings_of(tx, tx.org)
    title = read.said.title if isinstance(read.said.title, str) else _copy_title(original.title)
    default = Offset(settings.default_deadline.value, settings.default_deadline.type)  # pyright: ignore[reportArgumentType]  # stored as one of the units
    copy = replace(
        original,
        title=title,
        summary=tasks.summary_of(original, document) or "",
        process=None,
        step_id=None,
        linked_step_id=original.step_id or original.linked_step_id,
        alias=None,
        blueprint_position=None,
        status="not-started",
        shown_status=None,
        hidden_by_hand=False,
        shown_by_hand=False,
        owners=await _still_assignable(tx, original.owners),
        taskdata={},
        parts={},
        approvals_needed=None,
        blocked_by=None,
        deadline=original.deadline or deadline_from(tx.now, default, calendar_of(settings)),
        is_held=False,
        deadline_by_hand=True,
        has_dependents=False,
        is_approved=None,
        completed_at=None,
        completer=None,
        completer_guest=None,
        starter=tx.actor.id,
        is_oneoff=True,
        open_problems=0,
        improvements=0,
    )
    # On its own a task calculates with its own fields only.
    known = typed([tasks.fields_of(original, document)])
    kept = [field for field in known.fields if field.id not in known.faults]
    fields = with_new_ids(kept, tx.new_id)
    made = await _numbered(tx, [copy], fields, seen.process, settings)
    saved = await _enter(tx, seen.process, made, original.position + 1)
    await stored.add_tags(tx, {made[0].seq: await stored.tags_of(tx, original)})
    await files.share_shown(tx, texts_of(original, seen.process), Holder("task", made[0].seq))
    _record_creation(tx, saved.task)
    return Changed(saved, read.ignored)


def _copy_title(title: str) -> str:
    return title[: MAX_TITLE - len(COPY_SUFFIX)] + COPY_SUFFIX


async def _still_assignable(tx: WriteTx, owners: Owners) -> Owners:
    """Without members and guests who have left since, and without groups that are gone."""
    known = await people.assignable(tx, owners.users, owners.groups)
    guests_known = await stored_guests.hold(tx, owners.guests)
    return Owners(
        users=tuple(each for each in owners.users if each in known.members),
        guests=tuple(each for each in owners.guests if each in guests_known),
        groups=tuple(each for each in owners.groups if each in known.groups),
    )


async def archive_task(tx: WriteTx, task_id: str) -> None:
    """Archive a stand-alone task; again changes nothing. Raises NotFound, NotAllowed, WrongState. Spec: T14."""
    seen = await _owned(tx, task_id, to="archive this task")
    if seen.process is not None:
        raise WrongState(LINKED)
    if seen.task.archived_at is None:
        await guards.save_changed_task(tx, seen, replace(seen.task, archived_at=tx.now))
        tx.record(happened("task.archived", task_id))


async def restore_task(tx: WriteTx, task_id: str) -> SeenTask:
    """Raises NotFound, NotAllowed, WrongState (it is not archived, or a move took it away, T-10.12). Spec: T15."""
    seen = await _owned(tx, task_id, to="restore this task")
    if seen.task.archived_at is None:
        raise WrongState(NOT_ARCHIVED)
    if seen.process is not None:
        raise WrongState(STEP_IS_GONE)
    restored = await guards.save_changed_task(tx, seen, replace(seen.task, archived_at=None))
    tx.record(happened("task.restored", task_id))
    return restored


async def delete_task(tx: WriteTx, task_id: str) -> None:
    """Put a one-off task into the bin, with everything on it. Raises NotFound, NotAllowed, ProcessArchived,
    ProcessLocked, WrongState (it was made from a step). Spec: T16.
    """
    seen = await _owned(tx, task_id, to="delete this task")
    guards.require_changeable(seen.process)
    if not seen.task.is_oneoff:
        raise WrongState(OF_A_STEP)
    content = await bin_contents.of_task(tx, seen.task)
    if seen.process is None:
        await processes.remove_task(tx, seen.task)
    else:
        rest = tuple(task for task in seen.process.tasks if task.seq != seen.task.seq)
        await guards.save_process(tx, seen.process, replace(seen.process, tasks=rest))
    await bin_items.keep(tx, "task", task_id, seen.task.title, content)
    tx.record(parting("task.deleted", seen.task, process=seen.task.process, title=seen.task.title))


async def _owned(tx: WriteTx, task_id: str, *, to: str) -> SeenTask:
    """A locked task that the caller made, or any for an administrator. Raises NotFound, NotAllowed."""
    seen = await guards.locked_task(tx, task_id)
    is_creator = seen.task.is_oneoff and tx.actor.kind == "member" and seen.task.starter == tx.actor.id
    require(tx.actor.is_admin or is_creator, to=to)
    return seen
