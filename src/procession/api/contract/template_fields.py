"""Form fields of templates on the wire. Spec: api-templates 6."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

FieldTypeName = Literal[
    "text", "textarea", "radio", "dropdown", "multiselect", "date", "email", "file", "table", "assignees_form"
]


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
