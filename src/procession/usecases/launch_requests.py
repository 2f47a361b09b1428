"""What a launch is asked for, and everything that can be refused about it. Spec: api-processes 7."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from procession.domain import custom_values, launching, template_permissions
from procession.domain.assignees import unknown_assignees
from procession.domain.deadlines import Offset
from procession.domain.errors import Invalid, NotAllowed, NotFound
from procession.domain.field_keys import FieldKey, Record
from procession.domain.launching import Found, Request, Source, Surroundings
from procession.domain.names import MARK
from procession.domain.organizations import OrganizationSettings
from procession.domain.overrides import Override, read_overrides, read_roles
from procession.domain.processes import Owners
from procession.domain.templates import Template, TemplateRow
from procession.domain.values import People
from procession.domain.variables import Reader, own_reader
from procession.storage import (
    attachable,
    field_keys,
    groups,
    handovers,
    job_titles,
    members,
    organizations,
    people,
    references,
    template_grants,
    template_versions,
    templates,
)
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import absences, answering, guards
from procession.usecases.calendars import calendar_of

UNKNOWN_TEMPLATE = "There is no template with this id."


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A launch as it was asked for, nothing checked yet. None: not said."""

    template_id: str | None
    name: str | None = None
    summary: str | None = None
    owner: int | None = None
    starter: int | None = None
    starred: bool = False
    is_public: bool = False
    publicly_hidden_fields: tuple[str, ...] = ()
    assign_someone_else: bool = False
    parent_id: str | None = None
    prerun: object = None
    tasks: object = None
    roles: object = None
    users: tuple[int, ...] | None = None
    groups: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    folders: tuple[str, ...] | None = None
    custom_fields: Mapping[str, Any] | None = None
    name_pattern: str | None = None
    # The organization or a template asked for it: what the launcher may launch and see does not matter.
    is_by_setting: bool = False
    # Files of another process that are handed on with its answers: whether the launcher may read them does not matter.
    files: frozenset[str] = frozenset()


class Ready(msgspec.Struct, frozen=True):
    """A launch that was found to be right, with all it takes."""

    row: TemplateRow
    source: Source
    settings: OrganizationSettings
    request: Request
    around: Surroundings
    found: Found


async def checked(tx: WriteTx, wish: Wish, *, map_selects_steps: bool = False) -> Ready:
    """Everything about a launch that can be refused; nothing is created. Raises as `launch_process`."""
    if not wish.template_id:
        raise Invalid({"checklist_id": ["The checklist id field is required."]})
    row = await templates.find(tx, wish.template_id)
    if row is None:
        raise Invalid({"checklist_id": [UNKNOWN_TEMPLATE]})
    if not wish.is_by_setting and not template_permissions.may_launch(await template_grants.standing(tx, row)):
        raise NotAllowed(template_permissions.LAUNCH_REFUSED)
    launchable = await template_versions.for_launch(tx, row)
    document = launchable.document
    settings = await organizations.settings_of(tx, tx.org)
    source = Source(
        id=row.id, version=launchable.version, title=launchable.row.title, type=launchable.row.type, document=document
    )
    readers = await template_grants.process_readers(tx, row.id)
    request, around = await prepared(tx, wish, source, settings, readers=readers)
    around = msgspec.structs.replace(around, map_selects_steps=map_selects_steps)
    found = launching.check(source, request, around, at=tx.now)
    return Ready(row, source, settings, request, around, found)


async def inherited_keys(
    tx: ReadTx, document: Template, sent: Mapping[str, Any] | None = None
) -> Mapping[Record, Mapping[str, FieldKey]]:
    """The custom fields of processes and tasks; no statement when nothing is inherited or sent."""
    if sent or document.custom_fields or any(step.custom_fields for step in document.steps):
        return await field_keys.of_records(tx, ["process", "task"])
    return {"process": {}, "task": {}}


def _custom_fields(keys: Mapping[str, FieldKey], wish: Wish, document: Template) -> dict[str, Any]:
    """The template's values, where the launch says nothing else. Raises Invalid. Spec: api-processes 7.1, 14."""
    own = custom_values.checked(keys, wish.custom_fields or {})
    return custom_values.inherited(keys, document.custom_fields) | own


