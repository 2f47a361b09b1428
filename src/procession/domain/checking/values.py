"""Conditions that compare an answer with what it can never be. Spec: A-12.2, A-2.23, T-11.54."""

from procession.domain.automations.comparing import folded, number_in, statement_text, statement_texts
from procession.domain.automations.rules import Condition
from procession.domain.checking.findings import Code
from procession.domain.fields import NUMERIC, Field, FieldType
from procession.domain.wording import quoted

_COMPARABLE = frozenset({"text", "textarea", "dropdown", "radio", "date"}) | NUMERIC
_EXACT = frozenset({"equals", "not_equals", "equals_any", "greater_than", "less_than"})

_CHOICES: frozenset[FieldType] = frozenset({"radio", "dropdown", "multiselect"})


def is_choice(field: Field) -> bool:
    return field.field_type in _CHOICES


def what_is_wrong(condition: Condition, field: Field) -> tuple[Code, str] | None:
    """The finding's code and the end of its sentence."""
    if condition.operator in ("greater_than", "less_than") and field.answer_type not in _COMPARABLE:
        return "stale_condition_value", "compares numbers, which this field does not hold: use another comparison."
    strange = _no_numbers(condition, field)
    if strange:
        return "stale_condition_value", f"compares a number with {strange[0]}, which is none: write a number."
    missing = _missing_options(condition, field)
    if missing and condition.operator == "not_equals":
        why = f"always holds, because the field has no option {missing[0]}: choose an option there is."
        return "always_true_condition", why
    if missing and condition.operator in ("equals", "equals_any"):
        gone = f"names {', '.join(missing)}, which is no option of the field any more: choose an option there is."
        return "stale_condition_value", gone
    return None


def _no_numbers(condition: Condition, field: Field) -> list[str]:
    """What a number can never be equal to, more or less than."""
    if field.answer_type not in NUMERIC or condition.operator not in _EXACT:
        return []
    whole = statement_text(condition.statement)
    named = statement_texts(condition.statement) if condition.operator == "equals_any" else [whole or ""]
    return [quoted(text) for text in named if number_in(text.strip()) is None]


def _missing_options(condition: Condition, field: Field) -> list[str]:
    if not is_choice(field):
        return []
    there = {folded(option.text) for option in field.options}
    whole = statement_text(condition.statement)
    named = statement_texts(condition.statement) if condition.operator == "equals_any" else [whole or ""]
    return [quoted(text) for text in named if folded(text) not in there]
