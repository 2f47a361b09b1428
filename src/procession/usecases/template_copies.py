"""Copies of templates, within an organization and between two. Spec: api-templates 2.4, T-15.1 to T-15.4, DEC-57."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from procession.domain.errors import Invalid, NotAllowed, NotFound, WrongState
from procession.domain.names import fold
from procession.domain.snippets import inlined
from procession.domain.snippets import references as references_in
from procession.domain.template_copying import Copy, copied_title, copy_template, without_people, without_webhooks
from procession.domain.template_permissions import is_listed, may_duplicate, may_edit
from procession.domain.template_references import rewritten, rich_texts
from procession.domain.templates import MAX_TITLE, Template, TemplateRow, is_draft
from procession.storage import (
    files,
    organizations,
    public_templates,
    references,
    snippets,
    tags,
    template_grants,
    template_links,
    template_versions,
    templates,
)
from procession.storage.public_templates import Entry
from procession.storage.tags import TagRow
from procession.storage.template_grants import Grant
from procession.storage.template_links import LinkedTag
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import template_checks as checks
from procession.usecases.template_access import UNPUBLISHED
from procession.usecases.templates import enter, new_grants, new_row, require_creator

OWN = "This template is of this organization already. Duplicate it instead."


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """A template as the caller may copy it, with what hangs on it."""

    organization_id: str
    row: TemplateRow
    tags: Sequence[LinkedTag]
    step_tags: Mapping[str, Sequence[LinkedTag]]
    grants: frozenset[Grant]


async def original_elsewhere(tx: ReadTx, template_id: str) -> Original:
    """As `original_of`, in an organization other than the caller's own, where they may have another role, or none."""
    try:
        there = await organizations.membership(tx, tx.actor.id)
    except LookupError:
        return await _apart(tx, await original_of(tx, template_id, is_member=False), is_member=False)
    actor = replace(tx.actor, role=there.role)
    own = ReadTx(tx.connection, tx.org, tx.organization_id, actor, tx.now)
    is_member = there.status == "active"
    return await _apart(own, await original_of(own, template_id, is_member=is_member), is_member=is_member)


async def _apart(tx: ReadTx, original: Original, *, is_member: bool) -> Original:
    """With the contents of snippets in their places: another organization has others. Spec: T-15.4, T-9.3."""
    texts = rich_texts(original.row.document)
    known = await snippets.many(tx, {number for text in texts for number in references_in(text)})
    shown = {
        number: each.content
        for number, each in known.items()
        if each.deleted_at is None and (each.is_public or is_member)
    }
    document = rewritten(original.row.document, lambda _, text: inlined(text, shown))
    return replace(original, row=replace(original.row, document=document))


async def import_public(tx: WriteTx, template_id: str, *, title: str | None) -> TemplateRow:
    """Copy another organization's public template, as strangers may read it, under its own title.

    Raises NotAllowed, NotFound, WrongState (it is one's own), Invalid. Spec: T-9.4.
    """
    place = await to_import(tx, template_id)
    found = await public_templates.find(tx.connection, template_id)
    if found is None:
        raise NotFound
    there = ReadTx(tx.connection, found[0], place.organization_id, tx.actor, tx.now)
    original = await _apart(there, await original_of(there, template_id, is_member=False), is_member=False)
    return await clone_template(tx, original, title=original.row.title if title is None else title)


async def to_import(tx: WriteTx, template_id: str) -> Entry:
    """Where another organization's public template is. Raises as `import_public`."""
    await require_creator(tx)
    place = await public_templates.entry(tx, template_id.lower())
    if place is None:
        raise NotFound
    if place.organization_id == tx.organization_id:
        raise WrongState(OWN)
    return place


