"""What a launch makes of a template: the process with its tasks, names, people and dates. Spec: behaviour-launching."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from procession.domain.absences import Absences, week_of, with_deputies
from procession.domain.answers import Accepted, accept, submit, with_defaults
from procession.domain.assignees import head_count, holds_guests, merged, with_accountable_member
from procession.domain.automations.following import with_initial_visibility
from procession.domain.calculating.process import recalculated
from procession.domain.calculating.sheet import shown_answers
from procession.domain.calendar import WorkingWeek, local_day
from procession.domain.custom_values import inherited
from procession.domain.deadlines import Offset, PlannedDeadline, deadline_from, plan_deadlines, soft_start
from procession.domain.errors import Invalid
from procession.domain.field_keys import FieldKey
from procession.domain.handing_over import Succession
from procession.domain.names import fold, process_name, system_variables
from procession.domain.opening import opened
from procession.domain.overrides import Override
from procession.domain.processes import Owners, Process, ProcessType, Task
from procession.domain.quoting import Quoted
from procession.domain.summary import INDEXED_NAME_LENGTH
from procession.domain.templates import Step, Template
from procession.domain.values import People
from procession.domain.variables import Reader, name_variables


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
    # What names it when no name is sent, before the template's pattern; variables stand in it.
    name_pattern: str | None = None


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
    # Members that addresses among the template's guests belong to by now.
    former_guests: Mapping[str, int]
    people_of_groups: Mapping[str, tuple[frozenset[int], frozenset[str]]]
    reader: Reader
    # Whose clocks and date format a generated name keeps to: the launcher's. Spec: L-5.5.
    namer: Reader
    new_id: Callable[[], str]
    # Keys of custom fields that tasks have.
    task_keys: Mapping[str, FieldKey] = {}
    # When those who may be given tasks are away. Spec: L-9.25, L-9.26.
    absences: Absences = {}
    # Who has taken over from members among the template's assignees who left. Spec: L-8.9.
    successions: Mapping[int, Succession] = {}


def bare_request(starter: int) -> Request:
    """A launch by this member that says nothing of its own."""
    return Request(
        name=None,
        summary="",
        owner=starter,
        starter=starter,
        starred=False,
        is_public=False,
        publicly_hidden_fields=(),
        assign_someone_else=False,
        parent_id=None,
        prerun=None,
        overrides={},
        roles={},
        users=None,
        groups=None,
        tags=frozenset(),
        folder=None,
        readers=(),
    )


class Found(msgspec.Struct, frozen=True):
    """What a launch has been found to be right with: the answers, the sent keys that no field has, and who gets the
    task of each step.
    """

    answers: dict[str, object]
    ignored: list[str]
    owners: Mapping[str, Owners]


class Numbers(msgspec.Struct, frozen=True):
    """The numbers that a launch was given, and its instant.

    `entered_at` is not before that of any smaller number, whatever the clock did since: lists in order of creation go
    by the numbers.
    """

    process: int
    first_task: int
    at: int
    entered_at: int


def check(source: Source, request: Request, around: Surroundings, *, at: int) -> Found:
    """The answers and assignees of a launch asked for at that instant. Raises Invalid with every fault of both."""
    errors: dict[str, list[Any]] = {}
    answers: dict[str, object] = {}
    ignored: list[str] = []
    try:
        accepted = _answers(source, request, around, today=local_day(at, around.week.zone))
        answers, ignored = accepted.values, accepted.ignored
    except Invalid as invalid:
        errors |= invalid.errors
    owners: dict[str, Owners] = {}
    problems: list[dict[str, list[str]]] = []
    for step in _launched_steps(source, request, around):
        given = request.overrides.get(step.id) or Override()
        owners[step.id] = assigned(step, given, request, around)
        problem = _assignment_problem(step, given, owners[step.id], around)
        if problem is not None:
            problems.append({step.id: [problem]})
    if problems:
        errors["tasks"] = problems
    if errors:
        raise Invalid(errors)
    return Found(answers, ignored, owners)


def launch(source: Source, request: Request, around: Surroundings, found: Found, numbers: Numbers) -> Process:
    """The process that a launch makes which was found to be right, before its rules."""
    document = source.document
    today = local_day(numbers.at, around.week.zone)
    shown = shown_answers(document.kickoff, found.answers, around.reader.zone)
    name = process_name(
        sent=request.name,
        title=source.title,
        pattern=_name_pattern(document, request),
        auto_naming=document.auto_naming,
        may_change=document.allow_launcher_change_name,
        answers=name_variables(document.kickoff, shown, around.namer),
        launched_on=today,
        day_form=around.namer.day_form,
    )
    form: Literal["complete", "incomplete"] | None = None
    if document.kickoff:
        form = "incomplete" if request.assign_someone_else else "complete"
    folded = fold(name)
    process = Process(
        seq=numbers.process,
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
        prerun=found.answers,
        prerun_status=form,
        prerun_completed_at=numbers.at if form == "complete" else None,
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
        created_at=numbers.entered_at,
        started_at=numbers.at,
        updated_at=numbers.entered_at,
        tasks=tasks_of(source, request, around, found, numbers),
        tags=request.tags,
        folder=request.folder,
        starred_by=frozenset({request.starter} if request.starred else ()),
    )
    process = with_initial_visibility(recalculated(process, document, around.reader.zone), document)
    return opened(None, process, document, today=today, reader=around.reader)


def _name_pattern(document: Template, request: Request) -> str | None:
    """The launch's own, unless the template names its processes whatever anybody says. Spec: L-5.2."""
    is_fixed = document.auto_naming and not document.allow_launcher_change_name
    own = None if is_fixed else request.name_pattern
    return own or document.default_process_name_format


