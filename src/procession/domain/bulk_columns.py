"""What the columns of a bulk launch mean. Spec: behaviour-launching L-13.2, L-13.5."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Protocol, TypeVar

import msgspec

from procession.domain.errors import Invalid
from procession.domain.templates import Template

Meaning = Literal["nothing", "name", "field", "owner", "tags", "folder", "deadline"]

DEADLINE = "deadline:"
OWN_WORDS: dict[str, Meaning] = {"owner": "owner", "tags": "tags", "folder": "folder"}


class Column(msgspec.Struct, frozen=True):
    """`key` is the field or step that it is about."""

    header: str
    meaning: Meaning
    key: str | None = None


class Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def alias(self) -> str: ...


N = TypeVar("N", bound=Named)


def read_columns(header: Sequence[str], document: Template) -> tuple[Column, ...]:
    """The meaning of each header, in their order. Raises Invalid on `header` with everything wrong with them."""
    faults: list[Any] = []
    columns: list[Column] = []
    for text in header:
        try:
            columns.append(_column(text, document))
        except _Unclear as unclear:
            faults.append(str(unclear))
    meant: dict[tuple[Meaning, str | None], str] = {}
    for column in columns:
        former = meant.setdefault((column.meaning, column.key), column.header)
        if column.meaning != "nothing" and former is not column.header:
            faults.append(f"The columns {former} and {column.header} mean the same.")
    if faults:
        answered = [field for field in document.kickoff if field.field_type != "calculated"]
        labels = ", ".join(f"{field.label} ({field.alias})" for field in answered)
        faults.append(f"The fields of the kick-off form are: {labels}." if labels else "The template has no form.")
        raise Invalid({"header": faults})
    return tuple(columns)


class _Unclear(ValueError):
    """The sentence says which header means nothing, or more than one thing."""


def _column(text: str, document: Template) -> Column:
    if not text:
        return Column("", "nothing")
    folded = text.casefold()
    if folded == "name":
        return Column(text, "name")
    field = _match(text, document.kickoff, lambda field: field.label)
    if field is not None and field.field_type == "calculated":
        return Column(text, "nothing")  # nobody answers it, but what was exported may be sent back
    if field is not None:
        return Column(text, "field", field.id)
    if folded in OWN_WORDS:
        return Column(text, OWN_WORDS[folded])
    if folded.startswith(DEADLINE):
        step = _match(text[len(DEADLINE) :].strip(), document.steps, lambda step: step.title)
        if step is not None:
            return Column(text, "deadline", step.id)
        raise _Unclear(f"{text}: there is no such step.")
    raise _Unclear(f"{text}: there is no such field.")


def _match(text: str, things: Iterable[N], called: Callable[[N], str]) -> N | None:
    """Exact before any case; an id before an alias before what it is called. Raises _Unclear."""
    things = list(things)
    names: tuple[Callable[[N], str], ...] = (lambda each: each.id, lambda each: each.alias, called)
    spelling: Callable[[str], str]
    for spelling in (str, str.casefold):
        for name in names:
            found = [each for each in things if spelling(name(each).strip()) == spelling(text)]
            if len(found) > 1:
                raise _Unclear(f"{text}: several are called so; write an alias instead.")
            if found:
                return found[0]
    return None
