"""Form fields of templates. Spec: api-templates 6.4, 6.5."""

from typing import Any

from procession.adapters.text import safe_markup
from procession.api.contract.template_fields import Capture, FieldColumn, FieldOption, FormCondition, FormRule, Prerun
from procession.domain.fields import Field
from procession.domain.times import wire, wire_or_none


def present_capture(field: Field, step_id: str) -> Capture:
    return Capture(step_id=step_id, **common_shape(field))


def present_prerun(field: Field, template_id: str) -> Prerun:
    return Prerun(checklist_id=template_id, **common_shape(field))


def present_form_rules(field: Field) -> list[FormRule]:
    return [
        FormRule(
            rule.effect,
            [
                FormCondition(each.field_id, each.operator, each.statement, each.logic, each.column)
                for each in rule.conditions
            ],
        )
        for rule in field.form_rules
    ]


def common_shape(field: Field) -> dict[str, Any]:  # attributes of FieldShape
    return {
        "id": field.id,
        "alias": field.alias,
        "field_type": field.field_type,
        "label": field.label,
        "guidance": safe_markup(field.guidance) if field.guidance else field.guidance,
        "position": field.position,
        "required": field.required,
        "options": [FieldOption(each.id, each.text, each.value, each.required) for each in field.options],
        "columns": [FieldColumn(each.id, each.label) for each in field.columns],
        "default_value_enabled": field.default_value_enabled,
        "default_value": field.default_value,
        "collect_time": field.collect_time,
        "use_wysiwyg_editor": field.use_wysiwyg_editor,
        "field_validation": list(field.field_validation),
        "prefix": field.prefix,
        "suffix": field.suffix,
        "minimum": field.minimum,
        "maximum": field.maximum,
        "decimals": field.decimals,
        "unit": field.unit,
        "currency": field.currency,
        "expression": field.expression,
        "result_type": field.result_type,
        "form_rules": present_form_rules(field),
        "settings": field.settings,
        "lookup_list": field.lookup_list,
        "created_at": wire(field.created_at),
        "last_updated": wire(field.last_updated),
        "archived_at": wire_or_none(field.archived_at),
        "custom_fields": field.custom_fields,
    }