async def prepared(
    tx: ReadTx, wish: Wish, source: Source, settings: OrganizationSettings, *, readers: Iterable[str]
) -> tuple[Request, Surroundings]:
    """The checked request, and what the launch depends on; its numbers and its instant are the caller's to give.

    Raises Invalid.
    """
    request = await _checked(tx, wish, source.document, readers=readers)
    request = await _with_defaults(tx, request, wish, source.document, source.id)
    keys = await inherited_keys(tx, source.document, wish.custom_fields)
    own = _custom_fields(keys["process"], wish, source.document)
    around = await surroundings(tx, settings, source.document, request, handed_on=wish.files)
    return (
        msgspec.structs.replace(request, custom_fields=own),
        msgspec.structs.replace(around, task_keys=keys["task"]),
    )


async def _checked(tx: ReadTx, wish: Wish, document: Template, *, readers: Iterable[str]) -> Request:
    """Every id, person and shape of the request, all faults at once."""
    errors: dict[str, list[Any]] = {}
    overrides: dict[str, Override] = {}
    roles: dict[str, Owners] = {}
    try:
        overrides = read_overrides(wish.tasks, document)
    except Invalid as invalid:
        errors |= invalid.errors
    try:
        roles = read_roles(wish.roles)
    except Invalid as invalid:
        errors |= invalid.errors
    titles = await job_titles.known(tx, roles)
    errors |= {f"roles.{role}": ["There is no job title with this id."] for role in roles if role not in titles}
    errors |= await _people_errors(tx, wish, overrides, roles)
    if wish.parent_id is not None and not wish.is_by_setting:
        try:
            await guards.readable_process(tx, wish.parent_id)
        except NotFound:
            errors["parent_id"] = ["There is no process with this id."]
    errors |= await _tag_and_folder_errors(tx, wish)
    if errors:
        raise Invalid(errors)
    starter = wish.starter or tx.actor.id
    return Request(
        name=wish.name,
        summary=wish.summary or "",
        owner=wish.owner or starter,
        starter=starter,
        starred=wish.starred,
        is_public=wish.is_public,
        publicly_hidden_fields=wish.publicly_hidden_fields,
        assign_someone_else=wish.assign_someone_else,
        parent_id=wish.parent_id,
        prerun=wish.prerun,
        overrides=overrides,
        roles=roles,
        users=wish.users,
        groups=wish.groups,
        tags=frozenset(wish.tags or ()),
        folder=wish.folders[-1] if wish.folders else None,
        readers=tuple(readers),
        name_pattern=wish.name_pattern,
    )


async def _people_errors(
    tx: ReadTx, wish: Wish, overrides: Mapping[str, Override], roles: Mapping[str, Owners]
) -> dict[str, list[Any]]:
    named: dict[str, Owners] = {f"roles.{role}": owners for role, owners in roles.items()}
    named |= {f"tasks.{step}.owners": each.owners for step, each in overrides.items() if each.owners is not None}
    named["attached"] = Owners(wish.users or (), (), wish.groups or ())
    members = {user for owners in named.values() for user in owners.users}
    members |= {each for each in (wish.owner, wish.starter) if each is not None}
    known = await people.assignable(tx, members, {each for owners in named.values() for each in owners.groups})
    addresses = [each for owners in named.values() for each in owners.guests]
    taken = frozenset(await references.member_addresses(tx, addresses))
    errors: dict[str, list[Any]] = {}
    on_steps: list[dict[str, list[str]]] = []
    for path, owners in named.items():
        found = unknown_assignees(
            owners, path, members=frozenset(known.members), groups=frozenset(known.groups), taken=taken
        )
        if found and path.startswith("tasks."):
            on_steps.append({path.split(".")[1]: [message for messages in found.values() for message in messages]})
        else:
            errors |= {place.removeprefix("attached."): messages for place, messages in found.items()}
    if on_steps:
        errors["tasks"] = on_steps
    for field, member in (("owner_id", wish.owner), ("user_id", wish.starter)):
        if member is not None and member not in known.members:
            errors[field] = ["There is no active member with this id."]
    return errors


