"""What a launch makes of a template: the process with its tasks, names, people and dates. Spec: behaviour-launching."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from procession.domain.answers import accept, fold_map, submit
from procession.domain.assignees import head_count, merged, read_owners, with_accountable_member
from procession.domain.calendar import WorkingWeek, local_day
from procession.domain.custom_values import inherited
from procession.domain.deadlines import Offset, PlannedDeadline, deadline_from, plan_deadlines, soft_start
from procession.domain.errors import Invalid
from procession.domain.field_keys import FieldKey
from procession.domain.loose import as_int, as_object
from procession.domain.names import fold, process_name
from procession.domain.processes import Owners, Process, ProcessType, Task
from procession.domain.summary import INDEXED_NAME_LENGTH
from procession.domain.templates import MAX_STEP_TITLE, Step, Template
from procession.domain.times import parse_instant
from procession.domain.values import People
from procession.domain.variables import Reader, name_variables

MAX_POSITION = 9999


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """What a launch says about one step. Spec: api-processes 7.3."""

    owners: Owners | None = None
    deadline: int | None = None
    started_at: int | None = None
    position: int | None = None
    max_assignable: int | None = None
    title: str | None = None
    summary: str | None = None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The frozen template version that is launched."""

    id: str
    version: int
    title: str
    type: ProcessType
    document: Template


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A launch whose names, ids and people have been found to exist."""

    name: str | None
    summary: str
    owner: int
    starter: int
    starred: bool
    is_public: bool
    publicly_hidden_fields: tuple[str, ...]
    assign_someone_else: bool
    parent_id: str | None
    prerun: object
    overrides: Mapping[str, Override]
    roles: Mapping[str, Owners]
    users: tuple[int, ...] | None
    groups: tuple[str, ...] | None
    tags: frozenset[str]
    folder: str | None
    readers: tuple[str, ...]
    custom_fields: dict[str, Any] = {}


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a launch depends on besides template and request."""

    organization_id: str
    week: WorkingWeek
    default_deadline: Offset
    guest_only: bool
    # Server setting launch_tasks_map_selects_steps: a tasks map creates only the steps it names (DEC-30).
    map_selects_steps: bool
    # Whom assignee answers may name.
    people: People
    # Active members among the template's assignees, and who belongs to which group.
    active: frozenset[int]
    people_of_groups: Mapping[str, tuple[frozenset[int], frozenset[str]]]
    reader: Reader
    launched_at: int
    process_seq: int
    first_task_seq: int
    new_id: Callable[[], str]
    # Keys of custom fields that tasks have.
    task_keys: Mapping[str, FieldKey] = {}


class Launched(msgspec.Struct, frozen=True):
    """The new process, not settled yet, and the sent kick-off keys that no field has."""

    process: Process
    ignored: list[str]


def read_overrides(raw: object, template: Template) -> dict[str, Override]:
    """The `tasks` map, keyed by step id (or alias). Raises Invalid on `tasks`, as a list of `{step: [messages]}`."""
    sent = fold_map(raw)
    if sent is None:
        raise Invalid({"tasks": ["The tasks must be an object keyed by step."]})
    by_key = {step.alias: step for step in template.steps} | {step.id: step for step in template.steps}
    found: dict[str, Override] = {}
    errors: list[dict[str, list[str]]] = []
    for key, value in sent.items():
        step = by_key.get(key) or by_key.get(key.lower())
        if step is None:
            errors.append({key: [f"The task {key} is not part of the template"]})
            continue
        try:
            found[step.id] = _read_override(value)
        except Invalid as invalid:
            errors.append({step.id: [message for messages in invalid.errors.values() for message in messages]})
    if errors:
        raise Invalid({"tasks": errors})
    return found


def _read_override(raw: object) -> Override:
    sent = as_object(raw)
    if sent is None:
        if raw in (None, []):
            return Override()
        raise Invalid({"task": ["The overrides of a task must be an object."]})
    nested = as_object(sent.get("taskdata")) or {}
    errors: dict[str, list[str]] = {}

    def read(name: str, value: object, reader: Callable[[Any], Any]) -> Any:
        if value is None or value == "":
            return None
        try:
            return reader(value)
        except ValueError as problem:
            errors[name] = [f"The {name.replace('_', ' ')}: {problem}"]
        except Invalid as invalid:
            errors.update(invalid.errors)
        return None

    override = Override(
        owners=read("owners", sent.get("owners"), read_owners),
        deadline=read("deadline", sent.get("deadline", nested.get("deadline")), parse_instant),
        started_at=read("started_at", sent.get("started_at"), parse_instant),
        position=read("position", sent.get("position"), lambda value: _whole(value, 1, MAX_POSITION)),
        max_assignable=read("max_assignable", sent.get("max_assignable"), lambda value: _whole(value, 0, 1 << 31)),
        title=read("title", sent.get("title"), lambda value: _text(value, MAX_STEP_TITLE)),
        summary=read("summary", sent.get("summary"), lambda value: _text(value, None)),
    )
    if errors:
        raise Invalid(errors)
    return override


