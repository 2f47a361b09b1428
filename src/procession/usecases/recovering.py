"""Bringing back what was deleted, with all that hung on it. Each function is handed what the bin kept, and returns what
was connected with it and is not there any more. Spec: behaviour-work BI4, BI5.
"""

from collections.abc import Callable

from msgspec.structs import replace

from procession.domain import lookup_lists as list_rules
from procession.domain import snippets as texts
from procession.domain.bin_items import FormerTexts, Gone, LeftOut, people_of, process_without_gone, without_gone
from procession.domain.errors import Invalid, NotFound, WrongState
from procession.domain.events import happened
from procession.domain.folders import height
from procession.domain.processes import Owners, Task
from procession.domain.summary import settle
from procession.domain.template_references import (
    mentions,
    with_former_texts,
    without_blocks,
    without_embedded,
    without_snippet,
)
from procession.domain.templates import Template
from procession.storage import (
    folders,
    guests,
    job_titles,
    kept_rows,
    links,
    lookup_lists,
    people,
    processes,
    references,
    snippets,
    tags,
    templates,
)
from procession.storage.bin_contents import (
    SUBJECTS,
    FolderContent,
    ListContent,
    ProcessContent,
    SnippetContent,
    TagContent,
    TaskContent,
    TemplateContent,
)
from procession.storage.tx import WriteTx
from procession.usecases import folders as filing
from procession.usecases import guards
from procession.usecases.lookup_lists import require_free_name
from procession.usecases.tags import require_valid

Left = set[LeftOut]

ITS_PROCESS = "The process that this task was part of is not there any more. If it is in the bin, restore it first."


async def process(tx: WriteTx, content: ProcessContent) -> Left:
    """Archived, as it was deleted."""
    gone = await _gone(tx, people_of(content.process.tasks))
    former = content.process
    changed = process_without_gone(former, gone)
    back, left = await processes.put_back(tx, settle(changed, former.updated_at), content.kept)
    if await templates.find(tx, former.template_id) is None and not former.is_system:
        left.add(LeftOut("template", former.template_id))
    tx.record(happened("process.recovered", back.id, process=back.seq, name=back.name))
    return left | gone.left_out


async def task(tx: WriteTx, content: TaskContent) -> Left:
    """Alone, or in its process. Raises WrongState (that is gone), ProcessArchived, ProcessLocked."""
    gone = await _gone(tx, people_of([content.task]))
    back = without_gone(content.task, gone)
    if back.process is None:
        await processes.add_task(tx, back)
    else:
        await _into_process(tx, back, back.process)
    left = await kept_rows.put_back(tx, content.kept)
    tx.record(happened("task.recovered", back.id, process=back.process, title=back.title))
    return left | gone.left_out


async def _into_process(tx: WriteTx, back: Task, seq: int) -> None:
    holder = await processes.lock_at(tx, seq)
    if holder is None:
        raise WrongState(ITS_PROCESS)
    guards.require_changeable(holder)
    await guards.save_process(tx, holder, holder.with_tasks(back))


async def _gone(tx: WriteTx, named: Owners) -> Gone:
    groups_here = (await people.assignable(tx, (), named.groups)).groups
    guests_here = await guests.hold(tx, named.guests)
    return Gone(frozenset(named.groups) - groups_here, frozenset(named.guests) - guests_here.keys())


async def template(tx: WriteTx, content: TemplateContent) -> Left:
    """Archived, as it was deleted. Raises Invalid (the alias was given to another template)."""
    row, left = content.template, Left()
    if await templates.with_alias(tx, row.alias) is not None:
        raise Invalid({"alias": [f"The alias {row.alias} has been given to another template since."]})
    if row.folder_id is not None and await references.folder_kind(tx, row.folder_id) != "checklist":
        left.add(LeftOut("folder", row.folder_id))
        row = replace(row, folder_id=None)
    await templates.add(tx, row)
    document, unknown = await _without_unknown(tx, row.document)
    if document != row.document:
        await templates.save(tx, row, replace(row, document=document))
    left |= unknown | await kept_rows.put_back(tx, content.kept)
    left |= await _texts_again(tx, content.texts, lambda text: without_blocks(text, row.id))
    tx.record(happened("template.recovered", row.id, title=row.title))
    tx.rights_changed([row.owner])
    return left


