"""The versions of a template: read, compared, brought back. Spec: api-templates 2.5, behaviour-templates 10."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from procession.domain.errors import NotFound
from procession.domain.events import happened
from procession.domain.lookup_lists import lists_of, without_list
from procession.domain.template_differences import Difference, differences
from procession.domain.templates import FollowUp, Step, Template, TemplateRow, is_draft
from procession.domain.watchers import known_watchers
from procession.storage import (
    access,
    followers,
    job_titles,
    lookup_lists,
    people,
    references,
    template_versions,
    templates,
    version_history,
)
from procession.storage.naming import names_in
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases.rules import without_strangers
from procession.usecases.template_access import Opened, editable, readable, save_document, told_changes
from procession.usecases.template_checks import require_text

# How a template is offered is no part of its contents: a version that is brought back leaves these as they are.
KEPT = (
    "is_public",
    "is_public_kickoff",
    "is_featured",
    "kickoff_sharing_user_id",
    "dual_version_enabled",
    "custom_fields",
)


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen version, or the working copy since the last one (`frozen_at` None)."""

    version: int
    frozen_at: int | None
    frozen_by: int | None
    is_launched: bool
    processes: int


class Compared(msgspec.Struct, frozen=True):
    before: int
    after: int
    differences: Sequence[Difference]


async def opened_template(tx: ReadTx, template_id: str) -> Opened:
    """The template with its working copy, whoever asks. Raises NotFound, NotAllowed."""
    opened = await readable(tx, template_id)
    row = await templates.find(tx, template_id)
    return opened if row is None else Opened(row, opened.standing)


def shows_working_copy(opened: Opened) -> bool:
    """Whether there is one besides the frozen versions, and the caller may read it: drafts are for editors (T-10.7)."""
    row = opened.template
    return not row.is_frozen and (opened.may_edit or not is_draft(row, row.document))


async def versions_of(tx: ReadTx, opened: Opened) -> list[Version]:
    """The newest first; three statements."""
    row = opened.template
    frozen = await version_history.frozen_versions(tx, row.id)
    counts = await version_history.process_counts(tx, row.id, [each.version for each in frozen])
    found = [
        Version(
            version=each.version,
            frozen_at=each.frozen_at,
            frozen_by=each.frozen_by,
            is_launched=each.version == row.launched_version,
            processes=counts[each.version],
        )
        for each in frozen
    ]
    if not shows_working_copy(opened):
        return found
    launched = row.version == row.launched_version
    return [Version(version=row.version, frozen_at=None, frozen_by=None, is_launched=launched, processes=0), *found]


async def document_of(tx: ReadTx, opened: Opened, version: int) -> Template:
    """What the version says, the working copy under its number. Raises NotFound."""
    if version == opened.template.version and shows_working_copy(opened):
        return opened.template.document
    try:
        return await template_versions.version_document(tx, opened.template.id, version)
    except LookupError:
        raise NotFound from None


async def compare(tx: ReadTx, template_id: str, before: int, after: int | None) -> Compared:
    """What became of version `before` in version `after`; None: in the newest the caller may read.

    Raises NotFound, NotAllowed.
    """
    opened = await opened_template(tx, template_id)
    if after is None:
        known = await versions_of(tx, opened)
        after = known[0].version if known else before
    old, new = await document_of(tx, opened, before), await document_of(tx, opened, after)
    names = await names_in(tx, (old, new))
    known = await followers.known_of(tx, names.templates, await access.principals_of_caller(tx))
    names = replace(names, templates={key: title for key, title in names.templates.items() if key in known})
    return Compared(before, after, differences(old, new, names))


async def restore_version(tx: WriteTx, template_id: str, version: int) -> TemplateRow:
    """Make the working copy what the version says; processes keep theirs.

    Raises NotFound, NotAllowed, WrongState, Invalid (of another type, T-16.1).

    People, groups, job titles, lists, folders and templates that are gone since are left out.
    """
    row = await editable(tx, template_id)
    opened = await opened_template(tx, template_id)
    document = await document_of(tx, Opened(row, opened.standing), version)
    return await bring_back(tx, row, document, version=version)


async def bring_back(tx: WriteTx, row: TemplateRow, document: Template, **which: int) -> TemplateRow:
    """Make the working copy of the locked template what this document says; `which` goes into the event."""
    kept = {name: getattr(row.document, name) for name in KEPT}
    restored = replace(await _without_strangers(tx, document), **kept)
    require_text(row.type, restored, {}, former=restored)
    saved = await save_document(tx, row, restored)
    if saved == row:
        return row
    changes = await told_changes(tx, row.document, saved.document)
    tx.record(happened("template.version_restored", row.id, title=row.title, changes=changes, **which))
    return saved


async def _without_strangers(tx: WriteTx, document: Template) -> Template:
    steps = document.steps
    watching = [each.member for each in document.default_watchers if each.member is not None]
    groups_watching = [each.group for each in document.default_watchers if each.group is not None]
    known = await people.assignable(
        tx,
        (*document.users, *watching, *(user for step in steps for user in step.assignees)),
        (*document.groups, *groups_watching, *(group for step in steps for group in step.groups)),
    )
    titles = await job_titles.known(tx, (role for step in steps for role in step.roles))
    members = await references.member_addresses(tx, (guest for step in steps for guest in step.guests))
    targets = await _targets(tx, steps)

    def at_home(step: Step) -> Step:
        return replace(
            step,
            assignees=tuple(each for each in step.assignees if each in known.members),
            groups=tuple(each for each in step.groups if each in known.groups),
            guests=tuple(each for each in step.guests if each not in members),
            roles=tuple(each for each in step.roles if each in titles),
            follow_up=step.follow_up if _is_there(step.follow_up, targets) else None,
        )

    document = replace(
        document,
        steps=tuple(at_home(step) for step in steps),
        users=tuple(each for each in document.users if each in known.members),
        groups=tuple(each for each in document.groups if each in known.groups),
        default_watchers=known_watchers(document.default_watchers, known.members, known.groups),
        rules=await without_strangers(tx, document.rules),
    )
    if document.default_folder is not None and await references.folder_kind(tx, document.default_folder) != "run":
        document = replace(document, default_folder=None)
    return await _without_lists(tx, document)


async def _targets(tx: WriteTx, steps: Sequence[Step]) -> frozenset[str]:
    wanted = sorted({step.follow_up.template_id for step in steps if step.follow_up is not None})
    return frozenset(each.id for each in await templates.many(tx, wanted)) if wanted else frozenset()


def _is_there(follow_up: FollowUp | None, targets: frozenset[str]) -> bool:
    return follow_up is not None and follow_up.template_id in targets


async def _without_lists(tx: WriteTx, document: Template) -> Template:
    """Fields of lists that are gone keep their options as their own."""
    there = await lookup_lists.hold(tx, lists_of(document))
    for gone in lists_of(document) - there.keys():
        document = without_list(document, gone)
    return document