def _whole(value: object, least: int, most: int) -> int:
    number = as_int(value)
    if number is None or not least <= number <= most:
        raise ValueError(f"write a whole number from {least} to {most}.")
    return number


def _text(value: object, most: int | None) -> str:
    if not isinstance(value, str):
        raise ValueError("write a text.")  # noqa: TRY004  # a client's mistake, collected with the others
    if most is not None and len(value) > most:
        raise ValueError(f"write at most {most} characters.")
    return value


def read_roles(raw: object) -> dict[str, Owners]:
    """The `roles` map: people chosen for job titles. Raises Invalid on `roles.<id>`."""
    sent = fold_map(raw)
    if sent is None:
        raise Invalid({"roles": ["The roles must be an object keyed by job title."]})
    return {key.lower(): read_owners(value, f"roles.{key}") for key, value in sent.items()}


def launch(source: Source, request: Request, around: Surroundings) -> Launched:
    """The process a launch makes. Raises Invalid with every fault of answers and assignments; then nothing exists."""
    document = source.document
    today = local_day(around.launched_at, around.week.zone)
    answers = _answers(source, request, around)
    name = process_name(
        sent=request.name,
        title=source.title,
        pattern=document.default_process_name_format,
        auto_naming=document.auto_naming,
        may_change=document.allow_launcher_change_name,
        answers=name_variables(document.kickoff, answers.values, around.reader),
        launched_on=today,
    )
    form: Literal["complete", "incomplete"] | None = None
    if document.kickoff:
        form = "incomplete" if request.assign_someone_else else "complete"
    folded = fold(name)
    process = Process(
        seq=around.process_seq,
        id=around.new_id(),
        template_id=source.id,
        template_version=source.version,
        template_title=source.title,
        type=source.type,
        name=name,
        folded_name=folded,
        sort_name=folded[:INDEXED_NAME_LENGTH],
        summary=request.summary,
        owner=request.owner,
        starter=request.starter,
        prerun=answers.values,
        prerun_status=form,
        prerun_completed_at=around.launched_at if form == "complete" else None,
        prerun_completed_by=request.starter if form == "complete" else None,
        prerun_length=len(document.kickoff),
        assign_someone_else=request.assign_someone_else,
        users=document.users if request.users is None else request.users,
        groups=document.groups if request.groups is None else request.groups,
        readers=request.readers,
        publicly_hidden_fields=request.publicly_hidden_fields,
        is_public=request.is_public,
        can_add_oot=document.can_add_oot,
        parent_id=request.parent_id,
        custom_fields=request.custom_fields,
        created_at=around.launched_at,
        started_at=around.launched_at,
        updated_at=around.launched_at,
        tasks=_tasks(source, request, around),
        tags=request.tags,
        folder=request.folder,
        starred_by=frozenset({request.starter} if request.starred else ()),
    )
    return Launched(process, answers.ignored)


class _Answers(msgspec.Struct, frozen=True):
    values: dict[str, object]
    ignored: list[str]


def _answers(source: Source, request: Request, around: Surroundings) -> _Answers:
    fields = source.document.kickoff
    common: dict[str, Any] = {"key": "prerun", "people": around.people, "org_id": around.organization_id}
    if request.assign_someone_else:
        found = accept(fields, request.prerun, {}, may_clear_required=True, **common)
    else:
        today = local_day(around.launched_at, around.week.zone)
        found = submit(fields, request.prerun, today=today, **common)
    return _Answers(found.values, found.ignored)