async def _without_unknown(tx: WriteTx, document: Template) -> tuple[Template, Left]:
    """The document as it would be had it been there when what it names was deleted."""
    named = mentions(document)
    wanted = {
        kind: sorted(key for each, key in named if each == kind) for kind in ("list", "snippet", "template", "role")
    }
    lists = await lookup_lists.hold(tx, wanted["list"])
    quoted = await snippets.many(tx, map(int, wanted["snippet"]))
    here = {
        "list": set(lists),
        "snippet": {str(each.id) for each in quoted.values() if each.deleted_at is None},
        "template": {each.id for each in await templates.many(tx, wanted["template"])},
        "role": await job_titles.known(tx, wanted["role"]),
    }
    gone = {kind: [key for key in keys if key not in here[kind]] for kind, keys in wanted.items()}
    for each in gone["list"]:
        document = list_rules.without_list(document, each)
    for each in gone["snippet"]:
        document = without_snippet(document, int(each))
    for each in gone["template"]:
        document = without_embedded(document, each)
    steps = tuple(
        replace(step, roles=tuple(each for each in step.roles if each in here["role"])) for step in document.steps
    )
    document = replace(list_rules.with_lists(document, lists), steps=steps)
    return document, {LeftOut(NOUNS.get(kind, kind), key) for kind, keys in gone.items() for key in keys}


NOUNS = {"list": "lookup_list", "role": "job_title"}


async def _texts_again(tx: WriteTx, former: FormerTexts, cut: Callable[[str], str]) -> Left:
    """Put back what was cut out of templates; those that are gone or say something else by now are returned."""
    left = set(former)
    for row in await templates.lock_many(tx, sorted(former)):
        document, is_whole = with_former_texts(row.document, former[row.id], cut)
        if document != row.document:
            await templates.save(tx, row, replace(row, document=document))
        if is_whole:
            left.discard(row.id)
    return {LeftOut("template", each) for each in left}


async def snippet(tx: WriteTx, snippet_id: int, content: SnippetContent) -> Left:
    """With its references in templates. Raises NotFound."""
    found = (await snippets.many(tx, [snippet_id])).get(snippet_id)
    if found is None:
        raise NotFound
    await snippets.save(tx, found, replace(found, deleted_at=None))
    left = await _texts_again(tx, content.texts, lambda text: texts.without(text, snippet_id))
    tx.record(happened("snippet.recovered", snippet_id, title=found.title))
    return left


async def lookup_list(tx: WriteTx, content: ListContent) -> Left:
    """With the fields that it fed. Raises Invalid (its name was given to another list)."""
    found, left = content.lookup_list, set(content.fed)
    holders = await templates.lock_many(tx, sorted(content.fed))
    await require_free_name(tx, found)
    await lookup_lists.add(tx, found)
    for row in holders:
        document, is_whole = list_rules.fed_again(row.document, content.fed[row.id], found)
        if document != row.document:
            await templates.save(tx, row, replace(row, document=document))
        if is_whole:
            left.discard(row.id)
    tx.record(happened("lookup_list.recovered", found.id, name=found.name))
    return {LeftOut("template", each) for each in left}


async def tag(tx: WriteTx, content: TagContent) -> Left:
    """On everything that carried it. Raises Invalid (its title was given to another tag)."""
    await require_valid(tx, content.tag)
    numbers = content.numbers("process")
    await processes.lock_many(tx, numbers)
    await tags.add(tx, content.tag)
    left = await kept_rows.put_back(tx, content.kept)
    await links.list_tag_again(tx, content.tag.id, numbers)
    tx.record(happened("tag.recovered", content.tag.id, title=content.tag.title))
    return content.known_by(left)


async def folder(tx: WriteTx, content: FolderContent) -> Left:
    """Where it was, with what lay in it and has not been filed elsewhere since. Raises Invalid (too deep)."""
    await folders.lock_tree(tx)
    former, known = content.folder, await folders.of_kind(tx, content.folder.kind)
    parent = former.parent_id if former.parent_id in known else None
    inside = {each: known[each] for each in content.subfolders if each in known and known[each].parent_id == parent}
    levels = 1 + max((height(known, each) for each in inside), default=0)
    filing.require_depth(known, parent, levels)
    rest = {each.id: each for each in known.values() if each.id not in inside}
    moved = replace(former, parent_id=parent)
    moved = replace(moved, position=await filing.place(tx, rest, moved, former.position))
    await processes.lock_many(tx, content.numbers("process"))
    filed = {subject: await links.filed(tx, subject, content.numbers(subject)) for subject in SUBJECTS}
    kept = content.kept
    for subject, elsewhere in filed.items():
        kept = {table: rows.without(subject, elsewhere) for table, rows in kept.items()}
    await folders.add(tx, moved)
    for each in inside.values():
        await folders.save(tx, replace(each, parent_id=moved.id, updated_at=tx.now))
    left = await kept_rows.put_back(tx, kept)
    left |= {LeftOut(name, str(each)) for name, elsewhere in filed.items() for each in elsewhere}
    await links.list_folder_again(tx, moved.id, content.numbers("process") - filed["process"])
    tx.record(happened("folder.recovered", moved.id, name=moved.name))
    there = await links.refile_templates(tx, moved.id, content.templates)
    missing = {"template": set(content.templates) - there, "folder": set(content.subfolders) - inside.keys()}
    if parent != former.parent_id:
        missing["folder"].add(former.parent_id or "")
    return content.known_by(left) | {LeftOut(kind, each) for kind, keys in missing.items() for each in keys}