async def _tag_and_folder_errors(tx: ReadTx, wish: Wish) -> dict[str, list[Any]]:
    errors: dict[str, list[Any]] = {}
    known_tags = await attachable.known_tags(tx, wish.tags or ())
    for index, tag in enumerate(wish.tags or ()):
        if tag not in known_tags:
            errors[f"tags.{index}"] = ["There is no tag with this id."]
    known_folders = await attachable.known_process_folders(tx, wish.folders or ())
    for index, folder in enumerate(wish.folders or ()):
        if folder not in known_folders:
            errors[f"folders.{index}"] = ["There is no process folder with this id."]
    return errors


async def _with_defaults(tx: ReadTx, request: Request, wish: Wish, document: Template, template_id: str) -> Request:
    """Tags and folder of the template where it asks for some and none were given; never a refusal (DEC-31)."""
    if document.tag_process and not wish.tags:
        request = msgspec.structs.replace(request, tags=await attachable.tags_of_template(tx, template_id))
    if document.folderize_process and not wish.folders and document.default_folder is not None:
        known = await attachable.known_process_folders(tx, [document.default_folder])
        request = msgspec.structs.replace(request, folder=next(iter(known), None))
    return request


async def namer(tx: ReadTx, launcher: int, reader: Reader) -> Reader:
    """As the reader, by the clocks and in the date format of whoever launches. Spec: L-5.5."""
    member = await members.find_ever(tx, launcher)
    if member is None or member.is_bot:
        return reader
    return own_reader(reader, zone=member.timezone, date_format=member.profile.date_format)


async def surroundings(
    tx: ReadTx,
    settings: OrganizationSettings,
    document: Template,
    request: Request,
    *,
    others: Owners | None = None,
    handed_on: Collection[str] = (),
) -> Surroundings:
    """What making tasks of this document depends on; `others` may be among their people besides whom it names.

    `handed_on` are files that its answers may name whoever launches it.
    """
    former_guests = await members.with_addresses(tx, {guest for step in document.steps for guest in step.guests})
    wanted = {user for step in document.steps for user in step.assignees} | set(former_guests.values())
    wanted |= set() if others is None else set(others.users)
    in_groups = {group for step in document.steps for group in step.groups}
    chosen = [*request.roles.values(), *(each.owners for each in request.overrides.values() if each.owners)]
    chosen += [] if others is None else [others]
    in_groups |= {group for owners in chosen for group in owners.groups}
    known = await people.assignable(tx, wanted, in_groups)
    gone = {user for step in document.steps for user in step.assignees} - known.members
    successions = await handovers.successions(tx, gone)
    heirs = (await people.assignable(tx, {each.member for each in successions.values()}, ())).members
    known = msgspec.structs.replace(known, members=known.members | heirs)
    people_of = await groups.members_of(tx, known.groups)
    may_get_tasks = {request.starter, *known.members, *(user for owners in chosen for user in owners.users)}
    has_pickers = any(field.field_type == "assignees_form" for field in document.kickoff)
    names = await attachable.everybody(tx) if has_pickers else None
    reader = Reader(
        zone=settings.timezone,
        members=names.member_names if names else {},
        groups=names.group_names if names else {},
    )
    is_named_by_pattern = MARK in f"{request.name_pattern} {document.default_process_name_format}"
    return Surroundings(
        organization_id=tx.organization_id,
        week=calendar_of(settings),
        default_deadline=Offset(settings.default_deadline.value, settings.default_deadline.type),  # pyright: ignore[reportArgumentType]  # stored as one of the units
        guest_only=settings.guest_only_assignment,
        map_selects_steps=False,
        people=await answering.nameable(
            tx,
            document.kickoff,
            request.prerun,
            {},
            people=names.choosable if names else People(),
            handed_on=handed_on,
        ),
        active=frozenset(known.members),
        successions=successions,
        former_guests=former_guests,
        people_of_groups={
            group: (frozenset(each.members), frozenset(each.guests)) for group, each in people_of.items()
        },
        reader=reader,
        namer=await namer(tx, request.starter, reader) if is_named_by_pattern else reader,
        new_id=tx.new_id,
        absences=await absences.of_members(tx, may_get_tasks, tx.now, settings.timezone),
    )
