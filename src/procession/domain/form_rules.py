"""Fields that are shown, hidden or required by answers in the same form. Spec: behaviour-templates 11.9."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import get_args

from msgspec.structs import replace

from procession.domain.automations.comparing import folded
from procession.domain.automations.field_tests import combined, field_holds
from procession.domain.automations.rules import FIELD_OPERATORS, LOGIC, Condition, FieldOperator, Logic
from procession.domain.automations.statements import read_statement
from procession.domain.fields import MAX_TEXT, Effect, Field, FieldCondition, FieldRule
from procession.domain.loose import as_list, as_object, clean_text

MAX_RULES = 10
MAX_CONDITIONS = 20
EFFECTS: tuple[Effect, ...] = get_args(Effect)

Complain = Callable[[str, str], None]


def read_form_rules(sent: object, complain: Complain) -> tuple[FieldRule, ...]:
    """As clients send them; that the fields they name stand in the same form is seen where that is known."""
    entries = [] if sent is None else as_list(sent)
    if entries is None or len(entries) > MAX_RULES:
        complain("form_rules", f"The form rules must be a list of at most {MAX_RULES} entries.")
        return ()
    return tuple(_rule(f"form_rules.{index}", entry, complain) for index, entry in enumerate(entries))


def _rule(path: str, raw: object, complain: Complain) -> FieldRule:
    entry = as_object(raw) or {}
    effect: Effect | None = next((each for each in EFFECTS if each == entry.get("effect")), None)
    if effect is None:
        complain(f"{path}.effect", f"The effect must be one of {', '.join(EFFECTS)}.")
    conditions = as_list(entry.get("conditions"))
    if not conditions or len(conditions) > MAX_CONDITIONS:
        complain(f"{path}.conditions", f"The conditions must be a list of 1 to {MAX_CONDITIONS} entries.")
        return FieldRule(effect or "show", ())
    places = ((f"{path}.conditions.{index}", each) for index, each in enumerate(conditions))
    return FieldRule(effect or "show", tuple(_condition(place, each, complain) for place, each in places))


def _condition(path: str, raw: object, complain: Complain) -> FieldCondition:
    entry = as_object(raw) or {}
    field_id = entry.get("field_id")
    if not isinstance(field_id, str) or not field_id:
        complain(f"{path}.field_id", "The field id must be that of a field of the same form.")
    operator: FieldOperator | None = next((each for each in FIELD_OPERATORS if each == entry.get("operation")), None)
    if operator is None:
        complain(f"{path}.operation", f"The operation must be one of {', '.join(FIELD_OPERATORS)}.")
    logic: Logic | None = next((each for each in LOGIC if each == (entry.get("logic") or "and")), None)
    if logic is None:
        complain(f"{path}.logic", f"The logic must be one of {', '.join(LOGIC)}.")
    column = entry.get("column_contains_name")
    if column is not None and not (isinstance(column, str) and len(column) <= MAX_TEXT):
        complain(f"{path}.column_contains_name", "The column contains name must be the label of a column.")
    statement = None
    if operator is not None:
        statement = read_statement(f"{path}.statement", entry.get("statement"), operator, complain)
    return FieldCondition(
        field_id=field_id.lower() if isinstance(field_id, str) else "",
        operator=operator or "is_empty",
        statement=statement,
        logic=logic or "and",
        column=clean_text(column) or None if isinstance(column, str) else None,
    )


def has_rules(fields: Iterable[Field]) -> bool:
    return any(field.form_rules for field in fields)


def named_fields(field: Field) -> frozenset[str]:
    """The ids of the fields whose answers it depends on."""
    return frozenset(condition.field_id for rule in field.form_rules for condition in rule.conditions)


def is_hidden(field: Field, form: Mapping[str, Field], answers: Mapping[str, object], zone: str) -> bool:
    """Hidden by any rule that hides it, and unless one that shows it holds where there are such. Spec: T-11.72."""
    met = {
        effect: [_met(rule, form, answers, zone) for rule in field.form_rules if rule.effect == effect]
        for effect in EFFECTS
    }
    return any(met["hide"]) or (bool(met["show"]) and not any(met["show"]))


def is_required(field: Field, form: Mapping[str, Field], answers: Mapping[str, object], zone: str) -> bool:
    """Whether a rule requires it now."""
    return any(rule.effect == "require" and _met(rule, form, answers, zone) for rule in field.form_rules)


def _met(rule: FieldRule, form: Mapping[str, Field], answers: Mapping[str, object], zone: str) -> bool:
    return combined(
        [_holds(condition, form, answers, zone) for condition in rule.conditions],
        [condition.logic for condition in rule.conditions],
    )


def _holds(condition: FieldCondition, form: Mapping[str, Field], answers: Mapping[str, object], zone: str) -> bool:
    """Whatever names a field that is not in the form is false. Spec: A-2.26."""
    field = form.get(condition.field_id)
    return field is not None and field_holds(as_condition(condition), field, answers.get(field.id), zone)


def as_condition(asked: FieldCondition) -> Condition:
    """As rules of templates have them, which are told and tested alike."""
    return Condition(
        id="",
        subject="Capture",
        subject_id=asked.field_id,
        operator=asked.operator,
        statement=asked.statement,
        logic=asked.logic,
        column=asked.column,
    )


def rule_faults(form: Sequence[Field]) -> dict[str, str]:
    """What is wrong with the rules of the fields of one form, circles aside, by field id. Spec: T-11.73."""
    known = {field.id: field for field in form}
    return {field.id: fault for field in form if (fault := _fault(field, known)) is not None}


def _fault(field: Field, form: Mapping[str, Field]) -> str | None:
    if field.field_type == "calculated" and any(rule.effect == "require" for rule in field.form_rules):
        return "A calculated field cannot be required: nobody fills it in."
    for condition in (each for rule in field.form_rules for each in rule.conditions):
        subject = form.get(condition.field_id)
        if subject is None:
            return "A rule names a field that does not stand in the same form."
        if subject.id == field.id:
            return "A field cannot be shown, hidden or required by its own answer."
        labels = {folded(column.label) for column in subject.columns}
        if condition.column is not None and folded(condition.column) not in labels:
            return f'The field "{subject.label}" has no column "{condition.column[:100]}".'
    return None


def with_new_ids(fields: Sequence[Field], new_id: Callable[[], str]) -> tuple[Field, ...]:
    """A form under new ids, whose rules name its own fields."""
    ids = {field.id: new_id() for field in fields}
    return tuple(replace(field, id=ids[field.id], form_rules=renamed_rules(field.form_rules, ids)) for field in fields)


def note_new_id(raw: object, field: Field, ids: dict[str, str]) -> None:
    """Remember which id a new field has got for the one it was sent with. Spec: T-11.76."""
    sent = (as_object(raw) or {}).get("id")
    if isinstance(sent, str) and sent and sent.lower() != field.id:
        ids.setdefault(sent.lower(), field.id)


def naming(field: Field, ids: Mapping[str, str]) -> Field:
    """The field whose rules name new ones by the ids these have got."""
    return replace(field, form_rules=renamed_rules(field.form_rules, ids)) if field.form_rules and ids else field


def renamed_rules(rules: Sequence[FieldRule], ids: Mapping[str, str]) -> tuple[FieldRule, ...]:
    """The rules with new ids for the fields they name."""

    def renamed(condition: FieldCondition) -> FieldCondition:
        return replace(condition, field_id=ids.get(condition.field_id, condition.field_id))

    return tuple(replace(rule, conditions=tuple(renamed(each) for each in rule.conditions)) for rule in rules)
