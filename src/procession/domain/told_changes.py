"""Sentences about changes of a template, kept so that other templates in them are named for whoever reads.

Spec: behaviour-templates 14, T-2.3.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from procession.domain.template_differences import differences
from procession.domain.templates import Template
from procession.domain.wording import ANOTHER_TEMPLATE, Names, quoted

# Characters that mean nothing by themselves: each stands for a template while sentences are put together.
_PRIVATE_USE = range(0xE000, 0xF900)


class Reference(msgspec.Struct, frozen=True):
    """Where a template is named, between these."""

    template: str
    opening: str
    closing: str


Sentence = str | tuple[str | Reference, ...]
"""A plain one names no template; so do all that were kept before there were references."""


def told_differences(before: Template, after: Template, names: Names) -> list[Sentence]:
    text = msgspec.json.encode([before, after, names]).decode() if names.templates else ""
    free = (chr(code) for code in _PRIVATE_USE if chr(code) not in text)
    marks = dict(zip(names.templates, free, strict=False))
    found = differences(before, after, replace(names, templates=marks))
    return [_taken_apart(each.sentence, {mark: key for key, mark in marks.items()}) for each in found]


def _taken_apart(sentence: str, templates: Mapping[str, str]) -> Sentence:
    """`templates` are those that the marks stand for. What was cut off after a mark goes with it."""
    if not any(mark in sentence for mark in templates):
        return sentence
    marks = "".join(templates)
    named = re.compile(rf"""((?:template )?(["']))([{marks}])(\2)""")
    parts: list[str | Reference] = []
    end = 0
    for found in named.finditer(sentence):
        parts += [sentence[end : found.start()], Reference(templates[found[3]], found[1], found[4])]
        end = found.end()
    left = [*parts, sentence[end:]]
    unmarked = str.maketrans(dict.fromkeys(marks))
    return tuple(each.translate(unmarked) if isinstance(each, str) else each for each in left)


def told_in(payload: Mapping[str, object]) -> Sequence[Sentence]:
    """The sentences of an event."""
    return msgspec.convert(payload.get("changes") or (), tuple[Sentence, ...])


def named_in(sentences: Iterable[Sentence]) -> frozenset[str]:
    """The templates that they name."""
    parts = (part for each in sentences if not isinstance(each, str) for part in each)
    return frozenset(part.template for part in parts if isinstance(part, Reference))


def read_out(sentence: Sentence, templates: Mapping[str, str]) -> str:
    """`templates` are the titles of those that the reader knows of."""
    if isinstance(sentence, str):
        return sentence
    return "".join(each if isinstance(each, str) else _named(each, templates) for each in sentence)


def _named(reference: Reference, templates: Mapping[str, str]) -> str:
    title = templates.get(reference.template)
    if title is None:
        return ANOTHER_TEMPLATE
    inside = quoted(title)[1:-1]
    shown = inside.replace('"', "'") if reference.closing == "'" else inside
    return f"{reference.opening}{shown}{reference.closing}"
