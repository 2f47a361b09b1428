"""The text of a document: what may stand in it, its fields filled in, its table of contents. Spec: T-16.1 to T-16.5.

Making foreign markup safe is the business of an adapter; what comes here is safe, so every element is closed.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape

import msgspec

from procession.domain.fields import Field, FieldType
from procession.domain.richtext import plain_text
from procession.domain.templates import Template, TemplateType

MAX_BODY = 500_000
FIELD_TYPES: frozenset[FieldType] = frozenset({"text", "textarea", "date"})

NO_BODY = "Only a document has a text. Change the type of the template to document first."
NO_TEXT = "Only documents have a text to read."
NO_STEPS = "A document has no steps, milestones and rules. Change the type of the template to procedure first."
WRONG_TYPE = "A document has fields of type text, textarea and date only."

_OPENING = re.compile(r"<editor-form-field\b[^<>]*>", re.IGNORECASE)
_CLOSING = re.compile(r"</editor-form-field\s*>", re.IGNORECASE)
_FIELD_ID = re.compile(r"""\bdata-field-id\s*=\s*["']?([^\s"'<>]+)""", re.IGNORECASE)
_HEADING = re.compile(r"<h([1-3])\b([^<>]*)>|</h([1-3])\s*>", re.IGNORECASE)


class Place(msgspec.Struct, frozen=True):
    """Where a field stands, by its opening tag; `field_id` in lower case, as it was sent where it is none."""

    tag: str
    field_id: str


class Heading(msgspec.Struct, frozen=True):
    """An entry of the table of contents; `id` is that of the element."""

    id: str
    level: int
    title: str


def pieces(body: str) -> Iterator[str | Place]:
    """The text between fields and the places of fields, in turn; what stood inside a place is left out."""
    position = 0
    while (opening := _OPENING.search(body, position)) is not None:
        yield body[position : opening.start()]
        named = _FIELD_ID.search(opening[0])
        yield Place(opening[0], "" if named is None else named[1].lower())
        closing = _CLOSING.search(body, opening.end())
        position = len(body) if closing is None else closing.end()
    yield body[position:]


def rebuilt(body: str, place: Callable[[Place], str], text: Callable[[str], str] = str) -> str:
    """The body with what stands in the place of each field, and each text between as `text` makes it."""
    return "".join(place(each) if isinstance(each, Place) else text(each) for each in pieces(body))


def placed(place: Place, content: str = "") -> str:
    """The field as it stands in the text, around its answer."""
    return f"{place.tag}{content}</editor-form-field>"


def stored_body(body: str, ids: Mapping[str, str]) -> str:
    """Only places, whatever the client was shown inside; those of new fields by the ids these have got."""

    def named(place: Place) -> str:
        new = ids.get(place.field_id, place.field_id)
        if _FIELD_ID.search(place.tag) is None:
            return ""
        return placed(Place(f'<editor-form-field data-field-id="{escape(new)}">', new))

    return rebuilt(body, named)


def without_field(body: str, field_id: str) -> str:
    """The text without the places of a field that is deleted. Spec: T-16.5."""
    return rebuilt(body, lambda place: "" if place.field_id == field_id else placed(place))


def body_fault(document: Template) -> str | None:
    """Spec: T-16.5."""
    known = {field.id for field in document.kickoff}
    for each in pieces(document.body or ""):
        if isinstance(each, Place) and each.field_id not in known:
            return f'There is no field "{each.field_id[:100]}" in this document.'
    return None


def unsuited(kind: TemplateType, fields: Sequence[Field]) -> list[Field]:
    """The fields that a template of this type cannot have. Spec: T-16.1."""
    return [field for field in fields if field.field_type not in FIELD_TYPES] if kind == "document" else []


def with_contents(markup: str) -> tuple[str, list[Heading]]:
    """The text whose headings can be linked to, and its table of contents. Spec: T-16.3."""
    out: list[str] = []
    found: list[Heading] = []
    position = 0
    opening: re.Match[str] | None = None
    for tag in _HEADING.finditer(markup):
        if tag[1] is not None:
            opening = tag
            continue
        title = "" if opening is None else " ".join(plain_text(markup[opening.end() : tag.start()]).split())
        if opening is not None and title:
            found.append(Heading(f"section-{len(found) + 1}", int(opening[1]), title))
            out.append(f'{markup[position : opening.start()]}<h{opening[1]} id="{found[-1].id}"{opening[2]}>')
            position = opening.end()
        opening = None
    return "".join([*out, markup[position:]]), found