def _answers(source: Source, request: Request, around: Surroundings, *, today: date) -> Accepted:
    fields = source.document.kickoff
    common: dict[str, Any] = {"key": "prerun", "people": around.people, "org_id": around.organization_id}
    common["zone"] = around.reader.zone
    quoted = Quoted([fields], {}, around.reader, system_variables(template_name=source.title, launched_on=today))
    if request.assign_someone_else:
        accepted = accept(fields, request.prerun, {}, may_clear_required=True, **common)
        begins: dict[str, Any] = {"today": today, "zone": around.reader.zone, "quoted": quoted}
        values = with_defaults(fields, accepted.values, except_for=accepted.cleared, **begins)
        return replace(accepted, values=values)
    return submit(fields, request.prerun, today=today, quoted=quoted, **common)


def _launched_steps(source: Source, request: Request, around: Surroundings) -> list[Step]:
    """Those that get a task: every one that is not left out (L-7.2), as overrides only override (DEC-30), unless the
    server lets them select.
    """
    if source.type != "procedure":
        return []
    selects = around.map_selects_steps and request.overrides
    skipped = {step_id for step_id, given in request.overrides.items() if given.skip}
    steps = [step for step in source.document.steps if step.id not in skipped]
    return [step for step in steps if not selects or step.id in request.overrides]


def tasks_of(
    source: Source, request: Request, around: Surroundings, found: Found, numbers: Numbers
) -> tuple[Task, ...]:
    """One task for each launched step. Spec: L-7.10 to L-9.18."""
    steps = source.document.steps
    explicit = {key: each.deadline for key, each in request.overrides.items() if each.deadline is not None}
    rules = [(step.id, step.deadline) for step in steps]
    weeks = {key: week_of(each, around.week, around.absences) for key, each in found.owners.items()}
    planned = plan_deadlines(rules, numbers.at, around.default_deadline, around.week, explicit, weeks)
    anchors = {step.deadline.step for step in steps}
    places = {step.id: place for place, step in enumerate(steps, start=1)}
    tasks = [
        replace(
            task_of(
                step, _owners(found, planned, step, around), planned[step.id], places[step.id], request, around, numbers
            ),
            seq=numbers.first_task + count,
            has_dependents=step.id in anchors,
        )
        for count, step in enumerate(_launched_steps(source, request, around))
    ]
    return _in_asked_positions(tasks, request.overrides)


