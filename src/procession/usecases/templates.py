"""Templates: create and change. Spec: api-templates 2, behaviour-templates 1-4, 10."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from procession.domain.calculating.checking import with_result_types
from procession.domain.document_text import stored_body, without_field
from procession.domain.errors import Invalid, NotAllowed, NotFound
from procession.domain.events import Event, happened
from procession.domain.fields import Field
from procession.domain.loose import as_object
from procession.domain.names import clean_name, fold, slug, variables_in
from procession.domain.template_copying import field_aliases
from procession.domain.template_permissions import (
    default_grants,
    may_create,
    may_relabel,
    require_edit,
    require_read,
)
from procession.domain.template_steps import dated_as_changed, numbered, require_unused, with_kickoff
from procession.domain.templates import MAX_TITLE, Settings, Template, TemplateHead, TemplateRow, TemplateType
from procession.domain.watchers import DefaultWatcher
from procession.domain.wording import quoted
from procession.storage import (
    organizations,
    public_templates,
    template_backups,
    template_grants,
    template_versions,
    templates,
)
from procession.storage.tx import WriteTx
from procession.usecases import lookup_lists, public_kickoff_links
from procession.usecases import template_checks as checks
from procession.usecases.template_access import Opened, editable, found, require_live, save_document, told_changes

URLS = ("webhook", "explanation_video", "public_cover")
# Besides the unchanged title, these need less than EDIT.
OPEN_NAMES = frozenset({"starred", "status"})
ALIAS_SUFFIX = 8
TYPE_IS_PUBLISHED = "The type is published with the template: switch dual versions off to change it."


class TemplateInput(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller says about a template; what is UNSET stays as it is.

    `settings` are names and values of `domain.templates.Settings` without the kick-off form, whose fields come as
    they were sent, in `kickoff`.
    """

    title: str
    type: TemplateType | UnsetType = UNSET
    status: str | UnsetType | None = UNSET
    alias: str | UnsetType = UNSET
    owner: int | UnsetType = UNSET
    created_by: int | UnsetType = UNSET
    folder_id: str | UnsetType | None = UNSET
    is_pinned: bool | UnsetType = UNSET
    starred: bool | UnsetType = UNSET
    settings: dict[str, Any] = {}
    kickoff: list[Any] | UnsetType = UNSET


async def require_creator(tx: WriteTx) -> None:
    """Raises NotAllowed. Spec: T-1.3."""
    settings = await organizations.settings_of(tx, tx.org)
    if not may_create(tx.actor, allow_creation=settings.allow_template_creation):
        raise NotAllowed("You may not create templates in this organization.")


async def create_template(tx: WriteTx, given: TemplateInput) -> TemplateRow:
    """A new template of the caller, who has passed `require_creator`; raises Invalid. Spec: api-templates T3."""
    errors: checks.Errors = {}
    title = checks.checked_title(given.title, MAX_TITLE, errors)
    read: Sequence[Field] = ()
    ids: dict[str, str] = {}
    if given.type is UNSET:
        errors["type"] = [checks.required("type")]
    settings = await _checked_settings(tx, given, Template(), errors)
    if given.kickoff is not UNSET:
        sent = await _fed(tx, given.kickoff, (), errors)
        read = checks.read_kickoff(tx, sent, (), (), errors, ids)
        settings["kickoff"] = with_kickoff((), read)
    if errors or given.type is UNSET:
        raise Invalid(errors)
    if settings.get("body"):
        settings["body"] = stored_body(settings["body"], ids)
    checks.require_text(given.type, Template(**settings), _places(read))
    checks.require_sound(Template(**settings), _places(read))
    row = await new_row(
        tx,
        title=title,
        kind=given.type,
        document=with_result_types(Template(**settings)),
        owner=given.owner if given.owner is not UNSET else tx.actor.id,
        created_by=given.created_by if given.created_by is not UNSET else tx.actor.id,
        folder_id=given.folder_id or None,
    )
    await enter(tx, row, grants=await new_grants(tx))
    if given.starred is True:
        await templates.star(tx, row, starred=True)
    return row