async def original_of(tx: ReadTx, template_id: str, *, is_member: bool) -> Original:
    """The template to copy, read in its own organization. Raises NotFound, NotAllowed.

    Who may not duplicate it may copy it when it is public.
    """
    row = await templates.find(tx, template_id)
    if row is None or row.is_archived:
        raise NotFound
    edits = False
    if is_member:
        standing = await template_grants.standing(tx, row)
        edits = may_edit(standing)
        if not may_duplicate(standing) and not row.document.is_public:
            if not is_listed(standing):
                raise NotFound
            raise NotAllowed("You may not duplicate this template.")
    elif not row.document.is_public:
        raise NotFound
    if is_draft(row, row.document) and not edits:
        row = replace(row, document=await _published(tx, row))
    if not is_member:
        row = replace(row, document=without_webhooks(row.document))
    step_ids = [step.id for step in row.document.steps]
    return Original(
        organization_id=tx.organization_id,
        row=row,
        tags=(await template_links.tags_of_templates(tx, [row.id]))[row.id],
        step_tags=await template_links.tags_of_steps(tx, step_ids),
        grants=frozenset((await template_grants.lists_of(tx, [row.id]))[row.id]),
    )


async def _published(tx: ReadTx, row: TemplateRow) -> Template:
    if row.published_version is None:
        raise NotAllowed(UNPUBLISHED)
    return await template_versions.version_document(tx, row.id, row.published_version)


async def clone_template(tx: WriteTx, original: Original, *, title: str | None) -> TemplateRow:
    """A copy for the caller, who has passed `require_creator`; raises Invalid.

    Within the organization it keeps people, folder, tags, permissions and shares what files are put on it. In another
    one tags are found again or made by title, and people and files stay behind.
    """
    errors: checks.Errors = {}
    wanted = copied_title(original.row.title) if title is None else checks.checked_title(title, MAX_TITLE, errors)
    if errors:
        raise Invalid(errors)
    at_home = original.organization_id == tx.organization_id
    source = original.row.document if at_home else without_people(original.row.document)
    copy = copy_template(source, new_id=tx.new_id, now=tx.now)
    folder_id = original.row.folder_id if at_home else None
    if folder_id is not None and await references.folder_kind(tx, folder_id) != "checklist":
        folder_id = None
    steps = tuple(replace(step, created_by=tx.actor.id) for step in copy.document.steps)
    row = await new_row(
        tx,
        title=wanted,
        kind=original.row.type,
        document=replace(copy.document, steps=steps),
        owner=tx.actor.id,
        created_by=tx.actor.id,
        folder_id=folder_id,
    )
    # What is shared with guests is that template, not copies of it. Spec: T-2.11.
    kept = frozenset(each for each in original.grants if not each[1].startswith("e:"))
    grants = kept if at_home else await new_grants(tx)
    await enter(tx, row, grants=grants, copied_from=original.row.id)
    await _copy_tags(tx, original, copy, row, at_home=at_home)
    if not at_home and original.row.document.is_public:
        await public_templates.count_import(tx, original.row.id)
    if at_home:
        await files.share_documents(tx, original.row.id, row.id, copy.ids)
    return row


async def _copy_tags(tx: WriteTx, original: Original, copy: Copy, row: TemplateRow, *, at_home: bool) -> None:
    linked = [*original.tags, *(tag for each in original.step_tags.values() for tag in each)]
    if at_home:
        ids = {tag_id: tag_id for tag_id, _ in await references.known_tags(tx, [each.tag_id for each in linked], [])}
    else:
        ids = await _tags_here(tx, linked)

    def wanted(links: Sequence[LinkedTag]) -> list[str]:
        return list(dict.fromkeys(ids[each.tag_id] for each in links if each.tag_id in ids))

    await template_links.tag_template(tx, row.id, wanted(original.tags))
    await template_links.tag_steps(
        tx, row.id, {copy.ids[step_id]: wanted(links) for step_id, links in original.step_tags.items()}
    )


async def _tags_here(tx: WriteTx, linked: Sequence[LinkedTag]) -> dict[str, str]:
    """This organization's tags with the same titles, by the ids they have elsewhere; missing ones are made."""
    known = {folded: tag_id for tag_id, folded in await references.known_tags(tx, [], [fold(t.title) for t in linked])}
    ids: dict[str, str] = {}
    for tag in linked:
        folded = fold(tag.title)
        if folded not in known:
            known[folded] = tx.new_id()
            await tags.add(
                tx,
                TagRow(
                    id=known[folded],
                    title=tag.title,
                    folded_title=folded,
                    color=tag.color,
                    auto_generated=0,
                    type=tag.type,
                    created_at=tx.now,
                    updated_at=tx.now,
                ),
            )
        ids[tag.tag_id] = known[folded]
    return ids
