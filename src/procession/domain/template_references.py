"""What a template document holds and mentions: steps, people, groups, job titles, other templates, snippets.

Spec: T-1.7, T-13.4, T-13.6.
"""

import re
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
from msgspec.structs import replace

from procession.domain import snippets
from procession.domain.fields import Field
from procession.domain.lookup_lists import lists_of
from procession.domain.templates import Template

Kind = Literal["step", "member", "guest", "group", "role", "template", "snippet", "list"]

_OPENING = re.compile(r"""<span\b[^<>]*\bdata-blueprint-id\s*=\s*["']?([0-9a-f]{32})\b[^<>]*>""", re.IGNORECASE)
_CLOSING = re.compile(r"</span\s*>", re.IGNORECASE)


class Embedding(msgspec.Struct, frozen=True):
    """A place where another template stands inside rich text."""

    type: Literal["Blueprint", "Step"]
    title: str
    id: str


def mentions(template: Template) -> frozenset[tuple[Kind, str]]:
    """(kind, key) of everything the document names."""
    found: set[tuple[Kind, str]] = {("member", str(each)) for each in template.users}
    found |= {("group", each) for each in template.groups}
    found |= {("member", str(each.member)) for each in template.default_watchers if each.member is not None}
    found |= {("group", each.group) for each in template.default_watchers if each.group is not None}
    if template.kickoff_sharing_user_id is not None:
        found.add(("member", str(template.kickoff_sharing_user_id)))
    for step in template.steps:
        found.add(("step", step.id))
        found |= {("member", str(each)) for each in step.assignees}
        found |= {("guest", each) for each in step.guests}
        found |= {("group", each) for each in step.groups}
        found |= {("role", each) for each in step.roles}
        if step.follow_up is not None:
            found.add(("template", step.follow_up.template_id))
    for action in (action for rule in template.rules for action in rule.actions):
        found |= {("member", str(each)) for each in action.assignees.users}
        found |= {("guest", each) for each in action.assignees.guests}
        found |= {("group", each) for each in action.assignees.groups}
        if action.launch is not None:
            found.add(("template", action.launch.template_id))
    for text in _texts(template):
        found |= {("template", embedded.lower()) for embedded in _OPENING.findall(text)}
    found |= {("list", each) for each in lists_of(template)}
    for text in rich_texts(template):
        found |= {("snippet", str(each)) for each in snippets.references(text)}
    return frozenset(found)


def _texts(template: Template) -> list[str]:
    steps = (step.summary for step in template.steps)
    return [text for text in (template.summary, template.guidance, template.body, *steps) if text]


def rich_texts(template: Template) -> list[str | None]:
    """Every rich text of the document: also what stands around forms and fields."""
    fields = (field.guidance for field in (*template.kickoff, *template.fields()))
    steps = (step.summary for step in template.steps)
    return [template.summary, template.guidance, template.body, template.kickoff_description, *steps, *fields]


def without_snippet(template: Template, snippet: int) -> Template:
    """The document without the references to a snippet that is deleted. Spec: T-13.4."""
    return rewritten(template, lambda _, text: snippets.without(text, snippet))


def rewritten(template: Template, change: Callable[[str, str], str]) -> Template:
    """The document with each of its rich texts as `change` makes it of its place and itself. A place is the name of a
    setting, or "step:<id>" or "field:<id>".
    """

    def at(place: str, text: str | None) -> str | None:
        return text if text is None else change(place, text)

    def on_fields(fields: tuple[Field, ...]) -> tuple[Field, ...]:
        return tuple(replace(field, guidance=at(f"field:{field.id}", field.guidance)) for field in fields)

    return replace(
        template,
        summary=at("summary", template.summary),
        guidance=at("guidance", template.guidance),
        body=at("body", template.body),
        kickoff_description=at("kickoff_description", template.kickoff_description),
        kickoff=on_fields(template.kickoff),
        steps=tuple(
            replace(each, summary=at(f"step:{each.id}", each.summary), fields=on_fields(each.fields))
            for each in template.steps
        ),
    )


def texts_at(template: Template) -> dict[str, str]:
    """Every rich text of the document, by its place."""
    found: dict[str, str] = {}

    def note(place: str, text: str) -> str:
        found[place] = text
        return text

    rewritten(template, note)
    return found


def former_texts(before: Template, after: Template) -> dict[str, str]:
    """What the texts that differ were before, by their places."""
    now = texts_at(after)
    return {place: text for place, text in texts_at(before).items() if now.get(place, "") != text}


def with_former_texts(
    template: Template, former: Mapping[str, str], cut: Callable[[str], str]
) -> tuple[Template, bool]:
    """The document with these texts in their places, where they still are what `cut` left of them; and whether all
    were. Spec: BI5.
    """
    back: set[str] = set()

    def again(place: str, text: str) -> str:
        if place in former and cut(former[place]) == text:
            back.add(place)
            return former[place]
        return text

    changed = rewritten(template, again)
    return changed, back == set(former)


def embeddings(template_id: str, title: str, template: Template, embedded: str) -> list[Embedding]:
    """Where `template` shows the template `embedded`. Spec: api-templates T5."""
    found: list[Embedding] = []
    if any(_embeds(text, embedded) for text in (template.summary, template.guidance, template.body)):
        found.append(Embedding("Blueprint", title, template_id))
    found += [Embedding("Step", step.title, step.id) for step in template.steps if _embeds(step.summary, embedded)]
    return found


def without_embedded(template: Template, embedded: str) -> Template:
    """The document without the blocks that showed this template, which is gone for good. Spec: T-1.7."""
    return rewritten(template, lambda _, text: without_blocks(text, embedded))


def _embeds(text: str | None, embedded: str) -> bool:
    return text is not None and any(each.lower() == embedded for each in _OPENING.findall(text))


def without_blocks(text: str, embedded: str) -> str:
    """The text without the blocks that showed this template."""
    kept: list[str] = []
    position, closes = 0, True
    while (opening := _OPENING.search(text, position)) is not None:
        ours = opening[1].lower() == embedded
        kept.append(text[position : opening.start() if ours else opening.end()])
        closing = _CLOSING.search(text, opening.end()) if ours and closes else None
        # Where nothing closes this one, nothing closes those after it: looking again would take ever longer.
        closes = closes and (closing is not None or not ours)
        position = closing.end() if closing is not None else opening.end()
    return "".join([*kept, text[position:]])