def _tasks(source: Source, request: Request, around: Surroundings) -> tuple[Task, ...]:
    """One task for each step; overrides only override (DEC-30). Spec: L-7.10 to L-9.18."""
    if source.type != "procedure":
        return ()
    steps = source.document.steps
    explicit = {key: each.deadline for key, each in request.overrides.items() if each.deadline is not None}
    rules = [(step.id, step.deadline) for step in steps]
    planned = plan_deadlines(rules, around.launched_at, around.default_deadline, around.week, explicit)
    anchors = {step.deadline.step for step in steps}
    errors: list[dict[str, list[str]]] = []
    tasks: list[Task] = []
    for place, step in enumerate(steps, start=1):
        override = request.overrides.get(step.id)
        if around.map_selects_steps and request.overrides and override is None:
            continue
        given = override or Override()
        owners = _assigned(step, given, request, around)
        problem = _assignment_problem(step, given, owners, around)
        if problem is not None:
            errors.append({step.id: [problem]})
        made = _task(step, given, owners, planned[step.id], place, request, around)
        tasks.append(replace(made, seq=around.first_task_seq + len(tasks), has_dependents=step.id in anchors))
    if errors:
        raise Invalid({"tasks": errors})
    return _in_asked_positions(tasks, request.overrides)


def _assigned(step: Step, given: Override, request: Request, around: Surroundings) -> Owners:
    """First match wins: the request, the template with its job titles, the launcher, nobody. Spec: L-8.1 to L-8.6."""
    if given.owners is not None and not given.owners.is_empty:
        owners = given.owners
    else:
        kept = tuple(user for user in step.assignees if user in around.active)
        groups = tuple(group for group in step.groups if group in around.people_of_groups)
        owners = Owners(kept, step.guests, groups)
        for role in step.roles:
            owners = merged(owners, request.roles.get(role, Owners()))
        if owners.is_empty and step.assign_run_starter and not step.roles:
            owners = Owners(users=(request.starter,))
    return with_accountable_member(owners, request.starter, guest_only=around.guest_only)


def _filling(step: Step, given: Override, request: Request) -> tuple[str, ...]:
    """The job titles that the task's people come from. Spec: api-tasks 6."""
    if given.owners is not None and not given.owners.is_empty:
        return ()
    return tuple(role for role in step.roles if role in request.roles and not request.roles[role].is_empty)


def _assignment_problem(step: Step, given: Override, owners: Owners, around: Surroundings) -> str | None:
    if given.owners is not None and given.owners.guests and not step.allow_guest_owners:
        return f"Guests may not be assigned to the step {step.title}."
    cap = step.max_assignable if given.max_assignable is None else given.max_assignable
    if cap and head_count(owners, around.people_of_groups) > cap:
        return f"At most {cap} people may be assigned to the step {step.title}."
    return None


def _task(
    step: Step,
    given: Override,
    owners: Owners,
    planned: PlannedDeadline,
    place: int,
    request: Request,
    around: Surroundings,
) -> Task:
    if given.started_at is not None:
        started_at = given.started_at
    elif step.is_soft_start_date:
        started_at = soft_start(planned.at)
    else:
        started_at = deadline_from(around.launched_at, step.start_date, around.week)
    return Task(
        seq=0,
        id=around.new_id(),
        process=around.process_seq,
        step_id=step.id,
        title=given.title or step.title,
        summary=given.summary,
        alias=step.alias,
        task_type=step.step_type,
        position=place,
        blueprint_position=place,
        stage_id=step.stage_id,
        owners=owners,
        roles=_filling(step, given, request),
        started_at=started_at,
        is_soft_start_date=step.is_soft_start_date,
        deadline=planned.at,
        is_held=planned.held,
        deadline_by_hand=given.deadline is not None,
        starter=request.starter,
        everyone_must_complete=step.everyone_must_complete,
        can_complete_only_assignees=step.can_complete_only_assignees,
        max_assignable=step.max_assignable if given.max_assignable is None else given.max_assignable,
        allow_guest_owners=step.allow_guest_owners,
        prevent_guest_comment=step.prevent_guest_comment,
        top_secret=step.top_secret,
        send_chromeless=step.send_chromeless,
        webhook=step.webhook,
        custom_fields=inherited(around.task_keys, step.custom_fields),
        created_at=around.launched_at,
        updated_at=around.launched_at,
    )


def _in_asked_positions(tasks: list[Task], overrides: Mapping[str, Override]) -> tuple[Task, ...]:
    """Tasks in display order: those with a position of their own at it, the others in template order around them."""
    asked = {task.seq: overrides[step].position for task in tasks if (step := task.step_id) in overrides and step}
    ordered = [task for task in tasks if asked.get(task.seq) is None]
    for task in sorted(tasks, key=lambda each: asked.get(each.seq) or 0):
        position = asked.get(task.seq)
        if position is not None:
            ordered.insert(min(position - 1, len(ordered)), task)
    return tuple(replace(task, position=place) for place, task in enumerate(ordered, start=1))