async def new_grants(tx: WriteTx) -> frozenset[template_grants.Grant]:
    """The lists of a template of the caller's own making. Spec: DEC-11."""
    settings = await organizations.settings_of(tx, tx.org)
    return default_grants(restricted=settings.restrict_blueprint_permissions)


async def new_row(
    tx: WriteTx,
    *,
    title: str,
    kind: TemplateType,
    document: Template,
    owner: int,
    created_by: int,
    folder_id: str | None,
) -> TemplateRow:
    template_id = tx.new_id()
    return TemplateRow(
        id=template_id,
        no=await tx.next_number("template"),
        title=title,
        folded_title=fold(title),
        alias=f"{slug(title, 'template')}-{template_id[-ALIAS_SUFFIX:]}",
        type=kind,
        owner=owner,
        created_by=created_by,
        updated_by=tx.actor.id,
        folder_id=folder_id,
        created_at=tx.now,
        updated_at=tx.now,
        document=document,
    )


async def enter(tx: WriteTx, row: TemplateRow, *, grants: frozenset[template_grants.Grant], **how: Any) -> None:
    """Store a new template and say so; `how` goes into the event."""
    await templates.add(tx, row)
    await template_grants.add(tx, row.id, grants)
    await public_templates.enter(tx, row)
    await public_kickoff_links.follow(tx, row)
    tx.record(happened("template.created", row.id, title=row.title, **how), *_published_events(Template(), row))
    # Its owner sees what it will launch.
    tx.rights_changed([])


async def to_update(tx: WriteTx, template_id: str, *, names: frozenset[str], title: object) -> Opened:
    """The template, locked, for a change of these properties besides its title.

    The star needs READ, the label sight of the template, anything else EDIT. Raises NotFound, NotAllowed, WrongState.
    Spec: api-templates T4, T-1.22.
    """
    opened = await found(tx, template_id)
    same_title = title is None or (isinstance(title, str) and clean_name(title) == opened.template.title)
    if not names or not names <= OPEN_NAMES or not same_title:
        require_edit(opened.standing)
    if "starred" in names:
        require_read(opened.standing)
    if "status" in names:
        settings = await organizations.settings_of(tx, tx.org)
        if not may_relabel(opened.standing, label_needs_edit=settings.label_needs_edit):
            raise NotAllowed("You may not change the label of this template.")
    require_live(opened.template)
    return opened


async def update_template(tx: WriteTx, opened: Opened, given: TemplateInput) -> TemplateRow:
    """Change a template that `to_update` found; raises Invalid, NotAllowed (pinning). Spec: api-templates 2.3."""
    row, errors = opened.template, checks.Errors()
    if given.is_pinned is not UNSET and given.is_pinned != row.is_pinned and not tx.actor.is_admin:
        raise NotAllowed("Only administrators may pin templates.")
    title = checks.checked_title(given.title, MAX_TITLE, errors)
    read: Sequence[Field] = ()
    ids: dict[str, str] = {}
    settings = await _checked_settings(tx, given, row.document, errors, owner=row.owner)
    if given.kickoff is not UNSET:
        sent = await _fed(tx, given.kickoff, row.document.kickoff, errors)
        read = _changed_kickoff(tx, row.document, sent, settings, errors, ids)
        settings["kickoff"] = with_kickoff(row.document.kickoff, read)
    alias = row.alias
    if given.alias is not UNSET and given.alias != row.alias:
        alias = await checks.checked_alias(tx, row.id, given.alias, errors)
    if errors:
        raise Invalid(errors)
    if settings.get("body"):
        settings["body"] = stored_body(settings["body"], ids)
    document = replace(row.document, **settings)
    kind = given.type if given.type is not UNSET else row.type
    if kind != row.type and _has_published(row, document):
        raise Invalid({"type": [TYPE_IS_PUBLISHED]})
    checks.require_text(kind, document, _places(read), former=row.document)
    checks.require_sound(document, _places(read))
    changed = replace(
        row,
        title=title,
        folded_title=fold(title),
        alias=alias,
        type=kind,
        status=given.status if given.status is not UNSET else row.status,
        owner=given.owner if given.owner is not UNSET else row.owner,
        is_pinned=given.is_pinned if given.is_pinned is not UNSET else row.is_pinned,
        document=dated_as_changed(row.document, with_result_types(document)),
    )
    if given.folder_id is not UNSET:
        # Taking a template out of its folder unpins it. Spec: T-1.10.
        unpinned = given.folder_id is None and row.folder_id is not None
        changed = replace(changed, folder_id=given.folder_id, is_pinned=changed.is_pinned and not unpinned)
    if given.starred is not UNSET and await templates.star(tx, row, starred=given.starred):
        tx.record(happened("template.starred", row.id, starred=given.starred))
    if changed == row:
        return row
    return await save_template(tx, row, changed)


