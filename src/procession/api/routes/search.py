"""Search. Spec: api-content 3."""

from collections.abc import Iterator
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from procession.api.call import Call, Page
from procession.api.contract.envelope import Paginated
from procession.api.contract.search import (
    FoundField,
    FoundProcess,
    FoundSnippet,
    FoundStep,
    FoundTask,
    FoundTemplate,
    SearchParams,
    SearchResults,
)
from procession.api.lists import MAX_OFFSET, contains, cut
from procession.api.operations import operation
from procession.api.present import search as shown
from procession.api.present.process_includes import view
from procession.api.present.processes import condition_of
from procession.api.present.task_includes import present as present_tasks
from procession.api.routes.processes import included
from procession.domain.errors import Invalid
from procession.domain.names import fold
from procession.domain.richtext import plain_text
from procession.domain.search_filters import (
    FIELDS,
    TYPES,
    USUAL,
    Node,
    SearchType,
    read_filter,
    require_fields,
    tests_in,
)
from procession.domain.templates import Step, TemplateRow
from procession.storage import (
    folders,
    searching,
    snippets,
    task_lists,
    task_pages,
    template_links,
    template_lists,
    templates,
)
from procession.storage.access import Sight, sight_of
from procession.storage.pages import Page as StoredPage
from procession.storage.searching import Looked
from procession.storage.template_lists import TemplateFilter
from procession.storage.tx import ReadTx
from procession.usecases.template_access import as_seen

PER_PAGE = 20
MAX_SEARCH = 550
T = TypeVar("T")


class _Search(msgspec.Struct, frozen=True):
    """One search: what for, which page of each type, and what the caller sees."""

    looked: Looked
    page: Page
    sight: Sight

    @property
    def window(self) -> dict[str, int]:
        return {"limit": self.page.size, "offset": min(self.page.offset, MAX_OFFSET)}


@operation("GET", "/organizations/{org_id}/search", tag="search", etag=True, errors=(422,))
async def search(tx: ReadTx, call: Call, params: SearchParams) -> SearchResults:
    """Find templates, processes, tasks, snippets, steps and fields the caller may see, by a part of their name."""
    test = read_filter(_sent(call))
    call.ignored[:] = [name for name in call.ignored if not name.startswith("filter[")]
    text, types = _text(params.search), _types(params.on, test)
    if test is not None:
        require_fields(test, types)
    asked = _Search(
        Looked(text, in_tags=params.tags is True, test=test),
        call.page(params.page, params.per_page, default=PER_PAGE),
        await sight_of(tx),
    )
    found = {kind: await _FINDERS[kind](tx, call, asked) for kind in types}
    return SearchResults(**found)


def _sent(call: Call) -> Iterator[tuple[str, str]]:
    yield from parse_qsl(call.raw_query, keep_blank_values=True)


def _text(sent: str | None) -> str:
    text = fold(sent).strip() if sent is not None else ""
    if not text:
        raise Invalid({"search": ["The search field is required."]})
    if len(text) > MAX_SEARCH:
        raise Invalid({"search": [f"The search may not be greater than {MAX_SEARCH} characters."]})
    return text


def _types(sent: tuple[str, ...], test: Node | None) -> list[SearchType]:
    """The types asked for; without any the usual ones, with a filter those that have all its fields."""
    if not sent:
        fields = {each.field for each in tests_in(test)} if test is not None else set[str]()
        return [kind for kind in USUAL if fields <= set(FIELDS.get(kind, ()))]
    unknown = [each for each in sent if each not in TYPES]
    if unknown:
        raise Invalid({"on": [f"Search is on {', '.join(TYPES)}; there is no {unknown[0]}."]})
    return [kind for kind in TYPES if kind in sent]


async def _templates(tx: ReadTx, call: Call, asked: _Search) -> Paginated[FoundTemplate]:
    found = await searching.find_templates(tx, asked.looked, asked.sight, **asked.window)
    by_id = {row.id: row for row in await templates.many(tx, found.keys)}
    rows, _ = await as_seen(tx, [by_id[key] for key in found.keys if key in by_id])
    tree = await folders.of_kind(tx, "checklist")
    tags = await template_links.tags_of_templates(tx, found.keys) if asked.looked.in_tags else None
    items = [shown.present_template(tx.organization_id, row, tree, tags) for row in rows]
    return call.paginated(items, found.total, asked.page)


async def _processes(tx: ReadTx, call: Call, asked: _Search) -> Paginated[FoundProcess]:
    found = await searching.find_processes(tx, asked.looked, asked.sight, **asked.window)
    by_number = await task_pages.listed_at(tx, found.keys)
    names = frozenset({"tags"} if asked.looked.in_tags else ())
    rows = [by_number[key] for key in found.keys]
    viewer = await view(tx, rows, names)
    includes = await included(tx, call, rows, names, viewer, with_answers=False)
    items = [
        shown.present_process(row, condition_of(row, call, viewer.shares.get(row.seq)), added)
        for row, added in zip(rows, includes, strict=True)
    ]
    return call.paginated(items, found.total, asked.page)


async def _tasks(tx: ReadTx, call: Call, asked: _Search) -> Paginated[FoundTask]:
    found = await searching.find_tasks(tx, asked.looked, asked.sight, **asked.window)
    names = frozenset({"tags"} if asked.looked.in_tags else ())
    rows = await present_tasks(tx, call, await task_lists.tasks_at(tx, found.keys), names)
    return call.paginated([shown.present_task(each) for each in rows], found.total, asked.page)


async def _snippets(tx: ReadTx, call: Call, asked: _Search) -> Paginated[FoundSnippet]:
    where = {**snippets.LIVE, "pattern": contains(asked.looked.text)}
    page = StoredPage(sort="created_at", descending=True, **asked.window)
    rows, total = await snippets.list_page(tx, where, page)
    return call.paginated([shown.present_snippet(each) for each in rows], total, asked.page)


async def _steps(tx: ReadTx, call: Call, asked: _Search) -> Paginated[FoundStep]:
    text = asked.looked.text
    found = [
        (row.id, step)
        for row, step in await _readable_steps(tx)
        if text in fold(step.title) or (step.summary and text in fold(plain_text(step.summary)))
    ]
    return call.paginated([shown.present_step(*each) for each in cut(found, asked.page)], len(found), asked.page)


async def _fields(tx: ReadTx, call: Call, asked: _Search) -> Paginated[FoundField]:
    found = [
        (row.id, step, field)
        for row, step in await _readable_steps(tx)
        for field in step.fields
        if asked.looked.text in fold(field.label)
    ]
    return call.paginated([shown.present_field(*each) for each in cut(found, asked.page)], len(found), asked.page)


async def _readable_steps(tx: ReadTx) -> list[tuple[TemplateRow, Step]]:
    """Of all templates the caller may open, as they may read them, those of the newest template first."""
    rows, _ = await template_lists.list_page(tx, TemplateFilter(), sort="created_at", descending=True, with_steps=True)
    seen, _ = await as_seen(tx, [each.template for each in rows])
    whole = [row for row in seen if isinstance(row, TemplateRow)]
    newest = sorted(whole, key=lambda row: (row.created_at, row.id), reverse=True)
    return [(row, step) for row in newest for step in row.document.steps]


_FINDERS: dict[SearchType, Any] = {
    "blueprint": _templates,
    "process": _processes,
    "task": _tasks,
    "snippet": _snippets,
    "capture": _fields,
    "step": _steps,
}