def _owners(found: Found, planned: Mapping[str, PlannedDeadline], step: Step, around: Surroundings) -> Owners:
    due_on = local_day(planned[step.id].at, around.week.zone)
    return with_deputies(found.owners[step.id], due_on, around.absences)


def named_in(step: Step, around: Surroundings) -> Owners:
    """Whom the step names, with those in their places who have taken over from members who left. Spec: L-8.9."""
    owners = Owners(step.assignees, step.guests, step.groups)
    for user in step.assignees:
        if user in around.successions:
            owners = around.successions[user].owners(owners, allows_guests=step.allow_guest_owners)
    return owners


def assigned(step: Step, given: Override, request: Request, around: Surroundings) -> Owners:
    """First wins: the request, the template with its job titles, launcher, nobody. Spec: L-7.4, L-8.1 to L-8.6."""
    if given.unassigned:
        return Owners()
    if given.owners is not None and not given.owners.is_empty:
        owners = given.owners
    else:
        wanted = named_in(step, around)
        named = (*wanted.users, *(around.former_guests.get(guest) for guest in wanted.guests))
        users = tuple(dict.fromkeys(user for user in named if user in around.active))
        guests = tuple(guest for guest in wanted.guests if guest not in around.former_guests)
        groups = tuple(group for group in wanted.groups if group in around.people_of_groups)
        owners = Owners(users, guests, groups)
        for role in step.roles:
            owners = merged(owners, request.roles.get(role, Owners()))
        if owners.is_empty and step.assign_run_starter and not step.roles:
            owners = Owners(users=(request.starter,))
    return with_accountable_member(owners, request.starter, guest_only=around.guest_only)


def without_absent_starter(owners: Owners, request: Request, around: Surroundings) -> Owners:
    """Whoever launched the process long ago may have left."""
    if request.starter in around.active:
        return owners
    return replace(owners, users=tuple(each for each in owners.users if each != request.starter))


def _filling(step: Step, given: Override, request: Request) -> tuple[str, ...]:
    """The job titles that the task's people come from. Spec: api-tasks 6."""
    if given.unassigned or (given.owners is not None and not given.owners.is_empty):
        return ()
    return tuple(role for role in step.roles if role in request.roles and not request.roles[role].is_empty)


def _assignment_problem(step: Step, given: Override, owners: Owners, around: Surroundings) -> str | None:
    if given.owners is not None and not step.allow_guest_owners:
        if given.owners.guests:
            return f"Guests may not be assigned to the step {step.title}."
        if any(holds_guests(group, around.people_of_groups) for group in given.owners.groups):
            return f"Guests may not be assigned to the step {step.title}, and there are some in the group."
    cap = step.max_assignable if given.max_assignable is None else given.max_assignable
    if cap and head_count(owners, around.people_of_groups) > cap:
        return f"At most {cap} people may be assigned to the step {step.title}."
    return None


def task_of(
    step: Step,
    owners: Owners,
    planned: PlannedDeadline,
    place: int,
    request: Request,
    around: Surroundings,
    numbers: Numbers,
) -> Task:
    """The task of a step at this place, without its number; its start counts from the instant of the numbers."""
    given = request.overrides.get(step.id) or Override()
    if given.started_at is not None:
        started_at = given.started_at
    elif step.is_soft_start_date:
        started_at = soft_start(planned.at)
    else:
        started_at = deadline_from(numbers.at, step.start_date, around.week)
    return Task(
        seq=0,
        id=around.new_id(),
        process=numbers.process,
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
        approvals_needed=step.approvals_needed,
        blocked_by=step.blocked_by,
        can_complete_only_assignees=step.can_complete_only_assignees,
        max_assignable=step.max_assignable if given.max_assignable is None else given.max_assignable,
        allow_guest_owners=step.allow_guest_owners,
        prevent_guest_comment=step.prevent_guest_comment,
        top_secret=step.top_secret,
        send_chromeless=step.send_chromeless,
        webhook=step.webhook,
        custom_fields=inherited(around.task_keys, step.custom_fields),
        created_at=numbers.entered_at,
        updated_at=numbers.entered_at,
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
