"""Whether calculations and form rules fit the fields they name. Spec: T-11.61, T-11.63, T-11.68, T-11.73."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from procession.domain.calculating.expressions import Fault, Reference, parse
from procession.domain.calculating.kinds import Kind, kind_of, kind_of_field
from procession.domain.calculating.sheet import calculates, in_order, inputs
from procession.domain.fields import Field
from procession.domain.form_rules import named_fields, rule_faults
from procession.domain.templates import Template

CIRCULAR_RULES = "The rules lead back to the field itself: it cannot depend on its own answer."
CIRCULAR = "The calculation leads back to itself: a field cannot depend on its own value."
ONLY_KICKOFF = "A calculation in the kick-off form uses fields of that form only."


class Typed(msgspec.Struct, frozen=True):
    """The forms with the types of what they calculate (None where broken), and what is wrong, by field id."""

    forms: tuple[tuple[Field, ...], ...]
    calculations: Mapping[str, str]
    rules: Mapping[str, str]

    @property
    def fields(self) -> list[Field]:
        return [field for form in self.forms for field in form]

    @property
    def faults(self) -> frozenset[str]:
        return frozenset({*self.calculations, *self.rules})


def typed(forms: Sequence[Sequence[Field]], *, kickoff: Sequence[Field] = ()) -> Typed:
    """Forms whose calculations may name the fields of all of them; those of `kickoff` only its own."""
    known = {field.alias: field for form in forms for field in form}
    own = frozenset(field.id for field in kickoff)
    calculations: dict[str, str] = {}
    rules = {field_id: fault for form in forms for field_id, fault in rule_faults(form).items()}
    left = {field.alias for field in known.values() if field.field_type == "calculated" or field.form_rules}
    for field in in_order(forms):
        left.discard(field.alias)
        if field.field_type != "calculated":
            continue
        within = own if field.id in own else None
        try:
            kind = kind_of(parse(field.expression or ""), lambda each, within=within: _kind(each, known, within))
        except Fault as fault:
            calculations[field.id], kind = str(fault), None
        known[field.alias] = replace(field, result_type=kind)
    for alias in left:
        field = known[alias]
        if field.form_rules:
            rules.setdefault(field.id, CIRCULAR_RULES)
        if field.field_type == "calculated":
            calculations[field.id] = CIRCULAR
            known[alias] = replace(field, result_type=None)
    return Typed(tuple(tuple(known[field.alias] for field in form) for form in forms), calculations, rules)


def _kind(reference: Reference, known: Mapping[str, Field], within: Collection[str] | None) -> Kind:
    field = known.get(reference.alias)
    if field is None:
        raise Fault(f"There is no field with the alias {reference.alias}.")
    if within is not None and field.id not in within:
        raise Fault(ONLY_KICKOFF)
    return kind_of_field(field, reference)


def typed_template(template: Template) -> Typed:
    return typed([template.kickoff, *(step.fields for step in template.steps)], kickoff=template.kickoff)


def with_result_types(template: Template) -> Template:
    """The document as it is saved: each calculated field knows the type of its result."""
    if not calculates((*template.kickoff, *template.fields())):
        return template
    kickoff, *of_steps = typed_template(template).forms
    steps = tuple(replace(step, fields=fields) for step, fields in zip(template.steps, of_steps, strict=True))
    return replace(template, kickoff=kickoff, steps=steps)


def using_fields(template: Template, ids: frozenset[str]) -> list[Field]:
    """The fields, none of these themselves, that calculate with one of them or have a rule that names one (T-11.69)."""
    fields = (*template.kickoff, *template.fields())
    aliases = {field.alias for field in fields if field.id in ids}
    return [
        field
        for field in fields
        if field.id not in ids and not (aliases.isdisjoint(inputs(field)) and ids.isdisjoint(named_fields(field)))
    ]
