"""What people do with a running process. Spec: api-processes 9-11, behaviour-work 9, 11."""

from collections.abc import Collection
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from procession.domain.answers import accept, is_same, require_complete
from procession.domain.automations.state import KICKOFF_SUBMITTED
from procession.domain.calculating.process import recalculated
from procession.domain.errors import Invalid, NotAllowed, WrongState
from procession.domain.events import happened
from procession.domain.names import clean_name, fold
from procession.domain.permissions import may_archive_process, may_edit_process, may_publish_process, require
from procession.domain.processes import Owners, Process
from procession.domain.summary import INDEXED_NAME_LENGTH
from procession.domain.template_permissions import may_edit
from procession.storage import (
    attachable,
    bin_contents,
    bin_items,
    organizations,
    people,
    processes,
    template_grants,
    template_versions,
    templates,
)
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import answering, guards, launching, public_processes, reactions, undo
from procession.usecases.calendars import zone_for
from procession.usecases.guards import Seen
from procession.usecases.reactions import Means, Reacted

MAX_NAME = 550


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """A partial update: UNSET stays as it is."""

    name: str | UnsetType = UNSET
    summary: str | UnsetType = UNSET
    owner: int | UnsetType = UNSET
    starred: bool | UnsetType = UNSET
    is_public: bool | UnsetType = UNSET
    publicly_hidden_fields: tuple[str, ...] | UnsetType = UNSET
    users: tuple[int, ...] | UnsetType = UNSET
    groups: tuple[str, ...] | UnsetType = UNSET
    prerun: Any = UNSET
    tags: frozenset[str] | UnsetType = UNSET
    folders: tuple[str, ...] | UnsetType = UNSET

    @property
    def folder(self) -> str | None | UnsetType:
        """A process lies in one folder at most: the last of those that are named."""
        return UNSET if isinstance(self.folders, UnsetType) else next(reversed(self.folders), None)

    @property
    def is_only_a_star(self) -> bool:
        said = [name for name in self.__struct_fields__ if getattr(self, name) is not UNSET]
        return said == ["starred"]


async def may_edit_run(tx: ReadTx, seen: Seen) -> bool:
    """Whether the caller is a run editor. Spec: behaviour-people Q6."""
    process = seen.process
    if may_edit_process(tx.actor, seen.named, process, may_edit_template=False):
        return True
    row = await templates.find(tx, process.template_id)
    edits = row is not None and may_edit(await template_grants.standing(tx, row))
    return may_edit_process(tx.actor, seen.named, process, may_edit_template=edits)


async def may_answer_kickoff(tx: ReadTx, seen: Seen) -> bool:
    """Whether the caller may answer the kick-off form: whom it was handed to until it is submitted, run editors always.

    Spec: api-processes 3, P4.
    """
    return (seen.process.prerun_status == "incomplete" and _has_been_handed(seen)) or await may_edit_run(tx, seen)


def _has_been_handed(seen: Seen) -> bool:
    """Whether the form of the process was handed to the caller, directly or to a group of theirs."""
    process = seen.process
    to = [f"m:{user}" for user in process.users] + [f"g:{group}" for group in process.groups]
    return process.assign_someone_else and not seen.named.isdisjoint(to)


