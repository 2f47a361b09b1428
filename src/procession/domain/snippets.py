"""Snippets: texts that stand by reference inside other rich text. Spec: behaviour-templates 13.

A reference is a `span` with `data-snippet-id`. What is stored holds the reference alone; whoever shows the text puts
the snippet's content inside, so that a text sent back as it was shown is the reference again.
"""

import re
from collections.abc import Callable, Iterator, Mapping

import msgspec

from procession.domain.richtext import plain_text
from procession.domain.times import Millis

MAX_TITLE = 250
MAX_CONTENT = 65_535

_OPENING = re.compile(r"""<span\b[^<>]*\bdata-snippet-id\s*=\s*["']?0*([1-9]\d{0,14})\b[^<>]*>""", re.IGNORECASE)
_SPAN = re.compile(r"<(/?)span\b[^<>]*>", re.IGNORECASE)


class Snippet(msgspec.Struct, frozen=True, kw_only=True):
    """Column names and fields agree (storage.rows). A deleted one stays for processes that quoted it (T-13.3)."""

    id: int
    title: str
    folded_title: str
    content: str
    # Title and content without tags, folded, for searching.
    folded_text: str
    # Who sees the block besides members: readers of public templates, guests. Spec: T-13.5.
    is_public: bool
    for_guests: bool
    created_at: Millis
    updated_at: Millis
    deleted_at: Millis | None = None


class _Block(msgspec.Struct, frozen=True):
    """One reference in a text: where its tags begin and end, and what it refers to."""

    start: int
    inner: int
    end: int
    snippet: int


def searchable(title: str, content: str) -> str:
    """What of a snippet is searched, not folded yet. Spec: api-content 3."""
    return f"{title}\n{plain_text(content)}"


def references(text: str | None) -> set[int]:
    """Ids of the snippets that stand in the text."""
    return {int(each) for each in _OPENING.findall(text)} if text and "<" in text else set()


def references_only(text: str) -> str:
    """The text with nothing inside its references: what a client was shown there is not part of it."""
    return _rewritten(text, lambda block: f"{text[block.start : block.inner]}</span>")


def filled(text: str, contents: Mapping[int, str]) -> str:
    """The text with the content of each snippet inside its reference.

    A snippet without content here (deleted, or not for this reader) leaves no placeholder. Spec: T-13.3 to T-13.5.
    """

    def shown(block: _Block) -> str:
        content = contents.get(block.snippet)
        return "" if content is None else f"{text[block.start : block.inner]}{content}</span>"

    return _rewritten(text, shown)


def inlined(text: str, contents: Mapping[int, str]) -> str:
    """The text with the content of each snippet in the place of its reference, for where the snippet is not known."""
    return _rewritten(text, lambda block: contents.get(block.snippet, ""))


def without(text: str, snippet: int) -> str:
    """The text without the references to this snippet. Spec: T-13.4."""
    return _rewritten(text, lambda block: "" if block.snippet == snippet else text[block.start : block.end])


def _rewritten(text: str, shown: Callable[[_Block], str]) -> str:
    if not references(text):
        return text
    kept: list[str] = []
    position = 0
    for block in _blocks(text):
        kept += text[position : block.start], shown(block)
        position = block.end
    return "".join([*kept, text[position:]])


def _blocks(text: str) -> Iterator[_Block]:
    """The references in their order; what stands inside another one counts as its content."""
    position = 0
    while (opening := _OPENING.search(text, position)) is not None:
        end = _closing(text, opening.end())
        yield _Block(opening.start(), opening.end(), end, int(opening[1]))
        position = end


def _closing(text: str, position: int) -> int:
    """Where the span that was opened just before `position` ends; there when it is never closed."""
    depth = 1
    for tag in _SPAN.finditer(text, position):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return tag.end()
    return position