def _has_published(row: TemplateRow, changed: Template) -> bool:
    """Whether launches go on with what is published, or is so by this change. Spec: T-10.7."""
    was_dual = row.document.dual_version_enabled
    return changed.dual_version_enabled and (row.published_version is not None or not was_dual)


async def save_template(tx: WriteTx, row: TemplateRow, changed: TemplateRow) -> TemplateRow:
    """Save the locked template's successor, say what became different, and keep what hangs on it in step."""
    if changed.document != row.document:
        await template_backups.keep(tx, row)
    if changed.document.dual_version_enabled and not row.document.dual_version_enabled:
        # What launches use until now stays published; the change begins a draft. Spec: T-10.7.
        row = await template_versions.freeze(tx, row)
        changed = replace(changed, frozen_version=row.frozen_version, published_version=row.version)
    saved = await templates.save(tx, row, replace(changed, updated_at=tx.now, updated_by=tx.actor.id))
    await public_templates.enter(tx, saved)
    await public_kickoff_links.follow(tx, saved)
    names = _changed(TemplateHead, row, changed) + _changed(Settings, row.document, changed.document)
    changes = await told_changes(tx, row.document, saved.document)
    if saved.title != row.title:
        changes.insert(0, f"The title changed from {quoted(row.title)} to {quoted(saved.title)}.")
    event = happened("template.updated", row.id, changed=names, changes=changes, title=saved.title)
    tx.record(event, *_published_events(row.document, saved))
    if saved.owner != row.owner:
        tx.record(happened("template.owner_changed", row.id, old=row.owner, new=saved.owner))
        tx.rights_changed([row.owner, saved.owner])
    return saved


def _changed(shape: type[msgspec.Struct], before: object, after: object) -> list[str]:
    """The names of what differs; what is kept only for searching is no name to anybody."""
    names = (name for name in shape.__struct_fields__ if name != "folded_title")
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def _published_events(before: Template, row: TemplateRow) -> list[Event]:
    """Spec: T-9.2."""
    found: list[Event] = []
    if row.document.is_public and not before.is_public:
        found.append(happened("template.made_public", row.id, title=row.title))
    if row.document.is_public_kickoff and not before.is_public_kickoff:
        found.append(happened("template.kickoff_made_public", row.id, title=row.title))
    return found