async def update_process(tx: WriteTx, process_id: str, changes: Changes, means: Means) -> tuple[Process, list[str]]:
    """Change a process; returns it and the sent kick-off keys that no field has.

    A star is the caller's own and needs only sight of the process. Raises NotFound, NotAllowed, ProcessArchived,
    ProcessLocked, Invalid.
    """
    seen = await guards.locked_process(tx, process_id)
    before = seen.process
    if changes.is_only_a_star:
        return await _star(tx, before, starred=changes.starred is True), []
    await _require_rights(tx, seen, _changed(seen.process, changes))
    guards.require_changeable(before)
    answered, ignored = await _answered(tx, before, changes)
    await _check(tx, changes, before)
    after = replace(
        answered,
        name=_kept(changes.name, before.name),
        summary=_kept(changes.summary, before.summary),
        owner=_kept(changes.owner, before.owner),
        is_public=_kept(changes.is_public, before.is_public),
        publicly_hidden_fields=_kept(changes.publicly_hidden_fields, before.publicly_hidden_fields),
        users=_kept(changes.users, before.users),
        groups=_kept(changes.groups, before.groups),
        tags=_kept(changes.tags, before.tags),
        folder=_kept(changes.folder, before.folder),
    )
    if after == before and is_same(after.prerun, before.prerun):
        # What stays as it was is no change; a star may be.
        return before if changes.starred is UNSET else await _star(tx, before, starred=changes.starred is True), ignored
    if after.name != before.name:
        after = renamed(after, after.name)
    if changes.starred is not UNSET:
        after = _with_star(after, tx.actor.id, starred=changes.starred is True)
    # Changed answers of a submitted form are a submission; of an open one they wait for it. Spec.
    is_submission = not is_same(after.prerun, before.prerun) and before.prerun_status == "complete"
    by_rules = await _reacted_to_form(tx, after, means) if is_submission else Reacted(after)
    saved = await guards.save_process(tx, before, by_rules.process)
    tx.record(
        happened(
            "process.updated",
            saved.id,
            process=saved.seq,
            fields=_told(changes, before, saved),
            former=former_settings(before, saved),
        )
    )
    await public_processes.follow(tx, saved, was_public=before.is_public)
    await launching.save_reaction(tx, by_rules, means)
    return saved, ignored


def _told(changes: Changes, before: Process, after: Process) -> list[str]:
    """What was said and became different."""
    ours = {"folders": "folder", "starred": "starred_by"}
    said = [name for name in changes.__struct_fields__ if getattr(changes, name) is not UNSET]
    return [name for name in said if _is_changed(ours.get(name, name), before, after)]


def _is_changed(name: str, before: Process, after: Process) -> bool:
    former, now = getattr(before, name), getattr(after, name)
    return former != now or (name == "prerun" and not is_same(former, now))


def former_settings(before: Process, after: Process) -> dict[str, Any]:
    """What notices follow from, of the settings that changed: names and owners, of anything else that it did."""
    told = {"name": before.name, "owner": before.owner, "is_public": before.is_public, "summary": None, "prerun": None}
    return {name: value for name, value in told.items() if _is_changed(name, before, after)}


async def _reacted_to_form(tx: WriteTx, process: Process, means: Means) -> Reacted:
    document = await template_versions.version_document(tx, process.template_id, process.template_version)
    settings = await organizations.settings_of(tx, tx.org)
    return await reactions.reacted(tx, process, document, settings, KICKOFF_SUBMITTED, means)


def renamed(process: Process, name: str) -> Process:
    """The process under a new name, with the forms of it that lists search and sort by."""
    folded = fold(name)
    return replace(process, name=name, folded_name=folded, sort_name=folded[:INDEXED_NAME_LENGTH])


def _kept(value: Any, former: Any) -> Any:
    return former if value is UNSET else value


async def _star(tx: WriteTx, before: Process, *, starred: bool) -> Process:
    after = _with_star(before, tx.actor.id, starred=starred)
    if after != before:
        await processes.save(tx, before, after)
        tx.record(happened("process.starred" if starred else "process.unstarred", before.id, process=before.seq))
    return after


def _with_star(process: Process, member: int, *, starred: bool) -> Process:
    stars = process.starred_by | {member} if starred else process.starred_by - {member}
    return replace(process, starred_by=stars)


def _changed(process: Process, changes: Changes) -> set[str]:
    """The names of what would become different."""
    names = {*changes.__struct_fields__, "folder"} - {"folders", "starred"}
    return {name for name in names if getattr(changes, name) not in (UNSET, getattr(process, name))}


async def require_may_change(tx: WriteTx, process_id: str, names: Collection[str]) -> None:
    """Whether the caller may change these properties of it now; a star alone is everybody's.

    Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, ProcessOnHold.
    """
    seen = await guards.locked_process(tx, process_id)
    if set(names) != {"starred"}:
        await _require_rights(tx, seen, names)
        guards.require_changeable(seen.process)


