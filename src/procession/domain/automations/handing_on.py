"""Answers of one process that become the kick-off answers of a process its rule launches. Spec: A-4.70 to A-4.72."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from procession.domain.automations.comparing import folded
from procession.domain.automations.rules import HandedOn, Launch
from procession.domain.calculating.sheet import shown_answers
from procession.domain.carrying import carried_date, table_by_labels
from procession.domain.errors import Invalid
from procession.domain.fields import NUMERIC, Field, FieldType, Option
from procession.domain.processes import Process
from procession.domain.tasks import fields_of
from procession.domain.templates import Template
from procession.domain.values import is_blank
from procession.domain.variables import Reader, text_of, variable_of

_TEXTS: frozenset[FieldType] = frozenset(
    {"text", "textarea", "email", "date", "radio", "dropdown", "multiselect", *NUMERIC}
)
_CHOICES: frozenset[FieldType] = frozenset({"radio", "dropdown", "text"})
_CHECKS: frozenset[FieldType] = frozenset({"multiselect", "radio", "dropdown"})
_ADDRESSES: frozenset[FieldType] = frozenset({"email", "text"})
_TAKEN_FROM: Mapping[FieldType, frozenset[FieldType]] = {
    "text": _TEXTS,
    "textarea": _TEXTS,
    "email": _ADDRESSES,
    "radio": _CHOICES,
    "dropdown": _CHOICES,
    "multiselect": _CHECKS,
}
"""Which types a field of this type can take an answer from; the others take it from their like only. Spec: A-4.71."""


def fits(source: Field, target: Field) -> bool:
    """Spec: A-4.71; calculated fields are of the type of their result (T-11.67)."""
    kinds = {source.field_type, source.answer_type}
    return target.field_type in kinds or not kinds.isdisjoint(_TAKEN_FROM.get(target.field_type, ()))


def unmet(launch: Launch, kickoff: tuple[Field, ...]) -> list[Field]:
    """Required fields of the launched template that nothing is handed on to, and that have no default."""
    named = {each.field for each in launch.answers}
    return [field for field in kickoff if field.required and field.id not in named and not field.default_value_enabled]


def answers_for(
    launch: Launch, process: Process, document: Template, kickoff: tuple[Field, ...], reader: Reader
) -> dict[str, Any]:
    """The kick-off answers that the process hands on; what is blank here is left to the field's default there.

    Raises Invalid where an answer is none that the other field could have.
    """
    targets = {field.id: field for field in kickoff}
    answers: dict[str, Any] = {}
    errors: dict[str, list[Any]] = {}
    for each in launch.answers:
        known, target = _source(each, process, document, reader.zone), targets.get(each.field)
        if known is None or target is None or is_blank(*known):
            continue
        source, value = known
        found = _carried(source, value, target, reader) if fits(source, target) else None
        if found is None:
            errors[f"prerun.{target.id}"] = [f"{target.label} cannot be {text_of(source, value, reader)}."]
        else:
            answers[target.id] = found
    if errors:
        raise Invalid(errors)
    return answers


def handed_on(launch: Launch, process: Process, document: Template, zone: str) -> dict[str, Any]:
    """The answers as they stand in this process, by the kick-off field that would take them."""
    found = ((each.field, _source(each, process, document, zone)) for each in launch.answers)
    return {field: known[1] for field, known in found if known is not None}


def _source(each: HandedOn, process: Process, document: Template, zone: str) -> tuple[Field, Any] | None:
    """The field with what counts as its answer. Spec: T-11.71."""
    if each.source == "Prerun":
        field = next((field for field in document.kickoff if field.id == each.source_id), None)
        answers = shown_answers(document.kickoff, process.prerun, zone)
        return None if field is None else (field, answers.get(field.id))
    for step in document.steps:
        field = step.field(each.source_id)
        if field is not None:
            task = next((task for task in process.tasks if task.step_id == step.id), None)
            answers = {} if task is None else shown_answers(fields_of(task, document), task.taskdata, zone)
            return field, answers.get(field.id)
    return None


def _carried(source: Field, value: Any, target: Field, reader: Reader) -> Any:
    """The answer as the other field keeps it; None where it has no such option. Spec: A-4.71."""
    match target.field_type:
        case "textarea" if source.field_type == "textarea":
            return value
        case "text" | "textarea" | "email":
            return text_of(source, value, reader)
        case "radio" | "dropdown":
            option = next(_options(target, [text_of(source, value, reader)]), None)
            if option is None or target.field_type == "radio":
                return None if option is None else option.text
            return {"id": option.id, "text": option.text}
        case "date":
            return carried_date(value, source, target, reader.zone)
        case "table":
            return table_by_labels(value, source, target)
        case "multiselect":
            texts = variable_of(source, value, reader).texts
            options = list(_options(target, texts))
            chosen = [{"id": option.id, "text": option.text, "selected": True} for option in options]
            return chosen if len(chosen) == len(texts) else None
        case _:
            return value


def _options(field: Field, texts: Sequence[str]) -> Iterator[Option]:
    by_text = {folded(option.text): option for option in field.options}
    return (by_text[folded(text)] for text in texts if folded(text) in by_text)
