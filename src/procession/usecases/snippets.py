"""Snippets: create, change, delete; administrators only. Spec: behaviour-templates 13, behaviour-people 3.1."""

from msgspec.structs import replace

from procession.domain import snippets as domain
from procession.domain.errors import Invalid, NotFound
from procession.domain.events import happened
from procession.domain.names import clean_name, fold
from procession.domain.people import require_admin
from procession.domain.richtext import is_blank_markup
from procession.domain.snippets import Snippet
from procession.domain.template_references import former_texts, without_snippet
from procession.storage import bin_items, snippets, templates
from procession.storage.bin_contents import SnippetContent
from procession.storage.tx import WriteTx

MANAGE = "create, change or delete snippets"


async def create(tx: WriteTx, *, title: str, content: str, is_public: bool, for_guests: bool) -> Snippet:
    """Raises NotAllowed, Invalid."""
    require_admin(tx.actor, MANAGE)
    snippet = _checked(
        Snippet(
            id=await tx.next_number("snippet"),
            title=title,
            folded_title="",
            content=content,
            folded_text="",
            is_public=is_public,
            for_guests=for_guests,
            created_at=tx.now,
            updated_at=tx.now,
        )
    )
    await snippets.add(tx, snippet)
    tx.record(happened("snippet.created", snippet.id, title=snippet.title))
    return snippet


async def update(
    tx: WriteTx,
    snippet_id: int,
    *,
    title: str | None = None,
    content: str | None = None,
    is_public: bool | None = None,
    for_guests: bool | None = None,
) -> Snippet:
    """None leaves a part as it is. Raises NotAllowed, NotFound, Invalid."""
    before = await managed(tx, snippet_id)
    after = _checked(
        replace(
            before,
            title=before.title if title is None else title,
            content=before.content if content is None else content,
            is_public=before.is_public if is_public is None else is_public,
            for_guests=before.for_guests if for_guests is None else for_guests,
        )
    )
    if after == before:
        return before
    after = replace(after, updated_at=tx.now)
    await snippets.save(tx, before, after)
    tx.record(happened("snippet.updated", after.id, title=after.title))
    return after


async def delete(tx: WriteTx, snippet_id: int) -> None:
    """Into the bin. Its references leave templates and steps; launched processes keep what they show.

    Raises NotAllowed, NotFound. Spec: T-13.3, T-13.4.
    """
    snippet = await managed(tx, snippet_id)
    await snippets.save(tx, snippet, replace(snippet, deleted_at=tx.now))
    texts: dict[str, dict[str, str]] = {}
    for row in await templates.lock_many(tx, await templates.mentioning(tx, "snippet", str(snippet_id))):
        cut = without_snippet(row.document, snippet_id)
        texts[row.id] = former_texts(row.document, cut)
        await templates.save(tx, row, replace(row, document=cut))
    await bin_items.keep(tx, "snippet", str(snippet_id), snippet.title, SnippetContent(texts))
    tx.record(happened("snippet.deleted", snippet.id, title=snippet.title))


async def managed(tx: WriteTx, snippet_id: int) -> Snippet:
    """The snippet, locked for change. Raises NotAllowed, NotFound."""
    require_admin(tx.actor, MANAGE)
    found = await snippets.lock(tx, snippet_id)
    if found is None:
        raise NotFound
    return found


def _checked(snippet: Snippet) -> Snippet:
    """The snippet with what follows from title and content. Raises Invalid."""
    errors: dict[str, list[str]] = {}
    title = clean_name(snippet.title)
    if not title:
        errors["title"] = ["The title field is required."]
    elif len(title) > domain.MAX_TITLE:
        errors["title"] = [f"The title may not be greater than {domain.MAX_TITLE} characters."]
    if is_blank_markup(snippet.content):
        errors["content"] = ["The content field is required."]
    elif len(snippet.content) > domain.MAX_CONTENT:
        errors["content"] = [f"The content may not be greater than {domain.MAX_CONTENT} characters."]
    if errors:
        raise Invalid(errors)
    text = fold(domain.searchable(title, snippet.content))
    return replace(snippet, title=title, folded_title=fold(title), folded_text=text)
