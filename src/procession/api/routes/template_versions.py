"""Versions of templates: operations of ours. Spec: api-templates 2.5."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec.structs import replace

from procession.api.call import Call, Streamed
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.process_answers import RunWithTasks
from procession.api.contract.template_versions import (
    CompareParams,
    TemplateComparison,
    TemplateVersion,
    TemplateVersionContents,
)
from procession.api.contract.templates import Checklist
from procession.api.lists import MAX_OFFSET, cut
from procession.api.operations import operation
from procession.api.params import PageParams
from procession.api.present.template_includes import present_opened
from procession.api.present.template_versions import present_comparison, present_version, version_shape
from procession.api.present.templates import present_template
from procession.api.routes.processes import present, whole
from procession.api.routes.templates import TEMPLATE
from procession.domain.errors import NotFound
from procession.storage import templates, version_history
from procession.storage.access import sight_of
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import template_versions as usecases
from procession.usecases.template_access import Opened

VERSIONS = TEMPLATE + "/versions"
VERSION = VERSIONS + "/{version}"


@operation("GET", VERSIONS, tag="templates", etag=True)
async def list_template_versions(
    tx: ReadTx, call: Call, checklist_id: str, params: PageParams
) -> Paginated[TemplateVersion]:
    """List the versions of a template, the newest first: the working copy when it was changed, then the frozen ones."""
    found = await usecases.versions_of(tx, await usecases.opened_template(tx, checklist_id))
    page = None if params.without_pagination else call.page(params.page, params.per_page, params.limit)
    items = [present_version(each) for each in cut(found, page)]
    return Paginated(items) if page is None else call.paginated(items, len(found), page)


@operation("GET", VERSION, tag="templates", etag=True)
async def get_template_version(tx: ReadTx, checklist_id: str, version: int) -> Item[TemplateVersionContents]:
    """Read one version: the whole template as it is or was in it."""
    opened = await usecases.opened_template(tx, checklist_id)
    found = next((each for each in await usecases.versions_of(tx, opened) if each.version == version), None)
    if found is None:
        raise NotFound
    document = await usecases.document_of(tx, opened, version)
    starred = await templates.is_starred(tx, checklist_id)
    seen = Opened(replace(opened.template, document=document), opened.standing)
    checklist = await present_opened(tx, seen, starred=starred, names=frozenset({"steps", "stages"}))
    return Item(TemplateVersionContents(**version_shape(found), checklist=checklist))


@operation("GET", VERSION + "/processes", tag="templates", etag=True)
async def list_version_processes(
    tx: ReadTx, call: Call, checklist_id: str, version: int, params: PageParams
) -> Paginated[RunWithTasks] | Streamed:
    """List the processes that run a version and that the caller may see, the newest first, archived ones too."""
    opened = await usecases.opened_template(tx, checklist_id)
    await usecases.document_of(tx, opened, version)
    if params.without_pagination:
        call.may_be_cached = False
        return Streamed(lambda later: _all_processes(later, call, checklist_id, version))
    page = call.page(params.page, params.per_page, params.limit)
    rows, total = await version_history.processes_of(
        tx, checklist_id, version, await sight_of(tx), limit=page.size, offset=min(page.offset, MAX_OFFSET)
    )
    return call.paginated(await present(tx, call, rows, frozenset()), total, page)


async def _all_processes(tx: ReadTx, call: Call, template_id: str, version: int) -> AsyncGenerator[bytes]:
    found = version_history.all_processes_of(tx, template_id, version, await sight_of(tx))
    async with aclosing(found) as rows:
        async for piece in whole(tx, call, rows):
            yield piece


@operation("GET", VERSION + "/compare", tag="templates", etag=True)
async def compare_template_versions(
    tx: ReadTx, checklist_id: str, version: int, params: CompareParams
) -> Item[TemplateComparison]:
    """What became of a version in another one: each difference in data and in a sentence."""
    compared = await usecases.compare(tx, checklist_id, version, params.to)
    return Item(present_comparison(checklist_id, compared))


@operation("POST", VERSION + "/restore", tag="templates", status=200, errors=(422,))
async def restore_template_version(tx: WriteTx, checklist_id: str, version: int) -> Item[Checklist]:
    """Make the template what a version says; title, folder, permissions and publicity stay, processes keep theirs."""
    row = await usecases.restore_version(tx, checklist_id, version)
    return Item(present_template(row, starred=await templates.is_starred(tx, checklist_id)))
