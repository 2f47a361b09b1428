"""Custom fields on the wire: their keys, and values on records. Spec: api-content 6."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.contract.template_fields import FieldColumn
from procession.api.params import PageParams

RecordName = Literal["process", "task", "member", "guest", "folder", "tag", "template", "step", "capture", "prerun"]
# Other names of some of them are accepted.
RecordWord = Literal[
    "process", "task", "member", "guest", "folder", "tag", "template", "step", "capture", "prerun",
    "run", "user", "checklist", "form_field", "kickoff_field",
]  # fmt: skip
ValueTypeName = Literal[
    "text", "textarea", "number", "boolean", "date", "email", "url", "radio", "dropdown", "multiselect", "table"
]
KeyTypeName = Literal["org", "system"]


class KeyOption(msgspec.Struct):
    id: int
    text: str


class CustomFieldKey(msgspec.Struct):
    """What an organization keeps on one kind of record."""

    id: str
    key: str
    label: str
    applies_to: RecordName
    field_type: ValueTypeName
    key_type: KeyTypeName
    is_required: bool
    is_active: bool
    options: list[KeyOption]
    columns: list[FieldColumn]
    created_at: str
    last_updated: str


class KeyListParams(PageParams, frozen=True, kw_only=True):
    applies_to: Annotated[str | None, Meta(description="Kind of record.")] = None
    key_type: Annotated[str | None, Meta(description="`org` or `system`.")] = None
    field_type: Annotated[str | None, Meta(description="Type of the values.")] = None
    is_required: Annotated[bool | None, Meta(description="Only required ones, or only others.")] = None
    is_active: Annotated[bool | None, Meta(description="Only those in use, or only others.")] = None
    q: Annotated[str | None, Meta(description="Part of the key.")] = None
    sort_direction: Annotated[str | None, Meta(description="`asc` or `desc`.")] = None

    ALIASES: ClassVar[dict[str, str]] = {"with": "with_"}


Entries = list[str | dict[str, Any]]


class KeyBody(msgspec.Struct):
    """A new key; `label` is the key itself when it is left out. Options are texts or `{id, text}`."""

    key: str
    applies_to: RecordWord
    field_type: ValueTypeName
    label: str | None = None
    is_required: bool = False
    is_active: bool = True
    options: Entries = []
    columns: Entries = []


class KeyChange(msgspec.Struct):
    """What is not mentioned stays. `key`, `applies_to`, `field_type` and `key_type` may only be what they are."""

    key: str | UnsetType = UNSET
    applies_to: RecordWord | UnsetType = UNSET
    field_type: ValueTypeName | UnsetType = UNSET
    key_type: KeyTypeName | UnsetType = UNSET
    label: str | UnsetType = UNSET
    is_required: bool | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    options: Entries | UnsetType = UNSET
    columns: Entries | UnsetType = UNSET


class CustomFields(msgspec.Struct):
    """A record's values by key."""

    custom_fields: dict[str, Any]


class CustomFieldsBody(msgspec.Struct):
    """All values of a record: what is left out is cleared. An empty list is an empty object."""

    custom_fields: dict[str, Any] | Annotated[list[Any], Meta(max_length=0)]


class CustomFieldBody(msgspec.Struct):
    """One value; null clears it."""

    value: Any
