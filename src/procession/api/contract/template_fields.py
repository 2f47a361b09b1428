"""Form fields of templates on the wire. Spec: api-templates 6."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.domain.automations.rules import FieldOperator, Logic
from procession.domain.fields import Effect
from procession.domain.fields import FieldType as FieldTypeName
from procession.domain.fields import ResultType as ResultTypeName

Bound = Annotated[int | float | None, Meta(description="Of a number or amount; at most 15 digits.")]
Decimals = Annotated[int | None, Meta(description="How many decimals a number may have; null: any number.")]
Unit = Annotated[str | None, Meta(description="What a number counts, shown after it.")]
Expression = Annotated[str | None, Meta(description="What a calculated field is worked out from.")]
ResultType = Annotated[ResultTypeName | None, Meta(description="Of a calculated field; null while it is broken.")]
CurrencyCode = Annotated[str | None, Meta(description="ISO 4217 code of an amount.")]


class FormCondition(msgspec.Struct):
    """A test of the answer to a field of the same form."""

    field_id: str
    operation: FieldOperator
    statement: Any
    logic: Logic
    column_contains_name: str | None


class FormRule(msgspec.Struct):
    """What becomes of the field while the conditions hold. Spec: T-11.70."""

    effect: Effect
    conditions: list[FormCondition]


class FormConditionBody(msgspec.Struct, kw_only=True):
    field_id: str
    operation: FieldOperator
    statement: Any = None
    logic: Logic = "and"
    column_contains_name: str | None = None


class FormRuleBody(msgspec.Struct):
    effect: Effect
    conditions: list[FormConditionBody]


class FieldOption(msgspec.Struct):
    id: int
    text: str
    value: str | int | float | bool | None
    required: bool


class FieldColumn(msgspec.Struct):
    id: int
    label: str


class FieldShape(msgspec.Struct, kw_only=True):
    """What fields of steps and of kick-off forms have in common."""

    id: str
    alias: str
    field_type: FieldTypeName
    label: str
    guidance: str | None
    position: int
    required: bool
    options: list[FieldOption]
    columns: list[FieldColumn]
    default_value_enabled: bool
    default_value: Any
    collect_time: bool
    use_wysiwyg_editor: bool
    field_validation: list[str]
    prefix: str | None
    suffix: str | None
    minimum: Bound
    maximum: Bound
    decimals: Decimals
    unit: Unit
    currency: CurrencyCode
    expression: Expression
    result_type: ResultType
    form_rules: list[FormRule]
    settings: dict[str, Any] | None
    lookup_list: Any = msgspec.field(name="list")
    created_at: str
    last_updated: str
    archived_at: str | None
    custom_fields: dict[str, Any] | None


class Capture(FieldShape, kw_only=True):
    """A form field of a step."""

    step_id: str


class Prerun(FieldShape, kw_only=True):
    """A field of the kick-off form."""

    checklist_id: str


class OptionBody(msgspec.Struct):
    id: int
    text: str
    value: str | int | float | bool | None = None
    required: bool = False


class FieldBody(msgspec.Struct, kw_only=True):
    """A field definition, whole on every write. The server says what each type needs. Spec: api-templates 6.1."""

    label: str
    field_type: FieldTypeName
    required: bool
    options: list[OptionBody] = []
    columns: list[FieldColumn] = []
    guidance: str | None = None
    position: Annotated[int, Meta(ge=1, le=9999)] | UnsetType = UNSET
    default_value_enabled: bool = False
    default_value: Any = None
    collect_time: bool = False
    use_wysiwyg_editor: bool = True
    field_validation: list[str] | str | None = None
    prefix: str | None = None
    suffix: str | None = None
    minimum: Bound = None
    maximum: Bound = None
    decimals: Decimals = None
    unit: Unit = None
    currency: CurrencyCode = None
    expression: Expression = None
    form_rules: list[FormRuleBody] = []
    settings: dict[str, Any] | None = None
    lookup_list: Any = msgspec.field(default=None, name="list")


class KickoffFieldBody(FieldBody, kw_only=True):
    """A kick-off field; with the id of a known one, a change of that."""

    id: str | None = None


class FieldPosition(msgspec.Struct):
    capture_id: str
    position: Annotated[int, Meta(ge=1, le=9999)]


class FieldMove(msgspec.Struct):
    target_step_id: str
    position: Annotated[int, Meta(ge=1, le=9999)]


class FormFields(msgspec.Struct):
    """Every field of a template. Spec: api-templates T10."""

    id: str
    title: str
    form_fields: list[Capture]
    ko_form_fields: list[Prerun]