async def _checked_settings(
    tx: WriteTx, given: TemplateInput, kept: Template, errors: checks.Errors, *, owner: int | None = None
) -> dict[str, Any]:
    """Settings that exist and fit. Whoever the template named before (`owner` and in `kept`) is not asked about."""
    settings = dict(given.settings)
    checks.check_urls(settings, URLS, errors)
    named = {
        "owner_id": given.owner,
        "user_id": given.created_by,
        "kickoff_sharing_user_id": settings.get("kickoff_sharing_user_id"),
    }
    unchanged = {owner, kept.kickoff_sharing_user_id}
    members = [(path, each) for path, each in named.items() if isinstance(each, int) and each not in unchanged]
    members += [each for each in checks.indexed("users", settings.get("users", ())) if each[1] not in kept.users]
    groups = [each for each in checks.indexed("groups", settings.get("groups", ())) if each[1] not in kept.groups]
    for path, each in _new_watchers(settings.get("default_watchers", ()), kept):
        if each.member is not None:
            members.append((f"{path}.id", each.member))
        elif each.group is not None:
            groups.append((f"{path}.id", each.group))
    await checks.check_people(tx, errors, members, groups)
    if isinstance(given.folder_id, str):
        await checks.check_folder(tx, "folder_id", given.folder_id, "checklist", errors)
    if settings.get("default_folder") != kept.default_folder:
        await checks.check_folder(tx, "default_folder", settings.get("default_folder"), "run", errors)
    switched_on = settings.get("is_public_kickoff") is True and not kept.is_public_kickoff
    if switched_on and settings.get("kickoff_sharing_user_id", kept.kickoff_sharing_user_id) is None:
        settings["kickoff_sharing_user_id"] = tx.actor.id
    return settings


def _new_watchers(entries: Sequence[DefaultWatcher], kept: Template) -> list[tuple[str, DefaultWatcher]]:
    """Those the template did not name before, with where they were sent."""
    named = {(each.member, each.group) for each in kept.default_watchers}
    found: list[tuple[str, DefaultWatcher]] = []
    places = {"users": 0, "groups": 0}
    for each in entries:
        name = "users" if each.group is None else "groups"
        if (each.member, each.group) not in named:
            found.append((f"default_watchers.{name}.{places[name]}", each))
        places[name] += 1
    return found


async def _fed(tx: WriteTx, sent: list[Any], kept: Sequence[Field], errors: checks.Errors) -> list[Any]:
    """The kick-off fields with options from lookup lists. Spec: T-11.5."""
    return await lookup_lists.fed(tx, lookup_lists.definitions_at("prerun", sent, kept), errors)


def _changed_kickoff(
    tx: WriteTx,
    document: Template,
    sent: list[Any],
    settings: dict[str, Any],
    errors: checks.Errors,
    ids: dict[str, str],
) -> list[Field]:
    """The changed fields of the kick-off form. A field that the process name needs stays required. Spec: T-11.31."""
    read = checks.read_kickoff(tx, sent, document.kickoff, field_aliases(document), errors, ids)
    used = variables_in(settings.get("default_process_name_format", document.default_process_name_format) or "")
    was_required = {field.id for field in document.kickoff if field.required}
    for field in read:
        if field.id in was_required and not field.required and field.alias in used:
            index = next(at for at, raw in enumerate(sent) if (as_object(raw) or {}).get("id") == field.id)
            errors[f"prerun.{index}.required"] = ["The process name uses this field, so it must stay required."]
    return read


def _places(read: Sequence[Field]) -> dict[str, str]:
    """Where each of the fields that were sent stood, all of them right, to its id."""
    return {f"prerun.{index}": field.id for index, field in enumerate(read)}


async def delete_kickoff_field(tx: WriteTx, template_id: str, field_id: str) -> None:
    """Take a field off the kick-off form; answers in processes stay. Raises NotFound, NotAllowed while a rule uses it.

    Spec: api-templates T12, T-11.30.
    """
    row = await editable(tx, template_id)
    rest = [field for field in row.document.kickoff if field.id != field_id]
    if len(rest) == len(row.document.kickoff):
        raise NotFound
    require_unused(row.document, frozenset({field_id}), what="This kick-off field")
    body = without_field(row.document.body, field_id) if row.document.body else row.document.body
    saved = await save_document(tx, row, replace(row.document, kickoff=numbered(rest), body=body))
    changes = await told_changes(tx, row.document, saved.document)
    tx.record(happened("field.deleted", field_id, template=row.id, changes=changes))