async def _require_rights(tx: ReadTx, seen: Seen, names: Collection[str]) -> None:
    """Of properties that change; an unchanged value is tolerated. Spec: api-processes 9, behaviour-people 3.2."""
    process, actor = seen.process, tx.actor
    is_editor = await may_edit_run(tx, seen)
    may_answer = is_editor or await may_answer_kickoff(tx, seen)
    is_owner = actor.is_admin or (actor.role == "standard" and actor.id == process.owner)
    is_close = may_publish_process(actor, process)
    files = actor.is_admin or actor.role == "standard"
    for name, allowed in (
        ("name", is_editor),
        ("prerun", may_answer),
        ("tags", is_editor),
        ("folder", files),
        ("owner", is_owner),
        ("summary", is_close),
        ("is_public", is_close),
        ("publicly_hidden_fields", is_close),
        ("users", is_close),
        ("groups", is_close),
    ):
        if name in names and not allowed:
            raise NotAllowed(f"You may not change the {WORDS.get(name, name)} of this process.")
    if not (may_answer or is_close or files):
        raise NotAllowed("You may not change this process.")


WORDS = {"prerun": "kick-off form", "is_public": "public switch", "publicly_hidden_fields": "public view"}


async def _check(tx: WriteTx, changes: Changes, before: Process) -> None:
    """Of people and groups only those that were not there before. Raises Invalid with every fault."""
    errors: dict[str, list[Any]] = {}
    if changes.name is not UNSET:
        if not clean_name(changes.name):
            errors["name"] = ["The name field is required."]
        elif len(clean_name(changes.name)) > MAX_NAME:
            errors["name"] = [f"The name may not be greater than {MAX_NAME} characters."]
    attached = Owners(_kept(changes.users, ()), (), _kept(changes.groups, ()))
    wanted = {*attached.users, *([changes.owner] if changes.owner is not UNSET else [])}
    known = await people.assignable(tx, wanted, attached.groups)
    if changes.owner is not UNSET and changes.owner not in known.members:
        errors["owner_id"] = ["There is no active member with this id."]
    for index, user in enumerate(attached.users):
        if user not in known.members and user not in before.users:
            errors[f"users.{index}"] = ["There is no active member with this id."]
    for index, group in enumerate(attached.groups):
        if group not in known.groups and group not in before.groups:
            errors[f"groups.{index}"] = ["There is no group with this id."]
    tags = sorted(_kept(changes.tags, frozenset()))
    known_tags = await attachable.known_tags(tx, tags)
    if any(tag not in known_tags for tag in tags):
        errors["tags"] = ["There is no tag with this id."]
    folders = _kept(changes.folders, ())
    known_folders = await attachable.known_process_folders(tx, folders)
    if any(folder not in known_folders for folder in folders):
        errors["folders"] = ["There is no process folder with this id."]
    if errors:
        raise Invalid(errors)


async def _answered(tx: ReadTx, process: Process, changes: Changes) -> tuple[Process, list[str]]:
    """The process with its form answered and everything calculated from that, and the sent keys of no field."""
    if changes.prerun is UNSET:
        return process, []
    document = await template_versions.version_document(tx, process.template_id, process.template_version)
    zone = (await organizations.settings_of(tx, tx.org)).timezone
    accepted = accept(
        document.kickoff,
        changes.prerun,
        process.prerun,
        key="prerun",
        people=await answering.nameable(tx, document.kickoff, changes.prerun, process.prerun),
        org_id=tx.organization_id,
        may_clear_required=process.prerun_status != "complete",
        zone=zone,
    )
    return recalculated(replace(process, prerun=accepted.values), document, zone), accepted.ignored


