"""Answers to any form: right for their fields, if not clever."""

from collections.abc import Sequence

from procession.domain.answers import accept
from procession.domain.fields import Field, Option
from procession.domain.values import People

NOTES = ("Done as agreed", "See the attached notes", "No objections")
DAYS = ("2026-03-02", "2026-05-18", "2026-09-07", "2026-11-23")


def answers(fields: Sequence[Field], variant: int, people: People) -> dict[str, object]:
    """An answer to every field, as it is stored; `variant` chooses among several."""
    sent = {field.id: _answer(field, variant, people) for field in fields}
    return accept(fields, sent, {}, key="taskdata", people=people, org_id="", may_clear_required=True).values


def _answer(field: Field, variant: int, people: People) -> object:
    note = NOTES[variant % len(NOTES)]
    match field.field_type:
        case "radio":
            return field.options[variant % len(field.options)].text
        case "dropdown":
            return _chosen(field.options[variant % len(field.options)])
        case "multiselect":
            return [
                _chosen(option) for option in field.options if field.needs_all_checked() or option.id != variant + 1
            ]
        case "date":
            return DAYS[variant % len(DAYS)]
        case "email":
            return f"contact{variant + 1}@partners.example"
        case "file":
            return [{"filename": "document.pdf", "url": "https://files.example/document.pdf", "source": "url"}]
        case "table":
            return [[f"{column.label} {row + 1}" for row in range(variant % 3 + 1)] for column in field.columns]
        case "assignees_form":
            return {"users": [sorted(people.members)[variant % len(people.members)]]}
        case "number" | "currency":
            return variant * 20 + 10
        case _:
            return str(variant * 1250 + 400) if "numeric" in field.field_validation else note


def _chosen(option: Option) -> dict[str, object]:
    return {"id": option.id, "text": option.text}
