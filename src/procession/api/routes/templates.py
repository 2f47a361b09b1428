"""Templates ("checklists"): list, read, create, change, archive, delete. Spec: api-templates 2."""

from typing import Any

from procession.api.call import Call
from procession.api.contract.envelope import Item, Synced
from procession.api.contract.templates import (
    Checklist,
    Empty,
    ImportParams,
    TemplateBody,
    TemplateChange,
    TemplateGone,
    TemplateListParams,
    TemplateParams,
)
from procession.api.operations import operation
from procession.api.params import read_flag
from procession.api.present.template_includes import FROM_STEPS, present_listed, present_opened, wanted
from procession.api.present.templates import present_gone, present_template
from procession.api.syncing import page_since, sync_of
from procession.api.template_bodies import CHANGEABLE, read_changed_template, read_exported_template, read_new_template
from procession.domain.loose import as_object
from procession.domain.names import fold
from procession.domain.templates import TEMPLATE_TYPES
from procession.storage import template_lists, templates
from procession.storage.changes import Kind
from procession.storage.template_lists import SORTS, Archived, ListedTemplate, TemplateFilter
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import template_life
from procession.usecases import templates as usecases
from procession.usecases.template_access import readable
from procession.usecases.template_import import import_template

TEMPLATES = "/organizations/{org_id}/checklists"
TEMPLATE = TEMPLATES + "/{checklist_id}"


@operation("GET", TEMPLATES, tag="templates", etag=True, errors=(410,))
async def list_templates(tx: ReadTx, call: Call, params: TemplateListParams) -> Synced[Checklist]:
    """List the templates the caller may see: pinned ones first, then last updated first unless asked otherwise."""
    names = wanted(call, params.with_)
    if params.updated_since is not None:
        return await _changed(tx, call, params, names, params.updated_since)
    field, descending = call.sorting(params.sort, params.sort_by, known=tuple(SORTS), default="-last_updated")
    page = None if params.without_pagination else call.page(params.page, params.per_page, params.limit)
    rows, total = await template_lists.list_page(
        tx,
        _filter(call, params),
        sort=SORTS[field],
        descending=descending,
        with_steps=not FROM_STEPS.isdisjoint(names),
        limit=None if page is None else page.size,
        offset=0 if page is None else page.offset,
    )
    shown = await present_listed(tx, rows, names)
    return Synced(shown) if page is None else Synced(shown, call.paginated(shown, total, page).meta)


async def _changed(
    tx: ReadTx, call: Call, params: TemplateListParams, names: frozenset[str], since: str
) -> Synced[Checklist]:
    """What changed since, archived ones too."""
    page = await page_since(tx, call, Kind.TEMPLATE, params, since)
    rows = await template_lists.at(tx, page.seqs)
    return Synced(await present_listed(tx, rows, names), sync=await sync_of(tx, Kind.TEMPLATE, page))


def _filter(call: Call, params: TemplateListParams) -> TemplateFilter:
    wants_archived = params.status == "archived"
    kind = params.type
    if kind is not None and kind not in TEMPLATE_TYPES:
        call.ignore("type")
        kind = None
    return TemplateFilter(
        text=fold(params.q) if params.q else None,
        label=None if wants_archived else params.status,
        type=kind,
        starred=params.starred,
        folders=tuple(each.lower() for each in params.folder),
        tags=tuple(each.lower() for each in params.tag),
        owner=params.owner_id,
        archived="only" if wants_archived else _archived(params.archived),
    )


def _archived(word: str | None) -> Archived:
    if word is None or read_flag(word) is False:
        return "live"
    return "only" if word.lower() == "only" else "also"


@operation("GET", TEMPLATE, tag="templates", etag=True)
async def get_template(tx: ReadTx, call: Call, checklist_id: str, params: TemplateParams) -> Item[Checklist]:
    """Read one template."""
    names = wanted(call, params.with_)
    opened = await readable(tx, checklist_id)
    starred = await templates.is_starred(tx, checklist_id)
    ancestors = params.entire_folder_tree is True
    return Item(await present_opened(tx, opened, starred=starred, names=names, ancestors=ancestors))


@operation("POST", TEMPLATES, tag="templates", status=201, documented_body=TemplateBody)
async def create_template(tx: WriteTx, call: Call, params: ImportParams, body: Any) -> Item[Checklist]:
    """Create a template; with `import=1` the steps and milestones of an exported one too."""
    await usecases.require_creator(tx)
    if params.import_:
        row, left_out = await import_template(tx, read_exported_template(body, call.ignored))
        call.ignore(*(f"body:{path}" for path in left_out))
    else:
        row = await usecases.create_template(tx, read_new_template(body, call.ignored))
    return Item(present_template(row, starred=await templates.is_starred(tx, row.id)))


@operation(("PUT", "PATCH"), TEMPLATE, tag="templates", documented_body=TemplateChange)
async def update_template(tx: WriteTx, call: Call, checklist_id: str, body: Any) -> Item[Checklist]:
    """Change a template: the title every time, what is not sent stays.

    A body of the unchanged title and `starred` needs READ only, one of title and `status` only sight of the template.
    """
    sent = as_object(body) or {}
    names = frozenset(sent) & CHANGEABLE
    opened = await usecases.to_update(tx, checklist_id, names=names, title=sent.get("title"))
    row = await usecases.update_template(tx, opened, read_changed_template(body, call.ignored))
    starred = await templates.is_starred(tx, checklist_id)
    [shown] = await present_listed(tx, [ListedTemplate(row, starred)], frozenset(), with_body=True)
    return Item(shown)


@operation("DELETE", TEMPLATE, tag="templates")
async def archive_template(tx: WriteTx, checklist_id: str) -> TemplateGone:
    """Archive a template; processes made from it go on."""
    references = await template_life.archive_template(tx, checklist_id)
    return present_gone("The template is archived.", references)


@operation("PUT", TEMPLATE + "/restore", tag="templates")
async def restore_template(tx: WriteTx, checklist_id: str) -> Item[Checklist]:
    """Bring an archived template back."""
    row = await template_life.restore_template(tx, checklist_id)
    return Item(present_template(row, starred=await templates.is_starred(tx, checklist_id)))


@operation("DELETE", TEMPLATE + "/delete", tag="templates", errors=(422,))
async def delete_template(tx: WriteTx, checklist_id: str) -> TemplateGone:
    """Delete an archived template for good; administrators only."""
    references = await template_life.delete_template(tx, checklist_id)
    return present_gone("The template is deleted.", references)


@operation("DELETE", TEMPLATE + "/preruns/{prerun_id}", tag="templates", errors=(422,))
async def delete_kickoff_field(tx: WriteTx, checklist_id: str, prerun_id: str) -> Empty:
    """Take a field off the kick-off form; answers in launched processes stay."""
    await usecases.delete_kickoff_field(tx, checklist_id, prerun_id)
    return Empty()
