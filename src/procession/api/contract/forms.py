"""Form fields with their answers, as processes and tasks show them. Spec: api-conventions 18.3, api-processes 11."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from procession.api.contract.template_fields import FieldShape


class FormField(FieldShape, kw_only=True):
    """A field of a process: of its kick-off form (`task_id` null) or of a task."""

    task_id: str | None
    step_id: str | None
    unique_id: None
    # The answer; null when there is none, absent when answers were not asked for.
    field_value: Any | UnsetType = UNSET
    value: Any | UnsetType = UNSET
    # How the field stands by the answers of its form (T-11.70); absent when answers were not asked for.
    is_hidden: bool | UnsetType = UNSET
    is_required: bool | UnsetType = UNSET


class RunForms(msgspec.Struct):
    """All fields of a process. Spec: api-processes 11, P10."""

    id: str
    name: str
    form_fields: list[FormField]
    ko_form_fields: list[FormField]