async def archive_process(tx: WriteTx, process_id: str) -> Process:
    """Archive with everything on it; archiving an archived one changes nothing. Raises NotFound, NotAllowed,
    ProcessLocked. Spec: api-processes 10, DEC-54.
    """
    seen = await _archivable(tx, process_id)
    if seen.process.is_archived:
        return seen.process
    guards.require_changeable(seen.process)
    saved = await guards.save_process(tx, seen.process, replace(seen.process, archived_at=tx.now))
    tx.record(happened("process.archived", saved.id, process=saved.seq))
    undo.remember_process(tx, "process.archived", saved.id, seen.process, saved)
    return saved


async def activate_process(tx: WriteTx, process_id: str) -> Process:
    """Restore with everything archived with it; its former status comes back. Raises NotFound, NotAllowed."""
    seen = await _archivable(tx, process_id)
    if not seen.process.is_archived:
        return seen.process
    saved = await guards.save_process(tx, seen.process, replace(seen.process, archived_at=None))
    tx.record(happened("process.restored", saved.id, process=saved.seq))
    undo.remember_process(tx, "process.restored", saved.id, seen.process, saved)
    return saved


async def _archivable(tx: WriteTx, process_id: str) -> Seen:
    seen = await guards.locked_process(tx, process_id)
    allowed = (await organizations.settings_of(tx, tx.org)).allow_archive
    require(may_archive_process(tx.actor, organization_allows=allowed), to="archive or restore processes")
    return seen


async def delete_process(tx: WriteTx, process_id: str) -> None:
    """Put an archived process into the bin, with everything on it. Raises NotFound, NotAllowed, WrongState."""
    seen = await guards.locked_process(tx, process_id)
    require(tx.actor.is_admin, to="delete processes for good; only administrators may")
    if not seen.process.is_archived:
        raise WrongState("Only archived processes can be deleted for good. Archive this one first.")
    process = seen.process
    content = await bin_contents.of_process(tx, process)
    await processes.remove(tx, process)
    await bin_items.keep(
        tx,
        "process",
        process.id,
        process.name,
        content,
        template_id=process.template_id,
        template_version=process.template_version,
    )
    tx.record(happened("process.deleted", process.id, process=process.seq, name=process.name))


async def submit_kickoff(tx: WriteTx, process_id: str, means: Means) -> Process:
    """Mark the kick-off form as filled in; submitting twice changes nothing. Raises NotFound, NotAllowed,
    ProcessArchived, ProcessLocked, Invalid (a required answer is missing). Spec: api-processes 11, P8.
    """
    seen = await guards.locked_process(tx, process_id)
    process = seen.process
    require(_has_been_handed(seen) or await may_edit_run(tx, seen), to="submit the kick-off form of this process")
    guards.require_changeable(process)
    if process.prerun_status != "incomplete":
        return process
    document = await template_versions.version_document(tx, process.template_id, process.template_version)
    zone = await zone_for(tx, document.kickoff)
    require_complete(document.kickoff, process.prerun, zone)
    changed = replace(
        process, prerun_status="complete", prerun_completed_at=tx.now, prerun_completed_by=tx.actor.id or None
    )
    by_rules = await _reacted_to_form(tx, changed, means)
    saved = await guards.save_process(tx, process, by_rules.process)
    tx.record(happened("process.kickoff_submitted", saved.id, process=saved.seq))
    await launching.save_reaction(tx, by_rules, means)
    return saved


async def reopen_kickoff(tx: WriteTx, process_id: str) -> Process:
    """Take the submission back; a complete process becomes active. Raises NotFound, NotAllowed, ProcessArchived,
    ProcessLocked.
    """
    seen = await guards.locked_process(tx, process_id)
    require(await may_edit_run(tx, seen), to="reopen the kick-off form of this process")
    guards.require_changeable(seen.process)
    if seen.process.prerun_status != "complete":
        return seen.process
    changed = replace(seen.process, prerun_status="incomplete", prerun_completed_at=None, prerun_completed_by=None)
    saved = await guards.save_process(tx, seen.process, changed)
    tx.record(happened("process.kickoff_reopened", saved.id, process=saved.seq))
    return saved
